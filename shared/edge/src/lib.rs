//! HTTP at the edge: API Gateway's REST proxy events in, JSON and problem details out.
//!
//! The one crate that knows HTTP. A function implements [`Service`] and hands its events to
//! [`serve`]; what a request says is read through [`Request`], and every refusal of the domain gets
//! its status here and nowhere else. Nothing here reads the clock, and nothing that a caller sent
//! is written to a log.

mod body;
mod caller;
mod cors;
mod cursor;
mod event;
mod headers;
mod problem;
mod query;
mod request;
mod response;
mod serve;
mod strict;

pub use body::{MAX_POINTER_SEGMENT_CHARACTERS, read_part};
pub use cors::{AllowedOrigins, InvalidOrigin};
pub use cursor::{Cursor, MAX_CURSOR_BYTES, Scope};
pub use event::read_event;
pub use headers::{IdempotencyKey, MAX_IDEMPOTENCY_KEY_CHARACTERS, Precondition};
pub use problem::{Failure, MAX_ERRORS, problem, status};
pub use query::{DEFAULT_LIMIT, MAX_LIMIT, Query};
pub use request::Request;
pub use response::{MAX_BODY_BYTES, Response};
pub use serve::{Part, Service, serve, serve_part};
