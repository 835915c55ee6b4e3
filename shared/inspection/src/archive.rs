//! ZIP archives, read as strictly as office programs write them.
//!
//! An archive has two tables of contents: the directory at its end, and a header before each entry. Who
//! reads one and who reads the other must see the same, so both are compared, and every byte of the file
//! belongs to exactly one entry or to the directory.

use std::collections::HashSet;
use std::io::Read as _;

use domain::file::Rejection;
use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use crate::limits::Budget;
use crate::reader::{Reader, find_last};

/// The most entries.
const MAX_ENTRIES: usize = 10_000;

/// The most bytes of one entry when unpacked.
pub const MAX_ENTRY: u64 = 96 * 1024 * 1024;

/// From this size on an entry must not be packed more tightly than that many times. The markup of an
/// empty table is packed 100 times; a bomb up to 1,030 times.
const RATIO_FROM: u64 = 1024 * 1024;
const MAX_RATIO: u64 = 250;

const END_LENGTH: usize = 22;

/// Flags of an entry: encrypted; its sizes follow it; strongly encrypted; its header is masked.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
const SIZES_FOLLOW: u16 = 1 << 3;

/// The methods of packing.
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const AES: u16 = 99;

/// A file in an archive.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its name: relative, without `..`, and no other entry's in any letter case.
    pub name: String,
    packed: &'a [u8],
    flags: u16,
    method: u16,
    crc: u32,
    size: u64,
    starts: usize,
    ends: usize,
}

/// The entries of an archive that is the whole file.
pub fn read(bytes: &[u8]) -> Result<Vec<Entry<'_>>, Rejection> {
    let end = find_last(bytes, b"PK\x05\x06").ok_or(Rejection::Damaged)?;
    let record = bytes.get(end..).unwrap_or(&[]);
    if record.len() > END_LENGTH {
        return Err(Rejection::WrongType);
    }
    let (count, directory_at) = read_end(record, end).ok_or(Rejection::Damaged)?;
    if count > MAX_ENTRIES {
        return Err(Rejection::ExpandsTooMuch);
    }
    let mut directory = Reader(bytes.get(directory_at..end).ok_or(Rejection::Damaged)?);
    let contents = bytes.get(..directory_at).ok_or(Rejection::Damaged)?;
    let mut entries = Vec::new();
    let mut names = HashSet::new();
    for _ in 0..count {
        let entry = read_entry(&mut directory, contents).ok_or(Rejection::Damaged)??;
        if !names.insert(entry.name.to_lowercase()) {
            return Err(Rejection::WrongType);
        }
        entries.push(entry);
    }
    if !directory.0.is_empty() {
        return Err(Rejection::WrongType);
    }
    check_cover(&entries, contents.len())?;
    Ok(entries)
}

/// The number of entries and where the directory begins. `None`: several disks, or numbers that do not
/// fit, for which there is another format.
fn read_end(record: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut reader = Reader(record);
    reader.take(4)?;
    let one_disk = reader.u32_le()? == 0;
    let here = reader.u16_le()?;
    let count = reader.u16_le()?;
    let length = reader.length_le()?;
    let directory = reader.length_le()?;
    let comment = reader.u16_le()?;
    let is_before_end = directory.checked_add(length) == Some(at);
    (one_disk && here == count && comment == 0 && is_before_end)
        .then_some((usize::from(count), directory))
}

