//! The Python that runs the local stack, and the packages that are installed for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Doing as _, Failure, Result};
use crate::{environment, process, workspace};

/// The oldest and the newest Python that the pinned packages run on.
const OLDEST: (u32, u32) = (3, 10);
const NEWEST: (u32, u32) = (3, 14);

/// The names under which a Python may be installed, the likeliest first.
const NAMES: [&str; 7] =
    ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

/// What a Python is asked: its version, and whether it has the modules that make an environment.
const QUESTION: &str = "
import importlib.util as u, sys
print(sys.version_info[0], sys.version_info[1], *(m for m in ('venv', 'ensurepip') if not u.find_spec(m)))
";

/// An environment with the pinned packages, in `target/stack/venv`.
#[derive(Clone, Debug)]
pub struct Venv(PathBuf);

impl Venv {
    /// The environment, made and filled first if it is absent or its pins have changed.
    pub fn ensure() -> Result<Self> {
        let venv = Self::place();
        let requirements = requirements()?;
        if venv.is_filled_with(&requirements) {
            return Ok(venv);
        }
        let python = find()?;
        let folder = &venv.0;
        if folder.exists() {
            fs::remove_dir_all(folder).doing(format_args!("removing {}", folder.display()))?;
        }
        let log = workspace::stack().join("install.log");
        process::step(
            "making a Python environment in target/stack/venv",
            Command::new(&python).args(["-m", "venv"]).arg(folder),
            &log,
        )?;
        process::step(
            "installing the local stack into it, once (about 40 s)",
            venv.module("pip")
                .args(["install", "--no-deps", "--no-input", "--disable-pip-version-check"])
                .arg("--requirement")
                .arg(requirements_path()),
            &log,
        )?;
        fs::write(venv.stamp(), requirements)
            .doing(format_args!("writing {}", venv.stamp().display()))?;
        Ok(venv)
    }

    /// The environment, if it is there with the packages that are pinned now.
    pub fn if_ready() -> Result<Option<Self>> {
        let venv = Self::place();
        let requirements = requirements()?;
        Ok(venv.is_filled_with(&requirements).then_some(venv))
    }

    /// The environment's Python, about to run a module.
    pub fn module(&self, name: &str) -> Command {
        let mut command = Command::new(self.python());
        command.args(["-m", name]);
        command
    }

    /// The environment's Python, about to run a script that a package installed. The script's own first
    /// line is not used: the system limits its length, and the folder may be deep.
    pub fn script(&self, name: &str) -> Command {
        let mut command = Command::new(self.python());
        command.arg(self.0.join("bin").join(name));
        command
    }

    /// The environment's Python.
    pub fn python(&self) -> PathBuf {
        self.0.join("bin").join("python")
    }

    /// Its folder.
    pub fn path() -> PathBuf {
        workspace::stack().join("venv")
    }

    fn place() -> Self {
        Self(Self::path())
    }

    /// A copy of the pins, written last: without it, the environment is half made.
    fn stamp(&self) -> PathBuf {
        self.0.join("requirements.stamp")
    }

    fn is_filled_with(&self, requirements: &str) -> bool {
        fs::read_to_string(self.stamp()).is_ok_and(|stamp| stamp == requirements)
            && self.python().exists()
    }
}

fn requirements_path() -> PathBuf {
    workspace::root().join("xtask").join("requirements.txt")
}

fn requirements() -> Result<String> {
    let path = requirements_path();
    fs::read_to_string(&path).doing(format_args!("reading {}", path.display()))
}

/// What was found under a name.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Good,
    Version(u32, u32),
    Lacks(Vec<String>),
}

/// A Python that will do: the one in the variable `PYTHON`, or the first good one under the usual names.
fn find() -> Result<PathBuf> {
    let given = environment::variable("PYTHON").map(PathBuf::from);
    let names: Vec<PathBuf> = match &given {
        Some(python) => vec![python.clone()],
        None => NAMES.iter().map(PathBuf::from).collect(),
    };
    let mut found = Vec::new();
    for name in names {
        match ask(&name) {
            Some(Found::Good) => return Ok(name),
            Some(other) => found.push((name, other)),
            None => {}
        }
    }
    Err(refusal(given.as_deref(), &found))
}

