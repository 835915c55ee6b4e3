//! From windows on the clinic's clock to intervals of real time.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan as _};

use super::week::{DAY_MINUTES, Window};

/// An uninterrupted stretch of open time: from `start` on, until just before `end`, never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenInterval {
    /// The first open instant.
    pub start: Timestamp,
    /// The first instant that is closed again.
    pub end: Timestamp,
}

/// The open intervals of a range of local dates, in order, with a closed instant between any two.
///
/// `windows_on` gives the windows that start on a date, by their start.
pub(super) struct OpenIntervals<'a, F> {
    zone: &'a TimeZone,
    windows_on: F,
    /// The next date to ask for, if it can be represented.
    date: Option<Date>,
    days_left: u32,
    /// The intervals of the last date asked for that are not yet part of `current`.
    of_date: std::vec::IntoIter<OpenInterval>,
    current: Option<OpenInterval>,
}

impl<'a, F> OpenIntervals<'a, F>
where
    F: Fn(Date) -> Vec<Window>,
{
    /// The intervals of the windows that start on the `days` dates from `first` on.
    pub(super) fn new(zone: &'a TimeZone, first: Date, days: u32, windows_on: F) -> Self {
        Self {
            zone,
            windows_on,
            date: Some(first),
            days_left: days,
            of_date: Vec::new().into_iter(),
            current: None,
        }
    }

    /// The next window as an interval, which may touch or, where clocks go back, overlap the last.
    fn next_unmerged(&mut self) -> Option<OpenInterval> {
        loop {
            if let Some(interval) = self.of_date.next() {
                return Some(interval);
            }
            self.days_left = self.days_left.checked_sub(1)?;
            let date = self.date?;
            self.date = date.tomorrow().ok();
            let windows = (self.windows_on)(date);
            let of_date =
                windows.into_iter().filter_map(|window| interval(self.zone, date, window));
            self.of_date = of_date.collect::<Vec<_>>().into_iter();
        }
    }
}

impl<F> Iterator for OpenIntervals<'_, F>
where
    F: Fn(Date) -> Vec<Window>,
{
    type Item = OpenInterval;

    fn next(&mut self) -> Option<OpenInterval> {
        while let Some(next) = self.next_unmerged() {
            match &mut self.current {
                Some(current) if next.start <= current.end => {
                    current.end = current.end.max(next.end);
                }
                current => {
                    if let Some(finished) = current.replace(next) {
                        return Some(finished);
                    }
                }
            }
        }
        self.current.take()
    }
}

/// The real time of `window` when it starts on `date`; none when clocks skip all of it.
///
/// It starts at the first instant at which the clock shows its start or later, and ends when the
/// clock has shown the last moment before its end for the last time. So where clocks go back it
/// covers both passes of an ambiguous time, but nothing of one that only begins at its end, and
/// where they go forward a skipped time becomes the instant of the change.
fn interval(zone: &TimeZone, date: Date, window: Window) -> Option<OpenInterval> {
    let start = match occurrences(zone, clock(date, window.from().minutes())?)? {
        Occurrences::Shown { first, .. } => first,
        Occurrences::Skipped { change } => change,
    };
    let end_date = if window.ends_next_day() { date.tomorrow().ok()? } else { date };
    let last_moment = clock(end_date, window.to().minutes())?.checked_sub(1.nanosecond()).ok()?;
    let end = match occurrences(zone, last_moment)? {
        Occurrences::Shown { last, .. } => last.checked_add(1.nanosecond()).ok()?,
        Occurrences::Skipped { change } => change,
    };
    (start < end).then_some(OpenInterval { start, end })
}

/// When a wall clock shows a time.
enum Occurrences {
    /// Once, or twice where clocks go back.
    Shown { first: Timestamp, last: Timestamp },
    /// Never: clocks go forward over it at `change`.
    Skipped { change: Timestamp },
}

/// None only at the ends of the range of timestamps.
fn occurrences(zone: &TimeZone, local: DateTime) -> Option<Occurrences> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    // In a gap the "earlier" reading lies before the change, by less than the gap's length.
    let first = ambiguous.earlier().ok()?;
    if let AmbiguousOffset::Gap { .. } = ambiguous.offset() {
        let mut changes = zone.following(first).map(|change| change.timestamp());
        let change = changes.find(|change| zone.to_datetime(*change) > local)?;
        return Some(Occurrences::Skipped { change });
    }
    Some(Occurrences::Shown { first, last: ambiguous.later().ok()? })
}

/// `minutes` (up to 1,440) after 00:00 on the clock of `date`.
fn clock(date: Date, minutes: u16) -> Option<DateTime> {
    if minutes == DAY_MINUTES {
        return date.tomorrow().ok().map(|next| next.at(0, 0, 0, 0));
    }
    let hour = i8::try_from(minutes / 60).ok()?;
    let minute = i8::try_from(minutes % 60).ok()?;
    Some(date.to_datetime(Time::new(hour, minute, 0, 0).ok()?))
}
