//! The checks: the quick ones, and all of them.

use std::process::Command;

use crate::arguments::Arguments;
use crate::aws::Target;
use crate::console::say;
use crate::failure::Result;
use crate::python::Venv;
use crate::up::{self, Start};
use crate::{corpus, opt_outs, payloads, process, workspace, zones};

/// `cargo xtask check`: formatting, lints and the tests that need no stack; the template's too, where its
/// linter is installed.
pub fn quick(_arguments: &Arguments) -> Result<()> {
    if let Some(venv) = Venv::if_ready()? {
        lint_template(&venv)?;
    } else {
        say("-- the template is not checked: its linter comes with `cargo xtask up` or `test`");
    }
    without_stack()
}

/// `cargo xtask test`: the quick checks, then the whole-system tests on a fresh stack, which is stopped
/// in the end. The last lines are the test runner's own.
pub fn all(arguments: &Arguments) -> Result<()> {
    let venv = Venv::ensure()?;
    lint_template(&venv)?;
    without_stack()?;
    payloads::test(&venv)?;
    zones::test(&venv)?;
    opt_outs::test(&venv)?;
    up::bring_up(&arguments.target, Start::Fresh, &arguments.parameters)?;
    say("-- testing the deployed stack ...");
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--locked", "--package", "system-tests"]);
    if speaks_tls(&arguments.target) {
        cargo.args(["--features", "https"]);
    }
    // They wait for the schedule more than they work.
    cargo.args(["--", "--test-threads", "8"]);
    let tested = process::run(&mut cargo);
    let stopped = up::take_down(&arguments.target);
    tested.and(stopped)
}

fn without_stack() -> Result<()> {
    say("-- checking the formatting ...");
    process::run(workspace::cargo().args(["fmt", "--all", "--check"]))?;
    say("-- checking the lints ...");
    process::run(workspace::cargo().args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))?;
    corpus::ensure()?;
    say("-- testing without a stack ...");
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--locked"]).args(workspace::WITHOUT_SYSTEM_TESTS);
    process::run(&mut cargo)?;
    workspace::note_tests_built()
}

fn lint_template(venv: &Venv) -> Result<()> {
    say("-- checking the template ...");
    let mut lint: Command = venv.script("cfn-lint");
    lint.current_dir(workspace::root()).arg(workspace::template());
    process::run(&mut lint)
}

/// Whether the tests reach the target over HTTPS, for which their client has to be built with TLS.
fn speaks_tls(target: &Target) -> bool {
    match target {
        Target::Local { .. } => false,
        Target::Endpoint(url) => url.starts_with("https://"),
        Target::Amazon => true,
    }
}
