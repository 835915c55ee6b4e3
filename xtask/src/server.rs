//! The local stack's process: `ministack`, an AWS stand-in on one loopback port.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process};
use serde_json::{Value, json};
use system_tests::api::Api;

use crate::console::{Step, say};
use crate::failure::{Doing as _, Failure, Result};
use crate::python::Venv;
use crate::{process, workspace};

/// The access key and the secret of the stack's root user, which may do everything there.
pub const ROOT_KEY: &str = "local-root";

/// The region that the stack plays.
pub const REGION: &str = "us-east-1";

/// What of AWS the stack plays: only what the template and the tests use.
const SERVICES: &str = "apigateway,cloudformation,cloudwatch,dynamodb,events,iam,kms,lambda,logs,s3,\
                        scheduler,ses,sns,sqs,sts";

/// How long the stack may take to answer. It takes about a second.
const START_LIMIT: Duration = Duration::from_mins(1);

/// How long the stack may take to end before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// A stack's process that was started by this command, now or earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    pid: i32,
    port: u16,
}

impl Server {
    /// The stack that was started earlier, if it is still there and answers.
    pub fn running() -> Option<Self> {
        recorded().filter(|server| server.is_ours() && server.is_ready())
    }

    /// Starts a stack on `port`, or on a free one. What is left of an earlier one is stopped first.
    pub fn start(venv: &Venv, port: Option<u16>) -> Result<Self> {
        stop()?;
        let port = match port {
            Some(port) => port,
            None => free_port()?,
        };
        Self::check_port(port)?;
        start_on(venv, port)
    }

    /// Refuses a port that somebody else has. The recorded stack's own will be free once that is stopped.
    pub fn check_port(port: u16) -> Result<()> {
        if is_free(port) || recorded().is_some_and(|server| server.is_on(port) && server.is_ours())
        {
            return Ok(());
        }
        Err(Failure::new(format!(
            "Port {port} is in use. Choose another with --port, or leave --port out to have a free one."
        )))
    }

