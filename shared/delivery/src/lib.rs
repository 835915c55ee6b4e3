//! What leaves the system: email through Amazon SES, text messages through Amazon SNS.
//!
//! Neither service has an idempotency token, so neither client retries by itself: a second attempt
//! after a lost answer sends twice. Whoever calls decides, knowing whether the first may have been
//! sent ([`DeliveryError::outcome_unknown`]). Nothing here logs, and no error repeats an address or
//! the provider's words.

mod error;
mod mailer;
mod mime;
mod opt_outs;
mod texter;

use std::time::Duration;

pub use error::{Cause, DeliveryError, PassingReason};
pub use mailer::{Email, Mailer, NOTICE_TAG, Sender};
pub use opt_outs::{OptIn, OptOutPage, OptOuts};
pub use texter::Texter;

/// The longest that one send takes. Start none when the invocation has less time left.
///
/// The providers answer within a second as a rule. The limit is generous because of what a timeout
/// means here: nobody knows whether the patient was told, and telling twice is the price of finding
/// out.
pub const LONGEST_SEND: Duration = Duration::from_secs(8);

/// The provider's id of what it accepted, by which its later feedback names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderMessageId(String);

impl ProviderMessageId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as an owned text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests;
