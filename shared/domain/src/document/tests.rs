#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::access::Facts;
use crate::attachment::State;
use crate::clinic::ClinicSettings;
use crate::people::{Role, StaffMember};
use crate::testing::{
    WORKING, as_account, as_chart, as_operator, as_portal, as_staff, at, clinic, document, facts,
    kept, staff,
};

fn registration(of: &Document) -> Registration {
    Registration {
        kind: of.kind.clone(),
        date: of.date,
        title: of.title.clone(),
        promise: of.promise.clone(),
        copy: of.copy.clone(),
    }
}

fn fresh() -> AttachmentId {
    AttachmentId::parse("fresh").unwrap()
}

fn again(before: &Document, wanted: &Registration) -> Document {
    let names = (before.clinic.clone(), before.patient.clone(), before.id.clone());
    Document::registered(Some(before), None, names, wanted, before.version + 1, fresh())
}

#[test]
fn a_change_of_title_keeps_the_file_and_another_file_is_inspected_anew() {
    let before = document("d1");
    let mut wanted = registration(&before);
    wanted.title = Title::parse("Corrected").unwrap();
    let renamed = again(&before, &wanted);
    assert_eq!((&renamed.file, &renamed.progress), (&before.file, &before.progress));
    wanted.promise.length += 1;
    let replaced = again(&before, &wanted);
    assert_eq!((&replaced.file, &replaced.progress), (&fresh(), &Progress::Pending));
}

#[test]
fn a_file_that_was_turned_away_or_not_uploaded_can_be_sent_again() {
    for progress in [Progress::Rejected { reason: Rejection::Encrypted }, Progress::Expired] {
        let before = Document { progress, ..document("d1") };
        let next = again(&before, &registration(&before));
        assert_eq!((&next.file, &next.progress), (&fresh(), &Progress::Pending));
    }
    let pending = Document { progress: Progress::Pending, ..document("d1") };
    assert_eq!(again(&pending, &registration(&pending)).file, pending.file, "one slot is enough");
}

#[test]
fn what_the_inspection_said_meanwhile_is_not_taken_back() {
    let pending = Document { progress: Progress::Pending, ..document("d1") };
    let uploaded = pending.slot(&as_chart(), at(WORKING)).uploaded("u1", at(WORKING)).unwrap();
    let clean = uploaded.inspected(Ok(kept()), false, at(WORKING)).unwrap();
    let rejected = uploaded.rejected(Rejection::HasScript);
    let mut wanted = registration(&pending);
    wanted.title = Title::parse("Corrected").unwrap();
    let with = |slot: &Attachment| {
        let names = (pending.clinic.clone(), pending.patient.clone(), pending.id.clone());
        Document::registered(Some(&pending), Some(slot), names, &wanted, 2, fresh())
    };
    assert_eq!(with(&uploaded).progress, Progress::Pending);
    assert_eq!(with(&clean).progress, Progress::Clean { kept: kept() });
    assert_eq!(with(&clean).file, pending.file);
    assert_eq!(with(&rejected).file, fresh(), "it can be sent again");
}

#[test]
fn the_inspection_moves_the_document_that_still_has_its_file() {
    let pending = Document { progress: Progress::Pending, ..document("d1") };
    let slot = pending.slot(&as_chart(), at(WORKING));
    let uploaded = slot.uploaded("u1", at(WORKING)).unwrap();
    assert_eq!(pending.with_progress(&uploaded), Some(pending.clone()));
    let clean = uploaded.inspected(Ok(kept()), false, at(WORKING)).unwrap();
    let moved = pending.with_progress(&clean).unwrap();
    assert_eq!(moved.progress, Progress::Clean { kept: kept() });
    assert_eq!(moved.version, pending.version, "its registration did not change");
    let rejected = uploaded.rejected(Rejection::HasScript);
    let moved = pending.with_progress(&rejected).unwrap();
    assert_eq!(moved.progress, Progress::Rejected { reason: Rejection::HasScript });
    let expired = slot.given_up();
    assert_eq!(pending.with_progress(&expired).unwrap().progress, Progress::Expired);
    assert_eq!(Document { file: fresh(), ..pending }.with_progress(&clean), None);
    assert!(matches!(clean.state, State::Clean { .. }));
}

#[test]
fn those_who_keep_records_register_and_staff_who_write_read() {
    let clinic_id = clinic().clinic;
    let answers = |actor: &Actor, facts: &Facts| {
        let code = |result: Result<(), Refusal>| result.err().map(|refusal| refusal.first().code);
        (code(may_register(actor, facts, &clinic_id)), code(may_read(actor, facts, &clinic_id)))
    };
    let of = |actor: &Actor| answers(actor, &facts(actor, &clinic()));
    let forbidden = Some(Code::NotAllowed);
    let unknown = Some(Code::NotFound);
    assert_eq!(of(&as_chart()), (None, None));
    assert_eq!(of(&as_staff("s1")), (forbidden, None));
    assert_eq!(of(&as_account("a1")), (unknown, unknown));
    assert_eq!(of(&as_portal()), (unknown, unknown));
    assert_eq!(of(&as_operator()), (forbidden, forbidden));
    let with = |member: StaffMember| {
        let actor = as_staff("s1");
        answers(&actor, &Facts { staff: Some(member), ..facts(&actor, &clinic()) })
    };
    assert_eq!(with(StaffMember { roles: [Role::Admin].into(), ..staff("s1") }), (None, None));
    let officer = StaffMember { roles: [Role::PrivacyOfficer].into(), ..staff("s1") };
    assert_eq!(with(officer), (forbidden, forbidden));
    let inactive = Some(Code::StaffInactive);
    assert_eq!(with(StaffMember { active: false, ..staff("s1") }), (inactive, inactive));
    let nobody = Facts { patient: None, ..facts(&as_chart(), &clinic()) };
    assert_eq!(answers(&as_chart(), &nobody), (unknown, unknown));
}

#[test]
fn a_document_is_as_large_as_a_clinics_file() {
    let settings = clinic();
    let facts = Facts { clinic: Some(settings.clone()), ..Facts::default() };
    let check = |length| check_length(&facts, &Promise { length, ..document("d1").promise });
    assert!(check(settings.files.file_bytes(false)).is_ok());
    for wrong in [0, settings.files.file_bytes(false) + 1, u64::MAX] {
        assert_eq!(check(wrong).unwrap_err().codes(), [Code::FileLengthInvalid]);
    }
    let smaller = ClinicSettings {
        files: crate::attachment::FileLimits { clinic_file_megabytes: 1, ..settings.files },
        ..settings
    };
    let facts = Facts { clinic: Some(smaller), ..Facts::default() };
    let promise = Promise { length: 2 * 1024 * 1024, ..document("d1").promise };
    assert!(check_length(&facts, &promise).is_err());
}
