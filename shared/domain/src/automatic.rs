//! Automatic replies: when a timer is set for one, and what becomes of it when it fires.
//!
//! Only a patient's message sets a timer, so that an automatic reply never causes another, and the
//! reason is judged again when the timer fires.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::clinic::{AutomaticReplies, ClinicSettings, Language};
use crate::command::Change;
use crate::conversation::{
    Author, AutomaticHistory, AutomaticReason, Conversation, Message, Waiting,
};
use crate::hours::{Closed, Days, OfficeHours};
use crate::notice::PAUSE_STEP;
use crate::people::Patient;
use crate::placeholder::{self, Placeholder};
use crate::rich_text::Body;
use crate::spoken;

/// A timer is set this far ahead at most and then set again, so that changed settings take effect
/// within that time.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(60);

/// Where no end is in sight.
const NEVER: Timestamp = Timestamp::MAX;

/// What a timer is for.
///
/// Why nobody is there is judged when it fires: a vacation can begin, and the week's hours can end,
/// between a message and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// The patient may have written when nobody is there.
    #[serde(alias = "outside_hours")]
    Closed,
    /// Nobody may have answered within the clinic's number of office minutes.
    NoAnswer,
}

impl TimerKind {
    /// Both of them, what is looked at first before the other.
    pub const ALL: [Self; 2] = [Self::Closed, Self::NoAnswer];
}

/// What is known of the vacations of a conversation's staff.
#[derive(Clone, Copy, Debug)]
pub enum Away<'a> {
    /// Nothing yet: whether everybody is away is to be found out.
    Unknown,
    /// The days on which all of them are away.
    Known(&'a [Days]),
}

impl Away<'_> {
    fn days(&self) -> &[Days] {
        match self {
            Self::Unknown => &[],
            Self::Known(days) => days,
        }
    }
}

/// Whether the vacations of a conversation's staff matter to this timer.
///
/// They do to the one for no answer too: whoever was told that all are away is not told of their
/// silence.
pub fn asks_who_is_away(kind: TimerKind, clinic: &ClinicSettings) -> bool {
    let replies = &clinic.automatic_replies;
    let may_speak = match kind {
        TimerKind::Closed => true,
        TimerKind::NoAnswer => replies.no_answer.is_some(),
    };
    may_speak && clinic.plan.has_automatic_replies() && replies.vacation.is_some()
}

/// A timer of a conversation: at most one of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// What it is for.
    pub kind: TimerKind,
    /// When it is to be looked at.
    pub due: Timestamp,
    /// The patient's message that set it.
    pub number: u32,
    /// When that message was written.
    pub since: Timestamp,
}

/// The timers that are set in a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timers(pub Vec<Timer>);

impl Timers {
    /// What they are for.
    pub fn kinds(&self) -> Vec<TimerKind> {
        self.0.iter().map(|timer| timer.kind).collect()
    }

    fn of(&self, kind: TimerKind) -> Option<&Timer> {
        self.0.iter().find(|timer| timer.kind == kind)
    }
}

/// Why a timer ended without a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotNeeded {
    /// The conversation is closed.
    Closed,
    /// Staff have answered.
    Answered,
    /// The clinic's plan has no automatic replies, or this one is switched off.
    SwitchedOff,
    /// Somebody is there, or was since the message: the office is open and not all are away.
    OfficeOpen,
    /// The patient record was merged into another one, and takes no new messages.
    PatientMerged,
    /// Something was said before in this closed period, or silence for this unanswered message.
    SaidBefore,
    /// A placeholder of the text has no value now, or the text is too long with its value: it is
    /// never sent raw or blank.
    Unsayable,
}

impl NotNeeded {
    /// The reason as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Answered => "answered",
            Self::SwitchedOff => "switched_off",
            Self::OfficeOpen => "office_open",
            Self::PatientMerged => "patient_merged",
            Self::SaidBefore => "said_before",
            Self::Unsayable => "unsayable",
        }
    }
}

/// What becomes of a timer that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fired {
    /// The clinic answers. The timer goes with it.
    Reply(Box<Change>),
    /// It is too early: the timer is to be looked at again then.
    Wait(Timestamp),
    /// There is nothing to say. The timer goes.
    NotNeeded(NotNeeded),
}