fn ask(python: &Path) -> Option<Found> {
    let answer = process::output(Command::new(python).args(["-c", QUESTION])).ok()?;
    judge(&answer)
}

fn judge(answer: &str) -> Option<Found> {
    let mut words = answer.split_whitespace();
    let major = words.next()?.parse().ok()?;
    let minor = words.next()?.parse().ok()?;
    let lacks: Vec<String> = words.map(str::to_owned).collect();
    Some(if (major, minor) < OLDEST || (major, minor) > NEWEST {
        Found::Version(major, minor)
    } else if lacks.is_empty() {
        Found::Good
    } else {
        Found::Lacks(lacks)
    })
}

fn refusal(given: Option<&Path>, found: &[(PathBuf, Found)]) -> Failure {
    let needed = format!(
        "The local stack runs on Python {}.{} to {}.{}, with its modules venv and ensurepip (pip)",
        OLDEST.0, OLDEST.1, NEWEST.0, NEWEST.1
    );
    let install = "Install it (Debian, Ubuntu: apt-get install python3 python3-venv; Fedora: dnf install python3; \
                   macOS: brew install python3), or name another one in the variable PYTHON.";
    if found.is_empty() {
        return Failure::new(match given {
            Some(given) => {
                format!("{needed}, and PYTHON names {}, which is none.", given.display())
            }
            None => format!("{needed}, and no Python was found.\n{install}"),
        });
    }
    let mut lines = vec![format!("{needed}, and none of these will do:")];
    for (name, what) in found {
        let name = name.display();
        lines.push(match what {
            Found::Lacks(modules) => format!("  {name} lacks {}", modules.join(" and ")),
            Found::Version(major, minor) => format!("  {name} is Python {major}.{minor}"),
            Found::Good => continue,
        });
    }
    lines.push(install.to_owned());
    Failure::new(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_python_is_judged_by_its_version_and_its_modules() {
        for (answer, judged) in [
            ("3 10\n", Some(Found::Good)),
            ("3 14\n", Some(Found::Good)),
            ("3 9\n", Some(Found::Version(3, 9))),
            ("2 7 venv ensurepip\n", Some(Found::Version(2, 7))),
            ("3 15\n", Some(Found::Version(3, 15))),
            ("4 0\n", Some(Found::Version(4, 0))),
            ("3 12 ensurepip\n", Some(Found::Lacks(vec!["ensurepip".into()]))),
            ("", None),
            ("Python was not found\n", None),
        ] {
            assert_eq!(judge(answer), judged, "{answer:?}");
        }
    }

    #[test]
    fn what_will_not_do_is_said_with_what_to_do() {
        let given = refusal(Some(Path::new("/bin/false")), &[]).to_string();
        assert!(given.contains("PYTHON names /bin/false"), "{given}");
        let none = refusal(None, &[]).to_string();
        assert!(none.contains("no Python was found") && none.contains("apt-get install"), "{none}");
        let some = refusal(
            None,
            &[
                ("python3".into(), Found::Version(3, 8)),
                ("python3.12".into(), Found::Lacks(vec!["venv".into(), "ensurepip".into()])),
            ],
        )
        .to_string();
        assert!(some.contains("python3 is Python 3.8"), "{some}");
        assert!(some.contains("python3.12 lacks venv and ensurepip"), "{some}");
        assert!(some.contains("python3-venv"), "{some}");
    }

    #[test]
    fn every_requirement_is_pinned_to_one_version() {
        for line in requirements().unwrap().lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, version) = line.split_once("==").unwrap_or((line, ""));
            assert!(
                !name.is_empty() && version.starts_with(|c: char| c.is_ascii_digit()),
                "{line}"
            );
            assert!(
                !version.contains(['*', ',', '<', '>'].as_slice()) || version.contains("; "),
                "{line}"
            );
        }
    }
}
