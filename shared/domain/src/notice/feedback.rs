//! What the providers tell about a notice later, in the product's terms.

use std::iter;

use crate::address::MarkReason;

/// What happened to a notice after a provider took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// The provider took it.
    Sent,
    /// It arrived.
    Delivered,
    /// It came back.
    Bounced {
        /// Whether for good.
        permanent: bool,
        /// Whether that speaks against the address, and not against the mail.
        marks: bool,
    },
    /// Its reader called it spam.
    Complained,
    /// The provider refused to send what it had taken.
    Rejected,
    /// It was not delivered: the address's owner opted out.
    OptedOut,
    /// Nothing that changes where a notice stands: it was delayed, opened, or something else.
    Nothing,
}

impl Happened {
    /// What speaks against the address, if anything does.
    pub fn mark(self) -> Option<MarkReason> {
        match self {
            Self::Bounced { permanent: true, marks: true } => Some(MarkReason::Bounced),
            Self::Complained => Some(MarkReason::Complained),
            Self::OptedOut => Some(MarkReason::OptedOut),
            Self::Bounced { .. }
            | Self::Sent
            | Self::Delivered
            | Self::Rejected
            | Self::Nothing => None,
        }
    }
}

/// What SES calls a bounce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BounceType {
    /// A hard one.
    Permanent,
    /// A soft one; SES says so of some that are hard.
    Transient,
    /// It cannot tell.
    Undetermined,
}

/// What the other mail server said of the recipient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BouncedRecipient<'a> {
    /// The enhanced status code (RFC 3463), such as `5.1.1`.
    pub status: Option<&'a str>,
    /// The answer itself, such as `smtp; 550 5.1.1 user unknown`.
    pub diagnostic: Option<&'a str>,
}

/// What a bounce means.
///
/// | SES says | the other server says | for good | speaks against the address |
/// | --- | --- | --- | --- |
/// | anything | 5.7.x: policy, such as a filter or a signature of ours | yes | no |
/// | anything | 5.5.x: the protocol | yes | no |
/// | anything | 5.6.x, 5.2.3, 5.3.4: the mail's form or size | yes | no |
/// | anything | 5.x.x otherwise, but for 5.2.2 | yes | yes |
/// | anything | no such code, an answer of 5xx | yes | yes |
/// | `Permanent` | 5.2.2: the mailbox is full; 4.x.x, anything else or nothing | yes | yes |
/// | `Transient`, `Undetermined` | the same | no | no |
///
/// Without a status, the code that its answer repeats counts as one: 5.7.1 of `smtp; 550 5.7.1 denied`.
pub fn bounce(kind: BounceType, recipient: BouncedRecipient<'_>) -> Happened {
    let status = recipient.status.and_then(enhanced);
    let status = status.or_else(|| recipient.diagnostic.and_then(answered_status));
    let of_answer = || recipient.diagnostic.and_then(answered_class);
    let (permanent, marks) = match status {
        Some((5, subject, detail)) if (subject, detail) != (2, 2) => {
            let of_mail = matches!((subject, detail), (5..=7, _) | (2, 3) | (3, 4));
            (true, !of_mail)
        }
        // What SES itself holds to be hard is, whatever the last answer was.
        Some(_) => (kind == BounceType::Permanent, kind == BounceType::Permanent),
        None => match (of_answer(), kind) {
            (Some(5), _) | (None, BounceType::Permanent) => (true, true),
            (Some(_), _) | (None, BounceType::Transient | BounceType::Undetermined) => {
                (kind == BounceType::Permanent, kind == BounceType::Permanent)
            }
        },
    };
    Happened::Bounced { permanent, marks }
}

