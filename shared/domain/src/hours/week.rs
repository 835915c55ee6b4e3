//! The parts of a week: days, wall-clock times, windows, and what can be wrong with them.

use std::fmt;

use jiff::civil;
use serde::{Deserialize, Serialize};

use super::days::{RawDays, RawException};
use super::zone::TimeZoneProblem;
use crate::text::TextProblem;

/// Minutes from 00:00 to 24:00.
pub(super) const DAY_MINUTES: u16 = 24 * 60;

/// Minutes from Monday 00:00 to Sunday 24:00.
pub(super) const WEEK_MINUTES: u16 = 7 * DAY_MINUTES;

/// A day of the week, as text `mon` to `sun`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Weekday {
    /// `mon`
    Mon,
    /// `tue`
    Tue,
    /// `wed`
    Wed,
    /// `thu`
    Thu,
    /// `fri`
    Fri,
    /// `sat`
    Sat,
    /// `sun`
    Sun,
}

impl Weekday {
    /// All days, Monday first.
    pub const ALL: [Self; 7] =
        [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// Parses `mon` to `sun`, in lower case.
    pub fn parse(text: &str) -> Result<Self, InvalidWeekday> {
        Self::ALL.into_iter().find(|day| day.as_str() == text).ok_or(InvalidWeekday)
    }

    /// The day as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }
}

/// A weekday that is not one of the seven short names. It never carries the refused value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of mon, tue, wed, thu, fri, sat and sun")]
pub struct InvalidWeekday;

impl From<civil::Weekday> for Weekday {
    fn from(day: civil::Weekday) -> Self {
        match day {
            civil::Weekday::Monday => Self::Mon,
            civil::Weekday::Tuesday => Self::Tue,
            civil::Weekday::Wednesday => Self::Wed,
            civil::Weekday::Thursday => Self::Thu,
            civil::Weekday::Friday => Self::Fri,
            civil::Weekday::Saturday => Self::Sat,
            civil::Weekday::Sunday => Self::Sun,
        }
    }
}

impl TryFrom<String> for Weekday {
    type Error = InvalidWeekday;

    fn try_from(text: String) -> Result<Self, InvalidWeekday> {
        Self::parse(&text)
    }
}

impl From<Weekday> for String {
    fn from(day: Weekday) -> Self {
        day.as_str().to_owned()
    }
}

/// A wall-clock time to the minute, as text `HH:MM` from `00:00` to `24:00`.
///
/// `24:00` is the end of a day, so it can only end a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalTime(u16);

impl LocalTime {
    /// The end of a day, `24:00`.
    pub const END_OF_DAY: Self = Self(DAY_MINUTES);

    /// Parses exactly two ASCII digits, a colon and two ASCII digits.
    pub fn parse(text: &str) -> Result<Self, InvalidLocalTime> {
        let &[h1, h2, b':', m1, m2] = text.as_bytes() else {
            return Err(InvalidLocalTime);
        };
        let hours = two_digits(h1, h2)?;
        let minutes = two_digits(m1, m2)?;
        let time = hours * 60 + minutes;
        if minutes < 60 && time <= DAY_MINUTES { Ok(Self(time)) } else { Err(InvalidLocalTime) }
    }

    /// Minutes since `00:00`, up to 1,440.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

/// A time that is not `HH:MM` from 00:00 to 24:00. It never carries the refused value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a time HH:MM from 00:00 to 24:00")]
pub struct InvalidLocalTime;

impl fmt::Display for LocalTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl TryFrom<String> for LocalTime {
    type Error = InvalidLocalTime;

    fn try_from(text: String) -> Result<Self, InvalidLocalTime> {
        Self::parse(&text)
    }
}

impl From<LocalTime> for String {
    fn from(time: LocalTime) -> Self {
        time.to_string()
    }
}

/// A time in which the office is open, once a week: from `from` on, until just before `to`.
///
/// It belongs to the day it starts on. When `to` is not later than `from`, it ends on the next
/// day. A whole day is 00:00 to 24:00, so a window is never empty and never longer than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    day: Weekday,
    from: LocalTime,
    to: LocalTime,
}

impl Window {
    /// The day on which it starts.
    pub fn day(self) -> Weekday {
        self.day
    }

    /// When it starts: before 24:00.
    pub fn from(self) -> LocalTime {
        self.from
    }

    /// When it ends; that instant is no longer part of it.
    pub fn to(self) -> LocalTime {
        self.to
    }

    /// The same window, which ends when its day does if it would go on into the next.
    pub(super) fn cut_at_midnight(self) -> Self {
        if self.ends_next_day() { Self { to: LocalTime::END_OF_DAY, ..self } } else { self }
    }

    /// Whether it ends on the day after it starts.
    pub fn ends_next_day(self) -> bool {
        self.to <= self.from
    }

