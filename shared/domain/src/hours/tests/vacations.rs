//! Days on which the clinic, or all of the staff of a conversation, are away.

use super::*;

use Closed::{Exception as Dated, OutsideHours, Vacation};

const OPEN: Option<Closed> = None;

#[test]
fn the_first_and_the_last_day_of_a_vacation_are_whole() {
    let vacation = ["2027-07-05/2027-07-16"];
    let hours = differing(&always("America/Toronto"), &[], &vacation);
    check(
        &hours,
        &[
            ("2027-07-04T23:59:59", OPEN),
            ("2027-07-05T00:00", Some(Vacation)),
            ("2027-07-10T12:00", Some(Vacation)),
            ("2027-07-16T23:59:59", Some(Vacation)),
            ("2027-07-17T00:00", OPEN),
        ],
    );
    assert_eq!(opens(&hours, "2027-07-05T00:00"), "2027-07-17T00:00:00");
    assert_eq!(hours.opens_after(local(&hours, "2027-07-01T00:00")), {
        let end = local(&hours, "2027-07-17T00:00");
        Some(end)
    });
    // Of one day.
    let one = differing(&always("America/Toronto"), &[], &["2027-07-05/2027-07-05"]);
    check(&one, &[("2027-07-05T23:59:59", Some(Vacation)), ("2027-07-06T00:00", OPEN)]);
}

