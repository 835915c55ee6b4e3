//! Documents of a patient's chart: registered by the chart system, listed for staff who write.

use domain::actor::Actor;
use domain::attachment::Attachment;
use domain::document::{self, Document, Progress};
use domain::id::{DocumentId, DocumentKind};
use domain::outage::{Outage, OutageKind};
use domain::refusal::{Code, Refusal};
use domain::version::{self, Change, Document as _};
use edge::{Cursor, Failure, Precondition, Request, Response, Scope};
use platform::Attempts;
use store::attachments::{self, AttachmentKey, DocumentList};
use store::{Committed, facts, key};

use crate::dto::{DocumentInput, DocumentOutput, DocumentPage, day};
use crate::handler::{Attachments, BUDGET, names, subject};

impl Attachments {
    /// A page of the patient's documents, newest first, once it is on record.
    pub(crate) async fn list_documents(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, patient) = names(request, actor)?;
        let query = request.query(&["kind", "from", "to", "limit", "cursor"])?;
        let kind = query.get("kind").map(DocumentKind::parse).transpose();
        let kind = kind.map_err(|_| Refusal::at(Code::InvalidId, "kind"))?;
        let from = query.get("from").map(|text| bound(text, "from")).transpose()?;
        let to = query.get("to").map(|text| bound(text, "to")).transpose()?;
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Refusal::at(Code::DateRangeInvalid, "from").into());
        }
        let limit = query.limit()?;
        let list = DocumentList { clinic, patient, kind, from, to };
        let scope = Scope::new(actor, "documents", &format!("{list:?}"));
        let after = query.get("cursor").map(|cursor| Cursor::decode(&scope, cursor)).transpose()?;

        let (clinic, patient) = (&list.clinic, &list.patient);
        let (found, page) = tokio::join!(
            self.store.read(facts::keys(actor, clinic, patient)),
            self.store.documents(&list, after.as_deref(), limit),
        );
        let facts = facts::peek(&found?, actor, clinic, patient)?;
        document::may_read(actor, &facts, clinic)?;
        let page = page?;
        let objects = page.documents.iter().map(|document| document.id.to_string()).collect();
        let record = self.done(request, actor, subject(clinic, patient, objects));
        self.store.record(&record).await?;
        Ok(Response::ok(&DocumentPage {
            documents: page.documents.iter().map(|one| DocumentOutput::new(one, None)).collect(),
            next_cursor: page.next.map(|place| Cursor::encode(&scope, &place)),
        }))
    }

    /// What is known of one document.
    pub(crate) async fn view_document(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, patient) = names(request, actor)?;
        request.query(&[])?;
        let id = request.path_id("documentId", DocumentId::parse)?;
        let key = key::document(&clinic, &patient, &id);
        let keys = facts::keys(actor, &clinic, &patient).into_iter().chain([key.clone()]);
        let mut found = self.store.read(keys).await?;
        let facts = facts::peek(&found, actor, &clinic, &patient)?;
        document::may_read(actor, &facts, &clinic)?;
        let document: Option<Document> = found.take(&key)?;
        let document = document.ok_or(Code::NotFound)?;
        let record = self.done(request, actor, subject(&clinic, &patient, vec![id.to_string()]));
        self.store.record(&record).await?;
        Ok(Response::ok(&DocumentOutput::new(&document, None)).etag(document.version))
    }

    /// Registers a document, or another state of it.
    pub(crate) async fn register(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, patient) = names(request, actor)?;
        request.query(&[])?;
        let id = request.path_id("documentId", DocumentId::parse)?;
        let key = key::document(&clinic, &patient, &id);
        let mut attempts = Attempts::within(BUDGET);
        loop {
            let keys = facts::keys(actor, &clinic, &patient).into_iter().chain([key.clone()]);
            let mut found = self.store.read(keys).await?;
            let facts = facts::peek(&found, actor, &clinic, &patient)?;
            document::may_register(actor, &facts, &clinic)?;
            let expected = match request.if_match()? {
                Precondition::Create => None,
                Precondition::Replace(version) => Some(version),
            };
            let wanted = request.json::<DocumentInput>()?.parse(&clinic, self.copies)?;
            document::check_length(&facts, &wanted.promise)?;
            let before: Option<Document> = found.take(&key)?;
            let slot = self.slot_of(before.as_ref()).await?;
            let fresh = self.fresh_id()?;
            let change = version::change(before.as_ref(), expected, |version| {
                let names = (clinic.clone(), patient.clone(), id.clone());
                let (before, slot) = (before.as_ref(), slot.as_ref());
                Ok(Document::registered(before, slot, names, &wanted, version, fresh.clone()))
            })?;

            let now = self.sources.now();
            let record =
                self.done(request, actor, subject(&clinic, &patient, vec![id.to_string()]));
            let document = match change {
                Change::Write(document) => {
                    let mut transaction = self.store.transaction();
                    attachments::put_document(&mut transaction, &document, expected);
                    if document.file == fresh {
                        let slot = document.slot(actor, now);
                        attachments::put(&mut transaction, &slot, None, now);
                    } else if let Some(slot) = &slot {
                        attachments::guard(&mut transaction, slot);
                    }
                    let changes = document.changes_since(before.as_ref());
                    transaction.record(&record.with_changes(changes));
                    if self.store.commit(transaction).await? == Committed::Lost {
                        if attempts.again().await {
                            continue;
                        }
                        let outage = Outage::new(OutageKind::Contended, "register", "attempts");
                        return Err(outage.into());
                    }
                    document
                }
                Change::Repeat(document) => {
                    self.store.record(&record).await?;
                    document
                }
            };
            let Document { file, promise, .. } = &document;
            let upload = match (&document.progress, &document.copy) {
                (Progress::Pending, None) => {
                    Some(self.upload_to(&clinic, &patient, file, promise, now).await?)
                }
                _ => None,
            };
            let output = DocumentOutput::new(&document, upload);
            let response = match expected {
                None => Response::created(None, &output),
                Some(_) => Response::ok(&output),
            };
            return Ok(response.etag(document.version));
        }
    }
}

impl Attachments {
    /// The file that a document has, which the inspection may be moving on right now.
    async fn slot_of(&self, document: Option<&Document>) -> Result<Option<Attachment>, Outage> {
        let Some(Document { clinic, patient, file, .. }) = document else { return Ok(None) };
        let key = key::attachment(&AttachmentKey {
            clinic: clinic.clone(),
            patient: patient.clone(),
            attachment: file.clone(),
        });
        self.store.read([key.clone()]).await?.take(&key)
    }
}

fn bound(text: &str, place: &str) -> Result<jiff::civil::Date, Refusal> {
    day(text).ok_or_else(|| Refusal::at(Code::DateRangeInvalid, place))
}
