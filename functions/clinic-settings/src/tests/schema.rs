//! `docs/clinic-settings.schema.json` is in step with what a request may bring and an answer shows.

use std::collections::BTreeSet;

use domain::hours::{MAX_EXCEPTIONS, MAX_VACATIONS, MAX_WINDOWS, MAX_WINDOWS_OF_EXCEPTION};
use domain::id::ClinicId;
use domain::rich_text::MAX_RAW_BYTES;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::world::*;
use crate::dto::SettingsInput;

/// What of the schema a request is measured by, and what an answer.
const SETTINGS: &str = "#/$defs/settings";
const SHOWN: &str = "#/$defs/shown";

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../../docs/clinic-settings.schema.json")).unwrap()
}

fn validator(part: &str) -> Validator {
    let mut schema = schema();
    schema["$ref"] = json!(part);
    jsonschema::validator_for(&schema).unwrap()
}

/// What the schema has against a document.
fn objections(validator: &Validator, document: &Value) -> Vec<String> {
    validator.iter_errors(document).map(|error| error.to_string()).collect()
}

/// The document of a sample.
fn body(name: &str) -> Value {
    serde_json::from_str(sample(name)["body"].as_str().unwrap()).unwrap()
}

/// A document with every member that there is. Each is well inside its range, and none of them depends
/// on another's being as large.
fn full() -> Value {
    let mut document = body("put-settings.admin.json");
    document["automaticReplies"]["noAnswer"]["text"]["en"] =
        json!("Please wait. {{emergencyLine}}");
    document["files"] = json!({
        "patientFileMegabytes": 1, "clinicFileMegabytes": 1, "filesPerMessage": 5,
        "patientDailyMegabytes": 100, "clinicDailyMegabytes": 1_000,
    });
    document["notices"] = json!({
        "paused": false, "unreadAfterHours": 48, "textsPerDay": 1_000, "textsPerPatientAndDay": 20,
    });
    document
}

/// The document with another value at a pointer.
fn changed(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[name] = value;
    document
}

/// Whether a request may bring the document, apart from what is there already.
fn is_taken(document: &Value) -> bool {
    let input = edge::read_part::<SettingsInput>(document);
    input.is_ok_and(|input| input.parse(ClinicId::parse("c1").unwrap(), 1).is_ok())
}

/// What a part of the schema stands for: what it refers to, and of what may be null the rest.
fn resolved<'a>(schema: &'a Value, part: &'a Value) -> &'a Value {
    match (part["$ref"].as_str(), part.get("anyOf")) {
        (Some(place), _) => {
            resolved(schema, schema.pointer(place.trim_start_matches('#')).unwrap())
        }
        (None, Some(choices)) => resolved(schema, &choices[0]),
        (None, None) => part,
    }
}

/// Each part of the schema of a request, with the pointer that a document has it at; of lists, the first
/// item. The part is as it stands, and what it stands for.
fn parts(schema: &Value) -> Vec<(String, &Value, &Value)> {
    fn add<'a>(
        schema: &'a Value,
        pointer: &str,
        part: &'a Value,
        found: &mut Vec<(String, &'a Value, &'a Value)>,
    ) {
        let whole = resolved(schema, part);
        found.push((pointer.to_owned(), part, whole));
        if let Some(members) = whole["properties"].as_object() {
            for (name, member) in members {
                add(schema, &format!("{pointer}/{name}"), member, found);
            }
        }
        if let Some(items) = whole.get("items") {
            add(schema, &format!("{pointer}/0"), items, found);
        }
    }
    let mut found = Vec::new();
    add(schema, "", schema, &mut found);
    found
}

/// The words that a part of the schema uses, and those of its parts.
fn words<'a>(part: &'a Value, found: &mut BTreeSet<&'a str>) {
    for (word, value) in part.as_object().into_iter().flatten() {
        found.insert(word);
        match (word.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => {
                for part in named.values() {
                    words(part, found);
                }
            }
            ("anyOf", Value::Array(choices)) => {
                for part in choices {
                    words(part, found);
                }
            }
            ("items" | "not" | "if" | "then", part) => words(part, found),
            _ => {}
        }
    }
}

