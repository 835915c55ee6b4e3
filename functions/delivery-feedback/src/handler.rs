//! Feedback: what speaks against an address is noted with the address, and then the notice moves on.

use std::time::Duration;

use delivery::OptOuts;
use domain::actor::Actor;
use domain::address::{AddressHash, AddressKey, AddressState, Mark, MarkReason};
use domain::audit::{Action, Record, Subject};
use domain::notice::{Happened, Keyword, Notice};
use domain::outage::{Outage, OutageKind};
use domain::people::Channel;
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::Error;
use launch::Listener;
use platform::{Attempts, Deadline, Sources};
use serde_json::Value;
use store::key::{ConversationKey, Key};
use store::{Committed, Store, notices};

use crate::event::{Happening, Told};

/// How long one notice is written again while others write it at the same time.
const BUDGET: Duration = Duration::from_secs(3);

/// Feedback of this age may come before the notice's own answer is stored. Then it is not unknown yet.
const EARLY: SignedDuration = SignedDuration::from_mins(2);

/// No page of the list is begun with less time left.
const LONGEST_PAGE: Duration = Duration::from_secs(20);

/// Takes in feedback.
#[derive(Clone)]
pub struct Feedback {
    /// The tables.
    pub store: Store,
    /// Time and ids.
    pub sources: Sources,
    /// Who wants no text messages, as SNS knows it.
    pub opt_outs: OptOuts,
    /// The key of address hashes.
    pub key: AddressKey,
    /// The invocation's id, for records.
    pub request_id: String,
}

/// What came of one thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// It is stored, or was no news.
    Done,
    /// It names nothing that we know, yet.
    Early,
    /// It cannot be read.
    Unreadable,
}

/// Not everything was stored; AWS is to tell it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} of what was told is to be told again")]
pub struct TellAgain(usize);

impl Listener for Feedback {
    async fn handle(&self, event: Value, deadline: Deadline) -> Result<Value, Error> {
        match Told::parse(event)? {
            Told::Reconcile => self.reconcile(deadline).await?,
            Told::Happened(happenings) => self.take_all(&happenings).await?,
        }
        Ok(Value::Null)
    }
}

impl Feedback {
    /// Takes in each by itself: one that fails loses none of the others. If any is to be told
    /// again, all are, and those that are stored are then no news.
    async fn take_all(&self, happenings: &[Happening]) -> Result<(), TellAgain> {
        let mut again = 0_usize;
        for happening in happenings {
            match self.take(happening).await {
                Ok(Taken::Done) => {}
                Ok(Taken::Early) => again = again.saturating_add(1),
                Ok(Taken::Unreadable) => {
                    tracing::warn!("feedback cannot be read");
                    again = again.saturating_add(1);
                }
                Err(outage) => {
                    let (operation, detail) = (outage.operation(), outage.detail());
                    tracing::warn!(operation, detail, "feedback was not stored");
                    again = again.saturating_add(1);
                }
            }
        }
        if again == 0 { Ok(()) } else { Err(TellAgain(again)) }
    }

    async fn take(&self, happening: &Happening) -> Result<Taken, Outage> {
        match happening {
            Happening::Email(event) => {
                let (happened, at) = event.happened();
                let hash = event.address().map(|address| self.key.know(address).hash);
                self.told(event.ids(), happened, at, hash).await
            }
            Happening::Text(outcome) => {
                let (happened, at) = outcome.happened(self.sources.now());
                let hash = outcome.address().map(|number| self.key.know(number).hash);
                self.told([outcome.id()], happened, at, hash).await
            }
            Happening::Unreadable => Ok(Taken::Unreadable),
            Happening::Inbound(inbound, at) => {
                match (inbound.keyword(), inbound.address()) {
                    (Some(Keyword::Stop), Some(number)) => {
                        let hash = self.key.know(number).hash;
                        // When it was said, so that a repeat, after consent, is of before that.
                        let at = at.unwrap_or_else(|| self.sources.now());
                        self.store.mark(&hash, Mark { reason: MarkReason::OptedOut, at }).await?;
                        tracing::info!("somebody opted out by text message");
                    }
                    // Consent is recorded by people.
                    (Some(Keyword::Start), _) => tracing::info!("somebody texted START"),
                    (Some(Keyword::Stop) | None, _) => {}
                }
                Ok(Taken::Done)
            }
        }
    }

