//! Work that comes due: found by the index, claimed by a lease on the item itself.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::outage::{Outage, OutageKind};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::Store;
use crate::error::outage;
use crate::key::{self, DUE_SHARDS, Key, Work};
use crate::read::{Item, from_item, key_item, key_of};

/// So often an item is begun without coming to an end before it is taken out of the index as stuck, for
/// an alarm. Under a lease of two minutes that is two hours, so an outage of an hour sets nothing
/// aside; that something is late, another alarm tells after minutes.
pub const MOST_ATTEMPTS: u32 = 60;

/// What the index says is due. It is a hint: the item is claimed, or not, on what it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The item.
    pub key: Key,
    /// Since when it is due.
    pub due: String,
}

/// What became of claiming an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed<T> {
    /// It is gone, not due, or another's by now.
    NotDue,
    /// It was begun too often, and is out of the index from now on.
    Stuck,
    /// It is the caller's until the lease's end.
    Held(T),
}

impl Store {
    /// The keys of what is due by now in one shard, the longest due first.
    pub async fn due(
        &self,
        work: Work,
        shard: u32,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Hint>, Outage> {
        debug_assert!(shard < DUE_SHARDS, "there is no such shard");
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("due")
            .key_condition_expression("due_pk = :pk AND due_sk <= :now")
            .expression_attribute_values(":pk", AttributeValue::S(key::due_partition(work, shard)))
            .expression_attribute_values(":now", AttributeValue::S(key::instant(now)))
            .limit(limit)
            .send()
            .await
            .map_err(|error| outage("Query", &error))?;
        let items: Vec<Item> = answer.items.unwrap_or_default();
        items
            .iter()
            .map(|item| {
                let due = item.get("due_sk").and_then(|value| value.as_s().ok());
                Ok(Hint { key: key_of(item)?, due: due.cloned().unwrap_or_default() })
            })
            .collect()
    }

    /// Claims an item that is due: it comes due again at the lease's end, should this claim not
    /// finish.
    ///
    /// The claim is conditioned on the item being due, so that of two at once one has it. It counts
    /// the attempt before the item is read, so that one that does not read back ends as stuck too.
    pub async fn claim<T: DeserializeOwned>(
        &self,
        key: &Key,
        now: Timestamp,
        lease_end: Timestamp,
        most_attempts: u32,
    ) -> Result<Claimed<T>, Outage> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(key)))
            .condition_expression("attribute_exists(pk) AND due_sk <= :now")
            .update_expression("SET due_sk = :end ADD attempts :one")
            .expression_attribute_values(":now", AttributeValue::S(key::instant(now)))
            .expression_attribute_values(":end", AttributeValue::S(key::instant(lease_end)))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        let item = match answer {
            Ok(answer) => answer.attributes.unwrap_or_default(),
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_conditional_check_failed_exception() => {
                    return Ok(Claimed::NotDue);
                }
                _ => return Err(outage("UpdateItem", &error)),
            },
        };
        let counted = item.get("attempts").and_then(|attempts| attempts.as_n().ok()).cloned();
        let attempts: u32 = counted.as_ref().and_then(|text| text.parse().ok()).unwrap_or(u32::MAX);
        match counted {
            Some(counted) if attempts > most_attempts => self.set_aside(key, counted).await,
            _ => from_item(item).map(Claimed::Held),
        }
    }

    /// Takes an item that was begun too often out of the index. It stays where it is, with its
    /// attempts, for people to look at. One that was set anew meanwhile counts from zero, and is
    /// left alone.
    async fn set_aside<T>(&self, key: &Key, attempts: String) -> Result<Claimed<T>, Outage> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(key)))
            .condition_expression("attribute_exists(pk) AND attempts = :attempts")
            .update_expression("SET stuck = :yes REMOVE due_pk, due_sk")
            .expression_attribute_values(":attempts", AttributeValue::N(attempts))
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Claimed::Stuck),
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_conditional_check_failed_exception() => {
                    Ok(Claimed::NotDue)
                }
                _ => Err(outage("UpdateItem", &error)),
            },
        }
    }

    /// How many seconds the item that is due longest has been due; 0 if none is.
    pub async fn oldest_due_seconds(&self, work: Work, now: Timestamp) -> Result<i64, Outage> {
        let mut oldest = 0;
        for shard in 0..DUE_SHARDS {
            for hint in self.due(work, shard, now, 1).await? {
                let due: Timestamp = hint
                    .due
                    .parse()
                    .map_err(|_| Outage::new(OutageKind::Broken, "Query", "due instant"))?;
                oldest = oldest.max(now.duration_since(due).as_secs());
            }
        }
        Ok(oldest)
    }
}
