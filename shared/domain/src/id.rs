//! Identifiers. One type per entity, so that one cannot stand where another belongs.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest identifier, in characters.
pub const MAX_ID_CHARACTERS: usize = 64;

/// An identifier that is not 1 to 64 characters of `A-Z a-z 0-9 _ -`.
///
/// The alphabet has no separator of a storage key, so two identifiers can never run together into
/// a third one's key. The refused value is not repeated here: it may come from anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an identifier is 1 to 64 characters of A-Z, a-z, 0-9, _ and -")]
pub struct InvalidId;

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        ///
        /// 1 to 64 characters of `A-Z a-z 0-9 _ -`. Letter case counts: two spellings are two ids.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses an identifier that came from outside.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                checked(text).map(|text| Self(text.to_owned()))
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                checked(&text)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )+};
}

identifiers! {
    /// A clinic, the tenant of everything else.
    ClinicId;
    /// A patient's record in one clinic.
    PatientId;
    /// A member of a clinic's staff.
    StaffId;
    /// A group of a clinic's staff.
    GroupId;
    /// A person's account in the patient app, across clinics.
    AccountId;
    /// A machine client or an operator, as its issuer names it.
    ClientId;
    /// A conversation about one patient.
    ConversationId;
    /// An uploaded file.
    AttachmentId;
    /// A message template of a clinic.
    TemplateId;
    /// A document of a patient's chart, as the chart system names it.
    DocumentId;
    /// A kind of chart document, in the chart system's words: `lab_result`, `referral`.
    DocumentKind;
    /// What the link of a notice carries: it leads to a conversation for whoever may read it, and
    /// tells nobody else anything.
    LinkReference;
}

impl LinkReference {
    /// How many characters those have that are made here: 122 random bits, in hexadecimal.
    pub const CHARACTERS: usize = 32;
}

fn checked(text: &str) -> Result<&str, InvalidId> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=MAX_ID_CHARACTERS).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text)
    } else {
        Err(InvalidId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_keeps_its_letter_case() {
        assert_ne!(StaffId::parse("S1"), StaffId::parse("s1"));
        assert_eq!(StaffId::parse("s-1_A").map(String::from), Ok("s-1_A".to_owned()));
    }

    #[test]
    fn what_could_split_or_escape_a_key_is_refused() {
        for bad in
            ["", "a#b", "a/b", "a?admin=true", "a%25", "a+b", "\0", "../x", "é", " a", "a\n", "a b"]
        {
            assert_eq!(ClinicId::parse(bad), Err(InvalidId), "{bad:?}");
        }
        assert!(ClinicId::parse(&"a".repeat(64)).is_ok());
        assert_eq!(ClinicId::parse(&"a".repeat(65)), Err(InvalidId));
    }
}
