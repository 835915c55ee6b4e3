//! Dates with hours of their own.

use super::*;

use Closed::{Exception as Dated, OutsideHours, Vacation};

const OPEN: Option<Closed> = None;

#[test]
fn oh_10_the_hours_of_a_date_stand_in_the_place_of_the_weeks() {
    let week = nine_to_five("America/Toronto");
    let hours = differing(&week, &["2026-12-24 09:00-12:00", "2026-12-19 10:00-12:00"], &[]);
    check(
        &hours,
        &[
            ("2026-12-24T08:59:59", Some(Dated)),
            ("2026-12-24T09:00", OPEN),
            ("2026-12-24T11:59:59", OPEN),
            ("2026-12-24T12:00", Some(Dated)),
            ("2026-12-24T16:59", Some(Dated)),
            ("2026-12-24T23:59:59", Some(Dated)),
            ("2026-12-25T00:00", Some(OutsideHours)),
            ("2026-12-25T09:00", OPEN),
            // A Saturday, on which the week has none.
            ("2026-12-19T00:00", Some(Dated)),
            ("2026-12-19T09:59", Some(Dated)),
            ("2026-12-19T10:00", OPEN),
            ("2026-12-19T11:59", OPEN),
            ("2026-12-19T12:00", Some(Dated)),
            ("2026-12-26T10:00", Some(OutsideHours)),
        ],
    );
    assert_eq!(opens(&hours, "2026-12-18T17:00"), "2026-12-19T10:00:00");
    assert_eq!(opens(&hours, "2026-12-19T12:00"), "2026-12-21T09:00:00");
    assert_eq!(opens(&hours, "2026-12-24T12:00"), "2026-12-25T09:00:00");
}

#[test]
fn a_holiday_is_closed_all_day_and_the_next_opening_skips_it() {
    let hours = differing(&nine_to_five("America/Toronto"), &["2026-12-25", "2026-12-28"], &[]);
    check(
        &hours,
        &[
            ("2026-12-24T16:59:59", OPEN),
            ("2026-12-24T17:00", Some(OutsideHours)),
            ("2026-12-24T23:59:59", Some(OutsideHours)),
            ("2026-12-25T00:00", Some(Dated)),
            ("2026-12-25T10:00", Some(Dated)),
            ("2026-12-26T00:00", Some(OutsideHours)),
            ("2026-12-28T10:00", Some(Dated)),
            ("2026-12-29T09:00", OPEN),
        ],
    );
    assert_eq!(opens(&hours, "2026-12-24T17:00"), "2026-12-29T09:00:00");
    // No minute of a holiday is a minute of office time.
    let thursday = local(&hours, "2026-12-24T16:30");
    assert_eq!(hours.after_office_minutes(thursday, 60), Some(local(&hours, "2026-12-29T09:30")));
}

#[test]
fn a_date_can_have_several_windows_in_any_order() {
    let week = nine_to_five("America/Toronto");
    let hours = differing(&week, &["2026-12-24 13:00-15:00 08:00-12:00 15:00-16:00"], &[]);
    check(
        &hours,
        &[
            ("2026-12-24T07:59", Some(Dated)),
            ("2026-12-24T08:00", OPEN),
            ("2026-12-24T12:00", Some(Dated)),
            ("2026-12-24T13:00", OPEN),
            ("2026-12-24T15:00", OPEN),
            ("2026-12-24T16:00", Some(Dated)),
        ],
    );
    assert_eq!(opens(&hours, "2026-12-24T12:00"), "2026-12-24T13:00:00");
    let noon = local(&hours, "2026-12-24T11:00");
    assert_eq!(hours.after_office_minutes(noon, 240), Some(local(&hours, "2026-12-24T16:00")));
}

#[test]
fn a_date_can_be_open_all_of_it_up_to_midnight() {
    let week = nine_to_five("America/Toronto");
    let hours = differing(&week, &["2026-12-25 00:00-24:00", "2026-12-27 00:00-23:59"], &[]);
    check(
        &hours,
        &[
            ("2026-12-24T23:59:59", Some(OutsideHours)),
            ("2026-12-25T00:00", OPEN),
            ("2026-12-25T23:59:59", OPEN),
            ("2026-12-26T00:00", Some(OutsideHours)),
            // 23:59 is a minute earlier.
            ("2026-12-27T23:58:59", OPEN),
            ("2026-12-27T23:59", Some(Dated)),
            ("2026-12-28T00:00", Some(OutsideHours)),
        ],
    );
}

