//! Versions of documents: a counter that each change moves on by one, so that a change says which
//! version it rests on and a late one never wins.

use crate::refusal::Code;

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
    use super::*;

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
}
