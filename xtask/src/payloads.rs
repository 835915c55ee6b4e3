//! The test of the sanitiser with markup that other people collected to get scripts through sanitisers: what
//! it makes of each piece is judged by another parser, and shown to a browser where one is installed.

use std::process::Command;

use crate::console::say;
use crate::failure::Result;
use crate::python::Venv;
use crate::{corpus, process, workspace};

/// Collects the payloads, sanitises them, and has the results judged.
pub fn test(venv: &Venv) -> Result<()> {
    let folder = corpus::payloads()?;
    say("-- testing the sanitiser with the payloads ...");
    let scripts = workspace::root().join("shared").join("domain").join("tests").join("payloads");
    let script =
        |name| process::run(Command::new(venv.python()).arg(scripts.join(name)).arg(&folder));
    script("collect.py")?;
    let mut cargo = workspace::cargo();
    // The same choice of packages as of the other tests, so that nothing is compiled anew.
    cargo.args(["test", "--locked"]).args(workspace::WITHOUT_SYSTEM_TESTS).args([
        "--test",
        "payloads",
        "--",
        "--ignored",
        "--nocapture",
    ]);
    process::run(&mut cargo)?;
    script("judge.py")?;
    script("browse.py")
}
