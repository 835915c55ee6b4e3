//! A clinic's message templates: listed, read, changed version by version, archived and never deleted,
//! and tried out with a patient's values.

use std::collections::BTreeSet;

use domain::access::{Administration, Facts, StaffSide};
use domain::actor::Actor;
use domain::audit::Subject;
use domain::clinic::{ClinicSettings, Language};
use domain::id::{ClinicId, GroupId, PatientId, TemplateId};
use domain::message_template::{
    About, Draft, MAX_GROUPS_OF_TEMPLATE, MessageTemplate, TemplateVersion, check_room, kept_for,
    usable, was_kept_for,
};
use domain::outage::Outage;
use domain::people::{Group, StaffMember};
use domain::placeholder::{self, Placeholder};
use domain::problem_codes::of_title;
use domain::refusal::{Checks, Code, Reason, Refusal};
use domain::rich_text::{Body, Cleaned, Removed};
use domain::text::Title;
use domain::version::{self, Change, Document as _};
use edge::{Failure, Request, Response};
use serde::{Deserialize, Serialize};
use store::key::{self, Key};
use store::{Committed, Found, Guard, facts};

use crate::handler::{Handler, expected};

/// The query parameter of the list.
pub(crate) const ARCHIVED: &str = "archived";
/// The query parameter of one template.
pub(crate) const VERSION: &str = "version";

/// A template as a request brings it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    language: String,
    title: String,
    /// Rich text.
    body: String,
    /// Absent: the clinic's default, where the sender does not say.
    #[serde(default)]
    replies_allowed: Option<bool>,
    /// Absent or empty: all staff may use it.
    #[serde(default)]
    groups: Option<Vec<String>>,
    /// Absent: false.
    #[serde(default)]
    archived: Option<bool>,
}

/// A text as an editor has it, before it is saved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftInput {
    language: String,
    title: String,
    body: String,
}

/// What is to be tried out, with whose values.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PreviewInput {
    patient_id: String,
    /// The version that was seen, which a message could be made of. Absent: the one that there is.
    #[serde(default)]
    version: Option<u64>,
    /// A text in its place: the sender's change of that version, or without one a text that is not
    /// saved yet, and whose template need not be there. Absent: the template's.
    #[serde(default)]
    draft: Option<DraftInput>,
}

/// A template in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    template_id: &'a TemplateId,
    version: u64,
    language: Language,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    replies_allowed: Option<bool>,
    groups: &'a BTreeSet<GroupId>,
    archived: bool,
}

/// All of a clinic's templates.
#[derive(Serialize)]
struct List<'a> {
    templates: Vec<Summary<'a>>,
}

/// A template as an answer shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output<'a> {
    clinic_id: &'a ClinicId,
    #[serde(flatten)]
    summary: Summary<'a>,
    body: BodyOutput<'a>,
    /// The names of those that its text has.
    placeholders: Vec<&'static str>,
    /// What was removed from the body of the request.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    removed: &'a [Removed],
}

#[derive(Serialize)]
struct BodyOutput<'a> {
    html: &'a str,
    text: &'a str,
}

/// A message as the patient would get it.
#[derive(Serialize)]
struct Preview<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    html: &'a str,
    text: &'a str,
    /// What was removed from the body of the draft.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    removed: &'a [Removed],
}

impl<'a> From<&'a MessageTemplate> for Summary<'a> {
    fn from(template: &'a MessageTemplate) -> Self {
        Self {
            template_id: &template.id,
            version: template.version,
            language: template.language,
            title: template.title.as_str(),
            replies_allowed: template.replies_allowed,
            groups: &template.groups,
            archived: template.archived,
        }
    }
}

impl<'a> Output<'a> {
    fn new(template: &'a MessageTemplate, removed: &'a [Removed]) -> Self {
        let MessageTemplate { clinic, body, .. } = template;
        Self {
            clinic_id: clinic,
            summary: template.into(),
            body: BodyOutput { html: body.html(), text: body.text() },
            placeholders: template.placeholders().into_iter().map(Placeholder::name).collect(),
            removed,
        }
    }
}

/// Which template the path names.
struct Named {
    clinic: ClinicId,
    id: TemplateId,
}

impl Named {
    fn of(request: &Request) -> Result<Self, Refusal> {
        Ok(Self {
            clinic: request.path_id("clinicId", ClinicId::parse)?,
            id: request.path_id("templateId", TemplateId::parse)?,
        })
    }

    fn key(&self) -> Key {
        key::message_template(&self.clinic, &self.id)
    }

    fn subject(&self) -> Subject {
        Subject {
            clinic: Some(self.clinic.clone()),
            objects: vec![self.id.to_string()],
            ..Subject::default()
        }
    }
}

impl Input {
    /// The groups that it names; what is none is noted. More than a template may have are not even
    /// looked up.
    fn groups(&self, checks: &mut Checks) -> Vec<GroupId> {
        let named = self.groups.as_deref().unwrap_or_default();
        if named.len() > MAX_GROUPS_OF_TEMPLATE {
            checks.note(Code::TooManyGroups, "/groups");
        }
        let named = named.iter().take(MAX_GROUPS_OF_TEMPLATE).enumerate();
        named
            .filter_map(|(position, id)| {
                checks.take(&format!("/groups/{position}"), GroupId::parse(id))
            })
            .collect()
    }