/// The timers that a patient's message sets: of the kinds that have none, or one that has become
/// pointless and was not looked at since. Such a one, of an earlier closed period, would otherwise
/// end without a word for this message.
///
/// The others that are set are what the message relies on: the kinds in the second answer.
pub(crate) fn timers_after(
    conversation: &Conversation,
    message: &Message,
    clinic: &ClinicSettings,
    timers: &Timers,
) -> (Vec<Timer>, Vec<TimerKind>) {
    let situation = Situation::of(conversation);
    // Of what is not known yet, that somebody is there: a timer that is pointless by that is set
    // anew for this message, which loses nothing.
    let pointless = |timer: &Timer| {
        let judged = judge(timer, &situation, clinic, Away::Known(&[]), message.at);
        matches!(judged, Judgement::NotNeeded(_))
    };
    let (open, kept): (Vec<_>, Vec<_>) =
        TimerKind::ALL.into_iter().partition(|kind| timers.of(*kind).is_none_or(pointless));
    let set = open
        .into_iter()
        .filter_map(|kind| {
            let (number, since) = match kind {
                TimerKind::Closed => (message.number, message.at),
                TimerKind::NoAnswer => {
                    let waiting = conversation.waiting?;
                    (waiting.number, waiting.since)
                }
            };
            let timer = Timer { kind, due: message.at, number, since };
            match judge(&timer, &situation, clinic, Away::Unknown, message.at) {
                Judgement::Due(_) => Some(timer),
                Judgement::Wait(due) => Some(Timer { due, ..timer }),
                Judgement::NotNeeded(_) => None,
            }
        })
        .collect();
    (set, kept)
}

/// Judges a timer that fired, with the facts of now. It may fire early, late or twice.
///
/// `timers` are those that are set in the conversation: of two that are due, the one for the higher
/// reason speaks, and the other is looked at again once the least time between them is over.
pub fn fire(
    timer: &Timer,
    timers: &Timers,
    conversation: &Conversation,
    clinic: &ClinicSettings,
    away: Away<'_>,
    patient: &Patient,
    now: Timestamp,
) -> Fired {
    if patient.successor.is_some() {
        return Fired::NotNeeded(NotNeeded::PatientMerged);
    }
    let situation = Situation::of(conversation);
    let reason = match judge(timer, &situation, clinic, away, now) {
        Judgement::Wait(until) => return Fired::Wait(until),
        Judgement::NotNeeded(why) => return Fired::NotNeeded(why),
        // What is due stays due while the clinic has switched sending off.
        Judgement::Due(_) if clinic.notices.paused => return Fired::Wait(later(now, PAUSE_STEP)),
        Judgement::Due(reason) => reason,
    };
    let higher = timers.of(TimerKind::Closed).filter(|_| timer.kind == TimerKind::NoAnswer);
    let higher = higher.map(|higher| judge(higher, &situation, clinic, away, now));
    if matches!(higher, Some(Judgement::Due(_) | Judgement::Wait(_))) {
        let gap = minutes(clinic.automatic_replies.minimum_gap_minutes.max(1));
        return Fired::Wait(later(now, gap.min(LONGEST_WAIT)));
    }
    let wanted = patient.contact.language.unwrap_or(clinic.default_language);
    let body = match said(reason, wanted, clinic, away, now) {
        Ok(body) => body,
        Err(why) => return Fired::NotNeeded(why),
    };
    match conversation.clone().with_message(Author::Automatic { reason }, body.into(), now) {
        Ok((next, message)) => Fired::Reply(Box::new(Change {
            message: Some(message),
            drop: vec![timer.kind],
            ..Change::of(conversation, next)
        })),
        // A full conversation takes nobody's message, so nobody waits for one.
        Err(_) => Fired::NotNeeded(NotNeeded::Closed),
    }
}

