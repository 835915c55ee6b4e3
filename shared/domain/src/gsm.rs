//! Length of a text message in the GSM 7-bit alphabet.
//!
//! A message whose every character is in the alphabet may have 160 septets. One character outside
//! it turns the whole message into UCS-2, where only 70 fit. So texts that the product sends are
//! measured when they are saved, and nothing is silently replaced (product rule).

/// The most septets of a single text message (3GPP TS 23.040).
pub const MAX_SEPTETS: usize = 160;

/// The most offending characters that [`NotGsm7`] names.
pub const MAX_NAMED: usize = 5;

/// The basic character set of 3GPP TS 23.038, one septet each, without the escape code.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// The extension table of 3GPP TS 23.038: an escape code and a character, so two septets each.
const EXTENSION: &str = "\u{000C}^{}\\[~]|€";

/// A character that is not in the GSM 7-bit alphabet, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offender {
    /// The character.
    pub character: char,
    /// Its position in the text, counted in Unicode scalar values from 0.
    pub position: usize,
}

/// The text cannot be sent in the GSM 7-bit alphabet.
///
/// The offenders are for the person who is writing the text; the message does not repeat them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("contains characters that a text message cannot hold")]
pub struct NotGsm7 {
    /// The first offending characters in reading order, at most [`MAX_NAMED`].
    pub offenders: Vec<Offender>,
}

/// Counts the septets of `text`: one for a character of the basic set, two for one of the extension
/// table (`^`, `{`, `}`, `\`, `[`, `~`, `]`, `|`, `€` and the form feed).
pub fn gsm7_length(text: &str) -> Result<usize, NotGsm7> {
    let offenders: Vec<Offender> = text
        .chars()
        .enumerate()
        .filter(|(_, c)| septets(*c).is_none())
        .map(|(position, character)| Offender { character, position })
        .take(MAX_NAMED)
        .collect();
    if offenders.is_empty() {
        Ok(text.chars().filter_map(septets).sum())
    } else {
        Err(NotGsm7 { offenders })
    }
}

/// The septets that `c` takes, if the alphabet has it.
fn septets(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else if EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// The offending characters of `text` and their positions.
    fn offenders(text: &str) -> Vec<(char, usize)> {
        let refused = gsm7_length(text).unwrap_err();
        refused.offenders.iter().map(|o| (o.character, o.position)).collect()
    }

    #[test]
    fn the_alphabet_is_complete() {
        // 128 codes, less the escape; and the ten extension characters.
        assert_eq!(BASIC.chars().collect::<HashSet<_>>().len(), 127);
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(EXTENSION.chars().count(), 10);
    }

    #[test]
    fn counts_septets() {
        for (text, length) in [
            (String::new(), 0),
            ("a".repeat(160), 160),
            (format!("{}]", "a".repeat(159)), 161),
            ("]".repeat(80), 160),
            ("[".repeat(160), 320),
            ("€".into(), 2),
            ("^{}\\[~]|€\u{000C}".into(), 20),
            ("Vous avez reçu".replace('ç', "c"), 14),
            ("à è é ù É Ç".into(), 11),
            ("line\nfeed\rreturn".into(), 16),
            ("Δ_ΦΓΛΩΠΨΣΘΞ".into(), 11),
        ] {
            assert_eq!(gsm7_length(&text), Ok(length), "{text}");
        }
    }

    #[test]
    fn names_what_does_not_fit() {
        assert_eq!(offenders("L’équipe"), [('’', 1)]);
        assert_eq!(offenders("Façade"), [('ç', 2)]);
        assert_eq!(gsm7_length("FAÇADE"), Ok(6));
        assert_eq!(offenders("Noël à l'hôpital"), [('ë', 2), ('ô', 10)]);
        assert_eq!(offenders("œuf"), [('œ', 0)]);
        assert_eq!(offenders("Ouvrez\u{00A0}: …"), [('\u{00A0}', 6), ('…', 9)]);
        assert_eq!(offenders("a\tb"), [('\t', 1)]);
        assert_eq!(offenders("tête"), [('ê', 1)]);
        assert_eq!(offenders("e\u{0301}"), [('\u{0301}', 1)]);
        assert_eq!(offenders("ok \u{200B}"), [('\u{200B}', 3)]);
        assert_eq!(offenders("`"), [('`', 0)]);
        assert_eq!(offenders("👋 a"), [('👋', 0)]);
    }

    #[test]
    fn names_five_at_most() {
        let named = offenders("âêîôûïëœç");
        assert_eq!(named, [('â', 0), ('ê', 1), ('î', 2), ('ô', 3), ('û', 4)]);
    }

    proptest! {
        #[test]
        fn length_is_between_once_and_twice_the_characters(text in any::<String>()) {
            match gsm7_length(&text) {
                Ok(length) => {
                    let characters = text.chars().count();
                    prop_assert!((characters..=2 * characters).contains(&length));
                }
                Err(NotGsm7 { offenders }) => {
                    prop_assert!((1..=MAX_NAMED).contains(&offenders.len()));
                    for offender in offenders {
                        prop_assert_eq!(text.chars().nth(offender.position), Some(offender.character));
                    }
                }
            }
        }
    }
}
