//! A development token issuer.
//!
//! It plays both identity providers, the clinic's and the patients', with one P-256 key in a file. The
//! `authorize` function refuses these issuer ids at start outside the `local` stage, so a token from here
//! opens nothing that is deployed for real.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate as _;
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use serde_json::{Map, Value, json};

/// The issuer id (`iss`) of development tokens for staff, the chart system and operators.
pub const CLINIC_ISSUER: &str = "https://dev-issuer.patient-messaging.invalid/clinic";
/// The issuer id (`iss`) of development tokens for patients.
pub const PATIENT_ISSUER: &str = "https://dev-issuer.patient-messaging.invalid/patient";
/// The audience (`aud`) of the clinic issuer's tokens.
pub const CLINIC_AUDIENCE: &str = "patient-messaging-clinic";
/// The audience (`aud`) of the patient issuer's tokens.
pub const PATIENT_AUDIENCE: &str = "patient-messaging-patient";

/// How long a token lives when nothing else is said: an hour.
pub const DEFAULT_LIFETIME: Duration = Duration::from_hours(1);

/// Who a token speaks for: one variant per kind of caller that the `authorize` function knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A member of a clinic's staff.
    Staff {
        /// The clinic's id.
        clinic: String,
        /// The staff member's id.
        id: String,
    },
    /// The machine client of a clinic's chart system.
    Chart {
        /// The clinic's id.
        clinic: String,
    },
    /// The vendor's operations, of no clinic.
    Operator,
    /// A patient or guardian with an account.
    Account {
        /// The account's id.
        id: String,
    },
    /// A patient of a portal-mode clinic, without an account.
    Portal {
        /// The clinic's id.
        clinic: String,
        /// The patient's id in that clinic.
        patient: String,
    },
}

impl Caller {
    /// A member of a clinic's staff.
    pub fn staff(clinic: &str, id: &str) -> Self {
        Self::Staff { clinic: clinic.to_owned(), id: id.to_owned() }
    }

    /// The machine client of a clinic's chart system.
    pub fn chart(clinic: &str) -> Self {
        Self::Chart { clinic: clinic.to_owned() }
    }

    /// The vendor's operations.
    pub fn operator() -> Self {
        Self::Operator
    }

    /// A patient or guardian with an account.
    pub fn account(id: &str) -> Self {
        Self::Account { id: id.to_owned() }
    }

    /// A patient of a portal-mode clinic, without an account.
    pub fn portal(clinic: &str, patient: &str) -> Self {
        Self::Portal { clinic: clinic.to_owned(), patient: patient.to_owned() }
    }

    /// The issuer whose tokens may speak for this kind of caller.
    pub fn issuer(&self) -> &'static str {
        if self.is_patient_side() { PATIENT_ISSUER } else { CLINIC_ISSUER }
    }

    /// The audience of that issuer's tokens.
    pub fn audience(&self) -> &'static str {
        if self.is_patient_side() { PATIENT_AUDIENCE } else { CLINIC_AUDIENCE }
    }

    fn is_patient_side(&self) -> bool {
        matches!(self, Self::Account { .. } | Self::Portal { .. })
    }

    /// The claims that say who this is.
    fn claims(&self) -> Map<String, Value> {
        let claims: &[(&str, &str)] = match self {
            Self::Staff { clinic, id } => &[("kind", "staff"), ("sub", id), ("clinic_id", clinic)],
            Self::Chart { clinic } => {
                &[("kind", "chart"), ("sub", "chart-system"), ("clinic_id", clinic)]
            }
            Self::Operator => &[("kind", "operator"), ("sub", "operations")],
            Self::Account { id } => &[("kind", "account"), ("sub", id)],
            Self::Portal { clinic, patient } => &[
                ("kind", "portal"),
                ("sub", patient),
                ("clinic_id", clinic),
                ("patient_id", patient),
            ],
        };
        claims.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
    }
}

/// What differs from a good token, to make bad ones. The default is a good one.
///
/// ```
/// use system_tests::issuer::TokenOptions;
/// let expired = TokenOptions { expires_in: -1, ..TokenOptions::default() };
/// ```
#[derive(Clone, Debug)]
pub struct TokenOptions {
    /// Seconds from now until the token expires (`exp`); negative: it has expired.
    pub expires_in: i64,
    /// Seconds from now until the token is valid (`nbf`); negative: it is already.
    pub valid_in: i64,
    /// Another issuer id than the caller's own.
    pub issuer: Option<String>,
    /// Another audience than the caller's own.
    pub audience: Option<String>,
    /// Claims put in place of those above; `null` removes one.
    pub claims: Map<String, Value>,
}

