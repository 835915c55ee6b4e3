//! What the tests of the rules are about: one clinic, its people, one conversation.
//!
//! A builder gives the ordinary case, in which everything is allowed; a test changes what it is
//! about.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::access::Facts;
use crate::actor::Actor;
use crate::address::{Address, AddressKey, Contact, Known};
use crate::attachment::{self, Attachment, FileLimits, Kept, Promise, Purpose};
use crate::automatic::{Timer, Timers};
use crate::birth_date::BirthDate;
use crate::clinic::{
    AutomaticReplies, ClinicSettings, Language, LocalizedBody, Members, NoAnswer, NoticeSettings,
    Plan,
};
use crate::command::{
    self, Addressees, Change, Enclosed, Enclosures, Reply, ReplyFacts, Start, Switch, Wording,
};
use crate::contact::{EmailAddress, SmsNumber};
use crate::conversation::{Conversation, Message, ReadMarker};
use crate::document::{Document, Progress};
use crate::file::{FileName, FileType, Sha256};
use crate::hours::{Days, OfficeHours, RawDays, RawException, RawHours, RawTimes, RawWindow};
use crate::id::{
    AccountId, AttachmentId, ClientId, ClinicId, ConversationId, DocumentId, DocumentKind, GroupId,
    LinkReference, PatientId, StaffId,
};
use crate::people::{AccountLink, Channel, Group, Patient, Relationship, Role, StaffMember};
use crate::refusal::{Checks, Refusal};
use crate::rich_text::Body;
use crate::text::{ClinicName, ClinicPhone, DisplayName, EmergencyLine, Title};

/// What is wrong with settings of which every member could be read.
pub fn checked(clinic: &ClinicSettings) -> Result<(), Refusal> {
    let members = Members {
        name: Some(&clinic.name),
        sms_name: Some(clinic.sms_name.as_ref()),
        has_phone: clinic.phone.is_some(),
        has_emergency_line: clinic.emergency_line.is_some(),
        guardian_age_limit: clinic.guardian_age_limit,
        patient_only_from_age: clinic.patient_only_from_age,
        default_language: Some(clinic.default_language),
        office_hours: Some(&clinic.office_hours),
        automatic_replies: &clinic.automatic_replies,
        has_all_texts: true,
        files: &clinic.files,
        notices: &clinic.notices,
    };
    let mut checks = Checks::new();
    members.check(&mut checks);
    checks.finish()
}

/// A Wednesday, 10:00 in Toronto: the office is open.
pub(crate) const WORKING: &str = "2026-11-25T15:00:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn body(text: &str) -> Body {
    Body::parse(text).unwrap()
}

pub(crate) fn name(text: &str) -> DisplayName {
    DisplayName::parse(text).unwrap()
}

pub(crate) fn clinic_id() -> ClinicId {
    ClinicId::parse("c1").unwrap()
}

pub(crate) fn staff_id(id: &str) -> StaffId {
    StaffId::parse(id).unwrap()
}

/// What differs from a week: dates with their windows (`2026-12-24 09:00-12:00`; a date alone is closed)
/// and vacations (`2027-07-01/2027-07-14`).
pub(crate) fn with_dates(mut raw: RawHours, exceptions: &[&str], vacations: &[&str]) -> RawHours {
    raw.exceptions.extend(exceptions.iter().map(|text| {
        let mut words = text.split(' ');
        let date = words.next().unwrap().to_owned();
        let windows = words.map(|times| {
            let (from, to) = times.split_once('-').unwrap();
            RawTimes { from: from.to_owned(), to: to.to_owned() }
        });
        RawException { date, name: None, windows: windows.collect() }
    }));
    raw.vacations.extend(vacations.iter().map(|text| {
        let (from, to) = text.split_once('/').unwrap();
        RawDays { from: from.to_owned(), to: to.to_owned() }
    }));
    raw
}

