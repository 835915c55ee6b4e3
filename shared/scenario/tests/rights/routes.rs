//! Every route, and the decision behind it: the very functions that its handler calls.

use std::sync::LazyLock;

use domain::access::{
    Administration, Facts, InboxOwner, Side, administer, keep_preferences, may_switch_sending,
};
use domain::actor::Actor;
use domain::attachment::{self, Attachment, Quota, Slot};
use domain::automatic::Timers;
use domain::clinic::{ClinicSettings, Plan};
use domain::command::{
    self, Addressees, Alteration, Enclosed, Enclosures, GroupFacts, Reply, ReplyFacts, Start,
    Switch, Wording,
};
use domain::conversation::{Conversation, Message, ReadMarker};
use domain::document;
use domain::id::{AttachmentId, ConversationId, LinkReference, StaffId};
use domain::people::{Patient, StaffMember};
use domain::refusal::{Code, Refusal};
use domain::rich_text::Body;
use domain::text::Title;
use jiff::SignedDuration;
use scenario::NOW;
use scenario::people::{clinic, group, group_id, member, patient, staff, staff_id};

use crate::callers::Caller;

/// The plans, in the order of the page.
pub const PLANS: [Plan; 3] = [Plan::Portal, Plan::Connect, Plan::ConnectPro];

/// A state of the conversation that a route is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    Closed,
    NoReplies,
    PatientOnly,
}

/// The states, in the order of the page.
pub const STATES: [State; 4] = [State::Open, State::Closed, State::NoReplies, State::PatientOnly];

impl State {
    /// The name on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::NoReplies => "no replies",
            Self::PatientOnly => "patient-only",
        }
    }
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    ReadSettings,
    ChangeSettings,
    ChangePlan,
    ReadNoticeText,
    ChangeNoticeText,
    TryNoticeText,
    ImportHolidays,
    Foretell,
    ReadTemplates,
    ChangeTemplate,
    TryTemplate,
    ReadStaff,
    ChangeStaff,
    ReadPreferences,
    ChangePreferences,
    ChangeColleaguesPreferences,
    ReadGroup,
    ChangeGroup,
    ReadPatient,
    ChangePatient,
    Merge,
    Unmerge,
    ReadLink,
    MakeLink,
    RevokeLink,
    ReadAddresses,
    RecordConsent,
    RecordOptOut,
    ChangeMany,
    Eligibility,
    Recipients,
    Start,
    Reply,
    ReplyToMessage,
    Close,
    Reopen,
    AddStaff,
    RemoveStaff,
    Leave,
    AddGroup,
    RemoveGroup,
    HideFromGuardians,
    ShowGuardians,
    List,
    View,
    MarkRead,
    OwnInbox,
    StaffInbox,
    ColleaguesInbox,
    GroupInbox,
    ClinicInbox,
    PatientsReport,
    ActorsReport,
    Upload,
    UploadState,
    Download,
    ListDocuments,
    ReadDocument,
    RegisterDocument,
    OpenLink,
    ReadSending,
    ChangeSending,
}

/// A route as the template has it, in one variant of it.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub does: Does,
    pub method: &'static str,
    pub path: &'static str,
    /// What tells this request from others of the route; empty: nothing.
    pub variant: &'static str,
    /// The status where it is allowed.
    pub success: u16,
}

const fn route(does: Does, method: &'static str, path: &'static str) -> Route {
    Route { does, method, path, variant: "", success: 200 }
}

impl Route {
    const fn when(self, variant: &'static str) -> Self {
        Self { variant, ..self }
    }

    const fn succeeds(self, success: u16) -> Self {
        Self { success, ..self }
    }

    /// Whether it is about one conversation, whose state then counts.
    pub fn is_about_one_conversation(&self) -> bool {
        self.path.contains("{conversationId}") || self.does == Does::OpenLink
    }

    /// The heading on the page.
    pub fn heading(&self) -> String {
        let Self { method, path, variant, .. } = self;
        if variant.is_empty() {
            format!("{method} {path}")
        } else {
            format!("{method} {path} ({variant})")
        }
    }
}

