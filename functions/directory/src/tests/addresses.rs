//! What is known of addresses: seen by whoever has the address, changed for all of them at once.

use domain::address::MarkReason::{Bounced, Complained, OptedOut};
use serde_json::{Value, json};
use testkit::{AUDIT, Fault, MAIN};

use super::sns::{self, Sns};
use super::world::*;

const PATIENT: Target = Target::Patient("p1");
const SIBLING: Target = Target::Patient("p2");
const GUARDIAN: Target = Target::Link("p2", "a2");
const CREATE: Option<(&str, &str)> = Some(("If-None-Match", "*"));
const FIRST: Option<(&str, &str)> = Some(("If-Match", "\"1\""));

/// Before the requests, and long after them.
const EARLIER: &str = "2026-11-20T12:00:00Z";
const MUCH_LATER: &str = "2027-01-15T12:00:00Z";

/// Patients of the clinic: one with the addresses of the sample, and a child with the same phone, in
/// another spelling, whose guardian has the phone as well, and an email address.
async fn world() -> World {
    let world = World::with_patient().await;
    let child = json!({
        "name": "Child", "birthDate": "2018-06-01", "sms": "(514) 555-0143",
        "preferredChannel": "sms",
    });
    world.call(put(CHART, SIBLING, CREATE, &child)).await.expect(201, "");
    let guardian = json!({
        "relationship": "guardian", "name": "Grace", "contact": {
            "email": "grace.hidden@example.test", "sms": "1-514-555-0143",
            "preferredChannel": "email",
        },
    });
    world.call(put(CHART, GUARDIAN, CREATE, &guardian)).await.expect(201, "");
    let own = document(Target::Link("p2", "a1"));
    world.call(put(CHART, Target::Link("p2", "a1"), CREATE, &own)).await.expect(201, "");
    world
}

fn view(who: Who, target: Target) -> Value {
    to(get(who, target), "addresses", &[])
}

/// A word of an address's owner.
fn word(who: Who, target: Target, channel: &str, word: &str) -> Value {
    let event = event("POST", who, "c1", target, None, None);
    to(event, &format!("addresses/{{channel}}/{word}"), &[("channel", channel)])
}

fn consent(who: Who, target: Target, channel: &str) -> Value {
    word(who, target, channel, "consent")
}

fn opt_out(who: Who, target: Target, channel: &str) -> Value {
    word(who, target, channel, "opt-out")
}

/// The addresses that an answer shows, each as `whose channel: what is known`.
fn known(answer: &Answer) -> Vec<String> {
    answer.body["addresses"].as_array().unwrap().iter().map(line).collect()
}

fn line(address: &Value) -> String {
    let text = |member: &str| address[member].as_str().unwrap_or_default();
    let whose = if text("whose") == "guardian" { text("accountId") } else { text("whose") };
    let state = if address["usable"] == true {
        "usable".to_owned()
    } else {
        format!("{} since {}", text("reason"), text("since"))
    };
    let consent = match text("consentedAt") {
        "" => String::new(),
        at => format!(", consented {at}"),
    };
    format!("{whose} {}: {state}{consent}", text("channel"))
}

async fn lines(world: &World, target: Target) -> Vec<String> {
    known(&world.call(view(CHART, target)).await.expect(200, ""))
}

/// The same, with an SNS.
async fn world_with(sns: &Sns) -> World {
    let mut world = world().await;
    world.handler.opt_outs = sns.opt_outs();
    world
}

/// The same world, later.
fn much_later(mut world: World) -> World {
    world.handler.sources.now = || MUCH_LATER.parse().unwrap();
    world
}

/// The same world, at the instant of the other tests' requests.
fn back(mut world: World) -> World {
    world.handler.sources.now = || NOW.parse().unwrap();
    world
}

