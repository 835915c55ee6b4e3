//! Keys. Each entity has one function, and nothing else in the project writes a key.
//!
//! Identifiers cannot hold the separator `#`, so no two entities share a key, and every key but an
//! account's, an idempotency record's, the index `due`'s and those of notices that are found without the
//! clinic (an address, a provider's id, a link's reference) begins with the clinic.

use domain::actor::Actor;
use domain::address::AddressHash;
use domain::automatic::TimerKind;
use domain::clinic::Language;
use domain::conversation::{Conversation, Party, Person, State};
use domain::id::{
    AccountId, AttachmentId, ClinicId, ConversationId, DocumentId, DocumentKind, GroupId,
    LinkReference, PatientId, StaffId, TemplateId,
};
use domain::notice::{NoticeTemplate, Recipient};
use domain::people::Channel;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::attachments::AttachmentKey;
use crate::read::Stretch;

/// How many partitions the `due` index has for each kind of work.
pub const DUE_SHARDS: u32 = 4;

/// The key of an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The partition.
    pub pk: String,
    /// The place within the partition.
    pub sk: String,
}

/// What names one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationKey {
    /// The clinic.
    pub clinic: ClinicId,
    /// The patient.
    pub patient: PatientId,
    /// The conversation.
    pub conversation: ConversationId,
}

/// Whose list an inbox entry stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A staff participant's.
    Staff(StaffId),
    /// A group's.
    Group(GroupId),
    /// The patient's, of what guardians see too.
    Patient(PatientId),
    /// The patient's, of what is hidden from guardians.
    PatientOnly(PatientId),
    /// The clinic's.
    Clinic,
}

/// One list of conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The clinic.
    pub clinic: ClinicId,
    /// Whose list.
    pub owner: Owner,
    /// The one patient whose conversations are wanted, of a list of staff or of a group.
    pub about: Option<PatientId>,
}

impl List {
    /// The whole list of an owner.
    pub fn of(clinic: &ClinicId, owner: Owner) -> Self {
        Self { clinic: clinic.clone(), owner, about: None }
    }

    /// All of a patient's conversations: what guardians see too and, if wanted, what they do not.
    pub fn of_patient(clinic: &ClinicId, patient: &PatientId, patient_only: bool) -> Vec<Self> {
        let hidden = patient_only.then(|| Owner::PatientOnly(patient.clone()));
        let owners = std::iter::once(Owner::Patient(patient.clone())).chain(hidden);
        owners.map(|owner| Self::of(clinic, owner)).collect()
    }
}

/// The states by which inboxes are listed. Every conversation is in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Open, and the patient wrote last.
    AwaitingClinic,
    /// Open, and staff wrote last.
    AwaitingPatient,
    /// Closed.
    Closed,
}

/// The kinds of work that come due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Announcing messages.
    Notice,
    /// Looking at timers.
    Timer,
    /// Inspecting files, and giving up those that nobody uses.
    File,
}

impl Listed {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::AwaitingClinic, Self::AwaitingPatient, Self::Closed];

    /// Where a conversation is listed.
    pub fn of(conversation: &Conversation) -> Self {
        match (&conversation.state, conversation.awaits()) {
            (State::Closed { .. }, _) => Self::Closed,
            (State::Open, Party::Clinic) => Self::AwaitingClinic,
            (State::Open, Party::Patient) => Self::AwaitingPatient,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingClinic => "AWAITING_CLINIC",
            Self::AwaitingPatient => "AWAITING_PATIENT",
            Self::Closed => "CLOSED",
        }
    }
}

impl ConversationKey {
    /// The name of a conversation that was read.
    pub fn of(conversation: &Conversation) -> Self {
        Self {
            clinic: conversation.clinic.clone(),
            patient: conversation.patient.clone(),
            conversation: conversation.id.clone(),
        }
    }

    /// The partition of everything that belongs to the conversation.
    pub fn partition(&self) -> String {
        let Self { clinic, patient, conversation } = self;
        format!("CLINIC#{clinic}#PATIENT#{patient}#CONVERSATION#{conversation}")
    }

