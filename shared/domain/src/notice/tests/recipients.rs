//! Who is told of a message, and how.

use super::*;
use crate::address::{AddressState, Addresses, Contact, Mark, MarkReason};
use crate::clinic::{ClinicSettings, Language, Plan};
use crate::conversation::{Conversation, Person};
use crate::id::{ClinicId, PatientId, StaffId};
use crate::people::{AccountLink, Patient, Relationship, Role, StaffMember, StaffPreferences};
use crate::testing::{clinic, contact, conversation, email, group_id, guardian_link, link, staff};

/// What [`Telling`] borrows.
#[derive(Clone, Debug)]
struct World {
    clinic: ClinicSettings,
    patient: Patient,
    conversation: Conversation,
    link: Option<AccountLink>,
    staff: Option<StaffMember>,
    preferences: Option<StaffPreferences>,
}

impl World {
    fn telling(&self) -> Telling<'_> {
        Telling {
            clinic: &self.clinic,
            patient: &self.patient,
            conversation: &self.conversation,
            link: self.link.as_ref(),
            staff: self.staff.as_ref(),
            preferences: self.preferences.as_ref(),
        }
    }

    fn way(&self, recipient: &Recipient) -> Result<Way, FailureReason> {
        self.telling().way(recipient, &Addresses::default())
    }
}

fn world() -> World {
    World {
        clinic: clinic(),
        patient: patient(),
        conversation: conversation(),
        link: None,
        staff: None,
        preferences: None,
    }
}

fn guardian(id: &str) -> Recipient {
    Recipient::Guardian { id: AccountId::parse(id).unwrap() }
}

fn member(id: &str) -> Recipient {
    Recipient::Staff { id: staff_id(id) }
}

/// A guardian's link, with addresses of the guardian's own.
fn told_guardian(id: &str) -> AccountLink {
    let contact = contact(&format!("{id}@example.test"), "+16135550177");
    AccountLink { contact: Some(contact), ..guardian_link(id) }
}

/// A member of staff with an address, who asked for an email or did not.
fn asking(id: &str, email_on_reply: bool) -> (StaffMember, StaffPreferences) {
    let member = StaffMember { email: Some(email(&format!("{id}@clinic.test"))), ..staff(id) };
    let staff = StaffId::parse(id).unwrap();
    let clinic = clinic().clinic;
    (member, StaffPreferences { clinic, staff, version: 1, email_on_reply, vacations: Vec::new() })
}

