//! Reading: inbox, chart list, thread and read marker. What is shown is on record first.

use std::time::Duration;

use domain::access::{InboxOwner, PatientSide, Side, StaffSide};
use domain::actor::Actor;
use domain::audit::{Action, Record, Subject};
use domain::command::{self, Change};
use domain::conversation::{Conversation, MAX_MESSAGES, Message, Person, ReadMarker};
use domain::id::{AccountId, ClinicId, ConversationId, PatientId};
use domain::outage::{Outage, OutageKind};
use domain::people::AccountLink;
use domain::refusal::{Code, Refusal};
use edge::{Cursor, Failure, Query, Request, Response, Scope, Service};
use platform::{Attempts, Sources};
use serde::{Deserialize, Serialize};
use store::inbox::{Entry, Page};
use store::key::{ConversationKey, List, Listed as State, Owner};
use store::{Committed, Guard, Store, change, facts, key};

use crate::view::{ListPage, Listed, Thread};

/// How long a marker's move is decided again when other writers are first.
const BUDGET: Duration = Duration::from_secs(3);

/// Reads conversations.
#[derive(Clone, Debug)]
pub struct ReadConversations {
    /// The tables.
    pub store: Store,
    /// Time and ids.
    pub sources: Sources,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    seen: u32,
}

#[derive(Debug, Serialize)]
struct Marked {
    seen: u32,
    unread: u32,
}

/// The routes of this function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    OwnInbox,
    ClinicInbox,
    Chart,
    Eligibility,
    Recipients,
    Thread,
    Marker,
    Link,
}

impl Route {
    fn of(request: &Request) -> Option<Self> {
        match request.route() {
            ("GET", "/inbox") => Some(Self::OwnInbox),
            ("GET", "/links/{reference}") => Some(Self::Link),
            ("GET", "/clinics/{clinicId}/inbox") => Some(Self::ClinicInbox),
            ("GET", "/clinics/{clinicId}/patients/{patientId}/recipients") => {
                Some(Self::Recipients)
            }
            ("GET", "/clinics/{clinicId}/patients/{patientId}/eligibility") => {
                Some(Self::Eligibility)
            }
            ("GET", "/clinics/{clinicId}/patients/{patientId}/conversations") => Some(Self::Chart),
            ("GET", "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}") => {
                Some(Self::Thread)
            }
            (
                "PUT",
                "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}/read-marker",
            ) => Some(Self::Marker),
            _ => None,
        }
    }
}

impl Service for ReadConversations {
    fn action(&self, request: &Request) -> Action {
        match Route::of(request) {
            Some(Route::OwnInbox | Route::ClinicInbox) => Action::InboxList,
            Some(Route::Chart) => Action::ChartList,
            Some(Route::Eligibility) => Action::EligibilityView,
            Some(Route::Recipients) => Action::RecipientList,
            Some(Route::Thread) => Action::ConversationView,
            Some(Route::Marker) => Action::ConversationMarkRead,
            Some(Route::Link) => Action::LinkOpen,
            None => Action::Unrouted,
        }
    }

    async fn call(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        match Route::of(request) {
            Some(Route::OwnInbox) => Box::pin(self.own_inbox(request, actor)).await,
            Some(Route::ClinicInbox) => Box::pin(self.clinic_inbox(request, actor)).await,
            Some(Route::Chart) => Box::pin(self.chart(request, actor)).await,
            Some(Route::Eligibility) => Box::pin(self.eligibility(request, actor)).await,
            Some(Route::Recipients) => Box::pin(self.recipients(request, actor)).await,
            Some(Route::Thread) => Box::pin(self.thread(request, actor)).await,
            Some(Route::Marker) => Box::pin(self.mark_read(request, actor)).await,
            Some(Route::Link) => Box::pin(self.open_link(request, actor)).await,
            None => Err(Refusal::from(Code::NotFound).into()),
        }
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        self.store.record(record).await
    }
}

/// What somebody on a patient's side may list of one patient.
struct Reading {
    clinic: ClinicId,
    patient: PatientId,
    person: Person,
    sees_patient_only: bool,
}

impl Reading {
    fn of(side: &PatientSide<'_>) -> Self {
        Self {
            clinic: side.patient.clinic.clone(),
            patient: side.patient.id.clone(),
            person: side.person.clone(),
            sees_patient_only: side.sees_patient_only(),
        }
    }

    fn lists(&self) -> Vec<List> {
        List::of_patient(&self.clinic, &self.patient, self.sees_patient_only)
    }

    fn is_about(&self, entry: &Entry) -> bool {
        self.clinic == entry.clinic && self.patient == entry.patient
    }
}

