//! How a function starts: clients are built once and the connection to `DynamoDB` is opened during
//! init, when a call is nearly free; then events are served one after another.

use edge::{AllowedOrigins, Service};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::{Deadline, SdkConfig, Sources, Timeouts};
use serde_json::Value;
use store::Store;
use worker::{Trigger, Worker};

/// What a function starts with.
#[derive(Clone, Debug)]
pub struct Start {
    /// The configuration of all AWS clients.
    pub config: SdkConfig,
    /// The tables, with the connection open.
    pub store: Store,
    /// Time and ids.
    pub sources: Sources,
}

/// Runs an HTTP function for as long as Lambda keeps it.
pub async fn http<S: Service>(build: impl FnOnce(Start) -> S) -> Result<(), Error> {
    http_with(async |start| Ok(build(start))).await
}

/// Runs an HTTP function whose service is made by calls of its own during init.
pub async fn http_with<S: Service>(
    prepare: impl AsyncFnOnce(Start) -> Result<S, Error>,
) -> Result<(), Error> {
    let start = begin().await?;
    let cors = platform::env("ALLOWED_ORIGINS").map_err(Error::from);
    let cors = noted(cors.and_then(|list| Ok(AllowedOrigins::parse(&list)?)))?;
    let sources = start.sources;
    let service = noted(prepare(start).await)?;
    let (service, cors) = (&service, &cors);
    // The event is read here and not by the runtime, which logs what it cannot read.
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let request = edge::read_event(event.payload).ok_or("the event is not API Gateway's")?;
        let (now, id) = (sources.now(), sources.new_id());
        Ok::<_, Error>(Box::pin(edge::serve(service, cors, request, now, id)).await)
    }))
    .await
}

/// Work that other events trigger, besides the tick.
pub trait Listener: Send + Sync {
    /// Does what an event says. An error is AWS's to repeat the event.
    fn handle(
        &self,
        event: Value,
        deadline: Deadline,
    ) -> impl Future<Output = Result<Value, Error>> + Send;
}

/// Runs a listener for as long as Lambda keeps it; for `prepare` see [`worker`].
pub async fn listener<L, B>(prepare: impl FnOnce(Start) -> Result<B, Error>) -> Result<(), Error>
where
    L: Listener,
    B: Fn(String) -> L,
{
    listener_with(async |start| prepare(start)).await
}

/// Runs a listener that is made by calls of its own during init.
pub async fn listener_with<L, B>(
    prepare: impl AsyncFnOnce(Start) -> Result<B, Error>,
) -> Result<(), Error>
where
    L: Listener,
    B: Fn(String) -> L,
{
    let start = begin().await?;
    let build = &noted(prepare(start).await)?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let deadline = Deadline::from(&event.context);
        let listener = build(event.context.request_id.clone());
        Box::pin(listener.handle(event.payload, deadline)).await
    }))
    .await
}

/// Runs a worker for as long as Lambda keeps it. `prepare` is called once; what it gives makes the
/// worker of one invocation, from that one's request id.
pub async fn worker<W, B>(prepare: impl FnOnce(Start) -> Result<B, Error>) -> Result<(), Error>
where
    W: Worker,
    B: Fn(String) -> W,
{
    let start = begin().await?;
    let build = &noted(prepare(start))?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let deadline = Deadline::from(&event.context);
        let worker = build(event.context.request_id.clone());
        let trigger = Trigger::parse(event.payload)?;
        Ok::<Value, Error>(Box::pin(worker::run(&worker, trigger, deadline)).await)
    }))
    .await
}

async fn begin() -> Result<Start, Error> {
    platform::init_logging();
    noted(start().await)
}

async fn start() -> Result<Start, Error> {
    let config = platform::sdk_config(Timeouts::default())?;
    let client = aws_sdk_dynamodb::Client::new(&config);
    let store =
        Store::new(client, platform::env("TABLE_NAME")?, platform::env("AUDIT_TABLE_NAME")?);
    store.warm().await;
    Ok(Start { config, store, sources: Sources::real() })
}

fn noted<T>(result: Result<T, Error>) -> Result<T, Error> {
    result.inspect_err(|error| tracing::error!(%error, "the function cannot start"))
}