fn recipients(told: Vec<(Recipient, Telling<'_>)>) -> Vec<Recipient> {
    told.into_iter().map(|(recipient, _)| recipient).collect()
}

#[test]
fn a_recipient_is_one_reader_of_the_conversation() {
    let account = AccountId::parse("g1").unwrap();
    assert_eq!(Recipient::Patient.person(), Person::Patient);
    assert_eq!(guardian("g1").person(), Person::Guardian(account));
    assert_eq!(member("s1").person(), Person::Staff(staff_id("s1")));
}

#[test]
fn a_message_by_staff_is_announced_to_the_patient_and_to_each_guardian_who_may_read_it() {
    let world = world();
    let links = [
        told_guardian("g1"),
        link("a1"),
        guardian_link("g2"),
        AccountLink { active: false, ..told_guardian("g3") },
        AccountLink { patient: PatientId::parse("p2").unwrap(), ..told_guardian("g4") },
    ];
    let told = world.telling().of_patients_side(&links);
    // The patient's own account is the patient; a revoked link opens nothing.
    assert_eq!(recipients(told.clone()), [Recipient::Patient, guardian("g1"), guardian("g2")]);
    // Each is told in their own way.
    let known = Addresses::default();
    let ways: Vec<_> =
        told.iter().map(|(recipient, telling)| telling.way(recipient, &known)).collect();
    let email_of = |address: &str| Ok(Way { channel: Channel::Email, hash: email(address).hash });
    let wanted = [
        email_of("zq@example.test"),
        email_of("g1@example.test"),
        Err(FailureReason::NoUsableAddress),
    ];
    assert_eq!(ways, wanted);
}

#[test]
fn guardians_are_not_told_of_what_is_hidden_from_them() {
    let mut world = world();
    world.conversation.patient_only = true;
    let links = [told_guardian("g1")];
    assert_eq!(recipients(world.telling().of_patients_side(&links)), [Recipient::Patient]);
}

#[test]
fn only_the_patients_notice_says_that_access_is_off() {
    let mut portal_off = world();
    portal_off.clinic.portal_enabled = false;
    let mut access_off = world();
    access_off.patient.portal_access = false;
    for world in [portal_off, access_off] {
        let links = [told_guardian("g1")];
        assert_eq!(recipients(world.telling().of_patients_side(&links)), [Recipient::Patient]);
        assert_eq!(world.way(&Recipient::Patient), Err(FailureReason::AccessEnded));
    }
}

#[test]
fn the_plan_does_not_matter_to_a_notice() {
    for plan in [Plan::Portal, Plan::Connect, Plan::ConnectPro] {
        let mut world = World { link: Some(told_guardian("g1")), ..world() };
        world.clinic.plan = plan;
        assert!(world.way(&Recipient::Patient).is_ok());
        assert!(world.way(&guardian("g1")).is_ok());
        let links = [told_guardian("g1")];
        assert_eq!(world.telling().of_patients_side(&links).len(), 2);
    }
}

#[test]
fn a_message_by_the_patients_side_is_announced_to_the_staff_who_take_part_and_asked_for_it() {
    let world = world();
    let outsider = StaffMember { sees_all_conversations: true, ..asking("s3", true).0 };
    let inactive = |(member, preferences)| (StaffMember { active: false, ..member }, preferences);
    let watching = |(member, preferences): (StaffMember, _)| {
        (StaffMember { roles: [Role::PrivacyOfficer].into(), ..member }, preferences)
    };
    for (known, wanted) in [
        (vec![asking("s1", true), asking("s2", true)], vec![member("s1"), member("s2")]),
        (vec![asking("s1", false), asking("s2", true)], vec![member("s2")]),
        // Nobody is told of what they do not take part in, whatever they may see.
        (vec![(outsider, asking("s3", true).1)], vec![]),
        (vec![inactive(asking("s1", true))], vec![]),
        (vec![watching(asking("s1", true))], vec![]),
        (vec![], vec![]),
    ] {
        assert_eq!(recipients(world.telling().of_staff(&known)), wanted);
    }
}

#[test]
fn staff_are_told_by_email_and_in_no_other_way() {
    let (one, preferences) = asking("s1", true);
    let told = World { staff: Some(one), preferences: Some(preferences), ..world() };
    let way = told.way(&member("s1")).unwrap();
    let hash = email("s1@clinic.test").hash;
    assert_eq!(way, Way { channel: Channel::Email, hash });
    let contact = told.telling().contact(&member("s1")).unwrap();
    assert_eq!((contact.sms, contact.other_channel_consented), (None, false));
    let mut nowhere = told;
    nowhere.staff.as_mut().unwrap().email = None;
    assert_eq!(nowhere.way(&member("s1")), Err(FailureReason::NoUsableAddress));
}

type Change = fn(&mut World);

/// NO-13: what ended between the message and its notice. Each ends one notice, and no other's.
#[test]
fn nobody_is_told_after_their_access_ended() {
    let (one, preferences) = asking("s1", true);
    let whole = World {
        link: Some(told_guardian("g1")),
        staff: Some(one),
        preferences: Some(preferences),
        ..world()
    };
    let all = [Recipient::Patient, guardian("g1"), member("s1")];
    for recipient in &all {
        assert!(whole.way(recipient).is_ok(), "{recipient:?}");
    }
    let cases: &[(&str, Change, [bool; 3])] = &[
        (
            "the clinic's portal is off",
            |world| world.clinic.portal_enabled = false,
            [true, true, false],
        ),
        (
            "the patient's access is off",
            |world| world.patient.portal_access = false,
            [true, true, false],
        ),
        (
            "the guardian's link is revoked",
            |world| world.link.as_mut().unwrap().active = false,
            [false, true, false],
        ),
        ("the guardian's link is gone", |world| world.link = None, [false, true, false]),
        (
            "the account is the patient's own by now",
            |world| world.link.as_mut().unwrap().relationship = Relationship::Own,
            [false, true, false],
        ),
        (
            "the link is of another account",
            |world| world.link = Some(told_guardian("g2")),
            [false, true, false],
        ),
        (
            "it is hidden from guardians by now",
            |world| world.conversation.patient_only = true,
            [false, true, false],
        ),
        (
            "the member of staff is deactivated",
            |world| world.staff.as_mut().unwrap().active = false,
            [false, false, true],
        ),
        ("the staff record is gone", |world| world.staff = None, [false, false, true]),
        (
            "the member of staff watches over records only",
            |world| world.staff.as_mut().unwrap().roles = [Role::PrivacyOfficer].into(),
            [false, false, true],
        ),
        (
            "the member of staff takes part no longer",
            |world| world.conversation.participants.retain(|staff| staff.id.as_str() != "s1"),
            [false, false, true],
        ),
        (
            "the member of staff wants no email any more",
            |world| world.preferences.as_mut().unwrap().email_on_reply = false,
            [false, false, true],
        ),
        ("nothing was chosen", |world| world.preferences = None, [false, false, true]),
        (
            "the staff record is another clinic's",
            |world| {
                world.staff.as_mut().unwrap().clinic = ClinicId::parse("c2").unwrap();
            },
            [false, false, true],
        ),
    ];
    for (what, change, ended) in cases {
        let mut world = whole.clone();
        change(&mut world);
        for (recipient, ended) in all.iter().zip(ended) {
            let wanted = ended.then_some(FailureReason::AccessEnded);
            assert_eq!(world.way(recipient).err(), wanted, "{what}: {recipient:?}");
        }
    }
}

#[test]
fn an_ended_access_is_told_before_a_missing_address() {
    let mut world = world();
    (world.patient.contact.email, world.patient.contact.sms) = (None, None);
    assert_eq!(world.way(&Recipient::Patient), Err(FailureReason::NoUsableAddress));
    world.patient.portal_access = false;
    assert_eq!(world.way(&Recipient::Patient), Err(FailureReason::AccessEnded));
}

#[test]
fn staff_who_take_part_by_a_group_may_still_be_told() {
    let (one, preferences) = asking("s9", true);
    let one = StaffMember { groups: [group_id("g1")].into(), ..one };
    let mut world = World { staff: Some(one), preferences: Some(preferences), ..world() };
    assert_eq!(world.way(&member("s9")), Err(FailureReason::AccessEnded));
    let name = crate::testing::name("Nurses");
    let group = crate::conversation::GroupParticipant { id: group_id("g1"), name };
    world.conversation.groups.push(group);
    assert!(world.way(&member("s9")).is_ok());
}

#[test]
fn what_is_known_of_an_address_counts_for_everybody_who_has_it() {
    let shared = Contact { language: Some(Language::Fr), ..patient().contact };
    let link = AccountLink { contact: Some(shared), ..guardian_link("g1") };
    let world = World { link: Some(link), ..world() };
    let mut known = Addresses::default();
    let mark = Mark { reason: MarkReason::Bounced, at: secs(0) };
    let bounced = AddressState::default().marked(mark).unwrap();
    known.learn(email("zq@example.test").hash, bounced);
    for recipient in [Recipient::Patient, guardian("g1")] {
        let way = world.telling().way(&recipient, &known);
        assert_eq!(way, Err(FailureReason::AddressBounced), "{recipient:?}");
    }
}
