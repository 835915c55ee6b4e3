#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::access::Facts;
use crate::attachment::{CopySource, FileLimits, Promise};
use crate::clinic::{AutomaticReplies, Language, NoticeSettings, Plan};
use crate::document::Document;
use crate::file::{FileName, FileType, Sha256};
use crate::id::DocumentKind;
use crate::testing::{
    WORKING, as_account, at, clinic, contact, document, email, group, group_id, guardian_link,
    link, name, patient, staff,
};
use crate::text::{ClinicName, ClinicPhone, EmergencyLine, Title};
use crate::version::{self, Document as _};

/// A patient who becomes as old as the clinic's limit on the day of [`WORKING`], which is the
/// twelfth birthday, that many days later.
fn days_before_the_limit(days: i64) -> Patient {
    let birthday = jiff::civil::date(2014, 11, 25) + SignedDuration::from_hours(24 * days);
    let today = jiff::civil::date(2026, 11, 25);
    let born = BirthDate::parse(&birthday.to_string(), today).unwrap();
    Patient { birth_date: Some(born), ..patient() }
}

/// A guardian's link, as it is asked for at an instant.
fn asked_for(now: Timestamp) -> AccountLink {
    AccountLink { changed_at: now, ..guardian_link("g1") }
}

fn made(
    before: Option<&AccountLink>,
    patient: &Patient,
    active_links: usize,
) -> Result<AccountLink, Vec<Code>> {
    asked_for(at(WORKING))
        .made(before, &clinic(), patient, active_links)
        .map_err(|refusal| refusal.codes())
}

#[test]
fn a_guardian_is_linked_up_to_the_day_before_the_birthday() {
    assert!(made(None, &days_before_the_limit(1), 0).is_ok());
    let reached = Err(vec![Code::GuardianAgeReached]);
    assert_eq!(made(None, &days_before_the_limit(0), 0), reached);
    assert_eq!(made(None, &days_before_the_limit(-1), 0), reached);
    let unknown = Patient { birth_date: None, ..patient() };
    assert_eq!(made(None, &unknown, 0), Err(vec![Code::BirthDateUnknown]));
    // The day is the clinic's: at 04:59 in UTC it is still the day before in Toronto.
    let early = asked_for(at("2026-11-25T04:59:59Z"));
    assert!(early.made(None, &clinic(), &days_before_the_limit(0), 0).is_ok());
    // No limit of age is about the patient's own account.
    assert!(link("a1").made(None, &clinic(), &unknown, 0).is_ok());
    for (limit, linked) in [(0, false), (13, true)] {
        let clinic = ClinicSettings { guardian_age_limit: limit, ..clinic() };
        let link = asked_for(at(WORKING)).made(None, &clinic, &days_before_the_limit(0), 0);
        assert_eq!(link.is_ok(), linked, "{limit}");
    }
}

#[test]
fn a_guardians_link_that_holds_goes_on_and_a_revoked_one_does_not_come_back() {
    let grown = days_before_the_limit(-400);
    let holding = guardian_link("g1");
    assert!(made(Some(&holding), &grown, 0).is_ok());
    let unknown = Patient { birth_date: None, ..patient() };
    assert!(made(Some(&holding), &unknown, 0).is_ok(), "the chart may have lost the date");
    let reached = Err(vec![Code::GuardianAgeReached]);
    let revoked = holding.revoked(at(WORKING)).unwrap();
    assert_eq!(made(Some(&revoked), &grown, 0), reached);
    assert_eq!(made(Some(&link("g1")), &grown, 0), reached, "an own account is no guardian's");
}

#[test]
fn everything_wrong_with_a_guardians_link_is_told_at_once() {
    let grown = days_before_the_limit(0);
    let nameless = AccountLink { name: None, ..asked_for(at(WORKING)) };
    let refusal = nameless.clone().made(None, &clinic(), &grown, MAX_LINKS).unwrap_err();
    assert_eq!(
        refusal.codes(),
        [Code::TooManyLinks, Code::GuardianAgeReached, Code::GuardianNameRequired]
    );
    let refusal = nameless.made(Some(&guardian_link("g1")), &clinic(), &grown, 0).unwrap_err();
    assert_eq!(refusal.codes(), [Code::GuardianNameRequired]);
}

