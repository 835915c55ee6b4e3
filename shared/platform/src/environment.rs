//! Environment variables.

use std::fmt;

/// The value of a required environment variable.
///
/// One that is not set, is empty or is not UTF-8 is refused by name: a function that starts without
/// its configuration would fail later, in the middle of somebody's request.
pub fn env(name: &'static str) -> Result<String, MissingVariable> {
    required(&process, name)
}

/// A required environment variable is not set, is empty, or is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingVariable {
    /// The variable's name. Its value is never part of this error.
    pub name: &'static str,
}

impl fmt::Display for MissingVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {} is not set, is empty or is not UTF-8", self.name)
    }
}

impl std::error::Error for MissingVariable {}

/// Looks a variable up; tests pass a map instead of the process's own environment.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's environment as a [`Lookup`].
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub(crate) fn process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A variable that may be absent. An empty one counts as absent.
pub(crate) fn optional(lookup: Lookup<'_>, name: &str) -> Option<String> {
    lookup(name).filter(|value| !value.trim().is_empty())
}

/// A variable that must be there.
pub(crate) fn required(lookup: Lookup<'_>, name: &'static str) -> Result<String, MissingVariable> {
    optional(lookup, name).ok_or(MissingVariable { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_empty_variables_are_refused_by_name() {
        let lookup = |name: &str| match name {
            "SET" => Some("value".to_owned()),
            "EMPTY" => Some(String::new()),
            "BLANK" => Some("  ".to_owned()),
            _ => None,
        };
        assert_eq!(required(&lookup, "SET").as_deref(), Ok("value"));
        for name in ["EMPTY", "BLANK", "ABSENT"] {
            assert_eq!(required(&lookup, name), Err(MissingVariable { name }));
        }
        assert_eq!(
            MissingVariable { name: "TABLE_NAME" }.to_string(),
            "the environment variable TABLE_NAME is not set, is empty or is not UTF-8"
        );
    }

    #[test]
    fn the_process_environment_is_read() {
        assert!(env("PATH").is_ok());
        let name = "PATIENT_MESSAGING_NO_SUCH_VARIABLE";
        assert_eq!(env(name), Err(MissingVariable { name }));
    }
}