/// A word with a slip in it would be passed over in silence.
#[test]
fn it_is_a_schema_in_words_that_count() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(jsonschema::meta::is_valid(&schema));
    let mut used = BTreeSet::new();
    words(&schema, &mut used);
    let known = [
        "$defs",
        "$ref",
        "$schema",
        "additionalProperties",
        "anyOf",
        "default",
        "description",
        "enum",
        "format",
        "if",
        "items",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minLength",
        "minimum",
        "not",
        "pattern",
        "properties",
        "required",
        "then",
        "title",
        "type",
    ];
    assert_eq!(used, BTreeSet::from(known));
    for (pointer, part, whole) in parts(&schema) {
        let described = [part, whole].into_iter().any(|part| part["description"].is_string());
        assert!(described, "{pointer} has no description");
        let closed = &whole["additionalProperties"];
        assert!(whole["properties"].is_null() || closed == &json!(false), "{pointer}");
    }
}

#[tokio::test]
async fn what_is_put_and_what_is_read_pass() {
    let (request, answer) = (validator(SETTINGS), validator(SHOWN));
    let least = json!({
        "name": "Clinic",
        "plan": "portal",
        "officeHours": {"timeZone": "America/Vancouver", "windows": []},
    });
    let mut nulls = least.clone();
    for (name, part) in schema().pointer("/$defs/settings/properties").unwrap().as_object().unwrap()
    {
        if part["type"].as_array().is_some_and(|types| types.contains(&json!("null"))) {
            nulls[name] = Value::Null;
        }
    }
    assert_eq!(nulls.as_object().unwrap().len(), 15, "{nulls}");
    let never = changed(full(), "/notices/unreadAfterHours", Value::Null);
    let world = World::new().await;
    let samples = ["create-settings.operator.json", "put-settings.admin.json"].map(body);
    let documents = samples.into_iter().chain([least, nulls, full(), never]);
    for (before, document) in (0..).zip(documents) {
        assert_eq!(objections(&request, &document), Vec::<String>::new(), "{document}");
        let tag = format!("\"{before}\"");
        let version = if before == 0 { ("If-None-Match", "*") } else { ("If-Match", &*tag) };
        let answered = world.call(put(OPERATOR, Some(version), &document)).await;
        assert!(answered.status < 300, "{}", answered.body);
        let read = world.call(get(CLINICIAN)).await.expect(200, "").body;
        assert_eq!(objections(&answer, &read), Vec::<String>::new(), "{read}");
        assert_eq!(read, answered.body);
        // Neither is taken for the other.
        assert!(!answer.is_valid(&document) && !request.is_valid(&read));
    }
    // Whoever saves a text is told in the answer what it lost.
    let text =
        "<img src=x><a href='/map' onclick=x>{{emergencyLine}}</a><p style='color:red'>\u{1}";
    let document = changed(full(), "/automaticReplies/vacation/en", json!(text));
    let answered = world.call(put(OPERATOR, Some(("If-Match", "\"6\"")), &document)).await;
    let told = answered.expect(200, "").body;
    assert_eq!(told["removed"].as_array().unwrap().len(), 5, "{told}");
    assert_eq!(objections(&answer, &told), Vec::<String>::new(), "{told}");
}

