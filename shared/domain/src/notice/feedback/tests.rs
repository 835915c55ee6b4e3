#![allow(clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

const TYPES: [BounceType; 3] =
    [BounceType::Permanent, BounceType::Transient, BounceType::Undetermined];

const FOR_GOOD: Happened = Happened::Bounced { permanent: true, marks: true };
const FOR_THIS_MAIL: Happened = Happened::Bounced { permanent: true, marks: false };
const SOFT: Happened = Happened::Bounced { permanent: false, marks: false };

fn with_status(kind: BounceType, status: &str) -> Happened {
    bounce(kind, BouncedRecipient { status: Some(status), diagnostic: None })
}

fn with_answer(kind: BounceType, diagnostic: &str) -> Happened {
    bounce(kind, BouncedRecipient { status: None, diagnostic: Some(diagnostic) })
}

/// NO-04: SES calls some hard bounces transient.
#[test]
fn the_other_servers_status_tells_whether_a_bounce_is_for_good() {
    for (status, wanted) in [
        ("5.1.1", FOR_GOOD),
        ("5.3.0", FOR_GOOD),
        ("5.0.0", FOR_GOOD),
        (" 5.1.1 ", FOR_GOOD),
        ("5.2.1", FOR_GOOD),
        ("5.4.4", FOR_GOOD),
        // A filter, a policy, the protocol, or the mail's own size: the address is as good as before.
        ("5.5.0", FOR_THIS_MAIL),
        ("5.5.4", FOR_THIS_MAIL),
        (" 5.7.1", FOR_THIS_MAIL),
        ("5.7.26", FOR_THIS_MAIL),
        ("5.6.0", FOR_THIS_MAIL),
        ("5.2.3", FOR_THIS_MAIL),
        ("5.3.4", FOR_THIS_MAIL),
    ] {
        for kind in TYPES {
            assert_eq!(with_status(kind, status), wanted, "{kind:?} {status}");
        }
    }
    // A mailbox that is full may be emptied.
    for status in ["5.2.2", "4.2.2", "4.4.7", "4.7.1", "4.0.0", "2.0.0", ""] {
        for kind in [BounceType::Transient, BounceType::Undetermined] {
            assert_eq!(with_status(kind, status), SOFT, "{kind:?} {status}");
        }
        // SES gave up by its own judgement: it would not even send there again.
        assert_eq!(with_status(BounceType::Permanent, status), FOR_GOOD, "{status}");
    }
}

