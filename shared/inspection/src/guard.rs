//! The one place where a panic of a decoder ends.

use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::file::Rejection;

/// Runs a decoder of another project on bytes that were made to break it. Should it panic, the file is
/// damaged, rather than the function's failure, which would bring the same file again and again. Nothing
/// that the decoder left half done is used afterwards.
pub fn guarded<T>(decode: impl FnOnce() -> Result<T, Rejection>) -> Result<T, Rejection> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or(Err(Rejection::Damaged))
}
