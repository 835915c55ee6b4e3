//! What changed between two versions of a document, for its audit record.
//!
//! Rights, switches and numbers are recorded with what they were and what they are, so that an
//! administrator who switches something on and off again is seen, and so is what every patient was
//! told: whom to call, and the texts of notices and automatic replies. Of people's names and
//! addresses, and of what a message may say of somebody, only that they are set is recorded: the
//! record outlives them and is read by more people.

use crate::audit::Changed;
use crate::clinic::{ClinicSettings, Language, LocalizedBody};
use crate::document::Document as ChartDocument;
use crate::hours::{Days, Exception, OfficeHours};
use crate::id::GroupId;
use crate::message_template::MessageTemplate;
use crate::notice::NoticeTemplate;
use crate::people::{AccountLink, Group, Patient, StaffMember, StaffPreferences};
use crate::rich_text::Body;
use crate::text::{ClinicPhone, EmergencyLine};
use crate::version::{self, Document};

/// What stands for a value that is not recorded.
const SET: &str = "set";

/// Compares two versions of one document, member by member.
struct Comparison<'a, T> {
    before: Option<&'a T>,
    after: &'a T,
    changes: Vec<Changed>,
}

impl Document for ClinicSettings {
    fn version(&self) -> u64 {
        self.version
    }

    fn changes_since(&self, before: Option<&Self>) -> Vec<Changed> {
        let mut comparison = Comparison::new(before, self);
        comparison
            .hidden("name", |settings| Some(&settings.name))
            .hidden("smsName", |settings| settings.sms_name.as_ref())
            .shown("phone", |settings| settings.phone.as_ref().map(ClinicPhone::as_str))
            .shown("emergencyLine", |settings| {
                settings.emergency_line.as_ref().map(EmergencyLine::as_str)
            })
            .shown("plan", |settings| Some(settings.plan.as_str()))
            .shown("portalEnabled", |settings| Some(settings.portal_enabled))
            .shown("repliesAllowedByDefault", |settings| Some(settings.replies_allowed_by_default))
            .shown("patientFirst", |settings| Some(settings.patient_first))
            .shown("guardianAgeLimit", |settings| Some(settings.guardian_age_limit))
            .shown("patientOnlyFromAge", |settings| settings.patient_only_from_age)
            .shown("defaultLanguage", |settings| Some(settings.default_language.as_str()))
            .shown("officeHours", |settings| Some(in_words(&settings.office_hours)))
            .shown("officeHours.exceptions", |settings| {
                let exceptions = settings.office_hours.exceptions();
                let all: Vec<String> = exceptions.iter().map(exception_in_words).collect();
                (!all.is_empty()).then(|| all.join(", "))
            })
            .hidden("officeHours.exceptions.name", |settings| {
                let exceptions = settings.office_hours.exceptions().iter();
                let named: Vec<_> = exceptions
                    .filter_map(|exception| Some((exception.date, exception.name.as_ref()?)))
                    .collect();
                (!named.is_empty()).then_some(named)
            })
            .shown("officeHours.vacations", |settings| {
                days_in_words(settings.office_hours.vacations())
            })
            .texts("automaticReplies.exception", |settings| {
                settings.automatic_replies.exception.as_ref()
            })
            .texts("automaticReplies.vacation", |settings| {
                settings.automatic_replies.vacation.as_ref()
            })
            .texts("automaticReplies.outsideHours", |settings| {
                settings.automatic_replies.outside_hours.as_ref()
            })
            .texts("automaticReplies.noAnswer.text", |settings| {
                settings.automatic_replies.no_answer.as_ref().map(|no_answer| &no_answer.text)
            })
            .shown("automaticReplies.noAnswer.afterOfficeMinutes", |settings| {
                let no_answer = settings.automatic_replies.no_answer.as_ref();
                no_answer.map(|no_answer| no_answer.after_office_minutes)
            })
            .shown("automaticReplies.quietMinutes", |settings| {
                Some(settings.automatic_replies.quiet_minutes)
            })
            .shown("automaticReplies.minimumGapMinutes", |settings| {
                Some(settings.automatic_replies.minimum_gap_minutes)
            })
            .shown("notices.paused", |settings| Some(settings.notices.paused))
            .shown("notices.unreadAfterHours", |settings| settings.notices.unread_after_hours)
            .shown("notices.textsPerDay", |settings| Some(settings.notices.texts_per_day))
            .shown("notices.textsPerPatientAndDay", |settings| {
                Some(settings.notices.texts_per_patient_and_day)
            })
            .shown("files.patientFileMegabytes", |settings| {
                Some(settings.files.patient_file_megabytes)
            })
            .shown("files.clinicFileMegabytes", |settings| {
                Some(settings.files.clinic_file_megabytes)
            })
            .shown("files.filesPerMessage", |settings| Some(settings.files.files_per_message))
            .shown("files.patientDailyMegabytes", |settings| {
                Some(settings.files.patient_daily_megabytes)
            })
            .shown("files.clinicDailyMegabytes", |settings| {
                Some(settings.files.clinic_daily_megabytes)
            });
        comparison.changes
    }
}

