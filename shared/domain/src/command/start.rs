//! Starting a conversation: staff with a patient, or a patient with the clinic.

use jiff::Timestamp;

use super::enclose::{Enclosed, Enclosing, Enclosures};
use super::wording::{Said, Wording};
use super::{Change, can_be_told};
use crate::access::{Facts, PatientSide, Side, StaffSide};
use crate::actor::Actor;
use crate::automatic::{self, Timers};
use crate::clinic::ClinicSettings;
use crate::conversation::{
    Author, AutomaticHistory, Content, Conversation, GroupParticipant, MAX_GROUPS,
    MAX_PARTICIPANTS, Party, State, Tally,
};
use crate::id::{ConversationId, GroupId, LinkReference, StaffId};
use crate::message_template::MessageTemplate;
use crate::people::{Group, Patient, Relationship, StaffMember};
use crate::refusal::{Checks, Code, Refusal};
use crate::text::Title;

/// Starting a conversation.
#[derive(Clone, Debug)]
pub struct Start {
    /// A fresh id for the conversation.
    pub conversation: ConversationId,
    /// A fresh random reference for the links of its notices.
    pub reference: LinkReference,
    /// The title and the first message.
    pub wording: Wording,
    /// The files that go with it.
    pub enclosures: Enclosures,
    /// The staff who take part. Staff who start it, and the patient, always do.
    pub to: Vec<StaffId>,
    /// The groups that take part.
    pub groups: Vec<GroupId>,
    /// Whether the patient may reply; absent: the clinic's default. Staff only.
    pub replies_allowed: Option<bool>,
    /// Whether it is hidden from guardians; absent: the clinic's default for the patient's age.
    pub patient_only: Option<bool>,
}

/// A group as it is now.
#[derive(Clone, Debug, Default)]
pub struct GroupFacts {
    /// The group.
    pub group: Option<Group>,
    /// Who is in it.
    pub members: Vec<StaffMember>,
}

/// Those whom a [`Start`] names, and the files, in its order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Addressees<'a> {
    /// What it encloses.
    pub enclosed: Enclosed<'a>,
    /// The template that it names.
    pub template: Option<&'a MessageTemplate>,
    /// The staff record of each of `to`.
    pub staff: &'a [Option<StaffMember>],
    /// Each of `groups`.
    pub groups: &'a [GroupFacts],
}

/// Whether somebody on this side may address a conversation to this member of staff.
pub fn may_address_staff(member: &StaffMember, by_patient: bool) -> bool {
    member.may_take_part() && (!by_patient || member.accepts_patient_messages)
}

/// Whether somebody on this side may address a conversation to this group.
pub fn may_address_group(group: &Group, by_patient: bool) -> bool {
    group.active && (!by_patient || group.accepts_patient_messages)
}

/// What stands in the way of starting a conversation with this patient, or for this patient, before
/// anything is written: [`start`] refuses for the same reasons.
pub fn may_start(side: &Side<'_>) -> Checks {
    let mut checks = Checks::new();
    match side {
        Side::Staff(StaffSide { clinic, patient, .. }) => {
            can_be_told(clinic, patient, &mut checks);
        }
        Side::Patient(PatientSide { clinic, patient, .. }) => {
            checks.require(
                clinic.plan.has_patient_first() && clinic.patient_first,
                Code::PatientFirstOff,
            );
            checks.require(patient.successor.is_none(), Code::PatientMerged);
        }
    }
    checks
}

/// Starts a conversation.
pub fn start(
    actor: &Actor,
    mut command: Start,
    facts: &Facts,
    addressees: Addressees<'_>,
    now: Timestamp,
) -> Result<Change, Refusal> {
    let side = facts.side(actor)?;
    let mut checks = may_start(&side);
    let (clinic, patient) = match &side {
        Side::Staff(StaffSide { clinic, patient, .. })
        | Side::Patient(PatientSide { clinic, patient, .. }) => (*clinic, *patient),
    };
    let said =
        std::mem::take(&mut command.wording).said(&side, addressees.template, now, &mut checks);
    let title = said.as_ref().and_then(|said| said.title.clone());
    if said.is_some() && title.is_none() {
        checks.note(Code::TitleEmpty, "/title");
    }
    let by_template = said.as_ref().and_then(|said| said.replies_allowed);
    let default_patient_only = clinic.patient_only_by_default(patient, now);
    let (author, replies_allowed, patient_only) = match &side {
        Side::Staff(StaffSide { staff, .. }) => (
            Author::Staff { id: staff.id.clone(), name: staff.name.clone() },
            command.replies_allowed.or(by_template).unwrap_or(clinic.replies_allowed_by_default),
            command.patient_only.unwrap_or(default_patient_only),
        ),
        Side::Patient(side) => {
            // Who writes first is to be answered, and may answer again.
            if command.replies_allowed.is_some() {
                checks.note(Code::NotAllowed, "/repliesAllowed");
            }
            let patient_only = match side.relationship {
                Relationship::Own => command.patient_only.unwrap_or(default_patient_only),
                Relationship::Guardian => {
                    // A guardian does not hide from guardians what a guardian wrote.
                    if command.patient_only == Some(true) {
                        checks.note(Code::NotAllowed, "/patientOnly");
                    }
                    false
                }
            };
            if command.to.is_empty() && command.groups.is_empty() {
                checks.note(Code::RecipientRequired, "/to");
            }
            (side.author.clone(), true, patient_only)
        }
    };

    // What is refused for its title is still judged whole, so that every reason is told at once.
    let title = title.unwrap_or_else(Title::none);
    let mut empty = empty(clinic, patient, &command, title, now);
    (empty.replies_allowed, empty.patient_only) = (replies_allowed, patient_only);
    if let Side::Staff(StaffSide { staff, .. }) = &side {
        empty = empty.joined(staff);
    }
    let by_patient = matches!(side, Side::Patient(_));
    let addressed = address(empty, &command, addressees, by_patient, &mut checks);
    let enclosed = Enclosing { actor, side: &side, conversation: &addressed }.judge(
        &command.enclosures,
        addressees.enclosed,
        &mut checks,
    );
    checks.finish()?;

    let Said { body, template, .. } = said.ok_or(Code::Internal)?;
    let content = Content { body, quote: None, files: enclosed.files, template };
    let (conversation, message) = addressed.with_message(author, content, now)?;
    let (set, keep) = if by_patient {
        automatic::timers_after(&conversation, &message, clinic, &Timers::default())
    } else {
        (Vec::new(), Vec::new())
    };
    Ok(Change {
        replaces: None,
        conversation,
        message: Some(message),
        announce: true,
        set,
        keep,
        drop: Vec::new(),
        marker: None,
        left: Vec::new(),
        bound: enclosed.bound,
        copied: enclosed.copied,
    })
}

