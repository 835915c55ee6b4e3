//! The access report: who saw or did what, for one patient or one actor, for a privacy officer.

mod handler;
#[cfg(test)]
mod tests;
mod view;

use handler::AccessReport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::http(|start| AccessReport { store: start.store, sources: start.sources }).await
}
