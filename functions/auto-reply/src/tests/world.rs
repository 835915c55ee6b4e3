//! Two clinics and conversations of their patients, in a database of the test's own.

use std::cell::Cell;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::access::Facts;
use domain::actor::Actor;
use domain::audit::{Action, Record, Subject};
use domain::automatic::{Timer, TimerKind};
use domain::clinic::{AutomaticReplies, ClinicSettings, LocalizedBody, NoAnswer};
use domain::command::{
    self, Addressees, Change, Enclosed, Enclosures, Reply, ReplyFacts, Start, Switch, Wording,
};
use domain::conversation::{Author, Conversation, Message, ReadMarker};
use domain::hours::{OfficeHours, RawHours, RawWindow};
use domain::id::{AccountId, ClinicId, ConversationId, LinkReference, PatientId, StaffId};
use domain::people::{AccountLink, Patient, StaffMember};
use domain::rich_text::Body;
use domain::text::Title;
use jiff::{SignedDuration, Timestamp};
use platform::{Deadline, Sources};
use serde::Serialize;
use serde_json::{Value, json};
use store::key::{self, ConversationKey, Key};
use store::{Committed, Store, change};
use testkit::{AUDIT, Db, Item, MAIN};
use worker::{Tick, Trigger};

use crate::handler::AutoReply;

/// A Monday, 10:00 in Toronto, days before anything happens.
pub const START: &str = "2026-11-23T15:00:00Z";

pub const OUTSIDE: TimerKind = TimerKind::Closed;
pub const UNANSWERED: TimerKind = TimerKind::NoAnswer;

thread_local! {
    /// Each test and its tasks run on one thread, so each has a clock of its own.
    static NOW: Cell<Timestamp> = const { Cell::new(Timestamp::UNIX_EPOCH) };
    static STEP: Cell<SignedDuration> = const { Cell::new(SignedDuration::ZERO) };
}

/// The instant now. Each look at the clock takes the time that [`looks_take`] says.
pub fn now() -> Timestamp {
    NOW.set(NOW.get() + STEP.get());
    NOW.get()
}

pub fn looks_take(time: SignedDuration) {
    STEP.set(time);
}

pub fn at(instant: &str) {
    NOW.set(instant.parse().unwrap());
}

pub fn pass_to(instant: Timestamp) {
    NOW.set(instant);
}

pub struct World {
    pub db: Db,
    pub worker: AutoReply,
}

impl World {
    /// The ordinary case: `c1` is open on weekdays from 9:00 to 17:00 in Toronto, which is 14:00Z to
    /// 22:00Z in winter, with both automatic replies; so is `c2`. Conversation 1 of each was started
    /// at [`START`].
    pub async fn new() -> Self {
        at(START);
        let db = Db::start().await;
        let world = Self { worker: worker(db.client()), db };
        for clinic in ["c1", "c2"] {
            world.clinic(clinic, |_| ()).await;
            let patient: Patient = serde_json::from_value(json!({
                "clinic": clinic, "id": "p1", "version": 1, "name": "Zebulon Quagmire",
                "email": { "address": "zq@example.test", "hash": "h" }, "preferredChannel": "email",
                "otherChannelConsented": false, "portalAccess": true,
            }))
            .unwrap();
            world.put(&key::patient(&patient.clinic, &patient.id), &patient).await;
            world.start(&name(clinic, 1)).await;
        }
        world
    }

    /// Stores a clinic's settings, the ordinary ones but for this change.
    pub async fn clinic(&self, clinic: &str, change: impl FnOnce(&mut ClinicSettings)) {
        let text = |text: &str| LocalizedBody { en: Some(Body::parse(text).unwrap()), fr: None };
        let mut settings: ClinicSettings = serde_json::from_value(json!({
            "clinic": clinic, "version": 1, "name": "Rideau Clinic", "plan": "connect_pro",
            "portalEnabled": true, "repliesAllowedByDefault": true, "defaultLanguage": "en",
            "officeHours": weekdays("09:00", "17:00"),
            "automaticReplies": AutomaticReplies {
                outside_hours: Some(text("We are closed.")),
                no_answer: Some(NoAnswer { after_office_minutes: 60, text: text("Please wait.") }),
                ..AutomaticReplies::default()
            },
        }))
        .unwrap();
        change(&mut settings);
        self.put(&key::settings(&settings.clinic), &settings).await;
    }

    /// Staff start a conversation, now.
    pub async fn start(&self, name: &ConversationKey) {
        let start = Start {
            conversation: name.conversation.clone(),
            reference: LinkReference::parse(&platform::new_reference()).unwrap(),
            wording: Wording::written(
                Some(Title::parse("Your results").unwrap()),
                Body::parse("Good news.").unwrap(),
            ),
            to: Vec::new(),
            groups: Vec::new(),
            enclosures: Enclosures::default(),
            replies_allowed: None,
            patient_only: None,
        };
        let facts = facts(&self.worker.store, name).await;
        let decided =
            command::start(&staff(name), start, &facts, Addressees::default(), now()).unwrap();
        assert_eq!(write(&self.worker.store, &staff(name), &decided).await, Committed::Done);
    }

