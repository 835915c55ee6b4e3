//! Notices: opened from the outbox, claimed when due, settled by the provider's answer.

use domain::audit::Record;
use domain::notice::Notice;

use crate::change::due;
use crate::key::{self, ConversationKey, Work};
use crate::transaction::{Guard, Transaction};

/// So often a notice is begun before it is set aside: more often than 72 hours of retries take.
pub const MOST_ATTEMPTS: u32 = 200;

/// Turns an outbox entry into the notice of its message. Of two at once one does.
pub fn open(transaction: &mut Transaction, name: &ConversationKey, notice: &Notice) {
    transaction.delete(&key::outbox(name, notice.number));
    put(transaction, name, notice, Guard::Absent);
}

/// Stores what became of a claimed notice, unless its claim ran out and another took it.
pub fn settle(transaction: &mut Transaction, name: &ConversationKey, notice: &Notice) {
    put(transaction, name, notice, Guard::Number("attempts", u64::from(notice.attempts)));
}

/// The record that a notice has ended goes with it.
pub fn record_end(transaction: &mut Transaction, notice: &Notice, record: &Record) {
    if !notice.is_queued() {
        transaction.record(record);
    }
}

fn put(transaction: &mut Transaction, name: &ConversationKey, notice: &Notice, guard: Guard) {
    let key = key::notice(name, notice.number);
    if notice.is_queued() {
        transaction.put(&key, notice, due(Work::Notice, name, notice.due), Some(guard));
    } else {
        transaction.put(&key, notice, [], Some(guard));
    }
}
