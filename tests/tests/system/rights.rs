//! Every route by every kind of caller, as `docs/RIGHTS.md` says it: that page is what the rules decide, and
//! this is that the deployed functions ask them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::ground::{Ground, Section, sections};

/// How many sections are under way at once.
const THREADS: usize = 8;

/// Those whose answers on the portal plan are other than on the top plan.
const ON_THE_PORTAL_PLAN: [&str; 4] =
    ["portal patient", "another portal patient", "patient", "guardian"];

/// Makes a section's requests, one caller after the other, and says which answers are others than its own.
fn differences(ground: &Ground, section: &Section, callers: &[&str]) -> Vec<String> {
    let mut target = ground.target(section);
    let mut differences = Vec::new();
    for caller in callers {
        if section.variant == "of one's own" {
            target = ground.with_own_upload(ground.target(section), caller);
        }
        let call = ground.call(section, &target, caller);
        let answer = call.send_to(&ground.api(caller)).unwrap();
        let document = answer.json();
        let (status, code) = section.expected(caller, ground.plan);
        let done = answer.status < 300;
        let told = if done { None } else { document["code"].as_str() };
        if (answer.status, told) != (status, code) {
            differences.push(format!(
                "{} by {caller} on {}: {} instead of {status} {code:?}: {}",
                section.heading(),
                ground.plan,
                answer.status,
                answer.text()
            ));
        }
        if done && section.uses_up() {
            target = ground.target(section);
        }
    }
    differences
}

#[test]
fn every_caller_is_answered_as_the_page_of_rights_says() {
    let grounds = thread::scope(|scope| {
        let plans = ["connect_pro", "portal"];
        plans.map(|plan| scope.spawn(move || Ground::new(plan))).map(|made| made.join().unwrap())
    });
    let sections = sections();
    // A change of the plan is one for all others.
    let (last, first): (Vec<&Section>, Vec<&Section>) =
        sections.iter().partition(|section| section.variant == "another plan");
    let jobs: Vec<(&Ground, &Section, Vec<&str>)> = grounds
        .iter()
        .flat_map(|ground| first.iter().map(move |section| (ground, *section)))
        .map(|(ground, section)| {
            let all = ground.plan == "connect_pro";
            let callers = section.callers().into_iter();
            let callers = callers.filter(|caller| all || ON_THE_PORTAL_PLAN.contains(caller));
            (ground, section, callers.collect())
        })
        .collect();

    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some((ground, section, callers)) =
                    jobs.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    found.lock().unwrap().extend(differences(ground, section, callers));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    assert_eq!(last.len(), 1);
    let by_others = last[0].callers().into_iter().filter(|caller| *caller != "operator");
    found.extend(differences(&grounds[0], last[0], &by_others.collect::<Vec<_>>()));
    found.extend(differences(&grounds[0], last[0], &["operator"]));
    assert!(found.is_empty(), "{} answers differ:\n{}", found.len(), found.join("\n"));
}
