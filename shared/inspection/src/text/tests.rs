#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use domain::file::{FileType, Rejection};

use crate::samples::verdict;

#[test]
fn writing_in_utf8_or_of_spreadsheets_is_text() {
    for text in [
        b"name;dose\r\nM\xFCller;5 mg\r\n".as_slice(),
        b"\xEF\xBB\xBFname,dose\n",
        "فحص الدم\t😬\u{c}".as_bytes(),
        b"< 5 mg",
        b"PKU test, BMI 23",
        b"5 \x80",
    ] {
        for file_type in [FileType::Text, FileType::Csv] {
            assert_eq!(verdict(file_type, text), Ok(text.to_vec()), "{text:?}");
        }
    }
}

#[test]
fn what_a_program_takes_for_more_is_no_text() {
    for other in [
        b"<!DOCTYPE html><p>".as_slice(),
        b"\xEF\xBB\xBF \n<html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"<?xml version='1.0'?>",
        b"<script>",
        b"#!/bin/sh",
        b"  %PDF-1.4",
        b"notes\n%PDF-1.4",
        b"%!PS-Adobe-3.0",
        b"{\\rtf1}",
        b"GIF89a=1//",
        b"mime-version: 1.0",
        b"\xFF\xFEa\0b\0",
        b"\xFE\xFF\0a\0b",
        b"a\0b",
        b"a\x1b[31m",
        b"a\x7f",
        b"a\xC2\x85",
        b"M\xFCller\x81",
        b"MZ\x90\0",
    ] {
        assert_eq!(verdict(FileType::Text, other), Err(Rejection::WrongType), "{other:?}");
    }
}