/// The parts of an enhanced status code.
fn enhanced(status: &str) -> Option<(u16, u16, u16)> {
    let mut parts = status.trim().splitn(3, '.').map(|part| part.trim().parse::<u16>().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

/// The enhanced status code in a server's answer, of the reply's own class (RFC 2034): 5.7.1 of
/// `smtp; 550 5.7.1 denied`.
fn answered_status(diagnostic: &str) -> Option<(u16, u16, u16)> {
    let reply = answered_class(diagnostic);
    let words = diagnostic.split(|c: char| c.is_whitespace() || c == ';' || c == '-');
    let words = words.map(|word| word.trim_matches(|c: char| !c.is_ascii_digit()));
    let mut codes = words.filter_map(enhanced).filter(|(class, ..)| matches!(class, 4 | 5));
    codes.find(|(class, ..)| reply.is_none_or(|reply| reply == *class))
}

/// The class of the reply code in a server's answer: 5 of `smtp; 550 recipient denied`.
fn answered_class(diagnostic: &str) -> Option<u16> {
    let words = diagnostic.split(|c: char| c.is_whitespace() || c == ';' || c == '-');
    let codes = words.filter_map(|word| word.parse::<u16>().ok());
    codes.filter(|code| (200..600).contains(code)).map(|code| code / 100).next()
}

/// What a mailbox provider's report means, by its type (RFC 5965; SES calls it `complaintFeedbackType`):
/// `not-spam` takes back what somebody, or a filter, called the mail before. Without a type, or with
/// another, it is a complaint.
pub fn complaint(feedback_type: Option<&str>) -> Happened {
    match feedback_type {
        Some(kind) if kind.trim().eq_ignore_ascii_case("not-spam") => Happened::Nothing,
        Some(_) | None => Happened::Complained,
    }
}

/// What SNS's log of a text message means: its status, and the carrier's response in SNS's words
/// (Amazon SNS Developer Guide, "SMS delivery failure reasons").
pub fn text_message_outcome(status: &str, response: &str) -> Happened {
    if status.eq_ignore_ascii_case("SUCCESS") {
        return Happened::Delivered;
    }
    if !status.eq_ignore_ascii_case("FAILURE") {
        return Happened::Nothing;
    }
    let response = response.to_ascii_lowercase();
    let says = |words: &str| response.contains(words);
    if says("opted out") {
        Happened::OptedOut
    } else if says("invalid phone number") {
        Happened::Bounced { permanent: true, marks: true }
    } else if says("max price") || says("quota left for account") || says("body is invalid") {
        // The account's own limits, or our text: nothing about the number.
        Happened::Rejected
    } else {
        // Blocked, unreachable, unknown: SNS gives no more away, and tomorrow it may be otherwise.
        Happened::Bounced { permanent: false, marks: false }
    }
}

/// What somebody wants who answers a text message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// No more texts.
    Stop,
    /// Texts again. It undoes nothing by itself: consent is recorded by people.
    Start,
}

const STOP: &[&str] = &[
    "stop",
    "stopall",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "arret",
    "arreter",
    "fin",
    "desabonner",
];
const START: &[&str] = &["start", "unstop", "yes", "debut", "oui"];

/// What a text message asks for, if it is one of the words that carriers know, in any letter case,
/// with or without accents.
///
/// The word stands alone, with whatever punctuation; or it is the whole first sentence; or only
/// digits follow it. In a longer sentence it asks for nothing: "please don't stop" does not.
pub fn keyword(text: &str) -> Option<Keyword> {
    let folded: String = text.chars().flat_map(char::to_lowercase).filter_map(unaccented).collect();
    let is_end = |c: char| matches!(c, '.' | '!' | '?' | ';' | ',' | '\n' | '\r');
    let first =
        folded.trim().split(is_end).find(|sentence| sentence.contains(char::is_alphanumeric))?;
    let mut words = first.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let word = words.next()?;
    if words.any(|word| !word.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let known = iter::once((STOP, Keyword::Stop)).chain([(START, Keyword::Start)]);
    known.into_iter().find(|(list, _)| list.contains(&word)).map(|(_, keyword)| keyword)
}

/// The letter without its accent; nothing for an accent that stands by itself.
fn unaccented(c: char) -> Option<char> {
    match c {
        '\u{300}'..='\u{36F}' => None,
        'é' | 'è' | 'ê' | 'ë' => Some('e'),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests;