#[test]
fn every_member_is_in_both_and_no_other() {
    let schema = schema();
    let request = validator(SETTINGS);
    let full = full();
    assert!(is_taken(&full) && request.is_valid(&full), "{:?}", objections(&request, &full));
    for (pointer, _, whole) in parts(&schema) {
        let there = full.pointer(&pointer);
        assert!(there.is_some_and(|value| !value.is_null()), "{pointer}");
        let Some(members) = whole["properties"].as_object() else { continue };
        let one_more = changed(full.clone(), &format!("{pointer}/?"), json!(0));
        assert!(!request.is_valid(&one_more), "{pointer}");
        // Whoever refuses a member says which ones there are.
        let refusal = serde_json::from_value::<SettingsInput>(one_more).err().unwrap().to_string();
        let named = refusal.split('`').skip(1).step_by(2);
        let known: BTreeSet<&str> = named.filter(|name| *name != "?").collect();
        assert_eq!(known, members.keys().map(String::as_str).collect(), "{pointer}: {refusal}");

        // What is needed in one is needed in both.
        let required: Vec<&str> =
            whole["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for name in members.keys() {
            let mut without = full.clone();
            let object = without.pointer_mut(&pointer).unwrap().as_object_mut().unwrap();
            object.remove(name).unwrap();
            let read = serde_json::from_value::<SettingsInput>(without);
            assert_eq!(read.is_err(), required.contains(&name.as_str()), "{pointer}/{name}");
        }
    }
}

#[tokio::test]
async fn every_default_is_the_one_that_is_used() {
    let least = json!({
        "name": "Clinic",
        "plan": "portal",
        "officeHours": {
            "timeZone": "America/Vancouver", "windows": [], "exceptions": [{"date": "2026-12-25"}],
        },
    });
    let world = World::new().await;
    let created = world.call(put(OPERATOR, Some(("If-None-Match", "*")), &least)).await;
    let shown = created.expect(201, "").body;
    let mut said = 0;
    let schema = schema();
    let parts = parts(&schema);
    for (pointer, part, whole) in &parts {
        let parent = pointer.rsplit_once('/').map(|(parent, name)| {
            let (.., parent) = parts.iter().find(|(other, ..)| other == parent).unwrap();
            (parent, json!(name))
        });
        let is_required = parent.is_none_or(|(parent, name)| {
            let required = parent["required"].as_array();
            parent["properties"].is_null() || required.is_some_and(|all| all.contains(&name))
        });
        let default = match (part.get("default"), pointer.as_str()) {
            // Not its own date's, which is here to show what of it is not needed.
            (Some(_), "/officeHours/exceptions") => continue,
            (default, _) => default,
        };
        match default {
            Some(default) => {
                let shown = shown.pointer(pointer).cloned().unwrap_or_default();
                assert_eq!((&shown, is_required), (default, false), "{pointer}");
                said += 1;
            }
            // What has members of its own says the default of each.
            None => assert!(is_required || whole["properties"].is_object(), "{pointer}"),
        }
    }
    assert_eq!(said, 35);
    let created = json!([]);
    let without = changed(least, "/officeHours/exceptions", created.clone());
    let answer = world.call(put(OPERATOR, Some(("If-Match", "\"1\"")), &without)).await;
    assert_eq!(answer.expect(200, "").body["officeHours"]["exceptions"], created);
}

