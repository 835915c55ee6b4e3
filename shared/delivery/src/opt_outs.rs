//! Who opted out of text messages, as the account's list at SNS says.
//!
//! SNS takes texts to numbers that opted out, and drops them. Nobody learns that who does not ask.

use std::time::Duration;

use aws_sdk_sns::Client;
use aws_sdk_sns::config::http::HttpResponse;
use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::config::timeout::TimeoutConfig;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_types::SdkConfig;
use domain::contact::SmsNumber;

use crate::error::{Cause, DeliveryError};

/// The longest that one question takes.
const LONGEST_QUESTION: Duration = Duration::from_secs(2);

/// The longest that one page of the list takes, with its repeats.
const LONGEST_PAGE: Duration = Duration::from_secs(10);

/// The account's list of numbers that opted out.
#[derive(Clone, Debug)]
pub struct OptOuts {
    client: Client,
}

/// What became of opting a number in again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptIn {
    /// Texts go there again, as far as SNS is concerned.
    Done,
    /// It was opted in less than 30 days ago, and can be once in 30 days (Amazon SNS API Reference,
    /// `OptInPhoneNumber`).
    TooSoon,
    /// The service does not know this call, so there is no list to take the number off.
    Unknown,
}

/// A page of the list.
///
/// It has no `Debug`, since it could end in a log.
pub struct OptOutPage {
    /// The numbers on it that can be numbers of ours.
    pub numbers: Vec<SmsNumber>,
    /// Where the list goes on, if it does.
    pub next: Option<String>,
}

impl OptOuts {
    /// The list of the account that the configuration is of. Each question about a number is asked
    /// once: who asks has something better to do than to wait, and comes again.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        let config = aws_sdk_sns::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(LONGEST_QUESTION).build())
            .build();
        Self { client: Client::from_conf(config) }
    }

    /// Whether the number's owner opted out; `None`: the service does not know the question, which is
    /// not the same as no.
    pub async fn is_opted_out(&self, number: &SmsNumber) -> Result<Option<bool>, DeliveryError> {
        let question = self.client.check_if_phone_number_is_opted_out();
        match question.phone_number(number.as_str()).send().await {
            Ok(answer) => Ok(Some(answer.is_opted_out)),
            Err(error) if is_unknown(&error) => Ok(None),
            Err(error) => Err(DeliveryError::of(&error, no_refusal)),
        }
    }

    /// Takes the number off the list, which the service does once in 30 days.
    pub async fn opt_in(&self, number: &SmsNumber) -> Result<OptIn, DeliveryError> {
        match self.client.opt_in_phone_number().phone_number(number.as_str()).send().await {
            Ok(_) => Ok(OptIn::Done),
            Err(error) if is_unknown(&error) => Ok(OptIn::Unknown),
            // The number is one, so of what the call is given only the time can be wrong.
            Err(error) if error.code() == Some("InvalidParameter") => Ok(OptIn::TooSoon),
            Err(error) => Err(DeliveryError::of(&error, no_refusal)),
        }
    }

    /// One page of the list, from its beginning or from where a page ended. A page that the service or
    /// the connection fails on is asked for again: a long list is not begun anew for it.
    pub async fn list(&self, from: Option<String>) -> Result<OptOutPage, DeliveryError> {
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(200));
        let patient = aws_sdk_sns::config::Builder::new()
            .retry_config(retries)
            .timeout_config(TimeoutConfig::builder().operation_timeout(LONGEST_PAGE).build());
        let question = self.client.list_phone_numbers_opted_out().set_next_token(from);
        match question.customize().config_override(patient).send().await {
            Ok(page) => {
                let numbers = page.phone_numbers.unwrap_or_default();
                let numbers = numbers.iter().filter_map(|number| SmsNumber::from_e164(number).ok());
                let next = page.next_token.filter(|next| !next.is_empty());
                Ok(OptOutPage { numbers: numbers.collect(), next })
            }
            Err(error) if is_unknown(&error) => Ok(OptOutPage { numbers: Vec::new(), next: None }),
            Err(error) => Err(DeliveryError::of(&error, no_refusal)),
        }
    }
}

/// Whether the service does not know the call: some stand-ins for SNS do not.
fn is_unknown<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let status = error.raw_response().map(|response| response.status().as_u16());
    matches!(error.code(), Some("InvalidAction" | "UnknownOperation" | "NotImplemented"))
        || status == Some(501)
}

/// No refusal of these calls says anything about a notice.
fn no_refusal(_: &str, _: &str) -> Option<Cause> {
    None
}
