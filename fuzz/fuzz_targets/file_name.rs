//! Names of files: whatever is taken is one line in a header, and reads back as itself.
#![no_main]

use domain::file::{FileName, FileType};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &str| {
    for file_type in FileType::ALL {
        let Ok(name) = FileName::parse(raw, file_type) else { continue };
        assert_eq!(name.as_str(), raw);
        let header = name.content_disposition();
        assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        assert_eq!(header.matches('"').count(), 2);
        assert!(!raw.contains(['/', '\\', '\r', '\n', '\0']));
        let ending = raw.rsplit('.').next().unwrap_or_default().to_lowercase();
        assert!(file_type.extensions().contains(&ending.as_str()));
    }
});
