//! Dates and times in the words of a language, as they stand in texts to patients.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::{Offset, TimeZone};

use crate::clinic::Language;

/// A date in words: `November 2, 2026`, `2 novembre 2026`, `1er mai 2027`.
pub fn long_date(date: Date, language: Language) -> String {
    let (day, year) = (date.day(), date.year());
    match language {
        Language::En => format!("{} {day}, {year}", month(date, language)),
        Language::Fr if day == 1 => format!("1er {} {year}", month(date, language)),
        Language::Fr => format!("{day} {} {year}", month(date, language)),
    }
}

/// An instant on a clinic's clock, with the day of the week and the zone's name at that instant:
/// `Monday, November 2, 2026 at 9:00 a.m. EST`, `lundi 2 novembre 2026 à 9:00 (HNE)`.
pub fn instant(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let local = zone.to_datetime(at);
    let (date, hour, minute) = (local.date(), local.hour(), local.minute());
    let day = weekday(date.weekday(), language);
    let long = long_date(date, language);
    let named = zone_name(at, zone, language);
    match language {
        Language::En => {
            let half = if hour < 12 { "a.m." } else { "p.m." };
            let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
            format!("{day}, {long} at {hour}:{minute:02} {half} {named}")
        }
        Language::Fr => format!("{day} {long} à {hour}:{minute:02} ({named})"),
    }
}

/// What people call the zone's time at an instant: the database's abbreviation, in French the one
/// of Canada. Where the database has only digits, the distance from UTC.
fn zone_name(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let info = zone.to_offset_info(at);
    let short = info.abbreviation();
    if !short.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return distance(info.offset());
    }
    let french = match short {
        "NST" => "HNT",
        "NDT" => "HAT",
        "AST" => "HNA",
        "ADT" => "HAA",
        "EST" => "HNE",
        "EDT" => "HAE",
        "CST" => "HNC",
        "CDT" => "HAC",
        "MST" => "HNR",
        "MDT" => "HAR",
        "PST" => "HNP",
        "PDT" => "HAP",
        other => other,
    };
    let is_american = zone.iana_name().is_some_and(|name| name.starts_with("America/"));
    if language == Language::Fr && is_american { french.to_owned() } else { short.to_owned() }
}

fn distance(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '−' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("UTC{sign}{}:{:02}", minutes / 60, minutes % 60)
}

fn month(date: Date, language: Language) -> &'static str {
    let names = match language {
        Language::En => [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        Language::Fr => [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
    };
    let position = usize::from(date.month().unsigned_abs()).saturating_sub(1);
    names.get(position).copied().unwrap_or_default()
}

fn weekday(day: Weekday, language: Language) -> &'static str {
    match (language, day) {
        (Language::En, Weekday::Monday) => "Monday",
        (Language::En, Weekday::Tuesday) => "Tuesday",
        (Language::En, Weekday::Wednesday) => "Wednesday",
        (Language::En, Weekday::Thursday) => "Thursday",
        (Language::En, Weekday::Friday) => "Friday",
        (Language::En, Weekday::Saturday) => "Saturday",
        (Language::En, Weekday::Sunday) => "Sunday",
        (Language::Fr, Weekday::Monday) => "lundi",
        (Language::Fr, Weekday::Tuesday) => "mardi",
        (Language::Fr, Weekday::Wednesday) => "mercredi",
        (Language::Fr, Weekday::Thursday) => "jeudi",
        (Language::Fr, Weekday::Friday) => "vendredi",
        (Language::Fr, Weekday::Saturday) => "samedi",
        (Language::Fr, Weekday::Sunday) => "dimanche",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::hours::TimeZoneName;

    /// The offset, the abbreviation and the day are those of the instant spoken of.
    #[test]
    fn an_instant_is_said_on_the_clock_of_its_own_day() {
        let said = |at: &str, zone: &str| {
            let zone = TimeZoneName::parse(zone).unwrap();
            let at = at.parse().unwrap();
            Language::ALL.map(|language| instant(at, zone.zone(), language))
        };
        assert_eq!(
            said("2026-11-02T14:00Z", "America/Toronto"),
            ["Monday, November 2, 2026 at 9:00 a.m. EST", "lundi 2 novembre 2026 à 9:00 (HNE)"]
        );
        assert_eq!(
            said("2026-10-30T17:05Z", "America/Toronto"),
            ["Friday, October 30, 2026 at 1:05 p.m. EDT", "vendredi 30 octobre 2026 à 13:05 (HAE)"]
        );
        assert_eq!(
            said("2027-05-01T03:00Z", "America/Sao_Paulo"),
            [
                "Saturday, May 1, 2027 at 12:00 a.m. UTC−3:00",
                "samedi 1er mai 2027 à 0:00 (UTC−3:00)"
            ]
        );
        assert_eq!(
            said("2026-07-01T15:30Z", "America/St_Johns"),
            ["Wednesday, July 1, 2026 at 1:00 p.m. NDT", "mercredi 1er juillet 2026 à 13:00 (HAT)"]
        );
    }
}
