//! A proxy between a function and the stack, which answers some calls in its own way.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{self, described, stack};

/// How the proxy answers a call.
#[derive(Clone)]
pub enum Behaviour {
    /// As the stack does.
    Forward,
    /// The stack does it, and its answer is lost.
    LoseTheAnswer,
    /// The connection breaks before the stack has it.
    HangUp,
    /// The stack does not have it, and this is answered: a status and a body.
    Answer(u16, String),
    /// The stack does not have it, and this status is answered.
    Fail(u16),
}

impl Behaviour {
    /// A refusal of SES or SNS.
    pub fn refuse(status: u16, code: &str, message: &str) -> Self {
        let error = format!("<Code>{code}</Code><Message>{message}</Message>");
        Self::Answer(status, format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
    }
}

#[derive(Default)]
struct State {
    /// What is answered to the next calls whose head or body holds a text.
    scripts: BTreeMap<String, VecDeque<Behaviour>>,
    counts: BTreeMap<String, usize>,
}

/// The proxy. The function calls the stack itself again once it is gone.
pub struct Proxy {
    function: &'static str,
    state: Arc<Mutex<State>>,
    variables: Value,
}

impl Proxy {
    /// Puts a proxy in front of everything that `notify` calls.
    pub fn before_notify() -> Self {
        Self::before("notify")
    }

    /// Puts a proxy in front of everything that a function calls.
    pub fn before(function: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(&stream.unwrap(), &shared));
            }
        });
        let variables = variables(function);
        let mut with_proxy = variables.clone();
        for service in ["DYNAMODB", "SES", "SNS"] {
            with_proxy[format!("AWS_ENDPOINT_URL_{service}")] = json!(endpoint);
        }
        configure(function, &with_proxy);
        Self { function, state, variables }
    }

    /// Answers so the next that many calls of each of these kinds.
    pub fn answers(&self, kinds: &[&str], behaviour: &Behaviour, times: usize) {
        let mut state = self.state.lock().unwrap();
        for kind in kinds {
            let script = std::iter::repeat_n(behaviour.clone(), times).collect();
            state.scripts.insert((*kind).to_owned(), script);
        }
    }

    /// How many calls there were of each kind since the last time.
    pub fn count(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.state.lock().unwrap().counts)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        configure(self.function, &self.variables);
    }
}

fn path(function: &str) -> String {
    let name = described(&format!("/functions/{function}"));
    format!("/2015-03-31/functions/{}/configuration", name.as_str().unwrap())
}

fn variables(function: &str) -> Value {
    aws::get_call("lambda", &path(function))["Environment"]["Variables"].clone()
}

fn configure(function: &str, variables: &Value) {
    let change = json!({ "Environment": { "Variables": variables } });
    aws::put_call("lambda", &path(function), &change);
    // A function that is being changed answers its calls as it was.
    thread::sleep(Duration::from_millis(500));
}

fn serve(mut stream: &TcpStream, state: &Mutex<State>) {
    let mut stack = Stack::default();
    while let Some(request) = message(stream) {
        let text = String::from_utf8_lossy(&request).into_owned();
        let behaviour = {
            let mut state = state.lock().unwrap();
            *state.counts.entry(operation(&text)).or_default() += 1;
            let script = state
                .scripts
                .iter_mut()
                .find(|(kind, script)| !script.is_empty() && text.contains(kind.as_str()));
            script.and_then(|(_, script)| script.pop_front()).unwrap_or(Behaviour::Forward)
        };
        let (status, body) = match behaviour {
            Behaviour::Forward => {
                if stream.write_all(&stack.forward(&request)).is_err() {
                    return;
                }
                continue;
            }
            Behaviour::LoseTheAnswer => {
                stack.forward(&request);
                return;
            }
            Behaviour::HangUp => return,
            Behaviour::Answer(status, body) => (status, body),
            Behaviour::Fail(status) => (status, "{}".to_owned()),
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{body}");
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// The name of what a call asks for.
fn operation(request: &str) -> String {
    let target = request.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-amz-target").then(|| value.trim().rsplit('.').next())?
    });
    let action = || request.split("Action=").nth(1)?.split('&').next();
    target.or_else(action).unwrap_or("other").to_owned()
}

/// A connection to the stack, which is kept: one for each call would be as many as a backlog is long, and
/// the stack cannot hold so many open.
#[derive(Default)]
struct Stack(Option<TcpStream>);

impl Stack {
    /// Hands a request to the stack as it is, since it is signed, and its answer back.
    fn forward(&mut self, request: &[u8]) -> Vec<u8> {
        // The stack closes what was idle for a while: a request that was sent on it was not read.
        if let Some(answer) = self.0.as_ref().and_then(|kept| ask(kept, request)) {
            return answer;
        }
        let address = stack().endpoint.trim_start_matches("http://").to_owned();
        let fresh = self.0.insert(TcpStream::connect(address).unwrap());
        ask(fresh, request).unwrap_or_default()
    }
}

fn ask(mut stack: &TcpStream, request: &[u8]) -> Option<Vec<u8>> {
    stack.write_all(request).ok()?;
    message(stack)
}

/// Reads one message: a head, and a body of the length that it says or in chunks.
fn message(mut stream: &TcpStream) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    let mut buffer = [0; 65_536];
    loop {
        if let Some(end) = message.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&message[..end]).to_ascii_lowercase();
            let length = head.split("content-length:").nth(1);
            let length: Option<usize> =
                length.and_then(|rest| rest.lines().next()?.trim().parse().ok());
            let is_whole = match length {
                Some(length) => message.len() >= end + 4 + length,
                None if head.contains("transfer-encoding: chunked") => {
                    message.ends_with(b"0\r\n\r\n")
                }
                None => true,
            };
            if is_whole {
                return Some(message);
            }
        }
        let read = stream.read(&mut buffer).ok()?;
        if read == 0 {
            return None;
        }
        message.extend_from_slice(&buffer[..read]);
    }
}
