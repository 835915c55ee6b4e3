#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;

use super::*;

/// The E.164 form of `raw`.
fn number(raw: &str) -> Result<String, SmsProblem> {
    SmsNumber::parse(raw).map(|number| number.as_str().to_owned())
}

#[test]
fn accepts_the_addresses_that_people_have() {
    for address in [
        "email@domain.test",
        "email@domain.TEST",
        "firstname.lastname@domain.test",
        "firstname.o'lastname@domain.test",
        "email@subdomain.domain.test",
        "firstname+lastname@domain.test",
        "1234567890@domain.test",
        "email@domain-one.test",
        "_______@domain.test",
        "email@domain.co.jp",
        "firstname-lastname@domain.test",
        "info@financial-services.vermögensberatung",
        "info@financial-services.reallylongarbitrarytldthatiswaytoohugejustincase",
        "japanese-info@例え.テスト",
        "email@double--hyphen.test",
        "email@ab--cd.test",
        "email@123.test",
        "email@xn--r8jz45g.xn--zckzah",
    ] {
        assert_eq!(
            EmailAddress::parse(address).map(|a| a.as_str().to_owned()),
            Ok(address.to_owned())
        );
    }
}

#[test]
fn refuses_what_is_no_address() {
    use EmailProblem::{DomainWithoutTopLevel, Empty, Malformed, QuotedLocalPart, TooLong};
    let long_local = format!("email-too-long-{}@example.test", "a".repeat(320));
    let long_label = format!("a@{}.test", "a".repeat(64));
    let long_domain = format!("a@{}test", "abcdefghi.".repeat(25));
    for (address, problem) in [
        ("", Empty),
        (" \t\u{200B}\u{FEFF}", Empty),
        ("email@123.123.123.123", DomainWithoutTopLevel),
        ("email@[123.123.123.123]", DomainWithoutTopLevel),
        ("email@[IPv6:2001:db8::1]", DomainWithoutTopLevel),
        ("no-tld@domain", DomainWithoutTopLevel),
        ("short-tld@domain.c", DomainWithoutTopLevel),
        ("plainaddress", Malformed),
        ("@no-local-part.test", Malformed),
        ("no-domain@", Malformed),
        ("Outlook Contact <outlook-contact@domain.test>", Malformed),
        ("<angle@domain.test>", Malformed),
        ("\"Pat\" <pat.example@domain.test>", Malformed),
        ("no-at.domain.test", Malformed),
        (";beginning-semicolon@domain.test", Malformed),
        ("middle-semicolon@domain.co;uk", Malformed),
        ("trailing-semicolon@domain.test;", Malformed),
        ("\"email+leading-quotes@domain.test", Malformed),
        ("email+middle\"-quotes@domain.test", Malformed),
        ("\"quoted-local-part\"@domain.test", QuotedLocalPart),
        ("\"quoted@domain.test\"", Malformed),
        ("lots-of-dots@domain..gov..test", Malformed),
        ("two-dots..in-local@domain.test", Malformed),
        (".leading-dot@domain.test", Malformed),
        ("trailing-dot.@domain.test", Malformed),
        ("trailing-dot@domain.test.", Malformed),
        ("multiple@domains@domain.test", Malformed),
        ("spaces in local@domain.test", Malformed),
        ("spaces-in-domain@dom ain.test", Malformed),
        ("two@domain.test,addresses@domain.test", Malformed),
        ("underscores-in-domain@dom_ain.test", Malformed),
        ("pipe-in-domain@example.test|gov.test", Malformed),
        ("comma,in-local@domain.test", Malformed),
        ("comma-in-domain@domain,gov.test", Malformed),
        ("pound-sign-in-local£@domain.test", Malformed),
        ("local-with-’-apostrophe@domain.test", Malformed),
        ("local-with-”-quotes@domain.test", Malformed),
        ("domain-starts-with-a-dot@.domain.test", Malformed),
        ("hyphen-first@-domain.test", Malformed),
        ("hyphen-last@domain-.test", Malformed),
        ("brackets(in)local@domain.test", Malformed),
        ("incorrect-punycode@xn---something.test", Malformed),
        ("newline@domain.test\nBcc: other@domain.test", Malformed),
        ("nul\0@domain.test", Malformed),
        ("zero\u{200B}width@domain.test", Malformed),
        (&long_local, TooLong),
        (&long_label, TooLong),
        (&long_domain, TooLong),
    ] {
        assert_eq!(EmailAddress::parse(address), Err(problem), "{address:?}");
    }
}

#[test]
fn lengths_are_those_of_the_mail_standard() {
    let local = "a".repeat(MAX_LOCAL_PART_BYTES);
    assert!(EmailAddress::parse(&format!("{local}@domain.test")).is_ok());
    assert_eq!(EmailAddress::parse(&format!("{local}a@domain.test")), Err(EmailProblem::TooLong));

    // 64 + 1 + 189 bytes are the longest address; then one more.
    let domain = format!("{}.{}.{}", "b".repeat(63), "c".repeat(63), "d".repeat(61));
    assert!(EmailAddress::parse(&format!("{local}@{domain}")).is_ok());
    assert_eq!(EmailAddress::parse(&format!("{local}@{domain}d")), Err(EmailProblem::TooLong));
}

