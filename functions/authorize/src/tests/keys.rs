//! The cache of keys: fetched in init, asked again for a new key, never by every caller's whim.

use super::support::{
    Behaviour, CLINIC_EC, CLINIC_RSA, Key, PATIENT_RSA, START, World, account, staff, with,
};
use crate::cache::{FRESH_FOR, REFRESH_AFTER, RETRY_AFTER, USABLE_FOR};
use crate::refusal::{Failure, Refusal};
use serde_json::{Value, json};
use std::time::Duration;

const UNKNOWN: Failure = Failure::Refused(Refusal::KeyUnknown);

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap()
}

/// Claims that outlive every test here.
fn long_lived() -> Value {
    with(staff(), json!({ "exp": START + 1_000_000 }))
}

#[tokio::test]
async fn init_fetches_each_issuers_keys_once_and_calls_do_not() {
    let world = World::start().await;
    for second in 0..60 {
        assert!(world.ask(&CLINIC_RSA.token(&staff()), second).await.is_ok());
        assert!(world.ask(&PATIENT_RSA.token(&account()), second).await.is_ok());
    }
    assert_eq!((world.clinic.hits(), world.patient.hits()), (1, 1));
}

#[tokio::test]
async fn a_new_key_is_found_when_a_token_names_it() {
    let world = World::start().await;
    let new = Key::ec("clinic-new");
    world.clinic.publish(&[&CLINIC_RSA, &new]);
    let after = seconds(REFRESH_AFTER);
    assert_eq!(world.ask(&new.token(&staff()), after - 1).await.unwrap_err(), UNKNOWN);
    assert!(world.ask(&new.token(&staff()), after).await.is_ok());
    assert_eq!(world.clinic.hits(), 2);
    // The key that the issuer no longer shows is refused from then on.
    assert_eq!(world.ask(&CLINIC_EC.token(&staff()), after + 1).await.unwrap_err(), UNKNOWN);
    assert_eq!(world.patient.hits(), 1, "the other issuer has nothing to do with it");
}

#[tokio::test]
async fn a_withdrawn_key_is_refused_once_the_keys_are_no_longer_fresh() {
    let world = World::start().await;
    world.clinic.publish(&[&CLINIC_RSA]);
    let fresh = seconds(FRESH_FOR);
    assert!(world.ask(&CLINIC_EC.token(&staff()), fresh - 1).await.is_ok());
    assert_eq!(world.ask(&CLINIC_EC.token(&staff()), fresh).await.unwrap_err(), UNKNOWN);
    assert_eq!(world.clinic.hits(), 2);
}

#[tokio::test]
async fn made_up_key_ids_cause_no_storm_of_fetches() {
    let world = World::start().await;
    let pause = seconds(REFRESH_AFTER);
    for number in 0..500 {
        let header = with(CLINIC_EC.header(), json!({ "kid": format!("made-up-{number}") }));
        let token = CLINIC_EC.token_with(&header, &staff());
        // Ten minutes of it, spread evenly.
        assert_eq!(world.ask(&token, number * 600 / 500).await.unwrap_err(), UNKNOWN);
    }
    let allowed = usize::try_from(1 + 600 / pause).unwrap();
    assert!(world.clinic.hits() <= allowed, "{} fetches", world.clinic.hits());
    assert_eq!(world.patient.hits(), 1);
    assert!(world.ask(&CLINIC_EC.token(&staff()), 600).await.is_ok());
}

#[tokio::test]
async fn calls_at_once_share_one_fetch() {
    let world = World::before_init().await;
    let token = CLINIC_EC.token(&staff());
    let (a, b, c) = tokio::join!(world.ask(&token, 0), world.ask(&token, 0), world.ask(&token, 0));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(world.clinic.hits(), 1);
}

#[tokio::test]
async fn kept_keys_serve_while_the_issuer_is_away_and_not_for_ever() {
    let (fresh, usable) = (seconds(FRESH_FOR), seconds(USABLE_FOR));
    for broken in [
        Behaviour::HangUp,
        Behaviour::Answer(500, String::new()),
        Behaviour::Answer(302, String::new()),
        Behaviour::Answer(503, json!({ "keys": [CLINIC_EC.jwk()] }).to_string()),
        Behaviour::Answer(200, "<html>maintenance</html>".into()),
        Behaviour::Answer(200, "{\"keys\":[]}".into()),
        Behaviour::Answer(200, " ".repeat(300 * 1024)),
    ] {
        let world = World::start().await;
        world.clinic.behave(broken);
        let token = CLINIC_RSA.token(&long_lived());
        for second in [fresh, fresh + 1, usable / 2, usable - 1] {
            assert!(world.ask(&token, second).await.is_ok());
        }
        assert_eq!(world.clinic.hits(), 4, "one try each, but for the second, which came too soon");
        assert_eq!(world.ask(&token, usable).await.unwrap_err(), Failure::KeysUnavailable);
        // The issuer is back.
        world.clinic.publish(&[&CLINIC_RSA]);
        assert!(world.ask(&token, usable + seconds(RETRY_AFTER)).await.is_ok());
    }
}

#[tokio::test]
async fn an_unknown_key_is_no_refusal_while_the_issuer_cannot_be_asked() {
    let world = World::start().await;
    world.clinic.behave(Behaviour::HangUp);
    let new = Key::ec("clinic-new");
    let after = seconds(REFRESH_AFTER);
    assert_eq!(world.ask(&new.token(&staff()), after).await.unwrap_err(), Failure::KeysUnavailable);
    world.clinic.publish(&[&new]);
    assert!(world.ask(&new.token(&staff()), 2 * after).await.is_ok());
}

#[tokio::test]
async fn an_issuer_that_is_away_in_init_is_asked_again_soon() {
    let world = World::before_init().await;
    world.clinic.behave(Behaviour::HangUp);
    world.authorizer.prefetch(super::support::at(0)).await;
    let token = CLINIC_RSA.token(&staff());
    assert_eq!(world.ask(&token, 1).await.unwrap_err(), Failure::KeysUnavailable);
    assert_eq!(world.clinic.hits(), 1, "not by every call");
    assert!(
        world.ask(&PATIENT_RSA.token(&account()), 1).await.is_ok(),
        "the other issuer's callers come in"
    );
    world.clinic.publish(&[&CLINIC_RSA]);
    assert!(world.ask(&token, seconds(RETRY_AFTER)).await.is_ok());
}

#[tokio::test]
async fn an_issuer_that_says_nothing_is_given_up_in_time() {
    let world = World::before_init().await;
    world.clinic.behave(Behaviour::Silence);
    world.patient.behave(Behaviour::Silence);
    let started = std::time::Instant::now();
    world.authorizer.prefetch(super::support::at(0)).await;
    assert!(started.elapsed() < Duration::from_secs(6), "both at once, within the time for init");
    assert_eq!(
        world.ask(&CLINIC_RSA.token(&staff()), 1).await.unwrap_err(),
        Failure::KeysUnavailable
    );
}

#[tokio::test]
async fn a_clock_that_goes_back_does_no_harm() {
    let world = World::start().await;
    let claims = with(staff(), json!({ "nbf": START - 100_000 }));
    for second in [-1, -50_000, 5] {
        assert!(world.ask(&CLINIC_RSA.token(&claims), second).await.is_ok());
    }
    assert_eq!(world.clinic.hits(), 1);
}
