#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;
use crate::testing::clinic;
use crate::text::ClinicName;

fn template(channel: Channel, text: &str) -> NoticeTemplate {
    NoticeTemplate {
        subject: (channel == Channel::Email).then(|| "A message from {{clinicName}}".to_owned()),
        text: text.to_owned(),
        ..NoticeTemplate::default_of(&clinic().clinic, Language::Fr, channel)
    }
}

fn reasons(template: &NoticeTemplate) -> Vec<(Code, Option<String>)> {
    let mut checks = Checks::new();
    template.check(&clinic(), &mut checks);
    checks.into_reasons().into_iter().map(|reason| (reason.code, reason.about)).collect()
}

fn sms(text: &str) -> Vec<(Code, Option<String>)> {
    reasons(&template(Channel::Sms, text))
}

fn email(text: &str) -> Vec<(Code, Option<String>)> {
    reasons(&template(Channel::Email, text))
}

fn unknown(name: &str) -> Vec<(Code, Option<String>)> {
    vec![(Code::NoticeVariableUnknown, Some(name.to_owned()))]
}

#[test]
fn the_products_own_texts_could_be_saved_by_any_clinic() {
    let longest = ClinicName::parse(&"W".repeat(30)).ok();
    let clinic = ClinicSettings { sms_name: longest, ..clinic() };
    for language in [Language::En, Language::Fr] {
        for channel in [Channel::Email, Channel::Sms] {
            let mut checks = Checks::new();
            NoticeTemplate::default_of(&clinic.clinic, language, channel)
                .check(&clinic, &mut checks);
            assert_eq!(checks.into_reasons(), [], "{language:?} {channel:?}");
        }
    }
}

#[test]
fn nothing_but_the_three_variables_gets_in() {
    assert_eq!(email("{{ clinicName }} {{language}}: {{link}}"), []);
    for name in
        ["patient_name", "patientFirstName", "title", "body", "sender", "ClinicName", "Link"]
    {
        assert_eq!(email(&format!("{{{{{name}}}}} {{{{link}}}}")), unknown(name));
        assert_eq!(sms(&format!("{{{{{name}}}}} {{{{link}}}}")), unknown(name));
    }
    for (text, name) in [
        ("{{link", "link"),
        ("{{}} {{link}}", ""),
        ("{{ }} {{link}}", ""),
        ("{{{link}}}", "{link}"),
        ("{{link}}}", "link}"),
        ("{{clinic{{link}}}}", "clinic{{link}}"),
        ("{{link}} }}", "}}"),
    ] {
        let found = email(text);
        assert_eq!(
            found.first(),
            Some(&(Code::NoticeVariableUnknown, Some(name.to_owned()))),
            "{text}"
        );
    }
    // Single braces are text.
    assert_eq!(email("{link} {{link}} {}"), []);
    let long = "x".repeat(500);
    let named = email(&format!("{{{{{long}}}}} {{{{link}}}}"));
    assert_eq!(named, unknown(&"x".repeat(40)), "a name is told as far as it is useful");
}

#[test]
fn a_text_has_a_link_and_no_markup_and_no_controls() {
    assert_eq!(email("You have a message."), [(Code::NoticeLinkMissing, None)]);
    assert_eq!(email(""), [(Code::NoticeLinkMissing, None)]);
    assert_eq!(email("<b>{{link}}</b>"), [(Code::NoticeHtml, None)]);
    for bad in ["a\0{{link}}", "a\r\n{{link}}", "a\u{202E}{{link}}", "a\u{2028}{{link}}"] {
        assert_eq!(email(bad), [(Code::ForbiddenCharacter, None)], "{bad:?}");
    }
    assert_eq!(email("Two\n\nparagraphs {{link}}"), []);
    let long = format!("{}{{{{link}}}}", "a".repeat(MAX_TEXT_CHARACTERS));
    assert_eq!(email(&long), [(Code::NoticeTooLong, None)]);
}

#[test]
fn an_email_has_a_subject_of_one_line_without_a_link_and_a_text_message_has_none() {
    let with = |channel, subject: Option<&str>| {
        let subject = subject.map(str::to_owned);
        reasons(&NoticeTemplate { subject, ..template(channel, "{{link}}") })
    };
    assert_eq!(with(Channel::Email, None), [(Code::NoticeSubjectRequired, None)]);
    assert_eq!(with(Channel::Email, Some("  ")), [(Code::NoticeSubjectRequired, None)]);
    assert_eq!(with(Channel::Email, Some("See {{link}}")), unknown("link"));
    assert_eq!(with(Channel::Email, Some("About {{title}}")), unknown("title"));
    assert_eq!(with(Channel::Email, Some("a\nb")), [(Code::ForbiddenCharacter, None)]);
    assert_eq!(with(Channel::Email, Some(&"a".repeat(101))), [(Code::NoticeTooLong, None)]);
    assert_eq!(with(Channel::Sms, Some("A message")), [(Code::NoticeSubjectInSms, None)]);
}

