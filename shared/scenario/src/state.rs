//! What the tables hold, before and after.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::Record;
use serde_json::Value;
use store::key::Key;

/// Everything that the tables hold at some time.
#[derive(Clone, Debug)]
pub struct State {
    /// The main table's items.
    pub items: BTreeMap<Key, Value>,
    /// The audit records.
    pub records: Vec<Record>,
}

/// What became different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The items that were added or changed.
    pub written: Vec<Key>,
    /// The items that are gone.
    pub gone: Vec<Key>,
    /// The audit records that were added.
    pub records: Vec<Record>,
}

impl State {
    /// What is different from an earlier state.
    pub fn since(self, before: &Self) -> Difference {
        let changed = |key: &&Key| self.items.get(*key) != before.items.get(*key);
        let known: BTreeSet<&str> =
            before.records.iter().map(|record| record.id.as_str()).collect();
        Difference {
            written: self.items.keys().filter(changed).cloned().collect(),
            gone: before
                .items
                .keys()
                .filter(|key| !self.items.contains_key(key))
                .cloned()
                .collect(),
            records: self
                .records
                .iter()
                .filter(|record| !known.contains(record.id.as_str()))
                .cloned()
                .collect(),
        }
    }
}

impl Difference {
    /// The sort keys of the items that were added or changed, in order.
    pub fn written_sort_keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.written.iter().map(|key| key.sk.as_str()).collect();
        keys.sort_unstable();
        keys
    }

    /// The one record that was added.
    #[track_caller]
    pub fn record(&self) -> &Record {
        assert_eq!(self.records.len(), 1, "{:?}", self.records);
        &self.records[0]
    }
}