#[tokio::test]
async fn each_address_is_shown_with_whose_it_is_and_what_is_known_of_it() {
    let world = world().await;
    world.mark(&email_hash("Grace.Hidden@Example.test"), Bounced, EARLIER).await;
    let answer = world.call(view(ADMIN, SIBLING)).await.expect(200, "");
    assert_eq!(
        answer.body,
        json!({"addresses": [
            {"whose": "patient", "channel": "sms", "usable": true},
            {
                "whose": "guardian", "accountId": "a2", "channel": "email", "usable": false,
                "reason": "bounced", "since": EARLIER,
            },
            {"whose": "guardian", "accountId": "a2", "channel": "sms", "usable": true},
        ]})
    );
    assert_eq!(answer.record["action"], "address.view");
    assert_eq!(answer.record["patient"], "p2");
    let hash = sms_hash("+15145550143");
    for secret in ["Grace", "hidden", "5145550143", hash.as_str()] {
        assert!(!format!("{} {}", answer.body, answer.record).contains(secret), "{secret}");
    }
    assert_eq!(lines(&world, PATIENT).await, ["patient email: usable", "patient sms: usable"]);

    // A guardian is told nothing any more, and a patient may have no address at all.
    world.call(delete(CHART, GUARDIAN)).await.expect(204, "");
    assert_eq!(lines(&world, SIBLING).await, ["patient sms: usable"]);
    let none = json!({"name": "Child", "preferredChannel": "sms"});
    world.call(put(CHART, SIBLING, FIRST, &none)).await.expect(200, "");
    assert_eq!(world.call(view(CHART, SIBLING)).await.body, json!({"addresses": []}));
    world.call(view(CHART, Target::Patient("p404"))).await.expect(404, "not_found");
}

#[tokio::test]
async fn what_happens_to_a_shared_phone_shows_for_everybody_who_has_it_and_a_new_one_is_free() {
    let world = world().await;
    let answer = world.call(opt_out(ADMIN, SIBLING, "sms")).await.expect(200, "");
    assert_eq!(
        answer.body,
        json!({
            "whose": "patient", "channel": "sms", "usable": false, "reason": "opted_out",
            "since": NOW,
        })
    );
    let gone = format!("sms: opted_out since {NOW}");
    assert_eq!(
        lines(&world, PATIENT).await,
        ["patient email: usable".to_owned(), format!("patient {gone}")]
    );
    let siblings = [format!("patient {gone}"), "a2 email: usable".to_owned(), format!("a2 {gone}")];
    assert_eq!(lines(&world, SIBLING).await, siblings);

    // The sibling gets another phone: nothing is known of that one, and the first stays as it was.
    let mut moved = document(PATIENT);
    moved["sms"] = json!("613 555 0100");
    world.call(put(CHART, PATIENT, FIRST, &moved)).await.expect(200, "");
    assert_eq!(lines(&world, PATIENT).await, ["patient email: usable", "patient sms: usable"]);
    assert_eq!(lines(&world, SIBLING).await, siblings);
    // Back at the first one, what is known of it is there.
    moved["sms"] = json!("+15145550143");
    world.call(put(CHART, PATIENT, Some(("If-Match", "\"2\"")), &moved)).await.expect(200, "");
    assert_eq!(lines(&world, PATIENT).await[1], format!("patient {gone}"));
}

#[tokio::test]
async fn two_clinics_that_have_one_address_know_the_same_of_it_and_nothing_else() {
    let world = world().await;
    let there = |method: &str, document: Option<&Value>| {
        let version = document.and(CREATE);
        event(method, OTHER_CHART, "c2", Target::Patient("q1"), version, document)
    };
    let person = json!({
        "name": "Patient One", "email": "PATIENT.ONE@example.test", "preferredChannel": "email",
    });
    world.call(there("PUT", Some(&person))).await.expect(201, "");
    world.mark(&email_hash("patient.one@example.test"), Complained, EARLIER).await;
    let complained = format!("patient email: complained since {EARLIER}");
    assert_eq!(lines(&world, PATIENT).await[0], complained);
    let answer = world.call(to(there("GET", None), "addresses", &[])).await.expect(200, "");
    assert_eq!(known(&answer), [complained]);

    // What one clinic records holds for both, and stands in that clinic's records alone.
    let event = to(there("POST", None), "addresses/{channel}/consent", &[("channel", "email")]);
    let answer = world.call(event).await.expect(200, "");
    assert_eq!((&answer.record["clinic"], &answer.record["patient"]), (&json!("c2"), &json!("q1")));
    let agreed = format!("patient email: usable, consented {NOW}");
    assert_eq!(lines(&world, PATIENT).await[0], agreed);
}