    /// Where it answers.
    pub fn endpoint(self) -> String {
        format!("http://{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// Whether it is on this port.
    pub fn is_on(self, port: u16) -> bool {
        self.port == port
    }

    /// Its process.
    pub fn pid(self) -> i32 {
        self.pid
    }

    fn is_ready(self) -> bool {
        Api::new(&self.endpoint())
            .with_timeout(Duration::from_secs(2))
            .get("/_ministack/ready")
            .send()
            .is_ok_and(|answer| answer.status == 200)
    }

    /// Its process, which leads a group of its own. Numbers up to 1 are never one: as a group to be sent
    /// a signal, they mean whole sets of processes.
    fn group(self) -> Option<Pid> {
        (self.pid > 1).then(|| Pid::from_raw(self.pid)).flatten()
    }

    /// Whether the process is there and is the stack of this workspace: a process id is given out again.
    fn is_ours(self) -> bool {
        let Some(pid) = self.group() else {
            return false;
        };
        let mark = program(&Venv::path()).display().to_string();
        test_kill_process(pid).is_ok() && command_line(self.pid).contains(&mark)
    }
}

/// The stack's log.
pub fn log() -> PathBuf {
    workspace::stack().join("stack.log")
}

/// Stops the stack that was started earlier, with the functions that run in it. Whether there was one.
pub fn stop() -> Result<bool> {
    let Some(server) = recorded() else {
        return Ok(false);
    };
    let was_there = server.is_ours();
    if let (true, Some(group)) = (was_there, server.group()) {
        // Its functions are in its group. A signal that finds nobody is what is wanted.
        let _ended = kill_process_group(group, Signal::TERM);
        let begun = Instant::now();
        while server.is_ours() && begun.elapsed() < STOP_LIMIT {
            thread::sleep(Duration::from_millis(50));
        }
        let _ended = kill_process_group(group, Signal::KILL);
    }
    for path in [record_path(), system_tests::stack::Stack::path()] {
        remove(&path)?;
    }
    let _left = fs::remove_dir_all(scratch());
    Ok(was_there)
}

fn start_on(venv: &Venv, port: u16) -> Result<Server> {
    let step = Step::begin(format!("starting the local stack on port {port}"));
    let mut child = spawn(venv, port)?;
    let pid = i32::try_from(child.id()).doing("reading the stack's process id")?;
    let server = Server { pid, port };
    record(server)?;
    let begun = Instant::now();
    while !server.is_ready() {
        if let Some(status) = child.try_wait().doing("watching the stack")? {
            remove(&record_path())?;
            return Err(Failure::new(format!(
                "The local stack ended at its start ({status}). The end of {}:\n{}",
                log().display(),
                process::tail(&log())
            )));
        }
        if begun.elapsed() > START_LIMIT {
            stop()?;
            return Err(Failure::new(format!(
                "The local stack did not answer within {START_LIMIT:?} and was stopped. The end of {}:\n{}",
                log().display(),
                process::tail(&log())
            )));
        }
        thread::sleep(Duration::from_millis(50));
    }
    step.end();
    Ok(server)
}

/// Starts the process with an environment of its own, since the functions inherit all of it, and in a
/// process group of its own, so that a Ctrl-C for this command does not end it.
fn spawn(venv: &Venv, port: u16) -> Result<Child> {
    let scratch = scratch();
    fs::create_dir_all(&scratch).doing(format_args!("making {}", scratch.display()))?;
    let mut command = venv.script("ministack");
    command
        .current_dir(&scratch)
        .env_clear()
        .envs([
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("LANG", "C.UTF-8"),
            ("BIND_HOST", "127.0.0.1"),
            // Each function's IAM policy is enforced, and so are signatures and anonymous reads.
            ("AUTH", "true"),
            ("SERVICES", SERVICES),
            ("IOT_MTLS_ENABLED", "0"),
            ("SFTP_ENABLED", "0"),
            ("MINISTACK_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", ROOT_KEY),
            ("AWS_SECRET_ACCESS_KEY", ROOT_KEY),
        ])
        .env("GATEWAY_PORT", port.to_string())
        // Handed on to the functions.
        .env("AWS_ENDPOINT_URL", format!("http://{}:{port}", Ipv4Addr::LOCALHOST))
        .env("HOME", &scratch)
        .env("TMPDIR", &scratch)
        .process_group(0);
    process::to_log(&mut command, &log())?.spawn().doing("starting the local stack")
}

/// Where the stack unpacks the functions.
fn scratch() -> PathBuf {
    workspace::stack().join("tmp")
}

fn record_path() -> PathBuf {
    workspace::stack().join("server.json")
}

fn record(server: Server) -> Result<()> {
    let path = record_path();
    fs::write(&path, json!({ "pid": server.pid, "port": server.port }).to_string())
        .doing(format_args!("writing {}", path.display()))
}

fn recorded() -> Option<Server> {
    let record: Value = serde_json::from_slice(&fs::read(record_path()).ok()?).ok()?;
    Some(Server {
        pid: i32::try_from(record.get("pid")?.as_i64()?).ok()?,
        port: u16::try_from(record.get("port")?.as_u64()?).ok()?,
    })
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).doing(format_args!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn program(venv: &Path) -> PathBuf {
    venv.join("bin").join("ministack")
}

/// The command line of a process: from `/proc` where there is one, else from `ps`.
fn command_line(pid: i32) -> String {
    match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(words) => String::from_utf8_lossy(&words).replace('\0', " "),
        Err(_) => process::output(Command::new("ps").args(["-o", "args=", "-p", &pid.to_string()]))
            .unwrap_or_default(),
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn free_port() -> Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .doing("looking for a free port")
}

/// Says that a stack is up already.
pub fn say_reused(server: Server) {
    say(format_args!(
        "The local stack is up at {} (process {}); the code is deployed to it anew.",
        server.endpoint(),
        server.pid
    ));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_process_that_is_not_the_stack_is_never_taken_for_it() {
        let me = i32::try_from(std::process::id()).unwrap();
        for pid in [me, 1, 0, -1, i32::MAX] {
            assert!(!Server { pid, port: 1 }.is_ours(), "{pid}");
        }
    }

    #[test]
    fn a_port_in_use_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(!is_free(port));
        drop(listener);
        assert!(is_free(port));
        assert!(is_free(free_port().unwrap()));
    }
}
