//! Uploaded files and chart documents: their items, what they rest on when they are sent, and the
//! lists of documents.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::actor::Actor;
use domain::attachment::{Attachment, Quota};
use domain::command::{Change, Enclosures};
use domain::document::Document;
use domain::id::{AttachmentId, ClinicId, DocumentKind, PatientId};
use domain::outage::Outage;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::outage;
use crate::key::{self, Key, Work};
use crate::read::{Found, Item, from_item, key_item};
use crate::transaction::{Guard, Transaction};

/// For how long what an account uploaded in a day is kept beyond that day: two days, in seconds.
const QUOTA_KEPT_SECONDS: i64 = 3 * 24 * 60 * 60;

/// What names one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentKey {
    /// The clinic.
    pub clinic: ClinicId,
    /// The patient.
    pub patient: PatientId,
    /// The file.
    pub attachment: AttachmentId,
}

impl AttachmentKey {
    /// The name of a file that was read.
    pub fn of(attachment: &Attachment) -> Self {
        let Attachment { clinic, patient, id, .. } = attachment;
        Self { clinic: clinic.clone(), patient: patient.clone(), attachment: id.clone() }
    }
}

/// Writes a file in the place of the version before; `None`: it is new.
pub fn put(
    transaction: &mut Transaction,
    attachment: &Attachment,
    before: Option<u64>,
    now: Timestamp,
) {
    let name = AttachmentKey::of(attachment);
    let due = attachment.due(now).map(|at| due(&name, at)).into_iter().flatten();
    let guard = before.map_or(Guard::Absent, Guard::Version);
    transaction.put(&key::attachment(&name), attachment, due, Some(guard));
}

/// Requires of the transaction that a file is still as it was read.
pub fn guard(transaction: &mut Transaction, attachment: &Attachment) {
    let key = key::attachment(&AttachmentKey::of(attachment));
    transaction.check(&key, &Guard::Version(attachment.version));
}

/// Writes a document in the place of the version before; `None`: it is new.
pub fn put_document(transaction: &mut Transaction, document: &Document, before: Option<u64>) {
    let Document { clinic, patient, id, kind, date, .. } = document;
    let position = key::document_position(*date, id);
    let attributes = [
        ("chart_pk", key::documents_partition(clinic, patient, None)),
        ("chart_sk", position.clone()),
        ("inbox_pk", key::documents_partition(clinic, patient, Some(kind))),
        ("inbox_sk", position),
    ];
    let guard = before.map_or(Guard::Absent, Guard::Version);
    transaction.put(&key::document(clinic, patient, id), document, attributes, Some(guard));
}

/// A quota as it is stored, until the table deletes it.
#[derive(Serialize, Deserialize)]
struct StoredQuota {
    #[serde(flatten)]
    quota: Quota,
    expires: i64,
}

/// Counts a file against the quota that was read.
pub fn count(
    transaction: &mut Transaction,
    actor: &Actor,
    clinic: &ClinicId,
    quota: &Quota,
    now: Timestamp,
) {
    let key = key::quota(clinic, actor, quota.day);
    let expires = now.as_second().saturating_add(QUOTA_KEPT_SECONDS);
    let before = quota.version.saturating_sub(1);
    let guard = if before == 0 { Guard::Absent } else { Guard::Version(before) };
    transaction.put(&key, &StoredQuota { quota: *quota, expires }, [], Some(guard));
}

/// What a message's files rest on: the uploads are bound, and the documents are still those that
/// were read.
pub(crate) fn enclose(transaction: &mut Transaction, change: &Change, now: Timestamp) {
    for attachment in &change.bound {
        put(transaction, attachment, Some(attachment.version.saturating_sub(1)), now);
    }
    for document in &change.copied {
        let Document { clinic, patient, id, version, .. } = document;
        transaction.check(&key::document(clinic, patient, id), &Guard::Version(*version));
    }
}

/// The keys of the files that a message names.
pub fn keys(clinic: &ClinicId, patient: &PatientId, wanted: &Enclosures) -> Vec<Key> {
    let attachments = wanted.attachments.iter().map(|id| {
        key::attachment(&AttachmentKey {
            clinic: clinic.clone(),
            patient: patient.clone(),
            attachment: id.clone(),
        })
    });
    let documents = wanted.documents.iter().map(|id| key::document(clinic, patient, id));
    attachments.chain(documents).collect()
}

/// The files that a message names, each as a read of [`keys`] found it.
#[derive(Clone, Debug, Default)]
pub struct Enclosed {
    attachments: Vec<Option<Attachment>>,
    documents: Vec<Option<Document>>,
}