/// What is said for a reason at an instant, with every value in its place.
fn said(
    reason: AutomaticReason,
    wanted: Language,
    clinic: &ClinicSettings,
    away: Away<'_>,
    at: Timestamp,
) -> Result<Body, NotNeeded> {
    let text = clinic.automatic_replies.text(reason);
    let (language, body) = text
        .and_then(|text| text.in_language(wanted, clinic.default_language))
        .ok_or(NotNeeded::SwitchedOff)?;
    let hours = clinic.office_hours.without(away.days());
    placeholder::fill_body(body, |wanted| match wanted.placeholder {
        Placeholder::NextOpening => {
            let opening = hours.opens_after(at)?;
            Some(spoken::instant(opening, hours.time_zone().zone(), language))
        }
        _ => clinic.value(wanted),
    })
    .map_err(|_| NotNeeded::Unsayable)
}

/// What happens when a patient writes a first message at some instant and nobody answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Why nobody is there; `None`: somebody is.
    pub closed: Option<Closed>,
    /// When somebody is there next: the instant itself, if somebody is.
    pub next_opening: Option<Timestamp>,
    /// What the clinic answers by itself, in the order of time.
    pub replies: Vec<Foreseen>,
    /// Why it answers nothing at once, where it does not.
    pub silent: Option<NotNeeded>,
}

/// An automatic reply that will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    /// Why.
    pub reason: AutomaticReason,
    /// When.
    pub at: Timestamp,
    /// What is said.
    pub body: Body,
}

/// Foretells what happens when a patient who wants that language writes a first message at `at`,
/// in a conversation whose staff are away on these days, by the rules that [`fire`] goes by.
pub fn forecast(
    clinic: &ClinicSettings,
    away: &[Days],
    wanted: Language,
    at: Timestamp,
) -> Forecast {
    let away = if clinic.automatic_replies.vacation.is_some() { away } else { &[] };
    let hours = clinic.office_hours.without(away);
    let (closed, next_opening) = (hours.closed(at), hours.next_opening(at));
    let away = Away::Known(away);
    let mut situation = Situation {
        is_open: true,
        waiting: Some(Waiting { number: 1, since: at }),
        last_staff_message_at: None,
        automatic: AutomaticHistory::default(),
    };
    let timer = |kind| Timer { kind, due: at, number: 1, since: at };
    let mut replies = Vec::new();
    let mut answer = |reason, at| {
        let body = said(reason, wanted, clinic, away, at)?;
        replies.push(Foreseen { reason, at, body });
        Ok(())
    };
    // Nothing was said before that it would have to wait for.
    let at_once = when(&timer(TimerKind::Closed), &situation, clinic, away, at);
    let silent = at_once.and_then(|(reason, _)| answer(reason, at)).err();
    if silent.is_none() {
        situation.automatic.last_at = Some(at);
        situation.automatic.closed_at = Some(at);
    }
    let mut now = at;
    while let Ok((reason, due)) = when(&timer(TimerKind::NoAnswer), &situation, clinic, away, now) {
        if due <= now {
            // A text that cannot be said has been noted where it is saved.
            let _ = answer(reason, now);
            break;
        }
        if due == NEVER {
            break;
        }
        now = due;
    }
    Forecast { closed, next_opening, replies, silent }
}

/// What of a conversation an automatic reply depends on.
struct Situation {
    is_open: bool,
    waiting: Option<Waiting>,
    last_staff_message_at: Option<Timestamp>,
    automatic: AutomaticHistory,
}

impl Situation {
    fn of(conversation: &Conversation) -> Self {
        Self {
            is_open: conversation.is_open(),
            waiting: conversation.waiting,
            last_staff_message_at: conversation.last_staff_message_at,
            automatic: conversation.automatic,
        }
    }
}

enum Judgement {
    Due(AutomaticReason),
    Wait(Timestamp),
    NotNeeded(NotNeeded),
}

fn judge(
    timer: &Timer,
    situation: &Situation,
    clinic: &ClinicSettings,
    away: Away<'_>,
    now: Timestamp,
) -> Judgement {
    match when(timer, situation, clinic, away, now) {
        Ok((reason, due)) if due <= now => Judgement::Due(reason),
        Ok((_, due)) => Judgement::Wait(due.min(later(now, LONGEST_WAIT))),
        Err(why) => Judgement::NotNeeded(why),
    }
}

