//! A clinic's message templates: texts that staff send often, with placeholders.
//!
//! A template is versioned and archived, never deleted. What a message says is rendered once, when it
//! is sent, and names the version that it was made of.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clinic::{ClinicSettings, Language};
use crate::id::{ClinicId, GroupId, TemplateId};
use crate::people::{Group, Patient, StaffMember};
use crate::placeholder::{
    self, Form, Placeholder, Unfilled, Wanted, check_body, check_text, in_form,
};
use crate::problem_codes::of_title;
use crate::refusal::{Checks, Code, Reason, Refusal};
use crate::rich_text::{Body, BodyProblem};
use crate::spoken;
use crate::stored_body;
use crate::text::Title;

/// The most message templates of a clinic, the archived ones among them (product rule): a list that
/// a person can look through.
pub const MAX_TEMPLATES: usize = 200;

/// The most groups that a template is kept for (product rule).
pub const MAX_GROUPS_OF_TEMPLATE: usize = 20;

/// The most bytes of a template's HTML (20 KiB), so that the list of all of a clinic's is a few pages
/// of the table at most (product rule).
pub const MAX_TEMPLATE_BYTES: usize = 20 * 1024;

/// A message template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageTemplate {
    /// The clinic.
    pub clinic: ClinicId,
    /// The template.
    pub id: TemplateId,
    /// 1 when created, and one more with each change.
    pub version: u64,
    /// The language that it is written in, and that dates in it are said in.
    pub language: Language,
    /// The title of the conversation that it starts; it may have placeholders.
    pub title: Title,
    /// The message; it may have placeholders.
    #[serde(with = "stored_body")]
    pub body: Body,
    /// Whether the patient may reply, where the sender does not say; absent: the clinic's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replies_allowed: Option<bool>,
    /// The groups whose members may use it; none: all staff may.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<GroupId>,
    /// Whether it is out of use. It can be taken out of the archive again.
    pub archived: bool,
}

/// The version of a template that a message was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateVersion {
    /// The template.
    pub id: TemplateId,
    /// Its version.
    pub version: u64,
}

/// What is to be sent: a title, where there is one, and a body, which may have placeholders.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The title; a reply has none.
    pub title: Option<Title>,
    /// The body.
    pub body: Body,
}

/// Whom and what the values of a template are about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The clinic.
    pub clinic: &'a ClinicSettings,
    /// The patient.
    pub patient: &'a Patient,
    /// Who sends it.
    pub sender: &'a StaffMember,
    /// When.
    pub now: Timestamp,
}

impl MessageTemplate {
    /// Notes everything that keeps the template from being saved.
    pub fn check(&self, checks: &mut Checks) {
        let known = &Placeholder::OF_MESSAGES;
        check_text(self.title.as_str(), known, "/title", checks);
        check_body(&self.body, known, "/body", checks);
        if self.body.html().len() > MAX_TEMPLATE_BYTES {
            checks.note(Code::TemplateTooLong, "/body");
        }
        if self.groups.len() > MAX_GROUPS_OF_TEMPLATE {
            checks.note(Code::TooManyGroups, "/groups");
        }
    }

    /// Which placeholders it has, each once, in the order in which they are read.
    pub fn placeholders(&self) -> Vec<Placeholder> {
        let of_title = placeholder::of_text(self.title.as_str()).into_iter();
        let mut once = Vec::new();
        for Wanted { placeholder, .. } in of_title.chain(placeholder::of_body(&self.body)) {
            if !once.contains(&placeholder) {
                once.push(placeholder);
            }
        }
        once
    }

    /// What it says, with its placeholders.
    pub fn draft(&self) -> Draft {
        Draft { title: Some(self.title.clone()), body: self.body.clone() }
    }

    /// Whether this member of staff may use it.
    pub fn is_for(&self, staff: &StaffMember) -> bool {
        self.groups.is_empty() || staff.groups.iter().any(|group| self.groups.contains(group))
    }

    /// Which version this is.
    pub fn this_version(&self) -> TemplateVersion {
        TemplateVersion { id: self.id.clone(), version: self.version }
    }
}

/// The groups that a template is kept for, of those that an administrator names: each is there and in
/// use, since a template for nobody would be lost. `known` is what is known of each, in their order.
///
/// One that the template was kept for `before` may have gone out of use meanwhile: taking it out of
/// the list would open the template to all staff.
pub fn kept_for(
    named: &[GroupId],
    known: &[Option<Group>],
    before: Option<&MessageTemplate>,
    clinic: &ClinicId,
    checks: &mut Checks,
) -> BTreeSet<GroupId> {
    let mut known = known.iter();
    for (position, id) in named.iter().enumerate() {
        let is_usable = |group: &Group| group.id == *id && group.clinic == *clinic && group.active;
        let is_usable = known.next().and_then(Option::as_ref).is_some_and(is_usable);
        if !is_usable && !was_kept_for(before, id) {
            checks.note(Code::UnknownGroup, format!("/groups/{position}"));
        }
    }
    named.iter().cloned().collect()
}

