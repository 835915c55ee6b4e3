//! Against a real HTTP server that answers as it is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::{BehaviorVersion, Region};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::contact::{EmailAddress, SmsNumber};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// A KMS on a free port of 127.0.0.1, and the requests that reached it.
struct Kms {
    endpoint: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Kms {
    /// One that answers every request so.
    async fn start(status: u16, body: Value) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let received = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let request = answer(stream, status, &body.to_string()).await;
                received.lock().unwrap().push(request);
            }
        });
        Self { endpoint, requests }
    }

    async fn ask(&self) -> Result<AddressKey, NotDerived> {
        address_key(&config(&self.endpoint), KEY).await
    }
}

fn config(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("ca-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "test", "test", None, None, "test",
        )))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(endpoint)
        .build()
}

/// Answers the one request of a connection, and gives it.
async fn answer(mut stream: TcpStream, status: u16, body: &str) -> String {
    let mut request = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        // The body is one object, and no member of it is another.
        if read == 0 || text.ends_with('}') {
            let head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/x-amz-json-1.1");
            let length = body.len();
            let whole =
                format!("{head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
            stream.write_all(whole.as_bytes()).await.unwrap();
            return text;
        }
    }
}

fn mac(bytes: &[u8]) -> Value {
    json!({"KeyId": KEY, "Mac": STANDARD.encode(bytes), "MacAlgorithm": "HMAC_SHA_256"})
}

#[tokio::test]
async fn one_call_over_the_label_gives_the_key() {
    let kms = Kms::start(200, mac(&[7; 32])).await;
    let key = kms.ask().await.unwrap();
    let requests = kms.requests.lock().unwrap().clone();
    assert_eq!(requests.len(), 1);
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(head.to_ascii_lowercase().contains("x-amz-target: trentservice.generatemac"));
    assert_eq!(
        serde_json::from_str::<Value>(body).unwrap(),
        json!({
            "KeyId": KEY,
            "MacAlgorithm": "HMAC_SHA_256",
            "Message": STANDARD.encode("patient-messaging address v1"),
        })
    );
    // The MAC is the key: every function that asks has the same hashes.
    let (address, number) = (
        EmailAddress::parse("pat@clinic.test").unwrap(),
        SmsNumber::from_e164("+16135550100").unwrap(),
    );
    let same = AddressKey::new([7; 32]);
    assert_eq!(key.know(address.clone()).hash, same.know(address.clone()).hash);
    assert_eq!(key.know(number.clone()).hash, same.know(number).hash);
    let other = Kms::start(200, mac(&[8; 32])).await.ask().await.unwrap();
    assert_ne!(key.know(address.clone()).hash, other.know(address).hash);
}

#[tokio::test]
async fn what_is_no_key_is_refused_without_a_word_of_it() {
    let denied = json!({
        "__type": "AccessDeniedException",
        "message": "User: arn:aws:sts::123456789012:assumed-role/planted is not authorized",
    });
    for (status, body, code) in [
        (200, mac(&[7; 31]), "length"),
        (200, mac(&[7; 33]), "length"),
        (200, json!({}), "length"),
        (400, denied, "AccessDeniedException"),
        (400, json!({"__type": "DisabledException"}), "DisabledException"),
        (500, json!({}), "unknown"),
    ] {
        let error = Kms::start(status, body).await.ask().await.err().unwrap();
        let said = format!("the key of address hashes was not derived: {code}");
        assert_eq!(error.to_string(), said);
        let shown = format!("{error:?}");
        for secret in ["planted", "123456789012", KEY, "Bwc", "7, 7"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_kms_that_is_away_is_an_error_of_the_way() {
    let error = address_key(&config("http://127.0.0.1:1"), KEY).await.err().unwrap();
    assert_eq!(error, NotDerived { code: "dispatch".to_owned() });
}
