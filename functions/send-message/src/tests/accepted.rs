//! What starting a conversation answers and writes.

use std::collections::BTreeSet;

use domain::address::{Contact, MarkReason};
use domain::audit::{Action, Outcome};
use domain::clinic::{ClinicSettings, Plan};
use domain::id::LinkReference;
use domain::people::{Channel, Patient};
use scenario::people::{account, clinic, contact, email, group, member, patient, sms, staff};
use scenario::{NOW, World, name};
use serde_json::{Value, json};
use store::change::LinkTarget;
use store::key::{self, ConversationKey};

use super::{event, send, to};

#[tokio::test]
async fn the_sample_is_stored_with_its_record_and_nothing_else() {
    for plan in [Plan::Portal, Plan::Connect, Plan::ConnectPro] {
        let world = World::of(plan).await;
        let before = world.state().await;
        let answer = world.ask(&send(&world), &event(&staff("s1"))).await;
        let id = answer.body["conversationId"].as_str().unwrap().to_owned();
        let location = format!("/live/clinics/c1/patients/p1/conversations/{id}");
        assert_eq!(answer.location.as_deref(), Some(location.as_str()));
        let wanted = json!({
            "clinicId": "c1",
            "patientId": "p1",
            "conversationId": id,
            "messageNumber": 1,
            "at": NOW,
            "repliesAllowed": true,
            "patientOnly": false,
            "noticeChannel": "email",
        });
        assert_eq!(answer.expect(201), wanted);

        let difference = world.state().await.since(&before);
        let keys = [
            "CONVERSATION",
            "IDEMPOTENCY",
            "INBOX#CLINIC",
            "INBOX#PATIENT",
            "INBOX#STAFF#s1",
            "INBOX#STAFF#s2",
            "LINKREF",
            "MESSAGE#00000001",
            "OUTBOX#00000001",
        ];
        assert_eq!(difference.written_sort_keys(), keys);
        assert!(difference.gone.is_empty());
        let record = difference.record();
        assert_eq!(record.action, Action::ConversationStart);
        assert_eq!(record.outcome, Outcome::Done);
        assert_eq!(record.objects, [id.as_str()]);
        assert_eq!(record.patient.as_ref().unwrap().as_str(), "p1");

        let conversation = world.conversation(&name("c1", "p1", &id)).await;
        assert_eq!((conversation.version, conversation.tally.total), (1, 1));
        assert_eq!(conversation.patient_name.as_str(), "Zebulon p1");
    }
}

#[tokio::test]
async fn the_answer_says_how_the_patient_will_be_told_or_what_is_in_the_way() {
    let world = World::of(Plan::Connect).await;
    let ordinary = contact();
    let consents = Contact { other_channel_consented: true, ..ordinary.clone() };
    let by_text = Contact { preferred_channel: Channel::Sms, ..ordinary.clone() };
    let no_email = Contact { email: None, ..ordinary.clone() };
    let opted_out = Contact { sms: Some(sms("+16135550111")), ..by_text.clone() };
    let bounced = Contact { email: Some(email("gone@example.test")), ..consents.clone() };
    let nowhere = Contact { sms: opted_out.sms.clone(), ..bounced.clone() };
    for (hash, reason) in [
        (opted_out.hash(Channel::Sms), MarkReason::OptedOut),
        (bounced.hash(Channel::Email), MarkReason::Bounced),
    ] {
        world.mark(hash.unwrap(), reason).await;
    }
    for (number, (contact, channel, problem)) in [
        (ordinary, json!("email"), Value::Null),
        (by_text, json!("sms"), Value::Null),
        (Contact { email: None, ..consents }, json!("sms"), Value::Null),
        (no_email, Value::Null, json!("no_usable_address")),
        (opted_out, Value::Null, json!("opted_out")),
        (bounced, json!("sms"), Value::Null),
        // What is in the way of the preferred one is what is to be put right.
        (nowhere, Value::Null, json!("address_bounced")),
    ]
    .into_iter()
    .enumerate()
    {
        world.patient(&Patient { contact, ..patient("c1", "p1") }).await;
        let event = event(&staff("s1")).key(&number.to_string());
        let body = world.ask(&send(&world), &event).await.expect(201);
        assert_eq!(body["noticeChannel"], channel, "{number}");
        assert_eq!(body.get("noticeProblem").cloned().unwrap_or_default(), problem, "{number}");
        assert!(body.get("noticeChannel").is_some());
    }
}