    /// The patient writes, at this instant.
    pub async fn patient_writes(&self, name: &ConversationKey, instant: &str) {
        at(instant);
        reply(&self.worker.store, &account(), name).await;
    }

    /// Staff write, at this instant.
    pub async fn staff_writes(&self, name: &ConversationKey, instant: &str) {
        at(instant);
        reply(&self.worker.store, &staff(name), name).await;
    }

    /// Staff close or reopen, at this instant.
    pub async fn switch(&self, name: &ConversationKey, switch: Switch, instant: &str) {
        at(instant);
        let facts = facts(&self.worker.store, name).await;
        let (conversation, timers) = (self.conversation(name).await, self.timers(name).await);
        let timers = domain::automatic::Timers(timers);
        let conversation = Some(&conversation);
        let decided =
            command::switch(&staff(name), switch, &facts, conversation, &timers, now()).unwrap();
        assert_eq!(
            write(&self.worker.store, &staff(name), &decided.unwrap()).await,
            Committed::Done
        );
    }

    /// The stream's batch, as the sample has it: both new timers of conversation 1 of `c1`.
    pub async fn stream(&self) -> Value {
        let trigger = Trigger::parse(sample("stream.json")).unwrap();
        worker::run(&self.worker, trigger, deadline()).await
    }

    pub async fn tick(&self) -> Tick {
        worker::tick(&self.worker, deadline()).await
    }

    /// The tick at this instant.
    pub async fn tick_at(&self, instant: &str) {
        at(instant);
        self.tick().await;
    }

    pub async fn conversation(&self, name: &ConversationKey) -> Conversation {
        let key = key::conversation(name);
        self.worker.store.read([key.clone()]).await.unwrap().take(&key).unwrap().unwrap()
    }

    pub async fn timers(&self, name: &ConversationKey) -> Vec<Timer> {
        let mut found = self.worker.store.read(change::timer_keys(name)).await.unwrap();
        change::timers(&mut found, name).unwrap().0
    }

    pub async fn timer(&self, name: &ConversationKey, kind: TimerKind) -> Option<Timer> {
        self.timers(name).await.into_iter().find(|timer| timer.kind == kind)
    }

    /// What the clinic said by itself, the oldest first, and when.
    pub async fn said(&self, name: &ConversationKey) -> Vec<(String, Timestamp)> {
        let page = self.worker.store.messages(name, None, 100).await.unwrap();
        let automatic = |message: &Message| matches!(message.author, Author::Automatic { .. });
        let messages = page.messages.into_iter().rev().filter(automatic);
        messages.map(|message| (message.body.text().to_owned(), message.at)).collect()
    }

    /// The automatic replies' records of a conversation: what and how.
    pub async fn records(&self, name: &ConversationKey) -> Vec<(String, String)> {
        let records = self.db.all_items(AUDIT).await.into_iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        records
            .map(|item| serde_dynamo::from_item::<_, Value>(item).unwrap())
            .filter(|record| text(&record["action"]).starts_with("automatic."))
            .filter(|record| record["objects"][0] == name.conversation.as_str())
            .filter(|record| record["clinic"] == name.clinic.as_str())
            .map(|record| {
                assert_eq!(record["actorKind"], "system");
                assert_eq!(record["requestId"], "invocation");
                (text(&record["action"]), text(&record["objects"][1]))
            })
            .collect()
    }

    /// The item as it is stored.
    pub async fn item(&self, key: &Key) -> Option<Item> {
        let at = |item: &Item, name: &str| item[name].as_s().unwrap().clone();
        let items = self.db.all_items(MAIN).await;
        items.into_iter().find(|item| at(item, "pk") == key.pk && at(item, "sk") == key.sk)
    }

    /// Changes an item to what no code writes.
    pub async fn corrupt(&self, key: &Key, change: impl FnOnce(&mut Item)) {
        let mut item = self.item(key).await.expect("the item to corrupt");
        change(&mut item);
        self.db.client().put_item().table_name(MAIN).set_item(Some(item)).send().await.unwrap();
    }

    /// Puts a time zone that no data knows into a clinic's settings.
    pub async fn lose_zone(&self, clinic: &str) {
        let key = key::settings(&ClinicId::parse(clinic).unwrap());
        self.corrupt(&key, |item| {
            let Some(AttributeValue::M(hours)) = item.get_mut("officeHours") else {
                panic!("office hours are a map")
            };
            let zone = AttributeValue::S("Canada/East-Saskatchewan".to_owned());
            assert!(hours.insert("timeZone".to_owned(), zone).is_some());
        })
        .await;
    }