const SETTINGS: &str = "/clinics/{clinicId}/settings";
const HOLIDAYS: &str = "/clinics/{clinicId}/settings/holidays";
const AUTOMATIC_PREVIEW: &str = "/clinics/{clinicId}/settings/automatic-replies/preview";
const TEMPLATES: &str = "/clinics/{clinicId}/message-templates";
const TEMPLATE: &str = "/clinics/{clinicId}/message-templates/{templateId}";
const TEMPLATE_PREVIEW: &str = "/clinics/{clinicId}/message-templates/{templateId}/preview";
const NOTICE_TEXT: &str = "/clinics/{clinicId}/notification-templates/{language}/{channel}";
const NOTICE_PREVIEW: &str =
    "/clinics/{clinicId}/notification-templates/{language}/{channel}/preview";
const STAFF: &str = "/clinics/{clinicId}/staff/{staffId}";
const PREFERENCES: &str = "/clinics/{clinicId}/staff/{staffId}/preferences";
const GROUP: &str = "/clinics/{clinicId}/groups/{groupId}";
const PATIENT: &str = "/clinics/{clinicId}/patients/{patientId}";
const SUCCESSOR: &str = "/clinics/{clinicId}/patients/{patientId}/successor";
const LINK: &str = "/clinics/{clinicId}/patients/{patientId}/links/{accountId}";
const ADDRESSES: &str = "/clinics/{clinicId}/patients/{patientId}/addresses";
const CONSENT: &str = "/clinics/{clinicId}/patients/{patientId}/addresses/{channel}/consent";
const OPT_OUT: &str = "/clinics/{clinicId}/patients/{patientId}/addresses/{channel}/opt-out";
const GUARDIANS_CONSENT: &str =
    "/clinics/{clinicId}/patients/{patientId}/links/{accountId}/addresses/{channel}/consent";
const GUARDIANS_OPT_OUT: &str =
    "/clinics/{clinicId}/patients/{patientId}/links/{accountId}/addresses/{channel}/opt-out";
const BATCHES: &str = "/clinics/{clinicId}/directory-batches";
const ELIGIBILITY: &str = "/clinics/{clinicId}/patients/{patientId}/eligibility";
const RECIPIENTS: &str = "/clinics/{clinicId}/patients/{patientId}/recipients";
const CHART: &str = "/clinics/{clinicId}/patients/{patientId}/conversations";
const MESSAGES: &str =
    "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}/messages";
const CLOSE: &str = "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}/close";
const REOPEN: &str =
    "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}/reopen";
const PARTICIPANT: &str = "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}/participants/{staffId}";
const TAKING_GROUP: &str =
    "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}/groups/{groupId}";
const PATIENT_ONLY: &str =
    "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}/patient-only";
const THREAD: &str = "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}";
const MARKER: &str =
    "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}/read-marker";
const INBOX: &str = "/clinics/{clinicId}/inbox";
const UPLOADS: &str = "/clinics/{clinicId}/patients/{patientId}/attachments";
const UPLOAD: &str = "/clinics/{clinicId}/patients/{patientId}/attachments/{attachmentId}";
const FILE: &str = "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}/messages/{number}/attachments/{attachmentId}";
const DOCUMENTS: &str = "/clinics/{clinicId}/patients/{patientId}/documents";
const DOCUMENT: &str = "/clinics/{clinicId}/patients/{patientId}/documents/{documentId}";
const PATIENTS_REPORT: &str = "/clinics/{clinicId}/patients/{patientId}/access-report";
const NOTICE_LINK: &str = "/links/{reference}";
const SENDING: &str = "/sending";
const ACTORS_REPORT: &str = "/clinics/{clinicId}/actors/{actorKind}/{actorId}/access-report";

