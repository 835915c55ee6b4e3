//! An email as the text that travels (RFC 5322, MIME).

use mail_builder::MessageBuilder;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Email, Sender};

/// What is escaped in an email address that is part of a `mailto` address (RFC 6068, section 2).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'*')
    .remove(b'+');

/// The message, in 7-bit ASCII with lines of 78 characters at most.
///
/// - `Auto-Submitted` (RFC 3834) and `X-Auto-Response-Suppress` (Microsoft) keep vacation responders
///   from answering a notice.
/// - The text part comes first, the HTML part, which readers prefer, last (RFC 2046, 5.1.4).
/// - Nothing in it depends on the host or the clock: the message id and the boundary are made of the
///   caller's reference.
pub(crate) fn message(email: &Email<'_>, sender: &Sender) -> Vec<u8> {
    let reference = safe_reference(email.reference);
    let address = sender.address.to_ascii();
    let sender_domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    // "=_" occurs in neither quoted-printable nor base64, and the reference in no notice's text.
    let content_type =
        ContentType::new("multipart/alternative").attribute("boundary", format!("=_{reference}"));
    let parts =
        vec![MimePart::new("text/plain", email.text), MimePart::new("text/html", email.html)];
    let mut message = Vec::new();
    let mut builder = MessageBuilder::new()
        .from(address.as_str())
        .to(email.to.to_ascii())
        .subject(one_line(email.subject))
        .date(Date::new(email.date.as_second()))
        // SES puts its own in the place of this one.
        .message_id(format!("{reference}@{sender_domain}"))
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .header("X-Auto-Response-Suppress", Raw::new("All"));
    if let Some(mailbox) = &sender.unsubscribe {
        let address = mailbox.to_ascii();
        let address = utf8_percent_encode(&address, ESCAPED);
        let link = format!("<mailto:{address}?subject=unsubscribe>");
        builder = builder.header("List-Unsubscribe", Raw::new(link));
    }
    builder.body(MimePart::new(content_type, BodyPart::Multipart(parts))).serialize(&mut message);
    message
}

