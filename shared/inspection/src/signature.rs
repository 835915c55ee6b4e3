//! The first bytes of each type, as strictly as its readers need them.

use domain::file::{FileType, Rejection};

use crate::reader::Reader;

/// Whether the bytes begin as the declared type begins. Text has no such beginning, and is judged by
/// all of its bytes elsewhere.
///
/// Sniffing libraries look for `%PDF` in the first 1,024 bytes, as some readers do, and take three
/// bytes for a JPEG. Here nothing may stand before a file's beginning, since what stands there is how
/// one file is made two. For PDF alone a byte order mark and white space may, which office systems
/// write.
pub fn check(declared: FileType, bytes: &[u8]) -> Result<(), Rejection> {
    let matches = match declared {
        FileType::Pdf => after_mark_and_blanks(bytes).starts_with(b"%PDF-"),
        FileType::Jpeg => bytes.starts_with(&[0xFF, 0xD8, 0xFF]),
        FileType::Png => bytes.starts_with(PNG),
        FileType::Gif => bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a"),
        FileType::Webp => is_webp(bytes),
        FileType::Docx
        | FileType::Xlsx
        | FileType::Pptx
        | FileType::Odt
        | FileType::Ods
        | FileType::Odp => bytes.starts_with(b"PK\x03\x04"),
        FileType::Text | FileType::Csv => true,
    };
    if matches {
        Ok(())
    } else if is_locked_document(declared, bytes) {
        Err(Rejection::Encrypted)
    } else {
        Err(Rejection::WrongType)
    }
}

/// Whether this is what an office program packs a document into when it is given a password: a container
/// of another format, in which the parts of the document cannot be told.
fn is_locked_document(declared: FileType, bytes: &[u8]) -> bool {
    const CONTAINER: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
    let stream: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    matches!(declared, FileType::Docx | FileType::Xlsx | FileType::Pptx)
        && bytes.starts_with(CONTAINER)
        && crate::reader::find(bytes, &stream).is_some()
}

/// The eight bytes that every PNG begins with.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The bytes without a UTF-8 byte order mark and white space at the beginning.
pub fn after_mark_and_blanks(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes).trim_ascii_start()
}

/// A WebP whose container ends where the file ends: what comes after it would be another file.
fn is_webp(bytes: &[u8]) -> bool {
    let mut reader = Reader(bytes);
    let riff = reader.take(4);
    let length = reader.length_le();
    let left = reader.0.len();
    riff == Some(b"RIFF") && length == Some(left) && reader.take(4) == Some(b"WEBP")
}

/// Whether a reader of ZIP archives, which begins at the end, would find one in these bytes. For types
/// that are no archives this is a second file in the first.
pub fn ends_as_archive(bytes: &[u8]) -> bool {
    // The end record, and the longest comment that may follow it.
    let mut tail = bytes.get(bytes.len().saturating_sub(22 + 0xFFFF)..).unwrap_or(bytes);
    while let Some(at) = crate::reader::find(tail, b"PK\x05\x06") {
        let Some(found) = tail.get(at..) else { return false };
        // The numbers of two disks: an archive in one piece, which this would be, has zeros. Four bytes
        // alone may stand in compressed data by chance.
        if found.get(4..8) == Some(&[0; 4]) && found.len() >= 22 {
            return true;
        }
        tail = found.get(4..).unwrap_or(&[]);
    }
    false
}

#[cfg(test)]
mod tests;
