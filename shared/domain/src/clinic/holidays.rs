//! A list of holidays, added to a clinic's office hours.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::ClinicSettings;
use crate::hours::{
    self, Exception, HoursPlace, HoursReason, MAX_EXCEPTIONS, RawException, out_of_time,
};
use crate::problem_codes::of_hours;
use crate::refusal::{Checks, Code, Refusal};

/// Where the list stands in what brings it.
const PLACE: &str = "/holidays";

/// A holiday as it comes from outside.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawHoliday {
    /// `YYYY-MM-DD`, on the clinic's calendar.
    pub date: String,
    /// What the clinic calls it: at most 100 characters.
    pub name: String,
}

/// Without its content, which may be anything.
impl fmt::Debug for RawHoliday {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RawHoliday").finish_non_exhaustive()
    }
}

/// What a list of holidays makes of a clinic's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolidaysImport {
    /// The settings with the dates that were added, of the version that they had.
    pub settings: ClinicSettings,
    /// The dates on which the office is now closed all day, in the order given.
    pub added: Vec<Date>,
    /// The dates that have an exception already, which stays as it is.
    pub kept: Vec<Date>,
    /// The dates that are past at the clinic and have no exception: a list of a whole year can be
    /// added at any time of it.
    pub left_out: Vec<Date>,
}

/// Reads a list of holidays, each a date on which the office is closed all day; or says everything
/// that is wrong with it. It may have as many as the office hours may have exceptions, and each date
/// once.
pub fn holidays(raw: &[RawHoliday]) -> Result<Vec<Exception>, Refusal> {
    let raw: Vec<RawException> = raw
        .iter()
        .map(|RawHoliday { date, name }| RawException {
            date: date.clone(),
            name: Some(name.clone()),
            windows: Vec::new(),
        })
        .collect();
    let mut problems = Vec::new();
    let holidays = hours::exceptions(&raw, &mut problems);
    let mut checks = Checks::new();
    for problem in problems {
        let place = match problem.place {
            HoursPlace::ExceptionDate(index) => format!("{PLACE}/{index}/date"),
            HoursPlace::ExceptionName(index) => format!("{PLACE}/{index}/name"),
            _ => PLACE.to_owned(),
        };
        checks.note(of_hours(problem), place);
    }
    checks.finish().map(|()| holidays)
}

impl ClinicSettings {
    /// These settings with a list of holidays, as [`holidays`] reads it, on the day that it is at the
    /// clinic.
    ///
    /// Whoever sends a list again, or the list of another year that shares some dates with it, changes
    /// nothing that is there: what the clinic made of a date, such as to open for the morning, counts
    /// for more than the list.
    pub fn with_holidays(
        &self,
        holidays: &[Exception],
        now: Timestamp,
    ) -> Result<HolidaysImport, Refusal> {
        let today = self.today(now);
        let there = self.office_hours.exceptions();
        let mut checks = Checks::new();
        let (mut fresh, mut kept, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        for (index, holiday) in holidays.iter().enumerate() {
            let date = holiday.date;
            if there.iter().any(|exception| exception.date == date) {
                kept.push(date);
                continue;
            }
            match out_of_time(date, today) {
                None => fresh.push(holiday.clone()),
                Some(HoursReason::Past) => left_out.push(date),
                Some(_) => checks.note(Code::DateTooFarAhead, format!("{PLACE}/{index}/date")),
            }
        }
        if there.len() + fresh.len() > MAX_EXCEPTIONS {
            checks.note(Code::OfficeHoursInvalid, PLACE);
        }
        checks.finish()?;
        let added = fresh.iter().map(|holiday| holiday.date).collect();
        let office_hours = self.office_hours.with_exceptions(fresh);
        let settings = Self { office_hours, ..self.clone() };
        Ok(HolidaysImport { settings, added, kept, left_out })
    }
}

#[cfg(test)]
mod tests;
