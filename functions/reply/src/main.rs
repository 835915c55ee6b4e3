//! Adds a message to a conversation: `POST .../conversations/{conversationId}/messages`.

mod handler;
#[cfg(test)]
mod tests;

use handler::Reply;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::http(|start| Reply { store: start.store, sources: start.sources }).await
}
