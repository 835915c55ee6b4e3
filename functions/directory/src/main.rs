//! Staff, patients and account links, which a clinic's chart system pushes in.

mod batch;
mod dto;
mod groups;
mod handler;
mod links;
mod patients;
mod staff;
#[cfg(test)]
mod tests;

use handler::Handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    // The plans take 90 ms to load: in init, where the time is nobody's.
    domain::contact::SmsNumber::load_numbering_plans();
    launch::http(|start| Handler { store: start.store, sources: start.sources }).await
}
