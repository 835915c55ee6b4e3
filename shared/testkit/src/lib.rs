//! An in-process `DynamoDB` for the tests of other crates, with the product's tables and faults on
//! demand. A dev-dependency only: whatever goes wrong here panics, which fails the test.
//!
//! ```no_run
//! # async fn example() {
//! use testkit::{AUDIT, Db, Fault, MAIN};
//!
//! let db = Db::start().await;
//! let client = db.client(); // ... the code under test writes with it ...
//! assert!(db.all_items(MAIN).await.is_empty());
//! assert_eq!(db.all_items(AUDIT).await.len(), 1);
//!
//! // The first transaction is committed, and its answer is lost.
//! let unlucky = db.client_with(Fault::answer_lost("TransactWriteItems"));
//! # let _ = (client, unlucky);
//! # }
//! ```
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "only tests use this crate, and a test fails by panicking"
)]

mod fault;
mod tables;

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use aws_types::SdkConfig;
use aws_types::sdk_config::SharedCredentialsProvider;
use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

pub use fault::Fault;

/// The name of the main table.
pub const MAIN: &str = "main";

/// The name of the audit table.
pub const AUDIT: &str = "audit";

/// An item as `DynamoDB` stores it: attribute name to value.
pub type Item = HashMap<String, AttributeValue>;

/// A `DynamoDB` of the test's own, empty but for the two tables of the product with their keys and
/// indexes. It listens on a free port of 127.0.0.1 and ends with the value.
///
/// Time to live is off, so an expired item stays: as on AWS, where its deletion can be days late.
#[derive(Debug)]
pub struct Db {
    endpoint: String,
    connector: SharedHttpConnector,
    server: Arc<Server>,
}

#[derive(Debug)]
struct Server(AbortHandle);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Db {
    /// Starts the database in a task of the test's runtime and creates the tables.
    pub async fn start() -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free loopback port");
        let address = listener.local_addr().expect("the port's address");
        let database = Database::memory().expect("an in-memory database");
        let server = tokio::spawn(dynoxide::server::serve_on(listener, database)).abort_handle();
        let db = Self {
            endpoint: format!("http://{address}"),
            connector: SharedHttpConnector::new(Connector::builder().build_http()),
            server: Arc::new(Server(server)),
        };
        tables::create(&db.client()).await;
        db
    }

    /// The database's address, `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL`. It takes any
    /// credentials and region.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A client of this database. As in production a call has three attempts; here they follow
    /// each other almost at once.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client_over(self.connector.clone())
    }

    /// A client of this database whose calls meet that fault. Other clients do not meet it.
    #[must_use]
    pub fn client_with(&self, fault: Fault) -> Client {
        self.client_over(SharedHttpConnector::new(fault.in_front_of(self.connector.clone())))
    }

    /// All items of a table, in the order of `pk`, then `sk`.
    pub async fn all_items(&self, table: &str) -> Vec<Item> {
        let mut items: Vec<Item> = self
            .client()
            .scan()
            .table_name(table)
            .consistent_read(true)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .expect("a scan of the table");
        items.sort_by_key(|item| (key(item, "pk"), key(item, "sk")));
        items
    }

    fn client_over(&self, connector: SharedHttpConnector) -> Client {
        let quick = Duration::from_millis(1);
        // The server lives as long as any client that could still call it.
        let server = Arc::clone(&self.server);
        let http = http_client_fn(move |_, _| {
            let _ = &server;
            connector.clone()
        });
        Client::from_conf(
            Config::builder()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .region(Region::from_static("ca-central-1"))
                .credentials_provider(Credentials::new("test", "test", None, None, "testkit"))
                .endpoint_url(&self.endpoint)
                .http_client(http)
                .retry_config(
                    RetryConfig::standard()
                        .with_max_attempts(3)
                        .with_initial_backoff(quick)
                        .with_max_backoff(quick),
                )
                .build(),
        )
    }
}

/// A configuration for clients that sign, and call nobody: where it points, nothing listens.
#[must_use]
pub fn nobody() -> SdkConfig {
    let credentials = Credentials::new("AKIAEXAMPLE", "test", None, None, "testkit");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("ca-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .endpoint_url("http://127.0.0.1:1")
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

fn key(item: &Item, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests;
