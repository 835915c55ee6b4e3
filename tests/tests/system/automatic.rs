//! Automatic replies, triggered by the stream and by the schedule.

use std::time::Duration;

use http::Method;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};
use system_tests::issuer::Caller;
use system_tests::now;
use system_tests::world::{self, Call, Conversation};

use crate::aws::{self, string};
use crate::ground::create;
use crate::harness::{
    STAFF, Site, ask, day_in, eventually, expect, marked, messages, notice, partition, problem,
    refused,
};

const BY_STREAM: Duration = Duration::from_secs(30);
const BY_SCHEDULE: Duration = Duration::from_secs(180);

/// A text of an automatic reply; each says whom to call in an emergency.
pub fn text(text: &str) -> Value {
    json!({ "en": format!("<p>{} {{{{emergencyLine}}}}</p>", marked(text)) })
}

/// What such a text says.
pub fn said(text: &str) -> String {
    format!("{} 911", marked(text))
}

/// The settings of a clinic with these hours and automatic replies.
pub fn answering(plan: &str, office_hours: Value, automatic_replies: Value) -> Value {
    let mut settings = world::settings(&marked("Clinic"), plan, office_hours);
    settings["emergencyLine"] = json!("911");
    settings["automaticReplies"] = automatic_replies;
    settings
}

/// A clinic that is closed now and says so.
fn closed(plan: &str) -> Site {
    let replies = json!({
        "outsideHours": text("We are closed."),
        "quietMinutes": 0,
        "minimumGapMinutes": 0,
    });
    Site::with(answering(plan, world::closed_at(now()), replies))
}

/// A clinic that is open and says after a minute that nobody answered.
fn unanswered() -> Site {
    let replies = json!({
        "noAnswer": { "afterOfficeMinutes": 1, "text": text("Nobody answered.") },
        "quietMinutes": 0,
        "minimumGapMinutes": 0,
    });
    Site::with(answering("connect_pro", world::always_open(), replies))
}

/// Office hours at any time, where it is never another day than in UTC.
fn open_in_utc() -> Value {
    let mut hours = world::always_open();
    hours["timeZone"] = json!("Africa/Abidjan");
    hours
}

/// Today and tomorrow, so that a test may end on another day than it began.
fn two_days() -> [Date; 2] {
    [day_in(0), day_in(1)]
}

/// The next opening after these days, as a text says it.
fn opening_after(days: [Date; 2]) -> String {
    let opening = days[1].saturating_add(1.day());
    format!("{} at 12:00 a.m. GMT", opening.strftime("%A, %B %-d, %Y"))
}

/// What the clinic would do if a patient wrote now.
fn foretold(site: &Site, by: &Caller, question: Value) -> Value {
    let path = format!("/clinics/{}/settings/automatic-replies/preview", site.clinic.id);
    expect(&Call::new(by, Method::POST, path).with_body(question), 200)
}

/// Adds a message of the patient's, which is answered by the clinic itself, and hands back the answer.
fn answered(thread: &Conversation, site: &Site) -> Value {
    expect(&thread.reply(&site.account, "hello"), 201);
    eventually("the reply", BY_STREAM, || automatic(thread, site).pop())
}

/// Makes sure that this is what was foretold.
fn is_as_foretold(reply: &Value, foretold: &Value) {
    let first = &foretold["replies"][0];
    assert_eq!(foretold["closed"], reply["author"]["reason"], "{foretold}");
    assert_eq!(first["reason"], reply["author"]["reason"], "{foretold}");
    assert_eq!(first["body"], reply["body"], "{foretold}");
}

fn automatic(thread: &Conversation, site: &Site) -> Vec<Value> {
    let all = messages(thread, &site.staff());
    all.into_iter().filter(|message| message["author"]["kind"] == "automatic").collect()
}

fn timers(thread: &Conversation) -> usize {
    let items = aws::partition(&partition(thread));
    items.iter().filter(|item| string(item, "sk").starts_with("TIMER#")).count()
}

