//! The reasons besides the week's hours: dates, vacations, and which of several counts.

use domain::clinic::{ClinicSettings, Language, LocalizedBody};
use domain::conversation::{GroupParticipant, Participant};
use domain::hours::{Days, Exception, OfficeHours, RawDays, RawHours};
use domain::id::{GroupId, StaffId};
use domain::people::{Patient, StaffMember, StaffPreferences};
use domain::rich_text::Body;
use domain::text::{ClinicPhone, DisplayName, EmergencyLine};
use serde_json::json;
use store::key::{self, ConversationKey};

use super::world::{OUTSIDE, UNANSWERED, World, at, name, not_needed, weekdays};

/// Wednesday, 11:00 in Toronto: the office is open.
const OPEN: &str = "2026-11-25T16:00:00Z";
/// The same day, 18:00.
const CLOSED: &str = "2026-11-25T23:00:00Z";

fn text(en: &str) -> LocalizedBody {
    LocalizedBody { en: Some(Body::parse(en).unwrap()), fr: None }
}

fn days(from: &str, to: &str) -> Days {
    Days::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

/// The clinic has a text for each reason, and values for what they name.
fn with_texts(settings: &mut ClinicSettings) {
    settings.phone = ClinicPhone::parse("613-555-0100").ok();
    settings.emergency_line = EmergencyLine::parse("911").ok();
    settings.automatic_replies.exception = Some(text("Holiday until {{nextOpening}}."));
    settings.automatic_replies.vacation = Some(text("Vacation until {{nextOpening}}."));
}

fn in_vacation(from: &str, to: &str) -> OfficeHours {
    let mut raw = RawHours::from(weekdays("09:00", "17:00"));
    raw.vacations.push(RawDays { from: from.to_owned(), to: to.to_owned() });
    OfficeHours::new(&raw).unwrap()
}

fn on_holiday(date: &str) -> OfficeHours {
    weekdays("09:00", "17:00").with_exceptions([Exception::closed(date.parse().unwrap(), None)])
}

/// A member of staff with these days away.
async fn member(world: &World, id: &str, active: bool, groups: &[&str], away: &[Days]) {
    let staff: StaffMember = serde_json::from_value(json!({
        "clinic": "c1", "id": id, "version": 1, "name": "Staff", "roles": ["clinician"],
        "active": active, "seesAllConversations": false, "groups": groups,
    }))
    .unwrap();
    world.put(&key::staff(&staff.clinic, &staff.id), &staff).await;
    for group in &staff.groups {
        world.put(&key::group_member(&staff.clinic, group, &staff.id), &staff).await;
    }
    let preferences = StaffPreferences {
        clinic: staff.clinic.clone(),
        staff: staff.id.clone(),
        version: 1,
        email_on_reply: false,
        vacations: away.to_vec(),
    };
    world.put(&key::preferences(&staff.clinic, &staff.id), &preferences).await;
}

/// Who takes part in the conversation for the clinic.
async fn with_staff(world: &World, name: &ConversationKey, staff: &[&str], groups: &[&str]) {
    let mut conversation = world.conversation(name).await;
    let called = DisplayName::parse("Staff").unwrap();
    conversation.participants = staff
        .iter()
        .map(|id| Participant { id: StaffId::parse(id).unwrap(), name: called.clone() })
        .collect();
    conversation.groups = groups
        .iter()
        .map(|id| GroupParticipant { id: GroupId::parse(id).unwrap(), name: called.clone() })
        .collect();
    world.put(&key::conversation(name), &conversation).await;
}

async fn says(world: &World, name: &ConversationKey) -> Vec<String> {
    world.said(name).await.into_iter().map(|(text, _)| text).collect()
}

#[tokio::test]
async fn a_holiday_is_answered_as_one_with_the_opening_after_it() {
    let (world, name) = (World::new().await, name("c1", 1));
    world
        .clinic("c1", |settings| {
            with_texts(settings);
            settings.office_hours = on_holiday("2026-11-25");
        })
        .await;
    world.patient_writes(&name, OPEN).await;
    world.tick_at("2026-11-25T16:00:01Z").await;
    let wanted = "Holiday until Thursday, November 26, 2026 at 9:00 a.m. EST.";
    assert_eq!(says(&world, &name).await, [wanted]);
    // The evening, the night: it is one closed period, whatever its reason is by then.
    world.patient_writes(&name, "2026-11-26T05:30:00Z").await;
    world.tick_at("2026-11-26T05:31:00Z").await;
    assert_eq!(says(&world, &name).await.len(), 1);
}

#[tokio::test]
async fn the_clinics_vacation_is_answered_as_one() {
    let (world, name) = (World::new().await, name("c1", 1));
    world
        .clinic("c1", |settings| {
            with_texts(settings);
            settings.office_hours = in_vacation("2026-11-25", "2026-11-29");
        })
        .await;
    world.patient_writes(&name, OPEN).await;
    world.tick_at("2026-11-25T16:00:01Z").await;
    let wanted = "Vacation until Monday, November 30, 2026 at 9:00 a.m. EST.";
    assert_eq!(says(&world, &name).await, [wanted]);
}

/// A message within hours: the office is open, and whether anybody of the conversation is there is
/// looked at when the timer fires.
#[tokio::test]
async fn all_of_a_conversations_staff_may_be_away_while_the_office_is_open() {
    let this_week = [days("2026-11-23", "2026-11-27")];
    let longer = [days("2026-11-20", "2026-12-01")];
    let (gone, here): (&[Days], &[Days]) = (&this_week, &[]);
    for (case, people, groups, away) in [
        ("both", vec![("s1", true, &[][..], gone), ("s2", true, &[], &longer)], vec![], true),
        ("one is there", vec![("s1", true, &[][..], gone), ("s2", true, &[], here)], vec![], false),
        (
            "who is there may not use the system",
            vec![("s1", true, &[][..], gone), ("s2", false, &[], here)],
            vec![],
            true,
        ),
        (
            "one of the group is there",
            vec![("s1", true, &[][..], gone), ("s3", true, &["g1"], here)],
            vec!["g1"],
            false,
        ),
        (
            "the group is away too",
            vec![("s1", true, &[][..], gone), ("s3", true, &["g1"], &longer)],
            vec!["g1"],
            true,
        ),
        ("nobody is left", vec![("s1", false, &[][..], gone)], vec![], false),
    ] {
        let (world, name) = (World::new().await, name("c1", 1));
        world.clinic("c1", with_texts).await;
        for (id, active, groups, away) in &people {
            member(&world, id, *active, groups, away).await;
        }
        let in_person: Vec<&str> = people
            .iter()
            .filter(|(_, _, groups, _)| groups.is_empty())
            .map(|(id, ..)| *id)
            .collect();
        with_staff(&world, &name, &in_person, &groups).await;
        world.patient_writes(&name, OPEN).await;
        assert!(world.timer(&name, OUTSIDE).await.is_some(), "{case}: it is to be looked at");
        world.tick_at("2026-11-25T16:00:01Z").await;
        assert_eq!(world.timer(&name, OUTSIDE).await, None, "{case}");
        if away {
            let wanted = "Vacation until Monday, November 30, 2026 at 9:00 a.m. EST.";
            assert_eq!(says(&world, &name).await, [wanted], "{case}");
        } else {
            assert!(says(&world, &name).await.is_empty(), "{case}");
            assert_eq!(world.records(&name).await, [not_needed("office_open")], "{case}");
        }
    }
}

/// A clinic without a text for vacations sets no timer for what no text would be said about.
#[tokio::test]
async fn where_vacations_have_no_text_an_open_office_sets_no_timer() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.patient_writes(&name, OPEN).await;
    assert_eq!(world.timer(&name, OUTSIDE).await, None);
}

