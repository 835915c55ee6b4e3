//! Why something was refused: stable codes, each with its meaning and its remedy.
//!
//! This is the one list. The public page `docs/ERRORS.md` is checked against it by a test.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of refusal a code is. The edge maps each to one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The request cannot be read.
    Malformed,
    /// The token is no longer valid.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// Nothing that this caller may know of is there.
    NotFound,
    /// The state of things forbids it.
    Conflict,
    /// The version that the request names is not the current one.
    PreconditionFailed,
    /// The request must name the version that it replaces.
    PreconditionRequired,
    /// The media type is not one that is read here.
    UnsupportedMediaType,
    /// The request is readable and can never work.
    Invalid,
    /// Trying again later may work.
    Unavailable,
    /// A fault of this system.
    Internal,
}

macro_rules! codes {
    ($($variant:ident $code:literal $class:ident $meaning:literal $remedy:literal;)+) => {
        /// A stable code of a refusal.
        #[expect(clippy::doc_markdown, reason = "the meanings are sentences for people, not Markdown")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {$(
            #[doc = $meaning]
            #[serde(rename = $code)]
            $variant,
        )+}

        impl Code {
            /// Every code, in the order of the public page.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code as it stands in an answer. It never changes.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// What kind of refusal it is.
            pub fn class(self) -> Class {
                match self { $(Self::$variant => Class::$class,)+ }
            }

            /// What it means, as a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }

            /// What to do about it, as a sentence.
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)+ }
            }
        }
    };
}

