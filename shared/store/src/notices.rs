//! Notices: opened from the outbox, claimed when due, settled by the provider's answer, moved on by
//! its feedback.

use domain::audit::Record;
use domain::conversation::ReadMarker;
use domain::id::{ClinicId, PatientId};
use domain::notice::{Announced, Notice, Recipient};
use domain::outage::Outage;
use domain::people::{AccountLink, Channel};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::change::due;
use crate::key::{self, ConversationKey, Key, Work};
use crate::transaction::{Guard, Transaction};

/// For how long a provider's id is remembered: complaints come weeks later.
const PROVIDER_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// For how long an id is remembered that stands for nothing.
const UNKNOWN_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// So many numbers before and after a message those may be that its notice covers: more messages
/// than one conversation gets in a burst's five minutes.
const BURST: u32 = 500;

/// What a provider's id, or a notice's own, stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRef {
    /// The notice's partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notice_pk: Option<String>,
    /// The notice's place in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notice_sk: Option<String>,
    /// The channel of that id; absent: the notice's own id, which email carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channel: Option<Channel>,
    expires: i64,
}

impl ProviderRef {
    fn new(notice: &Key, channel: Option<Channel>, now: Timestamp) -> Self {
        Self {
            notice_pk: Some(notice.pk.clone()),
            notice_sk: Some(notice.sk.clone()),
            channel,
            expires: after(now, PROVIDER_KEPT),
        }
    }

    /// The notice, and the channel of the id; `None`: it is known to stand for nothing of ours.
    pub fn notice(&self) -> Option<(Key, Channel)> {
        let key = Key { pk: self.notice_pk.clone()?, sk: self.notice_sk.clone()? };
        Some((key, self.channel.unwrap_or(Channel::Email)))
    }
}

/// Opens the notice of a message to one person. Of two at once one does.
pub fn open(
    transaction: &mut Transaction,
    name: &ConversationKey,
    notice: &Notice,
    now: Timestamp,
) {
    let key = key::notice(name, notice.number, &notice.recipient);
    transaction.put(&key, notice, due_of(name, notice), Some(Guard::Absent));
    // By its own id, an email that may not have been sent is recognized.
    let own = ProviderRef::new(&key, None, now);
    transaction.put(&key::provider(&notice.id), &own, [], Some(Guard::Absent));
}

/// Notes that a message is announced to one person, in the place of what was announced before.
pub fn announce(
    transaction: &mut Transaction,
    name: &ConversationKey,
    recipient: &Recipient,
    before: Option<Announced>,
    announced: Announced,
) {
    let key = key::announced(name, recipient);
    transaction.put(&key, &announced, [], Some(guard_of(before)));
}

/// Requires that what is announced to one person is still what was read: a message that it covers
/// relies on it.
pub fn still_announced(
    transaction: &mut Transaction,
    name: &ConversationKey,
    recipient: &Recipient,
    announced: Announced,
) {
    transaction.check(&key::announced(name, recipient), &guard_of(Some(announced)));
}

/// Notes that what was announced to one person covers nothing any more.
pub fn unannounce(
    transaction: &mut Transaction,
    name: &ConversationKey,
    recipient: &Recipient,
    announced: Announced,
) {
    // A message of number 0 there is not: it covers none.
    let gone = Announced { number: 0, at: Timestamp::UNIX_EPOCH };
    let key = key::announced(name, recipient);
    transaction.put(&key, &gone, [], Some(guard_of(Some(announced))));
}

fn guard_of(announced: Option<Announced>) -> Guard {
    announced.map_or(Guard::Absent, |before| Guard::Number("number", u64::from(before.number)))
}

/// Stores a notice in the place of the one that was read, unless its claim ran out and another took
/// it, or feedback came between.
pub fn settle(
    transaction: &mut Transaction,
    name: &ConversationKey,
    before: &Notice,
    notice: &Notice,
) {
    let key = key::notice(name, notice.number, &notice.recipient);
    let guard =
        Guard::Numbers([("version", before.version), ("attempts", u64::from(before.attempts))]);
    let notice = written(before, notice);
    transaction.put(&key, &notice, due_of(name, &notice), Some(guard));
}

/// A notice as it is once it was written in the place of the one that was read: whoever wrote it came
/// to an end, so claims are counted anew.
pub fn written(before: &Notice, notice: &Notice) -> Notice {
    Notice { version: before.version.saturating_add(1), attempts: 0, ..notice.clone() }
}

