//! The inspection of one file's content.

use domain::attachment::{Area, Attachment, Kept};
use domain::file::Rejection;
use domain::outage::Outage;
use files::{FilesError, keys};
use inspection::Promise;
use store::attachments::AttachmentKey;
use store::key;

use crate::handler::{Inspect, quarantined};

/// What became of looking at a file.
enum Looked {
    Judged(Result<Kept, Rejection>),
    /// The object is not there any more.
    Gone,
}

impl Inspect {
    /// Inspects the content of a file that waits for it, and keeps what passed.
    pub(crate) async fn inspect(
        &self,
        name: &AttachmentKey,
        file: Attachment,
    ) -> Result<(), Outage> {
        let Some(version) = file.to_inspect() else { return Ok(()) };
        match self.look(name, &file, version).await? {
            Looked::Judged(found) => {
                let scans = self.scans;
                let settled = self
                    .settle(name, |file, now| {
                        (file.to_inspect() == Some(version))
                            .then(|| file.inspected(found.clone(), scans, now))
                            .flatten()
                    })
                    .await?;
                if let (None, Ok(kept)) = (settled, &found) {
                    self.discard(name, kept).await?;
                }
            }
            Looked::Gone => {
                self.settle(name, |file, _| {
                    (file.to_inspect() == Some(version)).then(|| file.given_up())
                })
                .await?;
            }
        }
        Ok(())
    }

    /// Removes a content that another was faster with, or that nobody may have any more, unless it is
    /// the very one that the file has: an answer may have been lost.
    async fn discard(&self, name: &AttachmentKey, kept: &Kept) -> Result<(), Outage> {
        let item = key::attachment(name);
        let file: Option<Attachment> = self.store.read([item.clone()]).await?.take(&item)?;
        if file.is_some_and(|file| file.has(kept)) {
            return Ok(());
        }
        let AttachmentKey { clinic, patient, attachment } = name;
        let object = keys::key(Area::Clean, clinic, patient, attachment);
        let removed = self.files.remove(&object, &kept.object_version).await;
        removed.map_err(|error| error.outage("remove a second copy"))
    }

    async fn look(
        &self,
        name: &AttachmentKey,
        file: &Attachment,
        version: &str,
    ) -> Result<Looked, Outage> {
        let promise = &file.promise;
        let read = self.files.read(&quarantined(name), version, promise.length).await;
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(FilesError::TooLarge) => {
                return Ok(Looked::Judged(Err(Rejection::LengthDiffers)));
            }
            Err(FilesError::Missing) => return Ok(Looked::Gone),
            Err(error) => return Err(error.outage("read an upload")),
        };
        let promised = Promise {
            file_type: promise.file_type,
            length: promise.length,
            sha256: promise.sha256,
        };
        let inspected = match inspection::inspect(&promised, bytes) {
            Ok(inspected) => inspected,
            Err(reason) => return Ok(Looked::Judged(Err(reason))),
        };
        let length = u64::try_from(inspected.bytes.len()).unwrap_or(u64::MAX);
        let key = keys::key(Area::Clean, &file.clinic, &file.patient, &file.id);
        let stored = self
            .files
            .store(&key, &promise.name, promise.file_type, inspected.bytes)
            .await
            .map_err(|error| error.outage("keep a file"))?;
        Ok(Looked::Judged(Ok(Kept {
            object_version: stored.version,
            length,
            sha256: inspected.sha256,
        })))
    }
}
