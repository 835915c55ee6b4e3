//! Why a caller is not let in, as stable codes for the log.

use std::fmt;

use lambda_runtime::Diagnostic;

/// Why a request does not carry a good token.
///
/// The caller is never told which: the answer is 401 for all. The code goes to the log, where it must
/// stay the same from release to release, and it holds nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Refusal {
    /// No Authorization header.
    TokenMissing,
    /// Two Authorization headers with different values.
    SeveralTokens,
    /// A scheme other than Bearer, or no token after it.
    NotBearer,
    /// Longer than any token that the gateway would pass on.
    TokenTooLong,
    /// Not three base64url parts, or a header that is not JSON.
    Malformed,
    /// An algorithm other than RS256 and ES256: `none`, HMAC, or any other.
    AlgorithmNotAllowed,
    /// A header with critical extensions, none of which are known here (RFC 7515, 4.1.11).
    CriticalExtension,
    /// A token made for another use, such as a logout token (RFC 8725, 3.11).
    TypeNotAllowed,
    /// No key id.
    KeyIdMissing,
    /// Claims that are not JSON, or of the wrong type, or without a required one.
    ClaimsMalformed,
    /// An issuer that is not configured.
    IssuerUnknown,
    /// A key id that the issuer does not publish.
    KeyUnknown,
    /// The key of this id is for another algorithm.
    KeyMismatch,
    /// The signature is not the key's.
    SignatureWrong,
    /// The token is for another audience.
    AudienceWrong,
    /// The token's expiry has passed.
    Expired,
    /// The token is not valid yet.
    NotYetValid,
    /// An unknown kind of caller, or one that this issuer may not vouch for.
    KindNotAllowed,
    /// An id that the kind requires is absent.
    IdMissing,
    /// An id with other characters than the alphabet's, or too long.
    IdMalformed,
}

impl Refusal {
    /// The code that is logged.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::TokenMissing => "token_missing",
            Self::SeveralTokens => "several_tokens",
            Self::NotBearer => "not_bearer",
            Self::TokenTooLong => "token_too_long",
            Self::Malformed => "malformed",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::CriticalExtension => "critical_extension",
            Self::TypeNotAllowed => "type_not_allowed",
            Self::KeyIdMissing => "key_id_missing",
            Self::ClaimsMalformed => "claims_malformed",
            Self::IssuerUnknown => "issuer_unknown",
            Self::KeyUnknown => "key_unknown",
            Self::KeyMismatch => "key_mismatch",
            Self::SignatureWrong => "signature_wrong",
            Self::AudienceWrong => "audience_wrong",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::KindNotAllowed => "kind_not_allowed",
            Self::IdMissing => "id_missing",
            Self::IdMalformed => "id_malformed",
        }
    }
}

/// Why the function answers with an error.
///
/// The Lambda runtime logs an error's `Debug` form, so it holds codes only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The caller is refused. API Gateway answers 401 when an authorizer's error message is exactly
    /// `Unauthorized`.
    Refused(Refusal),
    /// The issuer's keys cannot be had, so nothing can be said of the token. A retry may succeed: API
    /// Gateway answers with its `AUTHORIZER_FAILURE` response, and a client keeps its session.
    KeysUnavailable,
    /// The event is not an authorizer's: a mistake in the deployment.
    EventMalformed,
}

impl Failure {
    /// The error message that API Gateway sees.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Refused(_) => "Unauthorized",
            Self::KeysUnavailable => "KeysUnavailable",
            Self::EventMalformed => "EventMalformed",
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self {
            error_type: failure.message().to_owned(),
            error_message: failure.message().to_owned(),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "Unauthorized: {}", refusal.code()),
            Self::KeysUnavailable | Self::EventMalformed => f.write_str(self.message()),
        }
    }
}
