//! Bad tokens, each wrong in one way.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::support::{
    CLINIC, CLINIC_EC, CLINIC_RSA, Key, PATIENT, PATIENT_EC, PATIENT_RSA, START, account, message,
    staff, with,
};
use crate::refusal::Refusal;
use crate::refusal::Refusal::{
    AlgorithmNotAllowed, AudienceWrong, ClaimsMalformed, CriticalExtension, Expired, IdMalformed,
    IdMissing, IssuerUnknown, KeyIdMissing, KeyMismatch, KeyUnknown, KindNotAllowed, Malformed,
    NotYetValid, SignatureWrong, TypeNotAllowed,
};

/// What is wrong with a token, the token, and the reason that is logged.
pub(super) type Row = (String, String, Refusal);

/// The whole table, for the instant [`START`].
pub(super) fn every_row() -> Vec<Row> {
    [
        confused_keys(),
        algorithms(),
        headers(),
        shapes(),
        signatures(),
        issuers_and_audiences(),
        times(),
        kinds(),
        ids(),
    ]
    .concat()
}

fn row(name: &str, token: impl Into<String>, refusal: Refusal) -> Row {
    (name.to_owned(), token.into(), refusal)
}

/// Good claims, well signed, but for these changes, which name the row.
fn changed<const N: usize>(key: &Key, good: &Value, rows: [(Value, Refusal); N]) -> Vec<Row> {
    rows.into_iter()
        .map(|(changes, refusal)| {
            let name = format!("claims with {changes}");
            (name, key.token(&with(good.clone(), changes)), refusal)
        })
        .collect()
}

/// A good token with one of its three parts replaced.
fn replace(token: &str, index: usize, part: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[index] = part;
    parts.join(".")
}

/// A secret-key signature made with what everybody knows, the public key.
fn confused_keys() -> Vec<Row> {
    let pem = CLINIC_RSA.public_pem();
    let jwk = CLINIC_RSA.jwk().to_string();
    let mut rows = Vec::new();
    for (secret, said) in [
        (pem.as_bytes(), "PEM"),
        (pem.trim().as_bytes(), "PEM without its last line break"),
        (jwk.as_bytes(), "JWK"),
        (&[], "nothing"),
    ] {
        for (algorithm, name, refusal) in [
            (hmac::HMAC_SHA256, "HS256", AlgorithmNotAllowed),
            (hmac::HMAC_SHA384, "HS384", AlgorithmNotAllowed),
            (hmac::HMAC_SHA512, "HS512", AlgorithmNotAllowed),
            (hmac::HMAC_SHA256, "RS256", SignatureWrong),
        ] {
            let header = with(CLINIC_RSA.header(), json!({ "alg": name }));
            let message = message(&header.to_string(), &staff().to_string());
            let tag = hmac::sign(&hmac::Key::new(algorithm, secret), message.as_bytes());
            let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
            rows.push((format!("{name} by HMAC with {said}"), token, refusal));
        }
    }
    for (key, other) in [(&CLINIC_RSA, "clinic-ec"), (&CLINIC_EC, "clinic-rsa")] {
        let header = with(key.header(), json!({ "kid": other }));
        let name = format!("{} with the id of the other type's key", key.algorithm());
        rows.push((name, key.token_with(&header, &staff()), KeyMismatch));
    }
    rows
}