codes! {
    MalformedJson "malformed_json" Malformed
        "The body is not one JSON document in UTF-8."
        "Send one JSON object in UTF-8, with each member once.";
    UnsupportedMediaType "unsupported_media_type" UnsupportedMediaType
        "The body's media type is not application/json in UTF-8."
        "Send the header Content-Type: application/json.";
    DuplicateHeader "duplicate_header" Malformed
        "A header that may stand once stands more than once."
        "Send the header once.";
    DuplicateParameter "duplicate_parameter" Malformed
        "A query parameter that may stand once stands more than once."
        "Send the parameter once.";
    UnknownParameter "unknown_parameter" Malformed
        "A query parameter is not one of this route's."
        "Leave the parameter out; the API table lists each route's.";
    IdempotencyKeyMissing "idempotency_key_missing" Malformed
        "The header Idempotency-Key is missing or empty."
        "Send a fresh key with each new request, and the same key when repeating one.";
    IdempotencyKeyInvalid "idempotency_key_invalid" Malformed
        "The Idempotency-Key is not 1 to 128 characters of A-Z a-z 0-9 . _ : -, optionally in double quotes."
        "Use a UUID.";
    IdempotencyKeyReused "idempotency_key_reused" Invalid
        "The Idempotency-Key was used before for another request."
        "Use a fresh key for a new request, and repeat a request unchanged.";
    InvalidCursor "invalid_cursor" Malformed
        "The cursor was not given out for this list and this caller."
        "Start again without a cursor, or use nextCursor as it was given.";
    InvalidLimit "invalid_limit" Invalid
        "The limit is not a whole number from 1 to 100."
        "Leave limit out or choose one from 1 to 100.";
    InvalidState "invalid_state" Invalid
        "The state filter is not one of all, open, closed, awaiting_clinic, awaiting_patient."
        "Choose one of the states listed.";
    InvalidFlag "invalid_flag" Invalid
        "A query parameter that is a yes or no is neither true nor false."
        "Send true or false, or leave the parameter out for both.";
    InvalidOwner "invalid_owner" Invalid
        "The owner of an inbox is not one of me, clinic, staff:ID, group:ID."
        "Leave owner out for your own inbox, or name whose you want.";
    TimeRangeInvalid "time_range_invalid" Invalid
        "The time range is not two instants of RFC 3339, the first before the second."
        "Send from and to such as 2026-11-25T00:00:00Z, or leave them out for the last 30 days.";
    InstantInvalid "instant_invalid" Invalid
        "The instant is not one of RFC 3339, or is more than 1,096 days from now."
        "Send at such as 2026-11-25T09:00:00-05:00, or leave it out for now.";
    InvalidFormat "invalid_format" Invalid
        "The format is not one of json, csv."
        "Leave format out for JSON, or choose csv.";
    UnknownMember "unknown_member" Invalid
        "The body has a member that this route does not know."
        "Leave the member out.";
    MissingMember "missing_member" Invalid
        "The body lacks a member that this route needs."
        "Add the member.";
    WrongType "wrong_type" Invalid
        "A member of the body has another type or range than this route reads."
        "Send the type and range that the API describes; numbers are not written as text.";
    InvalidId "invalid_id" Invalid
        "An identifier is not 1 to 64 characters of A-Z a-z 0-9 _ -."
        "Use the identifier as the directory knows it.";

    TokenExpired "token_expired" Unauthenticated
        "The token has expired."
        "Sign in again and repeat the request; the same Idempotency-Key still counts.";
    NotFound "not_found" NotFound
        "There is nothing here that you may know of."
        "Check the address, and that you are still linked to it.";
    NotAllowed "not_allowed" Forbidden
        "Your role does not allow this."
        "Ask an administrator of the clinic.";
    StaffInactive "staff_inactive" Forbidden
        "Your access as staff of this clinic is switched off."
        "Ask an administrator of the clinic.";
    PlanChangeNotAllowed "plan_change_not_allowed" Forbidden
        "The clinic's plan is changed by the operator only."
        "Leave plan as it is, or ask the vendor to change it.";
    PortalDisabled "portal_disabled" Conflict
        "The portal is not enabled for this clinic."
        "An administrator enables the portal in the clinic's settings.";
    PatientAccessOff "patient_access_off" Conflict
        "This patient is not allowed to access the portal."
        "Switch on the patient's portal access in the chart.";
    PatientMerged "patient_merged" Conflict
        "This patient record was merged into another one, and takes no new messages."
        "Write in the record that it was merged into; to staff, the answer names it.";
    PatientFirstOff "patient_first_off" Conflict
        "The clinic does not take first messages from patients."
        "Contact the clinic another way. On the plan connect_pro, an administrator can switch patientFirst on.";
    QuotesNotInPlan "quotes_not_in_plan" Conflict
        "On the clinic's plan, a reply cannot name the message that it answers."
        "Leave inReplyTo out.";
    GuardiansNotInPlan "guardians_not_in_plan" Conflict
        "On the clinic's plan, guardians read and do not write."
        "Contact the clinic another way.";
    NoContact "no_contact" Conflict
        "The patient has neither an email address nor an SMS number."
        "Add an email address or an SMS number in the chart.";
    TooManyLinks "too_many_links" Conflict
        "The account is linked to 20 patient records already, which is the most."
        "Revoke a link of the account that is no longer needed.";
    GuardianAgeReached "guardian_age_reached" Conflict
        "The patient has reached the age from which the clinic makes no new guardian links."
        "Link the patient's own account. Guardian links that hold go on until they are revoked.";
    BirthDateUnknown "birth_date_unknown" Conflict
        "A guardian can be linked only to a patient whose birth date is known."
        "Add the birth date in the chart.";
    MergeTargetMerged "merge_target_merged" Conflict
        "The record to merge into was itself merged into another one."
        "Merge into the record that is still in use.";
    LastParticipant "last_participant" Conflict
        "A conversation keeps at least one member of staff or one group."
        "Add somebody else first.";
    AccountRequired "account_required" Forbidden
        "On this clinic's plan, messages are viewed and answered through a linked account."
        "Sign in to the patient app with the linked account.";

    TitleEmpty "title_empty" Invalid
        "The title has no visible character."
        "Give a title of 1 to 200 characters.";
    TitleTooLong "title_too_long" Invalid
        "The title is longer than 200 characters."
        "Shorten the title.";
    BodyEmpty "body_empty" Invalid
        "The body has no visible character once what is not allowed has been removed."
        "Write a text.";
    BodyTooLong "body_too_long" Invalid
        "The body is over 512 KiB as sent, or over 100 KiB once cleaned and written as HTML in UTF-8."
        "Shorten the body, or split it into several messages.";
    BodyTooDeep "body_too_deep" Invalid
        "The body's lists, tables or marks are nested too deeply, or are too many to be read safely."
        "Flatten the formatting.";
    NameEmpty "name_empty" Invalid
        "A name has no visible character."
        "Give a name of 1 to 100 characters.";
    NameTooLong "name_too_long" Invalid
        "A name is longer than 100 characters."
        "Shorten the name.";
    ForbiddenCharacter "forbidden_character" Invalid
        "A plain text holds a control character, a line break or a text-direction override."
        "Remove the character.";
    UnknownRecipient "unknown_recipient" Invalid
        "A recipient is not an active member of this clinic's staff."
        "Choose recipients from the clinic's active staff.";
    UnknownGroup "unknown_group" Invalid
        "A group is not an active group of this clinic that takes such messages."
        "Choose groups from the clinic's active ones.";
    RecipientRequired "recipient_required" Invalid
        "A patient's first message names nobody whom it is for."
        "Name a group or a member of staff who takes patients' first messages.";
    TooManyGroups "too_many_groups" Invalid
        "A conversation has at most 10 groups, and a member of staff is in at most 20."
        "Choose fewer groups.";
    TooManyParticipants "too_many_participants" Invalid
        "A conversation has at most 40 participants: the patient, the sender and everybody in its groups among them."
        "Choose fewer recipients.";
    QuotedMessageUnknown "quoted_message_unknown" Invalid
        "The conversation has no message of the number that the reply answers."
        "Send the number of a message of this conversation, or leave inReplyTo out.";

    NoticeVariableUnknown "notice_variable_unknown" Invalid
        "A notice has something in double braces that is none of clinicName, link and language, or braces that do not close; the answer names it."
        "Use {{clinicName}}, {{link}} and {{language}} only, and no link in a subject. A notice says nothing about a person or a message.";
    NoticeLinkMissing "notice_link_missing" Invalid
        "A notice has no link, so nobody could open the message from it."
        "Put {{link}} into the text.";
    NoticeHtml "notice_html" Invalid
        "A notice holds < or >. It is plain text; the email's HTML is made of it."
        "Leave the markup out.";
    NoticeTooLong "notice_too_long" Invalid
        "A notice's subject is longer than 100 characters, or its text than 2,000."
        "Shorten it.";
    NoticeSubjectRequired "notice_subject_required" Invalid
        "An email's notice has no subject."
        "Give a subject of 1 to 100 characters.";
    NoticeSubjectInSms "notice_subject_in_sms" Invalid
        "A text message has no subject."
        "Leave subject out.";
    SmsTooLong "sms_too_long" Invalid
        "With the longest link and the clinic's name, the text message is longer than the 160 letters of one; the answer has the count."
        "Shorten the text, or give the clinic a shorter smsName. Each of ^ { } \\ [ ~ ] | and the euro sign counts twice.";
    SmsCharacterUnavailable "sms_character_unavailable" Invalid
        "The text message holds characters that are not in the GSM alphabet, and would be cut at 70 letters; the answer names them."
        "Replace the characters: of the accented letters, e-acute, e-grave, a-grave and u-grave are in it, circumflexes and the small c-cedilla are not.";
    NoticeSettingOutOfRange "notice_setting_out_of_range" Invalid
        "A number of the settings of notices is outside its range."
        "Use 1 to 720 hours until staff are told, 0 to 1,000,000 text messages a day for the clinic and 0 to 1,000 about one patient.";
    ContactOfOwnLink "contact_of_own_link" Invalid
        "The patient's own account has the patient's addresses."
        "Leave contact out, and change the addresses of the patient record.";
    NoAddressOfChannel "no_address_of_channel" Conflict
        "There is no address of this channel."
        "Add the address first; a new one is not held back by anything that is known of another.";
    OptInTooSoon "opt_in_too_soon" Conflict
        "The carrier's opt-out of this number was lifted less than 30 days ago, and can be lifted once in 30 days (AWS limit)."
        "Wait until the 30 days are over, use another number, or let the owner of the number text START where the carrier takes it.";
    FileNameInvalid "file_name_invalid" Invalid
        "A file's name is not 1 to 255 bytes of one plain line, has a / or \\ or a dot in front, or no ending."
        "Rename the file: a short name, a dot and the ending of its type.";
    FileEndingDiffers "file_ending_differs" Invalid
        "A file's name does not have the ending of its declared type."
        "Rename the file, or declare the type that it is.";
    FileTypeNotAllowed "file_type_not_allowed" Invalid
        "Files of this type are not taken from this sender."
        "Patients attach PDF, JPG and PNG. Clinics attach GIF, WebP, docx, xlsx, pptx, odt, ods, odp, txt and csv as well.";
    FileLengthInvalid "file_length_invalid" Invalid
        "A file has no bytes, or more than the clinic takes from this sender."
        "Send a smaller file; the clinic's settings say how large it may be.";
    FingerprintInvalid "fingerprint_invalid" Invalid
        "A SHA-256 is not 64 characters of 0-9 and a-f."
        "Send the SHA-256 of the file's bytes in hexadecimal digits, in small letters.";
    TooManyFiles "too_many_files" Invalid
        "A message has more files than the clinic takes."
        "Send the files in several messages; the clinic's settings say how many one may have.";
    FileLimitOutOfRange "file_limit_out_of_range" Invalid
        "A limit on files is outside its range: 1 to 25 MB for a file, 1 to 10 files a message, 1 to 10,000 MB a day."
        "Choose a number within the range, and for a day at least as much as for a file.";
    FilesNotInPlan "files_not_in_plan" Conflict
        "On the clinic's plan, patients cannot attach files."
        "Write without a file, or contact the clinic another way.";
    FileQuotaReached "file_quota_reached" Conflict
        "You have uploaded as much today as the clinic takes in a day."
        "Upload the file tomorrow.";
    AttachmentNotFound "attachment_not_found" NotFound
        "There is no such file that you may attach here."
        "Name files that you uploaded for this patient or conversation, and documents of this patient.";
    AttachmentUsed "attachment_used" Conflict
        "The file was sent with a message already."
        "Upload the file again to send it once more.";
    AttachmentNotReady "attachment_not_ready" Conflict
        "The file is not uploaded, or its inspection has not ended; the answer names its state."
        "Upload the file, wait until its state is clean, and send again with the same Idempotency-Key.";
    AttachmentRejected "attachment_rejected" Conflict
        "The file was turned away by the inspection; the answer names the reason."
        "Leave the file out, or send another one; the file's state says what to do about it.";
    AttachmentExpired "attachment_expired" Conflict
        "The file was not sent within a day, and is gone."
        "Upload the file again.";
    DateRangeInvalid "date_range_invalid" Invalid
        "The range is not two days such as 2026-11-25, the first not after the last."
        "Send from and to as days, or leave them out.";
    DocumentDateInvalid "document_date_invalid" Invalid
        "A document's date is not a day such as 2026-11-25."
        "Send the day of the document.";
    CopySourceInvalid "copy_source_invalid" Invalid
        "The object to copy is not in the clinic's own folder of the chart system's bucket, or there is no such bucket."
        "Send a key that begins with the clinic's id and a slash, or upload the file.";

    ConversationClosed "conversation_closed" Conflict
        "The conversation is closed."
        "The clinic's staff can reopen it.";
    RepliesNotAllowed "replies_not_allowed" Conflict
        "The clinic does not take replies in this conversation."
        "Contact the clinic another way.";
    ConversationFull "conversation_full" Conflict
        "The conversation holds 99,999,999 messages, which is the most."
        "Start a new conversation.";
    MarkerBeyondLast "marker_beyond_last" Invalid
        "The conversation has no message of that number."
        "Send the highest number that was shown to the reader.";

    VersionRequired "version_required" PreconditionRequired
        "A change must name the version that it replaces."
        "Send If-Match with the ETag that was read, or If-None-Match: * to create.";
    VersionMalformed "version_malformed" Malformed
        "If-Match or If-None-Match is not one that this route reads."
        "Send If-Match with the ETag exactly as it was read, or If-None-Match: * to create.";
    VersionConflict "version_conflict" PreconditionFailed
        "Someone else changed it since it was read, or it exists already."
        "Read it again, and apply the change to what is there now.";

    BatchSizeInvalid "batch_size_invalid" Invalid
        "A batch has no entry, or more than 100."
        "Send 1 to 100 entries at once.";
    BatchEntryUnnamed "batch_entry_unnamed" Invalid
        "An entry of a batch does not name what its kind needs."
        "Give id, or patientId and accountId for a link, in the alphabet of identifiers.";
    DuplicateEntry "duplicate_entry" Invalid
        "An earlier entry of the same batch is about the same record. This one was not looked at."
        "Send one entry for each record; a further change of it goes into the next batch.";
    RolesRequired "roles_required" Invalid
        "A staff member has no role."
        "Give at least one of admin, clinician, front_desk, privacy_officer.";
    EmailInvalid "email_invalid" Invalid
        "The email address is not one that mail can be sent to."
        "Correct the address: name@domain, without a display name.";
    PhoneInvalid "phone_invalid" Invalid
        "The SMS number is not a valid phone number."
        "Give the number with its country code, such as +1 and ten digits.";
    PhoneCannotReceiveSms "phone_cannot_receive_sms" Invalid
        "The number is of a kind that takes no text messages, such as a toll-free one."
        "Give a mobile number.";
    BirthDateInvalid "birth_date_invalid" Invalid
        "The birth date is not a date of the calendar written as YYYY-MM-DD, lies in the future, or is more than 130 years ago."
        "Correct the date, or leave it out if it is not known.";
    GuardianNameRequired "guardian_name_required" Invalid
        "A guardian's link has no name, which everybody sees beside what the guardian writes."
        "Give the guardian's name.";
    AgeOutOfRange "age_out_of_range" Invalid
        "An age is outside its range, in years."
        "guardianAgeLimit is 0 to 25; patientOnlyFromAge is 0 to 130, or left out for never.";
    MergeTargetUnknown "merge_target_unknown" Invalid
        "The record to merge into is not there."
        "Create it first, or name one that is there.";
    MergeIntoItself "merge_into_itself" Invalid
        "A patient record cannot be merged into itself."
        "Name the record that stays in use.";
    LanguageUnknown "language_unknown" Invalid
        "The language is not English or French."
        "Send en or fr, or one of their tags such as fr-CA, or leave language out for the clinic's default.";
    TimeZoneUnknown "time_zone_unknown" Invalid
        "The time zone is not a name of the IANA time zone database, exactly as it is spelled there."
        "Use a name such as America/Toronto.";
    OfficeHoursInvalid "office_hours_invalid" Invalid
        "A window of the office hours is not a time range or overlaps another, a date is none of the calendar or is there twice, or there are too many of them."
        "Correct what the pointer names; an end at or before its start means the next day, and 24:00 the end of the day. There are at most 50 windows, 150 exceptions of 10 windows each and 20 vacations.";
    OfficeHoursRequired "office_hours_required" Invalid
        "Automatic replies need office hours."
        "Give at least one window of office hours, or switch automatic replies off.";
    AutomaticTextEmpty "automatic_text_empty" Invalid
        "An automatic reply cannot be switched on without a text in the clinic's default language."
        "Write the text, or switch this automatic reply off.";
    AutomaticTextTooLong "automatic_text_too_long" Invalid
        "The text of an automatic reply is longer than 8 KiB of sanitised HTML, or of plain text."
        "Shorten it; a link can lead to more.";
    MinutesOutOfRange "minutes_out_of_range" Invalid
        "A number of minutes is outside its range."
        "noAnswer.afterOfficeMinutes is 1 to 10080; quietMinutes and minimumGapMinutes are 0 to 1440.";
    SmsNameInvalid "sms_name_invalid" Invalid
        "The clinic's name in text messages is over 30 GSM-7 characters, or has one that would turn the message into UCS-2."
        "Give smsName: a short name in GSM-7 letters, without circumflexes or a small c-cedilla.";
    DatePast "date_past" Invalid
        "A new date of the office hours, or the last day of a new vacation, is in the past at the clinic."
        "Correct the date that the pointer names. What was saved before it passed may stay.";
    DateTooFarAhead "date_too_far_ahead" Invalid
        "A new date of the office hours, or the last day of a new vacation, is more than 1,096 days ahead."
        "Correct the year.";
    VacationEndsBeforeStart "vacation_ends_before_start" Invalid
        "A vacation's last day is before its first."
        "Correct the dates that the pointer names; both are days of the vacation.";
    LineInvalid "line_invalid" Invalid
        "The phone number is longer than 50 characters, or the emergency line than 100, or it shows nothing."
        "Give it as patients are to read it, or leave it out.";
    EmergencyLineMissing "emergency_line_missing" Invalid
        "An automatic text does not say whom to call in an emergency."
        "Put {{emergencyLine}} into the text in each language, and the number or words for it into emergencyLine.";
    PlaceholderUnknown "placeholder_unknown" Invalid
        "A text has something in double braces that it may not have, or braces that do not close; the answer names it."
        "Use the placeholders that the documentation lists for this text, written without markup in between.";
    PlaceholderInLink "placeholder_in_link" Invalid
        "A link's address has a placeholder; the answer names it."
        "Write the address in full; a placeholder may stand in the link's text.";
    PlaceholderWithoutValue "placeholder_without_value" Invalid
        "There is no value for a placeholder of the text; the answer names it. Nothing was sent or saved."
        "Add the value to the patient's record or the clinic's settings, or take the placeholder out of the text.";
    PlaceholderWithoutTemplate "placeholder_without_template" Invalid
        "The text has a placeholder, and the message is made of no template, so that the patient would read the placeholder itself; the answer names it."
        "Name the template that the text is from, or write the value.";
    TemplateUnknown "template_unknown" Invalid
        "The clinic has no message template of this id."
        "Choose one of the clinic's message templates.";
    TemplateVersionStale "template_version_stale" Conflict
        "The message template was changed since this version of it; the answer names the version that it has."
        "Read the template again, look at what it says now, and send with that version.";
    TemplateArchived "template_archived" Conflict
        "The message template is archived."
        "Choose another, or have an administrator take it out of the archive.";
    TemplateNotForSender "template_not_for_sender" Forbidden
        "The message template is for groups of which the sender is in none."
        "Choose another, or ask an administrator.";
    TemplateTooLong "template_too_long" Invalid
        "The body of the message template is longer than 20 KiB of sanitised HTML."
        "Shorten it, or send a long text as a document.";
    TooManyTemplates "too_many_templates" Conflict
        "The clinic has as many message templates as it can have: 200, the archived ones among them."
        "Change one that is archived into the new one.";

    Busy "busy" Unavailable
        "Others were writing to the same conversation all the time that this request had. Nothing was written."
        "Repeat the request with the same Idempotency-Key after the seconds in Retry-After.";
    Unavailable "unavailable" Unavailable
        "A part of the system is not answering. Whether the request took effect is not known."
        "Repeat the request with the same Idempotency-Key after the seconds in Retry-After.";
    Internal "internal" Internal
        "This is a fault of the system. Operators see it under the request id."
        "Report the request id.";
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What is wrong.
    pub code: Code,
    /// The member (as a JSON pointer such as `/title`), header or parameter that it is about.
    pub place: Option<String>,
    /// What the caller should know of, where the remedy needs it: a merged-away patient's successor, a
    /// file's state.
    pub about: Option<String>,
}