/// Three messages in a row are answered once, and the answer is no answer.
#[test]
fn outside_hours_the_stream_brings_one_reply() {
    let site = closed("connect_pro");
    let thread = site.start();
    for text in ["one", "two", "three"] {
        expect(&thread.reply(&site.account, text), 201);
    }
    let reply = eventually("the reply", BY_STREAM, || automatic(&thread, &site).pop());
    assert_eq!(reply["author"]["reason"], "outside_hours");
    assert_eq!(reply["body"]["text"], said("We are closed."));
    expect(&thread.reply(&site.account, "four"), 201);
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(automatic(&thread, &site).len(), 1, "once in a closed period");
    eventually("the end of the timers", BY_STREAM, || (timers(&thread) == 0).then_some(()));

    let opened = expect(&thread.read(&site.staff()), 200);
    assert_eq!((opened["awaits"].as_str(), opened["unread"].as_u64()), (Some("clinic"), Some(4)));
    let opened = expect(&thread.read(&site.account), 200);
    assert_eq!(opened["unread"], 1, "an automatic reply is never unread: {opened}");
    let number = reply["number"].as_u64().unwrap();
    assert!(
        notice(&thread, u32::try_from(number).unwrap()).is_none(),
        "it notifies nobody by itself"
    );
    let done = site.records();
    let of_it = done.iter().filter(|record| string(record, "action") == "automatic.reply").count();
    assert_eq!(of_it, 1);
}

#[test]
fn neither_staff_nor_a_lower_plan_nor_a_closed_conversation_gets_a_reply() {
    let pro = closed("connect_pro");
    let by_staff = pro.start();
    expect(&by_staff.reply(&pro.staff(), "mine"), 201);
    let ended = pro.start();
    expect(&ended.close(STAFF), 200);
    let connect = closed("connect");
    let without = connect.start();
    expect(&without.reply(&connect.account, "hello"), 201);
    std::thread::sleep(Duration::from_secs(5));
    for (thread, site) in [(&by_staff, &pro), (&ended, &pro), (&without, &connect)] {
        assert!(automatic(thread, site).is_empty());
        assert_eq!(timers(thread), 0);
    }
}

/// A minute without an answer is said by the schedule; where staff answered or closed in time, it is not.
#[test]
fn the_schedule_says_that_nobody_answered() {
    let site = unanswered();
    let waiting = site.start();
    let answered = site.start();
    let closed = site.start();
    for thread in [&waiting, &answered, &closed] {
        expect(&thread.reply(&site.account, "hello"), 201);
        assert_eq!(timers(thread), 1);
    }
    expect(&answered.reply(&site.staff(), "yes"), 201);
    expect(&closed.close(STAFF), 200);
    expect(&closed.reopen(STAFF), 200);
    assert_eq!(timers(&answered), 0, "the timer goes with the answer");

    let reply = eventually("the reply", BY_SCHEDULE, || automatic(&waiting, &site).pop());
    assert_eq!(reply["author"]["reason"], "no_answer");
    let said = |message: &Value| message["at"].as_str().unwrap().to_owned();
    let written = said(&messages(&waiting, &site.staff())[1]);
    assert!(written < said(&reply), "not before the minute was over");
    assert!(automatic(&answered, &site).is_empty());
    assert_eq!(timers(&waiting), 0);
}

#[test]
fn a_holiday_is_answered_as_one_until_the_next_opening_as_foretold() {
    let mut hours = open_in_utc();
    let days = two_days();
    hours["exceptions"] = days
        .map(|date| json!({ "date": date, "name": marked("Holiday"), "windows": [] }))
        .to_vec()
        .into();
    let replies = json!({
        "exception": text("Holiday until {{nextOpening}}."),
        "vacation": text("Vacation."),
        "outsideHours": text("We are closed."),
        "quietMinutes": 0,
    });
    let site = Site::with(answering("connect_pro", hours, replies));
    let foretold = foretold(&site, &site.staff(), json!({}));
    let reply = answered(&site.start(), &site);
    assert_eq!(reply["author"]["reason"], "exception");
    let wanted = said(&format!("Holiday until {}.", opening_after(days)));
    assert_eq!(reply["body"]["text"], wanted);
    is_as_foretold(&reply, &foretold);
}