    /// The name that a partition stands for; `None` if it is not a conversation's.
    pub fn from_partition(pk: &str) -> Option<Self> {
        let mut parts = pk.split('#');
        let mut next = |label: &str| (parts.next()? == label).then(|| parts.next())?;
        let clinic = ClinicId::parse(next("CLINIC")?).ok()?;
        let patient = PatientId::parse(next("PATIENT")?).ok()?;
        let conversation = ConversationId::parse(next("CONVERSATION")?).ok()?;
        parts.next().is_none().then_some(Self { clinic, patient, conversation })
    }

    fn shard(&self) -> u32 {
        shard_of(self.conversation.as_str())
    }
}

/// The shard of the index `due` that what has this id stands in.
pub fn shard_of(id: &str) -> u32 {
    id.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)))
        % DUE_SHARDS
}

/// The partition of a clinic's settings, groups and staff.
pub fn clinic_partition(clinic: &ClinicId) -> String {
    format!("CLINIC#{clinic}")
}

/// A clinic's settings.
pub fn settings(clinic: &ClinicId) -> Key {
    Key { pk: format!("CLINIC#{clinic}"), sk: "SETTINGS".to_owned() }
}

/// A clinic's text for notices in one language through one channel.
pub fn notice_template(clinic: &ClinicId, language: Language, channel: Channel) -> Key {
    let (language, channel) = (language.as_str(), channel.as_str());
    Key { pk: clinic_partition(clinic), sk: format!("NOTICE_TEMPLATE#{language}#{channel}") }
}

/// The same as it was in one version, for ever.
pub fn notice_template_version(template: &NoticeTemplate) -> Key {
    let NoticeTemplate { clinic, language, channel, version, .. } = template;
    let Key { pk, sk } = notice_template(clinic, *language, *channel);
    Key { pk, sk: format!("{sk}#V#{version:010}") }
}

/// A clinic's message template, as it is now.
pub fn message_template(clinic: &ClinicId, id: &TemplateId) -> Key {
    Key { pk: clinic_partition(clinic), sk: format!("TEMPLATE#{id}") }
}

/// The same as it was in one version, for ever. Identifiers may not hold the separator, so that no
/// template's history is among the templates.
pub fn message_template_version(clinic: &ClinicId, id: &TemplateId, version: u64) -> Key {
    Key { pk: clinic_partition(clinic), sk: format!("TEMPLATE_VERSION#{id}#{version:010}") }
}

/// All of a clinic's message templates, as they are now.
pub fn message_templates(clinic: &ClinicId) -> Stretch {
    beginning(clinic_partition(clinic), "TEMPLATE#")
}

/// The texts that a clinic may have.
pub fn notice_templates(clinic: &ClinicId) -> Vec<Key> {
    let all = Language::ALL.into_iter();
    all.flat_map(|language| Channel::ALL.map(|channel| notice_template(clinic, language, channel)))
        .collect()
}

/// A staff member.
pub fn staff(clinic: &ClinicId, staff: &StaffId) -> Key {
    Key { pk: format!("CLINIC#{clinic}"), sk: format!("STAFF#{staff}") }
}

/// A group of staff.
pub fn group(clinic: &ClinicId, group: &GroupId) -> Key {
    Key { pk: format!("CLINIC#{clinic}"), sk: format!("GROUP#{group}") }
}

/// A copy of a staff record, where the group finds who is in it.
pub fn group_member(clinic: &ClinicId, group: &GroupId, staff: &StaffId) -> Key {
    Key { pk: group_partition(clinic, group), sk: format!("MEMBER#{staff}") }
}

/// The partition of a group's members.
pub fn group_partition(clinic: &ClinicId, group: &GroupId) -> String {
    format!("CLINIC#{clinic}#GROUP#{group}")
}

/// A patient.
pub fn patient(clinic: &ClinicId, patient: &PatientId) -> Key {
    Key { pk: format!("CLINIC#{clinic}#PATIENT#{patient}"), sk: "PROFILE".to_owned() }
}

