//! Versions of documents: a counter that each change moves on by one, so that a change says which
//! version it rests on and a late one never wins.

use crate::audit::Changed;
use crate::refusal::{Code, Refusal};

/// A document whose changes are counted.
pub trait Document {
    /// 1 when created, and one more with each change.
    fn version(&self) -> u64;

    /// What it changes, compared with the one before.
    fn changes_since(&self, before: Option<&Self>) -> Vec<Changed>;
}

/// What a change comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<T> {
    /// The document is to be written in the place of the one before.
    Write(T),
    /// This very change was written before, and its answer got lost: the document is there, and is
    /// answered again.
    Repeat(T),
}

impl<T> Change<T> {
    /// The document as it is after the change.
    pub fn document(&self) -> &T {
        match self {
            Self::Write(document) | Self::Repeat(document) => document,
        }
    }
}

/// Decides a change of a document.
///
/// `expected` is the version that the change says it replaces, or `None` for one that creates; `make`
/// gives the document that it makes, with the version given. A change that finds exactly the version
/// and the document that it would have made is a repeat. Whatever else it finds, another was first.
pub fn change<T: Document + Clone>(
    before: Option<&T>,
    expected: Option<u64>,
    make: impl FnOnce(u64) -> Result<T, Refusal>,
) -> Result<Change<T>, Refusal> {
    match before {
        Some(before) if Some(before.version()) == expected.unwrap_or(0).checked_add(1) => {
            match make(before.version()) {
                Ok(again) if again.changes_since(Some(before)).is_empty() => {
                    Ok(Change::Repeat(before.clone()))
                }
                _ => Err(Code::VersionConflict.into()),
            }
        }
        _ => make(next(before.map(T::version), expected)?).map(Change::Write),
    }
}

/// The version that a change makes.
///
/// `before` is the version that is there; `expected` is the one that the change says it replaces,
/// or `None` for one that creates.
pub fn next(before: Option<u64>, expected: Option<u64>) -> Result<u64, Code> {
    match (before, expected) {
        (None, None) => Ok(1),
        (None, Some(_)) => Err(Code::NotFound),
        (Some(before), Some(expected)) if before == expected => {
            before.checked_add(1).ok_or(Code::Internal)
        }
        (Some(_), _) => Err(Code::VersionConflict),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;
    use crate::people::Group;
    use crate::testing::{group, name};

    #[test]
    fn a_change_replaces_the_version_that_it_names_and_no_other() {
        assert_eq!(next(None, None), Ok(1));
        assert_eq!(next(Some(7), Some(7)), Ok(8));
        assert_eq!(next(Some(7), None), Err(Code::VersionConflict));
        assert_eq!(next(Some(7), Some(6)), Err(Code::VersionConflict));
        assert_eq!(next(Some(7), Some(8)), Err(Code::VersionConflict));
        assert_eq!(next(None, Some(1)), Err(Code::NotFound));
        assert_eq!(next(Some(u64::MAX), Some(u64::MAX)), Err(Code::Internal));
    }

    fn named(text: &str, version: u64) -> Group {
        Group { name: name(text), version, ..group("g1") }
    }

    fn rename(
        before: Option<&Group>,
        expected: Option<u64>,
        text: &str,
    ) -> Result<Change<Group>, Vec<Code>> {
        change(before, expected, |version| Ok(named(text, version)))
            .map_err(|refusal| refusal.codes())
    }

    #[test]
    fn a_change_that_finds_what_it_made_is_a_repeat() {
        for expected in [None, Some(1), Some(7)] {
            let made = expected.unwrap_or(0) + 1;
            let there = named("New", made);
            let conflict = Err(vec![Code::VersionConflict]);
            assert_eq!(rename(Some(&there), expected, "New"), Ok(Change::Repeat(there.clone())));
            assert_eq!(rename(Some(&there), expected, "Other"), conflict);
            let later = named("New", made + 1);
            assert_eq!(rename(Some(&later), expected, "New"), conflict);
        }
        assert_eq!(rename(None, None, "New"), Ok(Change::Write(named("New", 1))));
        let there = named("New", 4);
        let written = Ok(Change::Write(named("New", 5)));
        assert_eq!(rename(Some(&there), Some(4), "New"), written, "changing nothing is a change");
    }

    #[test]
    fn what_could_not_be_written_is_no_repeat() {
        let there = named("New", 2);
        let refused = change(Some(&there), Some(1), |_| Err(Code::NameEmpty.into()));
        assert_eq!(refused.unwrap_err().codes(), [Code::VersionConflict]);
        let refused = change(Some(&there), Some(2), |_| Err(Code::NameEmpty.into()));
        assert_eq!(refused.unwrap_err().codes(), [Code::NameEmpty]);
        let there = named("New", 0);
        let most = change(Some(&there), Some(u64::MAX), |version| Ok(named("New", version)));
        assert_eq!(most.unwrap_err().codes(), [Code::VersionConflict]);
    }

    proptest! {
        /// Pushes arrive in any order and as often as they like: each counts once at most, and what
        /// was answered as done never comes back over what came after it.
        #[test]
        fn however_often_a_change_comes_it_is_written_once(
            pushes in prop::collection::vec((0_u64..5, 0_u8..3), 1..40),
        ) {
            let mut there: Option<Group> = None;
            let mut history = Vec::new();
            for (expected, content) in pushes {
                let expected = (expected > 0).then_some(expected);
                let text = format!("Name {content}");
                match rename(there.as_ref(), expected, &text) {
                    Ok(Change::Write(made)) => {
                        prop_assert_eq!(made.version, history.len() as u64 + 1);
                        history.push(made.clone());
                        there = Some(made);
                    }
                    Ok(Change::Repeat(made)) => {
                        prop_assert_eq!(Some(&made), there.as_ref());
                        prop_assert_eq!(made.name.as_str(), text);
                    }
                    Err(_) => prop_assert_eq!(there.as_ref(), history.last()),
                }
            }
        }
    }
}
