//! Office hours in a clinic's time zone: a week, what differs from it, and vacations.
//!
//! Hours are windows on the clinic's wall clock, several a day if wanted, over midnight if wanted.
//! A date can have an exception, whose windows stand in the place of the week's; on the days of a
//! vacation that have none the office is closed. A date that has either is as it says from 00:00 to
//! 24:00: what the day before would bring into it ends at midnight.
//!
//! Every question is answered from concrete intervals of real time, made window by window and date
//! by date from the zone's rules, so that no offset of one day is ever used for another. Zone rules
//! come from the database compiled in, never from the host.

mod days;
mod intervals;
mod week;
mod zone;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use self::intervals::OpenIntervals;

pub(crate) use self::days::out_of_time;
pub use self::days::{
    Days, Exception, InvalidDays, RawDays, RawException, RawTimes, all_away, exceptions, vacations,
    vacations_out_of_time,
};
pub use self::intervals::OpenInterval;
pub use self::week::{
    HoursPlace, HoursProblem, HoursReason, InvalidDate, InvalidLocalTime, InvalidWeekday,
    LocalTime, RawHours, RawWindow, Weekday, Window,
};
pub use self::zone::{
    TZDB_RELEASED, TZDB_VERSION, TimeZoneName, TimeZoneProblem, ZONE_DATA_MAX_AGE_DAYS,
    zone_data_is_stale,
};

/// The most windows in a week (product rule).
pub const MAX_WINDOWS: usize = 50;

/// The most exceptions (product rule): ten years of holidays, or several lists of one year.
pub const MAX_EXCEPTIONS: usize = 150;

/// The most windows of one exception (product rule).
pub const MAX_WINDOWS_OF_EXCEPTION: usize = 10;

/// The most vacations of a clinic or of one of its staff (product rule).
pub const MAX_VACATIONS: usize = 20;

/// How many days ahead a new exception may be and a new vacation may end (product rule): three
/// years. What is further is a slip of the year.
pub const MAX_DAYS_AHEAD: i64 = 1_096;

/// How many days of windows [`OfficeHours::after_office_minutes`] counts through: over a year.
pub const MAX_DAYS_COUNTED: u32 = 400;

/// How many local dates before that of an instant a window can start and still reach it.
///
/// One is a window over midnight; the other is clocks that go back over midnight while it lasts.
const DAYS_BEFORE: u32 = 2;

/// How many local dates after that of an instant a window can start and still cover it.
///
/// Clocks that go back over midnight show the next day for a while first.
const DAYS_AFTER: u32 = 1;

/// How many days on the next opening is looked for, once nothing differs from the week any more. A
/// window comes every seven; clocks that go forward can swallow one, never several in a row.
const DAYS_TO_OPENING: u32 = 35;

/// A clinic's office hours: the windows of a week on the clock of one time zone, and what differs.
///
/// Without windows the office never opens. Windows do not overlap; they may touch, which makes them
/// one opening. The order they were given in is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawHours", into = "RawHours")]
pub struct OfficeHours {
    time_zone: TimeZoneName,
    windows: Vec<Window>,
    exceptions: Vec<Exception>,
    vacations: Vec<Days>,
    /// See [`OfficeHours::without`].
    away: Vec<Days>,
}

/// Why the office is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The date has an exception.
    Exception,
    /// The clinic, or everybody who matters, is on vacation.
    Vacation,
    /// It is no time of the week at which it is open.
    OutsideHours,
}

impl Closed {
    /// The reason as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exception => "exception",
            Self::Vacation => "vacation",
            Self::OutsideHours => "outside_hours",
        }
    }
}

impl OfficeHours {
    /// Checks `raw` and reports everything that is wrong with it.
    ///
    /// Of a list that is too long only as many as it may have are looked at, and of the windows that
    /// one overlaps only the first is named. Dates in the past are no fault of the hours, since all
    /// dates come to be that: see [`OfficeHours::out_of_time`].
    pub fn new(raw: &RawHours) -> Result<Self, Vec<HoursProblem>> {
        let mut problems = Vec::new();
        let time_zone = TimeZoneName::parse(&raw.time_zone).map_err(|problem| {
            problems.push(HoursProblem { place: HoursPlace::TimeZone, reason: problem.into() });
        });
        if raw.windows.len() > MAX_WINDOWS {
            problems
                .push(HoursProblem { place: HoursPlace::Windows, reason: HoursReason::TooMany });
        }
        let mut good: Vec<(usize, Window)> = Vec::new();
        for (index, raw) in raw.windows.iter().enumerate().take(MAX_WINDOWS) {
            let Some(window) = Window::checked(index, raw, &mut problems) else {
                continue;
            };
            week::check_overlaps(index, window, &good, &mut problems);
            good.push((index, window));
        }
        let exceptions = days::exceptions(&raw.exceptions, &mut problems);
        let vacations = vacations(&raw.vacations, &mut problems);
        match time_zone {
            Ok(time_zone) if problems.is_empty() => Ok(Self {
                time_zone,
                windows: good.into_iter().map(|(_, window)| window).collect(),
                exceptions,
                vacations,
                away: Vec::new(),
            }),
            _ => Err(problems),
        }
    }

