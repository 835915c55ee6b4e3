//! Files of messages: slots for uploads, what became of them, downloads, and the documents of a
//! patient's chart.

mod documents;
mod download;
mod dto;
mod handler;
#[cfg(test)]
mod tests;
mod upload;

use files::Files;
use handler::Attachments;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let bucket = platform::env("FILES_BUCKET")?;
    // The copies are the inspection's work. Here it is only told whether there are any.
    let copies = !platform::env("CHART_BUCKET").unwrap_or_default().is_empty();
    launch::http(|start| Attachments {
        files: Files::new(&start.config, bucket),
        store: start.store,
        sources: start.sources,
        copies,
    })
    .await
}
