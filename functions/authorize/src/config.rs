//! What the function is told by its environment.

use http::Uri;

/// The host of the development issuer, whose key is in a file on a developer's machine.
const DEVELOPMENT_ISSUER: &str = "dev-issuer.patient-messaging.invalid";

/// The stage that may use the development issuer and plain HTTP.
const LOCAL_STAGE: &str = "local";

/// The two issuers whose tokens are accepted.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Whether this is the stage on a developer's machine.
    pub(crate) is_local: bool,
    /// The clinics' identity provider.
    pub(crate) clinic: IssuerConfig,
    /// The patients' identity provider.
    pub(crate) patient: IssuerConfig,
}

/// One issuer.
#[derive(Clone, Debug)]
pub(crate) struct IssuerConfig {
    /// Its id, compared with `iss` byte for byte (RFC 7519, 4.1.1).
    pub(crate) issuer: String,
    /// The audience that its tokens must name.
    pub(crate) audience: String,
    /// Where its keys are published.
    pub(crate) jwks_url: Uri,
}

/// Why the function cannot start. Names the variable, never its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A variable is absent or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// A JWKS address that is no URL, or not https outside the local stage.
    #[error("{0} must be an https URL (http is for STAGE=local only)")]
    JwksUrl(&'static str),
    /// The development issuer outside the local stage.
    #[error("{0} names the development issuer, which is for STAGE=local only")]
    DevelopmentIssuer(&'static str),
    /// One issuer for both sides: a patient's token could not be told from a clinic's.
    #[error("CLINIC_ISSUER and PATIENT_ISSUER must differ")]
    SameIssuer,
}

impl Config {
    /// Reads and checks the variables that `lookup` finds.
    pub(crate) fn read(
        lookup: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let required =
            |name| lookup(name).filter(|value| !value.is_empty()).ok_or(ConfigError::Missing(name));
        let is_local = required("STAGE")? == LOCAL_STAGE;
        let issuer = |issuer_name, audience_name, url_name| {
            let config = IssuerConfig {
                issuer: required(issuer_name)?,
                audience: required(audience_name)?,
                jwks_url: required(url_name)?
                    .parse()
                    .map_err(|_| ConfigError::JwksUrl(url_name))?,
            };
            let scheme = config.jwks_url.scheme_str();
            if config.jwks_url.host().is_none()
                || !(scheme == Some("https") || is_local && scheme == Some("http"))
            {
                return Err(ConfigError::JwksUrl(url_name));
            }
            if !is_local && config.issuer.to_ascii_lowercase().contains(DEVELOPMENT_ISSUER) {
                return Err(ConfigError::DevelopmentIssuer(issuer_name));
            }
            Ok(config)
        };
        let config = Self {
            is_local,
            clinic: issuer("CLINIC_ISSUER", "CLINIC_AUDIENCE", "CLINIC_JWKS_URL")?,
            patient: issuer("PATIENT_ISSUER", "PATIENT_AUDIENCE", "PATIENT_JWKS_URL")?,
        };
        if config.clinic.issuer == config.patient.issuer {
            return Err(ConfigError::SameIssuer);
        }
        Ok(config)
    }
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

    use system_tests::issuer::{CLINIC_ISSUER, PATIENT_ISSUER};

    use super::*;

    fn read(changes: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
        let good = [
            ("STAGE", "production"),
            ("CLINIC_ISSUER", "https://clinic.example.test/"),
            ("CLINIC_AUDIENCE", "clinic-audience"),
            ("CLINIC_JWKS_URL", "https://clinic.example.test/jwks.json"),
            ("PATIENT_ISSUER", "https://patient.example.test/"),
            ("PATIENT_AUDIENCE", "patient-audience"),
            ("PATIENT_JWKS_URL", "https://patient.example.test/jwks.json"),
        ];
        Config::read(|name| {
            changes
                .iter()
                .chain(&good)
                .find(|(variable, _)| *variable == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_complete_environment_is_read() {
        let config = read(&[]).unwrap();
        assert!(!config.is_local);
        assert_eq!(config.clinic.issuer, "https://clinic.example.test/");
        assert_eq!(config.clinic.audience, "clinic-audience");
        assert_eq!(config.patient.jwks_url, "https://patient.example.test/jwks.json");
    }

    #[test]
    fn every_variable_is_required() {
        for name in [
            "STAGE",
            "CLINIC_ISSUER",
            "CLINIC_AUDIENCE",
            "CLINIC_JWKS_URL",
            "PATIENT_ISSUER",
            "PATIENT_AUDIENCE",
            "PATIENT_JWKS_URL",
        ] {
            assert_eq!(read(&[(name, "")]).unwrap_err(), ConfigError::Missing(name));
        }
        assert_eq!(Config::read(|_| None).unwrap_err(), ConfigError::Missing("STAGE"));
    }

    #[test]
    fn the_development_issuer_is_for_the_local_stage_only() {
        for (name, value) in [
            ("CLINIC_ISSUER", CLINIC_ISSUER),
            ("PATIENT_ISSUER", PATIENT_ISSUER),
            ("PATIENT_ISSUER", "https://DEV-issuer.patient-messaging.invalid/patient/"),
        ] {
            assert!(read(&[(name, value), ("STAGE", "local")]).unwrap().is_local);
            for stage in ["production", "Local", "local ", "dev"] {
                let error = read(&[(name, value), ("STAGE", stage)]).unwrap_err();
                assert_eq!(error, ConfigError::DevelopmentIssuer(name), "{stage}");
                assert!(!error.to_string().contains("invalid"), "the value is not in the error");
            }
        }
    }

    #[test]
    fn keys_come_over_https_outside_the_local_stage() {
        for url in [
            "http://clinic.example.test/jwks",
            "ftp://clinic.example.test/",
            "/jwks.json",
            "clinic",
            "https://",
        ] {
            assert_eq!(
                read(&[("CLINIC_JWKS_URL", url)]).unwrap_err(),
                ConfigError::JwksUrl("CLINIC_JWKS_URL"),
                "{url}"
            );
        }
        let local = |url| read(&[("STAGE", "local"), ("CLINIC_JWKS_URL", url)]);
        assert!(local("http://127.0.0.1:4566/bucket/jwks.json").is_ok());
        assert!(local("ftp://127.0.0.1/").is_err());
    }

    #[test]
    fn one_issuer_for_both_sides_is_refused() {
        assert_eq!(
            read(&[("PATIENT_ISSUER", "https://clinic.example.test/")]).unwrap_err(),
            ConfigError::SameIssuer
        );
    }
}
