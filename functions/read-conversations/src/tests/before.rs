//! Before a conversation is started: whether it can be, and with whom.

use domain::address::{Contact, MarkReason};
use domain::audit::Action;
use domain::clinic::{ClinicSettings, Plan};
use domain::command::{self, Addressees, Enclosures, Start, Wording};
use domain::id::{ConversationId, LinkReference};
use domain::people::{Channel, Group, Patient, StaffMember};
use domain::rich_text::Body;
use domain::text::Title;
use jiff::SignedDuration;
use scenario::people::{
    account, clinic, contact, group, guardian_link, member, no_contact, patient, patient_id,
    portal, staff,
};
use scenario::{Event, NOW, World, set_clock};
use serde_json::{Value, json};
use store::facts;

use super::{faulty, next, reader, sample};

fn eligibility(actor: &domain::actor::Actor) -> Event {
    sample("eligibility.staff", actor)
}

fn recipients(actor: &domain::actor::Actor) -> Event {
    sample("recipients.staff", actor)
}

fn codes(answer: &Value) -> Vec<String> {
    let reasons = answer["reasons"].as_array().unwrap();
    reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
}

/// A state of things, who asks, and what is in the way.
type Case = (fn(&mut ClinicSettings, &mut Patient), domain::actor::Actor, &'static [&'static str]);

