//! One notice that was sent by email or by text message, as `notify` stores it.

use std::cell::Cell;

use aws_sdk_dynamodb::Client;
use delivery::OptOuts;
use domain::address::{AddressHash, AddressKey, Mark, Way};
use domain::contact::{EmailAddress, SmsNumber};
use domain::id::{ClinicId, ConversationId, PatientId};
use domain::notice::{Answer, Burst, Earlier, Notice, NoticeState, Recipient};
use domain::people::Channel;
use jiff::{SignedDuration, Timestamp};
use launch::Listener as _;
use platform::{Deadline, Sources};
use serde_json::Value;
use store::key::{self, ConversationKey};
use store::{Committed, Store, notices};
use testkit::{AUDIT, Db, MAIN};

use super::sns::Sns;
use crate::handler::Feedback;

/// When the notice of the samples was sent.
pub const SENT: &str = "2026-11-25T15:00:00Z";

pub const EMAIL: &str = "planted.address@example.test";
pub const NUMBER: &str = "+16135550100";
/// The notice's own id, SES's and SNS's, in the samples.
pub const OWN_ID: &str = "0198c0de000070008000000000000001";
pub const SES_ID: &str = "0100019ac1de0000-11111111-2222-3333-4444-555555555555-000000";
pub const SNS_ID: &str = "34d9b400-c6dd-5444-820d-fbeb0f1f54cf";

const KEY: AddressKey = AddressKey::new([7; 32]);

thread_local! {
    static NOW: Cell<Timestamp> = const { Cell::new(Timestamp::UNIX_EPOCH) };
}

pub fn now() -> Timestamp {
    NOW.get()
}

pub struct World {
    pub db: Db,
    pub sns: Sns,
    pub feedback: Feedback,
}

impl World {
    /// An hour after the samples, with nothing that they could be about.
    pub async fn empty() -> Self {
        NOW.set(SENT.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(1));
        let (db, sns) = (Db::start().await, Sns::start().await);
        let feedback = feedback(db.client(), &sns);
        Self { db, sns, feedback }
    }

    /// With the notice, accepted through this channel.
    pub async fn accepted(channel: Channel) -> Self {
        let world = Self::empty().await;
        let id = if channel == Channel::Email { SES_ID } else { SNS_ID };
        let sent = queued(channel).claimed(at(SENT)).sending();
        let answer = Answer::Accepted { provider_id: id.to_owned() };
        let accepted = sent.clone().answered(answer, at(SENT), 0.0);
        world.open(&sent).await;
        let mut transaction = world.feedback.store.transaction();
        notices::settle(&mut transaction, &name(), &sent, &accepted);
        notices::remember(&mut transaction, &name(), &accepted, (channel, id), now());
        assert_eq!(world.feedback.store.commit(transaction).await.unwrap(), Committed::Done);
        world
    }

    /// With the notice, which bounced by email and was then accepted as a text message.
    pub async fn went_the_other_way() -> Self {
        let world = Self::accepted(Channel::Sms).await;
        let texted = world.notice().await;
        let bounced = NoticeState::Bounced { at: at(SENT), permanent: true };
        let earlier = Some(Earlier { channel: Channel::Email, state: bounced });
        let notice = Notice { earlier, ..texted.clone() };
        let mut transaction = world.feedback.store.transaction();
        notices::settle(&mut transaction, &name(), &texted, &notice);
        notices::remember(&mut transaction, &name(), &notice, (Channel::Email, SES_ID), now());
        assert_eq!(world.feedback.store.commit(transaction).await.unwrap(), Committed::Done);
        world
    }

    /// With the notice, of which the answer was lost.
    pub async fn unanswered() -> Self {
        let world = Self::empty().await;
        world.open(&queued(Channel::Email).claimed(at(SENT)).sending()).await;
        world
    }

    async fn open(&self, notice: &Notice) {
        let mut transaction = self.feedback.store.transaction();
        notices::open(&mut transaction, &name(), notice, now());
        assert_eq!(self.feedback.store.commit(transaction).await.unwrap(), Committed::Done);
    }

    /// Hands over a sample event.
    pub async fn hear(&self, sample_name: &str) -> Result<Value, lambda_runtime::Error> {
        self.hear_event(sample(sample_name)).await
    }

    /// Hands over an event.
    pub async fn hear_event(&self, event: Value) -> Result<Value, lambda_runtime::Error> {
        self.feedback.handle(event, deadline()).await
    }

    pub async fn notice(&self) -> Notice {
        let key = key::notice(&name(), 1, &Recipient::Patient);
        self.feedback.store.read([key.clone()]).await.unwrap().take(&key).unwrap().unwrap()
    }

    pub async fn state(&self) -> String {
        self.notice().await.state.as_str().to_owned()
    }

    /// Why the address of this hash is not used, if it is not.
    pub async fn blocked(&self, hash: &AddressHash) -> Option<Mark> {
        let known = self.feedback.store.addresses([hash]).await.unwrap();
        known.of(hash).and_then(domain::address::AddressState::blocked)
    }

    /// What each record of feedback says it was done to.
    pub async fn records(&self) -> Vec<Value> {
        let records = self.db.all_items(AUDIT).await.into_iter();
        records
            .map(|item| serde_dynamo::from_item::<_, Value>(item).unwrap())
            .filter(|record| record["action"] == "notice.feedback")
            .map(|record| record["objects"].clone())
            .collect()
    }
}

pub fn feedback(client: Client, sns: &Sns) -> Feedback {
    Feedback {
        store: Store::new(client, MAIN.to_owned(), AUDIT.to_owned()),
        sources: Sources { now, new_id: platform::new_id },
        opt_outs: OptOuts::new(&sns.config()),
        key: KEY,
        request_id: "invocation".to_owned(),
    }
}

pub fn pass_to(instant: Timestamp) {
    NOW.set(instant);
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn deadline() -> Deadline {
    Deadline::at(now() + SignedDuration::from_secs(60))
}

pub fn sample(name: &str) -> Value {
    let root = env!("CARGO_MANIFEST_DIR");
    let path = format!("{root}/../../events/delivery-feedback/{name}.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A sample of a notification, with its message changed.
pub fn changed(name: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut event = sample(name);
    let told = &mut event["Records"][0]["Sns"]["Message"];
    let mut message = serde_json::from_str(told.as_str().unwrap()).unwrap();
    change(&mut message);
    *told = message.to_string().into();
    event
}

pub fn samples() -> Vec<String> {
    let folder = format!("{}/../../events/delivery-feedback", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

pub fn email_hash() -> AddressHash {
    KEY.know(EmailAddress::parse(EMAIL).unwrap()).hash
}

pub fn number_hash() -> AddressHash {
    hash_of(NUMBER)
}

pub fn hash_of(number: &str) -> AddressHash {
    KEY.know(SmsNumber::from_e164(number).unwrap()).hash
}

pub fn name() -> ConversationKey {
    ConversationKey {
        clinic: ClinicId::parse("c1").unwrap(),
        patient: PatientId::parse("p1").unwrap(),
        conversation: ConversationId::parse("0198c0de-0000-7000-8000-000000000001").unwrap(),
    }
}

fn queued(channel: Channel) -> Notice {
    let hash = if channel == Channel::Email { email_hash() } else { number_hash() };
    let way = Ok(Way { channel, hash });
    Notice::opened(OWN_ID.to_owned(), 1, Recipient::Patient, &way, Burst::Own, at(SENT))
}
