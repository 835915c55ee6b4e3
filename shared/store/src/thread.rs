//! The messages of one conversation, newest first, with their notices.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::conversation::{MAX_MESSAGES, Message};
use domain::notice::Notice;
use domain::outage::Outage;

use crate::Store;
use crate::error::outage;
use crate::key::{self, ConversationKey};
use crate::read::from_item;

/// The most bytes of message bodies on one page, as [`answered_bytes`] counts them: a Lambda answers
/// at most 6 MB (AWS limit), and names, numbers and notices need some of it.
const MOST_PAGE_BYTES: usize = 5_000_000;

/// A page of a conversation's messages.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    /// The messages, newest first.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub more: bool,
}

impl Store {
    /// The messages below a number, newest first: at most `limit`, and fewer if they are large.
    pub async fn messages(
        &self,
        name: &ConversationKey,
        below: Option<u32>,
        limit: usize,
    ) -> Result<Messages, Outage> {
        let mut page = Messages::default();
        let mut bytes = 0_usize;
        let mut upper = below.map_or(MAX_MESSAGES, |below| below.saturating_sub(1));
        loop {
            let left = limit.saturating_sub(page.messages.len());
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
                .expression_attribute_values(":pk", AttributeValue::S(name.partition()))
                .expression_attribute_values(":low", AttributeValue::S(key::message_sk(0)))
                .expression_attribute_values(":high", AttributeValue::S(key::message_sk(upper)))
                .scan_index_forward(false)
                .limit(i32::try_from(left).unwrap_or(i32::MAX))
                .send()
                .await
                .map_err(|error| outage("Query", &error))?;
            for item in answer.items.unwrap_or_default() {
                let message: Message = from_item(item)?;
                bytes = bytes
                    .saturating_add(answered_bytes(message.body.html()))
                    .saturating_add(answered_bytes(message.body.text()));
                if bytes > MOST_PAGE_BYTES && !page.messages.is_empty() {
                    page.more = true;
                    return Ok(page);
                }
                upper = message.number.saturating_sub(1);
                page.messages.push(message);
            }
            match answer.last_evaluated_key {
                None => return Ok(page),
                Some(_) if page.messages.len() >= limit => {
                    page.more = upper > 0;
                    return Ok(page);
                }
                // A page of DynamoDB's is 1 MB, whatever the limit. The next one goes on below the
                // last message, which is no starting key: that one would lie outside the bounds.
                Some(_) => {}
            }
        }
    }

    /// The notices of these messages, by message, one to each person on the patient's side.
    pub async fn notices(
        &self,
        name: &ConversationKey,
        messages: &[Message],
    ) -> Result<BTreeMap<u32, Vec<Notice>>, Outage> {
        let numbers = || messages.iter().map(|message| message.number);
        let mut by_message: BTreeMap<u32, Vec<Notice>> = BTreeMap::new();
        let (Some(from), Some(to)) = (numbers().min(), numbers().max()) else {
            return Ok(by_message);
        };
        for notice in self.notices_between(name, from, to).await? {
            by_message.entry(notice.number).or_default().push(notice);
        }
        Ok(by_message)
    }
}

/// The bytes of a text in a Lambda's answer, where it stands as a JSON string within a JSON string.
fn answered_bytes(text: &str) -> usize {
    let of_byte = |byte: u8| match byte {
        b'"' | b'\\' => 4,
        b'\n' | b'\r' | b'\t' => 3,
        0..=0x1F => 7,
        _ => 1,
    };
    text.bytes().map(of_byte).sum()
}