    /// The template, with what was removed from its body; or everything that is wrong.
    fn parse(
        &self,
        named: &Named,
        version: u64,
        groups: BTreeSet<GroupId>,
        mut checks: Checks,
    ) -> Result<(MessageTemplate, Vec<Removed>), Refusal> {
        let Self { language, title, body, .. } = self;
        let Some((language, title, Cleaned { body, removed, .. })) =
            texts(language, title, body, &mut checks)
        else {
            return Err(checks.finish().err().unwrap_or_else(|| Code::Internal.into()));
        };
        let template = MessageTemplate {
            clinic: named.clinic.clone(),
            id: named.id.clone(),
            version,
            language,
            title,
            body,
            replies_allowed: self.replies_allowed,
            groups,
            archived: self.archived.unwrap_or_default(),
        };
        template.check(&mut checks);
        checks.finish().map(|()| (template, removed))
    }
}

/// The texts of a request, if all of them can be read.
fn texts(
    language: &str,
    title: &str,
    body: &str,
    checks: &mut Checks,
) -> Option<(Language, Title, Cleaned)> {
    let language = checks.take("/language", Language::parse(language));
    let title = checks.take("/title", Title::parse(title).map_err(of_title));
    let body = checks.take("/body", Body::clean(body));
    if let Some(body) = &body {
        placeholder::check_lost(body, "/body", checks);
    }
    Some((language?, title?, body?))
}

impl DraftInput {
    /// What it says with these values, and what was removed from its body.
    fn render(&self, about: &About<'_>) -> Result<(Draft, Vec<Removed>), Refusal> {
        let mut checks = Checks::new();
        let texts = texts(&self.language, &self.title, &self.body, &mut checks);
        checks.finish()?;
        let (language, title, Cleaned { body, removed, .. }) = texts.ok_or(Code::Internal)?;
        let draft = about.render(&Draft { title: Some(title), body }, language)?;
        Ok((draft, removed))
    }
}

/// The template that the path names, if a message could be made of it as it was seen.
fn seen<'a>(
    stored: Option<&'a MessageTemplate>,
    version: Option<u64>,
    clinic: &ClinicSettings,
    sender: &StaffMember,
) -> Result<&'a MessageTemplate, Refusal> {
    let stored = stored.ok_or(Code::NotFound)?;
    let current = stored.this_version();
    let version = version.unwrap_or(current.version);
    usable(Some(stored), &TemplateVersion { version, ..current }, clinic, sender).map_err(
        |refusal| {
            // A send names both in one member; here the path and another one do.
            placed(&refusal, |place| (place == "/template/version").then(|| "/version".to_owned()))
        },
    )
}

/// The refusal of a part of the request.
fn within(part: &str, refusal: &Refusal) -> Refusal {
    placed(refusal, |place| Some(format!("{part}{place}")))
}

fn placed(refusal: &Refusal, place: impl Fn(&str) -> Option<String>) -> Refusal {
    let reasons = refusal.reasons().cloned();
    let moved =
        reasons.map(|reason| Reason { place: reason.place.as_deref().and_then(&place), ..reason });
    Refusal::of(moved).unwrap_or_else(|| Code::Internal.into())
}

/// Each of these groups, as far as it is there.
fn all(found: &Found, keys: &[Key]) -> Result<Vec<Option<Group>>, Outage> {
    keys.iter().map(|key| found.get(key)).collect()
}

impl Handler {
    /// The clinic's templates, those of the archive among them, or one of both kinds.
    pub(crate) async fn list_message_templates(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let clinic = request.path_id("clinicId", ClinicId::parse)?;
        let archived = match request.query(&[ARCHIVED])?.get(ARCHIVED) {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => return Err(Refusal::at(Code::InvalidFlag, ARCHIVED).into()),
        };
        let (settings, _) = self.known(actor, &clinic, Administration::ReadSettings, []).await?;
        settings.ok_or(Code::NotFound)?;
        let templates: Vec<MessageTemplate> =
            self.store.all(key::message_templates(&clinic)).await?;
        self.store.record(&self.done(request, actor, &clinic)).await?;
        let wanted =
            |template: &&MessageTemplate| archived.is_none_or(|is| template.archived == is);
        let templates = templates.iter().filter(wanted).map(Summary::from).collect();
        Ok(Response::ok(&List { templates }))
    }