fn algorithms() -> Vec<Row> {
    let unsigned = |alg: &str| {
        let header = json!({ "alg": alg, "kid": "clinic-rsa" });
        message(&header.to_string(), &staff().to_string())
    };
    let mut rows = vec![
        row("none, two parts", unsigned("none"), Malformed),
        row("RS256 unsigned", unsigned("RS256") + ".", SignatureWrong),
    ];
    for name in ["none", "None", "NONE", "nOnE", ""] {
        rows.push(row(name, unsigned(name) + ".", AlgorithmNotAllowed));
    }
    for (alg, refusal) in [
        (json!("RS384"), AlgorithmNotAllowed),
        (json!("RS512"), AlgorithmNotAllowed),
        (json!("PS256"), AlgorithmNotAllowed),
        (json!("PS384"), AlgorithmNotAllowed),
        (json!("PS512"), AlgorithmNotAllowed),
        (json!("ES384"), AlgorithmNotAllowed),
        (json!("ES512"), AlgorithmNotAllowed),
        (json!("ES256K"), AlgorithmNotAllowed),
        (json!("EdDSA"), AlgorithmNotAllowed),
        (json!("none"), AlgorithmNotAllowed),
        (json!("rs256"), AlgorithmNotAllowed),
        (json!("RS256 "), AlgorithmNotAllowed),
        (json!(256), Malformed),
        (json!(["RS256"]), Malformed),
        (Value::Null, Malformed),
    ] {
        let name = format!("well signed, said to be {alg}");
        let header = with(CLINIC_RSA.header(), json!({ "alg": alg }));
        rows.push((name, CLINIC_RSA.token_with(&header, &staff()), refusal));
    }
    rows
}

fn headers() -> Vec<Row> {
    let claims = staff().to_string();
    let intruder = Key::rsa("clinic-rsa");
    let twice = r#"{"alg":"HS256","alg":"RS256","kid":"clinic-rsa"}"#;
    let mut rows = vec![
        row("alg twice", CLINIC_RSA.sign_text(twice, &claims), Malformed),
        row("no JSON", CLINIC_RSA.sign_text("RS256", &claims), Malformed),
        row("a list", CLINIC_RSA.sign_text("[]", &claims), Malformed),
    ];
    for (key, changes, refusal) in [
        (&*CLINIC_RSA, json!({ "kid": null }), KeyIdMissing),
        (&*CLINIC_RSA, json!({ "kid": "" }), KeyIdMissing),
        (&*CLINIC_RSA, json!({ "kid": 7 }), Malformed),
        (&*CLINIC_RSA, json!({ "kid": "other" }), KeyUnknown),
        (&*CLINIC_RSA, json!({ "kid": "Clinic-RSA" }), KeyUnknown),
        (&*CLINIC_RSA, json!({ "kid": "../clinic-rsa" }), KeyUnknown),
        (&*CLINIC_RSA, json!({ "kid": "clinic-rsa\u{0}" }), KeyUnknown),
        (&*CLINIC_RSA, json!({ "crit": ["b64"], "b64": false }), CriticalExtension),
        (&*CLINIC_RSA, json!({ "crit": [] }), CriticalExtension),
        (&*CLINIC_RSA, json!({ "typ": "logout+jwt" }), TypeNotAllowed),
        (&*CLINIC_RSA, json!({ "typ": "dpop+jwt" }), TypeNotAllowed),
        (&*CLINIC_RSA, json!({ "typ": "" }), TypeNotAllowed),
        (&intruder, json!({ "jwk": intruder.jwk() }), SignatureWrong),
        (&intruder, json!({ "x5c": ["MIIB"] }), SignatureWrong),
    ] {
        let name = format!("header with {changes}");
        let header = with(key.header(), changes);
        rows.push((name, key.token_with(&header, &staff()), refusal));
    }
    rows
}

fn shapes() -> Vec<Row> {
    let good = CLINIC_RSA.token(&staff());
    let padded = URL_SAFE.encode("{\"alg\":\"RS256\" }");
    let no_claims = CLINIC_RSA.sign_text(&CLINIC_RSA.header().to_string(), "sub=1");
    vec![
        row("one part", "abc", Malformed),
        row("two parts", "abc.def", Malformed),
        row("four parts", format!("{good}.x"), Malformed),
        row("five parts, as if encrypted", "e30.e30.e30.e30.e30", Malformed),
        row("empty parts", "..", Malformed),
        row("two tokens", format!("{good}, Bearer {good}"), Malformed),
        row("a quoted token", format!("\"{good}\""), Malformed),
        row("a space inside", good.replacen('.', " .", 1), Malformed),
        row("a letter outside ASCII", format!("\u{e9}{good}"), Malformed),
        row("a padded header", replace(&good, 0, &padded), Malformed),
        row("claims are no JSON", no_claims, ClaimsMalformed),
    ]
}

