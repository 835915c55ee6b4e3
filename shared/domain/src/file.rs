//! Files as they are promised and as they are found: their names, types and fingerprints, and why
//! one is turned away.

mod name;
mod types;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use name::{FileName, FileNameProblem};
pub use types::FileType;

/// The most bytes that any file may have, whatever a clinic sets (25 MiB). The inspection holds a
/// whole file in memory.
pub const MAX_FILE_BYTES: u64 = 25 * 1024 * 1024;

/// The SHA-256 of a file's bytes. As text: 64 characters of `0-9 a-f`.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256([u8; 32]);

/// A fingerprint that is not 64 characters of `0-9 a-f`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 is 64 characters of 0-9 and a-f")]
pub struct InvalidSha256;

impl Sha256 {
    /// The fingerprint that was computed as these bytes.
    pub fn of_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Parses what came from outside. Capital letters are refused: one spelling is one value.
    pub fn parse(text: &str) -> Result<Self, InvalidSha256> {
        let mut bytes = [0; 32];
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(InvalidSha256);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().try_fold(0, |value, digit| match digit {
                b'0'..=b'9' => Ok(value << 4 | (digit - b'0')),
                b'a'..=b'f' => Ok(value << 4 | (digit - b'a' + 10)),
                _ => Err(InvalidSha256),
            })?;
        }
        Ok(Self(bytes))
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// Shows nothing of it: a fingerprint tells who knows a file that this is it.
impl fmt::Debug for Sha256 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sha256")
    }
}

impl TryFrom<String> for Sha256 {
    type Error = InvalidSha256;

    fn try_from(text: String) -> Result<Self, InvalidSha256> {
        Self::parse(&text)
    }
}

impl From<Sha256> for String {
    fn from(sha: Sha256) -> Self {
        sha.to_string()
    }
}

/// Why a file is turned away after its upload (product rule "Attachments").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// It has no bytes, or not as many as promised.
    LengthDiffers,
    /// Its bytes have another SHA-256 than promised.
    HashDiffers,
    /// Its content is of another type than its name and declared type say, or of several at once.
    WrongType,
    /// It is cut off or cannot be read as what it is.
    Damaged,
    /// The picture has more pixels than are decoded.
    TooManyPixels,
    /// What is packed in it is too large, too much, or packed too tightly.
    ExpandsTooMuch,
    /// It needs a password, so nobody can tell what is in it.
    Encrypted,
    /// It carries a script or a macro.
    HasScript,
    /// It starts a program, opens another file or sends data when it is opened.
    HasAction,
    /// It carries other files.
    HasEmbeddedFile,
    /// The malware scan found something.
    Malware,
    /// The malware scan could not tell.
    NotScannable,
    /// No result of the malware scan came within an hour.
    NoVerdict,
    /// The chart's copy is not there, or is larger than a file may be.
    CopyFailed,
}

impl Rejection {
    /// Every reason.
    pub const ALL: [Self; 14] = [
        Self::LengthDiffers,
        Self::HashDiffers,
        Self::WrongType,
        Self::Damaged,
        Self::TooManyPixels,
        Self::ExpandsTooMuch,
        Self::Encrypted,
        Self::HasScript,
        Self::HasAction,
        Self::HasEmbeddedFile,
        Self::Malware,
        Self::NotScannable,
        Self::NoVerdict,
        Self::CopyFailed,
    ];

    /// The stable name, as answers and records show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LengthDiffers => "length_differs",
            Self::HashDiffers => "hash_differs",
            Self::WrongType => "wrong_type",
            Self::Damaged => "damaged",
            Self::TooManyPixels => "too_many_pixels",
            Self::ExpandsTooMuch => "expands_too_much",
            Self::Encrypted => "encrypted",
            Self::HasScript => "has_script",
            Self::HasAction => "has_action",
            Self::HasEmbeddedFile => "has_embedded_file",
            Self::Malware => "malware",
            Self::NotScannable => "not_scannable",
            Self::NoVerdict => "no_verdict",
            Self::CopyFailed => "copy_failed",
        }
    }

    /// What to do about it, for the person who sent the file.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::LengthDiffers | Self::HashDiffers => "Upload the file again.",
            Self::WrongType => {
                "Save the file as one of the types that are allowed, with the name's ending to match."
            }
            Self::Damaged => "Open the file, save it anew and upload that.",
            Self::TooManyPixels => "Make the picture smaller, to 50 million pixels at most.",
            Self::ExpandsTooMuch => "Send what is in the file as several smaller files.",
            Self::Encrypted => "Save the file without a password.",
            Self::HasScript => "Save the file without scripts and macros, or print it to a PDF.",
            Self::HasAction => "Print the document to a new PDF and upload that.",
            Self::HasEmbeddedFile => "Send the files that it carries one by one.",
            Self::Malware | Self::NotScannable => {
                "Do not open the file; ask for a copy from another source."
            }
            Self::NoVerdict => "Upload the file again later.",
            Self::CopyFailed => "Register the document again, from an object that is there.",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_fingerprint_has_one_spelling() {
        let text = format!("{}ff", "0a".repeat(31));
        let sha = Sha256::parse(&text).unwrap();
        assert_eq!(sha.to_string(), text);
        assert_eq!(sha.as_bytes().last(), Some(&255));
        for bad in ["", "0a", &text.to_uppercase(), &text.replace('0', "g"), &format!("{text}0")] {
            assert_eq!(Sha256::parse(bad), Err(InvalidSha256), "{bad}");
        }
        assert_eq!(format!("{sha:?}"), "Sha256");
    }

    #[test]
    fn each_rejection_has_its_name_and_its_remedy() {
        let names: HashSet<_> = Rejection::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(names.len(), Rejection::ALL.len());
        for reason in Rejection::ALL {
            let json = serde_json::to_value(reason).unwrap();
            assert_eq!(json, reason.as_str());
            assert!(reason.remedy().ends_with('.'));
        }
    }
}