impl Enclosed {
    /// Takes them from what was found.
    pub fn take(
        found: &mut Found,
        clinic: &ClinicId,
        patient: &PatientId,
        wanted: &Enclosures,
    ) -> Result<Self, Outage> {
        let mut all = Self::default();
        let keys = keys(clinic, patient, wanted);
        let (attachments, documents) = keys.split_at(wanted.attachments.len().min(keys.len()));
        for key in attachments {
            all.attachments.push(found.take(key)?);
        }
        for key in documents {
            all.documents.push(found.take(key)?);
        }
        Ok(all)
    }

    /// As the rules ask for them.
    pub fn facts(&self) -> domain::command::Enclosed<'_> {
        domain::command::Enclosed { attachments: &self.attachments, documents: &self.documents }
    }
}

/// The quota of the day that a read of [`key::quota`] found.
pub fn quota(found: &mut Found, key: &Key, day: Date) -> Result<Quota, Outage> {
    let stored: Option<StoredQuota> = found.take(key)?;
    Ok(stored.map_or_else(|| Quota::empty(day), |stored| stored.quota))
}

/// A page of a patient's documents, newest first.
#[derive(Clone, Debug)]
pub struct DocumentPage {
    /// The documents.
    pub documents: Vec<Document>,
    /// Where the next page begins; `None`: this is the last one.
    pub next: Option<String>,
}

/// Which documents of a patient are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentList {
    /// The clinic.
    pub clinic: ClinicId,
    /// The patient.
    pub patient: PatientId,
    /// Of this kind only.
    pub kind: Option<DocumentKind>,
    /// Of this day or later.
    pub from: Option<Date>,
    /// Of this day or earlier.
    pub to: Option<Date>,
}

impl Store {
    /// A page of a patient's documents, newest first, after the position given.
    ///
    /// The index may be a moment behind what was registered last.
    pub async fn documents(
        &self,
        list: &DocumentList,
        after: Option<&str>,
        limit: usize,
    ) -> Result<DocumentPage, Outage> {
        let (index, pk, sk) = match list.kind {
            None => ("chart", "chart_pk", "chart_sk"),
            Some(_) => ("inbox", "inbox_pk", "inbox_sk"),
        };
        let partition = key::documents_partition(&list.clinic, &list.patient, list.kind.as_ref());
        let low = list.from.map_or_else(String::new, key::document_day);
        // `~` sorts after every character of a position. What comes after a page is below it.
        let high = match after {
            Some(position) => position.to_owned(),
            None => list.to.map_or_else(|| "~".to_owned(), |day| key::document_day(day) + "#~"),
        };
        if high <= low {
            return Ok(DocumentPage { documents: Vec::new(), next: None });
        }
        let wanted = i32::try_from(limit).unwrap_or(i32::MAX);
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(index)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :low AND :high")
            .expression_attribute_names("#pk", pk)
            .expression_attribute_names("#sk", sk)
            .expression_attribute_values(":pk", AttributeValue::S(partition.clone()))
            // An empty text is no value of a key: what is below every position stands for it.
            .expression_attribute_values(
                ":low",
                AttributeValue::S(if low.is_empty() { " ".to_owned() } else { low }),
            )
            .expression_attribute_values(":high", AttributeValue::S(high))
            .scan_index_forward(false)
            .limit(wanted.saturating_add(1));
        if let Some(position) = after {
            let Some((_, id)) = position.split_once('#') else {
                return Ok(DocumentPage { documents: Vec::new(), next: None });
            };
            let Ok(id) = domain::id::DocumentId::parse(id) else {
                return Ok(DocumentPage { documents: Vec::new(), next: None });
            };
            let mut start: Item = key_item(&key::document(&list.clinic, &list.patient, &id));
            start.insert(pk.to_owned(), AttributeValue::S(partition));
            start.insert(sk.to_owned(), AttributeValue::S(position.to_owned()));
            query = query.set_exclusive_start_key(Some(start));
        }
        let answer = query.send().await.map_err(|error| outage("Query", &error))?;
        let mut documents = Vec::new();
        for item in answer.items.unwrap_or_default() {
            documents.push(from_item::<Document>(item)?);
        }
        let more = documents.len() > limit;
        documents.truncate(limit);
        let next = documents
            .last()
            .filter(|_| more)
            .map(|document| key::document_position(document.date, &document.id));
        Ok(DocumentPage { documents, next })
    }
}

fn due(name: &AttachmentKey, at: Timestamp) -> [(&'static str, String); 2] {
    let shard = key::shard_of(name.attachment.as_str());
    [("due_pk", key::due_partition(Work::File, shard)), ("due_sk", key::instant(at))]
}
