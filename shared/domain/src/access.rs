//! Who may come near a conversation. Every answer rests on facts that were read for this call.

use crate::actor::Actor;
use crate::clinic::ClinicSettings;
use crate::conversation::{Author, Conversation, Dependant, Person};
use crate::id::{ClinicId, GroupId, StaffId};
use crate::people::{AccountLink, Patient, Relationship, Role, StaffMember};
use crate::refusal::{Checks, Code, Refusal};

/// The facts that tell who the caller is to a patient's conversations.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The settings of the clinic that the path names.
    pub clinic: Option<ClinicSettings>,
    /// The patient that the path names.
    pub patient: Option<Patient>,
    /// The caller's own staff record in that clinic.
    pub staff: Option<StaffMember>,
    /// The link between the caller's account and that patient.
    pub link: Option<AccountLink>,
}

/// A caller on the staff's side.
#[derive(Clone, Copy, Debug)]
pub struct StaffSide<'a> {
    /// The clinic's settings.
    pub clinic: &'a ClinicSettings,
    /// The patient.
    pub patient: &'a Patient,
    /// The caller.
    pub staff: &'a StaffMember,
}

/// A caller on the patient's side.
#[derive(Clone, Debug)]
pub struct PatientSide<'a> {
    /// The clinic's settings.
    pub clinic: &'a ClinicSettings,
    /// The patient.
    pub patient: &'a Patient,
    /// What the caller is to the patient.
    pub relationship: Relationship,
    /// Who reads.
    pub person: Person,
    /// Who writes, as every reader will see it.
    pub author: Author,
}

/// A caller who may come near the patient's conversations, on one side or the other.
#[derive(Clone, Debug)]
pub enum Side<'a> {
    /// The clinic's.
    Staff(StaffSide<'a>),
    /// The patient's.
    Patient(PatientSide<'a>),
}

impl Facts {
    /// The active staff member that the actor is, before anything of the clinic is shown. Messages
    /// are nobody's business whose only role is to watch over the records.
    ///
    /// Another clinic's staff learn nothing of this one, whatever was read: 404.
    pub fn messaging_staff(&self, actor: &Actor) -> Result<&StaffMember, Refusal> {
        let Actor::Staff { clinic: own, id } = actor else { return Err(Code::NotFound.into()) };
        if self.clinic.as_ref().is_some_and(|clinic| clinic.clinic != *own) {
            return Err(Code::NotFound.into());
        }
        match &self.staff {
            Some(staff) if staff.active && staff.clinic == *own && staff.id == *id => {
                if staff.has_to_do_with_messages() {
                    Ok(staff)
                } else {
                    Err(Code::NotAllowed.into())
                }
            }
            _ => Err(Code::StaffInactive.into()),
        }
    }

    /// The caller as staff, with the clinic and the patient that the path names.
    pub fn staff_side(&self, actor: &Actor) -> Result<StaffSide<'_>, Refusal> {
        let staff = self.messaging_staff(actor)?;
        match (&self.clinic, &self.patient) {
            (Some(clinic), Some(patient)) => Ok(StaffSide { clinic, patient, staff }),
            _ => Err(Code::NotFound.into()),
        }
    }

    /// The caller as the patient (product page, "The three plans").
    ///
    /// Without a link, or with a token of another patient, there is nothing to know of: 404. With
    /// one, what is switched off is said.
    pub fn patient_side(&self, actor: &Actor) -> Result<PatientSide<'_>, Refusal> {
        let (Some(clinic), Some(patient)) = (&self.clinic, &self.patient) else {
            return Err(Code::NotFound.into());
        };
        let (relationship, person, author) = match actor {
            Actor::Account { id } => {
                let holds = |link: &&AccountLink| {
                    link.active
                        && link.account == *id
                        && link.clinic == patient.clinic
                        && link.patient == patient.id
                };
                let link = self.link.as_ref().filter(holds).ok_or(Code::NotFound)?;
                let (person, author) = linked(link, patient);
                (link.relationship, person, author)
            }
            Actor::Portal { clinic: own, patient: named } => {
                if *own != patient.clinic || *named != patient.id {
                    return Err(Code::NotFound.into());
                }
                if clinic.plan.needs_account() {
                    return Err(Code::AccountRequired.into());
                }
                let author = Author::Patient { name: patient.name.clone() };
                (Relationship::Own, Person::Patient, author)
            }
            Actor::Operator { .. } | Actor::Chart { .. } | Actor::Staff { .. } | Actor::System => {
                return Err(Code::NotFound.into());
            }
        };
        let mut checks = Checks::new();
        checks.require(clinic.portal_enabled, Code::PortalDisabled);
        checks.require(patient.portal_access, Code::PatientAccessOff);
        checks.finish()?;
        Ok(PatientSide { clinic, patient, relationship, person, author })
    }

    /// The caller on whichever side the token puts them.
    pub fn side(&self, actor: &Actor) -> Result<Side<'_>, Refusal> {
        match actor {
            Actor::Staff { .. } => self.staff_side(actor).map(Side::Staff),
            _ => self.patient_side(actor).map(Side::Patient),
        }
    }
}

