//! The one HTTP shell of all functions.

use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use domain::actor::Actor;
use domain::audit::{Action, Record};
use domain::outage::{Outage, OutageKind};
use domain::refusal::{Class, Code};
use jiff::Timestamp;

use crate::cors::AllowedOrigins;
use crate::problem::{Failure, problem};
use crate::request::Request;
use crate::response::Response;

/// What a function does with requests. An implementation may write `async fn`.
pub trait Service: Sync {
    /// What the request asks for, for records.
    fn action(&self, request: &Request) -> Action;

    /// Does what the request asks for.
    fn call(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> impl Future<Output = Result<Response, Failure>> + Send;

    /// Keeps the record of a refusal, before it is answered.
    fn record(&self, record: &Record) -> impl Future<Output = Result<(), Outage>> + Send;
}

/// Answers one event that came in at `now`. `fresh_id` is for the record of a refusal, if it comes to
/// one.
///
/// A preflight is answered without a caller. A refusal is recorded before it is answered, a token's
/// expiry among them, and one that cannot be recorded is answered as an outage instead. Each request
/// leaves one line in the log, an outage one more: with names of routes, operations and codes, never
/// with anything that names a person or that the caller wrote.
pub async fn serve<S: Service>(
    service: &S,
    cors: &AllowedOrigins,
    event: ApiGatewayProxyRequest,
    now: Timestamp,
    fresh_id: String,
) -> ApiGatewayProxyResponse {
    let request = Request::new(event, now);
    let (response, code) = if request.is_preflight() {
        (Response::preflight(cors, request.origin()), None)
    } else {
        match answer(service, &request, fresh_id).await {
            Ok(response) => (response, None),
            Err(failure) => {
                log_failure(&request, &failure);
                (problem(&failure, request.request_id()), Some(failure.code()))
            }
        }
    };
    let (method, route) = request.route();
    tracing::info!(
        method,
        route,
        status = response.status(),
        code = code.map_or("", Code::as_str),
        request_id = request.request_id(),
        actor = request.named_actor().map_or("", |actor| actor.kind().as_str()),
        "request"
    );
    response.into_event(cors, request.origin())
}

async fn answer<S: Service>(
    service: &S,
    request: &Request,
    fresh_id: String,
) -> Result<Response, Failure> {
    let answer = match request.actor() {
        Ok(actor) => service.call(request, actor).await,
        Err(refusal) => Err(refusal.into()),
    };
    match answer {
        Ok(response) => Ok(response.checked()?.located_under(request.path_prefix())),
        Err(Failure::Refused(refusal)) => {
            // Without a readable caller there is nobody to record: that is this system's fault.
            if let Some(actor) = request.named_actor() {
                let record = Record::refused(
                    fresh_id,
                    request.now(),
                    actor,
                    service.action(request),
                    request.subject(),
                    &refusal,
                    request.request_id(),
                );
                service.record(&record).await?;
            }
            Err(refusal.into())
        }
        Err(outage) => Err(outage),
    }
}

/// One of several things that a request asks for at once, as if it had come by itself.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The method of its own route.
    pub method: &'a str,
    /// The resource template of its own route.
    pub resource: &'a str,
    /// The identifiers in that route's path.
    pub parameters: &'a [(&'a str, &'a str)],
    /// The version that it replaces; `None`: it creates.
    pub replaces: Option<u64>,
    /// Its body.
    pub body: &'a serde_json::Value,
}

/// Answers a part of a request, which [`Request::part`] made, as [`serve`] would have answered it
/// alone: a refusal is on record, and is answered as a problem document.
pub async fn serve_part<S: Service>(service: &S, part: &Request, fresh_id: String) -> Response {
    match answer(service, part, fresh_id).await {
        Ok(response) => response,
        Err(failure) => {
            log_failure(part, &failure);
            problem(&failure, part.request_id())
        }
    }
}

fn log_failure(request: &Request, failure: &Failure) {
    let request_id = request.request_id();
    match failure {
        Failure::Outage(outage) => {
            let (operation, detail) = (outage.operation(), outage.detail());
            match outage.kind() {
                OutageKind::Contended => {
                    tracing::warn!(operation, detail, kind = "contended", request_id, "outage");
                }
                OutageKind::Unavailable => {
                    tracing::warn!(operation, detail, kind = "unavailable", request_id, "outage");
                }
                OutageKind::Broken => {
                    tracing::error!(operation, detail, kind = "broken", request_id, "outage");
                }
            }
        }
        Failure::Refused(refusal) if refusal.first().code.class() == Class::Internal => {
            tracing::error!(
                operation = "read the request",
                detail = if request.named_actor().is_none() { "authorizer context" } else { "" },
                kind = "broken",
                request_id,
                "outage"
            );
        }
        Failure::Refused(_) => {}
    }
}