#[test]
fn trims_what_is_around_an_address() {
    for raw in [
        " email@domain.test ",
        "\temail@domain.test",
        "\temail@domain.test\n",
        "email@domain.test\r\n",
        "\u{200B}email@domain.test\u{200B}",
        "\u{FEFF}email@domain.test\u{00A0}",
        "\u{202A}email@domain.test\u{202C}",
    ] {
        assert_eq!(EmailAddress::parse(raw).unwrap().as_str(), "email@domain.test");
    }
}

#[test]
fn addresses_fold_to_one_spelling() {
    let folded = |raw: &str| EmailAddress::parse(raw).unwrap().folded();
    for raw in ["Pat.Example@Domain.test", "pat.example@domain.test", "PAT.EXAMPLE@DOMAIN.TEST"] {
        assert_eq!(folded(raw), "pat.example@domain.test");
    }
    assert_eq!(folded("Info@例え.テスト"), folded("info@xn--r8jz45g.XN--ZCKZAH"));
    assert_eq!(folded("a@BÜCHER.test"), "a@xn--bcher-kva.test");
    assert_ne!(folded("pat+1@domain.test"), folded("pat@domain.test"));
    assert_eq!(
        EmailAddress::parse("Info@例え.テスト").unwrap().to_ascii(),
        "Info@xn--r8jz45g.xn--zckzah"
    );
}

#[test]
fn newer_canadian_area_codes_are_textable() {
    for (raw, canonical) in [
        ("+1 672 555 0123", "+16725550123"),
        ("257-555-0123", "+12575550123"),
        ("(942) 555-0123", "+19425550123"),
        ("514.555.0123", "+15145550123"),
    ] {
        assert_eq!(number(raw), Ok(canonical.to_owned()), "{raw}");
    }
    // The geographic area codes given to Canada.
    for area in [
        204, 226, 236, 249, 250, 257, 263, 289, 306, 343, 354, 365, 367, 368, 382, 403, 416, 418,
        428, 431, 437, 438, 450, 468, 474, 506, 514, 519, 548, 579, 581, 584, 587, 604, 613, 639,
        647, 672, 683, 705, 709, 742, 753, 778, 780, 782, 807, 819, 825, 867, 873, 879, 902, 905,
        942,
    ] {
        assert_eq!(number(&format!("{area} 555 0123")), Ok(format!("+1{area}5550123")), "{area}");
    }
}

#[test]
fn refuses_toll_free_and_other_kinds_that_get_no_texts() {
    for area in [800, 833, 844, 855, 866, 877, 888] {
        assert_eq!(number(&format!("1 {area} 555 0123")), Err(SmsProblem::TollFree), "{area}");
    }
    assert_eq!(number("+1 900 555 0123"), Err(SmsProblem::NotTextable));
    assert_eq!(number("+44 20 7946 0991"), Err(SmsProblem::NotTextable));
}

#[test]
fn one_number_has_one_form_however_it_is_written() {
    for raw in [
        "6135550100",
        "+16135550100",
        "+1 613-555-0100",
        "613-555-0100",
        "16135550100",
        "1 6135550100",
        "1 (613) 555-0100",
        "(613) 555-0100",
        "613.555.0100",
        "613/555-0100",
        "613 \u{2022} 555 \u{00B7} 0100",
        "613\u{00A0}555\u{00A0}0100",
        "613\u{202F}555\u{2009}0100",
        "\u{202A}+16135550100\u{202C}",
        "\u{2066}+1 (613) 555-0100\u{2069}",
        "\u{200E}+16135550100\u{200F}",
        "613\u{2011}555\u{2011}0100",
        "613\u{2013}555\u{2014}0100",
        "613\u{2212}555\u{FF0D}0100",
        "＋１６１３５５５０１００",
        "（６１３）５５５－０１００",
        "٦١٣٥٥٥٠١٠٠",
        "۶۱۳۵۵۵۰۱۰۰",
        "\u{200B}6135550100",
        "\u{FEFF}613\u{00AD}555\u{2060}0100",
        "\t613 555 0100\r\n",
        "011 1 613 555 0100",
    ] {
        assert_eq!(number(raw), Ok("+16135550100".to_owned()), "{raw:?}");
    }
}

#[test]
fn reads_numbers_of_other_countries_after_a_plus() {
    for (raw, canonical) in [
        ("+1 202-555-0104", "+12025550104"),
        ("+33 6 31 96 65 43", "+33631966543"),
        ("+44 7912 345678", "+447912345678"),
        ("+230 5251 2345", "+23052512345"),
        ("011 33 6 31 96 65 43", "+33631966543"),
    ] {
        assert_eq!(number(raw), Ok(canonical.to_owned()), "{raw}");
    }
}

