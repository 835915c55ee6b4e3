//! What the commands say.

use std::fmt;
use std::io::{self, Write as _};
use std::time::Instant;

/// Prints a line on standard output. A reader that went away (`| head`) is no error.
pub fn say(line: impl fmt::Display) {
    let mut out = io::stdout().lock();
    let _gone = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints a line on standard error.
pub fn complain(line: impl fmt::Display) {
    let _gone = writeln!(io::stderr().lock(), "{line}");
}

/// A step that takes a while: said when it begins, and again with its time when it ends.
pub struct Step {
    name: String,
    begun: Instant,
}

impl Step {
    /// Begins a step.
    pub fn begin(name: impl Into<String>) -> Self {
        let name = name.into();
        say(format_args!("-- {name} ..."));
        Self { name, begun: Instant::now() }
    }

    /// Says that it still goes on.
    pub fn still(&self) {
        say(format_args!("   still {}: {:.0?}", self.name, self.elapsed()));
    }

    /// Ends it.
    pub fn end(self) {
        say(format_args!("   done in {:.1?}", self.elapsed()));
    }

    fn elapsed(&self) -> std::time::Duration {
        self.begun.elapsed()
    }
}
