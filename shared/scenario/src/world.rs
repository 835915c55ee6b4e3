//! The database with its clinics and people.

use domain::actor::Actor;
use domain::address::{AddressHash, Mark, MarkReason};
use domain::attachment::Attachment;
use domain::audit::{Action, Outcome, Record, Subject};
use domain::clinic::{ClinicSettings, Plan};
use domain::command::{
    self, Addressees, Alteration, Change, Enclosures, ReplyFacts, Switch, Wording,
};
use domain::conversation::{Conversation, Message, Person, ReadMarker};
use domain::document::Document;
use domain::id::{ConversationId, LinkReference};
use domain::message_template::MessageTemplate;
use domain::notice::Notice;
use domain::people::{AccountLink, Group, Patient, Role, StaffMember, StaffPreferences};
use domain::rich_text::Body;
use domain::text::Title;
use edge::{AllowedOrigins, Service};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use store::key::{self, ConversationKey, Key};
use store::{Committed, Store, attachments, change, facts, notices};
use testkit::{AUDIT, Db, Fault, Item, MAIN};

use crate::answer::Answer;
use crate::clock::{NOW, sources};
use crate::event::{CONVERSATION, Event};
use crate::people;
use crate::state::State;

/// What the problem of an outage may not hold: names of tables, keys, services and their errors.
const INTERNALS: [&str; 9] = [
    "main",
    "audit",
    "CLINIC#",
    "PATIENT#",
    "dynamo",
    "Dynamo",
    "Throttl",
    "Exception",
    "Conditional",
];

/// Two clinics, c1 and c2, in a database of the test's own.
///
/// Each has the clinicians s1, s2 and s3, who see what they take part in, s4, who is deactivated,
/// and s9, an administrator who sees all. Each has the patients p1 and p2. The accounts a1 and a2
/// are linked to p1 and p2 of c1.
#[derive(Debug)]
pub struct World {
    /// The database.
    pub db: Db,
}

/// The name of a conversation.
pub fn name(clinic: &str, patient: &str, conversation: &str) -> ConversationKey {
    ConversationKey {
        clinic: people::clinic_id(clinic),
        patient: people::patient_id(patient),
        conversation: ConversationId::parse(conversation).unwrap(),
    }
}

impl World {
    /// Both clinics on this plan.
    pub async fn of(plan: Plan) -> Self {
        let world = Self { db: Db::start().await };
        for clinic in ["c1", "c2"] {
            world.clinic(&people::clinic(clinic, plan)).await;
            for id in ["s1", "s2", "s3"] {
                world.staff(&people::member(clinic, id)).await;
            }
            let former = StaffMember { active: false, ..people::member(clinic, "s4") };
            world.staff(&former).await;
            let admin = StaffMember {
                roles: [Role::Admin].into(),
                sees_all_conversations: true,
                ..people::member(clinic, "s9")
            };
            world.staff(&admin).await;
            for id in ["p1", "p2"] {
                world.patient(&people::patient(clinic, id)).await;
            }
        }
        world.link(&people::link("c1", "p1", "a1")).await;
        world.link(&people::link("c1", "p2", "a2")).await;
        world
    }

    /// Both clinics, and the conversation of the sample events: s1 started it with s2, to p1 of c1.
    pub async fn with_conversation(plan: Plan) -> (Self, ConversationKey) {
        let world = Self::of(plan).await;
        let name = name("c1", "p1", CONVERSATION);
        world.start(&name, NOW).await;
        (world, name)
    }

    /// The store.
    pub fn store(&self) -> Store {
        Store::new(self.db.client(), MAIN.to_owned(), AUDIT.to_owned())
    }

    /// The store, whose calls meet that fault.
    pub fn store_with(&self, fault: Fault) -> Store {
        Store::new(self.db.client_with(fault), MAIN.to_owned(), AUDIT.to_owned())
    }

    /// Puts a clinic's settings in the place of those that are there.
    pub async fn clinic(&self, settings: &ClinicSettings) {
        self.put(&[key::settings(&settings.clinic)], settings).await;
    }

    /// Puts a staff member in the place of the one that is there, and in each of their groups.
    pub async fn staff(&self, staff: &StaffMember) {
        let StaffMember { clinic, id, groups, .. } = staff;
        let members = groups.iter().map(|group| key::group_member(clinic, group, id));
        let keys: Vec<_> = std::iter::once(key::staff(clinic, id)).chain(members).collect();
        self.put(&keys, staff).await;
    }

