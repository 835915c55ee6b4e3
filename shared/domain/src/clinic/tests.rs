#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::testing::{as_chart, as_operator, as_staff, body, clinic, hours};

fn codes(clinic: &ClinicSettings) -> Vec<(Code, Option<String>)> {
    let refusal = clinic.check().unwrap_err();
    refusal.reasons().map(|reason| (reason.code, reason.place.clone())).collect()
}

fn at(code: Code, place: &str) -> (Code, Option<String>) {
    (code, Some(place.to_owned()))
}

#[test]
fn languages_are_read_as_other_systems_write_them() {
    let french = ["fr", "FR", "Fr", "fr-CA", "fr_CA", "FR-ca", "fra", "fre", "fr-Latn-CA"];
    let english = ["en", "EN", "en-GB", "en_CA", "eng", "en-US-x-clinic"];
    for tag in french {
        assert_eq!(Language::parse(tag), Ok(Language::Fr), "{tag}");
    }
    for tag in english {
        assert_eq!(Language::parse(tag), Ok(Language::En), "{tag}");
    }
    for tag in
        ["", " ", "es", "french", "fr-", "-fr", "fr CA", "fr-CA\0", "frc", "f", "fr--CA", "null"]
    {
        assert_eq!(Language::parse(tag), Err(UnknownLanguage), "{tag:?}");
    }
}
#[test]
fn ordinary_settings_are_in_order() {
    assert_eq!(clinic().check(), Ok(()));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let mut clinic = clinic();
    clinic.name = ClinicName::parse("Clinique de l\u{2019}\u{ce}le").unwrap();
    clinic.office_hours = hours("America/Toronto", &[], &[]);
    let automatic = &mut clinic.automatic_replies;
    automatic.outside_hours.as_mut().unwrap().en = None;
    let no_answer = automatic.no_answer.as_mut().unwrap();
    no_answer.text.fr = Some(body("Bonjour {<b>{</b>patient_name}}"));
    no_answer.after_office_minutes = 0;
    (automatic.quiet_minutes, automatic.minimum_gap_minutes) = (1_441, u32::MAX);
    assert_eq!(
        codes(&clinic),
        [
            at(Code::SmsNameInvalid, "/smsName"),
            at(Code::AutomaticTextEmpty, "/automaticReplies/outsideHours"),
            at(Code::PlaceholderUnknown, "/automaticReplies/noAnswer/text/fr"),
            at(Code::PlaceholderUnknown, "/automaticReplies/noAnswer/text/fr"),
            at(Code::EmergencyLineMissing, "/automaticReplies/noAnswer/text/fr"),
            at(Code::MinutesOutOfRange, "/automaticReplies/noAnswer/afterOfficeMinutes"),
            at(Code::MinutesOutOfRange, "/automaticReplies/quietMinutes"),
            at(Code::MinutesOutOfRange, "/automaticReplies/minimumGapMinutes"),
            at(Code::OfficeHoursRequired, "/officeHours/windows"),
        ]
    );
}

#[test]
fn minutes_may_be_anything_up_to_their_limits() {
    let mut clinic = clinic();
    for (after, quiet, gap) in [(1, 0, 0), (10_080, 1_440, 1_440)] {
        let automatic = &mut clinic.automatic_replies;
        automatic.no_answer.as_mut().unwrap().after_office_minutes = after;
        (automatic.quiet_minutes, automatic.minimum_gap_minutes) = (quiet, gap);
        assert_eq!(clinic.check(), Ok(()));
    }
    clinic.automatic_replies.no_answer.as_mut().unwrap().after_office_minutes = 10_081;
    let place = "/automaticReplies/noAnswer/afterOfficeMinutes";
    assert_eq!(codes(&clinic), [at(Code::MinutesOutOfRange, place)]);
}

#[test]
fn an_automatic_text_is_needed_in_the_default_language_only() {
    let mut clinic = clinic();
    clinic.automatic_replies.outside_hours.as_mut().unwrap().fr = None;
    assert_eq!(clinic.check(), Ok(()));
    clinic.default_language = Language::Fr;
    assert_eq!(codes(&clinic), [at(Code::AutomaticTextEmpty, "/automaticReplies/outsideHours")]);
}

