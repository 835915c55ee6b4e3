//! Work that is due: a message that is not announced, a notice that is to be sent or looked at, a
//! message of which nobody knows whether it was read.

use std::time::Duration;

use delivery::{Mailer, OptOuts, Texter};
use domain::actor::Actor;
use domain::audit::{Action, Record, Subject};
use domain::notice::{Announced, LEASE, Look, Next, Notice, NoticeState, Recipient};
use domain::outage::{Outage, OutageKind};
use domain::people::Channel;
use platform::{Attempts, Sources};
use serde::de::DeserializeOwned;
use store::change::{Outbox, Unread};
use store::due::{self, Claimed};
use store::key::{self, ConversationKey, Key, Work};
use store::{Committed, Guard, Store, Transaction, notices};
use worker::{Brake, Step, Worker};

use crate::facts::{self, Reading};
use crate::rate::Rates;

/// How long storing something is tried again while others write at the same time.
pub const BUDGET: Duration = Duration::from_secs(3);

/// Announces messages.
#[derive(Clone, Debug)]
pub struct Notify {
    /// The tables.
    pub store: Store,
    /// Time and ids.
    pub sources: Sources,
    /// Email.
    pub mailer: Mailer,
    /// Text messages.
    pub texter: Texter,
    /// Who wants no text messages, as SNS knows it.
    pub opt_outs: OptOuts,
    /// Where links lead.
    pub links: Links,
    /// How much may be sent.
    pub rates: Rates,
    /// What stops it while sending is switched off.
    pub brake: Brake,
    /// The invocation's id, for records.
    pub request_id: String,
}

/// Where the links of notices lead.
#[derive(Clone, Debug)]
pub struct Links {
    /// The domain of the app of patients and guardians.
    pub patients: String,
    /// The domain of the clinics' app.
    pub staff: String,
}

impl Worker for Notify {
    const WORK: Work = Work::Notice;

    /// Reads (3 of 5 s), a turn (6 s), the question to SNS (2 s), the provider (8 s) and what is stored
    /// before and after.
    const LONGEST_STEP: Duration = Duration::from_secs(45);

    fn store(&self) -> &Store {
        &self.store
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn brake(&self) -> Option<&Brake> {
        Some(&self.brake)
    }

    async fn step(&self, item_key: Key) -> Result<Step, Outage> {
        // What names no conversation is claimed as well: only so is it counted, and set aside.
        let most = due::MOST_ATTEMPTS;
        match item_key.sk.split('#').next().unwrap_or_default() {
            "OUTBOX" => match self.claim::<Outbox>(&item_key, most).await? {
                Claimed::NotDue => Ok(Step::Done),
                Claimed::Stuck => Ok(Step::Stuck),
                Claimed::Held(outbox) => self.announce(&name_of(&item_key)?, outbox).await,
            },
            "UNREAD" => match self.claim::<Unread>(&item_key, most).await? {
                Claimed::NotDue => Ok(Step::Done),
                Claimed::Stuck => Ok(Step::Stuck),
                Claimed::Held(unread) => self.look_unread(&name_of(&item_key)?, unread).await,
            },
            _ => match self.claim::<Notice>(&item_key, most).await? {
                Claimed::NotDue => Ok(Step::Done),
                Claimed::Stuck => Ok(Step::Stuck),
                Claimed::Held(notice) => self.look(&name_of(&item_key)?, notice).await,
            },
        }
    }
}

impl Notify {
    async fn claim<T: DeserializeOwned>(&self, key: &Key, most: u32) -> Result<Claimed<T>, Outage> {
        let now = self.sources.now();
        let lease_end = now.saturating_add(LEASE).unwrap_or(now);
        self.store.claim(key, worker::due_by(now), lease_end, most).await
    }

    /// Does what is to be done about a notice that is due.
    async fn look(&self, name: &ConversationKey, mut notice: Notice) -> Result<Step, Outage> {
        // The claim moved it in the index; that it is claimed until then is part of it.
        notice.due = self.sources.now().saturating_add(LEASE).ok();
        let mut tries = Attempts::within(BUDGET);
        loop {
            if let Some(step) = self.look_once(name, &notice).await? {
                return Ok(step);
            }
            // Another message of the burst was announced at this moment, or feedback came.
            let key = key::notice(name, notice.number, &notice.recipient);
            let stored: Option<Notice> = self.store.read([key.clone()]).await?.take(&key)?;
            let is_held = |stored: &Notice| {
                stored.attempts == notice.attempts && stored.version == notice.version
            };
            if !stored.as_ref().is_some_and(is_held) {
                return Ok(Step::Done);
            }
            if !tries.again().await {
                return Err(Outage::new(OutageKind::Contended, "notify", "attempts"));
            }
        }
    }

