//! GIF pictures: every frame is decoded, and the file written anew without what shows nothing.

use domain::file::Rejection;
use gif::{DecodeOptions, MemoryLimit};

use crate::guard::guarded;
use crate::limits::{self, ANIMATION_PIXELS, Budget, FRAMES};
use crate::reader::Reader;

/// The most bytes that the decoder may hold: one frame, a byte for each pixel, and room to work.
const DECODER_BYTES: u64 = 64 * 1024 * 1024;

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2C;
const TRAILER: u8 = 0x3B;

/// Checks that every frame can be decoded, and gives the file back without comments, plain text and
/// applications' data other than the number of repeats. Nothing may follow the trailer.
///
/// Comments and what follows the trailer are where a script is written that makes one file a picture and
/// a program; the beginning that such a program needs is refused.
pub fn inspect(bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    let clean = rewrite(bytes).ok_or(Rejection::Damaged)??;
    guarded(|| decode(&clean))?;
    Ok(clean)
}

fn decode(bytes: &[u8]) -> Result<(), Rejection> {
    let mut options = DecodeOptions::new();
    options.set_memory_limit(
        DECODER_BYTES.try_into().map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes),
    );
    let mut decoder = options.read_info(bytes).map_err(|_| Rejection::Damaged)?;
    while decoder.read_next_frame().map_err(|_| Rejection::Damaged)?.is_some() {}
    Ok(())
}

/// `None`: it is broken, or the bytes end before it does.
fn rewrite(bytes: &[u8]) -> Option<Result<Vec<u8>, Rejection>> {
    let mut reader = Reader(bytes);
    let mut clean = Vec::with_capacity(bytes.len());
    clean.extend(reader.take(6)?);
    let screen = reader.take(7)?;
    if begins_as_script(screen) {
        return Some(Err(Rejection::WrongType));
    }
    clean.extend(screen);
    let mut sides = Reader(screen);
    let (width, height) = (sides.u16_le()?, sides.u16_le()?);
    if let Err(rejection) = limits::check_pixels(width.into(), height.into()) {
        return Some(Err(rejection));
    }
    clean.extend(reader.take(colour_table(sides.u8()?))?);

    let mut budget = Budget::new(ANIMATION_PIXELS);
    let mut frames = 0;
    let mut control: &[u8] = &[];
    loop {
        match reader.u8()? {
            EXTENSION => {
                let label = reader.u8()?;
                let blocks = take_blocks(&mut reader)?;
                match label {
                    // How the next picture is shown; it goes with that picture.
                    0xF9 => control = blocks,
                    0xFF => {
                        if let Some(repeats) = repeats(blocks) {
                            clean.extend([EXTENSION, 0xFF]);
                            clean.extend(repeats);
                        }
                    }
                    // Text that is drawn where the picture is, and drawn by no reader of today.
                    0x01 => control = &[],
                    _ => {}
                }
            }
            IMAGE => {
                let place = reader.take(9)?;
                let mut sides = Reader(place.get(4..)?);
                let (width, height) = (sides.u16_le()?, sides.u16_le()?);
                let pixels = match limits::check_pixels(width.into(), height.into()) {
                    Ok(pixels) => pixels,
                    Err(rejection) => return Some(Err(rejection)),
                };
                frames += 1;
                if budget.spend(pixels).is_err() || frames > FRAMES {
                    return Some(Err(Rejection::ExpandsTooMuch));
                }
                if !control.is_empty() {
                    clean.extend([EXTENSION, 0xF9]);
                    clean.extend(std::mem::take(&mut control));
                }
                clean.push(IMAGE);
                clean.extend(place);
                clean.extend(reader.take(colour_table(sides.u8()?))?);
                // The width of the first codes.
                clean.extend(reader.take(1)?);
                clean.extend(take_blocks(&mut reader)?);
            }
            TRAILER if frames == 0 => return None,
            TRAILER if !reader.0.is_empty() => return Some(Err(Rejection::WrongType)),
            TRAILER => {
                clean.push(TRAILER);
                return Some(Ok(clean));
            }
            _ => return None,
        }
    }
}

/// The length of the colour table that these flags announce.
fn colour_table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Blocks of up to 255 bytes, each after its length, up to the empty one.
fn take_blocks<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let all = reader.0;
    loop {
        match usize::from(reader.u8()?) {
            0 => return all.get(..all.len() - reader.0.len()),
            length => reader.take(length)?,
        };
    }
}

/// How often an animation repeats, if that is what an application's blocks say.
fn repeats(blocks: &[u8]) -> Option<&[u8]> {
    let said = blocks
        .strip_prefix(b"\x0bNETSCAPE2.0\x03\x01")
        .or_else(|| blocks.strip_prefix(b"\x0bANIMEXTS1.0\x03\x01"))?;
    // Two bytes, and the empty block.
    (said.len() == 3).then_some(blocks)
}

/// Whether a reader of JavaScript could get from `GIF89a` over the screen's seven bytes into a comment or
/// a text, in which anything may stand. Every other file has a byte there that no script may have: a
/// picture would have to be over 2,304 pixels wide and high not to.
fn begins_as_script(screen: &[u8]) -> bool {
    // A name cannot be followed by a quote.
    if matches!(screen, [b'"' | b'\'', ..]) {
        return false;
    }
    let is_writing = |byte: &u8| *byte >= b' ' || matches!(byte, b'\t'..=b'\r');
    let opened = |at: usize| match screen.get(at..) {
        Some([b'/', next, ..]) => matches!(next, b'/' | b'*'),
        Some([b'"' | b'\'' | b'`', ..]) => at > 0,
        _ => false,
    };
    let open = (0..screen.len()).find(|at| opened(*at)).unwrap_or(screen.len());
    screen.iter().take(open).all(is_writing)
}

#[cfg(test)]
mod tests;