/// Whether a template was kept for a group.
pub fn was_kept_for(before: Option<&MessageTemplate>, id: &GroupId) -> bool {
    before.is_some_and(|before| before.groups.contains(id))
}

/// Notes it if a clinic with so many templates cannot have another one. Of several that are made at
/// the same instant each may be the last one: the limit is for who reads the list.
pub fn check_room(there: usize, checks: &mut Checks) {
    checks.require(there < MAX_TEMPLATES, Code::TooManyTemplates);
}

/// The template that a sender names, as it is now, if the sender may use it.
///
/// A sender who saw an earlier version sends nothing: neither what they saw nor what they did not.
pub fn usable<'a>(
    template: Option<&'a MessageTemplate>,
    wanted: &TemplateVersion,
    clinic: &ClinicSettings,
    sender: &StaffMember,
) -> Result<&'a MessageTemplate, Refusal> {
    let found = template
        .filter(|template| template.id == wanted.id && template.clinic == clinic.clinic)
        .ok_or_else(|| Refusal::at(Code::TemplateUnknown, "/template/id"))?;
    let mut checks = Checks::new();
    if !found.is_for(sender) {
        checks.note(Code::TemplateNotForSender, "/template/id");
    }
    if found.archived {
        checks.note(Code::TemplateArchived, "/template/id");
    }
    if found.version != wanted.version {
        checks.add(Reason {
            code: Code::TemplateVersionStale,
            place: Some("/template/version".to_owned()),
            about: Some(found.version.to_string()),
        });
    }
    checks.finish().map(|()| found)
}

impl About<'_> {
    /// The draft with every value in its place, in the words of `language`.
    pub fn render(&self, draft: &Draft, language: Language) -> Result<Draft, Refusal> {
        let value = |wanted| self.value(wanted, language);
        let mut checks = Checks::new();
        let known = &Placeholder::OF_MESSAGES;
        if let Some(title) = &draft.title {
            check_text(title.as_str(), known, "/title", &mut checks);
        }
        check_body(&draft.body, known, "/body", &mut checks);
        checks.finish()?;

        let mut checks = Checks::new();
        let title = match &draft.title {
            Some(title) => match placeholder::fill_text(title.as_str(), value) {
                Ok(filled) => {
                    checks.take("/title", Title::parse(&filled).map_err(of_title)).map(Some)
                }
                Err(missing) => {
                    placeholder::note_missing(&missing, "/title", &mut checks);
                    None
                }
            },
            None => Some(None),
        };
        let body = match placeholder::fill_body(&draft.body, value) {
            Ok(body) => Some(body),
            // Beside a file the sender may have left it empty.
            Err(Unfilled::Body(BodyProblem::Empty)) if draft.body.html().is_empty() => {
                Some(draft.body.clone())
            }
            Err(Unfilled::Missing(missing)) => {
                placeholder::note_missing(&missing, "/body", &mut checks);
                None
            }
            Err(Unfilled::Body(problem)) => {
                checks.note(problem.into(), "/body");
                None
            }
        };
        checks.finish()?;
        match (title, body) {
            (Some(title), Some(body)) => Ok(Draft { title, body }),
            _ => Err(Code::Internal.into()),
        }
    }

    fn value(&self, wanted: Wanted, language: Language) -> Option<String> {
        let Self { clinic, patient, sender, now } = self;
        let date = |date| match wanted.form {
            Some(Form::Short) => format!("{date}"),
            _ => spoken::long_date(date, language),
        };
        let name = |name: &str| in_form(name, wanted.form);
        Some(match wanted.placeholder {
            Placeholder::PatientName => name(patient.name.as_str()),
            Placeholder::PatientGivenName => name(patient.given_name.as_ref()?.as_str()),
            Placeholder::PatientFamilyName => name(patient.family_name.as_ref()?.as_str()),
            Placeholder::PatientBirthDate => date(patient.birth_date?.date()),
            Placeholder::SenderName => name(sender.name.as_str()),
            Placeholder::Today => date(clinic.today(*now)),
            Placeholder::NextOpening => {
                let hours = &clinic.office_hours;
                let opening = hours.opens_after(*now)?;
                spoken::instant(opening, hours.time_zone().zone(), language)
            }
            Placeholder::ClinicName | Placeholder::ClinicPhone | Placeholder::EmergencyLine => {
                return clinic.value(wanted);
            }
        })
    }
}

#[cfg(test)]
mod tests;