/// From the first day to the last.
pub(crate) fn days(first: &str, last: &str) -> Days {
    Days::new(first.parse().unwrap(), last.parse().unwrap()).unwrap()
}

/// Hours with the same windows (`09:00-17:00`) on each of the days.
pub(crate) fn hours(time_zone: &str, days: &[&str], windows: &[&str]) -> OfficeHours {
    let window = |day: &str, window: &str| {
        let (from, to) = window.split_once('-').unwrap();
        RawWindow { day: day.to_owned(), from: from.to_owned(), to: to.to_owned() }
    };
    let windows = days.iter().flat_map(|day| windows.iter().map(|times| window(day, times)));
    OfficeHours::new(&RawHours {
        time_zone: time_zone.to_owned(),
        windows: windows.collect(),
        ..RawHours::default()
    })
    .unwrap()
}

/// A clinic on the top plan with both automatic replies, open on weekdays from 9:00 to 17:00 in
/// Toronto, which is 14:00Z to 22:00Z in winter. Nobody answers within 60 office minutes.
pub(crate) fn clinic() -> ClinicSettings {
    let text = |en: &str, fr: &str| LocalizedBody { en: Some(body(en)), fr: Some(body(fr)) };
    ClinicSettings {
        clinic: clinic_id(),
        version: 1,
        name: ClinicName::parse("Rideau Clinic").unwrap(),
        sms_name: None,
        phone: Some(ClinicPhone::parse("613-555-0100").unwrap()),
        emergency_line: Some(EmergencyLine::parse("911").unwrap()),
        plan: Plan::ConnectPro,
        portal_enabled: true,
        replies_allowed_by_default: true,
        patient_first: true,
        guardian_age_limit: 12,
        patient_only_from_age: None,
        default_language: Language::En,
        office_hours: hours(
            "America/Toronto",
            &["mon", "tue", "wed", "thu", "fri"],
            &["09:00-17:00"],
        ),
        files: FileLimits::default(),
        notices: NoticeSettings::default(),
        automatic_replies: AutomaticReplies {
            outside_hours: Some(text(
                "We are closed. Emergency: {{emergencyLine}}",
                "Nous sommes absents. Urgence : {{emergencyLine}}",
            )),
            no_answer: Some(NoAnswer {
                after_office_minutes: 60,
                text: text(
                    "Please wait. Emergency: {{emergencyLine}}",
                    "Veuillez attendre. Urgence : {{emergencyLine}}",
                ),
            }),
            ..AutomaticReplies::default()
        },
    }
}

/// The address with its hash, under the key that all tests of the rules use.
pub(crate) fn known<T: Address>(address: T) -> Known<T> {
    AddressKey::new([7; 32]).know(address)
}

pub(crate) fn email(text: &str) -> Known<EmailAddress> {
    known(EmailAddress::parse(text).unwrap())
}

pub(crate) fn sms(number: &str) -> Known<SmsNumber> {
    known(SmsNumber::from_e164(number).unwrap())
}

/// Both addresses; email is preferred, and there is no consent to the other channel.
pub(crate) fn contact(email_address: &str, number: &str) -> Contact {
    Contact {
        email: Some(email(email_address)),
        sms: Some(sms(number)),
        preferred_channel: Channel::Email,
        other_channel_consented: false,
        language: None,
    }
}

pub(crate) fn patient() -> Patient {
    Patient {
        clinic: clinic_id(),
        id: PatientId::parse("p1").unwrap(),
        version: 1,
        name: name("Zebulon Quagmire"),
        given_name: None,
        family_name: None,
        birth_date: BirthDate::parse("2018-06-01", jiff::civil::date(2026, 11, 25)).ok(),
        contact: contact("zq@example.test", "+16135550100"),
        portal_access: true,
        successor: None,
    }
}

