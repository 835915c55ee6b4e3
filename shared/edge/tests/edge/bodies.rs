//! JSON bodies.

use std::collections::HashMap;

use domain::clinic::Language;
use domain::hours::RawHours;
use domain::id::StaffId;
use domain::refusal::Code;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{code, refused, with_body, with_typed_body};

/// A body like those of the routes; it does not say `deny_unknown_fields`, and need not.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Body {
    title: String,
    #[serde(default)]
    to: Vec<StaffId>,
    allow_reply: Option<bool>,
    seen: Option<u32>,
    nested: Option<Nested>,
    language: Option<Language>,
    texts: Option<HashMap<Language, String>>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Nested {
    minutes: i64,
    pair: Option<(u8, u8)>,
    shape: Option<Shape>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Plain,
    Sized { width: u32 },
}

fn read(body: &str) -> Result<Body, domain::refusal::Refusal> {
    with_body(body).json()
}

#[test]
fn ap_01_ordinary_media_types_work_and_others_are_refused() {
    for good in [
        "application/json",
        "application/json;charset=UTF-8",
        "application/json; charset=\"utf-8\"",
        "aPPliCatION/JsOn ; chaRset=UTF-8",
        "application/json;",
        "application/json; q=1; charset=utf-8",
    ] {
        assert_eq!(with_typed_body(&[good], "{}").json::<Value>(), Ok(json!({})), "{good}");
    }
    for bad in [
        "text/plain",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json; charset",
        "application/problem+json",
        "application/x-www-form-urlencoded",
        "application/json, text/plain",
        "application/jsonp",
        "",
        "é",
    ] {
        let request = with_typed_body(&[bad], "{}");
        assert_eq!(code(request.json::<Value>()), Code::UnsupportedMediaType, "{bad}");
    }
    assert_eq!(code(with_typed_body(&[], "{}").json::<Value>()), Code::UnsupportedMediaType);
    let doubled = with_typed_body(&["application/json", "application/json"], "{}");
    assert_eq!(code(doubled.json::<Value>()), Code::DuplicateHeader);
}

#[test]
fn ap_04_a_byte_order_mark_is_passed_over_once() {
    assert_eq!(read("\u{FEFF}{\"title\":\"t\"}").unwrap().title, "t");
    assert_eq!(code(read("\u{FEFF}\u{FEFF}{\"title\":\"t\"}")), Code::MalformedJson);
    // A mark inside a value is part of it.
    assert_eq!(read("{\"title\":\"\u{FEFF}t\"}").unwrap().title, "\u{FEFF}t");
}

#[test]
fn ap_04_what_is_not_one_json_document_with_each_member_once_is_malformed() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for bad in [
        "",
        " ",
        "{",
        "{\"title\":\"t\"",
        "{\"title\":\"t\",}",
        "{\"title\":\"t\"}{}",
        "{\"title\":\"t\"} x",
        "{'title':'t'}",
        "{title:\"t\"}",
        "{\"title\":\"a\u{1}b\"}",
        "{\"title\":\"\\ud800\"}",
        "{\"title\":\"t\",\"seen\":1e999}",
        "{\"title\":\"t\",\"seen\":NaN}",
        "{\"allowReply\":false,\"allowReply\":true}",
        "{\"title\":\"t\",\"allowReply\":false,\"allowReply\":false}",
        "{\"title\":\"t\",\"allowReply\":false,\"allow\\u0052eply\":true}",
        "{\"title\":\"t\",\"nested\":{\"minutes\":1,\"minutes\":1}}",
        "{\"title\":\"t\",\"texts\":{\"en\":\"a\",\"en\":\"b\"}}",
        "{\"title\":\"t\",\"to\":[{\"a\":1,\"a\":2}]}",
        "{\"unknown\":{\"a\":1,\"a\":2}}",
        &deep,
    ] {
        assert_eq!(refused(read(bad)), (Code::MalformedJson, None), "{bad:?}");
    }
}

#[test]
fn ap_04_a_document_that_is_no_object_has_the_wrong_type_as_a_whole() {
    for bad in ["null", "[]", "[\"t\"]", "1", "\"title\"", "true"] {
        assert_eq!(refused(read(bad)), (Code::WrongType, Some(String::new())), "{bad}");
    }
}

