//! What is in the stack besides its API: tables, logs, policies, what was sent.
//!
//! It is asked for over plain HTTP. Stand-ins for AWS do not check the signature of their root user, so
//! that the tests need no SDK.

use std::fs;
use std::sync::OnceLock;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use system_tests::api::{Answer, Api};
use system_tests::stack::Stack;

/// The stack that is under test.
pub fn stack() -> &'static Stack {
    static STACK: OnceLock<Stack> = OnceLock::new();
    STACK.get_or_init(|| match Stack::load() {
        Ok(stack) => stack,
        Err(error) => {
            panic!("{error}. `cargo xtask test` starts a stack and runs these tests on it.")
        }
    })
}

/// A member of the stack's description that only the tests need.
pub fn described(pointer: &str) -> Value {
    static ALL: OnceLock<Value> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        stack();
        serde_json::from_slice(&fs::read(Stack::path()).unwrap()).unwrap()
    });
    all.pointer(pointer).cloned().unwrap_or_default()
}

fn text(pointer: &str) -> String {
    described(pointer).as_str().unwrap_or_default().to_owned()
}

fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={}/20260101/{}/{service}/aws4_request, SignedHeaders=host, Signature=0",
        text("/access_key_id"),
        text("/region")
    )
}

/// Calls an operation of a service that takes JSON.
pub fn json_call(service: &str, target: &str, body: &Value) -> Value {
    let answer = Api::new(&stack().endpoint)
        .post("/")
        .header("Authorization", &authorization(service))
        .header("X-Amz-Target", target)
        .header("Content-Type", "application/x-amz-json-1.1")
        .bytes(body.to_string())
        .send()
        .unwrap();
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    answer.json()
}

/// Calls an operation of a service that takes a form, and hands back its XML.
pub fn form_call(service: &str, form: &str) -> String {
    let answer = Api::new(&stack().endpoint)
        .post("/")
        .header("Authorization", &authorization(service))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .bytes(form.to_owned())
        .send()
        .unwrap();
    assert_eq!(answer.status, 200, "{form}: {}", answer.text());
    answer.text()
}

