//! The answers against slower ones that share no code with them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

const ZONES: [&str; 10] = [
    "America/Toronto",
    "America/Vancouver",
    "America/Edmonton",
    "America/St_Johns",
    "America/Santiago",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Europe/Dublin",
];

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn time(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Hours from any windows: those that the rules refuse beside the ones before are left out.
fn hours_of(zone: &str, windows: Vec<(usize, u16, u16)>) -> OfficeHours {
    let mut raw = RawHours { time_zone: zone.to_owned(), ..RawHours::default() };
    for (day, from, to) in windows {
        let day = Weekday::ALL[day].as_str().to_owned();
        raw.windows.push(RawWindow { day, from: time(from), to: time(to) });
        if OfficeHours::new(&raw).is_err() {
            raw.windows.pop();
        }
    }
    OfficeHours::new(&raw).unwrap()
}

/// Up to 12 windows on full or quarter hours, or anywhere, so that some touch and some do not.
fn windows() -> impl Strategy<Value = Vec<(usize, u16, u16)>> {
    let time = |last: u16| prop_oneof![(0..=last / 60).prop_map(|h| h * 60), 0..=last];
    let window = (0_usize..7, time(1439), time(1440));
    prop::collection::vec(window, 0..12)
}

/// Windows that start or end in the hours in which clocks change, on any day.
fn windows_at_night() -> impl Strategy<Value = Vec<(usize, u16, u16)>> {
    let time = || prop_oneof![0_u16..16, 88_u16..96].prop_map(|quarter| quarter * 15);
    let window = (prop::sample::select(&[3_usize, 4, 5, 5, 6, 6, 6, 0][..]), time(), time());
    prop::collection::vec(window, 1..12)
}

fn hours() -> impl Strategy<Value = OfficeHours> {
    (prop::sample::select(&ZONES[..]), windows())
        .prop_map(|(zone, windows)| hours_of(zone, windows))
}

/// Any second from 2024 to 2033.
fn instant() -> impl Strategy<Value = Timestamp> {
    (1_704_067_200_i64..2_019_686_400).prop_map(|second| Timestamp::from_second(second).unwrap())
}

/// Whether the zone's clocks change in the days around the two.
fn clocks_change(zone: &TimeZone, from: Timestamp, to: Timestamp) -> bool {
    let margin = SignedDuration::from_hours(50);
    zone.following(from - margin).next().is_some_and(|change| change.timestamp() < to + margin)
}

/// Away from changes of clocks: what the wall clock shows is inside a window of its week.
fn shown_inside(hours: &OfficeHours, at: Timestamp) -> bool {
    let shown = at.to_zoned_datetime(hours.time_zone().zone().clone());
    let day = i32::from(shown.weekday().to_monday_zero_offset());
    let now = (day * 24 + i32::from(shown.hour())) * 60 + i32::from(shown.minute());
    hours.windows().iter().any(|window| {
        let day = Weekday::ALL.iter().position(|day| *day == window.day()).unwrap();
        let midnight = i32::try_from(day).unwrap() * 1440;
        let start = midnight + i32::from(window.from().minutes());
        let end = midnight + i32::from(window.to().minutes());
        let end = if end <= start { end + 1440 } else { end };
        (start..end).contains(&now) || (start..end).contains(&(now + 7 * 1440))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn is_open_agrees_with_what_the_clock_shows(hours in hours(), at in instant()) {
        prop_assume!(!clocks_change(hours.time_zone().zone(), at, at));
        prop_assert_eq!(hours.is_open(at), shown_inside(&hours, at));
    }

    #[test]
    fn hours_survive_json(hours in hours()) {
        let text = serde_json::to_string(&hours).unwrap();
        prop_assert_eq!(serde_json::from_str::<OfficeHours>(&text).unwrap(), hours);
    }

    #[test]
    fn any_text_is_refused_or_kept_without_a_panic(
        zone in "\\PC{0,20}", day in "\\PC{0,5}", from in "\\PC{0,6}", to in "[0-9:]{0,6}",
    ) {
        let raw = RawHours { time_zone: zone, windows: vec![RawWindow { day, from, to }], ..RawHours::default() };
        if let Ok(hours) = OfficeHours::new(&raw) {
            prop_assert_eq!(RawHours::from(hours), raw);
        }
    }

    #[test]
    fn windows_overlap_exactly_when_they_share_a_minute_of_the_week(
        a in (0_usize..7, 0_u16..1440, 0_u16..=1440), b in (0_usize..7, 0_u16..1440, 0_u16..=1440),
    ) {
        prop_assume!(a.1 != a.2 && b.1 != b.2);
        let minutes = |(day, from, to): (usize, u16, u16)| {
            let start = day * 1440 + usize::from(from);
            let end = day * 1440 + usize::from(to) + if to < from { 1440 } else { 0 };
            let mut week = vec![false; 10_080];
            (start..end).for_each(|minute| week[minute % 10_080] = true);
            week
        };
        let share = minutes(a).into_iter().zip(minutes(b)).any(|(a, b)| a && b);
        prop_assert_eq!(hours_of(ZONES[0], vec![a, b]).windows().len() == 1, share);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_next_opening_is_open_and_nothing_before_it_is(hours in hours(), at in instant()) {
        let Some(opening) = hours.next_opening(at) else {
            prop_assert!(hours.is_empty());
            return Ok(());
        };
        prop_assert!(opening >= at && hours.is_open(opening));
        prop_assert!(hours.closed_throughout(at, opening - SignedDuration::from_nanos(1)) || opening == at);
        prop_assert!(!hours.closed_throughout(at, opening));
        prop_assume!(!clocks_change(hours.time_zone().zone(), at, opening));
        let mut walker = at;
        while walker < opening {
            prop_assert!(!shown_inside(&hours, walker), "{}", walker);
            walker += MINUTE;
        }
        prop_assert!(shown_inside(&hours, opening));
    }

    #[test]
    fn office_minutes_are_counted_exactly(hours in hours(), at in instant(), minutes in 1_u32..600) {
        let at = Timestamp::from_second(at.as_second() / 60 * 60).unwrap();
        let Some(reached) = hours.after_office_minutes(at, minutes) else {
            return Ok(());
        };
        prop_assume!(!clocks_change(hours.time_zone().zone(), at, reached));
        let mut counted = 0;
        let mut walker = at;
        while walker < reached {
            counted += u32::from(shown_inside(&hours, walker));
            walker += MINUTE;
        }
        prop_assert_eq!((walker, counted), (reached, minutes));
        prop_assert!(shown_inside(&hours, reached - MINUTE), "no earlier instant has as many");
        // Whatever part of a minute one starts in, one ends in.
        let later = at + SignedDuration::from_millis(1_250);
        let shift = hours.after_office_minutes(later, minutes).unwrap() - reached;
        prop_assert!(shift >= SignedDuration::ZERO);
    }

    #[test]
    fn a_closed_period_has_no_open_instant(hours in hours(), at in instant(), minutes in 0_i64..5_000) {
        let to = at + SignedDuration::from_mins(minutes);
        let closed = hours.closed_throughout(at, to);
        prop_assert_eq!(closed, hours.closed_throughout(to, at));
        prop_assume!(!clocks_change(hours.time_zone().zone(), at, to));
        // Windows start and end on full minutes, so the minutes between tell all the rest.
        let first = Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap();
        let mut walker = first + MINUTE;
        let mut open = shown_inside(&hours, at) || shown_inside(&hours, to);
        while !open && walker <= to {
            open = shown_inside(&hours, walker);
            walker += MINUTE;
        }
        prop_assert_eq!(closed, !open);
    }
}

/// What each minute of a few days is by definition, whatever the clocks do: a window has started
/// once the clock has shown its start or later, and is over once the clock will never again show a
/// time before its end.
fn open_minutes(hours: &OfficeHours, from: Timestamp, minutes: usize) -> Vec<(Timestamp, bool)> {
    let zone = hours.time_zone().zone();
    let instants: Vec<Timestamp> =
        std::iter::successors(Some(from), |at| Some(*at + MINUTE)).take(minutes).collect();
    let shown: Vec<DateTime> = instants.iter().map(|at| zone.to_datetime(*at)).collect();
    let latest_so_far = shown.iter().scan(DateTime::MIN, |latest, shown| {
        *latest = (*latest).max(*shown);
        Some(*latest)
    });
    let mut earliest_from_here: Vec<DateTime> = shown
        .iter()
        .rev()
        .scan(DateTime::MAX, |earliest, shown| {
            *earliest = (*earliest).min(*shown);
            Some(*earliest)
        })
        .collect();
    earliest_from_here.reverse();

    let midnight = |days: i64| shown[0].date().saturating_add(days.days()).at(0, 0, 0, 0);
    let spans: Vec<(DateTime, DateTime)> = (-2..=i64::try_from(minutes / 1440).unwrap() + 2)
        .flat_map(|day| {
            let midnight = midnight(day);
            let weekday = Weekday::from(midnight.weekday());
            let of_day = hours.windows().iter().filter(move |window| window.day() == weekday);
            of_day.map(move |window| {
                let from = i64::from(window.from().minutes());
                let to = i64::from(window.to().minutes());
                let to = if to <= from { to + 1440 } else { to };
                (midnight.saturating_add(from.minutes()), midnight.saturating_add(to.minutes()))
            })
        })
        .collect();
    let open = |latest, earliest| spans.iter().any(|(from, to)| *from <= latest && earliest < *to);
    instants
        .into_iter()
        .zip(latest_so_far.zip(earliest_from_here))
        .map(|(at, (latest, earliest))| (at, open(latest, earliest)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Changes of every kind: an hour at night, an hour at midnight, half an hour, over midnight,
    /// two hours, a whole date, and none where there used to be one.
    #[test]
    fn the_answers_hold_over_changes_of_clocks(
        (zone, change) in prop::sample::select(&[
            ("America/Toronto", "2026-11-01T06:00Z"),
            ("America/Toronto", "2027-03-14T07:00Z"),
            ("America/Vancouver", "2026-11-01T09:00Z"),
            ("America/Santiago", "2026-09-06T04:00Z"),
            ("America/Santiago", "2026-04-05T03:00Z"),
            ("America/St_Johns", "2010-11-07T02:31Z"),
            ("America/St_Johns", "2010-03-14T03:31Z"),
            ("Australia/Lord_Howe", "2026-04-04T15:00Z"),
            ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
            ("Antarctica/Troll", "2026-10-25T01:00Z"),
            ("Antarctica/Troll", "2026-03-29T01:00Z"),
            ("Pacific/Apia", "2011-12-30T10:00Z"),
        ][..]),
        windows in prop_oneof![windows(), windows_at_night(), windows_at_night()],
    ) {
        let hours = hours_of(zone, windows);
        let from = change.parse::<Timestamp>().unwrap() - SignedDuration::from_hours(72);
        let by_definition = open_minutes(&hours, from, 144 * 60);
        // Windows at the far ends of the walk do not see the whole of their own days.
        let inner = &by_definition[30 * 60..114 * 60];
        let mut counted = 0;
        for (at, open) in inner {
            prop_assert_eq!(hours.is_open(*at), *open, "{} {}", zone, at);
            counted += u32::from(*open);
        }
        let first_open = inner.iter().find(|(_, open)| *open).map(|(at, _)| *at);
        let next = hours.next_opening(inner[0].0).filter(|opening| *opening <= inner[inner.len() - 1].0);
        prop_assert_eq!(next, first_open);
        if let Some((last_open, _)) = inner.iter().rfind(|(_, open)| *open) {
            prop_assert_eq!(
                hours.after_office_minutes(inner[0].0, counted),
                Some(*last_open + MINUTE)
            );
        }
    }
}
