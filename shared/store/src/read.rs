//! One wave of consistent reads.

use std::any::type_name;
use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use domain::outage::{Outage, OutageKind};
use serde::de::DeserializeOwned;

use crate::Store;
use crate::error::{corrupt, outage};
use crate::key::Key;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// `BatchGetItem` takes at most this many keys (AWS limit).
const MOST_KEYS: usize = 100;

/// `BatchGetItem` returns at most 16 MB and may leave keys over; so often they are asked for again.
const MOST_ROUNDS: usize = 5;

/// The items that a read found.
#[derive(Debug, Default)]
pub struct Found {
    items: HashMap<Key, Item>,
}

impl Found {
    /// The item of this key, if there is one, left in place for others.
    pub fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Outage> {
        self.items.get(key).cloned().map(from_item).transpose()
    }

    /// The item of this key, if there is one.
    ///
    /// # Errors
    /// An item that does not read back is an outage, never a missing item.
    pub fn take<T: DeserializeOwned>(&mut self, key: &Key) -> Result<Option<T>, Outage> {
        self.items.remove(key).map(from_item).transpose()
    }
}

impl Store {
    /// Reads the items of these keys, consistently, in one call for up to 100 keys.
    pub async fn read(&self, keys: impl IntoIterator<Item = Key>) -> Result<Found, Outage> {
        let mut keys: Vec<Key> = keys.into_iter().collect();
        // A key that is named twice is refused by DynamoDB.
        keys.sort();
        keys.dedup();
        let mut found = Found::default();
        for chunk in keys.chunks(MOST_KEYS) {
            self.read_chunk(chunk, &mut found).await?;
        }
        Ok(found)
    }

    async fn read_chunk(&self, keys: &[Key], found: &mut Found) -> Result<(), Outage> {
        const OPERATION: &str = "BatchGetItem";
        let mut wanted: Vec<Item> = keys.iter().map(key_item).collect();
        for _ in 0..MOST_ROUNDS {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(wanted))
                .consistent_read(true)
                .build()
                .map_err(|_| corrupt(OPERATION, "request"))?;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.table, request)
                .send()
                .await
                .map_err(|error| outage(OPERATION, &error))?;
            let items = answer.responses.unwrap_or_default().remove(&self.table);
            for item in items.unwrap_or_default() {
                found.items.insert(key_of(&item)?, item);
            }
            wanted = answer
                .unprocessed_keys
                .unwrap_or_default()
                .remove(&self.table)
                .map(|left| left.keys)
                .unwrap_or_default();
            if wanted.is_empty() {
                return Ok(());
            }
        }
        Err(Outage::new(OutageKind::Unavailable, OPERATION, "unprocessed keys"))
    }
}

/// A stretch of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The partition.
    pub pk: String,
    /// The first sort key.
    pub from: String,
    /// The last one.
    pub to: String,
}

impl Store {
    /// Everything in a stretch, consistently, in the order of the keys. It is read to its end: only for
    /// what history does not make longer.
    pub async fn all<T: DeserializeOwned>(&self, stretch: Stretch) -> Result<Vec<T>, Outage> {
        let mut found = Vec::new();
        let mut start: Option<Item> = None;
        let Stretch { pk, from, to } = stretch;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                .expression_attribute_values(":pk", AttributeValue::S(pk.clone()))
                .expression_attribute_values(":from", AttributeValue::S(from.clone()))
                .expression_attribute_values(":to", AttributeValue::S(to.clone()))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| outage("Query", &error))?;
            for item in answer.items.unwrap_or_default() {
                found.push(from_item(item)?);
            }
            match answer.last_evaluated_key {
                Some(key) => start = Some(key),
                None => return Ok(found),
            }
        }
    }
}

/// A typed value from an item.
pub(crate) fn from_item<T: DeserializeOwned>(item: Item) -> Result<T, Outage> {
    serde_dynamo::from_item(item).map_err(|_| corrupt("read", type_name::<T>()))
}

/// The key of an item.
pub(crate) fn key_of(item: &Item) -> Result<Key, Outage> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    match (text("pk"), text("sk")) {
        (Some(pk), Some(sk)) => Ok(Key { pk, sk }),
        _ => Err(corrupt("read", "key")),
    }
}

pub(crate) fn key_item(key: &Key) -> Item {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(key.pk.clone())),
        ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}
