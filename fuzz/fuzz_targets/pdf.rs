//! The body of a PDF: no panic, and nothing plainly dangerous passes.
#![no_main]

use domain::file::{FileType, Sha256};
use inspection::{Promise, inspect};
use libfuzzer_sys::fuzz_target;
use sha2::Digest as _;

fuzz_target!(|body: &[u8]| {
    let mut bytes = b"%PDF-1.7\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n\
        2 0 obj <</Type/Pages/Kids[3 0 R]>> endobj 3 0 obj <</Type/Page>> endobj\n"
        .to_vec();
    bytes.extend(body);
    bytes.extend(b"\n%%EOF");
    let promise = Promise {
        file_type: FileType::Pdf,
        length: bytes.len() as u64,
        sha256: Sha256::of_digest(sha2::Sha256::digest(&bytes).into()),
    };
    if inspect(&promise, bytes.clone()).is_ok() {
        for name in ["/JavaScript ", "/Launch ", "/EmbeddedFile ", "/Encrypt "] {
            let found = bytes.windows(name.len()).position(|window| window == name.as_bytes());
            // In a web address, such a word is part of the path.
            let before = found.and_then(|at| bytes.get(..at)).unwrap_or(&[]);
            assert!(
                found.is_none()
                    || before.windows(7).any(|window| window == b"http://" || window == b"https:/")
            );
        }
    }
});
