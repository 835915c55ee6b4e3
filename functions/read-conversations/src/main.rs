//! Reads: inbox, chart list, thread and read marker, and where a notice's link leads.

mod before;
mod handler;
mod link;
#[cfg(test)]
mod tests;
mod view;

use handler::ReadConversations;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::http(|start| ReadConversations { store: start.store, sources: start.sources }).await
}