    /// Puts what a staff member chose in the place of what is there.
    pub async fn preferences(&self, preferences: &StaffPreferences) {
        let key = key::preferences(&preferences.clinic, &preferences.staff);
        self.put(&[key], preferences).await;
    }

    /// Puts a group in the place of the one that is there.
    pub async fn group(&self, group: &Group) {
        self.put(&[key::group(&group.clinic, &group.id)], group).await;
    }

    /// Puts a message template in the place of the one that is there.
    pub async fn template(&self, template: &MessageTemplate) {
        self.put(&[key::message_template(&template.clinic, &template.id)], template).await;
    }

    /// Puts a patient in the place of the one that is there.
    pub async fn patient(&self, patient: &Patient) {
        self.put(&[key::patient(&patient.clinic, &patient.id)], patient).await;
    }

    /// Puts a link in both of its places.
    pub async fn link(&self, link: &AccountLink) {
        let AccountLink { clinic, patient, account, .. } = link;
        let keys = [
            key::link_of_patient(clinic, patient, account),
            key::link_of_account(clinic, patient, account),
        ];
        self.put(&keys, link).await;
    }

    /// Revokes the link of a1 to p1 of c1.
    pub async fn revoke_link(&self) {
        self.link(&AccountLink { active: false, ..people::link("c1", "p1", "a1") }).await;
    }

    /// Starts a conversation: s1, with s2, replies allowed.
    pub async fn start(&self, name: &ConversationKey, at: Timestamp) {
        self.start_with(name, &["s2"], true, at).await;
    }

    /// Starts a conversation: s1, with these others.
    pub async fn start_with(
        &self,
        name: &ConversationKey,
        to: &[&str],
        replies_allowed: bool,
        at: Timestamp,
    ) {
        let ConversationKey { clinic, patient, conversation } = name;
        let actor = people::staff_of(clinic.as_str(), "s1");
        let found = self.store().read(facts::keys(&actor, clinic, patient)).await.unwrap();
        let facts = facts::peek(&found, &actor, clinic, patient).unwrap();
        let members: Vec<_> =
            to.iter().map(|id| Some(people::member(clinic.as_str(), id))).collect();
        let command = command::Start {
            conversation: conversation.clone(),
            reference: LinkReference::parse(&platform::new_reference()).unwrap(),
            wording: Wording::written(
                Some(Title::parse("Biopsy").unwrap()),
                Body::parse("Gallstones.").unwrap(),
            ),
            to: to.iter().map(|id| people::staff_id(id)).collect(),
            groups: Vec::new(),
            enclosures: Enclosures::default(),
            replies_allowed: Some(replies_allowed),
            patient_only: None,
        };
        let addressees = Addressees { staff: &members, ..Addressees::default() };
        let change = command::start(&actor, command, &facts, addressees, at).unwrap();
        self.write(&actor, Action::ConversationStart, &change, at).await;
    }

    /// Adds a message, as this caller may.
    pub async fn reply(&self, actor: &Actor, name: &ConversationKey, text: &str, at: Timestamp) {
        self.reply_with(actor, name, Body::parse(text).unwrap(), at).await;
    }

    /// Adds a message with a body that is parsed already.
    pub async fn reply_with(
        &self,
        actor: &Actor,
        name: &ConversationKey,
        body: Body,
        at: Timestamp,
    ) {
        self.add(actor, name, command::Reply::from(body), at).await;
    }

    /// Adds a message with files.
    pub async fn reply_enclosing(
        &self,
        actor: &Actor,
        name: &ConversationKey,
        enclosures: Enclosures,
        at: Timestamp,
    ) {
        let body = Body::parse("See this.").unwrap();
        let command = command::Reply { enclosures, ..command::Reply::from(body) };
        self.add(actor, name, command, at).await;
    }

    /// Adds a message of staff that a template makes.
    pub async fn reply_from_template(
        &self,
        actor: &Actor,
        name: &ConversationKey,
        template: &MessageTemplate,
        at: Timestamp,
    ) {
        self.template(template).await;
        let wording = Wording { template: Some(template.this_version()), ..Wording::default() };
        let command = command::Reply { wording, ..command::Reply::from(template.body.clone()) };
        self.add(actor, name, command, at).await;
    }

