#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;
use crate::rich_text::MAX_STORED_BYTES;
use crate::testing::body;

const ALL: &[Placeholder] = &Placeholder::OF_MESSAGES;

/// What is wrong, as code and name.
fn wrong(check: impl FnOnce(&mut Checks)) -> Vec<(Code, String)> {
    let mut checks = Checks::new();
    check(&mut checks);
    let reasons = checks.into_reasons().into_iter();
    reasons
        .map(|reason| {
            assert_eq!(reason.place.as_deref(), Some("/here"));
            (reason.code, reason.about.unwrap())
        })
        .collect()
}

fn wrong_in_text(text: &str) -> Vec<(Code, String)> {
    wrong(|checks| check_text(text, ALL, "/here", checks))
}

fn wrong_in_body(html: &str) -> Vec<(Code, String)> {
    wrong(|checks| check_body(&body(html), ALL, "/here", checks))
}

fn unknown(name: &str) -> Vec<(Code, String)> {
    vec![(Code::PlaceholderUnknown, name.to_owned())]
}

/// Each value is `<name>`, with the form behind a bar.
#[expect(clippy::unnecessary_wraps, reason = "it stands where there may be no value")]
fn named(wanted: Wanted) -> Option<String> {
    Some(format!("<{wanted}>"))
}

#[test]
fn tp_04_odd_braces_are_refused_by_what_stands_in_them() {
    for (typed, name) in [
        ("Dear {{patient_name, welcome", "patient_name,"),
        ("Dear {{patientName", "patientName"),
        ("Dear {{patientName}", "patientName}"),
        ("Dear {{", "{{}}"),
        ("Dear {{}}", "{{}}"),
        ("Dear {{ }}", "{{}}"),
        ("Dear {{\u{a0}}}", "{{}}"),
        ("Dear {{{patientName}}}", "{patientName}"),
        ("Dear {{{patientName}}", "{patientName"),
        ("Dear {{patientName}}}", "patientName}"),
        ("Dear {{\u{a0}patient_name\u{a0}}}", "patient_name"),
        ("Dear {{PatientName}}", "PatientName"),
        ("Dear {{patient name}}", "patient name"),
        ("Dear {{patientName\u{200b}}}", "patientName\u{200b}"),
        ("Dear {{a{{b}}}}", "a{{b}}"),
        ("Dear Sir}}, welcome", "Sir}}"),
        ("Dear }}", "}}"),
        ("Dear {{patientName||upper}}", "patientName||upper"),
        ("Dear {{patientName|}}", "patientName|"),
        ("Dear {{patientName|long}}", "patientName|long"),
        ("Dear {{today|upper}}", "today|upper"),
        ("Dear {{today|Short}}", "today|Short"),
        ("Dear {{clinicPhone|upper}}", "clinicPhone|upper"),
        ("Dear {{nextOpening|long}}", "nextOpening|long"),
        ("Dear {{a&b<c}}", "a&b<c"),
    ] {
        assert_eq!(wrong_in_text(typed), unknown(name), "{typed}");
        let html = typed.replace('&', "&amp;").replace('<', "&lt;");
        assert_eq!(wrong_in_body(&html), unknown(name), "{html}");
        assert_eq!(wrong_in_body(&format!("<p>{html}</p><p>End</p>")), unknown(name), "{html}");
    }
}

#[test]
fn single_braces_are_text() {
    for typed in ["{patientName}", "{", "}", "{ {today} }", "a } b { c", "f(x) = {1, 2}"] {
        assert_eq!(wrong_in_text(typed), []);
        assert_eq!(fill_text(typed, named), Ok(typed.to_owned()));
        assert_eq!(wrong_in_body(typed), []);
        assert_eq!(fill_body(&body(typed), named), Ok(body(typed)));
    }
}

#[test]
fn entities_and_hard_blanks_are_read_as_what_they_show() {
    for (typed, filled) in [
        ("&#123;{patientName}&#x7d;", "&lt;patientName&gt;"),
        ("&lbrace;&lbrace;today|short}}", "&lt;today|short&gt;"),
        ("{{&nbsp;patientName&#160;}}", "&lt;patientName&gt;"),
        ("{{ patientName | upper }}", "&lt;patientName|upper&gt;"),
    ] {
        assert_eq!(wrong_in_body(typed), [], "{typed}");
        assert_eq!(fill_body(&body(typed), named).unwrap().html(), filled);
    }
    assert_eq!(wrong_in_body("&#123;{x}}"), unknown("x"));
    assert_eq!(wrong_in_body("{{Q &amp; A&nbsp;&lt;}}"), unknown("Q & A <"));
    assert_eq!(wrong_in_text("{{\u{a0}patientName\u{a0}}}"), []);
}

