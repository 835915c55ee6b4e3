//! A clinic's settings: its plan, its defaults, its office hours, its automatic texts and its message
//! templates. And the operator's switch for everything that is sent.

mod automatic;
mod dto;
mod handler;
mod holidays;
mod message_templates;
mod sending;
mod templates;
#[cfg(test)]
mod tests;

use handler::Handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::http(|start| Handler { store: start.store, sources: start.sources }).await
}
