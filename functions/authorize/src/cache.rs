//! An issuer's keys, kept between calls.

use std::time::Duration;

use http::Uri;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::Mutex;
use tracing::{info, warn};

use crate::fetch::Fetcher;
use crate::jwks::{KeySet, Lookup};
use crate::refusal::{Failure, Refusal};

/// How long fetched keys are used without asking again: 10 minutes. A key that an issuer withdraws is
/// refused after this time at the latest, when its document can be fetched.
pub(crate) const FRESH_FOR: Duration = Duration::from_mins(10);

/// How long fetched keys are used at all: 2 hours. Between the two times they serve only while the issuer
/// cannot be reached. It is longer than the usual life of a token, and the longest that a withdrawn key
/// can be used by someone who keeps us from the issuer.
pub(crate) const USABLE_FOR: Duration = Duration::from_hours(2);

/// The shortest time between two fetches while there are keys: 30 s, whatever key ids callers send. It is
/// also the longest that a new key stays unknown after it was published.
pub(crate) const REFRESH_AFTER: Duration = Duration::from_secs(30);

/// The shortest time between two fetches while there are no keys: 2 s, since nobody can be let in.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The keys of one issuer, in one instance of the function.
pub(crate) struct KeyCache {
    name: &'static str,
    url: Uri,
    fetcher: Fetcher,
    /// Held over a fetch: calls that come meanwhile wait for its result and do not fetch again.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    fetched: Option<Fetched>,
    tried_at: Option<Timestamp>,
    last_try_failed: bool,
}

struct Fetched {
    keys: KeySet,
    at: Timestamp,
}

impl KeyCache {
    /// An empty cache for the document at `url`. The name stands for the issuer in the log.
    pub(crate) fn new(name: &'static str, url: Uri, fetcher: Fetcher) -> Self {
        Self { name, url, fetcher, state: Mutex::default() }
    }

    /// Fetches the keys ahead of the first call. A failure is logged, and the first call tries again.
    pub(crate) async fn prefetch(&self, now: Timestamp) {
        self.refresh(&mut *self.state.lock().await, now).await;
    }

    /// The key of this id for this algorithm, from the cache or, when it is due, from the issuer.
    pub(crate) async fn key(
        &self,
        id: &str,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<DecodingKey, Failure> {
        let mut state = self.state.lock().await;
        if state.age(now).is_some_and(|age| age >= USABLE_FOR) {
            state.fetched = None;
        }
        let is_due = match &state.fetched {
            None => true,
            Some(fetched) => {
                elapsed(fetched.at, now) >= FRESH_FOR
                    || matches!(fetched.keys.find(id, algorithm), Lookup::Unknown)
            }
        };
        if is_due && state.may_try(now) {
            self.refresh(&mut state, now).await;
        }
        let Some(fetched) = &state.fetched else {
            return Err(Failure::KeysUnavailable);
        };
        match fetched.keys.find(id, algorithm) {
            Lookup::Found(key) => Ok(key.clone()),
            Lookup::OtherAlgorithm => Err(Refusal::KeyMismatch.into()),
            // The issuer may have published this key while it could not be reached.
            Lookup::Unknown if state.last_try_failed => Err(Failure::KeysUnavailable),
            Lookup::Unknown => Err(Refusal::KeyUnknown.into()),
        }
    }

    async fn refresh(&self, state: &mut State, now: Timestamp) {
        state.tried_at = Some(now);
        let fetched = match self.fetcher.get(&self.url).await {
            Ok(document) => {
                KeySet::parse(&document).map_err(|_| "no usable keys in the document".to_owned())
            }
            Err(error) => Err(error.to_string()),
        };
        state.last_try_failed = fetched.is_err();
        match fetched {
            Ok(keys) => {
                info!(issuer = self.name, "fetched the issuer's keys");
                state.fetched = Some(Fetched { keys, at: now });
            }
            Err(error) => {
                warn!(issuer = self.name, %error, has_keys = state.fetched.is_some(), "could not fetch the issuer's keys");
            }
        }
    }
}

impl State {
    fn age(&self, now: Timestamp) -> Option<Duration> {
        self.fetched.as_ref().map(|fetched| elapsed(fetched.at, now))
    }

    fn may_try(&self, now: Timestamp) -> bool {
        let pause = if self.fetched.is_some() { REFRESH_AFTER } else { RETRY_AFTER };
        self.tried_at.is_none_or(|tried_at| elapsed(tried_at, now) >= pause)
    }
}

/// The time since an instant; none when the clock went back.
fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(since).try_into().unwrap_or_default()
}
