#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::automatic::{Away, Fired, NotNeeded, TimerKind, fire};
use crate::testing::{
    Thread, as_account, as_chart, as_operator, as_portal, as_staff, body, checked, clinic, facts,
    hours, patient,
};

fn codes(clinic: &ClinicSettings) -> Vec<(Code, Option<String>)> {
    let refusal = checked(clinic).unwrap_err();
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
fn each_plan_has_what_it_is_paid_for() {
    let has = |plan: Plan| {
        [
            plan.needs_account(),
            plan.has_quotes(),
            plan.has_guardians(),
            plan.has_patient_files(),
            plan.has_patient_first(),
            plan.has_automatic_replies(),
        ]
    };
    assert_eq!(has(Plan::Portal), [false; 6]);
    assert_eq!(has(Plan::Connect), [true, true, true, true, false, false]);
    assert_eq!(has(Plan::ConnectPro), [true; 6]);
}

/// A conversation of the top plan, in which a guardian and the patient wrote when the office was
/// closed, and the clinic on another plan now.
fn moved_to(plan: Plan) -> Thread {
    let mut thread = Thread::start(clinic(), "2026-11-25T14:00:00Z".parse().unwrap());
    thread.reply(&as_account("g1"), "2026-11-25T23:00:00Z");
    thread.reply(&as_account("a1"), "2026-11-25T23:01:00Z");
    thread.clinic.plan = plan;
    thread
}

#[test]
fn a_timer_that_was_set_on_the_top_plan_ends_as_not_needed_on_another() {
    let fired = |plan, kind, now: &str| {
        let Thread { conversation, timers, clinic, .. } = moved_to(plan);
        let timer = timers.0.iter().find(|timer| timer.kind == kind).unwrap();
        let (here, now) = (Away::Known(&[]), now.parse().unwrap());
        fire(timer, &timers, &conversation, &clinic, here, &patient(), now)
    };
    let night = "2026-11-26T05:00:00Z";
    assert!(matches!(fired(Plan::ConnectPro, TimerKind::Closed, night), Fired::Reply(_)));
    for plan in [Plan::Connect, Plan::Portal] {
        for kind in TimerKind::ALL {
            for now in [night, "2026-11-26T16:00:00Z"] {
                let over = Fired::NotNeeded(NotNeeded::SwitchedOff);
                assert_eq!(fired(plan, kind, now), over, "{plan:?} {kind:?} {now}");
            }
        }
    }
}

#[test]
fn what_was_sent_stays_readable_on_every_plan() {
    for plan in [Plan::Portal, Plan::Connect, Plan::ConnectPro] {
        let Thread { conversation, clinic, .. } = moved_to(plan);
        for actor in [as_staff("s1"), as_account("a1"), as_account("g1")] {
            let facts = facts(&actor, &clinic);
            let side = facts.side(&actor).unwrap();
            assert_eq!(side.visible(Some(&conversation)), Ok(&conversation), "{plan:?} {actor:?}");
        }
        // Who has portal access alone is asked for an account where one is needed.
        let portal = facts(&as_portal(), &clinic);
        let seen = portal.side(&as_portal()).and_then(|side| side.visible(Some(&conversation)));
        let account = Err(Code::AccountRequired.into());
        assert_eq!(seen, if plan.needs_account() { account } else { Ok(&conversation) });
    }
}

#[test]
fn another_plan_takes_effect_with_the_next_call_and_back() {
    let mut thread = moved_to(Plan::ConnectPro);
    for (plan, guardian) in [
        (Plan::ConnectPro, None),
        (Plan::Portal, Some(Code::GuardiansNotInPlan)),
        (Plan::Connect, None),
        (Plan::Portal, Some(Code::GuardiansNotInPlan)),
        (Plan::ConnectPro, None),
    ] {
        thread.clinic.plan = plan;
        let now = "2026-11-25T23:02:00Z".parse().unwrap();
        let refused = thread.decide_reply(&as_account("g1"), now).err();
        assert_eq!(refused.map(|refusal| refusal.codes()), guardian.map(|code| vec![code]));
        assert!(thread.decide_reply(&as_account("a1"), now).is_ok(), "the patient answers on each");
    }
}

#[test]
fn ordinary_settings_are_in_order() {
    assert_eq!(checked(&clinic()), Ok(()));
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
        assert_eq!(checked(&clinic), Ok(()));
    }
    clinic.automatic_replies.no_answer.as_mut().unwrap().after_office_minutes = 10_081;
    let place = "/automaticReplies/noAnswer/afterOfficeMinutes";
    assert_eq!(codes(&clinic), [at(Code::MinutesOutOfRange, place)]);
}