    /// Checks one window, adding what is wrong with it to `problems`.
    pub(super) fn checked(
        index: usize,
        raw: &RawWindow,
        problems: &mut Vec<HoursProblem>,
    ) -> Option<Self> {
        let mut report = |place, reason| problems.push(HoursProblem { place, reason });
        let day = Weekday::parse(&raw.day)
            .map_err(|problem| report(HoursPlace::Day(index), HoursReason::Day(problem)));
        let from = LocalTime::parse(&raw.from)
            .map_err(HoursReason::Time)
            .and_then(|from| {
                if from < LocalTime::END_OF_DAY {
                    Ok(from)
                } else {
                    Err(HoursReason::StartAtEndOfDay)
                }
            })
            .map_err(|reason| report(HoursPlace::From(index), reason));
        let to = LocalTime::parse(&raw.to)
            .map_err(|problem| report(HoursPlace::To(index), HoursReason::Time(problem)));
        if let (Ok(from), Ok(to)) = (from, to)
            && from == to
        {
            report(HoursPlace::Window(index), HoursReason::Empty);
            return None;
        }
        Some(Self { day: day.ok()?, from: from.ok()?, to: to.ok()? })
    }

    /// Whether the two share a minute of the week, which wraps from Sunday to Monday.
    pub(super) fn overlaps(self, other: Self) -> bool {
        let distance = |earlier: Self, later: Self| {
            (later.week_minute() + WEEK_MINUTES - earlier.week_minute()) % WEEK_MINUTES
        };
        distance(self, other) < self.length() || distance(other, self) < other.length()
    }

    /// Minutes from Monday 00:00 to its start.
    fn week_minute(self) -> u16 {
        let days_before = Weekday::ALL.into_iter().take_while(|day| *day < self.day);
        days_before.map(|_| DAY_MINUTES).sum::<u16>() + self.from.minutes()
    }

    /// Its length on the clock, in minutes, on a day without a change of clocks.
    fn length(self) -> u16 {
        let next_day = if self.ends_next_day() { DAY_MINUTES } else { 0 };
        self.to.minutes() + next_day - self.from.minutes()
    }
}

/// Weekly hours as they come from outside: the right shape, nothing checked.
///
/// Unknown and repeated members are refused. Its debug print has no content, which may be anything.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawHours {
    /// An IANA time zone name.
    pub time_zone: String,
    /// The windows of a week, in any order.
    pub windows: Vec<RawWindow>,
    /// The dates with times of their own, in any order.
    #[serde(default)]
    pub exceptions: Vec<RawException>,
    /// The clinic's vacations, in any order.
    #[serde(default)]
    pub vacations: Vec<RawDays>,
}

/// One window as it comes from outside.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawWindow {
    /// `mon` to `sun`.
    pub day: String,
    /// `HH:MM`, before 24:00.
    pub from: String,
    /// `HH:MM`, up to 24:00.
    pub to: String,
}

impl fmt::Debug for RawHours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RawHours")
            .field("windows", &self.windows.len())
            .field("exceptions", &self.exceptions.len())
            .field("vacations", &self.vacations.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RawWindow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RawWindow").finish_non_exhaustive()
    }
}

/// Notes it if the window overlaps one before: only the first that it does is named.
pub(super) fn check_overlaps(
    index: usize,
    window: Window,
    earlier: &[(usize, Window)],
    problems: &mut Vec<HoursProblem>,
) {
    if let Some((other, _)) = earlier.iter().find(|(_, earlier)| earlier.overlaps(window)) {
        let reason = HoursReason::Overlap { other: HoursPlace::Window(*other) };
        problems.push(HoursProblem { place: HoursPlace::Window(index), reason });
    }
}

impl From<Window> for RawWindow {
    fn from(window: Window) -> Self {
        Self { day: window.day.into(), from: window.from.into(), to: window.to.into() }
    }
}

/// One thing that is wrong with weekly hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct HoursProblem {
    /// Where.
    pub place: HoursPlace,
    /// What. It never repeats the refused value.
    pub reason: HoursReason,
}

/// A place in [`RawHours`]; its text is a JSON pointer (RFC 6901) from there, as `/windows/2/from`.
///
/// A window's number counts from 0, in the order given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoursPlace {
    /// The time zone.
    TimeZone,
    /// The list of windows.
    Windows,
    /// A whole window.
    Window(usize),
    /// A window's day.
    Day(usize),
    /// A window's start.
    From(usize),
    /// A window's end.
    To(usize),
    /// The list of exceptions.
    Exceptions,
    /// An exception's date.
    ExceptionDate(usize),
    /// An exception's name.
    ExceptionName(usize),
    /// An exception's windows.
    ExceptionWindows(usize),
    /// An exception's whole window.
    ExceptionWindow(usize, usize),
    /// The start of an exception's window.
    ExceptionFrom(usize, usize),
    /// The end of an exception's window.
    ExceptionTo(usize, usize),
    /// The list of vacations.
    Vacations,
    /// A vacation's first day.
    VacationFrom(usize),
    /// A vacation's last day.
    VacationTo(usize),
}