#[test]
fn markup_within_a_placeholder_breaks_it_and_around_it_does_not() {
    for (typed, name) in [
        ("{{patient<b>Name</b>}}", "patientName"),
        ("{{patient_<b>name</b>}}", "patient_name"),
        ("{<b>{patientName}}</b>", "patientName"),
        ("{{patientName}<i>}</i>", "patientName"),
        ("<u>{{</u>patientName<u>}}</u>", "patientName"),
        ("{{<a href=\"https://example.test/\">today</a>}}", "today"),
        // The one that is whole is not the one that is named.
        ("{{patientName}} <b>{</b>{today}}", "today"),
        ("{<b>{{today}}</b>}", "{today}"),
        ("{{patient<br>Name}}", "patient"),
        ("<p>{{today</p><p>}}</p>", "today"),
    ] {
        let found = wrong_in_body(typed);
        assert_eq!(found.first(), unknown(name).first(), "{typed}");
    }
    for typed in [
        "<p><b>{{patientName}}</b></p>",
        "a<i>{{patientName}}</i>{<b>b</b>}",
        "<p>{</p><p>{</p>",
        "<ul><li>{{today}}</li><li>{{today|short}}</li></ul>",
    ] {
        assert_eq!(wrong_in_body(typed), [], "{typed}");
    }
}

#[test]
fn a_link_s_address_has_no_placeholder_however_it_is_written() {
    for address in [
        "https://example.test/{{patientName}}",
        "https://example.test/?q={{patientName}}",
        "https://example.test/%7B%7BpatientName%7D%7D",
        "https://example.test/%7b{patientName}}",
        "https://example.test/&#123;&#123;patientName}}",
        "mailto:{{patientName}}@example.test",
        "https://example.test/{{patientName",
    ] {
        let found = wrong_in_body(&format!("<p><a href=\"{address}\">{{{{today}}}}</a></p>"));
        assert_eq!(found, [(Code::PlaceholderInLink, "patientName".to_owned())], "{address}");
    }
    // An address that was typed becomes a link too.
    let found = wrong_in_body("See https://example.test/{{patientName}} now");
    assert!(found.contains(&(Code::PlaceholderInLink, "patientName".to_owned())), "{found:?}");
    // A link's text may have one; the address stays as it is.
    let filled = fill_body(&body("<a href=\"https://example.test/\">{{today}}</a>"), named);
    let wanted = "<a href=\"https://example.test/\" rel=\"noopener noreferrer nofollow\">\
                  &lt;today&gt;</a>";
    assert_eq!(filled.unwrap().html(), wanted);
}

/// An address that is dropped, or cut, is no part of the body any more: it is told all the same.
#[test]
fn tp_01_a_placeholder_in_an_address_that_a_body_cannot_have_is_told_too() {
    let lost = |html: &str| {
        let cleaned = Body::clean(html).unwrap();
        wrong(|checks| check_lost(&cleaned, "/here", checks))
    };
    for address in [
        "{{patientName}}",
        "/charts/{{patientName}}",
        "www.example.test/{{patientName}}",
        "//example.test/%7B%7BpatientName%7D%7D",
        "ftp://example.test/{{patientName}}",
        "javascript:{{patientName}}",
        "https://{{patientName}}:x@example.test/",
        "mailto:a@example.test?subject={{patientName}}",
        "&#123;{patientName}}",
    ] {
        for html in ["<a href=\"X\">here</a>", "<table><tr><td><a href='X'>here</a></table>"] {
            let html = html.replace('X', address);
            let found = lost(&html);
            assert_eq!(found, [(Code::PlaceholderInLink, "patientName".to_owned())], "{html}");
        }
    }
    for kept in ["https://example.test/", "/charts/1", "https://example.test/{{patientName}}"] {
        assert_eq!(lost(&format!("<a href=\"{kept}\">here</a>")), [], "{kept}");
    }
    // However many there are, they are told with a limit.
    let many: Vec<_> = (0..5_000).map(|n| format!("<a href=\"{{{{x{n}}}}}\">x</a>")).collect();
    assert_eq!(lost(&many.concat()).len(), MAX_NAMED);
}

