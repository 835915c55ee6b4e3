//! Automatic replies, triggered by the stream and by the schedule.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::now;
use system_tests::world::{self, Conversation};

use crate::aws::{self, string};
use crate::harness::{STAFF, Site, eventually, expect, marked, messages, notice, partition};

const BY_STREAM: Duration = Duration::from_secs(30);
const BY_SCHEDULE: Duration = Duration::from_secs(180);

/// A clinic that is closed now and says so.
fn closed(plan: &str) -> Site {
    let mut settings = world::settings(&marked("Clinic"), plan, world::closed_at(now()));
    settings["automaticReplies"] = json!({
        "outsideHours": { "en": format!("<p>{}</p>", marked("We are closed.")) },
        "quietMinutes": 0,
        "minimumGapMinutes": 0,
    });
    Site::with(settings)
}

/// A clinic that is open and says after a minute that nobody answered.
fn unanswered() -> Site {
    let mut settings = world::settings(&marked("Clinic"), "connect_pro", world::always_open());
    settings["automaticReplies"] = json!({
        "noAnswer": { "afterOfficeMinutes": 1, "text": { "en": format!("<p>{}</p>", marked("Nobody answered.")) } },
        "quietMinutes": 0,
        "minimumGapMinutes": 0,
    });
    Site::with(settings)
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
    assert_eq!(reply["body"]["text"], marked("We are closed."));
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