fn signatures() -> Vec<Row> {
    let rsa = CLINIC_RSA.token(&staff());
    let ec = CLINIC_EC.token(&staff());
    let raw = |token: &str| {
        let (_, signature) = token.rsplit_once('.').unwrap();
        URL_SAFE_NO_PAD.decode(signature).unwrap()
    };
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let zeros = |length| encode(&vec![0; length]);
    let other_claims = encode(with(staff(), json!({ "sub": "staff-2" })).to_string().as_bytes());
    let other_header =
        encode(with(CLINIC_RSA.header(), json!({ "typ": null })).to_string().as_bytes());
    // The form that certificates use.
    let der = [&[0x30, 0x44, 2, 0x20], &raw(&ec)[..32], &[2, 0x20], &raw(&ec)[32..]].concat();
    let mut flipped = raw(&ec);
    flipped[40] ^= 1;
    vec![
        row("padded", replace(&rsa, 2, &URL_SAFE.encode(raw(&rsa))), SignatureWrong),
        row("not base64url", replace(&rsa, 2, "a+b/"), SignatureWrong),
        row("cut short", replace(&rsa, 2, &encode(&raw(&rsa)[..255])), SignatureWrong),
        row("made longer", format!("{rsa}AAAA"), SignatureWrong),
        row("RS256 of zeros", replace(&rsa, 2, &zeros(256)), SignatureWrong),
        row("ES256 of zeros", replace(&ec, 2, &zeros(64)), SignatureWrong),
        row("ES256 in DER form", replace(&ec, 2, &encode(&der)), SignatureWrong),
        row("ES256 with a bit flipped", replace(&ec, 2, &encode(&flipped)), SignatureWrong),
        row("of another token", replace(&ec, 2, &encode(&raw(&rsa))), SignatureWrong),
        row("other claims", replace(&rsa, 1, &other_claims), SignatureWrong),
        row("another header", replace(&rsa, 0, &other_header), SignatureWrong),
        row("another RSA key", Key::rsa("clinic-rsa").token(&staff()), SignatureWrong),
        row("another EC key", Key::ec("clinic-ec").token(&staff()), SignatureWrong),
    ]
}

fn issuers_and_audiences() -> Vec<Row> {
    let mut twice = staff().to_string();
    twice.insert_str(1, &format!("\"iss\":\"{PATIENT}\","));
    let header = CLINIC_RSA.header().to_string();
    let mut rows = changed(
        &CLINIC_RSA,
        &staff(),
        [
            (json!({ "iss": "https://other.example.test/" }), IssuerUnknown),
            (json!({ "iss": CLINIC.trim_end_matches('/') }), IssuerUnknown),
            (json!({ "iss": CLINIC.to_uppercase() }), IssuerUnknown),
            (json!({ "iss": "" }), IssuerUnknown),
            (json!({ "iss": null }), ClaimsMalformed),
            (json!({ "iss": [CLINIC, PATIENT] }), ClaimsMalformed),
            (json!({ "iss": PATIENT, "aud": "patient-audience" }), KeyUnknown),
            (json!({ "aud": "other" }), AudienceWrong),
            (json!({ "aud": "Clinic-Audience" }), AudienceWrong),
            (json!({ "aud": "patient-audience" }), AudienceWrong),
            (json!({ "aud": "clinic-audience patient-audience" }), AudienceWrong),
            (json!({ "aud": ["a", "b"] }), AudienceWrong),
            (json!({ "aud": [] }), AudienceWrong),
            (json!({ "aud": "" }), AudienceWrong),
            (json!({ "aud": null }), ClaimsMalformed),
            (json!({ "aud": 7 }), ClaimsMalformed),
            (json!({ "aud": { "clinic-audience": true } }), ClaimsMalformed),
        ],
    );
    rows.push(row("issuer twice", CLINIC_RSA.sign_text(&header, &twice), ClaimsMalformed));
    rows.push(row("the other issuer's key", PATIENT_RSA.token(&staff()), KeyUnknown));
    rows
}

