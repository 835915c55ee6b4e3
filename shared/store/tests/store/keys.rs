//! Keys: one for each entity, and none that two share.

use std::collections::BTreeSet;

use domain::conversation::{AutomaticReason, Person};
use domain::id::ConversationId;
use jiff::Timestamp;
use scenario::name;
use scenario::people::{
    account, account_id, clinic_id, group_id, patient_id, portal, staff, staff_id, staff_of,
};
use store::key::{self, ConversationKey, Owner};

#[test]
fn a_partition_reads_back_as_the_conversation_it_is_of() {
    let name = name("c1", "p-1", "v_1");
    assert_eq!(ConversationKey::from_partition(&name.partition()), Some(name.clone()));
    for other in [
        "",
        "CLINIC#c1",
        "CLINIC#c1#PATIENT#p1",
        "CLINIC#c1#PATIENT#p1#CONVERSATION#",
        "CLINIC#c1#PATIENT#p1#CONVERSATION#v1#x",
        "CLINIC#c1#PATIENT#p 1#CONVERSATION#v1",
        "ACCOUNT#a1",
    ] {
        assert_eq!(ConversationKey::from_partition(other), None, "{other}");
    }
    // An id cannot hold the separator, so no text of a path makes another conversation's key.
    assert!(ConversationId::parse("v1#MESSAGE").is_err());
}

#[test]
fn no_two_entities_share_a_key() {
    let (clinic, patient, staff_member) = (clinic_id("x"), patient_id("x"), staff_id("x"));
    let account_of = account_id("x");
    let name = name("x", "x", "x");
    let keys = [
        key::settings(&clinic),
        key::staff(&clinic, &staff_member),
        key::group(&clinic, &group_id("x")),
        key::group_member(&clinic, &group_id("x"), &staff_member),
        key::patient(&clinic, &patient),
        key::link_of_patient(&clinic, &patient, &account_of),
        key::link_of_account(&clinic, &patient, &account_of),
        key::conversation(&name),
        key::message(&name, 1),
        key::outbox(&name, 1),
        key::notice(&name, 1),
        key::timer(&name, AutomaticReason::OutsideHours),
        key::timer(&name, AutomaticReason::NoAnswer),
        key::inbox_entry(&name, &Owner::Clinic),
        key::inbox_entry(&name, &Owner::Patient(patient.clone())),
        key::inbox_entry(&name, &Owner::Staff(staff_member.clone())),
        key::inbox_entry(&name, &Owner::Group(group_id("x"))),
        key::marker(&name, &Person::Patient),
        key::marker(&name, &Person::Staff(staff_member)),
        key::marker(&name, &Person::Guardian(account_of)),
        key::idempotency(&staff("x"), "x"),
        key::idempotency(&staff_of("x", "x"), "x"),
        key::idempotency(&account("x"), "x"),
        key::idempotency(&portal("x"), "x"),
    ];
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
}

#[test]
fn the_order_of_instants_and_numbers_is_that_of_their_texts() {
    let instants = [
        "2026-11-25T00:00:00Z",
        "2026-11-25T00:00:00.000001Z",
        "2026-11-25T00:00:00.1Z",
        "2026-11-25T00:00:00.999999Z",
        "2026-11-25T00:00:01Z",
        "2027-01-01T00:00:00Z",
    ];
    let texts = instants.map(|instant| key::instant(instant.parse::<Timestamp>().unwrap()));
    assert!(texts.is_sorted_by(|one, other| one < other), "{texts:?}");
    let numbers = [1, 9, 10, 99, 12_345_678, 99_999_999].map(key::message_sk);
    assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
}
