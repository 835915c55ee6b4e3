//! Reads: inbox, chart list, thread and read marker.

mod before;
mod handler;
#[cfg(test)]
mod tests;
mod view;

use handler::ReadConversations;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::http(|start| ReadConversations { store: start.store, sources: start.sources }).await
}