/// The office is open, and nobody of this conversation is there; of another one somebody is.
#[test]
fn where_all_of_a_conversations_staff_are_away_that_is_said_as_foretold() {
    let replies = json!({
        "vacation": text("Vacation until {{nextOpening}}."),
        "outsideHours": text("We are closed."),
        "quietMinutes": 0,
    });
    let site = Site::with(answering("connect_pro", open_in_utc(), replies));
    let path = |id: &str| format!("/clinics/{}/staff/{id}/preferences", site.clinic.id);
    let days = two_days();
    let away = json!({ "emailOnReply": false, "vacations": [{ "from": days[0], "to": days[1] }] });
    for id in ["ill", "there"] {
        expect(&site.clinic.create_staff(id, world::staff(&marked("Ilse"), "clinician")), 201);
    }
    // One's own, and by an administrator that of a colleague who fell ill; a colleague may not.
    expect(&create(&site.staff(), path(STAFF), away.clone()), 201);
    let by_colleague = create(&site.clinic.staff("there"), path("ill"), away.clone());
    refused(&by_colleague, 403, "not_allowed");
    let kept = expect(&create(&site.staff(), path("ill"), away.clone()), 201);
    assert_eq!(kept["vacations"], away["vacations"]);
    let done = site.records();
    let of = |id: &str| {
        let of_it = done.iter().filter(|record| {
            string(record, "action") == "preferences.change"
                && record["objects"].to_string().contains(id)
        });
        of_it.map(|record| string(record, "outcome")).collect::<Vec<_>>()
    };
    assert_eq!(of("\"ill\"").len(), 2, "the refusal too");

    let with = |staff: &[&str]| foretold(&site, &site.staff(), json!({ "staff": staff }));
    let mut message = crate::harness::message();
    message["to"] = json!(["ill"]);
    let alone = site.started(&site.starting().with_body(message.clone()));
    let reply = answered(&alone, &site);
    assert_eq!(reply["author"]["reason"], "vacation");
    let wanted = said(&format!("Vacation until {}.", opening_after(days)));
    assert_eq!(reply["body"]["text"], wanted);
    is_as_foretold(&reply, &with(&[STAFF, "ill"]));

    message["to"] = json!(["ill", "there"]);
    let together = site.started(&site.starting().with_body(message));
    expect(&together.reply(&site.account, "hello"), 201);
    eventually("the end of the timers", BY_STREAM, || (timers(&together) == 0).then_some(()));
    assert!(automatic(&together, &site).is_empty());
    let open = with(&[STAFF, "ill", "there"]);
    assert_eq!((&open["closed"], &open["replies"]), (&Value::Null, &json!([])), "{open}");
}

