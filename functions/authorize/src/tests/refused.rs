//! Who is refused, with the code that the log gets. To the caller, every refusal is the same 401.

use std::io;
use std::sync::{Arc, Mutex};

use lambda_runtime::Diagnostic;
use serde_json::json;

use super::support::{
    CLINIC_RSA, Key, PATIENT_RSA, Server, World, account, at, event, staff, with,
};
use super::table::every_row;
use crate::refusal::{Failure, Refusal};

#[tokio::test]
async fn every_bad_token_is_refused_for_its_own_reason() {
    let world = World::start().await;
    let rows = every_row();
    let mut seen = std::collections::HashSet::new();
    for (name, token, refusal) in &rows {
        match world.ask(token, 0).await {
            Err(Failure::Refused(got)) => assert_eq!(got, *refusal, "{name}"),
            Err(failure) => panic!("{name}: {failure:?}"),
            Ok(_) => panic!("{name}: let in"),
        }
        seen.insert(*refusal);
    }
    // The table is as long as the list of reasons, but for those about the header, which have a table in
    // the module that reads it.
    for refusal in
        [Refusal::TokenMissing, Refusal::SeveralTokens, Refusal::NotBearer, Refusal::TokenTooLong]
    {
        seen.insert(refusal);
    }
    assert_eq!(seen.len(), 20);
}

#[tokio::test]
async fn two_callers_in_one_request_are_refused() {
    let world = World::start().await;
    let mut event = event(&CLINIC_RSA.token(&staff()));
    event["multiValueHeaders"]["authorization"] =
        json!([format!("Bearer {}", PATIENT_RSA.token(&account()))]);
    let answer = world.authorizer.authorize(&event, at(0)).await;
    assert_eq!(answer.unwrap_err(), Failure::Refused(Refusal::SeveralTokens));
}

#[tokio::test]
async fn a_key_address_in_the_token_is_never_asked() {
    let world = World::start().await;
    let trap = Server::start(&[]).await;
    let intruder = Key::rsa("clinic-rsa");
    for name in ["jku", "x5u"] {
        let header = with(intruder.header(), json!({ name: trap.url }));
        let answer = world.ask(&intruder.token_with(&header, &staff()), 0).await;
        assert_eq!(answer.unwrap_err(), Failure::Refused(Refusal::SignatureWrong));
    }
    assert_eq!(trap.hits(), 0);
}

#[tokio::test]
async fn an_event_that_is_no_authorizers_is_a_mistake_and_no_refusal() {
    let world = World::start().await;
    let mut event = event(&CLINIC_RSA.token(&staff()));
    event["methodArn"] = json!("arn:aws:s3:::bucket");
    for event in [event, json!({}), json!(null), json!([1])] {
        assert_eq!(
            world.authorizer.authorize(&event, at(0)).await.unwrap_err(),
            Failure::EventMalformed
        );
    }
}

#[test]
fn the_gateway_sees_exactly_unauthorized() {
    let seen = serde_json::to_value(Diagnostic::from(Failure::Refused(Refusal::Expired))).unwrap();
    assert_eq!(seen, json!({ "errorType": "Unauthorized", "errorMessage": "Unauthorized" }));
    assert_eq!(format!("{:?}", Failure::Refused(Refusal::Expired)), "Unauthorized: expired");
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_has_the_reason_and_nothing_of_the_token() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let world = World::start().await;
    let planted = json!({ "sub": "planted-subject", "clinic_id": "planted-clinic", "email": "planted@example.test" });
    let good = CLINIC_RSA.token(&with(staff(), planted.clone()));
    assert!(world.ask(&good, 0).await.is_ok());
    let mut rows = every_row();
    for changes in [
        json!({ "exp": 0 }),
        json!({ "kind": "planted-kind" }),
        json!({ "aud": "planted-audience" }),
    ] {
        let claims = with(with(staff(), planted.clone()), changes);
        rows.push(("planted".to_owned(), CLINIC_RSA.token(&claims), Refusal::Expired));
    }
    for (_, token, _) in &rows {
        let failure = world.ask(token, 0).await.unwrap_err();
        // What the Lambda runtime does with it.
        tracing::error!("{failure:?}");
    }
    drop(guard);
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("\"reason\":\"expired\""), "{log}");
    assert!(!log.contains("planted"), "a claim was logged");
    for (name, token, _) in &rows {
        for part in token.split('.').filter(|part| part.len() > 8) {
            assert!(!log.contains(part), "part of a token was logged: {name}");
        }
    }
}
