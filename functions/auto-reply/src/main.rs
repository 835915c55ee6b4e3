//! Answers automatically when nobody is there: from the stream and from the minute's tick.

mod handler;
#[cfg(test)]
mod tests;

use handler::AutoReply;
use launch::Start;
use worker::Brake;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::worker(|Start { store, sources, .. }| {
        let brake = Brake::default();
        Ok(move |request_id| {
            let (store, brake) = (store.clone(), brake.clone());
            AutoReply { store, sources, brake, request_id }
        })
    })
    .await
}
