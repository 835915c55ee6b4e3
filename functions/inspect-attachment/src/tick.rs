//! What the tick does about a file that is due: it finds an upload whose event was lost, copies a
//! chart document, begins an inspection again, ends a wait, and removes what is left.

use std::time::Duration;

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

    /// A file is read (26 s at the most), looked into, stored (18 s) and removed from where it landed,
    /// which the tick does later where the time is over.
    const LONGEST_STEP: Duration = Duration::from_secs(50);

    /// A file is in memory whole, and looking into it leaves no time to the calls of another.
    const AT_ONCE: usize = 1;

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
            (State::AwaitingUpload, Purpose::Document { copy: Some(source), .. })
                if file.overdue(self.sources.now()).is_none() =>
            {
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
        match self.uploaded_version(name).await? {
            Some(version) => self.take(name, &version).await,
            None => self.settle_overdue(name).await,
        }
    }

    /// The version of the object that lies where the upload is awaited.
    async fn uploaded_version(&self, name: &AttachmentKey) -> Result<Option<String>, Outage> {
        match self.files.version_of(&quarantined(name)).await {
            Ok(version) => Ok(Some(version)),
            Err(FilesError::Missing) => Ok(None),
            Err(error) => Err(error.outage("look for an upload")),
        }
    }

    /// Inspects an upload whose event was lost.
    async fn take(&self, name: &AttachmentKey, version: &str) -> Result<(), Outage> {
        match self.settle(name, |file, now| file.uploaded(version, now)).await? {
            Some(file) => self.inspect(name, file).await,
            None => Ok(()),
        }
    }

    /// Copies a chart document to where uploads land. The copy's own event goes on with it; where that
    /// is lost, the copy is found when the file is due again.
    async fn copy(
        &self,
        name: &AttachmentKey,
        file: &Attachment,
        source: &CopySource,
    ) -> Result<(), Outage> {
        let Some(bucket) = &self.chart_bucket else {
            return self.reject_copy(name).await;
        };
        if let Some(version) = self.uploaded_version(name).await? {
            return self.take(name, &version).await;
        }
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
            Ok(()) => {
                self.settle(name, |file, _| {
                    matches!(file.state, State::AwaitingUpload).then(|| file.looked_at())
                })
                .await?;
                Ok(())
            }
            Err(error @ FilesError::Unavailable) => Err(error.outage("copy a document")),
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
