use super::*;

#[test]
fn a_week_without_windows_never_opens() {
    let never = hours("America/Toronto", &[]);
    assert!(never.is_empty());
    let now = at("2026-11-25T15:00Z");
    assert!(!never.is_open(now));
    assert_eq!(never.next_opening(now), None);
    assert!(never.closed_throughout(now, at("2126-11-25T15:00Z")));
    assert_eq!(never.after_office_minutes(now, 1), None);
    assert_eq!(never.after_office_minutes(now, 0), Some(now));
}

#[test]
fn a_window_is_open_at_its_start_and_closed_at_its_end() {
    let hours = nine_to_five("America/Toronto");
    for (instant, open) in [
        ("2026-11-25T13:59:59.999999999Z", false),
        ("2026-11-25T14:00:00Z", true),
        ("2026-11-25T21:59:59.999999999Z", true),
        ("2026-11-25T22:00:00Z", false),
    ] {
        assert_eq!(hours.is_open(at(instant)), open, "{instant}");
    }
}

#[test]
fn a_whole_day_is_open_up_to_the_next() {
    let hours = hours("America/Toronto", &["wed 00:00-24:00"]);
    for (time, open) in [
        ("2026-11-24T23:59:59", false),
        ("2026-11-25T00:00", true),
        ("2026-11-25T23:59:59", true),
        ("2026-11-26T00:00", false),
    ] {
        assert_eq!(hours.is_open(local(&hours, time)), open, "{time}");
    }
}

#[test]
fn oh_04_a_window_over_midnight_belongs_to_the_day_it_starts() {
    let tuesday = hours("America/Toronto", &["tue 22:00-02:00"]);
    for (time, open) in [
        ("2026-11-24T01:30", false),
        ("2026-11-24T21:59:59", false),
        ("2026-11-24T22:00", true),
        ("2026-11-25T00:00", true),
        ("2026-11-25T01:59:59", true),
        ("2026-11-25T02:00", false),
        ("2026-11-25T22:00", false),
    ] {
        assert_eq!(tuesday.is_open(local(&tuesday, time)), open, "{time}");
    }
    // Over the end of the week, of the month and of the year.
    let sunday = hours("America/Toronto", &["sun 22:00-02:00"]);
    for (time, open) in
        [("2026-11-22T01:30", false), ("2026-11-30T01:59:59", true), ("2026-11-30T02:00", false)]
    {
        assert_eq!(sunday.is_open(local(&sunday, time)), open, "{time}");
    }
    let new_year = hours("America/Toronto", &["thu 22:00-02:00"]);
    assert!(new_year.is_open(local(&new_year, "2027-01-01T01:59")));
    // To midnight, said either way.
    for to in ["00:00", "24:00"] {
        let evening = hours("America/Toronto", &[&format!("tue 22:00-{to}")]);
        assert!(evening.is_open(local(&evening, "2026-11-24T23:59:59")));
        assert!(!evening.is_open(local(&evening, "2026-11-25T00:00")));
    }
}

#[test]
fn oh_06_the_next_opening_uses_the_offset_of_its_own_day() {
    for (zone, written, opening, hour_off) in [
        // Clocks go back over the weekend, and forward.
        ("America/Toronto", "2026-10-30T22:00Z", "2026-11-02T14:00Z", "2026-11-02T13:30Z"),
        ("America/Toronto", "2027-03-12T23:00Z", "2027-03-15T13:00Z", "2027-03-15T21:30Z"),
        ("America/St_Johns", "2026-10-30T21:00Z", "2026-11-02T12:30Z", "2026-11-02T12:00Z"),
        ("Europe/Paris", "2026-10-23T16:00Z", "2026-10-26T08:00Z", "2026-10-26T07:30Z"),
        // The southern half changes the other way.
        ("America/Santiago", "2026-09-04T22:00Z", "2026-09-07T12:00Z", "2026-09-07T20:30Z"),
        // No change, and none invented.
        ("America/Vancouver", "2026-10-31T00:30Z", "2026-11-02T16:00Z", "2026-11-03T00:30Z"),
        ("America/Regina", "2026-10-30T23:30Z", "2026-11-02T15:00Z", "2026-11-02T14:30Z"),
    ] {
        let hours = nine_to_five(zone);
        assert!(!hours.is_open(at(written)), "{zone}");
        assert_eq!(hours.next_opening(at(written)), Some(at(opening)), "{zone}");
        assert!(!hours.is_open(at(hour_off)), "{zone}");
    }
}

