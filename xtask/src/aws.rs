//! AWS, or what plays it, through the AWS command line of the Python environment.

use std::process::Command;

use serde_json::Value;

use crate::failure::{Doing as _, Failure, Result};
use crate::python::Venv;
use crate::server::{REGION, ROOT_KEY};
use crate::{environment, process};

/// Where to deploy to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The local stack, which is started if need be, on this port if one is given.
    Local {
        /// The port.
        port: Option<u16>,
    },
    /// A LocalStack-compatible endpoint that is already there.
    Endpoint(String),
    /// Amazon's own, with the account, credentials and region of the environment.
    Amazon,
}

impl Target {
    /// Reads the values of `--endpoint` and `--port`.
    pub fn read(endpoint: Option<&str>, port: Option<u16>) -> Result<Self> {
        match endpoint {
            None => Ok(Self::Local { port }),
            Some(_) if port.is_some() => {
                Err(Failure::new("--port is the local stack's; it does not go with --endpoint."))
            }
            Some("aws") => Ok(Self::Amazon),
            Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
                Ok(Self::Endpoint(url.trim_end_matches('/').to_owned()))
            }
            Some(other) => Err(Failure::new(format!(
                "--endpoint takes a URL such as http://127.0.0.1:4566, or `aws`, and not {other:?}."
            ))),
        }
    }
}

/// The AWS command line, pointed at one place.
#[derive(Clone, Debug)]
pub struct Aws {
    venv: Venv,
    /// The endpoint; none for Amazon's own.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// The access key and its secret; none to leave them to the environment.
    pub credentials: Option<(String, String)>,
}

impl Aws {
    /// The local stack at `endpoint`, as its root user.
    pub fn local(venv: Venv, endpoint: String) -> Self {
        Self {
            venv,
            endpoint: Some(endpoint),
            region: REGION.to_owned(),
            credentials: Some((ROOT_KEY.to_owned(), ROOT_KEY.to_owned())),
        }
    }

    /// Another endpoint. Without credentials in the environment it is called as `test`, as `LocalStack` is.
    pub fn endpoint(venv: Venv, endpoint: String) -> Self {
        let key = environment::text("AWS_ACCESS_KEY_ID");
        let secret = environment::text("AWS_SECRET_ACCESS_KEY");
        let test = || "test".to_owned();
        Self {
            venv,
            endpoint: Some(endpoint),
            region: region().unwrap_or_else(|| REGION.to_owned()),
            credentials: Some((key.unwrap_or_else(test), secret.unwrap_or_else(test))),
        }
    }

    /// Amazon's own.
    pub fn amazon(venv: Venv) -> Result<Self> {
        let region = region().ok_or_else(|| {
            Failure::new("Name the AWS region in the variable AWS_REGION, such as ca-central-1.")
        })?;
        Ok(Self { venv, endpoint: None, region, credentials: None })
    }

    /// Calls an operation and reads its answer; `null` when there is none.
    pub fn call<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Result<Value> {
        let mut command = self.command();
        command.args(words).args(["--output", "json"]);
        let answer = process::output(&mut command)?;
        if answer.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&answer).doing("reading the answer of the AWS command line")
    }

    /// The command line, about to be given an operation.
    pub fn command(&self) -> Command {
        let mut command = self.venv.script("aws");
        command
            .env("AWS_PAGER", "")
            .env("AWS_DEFAULT_REGION", &self.region)
            .env("AWS_REGION", &self.region);
        if let Some(endpoint) = &self.endpoint {
            command.env("AWS_ENDPOINT_URL", endpoint);
            // A profile of the person's own names another place and other credentials.
            command.env("AWS_CONFIG_FILE", "/dev/null");
            command.env("AWS_EC2_METADATA_DISABLED", "true");
            for variable in [
                "AWS_PROFILE",
                "AWS_SESSION_TOKEN",
                "HTTP_PROXY",
                "http_proxy",
                "ALL_PROXY",
                "all_proxy",
            ] {
                command.env_remove(variable);
            }
        }
        if let Some((key, secret)) = &self.credentials {
            command.env("AWS_ACCESS_KEY_ID", key);
            command.env("AWS_SECRET_ACCESS_KEY", secret);
        }
        command
    }
}

fn region() -> Option<String> {
    environment::text("AWS_REGION").or_else(|| environment::text("AWS_DEFAULT_REGION"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_target_is_the_local_stack_an_url_or_aws() {
        assert_eq!(Target::read(None, Some(4566)).unwrap(), Target::Local { port: Some(4566) });
        assert_eq!(Target::read(Some("aws"), None).unwrap(), Target::Amazon);
        assert_eq!(
            Target::read(Some("http://127.0.0.1:4566/"), None).unwrap(),
            Target::Endpoint("http://127.0.0.1:4566".into())
        );
        for bad in ["127.0.0.1:4566", "AWS", ""] {
            assert!(Target::read(Some(bad), None).is_err(), "{bad}");
        }
        assert!(Target::read(Some("aws"), Some(1)).is_err());
    }
}
