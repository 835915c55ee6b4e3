//! The ordinary people, of which a test changes what it is about.

use std::collections::BTreeSet;

use domain::actor::Actor;
use domain::address::{AddressKey, Contact, Known};
use domain::attachment::{self, Attachment, FileLimits, Kept, Promise, Purpose};
use domain::birth_date::BirthDate;
use domain::clinic::{
    AutomaticReplies, ClinicSettings, Language, LocalizedBody, NoAnswer, NoticeSettings, Plan,
};
use domain::contact::{EmailAddress, SmsNumber};
use domain::document::{Document, Progress};
use domain::file::{FileName, FileType, Sha256};
use domain::hours::{OfficeHours, RawHours, RawWindow};
use domain::id::{
    AccountId, AttachmentId, ClientId, ClinicId, DocumentId, DocumentKind, GroupId, PatientId,
    StaffId, TemplateId,
};
use domain::message_template::MessageTemplate;
use domain::people::{AccountLink, Channel, Group, Patient, Relationship, Role, StaffMember};
use domain::rich_text::Body;
use domain::text::{ClinicName, DisplayName, EmergencyLine, Title};

use crate::clock::NOW;

/// A clinic's id.
pub fn clinic_id(id: &str) -> ClinicId {
    ClinicId::parse(id).unwrap()
}

/// A patient's id.
pub fn patient_id(id: &str) -> PatientId {
    PatientId::parse(id).unwrap()
}

/// A staff member's id.
pub fn staff_id(id: &str) -> StaffId {
    StaffId::parse(id).unwrap()
}