/// For which reason to answer, and from when on, as far as that can be told now.
fn when(
    timer: &Timer,
    situation: &Situation,
    clinic: &ClinicSettings,
    away: Away<'_>,
    now: Timestamp,
) -> Result<(AutomaticReason, Timestamp), NotNeeded> {
    if !situation.is_open {
        return Err(NotNeeded::Closed);
    }
    let waiting = situation.waiting.ok_or(NotNeeded::Answered)?;
    if waiting.number > timer.number {
        return Err(NotNeeded::Answered);
    }
    if !clinic.plan.has_automatic_replies() {
        return Err(NotNeeded::SwitchedOff);
    }
    let (reason, earliest) = match timer.kind {
        TimerKind::Closed => judge_closed(timer, situation, clinic, away, now)?,
        TimerKind::NoAnswer => judge_no_answer(situation, waiting, clinic, away, now)?,
    };
    Ok((reason, earliest.max(not_before(situation, &clinic.automatic_replies))))
}

/// For which reason to answer that nobody is there, and from when on.
fn judge_closed(
    timer: &Timer,
    situation: &Situation,
    clinic: &ClinicSettings,
    away: Away<'_>,
    now: Timestamp,
) -> Result<(AutomaticReason, Timestamp), NotNeeded> {
    let replies = &clinic.automatic_replies;
    if !replies.any_when_closed() {
        return Err(NotNeeded::SwitchedOff);
    }
    let hours: OfficeHours = clinic.office_hours.without(away.days());
    // All may be away, which is to be looked at before anything says that there is no need.
    let may_be_away = matches!(away, Away::Unknown) && asks_who_is_away(timer.kind, clinic);
    let vacation = may_be_away.then_some(AutomaticReason::Vacation);
    // The message was written when nobody was there, and nobody has been there since.
    if !hours.closed_throughout(timer.since, now) {
        return vacation.map(|reason| (reason, now)).ok_or(NotNeeded::OfficeOpen);
    }
    // Whatever was said in this closed period was its one reply, a late word on silence too.
    let said = situation.automatic.last_at;
    if said.is_some_and(|said| hours.closed_throughout(said, now)) {
        return Err(NotNeeded::SaidBefore);
    }
    let reason = replies.reason_when(&hours.reasons_closed(now));
    reason.or(vacation).map(|reason| (reason, now)).ok_or(NotNeeded::SwitchedOff)
}

/// From when on to answer that nobody has answered.
fn judge_no_answer(
    situation: &Situation,
    waiting: Waiting,
    clinic: &ClinicSettings,
    away: Away<'_>,
    now: Timestamp,
) -> Result<(AutomaticReason, Timestamp), NotNeeded> {
    let no_answer = clinic.automatic_replies.no_answer.as_ref().ok_or(NotNeeded::SwitchedOff)?;
    if situation.automatic.no_answer_for == Some(waiting.number) {
        return Err(NotNeeded::SaidBefore);
    }
    // Who was told that nobody is there, and until when, is not told of silence before that; of
    // somebody who was told while waiting, only the minutes count in which somebody is there.
    let there = clinic.office_hours.without(away.days());
    let told = situation.automatic.closed_at;
    let was_told = told.is_some_and(|told| told >= waiting.since);
    let hours = if was_told { &there } else { &clinic.office_hours };
    // No office time in sight: it is looked at again, should the hours change.
    let unanswered =
        hours.after_office_minutes(waiting.since, no_answer.after_office_minutes).unwrap_or(NEVER);
    let told = told.filter(|told| there.closed_throughout(*told, now));
    let opening = told.map_or(Some(now), |_| there.next_opening(now)).unwrap_or(NEVER);
    Ok((AutomaticReason::NoAnswer, unanswered.max(opening)))
}

/// The end of the quiet time after a staff message, or of the gap after an automatic reply.
fn not_before(situation: &Situation, replies: &AutomaticReplies) -> Timestamp {
    let after =
        |instant: Option<Timestamp>, of: u32| instant.map(|instant| later(instant, minutes(of)));
    let quiet = after(situation.last_staff_message_at, replies.quiet_minutes);
    let gap = after(situation.automatic.last_at, replies.minimum_gap_minutes);
    quiet.max(gap).unwrap_or(Timestamp::MIN)
}

fn minutes(number: u32) -> SignedDuration {
    SignedDuration::from_mins(i64::from(number))
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
