//! Staff, patients and links as JSON: what a request brings, and what an answer shows.

use std::collections::BTreeSet;

use domain::address::{AddressKey, Contact};
use domain::birth_date::BirthDate;
use domain::contact::EmailAddress;
use domain::id::{AccountId, ClinicId, GroupId, PatientId, StaffId};
use domain::people::{
    AccountLink, Group, MAX_GROUPS_OF_STAFF, Patient, Relationship, Role, StaffMember,
};
use domain::problem_codes::of_name;
use domain::refusal::{Checks, Code, Refusal};
use domain::text::DisplayName;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::IntoDeserializer;
use serde::de::value::Error as ValueError;
use serde::{Deserialize, Serialize};

use crate::contact::{ContactInput, ContactOutput};

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
    /// Absent: none.
    #[serde(default)]
    groups: Vec<String>,
    /// Where this person is told, if they choose to be; absent or null: nowhere.
    #[serde(default)]
    email: Option<String>,
}

/// A group that a request puts in place of the one before.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupInput {
    name: String,
    /// Always said, as with staff.
    active: bool,
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
    given_name: Option<String>,
    #[serde(default)]
    family_name: Option<String>,
    /// `YYYY-MM-DD`; absent: not known.
    #[serde(default)]
    birth_date: Option<String>,
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
    /// A guardian's; the patient's own account has the patient's name.
    #[serde(default)]
    name: Option<String>,
    /// A guardian's; absent or null: the guardian is told nowhere.
    #[serde(default)]
    contact: Option<ContactInput>,
}

/// What a link that a request makes says.
pub struct LinkDocument {
    /// What the account is to the patient.
    pub relationship: Relationship,
    /// The guardian's name.
    pub name: Option<DisplayName>,
    /// Where and how the guardian wants to be told.
    pub contact: Option<Contact>,
}

/// The record that another one is merged into.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuccessorInput {
    patient_id: String,
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
    accepts_patient_messages: bool,
    groups: &'a BTreeSet<GroupId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a EmailAddress>,
}

/// A group as an answer shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupOutput<'a> {
    clinic_id: &'a ClinicId,
    group_id: &'a GroupId,
    version: u64,
    name: &'a DisplayName,
    active: bool,
    accepts_patient_messages: bool,
}

/// A patient record as an answer shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PatientOutput<'a> {
    clinic_id: &'a ClinicId,
    patient_id: &'a PatientId,
    version: u64,
    name: &'a DisplayName,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a DisplayName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<&'a DisplayName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<BirthDate>,
    #[serde(flatten)]
    contact: ContactOutput<'a>,
    portal_access: bool,
    /// The record that this one was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    successor: Option<&'a PatientId>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a DisplayName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactOutput<'a>>,
    active: bool,
    changed_at: Timestamp,
}

impl StaffInput {
    /// The staff record, or everything that is wrong with it.
    pub fn parse(
        &self,
        key: &AddressKey,
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
        let groups = self.groups(&mut checks);
        let email = self.email.as_deref().map(EmailAddress::parse);
        let email = email.and_then(|parsed| checks.take("/email", parsed));
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
            groups,
            email: email.map(|email| key.know(email)),
        })
    }
}

impl StaffInput {
    /// The groups that are named, as far as their ids can be read: those past the limit are not.
    pub fn groups(&self, checks: &mut Checks) -> BTreeSet<GroupId> {
        if self.groups.len() > MAX_GROUPS_OF_STAFF {
            checks.note(Code::TooManyGroups, "/groups");
        }
        let named = self.groups.iter().take(MAX_GROUPS_OF_STAFF).enumerate();
        named
            .filter_map(|(position, id)| {
                checks.take(&format!("/groups/{position}"), GroupId::parse(id))
            })
            .collect()
    }

    /// Refuses each group that is none of the clinic's.
    pub fn check_groups(&self, known: &BTreeSet<GroupId>) -> Result<(), Refusal> {
        let mut checks = Checks::new();
        for (position, id) in self.groups.iter().enumerate() {
            if !GroupId::parse(id).is_ok_and(|id| known.contains(&id)) {
                checks.note(Code::UnknownGroup, format!("/groups/{position}"));
            }
        }
        checks.finish()
    }
}

