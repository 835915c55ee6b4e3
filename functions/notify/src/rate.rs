//! How much may be sent: by the second, within the account's rates, and by the day, within the
//! clinic's caps on text messages.

use std::time::Duration;

use domain::clinic::ClinicSettings;
use domain::notice::Hold;
use domain::outage::Outage;
use domain::people::Channel;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use store::key::{self, ConversationKey};

use crate::handler::Notify;

/// A second's count is deleted some time after this.
const RATE_KEPT: SignedDuration = SignedDuration::from_mins(10);

/// A day's count is deleted some time after this.
const DAY_KEPT: SignedDuration = SignedDuration::from_hours(72);

/// So many seconds an attempt waits for its turn. Then it makes room.
const MOST_WAITS: u32 = 5;

/// An attempt that made room comes again within this time.
const ROOM: Duration = Duration::from_secs(20);

/// A notice that waits for the next day comes within this time of its beginning.
const MORNING: Duration = Duration::from_mins(10);

/// What the account lets through in a second, of all functions together.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Emails: SES's maximum send rate of the account.
    pub email: u32,
    /// Text messages: SNS's rate of the account and number.
    pub sms: u32,
}

impl Rates {
    fn of(self, channel: Channel) -> u32 {
        match channel {
            Channel::Email => self.email,
            Channel::Sms => self.sms,
        }
    }
}

/// Whether something can be sent now.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Room {
    /// It can; of a text message, one of this day's was taken for it.
    Taken(Option<Date>),
    /// It is to wait, for this, until then.
    None(Hold, Timestamp),
}

impl Notify {
    /// Takes what there is to be for something to be sent through a channel: a turn, and of text
    /// messages one of the day's.
    pub(crate) async fn room(
        &self,
        name: &ConversationKey,
        channel: Channel,
        clinic: &ClinicSettings,
    ) -> Result<Room, Outage> {
        if let Some((hold, until)) = self.turn(channel).await? {
            return Ok(Room::None(hold, until));
        }
        match channel {
            Channel::Email => Ok(Room::Taken(None)),
            Channel::Sms => self.text_of_day(name, clinic).await,
        }
    }

    /// When there may be room again.
    pub(crate) fn soon(&self) -> Timestamp {
        soon(self.sources.now(), ROOM)
    }

    /// Waits for its turn among all that is sent; or why it is to wait longer, and until when.
    async fn turn(&self, channel: Channel) -> Result<Option<(Hold, Timestamp)>, Outage> {
        for _ in 0..MOST_WAITS {
            let now = self.sources.now();
            let key = key::rate(channel, now.as_second());
            let expires = now.saturating_add(RATE_KEPT).unwrap_or(now);
            if self.store.take_one(&key, self.rates.of(channel), expires).await? {
                return Ok(None);
            }
            let left =
                1_000_u64.saturating_sub(u64::try_from(now.subsec_millisecond()).unwrap_or(0));
            let spread = platform::jitter(Duration::from_millis(200));
            tokio::time::sleep(Duration::from_millis(left).saturating_add(spread)).await;
        }
        Ok(Some((Hold::Rate, self.soon())))
    }

    /// Gives back what was taken of a day for a text message that was not sent. The count is too high
    /// if that fails, which errs on the side of fewer texts.
    pub(crate) async fn give_back_text(&self, name: &ConversationKey, day: Date) {
        for patient in [Some(&name.patient), None] {
            let key = key::texts_of_day(&name.clinic, patient, day);
            if let Err(outage) = self.store.give_back(&key).await {
                let (operation, detail) = (outage.operation(), outage.detail());
                tracing::warn!(operation, detail, "a text message of the day was not given back");
            }
        }
    }

    /// Takes one of the day's text messages; or whose are used up, and when there are new ones.
    async fn text_of_day(
        &self,
        name: &ConversationKey,
        clinic: &ClinicSettings,
    ) -> Result<Room, Outage> {
        let now = self.sources.now();
        let day = TimeZone::UTC.to_datetime(now).date();
        let expires = now.saturating_add(DAY_KEPT).unwrap_or(now);
        let settings = &clinic.notices;
        let caps = [
            (Some(&name.patient), settings.texts_per_patient_and_day, Hold::PatientSmsCap),
            (None, settings.texts_per_day, Hold::ClinicSmsCap),
        ];
        for (patient, most, hold) in caps {
            let key = key::texts_of_day(&name.clinic, patient, day);
            if !self.store.take_one(&key, most, expires).await? {
                if patient.is_none() {
                    let of_patient = key::texts_of_day(&name.clinic, Some(&name.patient), day);
                    self.store.give_back(&of_patient).await?;
                }
                let tomorrow = day.saturating_add(1.day()).to_datetime(Time::midnight());
                let tomorrow = TimeZone::UTC.to_timestamp(tomorrow).unwrap_or(now);
                return Ok(Room::None(hold, soon(tomorrow, MORNING)));
            }
        }
        Ok(Room::Taken(Some(day)))
    }
}

/// Some time after an instant, so that what waits for it does not come at once.
fn soon(instant: Timestamp, within: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(platform::jitter(within)).unwrap_or_default();
    instant.saturating_add(wait).unwrap_or(instant)
}
