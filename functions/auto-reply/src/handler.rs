//! Looking at a timer: two waves, one read of all facts and one transaction. Where the vacations of the
//! conversation's staff matter, those are a wave between the two: who they are stands in the first.

use std::time::Duration;

use domain::actor::Actor;
use domain::audit::{Action, Record, Subject};
use domain::automatic::{self, Away, Fired};
use domain::clinic::ClinicSettings;
use domain::conversation::Conversation;
use domain::outage::{Outage, OutageKind};
use domain::people::Patient;
use jiff::SignedDuration;
use platform::{Attempts, Sources};
use store::change::{self, StoredTimer};
use store::due::{self, Claimed};
use store::key::{self, ConversationKey, Key, Work};
use store::{Committed, Guard, Store};
use worker::{Brake, Step, Worker};

/// A claim lasts longer than a step can ([`Worker::LONGEST_STEP`]), so that no two work on one timer.
const LEASE: SignedDuration = SignedDuration::from_secs(120);

/// How long decisions are made again when people write to the conversation at the same time.
const BUDGET: Duration = Duration::from_secs(5);

/// Answers automatically.
#[derive(Clone, Debug)]
pub struct AutoReply {
    /// The tables.
    pub store: Store,
    /// Time and ids.
    pub sources: Sources,
    /// What stops it while sending is switched off.
    pub brake: Brake,
    /// The invocation's id, for records.
    pub request_id: String,
}

impl Worker for AutoReply {
    const WORK: Work = Work::Timer;

    fn store(&self) -> &Store {
        &self.store
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn brake(&self) -> Option<&Brake> {
        Some(&self.brake)
    }

    async fn step(&self, timer_key: Key) -> Result<Step, Outage> {
        let now = self.sources.now();
        let lease_end = now.saturating_add(LEASE).unwrap_or(now);
        let (due_by, most) = (worker::due_by(now), due::MOST_ATTEMPTS);
        let timer = match self.store.claim(&timer_key, due_by, lease_end, most).await? {
            Claimed::NotDue => return Ok(Step::Done),
            Claimed::Stuck => return Ok(Step::Stuck),
            Claimed::Held(StoredTimer { timer, .. }) => timer,
        };
        let Some(name) = ConversationKey::from_partition(&timer_key.pk) else {
            return Err(Outage::new(OutageKind::Broken, "auto_reply", "key"));
        };
        let mut tries = Attempts::within(BUDGET);
        loop {
            if self.look(&name, &timer_key, timer).await? == Committed::Done {
                return Ok(Step::Done);
            }
            if !tries.again().await {
                return Err(Outage::new(OutageKind::Contended, "auto_reply", "attempts"));
            }
        }
    }
}

impl AutoReply {
    /// Judges the timer on the facts of now and writes what follows.
    async fn look(
        &self,
        name: &ConversationKey,
        timer_key: &Key,
        timer: automatic::Timer,
    ) -> Result<Committed, Outage> {
        let keys = [
            key::settings(&name.clinic),
            key::patient(&name.clinic, &name.patient),
            key::conversation(name),
        ];
        let mut found = self.store.read(keys.into_iter().chain(change::timer_keys(name))).await?;
        let missing = |what| Outage::new(OutageKind::Broken, "auto_reply", what);
        // Staff answered or closed meanwhile: the timer went with that.
        let Some(current) = found.get::<StoredTimer>(timer_key)? else {
            return Ok(Committed::Done);
        };
        if current.timer.number != timer.number {
            return Ok(Committed::Done);
        }
        let clinic: ClinicSettings =
            found.take(&key::settings(&name.clinic))?.ok_or_else(|| missing("settings"))?;
        let patient: Patient = found
            .take(&key::patient(&name.clinic, &name.patient))?
            .ok_or_else(|| missing("patient"))?;
        let conversation: Conversation =
            found.take(&key::conversation(name))?.ok_or_else(|| missing("conversation"))?;

        let timers = change::timers(&mut found, name)?;
        let away = if automatic::asks_who_is_away(timer.kind, &clinic) {
            self.store.all_away(&conversation).await?
        } else {
            Vec::new()
        };

        let now = self.sources.now();
        let mut transaction = self.store.transaction();
        let away = Away::Known(&away);
        match automatic::fire(&timer, &timers, &conversation, &clinic, away, &patient, now) {
            Fired::Reply(change) => {
                let number = change.conversation.tally.total.to_string();
                let record = self.record(name, Action::AutomaticReply, number);
                change::write(&mut transaction, &change, now, &record);
            }
            Fired::Wait(until) => {
                let unchanged = Guard::Version(conversation.version);
                transaction.check(&key::conversation(name), &unchanged);
                let timer = automatic::Timer { due: until, ..timer };
                change::set_timer(&mut transaction, name, &timer);
            }
            Fired::NotNeeded(why) => {
                // A message that comes at this moment may need the timer: it is there for it,
                // or it is gone and is set anew, but never in between.
                let unchanged = Guard::Version(conversation.version);
                transaction.check(&key::conversation(name), &unchanged);
                transaction.delete(timer_key);
                let why = why.as_str().to_owned();
                transaction.record(&self.record(name, Action::AutomaticNotNeeded, why));
            }
        }
        self.store.commit(transaction).await
    }

    fn record(&self, name: &ConversationKey, action: Action, detail: String) -> Record {
        let subject = Subject {
            clinic: Some(name.clinic.clone()),
            patient: Some(name.patient.clone()),
            objects: vec![name.conversation.to_string(), detail],
        };
        let (id, now) = (self.sources.new_id(), self.sources.now());
        Record::done(id, now, &Actor::System, action, subject, &self.request_id)
    }
}