#[test]
fn only_a_guardian_has_addresses_beside_the_patients() {
    let told = Some(patient().contact);
    let guardian = AccountLink { contact: told.clone(), ..asked_for(at(WORKING)) };
    let made = guardian.made(None, &clinic(), &days_before_the_limit(1), 0).unwrap();
    assert_eq!(made.contact, told);
    let own = AccountLink { contact: told, ..link("a1") };
    let refusal = own.made(None, &clinic(), &patient(), 0).unwrap_err();
    assert_eq!(refusal, Refusal::at(Code::ContactOfOwnLink, "/contact"));
    assert!(link("a1").made(None, &clinic(), &patient(), 0).is_ok());
}

#[test]
fn staff_get_no_email_until_they_ask_for_it() {
    let nothing_chosen = StaffPreferences::default_of(&clinic().clinic, &staff("s1").id);
    assert!(!nothing_chosen.email_on_reply);
    assert_eq!(nothing_chosen.version, 0);
}

#[test]
fn a_merge_names_a_record_in_use_and_is_undone_once() {
    let id = |id: &str| PatientId::parse(id).unwrap();
    let other = Patient { id: id("p2"), ..patient() };
    let merged = patient().merged_into(&other).unwrap();
    assert_eq!(merged, Patient { version: 2, successor: Some(id("p2")), ..patient() });
    let refused = |of: &Patient, into: &Patient| of.clone().merged_into(into).unwrap_err();
    assert_eq!(refused(&patient(), &patient()).codes(), [Code::MergeIntoItself]);
    assert_eq!(refused(&other, &merged).codes(), [Code::MergeTargetMerged]);
    let third = Patient { id: id("p3"), ..patient() };
    let refusal = refused(&merged, &third);
    assert_eq!(refusal.codes(), [Code::PatientMerged]);
    assert_eq!(refusal.first().about.as_deref(), Some("p2"), "where to write is told");
    let back = merged.unmerged().unwrap();
    assert_eq!(back, Patient { version: 3, ..patient() });
    assert_eq!(back.unmerged(), None);
}

/// What a document is named by, and what says when and how it was changed.
const NOT_COMPARED: [&str; 9] =
    ["clinic", "id", "account", "patient", "staff", "version", "changedAt", "file", "progress"];

/// An address, a preference and a language that [`patient`] does not have.
fn another_contact() -> Contact {
    Contact {
        preferred_channel: Channel::Sms,
        other_channel_consented: true,
        language: Some(Language::Fr),
        ..contact("another@example.test", "+16135550199")
    }
}

/// Each member alone, taken from another document, is a change: a repeat is known by its changing
/// nothing, so one that was forgotten would be lost.
fn compares_every_member<T: version::Document + Serialize + for<'de> Deserialize<'de>>(
    one: &T,
    other: &T,
) {
    let (one_json, other_json) =
        (serde_json::to_value(one).unwrap(), serde_json::to_value(other).unwrap());
    let mut mixed = Vec::new();
    for (member, value) in other_json.as_object().unwrap() {
        if NOT_COMPARED.contains(&member.as_str()) {
            continue;
        }
        assert_ne!(one_json.get(member), Some(value), "{member} says the same in both");
        let mut with = one_json.clone();
        with[member] = value.clone();
        mixed.push((member.clone(), with));
        // Of these each part is a member of its own.
        let parts = value
            .as_object()
            .filter(|_| ["contact", "notices", "officeHours"].contains(&&**member));
        for (part, value) in parts.into_iter().flatten() {
            let path = format!("{member}.{part}");
            assert_ne!(one_json[member].get(part), Some(value), "{path} says the same in both");
            let mut with = one_json.clone();
            with[member][part] = value.clone();
            mixed.push((path, with));
        }
    }
    for (member, with) in mixed {
        let with: T = serde_json::from_value(with).unwrap();
        assert!(!with.changes_since(Some(one)).is_empty(), "{member}");
    }
    assert!(one.changes_since(Some(one)).is_empty());
}