#[test]
fn oh_07_a_midnight_that_does_not_exist_opens_at_the_change() {
    let sunday = hours("America/Santiago", &["sun 00:00-08:00"]);
    assert!(!sunday.is_open(at("2026-09-06T03:59:59Z")));
    assert!(sunday.is_open(at("2026-09-06T04:00:00Z")));
    assert_eq!(sunday.next_opening(at("2026-09-06T03:00Z")), Some(at("2026-09-06T04:00Z")));
    assert!(sunday.is_open(at("2026-09-06T10:59:59Z")));
    assert!(!sunday.is_open(at("2026-09-06T11:00:00Z")));
    // A Saturday that ends at that midnight, and one whose last hour comes twice.
    let saturday = hours("America/Santiago", &["sat 20:00-24:00"]);
    assert!(saturday.is_open(at("2026-09-06T03:59:59Z")));
    assert!(!saturday.is_open(at("2026-09-06T04:00:00Z")));
    assert_eq!(
        saturday.after_office_minutes(at("2026-04-04T23:00Z"), 300),
        Some(at("2026-04-05T04:00Z"))
    );
    assert!(!saturday.is_open(at("2026-04-05T04:00Z")));
}

#[test]
fn oh_07_an_ambiguous_time_is_open_both_times() {
    let twice = hours("America/Toronto", &["sun 01:00-02:00"]);
    for (instant, open) in [
        ("2026-11-01T04:59:59Z", false),
        ("2026-11-01T05:00:00Z", true),
        ("2026-11-01T05:30:00Z", true),
        ("2026-11-01T06:30:00Z", true),
        ("2026-11-01T06:59:59Z", true),
        ("2026-11-01T07:00:00Z", false),
    ] {
        assert_eq!(twice.is_open(at(instant)), open, "{instant}");
    }
    // A start takes the first of the two, an end the second.
    let half = hours("America/Toronto", &["sun 01:30-03:00"]);
    assert_eq!(half.next_opening(at("2026-11-01T04:00Z")), Some(at("2026-11-01T05:30Z")));
    let half = hours("America/Toronto", &["sun 00:00-01:30"]);
    assert!(half.is_open(at("2026-11-01T06:29:59Z")));
    assert!(!half.is_open(at("2026-11-01T06:30Z")));
}

#[test]
fn oh_07_a_window_that_ends_where_an_ambiguous_time_begins_has_none_of_it() {
    // The clock shows 01:00 at 05:00Z and again at 06:00Z, and no time before it from 05:00Z on.
    let hours = hours("America/Toronto", &["sun 00:00-01:00"]);
    for (instant, open) in [
        ("2026-11-01T04:59:59Z", true),
        ("2026-11-01T05:00:00Z", false),
        ("2026-11-01T05:30:00Z", false),
        ("2026-11-01T06:30:00Z", false),
    ] {
        assert_eq!(hours.is_open(at(instant)), open, "{instant}");
    }
}

#[test]
fn oh_07_clocks_that_go_back_over_midnight_do_not_hide_a_neighbouring_days_window() {
    // Newfoundland went from Sunday 00:01 back to Saturday 23:01 on 7 November 2010, at 02:31Z.
    let sunday = hours("America/St_Johns", &["sun 00:00-01:00"]);
    for (instant, open) in [
        ("2010-11-07T02:29:59Z", false),
        ("2010-11-07T02:30:00Z", true),
        ("2010-11-07T03:00:00Z", true),
        ("2010-11-07T04:29:59Z", true),
        ("2010-11-07T04:30:00Z", false),
    ] {
        assert_eq!(sunday.is_open(at(instant)), open, "{instant}");
    }
    let friday = hours("America/St_Johns", &["fri 23:58-23:30"]);
    for (instant, open) in [
        ("2010-11-07T02:30:30Z", true),
        ("2010-11-07T02:59:59Z", true),
        ("2010-11-07T03:00:00Z", false),
    ] {
        assert_eq!(friday.is_open(at(instant)), open, "{instant}");
    }
}

#[test]
fn oh_07_windows_that_meet_within_an_ambiguous_hour_are_counted_once() {
    let hours = hours("America/Toronto", &["sun 00:00-01:30", "sun 01:30-03:00"]);
    let (start, end) = (at("2026-11-01T04:00Z"), at("2026-11-01T08:00Z"));
    assert_eq!(hours.open_intervals(start, 1).next(), Some(OpenInterval { start, end }));
    assert_eq!(hours.after_office_minutes(start, 240), Some(end));
}

