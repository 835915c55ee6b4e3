//! PNG pictures: unpacked once, and written anew from the chunks that show the picture.

use std::io::{BufRead, BufReader, Read as _};

use domain::file::Rejection;
use flate2::Crc;
use flate2::bufread::ZlibDecoder;

use crate::limits;
use crate::orientation::Orientation;
use crate::reader::Reader;
use crate::signature::PNG;

/// Chunks before the picture's data that tell how to show it: colours, transparency, density.
const SHOWN: [Name; 8] =
    [*b"tRNS", *b"gAMA", *b"cHRM", *b"sRGB", *b"iCCP", *b"sBIT", *b"pHYs", *b"bKGD"];

type Name = [u8; 4];

/// The most bytes of a colour profile. Those of presses have about 3 MiB.
const MAX_PROFILE: u64 = 8 * 1024 * 1024;

/// Checks that the whole picture can be decoded, and gives it back without anything that is not needed to
/// show it: no EXIF but the orientation, no text, no time, and nothing after its end. Of an animation the
/// still picture is kept, which is what readers that know no animated PNG show.
///
/// The data is unpacked and every line of it checked; that is all that decoding a PNG can fail at, and
/// holds no line in memory.
pub fn inspect(bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    let picture = Picture::read(bytes).ok_or(Rejection::Damaged)??;
    let length = picture.header.unpack(&picture.data)?;

    let mut clean = PNG.to_vec();
    write_chunk(&mut clean, *b"IHDR", picture.header.chunk);
    if let Some(orientation) = picture.orientation {
        write_chunk(&mut clean, *b"eXIf", &orientation.exif());
    }
    for (name, data) in picture.shown {
        write_chunk(&mut clean, name, data);
    }
    write_chunk(&mut clean, *b"IDAT", picture.data.get(..length).unwrap_or(&picture.data));
    write_chunk(&mut clean, *b"IEND", &[]);
    Ok(clean)
}

struct Picture<'a> {
    header: Header<'a>,
    orientation: Option<Orientation>,
    shown: Vec<(Name, &'a [u8])>,
    data: Vec<u8>,
}

impl<'a> Picture<'a> {
    /// Reads up to the end of the picture. `None`: it is broken, or the bytes end before it does.
    fn read(bytes: &'a [u8]) -> Option<Result<Self, Rejection>> {
        let mut reader = Reader(bytes.strip_prefix(PNG)?);
        let (name, data) = next_chunk(&mut reader)?;
        if name != *b"IHDR" {
            return None;
        }
        let header = match Header::read(data)? {
            Ok(header) => header,
            Err(rejection) => return Some(Err(rejection)),
        };
        let mut picture = Self { header, orientation: None, shown: Vec::new(), data: Vec::new() };
        let mut previous = name;
        loop {
            let (name, data) = next_chunk(&mut reader)?;
            let is_before_data = picture.data.is_empty();
            let is_new = !picture.shown.iter().any(|(other, _)| *other == name);
            match &name {
                b"IEND" => {
                    let is_whole = !picture.data.is_empty()
                        && (picture.header.colour != PALETTE || picture.has(*b"PLTE"));
                    return is_whole.then_some(Ok(picture));
                }
                b"IDAT" if is_before_data || previous == *b"IDAT" => picture.data.extend(data),
                b"PLTE" if is_before_data && is_new && is_palette(data) => {
                    picture.shown.push((name, data));
                }
                b"iCCP" if is_before_data && is_new => match check_profile(data) {
                    Some(Ok(())) => picture.shown.push((name, data)),
                    Some(Err(rejection)) => return Some(Err(rejection)),
                    // A profile that cannot be read is passed over by who shows the picture.
                    None => {}
                },
                b"eXIf" => {
                    picture.orientation = picture.orientation.or(Orientation::of_exif(data));
                }
                _ if SHOWN.contains(&name) && is_before_data && is_new => {
                    picture.shown.push((name, data));
                }
                // A small first letter says that the picture can be shown without the chunk.
                [first, ..] if first.is_ascii_lowercase() => {}
                _ => return None,
            }
            previous = name;
        }
    }

    fn has(&self, name: Name) -> bool {
        self.shown.iter().any(|(other, _)| *other == name)
    }
}

fn next_chunk<'a>(reader: &mut Reader<'a>) -> Option<(Name, &'a [u8])> {
    let length = reader.length_be()?;
    let checked = reader.0.get(..length.checked_add(4)?)?;
    let name = reader.take(4)?.try_into().ok()?;
    let data = reader.take(length)?;
    let mut crc = Crc::new();
    crc.update(checked);
    (reader.u32_be()? == crc.sum()).then_some((name, data))
}

