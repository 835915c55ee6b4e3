//! A clinic's settings as JSON: what a request brings, and what an answer shows.

use domain::attachment::FileLimits;
use domain::clinic::{
    AutomaticReplies, ClinicSettings, Language, LocalizedBody, Members, NoAnswer, NoticeSettings,
    Plan,
};
use domain::hours::{OfficeHours, RawHours};
use domain::id::ClinicId;
use domain::placeholder;
use domain::problem_codes::{of_hours, of_line, of_name};
use domain::refusal::{Checks, Code, Refusal};
use domain::rich_text::{Body, BodyProblem, Removed};
use domain::text::{ClinicName, ClinicPhone, EmergencyLine, TextProblem};
use serde::de::IntoDeserializer;
use serde::de::value::Error as ValueError;
use serde::{Deserialize, Deserializer, Serialize};

/// The settings that a request puts in place of all those before.
///
/// An optional member that is absent or null has the default stated with it: what is not switched
/// on is off. Of one member null is a value of its own: [`NoticesInput::unread_after_hours`].
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettingsInput {
    name: String,
    /// Absent: the name itself stands in text messages.
    #[serde(default)]
    sms_name: Option<String>,
    /// As patients are to read it, at most 50 characters. Absent: no text can name it.
    #[serde(default)]
    phone: Option<String>,
    /// Whom to call in an emergency, at most 100 characters. Absent: automatic replies cannot be
    /// switched on.
    #[serde(default)]
    emergency_line: Option<String>,
    plan: String,
    /// Absent: false.
    #[serde(default)]
    portal_enabled: Option<bool>,
    /// Absent: false.
    #[serde(default)]
    replies_allowed_by_default: Option<bool>,
    /// Absent: false.
    #[serde(default)]
    patient_first: Option<bool>,
    /// In years. Absent: 12.
    #[serde(default)]
    guardian_age_limit: Option<i64>,
    /// In years. Absent: no conversation is hidden from guardians unless somebody says so.
    #[serde(default)]
    patient_only_from_age: Option<i64>,
    /// Absent: `en`.
    #[serde(default)]
    default_language: Option<String>,
    office_hours: RawHours,
    /// Absent: none are sent.
    #[serde(default)]
    automatic_replies: Option<RepliesInput>,
    /// Absent: the defaults of each.
    #[serde(default)]
    files: Option<FilesInput>,
    /// Absent: the defaults of each.
    #[serde(default)]
    notices: Option<NoticesInput>,
}

/// How people are told of messages.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NoticesInput {
    /// Absent: false.
    #[serde(default)]
    paused: Option<bool>,
    /// Absent: 48. Null: staff are not told.
    #[serde(default)]
    unread_after_hours: UnreadAfter,
    /// Absent: 1,000.
    #[serde(default)]
    texts_per_day: Option<i64>,
    /// Absent: 20.
    #[serde(default)]
    texts_per_patient_and_day: Option<i64>,
}

/// After how many hours staff are told of an unread message.
#[derive(Default)]
enum UnreadAfter {
    /// The request does not say.
    #[default]
    Default,
    /// They are not told.
    Never,
    /// After this many.
    Hours(i64),
}

impl<'de> Deserialize<'de> for UnreadAfter {
    fn deserialize<D: Deserializer<'de>>(member: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(member)?.map_or(Self::Never, Self::Hours))
    }
}

/// Limits on files, in megabytes of 1,048,576 bytes.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FilesInput {
    /// Absent: 10.
    #[serde(default)]
    patient_file_megabytes: Option<i64>,
    /// Absent: 25.
    #[serde(default)]
    clinic_file_megabytes: Option<i64>,
    /// Absent: 5.
    #[serde(default)]
    files_per_message: Option<i64>,
    /// Absent: 100.
    #[serde(default)]
    patient_daily_megabytes: Option<i64>,
    /// Absent: 1,000.
    #[serde(default)]
    clinic_daily_megabytes: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RepliesInput {
    /// Absent: what is said outside office hours.
    #[serde(default)]
    exception: Option<TextsInput>,
    /// Absent: what is said outside office hours, and nothing when only a conversation's staff are
    /// away.
    #[serde(default)]
    vacation: Option<TextsInput>,
    /// Absent: nothing is said outside office hours.
    #[serde(default)]
    outside_hours: Option<TextsInput>,
    /// Absent: nothing is said when nobody answers.
    #[serde(default)]
    no_answer: Option<NoAnswerInput>,
    /// Absent: 5.
    #[serde(default)]
    quiet_minutes: Option<i64>,
    /// Absent: 15.
    #[serde(default)]
    minimum_gap_minutes: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NoAnswerInput {
    after_office_minutes: i64,
    text: TextsInput,
}

/// A text in each language, as HTML or as plain text without markup.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextsInput {
    #[serde(default)]
    en: Option<String>,
    #[serde(default)]
    fr: Option<String>,
}

