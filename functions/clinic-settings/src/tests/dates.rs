//! The dates of office hours: exceptions and vacations.

use domain::clinic::ClinicSettings;
use domain::id::ClinicId;
use serde_json::{Value, json};
use store::key;

use super::world::*;

const CURRENT: Option<(&str, &str)> = Some(("If-Match", "\"1\""));

/// What is wrong with the sample's document with one member of its hours as this.
async fn reasons(world: &World, member: &str, value: Value) -> Vec<String> {
    let document = with(&format!("/officeHours/{member}"), value);
    let answer = world.call(put(ADMIN, CURRENT, &document)).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    answer.reasons()
}

fn closed(date: &str) -> Value {
    json!({"date": date})
}

fn vacation(from: &str, to: &str) -> Value {
    json!({"from": from, "to": to})
}

#[tokio::test]
async fn each_exception_is_refused_with_its_code_and_place() {
    let windows = |windows: Value| json!([{"date": "2026-12-24", "windows": windows}]);
    let window = |from: &str, to: &str| json!({"from": from, "to": to});
    let invalid = |place: &str| format!("office_hours_invalid /officeHours/exceptions{place}");
    let world = World::with_settings().await;
    for (exceptions, reason) in [
        (json!([closed("2026-12-25"), closed("2026-12-25")]), invalid("/1/date")),
        (json!([closed("2027-02-29")]), invalid("/0/date")),
        (json!([closed("25.12.2026")]), invalid("/0/date")),
        (json!([closed("")]), invalid("/0/date")),
        (windows(json!([window("09:00", "12:00"), window("11:59", "13:00")])), {
            invalid("/0/windows/1")
        }),
        (windows(json!([window("22:00", "02:00"), window("23:00", "24:00")])), {
            invalid("/0/windows/1")
        }),
        (windows(json!([window("09:00", "09:00")])), invalid("/0/windows/0")),
        (windows(json!([window("9:00", "12:00")])), invalid("/0/windows/0/from")),
        (windows(json!([window("09:00", "24:01")])), invalid("/0/windows/0/to")),
        (
            windows(
                (0..11)
                    .map(|hour| window(&format!("{hour:02}:00"), &format!("{hour:02}:30")))
                    .collect(),
            ),
            invalid("/0/windows"),
        ),
        (
            json!([{"date": "2026-12-25", "day": "fri"}]),
            "unknown_member /officeHours/exceptions/0/day".to_owned(),
        ),
        (json!([{"name": "Holiday"}]), "missing_member /officeHours/exceptions/0/date".to_owned()),
        (
            json!([{"date": "2026-12-25", "name": ""}]),
            "name_empty /officeHours/exceptions/0/name".to_owned(),
        ),
        (
            json!([{"date": "2026-12-25", "name": "x".repeat(101)}]),
            "name_too_long /officeHours/exceptions/0/name".to_owned(),
        ),
    ] {
        let told = exceptions.to_string();
        assert_eq!(reasons(&world, "exceptions", exceptions).await, [reason], "{told}");
    }
    // The windows of the week are judged as they are without dates.
    let week = json!([
        {"day": "sun", "from": "22:00", "to": "02:00"},
        {"day": "mon", "from": "01:59", "to": "03:00"},
    ]);
    let reason = "office_hours_invalid /officeHours/windows/1";
    assert_eq!(reasons(&world, "windows", week).await, [reason]);
}