/// Remembers by which id the provider will name a notice.
pub fn remember(
    transaction: &mut Transaction,
    name: &ConversationKey,
    notice: &Notice,
    (channel, provider_id): (Channel, &str),
    now: Timestamp,
) {
    let key = key::notice(name, notice.number, &notice.recipient);
    let reference = ProviderRef::new(&key, Some(channel), now);
    transaction.put(&key::provider(provider_id), &reference, [], None);
}

/// The record that a notice has ended goes with it.
pub fn record_end(transaction: &mut Transaction, notice: &Notice, record: &Record) {
    if !notice.is_queued() {
        transaction.record(record);
    }
}

fn due_of(
    name: &ConversationKey,
    notice: &Notice,
) -> impl IntoIterator<Item = (&'static str, String)> {
    notice.due.map(|at| due(Work::Notice, name, at)).into_iter().flatten()
}

fn after(now: Timestamp, by: SignedDuration) -> i64 {
    now.saturating_add(by).unwrap_or(Timestamp::MAX).as_second()
}

/// That something was told of an id that stands for nothing.
#[derive(Serialize)]
struct Unknown {
    expires: i64,
}

impl Store {
    /// The notice that a provider's id, or a notice's own, stands for, and the channel of the id.
    pub async fn notice_named(&self, id: &str) -> Result<Option<(Key, Channel)>, Outage> {
        let key = key::provider(id);
        let known: Option<ProviderRef> = self.read([key.clone()]).await?.take(&key)?;
        Ok(known.and_then(|known| known.notice()))
    }

    /// Puts on record, for some days, that something was told of an id that stands for nothing.
    pub async fn record_unknown(&self, id: &str, now: Timestamp) -> Result<(), Outage> {
        let mut transaction = self.transaction();
        let unknown = Unknown { expires: after(now, UNKNOWN_KEPT) };
        transaction.put(&key::provider(id), &unknown, [], Some(Guard::Absent));
        // Lost: it is on record, or became known at this moment.
        let _recorded = self.commit(transaction).await?;
        Ok(())
    }

    /// The notices of a conversation to the patient's side, of the messages from one number to
    /// another, by message.
    pub async fn notices_between(
        &self,
        name: &ConversationKey,
        from: u32,
        to: u32,
    ) -> Result<Vec<Notice>, Outage> {
        self.all(key::notices(name, &Recipient::Patient, from, to)).await
    }

    /// The notices that the notice of a message covers: to the same person, those of a burst, so that
    /// their numbers are near; and that of the same message to whoever shares the address.
    pub async fn covered_by(
        &self,
        name: &ConversationKey,
        notice: &Notice,
    ) -> Result<Vec<Notice>, Outage> {
        let Notice { number, recipient, .. } = notice;
        let (from, to) = (number.saturating_sub(BURST), number.saturating_add(BURST));
        let found: Vec<Notice> = self.all(key::notices(name, recipient, from, to)).await?;
        let is_covered = |other: &Notice| {
            (other.recipient == *recipient || other.shares_address_of(notice))
                && other.is_covered_by(*number)
        };
        Ok(found.into_iter().filter(is_covered).collect())
    }

    /// The notices of the same message to others at the same address.
    pub async fn sharing(
        &self,
        name: &ConversationKey,
        notice: &Notice,
    ) -> Result<Vec<Notice>, Outage> {
        let Notice { number, recipient, .. } = notice;
        let found: Vec<Notice> = self.all(key::notices(name, recipient, *number, *number)).await?;
        Ok(found.into_iter().filter(|other| other.shares_address_of(notice)).collect())
    }

    /// The links of a patient record, those that were revoked among them. How many there are is
    /// bounded by the people around a patient.
    pub async fn links_of_patient(
        &self,
        clinic: &ClinicId,
        patient: &PatientId,
    ) -> Result<Vec<AccountLink>, Outage> {
        self.all(key::links_of_patient(clinic, patient)).await
    }

    /// How far the one has read who has read the furthest on the patient's side.
    pub async fn seen_by_patients_side(&self, name: &ConversationKey) -> Result<u32, Outage> {
        let markers: Vec<ReadMarker> = self.all(key::markers_of_patients_side(name)).await?;
        Ok(markers.iter().map(|marker| marker.seen).max().unwrap_or(0))
    }
}
