//! Files that other projects test their readers with, many of them broken or hostile, through inspection.
//!
//! `cargo xtask test` fetches them; none is in this repository.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it counted"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use domain::file::{FileType, MAX_FILE_BYTES, Rejection, Sha256};
use hayro_syntax::Pdf;
use hayro_syntax::object::{Dict, MaybeRef, Object};
use inspection::{Promise, inspect};
use sha2::Digest as _;

/// Longer than any file may take, in a build without optimisation.
const AT_MOST: Duration = Duration::from_secs(5);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/corpus")
}

/// The files of the archives, in order, with their extensions.
fn files() -> Vec<(PathBuf, String)> {
    let folder = folder();
    assert!(
        folder.join("corpus.stamp").exists(),
        "the files are not in target/corpus: `cargo xtask corpus` fetches them"
    );
    let mut files = Vec::new();
    let mut ahead = vec![folder];
    while let Some(folder) = ahead.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().unwrap() != "archives" {
                    ahead.push(path);
                }
            } else if path.metadata().unwrap().len() <= MAX_FILE_BYTES {
                let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
                files.push((path, ending));
            }
        }
    }
    files.sort();
    files
}

fn verdict(file_type: FileType, bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    let promise = Promise {
        file_type,
        length: bytes.len() as u64,
        sha256: Sha256::of_digest(sha2::Sha256::digest(bytes).into()),
    };
    inspect(&promise, bytes.to_vec()).map(|inspected| inspected.bytes)
}

/// Names that another reader must not find in a document that passed.
const DANGEROUS: [&str; 18] = [
    "JavaScript",
    "JS",
    "XFA",
    "Launch",
    "SubmitForm",
    "ImportData",
    "GoToE",
    "GoToR",
    "RichMedia",
    "Movie",
    "Sound",
    "EF",
    "EmbeddedFile",
    "EmbeddedFiles",
    "FileAttachment",
    "Collection",
    "Encrypt",
    "OnInstantiate",
];

/// What a reader by other people finds in a document: its pages, and the dangerous names in its objects.
fn read_by_others(bytes: &[u8]) -> (usize, Vec<String>) {
    let Ok(document) = Pdf::new(bytes.to_vec()) else { return (0, Vec::new()) };
    let mut found = Vec::new();
    for object in document.objects() {
        see(&object, 0, &mut found);
    }
    (document.pages().len(), found)
}

fn see(object: &Object<'_>, depth: usize, found: &mut Vec<String>) {
    if depth > 50 {
        return;
    }
    match object {
        Object::Name(name) if DANGEROUS.contains(&name.as_str()) => {
            found.push(name.as_str().to_owned());
        }
        Object::Array(array) => {
            for item in array.raw_iter() {
                if let MaybeRef::NotRef(item) = item {
                    see(&item, depth + 1, found);
                }
            }
        }
        Object::Dict(dictionary) => see_entries(dictionary, depth, found),
        Object::Stream(stream) => see_entries(stream.dict(), depth, found),
        _ => {}
    }
}

fn see_entries(dictionary: &Dict<'_>, depth: usize, found: &mut Vec<String>) {
    for (key, value) in dictionary.entries() {
        see(&Object::Name(key), depth, found);
        if let MaybeRef::NotRef(value) = value {
            see(&value, depth + 1, found);
        }
    }
}

/// Whether bytes look like a type, judged apart from the crate's own rules: by the magic numbers that
/// `file` and browsers go by, and the names of parts.
fn looks_like(file_type: FileType, bytes: &[u8]) -> bool {
    let has = |part: &str| bytes.windows(part.len()).any(|window| window == part.as_bytes());
    let is_archive = bytes.starts_with(b"PK\x03\x04");
    let is_open = |mimetype: &str| bytes.get(38..38 + mimetype.len()) == Some(mimetype.as_bytes());
    match file_type {
        FileType::Pdf => bytes.windows(5).take(1024).any(|window| window == b"%PDF-"),
        FileType::Jpeg => bytes.starts_with(b"\xFF\xD8\xFF"),
        FileType::Png => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        FileType::Gif => bytes.starts_with(b"GIF8"),
        FileType::Webp => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        FileType::Docx => is_archive && has("word/document.xml"),
        FileType::Xlsx => is_archive && has("xl/workbook.xml"),
        FileType::Pptx => is_archive && has("ppt/presentation.xml"),
        FileType::Odt => is_archive && is_open("application/vnd.oasis.opendocument.text"),
        FileType::Ods => is_archive && is_open("application/vnd.oasis.opendocument.spreadsheet"),
        FileType::Odp => is_archive && is_open("application/vnd.oasis.opendocument.presentation"),
        FileType::Text | FileType::Csv => {
            let binary = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 12);
            !bytes.iter().any(binary) && !bytes.trim_ascii_start().starts_with(b"<?xml")
        }
    }
}

#[test]
fn no_file_of_the_corpus_is_taken_for_what_it_is_not() {
    let mut counts: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    let mut slowest = (Duration::ZERO, PathBuf::new());
    let mut unread = 0;
    let files = files();
    for (path, ending) in &files {
        let bytes = fs::read(path).unwrap();
        for file_type in FileType::ALL {
            let started = Instant::now();
            let verdict = verdict(file_type, &bytes);
            let taken = started.elapsed();
            assert!(taken < AT_MOST, "{} as {file_type:?}: {taken:?}", path.display());
            if taken > slowest.0 {
                slowest = (taken, path.clone());
            }
            if let Ok(stored) = &verdict {
                let shown = path.display();
                assert!(looks_like(file_type, &bytes), "{shown} was taken for {file_type:?}");
                assert!(looks_like(file_type, stored), "{shown} was made no {file_type:?}");
                let again = self::verdict(file_type, stored);
                if file_type == FileType::Pdf {
                    let (pages, dangerous) = read_by_others(stored);
                    assert!(dangerous.is_empty(), "{shown} passed with {dangerous:?}");
                    unread += u32::from(pages == 0);
                }
                assert_eq!(again.as_ref(), Ok(stored), "{shown} does not pass twice");
            }
            if file_type.extensions().contains(&ending.as_str()) {
                let outcome = verdict.as_ref().map_or_else(|why| why.as_str(), |_| "accepted");
                let name = file_type.extensions().first().unwrap();
                *counts.entry((name, outcome)).or_default() += 1;
                if std::env::args().any(|word| word == "--show-output") {
                    println!("{name} {outcome} {}", path.display());
                }
            }
        }
    }
    let mut table = format!("{} files\n", files.len());
    for ((file_type, outcome), count) in counts {
        writeln!(table, "{file_type:<5} {outcome:<18} {count:>4}").unwrap();
    }
    writeln!(table, "pdf   accepted, in which another reader finds no page {unread}").unwrap();
    println!("{table}slowest: {:?}, {}", slowest.0, slowest.1.display());
    insta::assert_snapshot!(table);
}
