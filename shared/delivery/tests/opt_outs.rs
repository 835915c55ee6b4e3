//! The account's list of numbers that opted out, on a stand-in for SNS that knows these calls. The local
//! stack does not; `cargo xtask test` starts this one, and gives its address as `SNS_ENDPOINT`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and is told by a variable where to ask"
)]

use std::env;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sns::config::{BehaviorVersion, Region};
use aws_types::SdkConfig;
use delivery::{OptIn, OptOuts};
use domain::contact::SmsNumber;

fn opt_outs() -> OptOuts {
    let endpoint = env::var("SNS_ENDPOINT").expect("the address of a stand-in for SNS");
    let credentials = Credentials::new("test", "test", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(endpoint)
        .build();
    OptOuts::new(&config)
}

/// The stand-in holds every number to be opted out that ends so, and has some others on its list.
#[tokio::test]
#[ignore = "asks a stand-in for SNS at SNS_ENDPOINT, which `cargo xtask test` starts"]
async fn the_list_is_asked_read_and_shortened() {
    let opt_outs = opt_outs();
    let number = |text: &str| SmsNumber::from_e164(text).unwrap();
    assert_eq!(opt_outs.is_opted_out(&number("+16135550199")).await, Ok(Some(true)));
    assert_eq!(opt_outs.is_opted_out(&number("+16135550100")).await, Ok(Some(false)));

    let page = opt_outs.list(None).await.expect("the list");
    assert!(page.next.is_none());
    assert!(page.numbers.len() > 1);
    let listed = page.numbers[0].clone();
    assert_eq!(opt_outs.opt_in(&listed).await, Ok(OptIn::Done));
    let after = opt_outs.list(None).await.expect("the list");
    assert_eq!(after.numbers.len(), page.numbers.len() - 1);
    assert!(!after.numbers.contains(&listed));
}