/// An active clinician, who sees only what they take part in.
pub(crate) fn staff(id: &str) -> StaffMember {
    StaffMember {
        clinic: clinic_id(),
        id: staff_id(id),
        version: 1,
        name: name(&format!("Staff {id}")),
        roles: [Role::Clinician].into(),
        active: true,
        sees_all_conversations: false,
        accepts_patient_messages: false,
        groups: BTreeSet::new(),
        email: None,
    }
}

pub(crate) fn link(account: &str) -> AccountLink {
    AccountLink {
        account: AccountId::parse(account).unwrap(),
        clinic: clinic_id(),
        patient: patient().id,
        version: 1,
        relationship: Relationship::Own,
        name: None,
        contact: None,
        active: true,
        changed_at: at("2026-01-05T12:00:00Z"),
    }
}

pub(crate) fn guardian_link(account: &str) -> AccountLink {
    let relationship = Relationship::Guardian;
    AccountLink { relationship, name: Some(name("Grace Quagmire")), ..link(account) }
}

pub(crate) fn group_id(id: &str) -> GroupId {
    GroupId::parse(id).unwrap()
}

/// An active group that takes patients' first messages.
pub(crate) fn group(id: &str) -> Group {
    Group {
        clinic: clinic_id(),
        id: group_id(id),
        version: 1,
        name: name(&format!("Group {id}")),
        active: true,
        accepts_patient_messages: true,
    }
}

pub(crate) fn as_staff(id: &str) -> Actor {
    Actor::Staff { clinic: clinic_id(), id: staff_id(id) }
}

pub(crate) fn as_account(id: &str) -> Actor {
    Actor::Account { id: AccountId::parse(id).unwrap() }
}

pub(crate) fn as_portal() -> Actor {
    Actor::Portal { clinic: clinic_id(), patient: patient().id }
}

pub(crate) fn as_operator() -> Actor {
    Actor::Operator { id: ClientId::parse("ops").unwrap() }
}

pub(crate) fn as_chart() -> Actor {
    Actor::Chart { clinic: clinic_id(), id: ClientId::parse("chart").unwrap() }
}

/// The facts of the ordinary case for this caller, of this clinic. Accounts whose id begins with `g`
/// are guardians.
pub(crate) fn facts(actor: &Actor, clinic: &ClinicSettings) -> Facts {
    Facts {
        clinic: Some(clinic.clone()),
        patient: Some(patient()),
        staff: matches!(actor, Actor::Staff { .. }).then(|| staff(actor.id())),
        link: matches!(actor, Actor::Account { .. }).then(|| match actor.id() {
            id if id.starts_with('g') => guardian_link(id),
            id => link(id),
        }),
    }
}

/// What the links of the conversation's notices carry.
pub(crate) fn reference() -> LinkReference {
    LinkReference::parse("0123456789abcdef0123456789abcdef").unwrap()
}

pub(crate) fn send_to(to: &[&str]) -> Start {
    Start {
        conversation: ConversationId::parse("v1").unwrap(),
        reference: reference(),
        wording: Wording::written(Some(Title::parse("Your results").unwrap()), body("Good news.")),
        to: to.iter().map(|id| staff_id(id)).collect(),
        groups: Vec::new(),
        enclosures: Enclosures::default(),
        replies_allowed: None,
        patient_only: None,
    }
}

/// A conversation that `s1` started, with `s2`, at an instant.
pub(crate) fn started(now: Timestamp) -> Change {
    let actor = as_staff("s1");
    let recipients = [Some(staff("s2"))];
    let addressees = Addressees { staff: &recipients, ..Addressees::default() };
    command::start(&actor, send_to(&["s2"]), &facts(&actor, &clinic()), addressees, now).unwrap()
}

/// The conversation that `s1` started an hour before [`WORKING`].
pub(crate) fn conversation() -> Conversation {
    started(at("2026-11-25T14:00:00Z")).conversation
}

/// A conversation with what is stored beside it, changed as the store does it.
#[derive(Clone, Debug)]
pub(crate) struct Thread {
    pub(crate) clinic: ClinicSettings,
    pub(crate) conversation: Conversation,
    pub(crate) messages: Vec<Message>,
    pub(crate) timers: Timers,
}

