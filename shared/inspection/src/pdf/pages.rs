//! Whether there is a page that a reader can arrive at.

use std::collections::{BTreeMap, HashSet};

use super::lexer::Value;

/// What objects say about pages. An object that was written several times says all of it.
#[derive(Default)]
pub struct Pages {
    roots: Vec<u32>,
    nodes: BTreeMap<u32, Vec<Node>>,
}

enum Node {
    /// A part of the tree, or an array that holds its children.
    Children(Vec<u32>),
    /// Any other dictionary; it is a page if the tree says so.
    Leaf,
}

impl Pages {
    /// Learns from an object.
    pub fn learn(&mut self, number: Option<u32>, value: Value) {
        let node = match value {
            Value::Dictionary(dictionary) => {
                if dictionary.get(b"Type").is_some_and(|value| value.is_name(b"Catalog")) {
                    self.roots.extend(dictionary.get(b"Pages").and_then(Value::as_reference));
                }
                match dictionary.get(b"Kids") {
                    Some(Value::Array(children)) => Node::Children(references(children)),
                    Some(Value::Reference(array)) => Node::Children(vec![*array]),
                    _ => Node::Leaf,
                }
            }
            Value::Array(items) => Node::Children(references(&items)),
            _ => return,
        };
        if let Some(number) = number {
            self.nodes.entry(number).or_default().push(node);
        }
    }

    /// Whether the tree, which may be a circle, has a leaf.
    pub fn has_any(&self) -> bool {
        let mut seen = HashSet::new();
        let mut ahead = self.roots.clone();
        while let Some(number) = ahead.pop() {
            if !seen.insert(number) {
                continue;
            }
            for node in self.nodes.get(&number).into_iter().flatten() {
                match node {
                    Node::Children(children) => ahead.extend(children),
                    Node::Leaf => return true,
                }
            }
        }
        false
    }
}

fn references(items: &[Value]) -> Vec<u32> {
    items.iter().filter_map(Value::as_reference).collect()
}