#[tokio::test]
async fn a_list_that_is_too_long_is_refused_at_the_list() {
    let days = (1..=28).flat_map(|day| (1..=12).map(move |month| (month, day)));
    let many = |count: usize| -> Value {
        days.clone()
            .take(count)
            .map(|(month, day)| closed(&format!("2027-{month:02}-{day:02}")))
            .collect()
    };
    let world = World::with_settings().await;
    let reason = "office_hours_invalid /officeHours/exceptions";
    assert_eq!(reasons(&world, "exceptions", many(151)).await, [reason]);
    let vacations = |count: usize| -> Value {
        (0..count).map(|_| vacation("2027-07-01", "2027-07-02")).collect()
    };
    let reason = "office_hours_invalid /officeHours/vacations";
    assert_eq!(reasons(&world, "vacations", vacations(21)).await, [reason]);

    let mut most = with("/officeHours/exceptions", many(150));
    most["officeHours"]["vacations"] = vacations(20);
    world.call(put(ADMIN, CURRENT, &most)).await.expect(200, "");
}

/// It is the evening of 24 November at the clinic, and the 25th in UTC.
#[tokio::test]
async fn what_is_new_is_neither_past_nor_absurdly_far_ahead_at_the_clinic() {
    let world = World::with_settings().await;
    let exception = |code: &str| format!("{code} /officeHours/exceptions/0/date");
    let vacation_at =
        |code: &str, member: &str| format!("{code} /officeHours/vacations/0/{member}");
    for (date, code) in [
        ("2026-11-23", "date_past"),
        ("0001-01-01", "date_past"),
        ("2029-11-25", "date_too_far_ahead"),
        ("9999-12-31", "date_too_far_ahead"),
    ] {
        let found = reasons(&world, "exceptions", json!([closed(date)])).await;
        assert_eq!(found, [exception(code)], "{date}");
        let found = reasons(&world, "vacations", json!([vacation("2026-11-23", date)])).await;
        let code = if date < "2026-11-23" { "vacation_ends_before_start" } else { code };
        assert_eq!(found, [vacation_at(code, "to")], "{date}");
    }
    let found = reasons(&world, "vacations", json!([vacation("2027-02-30", "tomorrow")])).await;
    let invalid = "office_hours_invalid";
    assert_eq!(found, [vacation_at(invalid, "from"), vacation_at(invalid, "to")]);

    let mut ends =
        with("/officeHours/exceptions", json!([closed("2026-11-24"), closed("2029-11-24")]));
    // A vacation may have begun already.
    ends["officeHours"]["vacations"] =
        json!([vacation("2026-11-01", "2026-11-24"), vacation("2029-11-24", "2029-11-24")]);
    world.call(put(ADMIN, CURRENT, &ends)).await.expect(200, "");
}

#[tokio::test]
async fn what_has_passed_since_it_was_saved_may_stay_and_comes_back_no_more() {
    let mut world = World::with_settings().await;
    world.handler.sources.now = || "2027-09-01T12:00:00Z".parse().unwrap();
    // Whoever changes something else sends the dates again.
    let renamed = with("/name", json!("Other"));
    let answer = world.call(put(ADMIN, CURRENT, &renamed)).await.expect(200, "");
    assert_eq!(answer.changes(), ["name: set -> set"]);
    assert_eq!(answer.body["officeHours"], document()["officeHours"]);

    let current = Some(("If-Match", "\"2\""));
    // Another time on a date that has passed is a new exception.
    let mut changed = renamed.clone();
    changed["officeHours"]["exceptions"][0]["windows"][0]["to"] = json!("13:00");
    changed["officeHours"]["vacations"][0]["to"] = json!("2027-07-31");
    let answer = world.call(put(ADMIN, current, &changed)).await.expect(422, "date_past");
    assert_eq!(
        answer.reasons(),
        ["date_past /officeHours/exceptions/0/date", "date_past /officeHours/vacations/0/to"]
    );

    let mut without = renamed.clone();
    without["officeHours"]["exceptions"] = json!([]);
    without["officeHours"]["vacations"] = json!([]);
    world.call(put(ADMIN, current, &without)).await.expect(200, "");
    let current = Some(("If-Match", "\"3\""));
    let answer = world.call(put(ADMIN, current, &renamed)).await.expect(422, "date_past");
    assert_eq!(answer.reasons().len(), 3);
}

