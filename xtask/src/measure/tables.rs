//! Tables of the measuring's own in the stack. They have the deployed tables' keys and indexes and no
//! stream, so that the stack's own workers leave what is in them alone.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use system_tests::api::Api;
use system_tests::stack::Stack;
use system_tests::world::fresh;

use super::size::Item;
use crate::failure::{Doing as _, Failure, Result};
use crate::server::{REGION, ROOT_KEY};

/// What is in both tables, by table, `pk` and `sk`.
pub type Snapshot = BTreeMap<(String, String, String), Item>;

/// The two tables.
pub struct Tables {
    stack: Api,
    /// The main table's name.
    pub main: String,
    /// The audit table's name.
    pub audit: String,
}

impl Tables {
    /// Makes tables like those of a stack.
    pub fn like(stack: &Stack) -> Result<Self> {
        let prefix = fresh("measure");
        let tables = Self {
            stack: Api::new(&stack.endpoint),
            main: format!("{prefix}-main"),
            audit: format!("{prefix}-audit"),
        };
        tables.make(&tables.main, &stack.table_name)?;
        tables.make(&tables.audit, &stack.audit_table_name)?;
        Ok(tables)
    }

    /// Everything that is in them. It is little: a page holds it.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let mut found = Snapshot::new();
        for table in [&self.main, &self.audit] {
            let answer =
                self.call("Scan", &json!({ "TableName": table, "ConsistentRead": true }))?;
            let items = answer.get("Items").and_then(Value::as_array);
            for item in items.into_iter().flatten().filter_map(Value::as_object) {
                found.insert(key(table, item), item.clone());
            }
        }
        Ok(found)
    }

    /// Removes them.
    pub fn remove(&self) -> Result<()> {
        for table in [&self.main, &self.audit] {
            self.call("DeleteTable", &json!({ "TableName": table }))?;
        }
        Ok(())
    }

    fn make(&self, name: &str, like: &str) -> Result<()> {
        let described = self.call("DescribeTable", &json!({ "TableName": like }))?;
        let table = described.get("Table").cloned().unwrap_or_default();
        let indexes = table.get("GlobalSecondaryIndexes").and_then(Value::as_array);
        let indexes: Vec<Value> = indexes
            .into_iter()
            .flatten()
            .map(|index| only(index, &["IndexName", "KeySchema", "Projection"]))
            .collect();
        let mut request = only(&table, &["KeySchema", "AttributeDefinitions"]);
        if let Some(members) = request.as_object_mut() {
            members.insert("TableName".to_owned(), json!(name));
            members.insert("BillingMode".to_owned(), json!("PAY_PER_REQUEST"));
            members.insert("GlobalSecondaryIndexes".to_owned(), json!(indexes));
        }
        self.call("CreateTable", &request).map(|_| ())
    }

    /// Calls `DynamoDB` as the stack's root user, whose signature is not looked at.
    fn call(&self, operation: &str, body: &Value) -> Result<Value> {
        let scope = format!("{ROOT_KEY}/20260101/{REGION}/dynamodb/aws4_request");
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let answer = self
            .stack
            .post("/")
            .header("Authorization", &authorization)
            .header("X-Amz-Target", &format!("DynamoDB_20120810.{operation}"))
            .header("Content-Type", "application/x-amz-json-1.0")
            .json(body)
            .send()
            .doing("calling the stack's DynamoDB")?;
        if answer.status == 200 {
            return Ok(answer.json());
        }
        Err(Failure::new(format!(
            "The stack's DynamoDB answered {} to {operation}: {}",
            answer.status,
            answer.text()
        )))
    }
}

/// The place of an item, or of what is named by its key alone.
pub fn key(table: &str, item: &Item) -> (String, String, String) {
    let text = |name: &str| {
        let value = item.get(name).and_then(|value| value.get("S")).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    (table.to_owned(), text("pk"), text("sk"))
}

fn only(object: &Value, names: &[&str]) -> Value {
    let members: Map<String, Value> = names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), object.get(*name)?.clone())))
        .collect();
    Value::Object(members)
}