/// Every route, in the order of the page.
pub const ROUTES: &[Route] = &[
    route(Does::ReadSettings, "GET", SETTINGS),
    route(Does::ChangeSettings, "PUT", SETTINGS),
    route(Does::ChangePlan, "PUT", SETTINGS).when("another plan"),
    route(Does::ImportHolidays, "POST", HOLIDAYS),
    route(Does::Foretell, "POST", AUTOMATIC_PREVIEW),
    route(Does::ReadTemplates, "GET", TEMPLATES),
    route(Does::ReadTemplates, "GET", TEMPLATE),
    route(Does::ChangeTemplate, "PUT", TEMPLATE),
    route(Does::TryTemplate, "POST", TEMPLATE_PREVIEW),
    route(Does::ReadNoticeText, "GET", NOTICE_TEXT),
    route(Does::ChangeNoticeText, "PUT", NOTICE_TEXT),
    route(Does::TryNoticeText, "POST", NOTICE_PREVIEW),
    route(Does::ReadStaff, "GET", STAFF),
    route(Does::ChangeStaff, "PUT", STAFF),
    route(Does::ReadPreferences, "GET", PREFERENCES).when("one's own"),
    route(Does::ChangePreferences, "PUT", PREFERENCES).when("one's own"),
    route(Does::ChangeColleaguesPreferences, "PUT", PREFERENCES).when("a colleague's"),
    route(Does::ReadGroup, "GET", GROUP),
    route(Does::ChangeGroup, "PUT", GROUP),
    route(Does::ReadPatient, "GET", PATIENT),
    route(Does::ChangePatient, "PUT", PATIENT),
    route(Does::Merge, "PUT", SUCCESSOR),
    route(Does::Unmerge, "DELETE", SUCCESSOR).succeeds(204),
    route(Does::ReadLink, "GET", LINK),
    route(Does::MakeLink, "PUT", LINK),
    route(Does::RevokeLink, "DELETE", LINK).succeeds(204),
    route(Does::ReadAddresses, "GET", ADDRESSES),
    route(Does::RecordConsent, "POST", CONSENT),
    route(Does::RecordOptOut, "POST", OPT_OUT),
    route(Does::RecordConsent, "POST", GUARDIANS_CONSENT),
    route(Does::RecordOptOut, "POST", GUARDIANS_OPT_OUT),
    route(Does::ChangeMany, "POST", BATCHES),
    route(Does::Eligibility, "GET", ELIGIBILITY),
    route(Does::Recipients, "GET", RECIPIENTS),
    route(Does::Start, "POST", CHART).succeeds(201),
    route(Does::List, "GET", CHART),
    route(Does::View, "GET", THREAD),
    route(Does::MarkRead, "PUT", MARKER),
    route(Does::OpenLink, "GET", NOTICE_LINK),
    route(Does::Reply, "POST", MESSAGES).succeeds(201),
    route(Does::ReplyToMessage, "POST", MESSAGES).when("inReplyTo").succeeds(201),
    route(Does::Close, "POST", CLOSE),
    route(Does::Reopen, "POST", REOPEN),
    route(Does::AddStaff, "PUT", PARTICIPANT),
    route(Does::RemoveStaff, "DELETE", PARTICIPANT).when("a colleague"),
    route(Does::Leave, "DELETE", PARTICIPANT).when("oneself"),
    route(Does::AddGroup, "PUT", TAKING_GROUP),
    route(Does::RemoveGroup, "DELETE", TAKING_GROUP),
    route(Does::HideFromGuardians, "PUT", PATIENT_ONLY),
    route(Does::ShowGuardians, "DELETE", PATIENT_ONLY),
    route(Does::StaffInbox, "GET", INBOX),
    route(Does::ColleaguesInbox, "GET", INBOX).when("owner=staff"),
    route(Does::GroupInbox, "GET", INBOX).when("owner=group"),
    route(Does::ClinicInbox, "GET", INBOX).when("owner=clinic"),
    route(Does::OwnInbox, "GET", "/inbox"),
    route(Does::Upload, "POST", UPLOADS).succeeds(201),
    route(Does::UploadState, "GET", UPLOAD).when("of one's own"),
    route(Does::Download, "GET", FILE),
    route(Does::ListDocuments, "GET", DOCUMENTS),
    route(Does::ReadDocument, "GET", DOCUMENT),
    route(Does::RegisterDocument, "PUT", DOCUMENT),
    route(Does::PatientsReport, "GET", PATIENTS_REPORT),
    route(Does::ActorsReport, "GET", ACTORS_REPORT),
    route(Does::ReadSending, "GET", SENDING),
    route(Does::ChangeSending, "PUT", SENDING),
];

/// What is answered: the status, and the codes of every reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub status: u16,
    pub codes: Vec<&'static str>,
}

impl Outcome {
    /// The outcome as it stands on the page.
    pub fn text(&self) -> String {
        if self.codes.is_empty() {
            self.status.to_string()
        } else {
            format!("{} {}", self.status, self.codes.join(" + "))
        }
    }

    /// Whether it was done.
    pub fn is_done(&self) -> bool {
        self.status < 300
    }
}