impl version::Document for ChartDocument {
    fn version(&self) -> u64 {
        self.version
    }

    /// What the registration says. What became of the file is no change of it.
    fn changes_since(&self, before: Option<&Self>) -> Vec<Changed> {
        let mut comparison = Comparison::new(before, self);
        comparison
            .shown("kind", |document| Some(&document.kind))
            .shown("date", |document| Some(document.date))
            .hidden("title", |document| Some(&document.title))
            .hidden("name", |document| Some(&document.promise.name))
            .shown("type", |document| Some(document.promise.file_type.media_type()))
            .shown("length", |document| Some(document.promise.length))
            .hidden("sha256", |document| Some(document.promise.sha256))
            .hidden("copyFrom", |document| document.copy.as_ref());
        comparison.changes
    }
}

impl Document for StaffMember {
    fn version(&self) -> u64 {
        self.version
    }

    fn changes_since(&self, before: Option<&Self>) -> Vec<Changed> {
        let mut comparison = Comparison::new(before, self);
        comparison
            .hidden("name", |staff| Some(&staff.name))
            .shown("roles", |staff| Some(words(staff.roles.iter().map(|role| role.as_str()))))
            .shown("active", |staff| Some(staff.active))
            .shown("seesAllConversations", |staff| Some(staff.sees_all_conversations))
            .shown("acceptsPatientMessages", |staff| Some(staff.accepts_patient_messages))
            .shown("groups", |staff| {
                let groups = staff.groups.iter().map(GroupId::as_str);
                Some(words(groups)).filter(|groups| !groups.is_empty())
            })
            .hidden("email", |staff| staff.email.as_ref());
        comparison.changes
    }
}

impl Document for StaffPreferences {
    fn version(&self) -> u64 {
        self.version
    }

    fn changes_since(&self, before: Option<&Self>) -> Vec<Changed> {
        let mut comparison = Comparison::new(before, self);
        comparison
            .shown("emailOnReply", |preferences| Some(preferences.email_on_reply))
            .shown("vacations", |preferences| days_in_words(&preferences.vacations));
        comparison.changes
    }
}

impl Document for MessageTemplate {
    fn version(&self) -> u64 {
        self.version
    }

    fn changes_since(&self, before: Option<&Self>) -> Vec<Changed> {
        let mut comparison = Comparison::new(before, self);
        comparison
            .shown("language", |template| Some(template.language.as_str()))
            .hidden("title", |template| Some(&template.title))
            .hidden("body", |template| Some(&template.body))
            .shown("repliesAllowed", |template| template.replies_allowed)
            .shown("groups", |template| {
                let groups = template.groups.iter().map(GroupId::as_str);
                Some(words(groups)).filter(|groups| !groups.is_empty())
            })
            .shown("archived", |template| Some(template.archived));
        comparison.changes
    }
}

impl Document for Group {
    fn version(&self) -> u64 {
        self.version
    }

    fn changes_since(&self, before: Option<&Self>) -> Vec<Changed> {
        let mut comparison = Comparison::new(before, self);
        comparison
            .hidden("name", |group| Some(&group.name))
            .shown("active", |group| Some(group.active))
            .shown("acceptsPatientMessages", |group| Some(group.accepts_patient_messages));
        comparison.changes
    }
}

impl Document for Patient {
    fn version(&self) -> u64 {
        self.version
    }

    fn changes_since(&self, before: Option<&Self>) -> Vec<Changed> {
        let mut comparison = Comparison::new(before, self);
        comparison
            .hidden("name", |patient| Some(&patient.name))
            .hidden("givenName", |patient| patient.given_name.as_ref())
            .hidden("familyName", |patient| patient.family_name.as_ref())
            .hidden("birthDate", |patient| patient.birth_date.as_ref())
            .hidden("email", |patient| patient.contact.email.as_ref())
            .hidden("sms", |patient| patient.contact.sms.as_ref())
            .shown("preferredChannel", |patient| Some(patient.contact.preferred_channel.as_str()))
            .shown("otherChannelConsented", |patient| Some(patient.contact.other_channel_consented))
            .shown("language", |patient| patient.contact.language.map(Language::as_str))
            .shown("portalAccess", |patient| Some(patient.portal_access))
            .shown("successor", |patient| patient.successor.as_ref());
        comparison.changes
    }
}

