//! Each command once, in an order in which each has something to do: the sample events of `events/`, given
//! to the functions' binaries.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use system_tests::stack::Stack;
use system_tests::world::{closed_at, fresh};

use super::cost::Cost;
use super::function::{Running, Surroundings};
use super::proxy::Proxy;
use super::tables::Tables;
use crate::failure::{Doing as _, Failure, Result};
use crate::package::Package;
use crate::{environment, workspace};

/// The conversation that the sample events name.
const SAMPLE_CONVERSATION: &str = "0198c0de-0000-7000-8000-000000000001";

/// The idempotency key that the sample events have.
const SAMPLE_KEY: &str = "3f1b0c52-8d5e-4f0a-9a53-6f5d1b1f7c20";

/// A command: its name, its sample event, and a call without which it has not done its work.
type Command = (&'static str, &'static str, &'static str);

/// The command that starts the conversation.
const SEND: Command = ("send", "send-message/start.staff.json", "TransactWriteItems");

/// The others. The clinic is closed, so that the account's reply is answered automatically.
const COMMANDS: [Command; 10] = [
    ("notice by email", "notify/stream.json", "SendRawEmail"),
    ("inbox of an account", "read-conversations/own-inbox.account.json", "Query"),
    ("thread view", "read-conversations/thread.account.json", "Query"),
    ("mark read", "read-conversations/read-marker.account.json", "TransactWriteItems"),
    ("reply by account", "reply/reply.account.json", "TransactWriteItems"),
    ("automatic reply", "auto-reply/stream.json", "TransactWriteItems"),
    ("inbox of staff", "read-conversations/clinic-inbox.staff.json", "Query"),
    ("reply by staff", "reply/reply.staff.json", "TransactWriteItems"),
    ("close", "change-conversation/close.staff.json", "TransactWriteItems"),
    ("reopen", "change-conversation/reopen.staff.json", "TransactWriteItems"),
];

/// Tells the story and hands back what each command cost.
pub fn tell(
    package: &Package,
    stack: &Stack,
    tables: &Tables,
) -> Result<Vec<(&'static str, Cost)>> {
    let proxy = Proxy::start(&stack.endpoint)?;
    let surroundings = Surroundings {
        endpoint: proxy.endpoint.clone(),
        jwks_url: format!("{}/jwks.json", stack.endpoint),
        table: tables.main.clone(),
        audit_table: tables.audit.clone(),
        address_key: stack.address_key_id.clone(),
    };
    let mut stage = Stage { package, surroundings, proxy, tables, running: BTreeMap::new() };
    gather(&mut stage)?;
    let (name, sample, needed) = SEND;
    let (answer, sent) = stage.measure(sample, &event(sample, SAMPLE_CONVERSATION)?, needed)?;
    let mut costs = vec![(name, sent)];
    let conversation = conversation(&answer)?;
    for (name, sample, needed) in COMMANDS {
        let event = event(sample, &conversation)?;
        costs.push((name, stage.measure(sample, &event, needed)?.1));
    }
    Ok(costs)
}

/// The functions that run, and where.
struct Stage<'a> {
    package: &'a Package,
    surroundings: Surroundings,
    proxy: Proxy,
    tables: &'a Tables,
    running: BTreeMap<String, Running>,
}

impl Stage<'_> {
    /// Has a command done, and reckons what it cost.
    fn measure(&mut self, sample: &str, event: &Value, needed: &str) -> Result<(Value, Cost)> {
        // What it calls while it starts is no command's.
        self.function(sample)?;
        let before = self.tables.snapshot()?;
        self.proxy.take();
        let answer = self.invoke(sample, event)?;
        let calls = self.proxy.take();
        let cost = Cost::of(calls, &before, &self.tables.snapshot()?).doing(sample)?;
        if cost.has(needed) {
            return Ok((answer, cost));
        }
        Err(Failure::new(format!("{sample} made no {needed}, but: {}", cost.calls())))
    }

    /// Has the function that a sample is for handle an event, and makes sure that it did.
    fn invoke(&mut self, sample: &str, event: &Value) -> Result<Value> {
        let answer = self.function(sample)?.invoke(event)?;
        let status = answer.get("statusCode").and_then(Value::as_u64);
        let failures = answer.get("batchItemFailures").and_then(Value::as_array);
        if status.is_some_and(|status| (200..300).contains(&status))
            || failures.is_some_and(Vec::is_empty)
        {
            return Ok(answer);
        }
        Err(Failure::new(format!("{sample} was not done: {answer}")))
    }

    /// The function that a sample is for, started and ready.
    fn function(&mut self, sample: &str) -> Result<&mut Running> {
        let name = sample.split('/').next().unwrap_or_default();
        if !self.running.contains_key(name) {
            let function = self.package.functions.iter().find(|function| function.name == name);
            let absent = || Failure::new(format!("There is no function {name}."));
            let mut running = Running::start(function.ok_or_else(absent)?, &self.surroundings)?;
            running.ready()?;
            self.running.insert(name.to_owned(), running);
        }
        let gone = || Failure::new(format!("{name} is gone."));
        self.running.get_mut(name).ok_or_else(gone)
    }
}