/// An account's id.
pub fn account_id(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

/// A name that people see.
pub fn display_name(name: &str) -> DisplayName {
    DisplayName::parse(name).unwrap()
}

/// A clinic with both automatic replies, which its plan may not have, open on weekdays from 9:00 to
/// 17:00 in Toronto. Nobody answers within 60 office minutes.
pub fn clinic(id: &str, plan: Plan) -> ClinicSettings {
    let text = |text: &str| LocalizedBody { en: Body::parse(text).ok(), fr: None };
    let window = |day: &str| RawWindow {
        day: day.to_owned(),
        from: "09:00".to_owned(),
        to: "17:00".to_owned(),
    };
    let hours = RawHours {
        time_zone: "America/Toronto".to_owned(),
        windows: ["mon", "tue", "wed", "thu", "fri"].map(window).into(),
        ..RawHours::default()
    };
    ClinicSettings {
        clinic: clinic_id(id),
        version: 1,
        name: ClinicName::parse("Rideau Clinic").unwrap(),
        sms_name: None,
        phone: None,
        emergency_line: Some(EmergencyLine::parse("911").unwrap()),
        plan,
        portal_enabled: true,
        replies_allowed_by_default: true,
        patient_first: true,
        guardian_age_limit: ClinicSettings::DEFAULT_GUARDIAN_AGE_LIMIT,
        patient_only_from_age: None,
        default_language: Language::En,
        office_hours: OfficeHours::new(&hours).unwrap(),
        files: FileLimits::default(),
        notices: NoticeSettings::default(),
        automatic_replies: AutomaticReplies {
            outside_hours: Some(text("We are closed.")),
            no_answer: Some(NoAnswer { after_office_minutes: 60, text: text("Please wait.") }),
            ..AutomaticReplies::default()
        },
    }
}

/// An active clinician, who sees only what they take part in.
pub fn member(clinic: &str, id: &str) -> StaffMember {
    StaffMember {
        clinic: clinic_id(clinic),
        id: staff_id(id),
        version: 1,
        name: display_name(&format!("Staff {id}")),
        roles: [Role::Clinician].into(),
        active: true,
        sees_all_conversations: false,
        accepts_patient_messages: false,
        groups: BTreeSet::new(),
        email: None,
    }
}

/// The key of the addresses' hashes.
pub fn address_key() -> AddressKey {
    AddressKey::new([7; 32])
}

/// An email address, as it is stored.
pub fn email(address: &str) -> Known<EmailAddress> {
    address_key().know(EmailAddress::parse(address).unwrap())
}

/// A number for text messages, as it is stored.
pub fn sms(number: &str) -> Known<SmsNumber> {
    address_key().know(SmsNumber::from_e164(number).unwrap())
}

/// Both addresses, of which email is preferred and the other one not consented to.
pub fn contact() -> Contact {
    Contact {
        email: Some(email("zebulon@example.test")),
        sms: Some(sms("+16135550100")),
        preferred_channel: Channel::Email,
        other_channel_consented: false,
        language: None,
    }
}

/// No address.
pub fn no_contact() -> Contact {
    Contact { email: None, sms: None, ..contact() }
}

/// A patient with both addresses, who prefers email.
pub fn patient(clinic: &str, id: &str) -> Patient {
    Patient {
        clinic: clinic_id(clinic),
        id: patient_id(id),
        version: 1,
        name: display_name(&format!("Zebulon {id}")),
        given_name: None,
        family_name: None,
        birth_date: BirthDate::parse("2018-06-01", jiff::civil::date(2026, 11, 25)).ok(),
        contact: contact(),
        portal_access: true,
        successor: None,
    }
}

/// A link that holds.
pub fn link(clinic: &str, patient: &str, account: &str) -> AccountLink {
    AccountLink {
        account: account_id(account),
        clinic: clinic_id(clinic),
        patient: patient_id(patient),
        version: 1,
        relationship: Relationship::Own,
        name: None,
        contact: None,
        active: true,
        changed_at: "2026-01-05T12:00:00Z".parse().unwrap(),
    }
}

/// A guardian's link that holds. The guardian has no address.
pub fn guardian_link(clinic: &str, patient: &str, account: &str) -> AccountLink {
    let name = Some(display_name(&format!("Grace {account}")));
    let relationship = Relationship::Guardian;
    AccountLink { relationship, name, ..link(clinic, patient, account) }
}

/// A group's id.
pub fn group_id(id: &str) -> GroupId {
    GroupId::parse(id).unwrap()
}

/// An active group that takes patients' first messages.
pub fn group(clinic: &str, id: &str) -> Group {
    Group {
        clinic: clinic_id(clinic),
        id: group_id(id),
        version: 1,
        name: display_name(&format!("Group {id}")),
        active: true,
        accepts_patient_messages: true,
    }
}

/// A message template, in its third version, that all staff may use.
pub fn template(clinic: &str, id: &str) -> MessageTemplate {
    let body = "<p>Dear <b>{{patientName}}</b>, we have your results. {{senderName}}</p>";
    MessageTemplate {
        clinic: clinic_id(clinic),
        id: TemplateId::parse(id).unwrap(),
        version: 3,
        language: Language::En,
        title: Title::parse("Results of {{today|short}}").unwrap(),
        body: Body::parse(body).unwrap(),
        replies_allowed: None,
        groups: BTreeSet::new(),
        archived: false,
    }
}

/// A staff member of the clinic c1 as a caller.
pub fn staff(id: &str) -> Actor {
    staff_of("c1", id)
}

/// A staff member of a clinic as a caller.
pub fn staff_of(clinic: &str, id: &str) -> Actor {
    Actor::Staff { clinic: clinic_id(clinic), id: staff_id(id) }
}

/// An account as a caller.
pub fn account(id: &str) -> Actor {
    Actor::Account { id: account_id(id) }
}

/// A patient of the clinic c1, through the portal, as a caller.
pub fn portal(patient: &str) -> Actor {
    Actor::Portal { clinic: clinic_id("c1"), patient: patient_id(patient) }
}

/// The chart system of the clinic c1 as a caller.
pub fn chart() -> Actor {
    Actor::Chart { clinic: clinic_id("c1"), id: ClientId::parse("chart").unwrap() }
}

/// The vendor's operations as a caller.
pub fn operator() -> Actor {
    Actor::Operator { id: ClientId::parse("ops").unwrap() }
}

/// What is kept of the files here.
pub fn kept() -> Kept {
    let sha256 = Sha256::of_digest([8; 32]);
    Kept { object_version: "kept-1".to_owned(), length: 900, sha256 }
}

/// The file as it was promised.
pub fn promise() -> Promise {
    let file_type = FileType::Pdf;
    let name = FileName::parse("scan.pdf", file_type).unwrap();
    Promise { name, file_type, length: 1_000, sha256: Sha256::of_digest([7; 32]) }
}

/// A slot that this caller was given for p1 of c1, for any conversation.
pub fn attachment(id: &str, actor: &Actor) -> Attachment {
    Attachment {
        clinic: clinic_id("c1"),
        patient: patient_id("p1"),
        id: AttachmentId::parse(id).unwrap(),
        version: 1,
        owner: actor.unique_name(),
        purpose: Purpose::Message { conversation: None },
        promise: promise(),
        created_at: NOW,
        state: attachment::State::AwaitingUpload,
        garbage: Vec::new(),
    }
}

/// A file of this caller's for p1 of c1 that can be sent.
pub fn clean(id: &str, actor: &Actor) -> Attachment {
    let state = attachment::State::Clean { kept: kept(), since: NOW };
    Attachment { state, ..attachment(id, actor) }
}

/// A document of p1 of c1 that can be sent.
pub fn document(id: &str) -> Document {
    Document {
        clinic: clinic_id("c1"),
        patient: patient_id("p1"),
        id: DocumentId::parse(id).unwrap(),
        version: 1,
        kind: DocumentKind::parse("lab_result").unwrap(),
        date: jiff::civil::date(2026, 11, 20),
        title: Title::parse("Blood count").unwrap(),
        promise: promise(),
        copy: None,
        file: AttachmentId::parse(&format!("of-{id}")).unwrap(),
        progress: Progress::Clean { kept: kept() },
    }
}
