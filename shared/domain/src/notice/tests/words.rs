//! What a notice says.

use std::fmt::Write as _;

use super::*;
use crate::clinic::{ClinicSettings, Language};
use crate::gsm;
use crate::id::LinkReference;
use crate::testing::{checked, clinic, conversation, reference};
use crate::text::ClinicName;

/// The longest text message that settings and deployment allow.
fn longest_text(language: Language) -> String {
    let clinic =
        ClinicSettings { sms_name: Some(ClinicName::parse(&"W".repeat(30)).unwrap()), ..clinic() };
    assert_eq!(checked(&clinic), Ok(()));
    let reference = LinkReference::parse(&"0".repeat(LinkReference::CHARACTERS)).unwrap();
    let link = link(&"d".repeat(MAX_LINK_DOMAIN), &reference);
    wording(Channel::Sms, &clinic, Some(language), &[], &link).text
}

#[test]
fn the_longest_text_message_is_one_message() {
    for language in [Language::En, Language::Fr] {
        let text = longest_text(language);
        let septets = gsm::gsm7_length(&text).expect("it is in the GSM alphabet");
        assert!(septets <= gsm::MAX_SEPTETS, "{septets} in {language:?}");
    }
}

#[test]
fn the_words_are_in_the_patients_language_or_else_in_the_clinics() {
    for (wanted, default, expected) in [
        (None, Language::En, Language::En),
        (None, Language::Fr, Language::Fr),
        (Some(Language::Fr), Language::En, Language::Fr),
        (Some(Language::En), Language::Fr, Language::En),
    ] {
        let clinic = ClinicSettings { default_language: default, ..clinic() };
        for channel in [Channel::Email, Channel::Sms] {
            let words = wording(channel, &clinic, wanted, &[], "https://x.test/c/1");
            let french = words.text.contains("nouveau");
            assert_eq!(french, expected == Language::Fr, "{channel:?}");
            assert_eq!(words.subject.contains("Nouveau"), french && channel == Channel::Email);
            let by_email = channel == Channel::Email;
            assert_eq!(words.html.contains("<html lang=\"fr\">"), french && by_email);
        }
    }
}

#[test]
fn the_words_are_the_clinics_own_where_it_has_any() {
    let own = |language, channel| {
        let text = "Come and see: {{link}}".to_owned();
        NoticeTemplate { text, ..NoticeTemplate::default_of(&clinic().clinic, language, channel) }
    };
    let other = crate::id::ClinicId::parse("c2").unwrap();
    let templates = [
        own(Language::En, Channel::Email),
        NoticeTemplate { clinic: other, ..own(Language::En, Channel::Sms) },
    ];
    for (language, channel, is_own) in [
        (Language::En, Channel::Email, true),
        // NO-16: a text that is missing is the product's, in the person's language.
        (Language::Fr, Channel::Email, false),
        (Language::En, Channel::Sms, false),
    ] {
        let words = wording(channel, &clinic(), Some(language), &templates, "https://x.test/c/1");
        assert_eq!(words.text.starts_with("Come and see: https://x.test/c/1"), is_own);
        assert_eq!(words.text.contains("Rideau Clinic"), !is_own, "{language:?} {channel:?}");
    }
}

/// The link leads to a conversation for whoever may read it, and tells nobody else anything: it has
/// the reference, and no id.
#[test]
fn a_link_names_nobody() {
    let link = link("portal.example.test", &conversation().reference);
    assert_eq!(link, "https://portal.example.test/c/0123456789abcdef0123456789abcdef");
}

/// Nothing but the clinic's name and the link goes into a notice.
#[test]
fn a_notice_says_nothing_of_the_patient() {
    let link = link("portal.example.test", &reference());
    let mut all = Vec::new();
    for language in [Language::En, Language::Fr] {
        for channel in [Channel::Email, Channel::Sms] {
            all.push(wording(channel, &clinic(), Some(language), &[], &link));
        }
        let clinic = ClinicSettings { default_language: language, ..clinic() };
        all.push(staff_wording(&clinic, &link));
    }
    assert_eq!(all.len(), 6);
    let conversation = conversation();
    for words in all {
        assert!(words.text.contains("Rideau Clinic"));
        assert!(words.text.contains(&link));
        let all = format!("{}{}{}", words.subject, words.text, words.html);
        // The reference itself may have any letters.
        let all = all.replace(reference().as_str(), "");
        let title = conversation.title.as_str();
        for private in ["Zebulon", "Quagmire", "p1", "c1", "v1", "613", "zq@", "Staff s1", title] {
            assert!(!all.contains(private), "{private}");
        }
    }
}

#[test]
fn every_word_of_a_notice_is_on_record() {
    let mut all = String::new();
    let link = link("portal.example.test", &reference());
    for language in [Language::En, Language::Fr] {
        for channel in [Channel::Email, Channel::Sms] {
            let words = wording(channel, &clinic(), Some(language), &[], &link);
            write(&mut all, &format!("{channel:?} {language:?}"), &words);
        }
        let clinic = ClinicSettings { default_language: language, ..clinic() };
        write(&mut all, &format!("Staff {language:?}"), &staff_wording(&clinic, &link));
    }
    insta::assert_snapshot!(all);
}

fn write(all: &mut String, what: &str, words: &Wording) {
    let Wording { subject, text, html } = words;
    writeln!(all, "{what}\n{subject}\n{text}\n{html}\n").unwrap();
}
