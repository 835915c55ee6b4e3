//! SNS's list of numbers that opted out, on a free port of 127.0.0.1.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use jiff::SignedDuration;
use platform::SdkConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::world::{now, pass_to};

/// The list, in pages.
pub struct Sns {
    endpoint: String,
    pages: Arc<Mutex<Vec<Vec<String>>>>,
    takes: Arc<Mutex<SignedDuration>>,
}

impl Sns {
    /// A list with nothing on it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let pages = Arc::<Mutex<Vec<Vec<String>>>>::default();
        let shared = Arc::clone(&pages);
        let takes = Arc::<Mutex<SignedDuration>>::default();
        let takes_shared = Arc::clone(&takes);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                let takes = Arc::clone(&takes_shared);
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    let mut buffer = [0; 4096];
                    loop {
                        let read = stream.read(&mut buffer).await.unwrap_or(0);
                        if read == 0 {
                            return;
                        }
                        request.extend_from_slice(&buffer[..read]);
                        let text = String::from_utf8_lossy(&request).into_owned();
                        if !text.contains("Version=2010-03-31") {
                            continue;
                        }
                        request.clear();
                        pass_to(now() + *takes.lock().unwrap());
                        let answer = answer(&shared.lock().unwrap(), &text);
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        Self { endpoint, pages, takes }
    }

    /// Puts these numbers on the list, page by page.
    pub fn holds(&self, pages: &[&[&str]]) {
        let owned = |page: &&[&str]| page.iter().map(|number| (*number).to_owned()).collect();
        *self.pages.lock().unwrap() = pages.iter().map(owned).collect();
    }

    /// Lets each page take so long by the tests' clock.
    pub fn takes(&self, time: SignedDuration) {
        *self.takes.lock().unwrap() = time;
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

fn answer(pages: &[Vec<String>], request: &str) -> String {
    let number = request.split("nextToken=page").nth(1);
    let number = number.and_then(|rest| rest.split('&').next()).map_or(0, |n| n.parse().unwrap());
    if number > 0 && number >= pages.len() {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>planted</Message></Error></ErrorResponse>";
        let length = body.len();
        return format!(
            "HTTP/1.1 400 X\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}"
        );
    }
    let page = pages.get(number).cloned().unwrap_or_default();
    let members = page.join("</member><member>");
    let members = if page.is_empty() { members } else { format!("<member>{members}</member>") };
    let next = number + 1;
    let token = if next < pages.len() {
        format!("<nextToken>page{next}</nextToken>")
    } else {
        String::new()
    };
    let name = "ListPhoneNumbersOptedOut";
    let body = format!(
        "<{name}Response><{name}Result><phoneNumbers>{members}</phoneNumbers>{token}</{name}Result></{name}Response>"
    );
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}")
}
