//! What is found in the bytes of an attachment: whether they are what was promised, of the declared
//! type, whole and harmless.
//!
//! Pure: bytes in, a verdict and the bytes to be stored out. No AWS, no files, no clock.
//!
//! # What is taken out, and what stays
//!
//! | type | what is stored |
//! | --- | --- |
//! | JPEG, PNG | the same compressed picture without EXIF, XMP, IPTC, comments, texts, thumbnails and whatever follows its end. How it is turned stays, as EXIF that holds nothing else. Of an animated PNG the still picture stays. |
//! | GIF | without comments, plain text, and applications' data but the number of repeats |
//! | WebP | without EXIF, XMP and unknown chunks |
//! | all else | as it was uploaded. PDF and office documents keep their author, their times and the metadata of pictures in them. |
//!
//! # What is refused although some reader would show it
//!
//! A PDF with anything but white space before its header, or after its end; a JPEG that is lossless,
//! hierarchical or arithmetically coded; text in UTF-16; text that begins with `<` and a letter; an archive
//! with a comment, a gap or a doubled name; an office document with sound, film or a linked picture.
//!
//! # What it costs
//!
//! Each count is bounded by a constant in `limits`, `archive`, `office`, `gif`, `webp` or `pdf`, and counted
//! while unpacking, whatever a header says. For a file of 25 MiB the most memory is held by a JPEG of 50
//! million pixels in four colours and several passes: 400 MB of coefficients, 200 MB of pixels, and the
//! file twice; in all under 750 MiB. A WebP holds three pictures of 200 MB; an
//! office document one part of 96 MiB and the workbook around it; a PDF 128 MiB unpacked and what its
//! largest object holds, at most a million values. Nothing calls itself as deep as a file says.
//!
//! # Why these readers
//!
//! A PDF is read here by hand: of the two libraries, one unpacks without a bound, the other holds every
//! value of every object at once, and both follow a file's table, which hides from them what another
//! reader finds. The same goes for archives, of which libraries forgive what must not be forgiven. What
//! decodes pictures and reads XML is other projects' work; should it panic, `guard` ends that.

mod archive;
mod gif;
mod guard;
mod jpeg;
mod limits;
mod markup;
mod office;
mod orientation;
mod pdf;
mod png;
mod reader;
mod signature;
mod text;
mod webp;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod samples;
#[cfg(test)]
mod tests;

use domain::file::{FileType, Rejection, Sha256};
use sha2::Digest as _;

/// What was said about a file before it was uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The declared type.
    pub file_type: FileType,
    /// How many bytes it has.
    pub length: u64,
    /// The fingerprint of its bytes.
    pub sha256: Sha256,
}

/// A file that passed: what is stored and served. It differs from the upload where metadata was
/// taken out.
#[derive(Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The bytes to store.
    pub bytes: Vec<u8>,
    /// Their fingerprint.
    pub sha256: Sha256,
}

/// Inspects what was uploaded against what was promised.
pub fn inspect(promise: &Promise, bytes: Vec<u8>) -> Result<Inspected, Rejection> {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if bytes.is_empty() || length != promise.length {
        return Err(Rejection::LengthDiffers);
    }
    let sha256 = fingerprint(&bytes);
    if sha256 != promise.sha256 {
        return Err(Rejection::HashDiffers);
    }
    signature::check(promise.file_type, &bytes)?;
    let file_type = promise.file_type;
    let bytes = match file_type {
        FileType::Jpeg => jpeg::inspect(&bytes)?,
        FileType::Png => png::inspect(&bytes)?,
        FileType::Gif => gif::inspect(&bytes)?,
        FileType::Webp => webp::inspect(&bytes)?,
        FileType::Pdf => pdf::inspect(&bytes).map(|()| bytes)?,
        FileType::Text | FileType::Csv => text::check(&bytes).map(|()| bytes)?,
        FileType::Docx
        | FileType::Xlsx
        | FileType::Pptx
        | FileType::Odt
        | FileType::Ods
        | FileType::Odp => {
            return office::inspect(file_type, &bytes).map(|()| Inspected { bytes, sha256 });
        }
    };
    // What is no archive must not be one as well.
    if signature::ends_as_archive(&bytes) {
        return Err(Rejection::WrongType);
    }
    Ok(Inspected { sha256: fingerprint(&bytes), bytes })
}

fn fingerprint(bytes: &[u8]) -> Sha256 {
    Sha256::of_digest(sha2::Sha256::digest(bytes).into())
}
