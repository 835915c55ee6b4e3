//! Keys, tokens, an issuer's web server, and an authorizer that knows them.

use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::config::{Config, IssuerConfig};
use crate::fetch::Fetcher;
use crate::handler::{Allowed, Authorizer};
use crate::refusal::Failure;

pub(super) const CLINIC: &str = "https://clinic.example.test/";
pub(super) const PATIENT: &str = "https://patient.example.test/";

/// 2026-11-25T00:00:00Z, when every test begins.
pub(super) const START: i64 = 1_795_564_800;

/// The instant `seconds` after the beginning.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

/// A signing key and the id it is published under.
pub(super) struct Key {
    pub(super) id: &'static str,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

/// Made once: an RSA key takes a moment.
pub(super) static CLINIC_RSA: LazyLock<Key> = LazyLock::new(|| Key::rsa("clinic-rsa"));
pub(super) static CLINIC_EC: LazyLock<Key> = LazyLock::new(|| Key::ec("clinic-ec"));
pub(super) static PATIENT_RSA: LazyLock<Key> = LazyLock::new(|| Key::rsa("patient-rsa"));
pub(super) static PATIENT_EC: LazyLock<Key> = LazyLock::new(|| Key::ec("patient-ec"));

impl Key {
    pub(super) fn rsa(id: &'static str) -> Self {
        Self { id, pair: Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()) }
    }

    pub(super) fn ec(id: &'static str) -> Self {
        Self {
            id,
            pair: Pair::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()),
        }
    }

    pub(super) fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
        }
    }

    pub(super) fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.pair {
            Pair::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({
                    "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id,
                    "n": encode(&public.n), "e": encode(&public.e),
                })
            }
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
                    "x": encode(&point[1..33]), "y": encode(&point[33..]),
                })
            }
        }
    }

    /// The public key in PEM form, as an application would have it in a file.
    pub(super) fn public_pem(&self) -> String {
        let Pair::Rsa(pair) = &self.pair else { panic!("only RSA keys are used this way") };
        let der: PublicKeyX509Der = pair.public_key().as_der().unwrap();
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    pub(super) fn signature(&self, message: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .unwrap();
                signature
            }
            Pair::Ec(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
        }
    }

    pub(super) fn header(&self) -> Value {
        json!({ "typ": "JWT", "alg": self.algorithm(), "kid": self.id })
    }

    /// A token with this key's own header.
    pub(super) fn token(&self, claims: &Value) -> String {
        self.token_with(&self.header(), claims)
    }

    /// A token with any header.
    pub(super) fn token_with(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// A token with any text in place of its JSON.
    pub(super) fn sign_text(&self, header: &str, claims: &str) -> String {
        let message = message(header, claims);
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(self.signature(message.as_bytes())))
    }
}

/// What is signed: the two encoded parts.
pub(super) fn message(header: &str, claims: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

/// The claims of a good token of the clinic's issuer.
pub(super) fn staff() -> Value {
    json!({
        "iss": CLINIC, "aud": "clinic-audience", "exp": START + 3600, "nbf": START - 10, "iat": START - 10,
        "sub": "staff-1", "kind": "staff", "clinic_id": "c1",
    })
}

/// The claims of a good token of the patients' issuer.
pub(super) fn account() -> Value {
    json!({
        "iss": PATIENT, "aud": "patient-audience", "exp": START + 3600, "nbf": START - 10, "iat": START - 10,
        "sub": "account-1", "kind": "account",
    })
}

/// The same with these members changed; `null` removes one.
pub(super) fn with(mut value: Value, changes: Value) -> Value {
    if let (Value::Object(members), Value::Object(changes)) = (&mut value, changes) {
        members.extend(changes);
        members.retain(|_, value| !value.is_null());
    }
    value
}

/// What an issuer's server does with the next requests.
#[derive(Clone)]
pub(super) enum Behaviour {
    /// Answers with this status and body.
    Answer(u16, String),
    /// Closes the connection.
    HangUp,
    /// Says nothing.
    Silence,
}

/// An issuer's web server on the loopback interface.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) url: String,
    state: Arc<Mutex<(Behaviour, usize)>>,
}

impl Server {
    pub(super) async fn start(keys: &[&Key]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            url: format!("http://{}/jwks.json", listener.local_addr().unwrap()),
            state: Arc::new(Mutex::new((document(keys), 0))),
        };
        let state = server.state.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let behaviour = {
                    let mut state = state.lock().unwrap();
                    state.1 += 1;
                    state.0.clone()
                };
                tokio::spawn(async move {
                    let mut buffer = [0; 2048];
                    let _ = stream.read(&mut buffer).await;
                    match behaviour {
                        Behaviour::Answer(status, body) => {
                            let head = format!(
                                "HTTP/1.1 {status} X\r\nlocation: /other\r\ncontent-length: {}\r\n\r\n",
                                body.len()
                            );
                            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
                        }
                        Behaviour::HangUp => {}
                        Behaviour::Silence => std::future::pending().await,
                    }
                });
            }
        });
        server
    }

    pub(super) fn publish(&self, keys: &[&Key]) {
        self.behave(document(keys));
    }

    pub(super) fn behave(&self, behaviour: Behaviour) {
        self.state.lock().unwrap().0 = behaviour;
    }

    /// How often it was asked.
    pub(super) fn hits(&self) -> usize {
        self.state.lock().unwrap().1
    }
}

fn document(keys: &[&Key]) -> Behaviour {
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    Behaviour::Answer(200, json!({ "keys": keys }).to_string())
}

/// Two issuers, each with its server and two keys, and the authorizer.
pub(super) struct World {
    pub(super) clinic: Server,
    pub(super) patient: Server,
    pub(super) authorizer: Authorizer,
}

impl World {
    /// The world after init.
    pub(super) async fn start() -> Self {
        let world = Self::before_init().await;
        world.authorizer.prefetch(at(0)).await;
        world
    }

    pub(super) async fn before_init() -> Self {
        let clinic = Server::start(&[&CLINIC_RSA, &CLINIC_EC]).await;
        let patient = Server::start(&[&PATIENT_RSA, &PATIENT_EC]).await;
        let issuer = |issuer: &str, audience: &str, server: &Server| IssuerConfig {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            jwks_url: server.url.parse().unwrap(),
        };
        let config = Config {
            is_local: true,
            clinic: issuer(CLINIC, "clinic-audience", &clinic),
            patient: issuer(PATIENT, "patient-audience", &patient),
        };
        let authorizer = Authorizer::new(&config, &Fetcher::new(true).unwrap());
        Self { clinic, patient, authorizer }
    }

    /// What the authorizer says of a token, `seconds` after the beginning.
    pub(super) async fn ask(&self, token: &str, seconds: i64) -> Result<Allowed, Failure> {
        self.authorizer.authorize(&event(token), at(seconds)).await
    }
}

/// The sample event with this token.
pub(super) fn event(token: &str) -> Value {
    let sample = include_str!("../../../../events/authorize/request.json");
    let mut event: Value = serde_json::from_str(sample).unwrap();
    event["headers"]["Authorization"] = json!(format!("Bearer {token}"));
    event["multiValueHeaders"]["Authorization"] = json!([format!("Bearer {token}")]);
    event
}