    /// The same on the facts of now; `None`: something was written at this moment.
    async fn look_once(
        &self,
        name: &ConversationKey,
        notice: &Notice,
    ) -> Result<Option<Step>, Outage> {
        let (facts, whom, reading, mut addresses) =
            facts::of_notice(&self.store, name, notice).await?;
        if let (Some(hash), true) = (&notice.address, notice.was_refused()) {
            addresses.refuse(hash.clone(), self.sources.now());
        }
        let telling = facts.telling(&whom);
        // A channel that it has been through tells nobody any more, whatever is known of the address now.
        let contact = telling.contact(&notice.recipient);
        let before = notice.earlier.as_ref().map(|earlier| earlier.channel);
        if let (Some(contact), Some(channel)) = (&contact, before)
            && let Some(hash) = contact.hash(channel)
        {
            addresses.refuse(hash.clone(), self.sources.now());
        }
        let way = telling.way(&notice.recipient, &addresses);
        let Reading { seen, announced, notice: covering } = reading;
        let look = Look {
            way: &way,
            seen,
            announced,
            covering: covering.as_ref(),
            paused: facts.clinic.notices.paused,
        };
        let now = self.sources.now();
        let next = notice.clone().look(look, now);
        if next.notice().address != notice.address || notice.was_read(next.notice()) {
            self.release_sharers(name, notice).await?;
        }
        let (next, is_announced) = match next {
            Next::Store(next) => return self.put(name, notice, &next).await.map(Some),
            Next::Release(next) => {
                self.release(name, notice, announced).await?;
                return self.put(name, notice, &next).await.map(Some);
            }
            Next::Send(next) => (next, false),
            Next::Announce(next) => (next, true),
        };
        // Of those who shared an address with a notice that ended, the first one tells the others.
        let sharing =
            if is_announced { self.store.sharing(name, &next).await? } else { Vec::new() };
        let with = |transaction: &mut Transaction| {
            if is_announced {
                let this = Announced { number: notice.number, at: now };
                notices::announce(transaction, name, &notice.recipient, announced, this);
            }
            for other in &sharing {
                let key = key::notice(name, other.number, &other.recipient);
                transaction.check(&key, &Guard::Version(other.version));
            }
        };
        if let Some(told) = next.told_with(&sharing, now) {
            let end = |transaction: &mut Transaction| {
                with(transaction);
                notices::record_end(transaction, &told, &self.record(name, &told));
            };
            let stored = self.begin(name, notice, &told, end).await?;
            return Ok(stored.map(|_| Step::Done));
        }
        match self.begin(name, notice, &next.sending(), with).await? {
            Some(begun) => self.attempt(name, begun, &facts, &whom).await.map(Some),
            None => Ok(None),
        }
    }

    /// Has those looked at again that a notice covers which ended without telling anybody. It may
    /// be done again: what was looked at meanwhile is not covered by it any more.
    async fn release(
        &self,
        name: &ConversationKey,
        notice: &Notice,
        announced: Option<Announced>,
    ) -> Result<(), Outage> {
        if let Some(announced) = announced.filter(|last| last.number == notice.number) {
            let mut transaction = self.store.transaction();
            notices::unannounce(&mut transaction, name, &notice.recipient, announced);
            if self.store.commit(transaction).await? == Committed::Lost {
                // Another message is announced by now, or somebody writes at this moment.
                return Err(Outage::new(OutageKind::Contended, "notify", "announced"));
            }
        }
        self.release_all(name, notice, |_| true).await
    }

    /// Has those looked at again who share the address that a notice went to, and goes to no more.
    async fn release_sharers(&self, name: &ConversationKey, notice: &Notice) -> Result<(), Outage> {
        if notice.address.is_none() {
            return Ok(());
        }
        self.release_all(name, notice, |other| other.recipient != notice.recipient).await
    }

    /// Makes due, of those that a notice covers, each that is not.
    async fn release_all(
        &self,
        name: &ConversationKey,
        notice: &Notice,
        is_wanted: impl Fn(&Notice) -> bool,
    ) -> Result<(), Outage> {
        let now = self.sources.now();
        let mut tries = Attempts::within(BUDGET);
        loop {
            let covered = self.store.covered_by(name, notice).await?;
            // One that is claimed may be looked at by what was so before.
            let is_left =
                |other: &&Notice| other.attempts > 0 || other.due.is_none_or(|due| due > now);
            let mut is_done = true;
            for other in covered.iter().filter(|other| is_wanted(other)).filter(is_left) {
                let mut transaction = self.store.transaction();
                notices::settle(&mut transaction, name, other, &other.clone().released(now));
                // Lost: it is looked at at this moment, maybe before what has happened here.
                is_done &= self.store.commit(transaction).await? == Committed::Done;
            }
            if is_done {
                return Ok(());
            }
            if !tries.again().await {
                return Err(Outage::new(OutageKind::Contended, "notify", "attempts"));
            }
        }
    }

