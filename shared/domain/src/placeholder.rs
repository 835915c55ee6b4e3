//! Placeholders in texts that a clinic writes once and sends often: `{{name}}`, or `{{name|form}}`.
//!
//! A text is sanitised first and looked through for placeholders after it, so that an editor's
//! markup, an entity or a hard blank inside the braces is seen as what it shows. A value is put in as
//! text: markup in it shows as it was typed, and braces in it are never looked at.

use std::fmt;

use crate::refusal::{Checks, Code, Reason};
use crate::rich_text::{Body, BodyProblem, Cleaned, escape_text};
use crate::text::is_invisible;

/// As much of an unknown placeholder is named as tells which one it is.
const MAX_NAMED_CHARACTERS: usize = 40;

/// So many things that are wrong are told of one text. Braces are short and a body is long: thousands
/// of reasons would be no answer that anybody could read, or a function could give.
const MAX_NAMED: usize = 20;

/// Something that a text can name and that is put in when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Placeholder {
    /// The patient's whole name.
    PatientName,
    /// The patient's given name, where the chart pushes it.
    PatientGivenName,
    /// The patient's family name, where the chart pushes it.
    PatientFamilyName,
    /// The patient's date of birth, where the chart pushes it.
    PatientBirthDate,
    /// The name of the member of staff who sends it.
    SenderName,
    /// The day that it is at the clinic.
    Today,
    /// The clinic's name.
    ClinicName,
    /// The clinic's phone number, where the settings have one.
    ClinicPhone,
    /// Whom to call in an emergency, where the settings say it.
    EmergencyLine,
    /// When the office opens next; while it is open, after it has closed.
    NextOpening,
}

impl Placeholder {
    /// All that a message template may have.
    pub const OF_MESSAGES: [Self; 10] = [
        Self::PatientName,
        Self::PatientGivenName,
        Self::PatientFamilyName,
        Self::PatientBirthDate,
        Self::SenderName,
        Self::Today,
        Self::ClinicName,
        Self::ClinicPhone,
        Self::EmergencyLine,
        Self::NextOpening,
    ];

    /// Those that an automatic text may have: it says the same to everybody.
    pub const OF_AUTOMATIC_TEXTS: [Self; 4] =
        [Self::ClinicName, Self::ClinicPhone, Self::EmergencyLine, Self::NextOpening];

    /// Its name, as it stands between the braces.
    pub fn name(self) -> &'static str {
        match self {
            Self::PatientName => "patientName",
            Self::PatientGivenName => "patientGivenName",
            Self::PatientFamilyName => "patientFamilyName",
            Self::PatientBirthDate => "patientBirthDate",
            Self::SenderName => "senderName",
            Self::Today => "today",
            Self::ClinicName => "clinicName",
            Self::ClinicPhone => "clinicPhone",
            Self::EmergencyLine => "emergencyLine",
            Self::NextOpening => "nextOpening",
        }
    }

    /// The forms that its value can be asked for in, besides the one that it has without any.
    pub fn forms(self) -> &'static [Form] {
        match self {
            Self::PatientName
            | Self::PatientGivenName
            | Self::PatientFamilyName
            | Self::SenderName
            | Self::ClinicName => &[Form::Upper],
            Self::PatientBirthDate | Self::Today => &[Form::Long, Form::Short],
            Self::ClinicPhone | Self::EmergencyLine | Self::NextOpening => &[],
        }
    }
}

/// A form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A name in capitals.
    Upper,
    /// A date in words, as `November 2, 2026`: what a date has without a form.
    Long,
    /// A date in digits, as `2026-11-02` (ISO 8601).
    Short,
}

impl Form {
    const ALL: [Self; 3] = [Self::Upper, Self::Long, Self::Short];

    /// Its name, as it stands after the bar.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upper => "upper",
            Self::Long => "long",
            Self::Short => "short",
        }
    }
}

/// A placeholder as a text has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// What is to be put in.
    pub placeholder: Placeholder,
    /// In which form.
    pub form: Option<Form>,
}

