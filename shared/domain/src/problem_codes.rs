//! Which code each parser's problem has. The parsers know no codes: the same problem of a title and
//! of a name are two.

use crate::birth_date::InvalidBirthDate;
use crate::clinic::UnknownLanguage;
use crate::contact::{EmailProblem, SmsProblem};
use crate::file::{FileNameProblem, InvalidSha256};
use crate::hours::{HoursPlace, HoursProblem, HoursReason};
use crate::id::InvalidId;
use crate::refusal::Code;
use crate::rich_text::BodyProblem;
use crate::text::TextProblem;

impl From<BodyProblem> for Code {
    fn from(problem: BodyProblem) -> Self {
        match problem {
            BodyProblem::Empty => Self::BodyEmpty,
            BodyProblem::TooLong { .. } => Self::BodyTooLong,
            BodyProblem::TooDeep | BodyProblem::TooComplex => Self::BodyTooDeep,
        }
    }
}

impl From<InvalidId> for Code {
    fn from(InvalidId: InvalidId) -> Self {
        Self::InvalidId
    }
}

impl From<UnknownLanguage> for Code {
    fn from(UnknownLanguage: UnknownLanguage) -> Self {
        Self::LanguageUnknown
    }
}

impl From<InvalidBirthDate> for Code {
    fn from(InvalidBirthDate: InvalidBirthDate) -> Self {
        Self::BirthDateInvalid
    }
}

impl From<FileNameProblem> for Code {
    fn from(problem: FileNameProblem) -> Self {
        match problem {
            FileNameProblem::ForbiddenCharacter => Self::ForbiddenCharacter,
            FileNameProblem::OtherExtension => Self::FileEndingDiffers,
            FileNameProblem::Empty
            | FileNameProblem::TooLong
            | FileNameProblem::IsPath
            | FileNameProblem::UncertainEnd
            | FileNameProblem::NoExtension => Self::FileNameInvalid,
        }
    }
}

impl From<InvalidSha256> for Code {
    fn from(InvalidSha256: InvalidSha256) -> Self {
        Self::FingerprintInvalid
    }
}

impl From<EmailProblem> for Code {
    fn from(_: EmailProblem) -> Self {
        Self::EmailInvalid
    }
}

/// The code of a clinic's phone number's or emergency line's problem.
pub fn of_line(problem: TextProblem) -> Code {
    match problem {
        TextProblem::Empty | TextProblem::TooLong { .. } => Code::LineInvalid,
        TextProblem::ForbiddenCharacter => Code::ForbiddenCharacter,
    }
}

/// The code of a title's problem.
pub fn of_title(problem: TextProblem) -> Code {
    match problem {
        TextProblem::Empty => Code::TitleEmpty,
        TextProblem::TooLong { .. } => Code::TitleTooLong,
        TextProblem::ForbiddenCharacter => Code::ForbiddenCharacter,
    }
}

/// The code of a name's problem.
pub fn of_name(problem: TextProblem) -> Code {
    match problem {
        TextProblem::Empty => Code::NameEmpty,
        TextProblem::TooLong { .. } => Code::NameTooLong,
        TextProblem::ForbiddenCharacter => Code::ForbiddenCharacter,
    }
}

impl From<SmsProblem> for Code {
    fn from(problem: SmsProblem) -> Self {
        match problem {
            SmsProblem::TollFree | SmsProblem::NotTextable => Self::PhoneCannotReceiveSms,
            SmsProblem::Empty | SmsProblem::ForbiddenCharacter | SmsProblem::Invalid => {
                Self::PhoneInvalid
            }
        }
    }
}

/// The code of a problem with office hours, whose place is a pointer from the hours on.
pub fn of_hours(problem: HoursProblem) -> Code {
    match problem.place {
        HoursPlace::TimeZone => Code::TimeZoneUnknown,
        _ => match problem.reason {
            HoursReason::Past => Code::DatePast,
            HoursReason::TooFarAhead => Code::DateTooFarAhead,
            HoursReason::EndsBeforeStart => Code::VacationEndsBeforeStart,
            HoursReason::Name(problem) => of_name(problem),
            _ => Code::OfficeHoursInvalid,
        },
    }
}