#[test]
fn each_kind_of_text_has_its_own_placeholders() {
    for placeholder in Placeholder::OF_MESSAGES {
        let typed = format!("{{{{{}}}}}", placeholder.name());
        assert_eq!(wrong_in_body(&typed), []);
        let automatic = Placeholder::OF_AUTOMATIC_TEXTS;
        let found = wrong(|checks| check_body(&body(&typed), &automatic, "/here", checks));
        let wanted =
            if automatic.contains(&placeholder) { Vec::new() } else { unknown(placeholder.name()) };
        assert_eq!(found, wanted);
        for form in [Form::Upper, Form::Long, Form::Short] {
            let typed = format!("{{{{{}|{}}}}}", placeholder.name(), form.name());
            let allowed = placeholder.forms().contains(&form);
            assert_eq!(wrong_in_text(&typed).is_empty(), allowed, "{typed}");
            let filled = fill_text(&typed, named).unwrap();
            assert_eq!(filled.starts_with('<'), allowed, "{typed}");
        }
    }
}

#[test]
fn a_value_that_shows_nothing_is_missing_and_each_one_is_told_once() {
    for blank in [None, Some(""), Some(" "), Some("\u{a0}"), Some("\u{200b}\u{ad}")] {
        let value = |wanted: Wanted| match wanted.placeholder {
            Placeholder::PatientName => Some("Zebulon".to_owned()),
            _ => blank.map(str::to_owned),
        };
        let typed = "{{patientName}} {{today}} {{senderName}} {{today}} {{today|short}}";
        let missing = fill_text(typed, value).unwrap_err();
        let names: Vec<_> = missing.iter().map(Wanted::to_string).collect();
        assert_eq!(names, ["today", "senderName", "today|short"], "{blank:?}");
        assert_eq!(fill_body(&body(typed), value), Err(Unfilled::Missing(missing.clone())));
        let found = wrong(|checks| note_missing(&missing, "/here", checks));
        let told: Vec<_> = found.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(told, names);
        assert!(found.iter().all(|(code, _)| *code == Code::PlaceholderWithoutValue));
    }
    // What is false, nothing or nought elsewhere is text here.
    for value in ["0", "false", "null", "-"] {
        assert_eq!(fill_text("{{today}}", |_| Some(value.to_owned())), Ok(value.to_owned()));
    }
}

#[test]
fn a_placeholder_is_found_and_filled_wherever_a_reader_sees_text() {
    let typed = "<p align=\"center\">{{today}}</p><ul><li>{{clinicName|upper}}</li></ul><table><tr>\
                 <th>{{patientName}}</th><td colspan=\"2\"><s>{{senderName}}</s></td></tr></table>";
    let found: Vec<_> = of_body(&body(typed)).iter().map(Wanted::to_string).collect();
    assert_eq!(found, ["today", "clinicName|upper", "patientName", "senderName"]);
    let filled = fill_body(&body(typed), named).unwrap();
    for name in &found {
        assert!(filled.html().contains(&format!("&lt;{name}&gt;")), "{}", filled.html());
        assert!(filled.text().contains(&format!("<{name}>")), "{}", filled.text());
    }
    assert!(!filled.html().contains("{{"));
    let wrong = wrong_in_body(&typed.replace("senderName", "sender_name"));
    assert_eq!(wrong, unknown("sender_name"));
}

#[test]
fn a_body_full_of_braces_gets_an_answer_that_can_be_read() {
    let all_the_same = wrong_in_body(&"{{x}}".repeat(MAX_STORED_BYTES / 5));
    assert_eq!(all_the_same, unknown("x"));
    let each_another: Vec<_> = (0..5_000).map(|number| format!("{{{{x{number}}}}}")).collect();
    assert_eq!(wrong_in_body(&each_another.join(" ")).len(), MAX_NAMED);
    let long = format!("{{{{{}}}}}", "é".repeat(1_000));
    assert_eq!(wrong_in_text(&long), unknown(&"é".repeat(MAX_NAMED_CHARACTERS)));
    assert_eq!(wrong_in_body(&"{{".repeat(MAX_STORED_BYTES / 2)).len(), 1);
}

#[test]
fn what_is_too_long_with_its_values_is_refused() {
    let typed = body(&"{{today}} ".repeat(2_000));
    let longest = |_| Some("&".repeat(100));
    let limit = MAX_STORED_BYTES;
    assert_eq!(fill_body(&typed, longest), Err(Unfilled::Body(BodyProblem::TooLong { limit })));
}