/// The settings as an answer shows them: what a request may bring, the clinic and the version.
/// Texts are objects of `html`, sanitised, and `text`, its plain-text rendition.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingsOutput<'a> {
    clinic_id: &'a ClinicId,
    version: u64,
    name: &'a ClinicName,
    #[serde(skip_serializing_if = "Option::is_none")]
    sms_name: Option<&'a ClinicName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a ClinicPhone>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emergency_line: Option<&'a EmergencyLine>,
    plan: Plan,
    portal_enabled: bool,
    replies_allowed_by_default: bool,
    patient_first: bool,
    guardian_age_limit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    patient_only_from_age: Option<u8>,
    default_language: Language,
    office_hours: &'a OfficeHours,
    automatic_replies: &'a AutomaticReplies,
    files: FileLimits,
    notices: NoticesOutput,
    /// What was removed from the texts of the request.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    removed: &'a [RemovedAt],
}

/// Something that was removed from a text of a request.
#[derive(Serialize)]
pub struct RemovedAt {
    /// The text: a JSON pointer (RFC 6901) into the request.
    pointer: String,
    #[serde(flatten)]
    removed: Removed,
}

/// How people are told of messages, with nothing left out: what is absent in a request is a default.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NoticesOutput {
    paused: bool,
    /// Null: staff are not told.
    unread_after_hours: Option<u32>,
    texts_per_day: u32,
    texts_per_patient_and_day: u32,
}

impl From<NoticeSettings> for NoticesOutput {
    fn from(settings: NoticeSettings) -> Self {
        Self {
            paused: settings.paused,
            unread_after_hours: settings.unread_after_hours,
            texts_per_day: settings.texts_per_day,
            texts_per_patient_and_day: settings.texts_per_patient_and_day,
        }
    }
}

impl SettingsInput {
    /// The settings, with what was removed from their texts; or everything that is wrong with them:
    /// first member by member, then between the members that could be read.
    pub fn parse(
        self,
        clinic: ClinicId,
        version: u64,
    ) -> Result<(ClinicSettings, Vec<RemovedAt>), Refusal> {
        let mut checks = Checks::new();
        let name = checks.take("/name", ClinicName::parse(&self.name).map_err(of_name));
        let sms_name = match &self.sms_name {
            Some(name) => {
                checks.take("/smsName", ClinicName::parse(name).map_err(of_name)).map(Some)
            }
            None => Some(None),
        };
        let phone = optional(self.phone.as_deref(), "/phone", ClinicPhone::parse, &mut checks);
        let emergency_line = self.emergency_line.as_deref();
        let emergency_line =
            optional(emergency_line, "/emergencyLine", EmergencyLine::parse, &mut checks);
        let plan = checks.take("/plan", plan(&self.plan));
        let language = match &self.default_language {
            Some(tag) => checks.take("/defaultLanguage", Language::parse(tag)),
            None => Some(Language::default()),
        };
        let hours = OfficeHours::new(&self.office_hours)
            .map_err(|problems| {
                for problem in problems {
                    checks.note(of_hours(problem), format!("/officeHours{}", problem.place));
                }
            })
            .ok();
        let replies = self.automatic_replies.unwrap_or_default();
        let ParsedReplies { replies, has_all_texts, removed } = replies.parse(&mut checks);
        let limit = self.guardian_age_limit.map(age);
        let guardian_age_limit = limit.unwrap_or(ClinicSettings::DEFAULT_GUARDIAN_AGE_LIMIT);
        let patient_only_from_age = self.patient_only_from_age.map(age);
        let files = self.files.unwrap_or_default().parse();
        let notices = self.notices.unwrap_or_default().parse();
        let members = Members {
            name: name.as_ref(),
            sms_name: sms_name.as_ref().map(Option::as_ref),
            has_phone: self.phone.is_some(),
            has_emergency_line: self.emergency_line.is_some(),
            guardian_age_limit,
            patient_only_from_age,
            default_language: language,
            office_hours: hours.as_ref(),
            automatic_replies: &replies,
            has_all_texts,
            files: &files,
            notices: &notices,
        };
        members.check(&mut checks);
        checks.finish()?;
        let (Some(name), Some(sms_name), Some(plan), Some(default_language), Some(office_hours)) =
            (name, sms_name, plan, language, hours)
        else {
            return Err(Code::Internal.into());
        };
        let settings = ClinicSettings {
            clinic,
            version,
            name,
            sms_name,
            phone,
            emergency_line,
            plan,
            portal_enabled: self.portal_enabled.unwrap_or_default(),
            replies_allowed_by_default: self.replies_allowed_by_default.unwrap_or_default(),
            patient_first: self.patient_first.unwrap_or_default(),
            guardian_age_limit,
            patient_only_from_age,
            default_language,
            office_hours,
            automatic_replies: replies,
            files,
            notices,
        };
        Ok((settings, removed))
    }
}

impl FilesInput {
    fn parse(self) -> FileLimits {
        let default = FileLimits::default();
        FileLimits {
            patient_file_megabytes: self
                .patient_file_megabytes
                .map_or(default.patient_file_megabytes, count),
            clinic_file_megabytes: self
                .clinic_file_megabytes
                .map_or(default.clinic_file_megabytes, count),
            files_per_message: self.files_per_message.map_or(default.files_per_message, count),
            patient_daily_megabytes: self
                .patient_daily_megabytes
                .map_or(default.patient_daily_megabytes, count),
            clinic_daily_megabytes: self
                .clinic_daily_megabytes
                .map_or(default.clinic_daily_megabytes, count),
        }
    }
}

