//! What an idempotency key did: one key, one effect (invariant 3).

use domain::actor::Actor;
use domain::refusal::{Code, Refusal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::key::{self, Key};
use crate::transaction::{Guard, Transaction};

/// For how long a key is remembered: 7 days, in seconds.
pub const KEPT_SECONDS: i64 = 7 * 24 * 60 * 60;

/// A caller's key on one request.
#[derive(Clone, Debug)]
pub struct Claim {
    key: Key,
    fingerprint: String,
}

/// What a key did before. The answer holds ids, numbers and instants, never text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    fingerprint: String,
    answer: String,
    expires: i64,
}

impl Claim {
    /// The key of an actor on a request with this fingerprint.
    pub fn new(actor: &Actor, key: &str, fingerprint: String) -> Self {
        Self { key: key::idempotency(actor, key), fingerprint }
    }

    /// Where it is remembered.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The answer that this very request had before, if it did; refused if the key was used for
    /// another request. An expired record counts for nothing: the table deletes it late.
    pub fn replay(
        &self,
        remembered: Option<Remembered>,
        now: Timestamp,
    ) -> Result<Option<String>, Refusal> {
        match remembered {
            Some(found) if found.expires >= now.as_second() => {
                if found.fingerprint == self.fingerprint {
                    Ok(Some(found.answer))
                } else {
                    Err(Code::IdempotencyKeyReused.into())
                }
            }
            _ => Ok(None),
        }
    }

    /// Remembers the answer, in the transaction of the effect.
    pub fn remember(&self, transaction: &mut Transaction, answer: String, now: Timestamp) {
        let second = now.as_second();
        let remembered = Remembered {
            fingerprint: self.fingerprint.clone(),
            answer,
            expires: second.saturating_add(KEPT_SECONDS),
        };
        let expired = u64::try_from(second.saturating_sub(1)).unwrap_or_default();
        let guard = Guard::AbsentOrAtMost("expires", expired);
        transaction.put(&self.key, &remembered, [], Some(guard));
    }
}