/// Both timers are due at once, since the stream and the schedule were down: the higher reason
/// speaks, in whichever order they are looked at, and the patient is not told twice in one breath.
#[tokio::test]
async fn of_two_timers_that_are_due_the_higher_reason_speaks() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.clinic("c1", with_texts).await;
    world.patient_writes(&name, OPEN).await;
    world.patient_writes(&name, CLOSED).await;
    assert!(world.timer(&name, UNANSWERED).await.is_some());
    at("2026-11-25T23:00:01Z");
    world.tick().await;
    world.tick_at("2026-11-25T23:40:00Z").await;
    assert_eq!(says(&world, &name).await, ["We are closed."]);
    // The office opens, and nobody answers: that is told then.
    world.tick_at("2026-11-26T14:00:30Z").await;
    assert_eq!(says(&world, &name).await, ["We are closed.", "Please wait."]);
}

#[tokio::test]
async fn a_holiday_that_is_saved_while_a_timer_waits_counts_when_it_fires() {
    let (world, name) = (World::new().await, name("c1", 1));
    world
        .clinic("c1", |settings| {
            with_texts(settings);
            settings.automatic_replies.quiet_minutes = 30;
        })
        .await;
    world.staff_writes(&name, "2026-11-25T22:55:00Z").await;
    world.patient_writes(&name, CLOSED).await;
    world
        .clinic("c1", |settings| {
            with_texts(settings);
            settings.office_hours = on_holiday("2026-11-25");
        })
        .await;
    world.tick_at("2026-11-25T23:25:00Z").await;
    let wanted = "Holiday until Thursday, November 26, 2026 at 9:00 a.m. EST.";
    assert_eq!(says(&world, &name).await, [wanted]);
}

