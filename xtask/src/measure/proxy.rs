//! A proxy in front of the stack that passes every byte on, each answer a little late, and notes the calls.

use std::io::{self, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::http::{self, Message};
use crate::failure::{Failure, Result};

/// So long every answer is held back. The stack answers so soon that of two calls made together the first
/// could have its answer before the second is signed, and they would look as if one waited for the other.
const HOLD: Duration = Duration::from_millis(20);

/// A call of AWS.
#[derive(Clone, Debug)]
pub struct Call {
    /// The operation's name, such as `BatchGetItem`.
    pub operation: String,
    /// When its request had come in whole.
    pub begun: Instant,
    /// When its answer was passed on.
    pub ended: Instant,
    /// The answer's HTTP status.
    pub status: String,
    /// The request's body.
    pub body: Vec<u8>,
}

/// The proxy. It runs as long as this process.
pub struct Proxy {
    /// Where it answers.
    pub endpoint: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Proxy {
    /// Starts a proxy in front of an endpoint.
    pub fn start(upstream: &str) -> Result<Self> {
        let Some(upstream) = upstream.strip_prefix("http://").map(str::to_owned) else {
            return Err(Failure::new(format!(
                "The proxy speaks plain HTTP, which {upstream} does not."
            )));
        };
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&calls);
        let address = http::listen(move |client| pass_on(client, &upstream, &noted))?;
        Ok(Self { endpoint: format!("http://{address}"), calls })
    }

    /// The calls since they were taken last.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Serves one connection with one to the stack. The bytes stay as they are, the `Host` header included,
/// which is part of what a signature signs.
fn pass_on(mut client: TcpStream, upstream: &str, calls: &Mutex<Vec<Call>>) -> io::Result<()> {
    let mut stack = TcpStream::connect(upstream)?;
    stack.set_nodelay(true)?;
    let mut requests = BufReader::new(client.try_clone()?);
    let mut answers = BufReader::new(stack.try_clone()?);
    while let Some(request) = http::read(&mut requests)? {
        let begun = Instant::now();
        stack.write_all(&request.raw)?;
        let Some(answer) = http::read(&mut answers)? else { break };
        thread::sleep(HOLD);
        let call = Call {
            operation: operation(&request),
            begun,
            ended: Instant::now(),
            status: answer.second_word().to_owned(),
            body: request.body,
        };
        // Before the answer is passed on, so that it is noted when the function has it.
        calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        client.write_all(&answer.raw)?;
    }
    Ok(())
}

/// The operation: `DynamoDB` names it in a header, SES and SNS in the form that is their body.
fn operation(request: &Message) -> String {
    if let Some((_, operation)) =
        request.header("x-amz-target").and_then(|target| target.split_once('.'))
    {
        return operation.to_owned();
    }
    let form = String::from_utf8_lossy(&request.body);
    let named = form.split('&').find_map(|field| field.strip_prefix("Action="));
    named.unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use system_tests::api::Api;

    use super::*;

    #[test]
    fn calls_are_passed_on_and_noted_by_name() {
        let stack =
            http::serve(|request| Some(http::answer("400 Bad", &[], &request.body))).unwrap();
        let proxy = Proxy::start(&format!("http://{stack}")).unwrap();
        let api = Api::new(&proxy.endpoint);
        let post = |target: Option<&str>, body: &'static str| {
            let request = api.post("/").bytes(body);
            let request = match target {
                Some(target) => request.header("X-Amz-Target", target),
                None => request,
            };
            request.send().unwrap()
        };
        assert_eq!(post(Some("DynamoDB_20120810.Query"), "{}").text(), "{}");
        assert_eq!(post(None, "Version=1&Action=SendRawEmail").status, 400);
        let calls = proxy.take();
        let names: Vec<_> =
            calls.iter().map(|call| (call.operation.as_str(), call.status.as_str())).collect();
        assert_eq!(names, [("Query", "400"), ("SendRawEmail", "400")]);
        assert!(proxy.take().is_empty());
    }

    #[test]
    fn only_plain_http_is_passed_on() {
        assert!(Proxy::start("https://127.0.0.1:1").is_err());
    }
}
