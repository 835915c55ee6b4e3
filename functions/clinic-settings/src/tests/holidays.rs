//! Lists of holidays, and those that come with the product.

use std::collections::BTreeSet;
use std::fs;

use domain::clinic::{ClinicSettings, holidays};
use domain::hours::Exception;
use domain::id::ClinicId;
use jiff::civil::{Date, Weekday};
use serde_json::{Value, json};
use store::key;
use testkit::{Fault, MAIN};

use super::world::*;
use crate::holidays::Input;

const CURRENT: Option<(&str, &str)> = Some(("If-Match", "\"1\""));

/// An import of these holidays, each a date and a name.
fn import(who: Who, version: Option<(&str, &str)>, holidays: &[(&str, &str)]) -> Value {
    let holidays: Vec<Value> =
        holidays.iter().map(|(date, name)| json!({"date": date, "name": name})).collect();
    sent(who, version, &json!({ "holidays": holidays }))
}

fn sent(who: Who, version: Option<(&str, &str)>, body: &Value) -> Value {
    on_route_of(put(who, version, body), "import-holidays.admin.json")
}

async fn exceptions(world: &World) -> Value {
    world.call(get(CLINICIAN)).await.expect(200, "").body["officeHours"]["exceptions"].clone()
}

#[tokio::test]
async fn holidays_are_added_beside_what_is_there() {
    let world = World::with_settings().await;
    let list = [
        ("2027-01-01", "Secret new year"),
        ("2026-12-24", "Secret eve"),
        ("2026-11-23", "Yesterday at the clinic"),
        ("2026-11-24", "Today at the clinic"),
    ];
    let answer = world.call(import(ADMIN, CURRENT, &list)).await.expect(200, "");
    assert_eq!(answer.etag.as_deref(), Some("\"2\""));
    let wanted =
        json!({"version": 2, "added": 2, "kept": ["2026-12-24"], "leftOut": ["2026-11-23"]});
    assert_eq!(answer.body, wanted);
    assert_eq!(
        answer.changes(),
        [
            "officeHours.exceptions: 2026-12-24 09:00-12:00, 2026-12-25 closed -> \
             2026-11-24 closed, 2026-12-24 09:00-12:00, 2026-12-25 closed, 2027-01-01 closed",
            "officeHours.exceptions.name: set -> set",
        ]
    );
    assert_eq!(answer.record["action"], "settings.holidays_import");
    assert_eq!((&answer.record["actor"], &answer.record["clinic"]), (&json!("s9"), &json!("c1")));
    assert!(!answer.record.to_string().contains("Secret"));

    let before = document()["officeHours"]["exceptions"].clone();
    let wanted = json!([
        {"date": "2026-11-24", "name": "Today at the clinic", "windows": []},
        before[0],
        before[1],
        {"date": "2027-01-01", "name": "Secret new year", "windows": []},
    ]);
    assert_eq!(exceptions(&world).await, wanted);
    // Nothing else of the settings has changed.
    let mut read = world.call(get(ADMIN)).await.body;
    read["officeHours"]["exceptions"] = before;
    let fresh = World::with_settings().await;
    let mut wanted = fresh.call(get(ADMIN)).await.body;
    wanted["version"] = json!(2);
    assert_eq!(read, wanted);
}

#[tokio::test]
async fn the_sample_is_imported() {
    let world = World::with_settings().await;
    let answer = world.call(sample("import-holidays.admin.json")).await.expect(200, "");
    let wanted = json!({"version": 2, "added": 1, "kept": ["2026-12-25"], "leftOut": []});
    assert_eq!(answer.body, wanted);
    assert_eq!(send(&world.handler, sample("options-holidays.json")).await.0, 204);
}

