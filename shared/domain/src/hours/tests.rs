#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod questions;
mod values;
mod zone;

use super::*;

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
