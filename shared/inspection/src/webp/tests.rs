#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use domain::file::{FileType, Rejection};

use crate::samples::{verdict, webp};

fn inspect(bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    verdict(FileType::Webp, bytes)
}

fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    let padding = vec![0; data.len() % 2];
    [name, &length, data, &padding].concat()
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"RIFF", &[b"WEBP".to_vec(), chunks.concat()].concat())
}

/// An extended file of 4 by 3 pixels with these flags.
fn extended(flags: u8, chunks: &[Vec<u8>]) -> Vec<u8> {
    let header = chunk(b"VP8X", &[flags, 0, 0, 0, 3, 0, 0, 2, 0, 0]);
    let picture = webp()[12..].to_vec();
    riff(&[vec![header, picture], chunks.to_vec()].concat())
}

#[test]
fn metadata_and_unknown_chunks_are_taken_out() {
    assert_eq!(inspect(&webp()), Ok(webp()));
    let full = extended(
        0b1100,
        &[chunk(b"EXIF", b"GPS"), chunk(b"XMP ", b"GPS."), chunk(b"abcd", b"GPS")],
    );
    assert_eq!(inspect(&full), Ok(extended(0, &[])));
}

#[test]
fn what_is_cut_off_or_goes_on_is_refused() {
    let whole = webp();
    for length in 1..whole.len() {
        assert_eq!(inspect(&whole[..length]), Err(Rejection::WrongType), "{length}");
        let mut said = whole[..length].to_vec();
        if length > 12 {
            said[4..8].copy_from_slice(&u32::try_from(length - 8).unwrap().to_le_bytes());
            assert!(inspect(&said).is_err(), "{length}");
        }
    }
    let behind = [whole, b"<script>".to_vec()].concat();
    assert_eq!(inspect(&behind), Err(Rejection::WrongType));
}

#[test]
fn pixels_and_frames_are_counted() {
    let mut large = extended(0, &[]);
    large[24..30].copy_from_slice(&[0xFF, 0x3F, 0, 0xFF, 0x3F, 0]);
    assert_eq!(inspect(&large), Err(Rejection::TooManyPixels));
    // A picture that says it is larger than its file says.
    let mut within = extended(0, &[]);
    let sides = crate::reader::find(&within, b"VP8L").unwrap() + 9;
    within[sides..sides + 4].fill(0xFF);
    assert_eq!(inspect(&within), Err(Rejection::TooManyPixels));
    // Twenty frames over a picture of 15 million pixels.
    let header = chunk(b"VP8X", &[2, 0, 0, 0, 0x1F, 0x0F, 0, 0x1F, 0x0F, 0]);
    let place = [0, 0, 0, 0, 0, 0, 3, 0, 0, 2, 0, 0, 9, 0, 0, 0];
    let frame = chunk(b"ANMF", &[place.as_slice(), &webp()[12..]].concat());
    let animation = riff(&[vec![header, chunk(b"ANIM", &[0; 6])], vec![frame; 20]].concat());
    assert_eq!(inspect(&animation), Err(Rejection::ExpandsTooMuch));
}
