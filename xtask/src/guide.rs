//! What `up` says in the end: where the stack is, and how to call it.

use serde_json::Value;
use system_tests::issuer::{Caller, Issuer};

use crate::console::say;
use crate::deploy::{LOCAL_STAGE, issuer_key};
use crate::environment;
use crate::failure::{Doing as _, Result};

/// Prints it.
pub fn print(stack: &Value) -> Result<()> {
    let field = |name: &str| stack.get(name).and_then(Value::as_str).unwrap_or_default();
    say(format_args!("\nThe API:     {}", field("api_url")));
    say(format_args!("AWS:         {} ({})", field("endpoint"), field("region")));
    say("All of it:   target/stack/stack.json");
    if field("stage") != LOCAL_STAGE {
        return Ok(());
    }
    let issuer = Issuer::load(&issuer_key()).doing("reading the development issuer's key")?;
    say("\nTokens of the development issuer, good for an hour:\n");
    say(format_args!("export API='{}'", field("api_url")));
    for (name, caller) in callers() {
        say(format_args!("export {name}='{}'", issuer.token(&caller, environment::now())));
    }
    say("");
    Ok(())
}

fn callers() -> [(&'static str, Caller); 4] {
    [
        ("OPERATOR", Caller::operator()),
        ("CHART", Caller::chart("c1")),
        ("STAFF", Caller::staff("c1", "s1")),
        ("PATIENT", Caller::account("a1")),
    ]
}