/// Creates the clinic, two members of staff, the patient and the account's link.
fn gather(stage: &mut Stage<'_>) -> Result<()> {
    let sample = "clinic-settings/create-settings.operator.json";
    let mut created = event(sample, "")?;
    close_the_clinic(&mut created)?;
    stage.invoke(sample, &created)?;
    for staff in ["s1", "s2"] {
        let sample = "directory/create-staff.chart.json";
        let mut created = event(sample, "")?;
        if let Some(id) = created.pointer_mut("/pathParameters/staffId") {
            *id = json!(staff);
        }
        stage.invoke(sample, &created)?;
    }
    for sample in ["directory/create-patient.chart.json", "directory/create-link.chart.json"] {
        stage.invoke(sample, &event(sample, "")?)?;
    }
    Ok(())
}

/// Whenever this is run, the sample's clinic is closed, and answers automatically at once.
fn close_the_clinic(event: &mut Value) -> Result<()> {
    let body = event.get("body").and_then(Value::as_str).unwrap_or_default();
    let mut settings: Value = serde_json::from_str(body).doing("reading the sample's settings")?;
    for (pointer, value) in [
        ("/officeHours", closed_at(environment::now())),
        ("/automaticReplies/quietMinutes", json!(0)),
        ("/automaticReplies/minimumGapMinutes", json!(0)),
    ] {
        match settings.pointer_mut(pointer) {
            Some(member) => *member = value,
            None => return Err(Failure::new(format!("The sample's settings have no {pointer}."))),
        }
    }
    if let Some(members) = event.as_object_mut() {
        members.insert("body".to_owned(), json!(settings.to_string()));
    }
    Ok(())
}

/// A sample event about this conversation, with an idempotency key of its own; of a batch, its first record.
fn event(sample: &str, conversation: &str) -> Result<Value> {
    let path = workspace::root().join("events").join(sample);
    let text = fs::read_to_string(&path).doing(format_args!("reading {}", path.display()))?;
    let text = text.replace(SAMPLE_CONVERSATION, conversation).replace(SAMPLE_KEY, &fresh("key"));
    let mut event: Value =
        serde_json::from_str(&text).doing(format_args!("reading {}", path.display()))?;
    if let Some(records) = event.get_mut("Records").and_then(Value::as_array_mut) {
        records.truncate(1);
    }
    Ok(event)
}

/// The id in the answer to what started a conversation.
fn conversation(answer: &Value) -> Result<String> {
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let body: Value =
        serde_json::from_str(body).doing("reading the answer to the first message")?;
    match body.get("conversationId").and_then(Value::as_str) {
        Some(id) => Ok(id.to_owned()),
        None => Err(Failure::new(format!("The answer names no conversation: {body}"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn every_sample_is_there_and_can_be_about_another_conversation() {
        for (_, sample, _) in COMMANDS.into_iter().chain([SEND]) {
            let event = event(sample, "another").unwrap();
            assert!(!event.to_string().contains(SAMPLE_CONVERSATION), "{sample}");
        }
    }

    #[test]
    fn the_clinic_is_closed() {
        let mut event = event("clinic-settings/create-settings.operator.json", "").unwrap();
        close_the_clinic(&mut event).unwrap();
        let body: Value =
            serde_json::from_str(event.get("body").unwrap().as_str().unwrap()).unwrap();
        assert_eq!(body.pointer("/officeHours/windows").unwrap().as_array().unwrap().len(), 1);
    }
}
