use jiff::civil::date;

use super::*;

#[test]
fn a_local_time_is_two_digits_a_colon_and_two_digits() {
    for (text, minutes) in [("00:00", 0), ("09:05", 545), ("23:59", 1439), ("24:00", 1440)] {
        let time = LocalTime::parse(text).unwrap();
        assert_eq!((time.minutes(), time.to_string()), (minutes, text.to_owned()));
    }
    for bad in [
        "",
        "9:00",
        "09:0",
        "09:60",
        "24:01",
        "25:00",
        "99:99",
        "0900",
        "09.00",
        "09:00:00",
        " 09:00",
        "09:00 ",
        "-1:00",
        "+9:00",
        "09:00Z",
        "9:00 AM",
        "٠٩:٠٠",
        "０９:００",
        "0é:00",
    ] {
        assert_eq!(LocalTime::parse(bad), Err(InvalidLocalTime), "{bad:?}");
    }
}

#[test]
fn a_weekday_is_one_of_seven_short_names_in_lower_case() {
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    assert_eq!(Weekday::ALL.map(Weekday::as_str), names);
    for (day, name) in Weekday::ALL.into_iter().zip(names) {
        assert_eq!(Weekday::parse(name), Ok(day));
        assert_eq!(serde_json::to_string(&day).unwrap(), format!("{name:?}"));
        assert_eq!(serde_json::from_str::<Weekday>(&format!("{name:?}")).unwrap(), day);
    }
    for bad in ["", "Mon", "monday", "lun", "mon ", "0", "1"] {
        assert_eq!(Weekday::parse(bad), Err(InvalidWeekday), "{bad:?}");
    }
    // 2026-11-23 is a Monday.
    for (day, expected) in (23..).zip(Weekday::ALL) {
        assert_eq!(Weekday::from(date(2026, 11, day).weekday()), expected);
    }
}

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    let found = problems(
        "EST",
        &[
            "mon 09:00-17:00",
            "monday 9-25:00",
            "tue 08:00-08:00",
            "mon 16:59-18:00",
            "wed 24:00-02:00",
            "sat 00:00-00:00",
            "thu 09:00-17:00",
        ],
    );
    insta::assert_snapshot!(found.join("\n"), @r"
    /timeZone: must name a place, such as America/Toronto, not an abbreviation, an offset or an old name
    /windows/1/day: must be one of mon, tue, wed, thu, fri, sat and sun
    /windows/1/from: must be a time HH:MM from 00:00 to 24:00
    /windows/1/to: must be a time HH:MM from 00:00 to 24:00
    /windows/2: must not end when it starts; a whole day is 00:00 to 24:00
    /windows/3: must not overlap the window at /windows/0
    /windows/4/from: must be before 24:00, which can only end a window
    /windows/5: must not end when it starts; a whole day is 00:00 to 24:00
    ");
}

#[test]
fn windows_that_share_a_minute_are_refused_over_midnight_and_over_the_weeks_end_too() {
    for windows in [
        ["mon 09:00-17:00", "mon 16:59-18:00"],
        ["mon 09:00-17:00", "mon 09:00-17:00"],
        ["mon 09:00-17:00", "mon 10:00-11:00"],
        ["tue 22:00-02:00", "wed 01:59-03:00"],
        ["tue 22:00-02:00", "tue 23:00-23:30"],
        ["sun 22:00-02:00", "mon 00:00-01:00"],
        ["sun 22:00-09:01", "mon 09:00-17:00"],
        ["sun 12:00-11:59", "mon 11:00-12:00"],
        ["mon 00:00-24:00", "mon 23:59-00:00"],
        ["sun 23:00-00:01", "mon 00:00-24:00"],
    ] {
        for order in [windows, [windows[1], windows[0]]] {
            let found = problems("America/Toronto", &order);
            assert_eq!(
                found,
                ["/windows/1: must not overlap the window at /windows/0"],
                "{order:?}"
            );
        }
    }
}

#[test]
fn windows_that_touch_are_one_opening() {
    let split = hours(
        "America/Toronto",
        &["mon 17:00-20:00", "mon 09:00-17:00", "mon 20:00-24:00", "tue 00:00-02:00"],
    );
    let from = local(&split, "2026-11-23T09:00");
    let to = local(&split, "2026-11-24T02:00");
    let intervals: Vec<_> = split.open_intervals(from, 7).take(1).collect();
    assert_eq!(intervals, [OpenInterval { start: from, end: to }]);
    assert!(split.is_open(local(&split, "2026-11-23T17:00")));
    assert!(split.is_open(local(&split, "2026-11-24T00:00")));
    // Sunday to Monday as well.
    let night = hours("America/Toronto", &["sun 20:00-24:00", "mon 00:00-01:00"]);
    let sunday = local(&night, "2026-11-22T20:00");
    assert_eq!(
        night.open_intervals(sunday, 7).next().unwrap().end,
        local(&night, "2026-11-23T01:00")
    );
}