#[tokio::test]
async fn every_change_of_a_date_is_on_record_with_from_and_to_and_no_name_is() {
    let world = World::with_settings().await;
    let before = "2026-12-24 09:00-12:00, 2026-12-25 closed";
    let steps = [
        (
            "/officeHours/exceptions",
            json!([
                {"date": "2026-12-25", "name": "Secret day", "windows": []},
                {"date": "2026-12-26", "name": "Secret", "windows": [
                    {"from": "10:00", "to": "12:00"}, {"from": "22:00", "to": "02:00"},
                ]},
            ]),
            vec![
                format!(
                    "officeHours.exceptions: {before} -> 2026-12-25 closed, \
                     2026-12-26 10:00-12:00 22:00-02:00"
                ),
                "officeHours.exceptions.name: set -> set".to_owned(),
            ],
        ),
        (
            "/officeHours/vacations",
            json!([vacation("2027-07-19", "2027-07-30"), vacation("2027-12-27", "2027-12-31")]),
            vec![
                format!(
                    "officeHours.exceptions: 2026-12-25 closed, \
                     2026-12-26 10:00-12:00 22:00-02:00 -> {before}"
                ),
                "officeHours.exceptions.name: set -> set".to_owned(),
                "officeHours.vacations: 2027-07-19 to 2027-07-30 \
                 -> 2027-07-19 to 2027-07-30, 2027-12-27 to 2027-12-31"
                    .to_owned(),
            ],
        ),
        (
            "/officeHours",
            json!({"timeZone": "America/Vancouver", "windows": [
                {"day": "tue", "from": "08:00", "to": "16:00"},
            ]}),
            vec![
                "officeHours: America/Toronto, mon 09:00-12:00, mon 13:00-17:00 \
                 -> America/Vancouver, tue 08:00-16:00"
                    .to_owned(),
                format!("officeHours.exceptions: {before} -> -"),
                "officeHours.exceptions.name: set -> -".to_owned(),
                "officeHours.vacations: 2027-07-19 to 2027-07-30, 2027-12-27 to 2027-12-31 -> -"
                    .to_owned(),
            ],
        ),
    ];
    for (version, (pointer, value, changes)) in (1..).zip(steps) {
        let tag = format!("\"{version}\"");
        let event = put(ADMIN, Some(("If-Match", &tag)), &with(pointer, value));
        let answer = world.call(event).await.expect(200, "");
        assert_eq!(answer.changes(), changes);
        assert_eq!(answer.record["actor"], "s9");
        assert!(!answer.record.to_string().contains("Secret"));
    }
}

#[tokio::test]
async fn what_is_saved_is_what_is_read() {
    let world = World::with_settings().await;
    let read = world.call(get(CLINICIAN)).await.body;
    let key = key::settings(&ClinicId::parse("c1").unwrap());
    let mut found = world.handler.store.read([key.clone()]).await.unwrap();
    let saved: ClinicSettings = found.take(&key).unwrap().unwrap();
    assert_eq!(read["officeHours"], serde_json::to_value(&saved.office_hours).unwrap());
    let replies = saved.automatic_replies;
    let shown = &read["automaticReplies"];
    for (saved, shown) in [
        (replies.exception.as_ref(), &shown["exception"]),
        (replies.vacation.as_ref(), &shown["vacation"]),
        (replies.outside_hours.as_ref(), &shown["outsideHours"]),
        (replies.no_answer.as_ref().map(|no_answer| &no_answer.text), &shown["noAnswer"]["text"]),
    ] {
        let saved = saved.unwrap();
        for (saved, language) in [(&saved.en, "en"), (&saved.fr, "fr")] {
            let saved = saved.as_ref().map(|body| (body.html(), body.text()));
            let shown = shown.get(language);
            let shown = shown
                .map(|shown| (shown["html"].as_str().unwrap(), shown["text"].as_str().unwrap()));
            assert_eq!(saved, shown);
        }
    }
}
