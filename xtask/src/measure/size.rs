//! How large `DynamoDB` takes an item to be, by the rules of its developer guide ("`DynamoDB` item sizes and
//! formats").

use serde_json::{Map, Value};

/// An item as it is on the wire: attribute names, each with a typed value.
pub type Item = Map<String, Value>;

/// The size of an item in bytes: its attributes' names and values.
pub fn bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + of_value(value)).sum()
}

/// The write units of an item of this size, outside a transaction: one for each 1024 bytes begun.
pub fn write_units(bytes: usize) -> usize {
    bytes.div_ceil(1024).max(1)
}

fn of_value(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|typed| typed.iter().next()) else {
        return 0;
    };
    let text = value.as_str().unwrap_or_default();
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = || list.iter().filter_map(Value::as_str);
    match kind.as_str() {
        "S" => text.len(),
        "N" => of_number(text),
        "B" => of_base64(text),
        "SS" => texts().map(str::len).sum(),
        "NS" => texts().map(of_number).sum(),
        "BS" => texts().map(of_base64).sum(),
        // Three bytes, and one more for each element.
        "L" => 3 + list.iter().map(|value| 1 + of_value(value)).sum::<usize>(),
        "M" => 3 + value.as_object().map_or(0, |members| bytes(members) + members.len()),
        // True, false and null.
        _ => 1,
    }
}

/// A byte for two significant digits, one more, and one for a minus sign.
fn of_number(text: &str) -> usize {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_matches('0').len();
    significant.div_ceil(2) + 1 + usize::from(text.starts_with('-'))
}

fn of_base64(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_values_count_by_their_kind() {
        for (value, size) in [
            (json!({ "S": "héllo" }), 6),
            (json!({ "S": "" }), 0),
            (json!({ "N": "0" }), 1),
            (json!({ "N": "27" }), 2),
            (json!({ "N": "-27" }), 3),
            (json!({ "N": "1000" }), 2),
            (json!({ "N": "0.001230" }), 3),
            (json!({ "B": "aGVsbG8=" }), 5),
            (json!({ "BOOL": true }), 1),
            (json!({ "NULL": true }), 1),
            (json!({ "L": [] }), 3),
            (json!({ "L": [{ "S": "ab" }, { "BOOL": false }] }), 8),
            (json!({ "M": {} }), 3),
            (json!({ "M": { "ab": { "S": "c" } } }), 7),
            (json!({ "SS": ["a", "bc"] }), 3),
            (json!({ "NS": ["1", "-22"] }), 5),
        ] {
            let item = json!({ "name": value });
            assert_eq!(bytes(item.as_object().unwrap()), 4 + size, "{value}");
        }
    }

    #[test]
    fn a_unit_is_a_kilobyte_begun() {
        for (bytes, units) in [(0, 1), (1024, 1), (1025, 2), (2049, 3)] {
            assert_eq!(write_units(bytes), units, "{bytes}");
        }
    }
}
