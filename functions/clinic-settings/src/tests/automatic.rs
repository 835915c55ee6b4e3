//! What a clinic answers by itself, foretold.

use serde_json::{Value, json};
use testkit::{Fault, MAIN};

use super::world::*;

const CURRENT: Option<(&str, &str)> = Some(("If-Match", "\"1\""));

/// Monday, 10:00 at the clinic: the office is open.
const OPEN: &str = "2026-11-30T15:00:00Z";
/// The same day, 18:00.
const CLOSED: &str = "2026-11-30T23:00:00Z";

fn ask(who: Who, question: &Value) -> Value {
    on_route_of(put(who, None, question), "preview-automatic.staff.json")
}

async fn foretold(world: &World, question: Value) -> Value {
    world.call(ask(CLINICIAN, &question)).await.expect(200, "").body
}

/// The replies of an answer, as `reason at`.
fn replies(answer: &Value) -> Vec<String> {
    let text = |reply: &Value, name: &str| reply[name].as_str().unwrap().to_owned();
    let replies = answer["replies"].as_array().unwrap().iter();
    replies.map(|reply| format!("{} {}", text(reply, "reason"), text(reply, "at"))).collect()
}

#[tokio::test]
async fn the_sample_tells_what_happens_on_a_holiday() {
    let world = World::with_settings().await;
    let before = world.db.all_items(MAIN).await;
    let answer = world.call(sample("preview-automatic.staff.json")).await.expect(200, "");
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "at": "2026-12-25T15:00:00Z",
      "automaticReplies": true,
      "closed": "exception",
      "language": "en",
      "nextOpening": "2026-12-28T14:00:00Z",
      "nextOpeningText": "Monday, December 28, 2026 at 9:00 a.m. EST",
      "paused": false,
      "replies": [
        {
          "at": "2026-12-25T15:00:00Z",
          "body": {
            "html": "<p>The clinic is closed today. It opens Monday, December 28, 2026 at 9:00 a.m. EST. In an emergency, call 911.</p>",
            "text": "The clinic is closed today. It opens Monday, December 28, 2026 at 9:00 a.m. EST. In an emergency, call 911."
          },
          "reason": "exception"
        },
        {
          "at": "2026-12-28T16:00:00Z",
          "body": {
            "html": "<p>Nous répondrons bientôt. Téléphone : 613-555-0100. En cas d’urgence, composez le 911.</p>",
            "text": "Nous répondrons bientôt. Téléphone : 613-555-0100. En cas d’urgence, composez le 911."
          },
          "reason": "no_answer"
        }
      ],
      "silent": null
    }
    "#);
    assert_eq!(answer.etag, None);
    assert_eq!(world.db.all_items(MAIN).await, before);
    assert_eq!(send(&world.handler, sample("options-automatic.json")).await.0, 204);
}

#[tokio::test]
async fn what_is_foretold_is_what_is_saved_with_its_values() {
    let world = World::with_settings().await;
    let saved = world.call(get(ADMIN)).await.body["automaticReplies"].clone();
    for (at, closed, place, opening) in [
        ("2026-12-24T20:00:00Z", "exception", "exception", "lundi 28 décembre 2026 à 9:00 (HNE)"),
        ("2027-07-19T14:00:00Z", "vacation", "vacation", "lundi 2 août 2027 à 9:00 (HAE)"),
        (CLOSED, "outside_hours", "outsideHours", "lundi 7 décembre 2026 à 9:00 (HNE)"),
    ] {
        let answer = foretold(&world, json!({"at": at})).await;
        assert_eq!(answer["closed"], closed);
        assert_eq!(
            (&answer["language"], &answer["nextOpeningText"]),
            (&json!("fr"), &json!(opening))
        );
        assert_eq!(answer["silent"], Value::Null);
        let first = &answer["replies"][0];
        assert_eq!((&first["reason"], &first["at"]), (&json!(closed), &json!(at)));
        for form in ["html", "text"] {
            let text = saved[place]["fr"][form].as_str().unwrap();
            let filled =
                text.replace("{{emergencyLine}}", "911").replace("{{nextOpening}}", opening);
            assert_eq!(first["body"][form], filled);
        }
    }
    // A reason without a text of its own has that of the week.
    let replaced = with("/automaticReplies/exception", Value::Null);
    world.call(put(ADMIN, CURRENT, &replaced)).await.expect(200, "");
    let answer = foretold(&world, json!({"at": "2026-12-25T15:00:00Z"})).await;
    assert_eq!(answer["closed"], "exception");
    assert_eq!(answer["replies"][0]["reason"], "outside_hours");
}

