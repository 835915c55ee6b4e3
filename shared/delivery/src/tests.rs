//! Both adapters against a real HTTP server that answers as it is told.
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
use aws_sdk_ses::config::{BehaviorVersion, Region};
use aws_types::SdkConfig;
use domain::contact::{EmailAddress, SmsNumber};
use domain::notice::{Answer, FailureReason};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const LIMIT: Duration = Duration::from_millis(300);
const ADDRESS: &str = "pat.planted@example.test";
const NUMBER: &str = "+16135550100";

/// How the server behaves to every request.
#[derive(Clone)]
enum Behaviour {
    Answer(u16, String),
    HangUp,
    Silence,
}

/// A provider on a free port of 127.0.0.1, and the bodies of the requests that reached it.
struct Provider {
    endpoint: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let received = Arc::clone(&bodies);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, behaviour.clone(), Arc::clone(&received)));
            }
        });
        Self { endpoint, bodies }
    }

    fn config(&self) -> SdkConfig {
        config(&self.endpoint)
    }

    fn requests(&self) -> usize {
        self.bodies.lock().unwrap().len()
    }
}

fn config(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("ca-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "test", "test", None, None, "test",
        )))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(endpoint)
        .build()
}

async fn serve(mut stream: TcpStream, behaviour: Behaviour, received: Arc<Mutex<Vec<String>>>) {
    loop {
        let mut request = Vec::new();
        let body = loop {
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap_or(0);
            if read == 0 {
                return;
            }
            request.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&request).into_owned();
            let Some((headers, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length: usize = headers
                .to_ascii_lowercase()
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.split("\r\n").next())
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                break body.to_owned();
            }
        };
        received.lock().unwrap().push(body);
        match &behaviour {
            Behaviour::Answer(status, body) => {
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            Behaviour::HangUp => return,
            Behaviour::Silence => {}
        }
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Behaviour {
    Behaviour::Answer(
        status,
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>\
             </Error><RequestId>r</RequestId></ErrorResponse>"
        ),
    )
}

async fn mail(config: &SdkConfig) -> Result<ProviderMessageId, DeliveryError> {
    let sender = Sender {
        address: EmailAddress::parse("no-reply@mail.clinic.test").unwrap(),
        configuration_set: Some("notices".to_owned()),
        unsubscribe: None,
    };
    let to = EmailAddress::parse(ADDRESS).unwrap();
    Mailer::with_limit(config, sender, LIMIT)
        .send(Email {
            to: &to,
            subject: "Nouveau message à lire",
            text: "Vous avez un message.",
            html: "<p>Vous avez un message.</p>",
            date: Timestamp::from_second(1_795_000_000).unwrap(),
            reference: "n-1",
        })
        .await
}

async fn text(config: &SdkConfig) -> Result<ProviderMessageId, DeliveryError> {
    let number = SmsNumber::from_e164(NUMBER).unwrap();
    Texter::with_limit(config, LIMIT)
        .send(&number, "Vous avez un message: https://portal.test/m")
        .await
}

/// The fields of a form body, decoded.
fn form(body: &str) -> Vec<(String, String)> {
    body.split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            (name.to_owned(), percent_decoded(value))
        })
        .collect()
}

fn percent_decoded(text: &str) -> String {
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

fn field<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    form.iter()
        .find(|(field, _)| field == name)
        .map_or_else(|| panic!("no {name}"), |(_, value)| value.as_str())
}

