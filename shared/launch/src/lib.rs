//! How a function starts: clients are built once and the connection to DynamoDB is opened during
//! init, when a call is nearly free; then events are served one after another.

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use edge::{AllowedOrigins, Service};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::{Deadline, SdkConfig, Sources, Timeouts};
use serde_json::Value;
use store::Store;
use worker::{Trigger, Worker};

/// The tables, with the connection open.
pub async fn store(config: &SdkConfig) -> Result<Store, Error> {
    let client = aws_sdk_dynamodb::Client::new(config);
    let store = Store::new(client, platform::env("TABLE_NAME")?, platform::env("AUDIT_TABLE_NAME")?);
    store.warm().await;
    Ok(store)
}

/// Runs an HTTP function for as long as Lambda keeps it.
pub async fn http<S: Service>(build: impl FnOnce(Store, Sources) -> S) -> Result<(), Error> {
    platform::init_logging();
    let config = platform::sdk_config(Timeouts::default())?;
    let cors = AllowedOrigins::parse(&platform::env("ALLOWED_ORIGINS")?)?;
    let sources = Sources::real();
    let service = build(store(&config).await?, sources);
    let (service, cors) = (&service, &cors);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<ApiGatewayProxyRequest>| async move {
        let (now, id) = (sources.now(), sources.new_id());
        Ok::<_, Error>(edge::serve(service, cors, event.payload, now, id).await)
    }))
    .await
}

/// Runs a worker for as long as Lambda keeps it. `build` makes the worker of one invocation, given
/// that one's request id.
pub async fn worker<W: Worker>(build: impl Fn(String) -> W) -> Result<(), Error> {
    let build = &build;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let deadline = Deadline::from(&event.context);
        let worker = build(event.context.request_id.clone());
        let trigger = Trigger::parse(event.payload)?;
        Ok::<Value, Error>(worker::run(&worker, trigger, deadline).await)
    }))
    .await
}
