//! How soon each function is ready, and what memory it has then.

use std::time::Duration;

use super::function::{Running, Surroundings};
use super::http::{self, Message};
use crate::failure::{Doing as _, Failure, Result};
use crate::package::{Function, Package};

/// So often each function is started.
pub const RUNS: usize = 20;

/// A function that has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// The median time from the start of its process until it asks for its first event.
    pub median: Duration,
    /// Its resident memory then, in bytes: the median as well.
    pub resident: usize,
}

/// Starts each function [`RUNS`] times, and once before to have the binary in the page cache. What it
/// calls while it starts is answered at once, over plain HTTP: the handshakes of TLS and the network are
/// not in the time.
pub fn measure(package: &Package) -> Result<Vec<Started>> {
    let aws = http::serve(|request| Some(play_aws(request)))?;
    let surroundings = Surroundings {
        endpoint: format!("http://{aws}"),
        jwks_url: format!("http://{aws}/jwks.json"),
        table: "main".to_owned(),
        audit_table: "audit".to_owned(),
        address_key: "address".to_owned(),
    };
    package.functions.iter().map(|function| start(function, &surroundings)).collect()
}

fn start(function: &Function, surroundings: &Surroundings) -> Result<Started> {
    start_once(function, surroundings)?;
    let mut times = Vec::new();
    let mut sizes = Vec::new();
    for _ in 0..RUNS {
        let (time, size) = start_once(function, surroundings)?;
        times.push(time);
        sizes.push(size);
    }
    let none = || Failure::new("Nothing was measured.");
    Ok(Started {
        median: median(times).ok_or_else(none)?,
        resident: median(sizes).ok_or_else(none)?,
    })
}

fn start_once(function: &Function, surroundings: &Surroundings) -> Result<(Duration, usize)> {
    let mut running = Running::start(function, surroundings)?;
    let time = running.ready()?;
    let size = running.resident().doing(format_args!("measuring {}", function.name))?;
    Ok((time, size))
}

/// `DynamoDB` with nothing in it, KMS with a MAC of 32 bytes, and an issuer without keys.
fn play_aws(request: &Message) -> Vec<u8> {
    if request.second_word().ends_with("/jwks.json") {
        return http::answer("200 OK", &[("Content-Type", "application/json")], br#"{"keys":[]}"#);
    }
    let mac = "A".repeat(43);
    let answer = format!(r#"{{"Responses":{{}},"UnprocessedKeys":{{}},"Mac":"{mac}="}}"#);
    http::answer("200 OK", &[("Content-Type", "application/x-amz-json-1.0")], answer.as_bytes())
}

/// The upper median.
fn median<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![9, 1, 5]), Some(5));
        assert_eq!(median(vec![4, 1, 3, 2]), Some(3));
        assert_eq!(median(Vec::<u8>::new()), None);
    }
}