/// The lists of one patient's conversations, as far as the caller may see them: staff who do not
/// see all have their own and those of their groups.
fn chart_lists(side: &Side<'_>) -> Vec<List> {
    match side {
        Side::Patient(side) => Reading::of(side).lists(),
        Side::Staff(StaffSide { patient, staff, .. }) if staff.sees_all_conversations => {
            List::of_patient(&patient.clinic, &patient.id, true)
        }
        Side::Staff(StaffSide { patient, staff, .. }) => {
            let groups = staff.groups.iter().map(|group| Owner::Group(group.clone()));
            let owners = std::iter::once(Owner::Staff(staff.id.clone())).chain(groups);
            let about = Some(patient.id.clone());
            let list = |owner| List { about: about.clone(), ..List::of(&patient.clinic, owner) };
            owners.map(list).collect()
        }
    }
}

/// What a list's query asks for.
struct Asked {
    states: Vec<State>,
    limit: usize,
    scope: Scope,
    after: Option<String>,
}

impl ReadConversations {
    /// The conversations of all patients that the account is linked to, or of the portal's patient.
    async fn own_inbox(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        let asked = asked(request, actor, "inbox", &["state", "limit", "cursor"])?;
        let (readings, subject) = match actor {
            Actor::Account { id } => (self.readings_of(actor, id).await?, Subject::default()),
            Actor::Portal { clinic, patient } => {
                let keys = facts::keys(actor, clinic, patient);
                let found = self.store.read(keys).await?;
                let facts = facts::peek(&found, actor, clinic, patient)?;
                let reading = Reading::of(&facts.patient_side(actor)?);
                let subject = Subject { clinic: Some(clinic.clone()), ..Subject::default() };
                (vec![reading], subject)
            }
            _ => return Err(Refusal::from(Code::NotFound).into()),
        };
        let lists: Vec<List> = readings.iter().flat_map(Reading::lists).collect();
        let page = self.page(&lists, &asked).await?;
        // Nothing is listed but what one of the readings is about.
        let reader = |entry: &Entry| {
            let reading = readings.iter().find(|reading| reading.is_about(entry));
            reading.map_or(Person::Patient, |reading| reading.person.clone())
        };
        self.list(request, actor, (Action::InboxList, subject), &asked, page, reader).await
    }

    /// What the account may read now: of each of its patients, as whom.
    async fn readings_of(
        &self,
        actor: &Actor,
        account: &AccountId,
    ) -> Result<Vec<Reading>, Failure> {
        let links: Vec<AccountLink> = self.store.links_of(account).await?;
        let named = links.iter().map(|link| (&link.clinic, &link.patient));
        let keys = named.flat_map(|(clinic, patient)| facts::keys(actor, clinic, patient));
        let keys: Vec<_> = keys.collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.store.read(keys).await?;
        let mut readings = Vec::new();
        for AccountLink { clinic, patient, .. } in links {
            let facts = facts::peek(&found, actor, &clinic, &patient)?;
            // What is switched off for one of them hides that one, not the others.
            readings.extend(facts.patient_side(actor).ok().as_ref().map(Reading::of));
        }
        Ok(readings)
    }

    /// The staff member's own conversations, those of a group, or for those who see all also those
    /// of a colleague or of the whole clinic.
    async fn clinic_inbox(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        let clinic = request.path_id("clinicId", ClinicId::parse)?;
        let Actor::Staff { id, .. } = actor else {
            return Err(Refusal::from(Code::NotFound).into());
        };
        if !actor.may_address(&clinic) {
            return Err(Refusal::from(Code::NotFound).into());
        }
        let query = request.query(&["owner", "state", "limit", "cursor"])?;
        let wanted = InboxOwner::parse(query.get("owner").unwrap_or("me"), id)
            .ok_or_else(|| Refusal::at(Code::InvalidOwner, "owner"))?;
        let owner = match &wanted {
            InboxOwner::Staff(id) => Owner::Staff(id.clone()),
            InboxOwner::Group(id) => Owner::Group(id.clone()),
            InboxOwner::Clinic => Owner::Clinic,
        };
        let list = List::of(&clinic, owner);
        let asked = asked_of(&query, actor, &format!("inbox.{list:?}"))?;
        let staff_key = key::staff(&clinic, id);
        let mut found = self.store.read([staff_key.clone()]).await?;
        let staff = found.take(&staff_key)?;
        let facts = domain::access::Facts { staff, ..Default::default() };
        facts.messaging_staff(actor)?.may_list(&wanted)?;
        let page = self.page(&[list], &asked).await?;
        let subject = Subject { clinic: Some(clinic), ..Subject::default() };
        let me = Person::Staff(id.clone());
        self.list(request, actor, (Action::InboxList, subject), &asked, page, |_| me.clone()).await
    }

