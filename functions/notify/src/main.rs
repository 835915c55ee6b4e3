//! Announces stored messages by email and text message: from the stream and from the minute's tick.

mod announce;
mod attempt;
mod facts;
mod handler;
mod rate;
#[cfg(test)]
mod tests;
mod unread;

use delivery::{Mailer, OptOuts, Sender, Texter};
use domain::contact::EmailAddress;
use domain::notice::MAX_LINK_DOMAIN;
use handler::{Links, Notify};
use launch::Start;
use rate::Rates;
use worker::Brake;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::worker(|Start { config, store, sources }| {
        let links = Links {
            patients: platform::env("LINK_DOMAIN")?,
            staff: platform::env("STAFF_LINK_DOMAIN")?,
        };
        // A longer one would make text messages of two parts: found at deployment, not by patients.
        if links.patients.len() > MAX_LINK_DOMAIN {
            return Err(format!("LINK_DOMAIN has more than {MAX_LINK_DOMAIN} characters").into());
        }
        let rates = Rates {
            email: platform::env("EMAILS_PER_SECOND")?.parse()?,
            sms: platform::env("TEXTS_PER_SECOND")?.parse()?,
        };
        let unsubscribe = platform::env("UNSUBSCRIBE_ADDRESS").ok().filter(|text| !text.is_empty());
        let sender = Sender {
            address: EmailAddress::parse(&platform::env("SENDER_ADDRESS")?)?,
            configuration_set: Some(platform::env("CONFIGURATION_SET")?),
            unsubscribe: unsubscribe.map(|text| EmailAddress::parse(&text)).transpose()?,
        };
        let (mailer, texter) = (Mailer::new(&config, sender), Texter::new(&config));
        let (opt_outs, brake) = (OptOuts::new(&config), Brake::default());
        Ok(move |request_id| Notify {
            store: store.clone(),
            sources,
            mailer: mailer.clone(),
            texter: texter.clone(),
            opt_outs: opt_outs.clone(),
            links: links.clone(),
            rates,
            brake: brake.clone(),
            request_id,
        })
    })
    .await
}