#[tokio::test]
async fn oh_06_the_next_opening_is_told_on_the_clock_of_its_own_day_in_each_language() {
    let world = World::with_settings().await;
    for (at, language, opening, text) in [
        // Clocks go back over the weekend.
        (
            "2026-10-30T22:00:00Z",
            "en",
            "2026-11-02T14:00:00Z",
            "Monday, November 2, 2026 at 9:00 a.m. EST",
        ),
        (
            "2026-10-30T18:00:00-04:00",
            "fr-CA",
            "2026-11-02T14:00:00Z",
            "lundi 2 novembre 2026 à 9:00 (HNE)",
        ),
        // A window of the afternoon, on a day that has begun.
        (
            "2026-11-30T17:00:00Z",
            "en",
            "2026-11-30T18:00:00Z",
            "Monday, November 30, 2026 at 1:00 p.m. EST",
        ),
        // Forward.
        (
            "2027-03-13T00:00:00Z",
            "en",
            "2027-03-15T13:00:00Z",
            "Monday, March 15, 2027 at 9:00 a.m. EDT",
        ),
    ] {
        let answer = foretold(&world, json!({"at": at, "language": language})).await;
        assert_eq!(answer["nextOpening"], opening, "{at}");
        assert_eq!(answer["nextOpeningText"], text, "{at}");
        assert_eq!(answer["language"], language.split('-').next().unwrap());
    }
}

#[tokio::test]
async fn while_the_office_is_open_only_silence_is_answered() {
    let world = World::with_settings().await;
    let answer = foretold(&world, json!({"at": OPEN})).await;
    assert_eq!((&answer["closed"], &answer["silent"]), (&Value::Null, &json!("office_open")));
    assert_eq!(answer["nextOpening"], OPEN);
    // 120 office minutes.
    assert_eq!(replies(&answer), ["no_answer 2026-11-30T17:00:00Z"]);
    let text = answer["replies"][0]["body"]["text"].as_str().unwrap();
    assert_eq!(
        text,
        "Nous répondrons bientôt. Téléphone : 613-555-0100. En cas d’urgence, composez le 911."
    );
}

#[tokio::test]
async fn an_instant_that_nobody_names_is_now() {
    let world = World::with_settings().await;
    for question in [json!({}), json!({"at": null, "language": null, "staff": null})] {
        let answer = foretold(&world, question).await;
        assert_eq!(
            (&answer["at"], &answer["language"]),
            (&json!("2026-11-25T00:00:01Z"), &json!("fr"))
        );
    }
}

#[tokio::test]
async fn nobody_is_there_while_all_who_take_part_are_away() {
    let world = World::with_settings().await;
    world.away("s1", &[("2026-11-30", "2026-12-11")]).await;
    world.away("s2", &[("2026-11-23", "2026-12-04")]).await;
    // The former administrator is there, and does not count.
    let both = json!(["s1", "s2", "s3", "s1"]);
    let answer = foretold(&world, json!({"at": OPEN, "language": "en", "staff": both})).await;
    assert_eq!(answer["closed"], "vacation");
    assert_eq!(answer["nextOpening"], "2026-12-07T14:00:00Z", "the second of the two is there");
    assert_eq!(answer["replies"][0]["reason"], "vacation");
    assert_eq!(answer["replies"][0]["at"], OPEN);

    // Who has said nothing of vacations is there.
    for staff in [json!(["s1", "s9"]), json!(["s2", "s1", "s9"]), json!(["s3"]), json!([])] {
        let answer = foretold(&world, json!({"at": OPEN, "staff": staff})).await;
        assert_eq!(answer["closed"], Value::Null, "{staff}");
        assert_eq!(answer["silent"], "office_open");
    }
    // Whose vacations were looked at is on record.
    let answer = world.call(ask(ADMIN, &json!({"at": OPEN, "staff": both}))).await.expect(200, "");
    assert_eq!(answer.record["objects"], json!(["s1", "s2", "s3"]));
    // Without a text for it, a vacation of staff is nothing.
    let replaced = with("/automaticReplies/vacation", Value::Null);
    world.call(put(ADMIN, CURRENT, &replaced)).await.expect(200, "");
    let answer = foretold(&world, json!({"at": OPEN, "staff": both})).await;
    assert_eq!(answer["silent"], "office_open");
}

#[tokio::test]
async fn without_replies_it_says_why_and_when_somebody_is_there() {
    let world = World::with_settings().await;
    let next = |answer: &Value| answer["nextOpening"].clone();
    let opening = json!("2026-12-07T14:00:00Z");

    let mut off = document();
    off["automaticReplies"] = Value::Null;
    let mut never = off.clone();
    never["officeHours"]["windows"] = json!([]);
    never["officeHours"]["exceptions"] = json!([]);
    let mut paused = document();
    paused["notices"] = json!({"paused": true});
    let steps = [
        (with("/plan", json!("connect")), (false, false, json!("switched_off")), opening.clone()),
        (off, (true, false, json!("switched_off")), opening.clone()),
        (never, (true, false, json!("switched_off")), Value::Null),
        (paused, (true, true, Value::Null), opening),
    ];
    for (version, (document, (in_plan, paused, silent), opening)) in (1..).zip(steps) {
        let tag = format!("\"{version}\"");
        world.call(put(OPERATOR, Some(("If-Match", &tag)), &document)).await.expect(200, "");
        let answer = foretold(&world, json!({"at": CLOSED})).await;
        assert_eq!(answer["automaticReplies"], in_plan);
        assert_eq!(answer["paused"], paused);
        assert_eq!(answer["silent"], silent);
        assert_eq!(replies(&answer).is_empty(), silent != Value::Null);
        assert_eq!(answer["closed"], "outside_hours");
        assert_eq!(next(&answer), opening);
        assert_eq!(answer["nextOpeningText"].is_null(), opening.is_null());
    }
}

