//! The texts of automatic replies, and what a clinic says of itself in them.

use domain::clinic::AutomaticReplies;
use serde_json::{Value, json};

use super::world::*;

const CURRENT: Option<(&str, &str)> = Some(("If-Match", "\"1\""));

/// Where each text of a reason is.
const TEXTS: [&str; 4] = [
    "/automaticReplies/exception",
    "/automaticReplies/vacation",
    "/automaticReplies/outsideHours",
    "/automaticReplies/noAnswer/text",
];

/// The sample's document with one text as this.
fn with_text(place: &str, language: &str, text: &str) -> Value {
    with(&format!("{place}/{language}"), json!(text))
}

async fn refused(world: &World, document: &Value) -> Answer {
    let answer = world.call(put(ADMIN, CURRENT, document)).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    answer
}

#[tokio::test]
async fn rt_03_no_text_of_any_reason_in_any_language_is_empty_once_it_is_cleaned() {
    let world = World::with_settings().await;
    for text in [
        "",
        " \n\u{a0}",
        "<iframe src=\"https://example.test\"></iframe>",
        "<div></div>",
        "<img src=x>",
        "<!-- note -->",
        "<style>p{}</style>",
        "<script>{{emergencyLine}}</script>",
        "\u{0}\u{0}\u{0}",
        "<p>\u{200B}\u{2060}</p>",
    ] {
        for place in TEXTS {
            for language in ["en", "fr"] {
                let answer = refused(&world, &with_text(place, language, text)).await;
                let reason = format!("automatic_text_empty {place}/{language}");
                assert_eq!(answer.reasons(), [reason], "{text:?}");
            }
        }
    }
}

#[tokio::test]
async fn every_text_says_whom_to_call_in_an_emergency() {
    let world = World::with_settings().await;
    for place in TEXTS {
        for language in ["en", "fr"] {
            // Nor does a number in its place say so: it would not change with the setting.
            for text in ["<p>We are away.</p>", "<p>We are away. Call 911.</p>"] {
                let answer = refused(&world, &with_text(place, language, text)).await;
                let reason = format!("emergency_line_missing {place}/{language}");
                assert_eq!(answer.reasons(), [reason]);
            }
        }
    }
}

#[tokio::test]
async fn what_a_text_names_has_a_value() {
    let world = World::with_settings().await;
    let mut document = with("/phone", Value::Null);
    let phone = ["placeholder_without_value /automaticReplies/noAnswer/text/fr"];
    let answer = refused(&world, &document).await;
    assert_eq!(answer.reasons(), phone);
    assert_eq!(answer.body["errors"][0]["about"], "clinicPhone");

    document["emergencyLine"] = Value::Null;
    let line = [
        "exception/en",
        "exception/fr",
        "vacation/en",
        "vacation/fr",
        "outsideHours/en",
        "outsideHours/fr",
        "noAnswer/text/fr",
        "noAnswer/text/fr",
    ]
    .map(|place| format!("placeholder_without_value /automaticReplies/{place}"));
    assert_eq!(refused(&world, &document).await.reasons(), line);

    // A clinic that answers nothing by itself need not say either.
    document["automaticReplies"] = Value::Null;
    world.call(put(ADMIN, CURRENT, &document)).await.expect(200, "");
}

#[tokio::test]
async fn what_is_removed_from_a_text_is_told_to_whoever_saves_it() {
    let world = World::with_settings().await;
    let text = "<h1>Closed</h1><img src=x><p>{{emergencyLine}} <a href='/map'>Map</a></p>";
    let document = with_text("/automaticReplies/noAnswer/text", "fr", text);
    let told = |what: &str, name: &str| {
        let pointer = "/automaticReplies/noAnswer/text/fr";
        json!({ "pointer": pointer, "what": what, "name": name, "count": 1 })
    };
    let removed =
        json!([told("formatting", "h1"), told("element", "img"), told("link", "relative")]);
    // The same when it is sent again, and to nobody else.
    for _ in 0..2 {
        let saved = world.call(put(ADMIN, CURRENT, &document)).await.expect(200, "").body;
        assert_eq!(saved["removed"], removed);
    }
    let read = world.call(get(ADMIN)).await.expect(200, "").body;
    assert_eq!(read.get("removed"), None);
}