#[tokio::test]
async fn an_email_goes_out_raw_to_one_person_from_the_sender() {
    let provider = Provider::start(Behaviour::Answer(
        200,
        "<SendRawEmailResponse><SendRawEmailResult><MessageId>ses-1</MessageId>\
         </SendRawEmailResult></SendRawEmailResponse>"
            .to_owned(),
    ))
    .await;
    let id = mail(&provider.config()).await.unwrap();
    assert_eq!(id.as_str(), "ses-1");
    assert_eq!(id.into_string(), "ses-1");

    let form = form(&provider.bodies.lock().unwrap()[0]);
    assert_eq!(field(&form, "Action"), "SendRawEmail");
    assert_eq!(field(&form, "Source"), "no-reply@mail.clinic.test");
    assert_eq!(field(&form, "Destinations.member.1"), ADDRESS);
    assert!(!form.iter().any(|(name, _)| name.ends_with("member.2")));
    // By these SES tells what becomes of it, and of which notice.
    assert_eq!(field(&form, "ConfigurationSetName"), "notices");
    assert_eq!(field(&form, "Tags.member.1.Name"), "notice");
    assert_eq!(field(&form, "Tags.member.1.Value"), "n-1");
    let raw = aws_smithy_types::base64::decode(field(&form, "RawMessage.Data")).unwrap();
    let raw = String::from_utf8(raw).unwrap();
    assert!(raw.contains("\r\nAuto-Submitted: auto-generated\r\n"), "{raw}");
    assert!(raw.contains("\r\nX-Auto-Response-Suppress: All\r\n"), "{raw}");
}

#[tokio::test]
async fn a_text_goes_out_as_transactional() {
    let provider = Provider::start(Behaviour::Answer(
        200,
        "<PublishResponse><PublishResult><MessageId>sns-1</MessageId></PublishResult>\
         </PublishResponse>"
            .to_owned(),
    ))
    .await;
    let id = text(&provider.config()).await.unwrap();
    assert_eq!(id.as_str(), "sns-1");

    let form = form(&provider.bodies.lock().unwrap()[0]);
    assert_eq!(field(&form, "Action"), "Publish");
    assert_eq!(field(&form, "PhoneNumber"), NUMBER);
    assert_eq!(field(&form, "Message"), "Vous avez un message: https://portal.test/m");
    assert_eq!(field(&form, "MessageAttributes.entry.1.Name"), "AWS.SNS.SMS.SMSType");
    assert_eq!(field(&form, "MessageAttributes.entry.1.Value.StringValue"), "Transactional");
}

