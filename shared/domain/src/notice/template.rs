//! What a clinic's notices say: its own text for a language and a channel, or the product's.
//!
//! A text has variables in double braces, from a list of three: the clinic's name, the link, the
//! language. Nothing else can get into a notice, so that none says anything about health or about a
//! person (product page, "Notifications").

use serde::{Deserialize, Serialize};

use super::MAX_LINK_DOMAIN;
use crate::clinic::{ClinicSettings, Language};
use crate::gsm;
use crate::id::{ClinicId, LinkReference};
use crate::people::Channel;
use crate::placeholder::{Piece, pieces};
use crate::refusal::{Checks, Code, Reason};
use crate::text::is_forbidden;

/// The most characters (Unicode scalar values) of an email's subject, as it is written.
pub const MAX_SUBJECT_CHARACTERS: usize = 100;

/// The most characters (Unicode scalar values) of an email's text, as it is written.
pub const MAX_TEXT_CHARACTERS: usize = 2_000;

/// What may stand in double braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The clinic's name; in a text message the one that it has there.
    ClinicName,
    /// The address of the conversation in the app.
    Link,
    /// The language of the notice, as `EN` or `FR`.
    Language,
}

impl Variable {
    /// Every variable.
    pub const ALL: [Self; 3] = [Self::ClinicName, Self::Link, Self::Language];

    /// The name as it stands between the braces.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClinicName => "clinicName",
            Self::Link => "link",
            Self::Language => "language",
        }
    }
}

/// A clinic's text for notices in one language through one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeTemplate {
    /// The clinic.
    pub clinic: ClinicId,
    /// The language.
    pub language: Language,
    /// The channel.
    pub channel: Channel,
    /// 1 when created, and one more with each change; 0: the product's own text.
    pub version: u64,
    /// The subject of an email; a text message has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text.
    pub text: String,
}

/// What a notice says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// The subject of an email; empty for a text message.
    pub subject: String,
    /// The text: of a text message, or of an email's plain part.
    pub text: String,
    /// An email's HTML part: the same words, with the link as a link. No image, nothing that tracks. Empty
    /// for a text message.
    pub html: String,
}

impl NoticeTemplate {
    /// The product's own text.
    pub fn default_of(clinic: &ClinicId, language: Language, channel: Channel) -> Self {
        let (subject, text) = match (channel, language) {
            (Channel::Sms, Language::En) => {
                (None, "{{clinicName}}: you have a new secure message: {{link}}")
            }
            (Channel::Sms, Language::Fr) => {
                (None, "{{clinicName}}: nouveau message sécurisé: {{link}}")
            }
            (Channel::Email, Language::En) => (
                Some("New secure message from {{clinicName}}"),
                "You have a new secure message from {{clinicName}}.\n\n\
                 Sign in to read it:\n{{link}}\n\n\
                 This mailbox is not read. Please do not reply to this email.",
            ),
            (Channel::Email, Language::Fr) => (
                Some("Nouveau message sécurisé de {{clinicName}}"),
                "Vous avez un nouveau message sécurisé de {{clinicName}}.\n\n\
                 Connectez-vous pour le lire :\n{{link}}\n\n\
                 Cette adresse n'est pas lue. Merci de ne pas répondre à ce courriel.",
            ),
        };
        Self {
            clinic: clinic.clone(),
            language,
            channel,
            version: 0,
            subject: subject.map(str::to_owned),
            text: text.to_owned(),
        }
    }

    /// The product's text of an email to a member of staff.
    pub fn for_staff(clinic: &ClinicId, language: Language) -> Self {
        let (subject, text) = match language {
            Language::En => (
                "New message for {{clinicName}}",
                "Somebody has written to {{clinicName}} in a conversation that you take part in.\n\n\
                 Sign in to read it:\n{{link}}\n\n\
                 You get this email because you asked for it in the app. Please do not reply to it.",
            ),
            Language::Fr => (
                "Nouveau message pour {{clinicName}}",
                "Quelqu'un a écrit à {{clinicName}} dans une conversation à laquelle vous participez.\n\n\
                 Connectez-vous pour le lire :\n{{link}}\n\n\
                 Vous recevez ce courriel parce que vous l'avez demandé dans l'application. \
                 Merci de ne pas y répondre.",
            ),
        };
        Self {
            clinic: clinic.clone(),
            language,
            channel: Channel::Email,
            version: 0,
            subject: Some(subject.to_owned()),
            text: text.to_owned(),
        }
    }