#[test]
fn settings_with_wrong_texts_and_dates_are_refused_with_every_reason() {
    let site = closed("connect_pro");
    let mut hours = world::always_open();
    hours["exceptions"] = json!([
        { "date": "2020-12-25", "name": marked("Past"), "windows": [] },
        { "date": "2027-02-29", "windows": [] },
    ]);
    hours["vacations"] = json!([{ "from": "2027-07-14", "to": "2027-07-01" }]);
    let change = |settings: Value| {
        let call = site.clinic.settings(&site.staff(), Method::PUT).with_body(settings);
        ask(&call.with_header("If-Match", "\"1\""))
    };
    let places = |document: &Value| -> Vec<String> {
        let errors = document["errors"].as_array().unwrap();
        let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
        errors.iter().map(|error| text(error, "code") + " " + &text(error, "pointer")).collect()
    };
    let wrong = json!({
        "exception": { "en": marked("No line.") },
        "vacation": { "en": marked("{{emergencyLine}} {{patientName}}") },
        "outsideHours": { "en": marked("{{emergencyLine}} {{clinicPhone}}") },
        "noAnswer": { "afterOfficeMinutes": 5, "text": { "fr": marked("{{emergencyLine}}") } },
    });
    let texts = change(answering("connect_pro", world::always_open(), wrong));
    let document = problem(&texts, 422, "emergency_line_missing");
    assert_eq!(
        places(&document),
        [
            "emergency_line_missing /automaticReplies/exception/en",
            "placeholder_unknown /automaticReplies/vacation/en",
            "placeholder_without_value /automaticReplies/outsideHours/en",
            "automatic_text_empty /automaticReplies/noAnswer/text",
        ]
    );
    let dates = change(answering("connect_pro", hours, json!({})));
    let document = problem(&dates, 422, "office_hours_invalid");
    assert_eq!(
        places(&document),
        [
            "office_hours_invalid /officeHours/exceptions/1/date",
            "vacation_ends_before_start /officeHours/vacations/0/to",
        ]
    );
    let mut hours = world::always_open();
    hours["exceptions"] = json!([{ "date": "2020-12-25", "windows": [] }]);
    let past = change(answering("connect_pro", hours, json!({})));
    assert_eq!(
        places(&problem(&past, 422, "date_past")),
        ["date_past /officeHours/exceptions/0/date"]
    );
    let read = expect(&site.clinic.settings(&site.staff(), Method::GET), 200);
    assert_eq!(read["version"], 1, "nothing of it was saved");
}

#[test]
fn holidays_are_imported_beside_what_is_there() {
    let site = closed("connect_pro");
    let import = |version: &str, days: &[(Date, &str)]| {
        let holidays: Vec<Value> =
            days.iter().map(|(date, name)| json!({ "date": date, "name": marked(name) })).collect();
        let path = format!("/clinics/{}/settings/holidays", site.clinic.id);
        let call = Call::new(&site.staff(), Method::POST, path);
        call.with_body(json!({ "holidays": holidays })).with_header("If-Match", version)
    };
    let exceptions = || {
        let read = expect(&site.clinic.settings(&site.staff(), Method::GET), 200);
        let listed = read["officeHours"]["exceptions"].as_array().unwrap().clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let listed = listed.iter().map(|one| (text(&one["date"]), text(&one["name"])));
        (read["version"].as_u64().unwrap(), listed.collect::<Vec<_>>())
    };
    let first = [(day_in(10), "One"), (day_in(30), "Three")];
    let answer = ask(&import("\"1\"", &first));
    assert_eq!((answer.status, answer.header("ETag")), (200, Some("\"2\"")), "{}", answer.text());
    let named = |days: &[(Date, &str)]| -> Vec<(String, String)> {
        days.iter().map(|(date, name)| (date.to_string(), marked(name))).collect()
    };
    assert_eq!(exceptions(), (2, named(&first)));

    // A date that is there stays as it is, and one that has passed is left out.
    let past = day_in(-30);
    let more = [(past, "Past"), (day_in(30), "Other"), (day_in(50), "Five")];
    refused(&import("\"1\"", &more), 412, "version_conflict");
    let told = expect(&import("\"2\"", &more), 200);
    assert_eq!(
        told,
        json!({ "version": 3, "added": 1, "kept": [day_in(30)], "leftOut": [day_in(-30)] })
    );
    let all = [first[0], first[1], more[2]];
    assert_eq!(exceptions(), (3, named(&all)));
    let twice = json!([{ "date": day_in(70), "name": marked("A") }, { "date": "2027-02-29" }]);
    let wrong = import("\"3\"", &[]).with_body(json!({ "holidays": twice }));
    assert_eq!(ask(&wrong).status, 422);
    assert_eq!(exceptions().0, 3);
}
