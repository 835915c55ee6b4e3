//! A clinic's settings: its plan, what it switched on, when it is open, what it answers by itself.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::attachment::FileLimits;
use crate::conversation::AutomaticReason;
use crate::gsm;
use crate::hours::{Closed, OfficeHours};
use crate::id::ClinicId;
use crate::notice::NoticeTemplate;
use crate::people::Patient;
use crate::placeholder::{self, Placeholder, Wanted, in_form};
use crate::problem_codes::of_hours;
use crate::refusal::{Checks, Code, Refusal};
use crate::rich_text::Body;
use crate::stored_body;
use crate::text::{ClinicName, ClinicPhone, EmergencyLine};

mod holidays;

pub use self::holidays::{HolidaysImport, RawHoliday, holidays};

/// What a clinic pays for, and so what it and its patients may do.
///
/// It is asked at every call and by every timer, so that another plan takes effect with the next of
/// them, in conversations that go on as well:
/// - below `ConnectPro`, patients write no first messages, and nothing is answered by itself: a timer
///   that was set ends as not needed, `switched_off`.
/// - on `Portal`, patients attach no files, name no message that they answer, and guardians write
///   nothing; portal access is enough to view and to answer.
/// - above it, viewing and answering need a linked account: whoever has portal access alone is asked to
///   sign in with one, and then finds everything there.
/// - what was sent before stays as it is, and readable to those who may read the conversation: its
///   files, its quotes, what a guardian wrote and what was answered by itself.
/// - nothing of the settings is changed or lost: what another plan does not have is switched on again
///   with the plan that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Patients view through the clinic's portal; no account needed.
    Portal,
    /// Patients view and answer through an account.
    Connect,
    /// As `Connect`, with automatic replies, and with patients who write first.
    ConnectPro,
}

impl Plan {
    /// Whether a patient needs a linked account to view and answer.
    pub fn needs_account(self) -> bool {
        match self {
            Self::Portal => false,
            Self::Connect | Self::ConnectPro => true,
        }
    }

    /// The plan as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Connect => "connect",
            Self::ConnectPro => "connect_pro",
        }
    }

    /// Whether a reply may name the message that it answers.
    pub fn has_quotes(self) -> bool {
        self.needs_account()
    }

    /// Whether guardians may write for their dependants.
    pub fn has_guardians(self) -> bool {
        self.needs_account()
    }

    /// Whether patients may attach files.
    pub fn has_patient_files(self) -> bool {
        self.needs_account()
    }

    /// Whether patients may write first, if the clinic wants it.
    pub fn has_patient_first(self) -> bool {
        matches!(self, Self::ConnectPro)
    }

    /// Whether the clinic may answer automatically.
    pub fn has_automatic_replies(self) -> bool {
        matches!(self, Self::ConnectPro)
    }
}

/// A language that notices and automatic texts exist in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

/// A language that is neither English nor French. It never carries the refused value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a tag of English or French")]
pub struct UnknownLanguage;

impl Language {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// Reads a language tag as other systems write it: `fr`, `FR`, `fr-CA`, `fr_CA`, and the
    /// three-letter codes of ISO 639-2 (`eng`, `fra`, `fre`). What follows the language itself is
    /// not looked at, beyond that it can be part of a tag (BCP 47).
    pub fn parse(tag: &str) -> Result<Self, UnknownLanguage> {
        let mut parts = tag.split(['-', '_']);
        let language = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "en" | "eng" => Self::En,
            "fr" | "fra" | "fre" => Self::Fr,
            _ => return Err(UnknownLanguage),
        };
        let is_subtag = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if parts.all(is_subtag) { Ok(language) } else { Err(UnknownLanguage) }
    }

    /// The language as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }
}

/// A text in one or more languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalizedBody {
    /// In English.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "stored_body::option")]
    pub en: Option<Body>,
    /// In French.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "stored_body::option")]
    pub fr: Option<Body>,
}

impl LocalizedBody {
    /// The text in this language alone.
    pub fn exactly(&self, language: Language) -> Option<&Body> {
        match language {
            Language::En => self.en.as_ref(),
            Language::Fr => self.fr.as_ref(),
        }
    }

    /// The text in the language wanted, or else in the clinic's default one; and in which it is.
    pub fn in_language(&self, wanted: Language, default: Language) -> Option<(Language, &Body)> {
        [wanted, default].into_iter().find_map(|language| Some((language, self.exactly(language)?)))
    }
}

