//! Handing a notice to its provider, once.

use std::time::Duration;

use delivery::Email;
use domain::address::{Contact, Mark, MarkReason};
use domain::notice::{self, Answer, FailureReason, Hold, Notice, Recipient, Wording};
use domain::outage::Outage;
use domain::people::Channel;
use store::key::ConversationKey;
use worker::Step;

use crate::facts::{Facts, Whom};
use crate::handler::Notify;
use crate::rate::Room;

impl Notify {
    /// Makes one attempt at a notice of which is stored that it is about to be handed over.
    pub(crate) async fn attempt(
        &self,
        name: &ConversationKey,
        notice: Notice,
        facts: &Facts,
        whom: &Whom,
    ) -> Result<Step, Outage> {
        let contact = facts.telling(whom).contact(&notice.recipient);
        let (Some(contact), Some(channel)) = (contact, notice.channel) else {
            return self.answered(name, notice, no_address()).await;
        };
        let is_text = channel == Channel::Sms;
        if is_text && let Some(answer) = self.opted_out(&contact).await {
            return self.answered(name, notice, answer).await;
        }
        let day = match self.room(name, channel, &facts.clinic).await {
            Ok(Room::Taken(day)) => day,
            Ok(Room::None(hold, until)) => {
                return self.put(name, &notice, &notice.clone().held(hold, until)).await;
            }
            Err(outage) => {
                // It was not handed over, and must not count as if it may have been.
                let held = notice.clone().held(Hold::Rate, self.soon());
                if let Err(outage) = self.put(name, &notice, &held).await {
                    let (operation, detail) = (outage.operation(), outage.detail());
                    tracing::warn!(operation, detail, "a notice waits for its claim's end");
                }
                return Err(outage);
            }
        };
        let words = self.words(facts, &notice, &contact, channel);
        let answer = self.hand_over(&notice, &contact, channel, &words).await;
        let may_be_sent =
            matches!(answer, Answer::Accepted { .. } | Answer::Passing { unknown: true });
        if let (Some(day), false) = (day, may_be_sent) {
            self.give_back_text(name, day).await;
        }
        self.answered(name, notice, answer).await
    }

    /// Stores the provider's answer. An owner who opted out is not written to again, by anybody.
    async fn answered(
        &self,
        name: &ConversationKey,
        notice: Notice,
        answer: Answer,
    ) -> Result<Step, Outage> {
        let now = self.sources.now();
        if let (Answer::Permanent(FailureReason::OptedOut), Some(hash)) = (&answer, &notice.address)
        {
            self.store.mark(hash, Mark { reason: MarkReason::OptedOut, at: now }).await?;
        }
        let jitter = platform::jitter(Duration::from_secs(1)).as_secs_f64();
        self.settle(name, notice, |notice| notice.answered(answer.clone(), now, jitter)).await
    }

    /// Asks SNS whether the number's owner opted out, since it accepts such texts and drops them.
    /// If it cannot tell, what we know ourselves counts.
    async fn opted_out(&self, contact: &Contact) -> Option<Answer> {
        let number = &contact.sms.as_ref()?.address;
        match self.opt_outs.is_opted_out(number).await {
            Ok(Some(true)) => Some(Answer::Permanent(FailureReason::OptedOut)),
            Ok(Some(false) | None) => None,
            Err(error) => {
                tracing::warn!(code = error.code(), "whether a number opted out is not known");
                None
            }
        }
    }

    fn words(
        &self,
        facts: &Facts,
        notice: &Notice,
        contact: &Contact,
        channel: Channel,
    ) -> Wording {
        let reference = &facts.conversation.reference;
        match notice.recipient {
            Recipient::Staff { .. } => {
                notice::staff_wording(&facts.clinic, &notice::link(&self.links.staff, reference))
            }
            Recipient::Patient | Recipient::Guardian { .. } => {
                let link = notice::link(&self.links.patients, reference);
                let language = contact.language;
                notice::wording(channel, &facts.clinic, language, &facts.templates, &link)
            }
        }
    }

    /// Hands the notice to the provider of its channel.
    async fn hand_over(
        &self,
        notice: &Notice,
        contact: &Contact,
        channel: Channel,
        words: &Wording,
    ) -> Answer {
        let sent = match (channel, &contact.email, &contact.sms) {
            (Channel::Email, Some(to), _) => {
                let email = Email {
                    to: &to.address,
                    subject: &words.subject,
                    text: &words.text,
                    html: &words.html,
                    date: self.sources.now(),
                    reference: &notice.id,
                };
                self.mailer.send(email).await
            }
            (Channel::Sms, _, Some(to)) => self.texter.send(&to.address, &words.text).await,
            _ => return no_address(),
        };
        match sent {
            Ok(id) => Answer::Accepted { provider_id: id.into_string() },
            Err(error) => {
                let outcome_unknown = error.outcome_unknown;
                tracing::warn!(code = error.code(), outcome_unknown, "a notice was not accepted");
                error.into()
            }
        }
    }
}

fn no_address() -> Answer {
    Answer::Permanent(FailureReason::NoUsableAddress)
}
