//! An issuer's published keys (JWKS, RFC 7517), reduced to those that may verify a token here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// The bytes of an RSA modulus: 2,048 to 8,192 bits, what the cryptography behind accepts.
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// The bytes of a P-256 coordinate (RFC 7518, 6.2.1.2).
const P256_COORDINATE_BYTES: usize = 32;

/// The keys of one document. Each key serves exactly one algorithm, decided when the document is read, so
/// a token cannot choose how its key is used.
pub(crate) struct KeySet {
    keys: Vec<VerificationKey>,
}

struct VerificationKey {
    id: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// What a key set says to a token's key id and algorithm.
pub(crate) enum Lookup<'k> {
    /// The key.
    Found(&'k DecodingKey),
    /// The id is known, for another algorithm.
    OtherAlgorithm,
    /// The id is not known.
    Unknown,
}

/// The document is not a JWKS, or holds no key of use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoUsableKeys;

impl KeySet {
    /// Reads a document. Keys for another use, of an unknown type or too weak are passed over, as RFC 7517
    /// (5) asks; so is a second key of the same id and algorithm, which no token could mean.
    pub(crate) fn parse(document: &[u8]) -> Result<Self, NoUsableKeys> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let document: Document = serde_json::from_slice(document).map_err(|_| NoUsableKeys)?;
        let mut keys: Vec<VerificationKey> = Vec::with_capacity(document.keys.len());
        for jwk in document.keys {
            let Some(key) = VerificationKey::read(jwk) else {
                continue;
            };
            if !keys.iter().any(|other| other.id == key.id && other.algorithm == key.algorithm) {
                keys.push(key);
            }
        }
        if keys.is_empty() { Err(NoUsableKeys) } else { Ok(Self { keys }) }
    }

    /// The key of this id for this algorithm.
    pub(crate) fn find(&self, id: &str, algorithm: Algorithm) -> Lookup<'_> {
        let mut found = Lookup::Unknown;
        for key in self.keys.iter().filter(|key| key.id == id) {
            if key.algorithm == algorithm {
                return Lookup::Found(&key.key);
            }
            found = Lookup::OtherAlgorithm;
        }
        found
    }
}

impl VerificationKey {
    fn read(jwk: Value) -> Option<Self> {
        #[derive(Deserialize)]
        struct Jwk {
            kty: String,
            kid: String,
            #[serde(rename = "use")]
            purpose: Option<String>,
            key_ops: Option<Vec<String>>,
            alg: Option<String>,
            crv: Option<String>,
            n: Option<String>,
            e: Option<String>,
            x: Option<String>,
            y: Option<String>,
        }
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        let is_for_signatures = jwk.purpose.is_none_or(|purpose| purpose == "sig")
            && jwk
                .key_ops
                .is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
        if !is_for_signatures || jwk.kid.is_empty() {
            return None;
        }
        let decode = |part: Option<String>| URL_SAFE_NO_PAD.decode(part?).ok();
        let (algorithm, name, key) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => {
                let (modulus, exponent) = (decode(jwk.n)?, decode(jwk.e)?);
                // A key with zeros in front is as long as its value, not as its text (RFC 7518, 6.3.1.1).
                let length = modulus.iter().skip_while(|byte| **byte == 0).count();
                if !RSA_MODULUS_BYTES.contains(&length) {
                    return None;
                }
                (
                    Algorithm::RS256,
                    "RS256",
                    DecodingKey::from_rsa_raw_components(&modulus, &exponent),
                )
            }
            ("EC", Some("P-256")) => {
                let (x, y) = (jwk.x?, jwk.y?);
                let length_of = |part: &str| decode(Some(part.to_owned())).map(|bytes| bytes.len());
                if length_of(&x)? != P256_COORDINATE_BYTES
                    || length_of(&y)? != P256_COORDINATE_BYTES
                {
                    return None;
                }
                (Algorithm::ES256, "ES256", DecodingKey::from_ec_components(&x, &y).ok()?)
            }
            _ => return None,
        };
        if jwk.alg.is_some_and(|alg| alg != name) {
            return None;
        }
        Some(Self { id: jwk.kid, algorithm, key })
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use serde_json::json;

    use super::*;

    fn rsa(bytes: usize) -> Value {
        json!({ "kty": "RSA", "kid": "r", "n": URL_SAFE_NO_PAD.encode(vec![0xff; bytes]), "e": "AQAB" })
    }