#[test]
fn every_member_of_a_person_is_compared() {
    let groups = ["g1", "g2"].map(group_id);
    compares_every_member(
        &staff("s1"),
        &StaffMember {
            name: name("Another"),
            roles: [Role::Admin].into(),
            active: false,
            sees_all_conversations: true,
            accepts_patient_messages: true,
            groups: groups.into(),
            email: Some(email("another@example.test")),
            ..staff("s1")
        },
    );
    let chosen = StaffPreferences {
        clinic: clinic().clinic,
        staff: staff("s1").id,
        version: 1,
        email_on_reply: false,
        vacations: Vec::new(),
    };
    let day = "2027-07-01".parse().unwrap();
    let vacations = vec![Days::new(day, day).unwrap()];
    let other = StaffPreferences { email_on_reply: true, vacations, ..chosen.clone() };
    compares_every_member(&chosen, &other);
    compares_every_member(
        &group("g1"),
        &Group {
            name: name("Another"),
            active: false,
            accepts_patient_messages: false,
            ..group("g1")
        },
    );
    compares_every_member(
        &patient(),
        &Patient {
            name: name("Another"),
            given_name: Some(name("A")),
            family_name: Some(name("B")),
            contact: another_contact(),
            portal_access: false,
            successor: PatientId::parse("p2").ok(),
            ..days_before_the_limit(0)
        },
    );
    compares_every_member(&link("a1"), &AccountLink { active: false, ..guardian_link("a1") });
    let told = AccountLink { contact: Some(patient().contact), ..guardian_link("g1") };
    compares_every_member(
        &told,
        &AccountLink {
            contact: Some(another_contact()),
            name: Some(name("Another")),
            relationship: Relationship::Own,
            active: false,
            ..told.clone()
        },
    );
}

/// A record says that an address changed, and neither the one before nor the one after.
#[test]
fn no_record_of_a_change_holds_an_address_or_its_hash() {
    let moved = Patient { contact: another_contact(), ..patient() };
    let told = |contact| AccountLink { contact: Some(contact), ..guardian_link("g1") };
    let hired = StaffMember { email: Some(email("another@example.test")), ..staff("s1") };
    let changes = [
        moved.changes_since(Some(&patient())),
        told(another_contact()).changes_since(Some(&told(patient().contact))),
        told(another_contact()).changes_since(None),
        hired.changes_since(Some(&staff("s1"))),
    ];
    let all = serde_json::to_string(&changes).unwrap();
    assert!(all.contains("contact.email") && all.contains("preferredChannel"), "{all}");
    let contacts = [another_contact(), patient().contact];
    let hashes = contacts.iter().flat_map(Contact::hashes).map(|hash| hash.as_str().to_owned());
    let private = ["another@", "zq@", "example.test", "613555"].map(str::to_owned);
    for private in private.into_iter().chain(hashes) {
        assert!(!all.contains(&private), "{private}");
    }
}

#[test]
fn every_member_of_a_document_and_of_the_settings_is_compared() {
    let chart_document = Document {
        kind: DocumentKind::parse("letter").unwrap(),
        date: jiff::civil::date(2026, 11, 21),
        title: Title::parse("Another").unwrap(),
        promise: Promise {
            name: FileName::parse("another.png", FileType::Png).unwrap(),
            file_type: FileType::Png,
            length: 2,
            sha256: Sha256::of_digest([1; 32]),
        },
        copy: CopySource::parse(&clinic().clinic, "c1/a".to_owned(), None).ok(),
        ..document("d1")
    };
    compares_every_member(&document("d1"), &chart_document);
    let mut other = ClinicSettings {
        name: ClinicName::parse("Another").unwrap(),
        sms_name: ClinicName::parse("Short").ok(),
        phone: ClinicPhone::parse("514-555-0101").ok(),
        emergency_line: EmergencyLine::parse("112").ok(),
        plan: Plan::Portal,
        portal_enabled: false,
        replies_allowed_by_default: false,
        patient_first: false,
        guardian_age_limit: 3,
        patient_only_from_age: Some(14),
        default_language: Language::Fr,
        office_hours: serde_json::from_value(serde_json::json!({
            "timeZone": "America/Halifax",
            "windows": [{ "day": "sun", "from": "10:00", "to": "11:00" }],
            "exceptions": [{ "date": "2026-12-25", "name": "Christmas", "windows": [] }],
            "vacations": [{ "from": "2027-07-01", "to": "2027-07-14" }],
        }))
        .unwrap(),
        files: FileLimits { files_per_message: 1, ..FileLimits::default() },
        notices: NoticeSettings {
            paused: true,
            unread_after_hours: Some(1),
            texts_per_day: 0,
            texts_per_patient_and_day: 0,
        },
        ..clinic()
    };
    let text = clinic().automatic_replies.outside_hours;
    let quiet = AutomaticReplies { quiet_minutes: 0, ..clinic().automatic_replies };
    for automatic_replies in [
        AutomaticReplies { minimum_gap_minutes: 0, ..clinic().automatic_replies },
        AutomaticReplies { outside_hours: None, ..clinic().automatic_replies },
        AutomaticReplies { no_answer: None, ..clinic().automatic_replies },
        AutomaticReplies { exception: text.clone(), ..clinic().automatic_replies },
        AutomaticReplies { vacation: text, ..clinic().automatic_replies },
        quiet,
    ] {
        other.automatic_replies = automatic_replies;
        compares_every_member(&clinic(), &other);
    }
}