impl Thread {
    pub(crate) fn start(clinic: ClinicSettings, now: Timestamp) -> Self {
        let change = started(now);
        Self {
            clinic,
            conversation: change.conversation,
            messages: change.message.into_iter().collect(),
            timers: Timers::default(),
        }
    }

    pub(crate) fn decide_reply(&self, actor: &Actor, now: Timestamp) -> Result<Change, Refusal> {
        let about = ReplyFacts {
            conversation: Some(&self.conversation),
            quoted: None,
            seen: None,
            marker: ReadMarker::default(),
            timers: &self.timers,
            enclosed: Enclosed::default(),
            template: None,
        };
        let reply = Reply::from(body("Thanks!"));
        command::reply(actor, reply, &facts(actor, &self.clinic), about, now)
    }

    pub(crate) fn reply(&mut self, actor: &Actor, now: &str) -> Message {
        let change = self.decide_reply(actor, at(now)).unwrap();
        self.apply(change);
        self.messages.last().cloned().unwrap()
    }

    pub(crate) fn switch(&mut self, actor: &Actor, command: Switch, now: &str) -> Option<Change> {
        let facts = facts(actor, &self.clinic);
        let conversation = Some(&self.conversation);
        let change =
            command::switch(actor, command, &facts, conversation, &self.timers, at(now)).unwrap();
        change.clone().map(|change| self.apply(change));
        change
    }

    /// Writes a change; false if its condition on the version does not hold.
    pub(crate) fn apply(&mut self, change: Change) -> bool {
        if change.replaces != Some(self.conversation.version) {
            return false;
        }
        self.conversation = change.conversation;
        self.messages.extend(change.message);
        let gone = |timer: &Timer| {
            change.drop.contains(&timer.kind) || change.set.iter().any(|set| set.kind == timer.kind)
        };
        self.timers.0.retain(|timer| !gone(timer));
        self.timers.0.extend(change.set);
        true
    }
}

/// What is kept of every file here.
pub(crate) fn kept() -> Kept {
    let sha256 = Sha256::of_digest([8; 32]);
    Kept { object_version: "k1".to_owned(), length: 900, sha256 }
}

fn scan() -> Promise {
    let file_type = FileType::Pdf;
    let name = FileName::parse("scan.pdf", file_type).unwrap();
    Promise { name, file_type, length: 1_000, sha256: Sha256::of_digest([7; 32]) }
}

/// A slot that this caller was given, for any conversation.
pub(crate) fn attachment(id: &str, actor: &Actor) -> Attachment {
    Attachment {
        clinic: clinic_id(),
        patient: patient().id,
        id: AttachmentId::parse(id).unwrap(),
        version: 1,
        owner: actor.unique_name(),
        purpose: Purpose::Message { conversation: None },
        promise: scan(),
        created_at: at(WORKING),
        state: attachment::State::AwaitingUpload,
        garbage: Vec::new(),
    }
}

/// A file of this caller's that can be sent.
pub(crate) fn clean(id: &str, actor: &Actor) -> Attachment {
    let uploaded = attachment(id, actor).uploaded("u1", at(WORKING)).unwrap();
    uploaded.inspected(Ok(kept()), false, at(WORKING)).unwrap().cleaned_up()
}

/// A chart document of the patient's that can be sent.
pub(crate) fn document(id: &str) -> Document {
    Document {
        clinic: clinic_id(),
        patient: patient().id,
        id: DocumentId::parse(id).unwrap(),
        version: 1,
        kind: DocumentKind::parse("lab_result").unwrap(),
        date: jiff::civil::date(2026, 11, 20),
        title: Title::parse("Blood count").unwrap(),
        promise: scan(),
        copy: None,
        file: AttachmentId::parse(&format!("of-{id}")).unwrap(),
        progress: Progress::Clean { kept: kept() },
    }
}
