//! How many and how large files may be.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::file::MAX_FILE_BYTES;
use crate::refusal::{Checks, Code};

/// A megabyte, as these limits count: 1,048,576 bytes.
pub const MEGABYTE: u64 = 1024 * 1024;

/// The most uploads that a patient's or guardian's account begins in a day, whatever their size.
pub const MAX_PATIENT_UPLOADS: u32 = 200;

/// The most uploads that a member of staff begins in a day, whatever their size.
pub const MAX_STAFF_UPLOADS: u32 = 2_000;

/// A clinic's limits. Each has a hard upper bound, which no clinic can pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileLimits {
    /// Megabytes of one file of a patient: 1 to 25.
    pub patient_file_megabytes: u32,
    /// Megabytes of one file of staff, and of a chart document: 1 to 25.
    pub clinic_file_megabytes: u32,
    /// Files of one message, chart documents among them: 1 to 10.
    pub files_per_message: u32,
    /// Megabytes that one patient's account uploads in a day at the clinic: 1 to 10,000.
    pub patient_daily_megabytes: u32,
    /// Megabytes that one member of staff uploads in a day: 1 to 10,000.
    pub clinic_daily_megabytes: u32,
}

impl Default for FileLimits {
    fn default() -> Self {
        Self {
            patient_file_megabytes: 10,
            clinic_file_megabytes: 25,
            files_per_message: 5,
            patient_daily_megabytes: 100,
            clinic_daily_megabytes: 1_000,
        }
    }
}

impl FileLimits {
    /// The most files of a message that any clinic can allow.
    pub const MAX_FILES_PER_MESSAGE: usize = 10;
    /// The most megabytes a day that any clinic can allow one account.
    pub const MAX_DAILY_MEGABYTES: u32 = 10_000;

    /// Notes which limits are outside their range.
    pub fn check(&self, checks: &mut Checks) {
        let largest = u32::try_from(MAX_FILE_BYTES / MEGABYTE).unwrap_or(u32::MAX);
        let file = 1..=largest;
        let most = u32::try_from(Self::MAX_FILES_PER_MESSAGE).unwrap_or(u32::MAX);
        let daily = |of_file: u32| of_file.max(1)..=Self::MAX_DAILY_MEGABYTES;
        let all = [
            (self.patient_file_megabytes, file.clone(), "patientFileMegabytes"),
            (self.clinic_file_megabytes, file, "clinicFileMegabytes"),
            (self.files_per_message, 1..=most, "filesPerMessage"),
            (
                self.patient_daily_megabytes,
                daily(self.patient_file_megabytes),
                "patientDailyMegabytes",
            ),
            (
                self.clinic_daily_megabytes,
                daily(self.clinic_file_megabytes),
                "clinicDailyMegabytes",
            ),
        ];
        for (number, range, member) in all {
            if !range.contains(&number) {
                checks.note(Code::FileLimitOutOfRange, format!("/files/{member}"));
            }
        }
    }

    /// The most bytes of one file, from a patient or from the clinic.
    pub fn file_bytes(&self, by_patient: bool) -> u64 {
        let megabytes =
            if by_patient { self.patient_file_megabytes } else { self.clinic_file_megabytes };
        (u64::from(megabytes) * MEGABYTE).min(MAX_FILE_BYTES)
    }

    /// How many files a message may have.
    pub fn files(&self) -> usize {
        usize::try_from(self.files_per_message).unwrap_or(0).min(Self::MAX_FILES_PER_MESSAGE)
    }
}

/// What one account has uploaded at a clinic in one day (UTC): the clinic's own day would take
/// another read before it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// The day.
    pub day: Date,
    /// 0 before the first upload, and one more with each: what the next one is conditioned on.
    pub version: u64,
    /// How many bytes were promised.
    pub bytes: u64,
}

impl Quota {
    /// The day that counts at an instant.
    pub fn day_of(now: Timestamp) -> Date {
        TimeZone::UTC.to_datetime(now).date()
    }

    /// Nothing yet.
    pub fn empty(day: Date) -> Self {
        Self { day, version: 0, bytes: 0 }
    }

    /// The quota with one more file, unless that is more than the clinic takes in a day.
    pub fn with(self, length: u64, limits: &FileLimits, by_patient: bool) -> Result<Self, Code> {
        let (megabytes, uploads) = if by_patient {
            (limits.patient_daily_megabytes, MAX_PATIENT_UPLOADS)
        } else {
            (limits.clinic_daily_megabytes, MAX_STAFF_UPLOADS)
        };
        let next = Self {
            day: self.day,
            version: self.version.saturating_add(1),
            bytes: self.bytes.saturating_add(length),
        };
        if next.bytes > u64::from(megabytes) * MEGABYTE || next.version > u64::from(uploads) {
            return Err(Code::FileQuotaReached);
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_limits_of_the_product_hold_where_a_clinic_sets_none() {
        let limits = FileLimits::default();
        assert_eq!(limits.file_bytes(true), 10_485_760);
        assert_eq!(limits.file_bytes(false), 26_214_400);
        assert_eq!(limits.files(), 5);
        let mut checks = Checks::new();
        limits.check(&mut checks);
        assert_eq!(checks.into_reasons(), []);
    }

    #[test]
    fn no_clinic_passes_the_upper_bounds() {
        let mut checks = Checks::new();
        let limits = FileLimits {
            patient_file_megabytes: 26,
            clinic_file_megabytes: 0,
            files_per_message: 11,
            patient_daily_megabytes: 10_001,
            clinic_daily_megabytes: 0,
        };
        limits.check(&mut checks);
        let places: Vec<_> =
            checks.into_reasons().into_iter().filter_map(|reason| reason.place).collect();
        assert_eq!(
            places,
            [
                "/files/patientFileMegabytes",
                "/files/clinicFileMegabytes",
                "/files/filesPerMessage",
                "/files/patientDailyMegabytes",
                "/files/clinicDailyMegabytes",
            ]
        );
        assert_eq!(limits.file_bytes(true), MAX_FILE_BYTES);
    }

    #[test]
    fn a_day_takes_as_much_as_it_says_and_not_a_byte_more() {
        let limits = FileLimits { patient_daily_megabytes: 10, ..FileLimits::default() };
        let day = date(2026, 11, 25);
        let half = Quota::empty(day).with(5 * MEGABYTE, &limits, true);
        let full = half.and_then(|half| half.with(5 * MEGABYTE, &limits, true));
        assert_eq!(full, Ok(Quota { day, version: 2, bytes: 10 * MEGABYTE }));
        assert_eq!(full.and_then(|full| full.with(1, &limits, true)), Err(Code::FileQuotaReached));
        // The clinic's own limit is another one.
        assert!(full.and_then(|full| full.with(1, &limits, false)).is_ok());
        let often = Quota { day, version: u64::from(MAX_PATIENT_UPLOADS), bytes: 0 };
        assert_eq!(often.with(1, &limits, true), Err(Code::FileQuotaReached));
    }
}
