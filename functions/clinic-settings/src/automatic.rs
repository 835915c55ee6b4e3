//! What a clinic answers by itself, foretold: what happens when a patient writes at some instant.

use domain::access::Administration;
use domain::actor::Actor;
use domain::audit::Subject;
use domain::automatic::{Forecast, Foreseen, NotNeeded, forecast};
use domain::clinic::{ClinicSettings, Language};
use domain::conversation::{AutomaticReason, MAX_PARTICIPANTS};
use domain::hours::{Closed, Days, MAX_DAYS_AHEAD, all_away};
use domain::id::{ClinicId, StaffId};
use domain::people::{StaffMember, StaffPreferences, days_away};
use domain::refusal::{Checks, Code, Refusal};
use domain::spoken;
use edge::{Failure, Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Found, key};

use crate::handler::Handler;

/// The most staff that a conversation can have: the patient is the other participant.
const MOST_STAFF: usize = MAX_PARTICIPANTS - 1;

/// How far from now the instant may be, either way: as far as the office hours can say something
/// about it.
const FURTHEST: SignedDuration = SignedDuration::from_hours(24 * MAX_DAYS_AHEAD);

/// What is asked.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    /// When the patient writes: an instant of RFC 3339 with its offset, at most 1,096 days from now.
    /// Absent: now.
    #[serde(default)]
    at: Option<String>,
    /// The patient's. Absent: the clinic's default.
    #[serde(default)]
    language: Option<String>,
    /// The staff of the conversation, at most 39, of whom those who may take part count: while all of
    /// them are away, nobody is there. Absent or empty: nobody is away.
    #[serde(default)]
    staff: Option<Vec<String>>,
}

/// What happens then, by the settings as they are saved now.
///
/// The conversation is a fresh one: no staff message keeps it quiet, and nothing was answered before.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output<'a> {
    at: Timestamp,
    language: Language,
    /// Whether the clinic's plan has automatic replies. Without them there are none, and the rest says
    /// when somebody is there.
    automatic_replies: bool,
    /// Whether the clinic has switched sending off for now: what is foretold then waits for its end.
    paused: bool,
    /// Why nobody is there: `exception`, `vacation` or `outside_hours`. Null: somebody is.
    closed: Option<&'static str>,
    /// When somebody is there next: the instant itself, if somebody is. Null: never.
    next_opening: Option<Timestamp>,
    /// The same on the clinic's clock, in the words of the language.
    next_opening_text: Option<String>,
    /// What the clinic answers by itself if nobody else does, in the order of time.
    replies: Vec<ReplyOutput<'a>>,
    /// Why nothing is answered at once, such as `office_open`, `switched_off` or `unsayable`. Null:
    /// something is.
    silent: Option<&'static str>,
}

/// An automatic reply that will be.
#[derive(Serialize)]
struct ReplyOutput<'a> {
    reason: AutomaticReason,
    at: Timestamp,
    body: BodyOutput<'a>,
}

#[derive(Serialize)]
struct BodyOutput<'a> {
    html: &'a str,
    text: &'a str,
}

impl<'a> From<&'a Foreseen> for ReplyOutput<'a> {
    fn from(reply: &'a Foreseen) -> Self {
        let body = BodyOutput { html: reply.body.html(), text: reply.body.text() };
        Self { reason: reply.reason, at: reply.at, body }
    }
}

/// What is asked, read.
struct Question {
    at: Timestamp,
    language: Option<Language>,
}

impl Input {
    /// The ids that it names, as far as they are any. More than a conversation can have are not even
    /// looked up.
    fn staff(&self) -> impl Iterator<Item = (usize, Result<StaffId, Code>)> {
        let named = self.staff.iter().flatten().take(MOST_STAFF).enumerate();
        named.map(|(position, id)| (position, StaffId::parse(id).map_err(Code::from)))
    }

