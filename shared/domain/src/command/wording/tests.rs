#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::refusal::Reason;

fn template() -> RawTemplate {
    RawTemplate { id: "t1".to_owned(), version: 3 }
}

/// What was parsed, and each reason as code and place.
fn parsed(
    raw: RawWording<'_>,
    is_first: bool,
    beside_files: bool,
) -> (Wording, Vec<(Code, String)>) {
    let mut checks = Checks::new();
    let names: &[String] = if beside_files { &["f1".to_owned()] } else { &[] };
    let enclosures = Enclosures::parse(names, &[], &mut checks);
    let worded = if is_first {
        raw.parse_first(&enclosures, &mut checks)
    } else {
        raw.parse(&enclosures, &mut checks)
    };
    let reasons = checks.into_reasons().into_iter();
    let told = reasons.map(|Reason { code, place, .. }| (code, place.unwrap()));
    (worded.wording, told.collect())
}

fn empty(code: Code, place: &str) -> (Code, String) {
    (code, place.to_owned())
}

#[test]
fn what_no_template_says_the_sender_has_to_say() {
    let title = empty(Code::TitleEmpty, "/title");
    let body = empty(Code::BodyEmpty, "/body");
    let nothing = RawWording::default();
    let blank = RawWording { title: Some(" "), body: Some("<p></p>"), template: None };
    for raw in [nothing, blank] {
        assert_eq!(parsed(raw, true, false).1, [title.clone(), body.clone()]);
        assert_eq!(parsed(raw, false, false).1, std::slice::from_ref(&body));
        assert_eq!(parsed(raw, true, true).1, std::slice::from_ref(&title));
        let (wording, told) = parsed(raw, false, true);
        assert_eq!((wording.body.unwrap().html(), told), ("", Vec::new()));
    }
    let template = template();
    for beside_files in [false, true] {
        let raw = RawWording { template: Some(&template), ..nothing };
        let (wording, told) = parsed(raw, true, beside_files);
        assert_eq!((wording.title, wording.body, told), (None, None, Vec::new()));
        assert_eq!(wording.template.unwrap().version, 3);
        // What is sent empty is no leaving out.
        let raw = RawWording { template: Some(&template), ..blank };
        let told = parsed(raw, true, beside_files).1;
        assert_eq!(told.len(), if beside_files { 1 } else { 2 }, "{told:?}");
    }
}

/// Dropped addresses have nothing to fill in; what names a template might count on it.
#[test]
fn a_placeholder_in_an_address_is_told_where_a_template_is_named() {
    let template = template();
    for address in ["/{{today}}", "mailto:a@example.test?subject={{today}}"] {
        let body = format!("<a href=\"{address}\">here</a>");
        let raw = RawWording { title: Some("T"), body: Some(&body), template: Some(&template) };
        let lost = empty(Code::PlaceholderInLink, "/body");
        assert_eq!(parsed(raw, true, false).1, std::slice::from_ref(&lost));
        assert_eq!(parsed(raw, false, false).1, [lost]);
        let raw = RawWording { template: None, ..raw };
        assert_eq!(parsed(raw, true, false).1, []);
    }
}

/// A template's text that an app sends without its template would go out raw.
#[test]
fn placeholders_are_refused_by_name_where_nothing_fills_them_in() {
    let told = |title: &str, html: &str| -> Vec<(Code, String, String)> {
        let wording =
            Wording::written(Some(Title::parse(title).unwrap()), crate::testing::body(html));
        let reasons = wording.unfilled().err().map(|refusal| refusal.reasons().cloned().collect());
        let reasons: Vec<Reason> = reasons.unwrap_or_default();
        let told = reasons.into_iter();
        told.map(|of| (of.code, of.place.unwrap(), of.about.unwrap())).collect()
    };
    let of = |place: &str, name: &str| {
        (Code::PlaceholderWithoutTemplate, place.to_owned(), name.to_owned())
    };
    assert_eq!(
        told("For {{ patientName | upper }}", "<p>{{today}} <b>{{senderName}}</b> {{today}}</p>"),
        [of("/title", "patientName|upper"), of("/body", "today"), of("/body", "senderName")]
    );
    // What is no placeholder of ours is text: a formula, code, another system's.
    for text in ["{{", "}}", "{{x}}", "{today}", "{{patient_name}}", "{ {today} }"] {
        assert_eq!(told(text, text), [], "{text}");
    }
}

#[test]
fn a_template_that_is_named_wrongly_is_told_with_the_rest_and_stands_for_no_other() {
    let template = RawTemplate { id: "a#b".to_owned(), version: 3 };
    let raw = RawWording { title: Some("a\0"), body: None, template: Some(&template) };
    let (wording, told) = parsed(raw, true, false);
    let wanted =
        [empty(Code::ForbiddenCharacter, "/title"), empty(Code::InvalidId, "/template/id")];
    assert_eq!(told, wanted);
    assert_eq!(wording.template, None);
}