/// An account link, as the patient has it.
pub fn link_of_patient(clinic: &ClinicId, patient: &PatientId, account: &AccountId) -> Key {
    Key { pk: format!("CLINIC#{clinic}#PATIENT#{patient}"), sk: format!("LINK#{account}") }
}

/// The same account link, as the account has it.
pub fn link_of_account(clinic: &ClinicId, patient: &PatientId, account: &AccountId) -> Key {
    Key { pk: account_partition(account), sk: format!("LINK#{clinic}#{patient}") }
}

/// The partition of an account's links.
pub fn account_partition(account: &AccountId) -> String {
    format!("ACCOUNT#{account}")
}

/// A conversation.
pub fn conversation(key: &ConversationKey) -> Key {
    Key { pk: key.partition(), sk: "CONVERSATION".to_owned() }
}

/// A message of a conversation.
pub fn message(key: &ConversationKey, number: u32) -> Key {
    Key { pk: key.partition(), sk: message_sk(number) }
}

/// The sort key of a message: eight digits, so that their order is the numbers'.
pub fn message_sk(number: u32) -> String {
    format!("MESSAGE#{number:08}")
}

/// A conversation's entry in an owner's list.
pub fn inbox_entry(key: &ConversationKey, owner: &Owner) -> Key {
    let sk = match owner {
        Owner::Staff(id) => format!("INBOX#STAFF#{id}"),
        Owner::Group(id) => format!("INBOX#GROUP#{id}"),
        // One item for both: a conversation is in one of the two lists.
        Owner::Patient(_) | Owner::PatientOnly(_) => "INBOX#PATIENT".to_owned(),
        Owner::Clinic => "INBOX#CLINIC".to_owned(),
    };
    Key { pk: key.partition(), sk }
}

/// The partition of an owner's list in one state, in the index `inbox`; of one about one patient, in
/// the index `chart`.
pub fn list_partition(list: &List, listed: Listed) -> String {
    let List { clinic, owner, about } = list;
    let owner = match owner {
        Owner::Staff(id) => format!("STAFF#{id}"),
        Owner::Group(id) => format!("GROUP#{id}"),
        Owner::Patient(id) => format!("PATIENT#{id}"),
        Owner::PatientOnly(id) => format!("PATIENT_ONLY#{id}"),
        Owner::Clinic => "CLINIC".to_owned(),
    };
    let state = listed.as_str();
    match about {
        None => format!("CLINIC#{clinic}#INBOX#{owner}#{state}"),
        Some(patient) => format!("CLINIC#{clinic}#CHART#{patient}#{owner}#{state}"),
    }
}

/// The place in a list: by last activity, and by conversation where that is the same.
pub fn inbox_position(conversation: &Conversation) -> String {
    format!("{}#{}", instant(conversation.last_activity), conversation.id)
}

/// The read marker of one person.
pub fn marker(key: &ConversationKey, person: &Person) -> Key {
    Key { pk: key.partition(), sk: format!("READER#{}", person.unique_name()) }
}

/// A message that has not been announced.
pub fn outbox(key: &ConversationKey, number: u32) -> Key {
    Key { pk: key.partition(), sk: format!("OUTBOX#{number:08}") }
}

/// The notice of a message to one person. Those of staff stand apart, since no thread shows them.
pub fn notice(key: &ConversationKey, number: u32, recipient: &Recipient) -> Key {
    let (kind, whom) = (notice_kind(recipient), recipient.person().unique_name());
    Key { pk: key.partition(), sk: format!("{kind}#{number:08}#{whom}") }
}

/// The message and the person of a notice's sort key; `None` if it is not a notice's.
pub fn notice_of(sk: &str) -> Option<(u32, Recipient)> {
    let mut parts = sk.split('#');
    let kind = parts.next()?;
    let number = parts.next()?.parse().ok()?;
    let recipient = match (kind, parts.next()?, parts.next()) {
        ("NOTICE", "PATIENT", None) => Recipient::Patient,
        ("NOTICE", "GUARDIAN", Some(id)) => Recipient::Guardian { id: AccountId::parse(id).ok()? },
        ("STAFF_NOTICE", "STAFF", Some(id)) => Recipient::Staff { id: StaffId::parse(id).ok()? },
        _ => return None,
    };
    parts.next().is_none().then_some((number, recipient))
}

