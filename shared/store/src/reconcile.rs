//! How far the list of numbers that opted out was read, when it was too long for one call.

use domain::outage::Outage;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::key;
use crate::{Committed, Store};

/// For how long a place in the list is good: the list is read once a day.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

#[derive(Serialize, Deserialize)]
struct Place {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// In seconds since 1970, for `DynamoDB`, which may be late in deleting it.
    expires: i64,
}

impl Store {
    /// Where the list is to be read on; `None`: from its beginning.
    pub async fn place(&self, now: Timestamp) -> Result<Option<String>, Outage> {
        let key = key::reconcile();
        let place: Option<Place> = self.read([key.clone()]).await?.take(&key)?;
        Ok(place.filter(|place| now.as_second() < place.expires).and_then(|place| place.next))
    }

    /// Notes for a day where the list is to be read on; `None`: from its beginning.
    pub async fn keep_place(&self, next: Option<String>, now: Timestamp) -> Result<(), Outage> {
        let expires = now.saturating_add(KEPT).unwrap_or(Timestamp::MAX).as_second();
        let mut transaction = self.transaction();
        transaction.put(&key::reconcile(), &Place { next, expires }, [], None);
        // Lost: another one reads the list at this moment, and keeps its own place.
        let (Committed::Done | Committed::Lost) = self.commit(transaction).await?;
        Ok(())
    }
}