impl Default for TokenOptions {
    fn default() -> Self {
        Self {
            expires_in: seconds(DEFAULT_LIFETIME),
            valid_in: 0,
            issuer: None,
            audience: None,
            claims: Map::new(),
        }
    }
}

/// The issuer: a P-256 key, and what is made with it.
pub struct Issuer {
    key: SigningKey,
}

impl Issuer {
    /// Makes a fresh key, kept nowhere.
    pub fn generate() -> Self {
        Self { key: SigningKey::generate() }
    }

    /// Reads the key at `path`, a PKCS#8 PEM file.
    pub fn load(path: &Path) -> Result<Self, IssuerError> {
        let pem = fs::read_to_string(path).map_err(|source| IssuerError::read(path, source))?;
        let key = SigningKey::from_pkcs8_pem(&pem)
            .map_err(|_| IssuerError::NotAKey { path: path.to_owned() })?;
        Ok(Self { key })
    }

    /// Reads the key at `path`, or makes one and writes it there, readable by its owner only (mode 0600).
    ///
    /// When two processes come at once, one writes and the other reads what was written.
    pub fn load_or_generate(path: &Path) -> Result<Self, IssuerError> {
        if path.exists() {
            return Self::load(path);
        }
        let issuer = Self::generate();
        match issuer.write_new(path) {
            Ok(()) => Ok(issuer),
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => Self::load(path),
            Err(source) => Err(IssuerError::Write { path: path.to_owned(), source }),
        }
    }

    /// The id of the key (`kid`), different for every key.
    pub fn key_id(&self) -> String {
        let (x, _) = self.coordinates();
        format!("dev-{}", x.get(..16).unwrap_or(&x))
    }

    /// The public key as a JWKS document (RFC 7517), for both issuers.
    pub fn jwks(&self) -> Value {
        let (x, y) = self.coordinates();
        json!({ "keys": [{
            "kty": "EC",
            "crv": "P-256",
            "alg": "ES256",
            "use": "sig",
            "kid": self.key_id(),
            "x": x,
            "y": y,
        }] })
    }

    /// A good token for this caller, valid for [`DEFAULT_LIFETIME`] from `now`.
    pub fn token(&self, caller: &Caller, now: SystemTime) -> String {
        self.token_with(caller, &TokenOptions::default(), now)
    }

    /// A token for this caller that differs from a good one as `options` say.
    pub fn token_with(&self, caller: &Caller, options: &TokenOptions, now: SystemTime) -> String {
        let now = seconds(now.duration_since(UNIX_EPOCH).unwrap_or_default());
        let mut claims = caller.claims();
        for (name, value) in [
            ("iss", json!(options.issuer.as_deref().unwrap_or(caller.issuer()))),
            ("aud", json!(options.audience.as_deref().unwrap_or(caller.audience()))),
            ("iat", json!(now)),
            ("nbf", json!(now.saturating_add(options.valid_in))),
            ("exp", json!(now.saturating_add(options.expires_in))),
        ] {
            claims.insert(name.to_owned(), value);
        }
        claims.extend(options.claims.clone());
        claims.retain(|_, value| !value.is_null());
        let claims = Value::Object(claims);
        self.sign(&json!({ "typ": "JWT", "alg": "ES256", "kid": self.key_id() }), &claims)
    }

    /// Signs any header and claims with ES256, whatever the header says: for malformed tokens.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature: Signature = self.key.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// The public point's coordinates, each base64url (RFC 7518, 6.2.1).
    fn coordinates(&self) -> (String, String) {
        let point = self.key.verifying_key().to_sec1_point(false);
        let encode = |coordinate: Option<&_>| {
            coordinate.map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).unwrap_or_default()
        };
        (encode(point.x()), encode(point.y()))
    }

    /// Writes beside the path first and then links, so that no reader sees half a key.
    fn write_new(&self, path: &Path) -> io::Result<()> {
        let pem = self.key.to_pkcs8_pem(LineEnding::LF).map_err(io::Error::other)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let half = path.with_extension(format!("{}.tmp", std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&half)
            .and_then(|mut file| file.write_all(pem.as_bytes()))
            .and_then(|()| fs::hard_link(&half, path));
        fs::remove_file(&half)?;
        written
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("key_id", &self.key_id()).finish_non_exhaustive()
    }
}

/// Why the issuer's key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// There is no key file.
    #[error("there is no issuer key at {}: run `cargo xtask up` first", path.display())]
    Absent {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The key file cannot be read.
    #[error("the issuer key at {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The key file cannot be written.
    #[error("the issuer key at {} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{} is not a P-256 key in PKCS#8 PEM form: delete it, then run `cargo xtask up`", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
}

