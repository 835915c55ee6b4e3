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
        loop {
            match self.open(name, outbox).await? {
                Some((facts, opened)) => {
                    self.send_at_once(name, Arc::new(facts), opened).await?;
                    return Ok(Step::Done);
                }
                // Another message of the burst was announced at this moment.
                None if tries.again().await => {}
                None => return Err(Outage::new(OutageKind::Contended, "notify", "attempts")),
            }
        }
    }

    /// Opens the notices; `None`: the facts changed at this moment.
    async fn open(
        &self,
        name: &ConversationKey,
        outbox: Outbox,
    ) -> Result<Option<(Facts, Vec<Opened>)>, Outage> {
        let Outbox { number, party, .. } = outbox;
        let (facts, recipients, addresses) =
            facts::of_message(&self.store, name, number, party).await?;
        let now = self.sources.now();
        let mut told: BTreeSet<(Channel, AddressHash)> = BTreeSet::new();
        let mut opened = Vec::new();
        for (recipient, whom, reading) in recipients {
            // Opened by an earlier attempt that did not come to the end.
            if reading.notice.is_some() {
                continue;
            }
            let way = facts.telling(&whom).way(&recipient, &addresses);
            let Reading { seen, announced, .. } = reading;
            // Of two who share an address, one notice tells both.
            let mut burst = Burst::of(announced, seen, now);
            if let (Ok(way), Burst::Own) = (&way, burst)
                && !told.insert((way.channel, way.hash.clone()))
            {
                burst = Burst::Covered { by: number, until: now };
            }
            let id = self.sources.new_id();
            let notice = Notice::opened(id, number, recipient, &way, burst, now);
            opened.push(Opened { notice, whom, before: announced, burst });
        }
        let mut sent = 0;
        for one in &mut opened {
            one.notice = begun(&one.notice, &facts, &mut sent, now);
        }
        for chunk in chunks(&opened) {
            let mut transaction = self.store.transaction();
            let is_last = chunk.last().is_none_or(|last| {
                opened.last().is_some_and(|end| end.notice.recipient == last.notice.recipient)
            });
            for one in chunk {
                let Opened { notice, before, burst, .. } = one;
                notices::open(&mut transaction, name, notice, now);
                match (burst, before) {
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
                    (Burst::Own | Burst::Covered { .. }, _) => {}
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
                return Ok(None);
            }
        }
        Ok(Some((facts, opened)))
    }

    async fn send_at_once(
        &self,
        name: &ConversationKey,
        facts: Arc<Facts>,
        opened: Vec<Opened>,
    ) -> Result<(), Outage> {
        let mut attempts = tokio::task::JoinSet::new();
        for Opened { notice, whom, .. } in opened {
            if notice.unanswered {
                let (notify, name, facts) = (self.clone(), name.clone(), Arc::clone(&facts));
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

/// The notices in portions of one transaction; one that is empty, if there are none.
fn chunks(opened: &[Opened]) -> Vec<&[Opened]> {
    if opened.is_empty() { vec![opened] } else { opened.chunks(AT_ONCE).collect() }
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
