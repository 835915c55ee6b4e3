//! One clinic, one patient and conversations that staff start, in a database of the test's own.

use std::cell::Cell;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use delivery::{Mailer, Texter};
use domain::access::Facts;
use domain::actor::Actor;
use domain::audit::{Action, Record, Subject};
use domain::clinic::ClinicSettings;
use domain::command::{self, Addressees, Enclosures, Start};
use domain::contact::EmailAddress;
use domain::id::{ClinicId, ConversationId, PatientId, StaffId};
use domain::notice::{Notice, NoticeTemplate};
use domain::people::{Patient, StaffMember};
use domain::rich_text::Body;
use domain::text::Title;
use jiff::{SignedDuration, Timestamp};
use platform::{Deadline, Sources};
use serde::Serialize;
use serde_json::{Value, json};
use store::key::{self, ConversationKey, Key};
use store::{Committed, Store, change};
use testkit::{AUDIT, Db, Item, MAIN};
use worker::{Tick, Trigger, Worker as _};

use super::provider::Provider;
use crate::handler::Notify;

/// A Wednesday, 10:00 in Toronto.
pub const START: &str = "2026-11-25T15:00:00Z";

pub const TITLE: &str = "Planted-title";
pub const BODY: &str = "Planted-body";
pub const PATIENT_NAME: &str = "Planted-patient";
pub const STAFF_NAME: &str = "Planted-staff";
pub const EMAIL: &str = "planted-address@example.test";
pub const NUMBER: &str = "+16135550100";

thread_local! {
    /// Each test and its tasks run on one thread, so each has a clock of its own.
    static NOW: Cell<Timestamp> = const { Cell::new(Timestamp::UNIX_EPOCH) };
}

pub fn now() -> Timestamp {
    NOW.get()
}

pub struct World {
    pub db: Db,
    pub provider: Provider,
    pub notify: Notify,
}

impl World {
    /// The ordinary case: an open portal and a patient who prefers email, at [`START`].
    pub async fn new() -> Self {
        NOW.set(START.parse().unwrap());
        let (db, provider) = (Db::start().await, Provider::start().await);
        let notify = notify(db.client(), &provider);
        let world = Self { db, provider, notify };
        world.clinic(&json!({})).await;
        world.patient(&json!({})).await;
        world
    }

    /// The same, with a message that is stored and not announced.
    pub async fn with_message() -> Self {
        let world = Self::new().await;
        world.start(1).await;
        world
    }

    /// Stores the clinic's settings, with these members in the place of the ordinary ones.
    pub async fn clinic(&self, members: &Value) {
        let settings = json!({
            "clinic": "c1", "version": 1, "name": "Rideau Clinic", "plan": "connect",
            "portalEnabled": true, "repliesAllowedByDefault": true, "defaultLanguage": "en",
            "officeHours": { "timeZone": "America/Toronto", "windows": [] },
            "automaticReplies": { "quietMinutes": 5, "minimumGapMinutes": 15 },
        });
        let settings: ClinicSettings = serde_json::from_value(with(settings, members)).unwrap();
        self.put(&key::settings(&clinic_id()), &settings).await;
    }

    /// Stores the patient, with these members in the place of the ordinary ones.
    pub async fn patient(&self, members: &Value) {
        let patient = json!({
            "clinic": "c1", "id": "p1", "version": 1, "name": PATIENT_NAME, "email": EMAIL,
            "sms": NUMBER, "preferredChannel": "email", "otherChannelConsented": false,
            "portalAccess": true,
        });
        let patient: Patient = serde_json::from_value(with(patient, members)).unwrap();
        self.put(&key::patient(&clinic_id(), &patient_id()), &patient).await;
    }

    /// Stores a text of the clinic's own for notices.
    pub async fn template(&self, language: &str, channel: &str, text: &str) {
        let subject = (channel == "email").then_some("A message");
        let template: NoticeTemplate = serde_json::from_value(json!({
            "clinic": "c1", "language": language, "channel": channel, "version": 1,
            "subject": subject, "text": text,
        }))
        .unwrap();
        let NoticeTemplate { clinic, language, channel, .. } = &template;
        self.put(&key::notice_template(clinic, *language, *channel), &template).await;
    }

    /// Staff start a conversation, as `send-message` stores it.
    pub async fn start(&self, number: u32) {
        let staff: StaffMember = serde_json::from_value(json!({
            "clinic": "c1", "id": "s1", "version": 1, "name": STAFF_NAME, "roles": ["clinician"],
            "active": true, "seesAllConversations": false,
        }))
        .unwrap();
        let actor = Actor::Staff { clinic: clinic_id(), id: StaffId::parse("s1").unwrap() };
        let (clinic, patient) = self.facts().await;
        let (clinic, patient) = (Some(clinic), Some(patient));
        let facts = Facts { clinic, patient, staff: Some(staff), link: None };
        let start = Start {
            conversation: name(number).conversation,
            title: Title::parse(TITLE).unwrap(),
            body: Body::parse(BODY).unwrap(),
            to: Vec::new(),
            groups: Vec::new(),
            enclosures: Enclosures::default(),
            replies_allowed: None,
            patient_only: None,
        };
        let nobody = Addressees::default();
        let decided = command::start(&actor, start, &facts, nobody, now()).unwrap();
        let action = Action::ConversationStart;
        let id = platform::new_id();
        let record = Record::done(id, now(), &actor, action, Subject::default(), "request");
        let mut transaction = self.notify.store.transaction();
        change::write(&mut transaction, &decided, now(), &record);
        assert_eq!(self.notify.store.commit(transaction).await.unwrap(), Committed::Done);
    }