impl Wanted {
    /// What stands between the braces, if it is one of these.
    fn parse(inside: &str, known: &[Placeholder]) -> Option<Self> {
        let (name, form) = match inside.split_once('|') {
            Some((name, form)) => (name.trim(), Some(form.trim())),
            None => (inside.trim(), None),
        };
        let placeholder = *known.iter().find(|placeholder| placeholder.name() == name)?;
        let form = match form {
            Some(wanted) => {
                let form = Form::ALL.into_iter().find(|form| form.name() == wanted)?;
                Some(form).filter(|form| placeholder.forms().contains(form)).map(Some)?
            }
            None => None,
        };
        Some(Self { placeholder, form })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.placeholder.name())?;
        self.form.map_or(Ok(()), |form| write!(formatter, "|{}", form.name()))
    }
}

/// A name in the form that is asked for.
pub(crate) fn in_form(name: &str, form: Option<Form>) -> String {
    if form == Some(Form::Upper) { name.to_uppercase() } else { name.to_owned() }
}

/// What a text with placeholders lacked when it was to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfilled {
    /// These have no value.
    Missing(Vec<Wanted>),
    /// What came of it is no body.
    Body(BodyProblem),
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text without braces that mean something.
    Text(&'a str),
    /// What stands between two pairs of braces.
    Braces(&'a str),
    /// Braces that do not close, that were never opened, or one too many: the words next to them.
    Broken(&'a str),
}

/// The pieces of a text, in order.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    spans(text).into_iter().map(|span| span.piece).collect()
}

/// A piece as it stands in the text: the spans of a text, one after the other, are the text.
#[derive(Clone, Copy, Debug)]
struct Span<'a> {
    whole: &'a str,
    piece: Piece<'a>,
}

fn spans(text: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let (before, opened) = rest.split_at(start);
        spans.push(plain(before));
        let Some((inside, after)) = opened.trim_start_matches('{').split_once("}}") else {
            let broken = first_word(opened.trim_start_matches('{'));
            spans.push(Span { whole: opened, piece: Piece::Broken(broken) });
            return spans;
        };
        // A brace more, on either side, is part of what is wrong.
        let after = after.trim_start_matches('}');
        let (whole, after) = opened.split_at(opened.len() - after.len());
        let is_exact = whole.len() == inside.len() + 4;
        let piece = if is_exact {
            Piece::Braces(inside)
        } else {
            let broken = whole.strip_prefix("{{").and_then(|whole| whole.strip_suffix("}}"));
            Piece::Broken(broken.unwrap_or(inside))
        };
        spans.push(Span { whole, piece });
        rest = after;
    }
    spans.push(plain(rest));
    spans
}

/// Text, unless braces close in it that were never opened.
fn plain(text: &str) -> Span<'_> {
    let piece = match text.find("}}") {
        Some(start) => Piece::Broken(last_word(text.split_at(start + 2).0)),
        None => Piece::Text(text),
    };
    Span { whole: text, piece }
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

fn last_word(text: &str) -> &str {
    text.split_whitespace().next_back().unwrap_or_default()
}

/// Notes what is wrong with the placeholders of a plain text, of those that it may have.
pub fn check_text(text: &str, known: &[Placeholder], place: &str, checks: &mut Checks) {
    let mut wrong = Wrong::default();
    for piece in pieces(text) {
        if let Err(named) = wanted(piece, known) {
            wrong.add(Code::PlaceholderUnknown, &named);
        }
    }
    wrong.note(place, checks);
}

