//! What staff change of a conversation without writing in it.

use jiff::Timestamp;

use super::Change;
use super::start::{GroupFacts, check_size, with_group};
use crate::access::{Facts, Side, StaffSide};
use crate::actor::Actor;
use crate::automatic::Timers;
use crate::conversation::{Conversation, Participation, State};
use crate::id::{GroupId, StaffId};
use crate::people::{Role, StaffMember};
use crate::refusal::{Checks, Code, Refusal};

/// Closing or reopening a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Nobody can reply any more.
    Close,
    /// Replies are taken again.
    Reopen,
}

/// Closes or reopens a conversation. Staff only. `None`: it is so already, and stays as it was.
pub fn switch(
    actor: &Actor,
    command: Switch,
    facts: &Facts,
    conversation: Option<&Conversation>,
    timers: &Timers,
    now: Timestamp,
) -> Result<Option<Change>, Refusal> {
    let (side, before) = staff_only(actor, facts, conversation)?;
    let StaffSide { staff, .. } = side;
    let after = match (command, &before.state) {
        (Switch::Close, State::Open) => {
            before.clone().closed(now, staff.id.clone(), staff.name.clone())
        }
        (Switch::Reopen, State::Closed { .. }) => before.clone().reopened(),
        (Switch::Close, State::Closed { .. }) | (Switch::Reopen, State::Open) => return Ok(None),
    };
    Ok(Some(Change { drop: timers.kinds(), ..Change::of(before, after) }))
}

/// Changing who takes part in a conversation, or whether guardians see it. Each is a state that is
/// wanted: wanting it twice is the same as once.
#[derive(Clone, Copy, Debug)]
pub enum Alteration<'a> {
    /// A member of staff takes part.
    AddStaff {
        /// Who.
        id: &'a StaffId,
        /// That member's record.
        member: Option<&'a StaffMember>,
    },
    /// A member of staff takes part no longer: by their own wish, or an administrator's.
    RemoveStaff(&'a StaffId),
    /// A group takes part, and everybody who is in it now.
    AddGroup {
        /// Which.
        id: &'a GroupId,
        /// The group as it is now.
        facts: &'a GroupFacts,
    },
    /// A group takes part no longer: by the wish of somebody in it, or an administrator's. Its
    /// members who were added with it take part in person, and leave by themselves.
    RemoveGroup(&'a GroupId),
    /// Guardians are not to see it, or are to see it again.
    PatientOnly(bool),
}

/// Changes who takes part, or whether guardians see it. Staff only. `None`: it is so already.
///
/// An open conversation is needed for none of these: who may see a closed one changes too.
pub fn alter(
    actor: &Actor,
    command: Alteration<'_>,
    facts: &Facts,
    conversation: Option<&Conversation>,
) -> Result<Option<Change>, Refusal> {
    let (StaffSide { staff, clinic, .. }, before) = staff_only(actor, facts, conversation)?;
    let mut checks = Checks::new();
    let mut left = Vec::new();
    let mut after = before.clone();
    match command {
        Alteration::AddStaff { id, member } => {
            let takes = |member: &&StaffMember| {
                member.id == *id && member.clinic == clinic.clinic && member.may_take_part()
            };
            match member.filter(takes) {
                Some(member) => after = after.joined(member),
                None => checks.require(false, Code::UnknownRecipient),
            }
        }
        Alteration::RemoveStaff(id) => {
            let allowed = staff.id == *id || staff.is(Role::Admin);
            checks.require(allowed, Code::NotAllowed);
            after.participants.retain(|participant| participant.id != *id);
            left.push(Participation::Staff(id.clone()));
        }
        Alteration::AddGroup { id, facts } => {
            let group = facts
                .group
                .as_ref()
                .filter(|group| group.id == *id && group.clinic == clinic.clinic && group.active);
            match group {
                // Only the addressing expands a group: naming it again adds nobody.
                Some(group) if !before.has_group(id) => {
                    after = with_group(after, group, &facts.members);
                }
                Some(_) => {}
                None => checks.require(false, Code::UnknownGroup),
            }
        }
        Alteration::RemoveGroup(id) => {
            let allowed = staff.groups.contains(id) || staff.is(Role::Admin);
            checks.require(allowed, Code::NotAllowed);
            after.groups.retain(|group| group.id != *id);
            left.push(Participation::Group(id.clone()));
        }
        Alteration::PatientOnly(wanted) => after.patient_only = wanted,
    }
    if after.participants.is_empty() && after.groups.is_empty() {
        checks.require(false, Code::LastParticipant);
    }
    check_size(&after, None, &mut checks);
    checks.finish()?;
    if after == *before {
        return Ok(None);
    }
    Ok(Some(Change { left, ..Change::of(before, after.changed()) }))
}

/// The caller as staff, with the conversation. A patient who may see it may know that only staff
/// do this.
fn staff_only<'a>(
    actor: &Actor,
    facts: &'a Facts,
    conversation: Option<&'a Conversation>,
) -> Result<(StaffSide<'a>, &'a Conversation), Refusal> {
    let side = facts.side(actor)?;
    let conversation = side.visible(conversation)?;
    match side {
        Side::Staff(side) => Ok((side, conversation)),
        Side::Patient(_) => Err(Code::NotAllowed.into()),
    }
}
