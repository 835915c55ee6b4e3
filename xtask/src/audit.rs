//! The checks of what the product is made of.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::arguments::Arguments;
use crate::console::say;
use crate::failure::{Doing as _, Result};
use crate::{process, workspace};

/// The tools, each pinned: the crate, its version and the binary that it installs.
const TOOLS: [Tool; 2] = [DENY, MACHETE];
const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
const MACHETE: Tool = Tool { name: "cargo-machete", version: "0.9.2" };

/// `cargo xtask audit`: licences, banned and doubled crates, sources, dependencies that nobody uses, and
/// the age of the time zone data.
/// With `--advisories`, known vulnerabilities as well, for which it fetches their database.
pub fn command(arguments: &Arguments) -> Result<()> {
    for tool in &TOOLS {
        tool.install()?;
    }
    dependencies(arguments.advisories)?;
    unused()?;
    zone_data()
}

/// Rules of time zones change at short notice, so old data is wrong data.
fn zone_data() -> Result<()> {
    say("-- checking the age of the time zone data ...");
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--locked", "--package", "domain", "--lib", "--"]);
    cargo.args(["--ignored", "the_zone_data_compiled_in_is_younger_than_half_a_year"]);
    process::run(&mut cargo)
}

fn dependencies(advisories: bool) -> Result<()> {
    say("-- checking licences, banned crates and sources (deny.toml) ...");
    let mut deny = DENY.command();
    deny.args(["check", "licenses", "bans", "sources"]);
    if advisories {
        deny.arg("advisories");
    }
    process::run(&mut deny)
}

fn unused() -> Result<()> {
    say("-- looking for unused dependencies ...");
    process::run(&mut MACHETE.command())
}

struct Tool {
    name: &'static str,
    version: &'static str,
}

impl Tool {
    /// Installs it under `target/tools`, once.
    fn install(&self) -> Result<()> {
        let folder = folder();
        let mark = folder.join(format!("{}-{}", self.name, self.version));
        if mark.exists() && self.path().exists() {
            return Ok(());
        }
        // Apart from the workspace's own, which it would crowd; and unoptimised, which takes half the time
        // and costs a few seconds in each use.
        let build = folder.join("build");
        let mut install = workspace::cargo();
        install
            .args(["install", "--locked", "--force", "--debug", "--version", self.version])
            .arg("--root")
            .arg(&folder)
            .arg(self.name)
            .env("CARGO_TARGET_DIR", &build);
        let log = folder.join(format!("{}.log", self.name));
        let step = format!("installing {} {}, once (about 2 minutes)", self.name, self.version);
        process::step(&step, &mut install, &log)?;
        fs::remove_dir_all(&build).doing(format_args!("removing {}", build.display()))?;
        fs::write(&mark, "").doing(format_args!("writing {}", mark.display()))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.path());
        command.current_dir(workspace::root());
        command
    }

    fn path(&self) -> PathBuf {
        folder().join("bin").join(self.name)
    }
}

fn folder() -> PathBuf {
    workspace::target().join("tools")
}
