#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod filled;
mod random;
mod removed;
mod safety;
mod shape;

use super::*;

/// The sanitised HTML of `raw`.
fn html(raw: &str) -> String {
    Body::parse(raw).unwrap().html().to_owned()
}

/// The plain-text rendition of `raw`.
fn text(raw: &str) -> String {
    Body::parse(raw).unwrap().text().to_owned()
}
