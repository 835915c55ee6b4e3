//! Where the link of a notice leads, and for whom it leads nowhere.

use domain::actor::Actor;
use domain::audit::{Action, Outcome};
use domain::clinic::{ClinicSettings, Plan};
use domain::command::{Alteration, Switch};
use domain::people::{AccountLink, Patient, StaffMember};
use scenario::people::{
    account, chart as chart_system, clinic, clinic_id, guardian_link, link, member, operator,
    patient, patient_id, portal, staff, staff_of,
};
use scenario::{CONVERSATION, Event, NOW, World};
use serde_json::json;
use store::key::{self, ConversationKey};
use testkit::Fault;

use super::{faulty, reader, sample};

/// The link to a conversation, opened by this caller.
async fn open(world: &World, name: &ConversationKey, actor: &Actor) -> Event {
    let reference = world.conversation(name).await.reference;
    sample("open-link.staff", actor).path("reference", reference.as_str())
}

#[tokio::test]
async fn it_leads_whoever_may_read_the_conversation_there_any_number_of_times() {
    for (plan, readers) in [
        (Plan::Connect, vec![account("a1"), account("g1"), staff("s1"), staff("s2"), staff("s9")]),
        (Plan::Portal, vec![account("a1"), portal("p1"), staff("s1")]),
    ] {
        let (world, name) = World::with_conversation(plan).await;
        world.link(&guardian_link("c1", "p1", "g1")).await;
        let wanted = json!({ "clinicId": "c1", "patientId": "p1", "conversationId": CONVERSATION });
        for actor in readers {
            let event = open(&world, &name, &actor).await;
            for _ in ["by a scanner", "by a person", "again"] {
                let before = world.state().await;
                let answer = world.ask(&reader(&world), &event).await;
                assert_eq!(answer.expect(200), wanted, "{actor:?}");
                let difference = world.state().await.since(&before);
                assert!(difference.written.is_empty() && difference.gone.is_empty());
                let record = difference.record();
                assert_eq!((record.action, &record.outcome), (Action::LinkOpen, &Outcome::Done));
                assert_eq!(record.clinic, Some(clinic_id("c1")));
                assert_eq!(record.patient, Some(patient_id("p1")));
                assert_eq!(record.objects, [CONVERSATION]);
                let by_account = matches!(actor, Actor::Account { .. });
                assert_eq!(record.on_behalf_of.is_some(), by_account);
            }
        }
        // What is closed is read on.
        world.switch(&name, Switch::Close, NOW).await;
        let event = open(&world, &name, &account("a1")).await;
        assert_eq!(world.ask(&reader(&world), &event).await.expect(200), wanted);
    }
}

#[tokio::test]
async fn each_sample_is_a_link_that_leads_nowhere_here() {
    for name in ["open-link.account", "open-link.portal", "open-link.staff"] {
        let (world, _) = World::with_conversation(Plan::Portal).await;
        let event = Event::sample(&format!("read-conversations/{name}.json"));
        let record = world.refuses(&reader(&world), &event, 404, &["not_found"]).await;
        assert_eq!((record.action, record.patient), (Action::LinkOpen, None));
    }
}

#[tokio::test]
async fn it_tells_nobody_else_anything() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let abroad = scenario::name("c2", "p1", "abroad");
    world.start(&abroad, NOW).await;
    world.link(&guardian_link("c1", "p1", "g1")).await;
    let revoked = AccountLink { active: false, ..guardian_link("c1", "p1", "g2") };
    world.link(&revoked).await;
    world.alter(&staff("s1"), &name, Alteration::PatientOnly(true)).await;
    let unknown = sample("open-link.staff", &account("a1"));
    let none = world.ask(&reader(&world), &unknown).await;
    for (about, actor) in [
        (&name, account("a2")),
        (&name, account("nobody")),
        (&name, account("g1")),
        (&name, account("g2")),
        (&name, portal("p2")),
        (&name, staff("s3")),
        (&name, staff_of("c2", "s1")),
        (&name, staff_of("c2", "s9")),
        (&name, chart_system()),
        (&name, operator()),
        (&abroad, staff("s1")),
        (&abroad, staff("s9")),
        (&abroad, account("a1")),
        (&abroad, portal("p1")),
    ] {
        let event = open(&world, about, &actor).await;
        let record = world.refuses(&reader(&world), &event, 404, &["not_found"]).await;
        assert_eq!((record.action, &record.patient), (Action::LinkOpen, &None));
        // The same words as for one that there is not.
        assert_eq!(world.ask(&reader(&world), &event).await.body, none.body, "{actor:?}");
    }
    for reference in ["", "a b", "..", "a%2Fb", "LINKREF#x", "\u{0}", &"a".repeat(65)] {
        let event = sample("open-link.staff", &account("a1")).path("reference", reference);
        world.refuses(&reader(&world), &event, 404, &["not_found"]).await;
    }
}

