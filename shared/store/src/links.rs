//! How many patients an account is linked to.

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use domain::id::AccountId;
use domain::outage::Outage;

use crate::Store;
use crate::error::outage;
use crate::key::account_partition;
use crate::read::Item;

impl Store {
    /// Counts the active links of an account, in all clinics.
    ///
    /// `DynamoDB` counts: nothing of another clinic's link leaves the table.
    pub async fn active_links(&self, account: &AccountId) -> Result<usize, Outage> {
        let mut count = 0_usize;
        let mut start: Option<Item> = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .select(Select::Count)
                .key_condition_expression("pk = :pk AND begins_with(sk, :link)")
                .filter_expression("active = :active")
                .expression_attribute_values(":pk", AttributeValue::S(account_partition(account)))
                .expression_attribute_values(":link", AttributeValue::S("LINK#".to_owned()))
                .expression_attribute_values(":active", AttributeValue::Bool(true))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| outage("Query", &error))?;
            count = count.saturating_add(usize::try_from(answer.count).unwrap_or_default());
            match answer.last_evaluated_key {
                Some(key) => start = Some(key),
                None => return Ok(count),
            }
        }
    }
}
