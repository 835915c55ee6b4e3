//! Answers automatically when nobody is there: from the stream and from the minute's tick.

mod handler;
#[cfg(test)]
mod tests;

use handler::AutoReply;
use platform::{Sources, Timeouts};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    platform::init_logging();
    let config = platform::sdk_config(Timeouts::default())?;
    let store = launch::store(&config).await?;
    let sources = Sources::real();
    launch::worker(|request_id| AutoReply { store: store.clone(), sources, request_id }).await
}