#[tokio::test]
async fn every_spelling_of_an_address_is_the_same_address() {
    let world = world().await;
    world.mark(&sms_hash("+15145550143"), OptedOut, EARLIER).await;
    world.mark(&email_hash("patient.one@example.test"), Bounced, EARLIER).await;
    let mut document = document(PATIENT);
    for (version, (sms, email)) in (1..).zip([
        ("514.555.0143", "Patient.One@Example.TEST"),
        ("514\u{A0}555\u{A0}0143", "\tpatient.one@example.test"),
        ("\u{202A}+15145550143\u{202C}", "\u{200B}PATIENT.ONE@EXAMPLE.TEST"),
        ("\u{FF0B}15145550143", "patient.one@example.test\n"),
    ]) {
        (document["sms"], document["email"]) = (json!(sms), json!(email));
        let tag = format!("\"{version}\"");
        let event = put(CHART, PATIENT, Some(("If-Match", &tag)), &document);
        world.call(event).await.expect(200, "");
        let wanted = [
            format!("patient email: bounced since {EARLIER}"),
            format!("patient sms: opted_out since {EARLIER}"),
        ];
        assert_eq!(lines(&world, PATIENT).await, wanted, "{sms:?} {email:?}");
    }
}

#[tokio::test]
async fn consent_counts_against_everything_until_then_and_nothing_after_it() {
    let world = world().await;
    let email = email_hash("grace.hidden@example.test");
    world.mark(&email, Bounced, "2026-11-19T12:00:00Z").await;
    world.mark(&email, Complained, EARLIER).await;
    let answer = world.call(consent(CHART, GUARDIAN, "email")).await.expect(200, "");
    assert_eq!(
        answer.body,
        json!({
            "whose": "guardian", "accountId": "a2", "channel": "email", "usable": true,
            "consentedAt": NOW,
        })
    );
    assert_eq!(answer.record["action"], "address.consent");
    assert_eq!(answer.record["objects"], json!(["a2", "email"]));
    assert_eq!(answer.record["patient"], "p2");
    assert!(!answer.record.to_string().contains("hidden"));

    // What was told late does not count; what happens later does.
    world.mark(&email, Bounced, EARLIER).await;
    assert_eq!(lines(&world, SIBLING).await[1], format!("a2 email: usable, consented {NOW}"));
    world.mark(&email, Bounced, "2026-12-01T12:00:00Z").await;
    assert_eq!(
        lines(&world, SIBLING).await[1],
        format!("a2 email: bounced since 2026-12-01T12:00:00Z, consented {NOW}")
    );
    // To agree again moves the instant, and nothing is created twice.
    let world = much_later(world);
    let answer = world.call(consent(ADMIN, GUARDIAN, "email")).await.expect(200, "");
    assert_eq!(line(&answer.body), format!("a2 email: usable, consented {MUCH_LATER}"));
    assert_eq!(world.items("ADDRESS").await.len(), 1);
}

#[tokio::test]
async fn an_opt_out_holds_until_the_owner_agrees_again_and_each_word_is_on_record() {
    let world = world().await;
    world.call(consent(CHART, PATIENT, "email")).await.expect(200, "");
    let world = much_later(world);
    for _ in 0..2 {
        let answer = world.call(opt_out(CHART, PATIENT, "email")).await.expect(200, "");
        assert_eq!(
            line(&answer.body),
            format!("patient email: opted_out since {MUCH_LATER}, consented {NOW}")
        );
        assert_eq!(answer.record["action"], "address.opt_out");
        assert_eq!(answer.record["objects"], json!(["email"]));
    }
    // A consent of before that comes late does not lift it.
    let world = back(world);
    let late = world.call(consent(CHART, PATIENT, "email")).await.expect(200, "");
    assert_eq!(late.body["usable"], false);
    let world = much_later(world);
    let answer = world.call(consent(CHART, PATIENT, "email")).await.expect(200, "");
    assert_eq!(line(&answer.body), format!("patient email: usable, consented {MUCH_LATER}"));
}