/// The notices to people on this one's side, of the messages from one number to another.
pub fn notices(key: &ConversationKey, recipient: &Recipient, from: u32, to: u32) -> Stretch {
    let kind = notice_kind(recipient);
    let (from, to) = (format!("{kind}#{from:08}#"), format!("{kind}#{to:08}#{LAST}"));
    Stretch { pk: key.partition(), from, to }
}

/// The read markers of the patient and of guardians.
pub(crate) fn markers_of_patients_side(key: &ConversationKey) -> Stretch {
    // Those of staff come after both: `READER#STAFF#`.
    let (from, to) = ("READER#GUARDIAN#".to_owned(), "READER#PATIENT".to_owned());
    Stretch { pk: key.partition(), from, to }
}

/// The account links of a patient record, as the patient has them.
pub(crate) fn links_of_patient(clinic: &ClinicId, id: &PatientId) -> Stretch {
    beginning(patient(clinic, id).pk, "LINK#")
}

/// Who is in a group.
pub(crate) fn members(clinic: &ClinicId, group: &GroupId) -> Stretch {
    beginning(group_partition(clinic, group), "MEMBER#")
}

/// What begins so, in one partition.
fn beginning(pk: String, with: &str) -> Stretch {
    Stretch { pk, from: with.to_owned(), to: format!("{with}{LAST}") }
}

/// It stands after every letter of an identifier.
const LAST: char = '~';

fn notice_kind(recipient: &Recipient) -> &'static str {
    match recipient {
        Recipient::Patient | Recipient::Guardian { .. } => "NOTICE",
        Recipient::Staff { .. } => "STAFF_NOTICE",
    }
}

/// The last message that was announced to one person.
pub fn announced(key: &ConversationKey, recipient: &Recipient) -> Key {
    let whom = recipient.person().unique_name();
    Key { pk: key.partition(), sk: format!("ANNOUNCED#{whom}") }
}

/// That it is to be looked at whether a message was read.
pub fn unread(key: &ConversationKey, number: u32) -> Key {
    Key { pk: key.partition(), sk: format!("UNREAD#{number:08}") }
}

/// What a provider's id, or a notice's own, stands for.
pub fn provider(id: &str) -> Key {
    Key { pk: format!("PROVIDER#{id}"), sk: "PROVIDER".to_owned() }
}

/// What the reference in a notice's link stands for.
pub fn link_reference(reference: &LinkReference) -> Key {
    Key { pk: format!("LINKREF#{reference}"), sk: "LINKREF".to_owned() }
}

/// What is known of an address.
pub fn address(hash: &AddressHash) -> Key {
    Key { pk: format!("ADDRESS#{}", hash.as_str()), sk: "ADDRESS".to_owned() }
}

/// Whether anything is sent at all.
pub fn sending() -> Key {
    Key { pk: "SENDING".to_owned(), sk: "SENDING".to_owned() }
}

/// How far the list of numbers that opted out was read.
pub fn reconcile() -> Key {
    Key { pk: "RECONCILE".to_owned(), sk: "RECONCILE".to_owned() }
}

/// How many notices went through a channel in a second.
pub fn rate(channel: Channel, second: i64) -> Key {
    Key { pk: format!("RATE#{}", channel.as_str()), sk: format!("SECOND#{second}") }
}

/// How many text messages a clinic sent in a day (UTC), of all patients or about one.
pub fn texts_of_day(clinic: &ClinicId, patient: Option<&PatientId>, day: Date) -> Key {
    let pk = match patient {
        None => format!("CLINIC#{clinic}#TEXTS"),
        Some(patient) => format!("CLINIC#{clinic}#PATIENT#{patient}#TEXTS"),
    };
    Key { pk, sk: format!("DAY#{day}") }
}