fn times() -> Vec<Row> {
    changed(
        &CLINIC_EC,
        &staff(),
        [
            (json!({ "exp": START }), Expired),
            (json!({ "exp": START - 1 }), Expired),
            (json!({ "exp": 0 }), Expired),
            (json!({ "exp": -1 }), Expired),
            (json!({ "exp": null }), ClaimsMalformed),
            (json!({ "exp": "1999999999" }), ClaimsMalformed),
            (json!({ "exp": true }), ClaimsMalformed),
            (json!({ "exp": 1e300 }), ClaimsMalformed),
            (json!({ "exp": u64::MAX }), ClaimsMalformed),
            // In milliseconds, a common mistake, which would live for tens of thousands of years.
            (json!({ "exp": (START + 60) * 1000 }), ClaimsMalformed),
            (json!({ "nbf": START + 31 }), NotYetValid),
            (json!({ "nbf": "0" }), ClaimsMalformed),
            (json!({ "nbf": u64::MAX }), ClaimsMalformed),
        ],
    )
}

fn kinds() -> Vec<Row> {
    let clinic = changed(
        &CLINIC_EC,
        &staff(),
        [
            (json!({ "kind": null }), ClaimsMalformed),
            (json!({ "kind": ["staff"] }), ClaimsMalformed),
            (json!({ "kind": "" }), KindNotAllowed),
            (json!({ "kind": "admin" }), KindNotAllowed),
            (json!({ "kind": "Staff" }), KindNotAllowed),
            (json!({ "kind": "account" }), KindNotAllowed),
            (json!({ "kind": "portal", "patient_id": "p1" }), KindNotAllowed),
            (json!({ "sub": null }), IdMissing),
            (json!({ "clinic_id": null }), IdMissing),
            (json!({ "kind": "chart", "sub": null }), IdMissing),
            (json!({ "kind": "chart", "clinic_id": null }), IdMissing),
            (json!({ "kind": "operator", "sub": null }), IdMissing),
        ],
    );
    let patient = changed(
        &PATIENT_EC,
        &account(),
        [
            (json!({ "kind": "staff", "clinic_id": "c1" }), KindNotAllowed),
            (json!({ "kind": "chart", "clinic_id": "c1" }), KindNotAllowed),
            (json!({ "kind": "operator" }), KindNotAllowed),
            (json!({ "sub": null }), IdMissing),
            (json!({ "kind": "portal", "patient_id": "p1" }), IdMissing),
            (json!({ "kind": "portal", "clinic_id": "c1" }), IdMissing),
        ],
    );
    [clinic, patient].concat()
}

fn ids() -> Vec<Row> {
    let long = "a".repeat(65);
    let portal =
        with(account(), json!({ "kind": "portal", "clinic_id": "c1", "patient_id": "p1" }));
    let mut rows = changed(
        &CLINIC_EC,
        &staff(),
        [(json!({ "sub": 7 }), ClaimsMalformed), (json!({ "clinic_id": ["c1"] }), ClaimsMalformed)],
    );
    for id in [
        "", " ", "a#b", "a|b", "a/b", "a.b", "a b", "a\u{0}", "a\n", "\u{e9}", "auth0|1", "a@b",
        &long,
    ] {
        rows.extend(changed(
            &CLINIC_EC,
            &staff(),
            [
                (json!({ "sub": id }), IdMalformed),
                (json!({ "clinic_id": id }), IdMalformed),
                (json!({ "kind": "operator", "sub": id }), IdMalformed),
            ],
        ));
        rows.extend(changed(&PATIENT_EC, &account(), [(json!({ "sub": id }), IdMalformed)]));
        rows.extend(changed(
            &PATIENT_EC,
            &portal,
            [(json!({ "clinic_id": id }), IdMalformed), (json!({ "patient_id": id }), IdMalformed)],
        ));
    }
    rows
}
