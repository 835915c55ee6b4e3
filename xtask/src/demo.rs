//! `cargo xtask demo`: a clinic and a patient exchange messages on a deployed stack, step by step.

mod story;
mod teller;
mod templates;

use serde_json::Value;
use system_tests::stack::Stack;
use system_tests::world::World;

use crate::arguments::Arguments;
use crate::aws::Target;
use crate::console::say;
use crate::deploy::LOCAL_STAGE;
use crate::failure::{Doing as _, Failure, Result};
use crate::server::Server;
use crate::up::{self, Start};
use teller::{Outside, Teller};

/// Brings a stack up, plays the story on it and checks each step. A local stack that was started for it
/// is stopped in the end, whatever came of it.
pub fn command(arguments: &Arguments) -> Result<()> {
    let was_up = Server::running().is_some();
    let description = up::bring_up(&arguments.target, Start::Reuse, &arguments.parameters)?;
    let told = tell(&arguments.target, &description);
    let stopped = if was_up { Ok(()) } else { up::take_down(&arguments.target) };
    told.and(stopped)
}

fn tell(target: &Target, description: &Value) -> Result<()> {
    let field = |name: &str| description.get(name).and_then(Value::as_str);
    if field("stage") != Some(LOCAL_STAGE) {
        return Err(Failure::new(
            "The demo's callers have tokens of the development issuer, which only the stage `local` accepts.",
        ));
    }
    let stack = Stack::load().doing("reading the stack's description")?;
    let world = World::of(&stack).doing("reading the development issuer's key")?;
    let domain = description.pointer("/parameters/LinkDomain").and_then(Value::as_str);
    let outside = match target {
        Target::Amazon => None,
        Target::Local { .. } | Target::Endpoint(_) => Some(Outside::new(&stack.endpoint)),
    };
    let mut teller = Teller::new(world, outside);
    story::tell(&mut teller, domain.unwrap_or_default())?;
    say(format_args!("\nThe whole story went as stated: {} steps.", teller.steps()));
    Ok(())
}
