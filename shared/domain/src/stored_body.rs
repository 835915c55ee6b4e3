//! How items that hold a [`Body`] store it: named at each field, because a body must never be
//! read from a request's JSON by deserialising.

use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

use crate::rich_text::{Body, StoredBody};

pub(crate) fn serialize<S: Serializer>(body: &Body, serializer: S) -> Result<S::Ok, S::Error> {
    StoredBody::from(body.clone()).serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Body, D::Error> {
    StoredBody::deserialize(deserializer).map(Body::from_stored)
}

/// The same for a body that may be absent.
pub(crate) mod option {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use crate::rich_text::{Body, StoredBody};

    #[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
    pub(crate) fn serialize<S: Serializer>(
        body: &Option<Body>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        body.clone().map(StoredBody::from).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Body>, D::Error> {
        Ok(Option::<StoredBody>::deserialize(deserializer)?.map(Body::from_stored))
    }
}
