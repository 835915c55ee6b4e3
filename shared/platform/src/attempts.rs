//! Deciding again after another writer was first: a bounded number of times, within a time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The first wait before deciding again; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(10);

/// The longest wait before deciding again.
const LONGEST_WAIT: Duration = Duration::from_millis(320);

/// The attempts that one invocation has left.
#[derive(Debug)]
pub struct Attempts {
    until: Instant,
    wait: Duration,
}

impl Attempts {
    /// Attempts for this long from now on. It leaves the invocation the time that the last one may
    /// take: its AWS calls have time limits of their own.
    #[must_use]
    pub fn within(budget: Duration) -> Self {
        Self { until: Instant::now() + budget, wait: FIRST_WAIT }
    }

    /// Whether the time is over.
    #[must_use]
    pub fn are_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Waits a random time before the next attempt; `false` when there is no time for one.
    pub async fn again(&mut self) -> bool {
        let wait = crate::jitter(self.wait);
        self.wait = LONGEST_WAIT.min(self.wait.saturating_mul(2));
        if Instant::now() + wait >= self.until {
            return false;
        }
        sleep(wait).await;
        true
    }
}
