//! The compact form of a signed token (RFC 7515, 7.1), taken apart.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use crate::refusal::Refusal;

/// A token whose signature has not been checked: nothing it says may be believed.
pub(crate) struct UnverifiedToken<'t> {
    signing_input: &'t str,
    signature: &'t str,
    payload: Vec<u8>,
    /// The algorithm it claims, one of the two that are allowed.
    pub(crate) algorithm: Algorithm,
    /// The id of the key it claims.
    pub(crate) key_id: String,
    /// The issuer it claims, which tells whose keys to try.
    pub(crate) issuer: String,
}

/// The claims of a token whose signature was checked, still as JSON.
#[derive(Debug)]
pub(crate) struct VerifiedPayload(Vec<u8>);

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct IssuerClaim {
    iss: String,
}

impl<'t> UnverifiedToken<'t> {
    /// Takes a token apart. Header parameters that would bring a key along (`jwk`, `jku`, `x5c`, `x5u`)
    /// are never looked at.
    pub(crate) fn parse(token: &'t str) -> Result<Self, Refusal> {
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Refusal::Malformed)?;
        let decode = |part| URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed);
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| Refusal::Malformed)?;
        let algorithm = match header.alg.as_str() {
            "RS256" => Algorithm::RS256,
            "ES256" => Algorithm::ES256,
            _ => return Err(Refusal::AlgorithmNotAllowed),
        };
        if header.crit.is_some() {
            return Err(Refusal::CriticalExtension);
        }
        if !header.typ.is_none_or(|kind| is_access_token(&kind)) {
            return Err(Refusal::TypeNotAllowed);
        }
        let key_id = header.kid.filter(|id| !id.is_empty()).ok_or(Refusal::KeyIdMissing)?;
        let payload = decode(payload)?;
        let claim: IssuerClaim =
            serde_json::from_slice(&payload).map_err(|_| Refusal::ClaimsMalformed)?;
        Ok(Self { signing_input, signature, payload, algorithm, key_id, issuer: claim.iss })
    }

    /// Hands out the claims if the signature is this key's.
    pub(crate) fn verify(self, key: &DecodingKey) -> Result<VerifiedPayload, Refusal> {
        match jsonwebtoken::crypto::verify(
            self.signature,
            self.signing_input.as_bytes(),
            key,
            self.algorithm,
        ) {
            Ok(true) => Ok(VerifiedPayload(self.payload)),
            Ok(false) | Err(_) => Err(Refusal::SignatureWrong),
        }
    }
}

impl VerifiedPayload {
    /// The claims' JSON.
    pub(crate) fn json(&self) -> &[u8] {
        &self.0
    }
}

/// Whether a `typ` is that of a token for an API: `JWT` (RFC 7519, 5.1) or `at+jwt` (RFC 9068, 2.1), in
/// any case and with or without its prefix.
fn is_access_token(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    matches!(kind.strip_prefix("application/").unwrap_or(&kind), "jwt" | "at+jwt")
}