/// The text with every run of control characters, line separators and blanks as one blank: what is in
/// it can start no header of its own.
fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| match c {
            '\u{2028}' | '\u{2029}' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The reference with only the characters of an id left.
pub(crate) fn safe_reference(reference: &str) -> String {
    reference
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .take(60)
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

    use domain::contact::EmailAddress;
    use jiff::Timestamp;

    use super::*;

    fn written(to: &EmailAddress, subject: &str, text: &str, html: &str) -> String {
        let email = Email {
            to,
            subject,
            text,
            html,
            date: Timestamp::from_second(1_795_000_000).unwrap(),
            reference: "n-1",
        };
        String::from_utf8(message(&email, &sender(None))).unwrap()
    }

    fn sender(unsubscribe: Option<&str>) -> Sender {
        Sender {
            address: to("no-reply@mail.clinic.test"),
            configuration_set: None,
            unsubscribe: unsubscribe.map(to),
        }
    }

    #[test]
    fn who_wants_no_more_finds_a_mailbox_where_there_is_one() {
        let pat = to("pat@example.test");
        let date = Timestamp::from_second(1_795_000_000).unwrap();
        let (subject, text, html) = ("s", "t", "h");
        let email = Email { to: &pat, subject, text, html, date, reference: "n-1" };
        let with = |mailbox| String::from_utf8(message(&email, &sender(mailbox))).unwrap();
        let raw = with(Some("unsubscribe@clinic.test"));
        let header =
            "\r\nList-Unsubscribe: <mailto:unsubscribe@clinic.test?subject=unsubscribe>\r\n";
        assert!(raw.contains(header), "{raw}");
        assert!(!with(None).contains("List-Unsubscribe"));
        let raw = with(Some("stop+a&b=c?d%e@clinic.test"));
        let header = "<mailto:stop+a%26b%3Dc%3Fd%25e@clinic.test?subject=unsubscribe>\r\n";
        assert!(raw.contains(header), "{raw}");
    }

    fn to(address: &str) -> EmailAddress {
        EmailAddress::parse(address).unwrap()
    }

    #[test]
    fn a_notice_in_french_is_written_in_full() {
        let raw = written(
            &to("pat@example.test"),
            "Nouveau message de Clinique Sainte-Hélène",
            "Bonjour,\n\nVous avez reçu un message de Clinique Sainte-Hélène.\n",
            "<p>Bonjour,</p><p>Vous avez reçu un <a href=\"https://portal.test/m\">message</a>.</p>",
        );
        insta::assert_snapshot!(raw.replace("\r\n", "\n"), @r#"
        From: <no-reply@mail.clinic.test>
        To: <pat@example.test>
        Subject: =?utf-8?Q?Nouveau_message_de_Clinique_Sainte-H=C3=A9l=C3=A8ne?=
        Date: Wed, 18 Nov 2026 11:06:40 +0000
        Message-ID: <n-1@mail.clinic.test>
        Auto-Submitted: auto-generated
        X-Auto-Response-Suppress: All
        MIME-Version: 1.0
        Content-Type: multipart/alternative; boundary="=_n-1"

        --=_n-1
        Content-Type: text/plain; charset="utf-8"
        Content-Transfer-Encoding: quoted-printable

        Bonjour,

        Vous avez re=C3=A7u un message de Clinique Sainte-H=C3=A9l=C3=A8ne.

        --=_n-1
        Content-Type: text/html; charset="utf-8"
        Content-Transfer-Encoding: quoted-printable

        <p>Bonjour,</p><p>Vous avez re=C3=A7u un <a href=3D"https://portal.test/m">=
        message</a>.</p>
        --=_n-1--
        "#);
    }

    #[test]
    fn machines_are_asked_not_to_answer_whatever_the_language() {
        for subject in ["New message", "Nouveau message"] {
            let raw = written(&to("pat@example.test"), subject, "text", "<p>html</p>");
            let (headers, _) = raw.split_once("\r\n\r\n").unwrap();
            let lines: Vec<&str> = headers.split("\r\n").collect();
            assert!(lines.contains(&"Auto-Submitted: auto-generated"), "{raw}");
            assert!(lines.contains(&"X-Auto-Response-Suppress: All"), "{raw}");
            assert!(lines.contains(&"From: <no-reply@mail.clinic.test>"), "{raw}");
            assert!(!headers.contains("Reply-To"), "{raw}");
        }
    }

    #[test]
    fn nothing_in_a_subject_starts_a_header() {
        for separator in [
            "\r\n", "\n", "\r", "\r\n ", "\u{85}", "\u{2028}", "\u{2029}", "\u{b}", "\u{c}", "\0",
            "\t",
        ] {
            let subject = format!("A clinic{separator}Bcc: thief@example.test{separator}");
            let raw = written(&to("pat@example.test"), &subject, "text", "<p>html</p>");
            assert!(
                raw.contains("\r\nSubject: A clinic Bcc: thief@example.test\r\n"),
                "{separator:?}: {raw}"
            );
            assert!(!raw.contains("\r\nBcc"), "{separator:?}: {raw}");
        }
    }

    #[test]
    fn every_message_is_ascii_in_short_lines() {
        let long = "é".repeat(3_000);
        let raw = written(&to("pat@example.test"), &long, &long, &"x".repeat(3_000));
        assert!(raw.is_ascii());
        for line in raw.split("\r\n") {
            assert!(line.len() <= 78, "{} characters: {line}", line.len());
            assert!(!line.contains(['\r', '\n']));
        }
    }

    #[test]
    fn an_internationalised_domain_travels_as_the_dns_knows_it() {
        let raw = written(&to("info@例え.jp"), "s", "t", "h");
        assert!(raw.contains("\r\nTo: <info@xn--r8jz45g.jp>\r\n"), "{raw}");
    }

    #[test]
    fn a_reference_keeps_only_what_an_id_has() {
        assert_eq!(safe_reference("a>\r\nBcc: b\"-_9"), "aBccb-_9");
        assert_eq!(safe_reference(&"a".repeat(100)).len(), 60);
    }
}