    /// What is wrong with the dates of what was not in the hours before, on the day that it is.
    ///
    /// A date that has passed since it was saved may stay: whoever saves another change of the hours
    /// sends all of them again.
    pub fn out_of_time(&self, before: Option<&Self>, today: Date) -> Vec<HoursProblem> {
        let (known, kept) =
            before.map_or((&[][..], &[][..]), |before| (&*before.exceptions, &*before.vacations));
        let fresh = self.exceptions.iter().enumerate().filter(|(_, one)| !known.contains(one));
        let exceptions = fresh.filter_map(|(index, exception)| {
            let reason = days::out_of_time(exception.date, today)?;
            Some(HoursProblem { place: HoursPlace::ExceptionDate(index), reason })
        });
        exceptions.chain(vacations_out_of_time(kept, &self.vacations, today)).collect()
    }

    /// These hours as they are for those whose staff are all away on these days: nobody is there,
    /// whatever the office's own hours say.
    #[must_use]
    pub fn without(&self, away: &[Days]) -> Self {
        Self { away: away.to_vec(), ..self.clone() }
    }

    /// These hours with more exceptions. Of a date that has one already it stays as it is.
    #[must_use]
    pub fn with_exceptions(&self, more: impl IntoIterator<Item = Exception>) -> Self {
        let mut next = self.clone();
        for exception in more {
            if next.exception_on(exception.date).is_none() {
                next.exceptions.push(exception);
            }
        }
        next.exceptions.sort_by_key(|exception| exception.date);
        next
    }

    /// The zone on whose clock the windows are.
    pub fn time_zone(&self) -> &TimeZoneName {
        &self.time_zone
    }

    /// The windows, in the order given.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// The dates with times of their own, in the order given.
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    /// The clinic's vacations, in the order given.
    pub fn vacations(&self) -> &[Days] {
        &self.vacations
    }

    /// Whether there is no window in a week at all: the office does not open but by exception.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// Why the office is closed at `at`, if it is: the highest reason of
    /// [`OfficeHours::reasons_closed`].
    pub fn closed(&self, at: Timestamp) -> Option<Closed> {
        self.reasons_closed(at).first().copied()
    }

    /// All reasons why the office is closed at `at`, the highest first (product page, "Automatic
    /// replies"); none while it is open. A time that has a reason of its own is outside office
    /// hours as well.
    pub fn reasons_closed(&self, at: Timestamp) -> Vec<Closed> {
        if self.is_open(at) {
            return Vec::new();
        }
        let date = self.time_zone.zone().to_datetime(at).date();
        let is_away = self.is_away(date);
        // Without those who are away the exception may have the office open.
        let is_excepted =
            self.exception_on(date).is_some() && !(is_away && self.without(&[]).is_open(at));
        let is_vacation = is_away || self.is_vacation(date);
        let reasons = [
            is_excepted.then_some(Closed::Exception),
            is_vacation.then_some(Closed::Vacation),
            Some(Closed::OutsideHours),
        ];
        reasons.into_iter().flatten().collect()
    }

    /// Whether the week has no minute at which the office is closed: it opens anew only where
    /// exceptions or vacations interrupt it.
    pub fn never_closes(&self) -> bool {
        let week = Self {
            exceptions: Vec::new(),
            vacations: Vec::new(),
            away: Vec::new(),
            ..self.clone()
        };
        let any = Timestamp::UNIX_EPOCH;
        !week.is_empty() && week.is_open(any) && week.opens_after(any).is_none()
    }

