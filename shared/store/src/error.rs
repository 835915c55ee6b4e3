//! What an SDK error means to the caller. Nothing of a service's message leaves this module: it
//! may repeat keys and values.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use domain::outage::{Outage, OutageKind};

/// The outage behind an SDK error.
pub(crate) fn outage<E: ProvideErrorMetadata, R>(
    operation: &'static str,
    error: &SdkError<E, R>,
) -> Outage {
    let (kind, detail) = match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("unknown");
            (kind_of(code), code.to_owned())
        }
        SdkError::TimeoutError(_) => (OutageKind::Unavailable, "timeout".to_owned()),
        SdkError::DispatchFailure(_) => (OutageKind::Unavailable, "dispatch".to_owned()),
        SdkError::ResponseError(_) => (OutageKind::Unavailable, "response".to_owned()),
        _ => (OutageKind::Broken, "construction".to_owned()),
    };
    Outage::new(kind, operation, detail)
}

/// An item that is there and does not read back: its own failure, never a missing item.
pub(crate) fn corrupt(operation: &'static str, what: &'static str) -> Outage {
    Outage::new(OutageKind::Broken, operation, what)
}

fn kind_of(code: &str) -> OutageKind {
    match code {
        "AccessDeniedException"
        | "ValidationException"
        | "ResourceNotFoundException"
        | "ItemCollectionSizeLimitExceededException"
        | "IdempotentParameterMismatchException"
        | "UnrecognizedClientException"
        | "SerializationException" => OutageKind::Broken,
        // Throttling, limits, internal errors, KMS: later it may work.
        _ => OutageKind::Unavailable,
    }
}
