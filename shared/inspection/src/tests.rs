#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use domain::file::{FileType, Rejection};
use proptest::prelude::*;

use crate::samples::{all, verdict};
use crate::{Promise, fingerprint, inspect};

#[test]
fn the_promise_is_kept_to_before_anything_is_read() {
    let bytes = b"<script>".to_vec();
    let promise =
        |length, of: &[u8]| Promise { file_type: FileType::Text, length, sha256: fingerprint(of) };
    for (promise, bytes, rejection) in [
        (promise(0, b""), vec![], Rejection::LengthDiffers),
        (promise(9, &bytes), bytes.clone(), Rejection::LengthDiffers),
        (promise(7, b"other"), bytes.clone(), Rejection::LengthDiffers),
        (promise(8, b"other"), bytes.clone(), Rejection::HashDiffers),
        (promise(8, &bytes), bytes.clone(), Rejection::WrongType),
    ] {
        assert_eq!(inspect(&promise, bytes).map(|found| found.bytes), Err(rejection));
    }
}

#[test]
fn what_passed_passes_again_unchanged() {
    for (file_type, bytes) in all() {
        let stored = verdict(file_type, &bytes).unwrap();
        assert_eq!(verdict(file_type, &stored), Ok(stored), "{file_type:?}");
    }
}

/// The beginnings of all types, and a few of their parts, which bring random bytes past the first look.
fn beginnings() -> Vec<(FileType, Vec<u8>)> {
    let mut beginnings = Vec::new();
    for (file_type, bytes) in all() {
        for length in [4, 8, 16, 30, 64] {
            beginnings.push((file_type, bytes[..length.min(bytes.len())].to_vec()));
        }
    }
    beginnings
}

fn is_quick(file_type: FileType, bytes: &[u8]) -> Result<(), TestCaseError> {
    let started = Instant::now();
    if let Ok(stored) = verdict(file_type, bytes) {
        prop_assert_eq!(verdict(file_type, &stored), Ok(stored));
    }
    prop_assert!(started.elapsed() < Duration::from_secs(5));
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_after_any_beginning_get_a_verdict(
        beginning in prop::sample::select(beginnings()),
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let (file_type, mut bytes) = beginning;
        bytes.extend(rest);
        is_quick(file_type, &bytes)?;
    }

    #[test]
    fn changed_files_get_a_verdict(
        file in prop::sample::select(all()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>())),
    ) {
        let (file_type, mut bytes) = file;
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some((from, length)) = cut {
            let from = from.index(bytes.len());
            let to = from + length.index(bytes.len() - from + 1);
            bytes.drain(from..to);
        }
        is_quick(file_type, &bytes)?;
    }
}
