//! What a rule cannot decide about: the parts underneath failing.

use std::error::Error as StdError;
use std::fmt;

/// How a failure of storage or of a provider is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutageKind {
    /// Others were writing the same thing all the time that this call had. Trying again helps.
    Contended,
    /// The service below is throttled, slow or away. Trying again later helps.
    Unavailable,
    /// A stored item does not read back, or a permission is missing. Trying again does not help.
    Broken,
}

/// A failure underneath the rules.
///
/// Its `Display` names the operation only: the source may hold keys, addresses or text, and is for
/// nobody outside. [`Outage::detail`] gives what is safe to log.
#[derive(Debug)]
pub struct Outage {
    kind: OutageKind,
    operation: &'static str,
    detail: String,
}

impl Outage {
    /// An outage of `operation`; `detail` is a service's error code or a type's name, never a value.
    pub fn new(kind: OutageKind, operation: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, operation, detail: detail.into() }
    }

    /// How it is to be answered.
    pub fn kind(&self) -> OutageKind {
        self.kind
    }

    /// The operation that failed, for logs.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// A service's error code or the name of what did not read back, for logs.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Outage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} failed", self.operation)
    }
}

impl StdError for Outage {}