#[tokio::test]
async fn a_list_that_adds_nothing_makes_no_version() {
    let world = World::with_settings().await;
    let written = world.db.all_items(MAIN).await;
    for (list, kept, left_out) in [
        (&[][..], json!([]), json!([])),
        (
            &[("2026-12-25", "Other"), ("2025-12-25", "Past")],
            json!(["2026-12-25"]),
            json!(["2025-12-25"]),
        ),
    ] {
        let answer = world.call(import(ADMIN, CURRENT, list)).await.expect(200, "");
        assert_eq!(answer.etag.as_deref(), Some("\"1\""));
        let wanted = json!({"version": 1, "added": 0, "kept": kept, "leftOut": left_out});
        assert_eq!(answer.body, wanted);
        assert!(answer.changes().is_empty());
        assert_eq!(world.db.all_items(MAIN).await, written);
    }
}

#[tokio::test]
async fn a_list_whose_answer_was_lost_is_sent_again_without_harm() {
    let mut world = World::with_settings().await;
    let event = import(ADMIN, CURRENT, &[("2026-11-24", "Today"), ("2027-01-01", "New year")]);
    let lost = Fault::answer_lost("TransactWriteItems").times(u32::MAX);
    assert_eq!(send(&handler(world.db.client_with(lost)), event.clone()).await.0, 503);
    let written = world.db.all_items(MAIN).await;
    // Also where a date has passed in the meantime.
    let next_day = || "2026-11-26T12:00:00Z".parse().unwrap();
    for now in [world.handler.sources.now, next_day] {
        world.handler.sources.now = now;
        let answer = world.call(event.clone()).await.expect(200, "");
        assert_eq!(answer.etag.as_deref(), Some("\"2\""));
        let kept = json!(["2026-11-24", "2027-01-01"]);
        let wanted = json!({"version": 2, "added": 0, "kept": kept, "leftOut": []});
        assert_eq!(answer.body, wanted);
        assert!(answer.changes().is_empty());
        assert_eq!(world.db.all_items(MAIN).await, written);
    }
    // Another list is no repeat of it, and neither is what came before the last change.
    let other = import(ADMIN, CURRENT, &[("2027-01-02", "Other")]);
    world.call(other).await.expect(412, "version_conflict");
    let renamed = with("/officeHours/exceptions", json!([]));
    world.call(put(ADMIN, Some(("If-Match", "\"2\"")), &renamed)).await.expect(200, "");
    world.call(event).await.expect(412, "version_conflict");
    assert_eq!(exceptions(&world).await, json!([]));
}