/// What is answered to a well-formed request of this caller, about a patient of a clinic on this
/// plan and, if the route is about one, a conversation in this state.
pub fn outcome(route: &Route, caller: Caller, plan: Plan, state: State) -> Outcome {
    let Some(actor) = caller.actor() else {
        // The gateway's answer, before any function is asked.
        return Outcome { status: 401, codes: vec!["unauthenticated"] };
    };
    let situation = situation(plan, state);
    let facts = caller.facts(&situation.clinic);
    match (Case { actor, situation, facts }).decide(route.does) {
        Ok(()) => Outcome { status: route.success, codes: Vec::new() },
        Err(refusal) => Outcome {
            status: edge::status(refusal.first().code.class()),
            codes: refusal.codes().iter().map(|code| code.as_str()).collect(),
        },
    }
}

/// A clinic, and a conversation of it.
struct Situation {
    clinic: ClinicSettings,
    conversation: Conversation,
    message: Message,
}

/// The clinic c1 on this plan, with a conversation in this state.
fn situation(plan: Plan, state: State) -> &'static Situation {
    static ALL: LazyLock<Vec<(Plan, State, Situation)>> = LazyLock::new(|| {
        let all = PLANS.iter().flat_map(|plan| STATES.iter().map(move |state| (*plan, *state)));
        let made = all.map(|(plan, state)| {
            let clinic = clinic("c1", plan);
            let (conversation, message) = started(&clinic, state);
            (plan, state, Situation { clinic, conversation, message })
        });
        made.collect()
    });
    let is_it =
        |(its_plan, its_state, _): &&(Plan, State, _)| (*its_plan, *its_state) == (plan, state);
    ALL.iter().find(is_it).map(|(_, _, situation)| situation).unwrap()
}

/// A conversation with the patient p1 in this state: a participant of it started it, a colleague
/// and the one who will be deactivated take part, and the group g1, which was empty then.
fn started(clinic: &ClinicSettings, state: State) -> (Conversation, Message) {
    let at = NOW - SignedDuration::from_hours(1);
    let actor = staff("participant");
    let facts = Caller::Participant.facts(clinic);
    let to = ["colleague", "deactivated"];
    let people = to.map(|id| Some(member("c1", id)));
    let groups = [GroupFacts { group: Some(group("c1", "g1")), members: Vec::new() }];
    let command = Start {
        to: to.map(staff_id).into(),
        groups: vec![group_id("g1")],
        enclosures: Enclosures::default(),
        replies_allowed: Some(state != State::NoReplies),
        patient_only: Some(state == State::PatientOnly),
        ..first_message()
    };
    let addressees = Addressees { staff: &people, groups: &groups, ..Addressees::default() };
    let change = command::start(&actor, command, &facts, addressees, at).unwrap();
    let message = change.message.unwrap();
    let open = change.conversation;
    if state != State::Closed {
        return (open, message);
    }
    let timers = Timers::default();
    let change = command::switch(&actor, Switch::Close, &facts, Some(&open), &timers, NOW).unwrap();
    (change.unwrap().conversation, message)
}

fn first_message() -> Start {
    Start {
        conversation: ConversationId::parse("v1").unwrap(),
        reference: LinkReference::parse("r1").unwrap(),
        wording: Wording::written(
            Some(Title::parse("Your results").unwrap()),
            Body::parse("Good news.").unwrap(),
        ),
        to: Vec::new(),
        groups: Vec::new(),
        enclosures: Enclosures::default(),
        replies_allowed: None,
        patient_only: None,
    }
}

/// A colleague who takes part in the conversation and takes patients' first messages.
fn colleague() -> StaffMember {
    StaffMember { accepts_patient_messages: true, ..member("c1", "colleague") }
}

/// A request of a caller.
struct Case {
    actor: Actor,
    situation: &'static Situation,
    facts: Facts,
}