/// What a member of staff chose for themselves.
pub fn preferences(clinic: &ClinicId, staff: &StaffId) -> Key {
    Key { pk: clinic_partition(clinic), sk: format!("PREFERENCES#{staff}") }
}

/// A timer of a conversation.
pub fn timer(key: &ConversationKey, kind: TimerKind) -> Key {
    let sk = match kind {
        // Its name in the table is from when closed hours were the only reason: timers that wait
        // while a new version is deployed are found under it.
        TimerKind::Closed => "TIMER#OUTSIDE_HOURS",
        TimerKind::NoAnswer => "TIMER#NO_ANSWER",
    };
    Key { pk: key.partition(), sk: sk.to_owned() }
}

/// An uploaded file.
pub fn attachment(name: &AttachmentKey) -> Key {
    let AttachmentKey { clinic, patient, attachment } = name;
    let pk = format!("CLINIC#{clinic}#PATIENT#{patient}#ATTACHMENT#{attachment}");
    Key { pk, sk: "ATTACHMENT".to_owned() }
}

/// The name that the partition of an uploaded file stands for; `None` if it is not one's.
pub fn attachment_of(pk: &str) -> Option<AttachmentKey> {
    let mut parts = pk.split('#');
    let mut next = |label: &str| (parts.next()? == label).then(|| parts.next())?;
    let clinic = ClinicId::parse(next("CLINIC")?).ok()?;
    let patient = PatientId::parse(next("PATIENT")?).ok()?;
    let attachment = AttachmentId::parse(next("ATTACHMENT")?).ok()?;
    parts.next().is_none().then_some(AttachmentKey { clinic, patient, attachment })
}

/// What one caller uploaded at a clinic in a day.
pub fn quota(clinic: &ClinicId, actor: &Actor, day: Date) -> Key {
    let pk = format!("CLINIC#{clinic}#UPLOADS#{}", actor.unique_name());
    Key { pk, sk: format!("DAY#{day}") }
}

/// A document of a patient's chart.
pub fn document(clinic: &ClinicId, patient: &PatientId, document: &DocumentId) -> Key {
    Key { pk: format!("CLINIC#{clinic}#PATIENT#{patient}"), sk: format!("DOCUMENT#{document}") }
}

/// The partition of a patient's documents, in the index `chart`; of those of one kind, in the index
/// `inbox`.
pub fn documents_partition(
    clinic: &ClinicId,
    patient: &PatientId,
    kind: Option<&DocumentKind>,
) -> String {
    match kind {
        None => format!("CLINIC#{clinic}#PATIENT#{patient}#DOCUMENTS"),
        Some(kind) => format!("CLINIC#{clinic}#PATIENT#{patient}#DOCUMENTS#{kind}"),
    }
}

/// The place in a list of documents: by day, and by document where that is the same.
pub fn document_position(date: Date, id: &DocumentId) -> String {
    format!("{}#{id}", document_day(date))
}

/// A day as it stands in the place of a document.
pub fn document_day(date: Date) -> String {
    date.to_string()
}

/// What an idempotency key of one actor did.
pub fn idempotency(actor: &Actor, key: &str) -> Key {
    Key { pk: format!("IDEMPOTENCY#{}#{key}", actor.unique_name()), sk: "IDEMPOTENCY".to_owned() }
}

/// The partition of work that comes due, in the index `due`, for one conversation.
pub fn due_partition_of(work: Work, key: &ConversationKey) -> String {
    due_partition(work, key.shard())
}

/// The partition of work that comes due, in the index `due`.
pub fn due_partition(work: Work, shard: u32) -> String {
    match work {
        Work::Notice => format!("DUE#NOTICE#{shard}"),
        Work::Timer => format!("DUE#TIMER#{shard}"),
        Work::File => format!("DUE#FILE#{shard}"),
    }
}

/// An instant as it stands in sort keys: UTC, always with six digits after the second, so that
/// the order of the texts is that of the instants.
pub fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
