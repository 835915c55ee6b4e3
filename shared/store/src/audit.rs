//! The audit table: append only. No role may change or delete a record.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::actor::ActorKind;
use domain::audit::Record;
use domain::id::{ClinicId, PatientId};
use domain::outage::Outage;
use domain::report::TimeRange;

use crate::Store;
use crate::error::{corrupt, outage};
use crate::key;
use crate::read::{Item, from_item};

/// The records of which a report is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Records {
    /// Those that concern a patient.
    OfPatient(ClinicId, PatientId),
    /// Those of what an actor did within a clinic.
    OfActor(ClinicId, ActorKind, String),
}

/// A page of records, newest first.
#[derive(Clone, Debug, Default)]
pub struct RecordPage {
    /// The records.
    pub records: Vec<Record>,
    /// The place of the last one, if there may be more after it.
    pub next: Option<String>,
}

/// The item of a record.
///
/// It stands with its patient, or with its actor and month where it concerns none; the index
/// `actor` has all of one actor's within a clinic, and an account's own where it was of no clinic.
pub(crate) fn item(record: &Record) -> Result<Item, Outage> {
    let mut item: Item =
        serde_dynamo::to_item(record).map_err(|_| corrupt("record", "audit record"))?;
    let actor = actor_partition(record.clinic.as_ref(), record.actor_kind, &record.actor);
    let pk = match (&record.clinic, &record.patient) {
        (Some(clinic), Some(patient)) => patient_partition(clinic, patient),
        _ => format!("{actor}#{}", record.at.strftime("%Y%m")),
    };
    let sk = format!("{}#{}", key::instant(record.at), record.id);
    for (name, value) in [("pk", pk), ("sk", sk.clone()), ("actor_pk", actor), ("actor_sk", sk)] {
        item.insert(name.to_owned(), AttributeValue::S(value));
    }
    Ok(item)
}

fn patient_partition(clinic: &ClinicId, patient: &PatientId) -> String {
    format!("CLINIC#{clinic}#PATIENT#{patient}")
}

fn actor_partition(clinic: Option<&ClinicId>, kind: ActorKind, id: &str) -> String {
    let scope = clinic.map(|clinic| format!("CLINIC#{clinic}#")).unwrap_or_default();
    format!("{scope}ACTOR#{}.{id}", kind.as_str())
}

impl Store {
    /// A page of records of a time range, newest first, after a place: one query.
    pub async fn records(
        &self,
        of: &Records,
        range: TimeRange,
        after: Option<&str>,
        limit: usize,
    ) -> Result<RecordPage, Outage> {
        let (low, end) = (key::instant(range.from), key::instant(range.to));
        // The place of a record is its instant and id, so that it is above the bare instant: what
        // is at the end itself is not in the range.
        let high = after.map_or(end.clone(), |after| end.min(after.to_owned()));
        if high < low {
            return Ok(RecordPage::default());
        }
        let query = self.client.query().table_name(&self.audit_table);
        let (query, condition, place, partition) = match of {
            Records::OfPatient(clinic, patient) => (
                query.consistent_read(true),
                "pk = :pk AND sk BETWEEN :low AND :high",
                "sk",
                patient_partition(clinic, patient),
            ),
            Records::OfActor(clinic, kind, id) => (
                query.index_name("actor"),
                "actor_pk = :pk AND actor_sk BETWEEN :low AND :high",
                "actor_sk",
                actor_partition(Some(clinic), *kind, id),
            ),
        };
        // The bounds are in the range, so the one that was shown last comes once more.
        let asked = limit.saturating_add(usize::from(after.is_some()));
        let answer = query
            .key_condition_expression(condition)
            .expression_attribute_values(":pk", AttributeValue::S(partition))
            .expression_attribute_values(":low", AttributeValue::S(low))
            .expression_attribute_values(":high", AttributeValue::S(high))
            .scan_index_forward(false)
            .limit(i32::try_from(asked).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| outage("Query", &error))?;
        let more = answer.last_evaluated_key.is_some();
        let mut page = RecordPage::default();
        let mut last = None;
        for item in answer.items.unwrap_or_default() {
            let at = item.get(place).and_then(|value| value.as_s().ok()).cloned();
            let at = at.ok_or_else(|| corrupt("read", "audit record"))?;
            if after.is_some_and(|after| at.as_str() >= after) {
                continue;
            }
            last = Some(at);
            page.records.push(from_item(item)?);
        }
        page.next = last.filter(|_| more);
        Ok(page)
    }
}
