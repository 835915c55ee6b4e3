//! Starts a conversation: `POST .../conversations`.

mod handler;

use handler::SendMessage;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::http(|store, sources| SendMessage { store, sources }).await
}

#[cfg(test)]
mod tests;
