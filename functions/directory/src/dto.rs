//! Staff, patients and links as JSON: what a request brings, and what an answer shows.

use std::collections::BTreeSet;

use domain::clinic::Language;
use domain::contact::{EmailAddress, SmsNumber};
use domain::id::{AccountId, ClinicId, PatientId, StaffId};
use domain::people::{AccountLink, Channel, Patient, Relationship, Role, StaffMember};
use domain::problem_codes::of_name;
use domain::refusal::{Checks, Code, Refusal};
use domain::text::DisplayName;
use jiff::Timestamp;
use serde::de::IntoDeserializer;
use serde::de::value::Error as ValueError;
use serde::{Deserialize, Serialize};

/// A staff record that a request puts in place of the one before.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StaffInput {
    name: String,
    /// At least one; a role that is named twice counts once.
    roles: Vec<String>,
    /// Always said: left out by mistake, it would take somebody's access away or give it back.
    active: bool,
    /// Absent: false.
    #[serde(default)]
    sees_all_conversations: Option<bool>,
    /// Absent: false.
    #[serde(default)]
    accepts_patient_messages: Option<bool>,
}

/// A patient record that a request puts in place of the one before. What is not said is not
/// allowed, and an address that is absent or null is none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatientInput {
    name: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    sms: Option<String>,
    preferred_channel: String,
    /// Absent: false.
    #[serde(default)]
    other_channel_consented: Option<bool>,
    /// Absent: the clinic's default language.
    #[serde(default)]
    language: Option<String>,
    /// Absent: false. Access is given by saying so.
    #[serde(default)]
    portal_access: Option<bool>,
}

/// An account link that a request makes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkInput {
    relationship: String,
}

/// A staff record as an answer shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StaffOutput<'a> {
    clinic_id: &'a ClinicId,
    staff_id: &'a StaffId,
    version: u64,
    name: &'a DisplayName,
    roles: &'a BTreeSet<Role>,
    active: bool,
    sees_all_conversations: bool,
}

/// A patient record as an answer shows it: addresses in their canonical form, the language as
/// `en`, `fr` or null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PatientOutput<'a> {
    clinic_id: &'a ClinicId,
    patient_id: &'a PatientId,
    version: u64,
    name: &'a DisplayName,
    email: Option<&'a EmailAddress>,
    sms: Option<&'a SmsNumber>,
    preferred_channel: Channel,
    other_channel_consented: bool,
    language: Option<Language>,
    portal_access: bool,
}

/// An account link as an answer shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkOutput<'a> {
    clinic_id: &'a ClinicId,
    patient_id: &'a PatientId,
    account_id: &'a AccountId,
    version: u64,
    relationship: Relationship,
    active: bool,
    changed_at: Timestamp,
}

impl StaffInput {
    /// The staff record, or everything that is wrong with it.
    pub fn parse(
        &self,
        clinic: ClinicId,
        id: StaffId,
        version: u64,
    ) -> Result<StaffMember, Refusal> {
        let mut checks = Checks::new();
        let name = name(&self.name, &mut checks);
        let mut roles = BTreeSet::new();
        for (position, role) in self.roles.iter().enumerate() {
            roles.extend(checks.take(&format!("/roles/{position}"), word::<Role>(role)));
        }
        if self.roles.is_empty() {
            checks.note(Code::RolesRequired, "/roles");
        }
        checks.finish()?;
        let Some(name) = name else { return Err(Code::Internal.into()) };
        Ok(StaffMember {
            clinic,
            id,
            version,
            name,
            roles,
            active: self.active,
            sees_all_conversations: self.sees_all_conversations.unwrap_or_default(),
            accepts_patient_messages: self.accepts_patient_messages.unwrap_or_default(),
            groups: BTreeSet::new(),
        })
    }
}

impl PatientInput {
    /// The patient record, or everything that is wrong with it.
    pub fn parse(&self, clinic: ClinicId, id: PatientId, version: u64) -> Result<Patient, Refusal> {
        let mut checks = Checks::new();
        let name = name(&self.name, &mut checks);
        let email = self.email.as_deref().map(EmailAddress::parse);
        let email = email.and_then(|parsed| checks.take("/email", parsed));
        let sms = self.sms.as_deref().map(SmsNumber::parse);
        let sms = sms.and_then(|parsed| checks.take("/sms", parsed));
        let channel = checks.take("/preferredChannel", word::<Channel>(&self.preferred_channel));
        let language = self.language.as_deref().map(Language::parse);
        let language = language.and_then(|parsed| checks.take("/language", parsed));
        checks.finish()?;
        let (Some(name), Some(preferred_channel)) = (name, channel) else {
            return Err(Code::Internal.into());
        };
        Ok(Patient {
            clinic,
            id,
            version,
            name,
            given_name: None,
            family_name: None,
            birth_date: None,
            email,
            sms,
            preferred_channel,
            other_channel_consented: self.other_channel_consented.unwrap_or_default(),
            language,
            portal_access: self.portal_access.unwrap_or_default(),
            successor: None,
        })
    }
}

impl LinkInput {
    /// What the account is to the patient.
    pub fn parse(&self) -> Result<Relationship, Refusal> {
        word(&self.relationship).map_err(|code| Refusal::at(code, "/relationship"))
    }
}

impl<'a> From<&'a StaffMember> for StaffOutput<'a> {
    fn from(staff: &'a StaffMember) -> Self {
        Self {
            clinic_id: &staff.clinic,
            staff_id: &staff.id,
            version: staff.version,
            name: &staff.name,
            roles: &staff.roles,
            active: staff.active,
            sees_all_conversations: staff.sees_all_conversations,
        }
    }
}

impl<'a> From<&'a Patient> for PatientOutput<'a> {
    fn from(patient: &'a Patient) -> Self {
        Self {
            clinic_id: &patient.clinic,
            patient_id: &patient.id,
            version: patient.version,
            name: &patient.name,
            email: patient.email.as_ref(),
            sms: patient.sms.as_ref(),
            preferred_channel: patient.preferred_channel,
            other_channel_consented: patient.other_channel_consented,
            language: patient.language,
            portal_access: patient.portal_access,
        }
    }
}

impl<'a> From<&'a AccountLink> for LinkOutput<'a> {
    fn from(link: &'a AccountLink) -> Self {
        Self {
            clinic_id: &link.clinic,
            patient_id: &link.patient,
            account_id: &link.account,
            version: link.version,
            relationship: link.relationship,
            active: link.active,
            changed_at: link.changed_at,
        }
    }
}

fn name(text: &str, checks: &mut Checks) -> Option<DisplayName> {
    checks.take("/name", DisplayName::parse(text).map_err(of_name))
}

/// One of the words of an enumeration.
fn word<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, Code> {
    T::deserialize(text.into_deserializer()).map_err(|_: ValueError| Code::WrongType)
}