/// The automatic reply when nobody has answered for some office time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoAnswer {
    /// How many minutes of office time may pass without an answer: 1 to 10,080.
    pub after_office_minutes: u32,
    /// What is said then.
    pub text: LocalizedBody,
}

/// What a clinic answers by itself, and how seldom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutomaticReplies {
    /// What is said on a date with an exception; absent: what is said outside office hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<LocalizedBody>,
    /// What is said in a vacation. Absent: in the clinic's, what is said outside office hours, and
    /// nothing when only the staff of a conversation are away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vacation: Option<LocalizedBody>,
    /// What is said outside office hours; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_hours: Option<LocalizedBody>,
    /// What is said when nobody answers; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_answer: Option<NoAnswer>,
    /// Minutes after a staff message in which no automatic reply is sent: 0 to 1,440.
    pub quiet_minutes: u32,
    /// Minutes that lie between two automatic replies of a conversation at least: 0 to 1,440.
    pub minimum_gap_minutes: u32,
}

impl AutomaticReplies {
    /// The quiet time after a staff message, where the clinic sets none (product page).
    pub const DEFAULT_QUIET_MINUTES: u32 = 5;
    /// The least time between two automatic replies, where the clinic sets none (product page).
    pub const DEFAULT_MINIMUM_GAP_MINUTES: u32 = 15;
    /// The most bytes of the sanitised HTML of one text, and of its plain-text rendition (product
    /// rule: 8 KiB). There may be eight texts, and every call reads the settings.
    pub const MAX_TEXT_BYTES: usize = 8 * 1024;
}

impl Default for AutomaticReplies {
    fn default() -> Self {
        Self {
            exception: None,
            vacation: None,
            outside_hours: None,
            no_answer: None,
            quiet_minutes: Self::DEFAULT_QUIET_MINUTES,
            minimum_gap_minutes: Self::DEFAULT_MINIMUM_GAP_MINUTES,
        }
    }
}

/// A clinic's settings, one versioned document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClinicSettings {
    /// The clinic.
    pub clinic: ClinicId,
    /// 1 when created, and one more with each change.
    pub version: u64,
    /// The name that patients know.
    pub name: ClinicName,
    /// The name in text messages, where the full one does not fit: at most 30 GSM-7 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_name: Option<ClinicName>,
    /// The phone number that patients are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<ClinicPhone>,
    /// Whom patients are to call in an emergency, as `911`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_line: Option<EmergencyLine>,
    /// The plan.
    pub plan: Plan,
    /// Whether patients of this clinic may use the portal at all.
    pub portal_enabled: bool,
    /// Whether patients may reply, where the sender does not say otherwise.
    pub replies_allowed_by_default: bool,
    /// Whether patients may write first, on a plan that has it.
    #[serde(default)]
    pub patient_first: bool,
    /// The age, in years, from which no new guardian links are made: 0 to 25. Links that hold go on.
    #[serde(default = "default_guardian_age_limit")]
    pub guardian_age_limit: u8,
    /// The patient's age, in years, from which a new conversation is hidden from guardians where
    /// the sender does not say otherwise: 0 to 130; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_only_from_age: Option<u8>,
    /// The language where a patient's is unknown or has no text.
    pub default_language: Language,
    /// When somebody is there.
    pub office_hours: OfficeHours,
    /// What is answered when nobody is.
    pub automatic_replies: AutomaticReplies,
    /// How many and how large files may be.
    #[serde(default)]
    pub files: FileLimits,
    /// How people are told of messages.
    #[serde(default)]
    pub notices: NoticeSettings,
}

/// How a clinic's people are told of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeSettings {
    /// Whether sending notices, and answering by itself, is switched off for now. Nothing is lost by
    /// it: what is due is done once it is switched on again.
    pub paused: bool,
    /// After how many hours in which nobody on the patient's side has read a message staff are told:
    /// 1 to 720; absent: they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_after_hours: Option<u32>,
    /// The most text messages of the clinic in a day (UTC): 0 to 1,000,000.
    pub texts_per_day: u32,
    /// The most text messages about one patient in a day (UTC): 0 to 1,000.
    pub texts_per_patient_and_day: u32,
}

