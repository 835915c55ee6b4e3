//! Who is told besides the patient: guardians of what they may read, staff who asked for it.

use domain::id::{AccountId, ClinicId, StaffId};
use domain::notice::{Happened, NoticeState, Recipient};
use domain::people::{StaffMember, StaffPreferences};
use serde_json::json;
use store::key;

use super::provider::{Behaviour, email, field};
use super::world::{BODY, EMAIL, PATIENT_NAME, TITLE, World, name, outbox, pass, reference};

fn guardian(account: &str) -> Recipient {
    Recipient::Guardian { id: AccountId::parse(account).unwrap() }
}

async fn state_to(world: &World, recipient: &Recipient) -> Option<String> {
    let notice = world.notice_to(1, recipient).await;
    notice.map(|notice| notice.state.as_str().to_owned())
}

#[tokio::test]
async fn a_guardian_is_told_in_their_own_language_at_their_own_address() {
    let world = World::with_message().await;
    world
        .guardian(
            "g1",
            "guardian@example.test",
            &json!({ "contact": {
            "email": { "address": "guardian@example.test", "hash": "h" },
            "preferredChannel": "email", "otherChannelConsented": false, "language": "fr",
        } }),
        )
        .await;
    world.step(outbox(1)).await;
    let mut told = world.told();
    told.sort();
    assert_eq!(told, ["guardian@example.test", EMAIL]);
    for request in world.provider.requests() {
        let raw = email(&request);
        let french = field(&request, "Destinations.member.1") == "guardian@example.test";
        assert_eq!(raw.contains("Connectez-vous"), french, "{raw}");
        for private in [TITLE, BODY, PATIENT_NAME, "Planted-guardian"] {
            assert!(!raw.contains(private), "{raw}");
        }
    }
    assert_eq!(state_to(&world, &guardian("g1")).await.as_deref(), Some("accepted"));
    assert_eq!(world.ends().await.len(), 2);
    world.expect_nothing_due().await;
}

/// NO-13, for guardians: at the message and between two attempts.
#[tokio::test]
async fn who_may_not_read_the_conversation_any_more_is_not_told_of_it() {
    let revoked = json!({ "active": false });
    let own = json!({ "relationship": "own", "contact": null });
    let world = World::with_message().await;
    world.guardian("g1", "one@example.test", &revoked).await;
    world.guardian("a1", "own@example.test", &own).await;
    world.step(outbox(1)).await;
    assert_eq!(world.told(), [EMAIL]);
    assert_eq!(state_to(&world, &guardian("g1")).await, None);

    let world = World::with_message().await;
    world.guardian("g1", "one@example.test", &json!({})).await;
    world.provider.answers(&Behaviour::Refuse(400, "Throttling", ""), 2);
    world.step(outbox(1)).await;
    world.guardian("g1", "one@example.test", &revoked).await;
    pass(60);
    world.run_dry().await;
    let notice = world.notice_to(1, &guardian("g1")).await.unwrap();
    assert!(matches!(notice.state, NoticeState::Failed { .. }), "{notice:?}");
    assert_eq!(world.state_of(1).await, "accepted", "nothing is lost for the others");
    assert_eq!(world.told().iter().filter(|to| *to == "one@example.test").count(), 1);
}

#[tokio::test]
async fn what_is_hidden_from_guardians_tells_them_nothing() {
    let world = World::with_message().await;
    world.guardian("g1", "one@example.test", &json!({})).await;
    let mut conversation = world.conversation().await;
    conversation.patient_only = true;
    world.put(&key::conversation(&name(1)), &conversation).await;
    world.step(outbox(1)).await;
    assert_eq!(world.told(), [EMAIL]);
}

/// ID-07: the patient and a guardian share an address.
#[tokio::test]
async fn nobody_is_told_the_same_twice_at_one_address() {
    let world = World::with_message().await;
    world.guardian("g1", EMAIL, &json!({})).await;
    world.guardian("g2", &EMAIL.to_uppercase(), &json!({})).await;
    world.guardian("g3", "other@example.test", &json!({})).await;
    world.step(outbox(1)).await;
    let mut told = world.told();
    told.sort();
    assert_eq!(told, ["other@example.test", EMAIL]);
    for account in ["g1", "g2"] {
        assert_eq!(state_to(&world, &guardian(account)).await.as_deref(), Some("covered"));
    }
    world.run_dry().await;
    world.expect_nothing_due().await;
}

/// The one who was told for all bounced for now: one of the others tells them, and not each.
#[tokio::test]
async fn those_who_shared_an_address_with_a_notice_that_ended_are_told_once() {
    let accounts = ["g1", "g2", "g3", "g4"];
    for read in [&[][..], &["g1"], &["g1", "g2", "g3"], &accounts] {
        let world = World::with_message().await;
        for account in accounts {
            world.guardian(account, EMAIL, &json!({})).await;
        }
        world.step(outbox(1)).await;
        assert_eq!(world.told(), [EMAIL]);
        for account in read {
            world.has_read(&guardian(account), 1).await;
        }
        world.told_of_email(1, Happened::Bounced { permanent: false, marks: false }).await;
        world.run_dry().await;
        let left = accounts.len() - read.len();
        assert_eq!(world.told().len(), 1 + left.min(1), "{read:?}");
        let mut states = Vec::new();
        for account in accounts {
            states.push(state_to(&world, &guardian(account)).await.unwrap());
        }
        let sent = states.iter().filter(|state| *state == "accepted").count();
        assert_eq!(sent, left.min(1), "{states:?}");
        assert!(states.iter().all(|state| state == "accepted" || state == "covered"));
        // Nor by what follows in the burst.
        world.add().await;
        world.step(key::outbox(&name(1), 2)).await;
        let more = world.told().len() - 1 - left.min(1);
        pass(400);
        world.run_dry().await;
        assert!(more <= 1, "{more}");
        world.expect_nothing_due().await;
    }
}

