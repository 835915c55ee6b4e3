//! Running other programs.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::console::Step;
use crate::failure::{Doing as _, Failure, Result};

/// How often a program that says nothing itself is said to be still running.
const REMINDER: Duration = Duration::from_secs(10);

/// Runs a program that talks to the person itself.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().map_err(|error| cannot_run(&shown, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("`{shown}` failed ({status})")))
}

/// Runs a program and hands back what it wrote to standard output. The failure shows the rest.
pub fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| cannot_run(&shown, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("`{shown}` failed ({}): {}", output.status, said.trim())))
}

/// Runs a program that may take long as a step of its own; what it writes goes to a log, whose end the
/// failure shows.
pub fn step(name: &str, command: &mut Command, log: &Path) -> Result<()> {
    let shown = shown(command);
    let step = Step::begin(name);
    let mut child = to_log(command, log)?.spawn().map_err(|error| cannot_run(&shown, &error))?;
    let status = wait(&mut child, &step).doing(format_args!("waiting for `{shown}`"))?;
    if status.success() {
        step.end();
        return Ok(());
    }
    Err(Failure::new(format!(
        "{name} failed ({status}). The end of {}:\n{}",
        log.display(),
        tail(log)
    )))
}

/// Sends what a program writes to a log file, which is begun anew.
pub fn to_log<'command>(
    command: &'command mut Command,
    log: &Path,
) -> Result<&'command mut Command> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).doing(format_args!("making {}", folder.display()))?;
    }
    let doing = || format!("writing {}", log.display());
    let file = File::create(log).doing(doing())?;
    let again = file.try_clone().doing(doing())?;
    Ok(command.stdin(Stdio::null()).stdout(file).stderr(again))
}

/// The last 20 lines of a log.
pub fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(20);
    let last = lines.get(from..).unwrap_or_default();
    format!("  | {}", last.join("\n  | "))
}

fn wait(child: &mut Child, step: &Step) -> io::Result<ExitStatus> {
    let mut reminded = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(50));
        if reminded.elapsed() >= REMINDER {
            step.still();
            reminded = Instant::now();
        }
    }
}

/// The program and its first arguments, as a person would type them.
fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|word| word.to_string_lossy()));
    let mut shown = words.join(" ");
    if shown.chars().count() > 160 {
        shown = shown.chars().take(160).chain(" ...".chars()).collect();
    }
    shown
}

fn cannot_run(shown: &str, error: &io::Error) -> Failure {
    Failure::new(format!("`{shown}` cannot be run: {error}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_output_is_handed_back_and_a_failure_shows_what_was_said() {
        assert_eq!(output(&mut sh("echo out; echo err >&2")).unwrap(), "out\n");
        let failure = output(&mut sh("echo why >&2; exit 3")).unwrap_err().to_string();
        assert!(failure.contains("why") && failure.contains('3'), "{failure}");
    }

    #[test]
    fn an_absent_program_is_named() {
        for failure in [
            run(&mut Command::new("no-such-program-here")).unwrap_err(),
            output(&mut Command::new("no-such-program-here")).unwrap_err(),
        ] {
            assert!(failure.to_string().contains("`no-such-program-here` cannot be run"));
        }
    }

    #[test]
    fn a_failed_step_shows_the_end_of_its_log_only() {
        let folder = std::env::temp_dir().join(format!("xtask-step-{}", std::process::id()));
        let log = folder.join("step.log");
        let failure = step("counting", &mut sh("seq 1 100; exit 1"), &log).unwrap_err().to_string();
        assert!(failure.contains("| 100") && failure.contains("| 81\n"), "{failure}");
        assert!(!failure.contains("| 80\n"), "{failure}");
        fs::remove_dir_all(folder).unwrap();
    }
}