impl NoticeSettings {
    /// The wait before staff are told of an unread message, where the clinic sets none (product
    /// page: two days).
    pub const DEFAULT_UNREAD_AFTER_HOURS: u32 = 48;
    /// The most text messages of a day, where the clinic sets none.
    pub const DEFAULT_TEXTS_PER_DAY: u32 = 1_000;
    /// The most text messages about one patient in a day, where the clinic sets none.
    pub const DEFAULT_TEXTS_PER_PATIENT_AND_DAY: u32 = 20;

    /// Notes which numbers are outside their range.
    pub fn check(&self, checks: &mut Checks) {
        let numbers = [
            (self.unread_after_hours.unwrap_or(1), 1..=720, "/notices/unreadAfterHours"),
            (self.texts_per_day, 0..=1_000_000, "/notices/textsPerDay"),
            (self.texts_per_patient_and_day, 0..=1_000, "/notices/textsPerPatientAndDay"),
        ];
        for (number, range, place) in numbers {
            if !range.contains(&number) {
                checks.note(Code::NoticeSettingOutOfRange, place);
            }
        }
    }
}

impl Default for NoticeSettings {
    fn default() -> Self {
        Self {
            paused: false,
            unread_after_hours: Some(Self::DEFAULT_UNREAD_AFTER_HOURS),
            texts_per_day: Self::DEFAULT_TEXTS_PER_DAY,
            texts_per_patient_and_day: Self::DEFAULT_TEXTS_PER_PATIENT_AND_DAY,
        }
    }
}

impl ClinicSettings {
    /// The longest name in a text message, in GSM-7 septets: with the longest link, the notice
    /// then fits the 160 of one message (3GPP TS 23.038).
    pub const MAX_SMS_NAME_SEPTETS: usize = 30;

    /// The age limit of guardian links, where the clinic sets none (product page).
    pub const DEFAULT_GUARDIAN_AGE_LIMIT: u8 = 12;
    /// The highest age limit of guardian links (product rule).
    pub const MAX_GUARDIAN_AGE_LIMIT: u8 = 25;
    /// The highest age from which conversations are patient-only (product rule).
    pub const MAX_PATIENT_ONLY_AGE: u8 = 130;

    /// The day that it is at the clinic.
    pub fn today(&self, now: Timestamp) -> Date {
        self.office_hours.time_zone().zone().to_datetime(now).date()
    }

    /// Whether a new conversation with this patient is hidden from guardians, where nobody says.
    /// A patient of unknown age is not taken for a child.
    pub fn patient_only_by_default(&self, patient: &Patient, now: Timestamp) -> bool {
        let Some(from) = self.patient_only_from_age else { return false };
        patient.birth_date.is_none_or(|born| born.age_on(self.today(now)) >= from)
    }

    /// What the clinic's own settings have for a placeholder.
    pub(crate) fn value(&self, wanted: Wanted) -> Option<String> {
        match wanted.placeholder {
            Placeholder::ClinicName => Some(in_form(self.name.as_str(), wanted.form)),
            Placeholder::ClinicPhone => Some(self.phone.as_ref()?.as_str().to_owned()),
            Placeholder::EmergencyLine => Some(self.emergency_line.as_ref()?.as_str().to_owned()),
            _ => None,
        }
    }

    /// The name that stands in text messages.
    pub fn name_in_sms(&self) -> &str {
        self.sms_name.as_ref().unwrap_or(&self.name).as_str()
    }

    /// Notes which dates of the office hours, of those that were not there before, are past or
    /// absurdly far ahead on the day that it is at the clinic.
    pub fn check_dates(&self, before: Option<&Self>, now: Timestamp) -> Result<(), Refusal> {
        let mut checks = Checks::new();
        let before = before.map(|before| &before.office_hours);
        for problem in self.office_hours.out_of_time(before, self.today(now)) {
            checks.note(of_hours(problem), format!("/officeHours{}", problem.place));
        }
        checks.finish()
    }

    /// Whether the clinic's own text messages still fit with its name as it is here.
    pub fn check_texts_with_name(&self, templates: &[NoticeTemplate]) -> Result<(), Refusal> {
        let mut checks = Checks::new();
        for template in templates {
            template.check_length(self, "/smsName", &mut checks);
        }
        checks.finish()
    }

