//! Who is calling, as the authorizer proved it. What they may do is read from the facts, always.

use serde::{Deserialize, Serialize};

use crate::conversation::Person;
use crate::id::{AccountId, ClientId, ClinicId, PatientId, StaffId};

/// A verified caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The vendor's operations, who set clinics up.
    Operator {
        /// The operator's name at its issuer.
        id: ClientId,
    },
    /// A clinic's chart system, which owns demographics.
    Chart {
        /// The clinic that it speaks for.
        clinic: ClinicId,
        /// The machine client's name at its issuer.
        id: ClientId,
    },
    /// A member of a clinic's staff.
    Staff {
        /// The clinic that the token names.
        clinic: ClinicId,
        /// The staff member.
        id: StaffId,
    },
    /// An account of the patient app, which may be linked to patients of several clinics.
    Account {
        /// The account.
        id: AccountId,
    },
    /// A patient of a portal-mode clinic, who needs no account.
    Portal {
        /// The clinic that the token names.
        clinic: ClinicId,
        /// The patient record that the token names.
        patient: PatientId,
    },
    /// This system itself: the stream and the schedule.
    System,
}

/// The kind of an actor, as it stands in tokens, keys and records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// See [`Actor::Operator`].
    Operator,
    /// See [`Actor::Chart`].
    Chart,
    /// See [`Actor::Staff`].
    Staff,
    /// See [`Actor::Account`].
    Account,
    /// See [`Actor::Portal`].
    Portal,
    /// See [`Actor::System`].
    System,
}

impl ActorKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Operator, Self::Chart, Self::Staff, Self::Account, Self::Portal, Self::System];

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The kind as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Chart => "chart",
            Self::Staff => "staff",
            Self::Account => "account",
            Self::Portal => "portal",
            Self::System => "system",
        }
    }
}

impl Actor {
    /// The kind of this actor.
    pub fn kind(&self) -> ActorKind {
        match self {
            Self::Operator { .. } => ActorKind::Operator,
            Self::Chart { .. } => ActorKind::Chart,
            Self::Staff { .. } => ActorKind::Staff,
            Self::Account { .. } => ActorKind::Account,
            Self::Portal { .. } => ActorKind::Portal,
            Self::System => ActorKind::System,
        }
    }

    /// The id of this actor within its kind (and clinic).
    pub fn id(&self) -> &str {
        match self {
            Self::Operator { id } | Self::Chart { id, .. } => id.as_str(),
            Self::Staff { id, .. } => id.as_str(),
            Self::Account { id } => id.as_str(),
            Self::Portal { patient, .. } => patient.as_str(),
            Self::System => "system",
        }
    }

    /// The clinic that the token names, for those who belong to exactly one.
    pub fn clinic(&self) -> Option<&ClinicId> {
        match self {
            Self::Chart { clinic, .. }
            | Self::Staff { clinic, .. }
            | Self::Portal { clinic, .. } => Some(clinic),
            Self::Operator { .. } | Self::Account { .. } | Self::System => None,
        }
    }

    /// Who this actor can be as a reader of conversations; nobody for those who read none. What an
    /// account is to the patient, the link tells.
    pub fn readers(&self) -> Vec<Person> {
        match self {
            Self::Staff { id, .. } => vec![Person::Staff(id.clone())],
            Self::Account { id } => vec![Person::Patient, Person::Guardian(id.clone())],
            Self::Portal { .. } => vec![Person::Patient],
            Self::Operator { .. } | Self::Chart { .. } | Self::System => Vec::new(),
        }
    }

    /// A name of this actor that no other actor shares, of any kind and clinic.
    pub fn unique_name(&self) -> String {
        let kind = self.kind().as_str();
        match self.clinic() {
            Some(clinic) => format!("{kind}.{clinic}.{}", self.id()),
            None => format!("{kind}..{}", self.id()),
        }
    }

    /// Whether requests about this clinic may go on to the facts at all: those who belong to one
    /// clinic never get past this for another, before anything of it is read.
    pub fn may_address(&self, clinic: &ClinicId) -> bool {
        self.clinic().is_none_or(|own| own == clinic)
    }
}
