//! What a command costs: its calls in waves, its transactions and its write units.

use serde_json::Value;

use super::proxy::Call;
use super::size::{self, Item};
use super::tables::{self, Snapshot};
use crate::failure::{Doing as _, Failure, Result};

/// What a command costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The calls' names. A wave is calls that were under way together; one begins when the one before it
    /// has its answers.
    pub waves: Vec<Vec<String>>,
    /// How many items each transaction writes or checks.
    pub transactions: Vec<usize>,
    /// Write units of the items themselves. What the indexes' copies of them cost is not counted.
    pub write_units: usize,
}

impl Cost {
    /// Reckons the calls of one command, given what the tables held before and after it.
    ///
    /// A call that failed fails this: it would be made again, and what was measured would not be the usual.
    pub fn of(mut calls: Vec<Call>, before: &Snapshot, after: &Snapshot) -> Result<Self> {
        calls.sort_by_key(|call| call.begun);
        let mut cost = Self { waves: waves(&calls), transactions: Vec::new(), write_units: 0 };
        for call in &calls {
            if call.status != "200" {
                let (operation, status) = (&call.operation, &call.status);
                return Err(Failure::new(format!("The stack answered {status} to {operation}.")));
            }
            let units = |write: &Value| units(write, before, after);
            match call.operation.as_str() {
                "TransactWriteItems" => {
                    let body = body(call)?;
                    let actions = body.get("TransactItems").and_then(Value::as_array);
                    let actions = actions.map(Vec::as_slice).unwrap_or_default();
                    let writes =
                        actions.iter().filter_map(|action| action.as_object()?.values().next());
                    cost.transactions.push(actions.len());
                    // Each is prepared and then written, and a check is prepared and released.
                    cost.write_units += writes.map(|write| 2 * units(write)).sum::<usize>();
                }
                "PutItem" | "UpdateItem" | "DeleteItem" => cost.write_units += units(&body(call)?),
                _ => {}
            }
        }
        Ok(cost)
    }

    /// The calls in words: waves follow each other.
    pub fn calls(&self) -> String {
        let waves: Vec<String> = self.waves.iter().map(|wave| in_words(wave)).collect();
        waves.join(" → ")
    }

    /// Whether a call of this name is among them.
    pub fn has(&self, operation: &str) -> bool {
        self.waves.iter().flatten().any(|call| call == operation)
    }
}

/// Names of one wave in order, each with its number where it is there more than once.
fn in_words(wave: &[String]) -> String {
    let mut names: Vec<(&str, usize)> = Vec::new();
    for name in wave {
        match names.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => names.push((name, 1)),
        }
    }
    let words: Vec<String> = names
        .into_iter()
        .map(|(name, count)| if count == 1 { name.to_owned() } else { format!("{count} × {name}") })
        .collect();
    words.join(" + ")
}

/// The calls, in the order of their beginning, by when they were under way.
fn waves(calls: &[Call]) -> Vec<Vec<String>> {
    let mut waves: Vec<Vec<String>> = Vec::new();
    let mut end = None;
    for call in calls {
        match waves.last_mut() {
            Some(wave) if end.is_some_and(|end| call.begun < end) => {
                wave.push(call.operation.clone())
            }
            _ => waves.push(vec![call.operation.clone()]),
        }
        end = end.max(Some(call.ended));
    }
    waves
}

fn body(call: &Call) -> Result<Value> {
    serde_json::from_slice(&call.body).doing(format_args!("reading a {}", call.operation))
}

/// The write units of a put, an update, a deletion or a check, outside a transaction: by the larger of the
/// item before it and after it.
fn units(write: &Value, before: &Snapshot, after: &Snapshot) -> usize {
    let table = write.get("TableName").and_then(Value::as_str).unwrap_or_default();
    let put = write.get("Item").and_then(Value::as_object);
    let named = put.or_else(|| write.get("Key").and_then(Value::as_object));
    let Some(named) = named else { return 0 };
    let key = tables::key(table, named);
    let versions: [Option<&Item>; 3] = [put, before.get(&key), after.get(&key)];
    let bytes = versions.into_iter().flatten().map(size::bytes).max().unwrap_or_default();
    size::write_units(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::*;

    fn call(operation: &str, base: Instant, from: u64, to: u64, body: &Value) -> Call {
        Call {
            operation: operation.to_owned(),
            begun: base + Duration::from_millis(from),
            ended: base + Duration::from_millis(to),
            status: "200".to_owned(),
            body: body.to_string().into_bytes(),
        }
    }

    #[test]
    fn calls_that_overlap_are_a_wave() {
        let base = Instant::now();
        let none = json!({});
        let calls = vec![
            call("C", base, 41, 50, &none),
            call("A", base, 0, 10, &none),
            call("B", base, 5, 40, &none),
            call("A", base, 20, 30, &none),
        ];
        let cost = Cost::of(calls, &Snapshot::new(), &Snapshot::new()).unwrap();
        assert_eq!(cost.calls(), "2 × A + B → C");
        assert!(cost.has("C") && !cost.has("D"));
    }

    #[test]
    fn a_transaction_costs_two_units_a_kilobyte_of_the_larger_version() {
        let key = |sk: &str| json!({ "pk": { "S": "p" }, "sk": { "S": sk } });
        let mut large = key("old");
        large.as_object_mut().unwrap().insert("text".to_owned(), json!({ "S": "x".repeat(1024) }));
        let large = large.as_object().unwrap().clone();
        let before = Snapshot::from([(tables::key("t", &large), large)]);
        let transaction = json!({ "TransactItems": [
            { "Put": { "TableName": "t", "Item": key("new") } },
            { "Delete": { "TableName": "t", "Key": key("old") } },
            { "ConditionCheck": { "TableName": "t", "Key": key("none") } },
        ] });
        let update = json!({ "TableName": "t", "Key": key("old") });
        let base = Instant::now();
        let calls = vec![
            call("TransactWriteItems", base, 0, 1, &transaction),
            call("UpdateItem", base, 2, 3, &update),
        ];
        let cost = Cost::of(calls, &before, &Snapshot::new()).unwrap();
        assert_eq!((cost.transactions, cost.write_units), (vec![3], 2 + 4 + 2 + 2));
    }

    #[test]
    fn a_call_that_failed_is_said() {
        let mut failed = call("Query", Instant::now(), 0, 1, &json!({}));
        failed.status = "500".to_owned();
        let failure = Cost::of(vec![failed], &Snapshot::new(), &Snapshot::new()).unwrap_err();
        assert_eq!(failure.to_string(), "The stack answered 500 to Query.");
    }
}
