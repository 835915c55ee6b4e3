//! Where things are in the workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::environment;
use crate::failure::{Doing as _, Failure, Result};

/// The workspace's folder.
pub fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// The folder of what is built. `CARGO_TARGET_DIR` is not followed: the description of a running stack
/// has to be where the system tests look for it.
pub fn target() -> PathBuf {
    root().join("target")
}

/// The folder of the local stack: its Python packages, its log, its description.
pub fn stack() -> PathBuf {
    target().join("stack")
}

/// The template that AWS and the local stack get.
pub fn template() -> PathBuf {
    root().join("infra").join("template.yaml")
}

/// The functions' names, in order: each folder of `functions/` holds one, and a binary by its name.
pub fn functions() -> Result<Vec<String>> {
    let folder = root().join("functions");
    let doing = || format!("listing {}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).doing(doing())? {
        let entry = entry.doing(doing())?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    if names.is_empty() {
        return Err(Failure::new(format!("{} holds no function", folder.display())));
    }
    Ok(names)
}

/// Cargo, the one that runs this command, in the workspace's folder.
pub fn cargo() -> Command {
    let program = environment::variable("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(program);
    cargo.current_dir(root());
    cargo.env("CARGO_TARGET_DIR", target());
    cargo
}

/// Cargo's choice of what is tested without a stack.
pub const WITHOUT_SYSTEM_TESTS: [&str; 3] = ["--workspace", "--exclude", "system-tests"];

/// Whether the tests were built in this target folder.
pub fn tests_were_built() -> bool {
    tests_mark().exists()
}

/// Notes that the tests were built.
pub fn note_tests_built() -> Result<()> {
    let mark = tests_mark();
    fs::create_dir_all(stack())
        .and_then(|()| fs::write(&mark, ""))
        .doing(format_args!("writing {}", mark.display()))
}

/// In the target folder, so that `cargo clean` removes it with what it stands for.
fn tests_mark() -> PathBuf {
    stack().join("tests-were-built")
}

/// A path as a person in the workspace's folder would write it.
pub fn short(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
