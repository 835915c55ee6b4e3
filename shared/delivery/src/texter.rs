//! Text messages through Amazon SNS.

use std::time::Duration;

use aws_sdk_sns::Client;
use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::config::timeout::TimeoutConfig;
use aws_sdk_sns::types::MessageAttributeValue;
use aws_types::SdkConfig;
use domain::contact::SmsNumber;
use domain::notice::FailureReason;

use crate::error::{Cause, DeliveryError};
use crate::{LONGEST_SEND, ProviderMessageId};

/// Sends text messages.
#[derive(Clone, Debug)]
pub struct Texter {
    client: Client,
}

impl Texter {
    /// A texter with the account's settings for text messages.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self::with_limit(config, LONGEST_SEND)
    }

    pub(crate) fn with_limit(config: &SdkConfig, limit: Duration) -> Self {
        let config = aws_sdk_sns::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(limit)
                    .operation_timeout(limit)
                    .build(),
            )
            .build();
        Self { client: Client::from_conf(config) }
    }

    /// Hands one text message to SNS, in one attempt.
    ///
    /// It goes as `Transactional`, which carriers deliver with priority and outside marketing
    /// consent. `Ok` means that SNS accepted it, not that it arrived: SNS accepts texts to numbers
    /// that opted out, and drops them.
    pub async fn send(
        &self,
        number: &SmsNumber,
        text: &str,
    ) -> Result<ProviderMessageId, DeliveryError> {
        let transactional = MessageAttributeValue::builder()
            .data_type("String")
            .string_value("Transactional")
            .build()
            .map_err(|_| DeliveryError {
                cause: Cause::Permanent(FailureReason::RequestRejected),
                outcome_unknown: false,
            })?;
        let answer = self
            .client
            .publish()
            .phone_number(number.as_str())
            .message(text)
            .message_attributes("AWS.SNS.SMS.SMSType", transactional)
            .send()
            .await
            .map_err(|error| DeliveryError::of(&error, refusal))?;
        Ok(ProviderMessageId(answer.message_id.unwrap_or_default()))
    }
}

/// What SNS means by a refusal.
fn refusal(code: &str, message: &str) -> Option<Cause> {
    Some(match code {
        "OptedOut" | "OptedOutException" => Cause::Permanent(FailureReason::OptedOut),
        "InvalidParameter" | "ParameterValueInvalid" if message.contains("opted out") => {
            Cause::Permanent(FailureReason::OptedOut)
        }
        "InvalidParameter" | "ParameterValueInvalid" if message.contains("PhoneNumber") => {
            Cause::Permanent(FailureReason::AddressRejected)
        }
        _ => return None,
    })
}
