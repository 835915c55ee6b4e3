//! The names that make a PDF more than pages.

use domain::file::Rejection;

use super::lexer::{decoded, is_regular, is_white};

/// Names that do not stand in compressed data by chance, or in text but for what they are, so that they
/// are looked for in all bytes of a file: another reader may find objects where this one finds none.
const LONG: [(&[u8], Rejection); 15] = [
    (b"Encrypt", Rejection::Encrypted),
    (b"JavaScript", Rejection::HasScript),
    // A script of a three-dimensional picture.
    (b"OnInstantiate", Rejection::HasScript),
    (b"Launch", Rejection::HasAction),
    (b"SubmitForm", Rejection::HasAction),
    (b"ImportData", Rejection::HasAction),
    (b"GoToE", Rejection::HasAction),
    (b"GoToR", Rejection::HasAction),
    (b"RichMedia", Rejection::HasAction),
    (b"RichMediaExecute", Rejection::HasAction),
    (b"RichMediaContent", Rejection::HasAction),
    (b"RichMediaSettings", Rejection::HasAction),
    (b"EmbeddedFile", Rejection::HasEmbeddedFile),
    (b"EmbeddedFiles", Rejection::HasEmbeddedFile),
    (b"FileAttachment", Rejection::HasEmbeddedFile),
];

/// Names that are looked for in objects only, as keys and as values.
const SHORT: [(&[u8], Rejection); 6] = [
    (b"JS", Rejection::HasScript),
    (b"XFA", Rejection::HasScript),
    (b"Movie", Rejection::HasAction),
    (b"Sound", Rejection::HasAction),
    (b"EF", Rejection::HasEmbeddedFile),
    (b"Collection", Rejection::HasEmbeddedFile),
];

/// The longest name above, when each of its letters is escaped.
const LONGEST: usize = 3 * 20;

/// What was found, of which one reason is told: the first in the order of reasons, in which the one that
/// keeps others from being seen comes first.
#[derive(Default)]
pub struct Findings(Option<Rejection>);

impl Findings {
    /// Judges a name of an object.
    pub fn see(&mut self, name: &[u8]) {
        for (other, rejection) in LONG.iter().chain(&SHORT) {
            if *other == name {
                self.add(*rejection);
            }
        }
    }

    /// Judges whatever looks like a name in bytes that may hold anything.
    pub fn scan(&mut self, bytes: &[u8]) {
        for at in memchr::memchr_iter(b'/', bytes) {
            let rest = bytes.get(at + 1..).unwrap_or(&[]);
            // No name above begins otherwise; this passes over most of what is no name.
            if !matches!(
                rest,
                [b'E' | b'F' | b'G' | b'I' | b'J' | b'L' | b'O' | b'R' | b'S' | b'#', ..]
            ) {
                continue;
            }
            let length = rest.iter().take(LONGEST + 1).position(|byte| !is_regular(*byte));
            let name = rest.get(..length.unwrap_or(rest.len())).unwrap_or(&[]);
            if name.len() > LONGEST {
                continue;
            }
            let name = decoded(name);
            // An address is only looked for where the name would tell something new.
            if let Some((_, rejection)) = LONG.iter().find(|(other, _)| *other == name)
                && self.0.is_none_or(|worst| *rejection < worst)
                && !is_in_address(bytes.get(..at).unwrap_or(&[]))
            {
                self.add(*rejection);
            }
        }
    }

    /// Notes a reason that is not in a name.
    pub fn add(&mut self, rejection: Rejection) {
        self.0 = Some(self.0.map_or(rejection, |other| other.min(rejection)));
    }

    /// Refuses an encrypted file, in which nothing else can be read.
    pub fn refuse_encrypted(&self) -> Result<(), Rejection> {
        match self.0 {
            Some(Rejection::Encrypted) => Err(Rejection::Encrypted),
            _ => Ok(()),
        }
    }

    /// Refuses a file in which something was found.
    pub fn refuse(&self) -> Result<(), Rejection> {
        self.0.map_or(Ok(()), Err)
    }
}

/// How far before a `/` the beginning of an address is looked for.
const LONGEST_ADDRESS: usize = 256;

/// Whether what stands before a `/` is the beginning of a web address, in which such a word may well
/// stand. Objects are read for themselves, so this hides nothing in one.
fn is_in_address(before: &[u8]) -> bool {
    let tail = before.get(before.len().saturating_sub(LONGEST_ADDRESS)..).unwrap_or(before);
    let is_inside = |byte: u8| is_regular(byte) || byte == b'/';
    let begins = tail.iter().rposition(|byte| is_white(*byte) || !is_inside(*byte));
    let address = tail.get(begins.map_or(0, |at| at + 1)..).unwrap_or(&[]);
    address.starts_with(b"https://") || address.starts_with(b"http://")
}
