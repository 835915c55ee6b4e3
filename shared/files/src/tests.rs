//! The adapter against a real HTTP server that answers as it is told, and its signed addresses, for
//! which no server is needed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Region};
use domain::file::{FileName, Sha256};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const KEY: &str = "quarantine/c1/p1/planted key+1";
const BUCKET: &str = "files";
const SHORT: Limits = Limits {
    attempt: Duration::from_millis(300),
    operation: Duration::from_millis(300),
    body: Duration::from_millis(300),
};
/// SHA-256 of `abc`.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const ABC_BASE64: &str = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

fn config(endpoint: Option<&str>, token: Option<&str>) -> SdkConfig {
    let credentials = Credentials::new("test", "test", token.map(str::to_owned), None, "test");
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("ca-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    config.set_endpoint_url(endpoint.map(str::to_owned));
    config.build()
}

fn scan() -> FileName {
    FileName::parse("scan.pdf", FileType::Pdf).unwrap()
}

fn picture() -> FileName {
    FileName::parse("Café.png", FileType::Png).unwrap()
}

// Signed addresses.

fn now() -> Timestamp {
    "2026-11-25T13:45:33Z".parse().unwrap()
}

fn sha() -> Sha256 {
    Sha256::parse(ABC).unwrap()
}

fn amazon(token: Option<&str>) -> Files {
    Files::new(&config(None, token), BUCKET.to_owned())
}

async fn upload(files: &Files, key: &str, length: u64) -> SignedUpload {
    let lives = Duration::from_mins(5);
    files.sign_upload(key, FileType::Pdf, length, &sha(), now(), lives).await.unwrap()
}

async fn download(files: &Files) -> String {
    let stored = Stored { key: "clean/c1/p1/f1".to_owned(), version: "v 1".to_owned() };
    let lives = Duration::from_mins(1);
    files.sign_download(&stored, now(), lives).await.unwrap()
}

/// An address without its query, and its query's parameters, decoded. None may come twice.
fn parts(url: &str) -> (&str, BTreeMap<String, String>) {
    let (address, query) = url.split_once('?').unwrap();
    let mut parameters = BTreeMap::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap();
        assert_eq!(parameters.insert(decoded(name), decoded(value)), None, "{name}");
    }
    (address, parameters)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).unwrap());
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).unwrap()
}

/// The parameters that every signed address has, without the signature, whose value is checked to look
/// like one.
fn signature_taken_out(mut parameters: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let signature = parameters.remove("X-Amz-Signature").unwrap();
    assert!(signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit()));
    parameters
}

fn expected<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[tokio::test]
async fn an_upload_is_signed_for_one_key_type_length_and_content_and_for_nothing_else() {
    let signed = upload(&amazon(None), KEY, 1234).await;
    let (address, parameters) = parts(&signed.url);
    assert_eq!(
        address,
        "https://files.s3.ca-central-1.amazonaws.com/quarantine/c1/p1/planted%20key%2B1"
    );
    // Named one by one: a checksum parameter here would be one that AWS and a stand-in for it may
    // treat differently from what was signed.
    assert_eq!(
        signature_taken_out(parameters),
        expected([
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", "test/20261125/ca-central-1/s3/aws4_request"),
            ("X-Amz-Date", "20261125T134533Z"),
            ("X-Amz-Expires", "300"),
            (
                "X-Amz-SignedHeaders",
                "content-length;content-type;host;if-none-match;x-amz-checksum-sha256"
            ),
            ("x-id", "PutObject"),
        ])
    );
    assert_eq!(
        signed.headers,
        [
            ("Content-Type", "application/pdf".to_owned()),
            ("x-amz-checksum-sha256", ABC_BASE64.to_owned()),
            ("If-None-Match", "*".to_owned()),
        ]
    );
    assert_eq!(format!("{signed:?}"), "SignedUpload");
}

#[tokio::test]
async fn each_thing_that_is_signed_makes_another_signature() {
    let files = amazon(None);
    let signature = |url: &str| parts(url).1.remove("X-Amz-Signature").unwrap();
    let first = signature(&upload(&files, KEY, 1234).await.url);
    assert_eq!(first, signature(&upload(&files, KEY, 1234).await.url));

    let lives = Duration::from_mins(5);
    let other_sha = Sha256::of_digest([7; 32]);
    let others = [
        files.sign_upload("quarantine/2", FileType::Pdf, 1234, &sha(), now(), lives).await,
        files.sign_upload(KEY, FileType::Png, 1234, &sha(), now(), lives).await,
        files.sign_upload(KEY, FileType::Pdf, 1235, &sha(), now(), lives).await,
        files.sign_upload(KEY, FileType::Pdf, 1234, &other_sha, now(), lives).await,
    ];
    for other in others {
        assert_ne!(first, signature(&other.unwrap().url));
    }
}

