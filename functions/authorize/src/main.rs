//! API Gateway authorizer: who is calling.
//!
//! It proves identity only. What a caller may do is read from the tables by each function on every call.

mod cache;
mod claims;
mod config;
mod event;
mod fetch;
mod handler;
mod jwks;
mod refusal;
#[cfg(test)]
mod tests;
mod token;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

use crate::config::Config;
use crate::fetch::Fetcher;
use crate::handler::Authorizer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    platform::init_logging();
    let config = Config::read(|name| platform::env(name).ok())
        .inspect_err(|error| tracing::error!(%error, "the function cannot start"))?;
    let authorizer = Authorizer::new(&config, &Fetcher::new(config.is_local)?);
    authorizer.prefetch(platform::now()).await;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let authorizer = &authorizer;
        async move { authorizer.authorize(&event.payload, platform::now()).await }
    }))
    .await
}
