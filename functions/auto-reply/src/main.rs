//! Answers automatically when nobody is there: from the stream and from the minute's tick.

mod handler;
#[cfg(test)]
mod tests;

use handler::AutoReply;
use launch::Start;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::worker(|Start { store, sources, .. }| {
        Ok(move |request_id| AutoReply { store: store.clone(), sources, request_id })
    })
    .await
}
