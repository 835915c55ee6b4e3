//! The routes of this function, and what each wants of a conversation.

use std::slice;

use domain::access::Facts;
use domain::actor::Actor;
use domain::audit::Action;
use domain::automatic::Timers;
use domain::command::{self, Alteration, Change, GroupFacts, Switch};
use domain::conversation::Conversation;
use domain::id::{GroupId, StaffId};
use domain::people::StaffMember;
use domain::refusal::Refusal;
use edge::Request;
use jiff::Timestamp;
use store::key::{self, ConversationKey, Key};

/// The routes, by what stands behind the conversation's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    Close,
    Reopen,
    AddStaff,
    RemoveStaff,
    AddGroup,
    RemoveGroup,
    Hide,
    Show,
}

/// What is wanted: a state, so that wanting it twice is the same as once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Switch(Switch),
    AddStaff(StaffId),
    RemoveStaff(StaffId),
    AddGroup(GroupId),
    RemoveGroup(GroupId),
    PatientOnly(bool),
}

/// All that is known before deciding, from one wave of reads.
#[derive(Debug)]
pub struct Known {
    pub facts: Facts,
    pub conversation: Option<Conversation>,
    pub timers: Timers,
    /// The member of staff who is to take part.
    pub member: Option<StaffMember>,
    /// The group that is to take part.
    pub group: GroupFacts,
}

impl Route {
    /// The route of a request, if this function has it.
    pub fn of(request: &Request) -> Option<Self> {
        const CONVERSATION: &str =
            "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}";
        let (method, resource) = request.route();
        match (method, resource.strip_prefix(CONVERSATION)?) {
            ("POST", "/close") => Some(Self::Close),
            ("POST", "/reopen") => Some(Self::Reopen),
            ("PUT", "/participants/{staffId}") => Some(Self::AddStaff),
            ("DELETE", "/participants/{staffId}") => Some(Self::RemoveStaff),
            ("PUT", "/groups/{groupId}") => Some(Self::AddGroup),
            ("DELETE", "/groups/{groupId}") => Some(Self::RemoveGroup),
            ("PUT", "/patient-only") => Some(Self::Hide),
            ("DELETE", "/patient-only") => Some(Self::Show),
            _ => None,
        }
    }

    /// What it is on record as.
    pub fn action(self) -> Action {
        match self {
            Self::Close => Action::ConversationClose,
            Self::Reopen => Action::ConversationReopen,
            Self::AddStaff | Self::AddGroup => Action::ParticipantAdd,
            Self::RemoveStaff | Self::RemoveGroup => Action::ParticipantRemove,
            Self::Hide => Action::ConversationHide,
            Self::Show => Action::ConversationShow,
        }
    }

    /// What a request to it wants.
    pub fn wanted(self, request: &Request) -> Result<Wanted, Refusal> {
        let staff = || request.path_id("staffId", StaffId::parse);
        let group = || request.path_id("groupId", GroupId::parse);
        Ok(match self {
            Self::Close => Wanted::Switch(Switch::Close),
            Self::Reopen => Wanted::Switch(Switch::Reopen),
            Self::AddStaff => Wanted::AddStaff(staff()?),
            Self::RemoveStaff => Wanted::RemoveStaff(staff()?),
            Self::AddGroup => Wanted::AddGroup(group()?),
            Self::RemoveGroup => Wanted::RemoveGroup(group()?),
            Self::Hide => Wanted::PatientOnly(true),
            Self::Show => Wanted::PatientOnly(false),
        })
    }
}

impl Wanted {
    /// Whom it is about, besides the conversation.
    pub fn whom(&self) -> Option<&str> {
        match self {
            Self::Switch(_) | Self::PatientOnly(_) => None,
            Self::AddStaff(id) | Self::RemoveStaff(id) => Some(id.as_str()),
            Self::AddGroup(id) | Self::RemoveGroup(id) => Some(id.as_str()),
        }
    }

    /// The key of whom it adds.
    pub fn added(&self, name: &ConversationKey) -> Option<Key> {
        match self {
            Self::AddStaff(id) => Some(key::staff(&name.clinic, id)),
            Self::AddGroup(id) => Some(key::group(&name.clinic, id)),
            Self::Switch(_)
            | Self::RemoveStaff(_)
            | Self::RemoveGroup(_)
            | Self::PatientOnly(_) => None,
        }
    }

    /// The groups that it expands into who is in them: one or none.
    pub fn expanded(&self) -> &[GroupId] {
        match self {
            Self::AddGroup(id) => slice::from_ref(id),
            _ => &[],
        }
    }

    /// Decides. `None`: it is so already.
    pub fn decide(
        &self,
        actor: &Actor,
        known: &Known,
        now: Timestamp,
    ) -> Result<Option<Change>, Refusal> {
        let Known { facts, timers, member, group, .. } = known;
        let conversation = known.conversation.as_ref();
        let alteration = match self {
            Self::Switch(switch) => {
                return command::switch(actor, *switch, facts, conversation, timers, now);
            }
            Self::AddStaff(id) => Alteration::AddStaff { id, member: member.as_ref() },
            Self::RemoveStaff(id) => Alteration::RemoveStaff(id),
            Self::AddGroup(id) => Alteration::AddGroup { id, facts: group },
            Self::RemoveGroup(id) => Alteration::RemoveGroup(id),
            Self::PatientOnly(wanted) => Alteration::PatientOnly(*wanted),
        };
        command::alter(actor, alteration, facts, conversation)
    }
}
