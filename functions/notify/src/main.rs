//! Announces stored messages by email and text message: from the stream and from the minute's tick.

mod handler;
#[cfg(test)]
mod tests;

use delivery::{Mailer, Texter};
use domain::contact::EmailAddress;
use domain::notice::MAX_LINK_DOMAIN;
use handler::Notify;
use launch::Start;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::worker(|Start { config, store, sources }| {
        let link_domain = platform::env("LINK_DOMAIN")?;
        // A longer one would make text messages of two parts: found at deployment, not by patients.
        if link_domain.len() > MAX_LINK_DOMAIN {
            return Err(format!("LINK_DOMAIN has more than {MAX_LINK_DOMAIN} characters").into());
        }
        let sender = EmailAddress::parse(&platform::env("SENDER_ADDRESS")?)?;
        let (mailer, texter) = (Mailer::new(&config, &sender), Texter::new(&config));
        Ok(move |request_id| Notify {
            store: store.clone(),
            sources,
            mailer: mailer.clone(),
            texter: texter.clone(),
            link_domain: link_domain.clone(),
            request_id,
        })
    })
    .await
}