    /// The conversations of one patient, as far as the caller may see them.
    async fn chart(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        let clinic = request.path_id("clinicId", ClinicId::parse)?;
        let patient = request.path_id("patientId", PatientId::parse)?;
        if !actor.may_address(&clinic) {
            return Err(Refusal::from(Code::NotFound).into());
        }
        let list = format!("chart.{clinic}.{patient}");
        let asked = asked(request, actor, &list, &["state", "limit", "cursor"])?;
        let found = self.store.read(facts::keys(actor, &clinic, &patient)).await?;
        let facts = facts::peek(&found, actor, &clinic, &patient)?;
        let side = facts.side(actor)?;
        let page = self.page(&chart_lists(&side), &asked).await?;
        let subject =
            Subject { clinic: Some(clinic), patient: Some(patient), ..Subject::default() };
        let person = side.person();
        let reader = |_: &Entry| person.clone();
        self.list(request, actor, (Action::ChartList, subject), &asked, page, reader).await
    }

    async fn page(&self, lists: &[List], asked: &Asked) -> Result<Page, Outage> {
        self.store.list(lists, &asked.states, asked.after.as_deref(), asked.limit).await
    }

    /// Answers a page, once it is on record.
    async fn list(
        &self,
        request: &Request,
        actor: &Actor,
        (action, mut subject): (Action, Subject),
        asked: &Asked,
        page: Page,
        reader: impl Fn(&Entry) -> Person,
    ) -> Result<Response, Failure> {
        subject.objects =
            page.entries.iter().map(|entry: &Entry| entry.conversation.to_string()).collect();
        let now = self.sources.now();
        let id = self.sources.new_id();
        let record = Record::done(id, now, actor, action, subject, request.request_id());
        let (markers, recorded) =
            tokio::join!(self.store.markers(&page.entries, &reader), self.store.record(&record));
        recorded?;
        let shown = page.entries.iter().zip(markers?);
        let answer = ListPage {
            conversations: shown
                .map(|(entry, marker)| Listed::new(entry, marker, &reader(entry)))
                .collect(),
            next_cursor: page.next.map(|place| Cursor::encode(&asked.scope, &place)),
        };
        Ok(Response::ok(&answer))
    }

    async fn thread(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        let name = name_of(request, actor)?;
        let query = request.query(&["limit", "cursor"])?;
        let limit = query.limit()?;
        let scope = Scope::new(actor, &name.partition(), "");
        let below = match query.get("cursor") {
            None => None,
            Some(cursor) => Some(message_number(&Cursor::decode(&scope, cursor)?)?),
        };
        let keys = reading_keys(actor, &name, None);
        let (found, page) =
            tokio::join!(self.store.read(keys), self.store.messages(&name, below, limit));
        let mut found = found?;
        let facts = facts::peek(&found, actor, &name.clinic, &name.patient)?;
        let side = facts.side(actor)?;
        let person = side.person();
        let conversation: Option<Conversation> = found.take(&key::conversation(&name))?;
        let conversation = side.visible(conversation.as_ref())?;
        let marker: ReadMarker = found.take(&key::marker(&name, &person))?.unwrap_or_default();
        let page = page?;
        // The conversation and its messages are two reads: what came between is left for the next.
        let total = conversation.tally.total;
        let messages: Vec<Message> =
            page.messages.into_iter().filter(|message| message.number <= total).collect();
        let next = messages.last().filter(|_| page.more).map(|message| message.number.to_string());
        let next = next.map(|place| Cursor::encode(&scope, &place));

        let subject = subject_of(&name);
        let record = Record::done(
            self.sources.new_id(),
            self.sources.now(),
            actor,
            Action::ConversationView,
            subject,
            request.request_id(),
        );
        // How the patient's side was told is the clinic's business.
        let notices = async {
            match &side {
                Side::Staff(_) => self.store.notices(&name, &messages).await.map(Some),
                Side::Patient(_) => Ok(None),
            }
        };
        let (notices, recorded) = tokio::join!(notices, self.store.record(&record));
        recorded?;
        let notices = notices?;
        let reader = (&person, marker);
        Ok(Response::ok(&Thread::new(conversation, reader, &messages, notices.as_ref(), next)))
    }

