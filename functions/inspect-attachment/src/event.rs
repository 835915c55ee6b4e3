//! What triggers the inspection: S3's notification, the same by way of `EventBridge`, the malware
//! scan's result, and the tick.

use std::borrow::Cow;

use domain::attachment::Verdict;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Time to look what is due.
    Tick,
    /// Objects were written.
    Uploaded(Vec<Object>),
    /// An object was scanned.
    Scanned(Object, Verdict),
}

/// A version of an object.
#[derive(Clone, PartialEq, Eq)]
pub struct Object {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded; `None`: it cannot be decoded.
    pub key: Option<String>,
    /// The version.
    pub version: String,
}

/// Shows nothing of the key, which names a patient.
impl std::fmt::Debug for Object {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Object")
    }
}

/// An event that is none of these. Its content is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event is neither S3's, nor the malware scan's, nor {{\"trigger\":\"tick\"}}")]
pub struct BadEvent;

impl Told {
    /// Reads an event.
    pub fn parse(event: Value) -> Result<Self, BadEvent> {
        if event.get("trigger").and_then(Value::as_str) == Some("tick") {
            return Ok(Self::Tick);
        }
        if event.get("Records").is_some() {
            let Notification { records } = serde_json::from_value(event).map_err(|_| BadEvent)?;
            return Ok(Self::Uploaded(records.into_iter().map(Object::from).collect()));
        }
        match serde_json::from_value(event).map_err(|_| BadEvent)? {
            BusEvent::Uploaded { detail: UploadDetail { bucket, object } } => {
                Ok(Self::Uploaded(vec![Object {
                    bucket: bucket.name,
                    // Here the key is as it is, unlike in S3's own notification.
                    key: Some(object.key),
                    version: object.version,
                }]))
            }
            BusEvent::Scanned { detail: ScanDetail { object, result } } => {
                let verdict = Verdict::of(&result.status);
                let ScannedObject { bucket, key, version } = object;
                Ok(Self::Scanned(Object { bucket, key: Some(key), version }, verdict))
            }
        }
    }
}

/// S3's own notification.
#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: EncodedObject,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EncodedObject {
    key: String,
    version_id: String,
}

impl From<Record> for Object {
    /// The key is encoded as in an HTML form: `+` is a space.
    fn from(record: Record) -> Self {
        let Entity { bucket, object } = record.s3;
        let spaced = object.key.replace('+', " ");
        let key = percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned);
        Self { bucket: bucket.name, key, version: object.version_id }
    }
}

/// An event of the bus.
#[derive(Deserialize)]
#[serde(tag = "detail-type")]
enum BusEvent {
    #[serde(rename = "Object Created")]
    Uploaded { detail: UploadDetail },
    #[serde(rename = "GuardDuty Malware Protection Object Scan Result")]
    Scanned { detail: ScanDetail },
}

#[derive(Deserialize)]
struct UploadDetail {
    bucket: Bucket,
    object: PlainObject,
}

#[derive(Deserialize)]
struct PlainObject {
    key: String,
    #[serde(rename = "version-id")]
    version: String,
}

#[derive(Deserialize)]
struct ScanDetail {
    #[serde(rename = "s3ObjectDetails")]
    object: ScannedObject,
    #[serde(rename = "scanResultDetails")]
    result: ScanResult,
}

#[derive(Deserialize)]
struct ScannedObject {
    #[serde(rename = "bucketName")]
    bucket: String,
    #[serde(rename = "objectKey")]
    key: String,
    #[serde(rename = "versionId")]
    version: String,
}

#[derive(Deserialize)]
struct ScanResult {
    #[serde(rename = "scanResultStatus")]
    status: String,
}
