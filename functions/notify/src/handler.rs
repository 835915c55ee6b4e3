//! Announcing a stored message: its outbox entry becomes a notice, and the notice is handed to the
//! provider under a claim.

use std::time::Duration;

use delivery::{Email, Mailer, Texter};
use domain::actor::Actor;
use domain::audit::{Action, Record, Subject};
use domain::clinic::ClinicSettings;
use domain::notice::{self, Answer, LEASE, Notice, NoticeTemplate};
use domain::outage::{Outage, OutageKind};
use domain::people::{Channel, Patient};
use platform::{Attempts, Sources};
use serde::de::DeserializeOwned;
use store::change::Outbox;
use store::due::{self, Claimed};
use store::key::{self, ConversationKey, Key, Work};
use store::{Committed, Store, notices};
use worker::{Step, Worker};

/// How long storing a provider's answer is tried again.
const BUDGET: Duration = Duration::from_secs(3);

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
    /// The domain of the link.
    pub link_domain: String,
    /// The invocation's id, for records.
    pub request_id: String,
}

/// What a notice depends on besides itself.
struct Facts {
    clinic: ClinicSettings,
    patient: Patient,
    templates: Vec<NoticeTemplate>,
}

impl Worker for Notify {
    const WORK: Work = Work::Notice;

    fn store(&self) -> &Store {
        &self.store
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    async fn step(&self, item_key: Key) -> Result<Step, Outage> {
        if item_key.sk.starts_with("OUTBOX#") {
            match self.claim::<Outbox>(&item_key, due::MOST_ATTEMPTS).await? {
                Claimed::NotDue => Ok(Step::Done),
                Claimed::Stuck => Ok(Step::Stuck),
                Claimed::Held(outbox) => self.announce(&name_of(&item_key)?, outbox).await,
            }
        } else {
            match self.claim::<Notice>(&item_key, notices::MOST_ATTEMPTS).await? {
                Claimed::NotDue => Ok(Step::Done),
                Claimed::Stuck => Ok(Step::Stuck),
                Claimed::Held(notice) => self.send_again(&name_of(&item_key)?, notice).await,
            }
        }
    }
}

impl Notify {
    /// Opens the notice of a message, claimed for its first attempt, and makes that attempt.
    async fn announce(&self, name: &ConversationKey, outbox: Outbox) -> Result<Step, Outage> {
        let facts = self.facts(name).await?;
        let now = self.sources.now();
        let notice = Notice::of_message(outbox.number, &facts.clinic, &facts.patient, now);
        let mut transaction = self.store.transaction();
        notices::open(&mut transaction, name, &notice);
        notices::record_end(&mut transaction, &notice, &self.record(name, &notice));
        match self.store.commit(transaction).await? {
            Committed::Done if notice.is_queued() => self.attempt(name, notice, &facts).await,
            // Lost: the claim ran out, and its next holder opened the notice and sends it. Or the
            // two met, and the entry is still there: it comes due at its claim's end.
            Committed::Done | Committed::Lost => Ok(Step::Done),
        }
    }

    /// Makes one more attempt at a notice that is due.
    async fn send_again(&self, name: &ConversationKey, notice: Notice) -> Result<Step, Outage> {
        let facts = self.facts(name).await?;
        let now = self.sources.now();
        let notice = notice.rechecked(&facts.clinic, &facts.patient, now);
        if notice.is_queued() {
            self.attempt(name, notice, &facts).await
        } else {
            self.settle(name, &notice).await
        }
    }

    async fn claim<T: DeserializeOwned>(&self, key: &Key, most: u32) -> Result<Claimed<T>, Outage> {
        let now = self.sources.now();
        let lease_end = now.saturating_add(LEASE).unwrap_or(now);
        self.store.claim(key, worker::due_by(now), lease_end, most).await
    }

    async fn facts(&self, name: &ConversationKey) -> Result<Facts, Outage> {
        let settings = key::settings(&name.clinic);
        let patient = key::patient(&name.clinic, &name.patient);
        let templates = key::notice_templates(&name.clinic);
        let keys = templates.iter().chain([&settings, &patient]).cloned();
        let mut found = self.store.read(keys).await?;
        let missing = |what| Outage::new(OutageKind::Broken, "notify", what);
        Ok(Facts {
            clinic: found.take(&settings)?.ok_or_else(|| missing("settings"))?,
            patient: found.take(&patient)?.ok_or_else(|| missing("patient"))?,
            templates: templates
                .iter()
                .filter_map(|key| found.take(key).transpose())
                .collect::<Result<_, _>>()?,
        })
    }