impl fmt::Display for HoursPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeZone => formatter.write_str("/timeZone"),
            Self::Windows => formatter.write_str("/windows"),
            Self::Window(index) => write!(formatter, "/windows/{index}"),
            Self::Day(index) => write!(formatter, "/windows/{index}/day"),
            Self::From(index) => write!(formatter, "/windows/{index}/from"),
            Self::To(index) => write!(formatter, "/windows/{index}/to"),
            Self::Exceptions => formatter.write_str("/exceptions"),
            Self::ExceptionDate(of) => write!(formatter, "/exceptions/{of}/date"),
            Self::ExceptionName(of) => write!(formatter, "/exceptions/{of}/name"),
            Self::ExceptionWindows(of) => write!(formatter, "/exceptions/{of}/windows"),
            Self::ExceptionWindow(of, index) => {
                write!(formatter, "/exceptions/{of}/windows/{index}")
            }
            Self::ExceptionFrom(of, index) => {
                write!(formatter, "/exceptions/{of}/windows/{index}/from")
            }
            Self::ExceptionTo(of, index) => {
                write!(formatter, "/exceptions/{of}/windows/{index}/to")
            }
            Self::Vacations => formatter.write_str("/vacations"),
            Self::VacationFrom(index) => write!(formatter, "/vacations/{index}/from"),
            Self::VacationTo(index) => write!(formatter, "/vacations/{index}/to"),
        }
    }
}

/// What is wrong at a [`HoursPlace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursReason {
    /// The time zone name.
    #[error(transparent)]
    TimeZone(#[from] TimeZoneProblem),
    /// More than [`MAX_WINDOWS`](super::MAX_WINDOWS) windows.
    #[error("must not be more than {} windows", super::MAX_WINDOWS)]
    TooMany,
    /// Not a weekday.
    #[error(transparent)]
    Day(#[from] InvalidWeekday),
    /// Not a time.
    #[error(transparent)]
    Time(#[from] InvalidLocalTime),
    /// A window that starts at 24:00, which is the next day's 00:00.
    #[error("must be before 24:00, which can only end a window")]
    StartAtEndOfDay,
    /// A window that ends when it starts.
    #[error("must not end when it starts; a whole day is 00:00 to 24:00")]
    Empty,
    /// A window that shares time with an earlier one of the list.
    #[error("must not overlap the window at {other}")]
    Overlap {
        /// The first window of the list that it overlaps.
        other: HoursPlace,
    },
    /// More than [`MAX_EXCEPTIONS`](super::MAX_EXCEPTIONS) exceptions.
    #[error("must not be more than {} exceptions", super::MAX_EXCEPTIONS)]
    TooManyExceptions,
    /// More than [`MAX_WINDOWS_OF_EXCEPTION`](super::MAX_WINDOWS_OF_EXCEPTION) windows.
    #[error("must not be more than {} windows of one date", super::MAX_WINDOWS_OF_EXCEPTION)]
    TooManyOfException,
    /// More than [`MAX_VACATIONS`](super::MAX_VACATIONS) vacations.
    #[error("must not be more than {} vacations", super::MAX_VACATIONS)]
    TooManyVacations,
    /// Not a date.
    #[error(transparent)]
    Date(#[from] InvalidDate),
    /// Not a name.
    #[error(transparent)]
    Name(#[from] TextProblem),
    /// A second exception of one date.
    #[error("must not be the date of the exception at /exceptions/{other}")]
    SameDate {
        /// The first exception of that date, counted from 0.
        other: usize,
    },
    /// A vacation whose last day is before its first.
    #[error("must not be before the first day")]
    EndsBeforeStart,
    /// A date that has passed already.
    #[error("must not be in the past")]
    Past,
    /// A date so far ahead that it is taken for a slip.
    #[error("must not be more than {} days ahead", super::MAX_DAYS_AHEAD)]
    TooFarAhead,
}

/// A date that is not one. It never carries the refused value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a date YYYY-MM-DD that exists")]
pub struct InvalidDate;

fn two_digits(tens: u8, units: u8) -> Result<u16, InvalidLocalTime> {
    let digit = |byte: u8| {
        if byte.is_ascii_digit() { Ok(u16::from(byte - b'0')) } else { Err(InvalidLocalTime) }
    };
    Ok(digit(tens)? * 10 + digit(units)?)
}
