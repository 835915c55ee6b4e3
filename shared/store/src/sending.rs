//! The switch for everything that is sent without a person asking for it just now: notices and
//! automatic replies.
//!
//! It is on only for the table that it was set for. A table that was restored from a backup is
//! another table, with another id, and so starts paused: what was due when it was backed up was
//! sent long ago.

use domain::audit::Changed;
use domain::outage::{Outage, OutageKind};
use domain::version::Document;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::outage;
use crate::key;
use crate::transaction::{Guard, Transaction};
use crate::{Committed, Store};

/// So often the switch is read again while others write it at the same time.
const MOST_ROUNDS: usize = 5;

/// The switch, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sending {
    /// 1 when first written, and one more with each change.
    pub version: u64,
    /// Since when it is off, if somebody switched it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<Timestamp>,
    /// The id of the table that it is on for; absent: of the one that reads it next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
}

/// Whether anything is sent, to somebody who has the table's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// It is.
    On,
    /// Somebody switched it off.
    Paused,
    /// The table is a copy of the one that it is on for.
    Restored,
}

impl Sending {
    /// The switch after somebody set it; `None`: it is set so already.
    #[must_use]
    pub fn set(&self, paused: bool, now: Timestamp) -> Option<Self> {
        let version = self.version.saturating_add(1);
        let next = if paused {
            Self { version, paused_at: self.paused_at.or(Some(now)), table: self.table.clone() }
        } else {
            // On for the table that is used now, whichever it was on for before.
            Self { version, paused_at: None, table: None }
        };
        let is_same = next.paused_at == self.paused_at && next.table == self.table;
        (!is_same).then_some(next)
    }

    fn switch(&self, table: &str) -> Switch {
        match (&self.paused_at, &self.table) {
            (Some(_), _) => Switch::Paused,
            (None, Some(own)) if own != table => Switch::Restored,
            (None, _) => Switch::On,
        }
    }
}

impl Document for Sending {
    fn version(&self) -> u64 {
        self.version
    }

    fn changes_since(&self, before: Option<&Self>) -> Vec<Changed> {
        let paused = |sending: &Self| Some(sending.paused_at.is_some().to_string());
        let table = |sending: &Self| sending.table.clone();
        let change = |member: &str, value: &dyn Fn(&Self) -> Option<String>| {
            let (from, to) = (before.and_then(value), value(self));
            (from != to).then(|| Changed { member: member.to_owned(), from, to })
        };
        [change("paused", &paused), change("table", &table)].into_iter().flatten().collect()
    }
}

/// Writes the switch in the place of the version before.
pub fn put(transaction: &mut Transaction, sending: &Sending, before: Option<u64>) {
    let guard = before.map_or(Guard::Absent, Guard::Version);
    transaction.put(&key::sending(), sending, [], Some(guard));
}

impl Store {
    /// The table's own id, which no copy of it has.
    pub async fn table_id(&self) -> Result<String, Outage> {
        let answer = self
            .client
            .describe_table()
            .table_name(&self.table)
            .send()
            .await
            .map_err(|error| outage("DescribeTable", &error))?;
        answer
            .table
            .and_then(|table| table.table_id)
            .ok_or_else(|| Outage::new(OutageKind::Broken, "DescribeTable", "table id"))
    }

    /// Whether anything is sent from the table with this id. A switch that names no table yet is
    /// from now on for this one.
    pub async fn sending(&self, table: &str) -> Result<Switch, Outage> {
        for _ in 0..MOST_ROUNDS {
            let key = key::sending();
            let stored: Option<Sending> = self.read([key.clone()]).await?.take(&key)?;
            let before = stored.as_ref().map(|stored| stored.version);
            let stored = stored.unwrap_or_default();
            let switch = stored.switch(table);
            if switch != Switch::On || stored.table.is_some() {
                return Ok(switch);
            }
            // Whoever looks at the switch sees no change in it, so it keeps its version.
            let version = stored.version.max(1);
            let bound = Sending { version, table: Some(table.to_owned()), ..stored };
            let mut transaction = self.transaction();
            put(&mut transaction, &bound, before);
            if self.commit(transaction).await? == Committed::Done {
                return Ok(switch);
            }
            // Another one binds it at this moment, to the same table, or switches it off.
        }
        Err(Outage::new(OutageKind::Contended, "sending", "rounds"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn on_for(table: &str) -> Sending {
        Sending { version: 3, paused_at: None, table: Some(table.to_owned()) }
    }

    #[test]
    fn a_copy_of_the_table_starts_paused() {
        assert_eq!(on_for("a").switch("a"), Switch::On);
        assert_eq!(on_for("a").switch("b"), Switch::Restored);
        assert_eq!(Sending::default().switch("b"), Switch::On);
    }

    #[test]
    fn whoever_switches_it_on_switches_it_on_for_the_table_that_is_used() {
        let paused = on_for("a").set(true, NOW).unwrap_or_default();
        assert_eq!((paused.switch("a"), paused.switch("b")), (Switch::Paused, Switch::Paused));
        let on = paused.set(false, NOW).unwrap_or_default();
        assert_eq!((on.version, on.switch("b")), (5, Switch::On));
        let restored = on_for("a").set(false, NOW).unwrap_or_default();
        assert_eq!(restored.switch("b"), Switch::On);
    }

    #[test]
    fn twice_is_once() {
        let paused = on_for("a").set(true, NOW).unwrap_or_default();
        assert_eq!(paused.set(true, NOW), None);
        assert_eq!(Sending::default().set(false, NOW), None);
    }
}
