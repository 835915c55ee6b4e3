#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use domain::file::{FileType, Rejection};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;

use crate::orientation::Orientation;
use crate::reader::find;
use crate::samples::{jpeg, pdf, segment, verdict};

fn inspect(bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    verdict(FileType::Jpeg, bytes)
}

fn pixels(bytes: &[u8]) -> Vec<u8> {
    JpegDecoder::new(ZCursor::new(bytes)).decode().unwrap()
}

/// EXIF of a photograph that is to be turned, with its place, in a camera's order of bytes.
fn exif() -> Vec<u8> {
    let mut tiff = b"Exif\0\0II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0".to_vec();
    tiff.extend(b"\x25\x88\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0GPS 47.3769 N");
    segment(0xE1, &tiff)
}

#[test]
fn a_photograph_loses_its_place_and_keeps_its_pixels_and_how_it_is_turned() {
    let mut photograph = jpeg(&[
        segment(0xE0, b"JFIF\0\x01\x02\x01\0\x48\0\x48\x01\x01rgb"),
        exif(),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>GPS</x:xmpmeta>"),
        segment(0xE2, b"MPF\0GPS"),
        segment(0xE2, b"ICC_PROFILE\0\x01\x01colours"),
        segment(0xED, b"Photoshop 3.0\0GPS"),
        segment(0xEE, b"Adobe\0\x64\0\0\0\0\0GPS"),
        segment(0xFE, b"GPS"),
    ]);
    photograph.extend(b"GPS and a film");
    let clean = inspect(&photograph).unwrap();
    assert_eq!(pixels(&clean), pixels(&photograph));
    assert_eq!(find(&clean, b"GPS"), None);
    assert!(find(&clean, b"ICC_PROFILE\0\x01\x01colours").is_some());
    assert!(find(&clean, b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0\xFF").is_some());
    assert!(clean.starts_with(b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x02\x01\0\x48\0\x48\0\0\xFF\xE1"));
    let tiff = find(&clean, b"Exif\0\0").unwrap() + 6;
    let turned = Orientation::of_exif(&clean[tiff..]);
    assert!(turned.is_some() && turned == Orientation::of_exif(&exif()[10..]));
    assert_eq!(inspect(&clean), Ok(clean.clone()));
}

#[test]
fn what_is_cut_off_or_of_a_kind_that_nobody_shows_is_damaged() {
    let whole = jpeg(&[]);
    for length in 3..whole.len() {
        assert_eq!(inspect(&whole[..length]), Err(Rejection::Damaged), "{length}");
    }
    for marker in [0xC3, 0xC5, 0xC9, 0xDC, 0xD8, 0x01] {
        assert_eq!(inspect(&jpeg(&[segment(marker, b"....")])), Err(Rejection::Damaged));
    }
}

#[test]
fn too_many_pixels_are_seen_in_the_header() {
    let mut large = jpeg(&[]);
    let frame = find(&large, &[0xFF, 0xC0]).unwrap();
    large[frame + 5..frame + 9].copy_from_slice(&[0xC0, 0, 0xC0, 0]);
    assert_eq!(inspect(&large), Err(Rejection::TooManyPixels));
}

#[test]
fn a_scan_repeated_over_and_over_expands_too_much() {
    let mut repeated = jpeg(&[]);
    let scan = repeated.split_off(find(&repeated, &[0xFF, 0xDA]).unwrap());
    for _ in 0..65 {
        repeated.extend(&scan[..scan.len() - 2]);
    }
    repeated.extend([0xFF, 0xD9]);
    assert_eq!(inspect(&repeated), Err(Rejection::ExpandsTooMuch));
}

#[test]
fn of_a_picture_that_is_also_a_document_the_picture_is_left() {
    let document = pdf(&[]);
    let mut behind = jpeg(&[]);
    behind.extend(&document);
    let within = jpeg(&[segment(0xFE, &document)]);
    for both in [behind, within] {
        assert_eq!(inspect(&both), Ok(jpeg(&[])));
        assert_eq!(verdict(FileType::Pdf, &both), Err(Rejection::WrongType));
    }
    let before = [document, jpeg(&[])].concat();
    assert_eq!(inspect(&before), Err(Rejection::WrongType));
    assert_eq!(verdict(FileType::Pdf, &before), Err(Rejection::WrongType));
}