    fn ec() -> Value {
        let coordinate = URL_SAFE_NO_PAD.encode([7; 32]);
        json!({ "kty": "EC", "crv": "P-256", "kid": "e", "x": coordinate, "y": coordinate })
    }

    fn with(mut jwk: Value, changes: Value) -> Value {
        if let (Value::Object(members), Value::Object(changes)) = (&mut jwk, changes) {
            members.extend(changes);
        }
        jwk
    }

    fn parse(keys: &[Value]) -> Result<KeySet, NoUsableKeys> {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    #[test]
    fn a_key_serves_the_one_algorithm_of_its_type() {
        let set = parse(&[rsa(256), ec()]).unwrap();
        assert!(matches!(set.find("r", Algorithm::RS256), Lookup::Found(_)));
        assert!(matches!(set.find("r", Algorithm::ES256), Lookup::OtherAlgorithm));
        assert!(matches!(set.find("e", Algorithm::ES256), Lookup::Found(_)));
        assert!(matches!(set.find("e", Algorithm::RS256), Lookup::OtherAlgorithm));
        assert!(matches!(set.find("R", Algorithm::RS256), Lookup::Unknown));
    }

    #[test]
    fn one_id_may_name_a_key_of_each_type() {
        let set =
            parse(&[with(rsa(256), json!({ "kid": "k" })), with(ec(), json!({ "kid": "k" }))])
                .unwrap();
        assert!(matches!(set.find("k", Algorithm::RS256), Lookup::Found(_)));
        assert!(matches!(set.find("k", Algorithm::ES256), Lookup::Found(_)));
    }

    #[test]
    fn only_the_first_of_two_keys_with_one_id_counts() {
        let set = parse(&[rsa(256), rsa(512)]).unwrap();
        assert_eq!(set.keys.len(), 1);
    }

    #[test]
    fn what_a_key_says_of_itself_must_fit() {
        for good in [
            with(rsa(256), json!({ "use": "sig", "alg": "RS256" })),
            with(
                rsa(1024),
                json!({ "key_ops": ["verify"], "x5t": "other members are passed over" }),
            ),
            with(ec(), json!({ "use": "sig", "alg": "ES256", "key_ops": ["sign", "verify"] })),
            with(ec(), json!({ "use": null, "alg": null })),
        ] {
            assert!(parse(std::slice::from_ref(&good)).is_ok(), "{good}");
        }
        for bad in [
            with(rsa(256), json!({ "use": "enc" })),
            with(rsa(256), json!({ "key_ops": ["encrypt"] })),
            with(rsa(256), json!({ "key_ops": [] })),
            with(rsa(256), json!({ "alg": "ES256" })),
            with(rsa(256), json!({ "alg": "RS512" })),
            with(rsa(256), json!({ "alg": "PS256" })),
            with(rsa(256), json!({ "alg": "HS256" })),
            with(rsa(256), json!({ "kid": "" })),
            with(rsa(256), json!({ "kid": null })),
            with(rsa(256), json!({ "kty": "rsa" })),
            with(rsa(256), json!({ "kty": "EC" })),
            with(rsa(256), json!({ "e": null })),
            with(rsa(256), json!({ "n": "not base64url!" })),
            rsa(128),
            rsa(255),
            rsa(1025),
            with(
                rsa(256),
                json!({ "n": URL_SAFE_NO_PAD.encode([vec![0; 200], vec![0xff; 128]].concat()) }),
            ),
            with(ec(), json!({ "alg": "RS256" })),
            with(ec(), json!({ "crv": "P-384" })),
            with(ec(), json!({ "crv": null })),
            with(ec(), json!({ "x": URL_SAFE_NO_PAD.encode([7; 31]) })),
            with(ec(), json!({ "y": null })),
            json!({ "kty": "oct", "kid": "o", "k": "c2VjcmV0", "alg": "HS256", "use": "sig" }),
            json!({ "kty": "OKP", "kid": "o", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode([7; 32]) }),
            json!("text"),
            json!(null),
        ] {
            assert!(parse(std::slice::from_ref(&bad)).is_err(), "{bad}");
            let set = parse(&[bad.clone(), with(ec(), json!({ "kid": "good" }))]).unwrap();
            assert_eq!(set.keys.len(), 1, "one bad key does not spoil the rest: {bad}");
        }
    }

    #[test]
    fn a_document_without_usable_keys_is_an_error() {
        for document in ["", "null", "[]", "{}", "{\"keys\":[]}", "{\"keys\":{}}", "<html></html>"]
        {
            assert!(KeySet::parse(document.as_bytes()).is_err(), "{document}");
        }
    }
}
