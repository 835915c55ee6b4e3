//! Lists that are merged from several partitions.

use domain::clinic::Plan;
use jiff::SignedDuration;
use scenario::people::{clinic_id, patient_id, staff};
use scenario::{NOW, World, name};
use store::inbox::Entry;
use store::key::{self, List, Listed, Owner};
use store::{Committed, Store};

fn of_patient() -> [List; 1] {
    [List::of(&clinic_id("c1"), Owner::Patient(patient_id("p1")))]
}

async fn all(store: &Store, limit: usize) -> Vec<String> {
    let mut ids = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.list(&of_patient(), &Listed::ALL, after.as_deref(), limit).await.unwrap();
        assert!(page.entries.len() <= limit);
        ids.extend(page.entries.iter().map(|entry| entry.conversation.to_string()));
        after = page.next;
        if after.is_none() {
            return ids;
        }
    }
}

#[tokio::test]
async fn a_partition_that_is_cut_at_a_megabyte_hides_none_of_its_entries() {
    let world = World::of(Plan::Connect).await;
    let store = world.store();
    // The new ones await the patient and are large, the old ones await the clinic and are small.
    for number in 0..18_i64 {
        let name = name("c1", "p1", &format!("v{number:02}"));
        let at = NOW + SignedDuration::from_secs(number);
        world.start(&name, at).await;
        if number % 2 == 0 {
            world.reply(&scenario::people::account("a1"), &name, "Hello?", at).await;
            continue;
        }
        let conversation = world.conversation(&name).await;
        let mut entry = Entry::of(&conversation);
        for writer in 0..3_000 {
            let person = format!("STAFF#{writer:0>60}");
            entry.tally.by_person.insert(person, 1);
        }
        let owner = Owner::Patient(patient_id("p1"));
        let partition = key::list_partition(&of_patient()[0], Listed::AwaitingPatient);
        let attributes =
            [("inbox_pk", partition), ("inbox_sk", key::inbox_position(&conversation))];
        let mut transaction = store.transaction();
        transaction.put(&key::inbox_entry(&name, &owner), &entry, attributes, None);
        assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);
    }
    let wanted: Vec<String> = (0..18).rev().map(|number| format!("v{number:02}")).collect();
    for limit in [5, 20, 100] {
        assert_eq!(all(&store, limit).await, wanted, "{limit}");
    }
}

#[tokio::test]
async fn while_the_index_catches_up_a_conversation_is_shown_once_as_it_is_newest() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let store = world.store();
    let old = Entry::of(&world.conversation(&name).await);
    world.reply(&staff("s1"), &name, "More.", NOW + SignedDuration::from_secs(1)).await;
    // An index entry of the past, under a key of its own: as if the index had both.
    let partition = key::list_partition(&of_patient()[0], Listed::AwaitingClinic);
    let attributes = [("inbox_pk", partition), ("inbox_sk", old.position())];
    let stale = key::Key { pk: name.partition(), sk: "INBOX#STALE".to_owned() };
    let mut transaction = store.transaction();
    transaction.put(&stale, &old, attributes, None);
    assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);

    let page = store.list(&of_patient(), &Listed::ALL, None, 10).await.unwrap();
    let totals: Vec<u32> = page.entries.iter().map(|entry| entry.tally.total).collect();
    assert_eq!(totals, [2]);
}
