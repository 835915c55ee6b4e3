//! Structured logs that hold no payloads.

use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use crate::environment::{optional, process};

/// The crates whose events follow `LOG_LEVEL`: this workspace's functions and the crates they share.
///
/// It is a list of what may speak, not of what must be silent: a dependency that is added later is
/// capped without anybody thinking of it. A test compares the list with the folders.
const OWN_CRATES: [&str; 23] = [
    "access_report",
    "address_key",
    "attachments",
    "authorize",
    "auto_reply",
    "change_conversation",
    "clinic_settings",
    "delivery",
    "delivery_feedback",
    "directory",
    "domain",
    "edge",
    "files",
    "inspect_attachment",
    "inspection",
    "launch",
    "notify",
    "platform",
    "read_conversations",
    "reply",
    "send_message",
    "store",
    "worker",
];

/// Starts logging for a function: one JSON object a line, on standard output, as Lambda collects it.
///
/// `LOG_LEVEL` (`error`, `warn`, `info`, `debug`, `trace`; `info` if unset or anything else) is for
/// this workspace's own crates. Every other crate is capped at `warn`: at `debug` and `trace` the SDK,
/// the HTTP client and the Lambda runtime write whole requests and events, with names, addresses and
/// message texts in them. A panic is logged by its place alone, since its text can quote the data
/// that it failed on. Each line carries the request id, from the Lambda runtime's span.
///
/// Calling it again changes nothing.
pub fn init_logging() {
    let wanted = optional(&process, "LOG_LEVEL");
    let level = wanted.as_deref().and_then(parse_level);
    let subscriber = subscriber(level.unwrap_or(LevelFilter::INFO), std::io::stdout);
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        return;
    }
    std::panic::set_hook(Box::new(log_panic));
    if wanted.is_some() && level.is_none() {
        tracing::warn!("LOG_LEVEL names no level; logging at info");
    }
}

fn parse_level(name: &str) -> Option<LevelFilter> {
    match name.trim().to_ascii_lowercase().as_str() {
        "error" => Some(LevelFilter::ERROR),
        "warn" => Some(LevelFilter::WARN),
        "info" => Some(LevelFilter::INFO),
        "debug" => Some(LevelFilter::DEBUG),
        "trace" => Some(LevelFilter::TRACE),
        _ => None,
    }
}

fn targets(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(OWN_CRATES.map(|name| (name, level)))
        // Its span holds the request id, and it logs nothing itself.
        .with_target("lambda_runtime::layers::trace", LevelFilter::INFO)
        // When an event cannot be parsed, this one logs serde's error, which can repeat the value
        // that it refused. The failure itself is reported to Lambda all the same.
        .with_target("lambda_runtime::layers::api_response", LevelFilter::OFF)
}

fn subscriber<W>(level: LevelFilter, writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(true)
        .with_writer(writer);
    tracing_subscriber::registry().with(targets(level)).with(lines)
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let (file, line) =
        panic.location().map_or(("unknown", 0), |place| (place.file(), place.line()));
    tracing::error!(file, line, "panicked");
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use std::io::Write;
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: LevelFilter, act: impl FnOnce()) -> Vec<serde_json::Value> {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        tracing::subscriber::with_default(subscriber(level, move || writer.clone()), act);
        let bytes = buffer.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn a_line_is_one_json_object_with_message_level_and_request_id() {
        let lines = logged(LevelFilter::INFO, || {
            let span = tracing::info_span!(
                target: "lambda_runtime::layers::trace",
                "Lambda runtime invoke",
                requestId = "r-1"
            );
            span.in_scope(|| tracing::info!(target: "send_message", recipients = 2, "stored"));
        });
        let [line] = lines.as_slice() else { panic!("one line: {lines:?}") };
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "stored");
        assert_eq!(line["recipients"], 2);
        assert_eq!(line["target"], "send_message");
        assert_eq!(line["spans"][0]["requestId"], "r-1");
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn own_crates_follow_the_level_and_all_others_stop_at_warn() {
        let everything = || {
            for_each_level("notify");
            for_each_level("aws_smithy_runtime::client::orchestrator");
            for_each_level("hyper_util::client");
            for_each_level("lambda_runtime::runtime");
            for_each_level("lambda_runtime::layers::api_response");
            for_each_level("some_future_dependency");
        };
        let foreign_capped = [
            "ERROR aws_smithy_runtime::client::orchestrator",
            "WARN aws_smithy_runtime::client::orchestrator",
            "ERROR hyper_util::client",
            "WARN hyper_util::client",
            "ERROR lambda_runtime::runtime",
            "WARN lambda_runtime::runtime",
            "ERROR some_future_dependency",
            "WARN some_future_dependency",
        ];
        let heard = |level| -> Vec<String> {
            logged(level, everything)
                .iter()
                .map(|line| {
                    format!(
                        "{} {}",
                        line["level"].as_str().unwrap(),
                        line["target"].as_str().unwrap()
                    )
                })
                .collect()
        };

        let own = ["ERROR notify", "WARN notify", "INFO notify", "DEBUG notify", "TRACE notify"];
        assert_eq!(heard(LevelFilter::TRACE), [&own[..], &foreign_capped].concat());
        assert_eq!(heard(LevelFilter::INFO), [&own[..3], &foreign_capped].concat());
        assert_eq!(
            heard(LevelFilter::ERROR),
            [
                "ERROR notify",
                "ERROR aws_smithy_runtime::client::orchestrator",
                "ERROR hyper_util::client",
                "ERROR lambda_runtime::runtime",
                "ERROR some_future_dependency",
            ]
        );
    }

    /// `tracing`'s targets are constants of the call, hence one arm for each.
    fn for_each_level(target: &str) {
        macro_rules! all {
            ($target:literal) => {{
                tracing::error!(target: $target, "e");
                tracing::warn!(target: $target, "w");
                tracing::info!(target: $target, "i");
                tracing::debug!(target: $target, "d");
                tracing::trace!(target: $target, "t");
            }};
        }
        match target {
            "notify" => all!("notify"),
            "aws_smithy_runtime::client::orchestrator" => {
                all!("aws_smithy_runtime::client::orchestrator");
            }
            "hyper_util::client" => all!("hyper_util::client"),
            "lambda_runtime::runtime" => all!("lambda_runtime::runtime"),
            "lambda_runtime::layers::api_response" => all!("lambda_runtime::layers::api_response"),
            "some_future_dependency" => all!("some_future_dependency"),
            other => panic!("no arm for {other}"),
        }
    }

    #[test]
    fn every_function_and_shared_crate_may_log() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut found: Vec<String> = ["functions", "shared"]
            .iter()
            .flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap())
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().join("Cargo.toml").exists())
            .map(|entry| entry.file_name().to_str().unwrap().replace('-', "_"))
            .filter(|name| !["scenario", "testkit"].contains(&name.as_str()))
            .collect();
        found.sort();
        assert_eq!(found, OWN_CRATES);
    }

    #[test]
    fn levels_are_parsed_and_anything_else_is_none() {
        assert_eq!(parse_level(" Debug "), Some(LevelFilter::DEBUG));
        assert_eq!(parse_level("off"), None);
        assert_eq!(parse_level("info,aws=trace"), None);
    }
}
