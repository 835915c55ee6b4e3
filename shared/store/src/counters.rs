//! Counts that are taken from, up to a bound: a second's sends, a day's text messages.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::outage::Outage;
use jiff::Timestamp;

use crate::Store;
use crate::error::outage;
use crate::key::Key;
use crate::read::key_item;

impl Store {
    /// Gives one back that was taken and not used.
    pub async fn give_back(&self, key: &Key) -> Result<(), Outage> {
        let minus_one = AttributeValue::N("-1".to_owned());
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(key)))
            .condition_expression("attribute_exists(pk)")
            .update_expression("ADD used :minus_one")
            .expression_attribute_values(":minus_one", minus_one)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| outage("UpdateItem", &error))
    }

    /// Takes one of `most`; `false`: all are taken. The count is deleted some time after `expires`.
    pub async fn take_one(&self, key: &Key, most: u32, expires: Timestamp) -> Result<bool, Outage> {
        // A bound of none is met before the first is counted.
        if most == 0 {
            return Ok(false);
        }
        let number = |number: i64| AttributeValue::N(number.to_string());
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(key)))
            .condition_expression("attribute_not_exists(used) OR used < :most")
            .update_expression("SET expires = :expires ADD used :one")
            .expression_attribute_values(":most", number(i64::from(most)))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":expires", number(expires.as_second()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_conditional_check_failed_exception() => Ok(false),
                _ => Err(outage("UpdateItem", &error)),
            },
        }
    }
}