#[tokio::test]
async fn what_a_functions_role_signs_carries_its_session_token() {
    let files = amazon(Some("session/token+1="));
    for url in [upload(&files, KEY, 1).await.url, download(&files).await] {
        let (_, parameters) = parts(&url);
        assert_eq!(parameters["X-Amz-Security-Token"], "session/token+1=");
    }
}

#[tokio::test]
async fn a_download_is_signed_for_one_version_and_says_nothing_of_the_file() {
    let url = download(&amazon(None)).await;
    let (address, parameters) = parts(&url);
    assert_eq!(address, "https://files.s3.ca-central-1.amazonaws.com/clean/c1/p1/f1");
    assert_eq!(
        signature_taken_out(parameters),
        expected([
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", "test/20261125/ca-central-1/s3/aws4_request"),
            ("X-Amz-Date", "20261125T134533Z"),
            ("X-Amz-Expires", "60"),
            ("X-Amz-SignedHeaders", "host"),
            ("versionId", "v 1"),
            ("x-id", "GetObject"),
        ])
    );
}

#[tokio::test]
async fn a_stack_with_an_address_of_its_own_has_the_bucket_in_the_path() {
    let files = Files::new(&config(Some("http://localhost:4566"), None), BUCKET.to_owned());
    let url = upload(&files, "quarantine/1", 1).await.url;
    assert_eq!(parts(&url).0, "http://localhost:4566/files/quarantine/1");
}

#[tokio::test]
async fn what_cannot_be_signed_is_refused() {
    let files = amazon(None);
    let week = Duration::from_hours(24 * 7);
    let sign = async |length, lives| {
        files.sign_upload(KEY, FileType::Pdf, length, &sha(), now(), lives).await.map(|_| ())
    };
    assert_eq!(sign(1, week).await, Ok(()));
    assert_eq!(sign(1, week + Duration::from_secs(1)).await, Err(FilesError::Refused));
    assert_eq!(sign(u64::MAX, week).await, Err(FilesError::TooLarge));
}

// Calls.

/// How the server behaves to one request.
#[derive(Clone)]
enum Behaviour {
    /// It answers with this status, these header lines and this body.
    Answer(u16, String, String),
    /// It answers that far and says nothing more.
    Stall(String),
    /// It answers that far and hangs up.
    HangUp(String),
}

/// S3 on a free port of 127.0.0.1, and the requests that reached it.
struct Server {
    endpoint: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

#[derive(Clone)]
struct Request {
    /// The first line and the headers, names in small letters.
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn line(&self) -> &str {
        self.head.split("\r\n").next().unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .split("\r\n")
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

impl Server {
    /// A server that behaves so to one request after the other, and like the last to all further ones.
    async fn start(behaviours: impl Into<Vec<Behaviour>>) -> Self {
        let behaviours = behaviours.into();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let received = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, behaviours.clone(), Arc::clone(&received)));
            }
        });
        Self { endpoint, requests }
    }

    fn files(&self) -> Files {
        let config = config(Some(&self.endpoint), None);
        Files::with_limits(&config, BUCKET.to_owned(), SHORT)
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    behaviours: Vec<Behaviour>,
    received: Arc<Mutex<Vec<Request>>>,
) {
    while let Some(request) = next_request(&mut stream).await {
        let is_head = request.head.starts_with("HEAD ");
        let behaviour = {
            let mut received = received.lock().unwrap();
            let at = received.len().min(behaviours.len() - 1);
            received.push(request);
            behaviours[at].clone()
        };
        match behaviour {
            Behaviour::Answer(status, headers, body) => {
                let length = if headers.contains("Content-Length") {
                    String::new()
                } else {
                    format!("Content-Length: {}\r\n", body.len())
                };
                let body = if is_head { "" } else { &body };
                let answer = format!("HTTP/1.1 {status} X\r\n{headers}{length}\r\n{body}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            Behaviour::Stall(start) => {
                stream.write_all(start.as_bytes()).await.unwrap();
                // Kept open, by whoever waits for more.
                std::future::pending::<()>().await;
            }
            Behaviour::HangUp(start) => {
                stream.write_all(start.as_bytes()).await.unwrap();
                return;
            }
        }
    }
}

async fn next_request(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        if read == 0 {
            return None;
        }
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let request = Request { head, body: bytes[end + 4..].to_vec() };
        let length = request.header("content-length").map_or(0, |text| text.parse().unwrap());
        if request.body.len() >= length {
            return Some(request);
        }
    }
}

fn answer(status: u16, headers: &str, body: &str) -> Behaviour {
    Behaviour::Answer(status, headers.to_owned(), body.to_owned())
}

