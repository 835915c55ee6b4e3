#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use domain::file::{FileType, Rejection};

use crate::reader::{find, find_last};
use crate::samples::{archive, docx, verdict};

fn inspect(bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    verdict(FileType::Docx, bytes)
}

#[test]
fn a_bomb_is_stopped_whatever_its_header_says() {
    let zeros = vec![b' '; 100 * 1024 * 1024];
    let mut bomb = docx(&[("word/media/image1.png", &zeros)]);
    assert_eq!(inspect(&bomb), Err(Rejection::ExpandsTooMuch));
    // The sizes in both tables say ten bytes.
    let size = u32::try_from(zeros.len()).unwrap().to_le_bytes();
    while let Some(at) = find(&bomb, &size) {
        bomb[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    assert_eq!(inspect(&bomb), Err(Rejection::ExpandsTooMuch));
    // Many that are each in bounds.
    let part = vec![b' '; 1024 * 1024];
    let names: Vec<String> = (0..300).map(|at| format!("word/media/{at}.png")).collect();
    let parts: Vec<_> = names.iter().map(|name| (name.as_str(), part.as_slice())).collect();
    assert_eq!(inspect(&docx(&parts)), Err(Rejection::ExpandsTooMuch));
}

#[test]
fn a_header_that_lies_in_small_things_is_damage_or_another_archive() {
    let part = vec![b'a'; 1000];
    let honest = docx(&[("word/a.xml", b"<a/>"), ("word/media/b.png", &part)]);
    assert!(inspect(&honest).is_ok());
    let directory = find(&honest, b"PK\x01\x02").unwrap();
    for size in [0_u32, 999, 1001] {
        let mut lying = honest.clone();
        let at = find_last(&lying, &1000_u32.to_le_bytes()).unwrap();
        assert!(at > directory);
        lying[at..at + 4].copy_from_slice(&size.to_le_bytes());
        assert!(matches!(inspect(&lying), Err(Rejection::Damaged | Rejection::WrongType)));
    }
    let mut renamed = honest.clone();
    let at = find(&renamed, b"word/a.xml").unwrap();
    renamed[at..at + 10].copy_from_slice(b"word/b.xml");
    assert_eq!(inspect(&renamed), Err(Rejection::WrongType));
    let mut locked = honest;
    locked[directory + 8] |= 1;
    assert_eq!(inspect(&locked), Err(Rejection::Encrypted));
}

#[test]
fn names_stay_in_their_folder_and_are_nobody_elses() {
    for name in ["../evil.xml", "/etc/x.xml", "word/../../x.xml", "a\\b.xml", "c:x.xml", "a//b.xml"]
    {
        assert_eq!(inspect(&docx(&[(name, b"<a/>")])), Err(Rejection::WrongType), "{name}");
    }
    let doubled = docx(&[("word/A.xml", b"<a/>"), ("word/a.xml", b"<b/>")]);
    assert_eq!(inspect(&doubled), Err(Rejection::WrongType));
}

#[test]
fn every_byte_belongs_to_the_archive() {
    let whole = docx(&[]);
    for length in 4..whole.len() {
        assert!(inspect(&whole[..length]).is_err(), "{length}");
    }
    assert_eq!(inspect(&whole[..whole.len() / 2]), Err(Rejection::Damaged));
    assert_eq!(inspect(&[whole.as_slice(), b"x"].concat()), Err(Rejection::WrongType));
    assert_eq!(inspect(&[b"x", whole.as_slice()].concat()), Err(Rejection::WrongType));
    // Bytes between the entries and the directory, with the end record corrected.
    let mut gap = whole.clone();
    let directory = find(&gap, b"PK\x01\x02").unwrap();
    gap.splice(directory..directory, *b"hidden");
    let end = gap.len() - 6;
    let moved = u32::try_from(directory + 6).unwrap().to_le_bytes();
    gap[end..end + 4].copy_from_slice(&moved);
    assert_eq!(inspect(&gap), Err(Rejection::WrongType));
}

#[test]
fn too_many_entries_and_plain_archives_are_refused() {
    let names: Vec<String> = (0..10_001).map(|at| format!("word/{at}.xml")).collect();
    let parts: Vec<_> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    assert_eq!(inspect(&docx(&parts)), Err(Rejection::ExpandsTooMuch));
    assert_eq!(inspect(&archive(&[("a.txt", b"a")])), Err(Rejection::WrongType));
}