#[tokio::test]
async fn of_another_clinic_nothing_is_read_but_where_the_link_leads() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let fault = Fault::unavailable("BatchGetItem").after(1).times(u32::MAX);
    let service = faulty(&world, fault.clone());
    for actor in [staff_of("c2", "s9"), portal_of_c2()] {
        let event = open(&world, &name, &actor).await;
        world.refuses(&faulty(&world, fault.clone()), &event, 404, &["not_found"]).await;
    }
    let event = open(&world, &name, &staff("s1")).await;
    world.fails(&service, &event, 503, "unavailable").await;
}

fn portal_of_c2() -> Actor {
    Actor::Portal { clinic: clinic_id("c2"), patient: patient_id("p1") }
}

#[tokio::test]
async fn what_is_switched_off_is_said_to_whom_it_concerns() {
    let (world, name) = World::with_conversation(Plan::Portal).await;
    world.clinic(&ClinicSettings { portal_enabled: false, ..clinic("c1", Plan::Portal) }).await;
    world.patient(&Patient { portal_access: false, ..patient("c1", "p1") }).await;
    let codes = ["portal_disabled", "patient_access_off"];
    for actor in [account("a1"), portal("p1")] {
        let event = open(&world, &name, &actor).await;
        world.refuses(&reader(&world), &event, 409, &codes).await;
    }
    world.staff(&StaffMember { active: false, ..member("c1", "s1") }).await;
    let event = open(&world, &name, &staff("s1")).await;
    world.refuses(&reader(&world), &event, 403, &["staff_inactive"]).await;
    let event = open(&world, &name, &staff("s9")).await.expiring(NOW.as_second());
    world.refuses(&reader(&world), &event, 401, &["token_expired"]).await;
    let event = open(&world, &name, &staff("s9")).await.query(&[("to", "x")]);
    world.refuses(&reader(&world), &event, 400, &["unknown_parameter"]).await;
}

/// The record that was merged away goes on being read by who is linked to it.
#[tokio::test]
async fn a_link_leads_to_a_merged_away_record_as_well() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let merged = Patient { successor: Some(patient_id("p2")), ..patient("c1", "p1") };
    world.patient(&merged).await;
    let event = open(&world, &name, &account("a1")).await;
    assert_eq!(world.ask(&reader(&world), &event).await.expect(200)["patientId"], "p1");
    let event = open(&world, &name, &account("a2")).await;
    world.refuses(&reader(&world), &event, 404, &["not_found"]).await;
    world.link(&link("c1", "p1", "a2")).await;
    world.ask(&reader(&world), &event).await.expect(200);
}

#[tokio::test]
async fn invariant_10_where_it_leads_is_not_told_without_a_record() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let event = open(&world, &name, &account("a1")).await;
    for operation in ["PutItem", "BatchGetItem"] {
        let service = faulty(&world, Fault::unavailable(operation).times(u32::MAX));
        world.fails(&service, &event, 503, "unavailable").await;
    }
    // A conversation that is not there is no reason to say that one was.
    let store = world.store();
    let mut transaction = store.transaction();
    transaction.delete(&key::conversation(&name));
    assert_eq!(store.commit(transaction).await.unwrap(), store::Committed::Done);
    world.refuses(&reader(&world), &event, 404, &["not_found"]).await;
}
