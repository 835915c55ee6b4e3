//! Any bytes as any type: no panic, and what passes once passes again unchanged.
#![no_main]

use domain::file::{FileType, Sha256};
use inspection::{Promise, inspect};
use libfuzzer_sys::fuzz_target;
use sha2::Digest as _;

fuzz_target!(|bytes: &[u8]| {
    let promise = |file_type, bytes: &[u8]| Promise {
        file_type,
        length: bytes.len() as u64,
        sha256: Sha256::of_digest(sha2::Sha256::digest(bytes).into()),
    };
    let mut accepted = Vec::new();
    for file_type in FileType::ALL {
        let Ok(stored) = inspect(&promise(file_type, bytes), bytes.to_vec()) else { continue };
        let again = inspect(&promise(file_type, &stored.bytes), stored.bytes.clone());
        assert!(again.is_ok_and(|again| again == stored));
        accepted.push(file_type);
    }
    // Text is also CSV; nothing else is two types.
    assert!(accepted.len() <= 1 || accepted == [FileType::Text, FileType::Csv]);
});
