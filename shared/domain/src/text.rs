//! Short plain-text values that people type: titles and names.
//!
//! A value is what was typed, with the blanks around it trimmed and nothing inside changed: what
//! goes in comes out byte for byte, and a character that must not be there refuses the value
//! instead of vanishing from it. Lengths count Unicode scalar values (Rust's `char`), so that one
//! limit is the same for every script and is easy for a client to check.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Why a plain-text value was refused. It never carries the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextProblem {
    /// Nothing visible was typed: no characters, or only blanks and zero-width characters.
    #[error("must not be empty")]
    Empty,
    /// More characters than allowed, counted after trimming.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The most Unicode scalar values the value may have.
        max: usize,
    },
    /// A control character, a line break of any kind, or a character that changes the direction
    /// of the text around it.
    #[error("must not contain control, line-break or text-direction characters")]
    ForbiddenCharacter,
}

/// Defines a newtype over [`String`] that can only hold a valid plain-text value.
macro_rules! plain_text {
    ($(#[$doc:meta])* $name:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The most characters (Unicode scalar values) this value may have (product rule).
            pub const MAX_CHARACTERS: usize = $max;

            /// Checks `raw` and trims the blanks around it.
            pub fn parse(raw: &str) -> Result<Self, TextProblem> {
                checked(raw, Self::MAX_CHARACTERS).map(|text| Self(text.to_owned()))
            }

            /// The value as it was typed, without the blanks around it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// Shows the length only, since a debug print can end in a log.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({} characters)"), self.0.chars().count())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let raw = String::deserialize(deserializer)?;
                Self::parse(&raw).map_err(D::Error::custom)
            }
        }
    };
}

plain_text! {
    /// The title of a conversation.
    Title, 200
}

impl Title {
    /// What stands for a title that is being refused. It is never stored.
    pub(crate) fn none() -> Self {
        Self(String::new())
    }
}

plain_text! {
    /// The name of a person as others see it.
    DisplayName, 100
}

plain_text! {
    /// The name of a clinic as patients know it.
    ClinicName, 100
}

plain_text! {
    /// A clinic's phone number as patients are told it, with an extension where there is one.
    ClinicPhone, 50
}

plain_text! {
    /// Whom a clinic's patients are to call in an emergency.
    EmergencyLine, 100
}

/// Whether `c` shows nothing on its own, so that a text made only of such characters is empty:
/// blanks, control characters, and the zero-width, filler, format and tag characters of Unicode.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '\u{00AD}' // soft hyphen
                | '\u{034F}' // combining grapheme joiner
                | '\u{061C}' // Arabic letter mark
                | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' // Hangul fillers
                | '\u{17B4}' | '\u{17B5}' // Khmer inherent vowels
                | '\u{180B}'..='\u{180F}' // Mongolian selectors and vowel separator
                | '\u{200B}'..='\u{200F}' // zero-width space and joiners, direction marks
                | '\u{202A}'..='\u{202E}' // direction embeddings and overrides
                | '\u{2060}'..='\u{206F}' // word joiner, invisible operators, direction isolates
                | '\u{2800}' // Braille blank
                | '\u{FE00}'..='\u{FE0F}' // variation selectors
                | '\u{FEFF}' // byte order mark
                | '\u{FFF0}'..='\u{FFFB}' // unassigned ignorables, interlinear annotation
                | '\u{E0000}'..='\u{E0FFF}' // tags, variation selectors supplement
        )
}

/// Whether `c` is refused in plain text: it could break a line of a mail header or a list, or show
/// the text around it in another order than it is stored. Letters of right-to-left scripts need no
/// such character and are welcome.
pub(crate) fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' // line and paragraph separators
                | '\u{061C}' | '\u{200E}' | '\u{200F}' // direction marks
                | '\u{202A}'..='\u{202E}' // direction embeddings and overrides
                | '\u{2066}'..='\u{2069}' // direction isolates
        )
}

/// The one check behind every plain-text type. Forbidden characters are looked for before
/// trimming, so that even a trailing line break is refused and not silently dropped.
fn checked(raw: &str, max: usize) -> Result<&str, TextProblem> {
    if raw.chars().any(is_forbidden) {
        return Err(TextProblem::ForbiddenCharacter);
    }
    if raw.chars().all(is_invisible) {
        return Err(TextProblem::Empty);
    }
    let text = raw.trim_matches(is_blank);
    if text.chars().count() > max {
        return Err(TextProblem::TooLong { max });
    }
    Ok(text)
}