#[tokio::test]
async fn an_address_that_is_not_there_has_no_owner_to_ask() {
    let world = world().await;
    for name in ["consent", "opt-out"] {
        for (target, channel, status, code) in [
            (SIBLING, "email", 409, "no_address_of_channel"),
            // The patient's own account has the patient's addresses.
            (Target::Link("p2", "a1"), "sms", 409, "no_address_of_channel"),
            (PATIENT, "fax", 404, "not_found"),
            (PATIENT, "SMS", 404, "not_found"),
            (Target::Patient("p404"), "sms", 404, "not_found"),
            (Target::Link("p2", "a404"), "sms", 404, "not_found"),
            (Target::Link("p1", "a2"), "sms", 404, "not_found"),
        ] {
            world.call(word(CHART, target, channel, name)).await.expect(status, code);
        }
    }
    world.call(delete(CHART, GUARDIAN)).await.expect(204, "");
    for name in ["consent", "opt-out"] {
        world.call(word(CHART, GUARDIAN, "email", name)).await.expect(404, "not_found");
    }
    let mut event = opt_out(CHART, PATIENT, "sms");
    event["multiValueQueryStringParameters"] = json!({"accountId": ["a2"]});
    world.call(event).await.expect(400, "unknown_parameter");
}

#[tokio::test]
async fn only_who_administers_patients_sees_and_changes_what_is_known() {
    let sns = Sns::start(sns::opted_out(true), sns::opted_in()).await;
    let world = world_with(&sns).await;
    for (who, status, code) in [
        (OPERATOR, 403, "not_allowed"),
        (CLINICIAN, 403, "not_allowed"),
        (FRONT_DESK, 403, "not_allowed"),
        (FORMER_ADMIN, 403, "staff_inactive"),
        (STRANGER, 403, "staff_inactive"),
        (OTHER_ADMIN, 404, "not_found"),
        (OTHER_CHART, 404, "not_found"),
        (ACCOUNT, 404, "not_found"),
        (PORTAL, 404, "not_found"),
    ] {
        for (action, event) in [
            ("address.view", view(who, PATIENT)),
            ("address.consent", consent(who, PATIENT, "sms")),
            ("address.opt_out", opt_out(who, PATIENT, "sms")),
            ("address.consent", consent(who, GUARDIAN, "sms")),
            ("address.opt_out", opt_out(who, GUARDIAN, "sms")),
        ] {
            let answer = world.call(event).await.expect(status, code);
            assert_eq!(answer.record["action"], action);
        }
    }
    assert!(sns.requests().is_empty(), "SNS was asked for somebody who may not ask");
}

#[tokio::test]
async fn a_number_that_opted_out_with_the_carrier_is_opted_in_before_its_consent_is_recorded() {
    for (opted_out, questions) in [
        (sns::opted_out(true), vec!["CheckIfPhoneNumberIsOptedOut", "OptInPhoneNumber"]),
        // Once in 30 days it works: not without need.
        (sns::opted_out(false), vec!["CheckIfPhoneNumberIsOptedOut"]),
    ] {
        for (target, whose) in [(PATIENT, "patient"), (GUARDIAN, "a2")] {
            let sns = Sns::start(opted_out.clone(), sns::opted_in()).await;
            let world = world_with(&sns).await;
            world.mark(&sms_hash("514-555-0143"), OptedOut, EARLIER).await;
            // Nobody opts in by an email address, nor by opting out.
            world.call(opt_out(CHART, target, "sms")).await.expect(200, "");
            world.call(consent(CHART, target, "email")).await.expect(200, "");
            assert!(sns.requests().is_empty());
            let answer = world.call(consent(CHART, target, "sms")).await.expect(200, "");
            assert_eq!(line(&answer.body), format!("{whose} sms: usable, consented {NOW}"));
            let requests = sns.requests();
            assert_eq!(requests.len(), questions.len(), "{requests:?}");
            for (request, question) in requests.iter().zip(&questions) {
                assert!(request.contains(&format!("Action={question}&")), "{request}");
                assert!(request.contains("%2B15145550143"), "{request}");
            }
        }
    }
}

#[tokio::test]
async fn a_service_that_never_answers_stands_against_no_consent() {
    for sns in [
        Sns::start(sns::refused(400, "InvalidParameter"), sns::opted_in()).await,
        Sns::start(sns::refused(400, "InvalidAction"), sns::opted_in()).await,
        Sns::start(sns::opted_out(true), sns::refused(501, "NotImplemented")).await,
        // Nor does one that does not let us ask.
        Sns::start(sns::refused(403, "AuthorizationError"), sns::opted_in()).await,
        Sns::start(sns::opted_out(true), sns::refused(403, "AccessDenied")).await,
    ] {
        let world = world_with(&sns).await;
        world.mark(&sms_hash("514-555-0143"), OptedOut, EARLIER).await;
        let answer = world.call(consent(CHART, PATIENT, "sms")).await.expect(200, "");
        assert_eq!(answer.body["usable"], true);
    }
}

