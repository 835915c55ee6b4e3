//! `DynamoDB`: the keys, the items, the reads and the transactions.
//!
//! A command is two waves: [`Store::read`] fetches all facts at once, and [`Store::commit`] writes
//! the decision in one transaction or not at all.

mod absences;
mod addresses;
pub mod attachments;
pub mod audit;
pub mod change;
pub mod counters;
pub mod due;
pub mod facts;
pub mod groups;
pub mod idempotency;
pub mod inbox;
pub mod key;
pub mod notices;
pub mod sending;
pub mod thread;

mod error;
mod links;
mod read;
mod reconcile;
mod transaction;

pub use read::{Found, Stretch};
pub use transaction::{Committed, Guard, Transaction};

use aws_sdk_dynamodb::Client;

/// The two tables of the product.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: String,
    audit_table: String,
}

impl Store {
    /// A store on these tables.
    pub fn new(client: Client, table: String, audit_table: String) -> Self {
        Self { client, table, audit_table }
    }

    /// Opens the connection during a function's init, when a call is nearly free; a failure shows
    /// at the first real call.
    pub async fn warm(&self) {
        let key = key::Key { pk: "WARM".to_owned(), sk: "WARM".to_owned() };
        if let Err(outage) = self.read([key]).await {
            tracing::warn!(
                operation = outage.operation(),
                detail = outage.detail(),
                "warm-up failed"
            );
        }
    }
}
