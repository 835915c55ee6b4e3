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

fn minute_of_day(last: u16) -> impl Strategy<Value = u16> {
    prop_oneof![(0..=last / 60).prop_map(|h| h * 60), 0..=last]
}

/// Up to 12 windows on full or quarter hours, or anywhere, so that some touch and some do not.
fn windows() -> impl Strategy<Value = Vec<(usize, u16, u16)>> {
    prop::collection::vec((0_usize..7, minute_of_day(1439), minute_of_day(1440)), 0..12)
}

/// What differs from the week: how many days after some date, and with which windows or how long.
#[derive(Clone, Debug, Default)]
struct Differing {
    exceptions: Vec<(i64, Vec<(u16, u16)>)>,
    vacations: Vec<(i64, i64)>,
    away: Vec<(i64, i64)>,
}

/// Nothing, or a few dates in the week around some date.
fn differing() -> impl Strategy<Value = Differing> {
    let times = prop::collection::vec((minute_of_day(1439), minute_of_day(1440)), 0..4);
    let exceptions = prop::collection::vec((-3_i64..6, times), 0..4);
    let days = || prop::collection::vec((-4_i64..6, 0_i64..3), 0..2);
    let some = (exceptions, days(), days()).prop_map(|(exceptions, vacations, away)| Differing {
        exceptions,
        vacations,
        away,
    });
    prop_oneof![1 => Just(Differing::default()), 2 => some]
}

impl Differing {
    /// The hours with these dates around `base`, as far as the rules take them.
    fn on(&self, hours: OfficeHours, base: Date) -> OfficeHours {
        let day = |days: i64| base.saturating_add(days.days());
        let span = |(first, more): &(i64, i64)| Days::new(day(*first), day(first + more)).unwrap();
        let mut raw = RawHours::from(hours);
        raw.vacations = self.vacations.iter().map(|days| span(days).into()).collect();
        for (days, times) in &self.exceptions {
            let date = day(*days).to_string();
            raw.exceptions.push(RawException { date, name: None, windows: Vec::new() });
            if OfficeHours::new(&raw).is_err() {
                raw.exceptions.pop();
                continue;
            }
            for (from, to) in times {
                let windows = &mut raw.exceptions.last_mut().unwrap().windows;
                windows.push(RawTimes { from: time(*from), to: time(*to) });
                if OfficeHours::new(&raw).is_err() {
                    raw.exceptions.last_mut().unwrap().windows.pop();
                }
            }
        }
        let away: Vec<Days> = self.away.iter().map(span).collect();
        OfficeHours::new(&raw).unwrap().without(&away)
    }
}

/// Windows that start or end in the hours in which clocks change, on any day.
fn windows_at_night() -> impl Strategy<Value = Vec<(usize, u16, u16)>> {
    let time = || prop_oneof![0_u16..16, 88_u16..96].prop_map(|quarter| quarter * 15);
    let window = (prop::sample::select(&[3_usize, 4, 5, 5, 6, 6, 6, 0][..]), time(), time());
    prop::collection::vec(window, 1..12)
}

