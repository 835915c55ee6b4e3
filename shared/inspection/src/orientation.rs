//! How a picture is turned: the one thing in EXIF that is needed to show it.

use crate::reader::Reader;

/// What says in a JPEG that EXIF follows.
pub const EXIF: &[u8] = b"Exif\0\0";

/// The tag of the orientation, and the type of a number of two bytes.
const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;

/// How a picture is turned or mirrored, where it is: EXIF's 2 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orientation(u8);

impl Orientation {
    /// Reads it from EXIF, which is a TIFF file without a picture. What cannot be read says nothing.
    pub fn of_exif(tiff: &[u8]) -> Option<Self> {
        let mut reader = Reader(tiff);
        let (u16_of, u32_of): (Read<u16>, Read<u32>) = match reader.take(4)? {
            b"II*\0" => (|reader| reader.u16_le(), |reader| reader.u32_le()),
            b"MM\0*" => (|reader| reader.u16_be(), |reader| reader.u32_be()),
            _ => return None,
        };
        let offset = usize::try_from(u32_of(&mut reader)?).ok()?;
        let mut directory = Reader(tiff.get(offset..)?);
        for _ in 0..u16_of(&mut directory)? {
            let mut entry = Reader(directory.take(12)?);
            if u16_of(&mut entry)? != ORIENTATION {
                continue;
            }
            let is_short = u16_of(&mut entry)? == SHORT;
            let is_one = u32_of(&mut entry)? == 1;
            let value = u8::try_from(u16_of(&mut entry)?).ok()?;
            return (is_short && is_one && (2..=8).contains(&value)).then_some(Self(value));
        }
        None
    }

    /// EXIF that holds this alone.
    pub fn exif(self) -> Vec<u8> {
        let mut tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        // The value fills half of its field; no directory follows.
        tiff.extend([self.0, 0, 0, 0, 0, 0, 0]);
        tiff
    }
}

type Read<T> = fn(&mut Reader<'_>) -> Option<T>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for value in 2..=8 {
            let exif = Orientation(value).exif();
            assert_eq!(exif.len(), 26);
            assert_eq!(Orientation::of_exif(&exif), Some(Orientation(value)));
        }
    }

    #[test]
    fn upright_or_unreadable_says_nothing() {
        let tiff = |value: u8| Orientation(value).exif();
        let mut far = tiff(6);
        far.splice(4..8, [0xFF; 4]);
        let mut short = tiff(6);
        short.truncate(20);
        for exif in [tiff(0), tiff(1), tiff(9), far, short, b"MM".to_vec(), vec![]] {
            assert_eq!(Orientation::of_exif(&exif), None);
        }
        let little = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        assert_eq!(Orientation::of_exif(little), Some(Orientation(6)));
    }
}
