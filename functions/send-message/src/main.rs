//! Starts a conversation: `POST .../conversations`.

mod handler;
#[cfg(test)]
mod tests;

use handler::SendMessage;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::http(|start| SendMessage { store: start.store, sources: start.sources }).await
}