#[tokio::test]
async fn how_the_patient_will_be_told_is_not_said_to_the_patient() {
    let world = World::of(Plan::ConnectPro).await;
    world.group(&group("c1", "g1")).await;
    let body = json!({ "title": "A title", "body": "A message.", "groups": ["g1"] });
    let answer = world.ask(&send(&world), &event(&account("a1")).body(&body)).await.expect(201);
    assert!(answer.get("noticeChannel").is_none() && answer.get("noticeProblem").is_none());
}

#[tokio::test]
async fn each_conversation_has_a_reference_of_its_own_that_leads_to_it() {
    let world = World::of(Plan::Connect).await;
    let mut references = BTreeSet::new();
    for key in ["one", "two"] {
        let body = world.ask(&send(&world), &event(&staff("s1")).key(key)).await.expect(201);
        let name = name("c1", "p1", body["conversationId"].as_str().unwrap());
        let reference = world.conversation(&name).await.reference;
        assert_eq!(reference.as_str().len(), LinkReference::CHARACTERS);
        let key = key::link_reference(&reference);
        let target: LinkTarget =
            world.store().read([key.clone()]).await.unwrap().take(&key).unwrap().unwrap();
        let ConversationKey { clinic, patient, conversation } = name;
        assert_eq!(target, LinkTarget { clinic, patient, conversation });
        references.insert(reference);
        // The answer does not name it: the notice alone does.
        assert!(!body.to_string().contains(references.last().map_or("", LinkReference::as_str)));
    }
    assert_eq!(references.len(), 2);
}

#[tokio::test]
async fn replies_are_allowed_as_the_sender_says_or_else_as_the_clinic_does() {
    let world = World::of(Plan::Connect).await;
    for default in [true, false] {
        let settings = clinic("c1", Plan::Connect);
        world.clinic(&ClinicSettings { replies_allowed_by_default: default, ..settings }).await;
        for said in [None, Some(true), Some(false)] {
            let mut body = to(&[]);
            if let Some(said) = said {
                body["repliesAllowed"] = json!(said);
            }
            let event = event(&staff("s1"))
                .body(&body)
                .key(&format!("{default}.{said:?}").replace(['(', ')'], "-"));
            let answer = world.ask(&send(&world), &event).await.expect(201);
            assert_eq!(answer["repliesAllowed"], said.unwrap_or(default));
        }
    }
}

#[tokio::test]
async fn somebody_who_is_named_twice_takes_part_once() {
    let world = World::of(Plan::Connect).await;
    let event = event(&staff("s1")).body(&to(&["s2", "s2", "s1"]));
    let body = world.ask(&send(&world), &event).await.expect(201);
    let name = name("c1", "p1", body["conversationId"].as_str().unwrap());
    let participants = world.conversation(&name).await.participants;
    let ids: Vec<_> = participants.iter().map(|participant| participant.id.as_str()).collect();
    assert_eq!(ids, ["s1", "s2"]);
}

#[tokio::test]
async fn forty_take_part_at_most_the_patient_and_the_sender_among_them() {
    let world = World::of(Plan::Connect).await;
    let others: Vec<String> = (0..41).map(|number| format!("other-{number}")).collect();
    for id in &others {
        world.staff(&member("c1", id)).await;
    }
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    let most = event(&staff("s1")).body(&to(&others[..38]));
    world.ask(&send(&world), &most).await.expect(201);
    for too_many in [39, 40, 41] {
        let event = event(&staff("s1")).body(&to(&others[..too_many])).key("more");
        world.refuses(&send(&world), &event, 422, &["too_many_participants /to"]).await;
    }
}
