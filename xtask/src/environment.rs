//! The process's surroundings, read in this one place.

use std::ffi::OsString;
use std::time::SystemTime;

/// An environment variable, if it is set to something.
#[expect(
    clippy::disallowed_methods,
    reason = "a developer command has no platform::env(); this is its one place"
)]
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The same as text, if it is text.
pub fn text(name: &str) -> Option<String> {
    variable(name).and_then(|value| value.into_string().ok())
}

/// The instant now.
#[expect(
    clippy::disallowed_methods,
    reason = "a developer command has no platform::now(); this is its one place"
)]
pub fn now() -> SystemTime {
    SystemTime::now()
}
