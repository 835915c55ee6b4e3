//! The use case: from an Authorization header to who is calling.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tracing::{error, info};

use crate::cache::KeyCache;
use crate::claims::{Caller, Side};
use crate::config::{Config, IssuerConfig};
use crate::event;
use crate::fetch::Fetcher;
use crate::refusal::{Failure, Refusal};
use crate::token::UnverifiedToken;

/// The authorizer: two issuers and their keys.
pub(crate) struct Authorizer {
    clinic: Issuer,
    patient: Issuer,
}

struct Issuer {
    side: Side,
    config: IssuerConfig,
    keys: KeyCache,
}

/// The answer that lets a caller in, in API Gateway's form.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Allowed {
    principal_id: String,
    policy_document: Policy,
    context: Context,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: &'static str,
    action: &'static str,
    resource: String,
}

/// What the functions get to know, all strings: API Gateway makes strings of other scalars and refuses
/// anything else. Roles and links are not here; they are read on every call.
#[derive(Debug, Serialize)]
struct Context {
    kind: &'static str,
    id: String,
    clinic: String,
    patient: String,
    expires: String,
}

impl Authorizer {
    /// An authorizer for the two issuers of this configuration.
    pub(crate) fn new(config: &Config, fetcher: &Fetcher) -> Self {
        let issuer = |side, name, config: &IssuerConfig| Issuer {
            side,
            config: config.clone(),
            keys: KeyCache::new(name, config.jwks_url.clone(), fetcher.clone()),
        };
        Self {
            clinic: issuer(Side::Clinic, "clinic", &config.clinic),
            patient: issuer(Side::Patient, "patient", &config.patient),
        }
    }

    /// Fetches both issuers' keys at once, during init, when the processor is not yet throttled.
    pub(crate) async fn prefetch(&self, now: Timestamp) {
        tokio::join!(self.clinic.keys.prefetch(now), self.patient.keys.prefetch(now));
    }

    /// Answers one authorizer event. A refusal is logged by its code and nothing else.
    pub(crate) async fn authorize(
        &self,
        event: &Value,
        now: Timestamp,
    ) -> Result<Allowed, Failure> {
        let answer = self.decide(event, now).await;
        match &answer {
            Ok(_) => {}
            Err(Failure::Refused(refusal)) => info!(reason = refusal.code(), "refused a caller"),
            Err(failure) => error!(reason = failure.message(), "could not decide on a caller"),
        }
        answer
    }

    async fn decide(&self, event: &Value, now: Timestamp) -> Result<Allowed, Failure> {
        let resource = event::whole_stage(event)?;
        let token = UnverifiedToken::parse(event::bearer_token(event)?)?;
        let issuer = [&self.clinic, &self.patient]
            .into_iter()
            .find(|issuer| issuer.config.issuer == token.issuer)
            .ok_or(Refusal::IssuerUnknown)?;
        let key = issuer.keys.key(&token.key_id, token.algorithm, now).await?;
        let payload = token.verify(&key)?;
        let caller = Caller::read(&payload, issuer.side, &issuer.config, now)?;
        Ok(Allowed::new(caller, resource))
    }
}

impl Allowed {
    fn new(caller: Caller, resource: String) -> Self {
        let kind = caller.kind.name();
        let clinic = caller.clinic.unwrap_or_default();
        Self {
            principal_id: format!("{kind}|{clinic}|{}", caller.id),
            policy_document: Policy {
                // The policy language's version, not a date of ours.
                version: "2012-10-17",
                statement: [Statement { effect: "Allow", action: "execute-api:Invoke", resource }],
            },
            context: Context {
                kind,
                id: caller.id,
                clinic,
                patient: caller.patient.unwrap_or_default(),
                expires: caller.expires.as_second().to_string(),
            },
        }
    }
}