/// Whoever was to be told for all needs no notice any more; the others do.
#[tokio::test]
async fn whoever_shares_an_address_with_one_who_has_read_a_held_message_is_told() {
    for (read_by_guardian, told) in [(0, 1), (1, 0)] {
        let world = World::with_message().await;
        let notices = json!({ "paused": true, "textsPerDay": 10, "textsPerPatientAndDay": 10 });
        world.clinic(&json!({ "notices": notices })).await;
        for account in ["g1", "g2"] {
            world.guardian(account, EMAIL, &json!({})).await;
            world.has_read(&guardian(account), read_by_guardian).await;
        }
        world.step(outbox(1)).await;
        world.has_read(&Recipient::Patient, 1).await;
        world.clinic(&json!({})).await;
        pass(301);
        world.run_dry().await;
        assert_eq!(world.told().len(), told);
        assert_eq!(world.state().await, "covered");
        world.expect_nothing_due().await;
    }
}

#[tokio::test]
async fn a_guardian_without_an_address_is_shown_to_staff() {
    let world = World::with_message().await;
    world.guardian("g1", "one@example.test", &json!({ "contact": null })).await;
    world.step(outbox(1)).await;
    let notice = world.notice_to(1, &guardian("g1")).await.unwrap();
    let stored = serde_json::to_value(&notice).unwrap();
    assert_eq!(stored["reason"], "no_usable_address");
    assert_eq!(world.told(), [EMAIL]);
}

#[tokio::test]
async fn many_guardians_are_all_told() {
    let world = World::with_message().await;
    for number in 0..30 {
        let address = format!("g{number}@example.test");
        world.guardian(&format!("g{number}"), &address, &json!({})).await;
    }
    world.step(outbox(1)).await;
    world.run_dry().await;
    let mut told = world.told();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 31);
    assert_eq!(world.provider.requests().len(), 31);
    world.expect_nothing_due().await;
}

async fn staff(world: &World, wants: bool, members: &serde_json::Value) {
    let mut record = json!({
        "clinic": "c1", "id": "s1", "version": 1, "name": "Planted-staff", "roles": ["clinician"],
        "active": true, "seesAllConversations": false,
        "email": { "address": "staff@clinic.test", "hash": "hs" },
    });
    for (name, value) in members.as_object().unwrap() {
        record[name] = value.clone();
    }
    let record: StaffMember = serde_json::from_value(record).unwrap();
    let clinic = ClinicId::parse("c1").unwrap();
    let id = StaffId::parse("s1").unwrap();
    world.put(&key::staff(&clinic, &id), &record).await;
    let preferences = StaffPreferences {
        clinic: clinic.clone(),
        staff: id.clone(),
        version: 1,
        email_on_reply: wants,
        vacations: Vec::new(),
    };
    world.put(&key::preferences(&clinic, &id), &preferences).await;
}

#[tokio::test]
async fn a_member_of_staff_who_asked_for_it_gets_an_email_when_a_patient_writes() {
    let world = World::with_message().await;
    world.step(outbox(1)).await;
    staff(&world, true, &json!({})).await;
    world.answer().await;
    world.step(key::outbox(&name(1), 2)).await;
    assert_eq!(world.told(), [EMAIL, "staff@clinic.test"]);
    let raw = email(&world.provider.requests()[1]);
    let link = format!("https://staff.test/c/{}", reference(1));
    assert!(raw.contains(&link), "{raw}");
    for private in [TITLE, BODY, PATIENT_NAME, EMAIL] {
        assert!(!raw.contains(private), "{raw}");
    }
    // A burst is one email for staff, too.
    pass(5);
    world.answer().await;
    world.step(key::outbox(&name(1), 3)).await;
    assert_eq!(world.told().len(), 2);
    pass(400);
    world.run_dry().await;
    world.expect_nothing_due().await;
}

#[tokio::test]
async fn staff_who_did_not_ask_or_are_not_there_any_more_get_none() {
    for (wants, members) in [
        (false, json!({})),
        (true, json!({ "active": false })),
        (true, json!({ "roles": ["privacy_officer"] })),
    ] {
        let world = World::with_message().await;
        world.step(outbox(1)).await;
        staff(&world, wants, &members).await;
        world.answer().await;
        world.step(key::outbox(&name(1), 2)).await;
        assert_eq!(world.told(), [EMAIL], "{wants} {members}");
        assert_eq!(world.item(&key::outbox(&name(1), 2)).await, None);
    }
}
