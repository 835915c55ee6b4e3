//! What a notice says, and where its link leads.

use super::template::{NoticeTemplate, Wording};
use crate::clinic::{ClinicSettings, Language};
use crate::id::LinkReference;
use crate::people::Channel;

/// The address of a conversation in the app: an unguessable reference, and nothing that identifies
/// a person. Opening it changes nothing.
pub fn link(domain: &str, reference: &LinkReference) -> String {
    format!("https://{domain}/c/{reference}")
}

/// The words of a notice (product page, "Notifications"): the clinic's own text for the person's
/// language if it has one, else the product's in that language.
pub fn wording(
    channel: Channel,
    clinic: &ClinicSettings,
    language: Option<Language>,
    templates: &[NoticeTemplate],
    link: &str,
) -> Wording {
    let language = language.unwrap_or(clinic.default_language);
    let is_it = |template: &&NoticeTemplate| {
        template.clinic == clinic.clinic
            && template.channel == channel
            && template.language == language
    };
    match templates.iter().find(is_it) {
        Some(template) => template.render(clinic, link),
        None => NoticeTemplate::default_of(&clinic.clinic, language, channel).render(clinic, link),
    }
}

/// The words of an email to a member of staff: that a patient wrote, and no more.
pub fn staff_wording(clinic: &ClinicSettings, link: &str) -> Wording {
    NoticeTemplate::for_staff(&clinic.clinic, clinic.default_language).render(clinic, link)
}