#[tokio::test]
async fn a_list_names_the_version_that_is_there() {
    let world = World::with_settings().await;
    let list = [("2027-01-01", "New year")];
    for (version, status, code) in [
        (None, 428, "version_required"),
        (Some(("If-None-Match", "*")), 428, "version_required"),
        (Some(("If-Match", "\"2\"")), 412, "version_conflict"),
        (Some(("If-Match", "*")), 400, "version_malformed"),
    ] {
        world.call(import(ADMIN, version, &list)).await.expect(status, code);
    }
    for (version, tag) in (1..).zip(["W/\"1\"", "\"2-gzip\""]) {
        let date = format!("2027-01-0{version}");
        let event = import(ADMIN, Some(("If-Match", tag)), &[(&date, "Holiday")]);
        world.call(event).await.expect(200, "");
    }
    let (first, second) = (
        import(ADMIN, Some(("If-Match", "\"3\"")), &[("2027-02-01", "First")]),
        import(ADMIN, Some(("If-Match", "\"3\"")), &[("2027-02-02", "Second")]),
    );
    let (first, second) = tokio::join!(send(&world.handler, first), send(&world.handler, second));
    let mut statuses = [first.0, second.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn what_is_no_list_is_refused_with_code_and_place() {
    let world = World::with_settings().await;
    let one = |date: Value, name: Value| json!({"holidays": [{"date": date, "name": name}]});
    for (body, reasons) in [
        (json!({}), vec!["missing_member /holidays"]),
        (json!({"holidays": null}), vec!["wrong_type /holidays"]),
        (json!({"holidays": [], "year": 2027}), vec!["unknown_member /year"]),
        (json!({"holidays": [{"date": "2027-01-01"}]}), vec!["missing_member /holidays/0/name"]),
        (
            json!({"holidays": [{"date": "2027-01-01", "name": "x", "windows": []}]}),
            vec!["unknown_member /holidays/0/windows"],
        ),
        (one(json!(20_270_101), json!("x")), vec!["wrong_type /holidays/0/date"]),
        (one(json!("2027-02-29"), json!("x")), vec!["office_hours_invalid /holidays/0/date"]),
        (one(json!("2027-1-1"), json!("x")), vec!["office_hours_invalid /holidays/0/date"]),
        (one(json!("2027-01-01"), json!(" ")), vec!["name_empty /holidays/0/name"]),
        (one(json!("2027-01-01"), json!("x".repeat(101))), vec!["name_too_long /holidays/0/name"]),
        (one(json!("2027-01-01"), json!("a\u{0}b")), vec!["forbidden_character /holidays/0/name"]),
        (one(json!("2029-11-25"), json!("x")), vec!["date_too_far_ahead /holidays/0/date"]),
        (
            json!({"holidays": [
                {"date": "2027-01-01", "name": "One"},
                {"date": "2027-01-01", "name": "Other"},
                {"date": "tomorrow", "name": "a\u{1b}b"},
            ]}),
            vec![
                "office_hours_invalid /holidays/1/date",
                "office_hours_invalid /holidays/2/date",
                "forbidden_character /holidays/2/name",
            ],
        ),
    ] {
        let answer = world.call(sent(ADMIN, CURRENT, &body)).await;
        assert_eq!(
            (answer.status, answer.reasons()),
            (422, reasons.iter().map(|reason| (*reason).to_owned()).collect())
        );
    }
    // 150 fit by themselves, and not beside the two that are there.
    let days: Vec<String> = (1..=12)
        .flat_map(|month| (1..=28).map(move |day| format!("2027-{month:02}-{day:02}")))
        .collect();
    let list = |count: usize| -> Vec<(&str, &str)> {
        days.iter().take(count).map(|date| (date.as_str(), "x")).collect()
    };
    for count in [149, 151] {
        let answer = world.call(import(ADMIN, CURRENT, &list(count))).await;
        let answer = answer.expect(422, "office_hours_invalid");
        assert_eq!(answer.reasons(), ["office_hours_invalid /holidays"], "{count}");
    }
    let answer = world.call(import(ADMIN, CURRENT, &list(148))).await.expect(200, "");
    assert_eq!(answer.body["added"], 148);
}

#[tokio::test]
async fn each_role_may_what_its_row_says() {
    let world = World::with_settings().await;
    let mut version = 1;
    for (who, status, code) in [
        (OPERATOR, 200, ""),
        (CHART, 403, "not_allowed"),
        (ADMIN, 200, ""),
        (CLINICIAN, 403, "not_allowed"),
        (FRONT_DESK, 403, "not_allowed"),
        (FORMER_ADMIN, 403, "staff_inactive"),
        (STRANGER, 403, "staff_inactive"),
        (OTHER_ADMIN, 404, "not_found"),
        (OTHER_CHART, 404, "not_found"),
        (ACCOUNT, 404, "not_found"),
        (PORTAL, 404, "not_found"),
    ] {
        let (tag, date) = (format!("\"{version}\""), format!("2027-03-{version:02}"));
        let event = import(who, Some(("If-Match", &tag)), &[(&date, "Holiday")]);
        let answer = world.call(event).await.expect(status, code);
        assert_eq!(answer.record["action"], "settings.holidays_import");
        version += u32::from(status == 200);
        // What is wrong with the request is nobody else's to know.
        if status != 200 {
            world.call(sent(who, None, &json!({}))).await.expect(status, code);
        }
    }
    let nowhere = World::new().await;
    nowhere.call(import(ADMIN, CURRENT, &[])).await.expect(404, "not_found");
}

#[tokio::test]
async fn contention_is_decided_again() {
    let world = World::with_settings().await;
    let unlucky = handler(world.db.client_with(Fault::conflict("TransactWriteItems").times(2)));
    let event = import(ADMIN, CURRENT, &[("2027-01-01", "New year")]);
    let (status, _, body) = send(&unlucky, event).await;
    assert_eq!((status, &body["added"]), (200, &json!(1)));
    assert_eq!(exceptions(&world).await.as_array().unwrap().len(), 3);
}

/// The lists of `docs/holidays`, each with its name, read as a request's body is.
fn lists() -> Vec<(String, Vec<Exception>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/holidays");
    let mut lists: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let Input { holidays: raw } = serde_json::from_str(&text).unwrap();
            let parsed = holidays(&raw).unwrap_or_else(|refusal| panic!("{path:?}: {refusal:?}"));
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), parsed)
        })
        .collect();
    lists.sort_by(|(one, _), (other, _)| one.cmp(other));
    lists
}