impl NoticesInput {
    fn parse(self) -> NoticeSettings {
        let default = NoticeSettings::default();
        NoticeSettings {
            paused: self.paused.unwrap_or(default.paused),
            unread_after_hours: match self.unread_after_hours {
                UnreadAfter::Default => default.unread_after_hours,
                UnreadAfter::Never => None,
                UnreadAfter::Hours(hours) => Some(count(hours)),
            },
            texts_per_day: self.texts_per_day.map_or(default.texts_per_day, count),
            texts_per_patient_and_day: self
                .texts_per_patient_and_day
                .map_or(default.texts_per_patient_and_day, count),
        }
    }
}

/// Automatic replies as far as they could be read.
struct ParsedReplies {
    replies: AutomaticReplies,
    /// Whether every text of them could be.
    has_all_texts: bool,
    removed: Vec<RemovedAt>,
}

impl RepliesInput {
    fn parse(self, checks: &mut Checks) -> ParsedReplies {
        let mut has_all_texts = true;
        let mut removed = Vec::new();
        let mut texts = |input: TextsInput, place: &str| {
            let mut body = |raw: Option<String>, language: &str| {
                let pointer = format!("/automaticReplies/{place}/{language}");
                let cleaned = checks.take(&pointer, Body::clean(&raw?).map_err(text_code));
                let Some(cleaned) = cleaned else {
                    has_all_texts = false;
                    return None;
                };
                placeholder::check_lost(&cleaned, &pointer, checks);
                let at = |removed| RemovedAt { pointer: pointer.clone(), removed };
                removed.extend(cleaned.removed.into_iter().map(at));
                Some(cleaned.body)
            };
            LocalizedBody { en: body(input.en, "en"), fr: body(input.fr, "fr") }
        };
        let exception = self.exception.map(|input| texts(input, "exception"));
        let vacation = self.vacation.map(|input| texts(input, "vacation"));
        let outside_hours = self.outside_hours.map(|input| texts(input, "outsideHours"));
        let no_answer = self.no_answer.map(|input| NoAnswer {
            after_office_minutes: count(input.after_office_minutes),
            text: texts(input.text, "noAnswer/text"),
        });
        let quiet = self.quiet_minutes.map(count);
        let gap = self.minimum_gap_minutes.map(count);
        let replies = AutomaticReplies {
            exception,
            vacation,
            outside_hours,
            no_answer,
            quiet_minutes: quiet.unwrap_or(AutomaticReplies::DEFAULT_QUIET_MINUTES),
            minimum_gap_minutes: gap.unwrap_or(AutomaticReplies::DEFAULT_MINIMUM_GAP_MINUTES),
        };
        ParsedReplies { replies, has_all_texts, removed }
    }
}

impl<'a> From<&'a ClinicSettings> for SettingsOutput<'a> {
    fn from(settings: &'a ClinicSettings) -> Self {
        Self {
            clinic_id: &settings.clinic,
            version: settings.version,
            name: &settings.name,
            sms_name: settings.sms_name.as_ref(),
            phone: settings.phone.as_ref(),
            emergency_line: settings.emergency_line.as_ref(),
            plan: settings.plan,
            portal_enabled: settings.portal_enabled,
            replies_allowed_by_default: settings.replies_allowed_by_default,
            patient_first: settings.patient_first,
            guardian_age_limit: settings.guardian_age_limit,
            patient_only_from_age: settings.patient_only_from_age,
            default_language: settings.default_language,
            office_hours: &settings.office_hours,
            automatic_replies: &settings.automatic_replies,
            files: settings.files,
            notices: settings.notices.into(),
            removed: &[],
        }
    }
}

impl<'a> SettingsOutput<'a> {
    /// The same for whoever sent them.
    pub fn to_sender(settings: &'a ClinicSettings, removed: &'a [RemovedAt]) -> Self {
        Self { removed, ..settings.into() }
    }
}

/// What a member that may be absent says; nothing, too, where it was refused.
fn optional<T>(
    raw: Option<&str>,
    place: &str,
    parse: fn(&str) -> Result<T, TextProblem>,
    checks: &mut Checks,
) -> Option<T> {
    checks.take(place, parse(raw?).map_err(of_line))
}

fn plan(text: &str) -> Result<Plan, Code> {
    Plan::deserialize(text.into_deserializer()).map_err(|_: ValueError| Code::WrongType)
}

/// A text that shows nothing cannot be switched on (product page, "Automatic replies").
fn text_code(problem: BodyProblem) -> Code {
    match problem {
        BodyProblem::Empty => Code::AutomaticTextEmpty,
        other => other.into(),
    }
}

/// What no age can be becomes the most, which is outside every range and refused as that.
fn age(number: i64) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// What no count can be becomes the most, which is outside every range and refused as that.
fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
