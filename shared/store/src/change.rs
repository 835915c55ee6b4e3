//! Writing a decision about a conversation: conversation, message, outbox, lists, timers, marker,
//! audit record and idempotency record, in one transaction.

use domain::audit::Record;
use domain::automatic::TimerKind;
use domain::automatic::{Timer, Timers};
use domain::command::Change;
use domain::conversation::{Conversation, Participation, Party, ReadMarker};
use domain::id::{ClinicId, ConversationId, PatientId};
use domain::outage::Outage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::inbox::Entry;
use crate::key::{self, ConversationKey, Key, List, Listed, Owner, Work};
use crate::read::Found;
use crate::transaction::{Guard, Transaction};
use crate::{attachments, facts};

/// A timer as it is stored, with how often it was looked at since it was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTimer {
    /// The timer.
    #[serde(flatten)]
    pub timer: Timer,
    /// How often looking at it was begun.
    pub attempts: u32,
}

/// A message that is not announced yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    /// The message's number.
    pub number: u32,
    /// The side that wrote it.
    pub party: Party,
    /// How often announcing it was begun.
    pub attempts: u32,
}

/// That it is to be looked at whether a message was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// The message's number.
    pub number: u32,
    /// How often looking at it was begun.
    pub attempts: u32,
}

/// What the reference in a notice's link stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkTarget {
    /// The clinic.
    pub clinic: ClinicId,
    /// The patient.
    pub patient: PatientId,
    /// The conversation.
    pub conversation: ConversationId,
}

/// Adds a decided change to a transaction. If the conversation is not as the decision found it,
/// nothing will be written.
pub fn write(transaction: &mut Transaction, change: &Change, now: Timestamp, record: &Record) {
    let conversation = &change.conversation;
    let name = ConversationKey::of(conversation);
    let guard = change.replaces.map_or(Guard::Absent, Guard::Version);
    transaction.put(&key::conversation(&name), conversation, [], Some(guard));
    if change.replaces.is_none() {
        let ConversationKey { clinic, patient, conversation: id } = name.clone();
        let target = LinkTarget { clinic, patient, conversation: id };
        let key = key::link_reference(&conversation.reference);
        transaction.put(&key, &target, [], Some(Guard::Absent));
    }

    if let Some(message) = &change.message {
        let key = key::message(&name, message.number);
        transaction.put(&key, message, [], Some(Guard::Absent));
        if let Some(party) = message.author.party().filter(|_| change.announce) {
            let outbox = Outbox { number: message.number, party, attempts: 0 };
            let due = due(Work::Notice, &name, now);
            transaction.put(&key::outbox(&name, message.number), &outbox, due, None);
            if party == Party::Clinic {
                // Whoever may no longer access the portal is not written to.
                facts::guard_access(transaction, &name.clinic, &name.patient);
            }
        }
    }

    attachments::enclose(transaction, change, now);
    list(transaction, &name, conversation);
    for left in &change.left {
        let owner = match left {
            Participation::Staff(id) => Owner::Staff(id.clone()),
            Participation::Group(id) => Owner::Group(id.clone()),
        };
        transaction.delete(&key::inbox_entry(&name, &owner));
    }

    for kind in &change.keep {
        transaction.check(&key::timer(&name, *kind), &Guard::Present);
    }
    for kind in &change.drop {
        transaction.delete(&key::timer(&name, *kind));
    }
    for timer in &change.set {
        set_timer(transaction, &name, timer);
    }
    if let Some((person, marker)) = &change.marker {
        move_marker(transaction, &key::marker(&name, person), marker);
    }
    transaction.record(record);
}

/// Writes the conversation's entry in the list of everybody whose it is.
fn list(transaction: &mut Transaction, name: &ConversationKey, conversation: &Conversation) {
    let ConversationKey { clinic, patient, .. } = name;
    let of_patient = if conversation.patient_only {
        Owner::PatientOnly(patient.clone())
    } else {
        Owner::Patient(patient.clone())
    };
    let staff = conversation.participants.iter().map(|staff| Owner::Staff(staff.id.clone()));
    let groups = conversation.groups.iter().map(|group| Owner::Group(group.id.clone()));
    let of_clinic = staff.chain(groups).map(|owner| (owner, true));
    let owners = of_clinic.chain([(of_patient, false), (Owner::Clinic, false)]);
    let listed = Listed::of(conversation);
    let position = key::inbox_position(conversation);
    let entry = Entry::of(conversation);
    for (owner, in_chart) in owners {
        let key = key::inbox_entry(name, &owner);
        let list = List::of(clinic, owner);
        let mut attributes =
            vec![("inbox_pk", key::list_partition(&list, listed)), ("inbox_sk", position.clone())];
        if in_chart {
            let list = List { about: Some(patient.clone()), ..list };
            attributes.push(("chart_pk", key::list_partition(&list, listed)));
            attributes.push(("chart_sk", position.clone()));
        }
        transaction.put(&key, &entry, attributes, None);
    }
}

/// Sets a timer, over the one that is there.
pub fn set_timer(transaction: &mut Transaction, name: &ConversationKey, timer: &Timer) {
    let stored = StoredTimer { timer: *timer, attempts: 0 };
    let due = due(Work::Timer, name, timer.due);
    transaction.put(&key::timer(name, timer.kind), &stored, due, None);
}

/// Moves a read marker, forward only.
pub fn move_marker(transaction: &mut Transaction, key: &Key, marker: &ReadMarker) {
    let guard = Guard::AbsentOrAtMost("seen", u64::from(marker.seen));
    transaction.put(key, marker, [], Some(guard));
}

/// The keys of both timers of a conversation.
pub fn timer_keys(name: &ConversationKey) -> [Key; 2] {
    TimerKind::ALL.map(|kind| key::timer(name, kind))
}

/// The timers that a read of [`timer_keys`] found.
pub fn timers(found: &mut Found, name: &ConversationKey) -> Result<Timers, Outage> {
    let mut timers = Timers::default();
    for key in timer_keys(name) {
        timers.0.extend(found.take::<StoredTimer>(&key)?.map(|stored| stored.timer));
    }
    Ok(timers)
}

/// What the index `due` needs of an item that is due at an instant.
pub fn due(work: Work, name: &ConversationKey, at: Timestamp) -> [(&'static str, String); 2] {
    [("due_pk", key::due_partition_of(work, name)), ("due_sk", key::instant(at))]
}
