//! Where and how a person wants to be told, as JSON: the same members in a patient's record and in a
//! guardian's link.

use domain::address::{AddressKey, Contact};
use domain::clinic::Language;
use domain::contact::{EmailAddress, SmsNumber};
use domain::people::Channel;
use domain::refusal::Checks;
use serde::{Deserialize, Serialize};

use crate::dto::word;

/// Where and how a person wants to be told, as a request brings it. What is not said is not allowed,
/// and an address that is absent or null is none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContactInput {
    /// Where email goes.
    #[serde(default)]
    pub email: Option<String>,
    /// Where text messages go.
    #[serde(default)]
    pub sms: Option<String>,
    /// One of the channels.
    pub preferred_channel: String,
    /// Absent: false.
    #[serde(default)]
    pub other_channel_consented: Option<bool>,
    /// Absent: the clinic's default language.
    #[serde(default)]
    pub language: Option<String>,
}

/// The same as an answer shows it: addresses in their canonical form, the language as `en`, `fr` or
/// null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactOutput<'a> {
    email: Option<&'a EmailAddress>,
    sms: Option<&'a SmsNumber>,
    preferred_channel: Channel,
    other_channel_consented: bool,
    language: Option<Language>,
}

impl ContactInput {
    /// The contact, with the hashes of its addresses. What is wrong with it is noted with its place
    /// below `place`, which is empty where the members are the document's own.
    pub fn parse(&self, place: &str, key: &AddressKey, checks: &mut Checks) -> Option<Contact> {
        let at = |member: &str| format!("{place}/{member}");
        let email = self.email.as_deref().map(EmailAddress::parse);
        let email = email.and_then(|parsed| checks.take(&at("email"), parsed));
        let sms = self.sms.as_deref().map(SmsNumber::parse);
        let sms = sms.and_then(|parsed| checks.take(&at("sms"), parsed));
        let channel = checks.take(&at("preferredChannel"), word(&self.preferred_channel));
        let language = self.language.as_deref().map(Language::parse);
        let language = language.and_then(|parsed| checks.take(&at("language"), parsed));
        Some(Contact {
            email: email.map(|email| key.know(email)),
            sms: sms.map(|sms| key.know(sms)),
            preferred_channel: channel?,
            other_channel_consented: self.other_channel_consented.unwrap_or_default(),
            language,
        })
    }
}

impl<'a> From<&'a Contact> for ContactOutput<'a> {
    fn from(contact: &'a Contact) -> Self {
        Self {
            email: contact.email.as_ref().map(|known| &known.address),
            sms: contact.sms.as_ref().map(|known| &known.address),
            preferred_channel: contact.preferred_channel,
            other_channel_consented: contact.other_channel_consented,
            language: contact.language,
        }
    }
}