#[test]
fn a_night_ends_at_the_midnight_before_a_date_and_none_begins_on_it() {
    // A Wednesday that is closed, between two nights.
    let hours = differing(&nights(), &["2026-12-02"], &[]);
    check(
        &hours,
        &[
            ("2026-12-01T05:59:59", OPEN),
            ("2026-12-01T22:00", OPEN),
            ("2026-12-01T23:59:59", OPEN),
            ("2026-12-02T00:00", Some(Dated)),
            ("2026-12-02T05:00", Some(Dated)),
            ("2026-12-02T22:00", Some(Dated)),
            ("2026-12-02T23:59:59", Some(Dated)),
            // The morning after is a morning without a night before it.
            ("2026-12-03T00:00", Some(OutsideHours)),
            ("2026-12-03T05:59:59", Some(OutsideHours)),
            ("2026-12-03T22:00", OPEN),
            ("2026-12-04T05:59:59", OPEN),
        ],
    );
    assert_eq!(opens(&hours, "2026-12-02T00:00"), "2026-12-03T22:00:00");
    let evening = local(&hours, "2026-12-01T22:00");
    assert_eq!(hours.after_office_minutes(evening, 121), Some(local(&hours, "2026-12-03T22:01")));
    // A night that ends at midnight has nothing to be cut, whichever way it is said.
    for to in ["00:00", "24:00"] {
        let evenings = super::hours("America/Toronto", &[&format!("tue 22:00-{to}")]);
        let hours = differing(&evenings, &["2026-12-02"], &[]);
        check(&hours, &[("2026-12-01T23:59:59", OPEN), ("2026-12-02T00:00", Some(Dated))]);
    }
}

#[test]
fn a_night_that_begins_on_a_date_goes_on_into_the_day_after() {
    let week = nine_to_five("America/Toronto");
    let hours = differing(&week, &["2026-12-02 20:00-04:00", "2026-12-10 22:00-10:00"], &[]);
    check(
        &hours,
        &[
            ("2026-12-02T10:00", Some(Dated)),
            ("2026-12-02T20:00", OPEN),
            ("2026-12-03T00:00", OPEN),
            ("2026-12-03T03:59:59", OPEN),
            ("2026-12-03T04:00", Some(OutsideHours)),
            ("2026-12-03T09:00", OPEN),
            // The other one reaches into the hours of the day after: one opening.
            ("2026-12-11T09:30", OPEN),
            ("2026-12-11T16:59", OPEN),
        ],
    );
    assert_eq!(opens(&hours, "2026-12-03T04:00"), "2026-12-03T09:00:00");
    let night = local(&hours, "2026-12-10T22:00");
    assert_eq!(hours.after_office_minutes(night, 19 * 60), Some(local(&hours, "2026-12-11T17:00")));
}

#[test]
fn each_of_two_dates_in_a_row_is_all_there_is_of_it() {
    let week = nine_to_five("America/Toronto");
    let closed = differing(&week, &["2026-12-02 20:00-04:00", "2026-12-03"], &[]);
    check(
        &closed,
        &[
            ("2026-12-02T23:59:59", OPEN),
            ("2026-12-03T00:00", Some(Dated)),
            ("2026-12-03T03:00", Some(Dated)),
            ("2026-12-03T10:00", Some(Dated)),
            ("2026-12-04T09:00", OPEN),
        ],
    );
    // Two that meet at midnight are one opening.
    let exceptions = ["2026-12-03 00:00-02:00", "2026-12-02 20:00-04:00"];
    let both = differing(&week, &exceptions, &[]);
    check(&both, &[("2026-12-03T01:59:59", OPEN), ("2026-12-03T02:00", Some(Dated))]);
    let evening = local(&both, "2026-12-02T20:00");
    assert_eq!(
        both.open_intervals(evening, 3).next().unwrap(),
        OpenInterval { start: evening, end: local(&both, "2026-12-03T02:00") }
    );
    // Christmas and Boxing Day.
    let holidays = differing(&week, &["2028-12-25", "2028-12-26"], &[]);
    let (friday, wednesday) = ("2028-12-22T17:00", "2028-12-27T09:00");
    let (friday, wednesday) = (local(&holidays, friday), local(&holidays, wednesday));
    assert_eq!(holidays.next_opening(friday), Some(wednesday));
    assert!(holidays.closed_throughout(friday, wednesday - SignedDuration::from_secs(1)));
}

