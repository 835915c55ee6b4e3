#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use jiff::ToSpan as _;
use jiff::civil::date;

use super::*;
use crate::hours::{MAX_DAYS_AHEAD, OfficeHours, RawHours, RawTimes};
use crate::testing::{WORKING, at, clinic, name};

/// The day at the clinic of [`WORKING`].
const TODAY: Date = date(2026, 11, 25);

fn raw(of: &[(&str, &str)]) -> Vec<RawHoliday> {
    let of = of.iter().map(|(date, name)| ((*date).to_owned(), (*name).to_owned()));
    of.map(|(date, name)| RawHoliday { date, name }).collect()
}

fn closed(date: Date) -> Exception {
    Exception::closed(date, Some(name("Holiday")))
}

/// The clinic with an exception on these dates, on which it is open in the morning.
fn open_on(dates: &[Date]) -> ClinicSettings {
    let mut hours = RawHours::from(clinic().office_hours);
    let morning = || RawTimes { from: "09:00".to_owned(), to: "12:00".to_owned() };
    hours.exceptions = dates
        .iter()
        .map(|date| RawException { date: date.to_string(), name: None, windows: vec![morning()] })
        .collect();
    ClinicSettings { office_hours: OfficeHours::new(&hours).unwrap(), ..clinic() }
}

fn reasons(refusal: &Refusal) -> Vec<(Code, &str)> {
    refusal.reasons().map(|reason| (reason.code, reason.place.as_deref().unwrap())).collect()
}

#[test]
fn a_list_is_read_as_days_on_which_the_office_is_closed() {
    let read =
        holidays(&raw(&[("2026-12-25", " Christmas "), ("2026-01-01", "Jour de l\u{2019}An")]));
    let wanted = [
        Exception::closed(date(2026, 12, 25), Some(name("Christmas"))),
        Exception::closed(date(2026, 1, 1), Some(name("Jour de l\u{2019}An"))),
    ];
    assert_eq!(read.unwrap(), wanted);
    assert_eq!(holidays(&[]).unwrap(), []);
}

#[test]
fn everything_that_is_wrong_with_a_list_is_told_at_once() {
    let refusal = holidays(&raw(&[
        ("2027-02-29", "a\0b"),
        ("2026-12-25", ""),
        ("2026-12-26", "Boxing Day"),
        ("2026-12-26", "Boxing Day"),
    ]))
    .unwrap_err();
    assert_eq!(
        reasons(&refusal),
        [
            (Code::OfficeHoursInvalid, "/holidays/0/date"),
            (Code::ForbiddenCharacter, "/holidays/0/name"),
            (Code::NameEmpty, "/holidays/1/name"),
            (Code::OfficeHoursInvalid, "/holidays/3/date"),
        ]
    );
    let days = (0..151).map(|day| TODAY.saturating_add(day.days()).to_string());
    let many: Vec<RawHoliday> =
        days.map(|date| RawHoliday { date, name: "x".to_owned() }).collect();
    assert_eq!(reasons(&holidays(&many).unwrap_err()), [(Code::OfficeHoursInvalid, "/holidays")]);
    assert_eq!(holidays(many.get(1..).unwrap()).unwrap().len(), 150);
}

#[test]
fn what_is_there_stays_what_has_passed_is_left_out_and_the_rest_is_added() {
    let (yesterday, tomorrow) = (TODAY.yesterday().unwrap(), TODAY.tomorrow().unwrap());
    let christmas = date(2026, 12, 25);
    let past = date(2026, 7, 1);
    let clinic = open_on(&[christmas, past]);
    let list = [tomorrow, christmas, yesterday, TODAY, past].map(closed);
    let import = clinic.with_holidays(&list, at(WORKING)).unwrap();
    assert_eq!(import.added, [tomorrow, TODAY]);
    // Also one that has passed: it is there.
    assert_eq!(import.kept, [christmas, past]);
    assert_eq!(import.left_out, [yesterday]);

    let there = import.settings.office_hours.exceptions();
    let dates: Vec<Date> = there.iter().map(|exception| exception.date).collect();
    assert_eq!(dates, [past, TODAY, tomorrow, christmas], "in the order of the calendar");
    let kept = there.iter().filter(|exception| !exception.windows().is_empty());
    assert_eq!(kept.map(|exception| exception.date).collect::<Vec<_>>(), [past, christmas]);
    // Nothing but the dates has changed.
    let ClinicSettings { office_hours, .. } = clinic.clone();
    assert_eq!(ClinicSettings { office_hours, ..import.settings.clone() }, clinic);

    // The same list again adds nothing.
    let again = import.settings.with_holidays(&list, at(WORKING)).unwrap();
    assert_eq!((again.added, again.settings), (vec![], import.settings));
}

/// It is another day in UTC for five hours of each evening in Toronto.
#[test]
fn what_has_passed_is_judged_by_the_clinic_s_calendar() {
    let import = |now| clinic().with_holidays(&[closed(TODAY)], at(now)).unwrap();
    assert_eq!(import("2026-11-26T04:59:59Z").added, [TODAY]);
    assert_eq!(import("2026-11-26T05:00:00Z").left_out, [TODAY]);
}

#[test]
fn a_date_too_far_ahead_is_refused_where_it_stands() {
    let furthest = TODAY.saturating_add(MAX_DAYS_AHEAD.days());
    let further = furthest.tomorrow().unwrap();
    let list = [closed(TODAY), closed(further), closed(furthest)];
    let refusal = clinic().with_holidays(&list, at(WORKING)).unwrap_err();
    assert_eq!(reasons(&refusal), [(Code::DateTooFarAhead, "/holidays/1/date")]);
    // One that is there was judged when it was saved.
    let import = open_on(&[further]).with_holidays(&list, at(WORKING)).unwrap();
    assert_eq!((import.added, import.kept), (vec![TODAY, furthest], vec![further]));
}

#[test]
fn only_what_is_added_takes_room() {
    let days = |from: i32, to: i32| -> Vec<Date> {
        (from..to).map(|day| TODAY.saturating_add(day.days())).collect()
    };
    let clinic = open_on(&days(0, 149));
    let list = |from, to| days(from, to).into_iter().map(closed).collect::<Vec<_>>();
    let refusal = clinic.with_holidays(&list(148, 151), at(WORKING)).unwrap_err();
    assert_eq!(reasons(&refusal), [(Code::OfficeHoursInvalid, "/holidays")]);
    let import = clinic.with_holidays(&list(0, 150), at(WORKING)).unwrap();
    assert_eq!(import.settings.office_hours.exceptions().len(), MAX_EXCEPTIONS);
    let past = list(-10, 0);
    let import = import.settings.with_holidays(&past, at(WORKING)).unwrap();
    assert_eq!((import.added, import.left_out.len()), (vec![], 10));
}