/// Reads a resource of a service with paths.
pub fn get_call(service: &str, path: &str) -> Value {
    let answer = Api::new(&stack().endpoint)
        .get(path)
        .header("Authorization", &authorization(service))
        .send()
        .unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

/// Changes a resource of a service with paths.
pub fn put_call(service: &str, path: &str, body: &Value) {
    let answer = Api::new(&stack().endpoint)
        .request(Method::PUT, path)
        .header("Authorization", &authorization(service))
        .bytes(body.to_string())
        .send()
        .unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
}

/// The items of a table whose key or index keys hold one of these texts, in the order of their keys.
pub fn items(table: &str, parts: &[&str]) -> Vec<Value> {
    let names: Vec<String> = (0..parts.len()).map(|number| format!(":p{number}")).collect();
    let attributes: &[&str] =
        if table == stack().audit_table_name { &["pk", "actor_pk"] } else { &["pk"] };
    let filter: Vec<String> = names
        .iter()
        .flat_map(|name| {
            attributes.iter().map(move |attribute| format!("contains({attribute}, {name})"))
        })
        .collect();
    let values: serde_json::Map<String, Value> =
        names.iter().zip(parts).map(|(name, part)| (name.clone(), json!({ "S": part }))).collect();
    let mut request = json!({
        "TableName": table,
        "ConsistentRead": true,
        "FilterExpression": filter.join(" OR "),
        "ExpressionAttributeValues": values,
    });
    let mut found = Vec::new();
    loop {
        let page = json_call("dynamodb", "DynamoDB_20120810.Scan", &request);
        found.extend(page["Items"].as_array().unwrap().clone());
        match page.get("LastEvaluatedKey").filter(|key| !key.is_null()) {
            Some(next) => request["ExclusiveStartKey"] = next.clone(),
            None => break,
        }
    }
    found.sort_by_key(|item| (string(item, "pk"), string(item, "sk")));
    found
}

/// The items of one partition of the main table.
pub fn partition(pk: &str) -> Vec<Value> {
    let request = json!({
        "TableName": stack().table_name,
        "ConsistentRead": true,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": { ":pk": { "S": pk } },
    });
    let page = json_call("dynamodb", "DynamoDB_20120810.Query", &request);
    page["Items"].as_array().unwrap().clone()
}

/// Writes an item to the main table, as if a function had.
pub fn put_item(item: &Value) {
    let request = json!({ "TableName": stack().table_name, "Item": item });
    json_call("dynamodb", "DynamoDB_20120810.PutItem", &request);
}

/// Writes many items to the main table.
pub fn put_items(items: &[Value]) {
    for batch in items.chunks(25) {
        let requests: Vec<Value> =
            batch.iter().map(|item| json!({ "PutRequest": { "Item": item } })).collect();
        let request = json!({ "RequestItems": { stack().table_name.as_str(): requests } });
        json_call("dynamodb", "DynamoDB_20120810.BatchWriteItem", &request);
    }
}

/// The partition of the index `due` that this work (`NOTICE`, `TIMER`) of the conversation of this id stands in.
pub fn due_partition(work: &str, conversation: &str) -> String {
    let add = |sum: u32, byte: u8| sum.wrapping_mul(31).wrapping_add(u32::from(byte));
    format!("DUE#{work}#{}", conversation.bytes().fold(0, add) % DUE_SHARDS)
}

const DUE_SHARDS: u32 = 4;

/// How many items of a clinic are in the index for this work, whenever they are due.
pub fn in_due_index(work: &str, clinic: &str) -> u64 {
    let mut count = 0;
    for shard in 0..DUE_SHARDS {
        let mut request = json!({
            "TableName": stack().table_name,
            "IndexName": "due",
            "Select": "COUNT",
            "KeyConditionExpression": "due_pk = :due",
            "FilterExpression": "contains(pk, :clinic)",
            "ExpressionAttributeValues": {
                ":due": { "S": format!("DUE#{work}#{shard}") },
                ":clinic": { "S": clinic },
            },
        });
        loop {
            let page = json_call("dynamodb", "DynamoDB_20120810.Query", &request);
            count += page["Count"].as_u64().unwrap();
            match page.get("LastEvaluatedKey").filter(|key| !key.is_null()) {
                Some(next) => request["ExclusiveStartKey"] = next.clone(),
                None => break,
            }
        }
    }
    count
}

/// A text attribute of an item; empty if there is none.
pub fn string(item: &Value, name: &str) -> String {
    item[name]["S"].as_str().unwrap_or_default().to_owned()
}

/// The emails that hold this text.
pub fn emails(part: &str) -> Vec<Value> {
    sent("/_ministack/ses/messages", "messages", part)
}

/// The text messages that hold this text.
pub fn texts(part: &str) -> Vec<Value> {
    sent("/_ministack/sns/sms-messages", "sms_messages", part)
}

fn sent(path: &str, member: &str, part: &str) -> Vec<Value> {
    let answer = Api::new(&stack().endpoint).get(path).send().unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    let lists = answer.json()[member].as_object().cloned().unwrap_or_default();
    lists
        .values()
        .filter_map(Value::as_array)
        .flatten()
        .filter(|entry| entry.to_string().contains(part))
        .cloned()
        .collect()
}

/// Asks S3 for something of a bucket, as the account's root.
pub fn s3(method: Method, bucket: &str, rest: &str, body: &[u8]) -> Answer {
    Api::new(&stack().endpoint)
        .request(method, &format!("/{bucket}{rest}"))
        .header("Authorization", &authorization("s3"))
        .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        .bytes(body.to_vec())
        .send()
        .unwrap()
}

/// Calls a function with an event, and hands back its answer.
pub fn invoke(function: &str, event: &Value) -> Value {
    let name = text(&format!("/functions/{function}"));
    // A worker may take the whole time that it is given.
    let answer = Api::new(&stack().endpoint)
        .with_timeout(Duration::from_secs(320))
        .post(&format!("/2015-03-31/functions/{name}/invocations"))
        .header("Authorization", &authorization("lambda"))
        .bytes(event.to_string())
        .send()
        .unwrap();
    assert_eq!(answer.status, 200, "{function}: {}", answer.text());
    answer.json()
}