    /// Stores a notice together with something else: that it is about to be handed to the provider, so
    /// that a crash is found, or that another one tells. `None`: something was written at this moment.
    async fn begin(
        &self,
        name: &ConversationKey,
        before: &Notice,
        next: &Notice,
        with: impl FnOnce(&mut Transaction),
    ) -> Result<Option<Notice>, Outage> {
        let mut transaction = self.store.transaction();
        notices::settle(&mut transaction, name, before, next);
        with(&mut transaction);
        match self.store.commit(transaction).await? {
            Committed::Done => Ok(Some(notices::written(before, next))),
            Committed::Lost => Ok(None),
        }
    }

    /// Stores a notice in the place of what it was, with the record that it ended, if it did. If it
    /// changed at this moment, it comes due again.
    pub(crate) async fn put(
        &self,
        name: &ConversationKey,
        before: &Notice,
        after: &Notice,
    ) -> Result<Step, Outage> {
        let mut transaction = self.store.transaction();
        notices::settle(&mut transaction, name, before, after);
        if before.state != after.state || before.due.is_some() && after.due.is_none() {
            notices::record_end(&mut transaction, after, &self.record(name, after));
        }
        let _stored = self.store.commit(transaction).await?;
        Ok(Step::Done)
    }

    /// Stores what a provider answered, by which id it will name the notice, and that it ended, if it
    /// did. The provider's yes would be lost with a write that fails, and somebody told twice: so it
    /// is tried again for a while.
    pub(crate) async fn settle(
        &self,
        name: &ConversationKey,
        mut before: Notice,
        answered: impl Fn(Notice) -> Notice,
    ) -> Result<Step, Outage> {
        let mut tries = Attempts::within(BUDGET);
        let mut again = false;
        loop {
            if again {
                match self.still_unanswered(name, &before).await {
                    Ok(Some(stored)) => before = stored,
                    Ok(None) => return Ok(Step::Done),
                    Err(outage) if outage.kind() == OutageKind::Broken => return Err(outage),
                    Err(_) => {}
                }
            }
            let outage = match self.settle_once(name, &before, &answered(before.clone())).await {
                Ok(Committed::Done) => return Ok(Step::Done),
                Ok(Committed::Lost) => Outage::new(OutageKind::Contended, "notify", "attempts"),
                Err(outage) if outage.kind() == OutageKind::Broken => return Err(outage),
                Err(outage) => outage,
            };
            if !tries.again().await {
                return Err(outage);
            }
            again = true;
        }
    }

    /// The notice as it is stored, if it still waits for this answer. Otherwise the earlier try was
    /// written and its answer lost; or the claim ran out, and its next holder looked at the notice; or
    /// feedback was faster, and says more. Feedback about another channel is no answer.
    async fn still_unanswered(
        &self,
        name: &ConversationKey,
        before: &Notice,
    ) -> Result<Option<Notice>, Outage> {
        let key = key::notice(name, before.number, &before.recipient);
        let stored: Option<Notice> = self.store.read([key.clone()]).await?.take(&key)?;
        Ok(stored.filter(|stored| {
            stored.unanswered && (stored.sends, stored.channel) == (before.sends, before.channel)
        }))
    }

    async fn settle_once(
        &self,
        name: &ConversationKey,
        before: &Notice,
        after: &Notice,
    ) -> Result<Committed, Outage> {
        let now = self.sources.now();
        let mut transaction = self.store.transaction();
        notices::settle(&mut transaction, name, before, after);
        if let (NoticeState::Accepted { provider_id: Some(id), .. }, Some(channel)) =
            (&after.state, after.channel)
        {
            notices::remember(&mut transaction, name, after, (channel, id), now);
        }
        notices::record_end(&mut transaction, after, &self.record(name, after));
        self.store.commit(transaction).await
    }

    pub(crate) fn record(&self, name: &ConversationKey, notice: &Notice) -> Record {
        let channel = notice.channel.map_or("none", Channel::as_str);
        let whom = match &notice.recipient {
            Recipient::Patient => None,
            Recipient::Guardian { id } => Some(id.to_string()),
            Recipient::Staff { id } => Some(id.to_string()),
        };
        let mut objects = vec![
            name.conversation.to_string(),
            notice.number.to_string(),
            channel.to_owned(),
            notice.state.as_str().to_owned(),
        ];
        objects.extend(whom);
        self.record_of(name, Action::NoticeEnd, objects)
    }

    pub(crate) fn record_of(
        &self,
        name: &ConversationKey,
        action: Action,
        objects: Vec<String>,
    ) -> Record {
        let subject = Subject {
            clinic: Some(name.clinic.clone()),
            patient: Some(name.patient.clone()),
            objects,
        };
        let (id, now) = (self.sources.new_id(), self.sources.now());
        Record::done(id, now, &Actor::System, action, subject, &self.request_id)
    }
}

fn name_of(key: &Key) -> Result<ConversationKey, Outage> {
    let broken = || Outage::new(OutageKind::Broken, "notify", "key");
    ConversationKey::from_partition(&key.pk).ok_or_else(broken)
}