impl IssuerError {
    fn read(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::NotFound {
            Self::Absent { path }
        } else {
            Self::Read { path, source }
        }
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
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

    use std::os::unix::fs::PermissionsExt as _;

    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier as _;

    use super::*;

    /// 2026-11-25T00:00:01Z.
    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_564_801)
    }

    fn part(token: &str, index: usize) -> Value {
        let part = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    fn verifies(token: &str, jwks: &Value) -> bool {
        let coordinate =
            |name: &str| URL_SAFE_NO_PAD.decode(jwks["keys"][0][name].as_str().unwrap()).unwrap();
        let point = [vec![4], coordinate("x"), coordinate("y")].concat();
        let key = VerifyingKey::from_sec1_bytes(&point).unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        key.verify(message.as_bytes(), &signature).is_ok()
    }

    #[test]
    fn a_token_is_signed_with_the_key_that_the_jwks_shows() {
        let issuer = Issuer::generate();
        let token = issuer.token(&Caller::operator(), now());
        assert!(verifies(&token, &issuer.jwks()));
        assert!(!verifies(&token, &Issuer::generate().jwks()));
        assert_eq!(part(&token, 0)["kid"], issuer.jwks()["keys"][0]["kid"]);
        assert_eq!(part(&token, 0)["alg"], "ES256");
    }

    #[test]
    fn every_kind_of_caller_has_its_claims() {
        let issuer = Issuer::generate();
        let claims = |caller| part(&issuer.token(&caller, now()), 1);
        let clinic = |claims: Value| {
            let mut all = json!({ "iss": CLINIC_ISSUER, "aud": CLINIC_AUDIENCE });
            all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
            all
        };
        let patient = |claims: Value| {
            let mut all = clinic(claims);
            all["iss"] = json!(PATIENT_ISSUER);
            all["aud"] = json!(PATIENT_AUDIENCE);
            all
        };
        for (caller, expected) in [
            (
                Caller::staff("c1", "s1"),
                clinic(json!({ "kind": "staff", "sub": "s1", "clinic_id": "c1" })),
            ),
            (
                Caller::chart("c1"),
                clinic(json!({ "kind": "chart", "sub": "chart-system", "clinic_id": "c1" })),
            ),
            (Caller::operator(), clinic(json!({ "kind": "operator", "sub": "operations" }))),
            (Caller::account("a1"), patient(json!({ "kind": "account", "sub": "a1" }))),
            (
                Caller::portal("c1", "p1"),
                patient(
                    json!({ "kind": "portal", "sub": "p1", "clinic_id": "c1", "patient_id": "p1" }),
                ),
            ),
        ] {
            let mut claims = claims(caller);
            for time in ["exp", "nbf", "iat"] {
                assert!(claims.as_object_mut().unwrap().remove(time).unwrap().is_i64());
            }
            assert_eq!(claims, expected);
        }
    }

    #[test]
    fn options_make_bad_tokens() {
        let issuer = Issuer::generate();
        let options = TokenOptions {
            expires_in: -5,
            valid_in: 7,
            issuer: Some("https://other.example.test".into()),
            audience: Some("other".into()),
            claims: json!({ "sub": null, "kind": "robot" }).as_object().unwrap().clone(),
        };
        let claims = part(&issuer.token_with(&Caller::staff("c1", "s1"), &options, now()), 1);
        assert_eq!(
            claims,
            json!({
                "iss": "https://other.example.test", "aud": "other", "kind": "robot", "clinic_id": "c1",
                "iat": 1_795_564_801, "nbf": 1_795_564_808, "exp": 1_795_564_796,
            })
        );
    }

    #[test]
    fn the_key_file_is_private_and_read_again() {
        let folder = std::env::temp_dir().join(format!("issuer-{}", std::process::id()));
        let path = folder.join("deep").join("issuer-key.pem");
        assert!(matches!(Issuer::load(&path), Err(IssuerError::Absent { .. })));
        let first = Issuer::load_or_generate(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = Issuer::load_or_generate(&path).unwrap();
        assert_eq!(first.key_id(), again.key_id());
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "nothing half written is left"
        );
        // A second process that found no file a moment ago reads the first one's key.
        assert_eq!(
            Issuer::generate().write_new(&path).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        fs::write(&path, "no key").unwrap();
        let error = Issuer::load_or_generate(&path).unwrap_err();
        assert!(error.to_string().contains("delete it"), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_private_key_is_not_in_the_debug_output() {
        let issuer = Issuer::generate();
        assert_eq!(
            format!("{issuer:?}"),
            format!("Issuer {{ key_id: {:?}, .. }}", issuer.key_id())
        );
    }
}
