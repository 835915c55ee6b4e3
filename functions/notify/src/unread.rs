//! Telling staff that nobody on the patient's side has read a message.

use domain::audit::Action;
use domain::clinic::ClinicSettings;
use domain::command;
use domain::conversation::Conversation;
use domain::outage::{Outage, OutageKind};
use platform::Attempts;
use store::change::{self, Unread};
use store::key::{self, ConversationKey};
use store::{Committed, Guard};
use worker::Step;

use crate::handler::{BUDGET, Notify};

impl Notify {
    /// Shows staff the alert, unless somebody has read the message or the clinic does not want it.
    pub(crate) async fn look_unread(
        &self,
        name: &ConversationKey,
        unread: Unread,
    ) -> Result<Step, Outage> {
        let mut tries = Attempts::within(BUDGET);
        loop {
            if self.look_unread_once(name, unread).await? == Committed::Done {
                return Ok(Step::Done);
            }
            if !tries.again().await {
                return Err(Outage::new(OutageKind::Contended, "notify", "attempts"));
            }
        }
    }

    async fn look_unread_once(
        &self,
        name: &ConversationKey,
        unread: Unread,
    ) -> Result<Committed, Outage> {
        let (settings, key) = (key::settings(&name.clinic), key::conversation(name));
        let (found, seen) = tokio::join!(
            self.store.read([settings.clone(), key.clone()]),
            self.store.seen_by_patients_side(name),
        );
        let (mut found, seen) = (found?, seen?);
        let missing = |what| Outage::new(OutageKind::Broken, "notify", what);
        let clinic: ClinicSettings = found.take(&settings)?.ok_or_else(|| missing("settings"))?;
        let conversation: Conversation =
            found.take(&key)?.ok_or_else(|| missing("conversation"))?;
        let now = self.sources.now();
        let wanted = clinic.notices.unread_after_hours.is_some();
        let change = wanted
            .then(|| command::unread_alert(&conversation, unread.number, seen, now))
            .flatten();
        let is_alert = change.is_some();
        let mut transaction = self.store.transaction();
        match change {
            Some(change) => {
                let detail = vec![name.conversation.to_string(), unread.number.to_string()];
                let record = self.record_of(name, Action::UnreadAlert, detail);
                change::write(&mut transaction, &change, now, &record);
            }
            None => {
                // Nobody is told, so it may not be that a decision rests on what has changed.
                transaction.check(&key, &Guard::Version(conversation.version));
            }
        }
        transaction.delete(&key::unread(name, unread.number));
        let committed = self.store.commit(transaction).await?;
        if is_alert && committed == Committed::Done {
            Box::pin(self.end_alert_read_meanwhile(name)).await?;
        }
        Ok(committed)
    }

    /// Somebody may have read the message between the look and the alert, and so have ended none.
    async fn end_alert_read_meanwhile(&self, name: &ConversationKey) -> Result<(), Outage> {
        let key = key::conversation(name);
        let mut tries = Attempts::within(BUDGET);
        loop {
            let (found, seen) = tokio::join!(
                self.store.read([key.clone()]),
                self.store.seen_by_patients_side(name),
            );
            let (conversation, seen): (Option<Conversation>, u32) = (found?.take(&key)?, seen?);
            let ended = conversation.and_then(|found| command::end_alert(&found, seen));
            let Some(change) = ended else { return Ok(()) };
            let detail = vec![name.conversation.to_string(), "read".to_owned()];
            let record = self.record_of(name, Action::UnreadAlert, detail);
            let mut transaction = self.store.transaction();
            change::write(&mut transaction, &change, self.sources.now(), &record);
            if self.store.commit(transaction).await? == Committed::Done {
                return Ok(());
            }
            if !tries.again().await {
                return Err(Outage::new(OutageKind::Contended, "notify", "attempts"));
            }
        }
    }
}
