#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;
use crate::automatic::Timers;
use crate::clinic::Plan;
use crate::command::{self, Addressees, Enclosed, Reply, ReplyFacts, Switch};
use crate::conversation::{Message, ReadMarker, State};
use crate::id::PatientId;
use crate::testing::{
    WORKING, as_account, as_chart, as_operator, as_portal, as_staff, at, body, clinic,
    conversation, facts, link, name, patient, send_to, staff, staff_id, started,
};

/// A kind of caller: who it is, and what the facts say of it.
type Caller = (&'static str, Actor, fn(&mut Facts));

fn callers() -> Vec<Caller> {
    let elsewhere = || ClinicId::parse("c2").unwrap();
    let someone_else = || PatientId::parse("p2").unwrap();
    let Actor::Chart { id: chart, .. } = as_chart() else { unreachable!() };
    let nothing: fn(&mut Facts) = |_| ();
    let portal_plan: fn(&mut Facts) = |facts| facts.clinic.as_mut().unwrap().plan = Plan::Portal;
    vec![
        ("operator", as_operator(), nothing),
        ("chart", as_chart(), nothing),
        ("chart of another clinic", Actor::Chart { clinic: elsewhere(), id: chart }, nothing),
        ("staff, participant", as_staff("s1"), nothing),
        ("staff, no participant", as_staff("s9"), nothing),
        ("staff, no participant, sees all", as_staff("s9"), |facts| {
            facts.staff.as_mut().unwrap().sees_all_conversations = true;
        }),
        ("admin, no participant", as_staff("s9"), |facts| {
            facts.staff.as_mut().unwrap().roles = [Role::Admin].into();
        }),
        ("privacy officer, no participant, sees all", as_staff("s9"), |facts| {
            let staff = facts.staff.as_mut().unwrap();
            (staff.roles, staff.sees_all_conversations) = ([Role::PrivacyOfficer].into(), true);
        }),
        ("staff, participant, inactive", as_staff("s1"), |facts| {
            facts.staff.as_mut().unwrap().active = false;
        }),
        ("admin, participant, inactive", as_staff("s1"), |facts| {
            let staff = facts.staff.as_mut().unwrap();
            (staff.active, staff.sees_all_conversations) = (false, true);
            staff.roles = [Role::Admin].into();
        }),
        ("staff without a record", as_staff("s9"), |facts| facts.staff = None),
        (
            "staff of another clinic, same id",
            Actor::Staff { clinic: elsewhere(), id: staff_id("s1") },
            nothing,
        ),
        ("account, linked", as_account("a1"), nothing),
        ("account, link revoked", as_account("a1"), |facts| {
            facts.link.as_mut().unwrap().active = false;
        }),
        ("account, not linked", as_account("a1"), |facts| facts.link = None),
        ("account, another's link", as_account("a1"), |facts| facts.link = Some(link("a2"))),
        ("account, link to another patient", as_account("a1"), |facts| {
            facts.link.as_mut().unwrap().patient = PatientId::parse("p2").unwrap();
        }),
        ("account, link in another clinic", as_account("a1"), |facts| {
            facts.link.as_mut().unwrap().clinic = ClinicId::parse("c2").unwrap();
        }),
        ("portal patient", as_portal(), portal_plan),
        (
            "portal patient, another one",
            Actor::Portal { clinic: clinic().clinic, patient: someone_else() },
            portal_plan,
        ),
        (
            "portal patient of another clinic, same id",
            Actor::Portal { clinic: elsewhere(), patient: patient().id },
            portal_plan,
        ),
        ("the system", Actor::System, nothing),
    ]
}

/// A state of things: what differs from the ordinary case.
type Circumstance = (&'static str, fn(&mut Facts, &mut Conversation));

fn closed(conversation: &mut Conversation) {
    conversation.state =
        State::Closed { at: at(WORKING), by: staff_id("s2"), name: name("Staff s2") };
}

fn circumstances() -> Vec<Circumstance> {
    fn settings(facts: &mut Facts) -> &mut ClinicSettings {
        facts.clinic.as_mut().unwrap()
    }
    vec![
        ("as usual", |_, _| ()),
        ("connect_pro", |facts, _| settings(facts).plan = Plan::ConnectPro),
        ("connect", |facts, _| settings(facts).plan = Plan::Connect),
        ("portal", |facts, _| settings(facts).plan = Plan::Portal),
        ("portal off", |facts, _| settings(facts).portal_enabled = false),
        ("access off", |facts, _| facts.patient.as_mut().unwrap().portal_access = false),
        ("portal off, access off", |facts, _| {
            settings(facts).portal_enabled = false;
            facts.patient.as_mut().unwrap().portal_access = false;
        }),
        ("closed", |_, conversation| closed(conversation)),
        ("no replies", |_, conversation| conversation.replies_allowed = false),
        ("closed, no replies", |_, conversation| {
            closed(conversation);
            conversation.replies_allowed = false;
        }),
        ("another patient's", |_, conversation| {
            conversation.patient = PatientId::parse("p2").unwrap();
        }),
        ("another clinic's", |_, conversation| {
            conversation.clinic = ClinicId::parse("c2").unwrap();
        }),
        ("no such patient", |facts, _| facts.patient = None),
        ("no such clinic", |facts, _| facts.clinic = None),
    ]
}

/// A situation in which something is tried.
struct Case<'a> {
    actor: &'a Actor,
    facts: &'a Facts,
    conversation: &'a Conversation,
    message: &'a Message,
}

fn send(case: &Case<'_>) -> Result<&'static str, Refusal> {
    command::start(case.actor, send_to(&[]), case.facts, Addressees::default(), at(WORKING))
        .map(|_| "done")
}

fn reply(case: &Case<'_>) -> Result<&'static str, Refusal> {
    let about = ReplyFacts {
        conversation: Some(case.conversation),
        quoted: None,
        seen: None,
        marker: ReadMarker::default(),
        timers: &Timers::default(),
        enclosed: Enclosed::default(),
        template: None,
    };
    let reply = Reply::from(body("Thanks!"));
    command::reply(case.actor, reply, case.facts, about, at(WORKING)).map(|_| "done")
}

fn switch(case: &Case<'_>, command: Switch) -> Result<&'static str, Refusal> {
    let about = Some(case.conversation);
    let timers = Timers::default();
    command::switch(case.actor, command, case.facts, about, &timers, at(WORKING))
        .map(|change| if change.is_some() { "done" } else { "is so already" })
}

fn view(case: &Case<'_>) -> Result<&'static str, Refusal> {
    case.facts.side(case.actor)?.visible(Some(case.conversation)).map(|_| "done")
}

fn mark_read(case: &Case<'_>) -> Result<&'static str, Refusal> {
    let side = case.facts.side(case.actor)?;
    let about = Some(case.conversation);
    command::mark_read(&side, about, Some(case.message), ReadMarker::default()).map(|_| "done")
}

fn outcome(result: Result<&'static str, Refusal>) -> String {
    match result {
        Ok(done) => done.to_owned(),
        Err(refusal) => {
            refusal.codes().iter().map(|code| code.as_str()).collect::<Vec<_>>().join(" + ")
        }
    }
}

/// For each caller, the circumstances by what came of the attempt.
fn table(attempt: impl Fn(&Case<'_>) -> Result<&'static str, Refusal>) -> String {
    let message = started(at("2026-11-25T14:00:00Z")).message.unwrap();
    let mut table = String::new();
    for (caller, actor, of_caller) in callers() {
        writeln!(table, "{caller}").unwrap();
        let mut outcomes: Vec<(String, Vec<&str>)> = Vec::new();
        for (circumstance, change) in circumstances() {
            let mut facts = facts(&actor, &clinic());
            let mut conversation = conversation();
            of_caller(&mut facts);
            change(&mut facts, &mut conversation);
            let case = Case {
                actor: &actor,
                facts: &facts,
                conversation: &conversation,
                message: &message,
            };
            let outcome = outcome(attempt(&case));
            match outcomes.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, circumstances)) => circumstances.push(circumstance),
                None => outcomes.push((outcome, vec![circumstance])),
            }
        }
        let all = outcomes.len() == 1;
        for (outcome, circumstances) in outcomes {
            let when = if all { "always".to_owned() } else { circumstances.join("; ") };
            writeln!(table, "    {outcome}: {when}").unwrap();
        }
    }
    table
}

#[test]
fn who_may_send() {
    insta::assert_snapshot!(table(send));
}

#[test]
fn who_may_reply() {
    insta::assert_snapshot!(table(reply));
}

#[test]
fn who_may_close() {
    insta::assert_snapshot!(table(|case| switch(case, Switch::Close)));
}

#[test]
fn who_may_reopen() {
    insta::assert_snapshot!(table(|case| switch(case, Switch::Reopen)));
}

#[test]
fn who_may_view() {
    insta::assert_snapshot!(table(view));
}

#[test]
fn who_may_mark_read() {
    insta::assert_snapshot!(table(mark_read));
}

#[test]
fn who_may_administer() {
    let mut table = String::new();
    for (caller, actor, of_caller) in callers() {
        let mut facts = facts(&actor, &clinic());
        of_caller(&mut facts);
        writeln!(table, "{caller}").unwrap();
        for what in [
            Administration::ReadSettings,
            Administration::ChangeSettings,
            Administration::Staff,
            Administration::Patients,
            Administration::Report,
        ] {
            let result = administer(&actor, &clinic().clinic, facts.staff.as_ref(), what);
            writeln!(table, "    {what:?}: {}", outcome(result.map(|()| "done"))).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn who_may_read_and_change_what_a_member_of_staff_chose() {
    let mut table = String::new();
    for (caller, actor, of_caller) in callers() {
        let mut facts = facts(&actor, &clinic());
        of_caller(&mut facts);
        for whose in ["s1", "s2"] {
            let (clinic, staff) = (clinic().clinic, facts.staff.as_ref());
            let result = keep_preferences(&actor, &clinic, staff, &staff_id(whose));
            let outcome = outcome(result.map(|()| "done"));
            writeln!(table, "{caller}, of {whose}: {outcome}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn what_is_not_there_and_what_may_not_be_known_answer_alike() {
    let (actor, outsider) = (as_staff("s1"), as_staff("s9"));
    let (facts, of_outsider) = (facts(&actor, &clinic()), facts(&outsider, &clinic()));
    let absent = facts.side(&actor).unwrap().visible(None).unwrap_err();
    let hidden = of_outsider.side(&outsider).unwrap().visible(Some(&conversation())).unwrap_err();
    assert_eq!(absent, hidden);
    assert_eq!(absent, Refusal::from(Code::NotFound));
}

/// PX-07: what is taken away works on the next call, since nothing but the facts decides.
#[test]
fn access_that_is_taken_away_is_gone_on_the_next_call() {
    let account = as_account("a1");
    let mut now = facts(&account, &clinic());
    assert!(now.side(&account).is_ok());
    now.link.as_mut().unwrap().active = false;
    assert_eq!(now.side(&account).unwrap_err(), Refusal::from(Code::NotFound));

    let member = as_staff("s1");
    let mut now = facts(&member, &clinic());
    assert!(now.side(&member).is_ok());
    now.staff.as_mut().unwrap().active = false;
    assert_eq!(now.side(&member).unwrap_err(), Refusal::from(Code::StaffInactive));
}

#[test]
fn a_staff_record_speaks_for_its_own_member_only() {
    let actor = as_staff("s1");
    let mut facts = facts(&actor, &clinic());
    facts.staff = Some(staff("s2"));
    assert_eq!(facts.side(&actor).unwrap_err(), Refusal::from(Code::StaffInactive));
}

#[test]
fn no_two_callers_share_a_name() {
    let mut names = BTreeMap::new();
    for (caller, actor, _) in callers() {
        let other = names.insert(actor.unique_name(), actor.clone());
        assert!(other.is_none_or(|other| other == actor), "{caller}");
    }
}