#[test]
fn a_second_window_of_the_day_counts() {
    let hours = hours("America/Toronto", &["mon 13:00-17:00", "mon 09:00-12:00"]);
    let noon = local(&hours, "2026-11-23T12:00");
    assert!(!hours.is_open(noon));
    assert_eq!(hours.next_opening(noon), Some(local(&hours, "2026-11-23T13:00")));
    assert!(hours.is_open(local(&hours, "2026-11-23T16:59")));
}

#[test]
fn fifty_windows_are_allowed_and_one_more_is_not() {
    let windows: Vec<String> = (0..51)
        .map(|n| format!("{} {:02}:00-{:02}:30", Weekday::ALL[n % 7].as_str(), n / 7, n / 7))
        .collect();
    let windows: Vec<&str> = windows.iter().map(String::as_str).collect();
    assert_eq!(hours("America/Toronto", &windows[..50]).windows().len(), MAX_WINDOWS);
    let found = problems("America/Toronto", &windows);
    assert_eq!(found, ["/windows: must not be more than 50 windows"]);
    let many = vec!["bad x-y"; 100_000];
    assert_eq!(problems("nowhere", &many).len(), 2 + 3 * MAX_WINDOWS);
}

#[test]
fn a_refusal_never_repeats_the_refused_value() {
    let window = RawWindow { day: "zq1".into(), from: "zq2".into(), to: "zq3".into() };
    let raw = RawHours { time_zone: "zq4".into(), windows: vec![window], ..RawHours::default() };
    let error = OfficeHours::try_from(raw.clone()).unwrap_err();
    let texts = [
        error.to_string(),
        format!("{error:?}"),
        format!("{raw:?} {:?}", raw.windows),
        serde_json::from_value::<OfficeHours>(serde_json::to_value(&raw).unwrap())
            .unwrap_err()
            .to_string(),
        serde_json::from_str::<Weekday>(r#""zq5""#).unwrap_err().to_string(),
        serde_json::from_str::<LocalTime>(r#""zq6""#).unwrap_err().to_string(),
        serde_json::from_str::<TimeZoneName>(r#""zq7""#).unwrap_err().to_string(),
    ];
    for text in texts {
        assert!(!text.contains("zq"), "{text}");
    }
}

#[test]
fn hours_are_written_and_read_in_one_shape_and_keep_their_order() {
    let text = concat!(
        r#"{"timeZone":"America/Toronto","windows":["#,
        r#"{"day":"tue","from":"22:00","to":"02:00"},"#,
        r#"{"day":"mon","from":"00:00","to":"24:00"}],"#,
        r#""exceptions":[{"date":"2026-12-25","name":"Noël","windows":[]},"#,
        r#"{"date":"2026-12-24","windows":[{"from":"09:00","to":"12:00"}]}],"#,
        r#""vacations":[{"from":"2027-01-02","to":"2027-01-09"}]}"#
    );
    let hours: OfficeHours = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&hours).unwrap(), text);
    let [overnight, whole_day] = hours.windows() else { panic!("two windows") };
    assert_eq!((overnight.day(), overnight.ends_next_day()), (Weekday::Tue, true));
    assert_eq!((whole_day.to(), whole_day.ends_next_day()), (LocalTime::END_OF_DAY, false));
}

#[test]
fn unknown_missing_and_repeated_members_are_refused() {
    for text in [
        r#"{"timeZone":"America/Toronto","windows":[],"closed":true}"#,
        r#"{"timeZone":"America/Toronto","windows":[{"day":"mon","from":"09:00","to":"17:00","note":1}]}"#,
        r#"{"timeZone":"America/Toronto","time_zone":"America/Toronto","windows":[]}"#,
        r#"{"timeZone":"America/Toronto","timeZone":"America/Toronto","windows":[]}"#,
        r#"{"timeZone":"America/Toronto"}"#,
        r#"{"windows":[]}"#,
        r#"{"timeZone":null,"windows":[]}"#,
        r#"{"timeZone":"America/Toronto","windows":null}"#,
        r#"{"timeZone":"America/Toronto","windows":[{"day":"mon","from":900,"to":"17:00"}]}"#,
        "null",
    ] {
        assert!(serde_json::from_str::<OfficeHours>(text).is_err(), "{text}");
    }
}
