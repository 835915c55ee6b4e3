//! JPEG pictures: decoded once, and written anew from the parts that show the picture.

use domain::file::Rejection;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::guard::guarded;
use crate::limits;
use crate::orientation::{EXIF, Orientation};
use crate::reader::Reader;

/// The most passes over a picture. Encoders make about ten; each costs a walk over the whole picture,
/// however few bytes it has.
const MAX_SCANS: usize = 64;

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;

/// Checks that the picture can be decoded, and gives it back without anything that is not needed to show
/// it: no EXIF but the orientation, no XMP, IPTC, comments, thumbnails or second pictures, and nothing
/// after its end. The compressed picture is copied byte for byte.
pub fn inspect(bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    let clean = rewrite(bytes)?;
    guarded(|| decode(&clean))?;
    Ok(clean)
}

fn decode(bytes: &[u8]) -> Result<(), Rejection> {
    // Both sides are 16 bits wide, and their product was checked.
    let options = DecoderOptions::new_safe()
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_max_scans(MAX_SCANS);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode().map_err(|_| Rejection::Damaged)?;
    Ok(())
}

fn rewrite(bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    let picture = Picture::read(bytes).ok_or(Rejection::Damaged)??;
    let mut clean = Vec::with_capacity(picture.body.len() + 64);
    clean.extend([0xFF, SOI]);
    if let Some(density) = picture.density {
        write_segment(&mut clean, 0xE0, &[JFIF, density, &[0, 0]].concat());
    }
    if let Some(orientation) = picture.orientation {
        write_segment(&mut clean, 0xE1, &[EXIF, &orientation.exif()].concat());
    }
    clean.extend(picture.body);
    clean.extend([0xFF, EOI]);
    Ok(clean)
}

const JFIF: &[u8] = b"JFIF\0";

#[derive(Default)]
struct Picture<'a> {
    /// JFIF's version and density, without its thumbnail.
    density: Option<&'a [u8]>,
    orientation: Option<Orientation>,
    /// Every other part that is kept, as it stands.
    body: Vec<u8>,
    has_frame: bool,
    scans: usize,
}

impl<'a> Picture<'a> {
    /// Reads up to the end of the picture. `None`: the bytes end before it does.
    fn read(bytes: &'a [u8]) -> Option<Result<Self, Rejection>> {
        let mut reader = Reader(bytes);
        let mut picture = Self::default();
        reader.take(2)?;
        loop {
            let marker = next_marker(&mut reader)?;
            if marker == EOI {
                return (picture.scans > 0).then_some(Ok(picture));
            }
            let length = usize::from(reader.u16_be()?).checked_sub(2)?;
            let segment = reader.take(length)?;
            if let Err(rejection) = picture.segment(marker, segment)? {
                return Some(Err(rejection));
            }
            if marker == 0xDA {
                let data = take_scan(&mut reader)?;
                picture.body.extend(data);
            }
        }
    }

    /// Keeps a segment, or takes from it what is kept. `None`: it is broken, or of a kind that no
    /// browser shows (lossless, hierarchical, arithmetic).
    fn segment(&mut self, marker: u8, segment: &'a [u8]) -> Option<Result<(), Rejection>> {
        match marker {
            // Tables of two kinds, and the restart interval.
            0xC4 | 0xDB | 0xDD => write_segment(&mut self.body, marker, segment),
            0xC0..=0xC2 if !self.has_frame => {
                let mut reader = Reader(segment);
                reader.u8()?;
                let height = reader.u16_be()?;
                let width = reader.u16_be()?;
                if let Err(rejection) = limits::check_pixels(width.into(), height.into()) {
                    return Some(Err(rejection));
                }
                self.has_frame = true;
                write_segment(&mut self.body, marker, segment);
            }
            0xDA if self.has_frame => {
                self.scans += 1;
                if self.scans > MAX_SCANS {
                    return Some(Err(Rejection::ExpandsTooMuch));
                }
                write_segment(&mut self.body, marker, segment);
            }
            0xE0 => {
                let density = segment.strip_prefix(JFIF).and_then(|jfif| jfif.get(..7));
                self.density = self.density.or(density);
            }
            0xE1 => {
                let turned = segment.strip_prefix(EXIF).and_then(Orientation::of_exif);
                self.orientation = self.orientation.or(turned);
            }
            0xE2 if segment.starts_with(b"ICC_PROFILE\0") => {
                write_segment(&mut self.body, marker, segment);
            }
            // How the colours are coded.
            0xEE if segment.starts_with(b"Adobe") => {
                write_segment(&mut self.body, marker, segment.get(..12)?);
            }
            0xE2..=0xEF | 0xFE => {}
            _ => return None,
        }
        Some(Ok(()))
    }
}

/// The next marker: an FF, or several, and what is none.
fn next_marker(reader: &mut Reader<'_>) -> Option<u8> {
    if reader.u8()? != 0xFF {
        return None;
    }
    loop {
        match reader.u8()? {
            0xFF => {}
            marker => return Some(marker),
        }
    }
}

/// The compressed data of a scan, up to the next marker that is not part of it: an FF of the data itself
/// is followed by a zero, and restart markers stand inside.
fn take_scan<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let data = reader.0;
    let end = memchr::memchr_iter(0xFF, data)
        .find(|at| !matches!(data.get(at + 1), Some(0x00 | 0xD0..=0xD7 | 0xFF)))?;
    reader.take(end)
}

fn write_segment(out: &mut Vec<u8>, marker: u8, segment: &[u8]) {
    // Its length was read from two bytes, or is a few bytes.
    let length = u16::try_from(segment.len() + 2).unwrap_or(u16::MAX);
    out.extend([0xFF, marker]);
    out.extend(length.to_be_bytes());
    out.extend(segment);
}

#[cfg(test)]
mod tests;