#[test]
fn refuses_what_is_no_number() {
    use SmsProblem::{Empty, ForbiddenCharacter, Invalid};
    for (raw, problem) in [
        ("", Empty),
        (" \u{200B}-() ", Empty),
        ("+", Invalid),
        ("abcd", ForbiddenCharacter),
        ("ALPHANUM3R1C", ForbiddenCharacter),
        ("613-555-0100 x12", ForbiddenCharacter),
        ("613 555 0100 ext. 4", ForbiddenCharacter),
        ("613-555-0100;ext=4", ForbiddenCharacter),
        ("tel:+16135550100", ForbiddenCharacter),
        ("1-613-FLOWERS", ForbiddenCharacter),
        ("613 555 01OO", ForbiddenCharacter),
        ("613+5550100", ForbiddenCharacter),
        ("++16135550100", ForbiddenCharacter),
        ("613555☟0100", ForbiddenCharacter),
        ("07\";DROP TABLE;\"", ForbiddenCharacter),
        ("613-555-0100, 613-555-0101", ForbiddenCharacter),
        ("12345", Invalid),
        ("+12345", Invalid),
        ("555-0123", Invalid),
        ("1234567", Invalid),
        ("613 555 010", Invalid),
        ("613 555 01000", Invalid),
        ("800000000000", Invalid),
        ("113 555 0100", Invalid),
        ("613 155 0100", Invalid),
        ("712345678910", Invalid),
        ("0044712345678910", Invalid),
        ("911", Invalid),
        ("+999 12345678", Invalid),
        ("+21 4321 0987", Invalid),
        ("+16135550100000000000000000000", Invalid),
    ] {
        assert_eq!(number(raw), Err(problem), "{raw:?}");
    }
}

#[test]
fn stored_values_come_back_as_they_were_and_bad_ones_do_not() {
    let sms = SmsNumber::parse("613-555-0100").unwrap();
    let json = serde_json::to_string(&sms).unwrap();
    assert_eq!(json, r#""+16135550100""#);
    assert_eq!(serde_json::from_str::<SmsNumber>(&json).unwrap(), sms);
    for stored in [
        "6135550100",
        "+0135550100",
        "+1613",
        "+1613555010012345",
        "+1 6135550100",
        "+1613555010\u{0661}",
        "",
    ] {
        assert!(serde_json::from_value::<SmsNumber>(stored.into()).is_err(), "{stored:?}");
    }

    let email = EmailAddress::parse("Pat.Example@Domain.test").unwrap();
    let json = serde_json::to_string(&email).unwrap();
    assert_eq!(json, r#""Pat.Example@Domain.test""#);
    assert_eq!(serde_json::from_str::<EmailAddress>(&json).unwrap(), email);
    assert!(serde_json::from_str::<EmailAddress>(r#""no-tld@domain""#).is_err());
}

#[test]
fn neither_errors_nor_debug_repeat_the_value() {
    let email = serde_json::from_str::<EmailAddress>(r#""secret@domain""#).unwrap_err();
    assert!(!email.to_string().contains("secret"));
    let sms = serde_json::from_str::<SmsNumber>(r#""6135550100""#).unwrap_err();
    assert!(!sms.to_string().contains("613"));
    assert_eq!(
        format!("{:?}", EmailAddress::parse("secret@domain.test").unwrap()),
        "EmailAddress(..)"
    );
    assert_eq!(format!("{:?}", SmsNumber::parse("6135550100").unwrap()), "SmsNumber(..)");
}

proptest! {
    #[test]
    fn anything_typed_is_parsed_or_refused(raw in any::<String>()) {
        if let Ok(email) = EmailAddress::parse(&raw) {
            prop_assert!(email.to_ascii().is_ascii());
        }
        if let Ok(sms) = SmsNumber::parse(&raw) {
            prop_assert_eq!(SmsNumber::parse(sms.as_str()), Ok(sms));
        }
    }

    #[test]
    fn an_address_keeps_its_meaning_when_folded(
        local in "[A-Za-z0-9+_'-]{1,12}",
        domain in "[A-Za-z0-9é]{2,10}\\.[A-Za-z]{2,5}",
    ) {
        let email = EmailAddress::parse(&format!("{local}@{domain}")).unwrap();
        let folded = EmailAddress::parse(&email.folded()).unwrap();
        prop_assert_eq!(folded.folded(), email.folded());
        prop_assert_eq!(EmailAddress::parse(&email.to_ascii()).unwrap().folded(), email.folded());
    }

    #[test]
    fn digits_never_panic(raw in "\\+?[0-9 ()-]{0,24}") {
        if let Ok(sms) = SmsNumber::parse(&raw) {
            prop_assert_eq!(SmsNumber::parse(sms.as_str()), Ok(sms.clone()));
            prop_assert_eq!(SmsNumber::from_e164(sms.as_str()), Ok(sms));
        }
    }
}