impl Reason {
    /// A reason about a place.
    pub fn at(code: Code, place: impl Into<String>) -> Self {
        Self { code, place: Some(place.into()), about: None }
    }
}

impl From<Code> for Reason {
    fn from(code: Code) -> Self {
        Self { code, place: None, about: None }
    }
}

/// A refusal, with every reason that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    first: Reason,
    more: Vec<Reason>,
}

impl Refusal {
    /// A refusal for the reasons given; `None` if there are none.
    pub fn of(reasons: impl IntoIterator<Item = Reason>) -> Option<Self> {
        let mut reasons = reasons.into_iter();
        let first = reasons.next()?;
        Some(Self { first, more: reasons.collect() })
    }

    /// A refusal for one reason, about one place.
    pub fn at(code: Code, place: impl Into<String>) -> Self {
        Self { first: Reason::at(code, place), more: Vec::new() }
    }

    /// The reason that gives the answer its status.
    pub fn first(&self) -> &Reason {
        &self.first
    }

    /// Every reason, the first one first.
    pub fn reasons(&self) -> impl Iterator<Item = &Reason> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// Every code, in order.
    pub fn codes(&self) -> Vec<Code> {
        self.reasons().map(|reason| reason.code).collect()
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self { first: code.into(), more: Vec::new() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.first.code.as_str())
    }
}