/// Notes what is wrong with the placeholders of a body, of those that it may have.
///
/// Markup within a placeholder breaks it: what a value in its place should look like is anybody's
/// guess. A link's address has none: what a value would make of it nobody has seen.
pub fn check_body(body: &Body, known: &[Placeholder], place: &str, checks: &mut Checks) {
    let mut wrong = Wrong::default();
    let mut line = Line::default();
    for part in parts(body.html()) {
        match part {
            Part::Tag(tag) => {
                if let Some(named) = named_in_address(tag) {
                    wrong.add(Code::PlaceholderInLink, &named);
                }
                if is_inline(tag) {
                    line.cuts.push(line.html.len());
                } else {
                    std::mem::take(&mut line).check(known, &mut wrong);
                }
            }
            Part::Text(text) => line.html.push_str(text),
        }
    }
    line.check(known, &mut wrong);
    wrong.note(place, checks);
}

/// Notes the placeholders in addresses of links that were dropped or cut when a body was sanitised:
/// they are no part of it any more, and whoever wrote them is to know that they would not be filled
/// in.
pub fn check_lost(cleaned: &Cleaned, place: &str, checks: &mut Checks) {
    let mut wrong = Wrong::default();
    for named in cleaned.addresses.iter().filter_map(|address| named_in_address(address)) {
        wrong.add(Code::PlaceholderInLink, &named);
    }
    wrong.note(place, checks);
}

/// Notes the placeholders of a text that nothing fills in.
pub fn check_none(wanted: &[Wanted], place: &str, checks: &mut Checks) {
    note_all(wanted, Code::PlaceholderWithoutTemplate, place, checks);
}

/// Text of a body that a reader sees without a break, and where markup stands in it.
#[derive(Default)]
struct Line {
    html: String,
    cuts: Vec<usize>,
}

impl Line {
    fn check(&self, known: &[Placeholder], wrong: &mut Wrong) {
        let mut cuts = self.cuts.iter().peekable();
        let mut start = 0;
        for Span { whole, piece } in spans(&self.html) {
            let end = start + whole.len();
            while cuts.next_if(|cut| **cut <= start).is_some() {}
            let is_cut = cuts.peek().is_some_and(|cut| **cut < end);
            match (wanted(piece, known), piece) {
                (Err(named), _) => wrong.add(Code::PlaceholderUnknown, &named),
                (Ok(_), Piece::Braces(inside)) if is_cut => {
                    wrong.add(Code::PlaceholderUnknown, &shown(inside));
                }
                (Ok(_), _) => {}
            }
            start = end;
        }
    }
}

/// What a tag has between braces, however an address writes them.
fn named_in_address(tag: &str) -> Option<String> {
    let decoded = tag.replace("%7B", "{").replace("%7b", "{");
    let (_, inside) = decoded.split_once("{{")?;
    let end = inside.find(['}', '%', '"', '>']).unwrap_or(inside.len());
    inside.get(..end).map(shown)
}

/// Whether a tag is one that text flows through.
fn is_inline(tag: &str) -> bool {
    let name = tag.trim_start_matches(['<', '/']);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    matches!(
        name.get(..end).unwrap_or_default(),
        "a" | "b" | "del" | "em" | "i" | "s" | "strong" | "u"
    )
}

/// Which placeholders a plain text has.
pub fn of_text(text: &str) -> Vec<Wanted> {
    let found = pieces(text).into_iter();
    found.filter_map(|piece| wanted(piece, &Placeholder::OF_MESSAGES).ok().flatten()).collect()
}

/// Which placeholders a body has.
pub fn of_body(body: &Body) -> Vec<Wanted> {
    let texts = parts(body.html()).into_iter().filter_map(|part| match part {
        Part::Text(text) => Some(of_text(&shown(text))),
        Part::Tag(_) => None,
    });
    texts.flatten().collect()
}

/// The plain text with each value in its place, or which ones there are none for.
pub fn fill_text(
    text: &str,
    value: impl Fn(Wanted) -> Option<String>,
) -> Result<String, Vec<Wanted>> {
    let mut missing = Vec::new();
    let filled = fill(text, &value, str::to_owned, &mut missing);
    if missing.is_empty() { Ok(filled) } else { Err(missing) }
}

