//! `cargo xtask measure`: how large the functions are and how soon they start, and which calls of AWS each
//! command makes.
//!
//! It is run when somebody wants to know, and is no test: the times are this machine's.

mod cost;
mod function;
mod http;
mod proxy;
mod size;
mod start;
mod story;
mod tables;

use std::env::consts::ARCH;
use std::thread::available_parallelism;
use std::time::Duration;

use system_tests::stack::Stack;

use crate::arguments::Arguments;
use crate::console::{Step, say};
use crate::failure::{Doing as _, Result};
use crate::package::{self, Package, Profile};
use crate::release::size;
use crate::server::Server;
use crate::up::{self, Start};
use cost::Cost;
use start::Started;

/// Measures the release binaries and prints two tables for the README.
///
/// A local stack that is up is used as it is, with tables of the measuring's own, so that neither its
/// functions nor anybody's data have a part in what is measured. One that was started for it is stopped.
pub fn command(arguments: &Arguments) -> Result<()> {
    package::compile(Profile::Release)?;
    let package = package::pack(Profile::Release)?;
    let step = Step::begin("starting each function over and over");
    let started = start::measure(&package)?;
    step.end();
    let was_up = Server::running().is_some();
    if !was_up {
        up::bring_up(&arguments.target, Start::Reuse, &arguments.parameters)?;
    }
    let costs = costs(&package);
    let stopped = if was_up { Ok(()) } else { up::take_down(&arguments.target) };
    let costs = costs?;
    say(functions_table(&package, &started));
    say(commands_table(&costs));
    stopped
}

fn costs(package: &Package) -> Result<Vec<(&'static str, Cost)>> {
    let stack = Stack::load().doing("reading the stack's description")?;
    let step = Step::begin("running each command behind a recording proxy");
    let tables = tables::Tables::like(&stack)?;
    let costs = story::tell(package, &stack, &tables);
    let removed = tables.remove();
    let costs = costs?;
    removed?;
    step.end();
    Ok(costs)
}

fn functions_table(package: &Package, started: &[Started]) -> String {
    let cores = available_parallelism().map_or(0, usize::from);
    let mut lines = vec![
        String::new(),
        format!(
            "Release profile, {cores} cores, {ARCH}; start: the median of {} runs.",
            start::RUNS
        ),
        String::new(),
        "| function | zip | start | memory then |".to_owned(),
        "| --- | ---: | ---: | ---: |".to_owned(),
    ];
    for (function, started) in package.functions.iter().zip(started) {
        lines.push(format!(
            "| {} | {} | {} | {} |",
            function.name,
            size(function.zip_size),
            milliseconds(started.median),
            size(started.resident)
        ));
    }
    lines.join("\n")
}

fn commands_table(costs: &[(&'static str, Cost)]) -> String {
    let mut lines = vec![
        String::new(),
        "| command | waves | calls | items of its transactions | write units |".to_owned(),
        "| --- | ---: | --- | ---: | ---: |".to_owned(),
    ];
    for (name, cost) in costs {
        let items: Vec<String> = cost.transactions.iter().map(ToString::to_string).collect();
        let items = if items.is_empty() { "none".to_owned() } else { items.join(" + ") };
        lines.push(format!(
            "| {name} | {} | {} | {items} | {} |",
            cost.waves.len(),
            cost.calls(),
            cost.write_units
        ));
    }
    lines.join("\n")
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_row_of_the_table() {
        let cost = |transactions: &[usize], write_units| Cost {
            waves: vec![vec!["Query".into(), "Query".into()], vec!["TransactWriteItems".into()]],
            transactions: transactions.to_vec(),
            write_units,
        };
        let table = commands_table(&[("a", cost(&[9, 2], 22)), ("b", cost(&[], 0))]);
        let calls = "2 × Query → TransactWriteItems";
        assert!(table.contains(&format!("\n| a | 2 | {calls} | 9 + 2 | 22 |")), "{table}");
        assert!(table.ends_with(&format!("\n| b | 2 | {calls} | none | 0 |")), "{table}");
    }

    #[test]
    fn times_are_in_tenths_of_a_millisecond() {
        assert_eq!(milliseconds(Duration::from_micros(12_340)), "12.3 ms");
    }
}