    async fn mark_read(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        let name = name_of(request, actor)?;
        let Seen { seen } = request.json()?;
        if !(1..=MAX_MESSAGES).contains(&seen) {
            return Err(Refusal::at(Code::MarkerBeyondLast, "/seen").into());
        }
        let mut attempts = Attempts::within(BUDGET);
        loop {
            let message_key = key::message(&name, seen);
            let keys = reading_keys(actor, &name, Some(message_key.clone()));
            let mut found = self.store.read(keys).await?;
            let facts = facts::peek(&found, actor, &name.clinic, &name.patient)?;
            let side = facts.side(actor)?;
            let person = side.person();
            let conversation: Option<Conversation> = found.take(&key::conversation(&name))?;
            let message: Option<Message> = found.take(&message_key)?;
            let marker_key = key::marker(&name, &person);
            let marker: ReadMarker = found.take(&marker_key)?.unwrap_or_default();
            let moved = command::mark_read(&side, conversation.as_ref(), message.as_ref(), marker)?;
            let conversation = side.visible(conversation.as_ref())?;
            let unread = moved.unread(&conversation.tally, &person);
            // That the clinic is shown that nobody read it ends with who does.
            let ended = match &side {
                Side::Patient(_) => command::end_alert(conversation, moved.seen),
                Side::Staff(_) => None,
            };

            let mut subject = subject_of(&name);
            subject.objects.push(seen.to_string());
            let now = self.sources.now();
            let record = Record::done(
                self.sources.new_id(),
                now,
                actor,
                Action::ConversationMarkRead,
                subject,
                request.request_id(),
            );
            let answer = Response::ok(&Marked { seen: moved.seen, unread });
            let mut transaction = self.store.transaction();
            match ended {
                Some(change) => {
                    let change = Change { marker: Some((person, moved)), ..change };
                    change::write(&mut transaction, &change, now, &record);
                }
                None if moved == marker => {
                    self.store.record(&record).await?;
                    return Ok(answer);
                }
                None => {
                    change::move_marker(&mut transaction, &marker_key, &moved);
                    if matches!(side, Side::Patient(_)) && conversation.unread_alert.is_none() {
                        // An alert that begins at this moment would stay.
                        let unalerted = Guard::PresentWithout("unreadAlert");
                        transaction.check(&key::conversation(&name), &unalerted);
                    }
                    transaction.record(&record);
                }
            }
            facts::guard_reading(&mut transaction, actor, &name.clinic, &name.patient);
            if self.store.commit(transaction).await? == Committed::Done {
                return Ok(answer);
            }
            if !attempts.again().await {
                return Err(Outage::new(OutageKind::Contended, "mark_read", "attempts").into());
            }
        }
    }
}

fn name_of(request: &Request, actor: &Actor) -> Result<ConversationKey, Refusal> {
    let name = ConversationKey {
        clinic: request.path_id("clinicId", ClinicId::parse)?,
        patient: request.path_id("patientId", PatientId::parse)?,
        conversation: request.path_id("conversationId", ConversationId::parse)?,
    };
    if actor.may_address(&name.clinic) { Ok(name) } else { Err(Code::NotFound.into()) }
}

pub(crate) fn subject_of(name: &ConversationKey) -> Subject {
    Subject {
        clinic: Some(name.clinic.clone()),
        patient: Some(name.patient.clone()),
        objects: vec![name.conversation.to_string()],
    }
}

fn reading_keys(actor: &Actor, name: &ConversationKey, message: Option<key::Key>) -> Vec<key::Key> {
    let markers = actor.readers().into_iter().map(|reader| key::marker(name, &reader));
    facts::keys(actor, &name.clinic, &name.patient)
        .into_iter()
        .chain([key::conversation(name)])
        .chain(markers)
        .chain(message)
        .collect()
}

fn message_number(place: &str) -> Result<u32, Refusal> {
    place.parse().map_err(|_| Code::InvalidCursor.into())
}

fn asked(
    request: &Request,
    actor: &Actor,
    list: &str,
    parameters: &[&str],
) -> Result<Asked, Refusal> {
    asked_of(&request.query(parameters)?, actor, list)
}

fn asked_of(query: &Query, actor: &Actor, list: &str) -> Result<Asked, Refusal> {
    let state = query.get("state").unwrap_or("all");
    let states = match state {
        "all" => State::ALL.to_vec(),
        "open" => vec![State::AwaitingClinic, State::AwaitingPatient],
        "closed" => vec![State::Closed],
        "awaiting_clinic" => vec![State::AwaitingClinic],
        "awaiting_patient" => vec![State::AwaitingPatient],
        _ => return Err(Refusal::at(Code::InvalidState, "state")),
    };
    let limit = query.limit()?;
    let scope = Scope::new(actor, list, state);
    let after = query.get("cursor").map(|cursor| Cursor::decode(&scope, cursor)).transpose()?;
    Ok(Asked { states, limit, scope, after })
}