#[tokio::test]
async fn a_consent_that_the_carrier_does_not_know_of_is_not_recorded() {
    let too_soon = Sns::start(sns::opted_out(true), sns::refused(400, "InvalidParameter")).await;
    let world = world_with(&too_soon).await;
    world.mark(&sms_hash("514-555-0143"), OptedOut, EARLIER).await;
    let answer = world.call(consent(CHART, PATIENT, "sms")).await;
    assert_eq!(answer.expect(409, "opt_in_too_soon").record["action"], "address.consent");

    for (opted_out, opted_in) in [
        (sns::refused(400, "Throttled"), sns::opted_in()),
        (sns::opted_out(true), sns::refused(400, "Throttled")),
        (sns::opted_out(true), sns::refused(500, "InternalError")),
    ] {
        let sns = Sns::start(opted_out, opted_in).await;
        let world = world_with(&sns).await;
        world.mark(&sms_hash("514-555-0143"), OptedOut, EARLIER).await;
        let before = (world.db.all_items(MAIN).await, world.db.all_items(AUDIT).await);
        let (status, _, body) = send(&world.handler, consent(CHART, PATIENT, "sms")).await;
        assert_eq!((status, body["code"].as_str()), (503, Some("unavailable")));
        for secret in ["5145550143", "planted", "OptIn"] {
            assert!(!body.to_string().contains(secret), "{body}");
        }
        assert_eq!((world.db.all_items(MAIN).await, world.db.all_items(AUDIT).await), before);
    }
}

#[tokio::test]
async fn a_word_and_its_record_are_one_transaction_that_is_decided_again() {
    for fault in [
        Fault::conflict("TransactWriteItems"),
        Fault::answer_lost("TransactWriteItems"),
        Fault::throttled("BatchGetItem"),
    ] {
        let world = world().await;
        let before = world.db.all_items(AUDIT).await.len();
        let unlucky = handler(world.db.client_with(fault));
        let (status, _, body) = send(&unlucky, opt_out(CHART, PATIENT, "sms")).await;
        assert_eq!((status, body["reason"].as_str()), (200, Some("opted_out")));
        assert_eq!(world.db.all_items(AUDIT).await.len(), before + 1);
    }
    // Feedback comes between: both are there.
    let world = world().await;
    let other = world.handler.clone();
    let meanwhile = Fault::meanwhile("TransactWriteItems", move || {
        let store = other.store.clone();
        async move {
            let mark = domain::address::Mark { reason: Bounced, at: EARLIER.parse().unwrap() };
            assert!(store.mark(&email_hash("patient.one@example.test"), mark).await.unwrap());
        }
    });
    let unlucky = handler(world.db.client_with(meanwhile));
    assert_eq!(send(&unlucky, opt_out(CHART, PATIENT, "email")).await.0, 200);
    let mut stored = world.items("ADDRESS").await;
    let stored: Value = serde_dynamo::from_item(stored.remove(0)).unwrap();
    assert_eq!((&stored["bouncedAt"], &stored["optedOutAt"]), (&json!(EARLIER), &json!(NOW)));

    for (fault, event) in [
        (Fault::unavailable("TransactWriteItems"), opt_out(CHART, SIBLING, "sms")),
        (Fault::unavailable("TransactWriteItems"), consent(CHART, PATIENT, "email")),
        (Fault::unavailable("PutItem"), view(CHART, PATIENT)),
        (Fault::unavailable("Query"), view(CHART, PATIENT)),
    ] {
        let before = (world.db.all_items(MAIN).await, world.db.all_items(AUDIT).await);
        let down = handler(world.db.client_with(fault.times(u32::MAX)));
        let (status, _, body) = send(&down, event).await;
        assert_eq!((status, body["code"].as_str()), (503, Some("unavailable")));
        for secret in ["ADDRESS#", "5145550143", "example.test"] {
            assert!(!body.to_string().contains(secret), "{body}");
        }
        assert_eq!((world.db.all_items(MAIN).await, world.db.all_items(AUDIT).await), before);
    }
}
