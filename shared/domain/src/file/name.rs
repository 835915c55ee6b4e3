//! Names of files, as people gave them and as another person's computer will store them.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::FileType;
use crate::text::{is_forbidden, is_invisible};

/// What RFC 8187 wants encoded, and some more that it does not.
const IN_HEADERS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// The most bytes of a name in UTF-8, which is what file systems allow.
const MAX_BYTES: usize = 255;

/// Why a name was refused. It never carries the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileNameProblem {
    /// Nothing visible was given.
    #[error("must not be empty")]
    Empty,
    /// The name is longer than a file system takes.
    #[error("must have at most 255 bytes in UTF-8")]
    TooLong,
    /// A control character, a line break, or a character that turns the text around it, and so can
    /// hide the ending.
    #[error("must not contain control, line-break or text-direction characters")]
    ForbiddenCharacter,
    /// A `/` or a `\`, or a name that begins with a dot.
    #[error("must be the name of a file, not a path, and must not begin with a dot")]
    IsPath,
    /// The name ends in a blank or a dot, which some systems drop, with whatever it hid.
    #[error("must not begin with a blank, or end in a blank or a dot")]
    UncertainEnd,
    /// No `.` with letters or digits after it.
    #[error("must end in a dot and the ending of its type")]
    NoExtension,
    /// The ending is not one of the declared type.
    #[error("must have the ending of the declared type")]
    OtherExtension,
}

/// The name of a file of a known type: kept byte for byte as it was given.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FileName(String);

impl FileName {
    /// Checks the name of a file of `file_type`. Letter case of the ending does not count.
    pub fn parse(raw: &str, file_type: FileType) -> Result<Self, FileNameProblem> {
        let extension = checked(raw)?.to_ascii_lowercase();
        if !file_type.extensions().contains(&extension.as_str()) {
            return Err(FileNameProblem::OtherExtension);
        }
        Ok(Self(raw.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The `Content-Disposition` (RFC 6266) that makes a browser save the file under this name and
    /// never open it in the page: a fallback in ASCII, and the name itself in RFC 8187's encoding.
    pub fn content_disposition(&self) -> String {
        // `%` would be decoded by some browsers, a quote would end the value.
        let safe =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ' | '(' | ')');
        let fallback: String = self.0.chars().map(|c| if safe(c) { c } else { '_' }).collect();
        let encoded = utf8_percent_encode(&self.0, IN_HEADERS);
        format!("attachment; filename=\"{fallback}\"; filename*=UTF-8''{encoded}")
    }
}

/// The ending of a name that may be used.
fn checked(name: &str) -> Result<&str, FileNameProblem> {
    if name.chars().any(|c| is_forbidden(c) || (is_invisible(c) && !may_be_inside(c))) {
        return Err(FileNameProblem::ForbiddenCharacter);
    }
    if name.chars().all(is_invisible) {
        return Err(FileNameProblem::Empty);
    }
    if name.len() > MAX_BYTES {
        return Err(FileNameProblem::TooLong);
    }
    if name.starts_with('.') || name.contains(['/', '\\']) {
        return Err(FileNameProblem::IsPath);
    }
    let uncertain = |c: char| is_invisible(c);
    if name.starts_with(uncertain) || name.ends_with(|c| uncertain(c) || c == '.') {
        return Err(FileNameProblem::UncertainEnd);
    }
    match name.rsplit_once('.') {
        Some((_, extension)) if extension.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            Ok(extension)
        }
        _ => Err(FileNameProblem::NoExtension),
    }
}

/// Whether an invisible character belongs to writing: blanks, and what shapes the letters or the
/// emoji beside it.
fn may_be_inside(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

/// Shows the length only, since a name can say what a file is about.
impl fmt::Debug for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FileName({} bytes)", self.0.len())
    }
}

impl<'de> Deserialize<'de> for FileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        checked(&name).map_err(D::Error::custom)?;
        Ok(Self(name))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn pdf(name: &str) -> Result<FileName, FileNameProblem> {
        FileName::parse(name, FileType::Pdf)
    }

