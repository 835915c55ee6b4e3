//! Writing a decision about a conversation: conversation, message, outbox, lists, timers, marker,
//! audit record and idempotency record, in one transaction.

use domain::audit::Record;
use domain::automatic::{Timer, Timers};
use domain::command::Change;
use domain::conversation::{AutomaticReason, ReadMarker};
use domain::outage::Outage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::facts;
use crate::inbox::Entry;
use crate::key::{self, ConversationKey, Key, Listed, Owner, Work};
use crate::read::Found;
use crate::transaction::{Guard, Transaction};

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
    /// How often announcing it was begun.
    pub attempts: u32,
}

/// Adds a decided change to a transaction. If the conversation is not as the decision found it,
/// nothing will be written.
pub fn write(transaction: &mut Transaction, change: &Change, now: Timestamp, record: &Record) {
    let conversation = &change.conversation;
    let name = ConversationKey::of(conversation);
    let guard = change.replaces.map_or(Guard::Absent, Guard::Version);
    transaction.put(&key::conversation(&name), conversation, [], Some(guard));

    if let Some(message) = &change.message {
        let key = key::message(&name, message.number);
        transaction.put(&key, message, [], Some(Guard::Absent));
        if change.announce {
            let outbox = Outbox { number: message.number, attempts: 0 };
            let due = due(Work::Notice, &name, now);
            transaction.put(&key::outbox(&name, message.number), &outbox, due, None);
            // Whoever may no longer access the portal is not written to.
            facts::guard_access(transaction, &name.clinic, &name.patient);
        }
    }

    let staff = conversation.participants.iter().map(|participant| &participant.id);
    let owners = staff
        .map(|id| Owner::Staff(id.clone()))
        .chain([Owner::Patient(conversation.patient.clone()), Owner::Clinic]);
    let listed = Listed::of(conversation);
    let entry = Entry::of(conversation);
    for owner in owners {
        let attributes = [
            ("inbox_pk", key::inbox_partition(&conversation.clinic, &owner, listed)),
            ("inbox_sk", key::inbox_position(conversation)),
        ];
        transaction.put(&key::inbox_entry(&name, &owner), &entry, attributes, None);
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
    [AutomaticReason::OutsideHours, AutomaticReason::NoAnswer].map(|kind| key::timer(name, kind))
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