/// The conversation with everybody whom the command names, each once, and each group's members as
/// they are now.
fn address(
    empty: Conversation,
    command: &Start,
    addressees: Addressees<'_>,
    by_patient: bool,
    checks: &mut Checks,
) -> Conversation {
    let mut next = empty;
    let mut known = addressees.staff.iter();
    for (position, wanted) in command.to.iter().enumerate() {
        let takes = |member: &&StaffMember| {
            member.id == *wanted
                && member.clinic == next.clinic
                && may_address_staff(member, by_patient)
        };
        match known.next().and_then(Option::as_ref).filter(takes) {
            Some(member) => next = next.joined(member),
            None => checks.note(Code::UnknownRecipient, format!("/to/{position}")),
        }
    }
    let mut known = addressees.groups.iter();
    for (position, wanted) in command.groups.iter().enumerate() {
        let takes = |group: &&Group| {
            group.id == *wanted
                && group.clinic == next.clinic
                && may_address_group(group, by_patient)
        };
        let facts = known.next();
        match facts.and_then(|facts| facts.group.as_ref()).filter(takes) {
            Some(group) => {
                next = with_group(next, group, facts.map_or(&[], |facts| &facts.members));
            }
            None => checks.note(Code::UnknownGroup, format!("/groups/{position}")),
        }
    }
    check_size(&next, Some(["/to", "/groups"]), checks);
    next
}

/// The conversation with a group, expanded into who is in it now.
pub(super) fn with_group(
    conversation: Conversation,
    group: &Group,
    members: &[StaffMember],
) -> Conversation {
    let mut next = conversation;
    if !next.has_group(&group.id) {
        let participant = GroupParticipant { id: group.id.clone(), name: group.name.clone() };
        next.groups.push(participant);
    }
    let here = members.iter().filter(|member| {
        member.clinic == group.clinic && member.may_take_part() && member.groups.contains(&group.id)
    });
    here.fold(next, Conversation::joined)
}

/// Notes it if there are more than a conversation may have, at the places of the staff and of the
/// groups, where the command has any.
pub(super) fn check_size(
    conversation: &Conversation,
    places: Option<[&str; 2]>,
    checks: &mut Checks,
) {
    let mut hold = |holds: bool, code: Code, place: Option<&str>| match place {
        Some(place) if !holds => checks.note(code, place),
        _ => checks.require(holds, code),
    };
    let [staff, groups] = places.map_or([None; 2], |places| places.map(Some));
    hold(conversation.participants.len() < MAX_PARTICIPANTS, Code::TooManyParticipants, staff);
    hold(conversation.groups.len() <= MAX_GROUPS, Code::TooManyGroups, groups);
}

fn empty(
    clinic: &ClinicSettings,
    patient: &Patient,
    command: &Start,
    title: Title,
    now: Timestamp,
) -> Conversation {
    Conversation {
        clinic: clinic.clinic.clone(),
        patient: patient.id.clone(),
        id: command.conversation.clone(),
        version: 0,
        reference: command.reference.clone(),
        title,
        state: State::Open,
        replies_allowed: true,
        patient_only: false,
        participants: Vec::new(),
        groups: Vec::new(),
        patient_name: patient.name.clone(),
        tally: Tally::default(),
        started_at: now,
        last_activity: now,
        last_party: Party::Clinic,
        last_staff_message_at: None,
        waiting: None,
        automatic: AutomaticHistory::default(),
        unread_alert: None,
    }
}
