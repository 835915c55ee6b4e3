//! One transaction: all of it is written, or nothing.

use std::any::type_name;

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem};
use domain::audit::Record;
use domain::outage::{Outage, OutageKind};
use serde::Serialize;

use crate::error::{corrupt, outage};
use crate::key::Key;
use crate::read::{Item, key_item};
use crate::{Store, audit};

const OPERATION: &str = "TransactWriteItems";

/// How a transaction ended, if nothing is wrong underneath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Committed {
    /// Everything is written.
    Done,
    /// Nothing is written: another writer was first, or a condition does not hold any more. Read
    /// again and decide again.
    Lost,
}

/// What must hold of an item for a transaction to be written.
#[derive(Clone, Debug)]
pub enum Guard {
    /// There is no such item.
    Absent,
    /// There is such an item.
    Present,
    /// The item has this version.
    Version(u64),
    /// This number attribute is exactly this.
    Number(&'static str, u64),
    /// These two number attributes are exactly these.
    Numbers([(&'static str, u64); 2]),
    /// This attribute is `true`.
    True(&'static str),
    /// This attribute is `true`, and that one is not there.
    TrueWithout(&'static str, &'static str),
    /// There is such an item, and this attribute is not there.
    PresentWithout(&'static str),
    /// There is no such item, or this number attribute is at most this.
    AbsentOrAtMost(&'static str, u64),
}

/// A transaction in the making.
#[derive(Debug)]
pub struct Transaction {
    table: String,
    audit_table: String,
    parts: Vec<TransactWriteItem>,
    fault: Option<Outage>,
}

impl Store {
    /// An empty transaction.
    pub fn transaction(&self) -> Transaction {
        Transaction {
            table: self.table.clone(),
            audit_table: self.audit_table.clone(),
            parts: Vec::new(),
            fault: None,
        }
    }

    /// Writes the transaction.
    ///
    /// The SDK repeats the call under one client token where its answer was lost, so a repeat of
    /// what is written already is no second effect.
    pub async fn commit(&self, transaction: Transaction) -> Result<Committed, Outage> {
        if let Some(fault) = transaction.fault {
            return Err(fault);
        }
        let parts = Some(transaction.parts);
        let answer = self.client.transact_write_items().set_transact_items(parts).send().await;
        match answer {
            Ok(_) => Ok(Committed::Done),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
                    Ok(Committed::Lost)
                }
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    canceled(cancelled.cancellation_reasons())
                }
                Some(other) if other.code() == Some("TransactionConflictException") => {
                    Ok(Committed::Lost)
                }
                _ => Err(outage(OPERATION, &error)),
            },
        }
    }

    /// Appends one audit record on its own: for a view or a refusal, which write nothing else.
    pub async fn record(&self, record: &Record) -> Result<(), Outage> {
        let item = audit::item(record)?;
        self.client
            .put_item()
            .table_name(&self.audit_table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await
            .map_err(|error| outage("PutItem", &error))?;
        Ok(())
    }
}

impl Transaction {
    /// Writes an item whole. `attributes` are what the indexes need, besides the body.
    pub fn put<T: Serialize>(
        &mut self,
        key: &Key,
        body: &T,
        attributes: impl IntoIterator<Item = (&'static str, String)>,
        guard: Option<Guard>,
    ) {
        let Ok(mut item) = serde_dynamo::to_item::<_, Item>(body) else {
            self.fail(type_name::<T>());
            return;
        };
        item.extend(key_item(key));
        let attributes = attributes.into_iter();
        item.extend(attributes.map(|(name, value)| (name.to_owned(), AttributeValue::S(value))));
        let mut put = Put::builder().table_name(&self.table).set_item(Some(item));
        if let Some(guard) = guard {
            let Condition { expression, names, values } = guard.condition();
            put = put.condition_expression(expression);
            for (placeholder, name) in names {
                put = put.expression_attribute_names(placeholder, name);
            }
            for (placeholder, value) in values {
                put = put.expression_attribute_values(placeholder, value);
            }
        }
        match put.build() {
            Ok(put) => self.parts.push(TransactWriteItem::builder().put(put).build()),
            Err(_) => self.fail("put"),
        }
    }

    /// Deletes an item, which may be gone already.
    pub fn delete(&mut self, key: &Key) {
        let built = Delete::builder().table_name(&self.table).set_key(Some(key_item(key))).build();
        match built {
            Ok(delete) => self.parts.push(TransactWriteItem::builder().delete(delete).build()),
            Err(_) => self.fail("delete"),
        }
    }

    /// Requires something of an item that is not written.
    pub fn check(&mut self, key: &Key, guard: &Guard) {
        let Condition { expression, names, values } = guard.condition();
        let mut check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(key_item(key)))
            .condition_expression(expression);
        for (placeholder, name) in names {
            check = check.expression_attribute_names(placeholder, name);
        }
        for (placeholder, value) in values {
            check = check.expression_attribute_values(placeholder, value);
        }
        match check.build() {
            Ok(check) => {
                self.parts.push(TransactWriteItem::builder().condition_check(check).build());
            }
            Err(_) => self.fail("condition check"),
        }
    }

    /// Appends an audit record.
    pub fn record(&mut self, record: &Record) {
        let Ok(item) = audit::item(record) else { return self.fail("audit record") };
        let built = Put::builder()
            .table_name(&self.audit_table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .build();
        match built {
            Ok(put) => self.parts.push(TransactWriteItem::builder().put(put).build()),
            Err(_) => self.fail("audit record"),
        }
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.fault.is_none()
    }

    fn fail(&mut self, what: &'static str) {
        self.fault = Some(corrupt(OPERATION, what));
    }
}

/// A guard as `DynamoDB` reads it.
struct Condition {
    expression: &'static str,
    names: Vec<(&'static str, &'static str)>,
    values: Vec<(&'static str, AttributeValue)>,
}

impl Guard {
    fn condition(&self) -> Condition {
        let number = |number: u64| AttributeValue::N(number.to_string());
        let bare = |expression| Condition { expression, names: vec![], values: vec![] };
        let named = |expression, name, value| Condition {
            expression,
            names: vec![("#name", name)],
            values: vec![(":value", value)],
        };
        match self {
            Self::Absent => bare("attribute_not_exists(pk)"),
            Self::Present => bare("attribute_exists(pk)"),
            Self::Version(version) => named("#name = :value", "version", number(*version)),
            Self::Number(name, value) => named("#name = :value", name, number(*value)),
            Self::Numbers([(first, one), (second, other)]) => Condition {
                expression: "#first = :one AND #second = :other",
                names: vec![("#first", first), ("#second", second)],
                values: vec![(":one", number(*one)), (":other", number(*other))],
            },
            Self::True(name) => named("#name = :value", name, AttributeValue::Bool(true)),
            Self::TrueWithout(name, without) => Condition {
                expression: "#name = :value AND attribute_not_exists(#without)",
                names: vec![("#name", name), ("#without", without)],
                values: vec![(":value", AttributeValue::Bool(true))],
            },
            Self::PresentWithout(name) => Condition {
                expression: "attribute_exists(pk) AND attribute_not_exists(#name)",
                names: vec![("#name", name)],
                values: vec![],
            },
            Self::AbsentOrAtMost(name, most) => {
                named("attribute_not_exists(pk) OR #name <= :value", name, number(*most))
            }
        }
    }
}

/// Contention and conditions that do not hold are decided again; anything else is an outage.
fn canceled(reasons: &[aws_sdk_dynamodb::types::CancellationReason]) -> Result<Committed, Outage> {
    for reason in reasons {
        match reason.code().unwrap_or("None") {
            "None" | "ConditionalCheckFailed" | "TransactionConflict" => {}
            code @ ("ThrottlingError" | "ProvisionedThroughputExceeded") => {
                return Err(Outage::new(OutageKind::Unavailable, OPERATION, code));
            }
            code => return Err(Outage::new(OutageKind::Broken, OPERATION, code)),
        }
    }
    Ok(Committed::Lost)
}
