//! To whom a notice goes.

use serde::{Deserialize, Serialize};

use super::FailureReason;
use crate::access::Facts;
use crate::actor::Actor;
use crate::address::{Addresses, Contact, Way};
use crate::clinic::ClinicSettings;
use crate::conversation::{Conversation, Person};
use crate::id::{AccountId, StaffId};
use crate::people::{AccountLink, Channel, Patient, Relationship, StaffMember, StaffPreferences};

/// To whom a notice goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Recipient {
    /// The patient.
    Patient,
    /// A guardian of the patient, by the guardian's account.
    Guardian {
        /// The account.
        id: AccountId,
    },
    /// A member of the clinic's staff.
    Staff {
        /// The staff member.
        id: StaffId,
    },
}

impl Recipient {
    /// The person, as a reader of the conversation.
    pub fn person(&self) -> Person {
        match self {
            Self::Patient => Person::Patient,
            Self::Guardian { id } => Person::Guardian(id.clone()),
            Self::Staff { id } => Person::Staff(id.clone()),
        }
    }
}

/// Everything that tells whether and how one recipient can be told.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// The clinic's settings.
    pub clinic: &'a ClinicSettings,
    /// The patient.
    pub patient: &'a Patient,
    /// The conversation.
    pub conversation: &'a Conversation,
    /// The guardian's link to the patient.
    pub link: Option<&'a AccountLink>,
    /// The staff record.
    pub staff: Option<&'a StaffMember>,
    /// What the member of staff chose.
    pub preferences: Option<&'a StaffPreferences>,
}

impl<'a> Telling<'a> {
    /// Those whom a message by staff is announced to: the patient, and each guardian who may read
    /// the conversation.
    pub fn of_patients_side(self, links: &'a [AccountLink]) -> Vec<(Recipient, Self)> {
        let guardians = links.iter().filter_map(|link| {
            let recipient = Recipient::Guardian { id: link.account.clone() };
            let telling = Self { link: Some(link), ..self };
            telling.may_be_told(&recipient).then_some((recipient, telling))
        });
        std::iter::once((Recipient::Patient, self)).chain(guardians).collect()
    }

    /// Those whom a message by the patient's side is announced to: the staff who take part, may
    /// read it and asked for it.
    pub fn of_staff(self, known: &'a [(StaffMember, StaffPreferences)]) -> Vec<(Recipient, Self)> {
        let told = known.iter().filter_map(|(staff, preferences)| {
            let recipient = Recipient::Staff { id: staff.id.clone() };
            let telling = Self { staff: Some(staff), preferences: Some(preferences), ..self };
            (self.conversation.has_participant(&staff.id) && telling.may_be_told(&recipient))
                .then_some((recipient, telling))
        });
        told.collect()
    }

    /// Whether the recipient may be told at all, as things are now: who may not read the
    /// conversation any more gets no notice of it.
    fn may_be_told(&self, recipient: &Recipient) -> bool {
        let facts = Facts {
            clinic: Some(self.clinic.clone()),
            patient: Some(self.patient.clone()),
            staff: self.staff.cloned(),
            link: self.link.cloned(),
        };
        let actor = match recipient {
            // The patient is told whichever way the plan has them read.
            Recipient::Patient => {
                return self.clinic.portal_enabled && self.patient.portal_access;
            }
            Recipient::Guardian { id } => {
                if self.link.is_none_or(|link| link.relationship != Relationship::Guardian) {
                    return false;
                }
                Actor::Account { id: id.clone() }
            }
            Recipient::Staff { id } => {
                if !self.preferences.is_some_and(|preferences| preferences.email_on_reply) {
                    return false;
                }
                Actor::Staff { clinic: self.clinic.clinic.clone(), id: id.clone() }
            }
        };
        facts
            .side(&actor)
            .and_then(|side| side.visible(Some(self.conversation)).map(|_| ()))
            .is_ok()
    }

    /// Where the recipient can be told.
    pub fn contact(&self, recipient: &Recipient) -> Option<Contact> {
        match recipient {
            Recipient::Patient => Some(self.patient.contact.clone()),
            Recipient::Guardian { .. } => self.link?.contact.clone(),
            Recipient::Staff { .. } => Some(Contact {
                email: self.staff?.email.clone(),
                sms: None,
                preferred_channel: Channel::Email,
                other_channel_consented: false,
                language: None,
            }),
        }
    }

    /// The way of a notice to the recipient, as things are now, or why there is none.
    pub fn way(&self, recipient: &Recipient, known: &Addresses) -> Result<Way, FailureReason> {
        if !self.may_be_told(recipient) {
            return Err(FailureReason::AccessEnded);
        }
        let contact = self.contact(recipient).ok_or(FailureReason::NoUsableAddress)?;
        contact.way(known)
    }
}