/// Markup, text and braces, in which placeholders are whole, broken, unknown or split.
fn typed() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("{{patientName}}".to_owned()),
        Just("{{ today | short }}".to_owned()),
        Just("{{&nbsp;clinicName|upper}}".to_owned()),
        Just("{{unknown}}".to_owned()),
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("&#123;".to_owned()),
        Just("{{".to_owned()),
        Just("}}".to_owned()),
        Just("<b>".to_owned()),
        Just("</b>".to_owned()),
        Just("<p>".to_owned()),
        Just("<br>".to_owned()),
        Just("<td>".to_owned()),
        Just("<li>".to_owned()),
        Just("<a href='https://example.test/'>".to_owned()),
        Just("</a>".to_owned()),
        Just("patientName".to_owned()),
        Just(" ".to_owned()),
        Just("&amp;".to_owned()),
        "[a-zé<&\"]{1,3}",
    ];
    prop::collection::vec(part, 1..12).prop_map(|parts| parts.concat())
}

proptest! {
    /// Markup, entities, braces and addresses in a value are text, and are never looked at again.
    #[test]
    fn a_value_stays_text(value in "[^\\p{Cc}\\u{FEFF}\\u{2028}\\u{2029}]{0,30}[a-z<]", braces in any::<bool>()) {
        let value = if braces { format!("{{{{today}}}}{value}{{{{patientName}}}}") } else { value };
        let typed = body("<p>Dear <b>{{patientName}}</b>, <i>{{patientName}}</i>.</p>");
        let filled = fill_body(&typed, |_| Some(value.clone())).unwrap();
        let shown = body(&format!("<p>Dear <b>{0}</b>, <i>{0}</i>.</p>", escape_text(&value)));
        prop_assert_eq!(filled.text(), shown.text());
        let again = body(filled.html());
        prop_assert_eq!(again.text(), filled.text());
        let tags = |body: &Body| body.html().matches('<').count();
        prop_assert_eq!(tags(&filled), tags(&typed));
        let text = fill_text("Dear {{patientName}}!", |_| Some(value.clone())).unwrap();
        prop_assert_eq!(text, format!("Dear {value}!"));
    }

    #[test]
    fn text_without_placeholders_is_unchanged(
        title in any::<String>(),
        typed in "([a-z&<>/ {}\"]|<b>|</b>|<p>|<a href='https://example.test/'>|</a>){0,40}",
    ) {
        let never = |_| -> Option<String> { None };
        prop_assume!(of_text(&title).is_empty());
        prop_assert_eq!(fill_text(&title, never), Ok(title.clone()));
        if let Ok(body) = Body::parse(&typed) {
            prop_assume!(of_body(&body).is_empty());
            prop_assert_eq!(fill_body(&body, never).unwrap(), body);
        }
    }

    /// What can be saved can be sent when there is a value for everything, and then no brace of a
    /// placeholder is left; nothing else comes from anywhere but the text and the values.
    #[test]
    fn what_was_accepted_is_filled_whole_or_refused_by_name(typed in typed()) {
        let Ok(template) = Body::parse(&typed) else { return Ok(()) };
        let accepted = wrong_in_body(&typed).is_empty();
        if !accepted {
            return Ok(());
        }
        let filled = fill_body(&template, |_| Some("value".to_owned())).unwrap();
        prop_assert!(!filled.text().contains("{{") && !filled.text().contains("}}"));
        prop_assert!(!filled.html().contains("{{") && !filled.html().contains("}}"));
        let count = of_body(&template).len();
        prop_assert_eq!(filled.text().matches("value").count(), count);
        let unfilled = fill_body(&template, |_| None);
        if count > 0 {
            prop_assert!(matches!(unfilled, Err(Unfilled::Missing(missing)) if !missing.is_empty()));
        } else {
            prop_assert_eq!(unfilled.unwrap(), template);
        }
    }

    /// The spans of a text are the text, whatever it is.
    #[test]
    fn nothing_of_a_text_is_lost_in_looking(text in "[{}a \\u{a0}]{0,24}") {
        let whole: String = spans(&text).iter().map(|span| span.whole).collect();
        prop_assert_eq!(&whole, &text);
        if wrong_in_text(&text).is_empty() {
            prop_assert!(!text.contains("{{") && !text.contains("}}"));
        }
    }
}