/// It is never sent raw or blank: a value that is gone since the text was saved silences it, on record.
#[tokio::test]
async fn a_text_whose_value_is_gone_is_not_sent() {
    let (world, name) = (World::new().await, name("c1", 1));
    world
        .clinic("c1", |settings| {
            settings.automatic_replies.outside_hours = Some(text("Call {{clinicPhone}}."));
        })
        .await;
    world.patient_writes(&name, CLOSED).await;
    world.tick_at("2026-11-25T23:00:01Z").await;
    assert!(says(&world, &name).await.is_empty());
    assert_eq!(world.records(&name).await, [not_needed("unsayable")]);
}

/// The patient's own language, where the clinic has the text in it; otherwise the clinic's. The dates
/// are said in the language of the text.
#[tokio::test]
async fn the_text_and_its_dates_are_in_the_patients_language_where_there_is_one() {
    let en = "Closed until {{nextOpening}}. Emergency: {{emergencyLine}}, {{clinicPhone}}";
    let fr = "Fermé jusqu'au {{nextOpening}}. Urgence : {{emergencyLine}}, {{clinicPhone}}";
    let (en, fr) = (Body::parse(en).ok(), Body::parse(fr).ok());
    let english =
        "Closed until Thursday, November 26, 2026 at 9:00 a.m. EST. Emergency: 911, 613-555-0100";
    let french = "Fermé jusqu'au jeudi 26 novembre 2026 à 9:00 (HNE). Urgence : 911, 613-555-0100";
    let both = LocalizedBody { en, fr: fr.clone() };
    let only_french = LocalizedBody { en: None, fr };
    for (patients, clinics, texts, wanted) in [
        (Some(Language::Fr), Language::En, &both, french),
        (Some(Language::En), Language::Fr, &both, english),
        (Some(Language::En), Language::Fr, &only_french, french),
        (None, Language::Fr, &both, french),
        (None, Language::En, &both, english),
    ] {
        let (world, name) = (World::new().await, name("c1", 1));
        world
            .clinic("c1", |settings| {
                with_texts(settings);
                settings.default_language = clinics;
                settings.automatic_replies.outside_hours = Some(texts.clone());
            })
            .await;
        let key = key::patient(&name.clinic, &name.patient);
        let found = world.worker.store.read([key.clone()]).await.unwrap();
        let mut patient: Patient = found.get(&key).unwrap().unwrap();
        patient.contact.language = patients;
        world.put(&key, &patient).await;
        world.patient_writes(&name, CLOSED).await;
        world.tick_at("2026-11-25T23:00:01Z").await;
        assert_eq!(says(&world, &name).await, [wanted], "{patients:?} {clinics:?}");
    }
}

/// Who comes back before the timer fires is there, and who leaves by then is away.
#[tokio::test]
async fn vacations_that_change_while_a_timer_waits_count_when_it_fires() {
    for (before, after, away) in [
        (&[days("2026-11-25", "2026-11-27")][..], &[][..], false),
        (&[], &[days("2026-11-25", "2026-11-27")], true),
    ] {
        let (world, name) = (World::new().await, name("c1", 1));
        world.clinic("c1", with_texts).await;
        member(&world, "s1", true, &[], before).await;
        with_staff(&world, &name, &["s1"], &[]).await;
        world.staff_writes(&name, "2026-11-25T15:58:00Z").await;
        world.patient_writes(&name, OPEN).await;
        world.tick_at("2026-11-25T16:01:00Z").await;
        assert!(says(&world, &name).await.is_empty(), "the quiet time");
        member(&world, "s1", true, &[], after).await;
        world.tick_at("2026-11-25T16:03:00Z").await;
        assert_eq!(says(&world, &name).await.len(), usize::from(away), "{before:?}");
        assert_eq!(world.timer(&name, OUTSIDE).await, None);
    }
}
