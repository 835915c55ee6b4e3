//! PDF documents: every object is read, whoever refers to it.
//!
//! A reader follows the table of objects from the end of the file. Which objects it arrives at is its
//! own affair: a broken table is repaired, and each repairs it otherwise. So nothing here follows the
//! table. Wherever `obj` stands in the file, also inside streams, strings and comments, what comes after
//! it is read as an object; what is in object streams is unpacked and read as well; and names that only
//! stand in dangerous objects are sought in all bytes. What any reader may find is a part of that.
//!
//! Nothing is taken out of a PDF, so it keeps its metadata: author, title, times, the program.

mod lexer;
mod names;
mod packed;
mod pages;

use domain::file::Rejection;
use memchr::memmem;

use self::lexer::{Lexer, Until, Value, is_white, read_object};
use self::names::Findings;
use self::packed::Packed;
use self::pages::Pages;
use crate::limits::Budget;
use crate::reader::find_last;

/// The most objects of one file.
const MAX_OBJECTS: u64 = 1_000_000;

/// The most bytes that the object streams and tables of a file may have together when unpacked.
const MAX_UNPACKED: u64 = 128 * 1024 * 1024;

/// How often each byte may be read. Objects lie one after another, so once is enough for every file that
/// was not made to be read over and over.
const MAX_READINGS: u64 = 8;

/// Checks that it is a document with pages, and has nothing that acts or carries files.
pub fn inspect(bytes: &[u8]) -> Result<(), Rejection> {
    check_end(bytes)?;
    let mut findings = Findings::default();
    findings.scan(bytes);
    let mut sweep = Sweep {
        findings,
        pages: Pages::default(),
        packed: Vec::new(),
        objects: Budget::new(MAX_OBJECTS),
        reading: reading_of(bytes),
    };
    for (at, word) in words(bytes, b"obj") {
        let number = object_number(bytes.get(..at).unwrap_or(&[]));
        sweep.object(bytes, word, Until::End, number)?;
    }
    for (_, word) in words(bytes, b"trailer") {
        sweep.object(bytes, word, Until::End, None)?;
    }
    sweep.findings.refuse_encrypted()?;
    sweep.unpack(bytes)?;
    sweep.findings.refuse()?;
    if sweep.pages.has_any() { Ok(()) } else { Err(Rejection::Damaged) }
}

/// Where a word begins and ends, wherever it stands. A letter beside it makes it another word; a digit may
/// do so or not, depending on the reader.
fn words<'a>(bytes: &'a [u8], word: &'static [u8]) -> impl Iterator<Item = (usize, usize)> + 'a {
    let is_letter =
        |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphabetic);
    memmem::find_iter(bytes, word)
        .map(|at| (at, at + word.len()))
        .filter(move |(at, end)| !is_letter(at.checked_sub(1)) && !is_letter(Some(*end)))
}

fn reading_of(bytes: &[u8]) -> Budget {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    Budget::new(length.saturating_mul(MAX_READINGS))
}

/// Nothing but blanks may follow the last end mark.
fn check_end(bytes: &[u8]) -> Result<(), Rejection> {
    const MARK: &[u8] = b"%%EOF";
    let end = find_last(bytes, MARK).ok_or(Rejection::Damaged)?;
    let mut rest = bytes.get(end + MARK.len()..).unwrap_or(&[]);
    while let [first, others @ ..] = rest
        && is_white(*first)
    {
        rest = others;
    }
    // An update of the document whose own end is missing.
    let is_cut_off = rest.first().is_some_and(u8::is_ascii_digit)
        && rest.get(..40).unwrap_or(rest).windows(4).any(|window| window == b" obj");
    match rest {
        [] => Ok(()),
        _ if is_cut_off => Err(Rejection::Damaged),
        _ => Err(Rejection::WrongType),
    }
}

/// The number before ` 0 obj`. An object without one is read, but no other can refer to it.
fn object_number(before: &[u8]) -> Option<u32> {
    let digits = |bytes: &mut &[u8]| {
        let blanks = bytes.iter().rev().take_while(|byte| is_white(**byte)).count();
        *bytes = bytes.get(..bytes.len() - blanks)?;
        let count = bytes.iter().rev().take(10).take_while(|byte| byte.is_ascii_digit()).count();
        let (rest, digits) = bytes.split_at_checked(bytes.len() - count)?;
        *bytes = rest;
        std::str::from_utf8(digits).ok()?.parse::<u32>().ok()
    };
    // Enough for both numbers and the blanks around them, and not more than is cheap.
    let mut before = before.get(before.len().saturating_sub(64)..)?;
    digits(&mut before)?;
    digits(&mut before)
}

struct Sweep {
    findings: Findings,
    pages: Pages,
    packed: Vec<Packed>,
    objects: Budget,
    reading: Budget,
}

impl Sweep {
    fn object(
        &mut self,
        bytes: &[u8],
        at: usize,
        until: Until,
        number: Option<u32>,
    ) -> Result<(), Rejection> {
        self.objects.spend(1)?;
        let mut lexer = Lexer::new(bytes, at);
        let object = read_object(&mut lexer, until, |name| self.findings.see(name))?;
        self.reading.spend(u64::try_from(lexer.at().saturating_sub(at)).unwrap_or(u64::MAX))?;
        if let Some(mut other) = lexer.otherwise(at) {
            read_object(&mut other, until, |name| self.findings.see(name))?;
            self.reading.spend(u64::try_from(other.at().saturating_sub(at)).unwrap_or(u64::MAX))?;
        }
        let Some(object) = object else { return Ok(()) };
        match (&object.value, object.stream) {
            // What two readers may pair in two ways can be an object stream to one of them.
            (_, Some(_)) if object.has_part && !object.is_plain => {
                return Err(Rejection::Damaged);
            }
            (Value::Dictionary(dictionary), Some(start)) => {
                if dictionary.is_outside() {
                    self.findings.add(Rejection::HasAction);
                }
                self.packed.extend(Packed::of(dictionary, start));
            }
            _ => {}
        }
        self.pages.learn(number, object.value);
        Ok(())
    }

    /// Reads the objects in object streams.
    fn unpack(&mut self, bytes: &[u8]) -> Result<(), Rejection> {
        let mut unpacking = Budget::new(MAX_UNPACKED);
        let mut copying = Budget::new(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        for packed in std::mem::take(&mut self.packed) {
            let Some(unpacked) = packed.unpack(bytes, &mut unpacking, &mut copying)? else {
                continue;
            };
            self.findings.scan(&unpacked.bytes);
            // Wherever a reader takes the objects to begin, their names are among these.
            unpacked.names(|name| self.findings.see(name));
            self.reading = reading_of(&unpacked.bytes);
            for (number, at) in unpacked.members()? {
                self.object(&unpacked.bytes, at, Until::OneValue, Some(number))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
