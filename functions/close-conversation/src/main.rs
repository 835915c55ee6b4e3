//! Closes and reopens conversations: `POST .../{conversationId}/close` and `/reopen`.

mod handler;

use handler::CloseConversation;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::http(|store, sources| CloseConversation { store, sources }).await
}

#[cfg(test)]
mod tests;
