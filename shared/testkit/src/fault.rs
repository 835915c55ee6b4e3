//! What no emulator does by itself: throttling, contention, failures, answers that are lost, and
//! others who are first.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

/// A fault that some attempts of one operation meet on their way to or from the database.
///
/// It counts attempts, not calls: the SDK tries a throttled, broken or lost call again by itself, up to
/// three attempts in all. By default the first attempt meets the fault and all later ones pass.
#[derive(Clone, Debug)]
pub struct Fault {
    operation: &'static str,
    kind: Kind,
    skip: u32,
    times: u32,
}

/// What others do, as often as they are asked to.
type Others = dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

#[derive(Clone)]
enum Kind {
    AnswerLost,
    Conflict,
    Meanwhile(Arc<Others>),
    Throttled,
    Unavailable,
}

impl fmt::Debug for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AnswerLost => "AnswerLost",
            Self::Conflict => "Conflict",
            Self::Meanwhile(_) => "Meanwhile",
            Self::Throttled => "Throttled",
            Self::Unavailable => "Unavailable",
        })
    }
}

impl Fault {
    /// The operation takes effect, and its answer is lost with the connection. `operation` is the
    /// API's name, such as `TransactWriteItems`.
    ///
    /// The SDK's own second attempt of a transaction carries the same client token, so it succeeds
    /// without a second effect; [`times`](Self::times)`(3)` makes the loss reach the caller.
    #[must_use]
    pub const fn answer_lost(operation: &'static str) -> Self {
        Self::new(operation, Kind::AnswerLost)
    }

    /// The operation meets another transaction in progress and has no effect. `TransactWriteItems` is
    /// cancelled with the reason `TransactionConflict` for its first action and `None` for the
    /// others, which the SDK does not try again; any other operation fails with
    /// `TransactionConflictException`.
    #[must_use]
    pub const fn conflict(operation: &'static str) -> Self {
        Self::new(operation, Kind::Conflict)
    }

    /// Something else happens first, such as another writer's transaction through another client;
    /// then the operation goes on as if nothing had been.
    #[must_use]
    pub fn meanwhile<F, R>(operation: &'static str, others: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        Self::new(operation, Kind::Meanwhile(Arc::new(move || Box::pin(others()))))
    }

    /// The operation is throttled (`ThrottlingException`) and has no effect.
    #[must_use]
    pub const fn throttled(operation: &'static str) -> Self {
        Self::new(operation, Kind::Throttled)
    }

    /// The service fails (`InternalServerError`, status 500) before the operation has any effect.
    #[must_use]
    pub const fn unavailable(operation: &'static str) -> Self {
        Self::new(operation, Kind::Unavailable)
    }

    /// That many attempts in a row meet the fault, instead of one.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// That many attempts of the operation pass before the first that meets the fault.
    #[must_use]
    pub const fn after(mut self, attempts: u32) -> Self {
        self.skip = attempts;
        self
    }

    const fn new(operation: &'static str, kind: Kind) -> Self {
        Self { operation, kind, skip: 0, times: 1 }
    }

    pub(crate) fn in_front_of(self, real: SharedHttpConnector) -> Faulty {
        Faulty { fault: self, real, seen: Arc::default() }
    }
}

/// A connector that lets the fault happen.
#[derive(Debug)]
pub(crate) struct Faulty {
    fault: Fault,
    real: SharedHttpConnector,
    seen: Arc<AtomicU32>,
}

impl Faulty {
    fn meets(&self, request: &HttpRequest) -> bool {
        let operation = request
            .headers()
            .get("x-amz-target")
            .and_then(|target| target.split_once('.'))
            .map(|(_, operation)| operation);
        if operation != Some(self.fault.operation) {
            return false;
        }
        let before = self.seen.fetch_add(1, Ordering::SeqCst);
        before >= self.fault.skip && before - self.fault.skip < self.fault.times
    }
}

impl HttpConnector for Faulty {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if !self.meets(&request) {
            return self.real.call(request);
        }
        match &self.fault.kind {
            Kind::Meanwhile(others) => {
                let (others, real) = (others(), self.real.clone());
                HttpConnectorFuture::new(async move {
                    others.await;
                    real.call(request).await
                })
            }
            Kind::AnswerLost => {
                let answer = self.real.call(request);
                HttpConnectorFuture::new(async move {
                    answer.await?;
                    Err(ConnectorError::io("the connection was reset".into()))
                })
            }
            Kind::Conflict => answer(400, &conflict(&request, self.fault.operation)),
            Kind::Throttled => answer(
                400,
                &json!({
                    "__type": "com.amazon.coral.availability#ThrottlingException",
                    "message": "Throughput exceeds the current capacity of your table or index.",
                }),
            ),
            Kind::Unavailable => answer(
                500,
                &json!({
                    "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError",
                    "message": "Internal server error",
                }),
            ),
        }
    }
}

fn conflict(request: &HttpRequest, operation: &str) -> Value {
    if operation != "TransactWriteItems" {
        return json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
            "message": "Transaction is ongoing for the item",
        });
    }
    let body: Value = request
        .body()
        .bytes()
        .and_then(|bytes| serde_json::from_slice(bytes).ok())
        .expect("a transaction's body is JSON");
    let actions = body.get("TransactItems").and_then(Value::as_array).map_or(0, Vec::len);
    let reasons: Vec<Value> = (0..actions)
        .map(|index| match index {
            0 => json!({
                "Code": "TransactionConflict",
                "Message": "Transaction is ongoing for the item",
            }),
            _ => json!({ "Code": "None" }),
        })
        .collect();
    let codes: Vec<&str> =
        reasons.iter().filter_map(|reason| reason.get("Code").and_then(Value::as_str)).collect();
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
            codes.join(", ")
        ),
        "CancellationReasons": reasons,
    })
}

fn answer(status: u16, body: &Value) -> HttpConnectorFuture {
    let response = http::Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amzn-requestid", "testkit")
        .body(SdkBody::from(body.to_string()))
        .expect("a complete response");
    HttpConnectorFuture::ready(
        HttpResponse::try_from(response).map_err(|error| ConnectorError::user(error.into())),
    )
}
