//! One clinic, one patient and conversations that staff start, in a database of the test's own.

use std::cell::Cell;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use delivery::{Mailer, OptOuts, Sender, Texter};
use domain::access::Facts;
use domain::actor::Actor;
use domain::address::{AddressHash, AddressKey};
use domain::audit::{Action, Record, Subject};
use domain::automatic::Timers;
use domain::clinic::ClinicSettings;
use domain::command::{
    self, Addressees, Change, Enclosed, Enclosures, Reply, ReplyFacts, Start, Wording,
};
use domain::contact::{EmailAddress, SmsNumber};
use domain::conversation::{Conversation, ReadMarker};
use domain::id::{ClinicId, ConversationId, LinkReference, PatientId, StaffId};
use domain::notice::{Happened, Notice, NoticeTemplate, Recipient};
use domain::people::{AccountLink, Channel, Patient, StaffMember};
use domain::rich_text::Body;
use domain::text::Title;
use jiff::{SignedDuration, Timestamp};
use platform::{Deadline, Sources};
use serde::Serialize;
use serde_json::{Value, json};
use store::key::{self, ConversationKey, Key};
use store::{Committed, Store, change, notices};
use testkit::{AUDIT, Db, Item, MAIN};
use worker::{Brake, Tick, Trigger, Worker as _};

