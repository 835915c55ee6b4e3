//! Developer commands: `cargo xtask COMMAND`. They need Rust and Python 3, and nothing else.
#![allow(
    clippy::pedantic,
    reason = "a developer tool: correctness lints stay denied, style is rustfmt's"
)]

mod arguments;
mod audit;
mod aws;
mod check;
mod console;
mod corpus;
mod demo;
mod deploy;
mod down;
mod elf;
mod environment;
mod failure;
mod gateway;
mod guide;
mod measure;
mod opt_outs;
mod package;
mod payloads;
mod process;
mod python;
mod release;
mod server;
mod up;
mod workspace;
mod zones;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use arguments::{AUDITING, Arguments, DEPLOYING};
use console::{complain, say};
use failure::{Failure, Result};

struct Command {
    name: &'static str,
    options: &'static [&'static str],
    run: fn(&Arguments) -> Result<()>,
    help: &'static str,
}

#[rustfmt::skip]
const COMMANDS: &[Command] = &[
    Command { name: "demo", options: DEPLOYING, run: demo::command, help: "a clinic and a patient exchange messages, step by step" },
    Command { name: "up", options: DEPLOYING, run: up::command, help: "start the local stack, deploy to it, say how to use it" },
    Command { name: "down", options: &[], run: down::command, help: "stop the local stack" },
    Command { name: "check", options: &[], run: check::quick, help: "formatting, lints, and the tests that need no stack" },
    Command { name: "test", options: DEPLOYING, run: check::all, help: "the same, then the whole-system tests on a fresh stack" },
    Command { name: "corpus", options: &[], run: corpus::command, help: "the files of other projects that the tests use, in target/corpus and target/payloads" },
    Command { name: "audit", options: AUDITING, run: audit::command, help: "licences, banned, doubled and unused dependencies" },
    Command { name: "build", options: &[], run: release::command, help: "the release zips for Lambda, in target/lambda" },
    Command { name: "measure", options: &[], run: measure::command, help: "sizes, start times, and the AWS calls of each command" },
];

fn main() -> ExitCode {
    match run(env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(failure);
            ExitCode::FAILURE
        }
    }
}

fn run(mut words: impl Iterator<Item = OsString>) -> Result<()> {
    let name = words.next().unwrap_or_default();
    if name.is_empty() || name == "help" || name == "--help" || name == "-h" {
        say(usage());
        return Ok(());
    }
    match COMMANDS.iter().find(|command| name == command.name) {
        Some(command) => (command.run)(&Arguments::read(words, command.options)?),
        None => Err(Failure::new(format!("There is no command {}.\n{}", name.display(), usage()))),
    }
}

fn usage() -> String {
    let mut lines = vec!["cargo xtask COMMAND [OPTIONS]".to_owned(), String::new()];
    for command in COMMANDS {
        let options = match command.options {
            [] => "",
            options if options == DEPLOYING => {
                "[--endpoint URL|aws] [--port PORT] [--set NAME=VALUE]..."
            }
            _ => "[--advisories]",
        };
        lines.push(format!("  {:<8}{}", command.name, command.help));
        if !options.is_empty() {
            lines.push(format!("          {options}"));
        }
    }
    lines.extend(
        [
            "",
            "  --endpoint    a LocalStack-compatible endpoint that is there already, or `aws`: the account, credentials and",
            "                region of the environment (AWS_PROFILE, AWS_REGION, ...)",
            "  --port        the local stack's port; a free one if left out",
            "  --set         a parameter of infra/template.yaml, such as Stage=production",
            "  --advisories  known vulnerabilities as well; fetches their database",
        ]
        .map(str::to_owned),
    );
    lines.join("\n")
}
