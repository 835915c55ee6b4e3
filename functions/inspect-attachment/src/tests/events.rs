//! The sample events, as S3, `EventBridge` and the malware scan send them.

use std::path::PathBuf;

use domain::attachment::Verdict;
use serde_json::{Value, json};

use crate::event::{BadEvent, Object, Told};

pub(super) const BUCKET: &str = "patient-messaging-files-0a1b2c3d4e5f";

pub(super) fn sample(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/inspect-attachment");
    let path = PathBuf::from(folder).join(format!("{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn object(key: &str) -> Object {
    Object {
        bucket: BUCKET.to_owned(),
        key: Some(key.to_owned()),
        version: "Lq3xG7b0d1fT5v9.example".to_owned(),
    }
}

const KEY: &str = "quarantine/c1/p1/0198c0de-0000-7000-8000-0000000000f1";

#[test]
fn an_upload_is_told_in_two_shapes_and_is_one_object() {
    let uploaded = Ok(Told::Uploaded(vec![object(KEY)]));
    assert!(Told::parse(sample("uploaded")) == uploaded);
    assert!(Told::parse(sample("uploaded-by-event-bridge")) == uploaded);
    assert_eq!(Told::parse(sample("tick")), Ok(Told::Tick));
}

#[test]
fn the_key_of_a_notification_is_decoded_and_that_of_the_bus_is_not() {
    let plain = "clinic-1/space plus+test/x";
    let told = Told::parse(sample("uploaded-encoded-key"));
    assert!(told == Ok(Told::Uploaded(vec![object(plain)])));
    let mut bus = sample("uploaded-by-event-bridge");
    bus["detail"]["object"]["key"] = plain.into();
    assert!(Told::parse(bus) == Ok(Told::Uploaded(vec![object(plain)])));
    let Ok(Told::Uploaded(objects)) = Told::parse(sample("uploaded-undecodable-key")) else {
        panic!("the event is read all the same");
    };
    assert!(objects[0].key.is_none());
}

#[test]
fn each_result_of_the_scan_is_read_and_one_alone_is_clean() {
    for (name, verdict) in [
        ("no-threats-found", Verdict::Clean),
        ("threats-found", Verdict::Found),
        ("unsupported", Verdict::Unable),
        ("access-denied", Verdict::Unable),
        ("failed", Verdict::Unable),
    ] {
        let told = Told::parse(sample(&format!("scanned-{name}")));
        assert!(told == Ok(Told::Scanned(object(KEY), verdict)), "{name}");
    }
}

#[test]
fn other_events_are_refused_without_a_word_of_them() {
    let without_version = {
        let mut event = sample("uploaded");
        event["Records"][0]["s3"]["object"].as_object_mut().unwrap().remove("versionId");
        event
    };
    for other in [
        json!({}),
        json!([]),
        json!(null),
        json!({"trigger": "tock"}),
        json!({"Records": "x"}),
        json!({"detail-type": "Object Deleted", "detail": {}}),
        json!({"Event": "s3:TestEvent", "Service": "Amazon S3"}),
        without_version,
    ] {
        assert_eq!(Told::parse(other), Err(BadEvent));
    }
    let shown = format!("{:?} {}", object("quarantine/c1/p1/secret"), BadEvent);
    assert!(!shown.contains("secret"));
}
