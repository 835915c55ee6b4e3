//! Dates as they come from outside, and which of them are taken.

use jiff::civil::date;

use super::*;

fn found(exceptions: Vec<RawException>, vacations: Vec<RawDays>) -> Vec<String> {
    let week = raw("America/Toronto", &["mon 09:00-17:00"]);
    let raw = RawHours { exceptions, vacations, ..week };
    let problems = OfficeHours::new(&raw).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

fn of_text(exceptions: &[&str], vacations: &[&str]) -> Vec<String> {
    let raw = with_dates(RawHours::default(), exceptions, vacations);
    found(raw.exceptions, raw.vacations)
}

#[test]
fn every_problem_of_the_dates_is_reported_at_once_with_its_place() {
    let mut raw = with_dates(
        RawHours::default(),
        &[
            "2026-02-29 9:00-25:00",
            "2026-12-24 09:00-12:00 11:59-13:00 14:00-14:00 24:00-02:00",
            "2026-12-25",
            "2026-12-25 10:00-11:00",
            "2026-12-26",
        ],
        &["2027-07-16/2027-07-05", "2027-02-29/tomorrow", "2027-07-05/2027-07-05"],
    );
    raw.exceptions[4].name = Some(" \u{200b} ".to_owned());
    insta::assert_snapshot!(found(raw.exceptions, raw.vacations).join("\n"), @r"
    /exceptions/0/date: must be a date YYYY-MM-DD that exists
    /exceptions/0/windows/0/from: must be a time HH:MM from 00:00 to 24:00
    /exceptions/0/windows/0/to: must be a time HH:MM from 00:00 to 24:00
    /exceptions/1/windows/1: must not overlap the window at /exceptions/1/windows/0
    /exceptions/1/windows/2: must not end when it starts; a whole day is 00:00 to 24:00
    /exceptions/1/windows/3/from: must be before 24:00, which can only end a window
    /exceptions/3/date: must not be the date of the exception at /exceptions/2
    /exceptions/4/name: must not be empty
    /vacations/0/to: must not be before the first day
    /vacations/1/from: must be a date YYYY-MM-DD that exists
    /vacations/1/to: must be a date YYYY-MM-DD that exists
    ");
}

#[test]
fn a_date_is_four_two_and_two_digits_of_a_day_that_exists() {
    assert_eq!(
        differing(&nights(), &["2028-02-29"], &["0001-01-01/9999-12-31"]).vacations()[0],
        days("0001-01-01", "9999-12-31")
    );
    for bad in [
        "",
        "2026-12-5",
        "26-12-05",
        "20261205",
        "2026-W49-6",
        "2026-12-05T00:00",
        "2026-12-05Z",
        " 2026-12-05",
        "2026/12/05",
        "-026-12-05",
        "+02026-12-05",
        "2026-13-01",
        "2026-00-01",
        "2026-02-29",
        "2026-12-00",
        "２０２６-12-05",
        "24 December",
    ] {
        let exception = RawException { date: bad.to_owned(), name: None, windows: Vec::new() };
        let days = RawDays { from: bad.to_owned(), to: bad.to_owned() };
        let expected = ["/exceptions/0/date", "/vacations/0/from", "/vacations/0/to"]
            .map(|place| format!("{place}: must be a date YYYY-MM-DD that exists"));
        assert_eq!(found(vec![exception], vec![days]), expected, "{bad:?}");
    }
}

#[test]
fn lists_have_their_limits() {
    let dates: Vec<String> =
        (1..=151).map(|day| (date(2026, 12, 1) + i64::from(day).days()).to_string()).collect();
    let dates: Vec<&str> = dates.iter().map(String::as_str).collect();
    assert_eq!(differing(&nights(), &dates[..150], &[]).exceptions().len(), MAX_EXCEPTIONS);
    assert_eq!(of_text(&dates, &[]), ["/exceptions: must not be more than 150 exceptions"]);

    let vacations = ["2027-07-05/2027-07-16"; 21];
    assert_eq!(differing(&nights(), &[], &vacations[..20]).vacations().len(), MAX_VACATIONS);
    assert_eq!(of_text(&[], &vacations), ["/vacations: must not be more than 20 vacations"]);

    let windows: Vec<String> = (0..11).map(|hour| format!("{hour:02}:00-{hour:02}:30")).collect();
    let most = format!("2026-12-24 {}", windows[..10].join(" "));
    let exceptions = differing(&nights(), &[&most], &[]);
    assert_eq!(exceptions.exceptions()[0].windows().len(), MAX_WINDOWS_OF_EXCEPTION);
    assert_eq!(
        of_text(&[&format!("2026-12-24 {}", windows.join(" "))], &[]),
        ["/exceptions/0/windows: must not be more than 10 windows of one date"]
    );
    // What is beyond the limit is not looked at.
    let many = found(
        vec![RawException { date: String::new(), name: None, windows: Vec::new() }; 100_000],
        vec![RawDays { from: String::new(), to: String::new() }; 100_000],
    );
    assert_eq!(many.len(), 2 + 150 + 40);
}

#[test]
fn windows_of_a_date_overlap_on_its_own_clock_only() {
    for windows in ["22:00-02:00 23:00-23:30", "09:00-09:00", "22:00-12:00 00:00-24:00"] {
        assert_eq!(of_text(&[&format!("2026-12-24 {windows}")], &[]).len(), 1, "{windows}");
    }
    // The morning hours are of that date, and the night ends in the next one.
    let both =
        differing(&hours("America/Toronto", &[]), &["2026-12-24 22:00-02:00 01:00-03:00"], &[]);
    let open = |time| both.is_open(local(&both, time));
    assert!(open("2026-12-24T01:30") && open("2026-12-25T01:59") && !open("2026-12-25T02:30"));
}

#[test]
fn only_dates_that_are_new_are_refused_for_being_past_or_far_ahead() {
    let today = date(2026, 11, 25);
    let problems = |before: Option<&OfficeHours>, exceptions: &[&str], vacations: &[&str]| {
        let hours = differing(&nights(), exceptions, vacations);
        let problems = hours.out_of_time(before, today);
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let past = "must not be in the past";
    let far = "must not be more than 1096 days ahead";
    let exceptions =
        ["2026-11-25", "2026-11-24", "2029-11-25", "2029-11-26", "2025-12-25 09:00-12:00"];
    let vacations = [
        "2026-11-01/2026-11-25",
        "2026-11-01/2026-11-24",
        "2029-11-25/2029-11-25",
        "2026-12-01/2029-11-26",
    ];
    let all = [
        format!("/exceptions/1/date: {past}"),
        format!("/exceptions/3/date: {far}"),
        format!("/exceptions/4/date: {past}"),
        format!("/vacations/1/to: {past}"),
        format!("/vacations/3/to: {far}"),
    ];
    assert_eq!(problems(None, &exceptions, &vacations), all);
    let none = nights();
    assert_eq!(problems(Some(&none), &exceptions, &vacations), all);

    // What was saved when it was still to come is sent again with every other change.
    let before = differing(&nights(), &exceptions, &vacations);
    assert_eq!(problems(Some(&before), &exceptions, &vacations), [""; 0]);
    assert_eq!(problems(Some(&before), &exceptions[1..2], &vacations[1..2]), [""; 0]);
    assert_eq!(
        problems(Some(&before), &["2026-11-24", "2026-11-23"], &["2026-11-02/2026-11-24"]),
        [format!("/exceptions/1/date: {past}"), format!("/vacations/0/to: {past}")]
    );
}

#[test]
fn exceptions_and_vacations_are_read_back_as_they_were_written() {
    let exceptions = ["2026-12-24 13:00-24:00 09:00-12:00", "2026-12-31 20:00-04:00", "2026-12-25"];
    let mut raw = with_dates(nights().into(), &exceptions, &["2027-07-05/2027-07-16"]);
    raw.exceptions[2].name = Some("Noël".to_owned());
    let hours = OfficeHours::new(&raw).unwrap();
    let text = serde_json::to_string(&hours).unwrap();
    assert_eq!(serde_json::from_str::<OfficeHours>(&text).unwrap(), hours);
    assert_eq!(RawHours::from(hours), raw);
    // Settings that were saved before there were any.
    let old = r#"{"timeZone":"America/Toronto","windows":[]}"#;
    let old: OfficeHours = serde_json::from_str(old).unwrap();
    assert_eq!((old.exceptions(), old.vacations()), (&[][..], &[][..]));

    let away = days("2027-07-05", "2027-07-16");
    let text = serde_json::to_string(&away).unwrap();
    assert_eq!(text, r#"{"from":"2027-07-05","to":"2027-07-16"}"#);
    assert_eq!(serde_json::from_str::<Days>(&text).unwrap(), away);
}

#[test]
fn dates_of_another_shape_are_refused_and_no_refusal_repeats_one() {
    let week = r#""timeZone":"America/Toronto","windows":[]"#;
    for dates in [
        r#""exceptions":[{"date":"2026-12-25","closed":true}]"#,
        r#""exceptions":[{"name":"zq"}]"#,
        r#""exceptions":[{"date":20261225}]"#,
        r#""exceptions":[{"date":"2026-12-25","windows":[{"from":"09:00"}]}]"#,
        r#""exceptions":[{"date":"2026-12-25","windows":[{"day":"fri","from":"09:00","to":"12:00"}]}]"#,
        r#""exceptions":[{"date":"zq"}]"#,
        r#""exceptions":null"#,
        r#""vacations":[{"from":"2027-07-05"}]"#,
        r#""vacations":[{"from":"2027-07-05","to":"2027-07-16","who":"zq"}]"#,
        r#""vacations":[{"from":"2027-07-16","to":"2027-07-05"}]"#,
        r#""vacations":["zq"]"#,
    ] {
        let text = format!("{{{week},{dates}}}");
        assert!(serde_json::from_str::<OfficeHours>(&text).is_err(), "{dates}");
    }
    for text in [r#"{"from":"2027-07-16","to":"2027-07-05"}"#, r#"{"from":"zq","to":"zq"}"#] {
        let error = serde_json::from_str::<Days>(text).unwrap_err().to_string();
        assert!(error.contains("must be two dates") && !error.contains("zq"), "{error}");
    }
    let stored = format!(r#"{{{week},"exceptions":[{{"date":"zq","name":"\u0007"}}]}}"#);
    let error = serde_json::from_str::<OfficeHours>(&stored).unwrap_err().to_string();
    assert!(error.contains("/exceptions/0/date") && !error.contains("zq"), "{error}");
    let secret = with_dates(RawHours::default(), &["zq1 zq2-zq3"], &["zq4/zq5"]);
    let shown = format!("{secret:?} {:?} {:?}", secret.exceptions, secret.vacations);
    assert!(!shown.contains("zq") && !format!("{:?}", secret.exceptions[0].windows).contains("zq"));
}