impl StaffSide<'_> {
    /// Whether this staff member may know of the conversation.
    pub fn may_see(&self, conversation: &Conversation) -> bool {
        self.staff.sees_all_conversations || conversation.is_with(self.staff)
    }
}

impl PatientSide<'_> {
    /// Whether this caller may know of conversations that are hidden from guardians.
    pub fn sees_patient_only(&self) -> bool {
        self.relationship == Relationship::Own
    }
}

impl Side<'_> {
    /// Who reads.
    pub fn person(&self) -> Person {
        match self {
            Self::Staff(side) => Person::Staff(side.staff.id.clone()),
            Self::Patient(side) => side.person.clone(),
        }
    }

    /// The conversation, if it is there for this caller and about the patient that the path names;
    /// otherwise there is nothing to know of.
    pub fn visible<'a>(
        &self,
        conversation: Option<&'a Conversation>,
    ) -> Result<&'a Conversation, Refusal> {
        let conversation = conversation.ok_or(Code::NotFound)?;
        let (patient, shown) = match self {
            Self::Staff(side) => (side.patient, side.may_see(conversation)),
            Self::Patient(side) => {
                (side.patient, side.sees_patient_only() || !conversation.patient_only)
            }
        };
        if shown && is_about(conversation, patient) {
            Ok(conversation)
        } else {
            Err(Code::NotFound.into())
        }
    }
}

/// Whose inbox a member of staff asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InboxOwner {
    /// One member of staff's.
    Staff(StaffId),
    /// A group's.
    Group(GroupId),
    /// The whole clinic's.
    Clinic,
}

impl InboxOwner {
    /// Reads `me`, `clinic`, `staff:ID` or `group:ID`, asked for by `me`; `None`: none of these.
    pub fn parse(text: &str, me: &StaffId) -> Option<Self> {
        match text.split_once(':') {
            None if text == "me" => Some(Self::Staff(me.clone())),
            None if text == "clinic" => Some(Self::Clinic),
            Some(("staff", id)) => StaffId::parse(id).ok().map(Self::Staff),
            Some(("group", id)) => GroupId::parse(id).ok().map(Self::Group),
            _ => None,
        }
    }
}

impl StaffMember {
    /// Whether this person may list that inbox: one's own, one's groups', or any with the permission
    /// to see others' conversations.
    pub fn may_list(&self, inbox: &InboxOwner) -> Result<(), Refusal> {
        let own = match inbox {
            InboxOwner::Staff(id) => *id == self.id,
            InboxOwner::Group(id) => self.groups.contains(id),
            InboxOwner::Clinic => false,
        };
        if own || self.sees_all_conversations { Ok(()) } else { Err(Code::NotAllowed.into()) }
    }
}

/// What of the clinic an administrator's route is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Administration {
    /// Reading the clinic's settings.
    ReadSettings,
    /// Changing the clinic's settings.
    ChangeSettings,
    /// Reading or changing the staff.
    Staff,
    /// Reading or changing patients and account links.
    Patients,
    /// Reading who saw and did what.
    Report,
}