#[test]
fn ap_04_a_refusal_names_the_member_and_the_rule() {
    for (body, code, pointer) in [
        ("{}", Code::MissingMember, "/title"),
        ("{\"title\":\"t\",\"sender\":\"other\"}", Code::UnknownMember, "/sender"),
        ("{\"title\":\"t\",\"state\":\"open\"}", Code::UnknownMember, "/state"),
        ("{\"title\":\"t\",\"clinicId\":\"2\"}", Code::UnknownMember, "/clinicId"),
        ("{\"title\":\"t\",\"Title\":\"t\"}", Code::UnknownMember, "/Title"),
        ("{\"title\":\"t\",\"a/b~c\":1}", Code::UnknownMember, "/a~1b~0c"),
        ("{\"title\":\"t\",\"\":1}", Code::UnknownMember, "/"),
        ("{\"title\":null}", Code::WrongType, "/title"),
        ("{\"title\":1}", Code::WrongType, "/title"),
        ("{\"title\":[\"t\"]}", Code::WrongType, "/title"),
        ("{\"title\":\"t\",\"allowReply\":\"true\"}", Code::WrongType, "/allowReply"),
        ("{\"title\":\"t\",\"allowReply\":1}", Code::WrongType, "/allowReply"),
        ("{\"title\":\"t\",\"seen\":\"1\"}", Code::WrongType, "/seen"),
        ("{\"title\":\"t\",\"seen\":-1}", Code::WrongType, "/seen"),
        ("{\"title\":\"t\",\"seen\":1.5}", Code::WrongType, "/seen"),
        ("{\"title\":\"t\",\"seen\":4294967296}", Code::WrongType, "/seen"),
        ("{\"title\":\"t\",\"seen\":99999999999999999999}", Code::WrongType, "/seen"),
        ("{\"title\":\"t\",\"to\":\"s1\"}", Code::WrongType, "/to"),
        ("{\"title\":\"t\",\"to\":[\"s1\",2]}", Code::WrongType, "/to/1"),
        ("{\"title\":\"t\",\"to\":[\"s1\",\"a#b\"]}", Code::WrongType, "/to/1"),
        ("{\"title\":\"t\",\"nested\":{}}", Code::MissingMember, "/nested/minutes"),
        ("{\"title\":\"t\",\"nested\":{\"minutes\":1,\"x\":1}}", Code::UnknownMember, "/nested/x"),
        ("{\"title\":\"t\",\"nested\":{\"minutes\":\"1\"}}", Code::WrongType, "/nested/minutes"),
        ("{\"title\":\"t\",\"nested\":[1,null,null]}", Code::WrongType, "/nested"),
        (
            "{\"title\":\"t\",\"nested\":{\"minutes\":1,\"pair\":[1,2,3]}}",
            Code::WrongType,
            "/nested/pair",
        ),
        (
            "{\"title\":\"t\",\"nested\":{\"minutes\":1,\"shape\":{\"sized\":{\"height\":1}}}}",
            Code::UnknownMember,
            "/nested/shape/sized/height",
        ),
        (
            "{\"title\":\"t\",\"nested\":{\"minutes\":1,\"shape\":{\"round\":{}}}}",
            Code::UnknownMember,
            "/nested/shape/round",
        ),
        (
            "{\"title\":\"t\",\"nested\":{\"minutes\":1,\"shape\":\"round\"}}",
            Code::WrongType,
            "/nested/shape",
        ),
        ("{\"title\":\"t\",\"language\":\"de\"}", Code::WrongType, "/language"),
        ("{\"title\":\"t\",\"texts\":{\"de\":\"a\"}}", Code::UnknownMember, "/texts/de"),
        ("{\"title\":\"t\",\"texts\":{\"fr\":1}}", Code::WrongType, "/texts/fr"),
    ] {
        assert_eq!(refused(read(body)), (code, Some(pointer.to_owned())), "{body}");
    }
}

#[test]
fn what_fits_is_read_whole() {
    let body = json!({
        "title": "é",
        "to": ["s1", "s2"],
        "allowReply": false,
        "seen": 4_294_967_295_u32,
        "nested": {"minutes": -1, "pair": [1, 2], "shape": {"sized": {"width": 3}}},
        "language": "fr",
        "texts": {"en": "a"},
    });
    let read = read(&body.to_string()).unwrap();
    assert_eq!(read.to.len(), 2);
    assert_eq!(read.allow_reply, Some(false));
    assert_eq!(read.seen, Some(u32::MAX));
    let shape = Some(Shape::Sized { width: 3 });
    assert_eq!(read.nested, Some(Nested { minutes: -1, pair: Some((1, 2)), shape }));
    assert_eq!(read.texts, Some(HashMap::from([(Language::En, "a".to_owned())])));
    let plain = r#"{"title":"t","to":[],"nested":{"minutes":1,"pair":null,"shape":"plain"}}"#;
    assert_eq!(with_body(plain).json::<Body>().unwrap().nested.unwrap().shape, Some(Shape::Plain));
}

#[test]
fn a_type_with_a_parser_of_its_own_is_pointed_into() {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Settings {
        #[expect(dead_code, reason = "only its refusals are looked at")]
        office_hours: RawHours,
    }
    let read = |body: &str| with_body(body).json::<Settings>();
    assert_eq!(
        refused(read(
            r#"{"officeHours":{"timeZone":"UTC","windows":[{"day":"mon","from":"09:00"}]}}"#
        )),
        (Code::MissingMember, Some("/officeHours/windows/0/to".to_owned()))
    );
    assert_eq!(
        refused(read(r#"{"officeHours":{"timeZone":"UTC","windows":[["mon","09:00","17:00"]]}}"#)),
        (Code::WrongType, Some("/officeHours/windows/0".to_owned()))
    );
}

#[test]
fn a_long_member_name_is_not_repeated() {
    let longest = "x".repeat(64);
    let named = format!("{{\"title\":\"t\",\"{longest}\":1}}");
    assert_eq!(refused(read(&named)), (Code::UnknownMember, Some(format!("/{longest}"))));
    let unnamed = format!("{{\"title\":\"t\",\"{longest}x\":1}}");
    assert_eq!(refused(read(&unnamed)), (Code::UnknownMember, Some(String::new())));
}

proptest! {
    /// Whatever is wrong with a value, it does not come back.
    #[test]
    fn a_refusal_never_repeats_a_value(secret in "[a-z]{12}") {
        for body in [
            format!("{{\"title\":\"t\",\"seen\":\"{secret}\"}}"),
            format!("{{\"title\":\"t\",\"language\":\"{secret}\"}}"),
            format!("{{\"title\":\"t\",\"to\":[\"#{secret}\"]}}"),
            format!("{{\"title\":\"t\",\"nested\":\"{secret}\"}}"),
            format!("{{\"title\":[\"{secret}\"]}}"),
            format!("\"{secret}\""),
            format!("{{\"title\":\"{secret}"),
        ] {
            let refusal = read(&body).unwrap_err();
            let told = format!("{refusal} {refusal:?}");
            prop_assert!(!told.contains(&secret), "{}", told);
        }
    }

    #[test]
    fn no_body_is_a_panic(body in any::<String>()) {
        let _ = read(&body);
    }
}