#[test]
fn oh_07_a_window_that_clocks_skip_is_empty_that_day() {
    let skipped = hours("America/Toronto", &["sun 02:00-03:00"]);
    for minute in 0..180 {
        let instant = at("2027-03-14T06:00Z") + SignedDuration::from_mins(minute);
        assert!(!skipped.is_open(instant), "{instant}");
    }
    let next_sunday = local(&skipped, "2027-03-21T02:00");
    assert_eq!(skipped.next_opening(at("2027-03-14T06:59Z")), Some(next_sunday));
    assert!(skipped.closed_throughout(at("2027-03-14T00:00Z"), at("2027-03-14T23:00Z")));

    let change = at("2027-03-14T07:00Z");
    let partly = hours("America/Toronto", &["sun 02:30-04:00"]);
    assert_eq!(partly.next_opening(at("2027-03-14T00:00Z")), Some(change));
    assert!(!partly.is_open(change - SignedDuration::from_secs(1)));
    assert_eq!(partly.after_office_minutes(change, 60), Some(at("2027-03-14T08:00Z")));
    let ends_inside = hours("America/Toronto", &["sun 01:00-02:30"]);
    assert!(ends_inside.is_open(change - SignedDuration::from_secs(1)));
    assert!(!ends_inside.is_open(change));
}

#[test]
fn oh_07_a_date_that_a_zone_skips_has_no_open_instant() {
    // Samoa went from Thursday 29 to Saturday 31 December 2011.
    let friday = hours("Pacific/Apia", &["fri 09:00-17:00"]);
    assert!(friday.closed_throughout(at("2011-12-29T00:00Z"), at("2012-01-05T12:00Z")));
    let overnight = hours("Pacific/Apia", &["thu 22:00-08:00"]);
    assert!(overnight.is_open(at("2011-12-30T09:59:59Z")));
    assert!(!overnight.is_open(at("2011-12-30T10:00Z")));
}

#[test]
fn the_next_opening_of_an_open_instant_is_itself() {
    let hours = nine_to_five("America/Toronto");
    let inside = at("2026-11-25T15:12:34.5Z");
    assert_eq!(hours.next_opening(inside), Some(inside));
    let closing = at("2026-11-25T22:00Z");
    assert_eq!(hours.next_opening(closing), Some(at("2026-11-26T14:00Z")));
}

#[test]
fn an_office_opens_next_after_it_has_closed() {
    let hours = nine_to_five("America/Toronto");
    let tomorrow = Some(at("2026-11-26T14:00Z"));
    for now in ["2026-11-25T14:00Z", "2026-11-25T15:13Z", "2026-11-25T22:00Z", "2026-11-26T13:59Z"]
    {
        assert_eq!(hours.opens_after(at(now)), tomorrow, "{now}");
    }
    let friday = at("2026-11-27T16:00Z");
    assert_eq!(hours.opens_after(friday), Some(at("2026-11-30T14:00Z")));
    let weekly = super::hours("America/Toronto", &["wed 09:00-17:00"]);
    assert_eq!(weekly.opens_after(at("2026-11-25T15:00Z")), Some(at("2026-12-02T14:00Z")));
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let always: Vec<String> = days.iter().map(|day| format!("{day} 00:00-24:00")).collect();
    let always: Vec<&str> = always.iter().map(String::as_str).collect();
    assert_eq!(super::hours("America/Toronto", &always).opens_after(friday), None);
    assert_eq!(super::hours("America/Toronto", &[]).opens_after(friday), None);
}

#[test]
fn only_a_week_without_a_closed_minute_never_closes() {
    for zone in ["America/Toronto", "Asia/Beirut", "Pacific/Apia", "Australia/Lord_Howe"] {
        let always = always(zone);
        assert!(always.never_closes(), "{zone}");
        // What differs for a day ends.
        let differs = differing(&always, &["2026-12-25"], &["2026-12-28/2026-12-30"]);
        assert!(differs.never_closes(), "{zone}");
        assert!(differs.without(&[days("2026-11-20", "2026-11-30")]).never_closes(), "{zone}");
    }
    let nights_and_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .map(|day| [format!("{day} 08:00-20:00"), format!("{day} 20:00-08:00")])
        .concat();
    let mut windows: Vec<&str> = nights_and_days.iter().map(String::as_str).collect();
    assert!(super::hours("America/Toronto", &windows).never_closes());
    windows.remove(5);
    assert!(!super::hours("America/Toronto", &windows).never_closes());
    assert!(!super::hours("America/Toronto", &[]).never_closes());
    assert!(!nine_to_five("America/Toronto").never_closes());
}