impl GroupInput {
    /// The group, or everything that is wrong with it.
    pub fn parse(&self, clinic: ClinicId, id: GroupId, version: u64) -> Result<Group, Refusal> {
        let mut checks = Checks::new();
        let name = name(&self.name, &mut checks);
        checks.finish()?;
        let Some(name) = name else { return Err(Code::Internal.into()) };
        let accepts_patient_messages = self.accepts_patient_messages.unwrap_or_default();
        Ok(Group { clinic, id, version, name, active: self.active, accepts_patient_messages })
    }
}

impl SuccessorInput {
    /// The record that is named.
    pub fn parse(&self) -> Result<PatientId, Refusal> {
        PatientId::parse(&self.patient_id).map_err(|_| Refusal::at(Code::InvalidId, "/patientId"))
    }
}

impl PatientInput {
    /// The patient record, or everything that is wrong with it. `today` is the clinic's; a merge
    /// is not undone by a change of the record.
    pub fn parse(
        &self,
        key: &AddressKey,
        clinic: ClinicId,
        id: PatientId,
        version: u64,
        before: Option<&Patient>,
        today: Date,
    ) -> Result<Patient, Refusal> {
        let mut checks = Checks::new();
        let name = name(&self.name, &mut checks);
        let given_name = optional_name("/givenName", self.given_name.as_deref(), &mut checks);
        let family_name = optional_name("/familyName", self.family_name.as_deref(), &mut checks);
        let born = self.birth_date.as_deref().map(|text| BirthDate::parse(text, today));
        let birth_date = born.and_then(|parsed| checks.take("/birthDate", parsed));
        let contact = self.contact().parse("", key, &mut checks);
        checks.finish()?;
        let (Some(name), Some(contact)) = (name, contact) else {
            return Err(Code::Internal.into());
        };
        Ok(Patient {
            clinic,
            id,
            version,
            name,
            given_name,
            family_name,
            birth_date,
            contact,
            portal_access: self.portal_access.unwrap_or_default(),
            successor: before.and_then(|before| before.successor.clone()),
        })
    }

    /// The members that are the contact's. They are not flattened: what is wrong with them would be
    /// told without its place.
    fn contact(&self) -> ContactInput {
        ContactInput {
            email: self.email.clone(),
            sms: self.sms.clone(),
            preferred_channel: self.preferred_channel.clone(),
            other_channel_consented: self.other_channel_consented,
            language: self.language.clone(),
        }
    }
}

impl LinkInput {
    /// What the link says, or everything that is wrong with it.
    pub fn parse(&self, key: &AddressKey) -> Result<LinkDocument, Refusal> {
        let mut checks = Checks::new();
        let relationship = checks.take("/relationship", word(&self.relationship));
        let name = optional_name("/name", self.name.as_deref(), &mut checks);
        let contact = self.contact.as_ref();
        let contact = contact.and_then(|contact| contact.parse("/contact", key, &mut checks));
        checks.finish()?;
        Ok(LinkDocument { relationship: relationship.ok_or(Code::Internal)?, name, contact })
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
            accepts_patient_messages: staff.accepts_patient_messages,
            groups: &staff.groups,
            email: staff.email.as_ref().map(|known| &known.address),
        }
    }
}

impl<'a> From<&'a Group> for GroupOutput<'a> {
    fn from(group: &'a Group) -> Self {
        Self {
            clinic_id: &group.clinic,
            group_id: &group.id,
            version: group.version,
            name: &group.name,
            active: group.active,
            accepts_patient_messages: group.accepts_patient_messages,
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
            given_name: patient.given_name.as_ref(),
            family_name: patient.family_name.as_ref(),
            birth_date: patient.birth_date,
            contact: ContactOutput::from(&patient.contact),
            portal_access: patient.portal_access,
            successor: patient.successor.as_ref(),
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
            name: link.name.as_ref(),
            contact: link.contact.as_ref().map(ContactOutput::from),
            active: link.active,
            changed_at: link.changed_at,
        }
    }
}

fn name(text: &str, checks: &mut Checks) -> Option<DisplayName> {
    checks.take("/name", DisplayName::parse(text).map_err(of_name))
}

fn optional_name(place: &str, text: Option<&str>, checks: &mut Checks) -> Option<DisplayName> {
    checks.take(place, DisplayName::parse(text?).map_err(of_name))
}

/// One of the words of an enumeration.
pub fn word<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, Code> {
    T::deserialize(text.into_deserializer()).map_err(|_: ValueError| Code::WrongType)
}