use super::provider::{Provider, field};
use crate::handler::{Links, Notify};
use crate::rate::Rates;

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

    /// Stores the patient, with these members in the place of the ordinary ones; addresses as the
    /// chart system gives them.
    pub async fn patient(&self, members: &Value) {
        let patient = json!({
            "clinic": "c1", "id": "p1", "version": 1, "name": PATIENT_NAME,
            "email": known_email(EMAIL), "sms": known_number(NUMBER),
            "preferredChannel": "email", "otherChannelConsented": false, "portalAccess": true,
        });
        let mut members = members.clone();
        if let Some(email) = members["email"].as_str() {
            members["email"] = known_email(email);
        }
        let members = &members;
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

    /// Links a guardian, who is told at this email address; with these members in the place of the
    /// ordinary ones.
    pub async fn guardian(&self, account: &str, email: &str, members: &Value) {
        let link = json!({
            "account": account, "clinic": "c1", "patient": "p1", "version": 1,
            "relationship": "guardian", "name": "Planted-guardian", "active": true,
            "changedAt": START,
            "contact": {
                "email": known_email(email), "preferredChannel": "email",
                "otherChannelConsented": false,
            },
        });
        let link: AccountLink = serde_json::from_value(with(link, members)).unwrap();
        self.put(&key::link_of_patient(&clinic_id(), &patient_id(), &link.account), &link).await;
    }

    /// Somebody has read the only conversation up to this message.
    pub async fn has_read(&self, recipient: &Recipient, seen: u32) {
        let marker = ReadMarker { seen, seen_of_others: seen };
        self.put(&key::marker(&name(1), &recipient.person()), &marker).await;
    }

    /// Staff add a message to the only conversation.
    pub async fn add(&self) {
        self.reply(&staff_actor()).await;
    }

    /// The patient, by an account of their own, adds a message to the only conversation.
    pub async fn answer(&self) {
        let link = json!({
            "account": "a1", "clinic": "c1", "patient": "p1", "version": 1,
            "relationship": "own", "active": true, "changedAt": START,
        });
        let link: AccountLink = serde_json::from_value(link).unwrap();
        self.put(&key::link_of_patient(&clinic_id(), &patient_id(), &link.account), &link).await;
        self.reply(&Actor::Account { id: link.account }).await;
    }

    async fn reply(&self, actor: &Actor) {
        let (clinic, patient) = self.facts().await;
        let link = match actor {
            Actor::Account { id } => {
                let key = key::link_of_patient(&clinic_id(), &patient_id(), id);
                self.notify.store.read([key.clone()]).await.unwrap().take(&key).unwrap()
            }
            _ => None,
        };
        let facts =
            Facts { clinic: Some(clinic), patient: Some(patient), staff: Some(staff()), link };
        let conversation = self.conversation().await;
        let about = ReplyFacts {
            conversation: Some(&conversation),
            quoted: None,
            seen: None,
            marker: ReadMarker::default(),
            timers: &Timers::default(),
            enclosed: Enclosed::default(),
            template: None,
        };
        let reply = Reply::from(Body::parse(BODY).unwrap());
        let mut decided = command::reply(actor, reply, &facts, about, now()).unwrap();
        decided.keep.clear();
        self.write(&decided, actor, Action::ConversationReply).await;
    }

    async fn write(&self, change: &Change, actor: &Actor, action: Action) {
        let id = platform::new_id();
        let record = Record::done(id, now(), actor, action, Subject::default(), "request");
        let mut transaction = self.notify.store.transaction();
        change::write(&mut transaction, change, now(), &record);
        assert_eq!(self.notify.store.commit(transaction).await.unwrap(), Committed::Done);
    }

    /// The only conversation as it is stored.
    pub async fn conversation(&self) -> Conversation {
        let key = key::conversation(&name(1));
        self.notify.store.read([key.clone()]).await.unwrap().take(&key).unwrap().unwrap()
    }

    /// Staff start a conversation, as `send-message` stores it.
    pub async fn start(&self, number: u32) {
        let actor = staff_actor();
        let (clinic, patient) = self.facts().await;
        let (clinic, patient) = (Some(clinic), Some(patient));
        let facts = Facts { clinic, patient, staff: Some(staff()), link: None };
        let start = Start {
            conversation: name(number).conversation,
            reference: reference(number),
            wording: Wording::written(
                Some(Title::parse(TITLE).unwrap()),
                Body::parse(BODY).unwrap(),
            ),
            to: Vec::new(),
            groups: Vec::new(),
            enclosures: Enclosures::default(),
            replies_allowed: None,
            patient_only: None,
        };
        let nobody = Addressees::default();
        let decided = command::start(&actor, start, &facts, nobody, now()).unwrap();
        self.write(&decided, &actor, Action::ConversationStart).await;
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
        Box::pin(self.notify.step(key)).await.unwrap();
    }

    /// The notice of a message of the only conversation to one person, if there is one.
    pub async fn notice_to(&self, number: u32, recipient: &Recipient) -> Option<Notice> {
        let key = key::notice(&name(1), number, recipient);
        self.notify.store.read([key.clone()]).await.unwrap().take(&key).unwrap()
    }

    /// How the notice of a message of the only conversation to the patient stands.
    pub async fn state_of(&self, number: u32) -> String {
        let notice = self.notice_to(number, &Recipient::Patient).await.expect("there is a notice");
        notice.state.as_str().to_owned()
    }

    /// To whom emails were handed over, in their order.
    pub fn told(&self) -> Vec<String> {
        let requests = self.provider.requests();
        requests.iter().map(|form| field(form, "Destinations.member.1").to_owned()).collect()
    }

    /// To whom emails were handed over, text messages aside.
    pub fn told_by_email(&self) -> Vec<String> {
        let requests = self.provider.requests().into_iter();
        requests
            .filter(|form| form.iter().any(|(name, _)| name == "RawMessage.Data"))
            .map(|form| field(&form, "Destinations.member.1").to_owned())
            .collect()
    }

    /// SES tells what happened to the email about a message of the only conversation to the patient, as
    /// `delivery-feedback` stores it.
    pub async fn told_of_email(&self, number: u32, happened: Happened) {
        let before = self.notice_to(number, &Recipient::Patient).await.expect("there is a notice");
        let after = before.clone().told(Channel::Email, happened, now()).expect("it is news");
        let mut transaction = self.notify.store.transaction();
        notices::settle(&mut transaction, &name(1), &before, &after);
        assert_eq!(self.notify.store.commit(transaction).await.unwrap(), Committed::Done);
    }

    /// Does what is due until nothing more happens.
    pub async fn run_dry(&self) {
        for _ in 0..4 {
            self.tick().await;
        }
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

    /// Checks that nothing is left to do, now or ever, but to look whether messages were read.
    pub async fn expect_nothing_due(&self) {
        for item in self.db.all_items(MAIN).await {
            if item["sk"].as_s().unwrap().starts_with("UNREAD#") {
                continue;
            }
            assert!(!item.contains_key("due_pk") && !item.contains_key("due_sk"), "{item:?}");
        }
    }

    pub async fn put(&self, key: &Key, item: &impl Serialize) {
        let mut transaction = self.notify.store.transaction();
        transaction.put(key, item, [], None);
        assert_eq!(self.notify.store.commit(transaction).await.unwrap(), Committed::Done);
    }
}

pub fn notify(client: Client, provider: &Provider) -> Notify {
    let config = provider.config();
    let sender = Sender {
        address: EmailAddress::parse("no-reply@mail.clinic.test").unwrap(),
        configuration_set: Some("notices".to_owned()),
        unsubscribe: None,
    };
    Notify {
        store: Store::new(client, MAIN.to_owned(), AUDIT.to_owned()),
        sources: Sources { now, new_id: platform::new_id },
        mailer: Mailer::new(&config, sender),
        texter: Texter::new(&config),
        opt_outs: OptOuts::new(&config),
        links: Links { patients: "portal.test".to_owned(), staff: "staff.test".to_owned() },
        rates: Rates { email: 1_000, sms: 1_000 },
        brake: Brake::default(),
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
    key::notice(&name(number), 1, &Recipient::Patient)
}

/// What the links of a conversation of the samples carry.
pub fn reference(number: u32) -> LinkReference {
    LinkReference::parse(&format!("{number:032x}")).unwrap()
}

const ADDRESS_KEY: AddressKey = AddressKey::new([7; 32]);

fn known_email(address: &str) -> Value {
    serde_json::to_value(ADDRESS_KEY.know(EmailAddress::parse(address).unwrap())).unwrap()
}

fn known_number(number: &str) -> Value {
    serde_json::to_value(ADDRESS_KEY.know(SmsNumber::from_e164(number).unwrap())).unwrap()
}

/// The hash of an email address.
pub fn hash_of(address: &str) -> AddressHash {
    ADDRESS_KEY.know(EmailAddress::parse(address).unwrap()).hash
}

/// The hash of the patient's number.
pub fn hash_of_number() -> AddressHash {
    ADDRESS_KEY.know(SmsNumber::from_e164(NUMBER).unwrap()).hash
}

fn staff() -> StaffMember {
    serde_json::from_value(json!({
        "clinic": "c1", "id": "s1", "version": 1, "name": STAFF_NAME, "roles": ["clinician"],
        "active": true, "seesAllConversations": false,
    }))
    .unwrap()
}

fn staff_actor() -> Actor {
    Actor::Staff { clinic: clinic_id(), id: StaffId::parse("s1").unwrap() }
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
