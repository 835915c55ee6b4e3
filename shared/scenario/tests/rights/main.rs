//! The golden table of rights: every route, by every kind of caller, on every plan, in every state
//! of the conversation, decided by the functions that the handlers call. It is kept as
//! `docs/RIGHTS.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "only tests, which fail by panicking"
)]

mod callers;
mod page;
mod routes;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use domain::clinic::Plan;

use crate::callers::Caller;
use crate::routes::{Does, Outcome, PLANS, ROUTES, Route, STATES, State, outcome};

fn file(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the variable asks the test to write the page")]
fn the_page_of_rights_is_what_the_rules_decide() {
    let (path, page) = (file("docs/RIGHTS.md"), page::page());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let differs = page.lines().zip(written.lines()).find(|(now, before)| now != before);
    assert!(
        written == page,
        "docs/RIGHTS.md differs from the rules, first in {differs:?}: look at what changed, then run with UPDATE_DOCS=1"
    );
}

/// The methods and paths of the deployed API, preflights aside.
fn deployed() -> BTreeSet<(String, String)> {
    let template = fs::read_to_string(file("infra/template.yaml")).unwrap();
    let routes = template.lines().filter(|line| line.contains("RestApiId:")).filter_map(|line| {
        let (_, method) = line.split_once("Method: ")?;
        let (_, path) = line.split_once("Path: \"")?;
        let (method, _) = method.split_once(',')?;
        let (path, _) = path.split_once('"')?;
        Some((method.to_uppercase(), path.to_owned()))
    });
    routes.filter(|(method, _)| method != "OPTIONS").collect()
}

#[test]
fn every_deployed_route_has_its_rights_on_the_page_and_no_other() {
    let known: BTreeSet<_> =
        ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    let deployed = deployed();
    assert!(!deployed.is_empty());
    let missing: Vec<_> = deployed.difference(&known).collect();
    let unknown: Vec<_> = known.difference(&deployed).collect();
    assert!(missing.is_empty(), "without rights: {missing:?}");
    assert!(unknown.is_empty(), "not in the template: {unknown:?}");
}

#[test]
fn each_section_and_each_row_has_a_name_of_its_own() {
    let headings: BTreeSet<_> = ROUTES.iter().map(Route::heading).collect();
    assert_eq!(headings.len(), ROUTES.len());
    let names: BTreeSet<_> = Caller::ALL.iter().map(|caller| caller.name()).collect();
    assert_eq!(names.len(), Caller::ALL.len());
}

/// Every answer of the table.
fn all() -> impl Iterator<Item = (&'static Route, Caller, Plan, State, Outcome)> {
    ROUTES.iter().flat_map(|route| {
        Caller::ALL.into_iter().flat_map(move |caller| {
            PLANS.into_iter().flat_map(move |plan| {
                STATES.into_iter().map(move |state| {
                    (route, caller, plan, state, outcome(route, caller, plan, state))
                })
            })
        })
    })
}

/// The page may be written again without a look at it; what follows may not.
#[test]
fn invariant_5_nobody_reaches_another_clinics_or_another_patients_conversations() {
    for (route, caller, plan, state, outcome) in all() {
        let case = (route.heading(), caller, plan, state);
        match caller {
            Caller::OtherClinicsStaff | Caller::OtherClinicsChart => {
                assert_eq!(outcome.text(), "404 not_found", "{case:?}");
            }
            Caller::OtherPatient | Caller::OtherPortal | Caller::Revoked
                if route.does != Does::OwnInbox =>
            {
                assert_eq!(outcome.text(), "404 not_found", "{case:?}");
            }
            Caller::Anonymous | Caller::Expired => assert_eq!(outcome.status, 401, "{case:?}"),
            Caller::Neither | Caller::Admin if route.is_about_one_conversation() => {
                assert_eq!(outcome.text(), "404 not_found", "{case:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn what_is_patient_only_is_not_there_for_a_guardian() {
    for (route, caller, plan, state, outcome) in all() {
        let hidden = state == State::PatientOnly && route.is_about_one_conversation();
        if hidden && caller == Caller::Guardian {
            assert_eq!(outcome.text(), "404 not_found", "{} {plan:?}", route.heading());
        }
    }
}

#[test]
fn who_only_administers_or_watches_opens_no_conversation() {
    for (route, caller, plan, _, outcome) in all() {
        let machine = matches!(caller, Caller::Chart | Caller::Operator | Caller::PrivacyOfficer);
        if machine && route.is_about_one_conversation() {
            assert!(!outcome.is_done(), "{} {caller:?} {plan:?}", route.heading());
        }
        let reports = matches!(route.does, Does::PatientsReport | Does::ActorsReport);
        if reports {
            let allowed = caller == Caller::PrivacyOfficer;
            assert_eq!(outcome.is_done(), allowed, "{} {caller:?}", route.heading());
        }
        if matches!(route.does, Does::ReadSending | Does::ChangeSending) {
            let allowed = caller == Caller::Operator;
            assert_eq!(outcome.is_done(), allowed, "{} {caller:?}", route.heading());
        }
        if caller == Caller::Deactivated {
            assert!(!outcome.is_done(), "{} {plan:?}", route.heading());
        }
    }
}

#[test]
fn the_plan_decides_what_a_patient_does() {
    for plan in PLANS {
        let of = |does: Does, caller: Caller| {
            let route = ROUTES.iter().find(|route| route.does == does).unwrap();
            outcome(route, caller, plan, State::Open).is_done()
        };
        let (portal, pro) = (plan == Plan::Portal, plan == Plan::ConnectPro);
        assert_eq!(of(Does::Start, Caller::Patient), pro);
        assert_eq!(of(Does::Start, Caller::Guardian), pro);
        assert_eq!(of(Does::ReplyToMessage, Caller::Patient), !portal);
        assert_eq!(of(Does::Reply, Caller::Guardian), !portal);
        assert_eq!(of(Does::View, Caller::Portal), portal);
        assert!(of(Does::Reply, Caller::Patient) && of(Does::View, Caller::Guardian));
        assert!(of(Does::Start, Caller::Participant));
    }
}
