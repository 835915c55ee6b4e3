//! The people of a clinic, as its chart system knows them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::address::{Contact, Known};
use crate::birth_date::BirthDate;
use crate::clinic::ClinicSettings;
use crate::contact::EmailAddress;
use crate::hours::{Days, vacations_out_of_time};
use crate::id::{AccountId, ClinicId, GroupId, PatientId, StaffId};
use crate::problem_codes::of_hours;
use crate::refusal::{Checks, Code, Refusal};
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
    /// Whether patients may address first messages to this person.
    #[serde(default)]
    pub accepts_patient_messages: bool,
    /// The groups that this person is in: at most [`MAX_GROUPS_OF_STAFF`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<GroupId>,
    /// Where this person is told that a patient wrote, if this person wants that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Known<EmailAddress>>,
}

/// What a member of staff chose for themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StaffPreferences {
    /// The clinic.
    pub clinic: ClinicId,
    /// The staff member.
    pub staff: StaffId,
    /// 1 when created, and one more with each change; 0: nothing was chosen yet.
    pub version: u64,
    /// Whether an email tells that a patient wrote in a conversation that this person takes part
    /// in.
    pub email_on_reply: bool,
    /// The days on which this person is away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vacations: Vec<Days>,
}

impl StaffPreferences {
    /// Whether the actor, who may keep these preferences, may put them in the place of those before.
    ///
    /// Emails are asked for by the person alone: asking is also consent to be told there.
    pub fn may_replace(&self, before: Option<&Self>, actor: &Actor) -> Result<(), Refusal> {
        let was = before.is_some_and(|before| before.email_on_reply);
        if self.is_own(actor) || self.email_on_reply == was {
            Ok(())
        } else {
            Err(Refusal::at(Code::NotAllowed, "/emailOnReply"))
        }
    }

    /// Whether the actor is the person whose they are.
    pub fn is_own(&self, actor: &Actor) -> bool {
        matches!(actor, Actor::Staff { id, .. } if *id == self.staff)
    }

    /// What keeps the vacations from being saved on the day that it is at the clinic.
    pub fn check_dates(&self, before: Option<&Self>, today: Date) -> Result<(), Refusal> {
        let before = before.map_or(&[][..], |before| &*before.vacations);
        let mut checks = Checks::new();
        for problem in vacations_out_of_time(before, &self.vacations, today) {
            checks.note(of_hours(problem), problem.place.to_string());
        }
        checks.finish()
    }

    /// What holds until this person chooses: no email.
    pub fn default_of(clinic: &ClinicId, staff: &StaffId) -> Self {
        Self {
            clinic: clinic.clone(),
            staff: staff.clone(),
            version: 0,
            email_on_reply: false,
            vacations: Vec::new(),
        }
    }
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

    /// Whether conversations may be addressed to this person.
    pub fn may_take_part(&self) -> bool {
        self.active && self.has_to_do_with_messages()
    }
}

/// The days on which one of a conversation's staff is away; none of one who may not take part, and so
/// is nobody to wait for.
pub fn days_away(
    member: Option<&StaffMember>,
    preferences: Option<StaffPreferences>,
) -> Option<Vec<Days>> {
    member.filter(|member| member.may_take_part())?;
    Some(preferences.map(|chosen| chosen.vacations).unwrap_or_default())
}

/// The most groups of one member of staff, which bounds what a chart view reads.
pub const MAX_GROUPS_OF_STAFF: usize = 20;

/// A group of a clinic's staff that conversations can be addressed to. Who is in it stands with
/// each member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The clinic.
    pub clinic: ClinicId,
    /// The group.
    pub id: GroupId,
    /// 1 when created, and one more with each change.
    pub version: u64,
    /// The name that patients and colleagues see.
    pub name: DisplayName,
    /// Whether new conversations may be addressed to it. Its inbox stays either way.
    pub active: bool,
    /// Whether patients may address first messages to it.
    pub accepts_patient_messages: bool,
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
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Email, Self::Sms];

    /// The channel of exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == name)
    }

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
    /// The whole name, as staff see it.
    pub name: DisplayName,
    /// The given name, where a text greets by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<DisplayName>,
    /// The family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<DisplayName>,
    /// The birth date, if the chart knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<BirthDate>,
    /// Where and how the patient wants to be told.
    #[serde(flatten)]
    pub contact: Contact,
    /// Whether this patient may access the portal.
    pub portal_access: bool,
    /// The record that this one was merged into. Its conversations stay here, for whoever may read
    /// them here; new messages are written there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<PatientId>,
}

impl Patient {
    /// The record, merged into another one of the same clinic. Nothing moves with it.
    pub fn merged_into(self, target: &Self) -> Result<Self, Refusal> {
        let mut checks = Checks::new();
        if self.id == target.id {
            checks.note(Code::MergeIntoItself, "/patientId");
        } else if target.successor.is_some() {
            checks.note(Code::MergeTargetMerged, "/patientId");
        }
        if let Some(successor) = &self.successor {
            checks.note_about(Code::PatientMerged, successor.as_str());
        }
        checks.finish()?;
        let version = self.version.saturating_add(1);
        Ok(Self { version, successor: Some(target.id.clone()), ..self })
    }

    /// The record, in use again. `None` if it was not merged: twice is once.
    pub fn unmerged(&self) -> Option<Self> {
        self.successor.as_ref()?;
        Some(Self { version: self.version.saturating_add(1), successor: None, ..self.clone() })
    }
}

/// What an account is to the patient record that it is linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relationship {
    /// The account is the patient's own.
    Own,
    /// The account is of somebody who acts for the patient, such as a child's parent.
    Guardian,
}

impl Relationship {
    /// The relationship as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Guardian => "guardian",
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
    /// The guardian's name, which stands beside what the guardian writes. The patient's own account
    /// has the patient's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DisplayName>,
    /// Where and how a guardian wants to be told. The patient's own account has the patient's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Whether the link holds. A revoked one opens nothing from the next call on.
    pub active: bool,
    /// When it was last made or revoked.
    pub changed_at: Timestamp,
}

impl AccountLink {
    /// Makes the link, or makes a revoked one hold again, in the place of the one before.
    ///
    /// A guardian's is made only while the patient is under the clinic's age limit; one that holds
    /// goes on beyond it until it is revoked (product page, "Receiving and answering"), and its
    /// name may be corrected. `active_links` counts the account's active links, this one not among
    /// them.
    pub fn made(
        self,
        before: Option<&Self>,
        clinic: &ClinicSettings,
        patient: &Patient,
        active_links: usize,
    ) -> Result<Self, Refusal> {
        let mut checks = Checks::new();
        checks.require(active_links < MAX_LINKS, Code::TooManyLinks);
        if self.relationship == Relationship::Guardian {
            let goes_on = before
                .is_some_and(|before| before.active && before.relationship == self.relationship);
            if !goes_on {
                let today = clinic.today(self.changed_at);
                match patient.birth_date {
                    None => checks.require(false, Code::BirthDateUnknown),
                    Some(born) => checks.require(
                        born.age_on(today) < clinic.guardian_age_limit,
                        Code::GuardianAgeReached,
                    ),
                }
            }
            if self.name.is_none() {
                checks.note(Code::GuardianNameRequired, "/name");
            }
        } else if self.contact.is_some() {
            checks.note(Code::ContactOfOwnLink, "/contact");
        }
        checks.finish()?;
        Ok(Self { active: true, ..self })
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

#[cfg(test)]
mod tests;
