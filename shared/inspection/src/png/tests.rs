#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use domain::file::{FileType, Rejection};

use crate::reader::find;
use crate::samples::{chunk, deflated, png, png_header, verdict};

fn inspect(bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    verdict(FileType::Png, bytes)
}

#[test]
fn a_picture_loses_its_place_and_keeps_its_data_and_how_it_is_turned() {
    let exif =
        b"II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x25\x88\x04\0\x01\0\0\0GPS";
    let mut picture = png(&[
        chunk(b"pHYs", &[0, 0, 1, 0, 0, 0, 1, 0, 1]),
        chunk(b"eXIf", exif),
        chunk(b"tEXt", b"Comment\0GPS"),
        chunk(b"zTXt", b"Comment\0\0GPS"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0GPS"),
        chunk(b"tIME", b"GPS...."),
        chunk(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]),
    ]);
    picture.extend(b"GPS of the picture before");
    let turned = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let kept = png(&[chunk(b"eXIf", turned), chunk(b"pHYs", &[0, 0, 1, 0, 0, 0, 1, 0, 1])]);
    assert_eq!(inspect(&picture), Ok(kept.clone()));
    assert_eq!(inspect(&kept), Ok(kept));
}

#[test]
fn each_line_must_be_there_and_nothing_else() {
    let with = |lines: &[u8]| {
        let data = chunk(b"IDAT", &deflated(lines));
        [png_header(3, 2), data, chunk(b"IEND", &[])].concat()
    };
    assert!(inspect(&with(&[0; 8])).is_ok());
    for lines in [[0; 7].as_slice(), &[0; 9], &[0, 0, 0, 0, 5, 0, 0, 0]] {
        assert_eq!(inspect(&with(lines)), Err(Rejection::Damaged), "{lines:?}");
    }
    let mut behind = deflated(&[0; 8]);
    behind.extend(b"GPS");
    let behind = [png_header(3, 2), chunk(b"IDAT", &behind), chunk(b"IEND", &[])].concat();
    assert_eq!(inspect(&behind), Ok(with(&[0; 8])));
    let whole = png(&[]);
    for length in 8..whole.len() {
        assert_eq!(inspect(&whole[..length]), Err(Rejection::Damaged), "{length}");
    }
}

#[test]
fn pictures_in_seven_passes_have_the_lines_of_each() {
    // 3 by 3 pixels in Adam7: one pixel, none, none, one, two, one line of two, one line of three.
    let header = [0, 0, 0, 3, 0, 0, 0, 3, 8, 0, 0, 0, 1];
    let lines: [&[u8]; 6] = [&[0, 1], &[0, 2], &[0, 3, 4], &[0, 5], &[0, 6], &[0, 7, 8, 9]];
    let picture = |lines: &[u8]| {
        let signature = b"\x89PNG\r\n\x1a\n".to_vec();
        let data = chunk(b"IDAT", &deflated(lines));
        [signature, chunk(b"IHDR", &header), data, chunk(b"IEND", &[])].concat()
    };
    assert!(inspect(&picture(&lines.concat())).is_ok());
    assert_eq!(inspect(&picture(&lines[..5].concat())), Err(Rejection::Damaged));
}

#[test]
fn a_flood_of_pixels_is_seen_in_the_header() {
    let flood = [png_header(50_000, 50_000), chunk(b"IDAT", &[]), chunk(b"IEND", &[])].concat();
    assert_eq!(inspect(&flood), Err(Rejection::TooManyPixels));
    assert_eq!(inspect(&png_header(u32::MAX, u32::MAX)), Err(Rejection::TooManyPixels));
    assert_eq!(inspect(&png_header(0, 7)), Err(Rejection::Damaged));
}

#[test]
fn a_colour_profile_is_unpacked_with_a_count() {
    let profile =
        |size: usize| chunk(b"iCCP", &[b"p\0\0", deflated(&vec![0; size]).as_slice()].concat());
    let usual = png(&[profile(3000)]);
    assert_eq!(inspect(&usual), Ok(usual));
    let unreadable = chunk(b"iCCP", b"p\0\0not packed");
    assert_eq!(inspect(&png(&[unreadable])), Ok(png(&[])));
    assert_eq!(inspect(&png(&[profile(9 * 1024 * 1024)])), Err(Rejection::ExpandsTooMuch));
}

#[test]
fn chunks_that_are_needed_and_unknown_or_doubled_or_wrong_are_damage() {
    for wrong in [
        chunk(b"CgBI", &[0; 4]),
        chunk(b"IHDR", &[0; 13]),
        chunk(b"PLTE", &[0; 4]),
        vec![0, 0, 0, 0, b'P', b'L', b'T', b'E', 0, 0, 0, 0],
    ] {
        assert_eq!(inspect(&png(&[wrong])), Err(Rejection::Damaged));
    }
}

#[test]
fn an_archive_in_a_kept_chunk_is_not_kept() {
    let end = [b"PK\x05\x06".as_slice(), &[0; 18]].concat();
    let both = png(&[chunk(b"bKGD", &end)]);
    assert!(find(&both, b"PK\x05\x06").is_some());
    assert_eq!(inspect(&both), Err(Rejection::WrongType));
}