#[test]
fn a_text_message_is_one_message_with_the_longest_link_or_says_by_how_much_it_is_not() {
    // The longest link has 83 letters: 77 are left.
    let fits = |text: &str| sms(&format!("{text}{{{{link}}}}"));
    assert_eq!(fits(&"a".repeat(77)), []);
    assert_eq!(fits(&"a".repeat(78)), [(Code::SmsTooLong, Some("161".to_owned()))]);
    assert_eq!(fits(&format!("{}]", "a".repeat(76))), [(Code::SmsTooLong, Some("161".to_owned()))]);
    assert_eq!(fits(&"]".repeat(38)), []);
    assert_eq!(fits(&"[".repeat(160)), [(Code::SmsTooLong, Some("403".to_owned()))]);
    assert_eq!(fits("€"), []);
    for (text, named) in [
        ("L\u{2019}équipe", "\u{2019}"),
        ("Façade", "ç"),
        ("Noël à l'hôpital", "ëô"),
        ("cœur", "œ"),
        ("Ouvrez\u{00A0}:", "\u{00A0}"),
    ] {
        assert_eq!(fits(text), [(Code::SmsCharacterUnavailable, Some(named.to_owned()))], "{text}");
    }
    assert_eq!(fits("Ç é è à ù"), []);
    // The clinic's name counts as it is there.
    let named =
        template(Channel::Sms, &format!("{}{{{{clinicName}}}} {{{{link}}}}", "a".repeat(50)));
    let with_name = |name: &str| {
        let clinic = ClinicSettings { sms_name: ClinicName::parse(name).ok(), ..clinic() };
        let mut checks = Checks::new();
        named.check_length(&clinic, "/smsName", &mut checks);
        checks.into_reasons().len()
    };
    assert_eq!((with_name(&"W".repeat(26)), with_name(&"W".repeat(27))), (0, 1));
}

#[test]
fn values_are_escaped_in_html_and_never_read_as_variables() {
    let name = ClinicName::parse("A & B <i>{{link}}</i> \"x\"").unwrap();
    let clinic = ClinicSettings { name, ..clinic() };
    let words = template(Channel::Email, "From {{clinicName}} & co.\n\nRead:\n{{link}}")
        .render(&clinic, "https://x.test/c/1");
    assert_eq!(words.text, "From A & B <i>{{link}}</i> \"x\" & co.\n\nRead:\nhttps://x.test/c/1");
    assert_eq!(words.subject, "A message from A & B <i>{{link}}</i> \"x\"");
    assert!(words.html.contains(
        "<p>From A &amp; B &lt;i&gt;{{link}}&lt;/i&gt; &quot;x&quot; &amp; co.</p>\
         <p>Read:<br><a href=\"https://x.test/c/1\">https://x.test/c/1</a></p>"
    ));
    assert!(words.html.starts_with("<!doctype html><html lang=\"fr\">"));
}

proptest! {
    /// What may be saved says nothing but itself, the name, the link and the language.
    #[test]
    fn what_may_be_saved_can_be_filled_in(text in "[a-z{} ]{0,12}(\\{\\{ ?(clinicName|link|language|title) ?\\}\\})?[a-z{}\n ]{0,12}\\{\\{link\\}\\}") {
        let template = template(Channel::Email, &text);
        if reasons(&template).is_empty() {
            let words = template.render(&clinic(), "https://x.test/c/1");
            prop_assert!(!words.text.contains("{{") && !words.text.contains("}}"), "{}", words.text);
            prop_assert!(words.text.contains("https://x.test/c/1"));
        }
    }
}

/// The product's text for staff is no clinic's to change, and passes the same checks.
#[test]
fn the_text_for_staff_is_in_order_in_both_languages() {
    for language in Language::ALL {
        let template = NoticeTemplate::for_staff(&clinic().clinic, language);
        assert_eq!((template.channel, template.language), (Channel::Email, language));
        assert_eq!(reasons(&template), []);
    }
}
