//! Why a command stopped, in words for the person who ran it.

use std::fmt;

/// What went wrong and, where it is known, what to do.
#[derive(Debug)]
pub struct Failure(String);

/// What a command hands back.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure in these words, which may be several lines.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Says what was being done when an error came up.
pub trait Doing<T> {
    /// The error in words: what was being done, then the cause.
    fn doing(self, what: impl fmt::Display) -> Result<T>;
}

impl<T, E: fmt::Display> Doing<T> for std::result::Result<T, E> {
    fn doing(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|cause| Failure(format!("{what}: {cause}")))
    }
}