#[test]
fn without_a_status_the_other_servers_answer_tells() {
    for (answer, wanted) in [
        ("smtp; 550 recipient denied", FOR_GOOD),
        ("smtp;550 5.1.1 user unknown", FOR_GOOD),
        ("smtp; 554-no such mailbox", FOR_GOOD),
        ("SMTP; 552 quota", FOR_GOOD),
        ("smtp; 550 5.4.4 no such host", FOR_GOOD),
        ("smtp; 550 user of 5.7 and 10.5.7.1 unknown", FOR_GOOD),
        // Such a code is of the class of the reply.
        ("smtp; 550 no such user, as of 4.2.2", FOR_GOOD),
        ("smtp; 450 try later", SOFT),
        ("smtp; 450 greylisted by version 5.1.1", SOFT),
        ("smtp; 552 5.2.2 mailbox full", SOFT),
        ("smtp; 552-5.2.2 The mailbox is full", SOFT),
        ("smtp; 421 4.3.2 try again in 550 seconds", SOFT),
        ("smtp; 250 queued", SOFT),
        ("smtp; no such user", SOFT),
        ("X-Postfix; 10.0.0.5 said nothing in 30 seconds", SOFT),
        ("", SOFT),
    ] {
        for kind in [BounceType::Transient, BounceType::Undetermined] {
            assert_eq!(with_answer(kind, answer), wanted, "{kind:?} {answer}");
        }
        assert_eq!(with_answer(BounceType::Permanent, answer), FOR_GOOD, "{answer}");
    }
    // Without a status, the answer's own says what one would.
    for answer in [
        "smtp; 550 5.7.1 message refused",
        "smtp;550-5.7.26 unauthenticated",
        "smtp; 554 (5.7.1) blocked",
        "smtp; 554 #5.7.1: denied",
        "5.7.1 denied",
        "smtp; 501 5.5.2 syntax",
    ] {
        for kind in TYPES {
            assert_eq!(with_answer(kind, answer), FOR_THIS_MAIL, "{kind:?} {answer}");
        }
    }
    // A status says more than the answer's words.
    let both = |status, diagnostic| {
        let recipient = BouncedRecipient { status: Some(status), diagnostic: Some(diagnostic) };
        bounce(BounceType::Transient, recipient)
    };
    assert_eq!(both("4.2.2", "smtp; 550 mailbox full"), SOFT);
    assert_eq!(both("5.1.1", "smtp; 450 try later"), FOR_GOOD);
    assert_eq!(both("5.1.1", "smtp; 550 5.7.1 denied"), FOR_GOOD);
    // One that is no status says nothing.
    for odd in ["5", "5.1", "user unknown", "5.x.1", "5.1.1.1", "-5.1.1", "5.1.99999999"] {
        assert_eq!(both(odd, "smtp; 550 no such user"), FOR_GOOD, "{odd}");
        assert_eq!(both(odd, "smtp; 450 try later"), SOFT, "{odd}");
    }
}

#[test]
fn without_anything_ses_is_believed() {
    let silent = BouncedRecipient::default();
    assert_eq!(bounce(BounceType::Permanent, silent), FOR_GOOD);
    assert_eq!(bounce(BounceType::Transient, silent), SOFT);
    assert_eq!(bounce(BounceType::Undetermined, silent), SOFT);
}

proptest! {
    #[test]
    fn whatever_a_bounce_says_is_judged(status in ".{0,12}", diagnostic in ".{0,40}") {
        for kind in TYPES {
            let recipient =
                BouncedRecipient { status: Some(&status), diagnostic: Some(&diagnostic) };
            let Happened::Bounced { permanent, marks } = bounce(kind, recipient) else {
                panic!("a bounce is a bounce")
            };
            prop_assert!(permanent || !marks, "what is soft speaks against no address");
        }
    }
}

/// The responses that the SNS Developer Guide lists under "SMS delivery failure reasons".
#[test]
fn a_text_message_ends_as_sns_says() {
    for (response, wanted) in [
        ("Blocked as spam by phone carrier", SOFT),
        ("Destination is on a blocked list", SOFT),
        ("Invalid phone number", FOR_GOOD),
        ("Message body is invalid", Happened::Rejected),
        ("Phone carrier has blocked this message", SOFT),
        ("Phone carrier is currently unreachable/unavailable", SOFT),
        ("Phone has blocked SMS", SOFT),
        ("Phone is on a blocked list", SOFT),
        ("Phone is currently unreachable/unavailable", SOFT),
        ("Phone number is opted out", Happened::OptedOut),
        ("This delivery would exceed max price", Happened::Rejected),
        ("No quota left for account", Happened::Rejected),
        ("Unknown error attempting to reach phone", SOFT),
        ("Something that is not in the guide", SOFT),
        ("", SOFT),
    ] {
        for status in ["FAILURE", "failure"] {
            assert_eq!(text_message_outcome(status, response), wanted, "{response}");
            let shouted = response.to_uppercase();
            assert_eq!(text_message_outcome(status, &shouted), wanted, "{shouted}");
        }
        // The status decides, whatever the words are.
        assert_eq!(text_message_outcome("SUCCESS", response), Happened::Delivered);
        for odd in ["", "PENDING", "UNKNOWN"] {
            assert_eq!(text_message_outcome(odd, response), Happened::Nothing);
        }
    }
    let delivered = text_message_outcome("SUCCESS", "Message has been accepted by phone carrier");
    assert_eq!(delivered, Happened::Delivered);
}

