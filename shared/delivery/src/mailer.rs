//! Email through Amazon SES (v1).

use std::time::Duration;

use aws_sdk_ses::Client;
use aws_sdk_ses::config::retry::RetryConfig;
use aws_sdk_ses::config::timeout::TimeoutConfig;
use aws_sdk_ses::primitives::Blob;
use aws_sdk_ses::types::{MessageTag, RawMessage};
use aws_types::SdkConfig;
use domain::contact::EmailAddress;
use domain::notice::FailureReason;
use jiff::Timestamp;

use crate::error::{Cause, DeliveryError, PassingReason};
use crate::{LONGEST_SEND, ProviderMessageId, mime};

/// The message tag that carries a notice's own id.
pub const NOTICE_TAG: &str = "notice";

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
    /// The notice's own id, which says nothing of anybody. It is the tag `notice` by which SES names
    /// the email in what it tells later, separates the parts, and becomes the local part of
    /// `Message-ID`, which SES replaces. Only letters, digits, `-` and `_` of it count, 60 at most.
    pub reference: &'a str,
}

/// Whom emails are from, and how they are sent.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The address: one that nobody reads and that SES has verified.
    pub address: EmailAddress,
    /// The SES configuration set, by which SES tells what becomes of an email.
    pub configuration_set: Option<String>,
    /// A mailbox for those who want no more, named in `List-Unsubscribe` (RFC 2369), where the law
    /// wants that.
    pub unsubscribe: Option<EmailAddress>,
}

/// Sends emails from one address.
#[derive(Clone, Debug)]
pub struct Mailer {
    client: Client,
    sender: Sender,
}

impl Mailer {
    /// A mailer that sends so.
    #[must_use]
    pub fn new(config: &SdkConfig, sender: Sender) -> Self {
        Self::with_limit(config, sender, LONGEST_SEND)
    }

    pub(crate) fn with_limit(config: &SdkConfig, sender: Sender, limit: Duration) -> Self {
        let config = aws_sdk_ses::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(limit)
                    .operation_timeout(limit)
                    .build(),
            )
            .build();
        Self { client: Client::from_conf(config), sender }
    }

    /// Hands one email to SES, in one attempt.
    ///
    /// `Ok` means that SES accepted it, not that it arrived. Raw, because SES lets only a raw email
    /// carry the headers that keep vacation responders quiet.
    pub async fn send(&self, email: Email<'_>) -> Result<ProviderMessageId, DeliveryError> {
        let unbuilt = |_| DeliveryError {
            cause: Cause::Permanent(FailureReason::RequestRejected),
            outcome_unknown: false,
        };
        let data = Blob::new(mime::message(&email, &self.sender));
        let message = RawMessage::builder().data(data).build().map_err(unbuilt)?;
        let tag = mime::safe_reference(email.reference);
        let tag = MessageTag::builder().name(NOTICE_TAG).value(tag).build().map_err(unbuilt)?;
        let answer = self
            .client
            .send_raw_email()
            .source(self.sender.address.to_ascii())
            .set_configuration_set_name(self.sender.configuration_set.clone())
            .tags(tag)
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
        | "MailFromDomainNotVerifiedException"
        // A mistake in a deployment is to delay notices, not to lose them.
        | "ConfigurationSetDoesNotExist"
        | "ConfigurationSetDoesNotExistException" => Cause::Passing(PassingReason::SendingPaused),
        // While an account is in the SES sandbox, an unverified recipient is refused in the same
        // words; the repair is the same, too: operations gets the account ready.
        "MessageRejected" if message.contains("not verified") => {
            Cause::Permanent(FailureReason::SenderRejected)
        }
        "MessageRejected" if message.contains("blacklisted") => {
            Cause::Permanent(FailureReason::AddressRejected)
        }
        // Of all other parameters only the recipient differs from one call to the next.
        "InvalidParameterValue" if !names_our_own(message) => Cause::Permanent(FailureReason::AddressRejected),
        _ => return None,
    })
}

/// Whether a refusal is about what we say of ourselves: the sender, or the notice's tag. It may repeat
/// an address, whose parts say nothing.
fn names_our_own(message: &str) -> bool {
    let words = message.split_whitespace().filter(|word| !word.contains('@'));
    words.flat_map(|word| word.split(|c: char| !c.is_alphanumeric())).any(|word| {
        ["source", "sender", "tag", "tags"].iter().any(|own| word.eq_ignore_ascii_case(own))
    })
}
