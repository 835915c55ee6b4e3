//! Why S3 did not do what was asked.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use domain::outage::{Outage, OutageKind};

/// Why nothing came of it. S3's own words repeat keys, and are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    /// There is no such object or version.
    #[error("there is no such object")]
    Missing,
    /// It is larger than was allowed.
    #[error("the object is too large")]
    TooLarge,
    /// It is refused, and will be until somebody changes the rights, the key or the request.
    #[error("the object store refuses this")]
    Refused,
    /// It may work later: throttling, a failure of S3's own, a lost connection, no answer in time.
    #[error("the object store is not available")]
    Unavailable,
}

impl FilesError {
    /// The same as a failure of the whole request or step.
    #[must_use]
    pub fn outage(self, operation: &'static str) -> Outage {
        let (kind, detail) = match self {
            Self::Missing => (OutageKind::Broken, "missing"),
            Self::TooLarge => (OutageKind::Broken, "too large"),
            Self::Refused => (OutageKind::Broken, "refused"),
            Self::Unavailable => (OutageKind::Unavailable, "unavailable"),
        };
        Outage::new(kind, operation, detail)
    }

    /// Classifies a failed call.
    pub(crate) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata,
    {
        match error {
            SdkError::ServiceError(failure) => {
                let status = failure.raw().status().as_u16();
                Self::of_answer(status, failure.err().code().unwrap_or_default())
            }
            // Before the request is sent, for what is wrong with it.
            SdkError::ConstructionFailure(_) => Self::Refused,
            _ => Self::Unavailable,
        }
    }

    fn of_answer(status: u16, code: &str) -> Self {
        match (status, code) {
            // A bucket that is not there is a mistake in the deployment and no absent object.
            (_, "NoSuchBucket") => Self::Refused,
            // 405 is the answer for a version that is a delete marker.
            (404 | 405, _) => Self::Missing,
            // Two writers met (409), the object changed between two looks at it (412), the body came
            // too slowly (400), or the role's session is over (400): a new sandbox has a new one.
            (409 | 412 | 429, _) | (400, "RequestTimeout" | "ExpiredToken") => Self::Unavailable,
            // A bucket of another region sends elsewhere (301), for ever.
            (300..500, code) if !is_throttling(code) => Self::Refused,
            // A success that cannot be read counts as a failure of the service.
            _ => Self::Unavailable,
        }
    }
}

/// The codes by which S3, and KMS behind it, say "too many", with whatever status.
fn is_throttling(code: &str) -> bool {
    code.contains("Throttl") || matches!(code, "SlowDown" | "RequestLimitExceeded")
}