/// Whether `c` is trimmed from the ends. The joiners are not: they shape the letters of Persian
/// and of Indic scripts next to them.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn returns_a_title_byte_for_byte() {
        for typed in [
            r#"Q & A: "it's" <b>3 < 4</b> &amp;"#,
            "a  b\u{00A0}c",
            "e\u{301} and é",
            "👩‍👩‍👧 rendez-vous",
            "می‌خواهم",
            "مرحبا بكم",
            "שלום עולם",
            "{{patient_name}}",
        ] {
            assert_eq!(Title::parse(typed).unwrap().as_str(), typed);
            let json = serde_json::to_string(&Title::parse(typed).unwrap()).unwrap();
            assert_eq!(serde_json::from_str::<Title>(&json).unwrap().as_str(), typed);
            assert_eq!(json, serde_json::to_string(typed).unwrap());
        }
    }

    #[test]
    fn trims_the_blanks_around_and_only_those() {
        for typed in [" Results ", "\u{00A0}Results\u{3000}", "\u{200B}Results\u{FEFF}"] {
            assert_eq!(Title::parse(typed).unwrap().as_str(), "Results");
        }
        assert_eq!(Title::parse(" lab  results ").unwrap().as_str(), "lab  results");
    }

    #[test]
    fn a_value_that_shows_nothing_is_empty() {
        for typed in [
            "",
            " ",
            "   ",
            "\u{00A0}",
            "\u{3000}",
            "\u{200B}",
            "\u{200B} \u{200D}",
            "\u{FEFF}",
            "\u{2060}",
            "\u{00AD}",
            "\u{3164}",
            "\u{2800}",
            "\u{FE0F}",
            "\u{E0020}",
            "\u{180E}",
        ] {
            assert_eq!(Title::parse(typed), Err(TextProblem::Empty), "{typed:?}");
            assert_eq!(DisplayName::parse(typed), Err(TextProblem::Empty), "{typed:?}");
            assert_eq!(ClinicName::parse(typed), Err(TextProblem::Empty), "{typed:?}");
        }
    }

    #[test]
    fn refuses_every_control_line_break_and_direction_character() {
        let controls = (0..=0x1F).chain(0x7F..=0x9F);
        let breaks = [0x2028, 0x2029];
        let directions =
            [0x061C, 0x200E, 0x200F].into_iter().chain(0x202A..=0x202E).chain(0x2066..=0x2069);
        for code in controls.chain(breaks).chain(directions) {
            let c = char::from_u32(code).unwrap();
            for typed in [format!("a{c}b"), format!("{c}ab"), format!("ab{c}"), c.to_string()] {
                assert_eq!(
                    Title::parse(&typed),
                    Err(TextProblem::ForbiddenCharacter),
                    "U+{code:04X}"
                );
            }
        }
        assert_eq!(Title::parse("\0\0\0"), Err(TextProblem::ForbiddenCharacter));
        assert_eq!(DisplayName::parse("a\0b"), Err(TextProblem::ForbiddenCharacter));
        assert_eq!(ClinicName::parse("a\r\nBcc: x"), Err(TextProblem::ForbiddenCharacter));
    }

    #[test]
    fn limits_count_characters_after_trimming() {
        for letter in ["a", "é", "例", "😬"] {
            let longest = letter.repeat(Title::MAX_CHARACTERS);
            assert_eq!(Title::parse(&format!("  {longest}  ")).unwrap().as_str(), longest);
            assert_eq!(
                Title::parse(&format!("{longest}{letter}")),
                Err(TextProblem::TooLong { max: 200 })
            );
        }
        assert!(DisplayName::parse(&"a".repeat(100)).is_ok());
        assert_eq!(DisplayName::parse(&"a".repeat(101)), Err(TextProblem::TooLong { max: 100 }));
        assert!(ClinicName::parse(&"a".repeat(100)).is_ok());
        assert_eq!(ClinicName::parse(&"a".repeat(101)), Err(TextProblem::TooLong { max: 100 }));
    }

    #[test]
    fn neither_errors_nor_debug_repeat_the_value() {
        let secret = "biopsy\u{202E}";
        let error = serde_json::from_value::<Title>(secret.into()).unwrap_err();
        assert!(!error.to_string().contains("biopsy"));
        assert_eq!(format!("{:?}", Title::parse("biopsy").unwrap()), "Title(6 characters)");
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_what_was_typed(typed in any::<String>()) {
            if let Ok(title) = Title::parse(&typed) {
                prop_assert!(typed.contains(title.as_str()));
                prop_assert!(title.as_str().chars().any(|c| !is_invisible(c)));
                prop_assert!(title.as_str().chars().count() <= Title::MAX_CHARACTERS);
                prop_assert_eq!(Title::parse(title.as_str()), Ok(title));
            }
        }
    }
}
