//! Adds a message to a conversation: `POST .../conversations/{conversationId}/messages`.

mod handler;

use handler::Reply;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::http(|store, sources| Reply { store, sources }).await
}

#[cfg(test)]
mod tests;
