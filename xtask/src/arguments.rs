//! What the person typed after the command's name.

use std::ffi::OsString;

use lexopt::{Arg, Parser, ValueExt as _};

use crate::aws::Target;
use crate::deploy::Parameters;
use crate::failure::{Failure, Result};

/// The options. Each command takes those that its usage names.
#[derive(Debug)]
pub struct Arguments {
    /// Where to deploy to: `--endpoint`, `--port`.
    pub target: Target,
    /// The template's parameters that differ from the usual: `--set NAME=VALUE`.
    pub parameters: Parameters,
    /// Whether to look up the advisory database: `--advisories`.
    pub advisories: bool,
}

/// The options that deploy.
pub const DEPLOYING: &[&str] = &["endpoint", "port", "set"];

/// The option of `audit`.
pub const AUDITING: &[&str] = &["advisories"];

impl Arguments {
    /// Reads the options, of which `allowed` ones are taken.
    pub fn read(words: impl IntoIterator<Item = OsString>, allowed: &[&str]) -> Result<Self> {
        parse(Parser::from_args(words), allowed).map_err(|error| Failure::new(format!("{error}.")))
    }
}

fn parse(mut words: Parser, allowed: &[&str]) -> std::result::Result<Arguments, lexopt::Error> {
    let mut endpoint: Option<String> = None;
    let mut port = None;
    let mut parameters = Parameters::new();
    let mut advisories = false;
    while let Some(word) = words.next()? {
        match word {
            Arg::Long(name) if !allowed.contains(&name) => return Err(word.unexpected()),
            Arg::Long("endpoint") => endpoint = Some(words.value()?.string()?),
            Arg::Long("port") => port = Some(words.value()?.parse::<u16>()?),
            Arg::Long("set") => {
                let given = words.value()?.string()?;
                match given.split_once('=') {
                    Some((name, value)) if !name.is_empty() => {
                        parameters.insert(name.to_owned(), value.to_owned());
                    }
                    _ => return Err(format!("--set takes NAME=VALUE, and not {given:?}").into()),
                }
            }
            Arg::Long("advisories") => advisories = true,
            _ => return Err(word.unexpected()),
        }
    }
    let target = Target::read(endpoint.as_deref(), port).map_err(|failure| failure.to_string())?;
    Ok(Arguments { target, parameters, advisories })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn read(words: &[&str], allowed: &[&str]) -> std::result::Result<Arguments, String> {
        Arguments::read(words.iter().map(OsString::from), allowed)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn options_are_read() {
        let words = ["--endpoint", "aws", "--set", "Stage=prod", "--set=LinkDomain=a=b"];
        let arguments = read(&words, DEPLOYING).unwrap();
        assert_eq!(arguments.target, Target::Amazon);
        let given: Vec<_> = arguments.parameters.into_iter().collect();
        assert_eq!(given, [("LinkDomain".into(), "a=b".into()), ("Stage".into(), "prod".into())]);
        assert!(read(&["--advisories"], AUDITING).unwrap().advisories);
    }

    #[test]
    fn what_a_command_does_not_take_is_refused() {
        for (words, allowed) in [
            (vec!["--advisories"], DEPLOYING),
            (vec!["--endpoint", "aws"], AUDITING),
            (vec!["--port", "70000"], DEPLOYING),
            (vec!["--port"], DEPLOYING),
            (vec!["--set", "Stage"], DEPLOYING),
            (vec!["--endpoint", "ftp://x"], DEPLOYING),
            (vec!["-e"], DEPLOYING),
            (vec!["word"], &[]),
        ] {
            assert!(read(&words, allowed).is_err(), "{words:?}");
        }
    }
}
