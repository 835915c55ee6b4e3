//! A database of the test's own, and the real handler on it behind the real edge.

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use aws_lambda_events::encodings::Body;
use aws_sdk_dynamodb::Client;
use delivery::OptOuts;
use domain::address::{AddressHash, AddressKey, Mark, MarkReason};
use domain::clinic::ClinicSettings;
use domain::contact::{EmailAddress, SmsNumber};
use domain::id::{ClinicId, StaffId};
use domain::people::StaffMember;
use edge::{AllowedOrigins, Service};
use platform::Sources;
use serde::Serialize;
use serde_json::{Value, json};
use store::key::{self, Key};
use store::{Committed, Store};
use testkit::{AUDIT, Db, Item, MAIN};

use crate::handler::Handler;

/// Who calls, as the authorizer's context says it: kind, id, clinic, patient.
pub type Who = (&'static str, &'static str, &'static str, &'static str);

pub const OPERATOR: Who = ("operator", "ops1", "", "");
pub const CHART: Who = ("chart", "chart-client", "c1", "");
pub const ADMIN: Who = ("staff", "s9", "c1", "");
pub const CLINICIAN: Who = ("staff", "s7", "c1", "");
pub const FRONT_DESK: Who = ("staff", "s2", "c1", "");
pub const FORMER_ADMIN: Who = ("staff", "s3", "c1", "");
pub const STRANGER: Who = ("staff", "s4", "c1", "");
pub const OTHER_ADMIN: Who = ("staff", "s9", "c2", "");
pub const OTHER_CHART: Who = ("chart", "chart-client", "c2", "");
pub const ACCOUNT: Who = ("account", "a1", "", "");
pub const PORTAL: Who = ("portal", "p1", "c1", "p1");

/// The instant of every request. It is still the day before in Toronto, where the clinics are.
pub const NOW: &str = "2026-11-25T00:00:01Z";

/// The key of address hashes.
pub const KEY: AddressKey = AddressKey::new([7; 32]);

pub struct World {
    pub db: Db,
    pub handler: Handler,
}

/// An answer, with the audit records that it left.
#[derive(Debug)]
pub struct Answer {
    pub status: i64,
    pub etag: Option<String>,
    pub body: Value,
    /// The first of them, which most requests have alone.
    pub record: Value,
    pub records: Vec<Value>,
}

impl World {
    /// A clinic that is set up, with its staff and no patient.
    pub async fn new() -> Self {
        let db = Db::start().await;
        let world = Self { handler: handler(db.client()), db };
        for clinic in ["c1", "c2"] {
            let clinic = ClinicId::parse(clinic).unwrap();
            let settings: ClinicSettings = serde_json::from_value(json!({
                "clinic": clinic, "version": 1, "name": "Clinic", "plan": "connect",
                "portalEnabled": true, "repliesAllowedByDefault": true, "defaultLanguage": "en",
                "officeHours": {"timeZone": "America/Toronto", "windows": []},
                "automaticReplies": {"quietMinutes": 5, "minimumGapMinutes": 15},
            }))
            .unwrap();
            world.seed(&key::settings(&clinic), &settings).await;
        }
        for (id, role, active) in [
            ("s9", "admin", true),
            ("s7", "clinician", true),
            ("s2", "front_desk", true),
            ("s3", "admin", false),
        ] {
            world.staff(id, role, active).await;
        }
        world
    }

    /// The same, with the patient of the samples.
    pub async fn with_patient() -> Self {
        let world = Self::new().await;
        world.call(sample("create-patient.chart.json")).await.expect(201, "");
        world
    }

    async fn seed<T: Serialize>(&self, key: &Key, item: &T) {
        let mut transaction = self.handler.store.transaction();
        transaction.put(key, item, [], None);
        assert_eq!(self.handler.store.commit(transaction).await.unwrap(), Committed::Done);
    }

