//! Telling a story: each step is done, shown and checked.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use system_tests::api::{Answer, Api};
use system_tests::issuer::Caller;
use system_tests::world::{Call, World, open_link};

use crate::console::say;
use crate::failure::{Doing as _, Failure, Result};

/// How often is looked for what comes by itself.
const LOOK: Duration = Duration::from_millis(500);

/// How often is said that it did not come yet.
const REMINDER: Duration = Duration::from_secs(10);

/// Does the steps of a story in turn.
pub struct Teller {
    world: World,
    outside: Option<Outside>,
    steps: usize,
}

/// What left the stack, as the stack shows it: Amazon's own shows it to nobody.
pub struct Outside(Api);

impl Outside {
    /// What left the stack at this endpoint.
    pub fn new(endpoint: &str) -> Self {
        Self(Api::new(endpoint))
    }

    /// The emails that hold this text.
    pub fn emails(&self, part: &str) -> Result<Vec<Value>> {
        let found = self.get("/_ministack/ses/messages")?;
        Ok(holding(found.get("messages"), part))
    }

    /// The text messages that hold this text.
    pub fn texts(&self, part: &str) -> Result<Vec<Value>> {
        let found = self.get("/_ministack/sns/sms-messages")?;
        Ok(holding(found.get("sms_messages"), part))
    }

    fn get(&self, path: &str) -> Result<Value> {
        let answer = self.0.get(path).send().doing("looking at what was sent")?;
        if answer.status == 200 {
            return Ok(answer.json());
        }
        Err(Failure::new(format!(
            "The endpoint does not show what was sent: it answered {} to {path}. The demo needs the local stack \
             or `--endpoint aws`.",
            answer.status
        )))
    }
}

impl Teller {
    /// Tells a story in this world.
    pub fn new(world: World, outside: Option<Outside>) -> Self {
        Self { world, outside, steps: 0 }
    }

    /// How many steps were done.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Begins a part of the story.
    pub fn part(&self, title: &str) {
        say(format_args!("\n=== {title} ==="));
    }

    /// Says what a step is about to do.
    pub fn step(&mut self, what: &str) {
        self.steps += 1;
        say(format_args!("\n{}. {what}", self.steps));
    }

    /// Makes a call, shows it with its answer, and makes sure of the status.
    pub fn call(&self, call: &Call, status: u16) -> Result<Value> {
        say(format_args!("   {} {}   ({})", call.method, call.path, who(call.caller.as_ref())));
        for (name, value) in &call.headers {
            say(format_args!("   {name}: {value}"));
        }
        if let Some(body) = &call.body {
            say(format_args!("   > {body}"));
        }
        let answer = self.world.send(call).doing("calling the API")?;
        show(&answer);
        if answer.status == status {
            return Ok(answer.json());
        }
        Err(Failure::new(format!(
            "Step {} is not as stated: expected the status {status}, and it was {}.",
            self.steps, answer.status
        )))
    }

    /// Makes a call without showing it, for what has to be there before the story.
    pub fn quietly(&self, call: &Call, status: u16) -> Result<Value> {
        let answer = self.world.send(call).doing("calling the API")?;
        if answer.status == status {
            return Ok(answer.json());
        }
        Err(Failure::new(format!(
            "Step {}: {} {} was to be answered {status}, and it was {}: {}",
            self.steps,
            call.method,
            call.path,
            answer.status,
            answer.text()
        )))
    }

    /// Makes sure that something is as stated, and says so.
    pub fn check(&self, stated: &str, is: bool, found: &Value) -> Result<()> {
        if is {
            say(format_args!("   = {stated}"));
            return Ok(());
        }
        Err(Failure::new(format!(
            "Step {} is not as stated. Expected: {stated} Found: {found}",
            self.steps
        )))
    }

    /// Makes sure that a member of an answer is as stated.
    pub fn check_member(
        &self,
        stated: &str,
        answer: &Value,
        pointer: &str,
        wanted: &Value,
    ) -> Result<()> {
        let found = answer.pointer(pointer).cloned().unwrap_or_default();
        self.check(stated, found == *wanted, &found)
    }

    /// Looks for what comes by itself until it is there.
    pub fn wait<T>(
        &self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut(&Self) -> Result<Option<T>>,
    ) -> Result<T> {
        let begun = Instant::now();
        let mut said = begun;
        loop {
            if let Some(found) = look(self)? {
                say(format_args!("   ... {what}: there after {:.1?}", begun.elapsed()));
                return Ok(found);
            }
            if begun.elapsed() > limit {
                return Err(Failure::new(format!(
                    "Step {} is not as stated. Expected within {limit:.0?}: {what}.",
                    self.steps
                )));
            }
            if said.elapsed() > REMINDER {
                said = Instant::now();
                say(format_args!("   ... still waiting for {what}: {:.0?}", begun.elapsed()));
            }
            thread::sleep(LOOK);
        }
    }

    /// Waits for the one email or text message whose link leads this reader to the conversation of
    /// this id, with that link's reference; `None` where nobody can look.
    pub fn wait_for_notice(
        &self,
        what: &str,
        (reader, conversation): (&Caller, &str),
        look: impl Fn(&Outside) -> Result<Vec<Value>>,
    ) -> Result<Option<(Value, String)>> {
        let Some(outside) = &self.outside else {
            say(format_args!(
                "   (AWS does not show what it sent; look for {what} where it went.)"
            ));
            return Ok(None);
        };
        let limit = Duration::from_secs(20);
        let notice = self.wait(what, limit, |_| {
            for sent in look(outside)? {
                let Some(reference) = reference_in(&sent) else { continue };
                let answer = self.world.send(&open_link(reader, &reference));
                let answer = answer.doing("opening a link")?.json();
                let found = answer.get("conversationId").and_then(Value::as_str);
                if found == Some(conversation) {
                    return Ok(Some((sent, reference)));
                }
            }
            Ok(None)
        })?;
        Ok(Some(notice))
    }
}

/// The reference of the link that a notice carries.
fn reference_in(notice: &Value) -> Option<String> {
    let text = notice.to_string();
    let (_, rest) = text.split_once("/c/")?;
    Some(rest.chars().take_while(char::is_ascii_alphanumeric).collect())
}

fn show(answer: &Answer) {
    let text = answer.text();
    say(format_args!("   < {} {text}", answer.status));
}

/// Who makes a call, in words.
fn who(caller: Option<&Caller>) -> String {
    match caller {
        None => "nobody".to_owned(),
        Some(Caller::Staff { id, .. }) => format!("staff member {id}"),
        Some(Caller::Chart { .. }) => "the chart system".to_owned(),
        Some(Caller::Operator) => "the operator".to_owned(),
        Some(Caller::Account { id }) => format!("account {id}"),
        Some(Caller::Portal { patient, .. }) => format!("patient {patient} through the portal"),
    }
}

/// The entries that hold a text, of lists by account or by number.
fn holding(lists: Option<&Value>, part: &str) -> Vec<Value> {
    let lists = lists.and_then(Value::as_object);
    lists
        .into_iter()
        .flat_map(|lists| lists.values())
        .filter_map(Value::as_array)
        .flatten()
        .filter(|entry| entry.to_string().contains(part))
        .cloned()
        .collect()
}
