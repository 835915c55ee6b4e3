//! Who is around a patient, how far they have read, and where the links of notices lead.

use domain::audit::{Action, Record, Subject};
use domain::clinic::Plan;
use domain::command::Change;
use domain::conversation::{Conversation, Person, ReadMarker};
use domain::id::{ConversationId, LinkReference};
use domain::people::AccountLink;
use scenario::people::{
    account_id, clinic_id, guardian_link, link, patient_id, staff, staff_id, staff_of,
};
use scenario::{NOW, World, name};
use store::Committed;
use store::change::{self, LinkTarget};
use store::key::{self, ConversationKey};

#[tokio::test]
async fn the_links_of_a_patient_are_found_with_those_that_were_revoked() {
    let world = World::of(Plan::Connect).await;
    let store = world.store();
    let of = async |clinic: &str, patient: &str| {
        store.links_of_patient(&clinic_id(clinic), &patient_id(patient)).await.unwrap()
    };
    let revoked = AccountLink { active: false, ..guardian_link("c1", "p1", "g2") };
    for link in [&guardian_link("c1", "p1", "g1"), &revoked] {
        world.link(link).await;
    }
    world.link(&guardian_link("c2", "p1", "g3")).await;
    assert_eq!(
        of("c1", "p1").await,
        [link("c1", "p1", "a1"), guardian_link("c1", "p1", "g1"), revoked]
    );
    assert_eq!(of("c1", "p2").await, [link("c1", "p2", "a2")]);
    assert_eq!(of("c2", "p1").await, [guardian_link("c2", "p1", "g3")]);
    assert_eq!(of("c2", "p2").await, []);
}

#[tokio::test]
async fn the_one_counts_who_has_read_the_furthest_on_the_patients_side() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let store = world.store();
    assert_eq!(store.seen_by_patients_side(&name).await.unwrap(), 0);
    let guardian = |id: &str| Person::Guardian(account_id(id));
    for (person, seen, wanted) in [
        (Person::Staff(staff_id("s1")), 9, 0),
        (Person::Staff(staff_id("PATIENT")), 9, 0),
        (guardian("g1"), 2, 2),
        (Person::Patient, 1, 2),
        (guardian("g2"), 5, 5),
        (Person::Patient, 7, 7),
    ] {
        let marker = ReadMarker { seen, seen_of_others: 0 };
        let mut transaction = store.transaction();
        change::move_marker(&mut transaction, &key::marker(&name, &person), &marker);
        assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);
        assert_eq!(store.seen_by_patients_side(&name).await.unwrap(), wanted, "{person:?}");
    }
    let other = scenario::name("c1", "p1", "v2");
    assert_eq!(store.seen_by_patients_side(&other).await.unwrap(), 0);
}

#[tokio::test]
async fn the_reference_of_a_conversation_leads_to_it_from_its_first_message_on() {
    let world = World::of(Plan::ConnectPro).await;
    let store = world.store();
    let (one, other) = (name("c1", "p1", "v1"), name("c2", "p1", "v1"));
    for name in [&one, &other] {
        world.start(name, NOW).await;
    }
    for name in [one, other] {
        let reference = world.conversation(&name).await.reference;
        let key = key::link_reference(&reference);
        assert_eq!(key.pk, format!("LINKREF#{reference}"), "it names no clinic");
        let target: LinkTarget =
            store.read([key.clone()]).await.unwrap().take(&key).unwrap().unwrap();
        let ConversationKey { clinic, patient, conversation } = name.clone();
        assert_eq!(target, LinkTarget { clinic, patient, conversation });
        // What happens later writes it no more.
        let before = world.state().await;
        world.reply(&staff_of(name.clinic.as_str(), "s1"), &name, "More.", NOW).await;
        let written = world.state().await.since(&before).written;
        assert!(written.contains(&key::conversation(&name)) && !written.contains(&key));
    }
}

/// A conversation beside the one that it is made of, with nothing but itself.
fn another(of: &Conversation, id: &str, reference: LinkReference) -> Change {
    let id = ConversationId::parse(id).unwrap();
    Change {
        replaces: None,
        conversation: Conversation { id, version: 1, reference, ..of.clone() },
        message: None,
        announce: false,
        set: Vec::new(),
        keep: Vec::new(),
        drop: Vec::new(),
        marker: None,
        left: Vec::new(),
        bound: Vec::new(),
        copied: Vec::new(),
    }
}

#[tokio::test]
async fn no_two_conversations_have_one_reference() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let store = world.store();
    let first = world.conversation(&name).await;
    let fresh = LinkReference::parse(&platform::new_reference()).unwrap();
    for (reference, wanted) in [
        (first.reference.clone(), Committed::Lost),
        (fresh.clone(), Committed::Done),
        (fresh, Committed::Lost),
    ] {
        let id = platform::new_id();
        let change = another(&first, &id, reference);
        let subject = Subject { clinic: None, patient: None, objects: Vec::new() };
        let (actor, action) = (staff("s1"), Action::ConversationStart);
        let record = Record::done(id, NOW, &actor, action, subject, "request");
        let mut transaction = store.transaction();
        change::write(&mut transaction, &change, NOW, &record);
        assert_eq!(store.commit(transaction).await.unwrap(), wanted);
    }
}
