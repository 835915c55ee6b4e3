//! What `up` says in the end: where the stack is, and how to call it.

use std::fmt::Write as _;

use serde_json::{Value, json};
use system_tests::issuer::{Caller, DEFAULT_LIFETIME, Issuer};
use system_tests::world::{self, Call, Clinic};

use crate::console::say;
use crate::deploy::{LOCAL_STAGE, issuer_key};
use crate::environment;
use crate::failure::{Doing as _, Result};

/// Prints it.
pub fn print(stack: &Value) -> Result<()> {
    let field = |name: &str| stack.get(name).and_then(Value::as_str).unwrap_or_default();
    say(format_args!("\nThe API:    {}", field("api_url")));
    say(format_args!("AWS:        {} ({})", field("endpoint"), field("region")));
    say("More:       target/stack/stack.json");
    if field("stage") != LOCAL_STAGE {
        return Ok(());
    }
    let issuer = Issuer::load(&issuer_key()).doing("reading the development issuer's key")?;
    say(format_args!(
        "\nTo paste. The tokens are the development issuer's, good for {} minutes; `cargo xtask up` makes new ones.\n",
        DEFAULT_LIFETIME.as_secs() / 60
    ));
    say(format_args!("export API='{}'", field("api_url")));
    for (name, caller) in callers() {
        say(format_args!("export {name}='{}'", issuer.token(&caller, environment::now())));
    }
    for (what, call) in story() {
        say(format_args!("\n# {what}\n{}", curl(&call)));
    }
    if stack.get("pid").is_some_and(|pid| !pid.is_null()) {
        let endpoint = field("endpoint");
        say(format_args!(
            "\n# What the patient was sent.\ncurl -s {endpoint}/_ministack/ses/messages"
        ));
        say("\nStop it with `cargo xtask down`.");
    }
    Ok(())
}

fn clinic() -> Clinic {
    Clinic::new("clinic-1")
}

fn account() -> Caller {
    Caller::account("account-1")
}

/// The callers whose tokens are printed, by the name of the variable.
fn callers() -> [(&'static str, Caller); 4] {
    [
        ("OPERATOR", Caller::operator()),
        ("CHART", clinic().chart()),
        ("STAFF", clinic().staff("staff-1")),
        ("PATIENT", account()),
    ]
}

/// A first exchange, in an order that works on an empty stack.
fn story() -> Vec<(&'static str, Call)> {
    let clinic = clinic();
    let settings = world::settings("Example Clinic", "connect_pro", world::always_open());
    let patient = world::patient_by_email("Pat Example", "pat@patient.example.test", "en");
    let message = json!({ "title": "Your visit", "body": "<p>Please call us.</p>" });
    vec![
        ("The operator opens a clinic.", clinic.create(settings)),
        (
            "The operator adds a member of its staff.",
            clinic.create_staff("staff-1", world::staff("Robin Example", "clinician")),
        ),
        ("The chart system adds a patient ...", clinic.create_patient("patient-1", patient)),
        ("... and links the patient's account.", clinic.link("patient-1", "account-1")),
        (
            "The clinic writes to the patient. The answer has the conversation's id.",
            clinic.start("staff-1", "patient-1", message),
        ),
        ("The patient sees it.", world::own_inbox(&account())),
    ]
}

/// A call as a command line.
fn curl(call: &Call) -> String {
    let mut line = format!("curl -s -X {} \"$API{}\"", call.method, call.path);
    let variable = call.caller.as_ref().and_then(|caller| {
        let known = callers();
        known.iter().find(|(_, other)| other == caller).map(|(name, _)| *name)
    });
    if let Some(variable) = variable {
        // Writing to a string cannot fail.
        let _ok = write!(line, " -H \"Authorization: Bearer ${variable}\"");
    }
    for (name, value) in &call.headers {
        let _ok = write!(line, " -H {}", quoted(&format!("{name}: {value}")));
    }
    if let Some(body) = &call.body {
        let body = quoted(&body.to_string());
        let _ok = write!(line, " -H 'Content-Type: application/json' -d {body}");
    }
    line
}

/// Text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_made_with_a_token_that_is_printed() {
        for (what, call) in story() {
            let line = curl(&call);
            let variable = line.split_once("Bearer $").and_then(|(_, rest)| rest.split_once('"'));
            let names = callers().map(|(name, _)| name);
            assert!(variable.is_some_and(|(name, _)| names.contains(&name)), "{what} {line}");
        }
    }

    #[test]
    fn a_quote_survives_the_shell() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