    pub async fn put(&self, key: &Key, item: &impl Serialize) {
        let mut transaction = self.worker.store.transaction();
        transaction.put(key, item, [], None);
        assert_eq!(self.worker.store.commit(transaction).await.unwrap(), Committed::Done);
    }
}

/// Adds a message now, as the function `reply` does it: reads, decides and writes, until nobody else
/// was first.
pub async fn reply(store: &Store, actor: &Actor, name: &ConversationKey) -> Message {
    loop {
        let facts = facts(store, name).await;
        let mut keys = vec![key::conversation(name)];
        keys.extend(change::timer_keys(name));
        let mut found = store.read(keys).await.unwrap();
        let conversation = found.take(&key::conversation(name)).unwrap();
        let timers = change::timers(&mut found, name).unwrap();
        let about = ReplyFacts {
            conversation: conversation.as_ref(),
            quoted: None,
            seen: None,
            marker: ReadMarker::default(),
            timers: &timers,
            enclosed: Enclosed::default(),
            template: None,
        };
        let reply = Reply::from(Body::parse("Thanks!").unwrap());
        let decided = command::reply(actor, reply, &facts, about, now()).unwrap();
        if write(store, actor, &decided).await == Committed::Done {
            return decided.message.unwrap();
        }
    }
}

pub fn worker(client: Client) -> AutoReply {
    AutoReply {
        store: Store::new(client, MAIN.to_owned(), AUDIT.to_owned()),
        sources: Sources { now, new_id: platform::new_id },
        brake: worker::Brake::default(),
        request_id: "invocation".to_owned(),
    }
}

/// What Lambda leaves a function that it gave 60 s just now.
pub fn deadline() -> Deadline {
    Deadline::at(now() + SignedDuration::from_secs(60))
}

pub fn sample(name: &str) -> Value {
    let path = format!("{}/../../events/auto-reply/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The name of a conversation; that of the sample is 1 of `c1`.
pub fn name(clinic: &str, number: usize) -> ConversationKey {
    let conversation = format!("0198c0de-0000-7000-8000-{number:012}");
    ConversationKey {
        clinic: ClinicId::parse(clinic).unwrap(),
        patient: PatientId::parse("p1").unwrap(),
        conversation: ConversationId::parse(&conversation).unwrap(),
    }
}

pub fn account() -> Actor {
    Actor::Account { id: AccountId::parse("a1").unwrap() }
}

pub fn weekdays(from: &str, to: &str) -> OfficeHours {
    let window =
        |day: &str| RawWindow { day: day.to_owned(), from: from.to_owned(), to: to.to_owned() };
    let windows = ["mon", "tue", "wed", "thu", "fri"].map(window).to_vec();
    OfficeHours::new(&RawHours {
        time_zone: "America/Toronto".to_owned(),
        windows,
        ..RawHours::default()
    })
    .unwrap()
}

/// What was said, with the instants as text.
pub fn texts(said: &[(String, Timestamp)]) -> Vec<(&str, String)> {
    said.iter().map(|(text, at)| (text.as_str(), at.to_string())).collect()
}

pub fn not_needed(why: &str) -> (String, String) {
    ("automatic.not_needed".to_owned(), why.to_owned())
}

pub fn staff(name: &ConversationKey) -> Actor {
    Actor::Staff { clinic: name.clinic.clone(), id: StaffId::parse("s1").unwrap() }
}

async fn facts(store: &Store, name: &ConversationKey) -> Facts {
    let settings = key::settings(&name.clinic);
    let patient = key::patient(&name.clinic, &name.patient);
    let mut found = store.read([settings.clone(), patient.clone()]).await.unwrap();
    let staff: StaffMember = serde_json::from_value(json!({
        "clinic": name.clinic, "id": "s1", "version": 1, "name": "Staff", "roles": ["clinician"],
        "active": true, "seesAllConversations": false,
    }))
    .unwrap();
    let link: AccountLink = serde_json::from_value(json!({
        "account": "a1", "clinic": name.clinic, "patient": name.patient, "version": 1,
        "relationship": "own", "active": true, "changedAt": "2026-01-05T12:00:00Z",
    }))
    .unwrap();
    Facts {
        clinic: found.take(&settings).unwrap(),
        patient: found.take(&patient).unwrap(),
        staff: Some(staff),
        link: Some(link),
    }
}

async fn write(store: &Store, actor: &Actor, change: &Change) -> Committed {
    let (action, id) = (Action::ConversationReply, platform::new_id());
    let record = Record::done(id, now(), actor, action, Subject::default(), "request");
    let mut transaction = store.transaction();
    change::write(&mut transaction, change, now(), &record);
    store.commit(transaction).await.unwrap()
}