/// Gathers what is wrong, so that everything is answered at once.
#[derive(Debug, Default)]
pub struct Checks {
    reasons: Vec<Reason>,
}

impl Checks {
    /// Nothing wrong so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a reason if `holds` is false.
    pub fn require(&mut self, holds: bool, code: Code) {
        if !holds {
            self.reasons.push(code.into());
        }
    }

    /// Notes a reason about a place.
    pub fn note(&mut self, code: Code, place: impl Into<String>) {
        self.reasons.push(Reason::at(code, place));
    }

    /// Notes a reason that names an id.
    pub fn note_about(&mut self, code: Code, id: impl Into<String>) {
        self.reasons.push(Reason { code, place: None, about: Some(id.into()) });
    }

    /// Notes a reason.
    pub fn add(&mut self, reason: Reason) {
        self.reasons.push(reason);
    }

    /// Notes every reason of a refusal.
    pub fn add_all(&mut self, refusal: Refusal) {
        self.reasons.push(refusal.first);
        self.reasons.extend(refusal.more);
    }

    /// The reasons so far.
    pub fn into_reasons(self) -> Vec<Reason> {
        self.reasons
    }

    /// Keeps a parsed value, or notes why there is none.
    pub fn take<T>(&mut self, place: &str, parsed: Result<T, impl Into<Code>>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(problem) => {
                self.note(problem.into(), place);
                None
            }
        }
    }

    /// Refuses if anything was noted.
    pub fn finish(self) -> Result<(), Refusal> {
        match Refusal::of(self.reasons) {
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
