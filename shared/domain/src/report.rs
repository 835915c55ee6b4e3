//! The access report: which records it covers, and cells that no spreadsheet takes for a formula.

use jiff::{SignedDuration, Timestamp};

use crate::refusal::{Code, Refusal};

/// What a report covers where nobody says: the last 30 days.
pub const DEFAULT_SPAN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A time range, its end not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The first instant in it.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

impl TimeRange {
    /// Reads the range from two instants as RFC 3339 writes them. Without an end it ends now, and
    /// without a beginning it begins [`DEFAULT_SPAN`] before its end.
    pub fn parse(from: Option<&str>, to: Option<&str>, now: Timestamp) -> Result<Self, Refusal> {
        let instant = |text: Option<&str>, place: &str| match text {
            None => Ok(None),
            Some(text) => {
                text.parse().map(Some).map_err(|_| Refusal::at(Code::TimeRangeInvalid, place))
            }
        };
        let to = instant(to, "to")?.unwrap_or(now);
        let default = to.saturating_sub(DEFAULT_SPAN).unwrap_or(Timestamp::MIN);
        let from = instant(from, "from")?.unwrap_or(default);
        if from < to {
            Ok(Self { from, to })
        } else {
            Err(Refusal::at(Code::TimeRangeInvalid, "from"))
        }
    }
}

/// A cell that a spreadsheet shows as text, whatever it begins with: names are typed by people, and
/// a sheet is opened by somebody with rights (OWASP, "CSV Injection"). What a sheet could take for
/// the beginning of a formula gets an apostrophe in front.
pub fn cell(text: &str) -> String {
    const BEGINNINGS: [char; 10] =
        ['=', '+', '-', '@', '\t', '\r', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}'];
    if text.trim_start_matches(' ').starts_with(BEGINNINGS) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_ends_now_and_spans_thirty_days_where_nobody_says() {
        let now = at("2026-11-25T12:00:00Z");
        let range = |from, to| TimeRange::parse(from, to, now);
        let whole = range(None, None).unwrap();
        assert_eq!((whole.from, whole.to), (at("2026-10-26T12:00:00Z"), now));
        let older = range(None, Some("2026-01-31T00:00:00-05:00")).unwrap();
        assert_eq!(older.from, at("2026-01-01T05:00:00Z"));
        let said = range(Some("2020-01-01T00:00:00Z"), Some("2026-01-01T00:00:00Z")).unwrap();
        assert_eq!((said.from, said.to), (at("2020-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z")));
        for (from, to, place) in [
            (Some("2026-11-25"), None, "from"),
            (Some("yesterday"), None, "from"),
            (None, Some(""), "to"),
            (None, Some("2026-11-25T12:00:00"), "to"),
            (Some("2026-11-25T12:00:00Z"), None, "from"),
            (Some("2026-02-01T00:00:00Z"), Some("2026-01-01T00:00:00Z"), "from"),
        ] {
            assert_eq!(
                range(from, to),
                Err(Refusal::at(Code::TimeRangeInvalid, place)),
                "{from:?}"
            );
        }
    }

    #[test]
    fn what_a_sheet_could_take_for_a_formula_is_shown_as_text() {
        for (text, shown) in [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("  =1", "'  =1"),
            ("\u{FF1D}1", "'\u{FF1D}1"),
            ("Marie-Eve", "Marie-Eve"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(cell(text), shown);
        }
    }

    proptest! {
        #[test]
        fn no_cell_begins_a_formula_and_no_character_is_lost(text in any::<String>()) {
            let shown = cell(&text);
            prop_assert!(shown.ends_with(&text));
            prop_assert!(!shown.starts_with(['=', '+', '-', '@', '\t', '\r']));
        }
    }
}
