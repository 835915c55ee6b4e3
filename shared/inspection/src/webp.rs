//! WebP pictures: every frame is decoded, and the file written anew without metadata.

use std::io::Cursor;

use domain::file::Rejection;
use image_webp::WebPDecoder;

use crate::guard::guarded;
use crate::limits::{self, ANIMATION_PIXELS, Budget, FRAMES};
use crate::reader::Reader;

/// The most bytes that the decoder may hold beside the picture.
const DECODER_BYTES: usize = 512 * 1024 * 1024;

/// The chunks that show a picture. EXIF, XMP and unknown ones are left out.
const SHOWN: [&[u8]; 7] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"ANIM", b"ANMF"];

/// The flags of EXIF and XMP in the header of an extended file.
const METADATA_FLAGS: u8 = 0b0000_1100;

/// Checks that every frame can be decoded, and gives the file back without EXIF, XMP and unknown chunks.
pub fn inspect(bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    let clean = rewrite(bytes).ok_or(Rejection::Damaged)??;
    guarded(|| decode(&clean))?;
    Ok(clean)
}

fn decode(bytes: &[u8]) -> Result<(), Rejection> {
    let damaged = |_| Rejection::Damaged;
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(damaged)?;
    decoder.set_memory_limit(DECODER_BYTES);
    let (width, height) = decoder.dimensions();
    let pixels = limits::check_pixels(width, height)?;
    let mut picture = vec![0; decoder.output_buffer_size().ok_or(Rejection::TooManyPixels)?];
    if !decoder.is_animated() {
        return decoder.read_image(&mut picture).map_err(|_| Rejection::Damaged);
    }
    // Each frame is laid over the whole picture.
    let frames = decoder.num_frames();
    Budget::new(ANIMATION_PIXELS).spend(u64::from(frames) * pixels)?;
    if usize::try_from(frames).map_or(true, |frames| frames > FRAMES) {
        return Err(Rejection::ExpandsTooMuch);
    }
    for _ in 0..frames {
        decoder.read_frame(&mut picture).map_err(|_| Rejection::Damaged)?;
    }
    Ok(())
}

/// `None`: it is broken, or the bytes end before it does.
fn rewrite(bytes: &[u8]) -> Option<Result<Vec<u8>, Rejection>> {
    let mut reader = Reader(bytes);
    let mut clean = reader.take(12)?.to_vec();
    while !reader.0.is_empty() {
        let name = reader.take(4)?;
        let length = reader.length_le()?;
        let data = reader.take(length)?;
        let padding = reader.take(length % 2)?;
        if let Err(rejection) = check_frames(name, data)? {
            return Some(Err(rejection));
        }
        if !SHOWN.contains(&name) {
            continue;
        }
        clean.extend(name);
        clean.extend(u32::try_from(length).ok()?.to_le_bytes());
        let flags_at = clean.len();
        clean.extend(data);
        clean.extend(padding);
        if name == b"VP8X" {
            *clean.get_mut(flags_at)? &= !METADATA_FLAGS;
        }
    }
    let length = u32::try_from(clean.len().checked_sub(8)?).ok()?;
    clean.get_mut(4..8)?.copy_from_slice(&length.to_le_bytes());
    Some(Ok(clean))
}

/// Checks the size that each picture itself says it has: a decoder may believe it before it compares it
/// with the file's.
fn check_frames(name: &[u8], data: &[u8]) -> Option<Result<(), Rejection>> {
    let mut reader = Reader(data);
    let (width, height) = match name {
        b"VP8 " => {
            reader.take(6)?;
            (u32::from(reader.u16_le()? & 0x3FFF), u32::from(reader.u16_le()? & 0x3FFF))
        }
        b"VP8L" => {
            reader.take(1)?;
            let sides = reader.u32_le()?;
            ((sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1)
        }
        b"ANMF" => {
            reader.take(16)?;
            while !reader.0.is_empty() {
                let name = reader.take(4)?;
                let length = reader.length_le()?;
                let data = reader.take(length)?;
                reader.take(length % 2)?;
                if name != b"ANMF"
                    && let Err(rejection) = check_frames(name, data)?
                {
                    return Some(Err(rejection));
                }
            }
            return Some(Ok(()));
        }
        _ => return Some(Ok(())),
    };
    Some(limits::check_pixels(width, height).map(drop))
}

#[cfg(test)]
mod tests;
