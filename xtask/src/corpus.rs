//! Files of other projects, with which the inspection of attachments and the sanitiser are tested.

use std::fs;
use std::path::PathBuf;

use crate::arguments::Arguments;
use crate::console::say;
use crate::failure::{Doing as _, Failure, Result};
use crate::python::Venv;
use crate::{process, workspace};

/// Unpacks an archive into a folder, and nothing outside of it.
const UNPACK: &str = "
import sys, tarfile
archive = tarfile.open(sys.argv[1])
if hasattr(tarfile, 'data_filter'):
    archive.extractall(sys.argv[2], filter='data')
else:
    archive.extractall(sys.argv[2])
";

/// Source archives that are fetched together.
struct Archives {
    /// The file in `xtask` that pins them.
    pins: &'static str,
    /// Where in `target` the tests look for what is in them.
    folder: &'static str,
    /// What is said while they are fetched.
    step: &'static str,
}

const ATTACHMENTS: Archives = Archives {
    pins: "corpus.txt",
    folder: "corpus",
    step: "fetching the files that the inspection is tested with, once (55 MB)",
};

const PAYLOADS: Archives = Archives {
    pins: "payloads.txt",
    folder: "payloads",
    step: "fetching the payloads that the sanitiser is tested with, once (1 MB)",
};

/// `cargo xtask corpus`: the files, so that the tests can be run without this command.
pub fn command(_arguments: &Arguments) -> Result<()> {
    ensure()?;
    payloads()?;
    say("-- the files are in target/corpus and target/payloads");
    Ok(())
}

/// Fetches the files that the inspection is tested with, if they are not in `target/corpus`.
pub fn ensure() -> Result<()> {
    unpacked(&ATTACHMENTS).map(|_folder| ())
}

/// The folder of the payloads that the sanitiser is tested with, which are fetched if they are not there.
pub fn payloads() -> Result<PathBuf> {
    unpacked(&PAYLOADS)
}

/// Fetches pinned source archives and unpacks them, if they are not there, and says where.
fn unpacked(wanted: &Archives) -> Result<PathBuf> {
    let pins_at = pins_at(wanted);
    let pins = fs::read_to_string(&pins_at).doing(format_args!("reading {}", pins_at.display()))?;
    let folder = workspace::target().join(wanted.folder);
    // A copy of the pins, written last: without it, the folder is half filled.
    let stamp = folder.join("corpus.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == pins) {
        return Ok(folder);
    }
    let venv = Venv::ensure()?;
    if folder.exists() {
        fs::remove_dir_all(&folder).doing(format_args!("removing {}", folder.display()))?;
    }
    let archives = folder.join("archives");
    fs::create_dir_all(&archives).doing(format_args!("making {}", archives.display()))?;
    let log = workspace::stack().join(format!("{}.log", wanted.folder));
    let names: Vec<&str> = pins.lines().filter_map(name).collect();
    // Archives are asked for by name: pip also asks each how it is built, and what it is built with may
    // come ready made.
    process::step(
        wanted.step,
        venv.module("pip")
            .args(["download", "--no-deps", "--no-input", "--disable-pip-version-check"])
            .args(["--no-binary", &names.join(","), "--require-hashes", "--requirement"])
            .arg(&pins_at)
            .arg("--dest")
            .arg(&archives),
        &log,
    )?;
    let doing = || format!("listing {}", archives.display());
    let mut count = 0;
    for entry in fs::read_dir(&archives).doing(doing())? {
        let archive = entry.doing(doing())?.path();
        process::output(
            std::process::Command::new(venv.python())
                .args(["-c", UNPACK])
                .arg(&archive)
                .arg(&folder),
        )?;
        count += 1;
    }
    if count != names.len() {
        return Err(Failure::new(format!(
            "{} holds {count} archives, and {} are pinned.",
            archives.display(),
            names.len()
        )));
    }
    fs::write(&stamp, pins).doing(format_args!("writing {}", stamp.display()))?;
    Ok(folder)
}

fn pins_at(wanted: &Archives) -> PathBuf {
    workspace::root().join("xtask").join(wanted.pins)
}

/// The package that a line pins.
fn name(line: &str) -> Option<&str> {
    line.split_once("==").map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn every_archive_is_pinned_to_its_bytes() {
        for wanted in [ATTACHMENTS, PAYLOADS] {
            let pins = fs::read_to_string(pins_at(&wanted)).unwrap();
            let lines: Vec<&str> = pins.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(!lines.is_empty(), "{}", wanted.pins);
            assert_eq!(lines.iter().filter_map(|line| name(line)).count(), lines.len());
            for line in lines {
                let (_, hash) = line.split_once(" --hash=sha256:").unwrap();
                assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{line}");
            }
        }
    }
}
