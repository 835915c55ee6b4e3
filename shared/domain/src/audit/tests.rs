#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use super::*;
use crate::testing::{
    WORKING, as_account, as_chart, as_operator, as_portal, as_staff, at, clinic_id,
};

fn elsewhere() -> ClinicId {
    ClinicId::parse("c2").unwrap()
}

fn subject(clinic: ClinicId) -> Subject {
    Subject {
        clinic: Some(clinic),
        patient: Some(PatientId::parse("p1").unwrap()),
        objects: vec!["conversation:v1".to_owned()],
    }
}

fn refused(actor: &Actor, clinic: ClinicId, code: Code) -> Record {
    let refusal = Refusal::from(code);
    let action = Action::ConversationView;
    Record::refused("r1".to_owned(), at(WORKING), actor, action, subject(clinic), &refusal, "q1")
}

/// Where a record stands and whom it names.
fn place(record: &Record) -> (Option<&str>, Option<&str>, usize) {
    let clinic = record.clinic.as_ref().map(ClinicId::as_str);
    (clinic, record.patient.as_ref().map(PatientId::as_str), record.objects.len())
}

/// Invariant 5: nothing of another clinic is written.
#[test]
fn a_refusal_on_another_clinics_path_stands_with_the_callers_own() {
    let portal = Actor::Portal { clinic: clinic_id(), patient: PatientId::parse("p1").unwrap() };
    for actor in [as_staff("s1"), as_chart(), portal] {
        let record = refused(&actor, elsewhere(), Code::NotFound);
        assert_eq!(place(&record), (Some("c1"), None, 0), "{:?}", actor.kind());
        let record = refused(&actor, clinic_id(), Code::NotFound);
        assert_eq!(place(&record), (Some("c1"), Some("p1"), 1), "{:?}", actor.kind());
    }
}

#[test]
fn a_refusal_of_an_account_stands_in_a_clinics_records_only_if_it_is_linked() {
    for code in [Code::NotFound, Code::TokenExpired, Code::MalformedJson, Code::InvalidId] {
        let record = refused(&as_account("a1"), clinic_id(), code);
        assert_eq!(place(&record), (None, None, 0), "{code:?}");
        assert_eq!((record.actor.as_str(), record.on_behalf_of), ("a1", None));
    }
    // These are found only after the link was.
    for code in [Code::ConversationClosed, Code::PatientAccessOff, Code::NotAllowed] {
        let record = refused(&as_account("a1"), clinic_id(), code);
        assert_eq!(place(&record), (Some("c1"), Some("p1"), 1), "{code:?}");
        assert_eq!(record.on_behalf_of, record.patient);
    }
}

#[test]
fn a_refusal_of_an_operator_stands_with_the_clinic_that_it_was_about() {
    let record = refused(&as_operator(), elsewhere(), Code::NotAllowed);
    assert_eq!(place(&record), (Some("c2"), Some("p1"), 1));
}

#[test]
fn a_refusal_records_every_reason() {
    let reasons = [Code::ConversationClosed, Code::RepliesNotAllowed];
    let refusal = Refusal::of(reasons.map(Into::into)).unwrap();
    let record = Record::refused(
        "r1".to_owned(),
        at(WORKING),
        &as_portal(),
        Action::ConversationReply,
        subject(clinic_id()),
        &refusal,
        "q1",
    );
    assert_eq!(record.outcome, Outcome::Refused { codes: reasons.to_vec() });
}

#[test]
fn an_account_acts_on_behalf_of_the_patient_and_nobody_else_does() {
    for (actor, expected) in [
        (as_account("a1"), Some("p1")),
        (as_portal(), None),
        (as_staff("s1"), None),
        (Actor::System, None),
    ] {
        let about = subject(clinic_id());
        let record =
            Record::done("r1".to_owned(), at(WORKING), &actor, Action::ChartList, about, "q1");
        assert_eq!(record.on_behalf_of.as_ref().map(PatientId::as_str), expected);
        assert_eq!(place(&record), (Some("c1"), Some("p1"), 1));
    }
}

#[test]
fn every_action_has_a_name_of_its_own_which_is_stored() {
    let names: BTreeSet<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
    assert_eq!(names.len(), Action::ALL.len());
    for action in Action::ALL {
        assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
    }
}

#[test]
fn a_record_reads_back_as_it_was_stored() {
    let done = Record::done(
        "r1".to_owned(),
        at(WORKING),
        &as_operator(),
        Action::SettingsChange,
        Subject { patient: None, ..subject(clinic_id()) },
        "q1",
    );
    let changed = Changed { member: "plan".to_owned(), from: None, to: Some("connect".to_owned()) };
    for record in [
        done.clone(),
        done.with_changes(vec![changed]),
        refused(&as_account("a1"), clinic_id(), Code::NotFound),
    ] {
        let stored = serde_json::to_value(&record).unwrap();
        assert_eq!(serde_json::from_value::<Record>(stored).unwrap(), record);
    }
}