    async fn staff(&self, id: &str, role: &str, active: bool) {
        let (clinic, id) = (ClinicId::parse("c1").unwrap(), StaffId::parse(id).unwrap());
        let member: StaffMember = serde_json::from_value(json!({
            "clinic": clinic, "id": id, "version": 1, "name": "Staff", "roles": [role],
            "active": active, "seesAllConversations": false,
        }))
        .unwrap();
        self.seed(&key::staff(&clinic, &id), &member).await;
    }

    /// Sends an event. Whatever comes of it, it leaves exactly one audit record, and a refusal
    /// writes nothing else.
    pub async fn call(&self, event: Value) -> Answer {
        let answer = self.call_many(event).await;
        assert_eq!(answer.records.len(), 1, "one record for each request: {answer:?}");
        answer
    }

    /// Sends an event that may leave several audit records. A refusal leaves one, and writes nothing
    /// else.
    pub async fn call_many(&self, event: Value) -> Answer {
        let (main, audit) = (self.db.all_items(MAIN).await, self.db.all_items(AUDIT).await);
        let (status, etag, body) = send(&self.handler, event).await;
        let mut records = self.db.all_items(AUDIT).await;
        records.retain(|record| !audit.contains(record));
        if status >= 400 {
            assert_eq!(records.len(), 1, "one record for each refusal: {status} {body}");
            assert_eq!(self.db.all_items(MAIN).await, main, "a refusal writes nothing");
        }
        let records: Vec<Value> =
            records.into_iter().map(|record| serde_dynamo::from_item(record).unwrap()).collect();
        Answer { status, etag, body, record: records[0].clone(), records }
    }

    /// Something happens that speaks against an address.
    pub async fn mark(&self, hash: &AddressHash, reason: MarkReason, at: &str) {
        let mark = Mark { reason, at: at.parse().unwrap() };
        assert!(self.handler.store.mark(hash, mark).await.unwrap());
    }

    /// The items of the main table whose sort key begins so.
    pub async fn items(&self, sk: &str) -> Vec<Item> {
        let mut items = self.db.all_items(MAIN).await;
        items.retain(|item| item["sk"].as_s().unwrap().starts_with(sk));
        items
    }
}

impl Answer {
    /// Checks status and code, and that the record says the same.
    #[track_caller]
    pub fn expect(self, status: i64, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        if status >= 400 {
            assert_eq!(self.record["outcome"], "refused");
            assert_eq!(self.record["codes"][0], code);
        } else {
            assert_eq!(self.record["outcome"], "done");
        }
        self
    }

    fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Each reason as `code place`.
    pub fn reasons(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let place = |error: &Value| {
            let place = error["pointer"].as_str().or(error["name"].as_str());
            place.unwrap_or_default().to_owned()
        };
        errors
            .iter()
            .map(|error| format!("{} {}", error["code"].as_str().unwrap(), place(error)))
            .collect()
    }

    /// What changed, as `member: from -> to`.
    pub fn changes(&self) -> Vec<String> {
        let changes = self.record["changes"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        changes
            .iter()
            .map(|change| {
                let (from, to) = (text(&change["from"]), text(&change["to"]));
                format!("{}: {from} -> {to}", text(&change["member"]))
            })
            .collect()
    }
}

pub fn handler(client: Client) -> Handler {
    let now = || NOW.parse().unwrap();
    Handler {
        store: Store::new(client, MAIN.to_owned(), AUDIT.to_owned()),
        sources: Sources { now, new_id: platform::new_id },
        address_key: KEY,
        opt_outs: OptOuts::new(&testkit::nobody()),
    }
}

/// The hash of an email address, however it is spelled.
pub fn email_hash(typed: &str) -> AddressHash {
    KEY.know(EmailAddress::parse(typed).unwrap()).hash
}

/// The hash of a number, however it is spelled.
pub fn sms_hash(typed: &str) -> AddressHash {
    KEY.know(SmsNumber::parse(typed).unwrap()).hash
}

/// Sends an event and gives status, entity tag and body.
pub async fn send<S: Service>(handler: &S, event: Value) -> (i64, Option<String>, Value) {
    let event: ApiGatewayProxyRequest = serde_json::from_value(event).unwrap();
    let cors = AllowedOrigins::parse("https://clinic.example.test").unwrap();
    let (now, fresh_id) = (NOW.parse().unwrap(), platform::new_id());
    let answer = Box::pin(edge::serve(handler, &cors, event, now, fresh_id)).await;
    let etag = answer.headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned());
    let body = match answer.body {
        Some(Body::Text(text)) => serde_json::from_str(&text).unwrap(),
        _ => Value::Null,
    };
    (answer.status_code, etag, body)
}

