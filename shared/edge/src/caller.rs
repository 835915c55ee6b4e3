//! Who is calling, from the authorizer's context.

use std::collections::HashMap;

use domain::actor::Actor;
use domain::id::{AccountId, ClientId, ClinicId, InvalidId, PatientId, StaffId};
use jiff::Timestamp;
use serde_json::Value;

/// A caller whom the authorizer let in.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Who.
    pub(crate) actor: Actor,
    /// Until when the token says so. From this instant on it counts for nothing (RFC 7519, 4.1.4).
    pub(crate) expires: Timestamp,
}

/// The context is not the authorizer's: a route without it, or two versions that do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnreadableContext;

impl From<InvalidId> for UnreadableContext {
    fn from(InvalidId: InvalidId) -> Self {
        Self
    }
}

impl Caller {
    /// Reads the strings `kind`, `id`, `clinic`, `patient` and `expires` (seconds since 1970).
    ///
    /// What a kind does not have must be empty or absent, so that no part of an identity is ever
    /// passed over.
    pub(crate) fn read(context: &HashMap<String, Value>) -> Result<Self, UnreadableContext> {
        let kind = required(context, "kind")?;
        let id = required(context, "id")?;
        let clinic = optional(context, "clinic")?;
        let patient = optional(context, "patient")?;
        let actor = match (kind, clinic, patient) {
            ("operator", None, None) => Actor::Operator { id: ClientId::parse(id)? },
            ("chart", Some(clinic), None) => {
                Actor::Chart { clinic: ClinicId::parse(clinic)?, id: ClientId::parse(id)? }
            }
            ("staff", Some(clinic), None) => {
                Actor::Staff { clinic: ClinicId::parse(clinic)?, id: StaffId::parse(id)? }
            }
            ("account", None, None) => Actor::Account { id: AccountId::parse(id)? },
            ("portal", Some(clinic), Some(patient)) => Actor::Portal {
                clinic: ClinicId::parse(clinic)?,
                patient: PatientId::parse(patient)?,
            },
            _ => return Err(UnreadableContext),
        };
        let seconds: i64 = required(context, "expires")?.parse().map_err(|_| UnreadableContext)?;
        let expires = Timestamp::from_second(seconds).map_err(|_| UnreadableContext)?;
        Ok(Self { actor, expires })
    }
}

/// A member that must be there. API Gateway makes strings of all scalars, so another type is not
/// from the authorizer.
fn required<'a>(
    context: &'a HashMap<String, Value>,
    name: &str,
) -> Result<&'a str, UnreadableContext> {
    optional(context, name)?.ok_or(UnreadableContext)
}

/// A member that may be absent or empty.
fn optional<'a>(
    context: &'a HashMap<String, Value>,
    name: &str,
) -> Result<Option<&'a str>, UnreadableContext> {
    match context.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(UnreadableContext),
    }
}
