//! How a patient is told, and that nothing of the message is in it.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use system_tests::world::{self, Call, Conversation};

use crate::aws::{self, described, emails, string, texts};
use crate::ground::{create, replace};
use crate::harness::{
    STAFF, Site, address, ask, eventually, expect, marked, notice, partition, problem, reference,
};

const SOON: Duration = Duration::from_secs(60);

fn link(conversation: &Conversation) -> String {
    let domain = described("/parameters/LinkDomain");
    format!("https://{}/c/{}", domain.as_str().unwrap(), reference(conversation))
}

fn email_of(conversation: &Conversation) -> Value {
    let link = link(conversation);
    eventually("the email", SOON, || emails(&link).pop())
}

/// What may not stand in a notice.
fn discreet(notice: &Value) {
    let all = notice.to_string();
    for secret in ["Diagnosis", "Prescription", "Anna", "Marie"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[test]
fn an_email_says_that_there_is_a_message_in_the_patients_language() {
    let mut settings =
        world::settings("Clinique Sainte-Hélène", "connect_pro", world::always_open());
    settings["defaultLanguage"] = json!("en");
    let site = Site::with(settings);
    let to = address();
    let patient = world::patient_by_email(&marked("Marie"), &to, "fr_CA");
    expect(&site.clinic.create_patient("french", patient), 201);
    let french = site.started(&site.clinic.start(STAFF, "french", crate::harness::message()));
    let english = site.start();

    let email = email_of(&french);
    assert_eq!(email["Source"], described("/parameters/SenderAddress"));
    assert!(email["Source"].as_str().unwrap().starts_with("no-reply@"));
    assert!(email["To"].to_string().to_lowercase().contains(&to.to_lowercase()), "{email}");
    assert_eq!(email["Subject"], "Nouveau message sécurisé de Clinique Sainte-Hélène");
    let text = email["BodyText"].as_str().unwrap();
    assert!(text.contains("Connectez-vous pour le lire"), "{text}");
    assert!(text.contains(&link(&french)));
    let html = email["BodyHtml"].as_str().unwrap();
    assert!(html.contains(&format!("<a href=\"{0}\">{0}</a>", link(&french))), "{html}");
    discreet(&email);

    let email = email_of(&english);
    assert_eq!(email["Subject"], "New secure message from Clinique Sainte-Hélène");
    assert!(email["BodyText"].as_str().unwrap().contains("Sign in to read it"), "{email}");
    discreet(&email);

    for thread in [french, english] {
        site.settled(&thread);
        let opened = expect(&thread.read(&site.staff()), 200);
        let shown = &opened["messages"][0]["notices"][0];
        assert_eq!(
            (shown["state"].as_str(), shown["channel"].as_str()),
            (Some("accepted"), Some("email"))
        );
        assert_eq!(emails(&link(&thread)).len(), 1, "both triggers at once send once");
    }
}

#[test]
fn a_text_message_says_the_same_in_160_characters() {
    let site = Site::new();
    let patient = world::patient_by_sms(&marked("John"), "+1 613 555 0123");
    expect(&site.clinic.create_patient("texted", patient), 201);
    let thread = site.started(&site.clinic.start(STAFF, "texted", crate::harness::message()));
    let link = link(&thread);
    let sent = eventually("the text message", SOON, || texts(&link).pop());
    assert_eq!(sent["PhoneNumber"], "+16135550123");
    let text = sent["Message"].as_str().unwrap();
    assert_eq!(text, format!("Clinic: you have a new secure message: {link}"));
    assert!(text.len() <= 160, "{text}");
    discreet(&sent);
    site.settled(&thread);
    assert_eq!(texts(&link).len(), 1);
}

#[test]
fn a_clinics_own_text_is_what_its_patients_get() {
    let site = Site::new();
    let path = |rest: &str| format!("/clinics/{}/notification-templates/{rest}", site.clinic.id);
    let text = json!({ "text": "Votre clinique vous a écrit: {{link}}" });
    expect(&create(&site.staff(), path("fr/sms"), text.clone()), 201);
    let preview = Call::new(&site.staff(), Method::POST, path("fr/sms/preview"));
    let preview = expect(&preview.with_body(text), 200);
    assert!(preview["text"].as_str().unwrap().starts_with("Votre clinique"));
    let mail = json!({ "subject": "A word from us", "text": "Please read:\n\n{{link}}" });
    expect(&create(&site.staff(), path("en/email"), mail), 201);
    let private = json!({ "text": "{{title}} {{link}}" });
    let refused = ask(&replace(&site.staff(), path("fr/sms"), "\"1\"", private));
    problem(&refused, 422, "notice_variable_unknown");

    let mut patient = world::patient_by_sms(&marked("Jean"), "+1 613 555 0177");
    patient["language"] = json!("fr");
    expect(&site.clinic.create_patient("texted", patient), 201);
    let texted = site.started(&site.clinic.start(STAFF, "texted", crate::harness::message()));
    let mailed = site.start();
    let sent = eventually("the text message", SOON, || texts(&link(&texted)).pop());
    assert_eq!(sent["Message"], format!("Votre clinique vous a écrit: {}", link(&texted)));
    let sent = email_of(&mailed);
    assert_eq!(sent["Subject"], "A word from us");
    assert!(sent["BodyText"].as_str().unwrap().contains("Please read:"), "{sent}");
}

/// A patient's message tells nobody by email who did not ask for it.
#[test]
fn a_patients_message_and_the_patients_view_hold_no_notice() {
    let site = Site::new();
    let thread = site.start();
    site.settled(&thread);
    expect(&thread.reply(&site.account, &marked("Reply")), 201);
    let opened = expect(&thread.read(&site.account), 200);
    assert!(!opened.to_string().contains("notice"), "{opened}");
    eventually("the outbox to be empty", SOON, || {
        let items = aws::partition(&partition(&thread));
        let announced = |item: &Value| string(item, "sk").starts_with("OUTBOX#");
        (!items.iter().any(announced)).then_some(())
    });
    assert!(notice(&thread, 2).is_none());
}

#[test]
fn who_has_no_address_for_the_preferred_channel_is_told_the_other_way_only_with_consent() {
    let site = Site::new();
    for (id, consent, state) in [("without", false, "failed"), ("with", true, "accepted")] {
        let mut patient = world::patient_by_sms(&marked("Sam"), "+16135550124");
        patient["preferredChannel"] = json!("email");
        patient["otherChannelConsented"] = json!(consent);
        expect(&site.clinic.create_patient(id, patient), 201);
        let call = site.clinic.start(STAFF, id, crate::harness::message());
        let answer = expect(&call, 201);
        assert_eq!(answer["noticeChannel"].as_str(), consent.then_some("sms"));
        let thread = site.started(&call);
        let ended = site.settled(&thread);
        assert_eq!(string(&ended, "state"), state, "{ended}");
        assert_eq!(texts(&link(&thread)).len(), usize::from(consent));
    }
}

/// Each at an address of their own and in a language of their own; and of two messages within minutes, once.
#[test]
fn guardians_are_told_as_the_patient_is_and_a_burst_is_one_notice_to_each() {
    let site = Site::new();
    let (child, parent) = (address(), address());
    let mut patient = world::patient_by_email(&marked("Kit"), &child, "en");
    patient["birthDate"] = json!(crate::ground::born(6));
    expect(&site.clinic.create_patient("kit", patient), 201);
    let account = world::fresh("a");
    let contact = json!({ "email": parent, "preferredChannel": "email", "language": "fr" });
    let guardian =
        json!({ "relationship": "guardian", "name": marked("Grace"), "contact": contact });
    expect(&site.clinic.link("kit", &account).with_body(guardian), 201);
    let thread = site.started(&site.clinic.start(STAFF, "kit", crate::harness::message()));
    expect(&thread.reply(&site.staff(), &marked("More")), 201);
    let link = link(&thread);
    eventually("both emails", SOON, || (emails(&link).len() >= 2).then_some(()));
    let covered = eventually("the second message to be covered", SOON, || notice(&thread, 2));
    assert_eq!(string(&covered, "state"), "covered", "{covered}");
    let sent = emails(&link);
    assert_eq!(sent.len(), 2, "{sent:?}");
    for (to, words) in [(&child, "Sign in to read it"), (&parent, "Connectez-vous")] {
        let to = to.to_lowercase();
        let its = sent.iter().find(|email| email["To"].to_string().to_lowercase().contains(&to));
        let its = its.unwrap_or_else(|| panic!("nothing went to {to}: {sent:?}"));
        assert!(its["BodyText"].as_str().unwrap().contains(words), "{its}");
        discreet(its);
    }
    let opened = expect(&thread.read(&site.staff()), 200);
    assert_eq!(opened["messages"][0]["notices"].as_array().unwrap().len(), 2, "{opened}");
    assert_eq!(opened["messages"][1]["notices"].as_array().unwrap().len(), 2, "{opened}");
}

#[test]
fn a_member_of_staff_who_asked_for_it_is_told_that_a_patient_wrote() {
    let site = Site::new();
    let to = address();
    let mut staff = world::staff(&marked("Anna"), "admin");
    staff["email"] = json!(to);
    let path = format!("/clinics/{}/staff/{STAFF}", site.clinic.id);
    expect(&replace(&site.clinic.chart(), path.clone(), "\"1\"", staff), 200);
    let wanted = json!({ "emailOnReply": true });
    expect(&create(&site.staff(), format!("{path}/preferences"), wanted), 201);
    let thread = site.start();
    expect(&thread.reply(&site.account, &marked("Reply")), 201);
    let told = eventually("the email to staff", SOON, || {
        let to = to.to_lowercase();
        emails(&link(&thread))
            .into_iter()
            .find(|email| email["To"].to_string().to_lowercase().contains(&to))
    });
    assert!(told["Subject"].as_str().unwrap().starts_with("New message for"), "{told}");
    discreet(&told);
}

#[test]
fn texts_above_the_days_cap_wait_and_a_paused_clinic_sends_nothing() {
    let mut settings = world::settings(&marked("Clinic"), "connect_pro", world::always_open());
    settings["notices"] = json!({ "textsPerPatientAndDay": 1 });
    let site = Site::with(settings.clone());
    let patient = world::patient_by_sms(&marked("Jo"), "+1 613 555 0155");
    expect(&site.clinic.create_patient("texted", patient), 201);
    let start = || site.started(&site.clinic.start(STAFF, "texted", crate::harness::message()));
    let held = |thread: &Conversation, why: &str| {
        let item = eventually("the notice to be held", SOON, || {
            notice(thread, 1).filter(|item| string(item, "hold") == why)
        });
        assert_eq!(string(&item, "state"), "queued");
        assert!(item.get("due_sk").is_some(), "it is lost: {item}");
        assert_eq!(texts(&link(thread)).len(), 0);
        let opened = expect(&thread.read(&site.staff()), 200);
        assert_eq!(opened["messages"][0]["notices"][0]["hold"], why, "{opened}");
    };
    let first = start();
    assert_eq!(string(&site.settled(&first), "state"), "accepted");
    held(&start(), "patient_sms_cap");

    settings["notices"] = json!({ "paused": true });
    let path = format!("/clinics/{}/settings", site.clinic.id);
    expect(&replace(&system_tests::issuer::Caller::operator(), path, "\"1\"", settings), 200);
    held(&start(), "paused");
}

/// What the stream and the provider dropped, the schedule picks up: a notice that waits for its next
/// attempt is sent when it comes due, and one whose reader may not be told any more is not.
#[test]
fn a_notice_that_failed_for_a_passing_reason_is_tried_again_by_the_schedule() {
    let site = Site::new();
    let patient = world::patient_by_email(&marked("Gone"), &address(), "en");
    expect(&site.clinic.create_patient("gone", patient.clone()), 201);
    let again = site.start();
    let ended = site.started(&site.clinic.start(STAFF, "gone", crate::harness::message()));
    for thread in [&again, &ended] {
        assert_eq!(string(&site.settled(thread), "state"), "accepted");
    }
    let mut switched_off = patient;
    switched_off["portalAccess"] = json!(false);
    let change = Call::new(&site.clinic.chart(), Method::PUT, site.clinic.patient("gone"));
    expect(&change.with_body(switched_off).with_header("If-Match", "\"1\""), 200);
    for thread in [&again, &ended] {
        make_due(thread);
    }
    let limit = Duration::from_secs(150);
    let state = |thread| {
        notice(thread, 1).map(|item| string(&item, "state")).filter(|state| state != "queued")
    };
    assert_eq!(eventually("the next attempt", limit, || state(&again)), "accepted");
    assert_eq!(emails(&link(&again)).len(), 2);
    assert_eq!(eventually("the end of the other", limit, || state(&ended)), "failed");
    assert_eq!(string(&notice(&ended, 1).unwrap(), "reason"), "access_ended");
    assert_eq!(emails(&link(&ended)).len(), 1);
    assert_eq!(notice(&again, 1).unwrap()["sends"]["N"], "2");
}

/// Turns a notice that was sent back into one whose first attempt failed for a passing reason.
fn make_due(conversation: &Conversation) {
    let mut item = notice(conversation, 1).unwrap();
    let members = item.as_object_mut().unwrap();
    for gone in ["at", "providerId", "provider_id", "reason"] {
        members.remove(gone);
    }
    let due = "2026-01-01T00:00:00.000000Z";
    members.insert("state".into(), json!({ "S": "queued" }));
    members.insert("due".into(), json!({ "S": due }));
    members.insert("due_pk".into(), json!({ "S": aws::due_partition("NOTICE", &conversation.id) }));
    members.insert("due_sk".into(), json!({ "S": due }));
    aws::put_item(&item);
}