/// What happens to the links of one account.
#[derive(Clone, Debug)]
enum Step {
    Make(usize, Relationship),
    Revoke(usize),
    Pass(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let relationship = prop_oneof![Just(Relationship::Own), Just(Relationship::Guardian)];
    let step = prop_oneof![
        8 => (0..PATIENTS, relationship).prop_map(|(of, relationship)| Step::Make(of, relationship)),
        2 => (0..PATIENTS).prop_map(Step::Revoke),
        1 => (1_i64..700).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 1..120)
}

/// More patients than an account may be linked to.
const PATIENTS: usize = MAX_LINKS + 5;

/// The patients, who reach the limit one after another.
fn patients() -> Vec<Patient> {
    let patient = |index: usize| Patient {
        id: PatientId::parse(&format!("p{index}")).unwrap(),
        ..days_before_the_limit(i64::try_from(index).unwrap() * 150 - 300)
    };
    (0..PATIENTS).map(patient).collect()
}

proptest! {
    #[test]
    fn links_live_by_their_rules_whatever_happens(steps in steps()) {
        let (clinic, patients, actor) = (clinic(), patients(), as_account("a1"));
        let mut now = at(WORKING);
        let mut links: BTreeMap<usize, AccountLink> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Pass(days) => now += SignedDuration::from_hours(24 * days),
                Step::Make(of, relationship) => {
                    let patient = &patients[of];
                    let before = links.get(&of).cloned();
                    let others =
                        links.iter().filter(|(index, link)| **index != of && link.active).count();
                    let asked = AccountLink {
                        patient: patient.id.clone(),
                        version: before.as_ref().map_or(1, |before| before.version + 1),
                        relationship,
                        name: Some(name("Grace")),
                        changed_at: now,
                        ..link("a1")
                    };
                    let goes_on = before.as_ref().is_some_and(|before| {
                        before.active && before.relationship == Relationship::Guardian
                    });
                    let young = patient.birth_date.unwrap().age_on(clinic.today(now))
                        < clinic.guardian_age_limit;
                    let allowed = others < MAX_LINKS
                        && (relationship == Relationship::Own || young || goes_on);
                    let made = asked.made(before.as_ref(), &clinic, patient, others);
                    prop_assert_eq!(made.is_ok(), allowed);
                    if let Ok(made) = made {
                        prop_assert!(made.active);
                        prop_assert!(before.is_none_or(|before| before.version < made.version));
                        links.insert(of, made);
                    }
                }
                Step::Revoke(of) => {
                    let Some(before) = links.get(&of).cloned() else { continue };
                    let revoked = before.revoked(now);
                    prop_assert_eq!(revoked.is_some(), before.active);
                    let Some(revoked) = revoked else { continue };
                    prop_assert!(!revoked.active && before.version < revoked.version);
                    prop_assert_eq!(revoked.revoked(now), None, "twice is once");
                    links.insert(of, revoked);
                }
            }
            prop_assert!(links.values().filter(|link| link.active).count() <= MAX_LINKS);
            for (of, link) in &links {
                let facts = Facts {
                    clinic: Some(clinic.clone()),
                    patient: Some(patients[*of].clone()),
                    link: Some(link.clone()),
                    ..Facts::default()
                };
                let opened = facts.patient_side(&actor).map(|side| side.relationship);
                let wanted = if link.active { Ok(link.relationship) } else { Err(Code::NotFound.into()) };
                prop_assert_eq!(opened, wanted);
            }
        }
    }
}
