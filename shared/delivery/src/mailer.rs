//! Email through Amazon SES (v1).

use std::time::Duration;

use aws_sdk_ses::Client;
use aws_sdk_ses::config::retry::RetryConfig;
use aws_sdk_ses::config::timeout::TimeoutConfig;
use aws_sdk_ses::primitives::Blob;
use aws_sdk_ses::types::RawMessage;
use aws_types::SdkConfig;
use domain::contact::EmailAddress;
use domain::notice::FailureReason;
use jiff::Timestamp;

use crate::error::{Cause, DeliveryError, PassingReason};
use crate::{LONGEST_SEND, ProviderMessageId, mime};

/// An email to one person. Its sender is the [`Mailer`]'s.
///
/// It has no `Debug`, since it could end in a log.
#[derive(Clone, Copy)]
pub struct Email<'a> {
    /// To whom.
    pub to: &'a EmailAddress,
    /// The subject. Control characters and line breaks in it become blanks.
    pub subject: &'a str,
    /// The body as plain text, for readers that show no HTML.
    pub text: &'a str,
    /// The body as an HTML document or fragment. Whatever is put into it is escaped by the caller.
    pub html: &'a str,
    /// When it is written: the `Date` header.
    pub date: Timestamp,
    /// An id of this one email, fresh or the notice's own. It separates the parts and becomes the
    /// local part of `Message-ID`, which SES replaces. Only letters, digits, `-` and `_` of it count,
    /// 60 at most.
    pub reference: &'a str,
}

/// Sends emails from one address.
#[derive(Clone, Debug)]
pub struct Mailer {
    client: Client,
    sender: String,
}

impl Mailer {
    /// A mailer that sends from `sender`, an address that nobody reads and that SES has verified.
    #[must_use]
    pub fn new(config: &SdkConfig, sender: &EmailAddress) -> Self {
        Self::with_limit(config, sender, LONGEST_SEND)
    }

    pub(crate) fn with_limit(config: &SdkConfig, sender: &EmailAddress, limit: Duration) -> Self {
        let config = aws_sdk_ses::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(limit)
                    .operation_timeout(limit)
                    .build(),
            )
            .build();
        Self { client: Client::from_conf(config), sender: sender.to_ascii() }
    }

    /// Hands one email to SES, in one attempt.
    ///
    /// `Ok` means that SES accepted it, not that it arrived. Raw, because SES lets only a raw email
    /// carry the headers that keep vacation responders quiet.
    pub async fn send(&self, email: Email<'_>) -> Result<ProviderMessageId, DeliveryError> {
        let message = RawMessage::builder()
            .data(Blob::new(mime::message(&email, &self.sender)))
            .build()
            .map_err(|_| DeliveryError {
                cause: Cause::Permanent(FailureReason::RequestRejected),
                outcome_unknown: false,
            })?;
        let answer = self
            .client
            .send_raw_email()
            .source(&self.sender)
            .destinations(email.to.to_ascii())
            .raw_message(message)
            .send()
            .await
            .map_err(|error| DeliveryError::of(&error, refusal))?;
        Ok(ProviderMessageId(answer.message_id))
    }
}

/// What SES means by a refusal.
fn refusal(code: &str, message: &str) -> Option<Cause> {
    Some(match code {
        "AccountSendingPausedException"
        | "ConfigurationSetSendingPausedException"
        | "MailFromDomainNotVerifiedException" => Cause::Passing(PassingReason::SendingPaused),
        // While an account is in the SES sandbox, an unverified recipient is refused in the same
        // words; the repair is the same, too: operations gets the account ready.
        "MessageRejected" if message.contains("not verified") => {
            Cause::Permanent(FailureReason::SenderRejected)
        }
        "MessageRejected" if message.contains("blacklisted") => {
            Cause::Permanent(FailureReason::AddressRejected)
        }
        // Of all parameters only the recipient differs from one call to the next.
        "InvalidParameterValue" => Cause::Permanent(FailureReason::AddressRejected),
        _ => return None,
    })
}
