//! Closes and reopens conversations: `POST .../{conversationId}/close` and `/reopen`.

mod handler;
#[cfg(test)]
mod tests;

use handler::CloseConversation;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::http(|start| CloseConversation { store: start.store, sources: start.sources }).await
}
