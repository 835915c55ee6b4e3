#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use domain::file::{FileType, Rejection};

use crate::reader::find;
use crate::samples::{gif, verdict};

fn inspect(bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    verdict(FileType::Gif, bytes)
}

/// Puts an extension before the trailer.
fn with_extension(label: u8, blocks: &[&[u8]]) -> Vec<u8> {
    let mut bytes = gif(1);
    bytes.pop();
    bytes.extend([0x21, label]);
    for block in blocks {
        bytes.push(u8::try_from(block.len()).unwrap());
        bytes.extend(*block);
    }
    bytes.extend([0, 0x3B]);
    bytes
}

#[test]
fn comments_and_the_data_of_applications_are_taken_out() {
    let plain = gif(1);
    assert!(find(&plain, b"NETSCAPE2.0").is_some());
    assert_eq!(inspect(&plain), Ok(plain.clone()));
    for (label, blocks) in [
        (0xFE, [b"GPS".as_slice(), b"*/=1;alert(1)"]),
        (0xFF, [b"XMP DataXMP".as_slice(), b"GPS"]),
        (0xFF, [b"NETSCAPE2.0".as_slice(), b"*/=1;alert(1)"]),
        (0x01, [&[0; 12], b"text"]),
        (0x99, [b"unknown", b"GPS"]),
    ] {
        assert_eq!(inspect(&with_extension(label, &blocks)), Ok(plain.clone()));
    }
}

#[test]
fn a_script_that_is_also_a_picture_does_not_survive() {
    for beginning in ["/*", "=/*", "=\"", "=1//", "\n//", ";`", "=1;a();", "    /*"] {
        let mut bytes = gif(1);
        let length = beginning.len().min(7);
        bytes[6..6 + length].copy_from_slice(beginning.as_bytes());
        assert_eq!(inspect(&bytes), Err(Rejection::WrongType), "{beginning}");
    }
    let mut behind = gif(1);
    behind.extend(b"*/=1;alert(1)//");
    assert_eq!(inspect(&behind), Err(Rejection::WrongType));
    for usual in [61_u16, 34, 96, 320, 1024, 2048] {
        let mut bytes = gif(1);
        bytes[6..8].copy_from_slice(&usual.to_le_bytes());
        assert!(inspect(&bytes).is_ok(), "{usual}");
    }
}

#[test]
fn frames_and_pixels_are_counted() {
    assert!(inspect(&gif(50)).is_ok());
    assert_eq!(inspect(&gif(5_001)), Err(Rejection::ExpandsTooMuch));
    let mut large = gif(1);
    large[6..10].copy_from_slice(&[0, 0x40, 0, 0x40]);
    assert_eq!(inspect(&large), Err(Rejection::TooManyPixels));
    // A frame of 49 million pixels in a few bytes, six times.
    let small = gif(1);
    let frame = find(&small, &[0x2C, 0, 0, 0, 0]).unwrap();
    let mut bomb = small[..frame].to_vec();
    for _ in 0..6 {
        let mut frame = small[frame..small.len() - 1].to_vec();
        frame[5..9].copy_from_slice(&[0x58, 0x1B, 0x58, 0x1B]);
        bomb.extend(frame);
    }
    bomb.push(0x3B);
    assert_eq!(inspect(&bomb), Err(Rejection::ExpandsTooMuch));
}

#[test]
fn what_is_cut_off_is_damaged() {
    let whole = gif(2);
    for length in 6..whole.len() {
        assert_eq!(inspect(&whole[..length]), Err(Rejection::Damaged), "{length}");
    }
    let empty = [&whole[..13 + 6], &[0x3B]].concat();
    assert_eq!(inspect(&empty), Err(Rejection::Damaged));
}

#[test]
fn too_few_pixels_in_a_frame_are_damage() {
    let mut short = gif(1);
    let frame = find(&short, &[0x2C, 0, 0, 0, 0]).unwrap();
    short[frame + 7] = 200;
    short[8] = 200;
    assert_eq!(inspect(&short), Err(Rejection::Damaged));
}
