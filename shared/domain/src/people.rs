//! The people of a clinic, as its chart system knows them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clinic::Language;
use crate::contact::{EmailAddress, SmsNumber};
use crate::id::{AccountId, ClinicId, PatientId, StaffId};
use crate::refusal::{Code, Refusal};
use crate::text::DisplayName;

/// What a staff member may do beyond messaging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Writes to patients, and changes the clinic's settings and directory.
    Admin,
    /// Writes to patients.
    Clinician,
    /// Writes to patients.
    FrontDesk,
    /// Reads the access report. Opens no conversations by this role alone.
    PrivacyOfficer,
}

impl Role {
    /// The role as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Clinician => "clinician",
            Self::FrontDesk => "front_desk",
            Self::PrivacyOfficer => "privacy_officer",
        }
    }
}

/// A member of a clinic's staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StaffMember {
    /// The clinic.
    pub clinic: ClinicId,
    /// The staff member's id, which is the subject of the token.
    pub id: StaffId,
    /// 1 when created, and one more with each change.
    pub version: u64,
    /// The name that patients and colleagues see.
    pub name: DisplayName,
    /// The roles: at least one.
    pub roles: BTreeSet<Role>,
    /// Whether this person may use the system. Switching it off works on the next call.
    pub active: bool,
    /// Whether conversations that this person takes no part in are shown.
    pub sees_all_conversations: bool,
}

impl StaffMember {
    /// Whether this person has the role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether any of the roles has to do with messages: a privacy officer's alone does not.
    pub fn has_to_do_with_messages(&self) -> bool {
        self.roles.iter().any(|role| *role != Role::PrivacyOfficer)
    }
}

/// A way to tell a patient that there is a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Email.
    Email,
    /// A text message.
    Sms,
}

impl Channel {
    /// The channel that is not this one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Email => Self::Sms,
            Self::Sms => Self::Email,
        }
    }

    /// The channel as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

/// A patient's record in one clinic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Patient {
    /// The clinic.
    pub clinic: ClinicId,
    /// The patient record.
    pub id: PatientId,
    /// 1 when created, and one more with each change.
    pub version: u64,
    /// The name that staff see.
    pub name: DisplayName,
    /// Where email goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// Where text messages go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<SmsNumber>,
    /// The channel that the patient prefers.
    pub preferred_channel: Channel,
    /// Whether the patient agreed to the other channel, should the preferred one not be usable.
    pub other_channel_consented: bool,
    /// The patient's language; absent: the clinic's default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Whether this patient may access the portal.
    pub portal_access: bool,
}

impl Patient {
    /// Whether there is any address to tell the patient at.
    pub fn is_reachable(&self) -> bool {
        self.email.is_some() || self.sms.is_some()
    }

    /// The channel of a notice: the preferred one, or the other if that one has no address and
    /// the patient consented (product page, "Notifications").
    pub fn notice_channel(&self) -> Option<Channel> {
        let has = |channel| match channel {
            Channel::Email => self.email.is_some(),
            Channel::Sms => self.sms.is_some(),
        };
        let preferred = self.preferred_channel;
        if has(preferred) {
            Some(preferred)
        } else if has(preferred.other()) && self.other_channel_consented {
            Some(preferred.other())
        } else {
            None
        }
    }
}

/// What an account is to the patient record that it is linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relationship {
    /// The account is the patient's own.
    Own,
}

impl Relationship {
    /// The relationship as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
        }
    }
}

/// The most active links of one account (product design, "Data"), which bounds what its inbox
/// reads.
pub const MAX_LINKS: usize = 20;

/// A link between an account of the patient app and a patient record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountLink {
    /// The account.
    pub account: AccountId,
    /// The clinic of the patient record.
    pub clinic: ClinicId,
    /// The patient record.
    pub patient: PatientId,
    /// 1 when created, and one more with each change.
    pub version: u64,
    /// What the account is to the patient.
    pub relationship: Relationship,
    /// Whether the link holds. A revoked one opens nothing from the next call on.
    pub active: bool,
    /// When it was last made or revoked.
    pub changed_at: Timestamp,
}

impl AccountLink {
    /// Makes the link, or makes a revoked one hold again, in the place of the one that is there.
    ///
    /// `active_links` counts the account's active links, this one not among them.
    pub fn made(self, active_links: usize) -> Result<Self, Refusal> {
        if active_links < MAX_LINKS {
            Ok(Self { active: true, ..self })
        } else {
            Err(Code::TooManyLinks.into())
        }
    }

    /// The link as it is once revoked. `None` if it is revoked already: twice is once, and the
    /// first time stays.
    pub fn revoked(&self, now: Timestamp) -> Option<Self> {
        self.active.then(|| Self {
            version: self.version.saturating_add(1),
            active: false,
            changed_at: now,
            ..self.clone()
        })
    }
}