    /// The clinic's settings and the patient, as they are stored.
    pub async fn facts(&self) -> (ClinicSettings, Patient) {
        let settings = key::settings(&clinic_id());
        let patient = key::patient(&clinic_id(), &patient_id());
        let mut found = self.notify.store.read([settings.clone(), patient.clone()]).await.unwrap();
        (found.take(&settings).unwrap().unwrap(), found.take(&patient).unwrap().unwrap())
    }

    /// The stream's record of one new outbox entry; its sequence number is the conversation's.
    pub fn record(number: u32) -> worker::Record {
        worker::Record { key: outbox(number), sequence_number: number.to_string() }
    }

    pub async fn stream(&self, numbers: &[u32]) -> Value {
        let records = numbers.iter().map(|number| Self::record(*number)).collect();
        worker::run(&self.notify, Trigger::Stream(records), deadline()).await
    }

    pub async fn tick(&self) -> Tick {
        worker::tick(&self.notify, deadline()).await
    }

    pub async fn step(&self, key: Key) {
        self.notify.step(key).await.unwrap();
    }

    /// The notice of the only message, if there is one.
    pub async fn notice(&self) -> Option<Notice> {
        let key = notice(1);
        self.notify.store.read([key.clone()]).await.unwrap().take(&key).unwrap()
    }

    /// How the only message's notice stands.
    pub async fn state(&self) -> String {
        self.notice().await.expect("there is a notice").state.as_str().to_owned()
    }

    /// The item as it is stored.
    pub async fn item(&self, key: &Key) -> Option<Item> {
        let at = |item: &Item, name: &str| item[name].as_s().unwrap().clone();
        let items = self.db.all_items(MAIN).await;
        items.into_iter().find(|item| at(item, "pk") == key.pk && at(item, "sk") == key.sk)
    }

    /// Sets one attribute of an item to something that no code writes.
    pub async fn corrupt(&self, key: &Key, attribute: &str, value: AttributeValue) {
        let mut item = self.item(key).await.expect("the item to corrupt");
        item.insert(attribute.to_owned(), value);
        self.db.client().put_item().table_name(MAIN).set_item(Some(item)).send().await.unwrap();
    }

    /// What each record of a notice's end says it was done to.
    pub async fn ends(&self) -> Vec<Value> {
        let records = self.db.all_items(AUDIT).await.into_iter();
        records
            .map(|item| serde_dynamo::from_item::<_, Value>(item).unwrap())
            .filter(|record| record["action"] == "notice.end")
            .map(|record| {
                assert_eq!(
                    (&record["actorKind"], &record["outcome"]),
                    (&json!("system"), &json!("done"))
                );
                assert_eq!(record["pk"], "CLINIC#c1#PATIENT#p1");
                assert_eq!(record["requestId"], "invocation");
                record["objects"].clone()
            })
            .collect()
    }

    /// Checks that nothing is left to do, now or ever.
    pub async fn expect_nothing_due(&self) {
        for item in self.db.all_items(MAIN).await {
            assert!(!item.contains_key("due_pk") && !item.contains_key("due_sk"), "{item:?}");
        }
    }

    async fn put(&self, key: &Key, item: &impl Serialize) {
        let mut transaction = self.notify.store.transaction();
        transaction.put(key, item, [], None);
        assert_eq!(self.notify.store.commit(transaction).await.unwrap(), Committed::Done);
    }
}

pub fn notify(client: Client, provider: &Provider) -> Notify {
    let config = provider.config();
    let sender = EmailAddress::parse("no-reply@mail.clinic.test").unwrap();
    Notify {
        store: Store::new(client, MAIN.to_owned(), AUDIT.to_owned()),
        sources: Sources { now, new_id: platform::new_id },
        mailer: Mailer::new(&config, &sender),
        texter: Texter::new(&config),
        link_domain: "portal.test".to_owned(),
        request_id: "invocation".to_owned(),
    }
}

/// Moves the clock.
pub fn pass(seconds: i64) {
    NOW.set(now() + SignedDuration::from_secs(seconds));
}

/// Moves the clock to an instant.
pub fn pass_to(instant: Timestamp) {
    NOW.set(instant);
}

/// What Lambda leaves a function that it gave 60 s just now.
pub fn deadline() -> Deadline {
    Deadline::at(now() + SignedDuration::from_secs(60))
}

pub fn sample(name: &str) -> Value {
    let path = format!("{}/../../events/notify/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The name of a conversation of the samples.
pub fn name(number: u32) -> ConversationKey {
    let conversation = format!("0198c0de-0000-7000-8000-{number:012}");
    ConversationKey {
        clinic: clinic_id(),
        patient: patient_id(),
        conversation: ConversationId::parse(&conversation).unwrap(),
    }
}

pub fn outbox(number: u32) -> Key {
    key::outbox(&name(number), 1)
}

pub fn notice(number: u32) -> Key {
    key::notice(&name(number), 1)
}

/// The objects of a record that the only message's notice ended.
pub fn ended(channel: &str, state: &str) -> Value {
    json!([name(1).conversation, "1", channel, state])
}

fn clinic_id() -> ClinicId {
    ClinicId::parse("c1").unwrap()
}

fn patient_id() -> PatientId {
    PatientId::parse("p1").unwrap()
}

/// The document with these members set, or removed where they are null.
fn with(mut document: Value, members: &Value) -> Value {
    let target = document.as_object_mut().unwrap();
    for (name, value) in members.as_object().unwrap() {
        if value.is_null() {
            target.remove(name);
        } else {
            target.insert(name.clone(), value.clone());
        }
    }
    document
}
