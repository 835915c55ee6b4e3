//! Staff, patients and account links, which a clinic's chart system pushes in; what staff choose for
//! themselves; and what is known of addresses.

mod addresses;
mod batch;
mod contact;
mod dto;
mod groups;
mod handler;
mod links;
mod patients;
mod preferences;
mod staff;
#[cfg(test)]
mod tests;

use address_key::address_key;
use delivery::OptOuts;
use handler::Handler;
use launch::Start;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    // The plans take 90 ms to load: in init, where the time is nobody's.
    domain::contact::SmsNumber::load_numbering_plans();
    launch::http_with(async |Start { config, store, sources }| {
        let address_key = address_key(&config, &platform::env("ADDRESS_KEY_ID")?).await?;
        Ok(Handler { store, sources, address_key, opt_outs: OptOuts::new(&config) })
    })
    .await
}
