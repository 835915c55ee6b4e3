//! Weekly office hours in a clinic's time zone.
//!
//! Hours are windows on the clinic's wall clock, several a day if wanted, over midnight if wanted.
//! Every question is answered from concrete intervals of real time, made window by window and date
//! by date from the zone's rules, so that no offset of one day is ever used for another. Zone rules
//! come from the database compiled in, never from the host.

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

pub use self::intervals::OpenInterval;
pub use self::week::{
    HoursPlace, HoursProblem, HoursReason, InvalidLocalTime, InvalidWeekday, LocalTime, RawHours,
    RawWindow, Weekday, Window,
};
pub use self::zone::{
    TZDB_RELEASED, TZDB_VERSION, TimeZoneName, TimeZoneProblem, ZONE_DATA_MAX_AGE_DAYS,
    zone_data_is_stale,
};

/// The most windows in a week (product rule).
pub const MAX_WINDOWS: usize = 50;

/// How many days of windows [`WeeklyHours::after_office_minutes`] counts through: over a year.
pub const MAX_DAYS_COUNTED: u32 = 400;

/// How many local dates before that of an instant a window can start and still reach it.
///
/// One is a window over midnight; the other is clocks that go back over midnight while it lasts.
const DAYS_BEFORE: u32 = 2;

/// How many local dates after that of an instant a window can start and still cover it.
///
/// Clocks that go back over midnight show the next day for a while first.
const DAYS_AFTER: u32 = 1;

/// How many days on the next opening is looked for. A window comes every seven; clocks that go
/// forward can swallow one, never several in a row.
const DAYS_TO_OPENING: u32 = 35;

/// A clinic's office hours: the windows of a week on the clock of one time zone.
///
/// Without windows the office never opens. Windows do not overlap; they may touch, which makes them
/// one opening. The order they were given in is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawHours", into = "RawHours")]
pub struct WeeklyHours {
    time_zone: TimeZoneName,
    windows: Vec<Window>,
}

impl WeeklyHours {
    /// Checks `raw` and reports everything that is wrong with it.
    ///
    /// Of more than [`MAX_WINDOWS`] windows only the first [`MAX_WINDOWS`] are looked at, and of
    /// the windows that one overlaps only the first is named.
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
            if let Some((other, _)) = good.iter().find(|(_, earlier)| earlier.overlaps(window)) {
                let reason = HoursReason::Overlap { other: *other };
                problems.push(HoursProblem { place: HoursPlace::Window(index), reason });
            }
            good.push((index, window));
        }
        match time_zone {
            Ok(time_zone) if problems.is_empty() => Ok(Self {
                time_zone,
                windows: good.into_iter().map(|(_, window)| window).collect(),
            }),
            _ => Err(problems),
        }
    }

    /// The zone on whose clock the windows are.
    pub fn time_zone(&self) -> &TimeZoneName {
        &self.time_zone
    }

    /// The windows, in the order given.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Whether there is no window at all: the office never opens.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
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
        self.open_intervals(at, DAYS_TO_OPENING).next().map(|interval| interval.start.max(at))
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
        let windows_on = move |date: Date| {
            let day = Weekday::from(date.weekday());
            by_start.iter().filter(|window| window.day() == day).copied().collect()
        };
        OpenIntervals::new(zone, first, DAYS_BEFORE + 1 + days, windows_on)
            .skip_while(move |interval| interval.end <= at)
    }
}

/// Everything that is wrong with weekly hours that were read back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid office hours: {}", list(.0))]
pub struct InvalidHours(pub Vec<HoursProblem>);

impl TryFrom<RawHours> for WeeklyHours {
    type Error = InvalidHours;

    fn try_from(raw: RawHours) -> Result<Self, InvalidHours> {
        Self::new(&raw).map_err(InvalidHours)
    }
}

impl From<WeeklyHours> for RawHours {
    fn from(hours: WeeklyHours) -> Self {
        Self {
            time_zone: hours.time_zone.into(),
            windows: hours.windows.into_iter().map(RawWindow::from).collect(),
        }
    }
}

fn list(problems: &[HoursProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
