//! What differs from the week: dated exceptions, and days on which nobody is there.

use std::fmt;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::week::{
    HoursPlace, HoursProblem, HoursReason, InvalidDate, RawWindow, Weekday, Window, check_overlaps,
};
use super::{MAX_DAYS_AHEAD, MAX_EXCEPTIONS, MAX_VACATIONS, MAX_WINDOWS_OF_EXCEPTION};
use crate::text::DisplayName;

/// A date on which the office is open at other times than the week says, or not at all.
///
/// Its windows are all there is of its date, from 00:00 to 24:00: a window of the day before that
/// would reach into it ends at midnight. A window of its own may go on into the day after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The date on the clinic's calendar.
    pub date: Date,
    /// What the clinic calls it: a holiday's name.
    pub name: Option<DisplayName>,
    /// The windows that start on it; none: it is closed all day.
    pub(super) windows: Vec<Window>,
}

impl Exception {
    /// The windows that start on it; none: it is closed all day.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// A date on which the office is closed all day.
    pub fn closed(date: Date, name: Option<DisplayName>) -> Self {
        Self { date, name, windows: Vec::new() }
    }
}

/// Whole days on the clinic's calendar, the first and the last among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "RawDays", into = "RawDays")]
pub struct Days {
    first: Date,
    last: Date,
}

impl Days {
    /// The days from `first` to `last`; none if they end before they start.
    pub fn new(first: Date, last: Date) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// The first day.
    pub fn first(self) -> Date {
        self.first
    }

    /// The last day, which is one of them.
    pub fn last(self) -> Date {
        self.last
    }

    /// Whether `date` is one of them.
    pub fn contains(self, date: Date) -> bool {
        self.first <= date && date <= self.last
    }

    /// The days that are among both.
    fn common(self, other: Self) -> Option<Self> {
        Self::new(self.first.max(other.first), self.last.min(other.last))
    }
}

/// The days on which all are away, of each one's days away. Where there is nobody, nobody is away.
pub fn all_away<'a>(each: impl IntoIterator<Item = &'a [Days]>) -> Vec<Days> {
    let mut each = each.into_iter().map(apart);
    let mut common = each.next().unwrap_or_default();
    for other in each {
        common = common
            .iter()
            .flat_map(|days| other.iter().filter_map(|other| days.common(*other)))
            .collect();
    }
    common
}

/// The same days in order, none of them twice: of those that overlap, the parts that many people have
/// in common would be more with each person.
fn apart(days: &[Days]) -> Vec<Days> {
    let mut days = days.to_vec();
    days.sort_unstable_by_key(|days| days.first);
    let mut apart: Vec<Days> = Vec::new();
    for next in days {
        match apart.last_mut().filter(|before| next.first <= before.last) {
            Some(before) => before.last = before.last.max(next.last),
            None => apart.push(next),
        }
    }
    apart
}

/// An exception as it comes from outside.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawException {
    /// `YYYY-MM-DD`, on the clinic's calendar.
    pub date: String,
    /// What the clinic calls it: at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The windows of the date, in any order; none: it is closed all day.
    #[serde(default)]
    pub windows: Vec<RawTimes>,
}

/// A window of one date as it comes from outside.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTimes {
    /// `HH:MM`, before 24:00.
    pub from: String,
    /// `HH:MM`, up to 24:00; at or before `from` it is on the next day.
    pub to: String,
}

/// Days away as they come from outside.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDays {
    /// The first day, `YYYY-MM-DD`.
    pub from: String,
    /// The last day, which is one of them.
    pub to: String,
}