#[test]
fn a_clinic_that_answers_nothing_by_itself_needs_no_hours() {
    let mut clinic = clinic();
    clinic.office_hours = hours("America/Toronto", &[], &[]);
    clinic.automatic_replies = AutomaticReplies::default();
    assert_eq!(clinic.check(), Ok(()));
}

#[test]
fn the_name_in_text_messages_has_thirty_septets_at_most() {
    let with = |name: &str, sms_name: Option<&str>| {
        let sms_name = sms_name.map(|name| ClinicName::parse(name).unwrap());
        ClinicSettings { name: ClinicName::parse(name).unwrap(), sms_name, ..clinic() }.check()
    };
    assert_eq!(with(&"\u{e9}".repeat(30), None), Ok(()));
    for name in ["W".repeat(31), format!("{}[", "W".repeat(29)), "fa\u{e7}ade".to_owned()] {
        assert!(with(&name, None).is_err(), "{name}");
        assert_eq!(with(&name, Some("Clinic")), Ok(()));
        assert!(with("Clinic", Some(&name)).is_err(), "{name}");
    }
}

#[test]
fn only_the_operator_sets_a_clinic_up_and_changes_its_plan() {
    let before = ClinicSettings { plan: Plan::Portal, ..clinic() };
    let same_plan = ClinicSettings { portal_enabled: false, ..before.clone() };
    for actor in [as_staff("s1"), as_chart()] {
        assert_eq!(clinic().may_replace(None, &actor), Err(Code::NotAllowed.into()));
        assert_eq!(same_plan.may_replace(Some(&before), &actor), Ok(()));
        let refused = clinic().may_replace(Some(&before), &actor);
        assert_eq!(refused, Err(Refusal::at(Code::PlanChangeNotAllowed, "/plan")));
    }
    assert_eq!(clinic().may_replace(None, &as_operator()), Ok(()));
    assert_eq!(clinic().may_replace(Some(&before), &as_operator()), Ok(()));
}

#[test]
fn the_numbers_of_notices_may_be_anything_up_to_their_limits() {
    let with = |unread_after_hours, texts_per_day, texts_per_patient_and_day| {
        let paused = false;
        let notices =
            NoticeSettings { paused, unread_after_hours, texts_per_day, texts_per_patient_and_day };
        ClinicSettings { notices, ..clinic() }
    };
    for (hours, day, patient) in
        [(None, 0, 0), (Some(1), 0, 0), (Some(720), 1_000_000, 1_000), (Some(48), 1, 1)]
    {
        assert_eq!(with(hours, day, patient).check(), Ok(()));
    }
    let wrong = |place| at(Code::NoticeSettingOutOfRange, place);
    let (hours, day, patient) =
        ("/notices/unreadAfterHours", "/notices/textsPerDay", "/notices/textsPerPatientAndDay");
    assert_eq!(codes(&with(Some(0), 0, 0)), [wrong(hours)], "nobody waits for no time");
    assert_eq!(codes(&with(Some(721), 0, 0)), [wrong(hours)]);
    assert_eq!(codes(&with(None, 1_000_001, 0)), [wrong(day)]);
    assert_eq!(codes(&with(None, 0, 1_001)), [wrong(patient)]);
    let all = with(Some(u32::MAX), u32::MAX, u32::MAX);
    assert_eq!(codes(&all), [wrong(hours), wrong(day), wrong(patient)]);
}

#[test]
fn settings_that_say_nothing_of_notices_have_the_ordinary_ones() {
    let ordinary = NoticeSettings::default();
    assert_eq!((ordinary.paused, ordinary.unread_after_hours), (false, Some(48)));
    assert_eq!((ordinary.texts_per_day, ordinary.texts_per_patient_and_day), (1_000, 20));
    let mut stored = serde_json::to_value(clinic()).unwrap();
    let notices = serde_json::json!({
        "paused": false, "unreadAfterHours": 48, "textsPerDay": 1_000, "textsPerPatientAndDay": 20,
    });
    assert_eq!(stored.as_object_mut().unwrap().remove("notices"), Some(notices));
    assert_eq!(serde_json::from_value::<ClinicSettings>(stored).unwrap(), clinic());
    // That staff are not told is stored, and is not taken for the ordinary wait.
    let never = NoticeSettings { unread_after_hours: None, ..ordinary };
    let stored = serde_json::to_value(never).unwrap();
    assert_eq!(serde_json::from_value::<NoticeSettings>(stored).unwrap(), never);
}