#[tokio::test]
async fn whether_it_can_be_started_is_what_starting_it_says() {
    let cases: Vec<Case> = vec![
        (|_, _| (), staff("s1"), &[]),
        (|_, _| (), account("a1"), &[]),
        (|_, _| (), account("g1"), &[]),
        (|clinic, _| clinic.portal_enabled = false, staff("s1"), &["portal_disabled"]),
        (|_, patient| patient.portal_access = false, staff("s1"), &["patient_access_off"]),
        (|_, patient| patient.contact = no_contact(), staff("s1"), &["no_contact"]),
        (|_, patient| patient.successor = Some(patient_id("p2")), staff("s1"), &["patient_merged"]),
        (
            |clinic, patient| {
                clinic.portal_enabled = false;
                (patient.portal_access, patient.contact) = (false, no_contact());
                patient.successor = Some(patient_id("p2"));
            },
            staff("s1"),
            &["portal_disabled", "patient_access_off", "patient_merged", "no_contact"],
        ),
        (|clinic, _| clinic.patient_first = false, account("a1"), &["patient_first_off"]),
        (|clinic, _| clinic.plan = Plan::Connect, account("g1"), &["patient_first_off"]),
        (|clinic, _| clinic.plan = Plan::Portal, portal("p1"), &["patient_first_off"]),
        (
            |_, patient| patient.successor = Some(patient_id("p2")),
            account("a1"),
            &["patient_merged"],
        ),
    ];
    for (change, actor, expected) in cases {
        let world = World::of(Plan::ConnectPro).await;
        world.link(&guardian_link("c1", "p1", "g1")).await;
        world.group(&group("c1", "g1")).await;
        let (mut settings, mut record) = (clinic("c1", Plan::ConnectPro), patient("c1", "p1"));
        change(&mut settings, &mut record);
        world.clinic(&settings).await;
        world.patient(&record).await;
        let answer = world.ask(&reader(&world), &eligibility(&actor)).await.expect(200);
        assert_eq!(codes(&answer), expected, "{actor:?}");
        assert_eq!(answer["eligible"], expected.is_empty());
        for reason in answer["reasons"].as_array().unwrap() {
            assert!(reason["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()));
        }
        // To staff the successor is named; to a patient's side it is not.
        let named = expected.contains(&"patient_merged") && actor == staff("s1");
        assert_eq!(answer.to_string().contains("\"about\":\"p2\""), named);
        for member in ["noticeChannel", "addresses", "repliesAllowed", "patientOnly"] {
            assert_eq!(answer.get(member).is_some(), actor == staff("s1"), "{member}");
        }

        let ids = (&settings.clinic, &record.id);
        let found = world.store().read(facts::keys(&actor, ids.0, ids.1)).await.unwrap();
        let facts = facts::peek(&found, &actor, ids.0, ids.1).unwrap();
        let groups = [command::GroupFacts { group: Some(group("c1", "g1")), members: vec![] }];
        let start = Start {
            conversation: ConversationId::parse("v1").unwrap(),
            reference: LinkReference::parse("r1").unwrap(),
            wording: Wording::written(
                Some(Title::parse("Hello").unwrap()),
                Body::parse("Hello").unwrap(),
            ),
            to: vec![],
            groups: vec![scenario::people::group_id("g1")],
            enclosures: Enclosures::default(),
            replies_allowed: None,
            patient_only: None,
        };
        let addressees = Addressees { groups: &groups, ..Addressees::default() };
        let started = command::start(&actor, start, &facts, addressees, NOW);
        let refused = started.err().map(|refusal| refusal.codes()).unwrap_or_default();
        let refused: Vec<_> = refused.iter().map(|code| code.as_str()).collect();
        assert_eq!(refused, expected, "{actor:?}");
    }
}

#[tokio::test]
async fn the_defaults_that_a_window_shows_are_the_clinics() {
    let world = World::of(Plan::Connect).await;
    let settings = ClinicSettings { patient_only_from_age: Some(8), ..clinic("c1", Plan::Connect) };
    world.clinic(&settings).await;
    let before = world.state().await;
    let answer = world.ask(&reader(&world), &eligibility(&staff("s1"))).await.expect(200);
    let wanted = json!({
        "eligible": true, "reasons": [],
        "noticeChannel": "email", "repliesAllowed": true, "patientOnly": true,
        "addresses": [
            { "channel": "email", "usable": true }, { "channel": "sms", "usable": true },
        ],
    });
    assert_eq!(answer, wanted);
    let difference = world.state().await.since(&before);
    assert!(difference.written.is_empty());
    let record = difference.record();
    assert_eq!(
        (record.action, &record.patient),
        (Action::EligibilityView, &Some(patient_id("p1")))
    );
}

#[tokio::test]
async fn staff_see_opt_outs_and_bounces_with_their_date_and_reason() {
    let world = World::of(Plan::Connect).await;
    let told = async |contact: &Contact| {
        world.patient(&Patient { contact: contact.clone(), ..patient("c1", "p1") }).await;
        let answer = world.ask(&reader(&world), &eligibility(&staff("s1"))).await.expect(200);
        assert_eq!(answer["eligible"], true);
        let problem = answer.get("noticeProblem").cloned().unwrap_or_default();
        (answer["noticeChannel"].clone(), problem, answer["addresses"].clone())
    };
    let both = contact();
    let only_sms = Contact { email: None, ..both.clone() };
    let usable = json!([{ "channel": "sms", "usable": true }]);
    assert_eq!(told(&only_sms).await, (Value::Null, json!("no_usable_address"), usable));

    world.mark(both.hash(Channel::Email).unwrap(), MarkReason::Bounced).await;
    let bounced = json!({ "channel": "email", "usable": false, "reason": "bounced", "since": NOW });
    let one_left = json!([bounced, { "channel": "sms", "usable": true }]);
    let consents = Contact { other_channel_consented: true, ..both.clone() };
    assert_eq!(told(&both).await, (Value::Null, json!("address_bounced"), one_left.clone()));
    assert_eq!(told(&consents).await, (json!("sms"), Value::Null, one_left));

    let later = NOW + SignedDuration::from_hours(1);
    set_clock(later);
    world.mark(both.hash(Channel::Sms).unwrap(), MarkReason::OptedOut).await;
    let opted_out =
        json!({ "channel": "sms", "usable": false, "reason": "opted_out", "since": later });
    let none_left = json!([bounced, opted_out]);
    assert_eq!(told(&consents).await, (Value::Null, json!("address_bounced"), none_left));
}

#[tokio::test]
async fn what_is_known_of_addresses_is_read_or_the_answer_fails() {
    let world = World::of(Plan::Connect).await;
    let fault = testkit::Fault::unavailable("BatchGetItem").after(1).times(u32::MAX);
    world
        .fails(&faulty(&world, fault.clone()), &eligibility(&staff("s1")), 503, "unavailable")
        .await;
    // A patient is told nothing of addresses, and nothing is read of them.
    world.ask(&faulty(&world, fault), &eligibility(&account("a1"))).await.expect(200);
}

#[tokio::test]
async fn those_who_take_messages_are_listed_and_nobody_else() {
    let world = World::of(Plan::ConnectPro).await;
    world.group(&group("c1", "g1")).await;
    world.group(&Group { accepts_patient_messages: false, ..group("c1", "g2") }).await;
    world.group(&Group { active: false, ..group("c1", "g3") }).await;
    world.staff(&StaffMember { accepts_patient_messages: true, ..member("c1", "s3") }).await;
    let ids = |answer: &Value, kind: &str| -> Vec<String> {
        let list = answer[kind].as_array().unwrap();
        list.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let reader = reader(&world);
    let answer = world.ask(&reader, &recipients(&staff("s1"))).await.expect(200);
    assert_eq!(ids(&answer, "groups"), ["g1", "g2"]);
    // s4 is deactivated.
    assert_eq!(ids(&answer, "staff"), ["s1", "s2", "s3", "s9"]);
    let answer = world.ask(&reader, &recipients(&account("a1"))).await.expect(200);
    assert_eq!(
        (ids(&answer, "groups"), ids(&answer, "staff")),
        (vec!["g1".into()], vec!["s3".into()])
    );

    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("limit", "2")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let answer = world.ask(&reader, &recipients(&staff("s1")).query(&query)).await;
        cursor = next(&answer);
        let page = answer.expect(200);
        found.extend(ids(&page, "groups"));
        found.extend(ids(&page, "staff"));
        if cursor.is_none() {
            break;
        }
        let theirs = recipients(&staff("s2")).query(&[("cursor", cursor.as_deref().unwrap())]);
        world.refuses(&reader, &theirs, 400, &["invalid_cursor cursor"]).await;
    }
    assert_eq!(found, ["g1", "g2", "s1", "s2", "s3", "s9"]);

    world.clinic(&clinic("c1", Plan::Connect)).await;
    let event = recipients(&account("a1"));
    world.refuses(&reader, &event, 409, &["patient_first_off"]).await;
    for stranger in [account("a2"), scenario::people::staff_of("c2", "s1")] {
        for event in [recipients(&stranger), eligibility(&stranger)] {
            world.refuses(&reader, &event, 404, &["not_found"]).await;
        }
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_told() {
    let world = World::of(Plan::ConnectPro).await;
    let unwritable = faulty(&world, testkit::Fault::unavailable("PutItem").times(u32::MAX));
    for event in [recipients(&staff("s1")), eligibility(&staff("s1"))] {
        world.fails(&unwritable, &event, 503, "unavailable").await;
    }
}
