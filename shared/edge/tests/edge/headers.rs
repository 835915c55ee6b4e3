//! The headers that steer a request.

use domain::refusal::Code;
use edge::Precondition;

use crate::support::{Shape, code, event, request, with_headers};

fn key(values: &[&str]) -> edge::Request {
    with_headers(&[("Idempotency-Key", values)], Shape::Both)
}

#[test]
fn id_05_a_key_is_read_under_a_name_in_any_letter_case_and_trimmed() {
    for name in ["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY"] {
        for shape in Shape::ALL {
            let request = with_headers(&[(name, &["  K \t"])], shape);
            assert_eq!(request.idempotency_key().unwrap().as_str(), "K", "{name} {shape:?}");
        }
    }
    let longest = "k".repeat(128);
    for good in ["1", "a.b_c:d-9", "8e03978e-40d5-43dd-bc93-6894a57f9324", &longest] {
        assert_eq!(key(&[good]).idempotency_key().unwrap().as_str(), good);
        assert_eq!(key(&[&format!("\"{good}\"")]).idempotency_key().unwrap().as_str(), good);
    }
}

#[test]
fn id_05_a_key_that_is_missing_or_empty_or_none_at_all_has_its_code() {
    assert_eq!(code(request(event()).idempotency_key()), Code::IdempotencyKeyMissing);
    for empty in ["", "  ", "\"\""] {
        assert_eq!(code(key(&[empty]).idempotency_key()), Code::IdempotencyKeyMissing, "{empty:?}");
    }
    let (long, huge) = ("k".repeat(129), "k".repeat(1 << 20));
    let quoted = format!("\"{long}\"");
    for bad in [
        &long,
        &huge,
        &quoted,
        "a b",
        "a#b",
        "a/b",
        "a,b",
        "\"",
        "\"a",
        "a\"",
        "\"\"a\"\"",
        "clé",
        "a\u{A0}",
    ] {
        assert_eq!(code(key(&[bad]).idempotency_key()), Code::IdempotencyKeyInvalid);
    }
}

#[test]
fn a_header_with_a_nul_does_not_even_parse_as_an_event() {
    let mut event = event();
    event["headers"]["Idempotency-Key"] = "a\u{0}b".into();
    let parsed: Result<aws_lambda_events::apigw::ApiGatewayProxyRequest, _> =
        serde_json::from_value(event);
    assert!(parsed.is_err(), "the gateway refuses such a header before any function sees it");
}

#[test]
fn ap_06_a_doubled_control_header_is_refused_even_with_one_value_twice() {
    for shape in Shape::ALL.into_iter().filter(|shape| shape.has_lists()) {
        for values in [["a", "b"], ["a", "a"]] {
            let request = with_headers(&[("idempotency-key", &values)], shape);
            assert_eq!(code(request.idempotency_key()), Code::DuplicateHeader, "{shape:?}");
        }
        for name in ["If-Match", "if-none-match"] {
            let request = with_headers(&[(name, &["\"1\"", "\"2\""])], shape);
            assert_eq!(code(request.if_match()), Code::DuplicateHeader, "{name} {shape:?}");
        }
    }
    // A proxy that joins the two makes one value of them, which is no key and no tag.
    assert_eq!(code(key(&["a, b"]).idempotency_key()), Code::IdempotencyKeyInvalid);
    let joined = with_headers(&[("If-Match", &["\"1\", \"2\""])], Shape::Both);
    assert_eq!(code(joined.if_match()), Code::VersionMalformed);
}

#[test]
fn ap_06_two_spellings_of_one_name_are_one_doubled_header() {
    let request =
        with_headers(&[("Idempotency-Key", &["a"]), ("idempotency-key", &["b"])], Shape::Both);
    assert_eq!(code(request.idempotency_key()), Code::DuplicateHeader);
}

#[test]
fn cs_08_the_tag_that_was_sent_is_accepted_also_weakened_and_compressed() {
    let sent = edge::Response::no_content().etag(7);
    let sent = sent.header(&http::header::ETAG).unwrap().to_owned();
    assert_eq!(sent, "\"7\"");
    for tag in [
        sent.as_str(),
        "W/\"7\"",
        "\"7-gzip\"",
        "W/\"7-gzip\"",
        "\"7--gzip\"",
        "\"7-br\"",
        "W/\"7-br\"",
        "\"7-zstd\"",
        "\"7-deflate\"",
        "  \"7\" ",
    ] {
        for shape in Shape::ALL {
            let request = with_headers(&[("If-Match", &[tag])], shape);
            assert_eq!(request.if_match(), Ok(Precondition::Replace(7)), "{tag} {shape:?}");
        }
    }
    let greatest = format!("\"{}\"", u64::MAX);
    let request = with_headers(&[("if-match", &[&greatest])], Shape::Both);
    assert_eq!(request.if_match(), Ok(Precondition::Replace(u64::MAX)));
}

#[test]
fn a_version_is_required_and_anything_but_one_tag_is_malformed() {
    assert_eq!(code(request(event()).if_match()), Code::VersionRequired);
    for bad in [
        "",
        "7",
        "\"\"",
        "\"-gzip\"",
        "\"07\"",
        "\"0\"",
        "\"+7\"",
        "\"-7\"",
        "\"7.0\"",
        "\"a\"",
        "w/\"7\"",
        "W/7",
        "W/\"7",
        "\"7",
        "*",
        "\"18446744073709551616\"",
        "\"7\"-gzip",
        "\"7-x\"",
        "\"é\"",
    ] {
        let request = with_headers(&[("If-Match", &[bad])], Shape::Both);
        assert_eq!(code(request.if_match()), Code::VersionMalformed, "{bad}");
    }
}

#[test]
fn creating_is_said_with_a_star_and_with_nothing_else() {
    for shape in Shape::ALL {
        let request = with_headers(&[("If-None-Match", &["*"])], shape);
        assert_eq!(request.if_match(), Ok(Precondition::Create), "{shape:?}");
    }
    for bad in ["\"1\"", "", "**", "é"] {
        let request = with_headers(&[("If-None-Match", &[bad])], Shape::Both);
        assert_eq!(code(request.if_match()), Code::VersionMalformed, "{bad}");
    }
    for if_match in ["\"1\"", "*", "é"] {
        let both =
            with_headers(&[("If-Match", &[if_match]), ("If-None-Match", &["*"])], Shape::Both);
        assert_eq!(code(both.if_match()), Code::VersionMalformed);
    }
}