#[test]
fn a_vacation_over_a_change_of_clocks_is_as_long_as_its_days_are() {
    for (zone, vacation, start, end) in [
        ("America/Toronto", "2026-10-30/2026-11-01", "2026-10-30T04:00Z", "2026-11-02T05:00Z"),
        ("America/Toronto", "2026-11-01/2026-11-01", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
        ("America/Toronto", "2027-03-13/2027-03-14", "2027-03-13T05:00Z", "2027-03-15T04:00Z"),
        // It begins, and ends, at a midnight that does not exist, and at one after an hour that
        // comes twice.
        ("America/Santiago", "2026-09-06/2026-09-06", "2026-09-06T04:00Z", "2026-09-07T03:00Z"),
        ("America/Santiago", "2026-09-05/2026-09-05", "2026-09-05T04:00Z", "2026-09-06T04:00Z"),
        ("America/Santiago", "2026-04-04/2026-04-04", "2026-04-04T03:00Z", "2026-04-05T04:00Z"),
        // None, since 2026.
        ("America/Vancouver", "2026-11-01/2026-11-01", "2026-11-01T07:00Z", "2026-11-02T07:00Z"),
    ] {
        let hours = differing(&always(zone), &[], &[vacation]);
        let (start, end) = (at(start), at(end));
        let second = SignedDuration::from_secs(1);
        for (instant, closed) in [
            (start - second, OPEN),
            (start, Some(Vacation)),
            (end - second, Some(Vacation)),
            (end, OPEN),
        ] {
            assert_eq!(hours.closed(instant), closed, "{zone} {vacation} {instant}");
        }
        assert_eq!(hours.next_opening(start), Some(end), "{zone} {vacation}");
        assert!(hours.closed_throughout(start, end - second));
    }
}

#[test]
fn a_night_before_a_vacation_ends_at_midnight_and_none_reaches_out_of_it() {
    let hours = differing(&nights(), &[], &["2027-07-05/2027-07-06"]);
    check(
        &hours,
        &[
            ("2027-07-04T23:59:59", OPEN),
            ("2027-07-05T00:00", Some(Vacation)),
            ("2027-07-06T23:59:59", Some(Vacation)),
            ("2027-07-07T00:00", Some(OutsideHours)),
            ("2027-07-07T05:00", Some(OutsideHours)),
            ("2027-07-07T22:00", OPEN),
        ],
    );
}

#[test]
fn a_weekend_holidays_and_a_vacation_in_a_row_are_one_closed_period() {
    let week = nine_to_five("America/Toronto");
    let exceptions = ["2026-12-24 09:00-12:00", "2026-12-25", "2027-01-01"];
    let hours = differing(&week, &exceptions, &["2026-12-28/2026-12-31"]);
    let (closing, opening) = (local(&hours, "2026-12-24T12:00"), local(&hours, "2027-01-04T09:00"));
    let second = SignedDuration::from_secs(1);
    assert_eq!(hours.next_opening(closing), Some(opening));
    assert!(hours.closed_throughout(closing, opening - second));
    assert!(!hours.closed_throughout(closing - second, opening - second));
    assert!(!hours.closed_throughout(closing, opening));
    check(
        &hours,
        &[
            ("2026-12-24T13:00", Some(Dated)),
            ("2026-12-25T13:00", Some(Dated)),
            ("2026-12-26T13:00", Some(OutsideHours)),
            ("2026-12-28T13:00", Some(Vacation)),
            ("2027-01-01T13:00", Some(Dated)),
            ("2027-01-02T13:00", Some(OutsideHours)),
        ],
    );
}

#[test]
fn the_longest_vacation_that_can_be_said_has_an_end() {
    let hours = differing(&nine_to_five("America/Toronto"), &[], &["2026-11-26/2029-11-25"]);
    assert_eq!(opens(&hours, "2026-11-25T17:00"), "2029-11-26T09:00:00");
    // What is kept from years ago, or was stored by hand, has no end that could be missed.
    let past =
        differing(&nine_to_five("America/Toronto"), &["2020-07-01"], &["2001-01-01/2019-01-01"]);
    assert_eq!(opens(&past, "2026-11-25T17:00"), "2026-11-26T09:00:00");
}

#[test]
fn an_open_office_whose_staff_are_all_away_is_in_vacation_for_them() {
    let week = nine_to_five("America/Toronto");
    let here = differing(&week, &["2026-11-26 09:00-12:00"], &[]);
    let away = here.without(&[days("2026-11-25", "2026-11-26")]);
    check(&here, &[("2026-11-25T10:00", OPEN), ("2026-11-26T10:00", OPEN)]);
    check(
        &away,
        &[
            ("2026-11-24T16:59:59", OPEN),
            ("2026-11-24T17:00", Some(OutsideHours)),
            // Whole days, whatever the office's hours are.
            ("2026-11-25T00:00", Some(Vacation)),
            ("2026-11-25T10:00", Some(Vacation)),
            ("2026-11-25T20:00", Some(Vacation)),
            // When the date has the office open, it is they who are not there.
            ("2026-11-26T08:00", Some(Dated)),
            ("2026-11-26T10:00", Some(Vacation)),
            ("2026-11-26T12:00", Some(Dated)),
            ("2026-11-27T00:00", Some(OutsideHours)),
            ("2026-11-27T09:00", OPEN),
        ],
    );
    assert_eq!(opens(&away, "2026-11-24T17:00"), "2026-11-27T09:00:00");
    // A holiday on which the office is closed anyway is a holiday.
    let holiday =
        differing(&week, &["2026-11-26"], &[]).without(&[days("2026-11-25", "2026-11-26")]);
    check(&holiday, &[("2026-11-26T10:00", Some(Dated))]);
    // The clinic's own hours are what is stored.
    assert_eq!(RawHours::from(away), RawHours::from(here));
}

#[test]
fn a_night_ends_where_all_are_away_from() {
    let away = nights().without(&[days("2026-11-25", "2026-11-25")]);
    check(
        &away,
        &[
            ("2026-11-24T23:59:59", OPEN),
            ("2026-11-25T00:00", Some(Vacation)),
            ("2026-11-25T23:00", Some(Vacation)),
            ("2026-11-26T03:00", Some(OutsideHours)),
            ("2026-11-26T22:00", OPEN),
        ],
    );
}

#[test]
fn whoever_is_back_first_ends_it_for_all() {
    let week = nine_to_five("America/Toronto");
    let first = [days("2026-11-23", "2026-11-25")];
    let second = [days("2026-11-24", "2026-11-30")];
    let hours = week.without(&all_away([&first[..], &second[..]]));
    check(
        &hours,
        &[
            ("2026-11-23T10:00", OPEN),
            ("2026-11-24T10:00", Some(Vacation)),
            ("2026-11-25T10:00", Some(Vacation)),
            ("2026-11-26T10:00", OPEN),
        ],
    );
    // One who has no vacation is always there.
    let hours = week.without(&all_away([&first[..], &second[..], &[]]));
    check(&hours, &[("2026-11-24T10:00", OPEN)]);
}
