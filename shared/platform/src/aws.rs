//! One SDK configuration and one HTTP client for all AWS clients of a function.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::environment::{Lookup, MissingVariable, optional, process, required};

/// The certificate authorities of AWS's endpoints. The file states its source.
///
/// A fixed set spares init the parsing of the system's whole bundle, which is more than half of it,
/// and keeps a certificate from any other authority from being accepted for an AWS endpoint.
const AWS_ROOTS: &[u8] = include_bytes!("aws_roots.pem");

/// How long a connection may lie idle and still be used.
///
/// A Lambda sandbox is frozen between invocations and thaws with connections that the other side has
/// closed meanwhile, which shows only when a request is written to one. Services close idle
/// connections after about 20 s at the earliest (S3; the others later), so ours are dropped before.
/// The clock that measures it goes on during a freeze. A new connection costs a few milliseconds.
const IDLE_CONNECTION: Duration = Duration::from_secs(15);

/// Attempts of one call in total, the first included.
///
/// This covers a throttled or broken call. Losing a race for an item is no such failure: the store
/// reads and decides again then, within its own bound.
const ATTEMPTS: u32 = 3;

/// The longest wait between two attempts of a call. The SDK's own limit, 20 s, exceeds the time that
/// API Gateway gives a whole request.
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// The time limits of one AWS call.
///
/// The defaults suit `DynamoDB`, which answers in milliseconds: a call that takes far longer has lost
/// its connection, and is better tried again than waited for. All three attempts and the waits
/// between them end within the operation's limit, and two waves of calls (read, then write) within the
/// 29 s that API Gateway gives a request. A sender to a slower service sets its own limits on its
/// client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For TCP and TLS to be established: 1 s by default. Within a region that takes single-digit
    /// milliseconds; a lost first packet is sent again by TCP after 1 s, when a new attempt is as good.
    ///
    /// This one holds for every client that is made from the configuration, whatever it sets itself:
    /// they share one connector.
    pub connect: Duration,
    /// For one attempt, from connecting to the end of the answer: 2 s by default.
    pub attempt: Duration,
    /// For the call with all its attempts and the waits between them: 5 s by default.
    pub operation: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            attempt: Duration::from_secs(2),
            operation: Duration::from_secs(5),
        }
    }
}

/// The SDK configuration that all AWS clients of a function share, with one connection pool.
///
/// Call it once, in init; it does no I/O. The region (`AWS_REGION`), the credentials of the
/// function's role (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`) and, on a local
/// stack, the endpoint (`AWS_ENDPOINT_URL`, or one service's own, such as `AWS_ENDPOINT_URL_SES`; plain
/// HTTP allowed) come from the environment, where Lambda puts them: there are no profile files, metadata services or web identities to ask there.
/// Proxy variables are not followed.
pub fn sdk_config(timeouts: Timeouts) -> Result<SdkConfig, MissingVariable> {
    from_lookup(&process, timeouts)
}

fn from_lookup(lookup: Lookup<'_>, timeouts: Timeouts) -> Result<SdkConfig, MissingVariable> {
    let region = required(lookup, "AWS_REGION")?;
    let mut builder = SdkConfig::builder()
        // Pinned by date: what the SDK does by default changes with a new version of it only when
        // this line does.
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials(lookup)?))
        .http_client(http_client(timeouts.connect))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .retry_config(
            RetryConfig::standard().with_max_attempts(ATTEMPTS).with_max_backoff(LONGEST_BACKOFF),
        )
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(timeouts.connect)
                .operation_attempt_timeout(timeouts.attempt)
                .operation_timeout(timeouts.operation)
                .build(),
        )
        // Every answer here is read whole within its attempt's time limit, which a stalled one
        // exceeds. The protection measures throughput, and ends healthy calls whose sandbox was
        // frozen or short of CPU.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    builder.set_endpoint_url(optional(lookup, "AWS_ENDPOINT_URL"));
    builder.set_service_config(Some(ServiceEndpoints::of(lookup)));
    Ok(builder.build())
}

/// Endpoints of single services (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
#[derive(Debug)]
struct ServiceEndpoints(Vec<(&'static str, String)>);

impl ServiceEndpoints {
    /// The services that functions call, as the guide spells them.
    const SERVICES: [&str; 5] = ["DYNAMODB", "KMS", "S3", "SES", "SNS"];

    fn of(lookup: Lookup<'_>) -> Self {
        let given = Self::SERVICES.into_iter().filter_map(|service| {
            let endpoint = optional(lookup, &format!("AWS_ENDPOINT_URL_{service}"))?;
            Some((service, endpoint))
        });
        Self(given.collect())
    }
}

impl LoadServiceConfig for ServiceEndpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_ascii_uppercase();
        let given = self.0.iter().find(|(name, _)| *name == service);
        given.filter(|_| key.env() == "AWS_ENDPOINT_URL").map(|(_, endpoint)| endpoint.clone())
    }
}

/// Lambda's credentials last at least as long as the sandbox that got them, so they are read once.
fn credentials(lookup: Lookup<'_>) -> Result<Credentials, MissingVariable> {
    Ok(Credentials::new(
        required(lookup, "AWS_ACCESS_KEY_ID")?,
        required(lookup, "AWS_SECRET_ACCESS_KEY")?,
        optional(lookup, "AWS_SESSION_TOKEN"),
        None,
        "Environment",
    ))
}