/// One row: how the provider answers, the code that comes of it, and whether it passes and is unknown.
type Row = (u16, &'static str, &'static str, &'static str, bool, bool);

#[tokio::test]
async fn refusals_by_ses_are_told_apart_in_one_attempt_each() {
    let rows: [Row; 20] = [
        (400, "Throttling", "Maximum sending rate exceeded.", "throttled", true, false),
        (400, "Throttling", "Daily message quota exceeded.", "throttled", true, false),
        (503, "Throttling", "Rate exceeded", "throttled", true, false),
        (500, "InternalFailure", "", "service_failed", true, true),
        (503, "ServiceUnavailable", "", "service_failed", true, true),
        (
            403,
            "AccessDenied",
            "User is not authorized to perform ses:SendRawEmail",
            "not_authorized",
            true,
            false,
        ),
        (403, "ExpiredToken", "The security token is expired", "not_authorized", true, false),
        (400, "RequestExpired", "", "not_authorized", true, false),
        (
            400,
            "AccountSendingPausedException",
            "Email sending is disabled",
            "sending_paused",
            true,
            false,
        ),
        (400, "MailFromDomainNotVerifiedException", "", "sending_paused", true, false),
        (400, "ConfigurationSetDoesNotExist", "", "sending_paused", true, false),
        (400, "ConfigurationSetDoesNotExistException", "", "sending_paused", true, false),
        (
            400,
            "MessageRejected",
            "Email address is not verified. The following identities failed the check in region CA-CENTRAL-1: pat.planted@example.test",
            "sender_rejected",
            false,
            false,
        ),
        (
            400,
            "MessageRejected",
            "Address blacklisted: pat.planted@example.test",
            "address_rejected",
            false,
            false,
        ),
        (
            400,
            "InvalidParameterValue",
            "Local address contains control or whitespace: pat.planted@example.test",
            "address_rejected",
            false,
            false,
        ),
        (
            400,
            "InvalidParameterValue",
            "Missing final '@domain': tag@heritage-source",
            "address_rejected",
            false,
            false,
        ),
        (400, "InvalidParameterValue", "Invalid Source: x", "request_rejected", false, false),
        (
            400,
            "InvalidParameterValue",
            "The sender is no address",
            "request_rejected",
            false,
            false,
        ),
        (400, "InvalidParameterValue", "Invalid tag value", "request_rejected", false, false),
        (400, "MessageRejected", "Virus found", "request_rejected", false, false),
    ];
    for row in rows {
        let provider = Provider::start(refusal(row.0, row.1, row.2)).await;
        let error = mail(&provider.config()).await.unwrap_err();
        check(error, row);
        assert_eq!(provider.requests(), 1, "{row:?}");
    }
}

#[tokio::test]
async fn refusals_by_sns_are_told_apart_in_one_attempt_each() {
    let rows: [Row; 11] = [
        (400, "Throttled", "Rate exceeded", "throttled", true, false),
        (400, "", "", "service_failed", true, false),
        (307, "", "", "service_failed", true, true),
        (429, "Other", "", "throttled", true, false),
        (500, "InternalError", "", "service_failed", true, true),
        (
            403,
            "AuthorizationError",
            "not authorized to perform SNS:Publish",
            "not_authorized",
            true,
            false,
        ),
        (
            400,
            "InvalidParameter",
            "Invalid parameter: PhoneNumber Reason: +16135550100 is not valid to publish to",
            "address_rejected",
            false,
            false,
        ),
        (400, "OptedOut", "Phone number +16135550100 is opted out", "opted_out", false, false),
        (400, "InvalidParameter", "Phone number is opted out", "opted_out", false, false),
        (
            400,
            "InvalidParameter",
            "Invalid parameter: Message too long",
            "request_rejected",
            false,
            false,
        ),
        (404, "NotFound", "", "request_rejected", false, false),
    ];
    for row in rows {
        let provider = Provider::start(refusal(row.0, row.1, row.2)).await;
        let error = text(&provider.config()).await.unwrap_err();
        check(error, row);
        assert_eq!(provider.requests(), 1, "{row:?}");
    }
}

fn check(error: DeliveryError, row: Row) {
    let (_, _, message, code, passing, unknown) = row;
    assert_eq!(
        (error.code(), error.is_passing(), error.outcome_unknown),
        (code, passing, unknown),
        "{row:?}"
    );
    for shown in [error.to_string(), format!("{error:?}")] {
        assert!(!shown.contains(ADDRESS) && !shown.contains(NUMBER), "{shown}");
        assert!(message.is_empty() || !shown.contains(message), "{shown}");
    }
}

#[tokio::test]
async fn what_never_left_is_known_not_to_have_been_sent() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for endpoint in [closed.as_str(), "http://no-such-host.invalid"] {
        let failures = [
            mail(&config(endpoint)).await.unwrap_err(),
            text(&config(endpoint)).await.unwrap_err(),
        ];
        for error in failures {
            assert_eq!(error.cause, Cause::Passing(PassingReason::NotSent), "{endpoint}");
            assert!(!error.outcome_unknown, "{endpoint}");
        }
    }
}

#[tokio::test]
async fn a_lost_or_late_answer_leaves_the_outcome_unknown_and_is_not_tried_again() {
    for (behaviour, reason) in [
        (Behaviour::HangUp, PassingReason::ConnectionLost),
        (Behaviour::Silence, PassingReason::TimedOut),
        (
            Behaviour::Answer(200, "<not-what-was-asked-for".to_owned()),
            PassingReason::ServiceFailed,
        ),
    ] {
        let provider = Provider::start(behaviour).await;
        let failures = [
            mail(&provider.config()).await.unwrap_err(),
            text(&provider.config()).await.unwrap_err(),
        ];
        for error in failures {
            assert_eq!(error.cause, Cause::Passing(reason));
            assert!(error.outcome_unknown);
        }
        assert_eq!(provider.requests(), 2, "one for each");
    }
}

#[test]
fn an_error_becomes_the_rules_answer() {
    let error = |cause| DeliveryError { cause, outcome_unknown: false };
    for outcome_unknown in [true, false] {
        let error =
            DeliveryError { cause: Cause::Passing(PassingReason::TimedOut), outcome_unknown };
        assert_eq!(Answer::from(error), Answer::Passing { unknown: outcome_unknown });
    }
    assert_eq!(
        Answer::from(error(Cause::Permanent(FailureReason::OptedOut))),
        Answer::Permanent(FailureReason::OptedOut)
    );
    assert_eq!(
        error(Cause::Permanent(FailureReason::OptedOut)).to_string(),
        "not delivered: opted_out (permanent)"
    );
}

