//! Plain text and CSV: writing, and nothing that a program takes for more.

use domain::file::Rejection;

use crate::signature::after_mark_and_blanks;

/// What other types that are made of writing begin with: PDF, PostScript, rich text, GIF, scripts, and
/// web pages saved as mail.
const OTHER_TYPES: [&str; 6] = ["%PDF", "%!PS", "{\\rtf", "GIF8", "#!", "MIME-Version:"];

/// How far into a file some readers look for the beginning of a PDF.
const PDF_IS_SOUGHT_IN: usize = 1024;

/// Checks that all the bytes are text: UTF-8, or Windows-1252, in which spreadsheets write CSV. UTF-16
/// is refused, since every other byte of it is a control character in any other reading.
///
/// `<` and a letter at the beginning is a tag of HTML, SVG or XML, whatever the file says it is.
pub fn check(bytes: &[u8]) -> Result<(), Rejection> {
    let is_text = match std::str::from_utf8(bytes) {
        Ok(text) => !text.chars().any(|c| c.is_control() && !is_layout(c)),
        Err(_) => bytes.iter().all(|byte| is_windows_1252(*byte)),
    };
    let beginning = after_mark_and_blanks(bytes);
    let other = OTHER_TYPES.iter().any(|other| starts_with(beginning, other.as_bytes()))
        || begins_with_tag(beginning)
        || bytes.windows(5).take(PDF_IS_SOUGHT_IN).any(|window| window == b"%PDF-");
    if is_text && !other { Ok(()) } else { Err(Rejection::WrongType) }
}

/// Tab, the two line ends, and the new page.
fn is_layout(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{c}')
}

/// The five bytes at the end have no letter in Windows-1252.
fn is_windows_1252(byte: u8) -> bool {
    let control = byte.is_ascii_control() && !is_layout(char::from(byte));
    !control && !matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D)
}

fn starts_with(bytes: &[u8], beginning: &[u8]) -> bool {
    bytes.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}

fn begins_with_tag(bytes: &[u8]) -> bool {
    match bytes {
        [b'<', next, ..] => next.is_ascii_alphabetic() || matches!(next, b'!' | b'?' | b'/'),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
