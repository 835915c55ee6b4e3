//! Adding a message to a conversation.

use jiff::Timestamp;

use super::enclose::{Enclosed, Enclosing, Enclosures};
use super::wording::{Said, Wording};
use super::{Change, can_be_told};
use crate::access::{Facts, PatientSide, Side, StaffSide};
use crate::actor::Actor;
use crate::automatic::{self, Timers};
use crate::clinic::ClinicSettings;
use crate::conversation::{Author, Content, Conversation, Message, Person, Quote, ReadMarker};
use crate::message_template::MessageTemplate;
use crate::people::Relationship;
use crate::refusal::{Checks, Code, Refusal};
use crate::rich_text::Body;

/// Adding a message to a conversation.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The message.
    pub wording: Wording,
    /// The files that go with it.
    pub enclosures: Enclosures,
    /// The message of the conversation that this one answers.
    pub in_reply_to: Option<u32>,
    /// The message that the writer says was the last one seen; its read marker moves there.
    /// Without it a reply marks nothing read (product page, "Receiving and answering").
    pub seen: Option<u32>,
}

impl From<Body> for Reply {
    fn from(body: Body) -> Self {
        let wording = Wording::written(None, body);
        Self { wording, enclosures: Enclosures::default(), in_reply_to: None, seen: None }
    }
}

/// What a reply needs to know of the conversation, besides who is calling.
#[derive(Clone, Copy, Debug)]
pub struct ReplyFacts<'a> {
    /// The conversation.
    pub conversation: Option<&'a Conversation>,
    /// The message that `in_reply_to` names, if it was given.
    pub quoted: Option<&'a Message>,
    /// The message that `seen` names, if it was given.
    pub seen: Option<&'a Message>,
    /// The writer's read marker.
    pub marker: ReadMarker,
    /// The timers that are set.
    pub timers: &'a Timers,
    /// What it encloses.
    pub enclosed: Enclosed<'a>,
    /// The template that it names.
    pub template: Option<&'a MessageTemplate>,
}

/// Adds a message: the patient's or a guardian's, if the conversation is open and replies are
/// allowed, or staff's, if it is open.
pub fn reply(
    actor: &Actor,
    mut command: Reply,
    facts: &Facts,
    about: ReplyFacts<'_>,
    now: Timestamp,
) -> Result<Change, Refusal> {
    let side = facts.side(actor)?;
    let before = side.visible(about.conversation)?;
    let mut checks = Checks::new();
    checks.require(before.is_open(), Code::ConversationClosed);
    let (clinic, author) = match &side {
        Side::Staff(StaffSide { clinic, patient, staff }) => {
            can_be_told(clinic, patient, &mut checks);
            (*clinic, Author::Staff { id: staff.id.clone(), name: staff.name.clone() })
        }
        Side::Patient(side) => {
            may_reply(side, before, &mut checks);
            (side.clinic, side.author.clone())
        }
    };
    let said = std::mem::take(&mut command.wording).said(&side, about.template, now, &mut checks);
    let quote = quote(&command, about.quoted, clinic, &mut checks);
    let marker = marker(&command, about, &side.person(), &mut checks);
    let enclosed = Enclosing { actor, side: &side, conversation: before }.judge(
        &command.enclosures,
        about.enclosed,
        &mut checks,
    );
    checks.finish()?;

    // Without them there was a reason to refuse.
    let Said { body, template, .. } = said.ok_or(Code::Internal)?;
    let content = Content { body, quote, files: enclosed.files, template };
    let (conversation, message) = before.clone().with_message(author, content, now)?;
    let (set, keep, drop) = match &side {
        Side::Staff(_) => (Vec::new(), Vec::new(), about.timers.kinds()),
        Side::Patient(_) => {
            let (set, keep) =
                automatic::timers_after(&conversation, &message, clinic, about.timers);
            (set, keep, Vec::new())
        }
    };
    Ok(Change {
        message: Some(message),
        announce: true,
        set,
        keep,
        drop,
        marker,
        bound: enclosed.bound,
        copied: enclosed.copied,
        ..Change::of(before, conversation)
    })
}

fn may_reply(side: &PatientSide<'_>, before: &Conversation, checks: &mut Checks) {
    checks.require(before.replies_allowed, Code::RepliesNotAllowed);
    checks.require(side.patient.successor.is_none(), Code::PatientMerged);
    let guardian = side.relationship == Relationship::Guardian;
    checks.require(!guardian || side.clinic.plan.has_guardians(), Code::GuardiansNotInPlan);
}

fn quote(
    command: &Reply,
    quoted: Option<&Message>,
    clinic: &ClinicSettings,
    checks: &mut Checks,
) -> Option<Quote> {
    let number = command.in_reply_to?;
    if !clinic.plan.has_quotes() {
        checks.note(Code::QuotesNotInPlan, "/inReplyTo");
        return None;
    }
    let quote = quoted.filter(|message| message.number == number).map(Quote::of);
    if quote.is_none() {
        checks.note(Code::QuotedMessageUnknown, "/inReplyTo");
    }
    quote
}

fn marker(
    command: &Reply,
    about: ReplyFacts<'_>,
    person: &Person,
    checks: &mut Checks,
) -> Option<(Person, ReadMarker)> {
    let number = command.seen?;
    let Some(message) = about.seen.filter(|message| message.number == number) else {
        checks.note(Code::MarkerBeyondLast, "/seen");
        return None;
    };
    let moved = about.marker.moved_to(message, person);
    (moved != about.marker).then(|| (person.clone(), moved))
}
