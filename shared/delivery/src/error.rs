//! Why something was not sent.

use std::error::Error;
use std::fmt;

use aws_sdk_ses::config::http::HttpResponse;
use aws_sdk_ses::error::{ProvideErrorMetadata, SdkError};
use domain::notice::{Answer, FailureReason};
use hyper_util::client::legacy::Error as HttpError;

/// A send that the provider did not confirm.
///
/// It holds codes only: the provider's own text repeats addresses, and is dropped here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryError {
    /// Why, and whether trying again can help.
    pub cause: Cause,
    /// Whether it may have been sent all the same: the request went out, and its answer was lost, came
    /// too late or was a failure of the service's own (5xx).
    pub outcome_unknown: bool,
}

/// Why something was not sent, and whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It passes, by itself or once operations has repaired something: try again later.
    Passing(PassingReason),
    /// The same request is refused for ever.
    Permanent(FailureReason),
}

/// A reason that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassingReason {
    /// The request never left: no connection, no name, no TLS, no credentials.
    NotSent,
    /// The connection broke before the answer.
    ConnectionLost,
    /// No answer within [`LONGEST_SEND`](crate::LONGEST_SEND).
    TimedOut,
    /// Too many at once, or the account's quota is used up.
    Throttled,
    /// The provider failed (5xx), or its answer made no sense.
    ServiceFailed,
    /// The function's role or its credentials are refused. It counts as passing so that a mistake in
    /// a deployment delays notices and does not lose them.
    NotAuthorized,
    /// Sending is paused for the account, the sender's MAIL FROM domain cannot be looked up, or there is
    /// no such configuration set.
    SendingPaused,
}

impl PassingReason {
    /// The reason as a stable text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::ConnectionLost => "connection_lost",
            Self::TimedOut => "timed_out",
            Self::Throttled => "throttled",
            Self::ServiceFailed => "service_failed",
            Self::NotAuthorized => "not_authorized",
            Self::SendingPaused => "sending_paused",
        }
    }
}

impl DeliveryError {
    /// The reason as a stable text, for logs and counts.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self.cause {
            Cause::Passing(reason) => reason.as_str(),
            Cause::Permanent(reason) => reason.as_str(),
        }
    }

    /// Whether trying again later can help.
    #[must_use]
    pub const fn is_passing(self) -> bool {
        matches!(self.cause, Cause::Passing(_))
    }

    /// Classifies a failed call; `refusal` reads what is particular to the service: its error codes
    /// for requests that it understood and refused (4xx), with the message where a code is too broad.
    pub(crate) fn of<E>(
        error: &SdkError<E, HttpResponse>,
        refusal: fn(code: &str, message: &str) -> Option<Cause>,
    ) -> Self
    where
        E: ProvideErrorMetadata,
    {
        match error {
            SdkError::TimeoutError(_) => Self::unknown(PassingReason::TimedOut),
            SdkError::DispatchFailure(failure) => {
                let timed_out = failure.is_timeout();
                match failure.as_connector_error().and_then(Error::source) {
                    Some(source) if never_connected(source) => Self::known(PassingReason::NotSent),
                    _ if timed_out => Self::unknown(PassingReason::TimedOut),
                    _ => Self::unknown(PassingReason::ConnectionLost),
                }
            }
            SdkError::ResponseError(_) => Self::unknown(PassingReason::ServiceFailed),
            SdkError::ServiceError(failure) => {
                let status = failure.raw().status().as_u16();
                let code = failure.err().code().unwrap_or_default();
                let message = failure.err().message().unwrap_or_default();
                Self::of_answer(status, code, message, refusal)
            }
            // Before the request is sent: building it, or getting the credentials to sign it with.
            _ => Self::known(PassingReason::NotSent),
        }
    }

    fn of_answer(
        status: u16,
        code: &str,
        message: &str,
        refusal: fn(code: &str, message: &str) -> Option<Cause>,
    ) -> Self {
        if is_throttling(code) || status == 429 {
            return Self::known(PassingReason::Throttled);
        }
        // A success that cannot be read is an error to the SDK, and still a success.
        if !(400..500).contains(&status) {
            return Self::unknown(PassingReason::ServiceFailed);
        }
        if let Some(cause) = refusal(code, message) {
            return Self { cause, outcome_unknown: false };
        }
        // A signature that arrives late is refused with 400, all else about permissions with 403.
        if status == 401 || status == 403 || code == "RequestExpired" {
            return Self::known(PassingReason::NotAuthorized);
        }
        // A refusal without a code is not the service's: something between us and it answered.
        if code.is_empty() {
            return Self::known(PassingReason::ServiceFailed);
        }
        Self { cause: Cause::Permanent(FailureReason::RequestRejected), outcome_unknown: false }
    }

    const fn known(reason: PassingReason) -> Self {
        Self { cause: Cause::Passing(reason), outcome_unknown: false }
    }

    const fn unknown(reason: PassingReason) -> Self {
        Self { cause: Cause::Passing(reason), outcome_unknown: true }
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_passing() { "passing" } else { "permanent" };
        let doubt = if self.outcome_unknown { ", outcome unknown" } else { "" };
        write!(f, "not delivered: {} ({kind}{doubt})", self.code())
    }
}

impl Error for DeliveryError {}

impl From<DeliveryError> for Answer {
    fn from(error: DeliveryError) -> Self {
        match error.cause {
            Cause::Passing(_) => Self::Passing { unknown: error.outcome_unknown },
            Cause::Permanent(reason) => Self::Permanent(reason),
        }
    }
}

/// The codes by which AWS services say "too many".
fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "BandwidthLimitExceeded"
            | "KMSThrottling"
            | "LimitExceeded"
            | "PriorRequestNotComplete"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "SlowDown"
            | "Throttled"
            | "ThrottledException"
            | "Throttling"
            | "ThrottlingException"
            | "TooManyRequestsException"
    )
}

/// Whether the HTTP client failed while it was connecting, so that nothing was sent.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (**error).source())
        .filter_map(|error| error.downcast_ref::<HttpError>())
        .any(HttpError::is_connect)
}