impl Case {
    /// Whether the request is done. A path of a clinic is addressed first, as every handler does.
    fn decide(&self, does: Does) -> Result<(), Refusal> {
        let Situation { clinic, conversation, message } = self.situation;
        if does != Does::OwnInbox && !self.actor.may_address(&clinic.clinic) {
            return Err(Code::NotFound.into());
        }
        let conversation = Some(conversation);
        match does {
            Does::ReadSettings | Does::ReadNoticeText | Does::Foretell | Does::ReadTemplates => {
                self.administers(Administration::ReadSettings)
            }
            Does::ChangeNoticeText
            | Does::TryNoticeText
            | Does::ImportHolidays
            | Does::ChangeTemplate => self.administers(Administration::ChangeSettings),
            Does::TryTemplate => self.facts.staff_side(&self.actor).map(drop),
            Does::ChangeSettings => self.changes_settings(clinic.plan),
            Does::ChangePlan => self.changes_settings(match clinic.plan {
                Plan::Portal => Plan::Connect,
                Plan::Connect => Plan::ConnectPro,
                Plan::ConnectPro => Plan::Portal,
            }),
            Does::ReadStaff | Does::ChangeStaff | Does::ReadGroup | Does::ChangeGroup => {
                self.administers(Administration::Staff)
            }
            Does::ReadPatient
            | Does::ChangePatient
            | Does::ReadLink
            | Does::RevokeLink
            | Does::ReadAddresses
            | Does::RecordConsent
            | Does::RecordOptOut
            | Does::ChangeMany => self.administers(Administration::Patients),
            Does::ReadPreferences | Does::ChangePreferences => self.prefers(&self.own_id()),
            Does::ChangeColleaguesPreferences => self.prefers(&staff_id("colleague")),
            Does::Merge => self.merges().map(drop),
            Does::Unmerge => self.merges().map(|merged| assert!(merged.unmerged().is_some())),
            Does::MakeLink => {
                self.administers(Administration::Patients)?;
                let link = scenario::people::link("c1", "p1", "fresh");
                link.made(None, clinic, &patient("c1", "p1"), 0).map(drop)
            }
            // What stands in the way of a first message is told here, and no refusal.
            Does::Eligibility | Does::List => self.facts.side(&self.actor).map(drop),
            Does::Recipients => match self.facts.side(&self.actor)? {
                Side::Staff(_) => Ok(()),
                side @ Side::Patient(_) => command::may_start(&side).finish(),
            },
            Does::Start => {
                let people = [Some(colleague())];
                let addressees = Addressees { staff: &people, ..Addressees::default() };
                let command = Start { to: vec![staff_id("colleague")], ..first_message() };
                command::start(&self.actor, command, &self.facts, addressees, NOW).map(drop)
            }
            Does::Reply => self.replies(None),
            Does::ReplyToMessage => self.replies(Some(message)),
            Does::Close => self.switches(Switch::Close),
            Does::Reopen => self.switches(Switch::Reopen),
            Does::AddStaff => {
                let (id, joining) = (staff_id("joining"), member("c1", "joining"));
                self.alters(Alteration::AddStaff { id: &id, member: Some(&joining) })
            }
            Does::RemoveStaff => self.alters(Alteration::RemoveStaff(&staff_id("colleague"))),
            Does::Leave => self.alters(Alteration::RemoveStaff(&self.own_id())),
            Does::AddGroup => {
                let members = vec![StaffMember {
                    groups: [group_id("g2")].into(),
                    ..member("c1", "joining")
                }];
                let facts = GroupFacts { group: Some(group("c1", "g2")), members };
                self.alters(Alteration::AddGroup { id: &group_id("g2"), facts: &facts })
            }
            Does::RemoveGroup => self.alters(Alteration::RemoveGroup(&group_id("g1"))),
            Does::HideFromGuardians => self.alters(Alteration::PatientOnly(true)),
            Does::ShowGuardians => self.alters(Alteration::PatientOnly(false)),
            Does::Upload => self.uploads().map(drop),
            // Who may not begin an upload has none.
            Does::UploadState => {
                self.facts.side(&self.actor)?;
                let given = self.uploads().ok().filter(|given| given.is_of(&self.actor));
                given.map(drop).ok_or_else(|| Code::NotFound.into())
            }
            Does::ListDocuments | Does::ReadDocument => {
                document::may_read(&self.actor, &self.facts, &clinic.clinic)
            }
            Does::RegisterDocument => {
                document::may_register(&self.actor, &self.facts, &clinic.clinic)
            }
            Does::View | Does::Download | Does::OpenLink => {
                self.facts.side(&self.actor)?.visible(conversation).map(drop)
            }
            Does::MarkRead => {
                let side = self.facts.side(&self.actor)?;
                let message = Some(message);
                command::mark_read(&side, conversation, message, ReadMarker::default()).map(drop)
            }
            Does::OwnInbox => self.lists_own(),
            Does::StaffInbox => self.lists("me"),
            Does::ColleaguesInbox => self.lists("staff:colleague"),
            Does::GroupInbox => self.lists("group:g1"),
            Does::ClinicInbox => self.lists("clinic"),
            Does::PatientsReport | Does::ActorsReport => self.administers(Administration::Report),
            Does::ReadSending | Does::ChangeSending => may_switch_sending(&self.actor),
        }
    }

