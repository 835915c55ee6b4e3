//! Who is let in, and what the functions get to know of them.

use serde_json::{Value, json};

use super::support::{
    CLINIC_EC, CLINIC_RSA, Key, PATIENT_EC, PATIENT_RSA, START, World, account, event, staff, with,
};

async fn context(world: &World, token: &str) -> Value {
    let allowed = world.ask(token, 0).await.unwrap_or_else(|failure| panic!("{failure:?}"));
    serde_json::to_value(allowed).unwrap()["context"].clone()
}

#[tokio::test]
async fn the_answer_is_a_policy_for_the_whole_stage_and_an_identity_of_strings() {
    let world = World::start().await;
    let token = CLINIC_RSA.token(&staff());
    let allowed = world.ask(&token, 0).await.unwrap();
    assert_eq!(
        serde_json::to_value(&allowed).unwrap(),
        json!({
            "principalId": "staff|c1|staff-1",
            "policyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Action": "execute-api:Invoke",
                    "Resource": "arn:aws:execute-api:ca-central-1:123456789012:a1b2c3d4e5/live/*",
                }],
            },
            "context": {
                "kind": "staff", "id": "staff-1", "clinic": "c1", "patient": "",
                "expires": (START + 3600).to_string(),
            },
        })
    );
}

#[tokio::test]
async fn every_kind_is_let_in_by_its_own_issuer_with_either_algorithm() {
    let world = World::start().await;
    let rows: [(Value, [&Key; 2], &str, Value); 5] = [
        (
            staff(),
            [&CLINIC_RSA, &CLINIC_EC],
            "staff|c1|staff-1",
            json!({ "kind": "staff", "id": "staff-1", "clinic": "c1", "patient": "" }),
        ),
        (
            with(staff(), json!({ "kind": "chart", "sub": "chart-1", "patient_id": "p9" })),
            [&CLINIC_RSA, &CLINIC_EC],
            "chart|c1|chart-1",
            json!({ "kind": "chart", "id": "chart-1", "clinic": "c1", "patient": "" }),
        ),
        (
            with(staff(), json!({ "kind": "operator", "sub": "ops_1" })),
            [&CLINIC_RSA, &CLINIC_EC],
            "operator||ops_1",
            json!({ "kind": "operator", "id": "ops_1", "clinic": "", "patient": "" }),
        ),
        (
            with(account(), json!({ "clinic_id": "c9", "patient_id": "p9" })),
            [&PATIENT_RSA, &PATIENT_EC],
            "account||account-1",
            json!({ "kind": "account", "id": "account-1", "clinic": "", "patient": "" }),
        ),
        (
            with(
                account(),
                json!({ "kind": "portal", "sub": "any|thing", "clinic_id": "c1", "patient_id": "p1" }),
            ),
            [&PATIENT_RSA, &PATIENT_EC],
            "portal|c1|p1",
            json!({ "kind": "portal", "id": "p1", "clinic": "c1", "patient": "p1" }),
        ),
    ];
    for (claims, keys, principal, identity) in rows {
        for key in keys {
            let allowed = world.ask(&key.token(&claims), 0).await.unwrap();
            let allowed = serde_json::to_value(allowed).unwrap();
            assert_eq!(allowed["principalId"], principal);
            let expected = with(identity.clone(), json!({ "expires": (START + 3600).to_string() }));
            assert_eq!(allowed["context"], expected);
        }
    }
}

#[tokio::test]
async fn what_identity_providers_differ_in_is_accepted() {
    let world = World::start().await;
    let long = "aZ09_-".repeat(10) + "abcd";
    for changes in [
        json!({ "aud": ["other", "clinic-audience"] }),
        json!({ "nbf": START + 30 }),
        json!({ "exp": START + 1 }),
        json!({ "exp": START + 1, "nbf": START }),
        json!({ "nbf": -1 }),
        json!({ "nbf": null }),
        json!({ "sub": long }),
        json!({ "clinic_id": "A" }),
        json!({ "email": "someone@example.test", "scope": ["x"], "realm_access": { "roles": ["admin"] } }),
    ] {
        let claims = with(staff(), changes.clone());
        context(&world, &CLINIC_EC.token(&claims)).await;
    }
    for typ in [Value::Null, json!("jwt"), json!("at+jwt"), json!("application/AT+JWT")] {
        let header = with(CLINIC_RSA.header(), json!({ "typ": typ }));
        context(&world, &CLINIC_RSA.token_with(&header, &staff())).await;
    }
}

#[tokio::test]
async fn a_fraction_of_a_second_is_cut_off() {
    let world = World::start().await;
    #[expect(clippy::cast_precision_loss, reason = "a small number of seconds")]
    let fraction = |seconds: i64| (START + seconds) as f64 + 0.9;
    let claims = with(staff(), json!({ "exp": fraction(60), "nbf": fraction(30) }));
    assert_eq!(
        context(&world, &CLINIC_RSA.token(&claims)).await["expires"],
        (START + 60).to_string()
    );
}

#[tokio::test]
async fn the_token_is_found_however_the_header_is_spelt() {
    let world = World::start().await;
    let token = CLINIC_RSA.token(&staff());
    let header = format!("bearer {token}");
    let mut lower = event("x");
    lower["headers"] = json!({ "authorization": header, "x-name": "Zo\u{eb} \u{1f600}" });
    lower["multiValueHeaders"] = json!({ "authorization": [header] });
    let mut lists_only = event("x");
    lists_only["headers"] = Value::Null;
    lists_only["multiValueHeaders"] = json!({ "AUTHORIZATION": [header, header] });
    let mut singles_only = event(&token);
    singles_only.as_object_mut().unwrap().remove("multiValueHeaders");
    for event in [lower, lists_only, singles_only] {
        assert!(world.authorizer.authorize(&event, super::support::at(0)).await.is_ok(), "{event}");
    }
}
