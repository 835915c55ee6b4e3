//! Office documents: archives of markup and pictures, and of nothing else.
//!
//! Both families may carry more than a document: macros, controls, other files, and references that are
//! fetched when the document is opened. Each part is unpacked with a count, so that a header that lies
//! about sizes does not help, and every part of markup is read. A picture in a document keeps its
//! metadata.

mod microsoft;
mod open_document;

use domain::file::{FileType, Rejection};

use crate::archive::{self, Entry};
use crate::limits::Budget;

/// The most bytes of all parts of a document when unpacked, with those of the workbooks in it.
const MAX_UNPACKED: u64 = 256 * 1024 * 1024;

/// Parts that a document is made of, by their endings: markup, pictures, fonts. Sound and film are not
/// among them: nothing here can look into them.
const PARTS: [&str; 20] = [
    "xml", "rels", "rdf", "vml", "png", "jpg", "jpeg", "jfif", "gif", "bmp", "tif", "tiff", "svg",
    "svm", "webp", "emf", "wmf", "wdp", "ttf", "odttf",
];

/// Checks that it is a document of the declared type and nothing more.
pub fn inspect(declared: FileType, bytes: &[u8]) -> Result<(), Rejection> {
    let entries = archive::read(bytes)?;
    let mut budget = Budget::new(MAX_UNPACKED);
    match declared {
        FileType::Odt | FileType::Ods | FileType::Odp => {
            open_document::inspect(declared, &entries, &mut budget)
        }
        _ => microsoft::inspect(declared, &entries, &mut budget, Nesting::Allowed),
    }
}

/// Whether a document may hold a workbook, from which a chart is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nesting {
    Allowed,
    Forbidden,
}

/// The ending of a part's name, in small letters.
fn ending(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default()
}

/// Whether a part is markup that is read.
fn is_markup(name: &str) -> bool {
    matches!(ending(name).as_str(), "xml" | "rels" | "rdf")
}

/// The part of this name, in any letter case.
fn part<'e, 'a>(entries: &'e [Entry<'a>], name: &str) -> Option<&'e Entry<'a>> {
    entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
