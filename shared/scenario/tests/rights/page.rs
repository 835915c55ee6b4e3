//! The page that people read, and the whole-system test.

use std::fmt::Write as _;

use domain::clinic::Plan;

use crate::callers::Caller;
use crate::routes::{Outcome, PLANS, ROUTES, Route, STATES, State, outcome};

const INTRODUCTION: &str = "# Rights

Who gets which answer on which route: every route, by every kind of caller, on every plan of the clinic
and, where a route is about one conversation, in every state of it.

The table is made from the rules themselves: a test asks the functions of `shared/domain` that the
handlers ask, and fails when this page says something else. Another test makes the calls over HTTP and
compares the answers. To write the page again: `UPDATE_DOCS=1 cargo test -p scenario --test rights`.

- The request is well-formed, and what it names is there: the clinic, its patient, the conversation.
  What is wrong with a request is answered only to those who may make it.
- The clinic has its portal switched on and takes patients' first messages where its plan allows it; the
  patient may access the portal, and can be told.
- An answer is its status, with the code of every reason; [ERRORS.md](ERRORS.md) says what each means.
- **404 hides what is there.** Who may not know of something gets the answer of what does not exist.
  403 is for those who may know of it and may not do this.
- A `PUT` of a document replaces one: creating answers 201. Where staff ask for what is so already, the
  answer is the same, and nothing changes.
- 401 is the gateway's answer. A token that expires after the gateway has let it in is refused by the
  function, with 401 `token_expired`.

`when` says where an answer holds: `always`; a plan, and after a slash the conversation's state. `*` is
any of them.
";

/// The page.
pub fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    page.push_str("\n## Callers\n\n| caller | who it is |\n| --- | --- |\n");
    for caller in Caller::ALL {
        writeln!(page, "| {} | {} |", caller.name(), caller.meaning()).unwrap();
    }
    for route in ROUTES {
        write!(page, "\n## {}\n\n", route.heading()).unwrap();
        page.push_str("| caller | answer | when |\n| --- | --- | --- |\n");
        for caller in Caller::ALL {
            for (outcome, places) in by_outcome(route, caller) {
                let places = places.join("`, `");
                let (caller, outcome) = (caller.name(), outcome.text());
                writeln!(page, "| {caller} | `{outcome}` | `{places}` |").unwrap();
            }
        }
    }
    page
}

/// A plan and, if it counts, a state of the conversation.
type Cell = (Plan, Option<State>);

/// Each answer to a caller, with the places where it holds.
fn by_outcome(route: &Route, caller: Caller) -> Vec<(Outcome, Vec<String>)> {
    let states: &[Option<State>] =
        if route.is_about_one_conversation() { &STATES.map(Some) } else { &[None] };
    let mut grouped: Vec<(Outcome, Vec<Cell>)> = Vec::new();
    for plan in PLANS {
        for state in states {
            let outcome = outcome(route, caller, plan, state.unwrap_or(State::Open));
            match grouped.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, cells)) => cells.push((plan, *state)),
                None => grouped.push((outcome, vec![(plan, *state)])),
            }
        }
    }
    let patterns = |(outcome, cells): (Outcome, Vec<_>)| (outcome, patterns(&cells, states));
    grouped.into_iter().map(patterns).collect()
}

/// The patterns that cover these cells and no others: whole plans, whole states, then the rest.
fn patterns(cells: &[Cell], states: &[Option<State>]) -> Vec<String> {
    if cells.len() == PLANS.len() * states.len() {
        return vec!["always".to_owned()];
    }
    let [None] = states else {
        let whole_plan = |plan| states.iter().all(|state| cells.contains(&(plan, *state)));
        let whole_state = |state| PLANS.iter().all(|plan| cells.contains(&(*plan, state)));
        let plans = PLANS.iter().filter(|plan| whole_plan(**plan));
        let plans = plans.map(|plan| format!("{}/*", plan.as_str()));
        let columns = states.iter().filter(|state| whole_state(**state));
        let columns = columns.flatten().map(|state| format!("*/{}", state.name()));
        let rest = cells.iter().filter(|(plan, state)| !whole_plan(*plan) && !whole_state(*state));
        let rest = rest
            .filter_map(|(plan, state)| Some(format!("{}/{}", plan.as_str(), (*state)?.name())));
        return plans.chain(columns).chain(rest).collect();
    };
    cells.iter().map(|(plan, _)| plan.as_str().to_owned()).collect()
}