fn number() -> SmsNumber {
    SmsNumber::from_e164(NUMBER).unwrap()
}

/// "Not supported" is not "no".
#[tokio::test]
async fn a_service_that_does_not_know_the_question_leaves_it_open() {
    for behaviour in [
        refusal(400, "InvalidAction", "Unknown action: CheckIfPhoneNumberIsOptedOut"),
        refusal(501, "NotImplemented", "not implemented"),
        Behaviour::Answer(501, String::new()),
    ] {
        let provider = Provider::start(behaviour).await;
        let opt_outs = OptOuts::new(&provider.config());
        assert_eq!(opt_outs.is_opted_out(&number()).await, Ok(None));
        assert_eq!(opt_outs.opt_in(&number()).await, Ok(OptIn::Unknown));
        let page = opt_outs.list(None).await.unwrap();
        assert!(page.numbers.is_empty() && page.next.is_none());
    }
}

#[tokio::test]
async fn a_number_that_was_opted_in_of_late_is_told_apart_from_an_outage() {
    let message = "Invalid parameter: Cannot opt in right now, latest opt in is too recent";
    let provider = Provider::start(refusal(400, "InvalidParameter", message)).await;
    let opt_outs = OptOuts::new(&provider.config());
    assert_eq!(opt_outs.opt_in(&number()).await, Ok(OptIn::TooSoon));

    for (behaviour, reason) in [
        (refusal(429, "Throttled", "Rate exceeded"), PassingReason::Throttled),
        (refusal(403, "AuthorizationError", ADDRESS), PassingReason::NotAuthorized),
        (refusal(500, "InternalError", ADDRESS), PassingReason::ServiceFailed),
    ] {
        let provider = Provider::start(behaviour).await;
        let opt_outs = OptOuts::new(&provider.config());
        let expected = Cause::Passing(reason);
        assert_eq!(opt_outs.opt_in(&number()).await.unwrap_err().cause, expected);
        assert_eq!(opt_outs.is_opted_out(&number()).await.unwrap_err().cause, expected);
        let failure = opt_outs.list(None).await.map(|_| ()).unwrap_err();
        assert_eq!(failure.cause, expected);
        assert!(!failure.to_string().contains("planted"));
        let repeats = if reason == PassingReason::ServiceFailed { 2 } else { 0 };
        assert_eq!(provider.requests(), 3 + repeats, "a failed page is asked for again");
    }
}

#[tokio::test]
async fn the_list_is_read_page_by_page_and_what_can_be_no_number_of_ours_is_left_out() {
    let result = "<phoneNumbers><member>+16135550100</member><member>12345</member>\
                  </phoneNumbers><nextToken>more</nextToken>";
    let name = "ListPhoneNumbersOptedOut";
    let answer = format!("<{name}Response><{name}Result>{result}</{name}Result></{name}Response>");
    let provider = Provider::start(Behaviour::Answer(200, answer)).await;
    let opt_outs = OptOuts::new(&provider.config());
    let page = opt_outs.list(None).await.unwrap();
    assert_eq!(page.numbers, [number()]);
    assert_eq!(page.next.as_deref(), Some("more"));
    opt_outs.list(page.next).await.unwrap();
    let bodies = provider.bodies.lock().unwrap().clone();
    assert!(!bodies[0].contains("nextToken"));
    assert_eq!(field(&form(&bodies[1]), "nextToken"), "more");
}

#[tokio::test]
async fn nobody_waits_long_to_learn_who_opted_out() {
    let provider = Provider::start(Behaviour::Silence).await;
    let begun = std::time::Instant::now();
    let late = OptOuts::new(&provider.config()).is_opted_out(&number()).await.unwrap_err();
    assert_eq!(late.cause, Cause::Passing(PassingReason::TimedOut));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}