/// One connector for every client: the SDK's own builder would make one for each, parsing the roots
/// each time and keeping a connection pool for each set of time limits.
fn http_client(connect: Duration) -> SharedHttpClient {
    let trusted = TrustStore::empty().with_pem_certificate(AWS_ROOTS);
    let mut connector = Connector::builder()
        .connector_settings(HttpConnectorSettings::builder().connect_timeout(connect).build())
        .sleep_impl(TokioSleep::new())
        .pool_idle_timeout(IDLE_CONNECTION)
        .tls_provider(Provider::rustls(CryptoMode::AwsLc));
    // The builder of the context refuses nothing today; were it to, the system's roots would serve.
    if let Ok(context) = TlsContext::builder().with_trust_store(trusted).build() {
        connector = connector.tls_context(context);
    }
    let connector = SharedHttpConnector::new(connector.build());
    http_client_fn(move |_, _| connector.clone())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

    use std::net::{Ipv4Addr, TcpListener};
    use std::time::Instant;

    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::error::SdkError;
    use sha2::{Digest, Sha256};

    use super::*;

    fn config(endpoint: &str, timeouts: Timeouts) -> SdkConfig {
        let lookup = |name: &str| match name {
            "AWS_REGION" => Some("ca-central-1".to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN" => {
                Some("test".to_owned())
            }
            "AWS_ENDPOINT_URL" => Some(endpoint.to_owned()),
            _ => None,
        };
        from_lookup(&lookup, timeouts).unwrap()
    }

    #[test]
    fn the_trusted_roots_are_the_five_that_amazon_publishes() {
        let fingerprints: Vec<String> = std::str::from_utf8(AWS_ROOTS)
            .unwrap()
            .split("-----BEGIN CERTIFICATE-----")
            .skip(1)
            .map(|rest| {
                let (body, _) = rest.split_once("-----END CERTIFICATE-----").unwrap();
                let der = aws_smithy_types::base64::decode(body.replace('\n', "")).unwrap();
                let bytes = Sha256::digest(der);
                bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
            })
            .collect();
        assert_eq!(
            fingerprints,
            [
                "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
                "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
                "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
                "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
                "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
            ]
        );
    }

    #[test]
    fn what_lambda_always_sets_is_required_by_name() {
        for missing in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            let lookup = |name: &str| (name != missing).then(|| "test".to_owned());
            let error = from_lookup(&lookup, Timeouts::default()).unwrap_err();
            assert_eq!(error, MissingVariable { name: missing });
        }
        let lookup = |name: &str| {
            (!["AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"].contains(&name)).then(|| "test".to_owned())
        };
        let config = from_lookup(&lookup, Timeouts::default()).unwrap();
        assert_eq!(config.endpoint_url(), None);
    }

    #[tokio::test]
    async fn clients_share_the_configuration_and_reach_a_plain_http_endpoint() {
        let db = testkit::Db::start().await;
        let config = config(db.endpoint(), Timeouts::default());
        for _ in 0..2 {
            let client = Client::new(&config);
            let tables = client.list_tables().send().await.unwrap();
            assert_eq!(tables.table_names(), ["audit", "main"]);
        }
    }

    /// One service may be elsewhere than the others.
    #[tokio::test]
    async fn a_service_s_own_endpoint_goes_before_that_of_all() {
        let db = testkit::Db::start().await;
        let lookup = |name: &str| match name {
            "AWS_ENDPOINT_URL_DYNAMODB" => Some(db.endpoint().to_owned()),
            "AWS_ENDPOINT_URL_SES" | "AWS_ENDPOINT_URL" => Some("http://127.0.0.1:9".to_owned()),
            "AWS_SESSION_TOKEN" => None,
            _ => Some("test".to_owned()),
        };
        let config = from_lookup(&lookup, Timeouts::default()).unwrap();
        let tables = Client::new(&config).list_tables().send().await.unwrap();
        assert_eq!(tables.table_names(), ["audit", "main"]);
    }

    #[tokio::test]
    async fn a_silent_endpoint_costs_the_operation_limit_and_no_more() {
        let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let endpoint = format!("http://{}", silent.local_addr().unwrap());
        let timeouts = Timeouts {
            connect: Duration::from_millis(50),
            attempt: Duration::from_millis(100),
            operation: Duration::from_millis(400),
        };
        let started = Instant::now();
        let result = Client::new(&config(&endpoint, timeouts)).list_tables().send().await;
        assert!(matches!(result, Err(SdkError::TimeoutError(_))));
        let took = started.elapsed();
        assert!(took >= timeouts.attempt, "{took:?}");
        assert!(took < Duration::from_secs(2), "{took:?}");
    }

    #[tokio::test]
    async fn https_is_never_downgraded_to_plain_http() {
        let plain = testkit::Db::start().await;
        let endpoint = plain.endpoint().replace("http://", "https://");
        let timeouts = Timeouts { operation: Duration::from_secs(1), ..Timeouts::default() };
        let result = Client::new(&config(&endpoint, timeouts)).list_tables().send().await;
        assert!(result.is_err());
    }
}
