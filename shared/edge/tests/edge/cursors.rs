//! Cursors.

use domain::actor::Actor;
use domain::id::{AccountId, ClinicId, PatientId, StaffId};
use domain::refusal::Code;
use edge::{Cursor, MAX_CURSOR_BYTES, Scope};
use proptest::prelude::*;

use crate::support::code;

fn staff(clinic: &str, id: &str) -> Actor {
    Actor::Staff { clinic: ClinicId::parse(clinic).unwrap(), id: StaffId::parse(id).unwrap() }
}

fn scope() -> Scope {
    Scope::new(&staff("c1", "s1"), "inbox", "open")
}

#[test]
fn pa_05_a_cursor_is_taken_back_by_its_own_list_only() {
    let cursor = Cursor::encode(&scope(), "2026-11-25T00:00:00Z#v1");
    assert_eq!(Cursor::decode(&scope(), &cursor).unwrap(), "2026-11-25T00:00:00Z#v1");
    let account = Actor::Account { id: AccountId::parse("s1").unwrap() };
    let portal = Actor::Portal {
        clinic: ClinicId::parse("c1").unwrap(),
        patient: PatientId::parse("s1").unwrap(),
    };
    for (what, foreign) in [
        ("person", Scope::new(&staff("c1", "s2"), "inbox", "open")),
        ("clinic", Scope::new(&staff("c2", "s1"), "inbox", "open")),
        ("kind", Scope::new(&account, "inbox", "open")),
        ("portal", Scope::new(&portal, "inbox", "open")),
        ("list", Scope::new(&staff("c1", "s1"), "chart", "open")),
        ("filter", Scope::new(&staff("c1", "s1"), "inbox", "closed")),
        ("split", Scope::new(&staff("c1", "s1"), "inboxo", "pen")),
    ] {
        assert_eq!(code(Cursor::decode(&foreign, &cursor)), Code::InvalidCursor, "{what}");
    }
}

#[test]
fn pa_05_a_damaged_cursor_is_refused() {
    let cursor = Cursor::encode(&scope(), "position?>~");
    for end in 0..cursor.len() {
        assert_eq!(code(Cursor::decode(&scope(), &cursor[..end])), Code::InvalidCursor, "{end}");
        assert_eq!(code(Cursor::decode(&scope(), &cursor[end + 1..])), Code::InvalidCursor);
    }
    for bad in [
        String::new(),
        "a+b/c=".to_owned(),
        "null".to_owned(),
        format!("{cursor}="),
        format!("{cursor} "),
        format!("{cursor}A"),
        cursor.to_lowercase(),
        // Another version, and the rest as it was.
        format!("Ag{}", &cursor[2..]),
        "A".repeat(10 * 1024),
        "é".to_owned(),
    ] {
        assert_eq!(code(Cursor::decode(&scope(), &bad)), Code::InvalidCursor, "{bad}");
    }
}

#[test]
fn a_cursor_of_over_a_kilobyte_is_not_read() {
    // 9 bytes and the position make 4 characters of every 3 bytes.
    let longest = "p".repeat(MAX_CURSOR_BYTES / 4 * 3 - 9);
    let cursor = Cursor::encode(&scope(), &longest);
    assert_eq!(cursor.len(), MAX_CURSOR_BYTES);
    assert_eq!(Cursor::decode(&scope(), &cursor).unwrap(), longest);
    let longer = Cursor::encode(&scope(), &format!("{longest}p"));
    assert_eq!(code(Cursor::decode(&scope(), &longer)), Code::InvalidCursor);
}

proptest! {
    #[test]
    fn pa_05_a_cursor_has_url_safe_letters_only_and_comes_back(position in "\\PC{0,150}") {
        let cursor = Cursor::encode(&scope(), &position);
        prop_assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        prop_assert_eq!(Cursor::decode(&scope(), &cursor), Ok(position));
    }

    #[test]
    fn no_cursor_is_a_panic(text in any::<String>()) {
        prop_assert!(Cursor::decode(&scope(), &text).is_err());
    }
}