#[test]
fn every_reason_of_a_closed_office_is_told_the_highest_first() {
    use Closed::{Exception, OutsideHours, Vacation};
    let dates = ["2026-11-26", "2026-11-30 10:00-12:00"];
    let hours = differing(&nine_to_five("America/Toronto"), &dates, &["2026-11-26/2026-11-30"]);
    for (instant, reasons) in [
        ("2026-11-25T15:00Z", &[][..]),
        ("2026-11-25T23:00Z", &[OutsideHours]),
        ("2026-11-26T15:00Z", &[Exception, Vacation, OutsideHours]),
        ("2026-11-27T15:00Z", &[Vacation, OutsideHours]),
        ("2026-11-30T14:00Z", &[Exception, Vacation, OutsideHours]),
        ("2026-11-30T15:30Z", &[]),
        ("2026-12-01T03:00Z", &[Exception, Vacation, OutsideHours]),
    ] {
        assert_eq!(hours.reasons_closed(at(instant)), reasons, "{instant}");
        assert_eq!(hours.closed(at(instant)), reasons.first().copied(), "{instant}");
    }
    // The exception has the office open; those who are away have nobody there.
    let away = hours.without(&[days("2026-11-30", "2026-11-30")]);
    assert_eq!(away.reasons_closed(at("2026-11-30T15:30Z")), [Vacation, OutsideHours]);
}

#[test]
fn a_closed_period_ends_at_the_first_open_instant() {
    let hours = nine_to_five("America/Toronto");
    let (closing, opening) = (at("2026-11-25T22:00Z"), at("2026-11-26T14:00Z"));
    let second = SignedDuration::from_secs(1);
    assert!(hours.closed_throughout(closing, opening - second));
    assert!(hours.closed_throughout(opening - second, closing), "in either order");
    assert!(!hours.closed_throughout(closing, opening));
    assert!(!hours.closed_throughout(closing - second, closing));
    assert!(hours.closed_throughout(closing, closing));
    assert!(!hours.closed_throughout(closing, opening + SignedDuration::from_hours(20)));
    assert!(!hours.closed_throughout(closing, at("2126-01-01T00:00Z")));
}

#[test]
fn office_minutes_run_only_while_the_office_is_open() {
    let hours = nine_to_five("America/Toronto");
    for (start, minutes, end) in [
        ("2026-11-25T15:00Z", 60, "2026-11-25T16:00Z"),
        ("2026-11-25T15:00:30Z", 60, "2026-11-25T16:00:30Z"),
        // Written when closed: they start with the opening.
        ("2026-11-25T12:00Z", 60, "2026-11-25T15:00Z"),
        // Just enough before closing, and one minute too many.
        ("2026-11-25T21:00Z", 60, "2026-11-25T22:00Z"),
        ("2026-11-25T21:00Z", 61, "2026-11-26T14:01Z"),
        // Over a weekend, over the change of clocks.
        ("2026-10-30T20:30Z", 60, "2026-11-02T14:30Z"),
        ("2026-11-25T14:00Z", 5 * 8 * 60, "2026-12-01T22:00Z"),
    ] {
        assert_eq!(
            hours.after_office_minutes(at(start), minutes),
            Some(at(end)),
            "{start} {minutes}"
        );
    }
}

#[test]
fn office_minutes_are_real_ones_over_a_change_of_clocks() {
    let night = hours("America/Toronto", &["sun 00:00-06:00"]);
    assert_eq!(
        night.after_office_minutes(at("2026-11-01T04:00Z"), 7 * 60),
        Some(at("2026-11-01T11:00Z"))
    );
    assert_eq!(
        night.after_office_minutes(at("2027-03-14T05:00Z"), 5 * 60),
        Some(at("2027-03-14T10:00Z"))
    );
}

#[test]
fn office_minutes_are_not_looked_for_without_end() {
    let always: Vec<String> =
        Weekday::ALL.iter().map(|day| format!("{} 00:00-24:00", day.as_str())).collect();
    let always = hours("America/Toronto", &always.iter().map(String::as_str).collect::<Vec<_>>());
    let start = at("2026-11-25T15:00Z");
    let days = 400 * 24 * 60;
    let expected = start + SignedDuration::from_mins(i64::from(days));
    assert_eq!(always.after_office_minutes(start, days), Some(expected));
    assert_eq!(always.after_office_minutes(start, u32::MAX), None);
    let rare = hours("America/Toronto", &["sun 03:00-03:01"]);
    assert!(rare.after_office_minutes(start, 57).is_some());
    assert_eq!(rare.after_office_minutes(start, 60), None);
}

#[test]
fn the_ends_of_time_do_not_panic() {
    let hours = nine_to_five("America/Toronto");
    for instant in [Timestamp::MIN, Timestamp::MAX] {
        hours.is_open(instant);
        hours.next_opening(instant);
        hours.after_office_minutes(instant, u32::MAX);
        assert!(hours.closed_throughout(instant, instant) != hours.is_open(instant));
    }
    assert!(!hours.closed_throughout(Timestamp::MIN, Timestamp::MAX));
}
