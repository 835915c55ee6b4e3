//! What the tick does about a file that is due: it finds an upload whose event was lost, copies a
//! chart document, begins an inspection again, ends a wait, and removes what is left.

use domain::attachment::{Attachment, CopySource, Purpose, State};
use domain::file::Rejection;
use domain::outage::{Outage, OutageKind};
use files::FilesError;
use jiff::SignedDuration;
use platform::Sources;
use store::Store;
use store::attachments::AttachmentKey;
use store::due::{self, Claimed};
use store::key::{self, Key, Work};
use worker::{Step, Worker};

use crate::handler::{Inspect, quarantined};

/// A claim lasts longer than the function's timeout of 60 s, so that no two work on one file.
const LEASE: SignedDuration = SignedDuration::from_secs(120);

impl Worker for Inspect {
    const WORK: Work = Work::File;

    fn store(&self) -> &Store {
        &self.store
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    async fn step(&self, item: Key) -> Result<Step, Outage> {
        let name = key::attachment_of(&item.pk)
            .ok_or_else(|| Outage::new(OutageKind::Broken, "inspect", "key"))?;
        let now = self.sources.now();
        let lease_end = now.saturating_add(LEASE).unwrap_or(now);
        let (due_by, most) = (worker::due_by(now), due::MOST_ATTEMPTS);
        let file: Attachment = match self.store.claim(&item, due_by, lease_end, most).await? {
            Claimed::NotDue => return Ok(Step::Done),
            Claimed::Stuck => {
                self.turn_away(&name).await?;
                return Ok(Step::Stuck);
            }
            Claimed::Held(file) => file,
        };
        match self.take_up(&name, file).await {
            Ok(()) => Ok(Step::Done),
            // Through an outage of the object store, however long, no attempt counts.
            Err(outage) if outage.kind() == OutageKind::Unavailable => {
                self.settle(&name, |file, _| Some(file.looked_at())).await?;
                Err(outage)
            }
            Err(outage) => Err(outage),
        }
    }
}

impl Inspect {
    async fn take_up(&self, name: &AttachmentKey, file: Attachment) -> Result<(), Outage> {
        if !file.garbage.is_empty() {
            return self.clean_up(&file).await;
        }
        match (&file.state, &file.purpose) {
            (State::AwaitingUpload, Purpose::Document { copy: Some(source), .. }) => {
                self.copy(name, &file, source).await
            }
            (State::AwaitingUpload, _) => self.look_for(name).await,
            (State::Inspecting { .. }, _)
                if file.to_inspect().is_some() && file.overdue(self.sources.now()).is_none() =>
            {
                self.inspect(name, file).await
            }
            _ => self.settle_overdue(name).await,
        }
    }

    /// A file whose inspection never came to an end, however often it was begun, is turned away: the
    /// person who sent it is not left waiting.
    async fn turn_away(&self, name: &AttachmentKey) -> Result<(), Outage> {
        self.settle(name, |file, _| {
            file.to_inspect().is_some().then(|| file.rejected(Rejection::Damaged))
        })
        .await?;
        Ok(())
    }

    /// Ends what is over, and has the rest looked at again when it is due.
    async fn settle_overdue(&self, name: &AttachmentKey) -> Result<(), Outage> {
        self.settle(name, |file, now| Some(file.overdue(now).unwrap_or_else(|| file.looked_at())))
            .await?;
        Ok(())
    }

    /// An upload may be there without its event.
    async fn look_for(&self, name: &AttachmentKey) -> Result<(), Outage> {
        let found = self.files.version_of(&quarantined(name)).await;
        let version = match found {
            Ok(version) => version,
            Err(FilesError::Missing) => return self.settle_overdue(name).await,
            Err(error) => return Err(error.outage("look for an upload")),
        };
        match self.settle(name, |file, now| file.uploaded(&version, now)).await? {
            Some(file) => self.inspect(name, file).await,
            None => Ok(()),
        }
    }

    /// Copies a chart document to where uploads land, and goes on as with one.
    async fn copy(
        &self,
        name: &AttachmentKey,
        file: &Attachment,
        source: &CopySource,
    ) -> Result<(), Outage> {
        let Some(bucket) = &self.chart_bucket else {
            return self.reject_copy(name).await;
        };
        let copied = self
            .files
            .copy_in(
                bucket,
                &source.key,
                source.version.as_deref(),
                &quarantined(name),
                file.promise.file_type,
                file.promise.length,
            )
            .await;
        match copied {
            Ok(()) => self.look_for(name).await,
            Err(FilesError::Unavailable) => Err(FilesError::Unavailable.outage("copy a document")),
            Err(FilesError::Missing | FilesError::TooLarge | FilesError::Refused) => {
                self.reject_copy(name).await
            }
        }
    }

    async fn reject_copy(&self, name: &AttachmentKey) -> Result<(), Outage> {
        self.settle(name, |file, _| {
            matches!(file.state, State::AwaitingUpload)
                .then(|| file.rejected(Rejection::CopyFailed))
        })
        .await?;
        Ok(())
    }
}
