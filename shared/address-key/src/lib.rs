//! The key of address hashes, derived by KMS.
//!
//! What is known of an address stands under a keyed hash of it ([`domain::address`]). Numbers and
//! addresses are few enough to be tried one by one, so the key must be a secret, and one that every
//! deployed function has, for as long as anything is known of any address.
//!
//! Nothing stores it. KMS holds a key that never leaves it, and the MAC that KMS makes with that one
//! over a fixed label is the key of the hashes: the same whenever it is asked for, and nothing to whom
//! `kms:GenerateMac` is not allowed. One call in a function's init derives it; each address is then
//! hashed in the function itself, which costs no call and tells nobody the address.
//!
//! It never changes. KMS does not rotate HMAC keys by itself; with another key nothing that is known
//! of any address would be found again, opt-outs among it, so the template keeps the key whatever
//! becomes of the stack.

use std::fmt;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::MacAlgorithmSpec;
use aws_types::SdkConfig;
use domain::address::AddressKey;

/// What the MAC is made over. A key for another purpose would have another label.
const LABEL: &[u8] = b"patient-messaging address v1";

/// Derives the key of address hashes with the HMAC key of this id, alias or ARN, in one call.
///
/// For a function's init: a function that has no key of hashes does not start, since it would ask
/// about addresses under names that nothing has.
pub async fn address_key(config: &SdkConfig, key_id: &str) -> Result<AddressKey, NotDerived> {
    let answer = Client::new(config)
        .generate_mac()
        .key_id(key_id)
        .mac_algorithm(MacAlgorithmSpec::HmacSha256)
        .message(Blob::new(LABEL))
        .send()
        .await
        .map_err(|error| NotDerived { code: code_of(&error) })?;
    let bytes = answer.mac.map(Blob::into_inner).unwrap_or_default();
    let bytes = bytes.try_into().map_err(|_| NotDerived { code: "length".to_owned() })?;
    Ok(AddressKey::new(bytes))
}

/// The key was not derived.
///
/// It holds a code alone: KMS's own text names the account, the role and the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotDerived {
    code: String,
}

impl fmt::Display for NotDerived {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the key of address hashes was not derived: {}", self.code)
    }
}

impl std::error::Error for NotDerived {}

/// KMS's code, or how the call failed on the way.
fn code_of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("unknown"),
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "dispatch",
        SdkError::ResponseError(_) => "response",
        _ => "construction",
    }
    .to_owned()
}

#[cfg(test)]
mod tests;
