//! SES and SNS on a free port of 127.0.0.1.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ses::config::{BehaviorVersion, Region};
use platform::SdkConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How the provider answers one request.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// With a yes and a fresh id.
    Accept,
    /// With this status and error code, and this message.
    Refuse(u16, &'static str, &'static str),
    /// It takes the request, and the connection breaks before the answer.
    HangUp,
    /// It takes the request and never answers.
    Silence,
}

/// The provider. It accepts everything, but for what it was told to answer first.
pub struct Provider {
    endpoint: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    script: VecDeque<Behaviour>,
    bodies: Vec<String>,
    opted_out: Option<bool>,
}

impl State {
    /// The answer to a request; `None`: the connection breaks.
    fn answer(&mut self, body: &str) -> Option<String> {
        if body.contains("Action=CheckIfPhoneNumberIsOptedOut") {
            return Some(opted_out_answer(self.opted_out));
        }
        self.bodies.push(body.to_owned());
        let behaviour = self.script.pop_front().unwrap_or(Behaviour::Accept);
        answer(&behaviour, body.contains("Action=Publish"), self.bodies.len())
    }
}

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { endpoint, state }
    }

    /// Answers so the next that many times.
    pub fn answers(&self, behaviour: &Behaviour, times: usize) {
        let mut state = self.state.lock().unwrap();
        state.script.extend(std::iter::repeat_n(behaviour.clone(), times));
    }

    /// What SNS says of whether a number opted out; `None`: it does not know the question.
    pub fn opted_out(&self, opted_out: Option<bool>) {
        self.state.lock().unwrap().opted_out = opted_out;
    }

    /// The requests to send that reached it, each as the fields of its form.
    pub fn requests(&self) -> Vec<Vec<(String, String)>> {
        self.state.lock().unwrap().bodies.iter().map(|body| form(body)).collect()
    }

    pub fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("ca-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "test", "test", None, None, "test",
            )))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&self.endpoint)
            .build()
    }
}

/// The field of a request's form.
pub fn field<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    form.iter()
        .find(|(field, _)| field == name)
        .map_or_else(|| panic!("no {name}"), |(_, value)| value.as_str())
}

/// The email that a request hands over, with its quoted-printable parts decoded.
pub fn email(form: &[(String, String)]) -> String {
    let raw = aws_smithy_types::base64::decode(field(form, "RawMessage.Data")).unwrap();
    let raw = String::from_utf8(raw).unwrap();
    assert!(!raw.contains("base64"), "the parts are quoted-printable or plain");
    decoded(&raw.replace("=\r\n", ""), '=')
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut request = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((headers, body)) = text.split_once("\r\n\r\n") else { continue };
        let headers = headers.to_ascii_lowercase();
        let length = headers.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.split("\r\n").next()).unwrap_or("0");
        if body.len() < length.parse().unwrap() {
            continue;
        }
        request.clear();
        let answer = state.lock().unwrap().answer(body);
        match answer {
            Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
            None => return,
        }
    }
}

fn answer(behaviour: &Behaviour, is_text: bool, number: usize) -> Option<String> {
    let (status, body) = match behaviour {
        Behaviour::Accept => {
            let (name, id) = if is_text { ("Publish", "sns") } else { ("SendRawEmail", "ses") };
            let id = format!("<MessageId>{id}-{number}</MessageId>");
            (200, format!("<{name}Response><{name}Result>{id}</{name}Result></{name}Response>"))
        }
        Behaviour::Refuse(status, code, message) => {
            let error = format!("<Code>{code}</Code><Message>{message}</Message>");
            (*status, format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
        }
        Behaviour::HangUp => return None,
        Behaviour::Silence => return Some(String::new()),
    };
    Some(response(status, &body))
}

fn opted_out_answer(opted_out: Option<bool>) -> String {
    let name = "CheckIfPhoneNumberIsOptedOut";
    let Some(is) = opted_out else {
        let error = "<Code>InvalidAction</Code><Message>Unknown action</Message>";
        return response(400, &format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"));
    };
    let result = format!("<{name}Result><isOptedOut>{is}</isOptedOut></{name}Result>");
    response(200, &format!("<{name}Response>{result}</{name}Response>"))
}

fn response(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn form(body: &str) -> Vec<(String, String)> {
    let pairs = body.split('&').map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), decoded(value, '%'))).collect()
}

/// The text with every escape, a mark and two hexadecimal digits, as its byte.
fn decoded(text: &str, mark: char) -> String {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(mark) {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(digits.unwrap_or(mark as u8));
        rest = if digits.is_some() { &after[2..] } else { after };
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).unwrap()
}
