//! What a verified token says, and whether it is enough.

use jiff::Timestamp;
use serde::Deserialize;

use crate::config::IssuerConfig;
use crate::refusal::Refusal;
use crate::token::VerifiedPayload;

/// How far an issuer's clock may be ahead of ours, in seconds: a token is accepted this long before its
/// `nbf`. There is no such leeway for `exp`, which the functions check again on every call, so that a
/// token that passed here would be refused there.
const CLOCK_LEEWAY_SECONDS: i64 = 30;

/// The longest id, in characters (product rule).
const LONGEST_ID: usize = 64;

/// Which of the two issuers vouches for a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The clinics' identity provider.
    Clinic,
    /// The patients' identity provider.
    Patient,
}

/// The kinds of caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A member of a clinic's staff.
    Staff,
    /// The machine client of a clinic's chart system.
    Chart,
    /// The vendor's operations, of no clinic.
    Operator,
    /// A patient or guardian with an account.
    Account,
    /// A patient of a portal-mode clinic, without an account.
    Portal,
}

impl Kind {
    /// The kind of this name, if the issuer may vouch for it.
    fn parse(name: &str, side: Side) -> Option<Self> {
        match (side, name) {
            (Side::Clinic, "staff") => Some(Self::Staff),
            (Side::Clinic, "chart") => Some(Self::Chart),
            (Side::Clinic, "operator") => Some(Self::Operator),
            (Side::Patient, "account") => Some(Self::Account),
            (Side::Patient, "portal") => Some(Self::Portal),
            _ => None,
        }
    }

    /// Its name, as in the token.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Chart => "chart",
            Self::Operator => "operator",
            Self::Account => "account",
            Self::Portal => "portal",
        }
    }
}

/// Who is calling, and until when the token says so.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The kind of caller.
    pub(crate) kind: Kind,
    /// The subject; for a portal patient, who has no account, the patient's id.
    pub(crate) id: String,
    /// The clinic of staff, the chart system and a portal patient.
    pub(crate) clinic: Option<String>,
    /// The patient record of a portal patient.
    pub(crate) patient: Option<String>,
    /// The token's expiry.
    pub(crate) expires: Timestamp,
}

/// Only what is used; what else an identity provider puts into its tokens is passed over.
#[derive(Deserialize)]
struct Claims {
    aud: Audience,
    exp: NumericDate,
    // RFC 7519 makes it optional, and common identity providers leave it out.
    nbf: Option<NumericDate>,
    kind: String,
    sub: Option<String>,
    clinic_id: Option<String>,
    patient_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Seconds since 1970, whole or not (RFC 7519, 2).
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum NumericDate {
    Whole(i64),
    Fraction(f64),
}

impl Caller {
    /// Reads the caller from a payload whose signature is this issuer's.
    pub(crate) fn read(
        payload: &VerifiedPayload,
        side: Side,
        issuer: &IssuerConfig,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let claims: Claims =
            serde_json::from_slice(payload.json()).map_err(|_| Refusal::ClaimsMalformed)?;
        let meant_for_us = match &claims.aud {
            Audience::One(audience) => *audience == issuer.audience,
            Audience::Several(audiences) => audiences.contains(&issuer.audience),
        };
        if !meant_for_us {
            return Err(Refusal::AudienceWrong);
        }
        let expires = claims.exp.instant()?;
        if now >= expires {
            return Err(Refusal::Expired);
        }
        if let Some(not_before) = claims.nbf
            && not_before.instant()?.as_second()
                > now.as_second().saturating_add(CLOCK_LEEWAY_SECONDS)
        {
            return Err(Refusal::NotYetValid);
        }
        let kind = Kind::parse(&claims.kind, side).ok_or(Refusal::KindNotAllowed)?;
        let (id, clinic, patient) = match kind {
            Kind::Staff | Kind::Chart => {
                (required(claims.sub)?, Some(required(claims.clinic_id)?), None)
            }
            Kind::Operator | Kind::Account => (required(claims.sub)?, None, None),
            Kind::Portal => {
                let patient = required(claims.patient_id)?;
                (patient.clone(), Some(required(claims.clinic_id)?), Some(patient))
            }
        };
        Ok(Self { kind, id, clinic, patient, expires })
    }
}

impl NumericDate {
    /// The instant, its fraction of a second cut off.
    fn instant(self) -> Result<Timestamp, Refusal> {
        let seconds = match self {
            Self::Whole(seconds) => seconds,
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a cast saturates, and the next line checks the range"
            )]
            Self::Fraction(seconds) => seconds.floor() as i64,
        };
        Timestamp::from_second(seconds).map_err(|_| Refusal::ClaimsMalformed)
    }
}

/// An id that must be there, in the alphabet `[A-Za-z0-9_-]{1,64}`: anything else could be a separator in
/// a key.
fn required(id: Option<String>) -> Result<String, Refusal> {
    let id = id.ok_or(Refusal::IdMissing)?;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(is_allowed) {
        Ok(id)
    } else {
        Err(Refusal::IdMalformed)
    }
}
