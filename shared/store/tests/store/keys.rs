//! Keys: one for each entity, and none that two share.

use std::collections::BTreeSet;

use domain::automatic::TimerKind;
use domain::clinic::Language;
use domain::conversation::Person;
use domain::id::{ConversationId, LinkReference};
use domain::notice::Recipient;
use domain::people::Channel;
use jiff::Timestamp;
use jiff::civil::date;
use scenario::name;
use scenario::people::{
    account, account_id, clinic_id, email, group_id, patient_id, portal, sms, staff, staff_id,
    staff_of,
};
use store::Stretch;
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
        key::notice(&name, 1, &Recipient::Patient),
        key::notice(&name, 1, &Recipient::Guardian { id: account_of.clone() }),
        key::notice(&name, 1, &Recipient::Staff { id: staff_member.clone() }),
        key::notice(&name, 2, &Recipient::Patient),
        key::announced(&name, &Recipient::Patient),
        key::announced(&name, &Recipient::Guardian { id: account_of.clone() }),
        key::announced(&name, &Recipient::Staff { id: staff_member.clone() }),
        key::unread(&name, 1),
        key::provider("x"),
        key::link_reference(&LinkReference::parse("x").unwrap()),
        key::address(&email("x@example.test").hash),
        key::address(&sms("+16135550100").hash),
        key::sending(),
        key::reconcile(),
        key::rate(Channel::Email, 1),
        key::rate(Channel::Sms, 1),
        key::rate(Channel::Sms, 2),
        key::texts_of_day(&clinic, None, date(2026, 11, 25)),
        key::texts_of_day(&clinic, Some(&patient), date(2026, 11, 25)),
        key::texts_of_day(&clinic, Some(&patient), date(2026, 11, 26)),
        key::preferences(&clinic, &staff_member),
        key::timer(&name, TimerKind::Closed),
        key::timer(&name, TimerKind::NoAnswer),
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
        key::notice_template(&clinic, Language::En, Channel::Email),
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

/// Feedback names a notice by its key: it reads back as the message and the person.
#[test]
fn a_notices_place_reads_back_as_the_message_and_the_person_it_is_of() {
    let name = name("c1", "p1", "v1");
    for number in [0, 1, 42, 99_999_999] {
        for id in ["x", "PATIENT", "a-b_c", &"z".repeat(64)] {
            for recipient in [
                Recipient::Patient,
                Recipient::Guardian { id: account_id(id) },
                Recipient::Staff { id: staff_id(id) },
            ] {
                let key = key::notice(&name, number, &recipient);
                assert_eq!(key.pk, name.partition());
                assert_eq!(key::notice_of(&key.sk), Some((number, recipient)), "{}", key.sk);
            }
        }
    }
    for other in [
        "",
        "NOTICE",
        "NOTICE#00000001",
        "NOTICE#00000001#",
        "NOTICE#00000001#PATIENT#x",
        "NOTICE##PATIENT",
        "NOTICE#x#PATIENT",
        "NOTICE#00000001#GUARDIAN",
        "NOTICE#00000001#GUARDIAN#",
        "NOTICE#00000001#GUARDIAN#a b",
        "NOTICE#00000001#GUARDIAN#a#b",
        "NOTICE#00000001#STAFF#s1",
        "STAFF_NOTICE#00000001#PATIENT",
        "STAFF_NOTICE#00000001#STAFF#s1#x",
        "STAFF_NOTICE#00000001#GUARDIAN#g1",
        "OUTBOX#00000001",
        "MESSAGE#00000001",
        "ANNOUNCED#PATIENT",
    ] {
        assert_eq!(key::notice_of(other), None, "{other:?}");
    }
}

/// A thread's page asks for the notices of its messages by range: those of the patient's side, of
/// no number beside, and of no member of staff.
#[test]
fn a_range_of_notices_holds_those_of_its_messages_and_its_side() {
    let name = name("c1", "p1", "v1");
    let range = |recipient: &Recipient| {
        let Stretch { pk, from, to } = key::notices(&name, recipient, 9, 10);
        assert_eq!(pk, name.partition());
        (from, to)
    };
    let (low, high) = range(&Recipient::Patient);
    let (staff_low, staff_high) = range(&Recipient::Staff { id: staff_id("s1") });
    for number in [1, 8, 9, 10, 11, 90, 100, 99_999_999] {
        let inside = (9..=10).contains(&number);
        for recipient in [
            Recipient::Patient,
            Recipient::Guardian { id: account_id("0") },
            Recipient::Guardian { id: account_id(&"z".repeat(64)) },
        ] {
            let sk = key::notice(&name, number, &recipient).sk;
            assert_eq!((low.as_str()..=high.as_str()).contains(&sk.as_str()), inside, "{sk}");
            assert!(!(staff_low.as_str()..=staff_high.as_str()).contains(&sk.as_str()));
        }
        let sk = key::notice(&name, number, &Recipient::Staff { id: staff_id("zz") }).sk;
        assert!(!(low.as_str()..=high.as_str()).contains(&sk.as_str()), "{sk}");
        assert_eq!((staff_low.as_str()..=staff_high.as_str()).contains(&sk.as_str()), inside);
    }
}
