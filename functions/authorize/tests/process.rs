//! The binary itself, between a Lambda Runtime API and an issuer that this test plays: what API Gateway
//! would get, byte for byte, and what ends up in the log.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;

use serde_json::{Value, json};
use system_tests::issuer::{
    CLINIC_AUDIENCE, CLINIC_ISSUER, Caller, Issuer, PATIENT_AUDIENCE, PATIENT_ISSUER, TokenOptions,
};

struct Request {
    path: String,
    body: Vec<u8>,
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    while !line.trim().is_empty() {
        line.clear();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Request { path, body }
}

fn answer(mut stream: &TcpStream, status: u16, headers: &str, body: &str) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
}

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// Publishes the issuer's keys for as long as the test runs.
fn publish(issuer: &Issuer) -> String {
    let (listener, address) = listen();
    let document = issuer.jwks().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            read(&stream);
            answer(&stream, 200, "content-type: application/json\r\n", &document);
        }
    });
    format!("http://{address}/jwks.json")
}

fn function(stage: &str, runtime_api: &str, jwks_url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authorize"));
    command
        .env_clear()
        .envs([
            ("STAGE", stage),
            ("LOG_LEVEL", "trace"),
            ("CLINIC_ISSUER", CLINIC_ISSUER),
            ("CLINIC_AUDIENCE", CLINIC_AUDIENCE),
            ("CLINIC_JWKS_URL", jwks_url),
            ("PATIENT_ISSUER", PATIENT_ISSUER),
            ("PATIENT_AUDIENCE", PATIENT_AUDIENCE),
            ("PATIENT_JWKS_URL", jwks_url),
            ("AWS_LAMBDA_RUNTIME_API", runtime_api),
            ("AWS_LAMBDA_FUNCTION_NAME", "authorize"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the function over these events: what it posted for each, and all that it logged.
fn run(events: &[Value], issuer: &Issuer) -> (Vec<(String, Value)>, String) {
    let (listener, address) = listen();
    let mut process = function("local", &address, &publish(issuer)).spawn().unwrap();
    let mut posted = Vec::new();
    let mut waiting = events.iter().enumerate();
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        let request = read(&stream);
        if !request.path.ends_with("/invocation/next") {
            let outcome = request.path.rsplit('/').next().unwrap().to_owned();
            posted.push((outcome, serde_json::from_slice(&request.body).unwrap()));
            answer(&stream, 202, "", "");
            continue;
        }
        let Some((number, event)) = waiting.next() else {
            break;
        };
        let headers = format!(
            "lambda-runtime-aws-request-id: request-{number}\r\n\
             lambda-runtime-deadline-ms: 4102444800000\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:ca-central-1:123456789012:function:authorize\r\n"
        );
        answer(&stream, 200, &headers, &event.to_string());
    }
    process.kill().unwrap();
    let output = process.wait_with_output().unwrap();
    let log = [output.stdout, output.stderr].concat();
    (posted, String::from_utf8(log).unwrap())
}

fn event(token: &str) -> Value {
    let sample = include_str!("../../../events/authorize/request.json");
    serde_json::from_str(&sample.replace("TOKEN", token)).unwrap()
}

#[test]
fn development_tokens_are_let_in_and_bad_ones_are_exactly_unauthorized() {
    let issuer = Issuer::generate();
    let now = system_tests::now();
    let expired = TokenOptions { expires_in: -1, ..TokenOptions::default() };
    let callers = [
        (Caller::staff("c1", "s1"), "staff|c1|s1"),
        (Caller::chart("c1"), "chart|c1|chart-system"),
        (Caller::operator(), "operator||operations"),
        (Caller::account("a1"), "account||a1"),
        (Caller::portal("c1", "p1"), "portal|c1|p1"),
    ];
    let mut tokens: Vec<String> =
        callers.iter().map(|(caller, _)| issuer.token(caller, now)).collect();
    tokens.push(issuer.token_with(&Caller::staff("c1", "s1"), &expired, now));
    tokens.push(Issuer::generate().token(&Caller::staff("c1", "s1"), now));
    tokens.push("no-token".to_owned());
    let mut events: Vec<Value> = tokens.iter().map(|token| event(token)).collect();
    events.push(json!({ "trigger": "not an authorizer's" }));

    let (posted, log) = run(&events, &issuer);
    assert_eq!(posted.len(), events.len(), "{log}");
    for ((_, principal), (outcome, body)) in callers.iter().zip(&posted) {
        assert_eq!(outcome, "response", "{principal}: {body}");
        assert_eq!(body["principalId"], *principal);
        let resource = &body["policyDocument"]["Statement"][0]["Resource"];
        assert_eq!(resource, "arn:aws:execute-api:ca-central-1:123456789012:a1b2c3d4e5/live/*");
        assert!(body["context"].as_object().unwrap().values().all(Value::is_string));
    }
    for (outcome, body) in &posted[callers.len()..tokens.len()] {
        assert_eq!(outcome, "error");
        assert_eq!(body["errorMessage"], "Unauthorized");
    }
    let (outcome, body) = posted.last().unwrap();
    assert_eq!((outcome.as_str(), &body["errorMessage"]), ("error", &json!("EventMalformed")));

    for reason in ["expired", "key_unknown", "malformed"] {
        assert!(log.contains(&format!("\"{reason}\"")), "{reason} in {log}");
    }
    for token in &tokens {
        for part in token.split('.').filter(|part| part.len() > 8) {
            assert!(!log.contains(part), "part of a token was logged");
        }
    }
}

#[test]
fn the_development_issuer_stops_the_function_outside_the_local_stage() {
    let (listener, address) = listen();
    let output = function("live", &address, "https://127.0.0.1:9/jwks.json").output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(said.contains("CLINIC_ISSUER names the development issuer"), "{said}");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "it never asked for work");
}