    /// Whether the office is open at `at`. It is at the instant a window starts, and is not at the
    /// instant one ends.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.open_intervals(at, DAYS_AFTER).next().is_some_and(|interval| interval.start <= at)
    }

    /// The first instant, from `at` on, at which the office is open: `at` itself when it is.
    ///
    /// None when there is no window, or at the end of the range of timestamps.
    pub fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        let today = self.time_zone.zone().to_datetime(at).date();
        let days = DAYS_TO_OPENING.saturating_add(self.days_that_differ(today));
        self.open_intervals(at, days).next().map(|interval| interval.start.max(at))
    }

    /// When the office opens next: while it is open, that is after it has closed.
    ///
    /// None when there is no window, or when it never closes.
    pub fn opens_after(&self, at: Timestamp) -> Option<Timestamp> {
        let today = self.time_zone.zone().to_datetime(at).date();
        let days = DAYS_TO_OPENING.saturating_add(self.days_that_differ(today));
        self.open_intervals(at, days).map(|interval| interval.start).find(|start| *start > at)
    }

    /// Whether the office is closed at both instants and all the time between, in either order: the
    /// two lie in one closed period.
    pub fn closed_throughout(&self, one: Timestamp, other: Timestamp) -> bool {
        self.next_opening(one.min(other)).is_none_or(|opening| opening > one.max(other))
    }

    /// The first instant by which the office was open for `minutes` since `start`; `start` itself
    /// for 0.
    ///
    /// Minutes are real ones of 60 seconds, so a window from 01:00 to 03:00 has three hours of them
    /// on the night when clocks go back. The instant can be the one at which the office closes.
    /// None when the windows of the next [`MAX_DAYS_COUNTED`] days do not have that many.
    pub fn after_office_minutes(&self, start: Timestamp, minutes: u32) -> Option<Timestamp> {
        let mut left = SignedDuration::from_mins(i64::from(minutes));
        if left.is_zero() {
            return Some(start);
        }
        for interval in self.open_intervals(start, MAX_DAYS_COUNTED) {
            let from = interval.start.max(start);
            let open = interval.end.duration_since(from);
            if left <= open {
                return from.checked_add(left).ok();
            }
            left -= open;
        }
        None
    }

    /// The open intervals that end after `at`, in order: those of the windows that start up to
    /// `days` local dates after it. The last one is cut where those windows end.
    fn open_intervals(&self, at: Timestamp, days: u32) -> impl Iterator<Item = OpenInterval> {
        let zone = self.time_zone.zone();
        let today = zone.to_datetime(at).date();
        let first = today.saturating_sub(i64::from(DAYS_BEFORE).days());
        let mut by_start = self.windows.clone();
        by_start.sort_by_key(|window| window.from());
        let windows_on = move |date: Date| self.windows_on(date, &by_start);
        OpenIntervals::new(zone, first, DAYS_BEFORE + 1 + days, windows_on)
            .skip_while(move |interval| interval.end <= at)
    }

    /// The windows that start on `date`, by their start, of a week's `by_start`.
    fn windows_on(&self, date: Date, by_start: &[Window]) -> Vec<Window> {
        if self.is_away(date) {
            return Vec::new();
        }
        let mut windows: Vec<Window> = match self.exception_on(date) {
            Some(exception) => exception.windows.clone(),
            None if self.is_vacation(date) => Vec::new(),
            None => {
                let day = Weekday::from(date.weekday());
                by_start.iter().filter(|window| window.day() == day).copied().collect()
            }
        };
        windows.sort_by_key(|window| window.from());
        if date.tomorrow().is_ok_and(|next| self.differs(next)) {
            windows = windows.into_iter().map(Window::cut_at_midnight).collect();
        }
        windows
    }

    fn exception_on(&self, date: Date) -> Option<&Exception> {
        self.exceptions.iter().find(|exception| exception.date == date)
    }

    fn is_vacation(&self, date: Date) -> bool {
        self.vacations.iter().any(|days| days.contains(date))
    }

    fn is_away(&self, date: Date) -> bool {
        self.away.iter().any(|days| days.contains(date))
    }

    /// Whether the date is not one of the week's.
    fn differs(&self, date: Date) -> bool {
        self.is_away(date) || self.is_vacation(date) || self.exception_on(date).is_some()
    }

    /// How many days from `today` on the last date is that is not one of the week's.
    fn days_that_differ(&self, today: Date) -> u32 {
        let away = self.vacations.iter().chain(&self.away).map(|days| days.last());
        let last = self.exceptions.iter().map(|exception| exception.date).chain(away).max();
        let days = last.map_or(0, |last| today.duration_until(last).as_hours() / 24);
        u32::try_from(days).unwrap_or(0)
    }
}

/// Everything that is wrong with office hours that were read back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid office hours: {}", list(.0))]
pub struct InvalidHours(pub Vec<HoursProblem>);

impl TryFrom<RawHours> for OfficeHours {
    type Error = InvalidHours;

    fn try_from(raw: RawHours) -> Result<Self, InvalidHours> {
        Self::new(&raw).map_err(InvalidHours)
    }
}

impl From<OfficeHours> for RawHours {
    fn from(hours: OfficeHours) -> Self {
        Self {
            time_zone: hours.time_zone.into(),
            windows: hours.windows.into_iter().map(RawWindow::from).collect(),
            exceptions: hours.exceptions.into_iter().map(RawException::from).collect(),
            vacations: hours.vacations.into_iter().map(RawDays::from).collect(),
        }
    }
}

fn list(problems: &[HoursProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