/// Hours, and an instant near which some dates differ from the week.
fn hours_at() -> impl Strategy<Value = (OfficeHours, Timestamp)> {
    let zone = prop::sample::select(&ZONES[..]);
    (zone, windows(), differing(), instant()).prop_map(|(zone, windows, differing, at)| {
        let hours = hours_of(zone, windows);
        let date = hours.time_zone().zone().to_datetime(at).date();
        (differing.on(hours, date), at)
    })
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

/// The windows of a date by definition, in minutes from its 00:00 on, and whether it is one of the
/// week's. Of any other date, all there is lies between 00:00 and 24:00 but for what it begins itself.
fn of_date(hours: &OfficeHours, date: Date) -> (Vec<(i64, i64)>, bool) {
    let within =
        |days: &[Days]| days.iter().any(|days| days.first() <= date && date <= days.last());
    let minutes = |window: &Window| {
        let (from, to) = (i64::from(window.from().minutes()), i64::from(window.to().minutes()));
        (from, if to <= from { to + 1440 } else { to })
    };
    let exception = hours.exceptions().iter().find(|exception| exception.date == date);
    match exception {
        _ if within(&hours.away) => (Vec::new(), false),
        Some(exception) => (exception.windows().iter().map(minutes).collect(), false),
        None if within(hours.vacations()) => (Vec::new(), false),
        None => {
            let position = date.weekday().to_monday_zero_offset();
            let day = Weekday::ALL[usize::try_from(position).unwrap()];
            let of_week = hours.windows().iter().filter(|window| window.day() == day);
            (of_week.map(minutes).collect(), true)
        }
    }
}

/// Away from changes of clocks: what the wall clock shows is inside a window of its date, or, if that
/// is one of the week's, of the date before.
fn shown_inside(hours: &OfficeHours, at: Timestamp) -> bool {
    let shown = hours.time_zone().zone().to_datetime(at);
    let now = i64::from(shown.hour()) * 60 + i64::from(shown.minute());
    let inside =
        |windows: &[(i64, i64)], now| windows.iter().any(|(from, to)| (*from..*to).contains(&now));
    let (today, is_of_week) = of_date(hours, shown.date());
    let (yesterday, _) = of_date(hours, shown.date().yesterday().unwrap());
    inside(&today, now) || is_of_week && inside(&yesterday, now + 1440)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn is_open_agrees_with_what_the_clock_shows((hours, at) in hours_at()) {
        prop_assume!(!clocks_change(hours.time_zone().zone(), at, at));
        prop_assert_eq!(hours.is_open(at), shown_inside(&hours, at));
    }

    #[test]
    fn hours_survive_json((hours, _) in hours_at()) {
        let text = serde_json::to_string(&hours).unwrap();
        // Who is away is no part of what a clinic stores.
        prop_assert_eq!(serde_json::from_str::<OfficeHours>(&text).unwrap(), hours.without(&[]));
    }

    #[test]
    fn a_closed_office_is_so_for_the_highest_reason((hours, at) in hours_at()) {
        prop_assume!(!clocks_change(hours.time_zone().zone(), at, at));
        let date = hours.time_zone().zone().to_datetime(at).date();
        let within = |days: &[Days]| days.iter().any(|days| days.contains(date));
        let is_dated = hours.exceptions().iter().any(|exception| exception.date == date);
        let expected = if shown_inside(&hours, at) {
            None
        } else if is_dated && !shown_inside(&hours.without(&[]), at) {
            Some(Closed::Exception)
        } else if within(&hours.away) || !is_dated && within(hours.vacations()) {
            Some(Closed::Vacation)
        } else {
            Some(Closed::OutsideHours)
        };
        prop_assert_eq!(hours.closed(at), expected);
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
    fn the_next_opening_is_open_and_nothing_before_it_is((hours, at) in hours_at()) {
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
    fn office_minutes_are_counted_exactly((hours, at) in hours_at(), minutes in 1_u32..600) {
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
    fn a_closed_period_has_no_open_instant((hours, at) in hours_at(), minutes in 0_i64..5_000) {
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

    let first = shown[0].date();
    let spans: Vec<(DateTime, DateTime)> = (-2..=i64::try_from(minutes / 1440).unwrap() + 2)
        .flat_map(|day| {
            let date = first.saturating_add(day.days());
            let reaches_on = of_date(hours, date.tomorrow().unwrap()).1;
            of_date(hours, date).0.into_iter().map(move |(from, to)| {
                let to = if reaches_on { to } else { to.min(1440) };
                let midnight = date.at(0, 0, 0, 0);
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
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

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
        differing in differing(),
    ) {
        let hours = hours_of(zone, windows);
        let change = change.parse::<Timestamp>().unwrap();
        let date = hours.time_zone().zone().to_datetime(change).date();
        let hours = differing.on(hours, date);
        let from = change - SignedDuration::from_hours(72);
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