    /// Whether the actor may put these settings in the place of those that are there.
    ///
    /// Who may change settings at all is [`access::administer`](crate::access::administer)'s. Here:
    /// a clinic is set up by the operator only, and so is what it pays for.
    pub fn may_replace(&self, before: Option<&Self>, actor: &Actor) -> Result<(), Refusal> {
        match (actor, before) {
            (Actor::Operator { .. }, _) => Ok(()),
            (_, None) => Err(Code::NotAllowed.into()),
            (_, Some(before)) if before.plan != self.plan => {
                Err(Refusal::at(Code::PlanChangeNotAllowed, "/plan"))
            }
            (_, Some(_)) => Ok(()),
        }
    }
}

/// The members of settings that are looked at together, as far as each could be read.
#[derive(Clone, Copy, Debug)]
pub struct Members<'a> {
    /// See [`ClinicSettings::name`].
    pub name: Option<&'a ClinicName>,
    /// See [`ClinicSettings::sms_name`]: outside, whether it could be read; inside, whether there is
    /// one.
    pub sms_name: Option<Option<&'a ClinicName>>,
    /// Whether the clinic says its phone number.
    pub has_phone: bool,
    /// Whether the clinic says whom to call in an emergency.
    pub has_emergency_line: bool,
    /// See [`ClinicSettings::guardian_age_limit`].
    pub guardian_age_limit: u8,
    /// See [`ClinicSettings::patient_only_from_age`].
    pub patient_only_from_age: Option<u8>,
    /// See [`ClinicSettings::default_language`].
    pub default_language: Option<Language>,
    /// See [`ClinicSettings::office_hours`].
    pub office_hours: Option<&'a OfficeHours>,
    /// See [`ClinicSettings::automatic_replies`].
    pub automatic_replies: &'a AutomaticReplies,
    /// Whether every text of the automatic replies could be read.
    pub has_all_texts: bool,
    /// See [`ClinicSettings::files`].
    pub files: &'a FileLimits,
    /// See [`ClinicSettings::notices`].
    pub notices: &'a NoticeSettings,
}

impl Members<'_> {
    /// Notes everything that one member alone cannot tell, or that is outside its range.
    pub fn check(self, checks: &mut Checks) {
        if let (Some(name), Some(sms_name)) = (self.name, self.sms_name) {
            check_name_in_sms(name, sms_name, checks);
        }
        let replies = self.automatic_replies;
        if let (Some(default_language), true) = (self.default_language, self.has_all_texts) {
            replies.check_texts(self, default_language, checks);
        }
        replies.check_minutes(checks);
        if let Some(hours) = self.office_hours {
            check_hours(hours, replies, checks);
        }
        check_ages(self.guardian_age_limit, self.patient_only_from_age, checks);
        self.files.check(checks);
        self.notices.check(checks);
    }

    /// Notes what is wrong with an automatic text.
    fn check_text(self, reason: AutomaticReason, body: &Body, place: &str, checks: &mut Checks) {
        let longest = body.html().len().max(body.text().len());
        if longest > AutomaticReplies::MAX_TEXT_BYTES {
            checks.note(Code::AutomaticTextTooLong, place);
        }
        placeholder::check_body(body, &Placeholder::OF_AUTOMATIC_TEXTS, place, checks);
        let wanted = placeholder::of_body(body);
        // Whatever else it says is said on a day that ends: an exception, a vacation.
        let never_opens_anew = reason == AutomaticReason::NoAnswer
            && self.office_hours.is_some_and(OfficeHours::never_closes);
        let is_missing = |wanted: &Wanted| match wanted.placeholder {
            Placeholder::ClinicPhone => !self.has_phone,
            Placeholder::EmergencyLine => !self.has_emergency_line,
            Placeholder::NextOpening => never_opens_anew,
            _ => false,
        };
        let missing: Vec<Wanted> = wanted.iter().copied().filter(is_missing).collect();
        placeholder::note_missing(&missing, place, checks);
        if !wanted.iter().any(|wanted| wanted.placeholder == Placeholder::EmergencyLine) {
            checks.note(Code::EmergencyLineMissing, place);
        }
    }
}

impl AutomaticReplies {
    /// Whether the clinic has switched any on.
    pub fn any(&self) -> bool {
        AutomaticReason::ALL.into_iter().any(|reason| self.text(reason).is_some())
    }

