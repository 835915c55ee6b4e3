//! What a message says: what its writer wrote, or what a template makes of it.

use jiff::Timestamp;

use crate::access::{Side, StaffSide};
use crate::message_template::{About, Draft, MessageTemplate, TemplateVersion, usable};
use crate::refusal::{Checks, Code, Refusal};
use crate::rich_text::Body;
use crate::text::Title;

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
            (None, _) => {
                let body = self.body.ok_or_else(|| Refusal::at(Code::BodyEmpty, "/body"));
                body.map(|body| Said {
                    title: self.title,
                    body,
                    template: None,
                    replies_allowed: None,
                })
            }
            (Some(_), Side::Patient(_)) => Err(Refusal::at(Code::NotAllowed, "/template")),
            (Some(wanted), Side::Staff(side)) => self.made_of(&wanted, side, template, now),
        };
        said.map_err(|refusal| checks.add_all(refusal)).ok()
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
