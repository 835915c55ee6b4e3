//! What the whole-system tests and the developer commands share: a development token issuer, a small
//! blocking HTTP client, the description of the local stack that is running, and what clinics and patients
//! ask of it.
//!
//! This library stays free of the AWS SDK and of a TLS stack, so that `cargo xtask` compiles in seconds.

pub mod api;
pub mod files;
pub mod issuer;
pub mod stack;
pub mod world;

/// The instant now, for what is made to be used at once, such as a token.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place where tests and developer commands read the clock"
)]
pub fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
