//! What a message says: what its writer wrote, or what a template makes of it.

use jiff::Timestamp;
use serde::Deserialize;

use super::enclose::Enclosures;
use crate::access::{Side, StaffSide};
use crate::id::TemplateId;
use crate::message_template::{About, Draft, MessageTemplate, TemplateVersion, usable};
use crate::placeholder;
use crate::problem_codes::of_title;
use crate::refusal::{Checks, Code, Refusal};
use crate::rich_text::{Body, Removed};
use crate::text::Title;

/// What a message is to say, as a request brings it.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawWording<'a> {
    /// See [`Wording::title`].
    pub title: Option<&'a str>,
    /// See [`Wording::body`]: rich text.
    pub body: Option<&'a str>,
    /// See [`Wording::template`].
    pub template: Option<&'a RawTemplate>,
}

/// A template as a request names it: one that says which, and not in which version, might send what
/// nobody saw.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawTemplate {
    id: String,
    version: u64,
}

/// The wording of a request.
#[derive(Clone, Debug)]
pub struct Worded {
    /// What the message is to say.
    pub wording: Wording,
    /// What was removed from the body that the request brought, for its sender to see.
    pub removed: Vec<Removed>,
}

impl RawWording<'_> {
    /// The wording of the first message of a conversation, whose title is the template's or else the
    /// sender's. What is wrong is noted.
    pub fn parse_first(self, enclosures: &Enclosures, checks: &mut Checks) -> Worded {
        let title = self.own(self.title).map(|raw| Title::parse(raw).map_err(of_title));
        let title = title.and_then(|title| checks.take("/title", title));
        let Worded { wording, removed } = self.parse(enclosures, checks);
        Worded { wording: Wording { title, ..wording }, removed }
    }

    /// The wording of a message of a conversation that is there. What is wrong is noted.
    pub fn parse(self, enclosures: &Enclosures, checks: &mut Checks) -> Worded {
        let body = self.own(self.body).map(|raw| enclosures.body(raw));
        let body = body.and_then(|body| checks.take("/body", body));
        if let (Some(body), Some(_)) = (&body, self.template) {
            placeholder::check_lost(body, "/body", checks);
        }
        let (body, removed) = body.map(|cleaned| (cleaned.body, cleaned.removed)).unzip();
        let template = self.template.and_then(|RawTemplate { id, version }| {
            let id = checks.take("/template/id", TemplateId::parse(id))?;
            Some(TemplateVersion { id, version: *version })
        });
        Worded {
            wording: Wording { title: None, body, template },
            removed: removed.unwrap_or_default(),
        }
    }

    /// What the sender wrote: nothing at all, unless a template says it.
    fn own<'a>(&self, written: Option<&'a str>) -> Option<&'a str> {
        written.or(self.template.is_none().then_some(""))
    }
}

/// What a message is to say.
#[derive(Clone, Debug, Default)]
pub struct Wording {
    /// The title of the conversation that it starts. Absent: the template's; a reply has none.
    pub title: Option<Title>,
    /// The message. Absent: the template's.
    pub body: Option<Body>,
    /// The template that it is made of, in the version that its sender saw. Staff only.
    ///
    /// A title and a body beside it are the sender's changes to it, and may have its placeholders.
    pub template: Option<TemplateVersion>,
}

impl Wording {
    /// What was written without a template.
    pub fn written(title: Option<Title>, body: Body) -> Self {
        Self { title, body: Some(body), template: None }
    }
}

/// What a message says.
pub(super) struct Said {
    pub(super) title: Option<Title>,
    pub(super) body: Body,
    pub(super) template: Option<TemplateVersion>,
    /// Whether the patient may reply, where the sender does not say.
    pub(super) replies_allowed: Option<bool>,
}

impl Wording {
    /// What the message says, of the template as it is now; or what is in the way.
    pub(super) fn said(
        self,
        side: &Side<'_>,
        template: Option<&MessageTemplate>,
        now: Timestamp,
        checks: &mut Checks,
    ) -> Option<Said> {
        let said = match (self.template.clone(), side) {
            (None, Side::Patient(_)) => self.written_out(),
            (None, Side::Staff(_)) => self.unfilled().and_then(|()| self.written_out()),
            (Some(_), Side::Patient(_)) => Err(Refusal::at(Code::NotAllowed, "/template")),
            (Some(wanted), Side::Staff(side)) => self.made_of(&wanted, side, template, now),
        };
        said.map_err(|refusal| checks.add_all(refusal)).ok()
    }

    fn written_out(self) -> Result<Said, Refusal> {
        let body = self.body.ok_or_else(|| Refusal::at(Code::BodyEmpty, "/body"))?;
        Ok(Said { title: self.title, body, template: None, replies_allowed: None })
    }

    /// Refuses what is a template's text and names none: the patient would read its placeholders.
    fn unfilled(&self) -> Result<(), Refusal> {
        let mut checks = Checks::new();
        if let Some(title) = &self.title {
            placeholder::check_none(&placeholder::of_text(title.as_str()), "/title", &mut checks);
        }
        if let Some(body) = &self.body {
            placeholder::check_none(&placeholder::of_body(body), "/body", &mut checks);
        }
        checks.finish()
    }

    fn made_of(
        self,
        wanted: &TemplateVersion,
        side: &StaffSide<'_>,
        template: Option<&MessageTemplate>,
        now: Timestamp,
    ) -> Result<Said, Refusal> {
        let StaffSide { clinic, patient, staff } = *side;
        let template = usable(template, wanted, clinic, staff)?;
        let of_template = template.draft();
        let draft = Draft {
            title: self.title.or(of_template.title),
            body: self.body.unwrap_or(of_template.body),
        };
        let about = About { clinic, patient, sender: staff, now };
        let Draft { title, body } = about.render(&draft, template.language)?;
        Ok(Said {
            title,
            body,
            template: Some(template.this_version()),
            replies_allowed: template.replies_allowed,
        })
    }
}

#[cfg(test)]
mod tests;
