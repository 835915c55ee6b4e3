//! Markup that other people collected to get scripts through sanitisers, through this one.
//!
//! `cargo xtask test` fetches it, runs this, and has what comes out judged by another parser and by a
//! browser: see the scripts beside this file.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it counted"
)]

use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use domain::rich_text::{Body, BodyProblem, MAX_REMOVED};
use serde_json::json;

/// Fewer payloads than the collections have mean that they were not read.
const AT_LEAST: usize = 4_000;

/// Where a payload can stand in a message.
const PLACES: [fn(&str) -> String; 16] = [
    str::to_owned,
    escaped,
    |payload| format!("<p>{payload}</p>"),
    |payload| format!("<ul><li>{payload}</li></ul>"),
    |payload| format!("<table><tr><td>{payload}</td></tr></table>"),
    |payload| format!("<table>{payload}</table>"),
    |payload| format!("<svg>{payload}</svg>"),
    |payload| format!("<math><mtext>{payload}</mtext></math>"),
    |payload| format!("<noscript>{payload}</noscript>"),
    |payload| format!("<b><textarea>{payload}</textarea>"),
    |payload| format!("<a href=\"{payload}\">x</a>"),
    |payload| format!("<a href='{payload}'>x</a>"),
    |payload| format!("<a href=\"{}\">x</a>", escaped(payload)),
    |payload| format!("<p style=\"{payload}\">x</p>"),
    |payload| format!("<p style=\"text-align: center; {}\">x</p>", escaped(payload)),
    |payload| format!("<td colspan=\"{payload}\" align={payload}>x</td>"),
];

fn escaped(payload: &str) -> String {
    payload.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/payloads")
}

/// What `payload` becomes in each place, with what it was made of. What shows nothing is left out.
fn outputs(payload: &str) -> Vec<(String, String)> {
    let mut outputs = Vec::new();
    for place in PLACES {
        let raw = place(payload);
        match Body::clean(&raw) {
            Ok(cleaned) => {
                assert!(cleaned.removed.len() <= MAX_REMOVED + 1, "{raw}");
                let html = cleaned.body.html().to_owned();
                let again = Body::clean(&html).unwrap();
                assert_eq!(again.body, cleaned.body, "{raw}: sanitising again changes nothing");
                assert_eq!(again.removed, [], "{raw}: and removes nothing");
                outputs.push((html, raw));
            }
            Err(problem) => assert_eq!(problem, BodyProblem::Empty, "{raw}"),
        }
    }
    outputs
}

#[test]
#[ignore = "needs target/payloads/payloads.json: `cargo xtask test` makes it"]
fn sanitise_every_payload() {
    let file = File::open(folder().join("payloads.json")).unwrap();
    let payloads: Vec<String> = serde_json::from_reader(file).unwrap();
    assert!(payloads.len() >= AT_LEAST, "{} payloads", payloads.len());

    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let outputs: Vec<(String, String)> = thread::scope(|scope| {
        let parts: Vec<_> = payloads
            .chunks(payloads.len().div_ceil(threads))
            .map(|part| scope.spawn(|| part.iter().flat_map(|p| outputs(p)).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    let sanitised = payloads.len() * PLACES.len();
    let shown = outputs.len();
    let mut different = HashMap::new();
    for (html, raw) in outputs {
        different.entry(html).or_insert(raw);
    }
    assert!(different.len() >= AT_LEAST, "{} outputs", different.len());
    println!(
        "{} payloads in {} places: {sanitised} bodies, {shown} show something, {} differ",
        payloads.len(),
        PLACES.len(),
        different.len(),
    );
    let mut list: Vec<_> =
        different.iter().map(|(html, raw)| json!({ "html": html, "raw": raw })).collect();
    list.sort_by_key(ToString::to_string);
    let file = File::create(folder().join("outputs.json")).unwrap();
    serde_json::to_writer(BufWriter::new(file), &list).unwrap();
}