    fn decoded(disposition: &str) -> String {
        let encoded = disposition.split("UTF-8''").nth(1).unwrap();
        let mut bytes = Vec::new();
        let mut rest = encoded.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'%' {
                let pair = [rest.next().unwrap(), rest.next().unwrap()];
                let pair = std::str::from_utf8(&pair).unwrap();
                bytes.push(u8::from_str_radix(pair, 16).unwrap());
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn capital_and_long_endings_are_the_same_type() {
        assert!(FileName::parse("IMG_7872.JPG", FileType::Jpeg).is_ok());
        assert!(FileName::parse("scan.PDF", FileType::Pdf).is_ok());
        assert!(FileName::parse("photo.jpeg", FileType::Jpeg).is_ok());
    }

    #[test]
    fn a_name_says_the_declared_type_or_is_refused() {
        let other = Err(FileNameProblem::OtherExtension);
        assert_eq!(FileName::parse("photo.jfif", FileType::Jpeg), other);
        assert_eq!(FileName::parse("IMG_0001.HEIC", FileType::Jpeg), other);
        assert_eq!(pdf("invoice.pdf.exe"), other);
        assert_eq!(pdf("photo"), Err(FileNameProblem::NoExtension));
        assert_eq!(pdf("photo.p df"), Err(FileNameProblem::NoExtension));
    }

    #[test]
    fn what_hides_the_ending_or_leaves_the_folder_is_refused() {
        use FileNameProblem::{Empty, ForbiddenCharacter, IsPath, TooLong, UncertainEnd};
        for (name, problem) in [
            ("invoice\u{202E}gpj.exe.pdf", ForbiddenCharacter),
            ("filename.\u{2067}\u{2068}jpg\u{2069}.pdf", ForbiddenCharacter),
            ("a\u{200E}.pdf", ForbiddenCharacter),
            ("a\u{200F}.pdf", ForbiddenCharacter),
            ("a\u{061C}.pdf", ForbiddenCharacter),
            ("a\u{200B}.pdf", ForbiddenCharacter),
            ("a\0.pdf", ForbiddenCharacter),
            ("a\r\nSet-Cookie: x.pdf", ForbiddenCharacter),
            ("a\u{8}.pdf", ForbiddenCharacter),
            ("a\u{1b}.pdf", ForbiddenCharacter),
            ("a\u{7f}.pdf", ForbiddenCharacter),
            ("a\u{85}.pdf", ForbiddenCharacter),
            ("a\u{2028}.pdf", ForbiddenCharacter),
            ("../../etc/x.pdf", IsPath),
            ("..\\x.pdf", IsPath),
            ("a/b.pdf", IsPath),
            (".pdf", IsPath),
            ("a.pdf.", UncertainEnd),
            ("a.pdf ", UncertainEnd),
            (" a.pdf", UncertainEnd),
            ("", Empty),
            ("  ", Empty),
            (&format!("{}.pdf", "a".repeat(252)), TooLong),
            (&format!("{}.pdf", "é".repeat(126)), TooLong),
            (&"a".repeat(300), TooLong),
        ] {
            assert_eq!(pdf(name), Err(problem), "{name:?}");
        }
        assert!(pdf(&format!("{}.pdf", "a".repeat(251))).is_ok());
    }

    #[test]
    fn any_writing_is_served_under_its_own_name_with_a_fallback() {
        for (name, fallback) in [
            ("Café.pdf", "Caf_.pdf"),
            ("Cafe\u{301}.pdf", "Cafe_.pdf"),
            ("résumé médical – 2026.pdf", "r_sum_ m_dical _ 2026.pdf"),
            ("a b+c&d=e%20.pdf", "a b_c_d_e_20.pdf"),
            ("😬.pdf", "_.pdf"),
            ("👩‍👩‍👧.pdf", "_____.pdf"),
            ("Lahjة.pdf", "Lahj_.pdf"),
            ("שלום.pdf", "____.pdf"),
            ("می‌خواهم.pdf", "________.pdf"),
            ("it's \"mine\"; x=y.pdf", "it_s _mine__ x_y.pdf"),
        ] {
            let parsed = pdf(name).unwrap();
            let disposition = parsed.content_disposition();
            assert_eq!(decoded(&disposition), name);
            assert!(
                disposition.starts_with(&format!("attachment; filename=\"{fallback}\";")),
                "{disposition}"
            );
            let json = serde_json::to_string(&parsed).unwrap();
            assert_eq!(serde_json::from_str::<FileName>(&json).unwrap(), parsed);
        }
    }

    #[test]
    fn neither_errors_nor_debug_repeat_the_name() {
        let secret = pdf("biopsy.pdf").unwrap();
        assert_eq!(format!("{secret:?}"), "FileName(10 bytes)");
        let error = serde_json::from_str::<FileName>("\"biopsy/x\"").unwrap_err();
        assert!(!error.to_string().contains("biopsy"), "{error}");
    }

    proptest! {
        #[test]
        fn a_header_is_one_line_of_ascii_and_decodes(name in "\\PC{1,60}") {
            let Ok(name) = pdf(&format!("{name}.pdf")) else { return Ok(()) };
            let header = name.content_disposition();
            prop_assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(header.matches('"').count(), 2);
            prop_assert_eq!(decoded(&header), name.as_str());
        }
    }
}
