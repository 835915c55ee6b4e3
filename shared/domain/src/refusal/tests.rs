#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use super::*;

/// The HTTP status of each class, as the edge answers it.
fn status(class: Class) -> u16 {
    match class {
        Class::Malformed => 400,
        Class::Unauthenticated => 401,
        Class::Forbidden => 403,
        Class::NotFound => 404,
        Class::Conflict => 409,
        Class::PreconditionFailed => 412,
        Class::UnsupportedMediaType => 415,
        Class::Invalid => 422,
        Class::PreconditionRequired => 428,
        Class::Internal => 500,
        Class::Unavailable => 503,
    }
}

fn page() -> String {
    let mut page = String::from(
        "# Errors

An error is answered as a problem document (RFC 9457), `application/problem+json`. Its `code` is one
of the codes below and never changes its meaning; programs decide by it, not by the text. Where
several things are wrong, `errors` lists all of them, each with its own code and, where there is one,
the `pointer`, header or parameter that it is about; the first one gives the answer its status.

What a caller may not know of answers 404, as if it were not there. Neither a code nor its text ever
repeats a value that was sent.

This page is made from the list in `shared/domain/src/refusal.rs`, and a test fails when the two
differ. To write it again: `UPDATE_DOCS=1 cargo test -p domain the_public_page`.

| code | status | meaning | what to do |
| --- | --- | --- | --- |
",
    );
    for code in Code::ALL {
        let (name, status) = (code.as_str(), status(code.class()));
        let (meaning, remedy) = (cell(code.meaning()), cell(code.remedy()));
        writeln!(page, "| `{name}` | {status} | {meaning} | {remedy} |").unwrap();
    }
    page
}

/// A text as it stands in a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*").replace('_', "\\_")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the variable asks the test to write the page")]
fn the_public_page_lists_every_code() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ERRORS.md"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, page()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page(), "docs/ERRORS.md differs from Code::ALL: run with UPDATE_DOCS=1");
}

#[test]
fn every_code_is_one_of_its_own_and_stored_as_it_is_shown() {
    let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    for code in Code::ALL {
        let name = code.as_str();
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert_eq!(serde_json::to_value(code).unwrap(), name);
        for text in [code.meaning(), code.remedy()] {
            assert!(
                text.ends_with('.') && text.starts_with(|c: char| !c.is_whitespace()),
                "{name}"
            );
        }
    }
}

#[test]
fn everything_that_is_wrong_is_kept_in_order_and_the_first_gives_the_answer() {
    let mut checks = Checks::new();
    checks.require(true, Code::NoContact);
    checks.require(false, Code::PortalDisabled);
    checks.note(Code::TitleEmpty, "/title");
    assert_eq!(checks.take("/name", Ok::<_, Code>(1)), Some(1));
    assert_eq!(checks.take("/email", Err::<(), _>(Code::EmailInvalid)), None);
    let refusal = checks.finish().unwrap_err();
    assert_eq!(refusal.first().code, Code::PortalDisabled);
    assert_eq!(refusal.codes(), [Code::PortalDisabled, Code::TitleEmpty, Code::EmailInvalid]);
    assert_eq!(refusal.to_string(), "portal_disabled");
    assert_eq!(Checks::new().finish(), Ok(()));
    assert_eq!(Refusal::of([]), None);
}