#[test]
fn every_limit_is_the_one_that_is_kept() {
    let schema = schema();
    let request = validator(SETTINGS);
    let both = |pointer: &str, value: Value| {
        let document = changed(full(), pointer, value);
        (request.is_valid(&document), is_taken(&document))
    };
    let mut tried = 0;
    for (pointer, _, whole) in parts(&schema) {
        if let (Some(least), Some(most)) = (whole["minimum"].as_i64(), whole["maximum"].as_i64()) {
            for (number, holds) in
                [(least, true), (most, true), (least - 1, false), (most + 1, false)]
            {
                assert_eq!(both(&pointer, json!(number)), (holds, holds), "{pointer} {number}");
                tried += 1;
            }
        }
        if let Some(most) = whole["maxLength"].as_u64().map(|most| usize::try_from(most).unwrap()) {
            assert_eq!(both(&pointer, json!("")), (false, false), "{pointer}");
            if most == MAX_RAW_BYTES {
                continue;
            }
            for (length, holds) in [(most, true), (most + 1, false)] {
                assert_eq!(both(&pointer, json!("x".repeat(length))), (holds, holds), "{pointer}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 13 * 4 + 5 * 2);
    let most = |pointer: &str| schema.pointer(pointer).unwrap()["maxItems"].as_u64().unwrap();
    let lists = "/$defs/officeHours/properties";
    for (list, limit) in [
        ("/windows", MAX_WINDOWS),
        ("/exceptions", MAX_EXCEPTIONS),
        ("/exceptions/items/properties/windows", MAX_WINDOWS_OF_EXCEPTION),
        ("/vacations", MAX_VACATIONS),
    ] {
        assert_eq!(most(&format!("{lists}{list}")), u64::try_from(limit).unwrap(), "{list}");
    }
}

#[test]
fn what_is_wrong_fails() {
    let request = validator(SETTINGS);
    let long = "x".repeat(MAX_RAW_BYTES + 1);
    let window = json!({"day": "mon", "from": "09:00", "to": "09:30"});
    let exception = json!({"date": "2026-12-25"});
    for (pointer, value) in [
        ("/name", Value::Null),
        ("/name", json!(7)),
        ("/name", json!("a\u{0}b")),
        ("/name", json!("a\r\nBcc: x")),
        ("/smsName", json!("x\u{202E}y")),
        ("/phone", json!("613\u{2028}555")),
        ("/emergencyLine", Value::Null),
        ("/plan", json!("Portal")),
        ("/plan", Value::Null),
        ("/portalEnabled", json!("true")),
        ("/guardianAgeLimit", json!(12.5)),
        ("/guardianAgeLimit", json!("12")),
        ("/defaultLanguage", json!("es")),
        ("/defaultLanguage", json!("fr CA")),
        ("/officeHours", Value::Null),
        ("/officeHours/timeZone", json!("")),
        ("/officeHours/windows", Value::Null),
        ("/officeHours/windows", json!([])),
        ("/officeHours/windows", json!(vec![&window; 51])),
        ("/officeHours/windows/0/day", json!("monday")),
        ("/officeHours/windows/0/from", json!("9:00")),
        ("/officeHours/windows/0/from", json!("24:00")),
        ("/officeHours/windows/0/to", json!("24:01")),
        ("/officeHours/exceptions", Value::Null),
        ("/officeHours/exceptions", json!(vec![&exception; 151])),
        ("/officeHours/exceptions/0/date", json!("2026-13-01")),
        ("/officeHours/exceptions/0/date", json!("24.12.2026")),
        ("/officeHours/exceptions/0/name", json!("a\u{1b}b")),
        ("/officeHours/exceptions/0/windows/0/to", json!("12")),
        (
            "/officeHours/vacations",
            json!(vec![json!({"from": "2027-07-01", "to": "2027-07-01"}); 21]),
        ),
        ("/officeHours/vacations/0/to", Value::Null),
        ("/automaticReplies", json!([])),
        ("/automaticReplies/exception", json!("<p>Closed</p>")),
        ("/automaticReplies/exception/en", json!({"html": "<p>Closed</p>", "text": "Closed"})),
        ("/automaticReplies/vacation/fr", json!(long)),
        ("/automaticReplies/noAnswer/text", Value::Null),
        ("/automaticReplies/noAnswer/afterOfficeMinutes", Value::Null),
        ("/files", json!(10)),
        ("/notices/unreadAfterHours", json!("48")),
    ] {
        let document = changed(full(), pointer, value.clone());
        let both = (request.is_valid(&document), is_taken(&document));
        assert_eq!(both, (false, false), "{pointer} {value}");
    }
    // What a clinic that answers nothing by itself may leave out.
    for (pointer, value) in [("/emergencyLine", Value::Null), ("/officeHours/windows", json!([]))] {
        let quiet = changed(full(), "/automaticReplies", Value::Null);
        let document = changed(quiet, pointer, value);
        assert_eq!((request.is_valid(&document), is_taken(&document)), (true, true), "{pointer}");
    }
}
