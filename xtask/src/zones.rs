//! The test of office hours around every change of clocks, against the zones of another language's library.

use std::fs;
use std::process::Command;

use crate::console::say;
use crate::failure::{Doing as _, Failure, Result};
use crate::python::Venv;
use crate::{process, workspace};

/// Has the answers worked out, and compares them.
pub fn test(venv: &Venv) -> Result<()> {
    say("-- comparing office hours around every change of clocks ...");
    let root = workspace::root();
    let folder = root.join("target").join("zones");
    fs::create_dir_all(&folder).doing("making the folder of the answers")?;
    let tests = root.join("shared").join("domain").join("tests").join("zones");
    let script = tests.join("intervals.py");
    process::run(
        Command::new(venv.python()).arg(script).arg(folder.join("answers.txt")).arg(release()?),
    )?;
    let mut cargo = workspace::cargo();
    // The same choice of packages as of the other tests, so that nothing is compiled anew.
    cargo.args(["test", "--locked"]).args(workspace::WITHOUT_SYSTEM_TESTS).args([
        "--test",
        "zones",
        "--",
        "--ignored",
        "--nocapture",
    ]);
    process::run(&mut cargo)
}

/// The release of the zone data that the product has compiled in, as its source names it.
fn release() -> Result<String> {
    let source = workspace::root().join("shared/domain/src/hours/zone.rs");
    let text = fs::read_to_string(source).doing("reading the release of the zone data")?;
    let found =
        text.split_once("TZDB_VERSION: &str = \"").and_then(|(_, rest)| rest.split_once('"'));
    match found {
        Some((release, _)) => Ok(release.to_owned()),
        None => Err(Failure::new("hours/zone.rs names no release of the zone data")),
    }
}
