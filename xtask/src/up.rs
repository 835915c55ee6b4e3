//! Bringing a stack up.

use serde_json::Value;

use crate::arguments::Arguments;
use crate::aws::{Aws, Target};
use crate::deploy::{self, Parameters};
use crate::failure::Result;
use crate::package::{self, Package, Profile};
use crate::python::Venv;
use crate::server::{self, Server};
use crate::{elf, guide};

/// `cargo xtask up`: brings the stack up, leaves it running and says how to use it.
pub fn command(arguments: &Arguments) -> Result<()> {
    let stack = bring_up(&arguments.target, Start::Reuse, &arguments.parameters)?;
    guide::print(&stack)
}

/// Whether a local stack that is up already will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It will, with new code.
    Reuse,
    /// It is stopped, and an empty one is started.
    Fresh,
}

/// Builds the functions, starts a local stack if that is the target, and deploys to the target. Hands back
/// the description of the stack, as `target/stack/stack.json` has it.
///
/// A stack that was started for it and could not be deployed to is stopped again.
pub fn bring_up(target: &Target, start: Start, parameters: &Parameters) -> Result<Value> {
    let venv = Venv::ensure()?;
    let port = match target {
        Target::Local { port } => port,
        Target::Endpoint(url) => {
            let aws = Aws::endpoint(venv, url.clone());
            return deploy::deploy(&aws, &package(target)?, parameters, None);
        }
        Target::Amazon => {
            let aws = Aws::amazon(venv)?;
            return deploy::deploy(&aws, &package(target)?, parameters, None);
        }
    };
    let running = Server::running()
        .filter(|running| start == Start::Reuse && port.is_none_or(|port| running.is_on(port)));
    if let (None, Some(port)) = (running, port) {
        // Said now, and not after minutes of building.
        Server::check_port(*port)?;
    }
    let package = package(target)?;
    let server = match running {
        Some(server) => {
            server::say_reused(server);
            server
        }
        None => Server::start(&venv, *port)?,
    };
    let aws = Aws::local(venv, server.endpoint());
    let deployed = deploy::deploy(&aws, &package, parameters, Some(server.pid()));
    if deployed.is_err() && running.is_none() {
        server::stop()?;
    }
    deployed
}

/// Stops what [`bring_up`] started for this target.
pub fn take_down(target: &Target) -> Result<()> {
    match target {
        Target::Local { .. } => server::stop().map(|_| ()),
        Target::Endpoint(_) | Target::Amazon => Ok(()),
    }
}

/// The local stack runs the binaries on this very machine. Elsewhere they run on Amazon Linux 2023.
fn package(target: &Target) -> Result<Package> {
    let profile = match target {
        Target::Amazon => Profile::Release,
        Target::Local { .. } | Target::Endpoint(_) => Profile::Dev,
    };
    package::compile(profile)?;
    let package = package::pack(profile)?;
    if !matches!(target, Target::Local { .. }) {
        for function in &package.functions {
            elf::check(&function.binary, &function.needs)?;
        }
    }
    Ok(package)
}
