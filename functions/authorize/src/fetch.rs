//! Fetching an issuer's key document.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};

/// The time for connecting, asking and reading together. Both fetches of a cold start run at once and
/// must leave room in Lambda's 10 s for init.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The longest document that is read: 256 KiB, more than ten times that of large providers.
const LARGEST_DOCUMENT: usize = 256 * 1024;

/// An HTTP client with a fixed set of roots.
///
/// The set is Mozilla's, compiled in: issuers are anywhere on the web, and reading the system's bundle
/// would cost more than the rest of init. A redirect is not followed, it is an error: the configured
/// address is the one that was reviewed.
#[derive(Clone)]
pub(crate) struct Fetcher {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

/// Why there is no document. Holds no part of an answer.
#[derive(Debug)]
pub(crate) enum FetchError {
    /// Not connected, or broken off.
    Transport(Box<dyn Error + Send + Sync>),
    /// Not done in time.
    Timeout,
    /// A status other than 200.
    Status(StatusCode),
    /// Longer than is read.
    TooLarge,
}

impl Fetcher {
    /// Builds the client. Plain HTTP is refused unless allowed.
    pub(crate) fn new(allow_http: bool) -> Result<Self, rustls::Error> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        // Named and not taken from the process: with two providers compiled in, there is no default.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let schemes = HttpsConnectorBuilder::new().with_tls_config(tls);
        let schemes = if allow_http { schemes.https_or_http() } else { schemes.https_only() };
        let client = Client::builder(TokioExecutor::new())
            // Fetches are minutes apart, and a frozen function thaws with dead connections.
            .pool_max_idle_per_host(0)
            .build(schemes.enable_http1().build());
        Ok(Self { client })
    }

    /// Gets the document at `url`.
    pub(crate) async fn get(&self, url: &Uri) -> Result<Bytes, FetchError> {
        tokio::time::timeout(TIMEOUT, self.get_unbounded(url))
            .await
            .unwrap_or(Err(FetchError::Timeout))
    }

    async fn get_unbounded(&self, url: &Uri) -> Result<Bytes, FetchError> {
        let request = Request::get(url)
            .header(ACCEPT, "application/json")
            // Some providers' front ends refuse a request without one.
            .header(USER_AGENT, "patient-messaging")
            .body(Empty::new())
            .map_err(|error| FetchError::Transport(error.into()))?;
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|error| FetchError::Transport(error.into()))?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status()));
        }
        match Limited::new(answer.into_body(), LARGEST_DOCUMENT).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                Err(FetchError::TooLarge)
            }
            Err(error) => Err(FetchError::Transport(error)),
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => {
                write!(f, "transport: {error}")?;
                let mut source = error.source();
                while let Some(cause) = source {
                    write!(f, ": {cause}")?;
                    source = cause.source();
                }
                Ok(())
            }
            Self::Timeout => write!(f, "no answer within {} s", TIMEOUT.as_secs()),
            Self::Status(status) => write!(f, "status {}", status.as_u16()),
            Self::TooLarge => write!(f, "longer than {LARGEST_DOCUMENT} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn plain_http_is_refused_unless_allowed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let error = Fetcher::new(false).unwrap().get(&url.parse().unwrap()).await.unwrap_err();
        assert!(matches!(error, FetchError::Transport(_)), "{error}");
        let asked = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(asked.is_err(), "the server was asked");
    }

    #[tokio::test]
    async fn https_begins_with_a_tls_handshake_that_names_the_host() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("https://localhost:{port}/jwks.json").parse().unwrap();
        let fetcher = Fetcher::new(false).unwrap();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut hello = vec![0; 4096];
            let length = stream.read(&mut hello).await.unwrap();
            hello[..length].to_vec()
        };
        let (answer, hello) = tokio::join!(fetcher.get(&url), server);
        // A handshake record (RFC 8446, 5.1), with the server's name in clear.
        assert_eq!(hello[0], 22);
        assert!(hello.windows(9).any(|window| window == b"localhost"));
        let error = answer.unwrap_err();
        assert!(matches!(error, FetchError::Transport(_)), "{error}");
    }
}
