//! Who the caller is to a patient's conversations: the keys of those facts, and what must still
//! hold of them when a decision is written.

use domain::access::Facts;
use domain::actor::Actor;
use domain::id::{ClinicId, PatientId};
use domain::outage::Outage;

use crate::key::{self, Key};
use crate::read::Found;
use crate::transaction::{Guard, Transaction};

/// The keys of the facts about this caller and this patient.
pub fn keys(actor: &Actor, clinic: &ClinicId, patient: &PatientId) -> Vec<Key> {
    let mut keys = vec![key::settings(clinic), key::patient(clinic, patient)];
    match actor {
        Actor::Staff { id, .. } => keys.push(key::staff(clinic, id)),
        Actor::Account { id } => keys.push(key::link_of_patient(clinic, patient, id)),
        Actor::Operator { .. } | Actor::Chart { .. } | Actor::Portal { .. } | Actor::System => {}
    }
    keys
}

/// The facts that a read of [`keys`] found, left in place for others.
pub fn peek(
    found: &Found,
    actor: &Actor,
    clinic: &ClinicId,
    patient: &PatientId,
) -> Result<Facts, Outage> {
    let mut facts = Facts {
        clinic: found.get(&key::settings(clinic))?,
        patient: found.get(&key::patient(clinic, patient))?,
        ..Facts::default()
    };
    match actor {
        Actor::Staff { id, .. } => facts.staff = found.get(&key::staff(clinic, id))?,
        Actor::Account { id } => {
            facts.link = found.get(&key::link_of_patient(clinic, patient, id))?;
        }
        Actor::Operator { .. } | Actor::Chart { .. } | Actor::Portal { .. } | Actor::System => {}
    }
    Ok(facts)
}

/// Requires of the transaction what writing a message, or changing a conversation, rests on: a right
/// that is taken away while a command is in flight stops it.
///
/// The clinic's settings are not among it: all of a clinic's commands would conflict over them.
pub fn guard(transaction: &mut Transaction, actor: &Actor, clinic: &ClinicId, patient: &PatientId) {
    guard_caller(transaction, actor, clinic, patient);
    if matches!(actor, Actor::Account { .. } | Actor::Portal { .. }) {
        guard_access(transaction, clinic, patient);
    }
}

/// Requires of the transaction what reading rests on: a record that was merged into another one is
/// still read.
pub fn guard_reading(
    transaction: &mut Transaction,
    actor: &Actor,
    clinic: &ClinicId,
    patient: &PatientId,
) {
    guard_caller(transaction, actor, clinic, patient);
    if matches!(actor, Actor::Account { .. } | Actor::Portal { .. }) {
        transaction.check(&key::patient(clinic, patient), &Guard::True("portalAccess"));
    }
}

fn guard_caller(
    transaction: &mut Transaction,
    actor: &Actor,
    clinic: &ClinicId,
    patient: &PatientId,
) {
    match actor {
        Actor::Staff { id, .. } => {
            transaction.check(&key::staff(clinic, id), &Guard::True("active"));
        }
        Actor::Account { id } => {
            let link = key::link_of_patient(clinic, patient, id);
            transaction.check(&link, &Guard::True("active"));
        }
        Actor::Portal { .. } | Actor::Operator { .. } | Actor::Chart { .. } | Actor::System => {}
    }
}

/// Requires of the transaction that the patient may access the portal, and that the record takes
/// messages at all.
pub(crate) fn guard_access(transaction: &mut Transaction, clinic: &ClinicId, patient: &PatientId) {
    let patient = key::patient(clinic, patient);
    transaction.check(&patient, &Guard::TrueWithout("portalAccess", "successor"));
}
