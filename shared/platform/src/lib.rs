//! What every function's `main` shares: logging, the clock and ids, environment variables, and one
//! AWS SDK configuration with one HTTP client.
//!
//! This is the only crate that reads the clock, randomness and the environment: everywhere else they
//! are arguments, and `clippy.toml` bans the calls.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! platform::init_logging();
//! let table = platform::env("TABLE_NAME")?;
//! let config = platform::sdk_config(platform::Timeouts::default())?;
//! # let _ = (table, config);
//! # Ok(())
//! # }
//! ```

mod attempts;
mod aws;
mod clock;
mod environment;
mod logging;
mod sources;

pub use attempts::Attempts;
pub use aws::{Timeouts, sdk_config};
pub use aws_types::SdkConfig;
pub use clock::{Deadline, jitter, new_id, new_reference, now};
pub use environment::{MissingVariable, env};
pub use logging::init_logging;
pub use sources::Sources;