/// Whether the actor may do this to the clinic's own data. `staff` is the caller's staff record.
pub fn administer(
    actor: &Actor,
    clinic: &ClinicId,
    staff: Option<&StaffMember>,
    what: Administration,
) -> Result<(), Refusal> {
    if !actor.may_address(clinic) {
        return Err(Code::NotFound.into());
    }
    let allowed = match actor {
        Actor::Operator { .. } => {
            !matches!(what, Administration::Patients | Administration::Report)
        }
        Actor::Chart { .. } => {
            !matches!(what, Administration::ChangeSettings | Administration::Report)
        }
        Actor::Staff { .. } => match staff {
            Some(staff) if staff.active => match what {
                Administration::ReadSettings => true,
                Administration::ChangeSettings
                | Administration::Staff
                | Administration::Patients => staff.is(Role::Admin),
                // An administrator gives roles, on record; the report is not theirs by that alone.
                Administration::Report => staff.is(Role::PrivacyOfficer),
            },
            _ => return Err(Code::StaffInactive.into()),
        },
        Actor::Account { .. } | Actor::Portal { .. } | Actor::System => {
            return Err(Code::NotFound.into());
        }
    };
    if allowed { Ok(()) } else { Err(Code::NotAllowed.into()) }
}

/// Whether the actor may read and change what a member of staff chose for themselves: that very person
/// may, and an administrator, since who fell ill says nothing. `staff` is the caller's staff record.
///
/// What the administrator may not choose for anybody is [`StaffPreferences::may_replace`]'s.
///
/// [`StaffPreferences::may_replace`]: crate::people::StaffPreferences::may_replace
pub fn keep_preferences(
    actor: &Actor,
    clinic: &ClinicId,
    staff: Option<&StaffMember>,
    whose: &StaffId,
) -> Result<(), Refusal> {
    if !actor.may_address(clinic) {
        return Err(Code::NotFound.into());
    }
    match actor {
        Actor::Staff { id, .. } => match staff {
            Some(staff) if staff.active && (id == whose || staff.is(Role::Admin)) => Ok(()),
            Some(staff) if staff.active => Err(Code::NotAllowed.into()),
            _ => Err(Code::StaffInactive.into()),
        },
        Actor::Operator { .. } | Actor::Chart { .. } => Err(Code::NotAllowed.into()),
        Actor::Account { .. } | Actor::Portal { .. } | Actor::System => Err(Code::NotFound.into()),
    }
}

/// Whether the actor may see and set the switch for everything that is sent, of all clinics: the
/// operator only. To everybody else there is nothing to know of.
pub fn may_switch_sending(actor: &Actor) -> Result<(), Refusal> {
    match actor {
        Actor::Operator { .. } => Ok(()),
        Actor::Chart { .. }
        | Actor::Staff { .. }
        | Actor::Account { .. }
        | Actor::Portal { .. }
        | Actor::System => Err(Code::NotFound.into()),
    }
}

/// Who the account of a link is, as a reader and as a writer. The patient's own account is the
/// patient; a guardian reads for themselves and writes for the patient.
fn linked(link: &AccountLink, patient: &Patient) -> (Person, Author) {
    let id = link.account.clone();
    match link.relationship {
        Relationship::Own => (Person::Patient, Author::Account { id, name: patient.name.clone() }),
        Relationship::Guardian => {
            let author = Author::Guardian {
                id: id.clone(),
                // A guardian's link has a name: it is not made without.
                name: link.name.clone().unwrap_or_else(|| patient.name.clone()),
                relationship: link.relationship,
                on_behalf_of: Dependant { id: patient.id.clone(), name: patient.name.clone() },
            };
            (Person::Guardian(id), author)
        }
    }
}

/// Whether the conversation is about this patient of this clinic.
fn is_about(conversation: &Conversation, patient: &Patient) -> bool {
    conversation.clinic == patient.clinic && conversation.patient == patient.id
}

#[cfg(test)]
mod tests;
