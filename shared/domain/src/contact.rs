//! Addresses that notices go to: email addresses and text-message numbers.
//!
//! Each is parsed once into one canonical form, so that consent, opt-outs and provider feedback,
//! which belong to the address, meet the same spelling everywhere. Errors and debug prints never
//! repeat an address.

use std::borrow::Cow;
use std::fmt;

use idna::uts46::{self, AsciiDenyList, DnsLength, Hyphens, Uts46};
use phonenumber::{Mode, Type, country};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::text::is_invisible;

/// The longest local part of an email address, in bytes (RFC 5321, 4.5.3.1.1).
pub const MAX_LOCAL_PART_BYTES: usize = 64;

/// The longest email address, in bytes, with its domain as the DNS knows it (RFC 5321, 4.5.3.1.3).
pub const MAX_EMAIL_BYTES: usize = 254;

/// Why an email address was refused. It never carries the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailProblem {
    /// Nothing but blanks and invisible characters.
    #[error("must not be empty")]
    Empty,
    /// The local part or the whole address is longer than mail can carry.
    #[error("is longer than an email address can be")]
    TooLong,
    /// The part before the `@` is quoted. The mail standard allows that, but hardly any provider
    /// does, so it is refused on purpose.
    #[error("must not have a quoted part before the @")]
    QuotedLocalPart,
    /// The domain is an IP address, or has no top-level domain.
    #[error("must have a domain name with a top-level domain after the @")]
    DomainWithoutTopLevel,
    /// Anything else that is not `name@domain.tld`.
    #[error("must look like name@domain.tld")]
    Malformed,
}

/// An email address: an ASCII local part without quotes, and a domain name that may be
/// internationalised.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Checks `raw`, without the blanks and invisible characters around it.
    pub fn parse(raw: &str) -> Result<Self, EmailProblem> {
        let address = raw.trim_matches(is_invisible);
        if address.is_empty() {
            return Err(EmailProblem::Empty);
        }
        let (local, domain) = address.rsplit_once('@').ok_or(EmailProblem::Malformed)?;
        if local.starts_with('"') && local.ends_with('"') && local.len() > 1 {
            return Err(EmailProblem::QuotedLocalPart);
        }
        if domain.starts_with('[') && domain.ends_with(']') {
            return Err(EmailProblem::DomainWithoutTopLevel);
        }
        if !local.is_ascii() {
            return Err(EmailProblem::Malformed);
        }
        let options = email_address::Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        email_address::EmailAddress::parse_with_options(address, options)
            .map_err(EmailProblem::from)?;

        let ascii_domain = ascii_domain(domain).ok_or(EmailProblem::Malformed)?;
        if !has_top_level(&ascii_domain) {
            return Err(EmailProblem::DomainWithoutTopLevel);
        }
        if local.len() > MAX_LOCAL_PART_BYTES
            || !uts46::verify_dns_length(&ascii_domain, false)
            || local.len() + 1 + ascii_domain.len() > MAX_EMAIL_BYTES
        {
            return Err(EmailProblem::TooLong);
        }
        Ok(Self(address.to_owned()))
    }

    /// The address as it was typed, without the blanks around it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address for a mail provider: its domain in the ASCII form of the DNS, its local part
    /// untouched.
    pub fn to_ascii(&self) -> String {
        let (local, domain) = self.parts();
        format!("{local}@{domain}")
    }

    /// The address for comparing: the ASCII form in lower case. The standard lets a host tell
    /// letter cases of the local part apart, but none that matters does, and providers report
    /// addresses in cases of their own.
    pub fn folded(&self) -> String {
        let (local, domain) = self.parts();
        format!("{}@{}", local.to_ascii_lowercase(), domain.to_ascii_lowercase())
    }

    /// The local part, and the domain in ASCII.
    fn parts(&self) -> (&str, Cow<'_, str>) {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        (local, ascii_domain(domain).unwrap_or(Cow::Borrowed(domain)))
    }
}

impl From<email_address::Error> for EmailProblem {
    fn from(error: email_address::Error) -> Self {
        use email_address::Error;
        match error {
            Error::LocalPartTooLong | Error::DomainTooLong | Error::SubDomainTooLong => {
                Self::TooLong
            }
            Error::DomainTooFew | Error::UnsupportedDomainLiteral => Self::DomainWithoutTopLevel,
            _ => Self::Malformed,
        }
    }
}

/// Hides the address, since a debug print can end in a log.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Why a number for text messages was refused. It never carries the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmsProblem {
    /// Nothing but blanks, invisible characters and separators.
    #[error("must not be empty")]
    Empty,
    /// A letter or another character that no phone number has. An extension is one too.
    #[error("must have only digits, separators and a leading +")]
    ForbiddenCharacter,
    /// The digits are no number of any numbering plan.
    #[error("is not a valid phone number")]
    Invalid,
    /// A toll-free number, which is a company's and cannot be relied on to receive texts.
    #[error("must not be a toll-free number")]
    TollFree,
    /// A valid number of a kind that receives no texts: a landline where the plan tells them
    /// apart, a premium-rate or shared-cost number, a pager, a voicemail box.
    #[error("must be a number that can receive text messages")]
    NotTextable,
}