    async fn attempt(
        &self,
        name: &ConversationKey,
        notice: Notice,
        facts: &Facts,
    ) -> Result<Step, Outage> {
        let answer = self.hand_over(name, &notice, facts).await;
        let jitter = platform::jitter(Duration::from_secs(1)).as_secs_f64();
        let settled = notice.answered(answer, self.sources.now(), jitter);
        self.settle(name, &settled).await
    }

    /// Stores what became of a claimed notice. The provider's yes would be lost with a write that
    /// fails, and the patient told twice: so it is tried again for a while.
    async fn settle(&self, name: &ConversationKey, notice: &Notice) -> Result<Step, Outage> {
        let mut tries = Attempts::within(BUDGET);
        let mut again = false;
        loop {
            let outage = match self.settle_once(name, notice, again).await {
                Ok(true) => return Ok(Step::Done),
                Ok(false) => Outage::new(OutageKind::Contended, "notify", "attempts"),
                Err(outage) if outage.kind() == OutageKind::Broken => return Err(outage),
                Err(outage) => outage,
            };
            if !tries.again().await {
                return Err(outage);
            }
            again = true;
        }
    }

    /// Whether nothing is left to store.
    async fn settle_once(
        &self,
        name: &ConversationKey,
        notice: &Notice,
        again: bool,
    ) -> Result<bool, Outage> {
        if again {
            // The earlier try was written and its answer lost; or the claim ran out meanwhile, and
            // its next holder settles the notice.
            let key = key::notice(name, notice.number);
            let stored: Option<Notice> = self.store.read([key.clone()]).await?.take(&key)?;
            let is_held =
                |stored: &Notice| stored.is_queued() && stored.attempts == notice.attempts;
            if !stored.as_ref().is_some_and(is_held) {
                return Ok(true);
            }
        }
        let mut transaction = self.store.transaction();
        notices::settle(&mut transaction, name, notice);
        notices::record_end(&mut transaction, notice, &self.record(name, notice));
        Ok(self.store.commit(transaction).await? == Committed::Done)
    }

    /// Hands the notice to the provider of its channel.
    async fn hand_over(&self, name: &ConversationKey, notice: &Notice, facts: &Facts) -> Answer {
        let Facts { clinic, patient, templates } = facts;
        let link = notice::link(&self.link_domain, &name.conversation);
        let address = (notice.channel, &patient.email, &patient.sms);
        let sent = match address {
            (Some(Channel::Email), Some(to), _) => {
                let words = notice::wording(Channel::Email, clinic, patient, templates, &link);
                let email = Email {
                    to,
                    subject: &words.subject,
                    text: &words.text,
                    html: &words.html,
                    date: self.sources.now(),
                    reference: &self.sources.new_id(),
                };
                self.mailer.send(email).await
            }
            (Some(Channel::Sms), _, Some(to)) => {
                let words = notice::wording(Channel::Sms, clinic, patient, templates, &link);
                self.texter.send(to, &words.text).await
            }
            _ => return Answer::Permanent(notice::FailureReason::NoUsableAddress),
        };
        match sent {
            Ok(id) => Answer::Accepted { provider_id: id.into_string() },
            Err(error) => {
                let outcome_unknown = error.outcome_unknown;
                tracing::warn!(code = error.code(), outcome_unknown, "a notice was not accepted");
                error.into()
            }
        }
    }

    fn record(&self, name: &ConversationKey, notice: &Notice) -> Record {
        let channel = notice.channel.map_or("none", Channel::as_str);
        let subject = Subject {
            clinic: Some(name.clinic.clone()),
            patient: Some(name.patient.clone()),
            objects: vec![
                name.conversation.to_string(),
                notice.number.to_string(),
                channel.to_owned(),
                notice.state.as_str().to_owned(),
            ],
        };
        let (id, now) = (self.sources.new_id(), self.sources.now());
        Record::done(id, now, &Actor::System, Action::NoticeEnd, subject, &self.request_id)
    }
}

fn name_of(key: &Key) -> Result<ConversationKey, Outage> {
    let broken = || Outage::new(OutageKind::Broken, "notify", "key");
    ConversationKey::from_partition(&key.pk).ok_or_else(broken)
}
