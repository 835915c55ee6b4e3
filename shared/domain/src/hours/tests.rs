#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod away;
mod dates;
mod exceptions;
mod questions;
mod vacations;
mod values;
mod zone;

use super::*;
use crate::testing::{days, with_dates};

const OFFICE_DAYS: [&str; 5] = ["mon", "tue", "wed", "thu", "fri"];

/// A window written `mon 09:00-17:00`.
fn raw_window(text: &str) -> RawWindow {
    let (day, times) = text.split_once(' ').unwrap();
    let (from, to) = times.split_once('-').unwrap();
    RawWindow { day: day.to_owned(), from: from.to_owned(), to: to.to_owned() }
}

fn raw(time_zone: &str, windows: &[&str]) -> RawHours {
    let windows = windows.iter().map(|window| raw_window(window)).collect();
    RawHours { time_zone: time_zone.to_owned(), windows, ..RawHours::default() }
}

fn hours(time_zone: &str, windows: &[&str]) -> OfficeHours {
    OfficeHours::new(&raw(time_zone, windows)).unwrap()
}

fn nine_to_five(time_zone: &str) -> OfficeHours {
    let windows = OFFICE_DAYS.map(|day| format!("{day} 09:00-17:00"));
    hours(time_zone, &windows.each_ref().map(String::as_str))
}

/// The week of `hours` with these dates.
fn differing(hours: &OfficeHours, exceptions: &[&str], vacations: &[&str]) -> OfficeHours {
    OfficeHours::new(&with_dates(hours.clone().into(), exceptions, vacations)).unwrap()
}

/// Every night from 22:00 to 6:00, in Toronto.
fn nights() -> OfficeHours {
    let windows = Weekday::ALL.map(|day| format!("{} 22:00-06:00", day.as_str()));
    hours("America/Toronto", &windows.each_ref().map(String::as_str))
}

/// Without a pause, in that zone.
fn always(time_zone: &str) -> OfficeHours {
    let windows = Weekday::ALL.map(|day| format!("{} 00:00-24:00", day.as_str()));
    hours(time_zone, &windows.each_ref().map(String::as_str))
}

/// Checks what the office is at each time on its clock: open, or closed and why.
fn check(hours: &OfficeHours, times: &[(&str, Option<Closed>)]) {
    for (time, closed) in times {
        assert_eq!(hours.closed(local(hours, time)), *closed, "{time}");
    }
}

/// When the office opens next, as its clock shows it.
fn opens(hours: &OfficeHours, from: &str) -> String {
    let opening = hours.next_opening(local(hours, from)).unwrap();
    hours.time_zone().zone().to_datetime(opening).to_string()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The one instant at which the clock of `hours` shows `local`.
fn local(hours: &OfficeHours, local: &str) -> Timestamp {
    let local = local.parse().unwrap();
    hours.time_zone().zone().to_ambiguous_timestamp(local).unambiguous().unwrap()
}

fn problems(time_zone: &str, windows: &[&str]) -> Vec<String> {
    let problems = OfficeHours::new(&raw(time_zone, windows)).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}