/// The body with each value in its place as text, or what is missing.
pub fn fill_body(body: &Body, value: impl Fn(Wanted) -> Option<String>) -> Result<Body, Unfilled> {
    let mut missing = Vec::new();
    let mut html = String::with_capacity(body.html().len());
    for part in parts(body.html()) {
        match part {
            Part::Tag(tag) => html.push_str(tag),
            Part::Text(text) => html.push_str(&fill(text, &value, escape_text, &mut missing)),
        }
    }
    if !missing.is_empty() {
        return Err(Unfilled::Missing(missing));
    }
    Body::rendered(html).map_err(Unfilled::Body)
}

fn fill(
    text: &str,
    value: impl Fn(Wanted) -> Option<String>,
    written: impl Fn(&str) -> String,
    missing: &mut Vec<Wanted>,
) -> String {
    let mut filled = String::with_capacity(text.len());
    for Span { whole, piece } in spans(text) {
        match wanted(piece, &Placeholder::OF_MESSAGES) {
            Ok(Some(wanted)) => {
                match value(wanted).filter(|value| !value.chars().all(is_invisible)) {
                    Some(value) => filled.push_str(&written(&value)),
                    None if missing.contains(&wanted) => {}
                    None => missing.push(wanted),
                }
            }
            // A text that was checked has nothing that is unknown.
            Ok(None) | Err(_) => filled.push_str(whole),
        }
    }
    filled
}

/// The placeholder that a piece is, if it is one; or what is wrong there.
fn wanted(piece: Piece<'_>, known: &[Placeholder]) -> Result<Option<Wanted>, String> {
    match piece {
        Piece::Text(_) => Ok(None),
        Piece::Braces(inside) => {
            let inside = shown(inside);
            Wanted::parse(&inside, known).map(Some).ok_or(inside)
        }
        Piece::Broken(inside) => Err(shown(inside)),
    }
}

/// What is wrong with the placeholders of a text, each thing once.
#[derive(Default)]
struct Wrong {
    found: Vec<(Code, String)>,
}

impl Wrong {
    fn add(&mut self, code: Code, named: &str) {
        let named = if named.trim().is_empty() { "{{}}" } else { named.trim() };
        let about = named.chars().take(MAX_NAMED_CHARACTERS).collect();
        let entry = (code, about);
        if self.found.len() < MAX_NAMED && !self.found.contains(&entry) {
            self.found.push(entry);
        }
    }

    fn note(self, place: &str, checks: &mut Checks) {
        for (code, about) in self.found {
            checks.add(Reason { code, place: Some(place.to_owned()), about: Some(about) });
        }
    }
}

/// Notes which placeholders have no value.
pub fn note_missing(missing: &[Wanted], place: &str, checks: &mut Checks) {
    note_all(missing, Code::PlaceholderWithoutValue, place, checks);
}

fn note_all(all: &[Wanted], code: Code, place: &str, checks: &mut Checks) {
    let mut wrong = Wrong::default();
    for wanted in all {
        wrong.add(code, &wanted.to_string());
    }
    wrong.note(place, checks);
}

/// A part of a body's HTML.
enum Part<'a> {
    Tag(&'a str),
    Text(&'a str),
}

/// The tags of a body's HTML and the texts between them. It is sanitised: `<` stands nowhere else.
fn parts(html: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (text, tag) = rest.split_at(start);
        let (tag, after) = tag.split_at(end_of_tag(tag));
        parts.extend([Part::Text(text), Part::Tag(tag)]);
        rest = after;
    }
    parts.push(Part::Text(rest));
    parts
}

/// Where the tag that `text` begins with ends: at the first `>` that is not in a quoted value.
fn end_of_tag(text: &str) -> usize {
    let mut quoted = false;
    for (position, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return position + 1,
            _ => {}
        }
    }
    text.len()
}

/// What a piece of text shows, as far as a placeholder goes: its blanks may be hard ones, and what a
/// body has as an entity is named as it was typed.
fn shown(html: &str) -> String {
    let shown = html.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">");
    shown.replace("&quot;", "\"").replace("&amp;", "&")
}

#[cfg(test)]
mod tests;