    /// Notes everything that keeps the template from being saved by this clinic.
    pub fn check(&self, clinic: &ClinicSettings, checks: &mut Checks) {
        match (self.channel, &self.subject) {
            (Channel::Email, Some(subject)) => {
                check_text(subject, "/subject", MAX_SUBJECT_CHARACTERS, false, checks);
                if subject.trim().is_empty() {
                    checks.note(Code::NoticeSubjectRequired, "/subject");
                }
            }
            (Channel::Email, None) => checks.note(Code::NoticeSubjectRequired, "/subject"),
            (Channel::Sms, Some(_)) => checks.note(Code::NoticeSubjectInSms, "/subject"),
            (Channel::Sms, None) => {}
        }
        let readable = check_text(&self.text, "/text", MAX_TEXT_CHARACTERS, true, checks);
        if readable && self.channel == Channel::Sms {
            self.check_length(clinic, "/text", checks);
        }
    }

    /// Notes it, at a place, if the text message is more than one with the longest link: with the
    /// count, or with the character that no text message of 160 holds.
    pub fn check_length(&self, clinic: &ClinicSettings, place: &str, checks: &mut Checks) {
        let (code, about) = match gsm::gsm7_length(&self.render(clinic, &longest_link()).text) {
            Ok(septets) if septets <= gsm::MAX_SEPTETS => return,
            Ok(septets) => (Code::SmsTooLong, septets.to_string()),
            Err(refused) => {
                let named = refused.offenders.iter().map(|offender| offender.character);
                (Code::SmsCharacterUnavailable, named.collect())
            }
        };
        checks.add(Reason { code, place: Some(place.to_owned()), about: Some(about) });
    }

    /// The words of a notice of this clinic with this link.
    pub fn render(&self, clinic: &ClinicSettings, link: &str) -> Wording {
        let name = match self.channel {
            Channel::Email => clinic.name.as_str(),
            Channel::Sms => clinic.name_in_sms(),
        };
        let value = |variable| match variable {
            Variable::ClinicName => name,
            Variable::Link => link,
            Variable::Language => match self.language {
                Language::En => "EN",
                Language::Fr => "FR",
            },
        };
        let text = filled(&self.text, |variable| value(variable).to_owned());
        let Some(subject) = &self.subject else {
            return Wording { subject: String::new(), text, html: String::new() };
        };
        let subject = filled(subject, |variable| value(variable).to_owned());
        let html = filled(&escaped(&self.text), |variable| {
            let value = escaped(value(variable));
            match variable {
                Variable::Link => format!("<a href=\"{value}\">{value}</a>"),
                Variable::ClinicName | Variable::Language => value,
            }
        });
        let paragraphs = html.replace("\n\n", "</p><p>").replace('\n', "<br>");
        let html = format!(
            "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head>\
             <body><p>{paragraphs}</p></body></html>",
            self.language.as_str(),
            escaped(&subject),
        );
        Wording { subject, text, html }
    }
}

/// The longest link that a deployment can make.
fn longest_link() -> String {
    let reference = "0".repeat(LinkReference::CHARACTERS);
    format!("https://{}/c/{reference}", "d".repeat(MAX_LINK_DOMAIN))
}

/// The variable that stands between braces, if it is one.
fn variable(inside: &str) -> Option<Variable> {
    Variable::ALL.into_iter().find(|variable| variable.name() == inside.trim())
}

/// The text with each variable's value in its place.
fn filled(text: &str, value: impl Fn(Variable) -> String) -> String {
    let whole = pieces(text).into_iter().map(|piece| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Braces(inside) => variable(inside).map(&value).unwrap_or_default(),
        // A template that was saved has none.
        Piece::Broken(_) => String::new(),
    });
    whole.collect()
}

/// Notes what is wrong with one text; whether it can be filled in.
fn check_text(text: &str, place: &str, most: usize, has_link: bool, checks: &mut Checks) -> bool {
    if text.chars().any(|c| is_forbidden(c) && !(has_link && c == '\n')) {
        checks.note(Code::ForbiddenCharacter, place);
    }
    if text.contains(['<', '>']) {
        checks.note(Code::NoticeHtml, place);
    }
    if text.chars().count() > most {
        checks.note(Code::NoticeTooLong, place);
    }
    let mut readable = true;
    let mut links = false;
    for piece in pieces(text) {
        let unknown = match piece {
            Piece::Text(_) => continue,
            Piece::Broken(inside) => inside,
            Piece::Braces(inside) => match variable(inside) {
                // A subject is shown where nobody has signed in yet, and no mail program makes a
                // link of it.
                Some(Variable::Link) if !has_link => inside,
                Some(variable) => {
                    links |= variable == Variable::Link;
                    continue;
                }
                None => inside,
            },
        };
        readable = false;
        let about = unknown.trim().chars().take(MAX_NAMED_CHARACTERS).collect();
        checks.add(Reason {
            code: Code::NoticeVariableUnknown,
            place: Some(place.to_owned()),
            about: Some(about),
        });
    }
    if has_link && readable && !links {
        checks.note(Code::NoticeLinkMissing, place);
    }
    readable
}

/// As much of an unknown variable is named as tells which one it is.
const MAX_NAMED_CHARACTERS: usize = 40;

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
