//! What SES tells of an email (Amazon SES Developer Guide, "Contents of event notifications" and
//! "Notification contents"): `eventType` where a configuration set tells it, `notificationType` where
//! the identity's own notifications do.

use std::collections::BTreeMap;
use std::fmt;

use delivery::NOTICE_TAG;
use domain::contact::EmailAddress;
use domain::notice::{BounceType, BouncedRecipient, Happened, bounce, complaint};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// An event.
#[derive(Deserialize)]
pub struct Event {
    #[serde(alias = "eventType", alias = "notificationType")]
    kind: Kind,
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    delivery: Option<At>,
}

/// Shows nothing: an event names addresses.
impl fmt::Debug for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Event({:?})", self.kind)
    }
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Kind {
    /// SES took the email.
    Send,
    /// The recipient's mail server took it.
    Delivery,
    /// It came back.
    Bounce,
    /// Its reader's provider reported it.
    Complaint,
    /// SES refused to send it.
    Reject,
    /// SES could not make it out of a template.
    #[serde(alias = "Rendering Failure")]
    RenderingFailure,
    /// Anything else: it changes nothing, and may have other members than the rest.
    #[serde(other)]
    Other,
}

impl Kind {
    /// What a message is about; `None`: it is no event of SES's.
    pub fn of(message: &Value) -> Option<Self> {
        let named =
            ["eventType", "notificationType"].into_iter().find_map(|name| message.get(name))?;
        Some(Self::deserialize(named).unwrap_or(Self::Other))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    timestamp: Timestamp,
    #[serde(default)]
    destination: Vec<String>,
    #[serde(default)]
    tags: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    #[serde(rename = "bounceType")]
    kind: BounceKind,
    #[serde(default)]
    bounced_recipients: Vec<Bounced>,
    timestamp: Timestamp,
}

#[derive(Clone, Copy, Deserialize)]
enum BounceKind {
    Permanent,
    Transient,
    #[serde(other)]
    Undetermined,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounced {
    email_address: String,
    status: Option<String>,
    diagnostic_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    timestamp: Timestamp,
    complaint_feedback_type: Option<String>,
}

#[derive(Deserialize)]
struct At {
    timestamp: Timestamp,
}

impl Event {
    /// The ids that may name the notice, the surest first: the one that we gave it ourselves, then
    /// SES's. What the identity's own notifications tell has no tags.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let tags = self.mail.tags.get(NOTICE_TAG).into_iter().flatten().map(String::as_str);
        tags.chain([self.mail.message_id.as_str()])
    }

    /// What happened, and when.
    pub fn happened(&self) -> (Happened, Timestamp) {
        let sent = self.mail.timestamp;
        match self.kind {
            Kind::Send => (Happened::Sent, sent),
            Kind::Delivery => {
                let at = self.delivery.as_ref().map_or(sent, |told| told.timestamp);
                (Happened::Delivered, at)
            }
            Kind::Bounce => match &self.bounce {
                Some(told) => (told.happened(), told.timestamp),
                None => (Happened::Nothing, sent),
            },
            Kind::Complaint => match &self.complaint {
                Some(told) => (complaint(told.complaint_feedback_type.as_deref()), told.timestamp),
                None => (Happened::Complained, sent),
            },
            Kind::Reject | Kind::RenderingFailure => (Happened::Rejected, sent),
            Kind::Other => (Happened::Nothing, sent),
        }
    }

    /// The address that it was sent to: a notice has one. A bounce may name another, to which that
    /// one's mail is handed on; but what we know of, and do not use again, is the one that we wrote to.
    ///
    /// It may be written in other letters than we wrote it, or with a name.
    pub fn address(&self) -> Option<EmailAddress> {
        let bounced = self.bounce.iter().flat_map(|told| &told.bounced_recipients);
        let written =
            self.mail.destination.iter().chain(bounced.map(|it| &it.email_address)).next()?;
        let bare = written.rsplit_once('<').map_or(written.as_str(), |(_, rest)| rest);
        EmailAddress::parse(bare.trim_end().trim_end_matches('>')).ok()
    }
}

impl Bounce {
    fn happened(&self) -> Happened {
        let kind = match self.kind {
            BounceKind::Permanent => BounceType::Permanent,
            BounceKind::Transient => BounceType::Transient,
            BounceKind::Undetermined => BounceType::Undetermined,
        };
        let recipient =
            self.bounced_recipients.first().map_or_else(BouncedRecipient::default, |it| {
                BouncedRecipient {
                    status: it.status.as_deref(),
                    diagnostic: it.diagnostic_code.as_deref(),
                }
            });
        bounce(kind, recipient)
    }
}