    fn administers(&self, what: Administration) -> Result<(), Refusal> {
        administer(&self.actor, &self.situation.clinic.clinic, self.facts.staff.as_ref(), what)
    }

    fn merges(&self) -> Result<Patient, Refusal> {
        self.administers(Administration::Patients)?;
        patient("c1", "p1").merged_into(&patient("c1", "p2"))
    }

    fn prefers(&self, whose: &StaffId) -> Result<(), Refusal> {
        keep_preferences(
            &self.actor,
            &self.situation.clinic.clinic,
            self.facts.staff.as_ref(),
            whose,
        )
    }

    fn changes_settings(&self, plan: Plan) -> Result<(), Refusal> {
        self.administers(Administration::ChangeSettings)?;
        let before = &self.situation.clinic;
        let next = ClinicSettings { plan, ..before.clone() };
        next.may_replace(Some(before), &self.actor)
    }

    fn replies(&self, quoted: Option<&Message>) -> Result<(), Refusal> {
        let about = ReplyFacts {
            conversation: Some(&self.situation.conversation),
            quoted,
            seen: None,
            marker: ReadMarker::default(),
            timers: &Timers::default(),
            enclosed: Enclosed::default(),
            template: None,
        };
        let in_reply_to = quoted.map(|message| message.number);
        let reply = Reply { in_reply_to, ..Reply::from(Body::parse("Thanks!").unwrap()) };
        command::reply(&self.actor, reply, &self.facts, about, NOW).map(drop)
    }

    fn uploads(&self) -> Result<Attachment, Refusal> {
        let side = self.facts.side(&self.actor)?;
        let id = AttachmentId::parse("f1").unwrap();
        let slot = Slot { id, promise: scenario::people::promise(), conversation: None };
        let quota = Quota::empty(Quota::day_of(NOW));
        attachment::give_slot(&self.actor, slot, &side, None, quota, NOW).map(|(given, _)| given)
    }

    fn switches(&self, command: Switch) -> Result<(), Refusal> {
        let conversation = Some(&self.situation.conversation);
        let timers = Timers::default();
        command::switch(&self.actor, command, &self.facts, conversation, &timers, NOW).map(drop)
    }

    fn alters(&self, command: Alteration<'_>) -> Result<(), Refusal> {
        command::alter(&self.actor, command, &self.facts, Some(&self.situation.conversation))
            .map(drop)
    }

    /// The staff id in the path of somebody who names themselves; for others, any.
    fn own_id(&self) -> StaffId {
        match &self.actor {
            Actor::Staff { id, .. } => id.clone(),
            _ => staff_id("colleague"),
        }
    }

    /// An inbox of the clinic's.
    fn lists(&self, owner: &str) -> Result<(), Refusal> {
        let Actor::Staff { id, .. } = &self.actor else { return Err(Code::NotFound.into()) };
        let owner = InboxOwner::parse(owner, id).unwrap();
        let facts = Facts { staff: self.facts.staff.clone(), ..Facts::default() };
        facts.messaging_staff(&self.actor)?.may_list(&owner)
    }

    /// The inbox of whoever is on a patient's side, of any clinic: an account has one, whatever it
    /// is linked to, and a portal's patient has their own record's.
    fn lists_own(&self) -> Result<(), Refusal> {
        match &self.actor {
            Actor::Account { .. } => Ok(()),
            Actor::Portal { clinic, patient: own } => {
                assert_eq!(*clinic, self.situation.clinic.clinic);
                let patient = Some(patient(clinic.as_str(), own.as_str()));
                Facts { patient, ..self.facts.clone() }.patient_side(&self.actor).map(drop)
            }
            _ => Err(Code::NotFound.into()),
        }
    }
}
