//! Stopping the local stack.

use crate::arguments::Arguments;
use crate::console::say;
use crate::failure::Result;
use crate::server;

/// `cargo xtask down`: stops the stack that `up` started. What was deployed to another endpoint stays.
pub fn command(_arguments: &Arguments) -> Result<()> {
    if server::stop()? {
        say("The local stack is stopped.");
    } else {
        say("No local stack is running.");
    }
    Ok(())
}