#[test]
fn only_what_is_about_the_address_marks_it() {
    for (happened, mark) in [
        (FOR_GOOD, Some(MarkReason::Bounced)),
        (FOR_THIS_MAIL, None),
        (SOFT, None),
        (Happened::Complained, Some(MarkReason::Complained)),
        (Happened::OptedOut, Some(MarkReason::OptedOut)),
        (Happened::Sent, None),
        (Happened::Delivered, None),
        (Happened::Rejected, None),
        (Happened::Nothing, None),
    ] {
        assert_eq!(happened.mark(), mark, "{happened:?}");
    }
}

/// NO-08: people do not send the bare keyword.
#[test]
fn the_words_that_carriers_know_are_known_as_people_write_them() {
    let (stop, start) = (Some(Keyword::Stop), Some(Keyword::Start));
    for (text, wanted) in [
        ("STOP", stop),
        (" stop ", stop),
        ("Stop. Thank you", stop),
        ("ARRET", stop),
        ("ARRÊT", stop),
        ("arrêt!", stop),
        ("ARRE\u{302}T", stop),
        ("FIN", stop),
        ("UNSUBSCRIBE", stop),
        ("STOP 12345", stop),
        ("please don't stop", None),
        ("START", start),
        ("DEBUT", start),
        // And what is like these.
        ("Stop!!!", stop),
        ("\"STOP\"", stop),
        ("«\u{a0}Stop\u{a0}»", stop),
        ("STOP\nSent from my phone", stop),
        ("... stop", stop),
        (">\n\u{1f6d1}\nstop", stop),
        ("\u{200b}STOP\u{feff}", stop),
        ("STOPALL", stop),
        ("Désabonner", stop),
        ("arrêter", stop),
        ("cancel", stop),
        ("End", stop),
        ("quit", stop),
        ("Début", start),
        ("unstop", start),
        ("Oui", start),
        ("Yes.", start),
        ("I will stop by at noon", None),
        ("stop by at noon", None),
        ("Don't stop. Please", None),
        ("12345 STOP", None),
        ("stopp", None),
        ("finally", None),
        ("st.op", None),
        ("", None),
        (" \n ", None),
        ("...", None),
        ("\u{302}", None),
        ("12345", None),
    ] {
        assert_eq!(keyword(text), wanted, "{text:?}");
    }
}

proptest! {
    #[test]
    fn a_keyword_is_known_in_any_letter_case_and_with_any_punctuation(
        word in prop::sample::select(STOP.iter().chain(START).copied().collect::<Vec<_>>()),
        upper in prop::collection::vec(any::<bool>(), 12),
        before in "[ \\t\\n\"'(-]{0,4}",
        after in "[ .!?;,)\"'-]{0,4}",
    ) {
        let written: String = word
            .chars()
            .zip(upper)
            .map(|(letter, upper)| if upper { letter.to_ascii_uppercase() } else { letter })
            .collect();
        let wanted = if STOP.contains(&word) { Keyword::Stop } else { Keyword::Start };
        prop_assert_eq!(keyword(&format!("{before}{written}{after}")), Some(wanted));
        prop_assert_eq!(keyword(&format!("please do not {written}{after}")), None);
    }

    #[test]
    fn any_text_is_read_without_harm(text in ".{0,200}") {
        let _whatever = keyword(&text);
    }
}

#[test]
fn a_report_is_a_complaint_unless_it_takes_one_back() {
    for kind in [None, Some("abuse"), Some("fraud"), Some("virus"), Some("other"), Some("")] {
        assert_eq!(complaint(kind), Happened::Complained, "{kind:?}");
    }
    for kind in ["not-spam", "Not-Spam", " not-spam"] {
        assert_eq!(complaint(Some(kind)), Happened::Nothing, "{kind}");
    }
}
