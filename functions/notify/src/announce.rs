//! Announcing a stored message: its outbox entry becomes a notice to each person who is to be told,
//! and those that are due at once are sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::address::AddressHash;
use domain::conversation::Party;
use domain::notice::{Announced, Burst, Hold, Notice, NoticeState, PAUSE_STEP};
use domain::outage::{Outage, OutageKind};
use domain::people::Channel;
use jiff::{SignedDuration, Timestamp};
use platform::Attempts;
use store::change::{self, Outbox, Unread};
use store::key::{self, ConversationKey, Work};
use store::{Committed, notices};
use worker::Step;

use crate::facts::{self, Facts, Reading, Whom};
use crate::handler::{BUDGET, Notify};

/// So many are told in one transaction, which has at most 100 parts (AWS limit).
const AT_ONCE: usize = 20;

/// So many are sent to before others get their turn; the rest is due, and found by the next tick.
const SENT_AT_ONCE: usize = 8;

/// A notice that is opened, and what it relies on.
struct Opened {
    facts: Arc<Facts>,
    notice: Notice,
    whom: Whom,
    before: Option<Announced>,
    burst: Burst,
}

impl Notify {
    /// Opens the notices of a message, and makes the first attempt at those that are due at once.
    pub(crate) async fn announce(
        &self,
        name: &ConversationKey,
        outbox: Outbox,
    ) -> Result<Step, Outage> {
        let mut tries = Attempts::within(BUDGET);
        let mut opened = Vec::new();
        let end = loop {
            match self.open(name, outbox, &mut opened).await {
                Ok(Committed::Done) => break Ok(Step::Done),
                // Another message of the burst was announced at this moment.
                Ok(Committed::Lost) if tries.again().await => {}
                Ok(Committed::Lost) => {
                    break Err(Outage::new(OutageKind::Contended, "notify", "attempts"));
                }
                Err(outage) => break Err(outage),
            }
        };
        // What was opened is about to be handed over, whatever became of the rest.
        self.send_at_once(name, opened).await?;
        end
    }

    /// Opens the notices of whom there are none yet, and adds them to what is `done`; lost: the facts
    /// changed at this moment.
    async fn open(
        &self,
        name: &ConversationKey,
        outbox: Outbox,
        done: &mut Vec<Opened>,
    ) -> Result<Committed, Outage> {
        let Outbox { number, party, .. } = outbox;
        let (facts, recipients, addresses) =
            facts::of_message(&self.store, name, number, party).await?;
        let (facts, now) = (Arc::new(facts), self.sources.now());
        let mut told: BTreeSet<(Channel, AddressHash)> = BTreeSet::new();
        let mut opened = Vec::new();
        for (recipient, whom, reading) in recipients {
            // Opened by an earlier attempt that did not come to the end.
            if let Some(notice) = reading.notice {
                told.extend(notice.channel.zip(notice.address));
                continue;
            }
            let way = facts.telling(&whom).way(&recipient, &addresses);
            let Reading { seen, announced, .. } = reading;
            // Of two who share an address, one notice tells both.
            let mut burst = Burst::at_opening(number, announced, seen, now);
            if let (Ok(way), Burst::Own) = (&way, burst)
                && !told.insert((way.channel, way.hash.clone()))
            {
                burst = Burst::Covered { by: number, until: now };
            }
            let id = self.sources.new_id();
            let notice = Notice::opened(id, number, recipient, &way, burst, now);
            let facts = Arc::clone(&facts);
            opened.push(Opened { facts, notice, whom, before: announced, burst });
        }
        let mut sent = done.len();
        for one in &mut opened {
            one.notice = begun(&one.notice, &facts, &mut sent, now);
        }
        loop {
            let rest = opened.split_off(opened.len().min(AT_ONCE));
            let chunk = std::mem::replace(&mut opened, rest);
            let is_last = opened.is_empty();
            let mut transaction = self.store.transaction();
            for one in &chunk {
                let Opened { notice, before, burst, .. } = one;
                notices::open(&mut transaction, name, notice, now);
                match (burst, before) {
                    // Whoever shares an address is told with the other, and of what follows so, too.
                    (Burst::Own, before) if notice.is_queued() => {
                        let announced = Announced { number, at: now };
                        let recipient = &notice.recipient;
                        notices::announce(&mut transaction, name, recipient, *before, announced);
                    }
                    (Burst::Covered { by, .. }, Some(before)) if *by == before.number => {
                        notices::still_announced(
                            &mut transaction,
                            name,
                            &notice.recipient,
                            *before,
                        );
                    }
                    (Burst::Covered { by, .. }, before) if *by == number => {
                        let announced = Announced { number, at: now };
                        let recipient = &notice.recipient;
                        notices::announce(&mut transaction, name, recipient, *before, announced);
                    }
                    (Burst::Own | Burst::Covered { .. } | Burst::Read, _) => {}
                }
                notices::record_end(&mut transaction, notice, &self.record(name, notice));
            }
            if is_last {
                transaction.delete(&key::outbox(name, number));
                if let Some(due) = watch(&facts, party, now) {
                    let unread = Unread { number, attempts: 0 };
                    let due = change::due(Work::Notice, name, due);
                    transaction.put(&key::unread(name, number), &unread, due, None);
                }
            }
            if self.store.commit(transaction).await? == Committed::Lost {
                return Ok(Committed::Lost);
            }
            done.extend(chunk);
            if is_last {
                return Ok(Committed::Done);
            }
        }
    }

    async fn send_at_once(
        &self,
        name: &ConversationKey,
        opened: Vec<Opened>,
    ) -> Result<(), Outage> {
        let mut attempts = tokio::task::JoinSet::new();
        for Opened { facts, notice, whom, .. } in opened {
            if notice.unanswered {
                let (notify, name) = (self.clone(), name.clone());
                attempts.spawn(async move { notify.attempt(&name, notice, &facts, &whom).await });
            }
        }
        let mut end = Ok(());
        while let Some(attempt) = attempts.join_next().await {
            let panicked = |_| Outage::new(OutageKind::Broken, "notify", "panic");
            if let Err(outage) = attempt.map_err(panicked).flatten() {
                end = Err(outage);
            }
        }
        end
    }
}

/// When it is looked at whether the message was read, if the clinic wants that.
fn watch(facts: &Facts, party: Party, now: Timestamp) -> Option<Timestamp> {
    let hours = facts.clinic.notices.unread_after_hours.filter(|_| party == Party::Clinic)?;
    now.saturating_add(SignedDuration::from_hours(i64::from(hours))).ok()
}

/// The notice as it is opened: claimed for its first attempt, held back, or left for the tick.
fn begun(notice: &Notice, facts: &Facts, sent: &mut usize, now: Timestamp) -> Notice {
    let notice = notice.clone();
    match notice.state {
        NoticeState::Queued if facts.clinic.notices.paused => {
            let until = now.saturating_add(PAUSE_STEP).unwrap_or(now);
            notice.held(Hold::Paused, until)
        }
        NoticeState::Queued if *sent < SENT_AT_ONCE => {
            *sent = sent.saturating_add(1);
            notice.claimed(now).sending()
        }
        // Whoever shares an address with one who is told is told with it.
        NoticeState::Covered { by, .. } if by == notice.number => Notice { due: None, ..notice },
        _ => notice,
    }
}