    /// The question, or everything that is wrong with it. `found` has what is there of the staff that
    /// it names.
    fn parse(&self, clinic: &ClinicId, found: &Found, now: Timestamp) -> Result<Question, Failure> {
        let mut checks = Checks::new();
        let at = match &self.at {
            Some(text) => checks.take("/at", instant(text, now)),
            None => Some(now),
        };
        let language = match &self.language {
            Some(tag) => checks.take("/language", Language::parse(tag)).map(Some),
            None => Some(None),
        };
        if self.staff.as_ref().is_some_and(|named| named.len() > MOST_STAFF) {
            checks.note(Code::TooManyParticipants, "/staff");
        }
        for (position, id) in self.staff() {
            let place = format!("/staff/{position}");
            let Some(id) = checks.take(&place, id) else { continue };
            let member: Option<StaffMember> = found.get(&key::staff(clinic, &id))?;
            if member.is_none() {
                checks.note(Code::UnknownRecipient, place);
            }
        }
        checks.finish()?;
        let (at, language) = at.zip(language).ok_or(Code::Internal)?;
        Ok(Question { at, language })
    }
}

/// The instant, if it is one near enough.
fn instant(text: &str, now: Timestamp) -> Result<Timestamp, Code> {
    let at: Timestamp = text.parse().map_err(|_| Code::InstantInvalid)?;
    if at.duration_since(now).abs() <= FURTHEST { Ok(at) } else { Err(Code::InstantInvalid) }
}

/// The days on which all of these are away who may take part in a conversation.
fn away(staff: &[StaffId], clinic: &ClinicId, found: &Found) -> Result<Vec<Days>, Failure> {
    let mut each: Vec<Vec<Days>> = Vec::new();
    for id in staff {
        let member: Option<StaffMember> = found.get(&key::staff(clinic, id))?;
        let preferences: Option<StaffPreferences> = found.get(&key::preferences(clinic, id))?;
        each.extend(days_away(member.as_ref(), preferences));
    }
    Ok(all_away(each.iter().map(Vec::as_slice)))
}

impl Handler {
    /// What happens when a patient writes at an instant, and when somebody is there next. Nothing is
    /// changed.
    pub(crate) async fn preview_automatic(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let clinic = request.path_id("clinicId", ClinicId::parse)?;
        // The staff are among what is read; whether they can be read at all is said after who may.
        let input: Result<Input, Refusal> = request.json();
        let named = input.as_ref().map(Input::staff).into_iter().flatten();
        let mut staff: Vec<StaffId> = named.filter_map(|(_, id)| id.ok()).collect();
        staff.sort_unstable();
        staff.dedup();
        let keys: Vec<_> = staff
            .iter()
            .flat_map(|id| [key::staff(&clinic, id), key::preferences(&clinic, id)])
            .collect();
        let what = Administration::ReadSettings;
        let (settings, found) = self.known(actor, &clinic, what, keys).await?;
        let settings: ClinicSettings = settings.ok_or(Code::NotFound)?;
        let Question { at, language } = input?.parse(&clinic, &found, self.sources.now())?;
        let language = language.unwrap_or(settings.default_language);
        let away = away(&staff, &clinic, &found)?;
        let Forecast { closed, next_opening, replies, silent } =
            forecast(&settings, &away, language, at);
        let subject = Subject {
            clinic: Some(clinic),
            objects: staff.iter().map(ToString::to_string).collect(),
            ..Subject::default()
        };
        self.store.record(&self.done_to(request, actor, subject)).await?;
        let zone = settings.office_hours.time_zone().zone();
        Ok(Response::ok(&Output {
            at,
            language,
            automatic_replies: settings.plan.has_automatic_replies(),
            paused: settings.notices.paused,
            closed: closed.map(Closed::as_str),
            next_opening,
            next_opening_text: next_opening.map(|opening| spoken::instant(opening, zone, language)),
            replies: replies.iter().map(ReplyOutput::from).collect(),
            silent: silent.map(NotNeeded::as_str),
        }))
    }
}
