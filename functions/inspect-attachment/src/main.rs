//! Inspects uploaded files: when S3 tells of an upload, when the malware scan has an answer, and on
//! the minute's tick, which finds what was missed and gives up what nobody uses.

mod event;
mod handler;
mod inspect;
#[cfg(test)]
mod tests;
mod tick;

use files::Files;
use handler::Inspect;
use launch::Start;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::listener(|Start { config, store, sources }| {
        let bucket = platform::env("FILES_BUCKET")?;
        let files = Files::new(&config, bucket.clone());
        let chart_bucket = platform::env("CHART_BUCKET").ok();
        let scans = platform::env("MALWARE_SCAN")? != "off";
        Ok(move |request_id| Inspect {
            store: store.clone(),
            files: files.clone(),
            sources,
            bucket: bucket.clone(),
            chart_bucket: chart_bucket.clone(),
            scans,
            request_id,
        })
    })
    .await
}