/// A phone number that can receive text messages, in E.164 form (`+16135550100`).
///
/// [`SmsNumber::parse`] is for numbers that come from people and other systems: it knows the
/// numbering plans of the world, which costs memory and start-up time. Deserialising is for stored
/// numbers, which passed it once, and checks the form only: so a function that never parses a
/// number does not carry the plans.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct SmsNumber(String);

impl SmsNumber {
    /// Reads a number as people write it. Without a leading `+` it is read as dialled in Canada.
    pub fn parse(raw: &str) -> Result<Self, SmsProblem> {
        let dialled = normalized(raw)?;
        let number =
            phonenumber::parse(Some(country::CA), dialled).map_err(|_| SmsProblem::Invalid)?;
        if !number.is_valid() {
            return Err(SmsProblem::Invalid);
        }
        match number.number_type(&phonenumber::metadata::DATABASE) {
            Type::Mobile | Type::FixedLineOrMobile | Type::Voip | Type::PersonalNumber => {}
            Type::TollFree => return Err(SmsProblem::TollFree),
            _ => return Err(SmsProblem::NotTextable),
        }
        Self::from_e164(&number.format().mode(Mode::E164).to_string())
    }

    /// Loads the numbering plans, which the first [`SmsNumber::parse`] would otherwise wait for:
    /// measured at 90 ms of a whole core and 6 MB. A function that parses numbers calls this in its
    /// start-up, where Lambda lends more processor time than an invocation has.
    pub fn load_numbering_plans() {
        let known_good = Self::parse("+16135550100");
        debug_assert!(known_good.is_ok());
    }

    /// Takes a number that is in E.164 form already: `+`, then 8 to 15 digits of which the first
    /// is not 0 (ITU-T E.164). Whether the number exists is not checked.
    pub fn from_e164(number: &str) -> Result<Self, SmsProblem> {
        let digits = number.strip_prefix('+').ok_or(SmsProblem::Invalid)?;
        let well_formed = (8..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if well_formed { Ok(Self(number.to_owned())) } else { Err(SmsProblem::Invalid) }
    }

    /// The number in E.164 form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hides the number, since a debug print can end in a log.
impl fmt::Debug for SmsNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmsNumber(..)")
    }
}

impl<'de> Deserialize<'de> for SmsNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_e164(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The domain as the DNS knows it, in lower case, if it can be one. Its length is not checked.
fn ascii_domain(domain: &str) -> Option<Cow<'_, str>> {
    Uts46::new()
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Ignore,
        )
        .ok()
}

/// Whether the last label of an ASCII domain can be a top-level domain: two characters at least,
/// and not a number, which would make the domain an IP address.
fn has_top_level(ascii_domain: &str) -> bool {
    ascii_domain
        .rsplit_once('.')
        .is_some_and(|(_, last)| last.len() >= 2 && !last.bytes().all(|b| b.is_ascii_digit()))
}

/// Reduces what was typed or pasted to digits with an optional leading `+`.
fn normalized(raw: &str) -> Result<String, SmsProblem> {
    let mut dialled = String::with_capacity(raw.len());
    for c in raw.chars() {
        if is_invisible(c) || is_separator(c) {
            continue;
        }
        match c {
            '+' | '\u{FF0B}' if dialled.is_empty() => dialled.push('+'),
            _ => dialled.push(decimal_digit(c).ok_or(SmsProblem::ForbiddenCharacter)?),
        }
    }
    if dialled.is_empty() { Err(SmsProblem::Empty) } else { Ok(dialled) }
}

/// Whether `c` only groups the digits of a number, in ASCII or in a typographic or full-width form.
fn is_separator(c: char) -> bool {
    matches!(
        c,
        '-' | '.' | '(' | ')' | '/'
            | '\u{00B7}' // middle dot
            | '\u{2010}'
            ..='\u{2015}' // hyphens and dashes
            | '\u{2022}' // bullet
            | '\u{2212}' // minus
            | '\u{FE58}' | '\u{FE63}' // small dash and hyphen
            | '\u{FF08}' | '\u{FF09}' | '\u{FF0D}' | '\u{FF0E}' | '\u{FF0F}' // full-width forms
    )
}

/// The ASCII digit that `c` stands for: ASCII, full-width, Arabic-Indic or Persian.
fn decimal_digit(c: char) -> Option<char> {
    let zero = match c {
        '0'..='9' => '0',
        '\u{FF10}'..='\u{FF19}' => '\u{FF10}',
        '\u{0660}'..='\u{0669}' => '\u{0660}',
        '\u{06F0}'..='\u{06F9}' => '\u{06F0}',
        _ => return None,
    };
    char::from_digit(u32::from(c) - u32::from(zero), 10)
}

#[cfg(test)]
mod tests;