#[test]
fn an_automatic_text_is_needed_in_the_default_language_only() {
    let mut clinic = clinic();
    clinic.automatic_replies.outside_hours.as_mut().unwrap().fr = None;
    assert_eq!(checked(&clinic), Ok(()));
    clinic.default_language = Language::Fr;
    assert_eq!(codes(&clinic), [at(Code::AutomaticTextEmpty, "/automaticReplies/outsideHours")]);
}

/// The longest settings stay far from the 400 KB of an item.
#[test]
fn rt_12_an_automatic_text_has_eight_kibibytes_in_both_its_forms() {
    let line = "{{emergencyLine}}";
    let with = |text: &str| {
        let mut clinic = clinic();
        clinic.automatic_replies.outside_hours.as_mut().unwrap().fr = Some(body(text));
        clinic
    };
    let longest = AutomaticReplies::MAX_TEXT_BYTES - line.len();
    assert_eq!(checked(&with(&format!("{line}{}", "a".repeat(longest)))), Ok(()));
    // Letters, what grows as HTML, what grows as text, and what is four bytes.
    let item = "<li>a</li>";
    for text in [
        format!("{line}{}", "a".repeat(longest + 1)),
        format!("{line}{}", "&".repeat(longest / 5 + 1)),
        format!("{line}<ol>{}</ol>", item.repeat(longest / item.len())),
        format!("{line}{}", "\u{1f600}".repeat(longest / 4 + 1)),
    ] {
        let place = "/automaticReplies/outsideHours/fr";
        assert_eq!(codes(&with(&text)), [at(Code::AutomaticTextTooLong, place)]);
    }
}

#[test]
fn a_word_on_silence_names_no_next_opening_of_an_office_that_never_closes() {
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let text = LocalizedBody { en: Some(body("{{nextOpening}} {{emergencyLine}}")), fr: None };
    let mut clinic = clinic();
    let replies = &mut clinic.automatic_replies;
    (replies.exception, replies.vacation) = (Some(text.clone()), Some(text.clone()));
    replies.outside_hours = Some(text.clone());
    replies.no_answer.as_mut().unwrap().text = text;
    assert_eq!(checked(&clinic), Ok(()));
    clinic.office_hours = hours("America/Toronto", &week, &["00:00-24:00"]);
    let place = "/automaticReplies/noAnswer/text/en";
    assert_eq!(codes(&clinic), [at(Code::PlaceholderWithoutValue, place)]);
}

#[test]
fn a_clinic_that_answers_nothing_by_itself_needs_no_hours() {
    let mut clinic = clinic();
    clinic.office_hours = hours("America/Toronto", &[], &[]);
    clinic.automatic_replies = AutomaticReplies::default();
    assert_eq!(checked(&clinic), Ok(()));
}

#[test]
fn the_name_in_text_messages_has_thirty_septets_at_most() {
    let with = |name: &str, sms_name: Option<&str>| {
        let sms_name = sms_name.map(|name| ClinicName::parse(name).unwrap());
        checked(&ClinicSettings { name: ClinicName::parse(name).unwrap(), sms_name, ..clinic() })
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
        assert_eq!(checked(&with(hours, day, patient)), Ok(()));
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
