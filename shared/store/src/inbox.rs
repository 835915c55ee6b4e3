//! Lists of conversations, newest activity first. A page costs the same whatever exists.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::conversation::{Conversation, Party, Person, ReadMarker, State, Tally, UnreadAlert};
use domain::id::{AccountId, ClinicId, ConversationId, PatientId};
use domain::outage::Outage;
use domain::people::AccountLink;
use domain::text::{DisplayName, Title};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::outage;
use crate::key::{self, ConversationKey, List, Listed};
use crate::read::{Item, from_item};

/// A conversation as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The clinic.
    pub clinic: ClinicId,
    /// The patient.
    pub patient: PatientId,
    /// The patient's name when the conversation was started.
    pub patient_name: DisplayName,
    /// The conversation.
    pub conversation: ConversationId,
    /// The title.
    pub title: Title,
    /// Open or closed.
    #[serde(flatten)]
    pub state: State,
    /// The side that it awaits.
    pub awaits: Party,
    /// Whether the patient may reply.
    pub replies_allowed: bool,
    /// When the newest message was written.
    pub last_activity: Timestamp,
    /// The counts of messages.
    pub tally: Tally,
    /// Whether it is hidden from guardians.
    #[serde(default)]
    pub patient_only: bool,
    /// That nobody on the patient's side has read a message for long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_alert: Option<UnreadAlert>,
}

impl Entry {
    /// What lists show of a conversation.
    pub fn of(conversation: &Conversation) -> Self {
        Self {
            clinic: conversation.clinic.clone(),
            patient: conversation.patient.clone(),
            patient_name: conversation.patient_name.clone(),
            conversation: conversation.id.clone(),
            title: conversation.title.clone(),
            state: conversation.state.clone(),
            awaits: conversation.awaits(),
            replies_allowed: conversation.replies_allowed,
            last_activity: conversation.last_activity,
            tally: conversation.tally.clone(),
            patient_only: conversation.patient_only,
            unread_alert: conversation.unread_alert,
        }
    }

    /// The name of the conversation.
    pub fn name(&self) -> ConversationKey {
        ConversationKey {
            clinic: self.clinic.clone(),
            patient: self.patient.clone(),
            conversation: self.conversation.clone(),
        }
    }

    /// The place in a list.
    pub fn position(&self) -> String {
        format!("{}#{}", key::instant(self.last_activity), self.conversation)
    }
}

/// An index of lists, with the conditions on its keys.
struct Index {
    name: &'static str,
    whole: &'static str,
    after: &'static str,
}

static INBOX: Index =
    Index { name: "inbox", whole: "inbox_pk = :pk", after: "inbox_pk = :pk AND inbox_sk < :after" };

static CHART: Index =
    Index { name: "chart", whole: "chart_pk = :pk", after: "chart_pk = :pk AND chart_sk < :after" };

/// A page of a list.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Its entries, newest activity first.
    pub entries: Vec<Entry>,
    /// The place of the last one, if there may be more after it.
    pub next: Option<String>,
}

impl Store {
    /// A page of several lists as one, of the conversations in these states, after a place.
    ///
    /// The lists' partitions share one order, by activity and conversation, so one place is enough
    /// to go on from. Each partition is asked for a page at most. A conversation that moves while
    /// one pages goes to the front, so it may be seen twice and none is passed over.
    pub async fn list(
        &self,
        lists: &[List],
        states: &[Listed],
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, Outage> {
        let mut calls = tokio::task::JoinSet::new();
        for list in lists {
            for state in states {
                let partition = key::list_partition(list, *state);
                let index = if list.about.is_some() { &CHART } else { &INBOX };
                let after = after.map(str::to_owned);
                let store = self.clone();
                calls.spawn(async move { store.list_one(index, partition, after, limit).await });
            }
        }
        let mut entries: Vec<Entry> = Vec::new();
        let mut more = false;
        let mut known_down_to = String::new();
        while let Some(answer) = calls.join_next().await {
            let broken = |_| crate::error::corrupt("Query", "task");
            let (items, cut) = answer.map_err(broken)??;
            more |= cut;
            for item in items {
                entries.push(from_item(item)?);
            }
            // Below a partition's last entry there may be others of it: `DynamoDB` cuts a page at
            // 1 MB too, before it has as many entries as were asked for.
            if let Some(last) = entries.last().filter(|_| cut) {
                known_down_to = known_down_to.max(last.position());
            }
        }
        entries.retain(|entry| entry.position() >= known_down_to);
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.position()));
        // While the index catches up, a conversation may stand in two states: the newer counts.
        let mut seen = std::collections::HashSet::new();
        entries.retain(|entry| seen.insert((entry.clinic.clone(), entry.conversation.clone())));
        more |= entries.len() > limit;
        entries.truncate(limit);
        let last = entries.last().map(Entry::position);
        Ok(Page { next: last.filter(|_| more), entries })
    }

    async fn list_one(
        &self,
        index: &'static Index,
        partition: String,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Item>, bool), Outage> {
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(index.name)
            .expression_attribute_values(":pk", AttributeValue::S(partition))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        query = match after {
            Some(after) => query
                .key_condition_expression(index.after)
                .expression_attribute_values(":after", AttributeValue::S(after)),
            None => query.key_condition_expression(index.whole),
        };
        let answer = query.send().await.map_err(|error| outage("Query", &error))?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key.is_some()))
    }

    /// The read markers of whoever reads each of these entries, in their order.
    pub async fn markers(
        &self,
        entries: &[Entry],
        reader: impl Fn(&Entry) -> Person,
    ) -> Result<Vec<ReadMarker>, Outage> {
        let keys: Vec<_> =
            entries.iter().map(|entry| key::marker(&entry.name(), &reader(entry))).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.read(keys.clone()).await?;
        keys.iter().map(|key| Ok(found.get(key)?.unwrap_or_default())).collect()
    }

    /// The active links of an account, in one page: an account has at most 20.
    pub async fn links_of(&self, account: &AccountId) -> Result<Vec<AccountLink>, Outage> {
        let partition = AttributeValue::S(key::account_partition(account));
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :link)")
            .expression_attribute_values(":pk", partition)
            .expression_attribute_values(":link", AttributeValue::S("LINK#".to_owned()))
            .send()
            .await
            .map_err(|error| outage("Query", &error))?;
        let links = answer.items.unwrap_or_default().into_iter().map(from_item::<AccountLink>);
        let links: Vec<AccountLink> = links.collect::<Result<_, _>>()?;
        Ok(links.into_iter().filter(|link| link.active).collect())
    }
}