#[tokio::test]
async fn a_question_is_refused_with_code_and_place() {
    let world = World::with_settings().await;
    let forty: Vec<&str> = vec!["s1"; 40];
    for (question, reasons) in [
        (json!({"at": "tomorrow"}), vec!["instant_invalid /at"]),
        (json!({"at": ""}), vec!["instant_invalid /at"]),
        (json!({"at": "2026-11-30"}), vec!["instant_invalid /at"]),
        // A time without its offset is none.
        (json!({"at": "2026-11-30T10:00:00"}), vec!["instant_invalid /at"]),
        (json!({"at": "2029-11-25T00:00:02Z"}), vec!["instant_invalid /at"]),
        (json!({"at": "2023-11-25T00:00:00Z"}), vec!["instant_invalid /at"]),
        (json!({"at": "-009999-01-02T01:59:59Z"}), vec!["instant_invalid /at"]),
        (json!({"at": "9999-12-30T22:00:00Z"}), vec!["instant_invalid /at"]),
        (json!({"at": 1_795_564_801}), vec!["wrong_type /at"]),
        (json!({"at": OPEN, "language": "es"}), vec!["language_unknown /language"]),
        (json!({"at": OPEN, "staff": "s1"}), vec!["wrong_type /staff"]),
        (json!({"at": OPEN, "staff": ["s1", "nobody"]}), vec!["unknown_recipient /staff/1"]),
        (json!({"at": OPEN, "staff": ["a\u{0}b"]}), vec!["invalid_id /staff/0"]),
        (json!({"at": OPEN, "staff": forty}), vec!["too_many_participants /staff"]),
        (json!({"at": OPEN, "patient": "p1"}), vec!["unknown_member /patient"]),
        (
            json!({"at": "x", "language": "x", "staff": ["s1", "../s2", "nobody"]}),
            vec![
                "instant_invalid /at",
                "language_unknown /language",
                "invalid_id /staff/1",
                "unknown_recipient /staff/2",
            ],
        ),
    ] {
        let answer = world.call(ask(CLINICIAN, &question)).await;
        assert_eq!(
            (answer.status, answer.reasons().join(", ")),
            (422, reasons.join(", ")),
            "{question}"
        );
    }
    // As far as that it goes, either way, and with as many staff.
    let most = &forty[1..];
    for at in ["2029-11-25T00:00:01Z", "2023-11-24T19:00:01-05:00"] {
        foretold(&world, json!({"at": at, "staff": most})).await;
    }
}

#[tokio::test]
async fn each_role_may_what_its_row_says() {
    let world = World::with_settings().await;
    for (who, status, code) in [
        (OPERATOR, 200, ""),
        (CHART, 200, ""),
        (ADMIN, 200, ""),
        (CLINICIAN, 200, ""),
        (FRONT_DESK, 200, ""),
        (FORMER_ADMIN, 403, "staff_inactive"),
        (STRANGER, 403, "staff_inactive"),
        (OTHER_ADMIN, 404, "not_found"),
        (OTHER_CHART, 404, "not_found"),
        (ACCOUNT, 404, "not_found"),
        (PORTAL, 404, "not_found"),
    ] {
        let answer = world.call(ask(who, &json!({"at": OPEN}))).await.expect(status, code);
        assert_eq!(answer.record["action"], "automatic_reply.preview");
        assert_eq!(
            (&answer.record["actorKind"], &answer.record["actor"]),
            (&json!(who.0), &json!(who.1))
        );
        // Who of the staff is there is nobody else's to know.
        if status != 200 {
            let question = json!({"at": "x", "staff": ["nobody"]});
            world.call(ask(who, &question)).await.expect(status, code);
        }
    }
    let nowhere = World::new().await;
    nowhere.call(ask(ADMIN, &json!({"at": OPEN}))).await.expect(404, "not_found");
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_told() {
    let world = World::with_settings().await;
    let unwritable = Fault::unavailable("PutItem").times(u32::MAX);
    let unlucky = handler(world.db.client_with(unwritable));
    let (status, _, body) = send(&unlucky, ask(ADMIN, &json!({"at": OPEN}))).await;
    assert_eq!((status, body.get("replies")), (503, None));
}