impl Document for NoticeTemplate {
    fn version(&self) -> u64 {
        self.version
    }

    /// The words are recorded: they hold nothing of anybody, and say what every patient was told.
    fn changes_since(&self, before: Option<&Self>) -> Vec<Changed> {
        let mut comparison = Comparison::new(before, self);
        comparison
            .shown("subject", |template| template.subject.as_ref())
            .shown("text", |template| Some(&template.text));
        comparison.changes
    }
}

impl Document for AccountLink {
    fn version(&self) -> u64 {
        self.version
    }

    fn changes_since(&self, before: Option<&Self>) -> Vec<Changed> {
        let mut comparison = Comparison::new(before, self);
        comparison
            .shown("relationship", |link| Some(link.relationship.as_str()))
            .hidden("name", |link| link.name.as_ref())
            .hidden("contact.email", |link| link.contact.as_ref()?.email.as_ref())
            .hidden("contact.sms", |link| link.contact.as_ref()?.sms.as_ref())
            .shown("contact.preferredChannel", |link| {
                link.contact.as_ref().map(|contact| contact.preferred_channel.as_str())
            })
            .shown("contact.otherChannelConsented", |link| {
                link.contact.as_ref().map(|contact| contact.other_channel_consented)
            })
            .shown("contact.language", |link| link.contact.as_ref()?.language.map(Language::as_str))
            .shown("active", |link| Some(link.active));
        comparison.changes
    }
}

impl<'a, T> Comparison<'a, T> {
    fn new(before: Option<&'a T>, after: &'a T) -> Self {
        Self { before, after, changes: Vec::new() }
    }

    /// A member whose value is recorded.
    fn shown<V: PartialEq + ToString>(
        &mut self,
        member: &str,
        value: impl Fn(&'a T) -> Option<V>,
    ) -> &mut Self {
        self.compare(member, value, |value| value.to_string())
    }

    /// A member of which only is recorded whether it is set.
    fn hidden<V: PartialEq>(
        &mut self,
        member: &str,
        value: impl Fn(&'a T) -> Option<V>,
    ) -> &mut Self {
        self.compare(member, value, |_| SET.to_owned())
    }

    /// A text in several languages that patients are told: each is recorded as plain text.
    fn texts(
        &mut self,
        member: &str,
        value: impl Fn(&'a T) -> Option<&'a LocalizedBody>,
    ) -> &mut Self {
        let text = |body: &Body| body.text().to_owned();
        let (en, fr) = (format!("{member}.en"), format!("{member}.fr"));
        self.compare(&en, |document| value(document)?.en.as_ref(), text);
        self.compare(&fr, |document| value(document)?.fr.as_ref(), text)
    }

    fn compare<V: PartialEq>(
        &mut self,
        member: &str,
        value: impl Fn(&'a T) -> Option<V>,
        recorded: impl Fn(V) -> String,
    ) -> &mut Self {
        let (from, to) = (self.before.and_then(&value), value(self.after));
        if from != to {
            let (from, to) = (from.map(&recorded), to.map(&recorded));
            self.changes.push(Changed { member: member.to_owned(), from, to });
        }
        self
    }
}

/// Words as one line.
fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

/// An exception as words: the date, then its windows or that it has none.
fn exception_in_words(exception: &Exception) -> String {
    let windows = exception.windows().iter();
    let windows: Vec<_> =
        windows.map(|window| format!("{}-{}", window.from(), window.to())).collect();
    let windows = if windows.is_empty() { "closed".to_owned() } else { windows.join(" ") };
    format!("{} {windows}", exception.date)
}

/// Days away as one line; none where there are none.
fn days_in_words(days: &[Days]) -> Option<String> {
    let all: Vec<_> =
        days.iter().map(|days| format!("{} to {}", days.first(), days.last())).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Office hours as one line: the zone, then each window.
fn in_words(hours: &OfficeHours) -> String {
    let windows = hours.windows().iter();
    let windows = windows
        .map(|window| format!("{} {}-{}", window.day().as_str(), window.from(), window.to()));
    let zone = hours.time_zone().as_str().to_owned();
    std::iter::once(zone).chain(windows).collect::<Vec<_>>().join(", ")
}
