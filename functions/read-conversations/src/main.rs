//! Reads: inbox, chart list, thread and read marker.

mod handler;
mod view;

use handler::ReadConversations;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::http(|store, sources| ReadConversations { store, sources }).await
}

#[cfg(test)]
mod tests;
