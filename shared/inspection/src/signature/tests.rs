#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use domain::file::{FileType, Rejection};

use crate::samples::{all, docx, pdf, verdict};

#[test]
fn no_file_passes_for_another_type() {
    for (file_type, bytes) in all() {
        assert!(verdict(file_type, &bytes).is_ok(), "{file_type:?}");
        for other in FileType::ALL.into_iter().filter(|other| *other != file_type) {
            let both_text =
                [file_type, other].iter().all(|t| matches!(t, FileType::Text | FileType::Csv));
            let expected = if both_text { Ok(bytes.clone()) } else { Err(Rejection::WrongType) };
            assert_eq!(verdict(other, &bytes), expected, "{file_type:?} as {other:?}");
        }
    }
}

#[test]
fn a_document_may_begin_with_a_mark_or_a_line_end_and_nothing_else() {
    for before in [b"\xEF\xBB\xBF".as_slice(), b"\n", b"\xEF\xBB\xBF\r\n"] {
        let bytes = [before, &pdf(&[])].concat();
        assert_eq!(verdict(FileType::Pdf, &bytes), Ok(bytes.clone()));
    }
    for before in [[0xAA; 200].as_slice(), b"x", b"\0", b"GIF89a"] {
        let bytes = [before, &pdf(&[])].concat();
        assert_eq!(verdict(FileType::Pdf, &bytes), Err(Rejection::WrongType));
    }
}

#[test]
fn a_telephones_own_format_is_no_photograph_whatever_its_name() {
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    for file_type in FileType::ALL {
        assert_eq!(verdict(file_type, heic), Err(Rejection::WrongType));
    }
}

#[test]
fn a_document_with_a_password_is_told_from_another_type() {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let locked = [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &[0; 504], &name].concat();
    assert_eq!(verdict(FileType::Docx, &locked), Err(Rejection::Encrypted));
    assert_eq!(verdict(FileType::Xlsx, &locked[..512]), Err(Rejection::WrongType));
    assert_eq!(verdict(FileType::Odt, &locked), Err(Rejection::WrongType));
}

#[test]
fn an_archive_behind_a_document_makes_it_two_files() {
    let behind = [pdf(&[]), docx(&[])].concat();
    assert_eq!(verdict(FileType::Pdf, &behind), Err(Rejection::WrongType));
    assert_eq!(verdict(FileType::Docx, &behind), Err(Rejection::WrongType));
    // The archive in a stream, its end in reach of the file's.
    let within = crate::samples::pdf_with_stream("", &docx(&[]));
    assert_eq!(verdict(FileType::Pdf, &within), Err(Rejection::WrongType));
}
