//! What starting a conversation answers and writes.

use domain::audit::{Action, Outcome};
use domain::clinic::{ClinicSettings, Plan};
use domain::people::{Channel, Patient};
use scenario::people::{clinic, member, patient, staff};
use scenario::{NOW, World, name};
use serde_json::{Value, json};

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
async fn the_answer_says_how_the_patient_will_be_told() {
    let world = World::of(Plan::Connect).await;
    let ordinary = patient("c1", "p1");
    let by_text = Patient { preferred_channel: Channel::Sms, ..ordinary.clone() };
    let no_email = Patient { email: None, ..ordinary.clone() };
    let consented = Patient { other_channel_consented: true, ..no_email.clone() };
    for (number, (patient, channel)) in [
        (ordinary, json!("email")),
        (by_text, json!("sms")),
        (consented, json!("sms")),
        (no_email, Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        world.patient(&patient).await;
        let event = event(&staff("s1")).key(&number.to_string());
        let body = world.ask(&send(&world), &event).await.expect(201);
        assert_eq!(body["noticeChannel"], channel);
    }
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