    async fn add(
        &self,
        actor: &Actor,
        name: &ConversationKey,
        command: command::Reply,
        at: Timestamp,
    ) {
        let ConversationKey { clinic, patient, .. } = name;
        let template_key = command.wording.template.as_ref();
        let template_key = template_key.map(|named| key::message_template(clinic, &named.id));
        let keys = facts::keys(actor, clinic, patient)
            .into_iter()
            .chain(template_key.clone())
            .chain([key::conversation(name)])
            .chain(change::timer_keys(name))
            .chain(attachments::keys(clinic, patient, &command.enclosures));
        let mut found = self.store().read(keys).await.unwrap();
        let facts = facts::peek(&found, actor, clinic, patient).unwrap();
        let timers = change::timers(&mut found, name).unwrap();
        let conversation: Conversation = found.take(&key::conversation(name)).unwrap().unwrap();
        let enclosed =
            attachments::Enclosed::take(&mut found, clinic, patient, &command.enclosures).unwrap();
        let template: Option<MessageTemplate> =
            template_key.and_then(|key| found.take(&key).unwrap());
        let about = ReplyFacts {
            conversation: Some(&conversation),
            quoted: None,
            seen: None,
            marker: ReadMarker::default(),
            timers: &timers,
            enclosed: enclosed.facts(),
            template: template.as_ref(),
        };
        let change = command::reply(actor, command, &facts, about, at).unwrap();
        self.write(actor, Action::ConversationReply, &change, at).await;
    }

    /// Closes or reopens a conversation as its starter; nothing happens if it is so already.
    pub async fn switch(&self, name: &ConversationKey, command: Switch, at: Timestamp) {
        let ConversationKey { clinic, patient, .. } = name;
        let actor = people::staff_of(clinic.as_str(), "s1");
        let keys = facts::keys(&actor, clinic, patient).into_iter();
        let keys = keys.chain([key::conversation(name)]).chain(change::timer_keys(name));
        let mut found = self.store().read(keys).await.unwrap();
        let facts = facts::peek(&found, &actor, clinic, patient).unwrap();
        let timers = change::timers(&mut found, name).unwrap();
        let conversation: Option<Conversation> = found.take(&key::conversation(name)).unwrap();
        let change =
            command::switch(&actor, command, &facts, conversation.as_ref(), &timers, at).unwrap();
        if let Some(change) = change {
            self.write(&actor, Action::ConversationClose, &change, at).await;
        }
    }

    /// Changes who takes part, or whether guardians see it, as this caller may; nothing happens if it
    /// is so already.
    pub async fn alter(&self, actor: &Actor, name: &ConversationKey, command: Alteration<'_>) {
        let ConversationKey { clinic, patient, .. } = name;
        let keys = facts::keys(actor, clinic, patient).into_iter();
        let mut found = self.store().read(keys.chain([key::conversation(name)])).await.unwrap();
        let facts = facts::peek(&found, actor, clinic, patient).unwrap();
        let conversation: Option<Conversation> = found.take(&key::conversation(name)).unwrap();
        let change = command::alter(actor, command, &facts, conversation.as_ref()).unwrap();
        if let Some(change) = change {
            self.write(actor, Action::ParticipantAdd, &change, NOW).await;
        }
    }

    /// Notes what speaks against an address.
    pub async fn mark(&self, hash: &AddressHash, reason: MarkReason) {
        let at = sources().now();
        assert!(self.store().mark(hash, Mark { reason, at }).await.unwrap(), "it is known already");
    }

