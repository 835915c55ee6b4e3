//! The query, whose parameters each route lists.

use std::collections::BTreeMap;

use domain::refusal::{Code, Reason, Refusal};

use crate::request::Request;

/// How many entries a page has, where the caller does not say.
pub const DEFAULT_LIMIT: usize = 20;
/// The most entries of a page (product rule).
pub const MAX_LIMIT: usize = 100;

/// The parameters of one request, each of which the route knows and which stands once.
#[derive(Clone)]
pub struct Query<'a> {
    values: BTreeMap<&'a str, &'a str>,
}

impl Request {
    /// The query, of which the route knows the parameters `known`.
    ///
    /// Every unknown and every doubled parameter is told. An unknown one is not named, since its
    /// name is the caller's text. Values are taken as the gateway decoded them, and are decoded no
    /// further.
    pub fn query(&self, known: &[&str]) -> Result<Query<'_>, Refusal> {
        let mut reasons: Vec<Reason> = Vec::new();
        let mut values = BTreeMap::new();
        for name in self.query_names() {
            if !known.contains(&name) {
                reasons.push(Code::UnknownParameter.into());
                continue;
            }
            match self.query_values(name).as_slice() {
                [] => {}
                [value] => {
                    values.insert(name, *value);
                }
                _ => reasons.push(Reason::at(Code::DuplicateParameter, name)),
            }
        }
        match Refusal::of(reasons) {
            Some(refusal) => Err(refusal),
            None => Ok(Query { values }),
        }
    }
}

impl<'a> Query<'a> {
    /// The value of a parameter. An empty one is a value.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.values.get(name).copied()
    }

    /// The parameter `limit`: how many entries a page has, from 1 to 100; 20 if it is absent.
    pub fn limit(&self) -> Result<usize, Refusal> {
        let Some(text) = self.get("limit") else { return Ok(DEFAULT_LIMIT) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let limit = if digits { text.parse().ok() } else { None };
        limit
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| Refusal::at(Code::InvalidLimit, "limit"))
    }
}
