//! The REQUEST authorizer event of an API Gateway REST API.
//!
//! The event is read from plain JSON and not through a typed struct. The Lambda runtime logs why an event
//! does not fit its type, and such an error repeats the value that did not fit, which may be the token. A
//! typed header map also refuses the whole event for one header that is not ASCII.

use serde_json::Value;

use crate::refusal::{Failure, Refusal};

/// The longest Authorization value: 10,240 bytes, API Gateway's limit for all headers together.
const LONGEST_HEADER: usize = 10_240;

/// The token of the one Authorization header: its value after the scheme `Bearer`, which is written in
/// any case (RFC 9110, 11.1).
///
/// The header's name is found in any case, among the single values and the lists. One value seen in both
/// places, or sent twice, is one; two different values are refused, since they could name two callers.
pub(crate) fn bearer_token(event: &Value) -> Result<&str, Refusal> {
    let value = authorization(event)?;
    if value.len() > LONGEST_HEADER {
        return Err(Refusal::TokenTooLong);
    }
    let (scheme, token) =
        value.trim_matches([' ', '\t']).split_once(' ').ok_or(Refusal::NotBearer)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::NotBearer);
    }
    Ok(token.trim_start_matches(' '))
}

/// The resource that stands for every method and path of the stage that was called:
/// `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/*`.
///
/// The gateway caches the answer by token, so a policy for the called method alone would refuse the same
/// caller's next call of another.
pub(crate) fn whole_stage(event: &Value) -> Result<String, Failure> {
    let arn = event.get("methodArn").and_then(Value::as_str).ok_or(Failure::EventMalformed)?;
    let mut parts = arn.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(api), Some(stage), Some(_method))
            if api.starts_with("arn:")
                && api.contains(":execute-api:")
                && !stage.is_empty()
                && !api.contains(['*', '?'])
                && !stage.contains(['*', '?']) =>
        {
            Ok(format!("{api}/{stage}/*"))
        }
        _ => Err(Failure::EventMalformed),
    }
}

fn authorization(event: &Value) -> Result<&str, Refusal> {
    let mut found = None;
    for map in ["headers", "multiValueHeaders"] {
        for (name, value) in event.get(map).and_then(Value::as_object).into_iter().flatten() {
            if !name.eq_ignore_ascii_case("authorization") {
                continue;
            }
            let values = match value {
                Value::Array(values) => values.as_slice(),
                single => std::slice::from_ref(single),
            };
            for value in values {
                let value = value.as_str().ok_or(Refusal::Malformed)?;
                if found.is_some_and(|other| other != value) {
                    return Err(Refusal::SeveralTokens);
                }
                found = Some(value);
            }
        }
    }
    found.ok_or(Refusal::TokenMissing)
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

    use serde_json::json;

    use super::*;

    fn token(event: &Value) -> Result<String, Refusal> {
        bearer_token(event).map(str::to_owned)
    }

    #[test]
    fn the_header_is_found_in_any_case_and_in_both_maps() {
        for event in [
            json!({ "headers": { "Authorization": "Bearer a.b.c" } }),
            json!({ "headers": { "authorization": "Bearer a.b.c" }, "multiValueHeaders": null }),
            json!({ "headers": null, "multiValueHeaders": { "AUTHORIZATION": ["Bearer a.b.c"] } }),
            json!({ "headers": {}, "multiValueHeaders": { "authorization": ["Bearer a.b.c"] } }),
            json!({
                "headers": { "Authorization": "Bearer a.b.c" },
                "multiValueHeaders": { "authorization": ["Bearer a.b.c", "Bearer a.b.c"] },
            }),
            json!({ "headers": { "Authorization": "bEARER a.b.c", "X-Name": "Zo\u{eb}", "X-Odd": 1 } }),
            json!({ "headers": { "Authorization": " BEARER   a.b.c\t" } }),
        ] {
            assert_eq!(token(&event), Ok("a.b.c".to_owned()), "{event}");
        }
    }

    #[test]
    fn a_doubtful_header_is_refused() {
        let headers = |value: Value| json!({ "headers": { "Authorization": value } });
        for (event, refusal) in [
            (json!({}), Refusal::TokenMissing),
            (json!({ "headers": null, "multiValueHeaders": null }), Refusal::TokenMissing),
            (
                json!({ "headers": {}, "multiValueHeaders": { "Authorization": [] } }),
                Refusal::TokenMissing,
            ),
            (json!({ "headers": { "X-Authorization": "Bearer a.b.c" } }), Refusal::TokenMissing),
            (headers(json!("")), Refusal::NotBearer),
            (headers(json!("Bearer")), Refusal::NotBearer),
            (headers(json!("Bearer ")), Refusal::NotBearer),
            (headers(json!("a.b.c")), Refusal::NotBearer),
            (headers(json!("Basic dTpw")), Refusal::NotBearer),
            (headers(json!("Bearer\ta.b.c")), Refusal::NotBearer),
            (headers(json!(["Bearer a.b.c", "Bearer d.e.f"])), Refusal::SeveralTokens),
            (headers(json!({ "value": "Bearer a.b.c" })), Refusal::Malformed),
            (headers(json!(7)), Refusal::Malformed),
            (headers(json!(format!("Bearer {}", "a".repeat(10_240)))), Refusal::TokenTooLong),
            (
                json!({ "headers": { "Authorization": "Bearer a.b.c", "authorization": "Bearer d.e.f" } }),
                Refusal::SeveralTokens,
            ),
            (
                json!({
                    "headers": { "Authorization": "Bearer d.e.f" },
                    "multiValueHeaders": { "Authorization": ["Bearer a.b.c", "Bearer d.e.f"] },
                }),
                Refusal::SeveralTokens,
            ),
        ] {
            assert_eq!(token(&event), Err(refusal), "{event}");
        }
    }

    #[test]
    fn the_policy_covers_the_whole_stage() {
        let whole = |arn: &str| whole_stage(&json!({ "methodArn": arn }));
        let api = "arn:aws:execute-api:ca-central-1:123456789012:a1b2c3d4e5";
        for path in ["GET/clinics/c1/inbox", "POST/", "GET/test/GET", "OPTIONS//double"] {
            assert_eq!(whole(&format!("{api}/live/{path}")), Ok(format!("{api}/live/*")));
        }
        assert_eq!(
            whole("arn:aws-cn:execute-api:cn-north-1:123456789012:a1b2c3d4e5/live/GET/inbox"),
            Ok("arn:aws-cn:execute-api:cn-north-1:123456789012:a1b2c3d4e5/live/*".to_owned())
        );
        for arn in [
            "",
            "*",
            api,
            &format!("{api}/live"),
            &format!("{api}//GET/"),
            &format!("{api}/*/GET/"),
            "arn:aws:s3:::a/b/c",
        ] {
            assert_eq!(whole(arn), Err(Failure::EventMalformed), "{arn}");
        }
        assert_eq!(whole_stage(&json!({})), Err(Failure::EventMalformed));
    }
}
