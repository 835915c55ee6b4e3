//! The clock and randomness.

use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::Context;

/// The instant now, from the host's clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// A fresh id: a version 7 UUID (RFC 9562) as 32 lower-case hexadecimal digits.
///
/// Ids made by one process sort by the time they were made. 74 bits are random, so two processes
/// that make an id in the same millisecond do not collide.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
pub fn new_id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// A fresh random reference of 32 letters, which nobody can guess: 122 bits from the operating system.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that makes references")]
pub fn new_reference() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// A random time from zero to `max`, both possible, to spread retries that would otherwise meet again.
///
/// It is no secret: the generator is fast, not cryptographic. Anything above 584 years counts as that.
#[must_use]
pub fn jitter(max: Duration) -> Duration {
    let nanoseconds = u64::try_from(max.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(fastrand::u64(..=nanoseconds))
}

/// The instant at which Lambda stops this invocation.
///
/// No retry may outlive it: whoever waits or tries again asks for the [`remaining`](Self::remaining)
/// time first and keeps some of it for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Timestamp);

impl Deadline {
    /// A deadline at that instant, for tests and for a budget shorter than the invocation's.
    #[must_use]
    pub const fn at(instant: Timestamp) -> Self {
        Self(instant)
    }

    /// The instant itself.
    #[must_use]
    pub const fn instant(self) -> Timestamp {
        self.0
    }

    /// The time left at `now`; zero once it has passed, never negative.
    #[must_use]
    pub fn remaining(self, now: Timestamp) -> Duration {
        Duration::try_from(self.0.duration_since(now)).unwrap_or(Duration::ZERO)
    }
}

impl From<&Context> for Deadline {
    /// Lambda states the deadline in milliseconds since the Unix epoch. A value that no timestamp can
    /// hold (the year 9999 is the last) counts as no limit.
    fn from(context: &Context) -> Self {
        let milliseconds = i64::try_from(context.deadline).unwrap_or(i64::MAX);
        Self(Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_distinct_sorted_and_in_the_alphabet_of_keys() {
        let ids: Vec<String> = (0..10_000).map(|_| new_id()).collect();
        assert!(ids.is_sorted());
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        for id in &ids {
            assert_eq!(id.len(), 32);
            assert!(id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
        }
    }

    #[test]
    fn jitter_stays_within_its_bound() {
        let max = Duration::from_millis(20);
        let drawn: Vec<Duration> = (0..1_000).map(|_| jitter(max)).collect();
        assert!(drawn.iter().all(|wait| *wait <= max));
        assert!(drawn.iter().any(|wait| *wait > max / 2));
        assert!(drawn.iter().any(|wait| *wait < max / 2));
        assert_eq!(jitter(Duration::ZERO), Duration::ZERO);
        let _ = jitter(Duration::MAX);
    }

    #[test]
    fn a_deadline_counts_down_to_zero_and_stays_there() {
        let mut context = Context::default();
        context.deadline = 1_795_000_003_000;
        let deadline = Deadline::from(&context);
        let start = Timestamp::from_second(1_795_000_000).expect("in range");
        assert_eq!(deadline.instant(), Deadline::at(deadline.instant()).instant());
        assert_eq!(deadline.remaining(start), Duration::from_secs(3));
        assert_eq!(deadline.remaining(deadline.instant()), Duration::ZERO);
        assert_eq!(deadline.remaining(Timestamp::MAX), Duration::ZERO);

        context.deadline = u64::MAX;
        assert_eq!(Deadline::from(&context).instant(), Timestamp::MAX);
    }
}
