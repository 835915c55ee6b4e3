//! A database of the test's own, and the real handler on it behind the real edge.

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use aws_lambda_events::encodings::Body;
use aws_sdk_dynamodb::Client;
use domain::id::{ClinicId, StaffId};
use domain::people::{StaffMember, StaffPreferences};
use edge::AllowedOrigins;
use platform::Sources;
use serde_json::{Value, json};
use store::{Committed, Store, key};
use testkit::{AUDIT, Db, MAIN};

use crate::handler::Handler;

/// Who calls, as the authorizer's context says it: kind, id, clinic, patient.
pub type Who = (&'static str, &'static str, &'static str, &'static str);

pub const OPERATOR: Who = ("operator", "ops1", "", "");
pub const CHART: Who = ("chart", "chart-client", "c1", "");
pub const ADMIN: Who = ("staff", "s9", "c1", "");
pub const CLINICIAN: Who = ("staff", "s1", "c1", "");
pub const FRONT_DESK: Who = ("staff", "s2", "c1", "");
pub const FORMER_ADMIN: Who = ("staff", "s3", "c1", "");
pub const STRANGER: Who = ("staff", "s4", "c1", "");
pub const OTHER_ADMIN: Who = ("staff", "s9", "c2", "");
pub const OTHER_CHART: Who = ("chart", "chart-client", "c2", "");
pub const ACCOUNT: Who = ("account", "a1", "", "");
pub const PORTAL: Who = ("portal", "p1", "c1", "p1");

pub struct World {
    pub db: Db,
    pub handler: Handler,
}

/// An answer, with the one audit record that it left.
#[derive(Debug)]
pub struct Answer {
    pub status: i64,
    pub etag: Option<String>,
    pub body: Value,
    pub record: Value,
}

impl World {
    /// A clinic's staff, of a clinic that is not set up yet.
    pub async fn new() -> Self {
        let db = Db::start().await;
        let world = Self { handler: handler(db.client()), db };
        for (id, role, active) in [
            ("s9", "admin", true),
            ("s1", "clinician", true),
            ("s2", "front_desk", true),
            ("s3", "admin", false),
        ] {
            world.staff(id, role, active).await;
        }
        world
    }

    /// The same, set up with [`document`].
    pub async fn with_settings() -> Self {
        let world = Self::new().await;
        world.call(put(OPERATOR, Some(("If-None-Match", "*")), &document())).await.expect(201, "");
        world
    }

    pub async fn staff(&self, id: &str, role: &str, active: bool) {
        let (clinic, id) = (ClinicId::parse("c1").unwrap(), StaffId::parse(id).unwrap());
        let member: StaffMember = serde_json::from_value(json!({
            "clinic": clinic, "id": id, "version": 1, "name": "Staff", "roles": [role],
            "active": active, "seesAllConversations": false,
        }))
        .unwrap();
        let mut transaction = self.handler.store.transaction();
        transaction.put(&key::staff(&clinic, &id), &member, [], None);
        assert_eq!(self.handler.store.commit(transaction).await.unwrap(), Committed::Done);
    }

    /// A member of staff is away on these days, each a first and a last one.
    pub async fn away(&self, id: &str, days: &[(&str, &str)]) {
        let (clinic, id) = (ClinicId::parse("c1").unwrap(), StaffId::parse(id).unwrap());
        let days: Vec<Value> =
            days.iter().map(|(from, to)| json!({"from": from, "to": to})).collect();
        let preferences: StaffPreferences = serde_json::from_value(json!({
            "clinic": clinic, "staff": id, "version": 1, "emailOnReply": false, "vacations": days,
        }))
        .unwrap();
        let mut transaction = self.handler.store.transaction();
        transaction.put(&key::preferences(&clinic, &id), &preferences, [], None);
        assert_eq!(self.handler.store.commit(transaction).await.unwrap(), Committed::Done);
    }

    /// Sends an event. Whatever comes of it, it leaves exactly one audit record, and a refusal
    /// writes nothing else.
    pub async fn call(&self, event: Value) -> Answer {
        let (main, audit) = (self.db.all_items(MAIN).await, self.db.all_items(AUDIT).await);
        let (status, etag, body) = send(&self.handler, event).await;
        let mut records = self.db.all_items(AUDIT).await;
        records.retain(|record| !audit.contains(record));
        assert_eq!(records.len(), 1, "one record for each request: {status} {body}");
        if status >= 400 {
            assert_eq!(self.db.all_items(MAIN).await, main, "a refusal writes nothing");
        }
        let record = serde_dynamo::from_item(records.remove(0)).unwrap();
        Answer { status, etag, body, record }
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
    let now = || "2026-11-25T00:00:01Z".parse().unwrap();
    Handler {
        store: Store::new(client, MAIN.to_owned(), AUDIT.to_owned()),
        sources: Sources { now, new_id: platform::new_id },
    }
}

/// Sends an event and gives status, entity tag and body.
pub async fn send(handler: &Handler, event: Value) -> (i64, Option<String>, Value) {
    let event: ApiGatewayProxyRequest = serde_json::from_value(event).unwrap();
    let cors = AllowedOrigins::parse("https://clinic.example.test").unwrap();
    let (now, fresh_id) = (handler.sources.now(), platform::new_id());
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
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/clinic-settings");
    serde_json::from_str(&std::fs::read_to_string(format!("{folder}/{name}")).unwrap()).unwrap()
}

pub fn get(who: Who) -> Value {
    let mut event = sample("get-settings.staff.json");
    set_caller(&mut event, who);
    event
}

/// A PUT of a document, with a header that names the version.
pub fn put(who: Who, version: Option<(&str, &str)>, document: &Value) -> Value {
    let mut event = sample("put-settings.admin.json");
    set_caller(&mut event, who);
    for headers in ["headers", "multiValueHeaders"] {
        event[headers].as_object_mut().unwrap().remove("If-Match");
    }
    if let Some((name, value)) = version {
        event["headers"][name] = json!(value);
        event["multiValueHeaders"][name] = json!([value]);
    }
    event["body"] = json!(document.to_string());
    event
}

/// The same as another route's, of the sample with this name, about the same caller and body.
pub fn on_route_of(mut event: Value, name: &str) -> Value {
    let route = sample(name);
    for member in ["resource", "path", "httpMethod", "pathParameters"] {
        event[member] = route[member].clone();
    }
    for member in ["resourcePath", "httpMethod"] {
        event["requestContext"][member] = route["requestContext"][member].clone();
    }
    event
}

/// The document of the samples.
pub fn document() -> Value {
    let event = sample("create-settings.operator.json");
    serde_json::from_str(event["body"].as_str().unwrap()).unwrap()
}

/// The document of the samples with one member, named by a JSON pointer, as this.
pub fn with(pointer: &str, value: Value) -> Value {
    let mut document = document();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[name] = value;
    document
}

pub fn set_caller(event: &mut Value, (kind, id, clinic, patient): Who) {
    let context = &mut event["requestContext"]["authorizer"];
    for (name, value) in [("kind", kind), ("id", id), ("clinic", clinic), ("patient", patient)] {
        context[name] = json!(value);
    }
}