#[test]
fn oh_07_a_date_whose_midnight_does_not_exist_begins_at_the_change() {
    let change = at("2026-09-06T04:00Z");
    let second = SignedDuration::from_secs(1);
    // What the week has on that Sunday, and the night before, makes no difference.
    for windows in [&["sun 00:00-08:00"][..], &[], &["sat 20:00-04:00"]] {
        let week = hours("America/Santiago", windows);
        let closed = differing(&week, &["2026-09-06"], &[]);
        let saturday = closed.closed(change - second);
        assert_eq!(saturday.is_none(), windows == ["sat 20:00-04:00"], "{windows:?}");
        for hour in 0..23 {
            let sunday = change + SignedDuration::from_hours(hour);
            assert_eq!(closed.closed(sunday), Some(Dated), "{windows:?} {sunday}");
        }
        assert_ne!(closed.closed(at("2026-09-07T03:00Z")), Some(Dated), "Monday");

        let open = differing(&week, &["2026-09-06 00:00-08:00"], &[]);
        assert_eq!(open.closed(change), None);
        assert_eq!(open.closed(at("2026-09-06T10:59:59Z")), None);
        assert_eq!(open.closed(at("2026-09-06T11:00Z")), Some(Dated));

        let whole = differing(&week, &["2026-09-06 00:00-24:00"], &[]);
        let intervals = whole.open_intervals(change, 1).next().unwrap();
        assert_eq!(intervals.end, at("2026-09-07T03:00Z"), "{windows:?}");
    }
    // Where the hour before midnight comes twice, the Saturday has both.
    let whole = differing(&hours("America/Santiago", &[]), &["2026-04-04 00:00-24:00"], &[]);
    assert_eq!(whole.closed(at("2026-04-05T03:59:59Z")), None);
    assert_eq!(whole.closed(at("2026-04-05T04:00Z")), Some(OutsideHours));
}

#[test]
fn oh_07_windows_of_a_date_on_which_clocks_change_are_as_those_of_the_week() {
    let never = hours("America/Toronto", &[]);
    // The hour from 1:00 comes twice, and the one from 2:00 not at all.
    let twice = differing(&never, &["2026-11-01 01:00-02:00"], &[]);
    assert_eq!(twice.next_opening(at("2026-11-01T00:00Z")), Some(at("2026-11-01T05:00Z")));
    assert_eq!(
        twice.after_office_minutes(at("2026-11-01T00:00Z"), 120),
        Some(at("2026-11-01T07:00Z"))
    );
    let skipped = differing(&never, &["2027-03-14 02:00-03:00"], &[]);
    assert_eq!(skipped.next_opening(at("2027-03-14T00:00Z")), None);
    assert_eq!(skipped.closed(at("2027-03-14T07:00Z")), Some(Dated));
}

#[test]
fn an_exception_counts_more_than_a_vacation_and_both_more_than_the_week() {
    let week = nine_to_five("America/Toronto");
    let july = ["2027-07-05/2027-07-16"];
    let hours = differing(&week, &["2027-07-08 09:00-12:00", "2027-07-09"], &july);
    check(
        &hours,
        &[
            ("2027-07-02T18:00", Some(OutsideHours)),
            ("2027-07-07T10:00", Some(Vacation)),
            ("2027-07-07T20:00", Some(Vacation)),
            ("2027-07-08T08:00", Some(Dated)),
            ("2027-07-08T09:00", OPEN),
            ("2027-07-08T12:00", Some(Dated)),
            ("2027-07-09T10:00", Some(Dated)),
            ("2027-07-10T10:00", Some(Vacation)),
            ("2027-07-17T10:00", Some(OutsideHours)),
            ("2027-07-19T09:00", OPEN),
        ],
    );
    assert_eq!(opens(&hours, "2027-07-02T17:00"), "2027-07-08T09:00:00");
    assert_eq!(opens(&hours, "2027-07-08T12:00"), "2027-07-19T09:00:00");
    // A night that begins in the vacation by exception ends with its date.
    let night = differing(&week, &["2027-07-08 20:00-04:00"], &july);
    check(&night, &[("2027-07-08T23:59:59", OPEN), ("2027-07-09T00:00", Some(Vacation))]);
}

#[test]
fn a_second_list_of_dates_leaves_those_that_are_there() {
    let week = differing(&nine_to_five("America/Toronto"), &["2026-12-24 09:00-12:00"], &[]);
    let list = ["2026-12-25", "2026-12-24", "2026-12-23", "2026-12-25"];
    let more = list.map(|date| Exception::closed(date.parse().unwrap(), None));
    let hours = week.with_exceptions(more);
    let dates: Vec<_> = hours.exceptions().iter().map(|one| one.date.to_string()).collect();
    assert_eq!(dates, ["2026-12-23", "2026-12-24", "2026-12-25"]);
    check(&hours, &[("2026-12-24T11:00", OPEN), ("2026-12-23T11:00", Some(Dated))]);
    assert_eq!(hours.windows(), week.windows());
}

#[test]
fn an_office_that_opens_by_exception_only_opens_then() {
    let hours = differing(&hours("America/Toronto", &[]), &["2029-05-01 09:00-10:00"], &[]);
    assert!(hours.is_empty());
    let start = local(&hours, "2029-05-01T09:00");
    assert_eq!(hours.next_opening(at("2026-11-25T15:00Z")), Some(start));
    assert_eq!(hours.opens_after(at("2026-11-25T15:00Z")), Some(start));
    assert_eq!(hours.opens_after(start), None);
    assert_eq!(hours.next_opening(local(&hours, "2029-05-01T10:00")), None);
    assert_eq!(hours.exceptions()[0].windows().len(), 1);
}
