//! A patient's birth date, and the age that it gives.

use std::fmt;

use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most years ago that a birth is believed: nobody on record lived longer than 122.
pub const MOST_YEARS: i16 = 130;

/// What is no birth date. It never carries the refused value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a past date of the calendar, as YYYY-MM-DD")]
pub struct InvalidBirthDate;

/// The day on which somebody was born.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BirthDate(Date);

impl BirthDate {
    /// The day.
    pub fn date(self) -> Date {
        self.0
    }

    /// Reads a date as ISO 8601 writes it, `YYYY-MM-DD`, that is today or past and at most
    /// [`MOST_YEARS`] ago. Today is a birthday too: charts of newborns are made on it.
    pub fn parse(text: &str, today: Date) -> Result<Self, InvalidBirthDate> {
        let date = read(text)?;
        let years = age(date, today);
        if date <= today && years <= MOST_YEARS { Ok(Self(date)) } else { Err(InvalidBirthDate) }
    }

    /// The age in whole years on a day. Who was born on 29 February is a year older on 1 March
    /// where a year has no such day.
    pub fn age_on(self, day: Date) -> u8 {
        u8::try_from(age(self.0, day).max(0)).unwrap_or(u8::MAX)
    }
}

/// Shows nothing: a debug print can end in a log.
impl fmt::Debug for BirthDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BirthDate")
    }
}

impl Serialize for BirthDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Reads what was stored: it was checked when it was put in, and only gets older.
impl<'de> Deserialize<'de> for BirthDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        read(&text).map(Self).map_err(D::Error::custom)
    }
}

fn read(text: &str) -> Result<Date, InvalidBirthDate> {
    // The parser takes more than the one form: basic dates, and dates with a time behind them.
    let is_form = text.len() == 10 && text.split('-').map(str::len).eq([4, 2, 2]);
    if is_form { text.parse().map_err(|_| InvalidBirthDate) } else { Err(InvalidBirthDate) }
}

fn age(born: Date, day: Date) -> i16 {
    let before_birthday = (day.month(), day.day()) < (born.month(), born.day());
    day.year().saturating_sub(born.year()).saturating_sub(i16::from(before_birthday))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_birth_date_is_a_past_day_of_the_calendar() {
        let today = day("2026-11-25");
        for good in ["2026-11-25", "2026-11-24", "1950-01-31", "2024-02-29", "1896-11-25"] {
            let date = BirthDate::parse(good, today).unwrap();
            assert_eq!(serde_json::to_string(&date).unwrap(), format!("\"{good}\""));
        }
        for bad in [
            "2026-11-26",
            "2027-01-01",
            "1895-11-25",
            "2025-02-29",
            "2025-13-01",
            "2025-00-10",
            "2025-11-31",
            "20251130",
            "2025-1-3",
            "25-11-2025",
            "11/25/2025",
            "2025-11-25T00:00",
            "2025-11-25 ",
            " 2025-11-25",
            "-025-11-25",
            "+2025-11-25",
            "",
            "today",
        ] {
            assert_eq!(BirthDate::parse(bad, today), Err(InvalidBirthDate), "{bad:?}");
        }
    }

    #[test]
    fn a_year_is_full_on_the_birthday() {
        let born = BirthDate::parse("2014-11-25", day("2026-11-25")).unwrap();
        for (on, years) in [
            ("2026-11-24", 11),
            ("2026-11-25", 12),
            ("2014-11-25", 0),
            ("2013-01-01", 0),
            ("2027-01-01", 12),
        ] {
            assert_eq!(born.age_on(day(on)), years, "{on}");
        }
        let leap = BirthDate::parse("2012-02-29", day("2026-11-25")).unwrap();
        for (on, years) in
            [("2024-02-28", 11), ("2024-02-29", 12), ("2023-02-28", 10), ("2023-03-01", 11)]
        {
            assert_eq!(leap.age_on(day(on)), years, "{on}");
        }
    }

    #[test]
    fn a_debug_print_tells_nothing() {
        let date = BirthDate::parse("1990-05-05", day("2026-11-25")).unwrap();
        assert_eq!(format!("{date:?}"), "BirthDate");
    }
}