fn refusal(status: u16, code: &str) -> Behaviour {
    let body =
        format!("<Error><Code>{code}</Code><Message>about {KEY}</Message><Key>{KEY}</Key></Error>");
    Behaviour::Answer(status, "Content-Type: application/xml\r\n".to_owned(), body)
}

const VERSION: &str = "x-amz-version-id: v7\r\n";

#[tokio::test]
async fn a_version_is_read_whole() {
    for body in ["abc", ""] {
        let server = Server::start([answer(200, VERSION, body)]).await;
        let read = server.files().read(KEY, "v7", 3).await;
        assert_eq!(read, Ok(body.as_bytes().to_vec()));
        let line = server.requests()[0].line().to_owned();
        assert!(line.starts_with("GET /files/quarantine/c1/p1/planted%20key%2B1?"), "{line}");
        assert!(line.contains("versionId=v7"), "{line}");
    }
}

#[tokio::test]
async fn nothing_is_read_of_what_is_too_large() {
    // The body never comes: whoever waited for it would not see the answer.
    let head = format!("HTTP/1.1 200 X\r\n{VERSION}Content-Length: 4\r\n\r\n");
    let server = Server::start([Behaviour::Stall(head)]).await;
    let begun = Instant::now();
    assert_eq!(server.files().read(KEY, "v7", 3).await, Err(FilesError::TooLarge));
    assert!(begun.elapsed() < SHORT.body, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_body_that_says_no_length_is_not_read() {
    let head = format!("HTTP/1.1 200 X\r\n{VERSION}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    let server = Server::start([Behaviour::HangUp(head)]).await;
    assert_eq!(server.files().read(KEY, "v7", 3).await, Err(FilesError::Unavailable));
}

#[tokio::test]
async fn what_breaks_off_stalls_or_has_other_bytes_is_not_taken_for_the_file() {
    let begun = format!("HTTP/1.1 200 X\r\n{VERSION}Content-Length: 4\r\n\r\nabc");
    let other_bytes = format!("{VERSION}x-amz-checksum-sha256: {ABC_BASE64}\r\n");
    for behaviour in [
        Behaviour::HangUp(begun.clone()),
        Behaviour::Stall(begun),
        Behaviour::Stall(String::new()),
        Behaviour::HangUp(String::new()),
        answer(200, &other_bytes, "abd"),
    ] {
        let server = Server::start([behaviour]).await;
        let begun = Instant::now();
        assert_eq!(server.files().read(KEY, "v7", 9).await, Err(FilesError::Unavailable));
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }
    let same_bytes = Server::start([answer(200, &other_bytes, "abc")]).await;
    assert!(same_bytes.files().read(KEY, "v7", 9).await.is_ok());
}

#[tokio::test]
async fn a_file_is_stored_with_its_type_and_checksum_and_never_to_be_shown_in_the_page() {
    let server = Server::start([answer(200, VERSION, "")]).await;
    let stored =
        server.files().store("clean/1", &picture(), FileType::Png, b"abc".to_vec()).await.unwrap();
    assert_eq!(stored, Stored { key: "clean/1".to_owned(), version: "v7".to_owned() });

    let request = &server.requests()[0];
    assert_eq!(request.line(), "PUT /files/clean/1?x-id=PutObject HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("image/png"));
    let disposition = "attachment; filename=\"Caf_.png\"; filename*=UTF-8''Caf%C3%A9.png";
    assert_eq!(request.header("content-disposition"), Some(disposition));
    assert_eq!(request.header("cache-control"), Some("no-store"));
    assert_eq!(request.header("x-amz-checksum-sha256"), Some(ABC_BASE64));
    assert_eq!(request.body, b"abc");
}

#[tokio::test]
async fn a_bucket_without_versions_is_refused() {
    let server = Server::start([answer(200, "", "")]).await;
    assert_eq!(server.files().version_of(KEY).await, Err(FilesError::Refused));
    let stored = server.files().store(KEY, &scan(), FileType::Pdf, b"abc".to_vec()).await;
    assert_eq!(stored, Err(FilesError::Refused));
}

#[tokio::test]
async fn removing_what_is_not_there_is_success() {
    for behaviour in [
        answer(204, VERSION, ""),
        refusal(404, "NoSuchVersion"),
        refusal(404, "NoSuchKey"),
        refusal(405, "MethodNotAllowed"),
    ] {
        let server = Server::start([behaviour]).await;
        assert_eq!(server.files().remove("quarantine/1", "v7").await, Ok(()));
        let line = server.requests()[0].line().to_owned();
        assert_eq!(line, "DELETE /files/quarantine/1?x-id=DeleteObject&versionId=v7 HTTP/1.1");
    }
    let server = Server::start([refusal(404, "NoSuchBucket")]).await;
    assert_eq!(server.files().remove("quarantine/1", "v7").await, Err(FilesError::Refused));
}

const COPIED: &str = "<CopyObjectResult><ETag>\"e1\"</ETag></CopyObjectResult>";
const SEEN: &str = "ETag: \"e1\"\r\nContent-Length: 3\r\n";

async fn copy(server: &Server, version: Option<&str>) -> Result<(), FilesError> {
    server.files().copy_in("chart", "p 1/é?#+.pdf", version, KEY, FileType::Pdf, 3).await
}

#[tokio::test]
async fn a_copy_is_of_what_was_looked_at_and_takes_nothing_but_the_bytes() {
    for (version, head, source) in [
        (None, "/chart/p%201/%C3%A9%3F%23%2B.pdf HTTP/1.1", "chart/p%201/%C3%A9%3F%23%2B.pdf"),
        (
            Some("v2"),
            "/chart/p%201/%C3%A9%3F%23%2B.pdf?versionId=v2 HTTP/1.1",
            "chart/p%201/%C3%A9%3F%23%2B.pdf?versionId=v2",
        ),
    ] {
        let server = Server::start([answer(200, SEEN, ""), answer(200, "", COPIED)]).await;
        assert_eq!(copy(&server, version).await, Ok(()));
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].line(), format!("HEAD {head}"));
        assert!(requests[1].line().starts_with("PUT /files/quarantine/c1/p1/planted%20key%2B1"));
        for (name, value) in [
            ("x-amz-copy-source", source),
            ("x-amz-copy-source-if-match", "\"e1\""),
            ("x-amz-metadata-directive", "REPLACE"),
            ("x-amz-tagging-directive", "REPLACE"),
            ("content-type", "application/pdf"),
        ] {
            assert_eq!(requests[1].header(name), Some(value), "{name}");
        }
    }
}

#[tokio::test]
async fn what_is_too_large_or_not_there_is_not_copied() {
    for (behaviour, error) in [
        (answer(200, "ETag: \"e1\"\r\nContent-Length: 4\r\n", ""), FilesError::TooLarge),
        (answer(404, "", ""), FilesError::Missing),
        (answer(403, "", ""), FilesError::Refused),
    ] {
        let server = Server::start([behaviour]).await;
        assert_eq!(copy(&server, None).await, Err(error));
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_copy_that_failed_is_not_taken_for_one() {
    for (behaviour, error) in [
        (refusal(412, "PreconditionFailed"), FilesError::Unavailable),
        (refusal(404, "NoSuchKey"), FilesError::Missing),
        // S3 has said yes before it copies, and tells in the body what became of it.
        (refusal(200, "InternalError"), FilesError::Unavailable),
        (refusal(200, "SlowDown"), FilesError::Unavailable),
    ] {
        let server = Server::start([answer(200, SEEN, ""), behaviour]).await;
        assert_eq!(copy(&server, None).await, Err(error));
    }
}

#[tokio::test]
async fn refusals_are_told_apart_and_repeat_none_of_s3s_words() {
    let rows = [
        (404, "NoSuchKey", FilesError::Missing),
        (404, "NoSuchVersion", FilesError::Missing),
        (405, "MethodNotAllowed", FilesError::Missing),
        (404, "NoSuchBucket", FilesError::Refused),
        (400, "InvalidArgument", FilesError::Refused),
        (400, "BadDigest", FilesError::Refused),
        (400, "KMS.DisabledException", FilesError::Refused),
        (403, "AccessDenied", FilesError::Refused),
        (403, "InvalidAccessKeyId", FilesError::Refused),
        (400, "RequestTimeout", FilesError::Unavailable),
        (400, "ExpiredToken", FilesError::Unavailable),
        (400, "ThrottlingException", FilesError::Unavailable),
        (400, "KMS.ThrottlingException", FilesError::Unavailable),
        (409, "ConditionalRequestConflict", FilesError::Unavailable),
        (429, "Other", FilesError::Unavailable),
        (500, "InternalError", FilesError::Unavailable),
        (503, "SlowDown", FilesError::Unavailable),
        (503, "ServiceUnavailable", FilesError::Unavailable),
    ];
    for (status, code, expected) in rows {
        let server = Server::start([refusal(status, code)]).await;
        let files = server.files();
        let errors = [
            files.read(KEY, "v7", 9).await.unwrap_err(),
            files.store(KEY, &scan(), FileType::Pdf, b"abc".to_vec()).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error, expected, "{status} {code}");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("planted") && !shown.contains(code), "{shown}");
        }
    }
}

#[tokio::test]
async fn where_nobody_listens_it_is_not_available() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let files = Files::new(&config(Some(&endpoint), None), BUCKET.to_owned());
    assert_eq!(files.read(KEY, "v7", 9).await, Err(FilesError::Unavailable));
    assert_eq!(files.remove(KEY, "v7").await, Err(FilesError::Unavailable));
}