    /// A template as it is, or as it was in a version.
    pub(crate) async fn view_message_template(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let named = Named::of(request)?;
        let version = request.query(&[VERSION])?.get(VERSION);
        let (key, is_current) = match version {
            None => (named.key(), true),
            // What is no number names no version.
            Some(text) => {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                let version = text.parse().ok().filter(|_| digits).ok_or(Code::NotFound)?;
                (key::message_template_version(&named.clinic, &named.id, version), false)
            }
        };
        let what = Administration::ReadSettings;
        let (_, mut found) = self.known(actor, &named.clinic, what, [key.clone()]).await?;
        let template: MessageTemplate = found.take(&key)?.ok_or(Code::NotFound)?;
        self.store.record(&self.done_to(request, actor, named.subject())).await?;
        let response = Response::ok(&Output::new(&template, &[]));
        // What was before is not what a change could replace.
        Ok(if is_current { response.etag(template.version) } else { response })
    }

    /// Replaces a template, or makes one; `None` if another writer came between.
    pub(crate) async fn put_message_template(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        let named = Named::of(request)?;
        // Its groups are among what is read; whether it can be read at all is said after who may.
        let input: Result<Input, _> = request.json();
        let mut checks = Checks::new();
        let groups = input.as_ref().map(|input| input.groups(&mut checks)).unwrap_or_default();
        let group_keys: Vec<Key> = groups.iter().map(|id| key::group(&named.clinic, id)).collect();
        let what = Administration::ChangeSettings;
        let keys = group_keys.iter().cloned().chain([named.key()]);
        let (settings, mut found) = self.known(actor, &named.clinic, what, keys).await?;
        settings.ok_or(Code::NotFound)?;
        let expected = expected(request)?;
        let input = input?;
        let before: Option<MessageTemplate> = found.take(&named.key())?;
        let known = all(&found, &group_keys)?;
        let groups = kept_for(&groups, &known, before.as_ref(), &named.clinic, &mut checks);
        if before.is_none() && expected.is_none() {
            let there: Vec<MessageTemplate> =
                self.store.all(key::message_templates(&named.clinic)).await?;
            check_room(there.len(), &mut checks);
        }

        let mut removed = Vec::new();
        let change = version::change(before.as_ref(), expected, |version| {
            let (template, lost) = input.parse(&named, version, groups, checks)?;
            removed = lost;
            Ok(template)
        })?;
        let record = self.done_to(request, actor, named.subject());
        let template = match change {
            Change::Write(template) => {
                let mut transaction = self.store.transaction();
                let guard = expected.map_or(Guard::Absent, Guard::Version);
                transaction.put(&named.key(), &template, [], Some(guard));
                let MessageTemplate { clinic, id, version, .. } = &template;
                let history = key::message_template_version(clinic, id, *version);
                transaction.put(&history, &template, [], Some(Guard::Absent));
                // A group that went out of use meanwhile would leave a template for nobody.
                let fresh = |id: &&GroupId| !was_kept_for(before.as_ref(), id);
                for id in template.groups.iter().filter(fresh) {
                    transaction.check(&key::group(clinic, id), &Guard::True("active"));
                }
                let changes = template.changes_since(before.as_ref());
                transaction.record(&record.with_changes(changes));
                if self.store.commit(transaction).await? == Committed::Lost {
                    return Ok(None);
                }
                template
            }
            Change::Repeat(template) => {
                self.store.record(&record).await?;
                template
            }
        };
        let output = Output::new(&template, &removed);
        let response = match expected {
            None => Response::created(None, &output),
            Some(_) => Response::ok(&output),
        };
        Ok(Some(response.etag(template.version)))
    }

    /// What a message of the template, or of a draft, would say to a patient whom the caller may write
    /// to; or why it could not be sent. Nothing is changed.
    pub(crate) async fn preview_message_template(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let named = Named::of(request)?;
        if !actor.may_address(&named.clinic) {
            return Err(Code::NotFound.into());
        }
        let PreviewInput { patient_id, version, draft } = request.json()?;
        let patient = PatientId::parse(&patient_id)
            .map_err(|problem| Refusal::at(problem.into(), "/patientId"))?;
        let keys = facts::keys(actor, &named.clinic, &patient);
        let found = self.store.read(keys.into_iter().chain([named.key()])).await?;
        let facts: Facts = facts::peek(&found, actor, &named.clinic, &patient)?;
        let StaffSide { clinic, patient, staff } = facts.staff_side(actor)?;
        let about = About { clinic, patient, sender: staff, now: self.sources.now() };
        let stored: Option<MessageTemplate> = found.get(&named.key())?;
        let used = match (&draft, version) {
            // It need not be there yet.
            (Some(_), None) => None,
            _ => Some(seen(stored.as_ref(), version, clinic, staff)?),
        };
        let (Draft { title, body }, removed) = match (&draft, used) {
            (Some(draft), _) => draft.render(&about).map_err(|refusal| within("/draft", &refusal)),
            (None, Some(used)) => {
                about.render(&used.draft(), used.language).map(|draft| (draft, Vec::new()))
            }
            (None, None) => Err(Code::NotFound.into()),
        }?;
        let subject = Subject { patient: Some(patient.id.clone()), ..named.subject() };
        self.store.record(&self.done_to(request, actor, subject)).await?;
        Ok(Response::ok(&Preview {
            title: title.as_ref().map(Title::as_str),
            html: body.html(),
            text: body.text(),
            removed: &removed,
        }))
    }
}