#[test]
fn there_is_a_list_of_every_province_and_territory() {
    let names: Vec<String> = lists().into_iter().map(|(name, _)| name).collect();
    let all = ["AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"];
    assert_eq!(names, all.map(|code| format!("CA-{code}")));
    let readme = include_str!("../../../../docs/holidays/README.md");
    for name in names {
        assert!(readme.contains(&format!("| `{name}` ")), "{name} and its act");
    }
}

/// What all of them have by law, each worked out anew; and nothing that is there in one year only.
#[test]
fn each_list_has_the_days_of_each_year_in_order() {
    let nth_monday = |year: i16, month: i8, nth: i8| {
        let first = Date::new(year, month, 1).unwrap();
        first.nth_weekday_of_month(nth, Weekday::Monday).unwrap()
    };
    for (name, holidays) in lists() {
        let dates: Vec<Date> = holidays.iter().map(|holiday| holiday.date).collect();
        assert!(dates.is_sorted(), "{name}");
        let years: BTreeSet<i16> = dates.iter().map(|date| date.year()).collect();
        assert_eq!(years, BTreeSet::from([2026, 2027, 2028]), "{name}");
        let of = |year: i16| dates.iter().filter(move |date| date.year() == year);
        for (year, good_friday) in [(2026, (4, 3)), (2027, (3, 26)), (2028, (4, 14))] {
            assert_eq!(of(year).count(), of(2026).count(), "{name} {year}");
            assert!((6..=11).contains(&of(year).count()), "{name} {year}");
            for day in [
                Date::new(year, 1, 1).unwrap(),
                Date::new(year, good_friday.0, good_friday.1).unwrap(),
                Date::new(year, 7, 1).unwrap(),
                nth_monday(year, 9, 1),
                Date::new(year, 12, 25).unwrap(),
            ] {
                assert!(dates.contains(&day), "{name} {day}");
            }
            // The third Monday of February, the last one before 25 May, the first of August, the
            // second of October: whoever has them in one year has them in each.
            let monday_before_25_may = (18..=24)
                .map(|day| Date::new(year, 5, day).unwrap())
                .find(|day| day.weekday() == Weekday::Monday)
                .unwrap();
            for day in of(year).filter(|day| matches!(day.month(), 2 | 5 | 8 | 10)) {
                let rule = match (day.month(), name.as_str()) {
                    (2, _) => nth_monday(year, 2, 3),
                    (5, _) => monday_before_25_may,
                    (8, "CA-YT") => nth_monday(year, 8, 3),
                    (8, _) => nth_monday(year, 8, 1),
                    _ => nth_monday(year, 10, 2),
                };
                assert_eq!(*day, rule, "{name}");
            }
        }
    }
}

/// On the first day of its years, all of a list is added; and nothing of it is too far ahead.
#[tokio::test]
async fn each_list_is_taken_as_it_is() {
    let world = World::with_settings().await;
    let key = key::settings(&ClinicId::parse("c1").unwrap());
    let mut found = world.handler.store.read([key.clone()]).await.unwrap();
    let mut settings: ClinicSettings = found.take(&key).unwrap().unwrap();
    settings.office_hours = serde_json::from_value(json!({
        "timeZone": "America/Toronto", "windows": [],
    }))
    .unwrap();
    for (name, list) in lists() {
        let import = settings.with_holidays(&list, "2026-01-01T17:00:00Z".parse().unwrap());
        assert_eq!(import.unwrap().added.len(), list.len(), "{name}");
    }
}