fn write_chunk(out: &mut Vec<u8>, name: Name, data: &[u8]) {
    let mut crc = Crc::new();
    crc.update(&name);
    crc.update(data);
    // The longest is all the data of a file whose length fits 32 bits with room to spare.
    out.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(name);
    out.extend(data);
    out.extend(crc.sum().to_be_bytes());
}

fn is_palette(data: &[u8]) -> bool {
    data.len().is_multiple_of(3) && (3..=768).contains(&data.len())
}

/// A colour profile is packed, and would be unpacked by who shows the picture.
fn check_profile(data: &[u8]) -> Option<Result<(), Rejection>> {
    let name_ends = data.iter().take(80).position(|byte| *byte == 0)?;
    let packed = data.get(name_ends + 1..)?.strip_prefix(&[0])?;
    let mut profile = ZlibDecoder::new(packed).take(MAX_PROFILE + 1);
    let length = std::io::copy(&mut profile, &mut std::io::sink()).ok()?;
    Some(if length > MAX_PROFILE { Err(Rejection::ExpandsTooMuch) } else { Ok(()) })
}

const PALETTE: u8 = 3;

#[derive(Debug)]
struct Header<'a> {
    chunk: &'a [u8],
    width: u32,
    height: u32,
    colour: u8,
    bits_per_pixel: u64,
    interlaced: bool,
}

impl<'a> Header<'a> {
    fn read(chunk: &'a [u8]) -> Option<Result<Self, Rejection>> {
        let mut reader = Reader(chunk);
        let width = reader.u32_be()?;
        let height = reader.u32_be()?;
        let depth = reader.u8()?;
        let colour = reader.u8()?;
        let (channels, depths): (u64, &[u8]) = match colour {
            0 => (1, &[1, 2, 4, 8, 16]),
            2 => (3, &[8, 16]),
            PALETTE => (1, &[1, 2, 4, 8]),
            4 => (2, &[8, 16]),
            6 => (4, &[8, 16]),
            _ => return None,
        };
        let interlaced = match reader.take(3)? {
            [0, 0, 0] => false,
            [0, 0, 1] => true,
            _ => return None,
        };
        if !depths.contains(&depth) || !reader.0.is_empty() {
            return None;
        }
        if let Err(rejection) = limits::check_pixels(width, height) {
            return Some(Err(rejection));
        }
        let bits_per_pixel = channels * u64::from(depth);
        Some(Ok(Self { chunk, width, height, colour, bits_per_pixel, interlaced }))
    }

    /// The sizes of the pictures that stand one after another in the data: one, or Adam7's seven.
    fn passes(&self) -> Vec<(u64, u64)> {
        const ADAM7: [(u32, u32, u32, u32); 7] = [
            (0, 0, 8, 8),
            (4, 0, 8, 8),
            (0, 4, 4, 8),
            (2, 0, 4, 4),
            (0, 2, 2, 4),
            (1, 0, 2, 2),
            (0, 1, 1, 2),
        ];
        if !self.interlaced {
            return vec![(self.width.into(), self.height.into())];
        }
        let count =
            |side: u32, first: u32, step: u32| u64::from(side.saturating_sub(first).div_ceil(step));
        ADAM7
            .map(|(x, y, dx, dy)| (count(self.width, x, dx), count(self.height, y, dy)))
            .into_iter()
            .filter(|(width, height)| *width > 0 && *height > 0)
            .collect()
    }

    /// Unpacks the data, which is exactly every line of the picture, each after a filter that exists, and
    /// the checksum. Answers how many of the bytes that is: what is behind is no part of the picture.
    fn unpack(&self, data: &[u8]) -> Result<usize, Rejection> {
        let mut lines = BufReader::with_capacity(BLOCK, ZlibDecoder::new(data));
        for (width, height) in self.passes() {
            let line_length = (width * self.bits_per_pixel).div_ceil(8);
            for _ in 0..height {
                let mut filter = [0];
                let read = lines.read_exact(&mut filter);
                if read.is_err() || filter > [4] || !skip(&mut lines, line_length) {
                    return Err(Rejection::Damaged);
                }
            }
        }
        let ended = matches!(lines.read(&mut [0]), Ok(0));
        let length = usize::try_from(lines.get_ref().total_in());
        if ended { length.map_err(|_| Rejection::Damaged) } else { Err(Rejection::Damaged) }
    }
}

/// How much is unpacked at a time.
const BLOCK: usize = 64 * 1024;

/// Reads over so many bytes, and answers whether they were there.
fn skip(reader: &mut impl BufRead, length: u64) -> bool {
    let mut left = length;
    while left > 0 {
        let Ok(block) = reader.fill_buf() else { return false };
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
        if here == 0 {
            return false;
        }
        reader.consume(here);
        left -= here as u64;
    }
    true
}

#[cfg(test)]
mod tests;
