//! A function's binary, run by a Runtime API of our own as Lambda's sandbox does it.

use std::path::Path;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant, UNIX_EPOCH};

use serde_json::Value;
use system_tests::issuer::{CLINIC_AUDIENCE, CLINIC_ISSUER, PATIENT_AUDIENCE, PATIENT_ISSUER};

use super::http::{self, Message};
use crate::environment;
use crate::failure::{Doing as _, Failure, Result};
use crate::package::Function;
use crate::server::{REGION, ROOT_KEY};
use crate::{process, workspace};

/// How long a function may take to start, or to answer.
const LIMIT: Duration = Duration::from_secs(30);

/// The time that an invocation is told it has: the least timeout of a worker in infra/template.yaml. They begin
/// nothing with less than half of it left.
const TIMEOUT: Duration = Duration::from_mins(1);

/// What a function finds in its environment besides what is always the same.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The AWS endpoint.
    pub endpoint: String,
    /// Where both issuers' keys are.
    pub jwks_url: String,
    /// The main table.
    pub table: String,
    /// The audit table.
    pub audit_table: String,
    /// The key of which the key of the hashes of addresses is made.
    pub address_key: String,
}

/// A function's process, which is ended with this.
pub struct Running {
    name: String,
    child: Child,
    begun: Instant,
    polled: Receiver<Instant>,
    events: Sender<Vec<u8>>,
    reports: Receiver<Report>,
}

/// What the function has to say of an event.
struct Report {
    is_error: bool,
    body: Vec<u8>,
}

/// The other side of [`Running`], with the Runtime API.
struct Sandbox {
    polled: Sender<Instant>,
    events: Mutex<Receiver<Vec<u8>>>,
    reports: Sender<Report>,
}

