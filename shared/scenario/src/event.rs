//! The sample events, changed where a test needs it.

use std::path::Path;

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use domain::actor::Actor;
use serde_json::{Map, Value, json};
use store::key::ConversationKey;

/// The conversation that the sample events name.
pub const CONVERSATION: &str = "0198c0de-0000-7000-8000-000000000001";

/// An event of a route, in the shape in which API Gateway sends it.
#[derive(Clone, Debug)]
pub struct Event(Value);

impl Event {
    /// A sample by its name below `events/`, such as `reply/reply.account.json`.
    pub fn sample(name: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events").join(name);
        let text = std::fs::read_to_string(&file).expect("there is such a sample event");
        Self(serde_json::from_str(&text).expect("a sample event is JSON"))
    }

    /// The event with another caller.
    #[must_use]
    pub fn by(mut self, actor: &Actor) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let patient = match actor {
            Actor::Portal { patient, .. } => Some(patient.as_str()),
            _ => None,
        };
        let context = &mut self.0["requestContext"]["authorizer"];
        context["kind"] = json!(actor.kind().as_str());
        context["id"] = json!(actor.id());
        context["clinic"] = json!(text(actor.clinic().map(domain::id::ClinicId::as_str)));
        context["patient"] = json!(text(patient));
        self
    }

    /// The event at a second of the token's expiry.
    #[must_use]
    pub fn expiring(mut self, second: i64) -> Self {
        self.0["requestContext"]["authorizer"]["expires"] = json!(second.to_string());
        self
    }

    /// The event with another identifier in its path.
    #[must_use]
    pub fn path(mut self, parameter: &str, id: &str) -> Self {
        assert!(self.0["pathParameters"][parameter].is_string(), "the path has no {parameter}");
        self.0["pathParameters"][parameter] = json!(id);
        self
    }

    /// The event about another conversation, or about its patient.
    #[must_use]
    pub fn about(mut self, name: &ConversationKey) -> Self {
        let ids = [
            ("clinicId", name.clinic.as_str()),
            ("patientId", name.patient.as_str()),
            ("conversationId", name.conversation.as_str()),
        ];
        for (parameter, id) in ids {
            if self.0["pathParameters"][parameter].is_string() {
                self.0["pathParameters"][parameter] = json!(id);
            }
        }
        self
    }

    /// The event with this idempotency key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", &[key])
    }

    /// The event with these values of a header; none: without it.
    #[must_use]
    pub fn header(mut self, name: &str, values: &[&str]) -> Self {
        match values.last() {
            Some(last) => {
                self.0["headers"][name] = json!(last);
                self.0["multiValueHeaders"][name] = json!(values);
            }
            None => {
                for headers in ["headers", "multiValueHeaders"] {
                    self.0[headers].as_object_mut().expect("headers").remove(name);
                }
            }
        }
        self
    }

    /// The event with this JSON body.
    #[must_use]
    pub fn body(self, body: &Value) -> Self {
        self.raw_body(&body.to_string())
    }

    /// The event with these bytes as its body.
    #[must_use]
    pub fn raw_body(mut self, body: &str) -> Self {
        self.0["body"] = json!(body);
        self
    }

    /// The event with exactly these query parameters, each of which may stand more than once.
    #[must_use]
    pub fn query(mut self, parameters: &[(&str, &str)]) -> Self {
        let (mut single, mut lists) = (Map::new(), Map::new());
        for (name, value) in parameters {
            single.insert((*name).to_owned(), json!(value));
            let list = lists.entry((*name).to_owned()).or_insert_with(|| json!([]));
            list.as_array_mut().expect("a list").push(json!(value));
        }
        self.0["queryStringParameters"] = Value::Object(single);
        self.0["multiValueQueryStringParameters"] = Value::Object(lists);
        self
    }

    pub(crate) fn parsed(&self) -> ApiGatewayProxyRequest {
        serde_json::from_value(self.0.clone()).expect("an event of the gateway's shape")
    }
}