    /// Opens the notice of a message, as it is given.
    pub async fn notice(&self, name: &ConversationKey, notice: &Notice) {
        let store = self.store();
        let mut transaction = store.transaction();
        notices::open(&mut transaction, name, notice, sources().now());
        assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);
    }

    /// Shows staff that nobody on the patient's side has read that message.
    pub async fn alert(&self, name: &ConversationKey, number: u32, at: Timestamp) {
        let before = self.conversation(name).await;
        let change = command::unread_alert(&before, number, 0, at).unwrap();
        self.write(&Actor::System, Action::UnreadAlert, &change, at).await;
    }

    /// A conversation as it is stored.
    pub async fn conversation(&self, name: &ConversationKey) -> Conversation {
        let key = key::conversation(name);
        self.store().read([key.clone()]).await.unwrap().take(&key).unwrap().unwrap()
    }

    /// The messages of a conversation as they are stored, the oldest first.
    pub async fn messages(&self, name: &ConversationKey) -> Vec<Message> {
        let page = self.store().messages(name, None, usize::MAX).await.unwrap();
        page.messages.into_iter().rev().collect()
    }

    /// The read marker of a person.
    pub async fn marker(&self, name: &ConversationKey, person: &Person) -> ReadMarker {
        let key = key::marker(name, person);
        let mut found = self.store().read([key.clone()]).await.unwrap();
        found.take(&key).unwrap().unwrap_or_default()
    }

    /// All that the tables hold.
    pub async fn state(&self) -> State {
        let text = |item: &Item, name: &str| item[name].as_s().unwrap().clone();
        let items = self.db.all_items(MAIN).await.into_iter().map(|item| {
            let key = Key { pk: text(&item, "pk"), sk: text(&item, "sk") };
            (key, serde_dynamo::from_item::<_, Value>(item).unwrap())
        });
        let items = items.collect();
        let records = self.db.all_items(AUDIT).await.into_iter();
        let records = records.map(|item| serde_dynamo::from_item::<_, Record>(item).unwrap());
        State { items, records: records.collect() }
    }

    /// Sends an event to a handler, through the edge, at the time that the test set.
    pub async fn ask<S: Service>(&self, service: &S, event: &Event) -> Answer {
        let cors = AllowedOrigins::parse("https://clinic.example.test").unwrap();
        let now = sources().now();
        let id = platform::new_id();
        Answer::of(&Box::pin(edge::serve(service, &cors, event.parsed(), now, id)).await)
    }

    /// Requires that a handler refuses an event with this status and these codes (each with its
    /// place behind a blank), and that nothing is written but the one record of it.
    pub async fn refuses<S: Service>(
        &self,
        service: &S,
        event: &Event,
        status: i64,
        codes: &[&str],
    ) -> Record {
        let before = self.state().await;
        let answer = self.ask(service, event).await;
        assert_eq!((answer.status, answer.codes()), (status, own(codes)), "{}", answer.body);
        assert_eq!(answer.content_type.as_deref(), Some("application/problem+json"));
        let difference = self.state().await.since(&before);
        assert!(difference.written.is_empty(), "{:?}", difference.written);
        assert!(difference.gone.is_empty(), "{:?}", difference.gone);
        let record = difference.record();
        let Outcome::Refused { codes: recorded } = &record.outcome else {
            panic!("no refusal on record: {record:?}")
        };
        let bare = codes.iter().map(|code| code.split(' ').next().unwrap());
        assert_eq!(
            recorded.iter().map(|code| code.as_str()).collect::<Vec<_>>(),
            bare.collect::<Vec<_>>()
        );
        record.clone()
    }

    /// Requires that a handler answers an event as an outage with this code, which tells nothing of
    /// what is underneath.
    pub async fn fails<S: Service>(
        &self,
        service: &S,
        event: &Event,
        status: i64,
        code: &str,
    ) -> Answer {
        let answer = self.ask(service, event).await;
        assert_eq!((answer.status, answer.codes()), (status, own(&[code])), "{}", answer.body);
        assert_eq!(answer.content_type.as_deref(), Some("application/problem+json"));
        assert_eq!(answer.retry_after.is_some(), status == 503);
        let mut members: Vec<_> = answer.body.as_object().unwrap().keys().collect();
        members.sort();
        assert_eq!(members, ["code", "detail", "requestId", "status", "title", "type"]);
        let text = answer.body.to_string();
        for internal in INTERNALS {
            assert!(!text.contains(internal), "{internal} in {text}");
        }
        answer
    }

    /// Puts a new file beside those that are there.
    pub async fn attachment(&self, attachment: &Attachment) {
        let store = self.store();
        let mut transaction = store.transaction();
        attachments::put(&mut transaction, attachment, None, sources().now());
        assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);
    }

    /// Puts a new chart document beside those that are there.
    pub async fn document(&self, document: &Document) {
        let store = self.store();
        let mut transaction = store.transaction();
        attachments::put_document(&mut transaction, document, None);
        assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);
    }

    async fn put(&self, keys: &[Key], body: &impl Serialize) {
        let store = self.store();
        let mut transaction = store.transaction();
        for key in keys {
            transaction.put(key, body, [], None);
        }
        assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);
    }

    async fn write(&self, actor: &Actor, action: Action, change: &Change, at: Timestamp) {
        let subject = Subject {
            clinic: Some(change.conversation.clinic.clone()),
            patient: Some(change.conversation.patient.clone()),
            objects: vec![change.conversation.id.to_string()],
        };
        let record = Record::done(platform::new_id(), at, actor, action, subject, "seeding");
        let store = self.store();
        let mut transaction = store.transaction();
        change::write(&mut transaction, change, at, &record);
        assert_eq!(store.commit(transaction).await.unwrap(), Committed::Done);
    }
}

fn own(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}