    /// What is said for a reason, where it is switched on.
    pub fn text(&self, reason: AutomaticReason) -> Option<&LocalizedBody> {
        match reason {
            AutomaticReason::Exception => self.exception.as_ref(),
            AutomaticReason::Vacation => self.vacation.as_ref(),
            AutomaticReason::OutsideHours => self.outside_hours.as_ref(),
            AutomaticReason::NoAnswer => self.no_answer.as_ref().map(|found| &found.text),
        }
    }

    /// The reason to answer for, of those for which an office is closed: the highest that has a
    /// text. A holiday without one in a vacation is still a day of the vacation, and any is still a
    /// time outside office hours.
    pub fn reason_when(&self, closed: &[Closed]) -> Option<AutomaticReason> {
        let reasons = closed.iter().map(|closed| match closed {
            Closed::Exception => AutomaticReason::Exception,
            Closed::Vacation => AutomaticReason::Vacation,
            Closed::OutsideHours => AutomaticReason::OutsideHours,
        });
        reasons.into_iter().find(|reason| self.text(*reason).is_some())
    }

    /// Whether anything is said while the office is closed.
    pub fn any_when_closed(&self) -> bool {
        [&self.exception, &self.vacation, &self.outside_hours].into_iter().any(Option::is_some)
    }

    /// Notes what is wrong with the texts, of a clinic with these members.
    ///
    /// Each says what to do in an emergency (product page, "Automatic replies"): whoever reads it
    /// has just learnt that nobody answers now.
    fn check_texts(&self, clinic: Members<'_>, default_language: Language, checks: &mut Checks) {
        for reason in AutomaticReason::ALL {
            let Some(text) = self.text(reason) else { continue };
            let place = match reason {
                AutomaticReason::Exception => "/automaticReplies/exception",
                AutomaticReason::Vacation => "/automaticReplies/vacation",
                AutomaticReason::OutsideHours => "/automaticReplies/outsideHours",
                AutomaticReason::NoAnswer => "/automaticReplies/noAnswer/text",
            };
            if text.exactly(default_language).is_none() {
                checks.note(Code::AutomaticTextEmpty, place);
            }
            for language in Language::ALL {
                let Some(body) = text.exactly(language) else { continue };
                let place = format!("{place}/{}", language.as_str());
                clinic.check_text(reason, body, &place, checks);
            }
        }
    }

    /// Notes which minutes are outside their range.
    fn check_minutes(&self, checks: &mut Checks) {
        let after = self.no_answer.as_ref().map(|no_answer| no_answer.after_office_minutes);
        let minutes = [
            (after.unwrap_or(1), 1..=10_080, "/automaticReplies/noAnswer/afterOfficeMinutes"),
            (self.quiet_minutes, 0..=1_440, "/automaticReplies/quietMinutes"),
            (self.minimum_gap_minutes, 0..=1_440, "/automaticReplies/minimumGapMinutes"),
        ];
        for (minutes, range, place) in minutes {
            if !range.contains(&minutes) {
                checks.note(Code::MinutesOutOfRange, place);
            }
        }
    }
}

/// Notes it if the name that stands in text messages does not fit there.
fn check_name_in_sms(name: &ClinicName, sms_name: Option<&ClinicName>, checks: &mut Checks) {
    let fits = gsm::gsm7_length(sms_name.unwrap_or(name).as_str())
        .is_ok_and(|length| length <= ClinicSettings::MAX_SMS_NAME_SEPTETS);
    if !fits {
        checks.note(Code::SmsNameInvalid, "/smsName");
    }
}

/// Notes it if automatic replies are on and the office never opens.
fn check_hours(hours: &OfficeHours, replies: &AutomaticReplies, checks: &mut Checks) {
    if replies.any() && hours.is_empty() {
        checks.note(Code::OfficeHoursRequired, "/officeHours/windows");
    }
}

/// Notes which ages are outside their range.
fn check_ages(guardian_age_limit: u8, patient_only_from_age: Option<u8>, checks: &mut Checks) {
    if guardian_age_limit > ClinicSettings::MAX_GUARDIAN_AGE_LIMIT {
        checks.note(Code::AgeOutOfRange, "/guardianAgeLimit");
    }
    if patient_only_from_age.is_some_and(|age| age > ClinicSettings::MAX_PATIENT_ONLY_AGE) {
        checks.note(Code::AgeOutOfRange, "/patientOnlyFromAge");
    }
}

fn default_guardian_age_limit() -> u8 {
    ClinicSettings::DEFAULT_GUARDIAN_AGE_LIMIT
}

#[cfg(test)]
mod tests;
