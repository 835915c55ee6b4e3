//! The audit table: append only. No role may change or delete a record.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::Record;
use domain::outage::Outage;

use crate::error::corrupt;
use crate::key;
use crate::read::Item;

/// The item of a record.
///
/// It stands with its patient, or with its actor and month where it concerns none; the index
/// `actor` has all of one actor's within a clinic, and an account's own where it was of no clinic.
pub(crate) fn item(record: &Record) -> Result<Item, Outage> {
    let mut item: Item =
        serde_dynamo::to_item(record).map_err(|_| corrupt("record", "audit record"))?;
    let scope =
        record.clinic.as_ref().map(|clinic| format!("CLINIC#{clinic}#")).unwrap_or_default();
    let actor = format!("{scope}ACTOR#{}.{}", record.actor_kind.as_str(), record.actor);
    let pk = match (&record.clinic, &record.patient) {
        (Some(clinic), Some(patient)) => format!("CLINIC#{clinic}#PATIENT#{patient}"),
        _ => format!("{actor}#{}", record.at.strftime("%Y%m")),
    };
    let sk = format!("{}#{}", key::instant(record.at), record.id);
    for (name, value) in [("pk", pk), ("sk", sk.clone()), ("actor_pk", actor), ("actor_sk", sk)] {
        item.insert(name.to_owned(), AttributeValue::S(value));
    }
    Ok(item)
}
