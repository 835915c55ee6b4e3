//! A clinic's settings: its plan, its defaults, its office hours and its automatic texts.

mod dto;
mod handler;

#[cfg(test)]
mod tests;

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use aws_sdk_dynamodb::Client;
use edge::AllowedOrigins;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::{Sources, Timeouts};
use store::Store;

use crate::handler::Handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    platform::init_logging();
    let (handler, cors) = init()
        .await
        .inspect_err(|error| tracing::error!(%error, "the function cannot start"))?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<ApiGatewayProxyRequest>| {
        let (handler, cors) = (&handler, &cors);
        let (now, fresh_id) = (platform::now(), platform::new_id());
        let answer = Box::pin(edge::serve(handler, cors, event.payload, now, fresh_id));
        async move { Ok::<_, Error>(answer.await) }
    }))
    .await
}

async fn init() -> Result<(Handler, AllowedOrigins), Error> {
    let cors = AllowedOrigins::parse(&platform::env("ALLOWED_ORIGINS")?)?;
    let client = Client::new(&platform::sdk_config(Timeouts::default())?);
    let store = Store::new(client, platform::env("TABLE_NAME")?, platform::env("AUDIT_TABLE_NAME")?);
    store.warm().await;

    Ok((Handler { store, sources: Sources::real() }, cors))
}
