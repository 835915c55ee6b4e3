//! Groups of staff, and who is in them.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::command::GroupFacts;
use domain::id::{ClinicId, GroupId};
use domain::outage::Outage;
use domain::people::StaffMember;

use crate::Store;
use crate::error::{corrupt, outage};
use crate::key;
use crate::read::{Found, Item, from_item};

impl Store {
    /// Who is in each of these groups, in their order, the groups read at the same time. How many a
    /// group has is bounded by the clinic's staff, not by history.
    pub async fn members(
        &self,
        clinic: &ClinicId,
        groups: &[GroupId],
    ) -> Result<Vec<Vec<StaffMember>>, Outage> {
        let mut calls = tokio::task::JoinSet::new();
        for (position, group) in groups.iter().enumerate() {
            let partition = key::group_partition(clinic, group);
            let store = self.clone();
            calls.spawn(async move { (position, store.members_of(partition).await) });
        }
        let mut members = vec![Vec::new(); groups.len()];
        while let Some(answer) = calls.join_next().await {
            let (position, found) = answer.map_err(|_| corrupt("Query", "task"))?;
            if let Some(place) = members.get_mut(position) {
                *place = found?;
            }
        }
        Ok(members)
    }

    async fn members_of(&self, partition: String) -> Result<Vec<StaffMember>, Outage> {
        let mut members = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND begins_with(sk, :member)")
                .expression_attribute_values(":pk", AttributeValue::S(partition.clone()))
                .expression_attribute_values(":member", AttributeValue::S("MEMBER#".to_owned()))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| outage("Query", &error))?;
            for item in answer.items.unwrap_or_default() {
                members.push(from_item::<StaffMember>(item)?);
            }
            match answer.last_evaluated_key {
                Some(key) => start = Some(key),
                None => return Ok(members),
            }
        }
    }
}

/// The groups of these ids, as a read of their keys and of [`Store::members`] found them.
pub fn groups(
    found: &Found,
    clinic: &ClinicId,
    ids: &[GroupId],
    members: Vec<Vec<StaffMember>>,
) -> Result<Vec<GroupFacts>, Outage> {
    ids.iter()
        .zip(members)
        .map(|(id, members)| Ok(GroupFacts { group: found.get(&key::group(clinic, id))?, members }))
        .collect()
}