#[tokio::test]
async fn rt_12_texts_that_are_too_long_are_refused_and_the_longest_are_stored() {
    let world = World::with_settings().await;
    let most = AutomaticReplies::MAX_TEXT_BYTES;
    let line = "{{emergencyLine}}";
    for text in ["a".repeat(100 * 1000), "&".repeat(most / 4), "\u{1f600}".repeat(most / 4)] {
        for place in TEXTS {
            let answer = refused(&world, &with_text(place, "fr", &format!("{line}{text}"))).await;
            assert_eq!(answer.reasons(), [format!("automatic_text_too_long {place}/fr")]);
        }
    }
    let mut document = with("/name", json!("Clinic"));
    let longest = format!("{line}{}", "a".repeat(most - line.len()));
    for place in TEXTS {
        for language in ["en", "fr"] {
            document.pointer_mut(place).unwrap()[language] = json!(longest);
        }
    }
    world.call(put(ADMIN, CURRENT, &document)).await.expect(200, "");
}

#[tokio::test]
async fn tp_01_no_address_in_a_text_has_a_placeholder_kept_or_not() {
    let world = World::with_settings().await;
    for address in ["https://example.test/{{clinicName}}", "{{clinicName}}", "/x/{{clinicName}}"] {
        for place in TEXTS {
            let text = format!("<p>{{{{emergencyLine}}}} <a href='{address}'>x</a></p>");
            let answer = refused(&world, &with_text(place, "fr", &text)).await;
            assert_eq!(answer.reasons(), [format!("placeholder_in_link {place}/fr")]);
            assert_eq!(answer.body["errors"][0]["about"], "clinicName");
        }
    }
}

#[tokio::test]
async fn a_text_has_what_says_the_same_to_everybody_and_nothing_else() {
    let world = World::with_settings().await;
    for name in [
        "patientName",
        "patientGivenName",
        "patientFamilyName",
        "patientBirthDate",
        "senderName",
        "today",
        "link",
        "clinicname",
    ] {
        for place in TEXTS {
            let text = format!("<p>{{{{{name}}}}} {{{{emergencyLine}}}}</p>");
            let answer = refused(&world, &with_text(place, "fr", &text)).await;
            assert_eq!(answer.reasons(), [format!("placeholder_unknown {place}/fr")]);
            assert_eq!(answer.body["errors"][0]["about"], name);
        }
    }
    let all = "<p>{{clinicName|upper}} {{clinicPhone}} {{ emergencyLine }} {{nextOpening}}</p>";
    world.call(put(ADMIN, CURRENT, &with_text(TEXTS[1], "en", all))).await.expect(200, "");
}

#[tokio::test]
async fn rt_09_no_control_character_is_in_what_is_shown_as_one_line() {
    let world = World::with_settings().await;
    for character in
        ["\u{0}", "\u{8}", "\u{1b}", "\u{7f}", "\u{85}", "\r", "\n", "\u{2028}", "\u{202e}"]
    {
        let text = format!("a{character}b");
        for pointer in ["/name", "/smsName", "/phone", "/emergencyLine"] {
            let answer = refused(&world, &with(pointer, json!(text))).await;
            assert_eq!(answer.reasons(), [format!("forbidden_character {pointer}")], "{text:?}");
        }
        let exceptions = json!([{"date": "2026-12-25", "name": text}]);
        let answer = refused(&world, &with("/officeHours/exceptions", exceptions)).await;
        let reason = "forbidden_character /officeHours/exceptions/0/name";
        assert_eq!(answer.reasons(), [reason], "{text:?}");
    }
    // In a text it is removed before anything else is looked at.
    let event =
        put(ADMIN, CURRENT, &with_text(TEXTS[0], "en", "<p>a\u{0}b {{emergency\u{0}Line}}</p>"));
    let saved = world.call(event).await.expect(200, "").body;
    let text = saved["automaticReplies"]["exception"]["en"]["text"].as_str().unwrap();
    assert_eq!(text, "ab {{emergencyLine}}");
}
