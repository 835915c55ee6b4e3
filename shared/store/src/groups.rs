//! Groups of staff, and who is in them.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::command::GroupFacts;
use domain::id::{ClinicId, GroupId};
use domain::outage::Outage;
use domain::people::{Group, StaffMember};

use crate::Store;
use crate::error::{corrupt, outage};
use crate::key;
use crate::read::{Found, from_item, key_of};

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
            let members = key::members(clinic, group);
            let store = self.clone();
            calls.spawn(async move { (position, store.all(members).await) });
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
}

/// Those in a clinic's directory to whom conversations can be addressed.
#[derive(Clone, Debug)]
pub enum Addressable {
    /// A group.
    Group(Group),
    /// A member of staff.
    Staff(Box<StaffMember>),
}

/// How many records of the directory one query looks at.
const LOOKED_AT: i32 = 100;

/// So many queries one page makes at most: a page may be short, and goes on all the same.
const MOST_QUERIES: usize = 5;

impl Store {
    /// A page of a clinic's groups and then its staff, by id, of those that are wanted, after a
    /// place.
    ///
    /// What is bounded is what is looked at. The place that a page gives is that of the last one
    /// that was looked at.
    pub async fn addressables(
        &self,
        clinic: &ClinicId,
        after: Option<&str>,
        limit: usize,
        wanted: impl Fn(&Addressable) -> bool,
    ) -> Result<(Vec<Addressable>, Option<String>), Outage> {
        let mut found = Vec::new();
        let mut place = after.unwrap_or(GROUPS.0).to_owned();
        for _ in 0..MOST_QUERIES {
            let (low, high) = if place.as_str() < GROUPS.1 { GROUPS } else { STAFF };
            let from = if place.as_str() < low { low } else { place.as_str() };
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
                .expression_attribute_values(
                    ":pk",
                    AttributeValue::S(key::clinic_partition(clinic)),
                )
                .expression_attribute_values(":low", AttributeValue::S(from.to_owned()))
                .expression_attribute_values(":high", AttributeValue::S(high.to_owned()))
                .limit(LOOKED_AT)
                .send()
                .await
                .map_err(|error| outage("Query", &error))?;
            let more = answer.last_evaluated_key.is_some();
            for item in answer.items.unwrap_or_default() {
                let sk = key_of(&item)?.sk;
                // A page begins with the one at which the page before ended.
                if sk <= place {
                    continue;
                }
                let one = if low == GROUPS.0 {
                    Addressable::Group(from_item(item)?)
                } else {
                    Addressable::Staff(Box::new(from_item(item)?))
                };
                place = sk;
                if wanted(&one) {
                    found.push(one);
                    if found.len() == limit {
                        return Ok((found, Some(place)));
                    }
                }
            }
            if !more {
                if low == STAFF.0 {
                    return Ok((found, None));
                }
                STAFF.0.clone_into(&mut place);
            }
        }
        Ok((found, Some(place)))
    }
}

/// The sort keys of groups and of staff: each from its label to the one after every id.
const GROUPS: (&str, &str) = ("GROUP#", "GROUP$");
const STAFF: (&str, &str) = ("STAFF#", "STAFF$");

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