    /// Takes in what happened to what one of these ids names. `hash` is the address that it is about.
    async fn told<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
        happened: Happened,
        at: Timestamp,
        hash: Option<AddressHash>,
    ) -> Result<Taken, Outage> {
        if happened == Happened::Nothing {
            return Ok(Taken::Done);
        }
        // The address first: who looks at the notice next is to know of it, and it counts whatever is
        // known of the notice.
        let mark = happened.mark().map(|reason| Mark { reason, at });
        if let (Some(mark), Some(hash)) = (mark, &hash) {
            self.store.mark(hash, mark).await?;
        }
        let mut last = None;
        for id in ids {
            if let Some((key, channel)) = self.store.notice_named(id).await? {
                // Where the event does not tell it, it is where the notice went.
                if let (Some(mark), None) = (mark, &hash)
                    && let Some(hash) = self.sent_to(&key, channel).await?
                {
                    self.store.mark(&hash, mark).await?;
                }
                self.move_on(&key, channel, happened, at).await?;
                return Ok(Taken::Done);
            }
            last = Some(id);
        }
        let now = self.sources.now();
        if now.duration_since(at) < EARLY {
            return Ok(Taken::Early);
        }
        if let Some(id) = last {
            tracing::warn!("feedback about an id that is not known was dropped");
            self.store.record_unknown(id, now).await?;
        }
        Ok(Taken::Done)
    }

    /// The address that a notice goes to, if it is of this channel.
    async fn sent_to(&self, key: &Key, channel: Channel) -> Result<Option<AddressHash>, Outage> {
        let notice: Option<Notice> = self.store.read([key.clone()]).await?.take(key)?;
        let notice = notice.filter(|notice| notice.channel == Some(channel));
        Ok(notice.and_then(|notice| notice.address))
    }

    /// Moves a notice on, if that is news.
    async fn move_on(
        &self,
        key: &Key,
        channel: Channel,
        happened: Happened,
        at: Timestamp,
    ) -> Result<(), Outage> {
        let broken = || Outage::new(OutageKind::Broken, "feedback", "key");
        let name = ConversationKey::from_partition(&key.pk).ok_or_else(broken)?;
        let mut tries = Attempts::within(BUDGET);
        loop {
            let before: Option<Notice> = self.store.read([key.clone()]).await?.take(key)?;
            let Some(before) = before else { return Ok(()) };
            let Some(after) = before.clone().told(channel, happened, at) else { return Ok(()) };
            let mut transaction = self.store.transaction();
            notices::settle(&mut transaction, &name, &before, &after);
            transaction.record(&self.record(&name, &after, channel));
            if self.store.commit(transaction).await? == Committed::Done {
                return Ok(());
            }
            if !tries.again().await {
                return Err(Outage::new(OutageKind::Contended, "feedback", "attempts"));
            }
        }
    }

    /// Notes everybody who opted out of text messages with the account. A number on the list gets
    /// none, whatever our own record said: consent that was recorded while it is still there does not
    /// count.
    ///
    /// It reads the list to its end, or as far as the time allows and fails then: the next call goes on
    /// from there, or from the beginning if SNS does not know the place any more. What is noted already
    /// takes no write.
    async fn reconcile(&self, deadline: Deadline) -> Result<(), Error> {
        let kept = self.store.place(self.sources.now()).await?;
        let mut from = kept.clone();
        let mut is_anew = from.is_none();
        loop {
            let now = self.sources.now();
            if deadline.remaining(now) < LONGEST_PAGE {
                if from != kept {
                    self.store.keep_place(from, now).await?;
                }
                return Err("the list of numbers that opted out was not read to its end".into());
            }
            // Of before the answer: whoever agrees again meanwhile is taken off the list first.
            let at = self.sources.now();
            let page = match self.opt_outs.list(from.clone()).await {
                Ok(page) => page,
                Err(error) if !is_anew && !error.is_passing() => {
                    tracing::warn!(code = error.code(), "the list is read from its beginning");
                    (from, is_anew) = (None, true);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let hashes: Vec<_> =
                page.numbers.into_iter().map(|number| self.key.know(number).hash).collect();
            let known = self.store.addresses(&hashes).await?;
            for hash in &hashes {
                let blocked = known.of(hash).and_then(AddressState::blocked);
                if blocked.is_some_and(|mark| mark.reason == MarkReason::OptedOut) {
                    continue;
                }
                self.store.mark(hash, Mark { reason: MarkReason::OptedOut, at }).await?;
            }
            from = page.next;
            if from.is_none() {
                if kept.is_some() {
                    self.store.keep_place(None, self.sources.now()).await?;
                }
                return Ok(());
            }
        }
    }

    fn record(&self, name: &ConversationKey, notice: &Notice, channel: Channel) -> Record {
        let state = match &notice.earlier {
            Some(earlier) if earlier.channel == channel => &earlier.state,
            _ => &notice.state,
        };
        let subject = Subject {
            clinic: Some(name.clinic.clone()),
            patient: Some(name.patient.clone()),
            objects: vec![
                name.conversation.to_string(),
                notice.number.to_string(),
                channel.as_str().to_owned(),
                state.as_str().to_owned(),
            ],
        };
        let (id, now) = (self.sources.new_id(), self.sources.now());
        let action = Action::NoticeFeedback;
        Record::done(id, now, &Actor::System, action, subject, &self.request_id)
    }
}
