//! Learns what became of notices, and which addresses are not to be used: from SES, from SNS's logs,
//! from what people text back, and once a day from the account's list of those who opted out.

mod email;
mod event;
mod handler;
#[cfg(test)]
mod tests;
mod text;

use delivery::OptOuts;
use handler::Feedback;
use launch::Start;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::listener_with(async |Start { config, store, sources }| {
        let key = address_key::address_key(&config, &platform::env("ADDRESS_KEY_ID")?).await?;
        let opt_outs = OptOuts::new(&config);
        Ok(move |request_id| Feedback {
            store: store.clone(),
            sources,
            opt_outs: opt_outs.clone(),
            key: key.clone(),
            request_id,
        })
    })
    .await
}
