//! The time, as the test says it is.

use std::cell::Cell;

use jiff::Timestamp;
use platform::Sources;

/// The instant of the sample events, which is the time unless the test sets another: a Tuesday,
/// 19:00 in Toronto, when the clinics of [`crate::people`] are closed.
pub const NOW: Timestamp = Timestamp::constant(1_795_564_801, 0);

thread_local! {
    // A test has a thread of its own, and its runtime runs on that one.
    static CLOCK: Cell<Timestamp> = const { Cell::new(NOW) };
}

/// Sets the time of this test.
pub fn set_clock(at: Timestamp) {
    CLOCK.set(at);
}

/// The time that the test set, and real ids.
#[must_use]
pub fn sources() -> Sources {
    Sources { now: || CLOCK.get(), new_id: platform::new_id }
}