/// A sample event, as the gateway sends it.
pub fn sample(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/directory");
    serde_json::from_str(&std::fs::read_to_string(format!("{folder}/{name}")).unwrap()).unwrap()
}

/// What a request is about.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    Staff(&'static str),
    Group(&'static str),
    Patient(&'static str),
    /// Patient and account.
    Link(&'static str, &'static str),
}

impl Target {
    /// The sample that creates one.
    fn sample(self) -> &'static str {
        match self {
            Self::Staff(_) => "create-staff.chart.json",
            Self::Group(_) => "create-group.chart.json",
            Self::Patient(_) => "create-patient.chart.json",
            Self::Link(..) => "create-link.chart.json",
        }
    }

    fn ids(self) -> Value {
        match self {
            Self::Staff(staff) => json!({"staffId": staff}),
            Self::Group(group) => json!({"groupId": group}),
            Self::Patient(patient) => json!({"patientId": patient}),
            Self::Link(patient, account) => json!({"patientId": patient, "accountId": account}),
        }
    }
}

/// A request about something of the clinic `c1`.
pub fn get(who: Who, target: Target) -> Value {
    event("GET", who, "c1", target, None, None)
}

/// A PUT of a document to the clinic `c1`, with a header that names the version.
pub fn put(who: Who, target: Target, version: Option<(&str, &str)>, document: &Value) -> Value {
    event("PUT", who, "c1", target, version, Some(document))
}

pub fn delete(who: Who, target: Target) -> Value {
    event("DELETE", who, "c1", target, None, None)
}

/// An event of the samples' shape.
pub fn event(
    method: &str,
    (kind, id, own, own_patient): Who,
    clinic: &str,
    target: Target,
    version: Option<(&str, &str)>,
    document: Option<&Value>,
) -> Value {
    let mut event = sample(target.sample());
    event["httpMethod"] = json!(method);
    event["pathParameters"] = target.ids();
    event["pathParameters"]["clinicId"] = json!(clinic);
    for headers in ["headers", "multiValueHeaders"] {
        event[headers].as_object_mut().unwrap().remove("If-None-Match");
    }
    if let Some((name, value)) = version {
        event["headers"][name] = json!(value);
        event["multiValueHeaders"][name] = json!([value]);
    }
    event["body"] = document.map_or(Value::Null, |document| json!(document.to_string()));
    let context = &mut event["requestContext"]["authorizer"];
    for (name, value) in [("kind", kind), ("id", id), ("clinic", own), ("patient", own_patient)] {
        context[name] = json!(value);
    }
    event
}

/// The same event, to a route of its target's with more parameters in its path.
pub fn to(mut event: Value, rest: &str, parameters: &[(&str, &str)]) -> Value {
    let resource = format!("{}/{rest}", event["resource"].as_str().unwrap());
    event["resource"] = json!(resource);
    event["requestContext"]["resourcePath"] = json!(resource);
    for (name, value) in parameters {
        event["pathParameters"][name] = json!(value);
    }
    event
}

/// The document of a sample.
pub fn document(target: Target) -> Value {
    let event = sample(target.sample());
    serde_json::from_str(event["body"].as_str().unwrap()).unwrap()
}

/// The document of a sample with one member as this.
pub fn with(target: Target, member: &str, value: Value) -> Value {
    let mut document = document(target);
    document[member] = value;
    document
}