fn read_entry<'a>(
    directory: &mut Reader<'_>,
    contents: &'a [u8],
) -> Option<Result<Entry<'a>, Rejection>> {
    if directory.take(4)? != b"PK\x01\x02" {
        return None;
    }
    directory.take(4)?;
    let flags = directory.u16_le()?;
    let method = directory.u16_le()?;
    directory.take(4)?;
    let crc = directory.u32_le()?;
    let packed_length = directory.length_le()?;
    let size = directory.u32_le()?;
    let name_length = directory.u16_le()?;
    let extra_length = directory.u16_le()?;
    let comment_length = directory.u16_le()?;
    // The disk, and what the systems of the time noted of the file.
    directory.take(8)?;
    let starts = directory.length_le()?;
    let name = directory.take(name_length.into())?;
    directory.take(usize::from(extra_length) + usize::from(comment_length))?;

    let mut header = Reader(contents.get(starts..)?);
    if header.take(4)? != b"PK\x03\x04" {
        return None;
    }
    header.take(2)?;
    let header_flags = header.u16_le()?;
    let header_method = header.u16_le()?;
    header.take(8)?;
    let header_packed = header.length_le()?;
    let header_size = header.u32_le()?;
    let header_name_length = header.u16_le()?;
    let header_extra_length = header.u16_le()?;
    let header_name = header.take(header_name_length.into())?;
    header.take(header_extra_length.into())?;
    let before = header.0.len();
    let packed = header.take(packed_length)?;
    let ends = contents.len() - before + packed_length;

    if (flags | header_flags) & ENCRYPTED != 0 || method == AES {
        return Some(Err(Rejection::Encrypted));
    }
    // In the header the sizes may be left to what follows the entry, or to a wider field.
    let is_said = header_flags & SIZES_FOLLOW == 0 && header_size != u32::MAX;
    let is_same = header_name == name
        && header_method == method
        && (!is_said || (header_packed == packed_length && header_size == size));
    let Some(name) = std::str::from_utf8(name).ok().filter(|name| is_same && is_safe(name)) else {
        return Some(Err(Rejection::WrongType));
    };
    if !matches!(method, STORED | DEFLATED) {
        return None;
    }
    let name = name.to_owned();
    let size = size.into();
    Some(Ok(Entry { name, packed, flags: header_flags, method, crc, size, starts, ends }))
}

/// Whether a name stays in the folder into which an archive is unpacked.
fn is_safe(name: &str) -> bool {
    let path = name.strip_suffix('/').unwrap_or(name);
    !name.contains(['\\', ':'])
        && !name.chars().any(char::is_control)
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// The entries follow one another from the first byte to the directory. Between two of them may only be
/// the sizes of the first: its checksum and two lengths, of 4 or 8 bytes, with or without a signature.
fn check_cover(entries: &[Entry<'_>], end: usize) -> Result<(), Rejection> {
    let mut order: Vec<_> = entries.iter().collect();
    order.sort_by_key(|entry| entry.starts);
    let mut at = 0;
    let mut sizes_follow = false;
    let places = order.iter().map(|entry| (entry.starts, entry.ends, entry.flags));
    for (starts, ends, flags) in places.chain([(end, end, 0)]) {
        match starts.checked_sub(at) {
            Some(0) => {}
            Some(12 | 16 | 20 | 24) if sizes_follow => {}
            _ => return Err(Rejection::WrongType),
        }
        at = ends;
        sizes_follow = flags & SIZES_FOLLOW != 0;
    }
    Ok(())
}

impl Entry<'_> {
    /// Unpacks all of it. What its header says of its size is believed only if it is true.
    pub fn unpack(&self, budget: &mut Budget) -> Result<Vec<u8>, Rejection> {
        let mut bytes = Vec::new();
        self.each_block(budget, |block| bytes.extend(block))?;
        Ok(bytes)
    }

    /// Unpacks all of it and keeps nothing.
    pub fn check(&self, budget: &mut Budget) -> Result<(), Rejection> {
        self.each_block(budget, |_| {})
    }

    fn each_block(
        &self,
        budget: &mut Budget,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), Rejection> {
        let packed_length = u64::try_from(self.packed.len()).unwrap_or(u64::MAX);
        let most = MAX_ENTRY.min(RATIO_FROM.max(packed_length.saturating_mul(MAX_RATIO)));
        let mut own = Budget::new(most);
        let mut crc = Crc::new();
        let mut size = 0;
        let mut visit = |block: &[u8]| {
            let length = u64::try_from(block.len()).unwrap_or(u64::MAX);
            own.spend(length)?;
            budget.spend(length)?;
            size += length;
            crc.update(block);
            take(block);
            Ok::<(), Rejection>(())
        };
        let mut is_whole = true;
        if self.method == STORED {
            visit(self.packed)?;
        } else {
            let mut reader = DeflateDecoder::new(self.packed);
            let mut block = [0; 16 * 1024];
            loop {
                let length = reader.read(&mut block).map_err(|_| Rejection::Damaged)?;
                if length == 0 {
                    break;
                }
                visit(block.get(..length).unwrap_or(&[]))?;
            }
            is_whole = reader.total_in() == packed_length;
        }
        if is_whole && size == self.size && crc.sum() == self.crc {
            Ok(())
        } else {
            Err(Rejection::Damaged)
        }
    }
}

#[cfg(test)]
mod tests;