impl Running {
    /// Starts the binary.
    pub fn start(function: &Function, surroundings: &Surroundings) -> Result<Self> {
        let (polls, polled) = mpsc::channel();
        let (events, taken) = mpsc::channel();
        let (reporting, reports) = mpsc::channel();
        let sandbox = Sandbox { polled: polls, events: Mutex::new(taken), reports: reporting };
        let runtime = http::serve(move |request| sandbox.answer(request))?;
        let mut command = Command::new(&function.binary);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", runtime.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", &function.name)
            .envs(surroundings.variables());
        process::to_log(&mut command, &log(&function.name))?;
        let begun = Instant::now();
        let child = command.spawn().doing(format_args!("starting {}", function.name))?;
        Ok(Self { name: function.name.clone(), child, begun, polled, events, reports })
    }

    /// Waits for the function to ask for its first event, and says how long after its start it did.
    pub fn ready(&mut self) -> Result<Duration> {
        let polled = wait(&self.polled, &mut self.child, &self.name, "asks for no event")?;
        Ok(polled.saturating_duration_since(self.begun))
    }

    /// Has it handle an event.
    pub fn invoke(&mut self, event: &Value) -> Result<Value> {
        let gone = || Failure::new(format!("{} is gone.", self.name));
        self.events.send(event.to_string().into_bytes()).map_err(|_| gone())?;
        let report = wait(&self.reports, &mut self.child, &self.name, "does not answer")?;
        let body = String::from_utf8_lossy(&report.body);
        if report.is_error {
            return Err(Failure::new(format!("{} failed: {body}", self.name)));
        }
        serde_json::from_str(&body).doing(format_args!("reading the answer of {}", self.name))
    }

    /// Its resident memory in bytes, as Linux states it.
    pub fn resident(&self) -> Result<usize> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path).doing(format_args!("reading {path}"))?;
        resident(&status).ok_or_else(|| Failure::new(format!("{path} states no VmRSS.")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that ended by itself is what is wanted.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Sandbox {
    /// Serves `next`, `response` and `error`; the call for the next event waits until there is one.
    fn answer(&self, request: &Message) -> Option<Vec<u8>> {
        let path = request.second_word();
        if !path.ends_with("/invocation/next") {
            let report = Report { is_error: path.ends_with("/error"), body: request.body.clone() };
            self.reports.send(report).ok()?;
            return Some(http::answer("202 Accepted", &[], b"{}"));
        }
        self.polled.send(Instant::now()).ok()?;
        let event = self.events.lock().ok()?.recv().ok()?;
        let end = environment::now().duration_since(UNIX_EPOCH).unwrap_or_default() + TIMEOUT;
        let headers = [
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Aws-Request-Id", "0c1d0e9f-6a55-4c1e-9d5c-3f0a4f6b7a21"),
            ("Lambda-Runtime-Deadline-Ms", &end.as_millis().to_string()),
            (
                "Lambda-Runtime-Invoked-Function-Arn",
                "arn:aws:lambda:us-east-1:123456789012:function:x",
            ),
            ("Lambda-Runtime-Trace-Id", "Root=1-6924f0a1-3f1c2a9b7d5e4c3b2a190812;Sampled=0"),
        ];
        Some(http::answer("200 OK", &headers, &event))
    }
}

impl Surroundings {
    /// The variables of Lambda and those of infra/template.yaml. A function reads those that it has there.
    fn variables(&self) -> [(&'static str, &str); 29] {
        [
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "measure"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "measure"),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", ROOT_KEY),
            ("AWS_SECRET_ACCESS_KEY", ROOT_KEY),
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("STAGE", crate::deploy::LOCAL_STAGE),
            ("LOG_LEVEL", "info"),
            ("TABLE_NAME", &self.table),
            ("AUDIT_TABLE_NAME", &self.audit_table),
            ("ALLOWED_ORIGINS", "https://clinic.example.test,https://patient.example.test"),
            ("SENDER_ADDRESS", "no-reply@clinic.example.test"),
            ("LINK_DOMAIN", "patient.example.test"),
            ("STAFF_LINK_DOMAIN", "clinic.example.test"),
            ("CONFIGURATION_SET", "notices"),
            ("EMAILS_PER_SECOND", "1000"),
            ("TEXTS_PER_SECOND", "1000"),
            ("ADDRESS_KEY_ID", &self.address_key),
            ("FILES_BUCKET", "files"),
            ("MALWARE_SCAN", "on"),
            ("CLINIC_ISSUER", CLINIC_ISSUER),
            ("CLINIC_AUDIENCE", CLINIC_AUDIENCE),
            ("CLINIC_JWKS_URL", &self.jwks_url),
            ("PATIENT_ISSUER", PATIENT_ISSUER),
            ("PATIENT_AUDIENCE", PATIENT_AUDIENCE),
            ("PATIENT_JWKS_URL", &self.jwks_url),
            ("LANG", "C.UTF-8"),
        ]
    }
}

/// Waits for what the function is to do, or for its end.
fn wait<T>(from: &Receiver<T>, child: &mut Child, name: &str, failing: &str) -> Result<T> {
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        match from.recv_timeout(Duration::from_millis(100)) {
            Ok(found) => return Ok(found),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if child.try_wait().doing(format_args!("watching {name}"))?.is_some() {
            break;
        }
    }
    let log = log(name);
    Err(Failure::new(format!(
        "{name} {failing}. The end of {}:\n{}",
        log.display(),
        process::tail(&log)
    )))
}

fn log(name: &str) -> std::path::PathBuf {
    workspace::target().join("measure").join(Path::new(name).with_extension("log"))
}

/// The resident memory of a `/proc/PID/status`, in bytes. Its unit, `kB`, is 1024 bytes.
fn resident(status: &str) -> Option<usize> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read() {
        assert_eq!(resident("Name:\tx\nVmHWM:\t 9 kB\nVmRSS:\t    8812 kB\n"), Some(8812 * 1024));
        assert_eq!(resident("Name:\tx\n"), None);
    }
}