macro_rules! without_content {
    ($($name:ident)+) => {$(
        /// Without its content, which may be anything.
        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+};
}
without_content!(RawException RawTimes RawDays);

impl From<Exception> for RawException {
    fn from(exception: Exception) -> Self {
        Self {
            date: exception.date.to_string(),
            name: exception.name.map(|name| name.as_str().to_owned()),
            windows: exception
                .windows
                .into_iter()
                .map(|window| RawTimes { from: window.from().into(), to: window.to().into() })
                .collect(),
        }
    }
}

impl From<Days> for RawDays {
    fn from(days: Days) -> Self {
        Self { from: days.first.to_string(), to: days.last.to_string() }
    }
}

/// Days that were read back and are none. It never carries the refused value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be two dates, the first not after the last")]
pub struct InvalidDays;

impl TryFrom<RawDays> for Days {
    type Error = InvalidDays;

    fn try_from(raw: RawDays) -> Result<Self, InvalidDays> {
        let date = |text: &str| parse_date(text).map_err(|_| InvalidDays);
        Self::new(date(&raw.from)?, date(&raw.to)?).ok_or(InvalidDays)
    }
}

/// Parses exactly `YYYY-MM-DD`, of a day that exists.
pub(super) fn parse_date(text: &str) -> Result<Date, InvalidDate> {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(position, byte)| match position {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return Err(InvalidDate);
    }
    text.parse().map_err(|_| InvalidDate)
}

/// Reads exceptions, such as those of office hours or a list of holidays, adding what is wrong with
/// them to `problems`.
pub fn exceptions(raw: &[RawException], problems: &mut Vec<HoursProblem>) -> Vec<Exception> {
    if raw.len() > MAX_EXCEPTIONS {
        problems.push(HoursProblem {
            place: HoursPlace::Exceptions,
            reason: HoursReason::TooManyExceptions,
        });
    }
    let mut good: Vec<(usize, Exception)> = Vec::new();
    for (index, raw) in raw.iter().enumerate().take(MAX_EXCEPTIONS) {
        let before = problems.len();
        let date = parse_date(&raw.date).map_err(|problem| {
            let place = HoursPlace::ExceptionDate(index);
            problems.push(HoursProblem { place, reason: problem.into() });
        });
        let name = raw.name.as_deref().map(DisplayName::parse).transpose();
        let name = name.map_err(|problem| {
            let place = HoursPlace::ExceptionName(index);
            problems.push(HoursProblem { place, reason: HoursReason::Name(problem) });
        });
        let windows = windows_of(index, &raw.windows, date.ok(), problems);
        let (Ok(date), Ok(name)) = (date, name) else { continue };
        if let Some((other, _)) = good.iter().find(|(_, earlier)| earlier.date == date) {
            let reason = HoursReason::SameDate { other: *other };
            problems.push(HoursProblem { place: HoursPlace::ExceptionDate(index), reason });
        }
        if problems.len() == before {
            good.push((index, Exception { date, name, windows }));
        }
    }
    good.into_iter().map(|(_, exception)| exception).collect()
}

fn windows_of(
    exception: usize,
    raw: &[RawTimes],
    date: Option<Date>,
    problems: &mut Vec<HoursProblem>,
) -> Vec<Window> {
    if raw.len() > MAX_WINDOWS_OF_EXCEPTION {
        problems.push(HoursProblem {
            place: HoursPlace::ExceptionWindows(exception),
            reason: HoursReason::TooManyOfException,
        });
    }
    // Of a date that cannot be read the windows can still be judged: all are of one day.
    let day = date.map_or(Weekday::Mon, |date| Weekday::from(date.weekday())).as_str();
    let mut good = Vec::new();
    for (index, times) in raw.iter().enumerate().take(MAX_WINDOWS_OF_EXCEPTION) {
        let place = |place| match place {
            HoursPlace::From(index) => HoursPlace::ExceptionFrom(exception, index),
            HoursPlace::To(index) => HoursPlace::ExceptionTo(exception, index),
            HoursPlace::Window(index) => HoursPlace::ExceptionWindow(exception, index),
            _ => HoursPlace::ExceptionWindows(exception),
        };
        let RawTimes { from, to } = times.clone();
        let raw = RawWindow { day: day.to_owned(), from, to };
        let mut found = Vec::new();
        if let Some(window) = Window::checked(index, &raw, &mut found) {
            check_overlaps(index, window, &good, &mut found);
            good.push((index, window));
        }
        problems.extend(found.into_iter().map(|problem| HoursProblem {
            place: place(problem.place),
            reason: match problem.reason {
                HoursReason::Overlap { other } => HoursReason::Overlap { other: place(other) },
                reason => reason,
            },
        }));
    }
    good.into_iter().map(|(_, window)| window).collect()
}

/// Reads days away, such as the vacations of a clinic or of one of its staff, adding what is wrong
/// with them to `problems`.
pub fn vacations(raw: &[RawDays], problems: &mut Vec<HoursProblem>) -> Vec<Days> {
    if raw.len() > MAX_VACATIONS {
        problems.push(HoursProblem {
            place: HoursPlace::Vacations,
            reason: HoursReason::TooManyVacations,
        });
    }
    let mut good = Vec::new();
    for (index, raw) in raw.iter().enumerate().take(MAX_VACATIONS) {
        let mut date = |text: &str, place: HoursPlace| {
            parse_date(text)
                .map_err(|problem| problems.push(HoursProblem { place, reason: problem.into() }))
                .ok()
        };
        let first = date(&raw.from, HoursPlace::VacationFrom(index));
        let last = date(&raw.to, HoursPlace::VacationTo(index));
        if let (Some(first), Some(last)) = (first, last) {
            match Days::new(first, last) {
                Some(days) => good.push(days),
                None => problems.push(HoursProblem {
                    place: HoursPlace::VacationTo(index),
                    reason: HoursReason::EndsBeforeStart,
                }),
            }
        }
    }
    good
}

/// What is wrong with the dates of `vacations` on the day that it is, of those that were not there
/// before: what has passed since it was saved may stay.
pub fn vacations_out_of_time(
    before: &[Days],
    vacations: &[Days],
    today: Date,
) -> Vec<HoursProblem> {
    let fresh = vacations.iter().enumerate().filter(|(_, days)| !before.contains(days));
    fresh
        .filter_map(|(index, days)| {
            let reason = out_of_time(days.last, today)?;
            Some(HoursProblem { place: HoursPlace::VacationTo(index), reason })
        })
        .collect()
}

/// What is wrong with a date that is to be minded from now on.
pub(crate) fn out_of_time(date: Date, today: Date) -> Option<HoursReason> {
    let furthest = today.saturating_add(MAX_DAYS_AHEAD.days());
    if date < today {
        Some(HoursReason::Past)
    } else if date > furthest {
        Some(HoursReason::TooFarAhead)
    } else {
        None
    }
}
