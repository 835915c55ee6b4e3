//! The real handler behind the real edge, on a real `DynamoDB`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use domain::actor::Actor;
use domain::audit::{Action, Outcome, Record, Subject};
use domain::clinic::Plan;
use domain::people::{Role, StaffMember};
use domain::refusal::{Code, Refusal};
use jiff::{SignedDuration, Timestamp};
use scenario::people::{
    account, chart, clinic_id, display_name, member, operator, patient_id, portal, staff, staff_of,
};
use scenario::{Answer, Event, NOW, World, sources};
use testkit::Fault;

use crate::handler::AccessReport;

const RANGE: [(&str, &str); 2] = [("from", "2026-11-01T00:00:00Z"), ("to", "2026-12-01T00:00:00Z")];

fn report(world: &World) -> AccessReport {
    AccessReport { store: world.store(), sources: sources() }
}

fn of_patient(actor: &Actor) -> Event {
    Event::sample("access-report/of-patient.staff.json").by(actor).query(&RANGE)
}

fn of_actor(actor: &Actor) -> Event {
    Event::sample("access-report/of-actor.staff.json").by(actor).query(&RANGE)
}

fn officer() -> Actor {
    staff("s5")
}

/// Both clinics with a privacy officer each, and one conversation.
async fn world() -> World {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    for clinic in ["c1", "c2"] {
        let roles = [Role::PrivacyOfficer].into();
        world.staff(&StaffMember { roles, ..member(clinic, "s5") }).await;
    }
    world
}

/// The record of a view by this actor.
fn view(actor: &Actor, clinic: &str, patient: &str, at: Timestamp) -> Record {
    let subject = Subject {
        clinic: Some(clinic_id(clinic)),
        patient: Some(patient_id(patient)),
        objects: vec!["v1".to_owned()],
    };
    let action = Action::ConversationView;
    Record::done(platform::new_id(), at, actor, action, subject, "seeding")
}

fn ids(answer: &Answer) -> Vec<String> {
    let records = answer.body["records"].as_array().expect("records");
    records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_officer_reads_what_was_done_about_a_patient_and_by_an_actor() {
    let world = world().await;
    let seen = view(&staff("s2"), "c1", "p1", NOW);
    world.store().record(&seen).await.unwrap();
    let refusal = Refusal::from(Code::NotFound);
    let refused = Record::refused(
        platform::new_id(),
        NOW + SignedDuration::from_secs(1),
        &staff("s2"),
        Action::ConversationView,
        Subject {
            clinic: Some(clinic_id("c1")),
            patient: Some(patient_id("p1")),
            ..Subject::default()
        },
        &refusal,
        "seeding",
    );
    world.store().record(&refused).await.unwrap();

    let answer = world.ask(&report(&world), &of_patient(&officer())).await;
    let records = answer.clone().expect(200)["records"].as_array().unwrap().clone();
    // Newest first: the refusal, the view, and the start of the conversation.
    assert_eq!(records.len(), 3);
    assert_eq!(records[0]["outcome"], "refused");
    assert_eq!(records[0]["codes"][0], "not_found");
    assert_eq!(
        (&records[1]["id"], &records[1]["actorId"]),
        (&seen.id.as_str().into(), &"s2".into())
    );
    assert_eq!(records[1]["actorName"], "Staff s2");
    assert_eq!(records[2]["action"], "conversation.start");
    let text = answer.body.to_string();
    for private in ["Zebulon", "Gallstones", "Biopsy", "example.test"] {
        assert!(!text.contains(private), "{private}");
    }

    let by_s2 = of_actor(&officer()).path("actorId", "s2");
    let answer = world.ask(&report(&world), &by_s2).await;
    assert_eq!(answer.status, 200);
    assert_eq!(ids(&answer), [refused.id, seen.id]);
    // The report is on record itself, with the patient or by the officer.
    let state = world.state().await;
    let reports = state.records.iter().filter(|record| record.action == Action::ReportView);
    let reports: Vec<_> = reports.collect();
    assert_eq!(reports.len(), 2);
    assert!(reports.iter().any(|record| record.patient == Some(patient_id("p1"))));
    assert!(reports.iter().any(|record| record.objects == ["staff.s2"]));
    assert!(reports.iter().all(|record| record.actor == "s5" && record.outcome == Outcome::Done));
}

#[tokio::test]
async fn nobody_else_reads_it() {
    let world = world().await;
    for actor in [staff("s1"), staff("s9"), chart(), operator()] {
        for event in [of_patient(&actor), of_actor(&actor)] {
            world.refuses(&report(&world), &event, 403, &["not_allowed"]).await;
        }
    }
    let event = of_patient(&staff("s4"));
    world.refuses(&report(&world), &event, 403, &["staff_inactive"]).await;
    for actor in [account("a1"), portal("p1"), staff_of("c2", "s5")] {
        world.refuses(&report(&world), &of_patient(&actor), 404, &["not_found"]).await;
    }
    let kind = of_actor(&officer()).path("actorKind", "nurse");
    world.refuses(&report(&world), &kind, 404, &["not_found"]).await;
}

/// PA-01, and invariant 5: rows of one instant each come once, and another clinic's never.
#[tokio::test]
async fn pages_hold_each_record_once_in_both_formats() {
    let world = world().await;
    let mut wanted = Vec::new();
    for _ in 0..7 {
        let record = view(&staff("s3"), "c1", "p2", NOW);
        world.store().record(&record).await.unwrap();
        wanted.push(record.id);
        let other = view(&staff_of("c2", "s3"), "c2", "p2", NOW);
        world.store().record(&other).await.unwrap();
    }
    wanted.sort();
    let events = [
        of_patient(&officer()).path("patientId", "p2"),
        of_actor(&officer()).path("actorId", "s3"),
    ];
    for event in events {
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut query = RANGE.to_vec();
            query.push(("limit", "3"));
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let answer = world.ask(&report(&world), &event.clone().query(&query)).await;
            assert_eq!(answer.status, 200);
            found.extend(ids(&answer));
            cursor = answer.body["nextCursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        // The views of the report itself come after the seeded ones, or stand elsewhere.
        found.retain(|id| wanted.contains(id));
        found.sort();
        assert_eq!(found, wanted);
    }
}

#[tokio::test]
async fn a_range_ends_before_its_end_and_what_is_no_range_is_refused() {
    let world = world().await;
    for second in 0..4_i64 {
        let at = NOW + SignedDuration::from_secs(second);
        world.store().record(&view(&staff("s3"), "c1", "p2", at)).await.unwrap();
    }
    let range = [("from", "2026-11-25T00:00:02Z"), ("to", "2026-11-25T00:00:04Z")];
    let event = of_patient(&officer()).path("patientId", "p2").query(&range);
    let answer = world.ask(&report(&world), &event).await;
    assert_eq!(answer.status, 200);
    assert_eq!(ids(&answer).len(), 2);
    for (query, code) in [
        (("from", "yesterday"), "time_range_invalid from"),
        (("to", "2020-01-01"), "time_range_invalid to"),
        (("from", "2999-01-01T00:00:00Z"), "time_range_invalid from"),
        (("format", "xlsx"), "invalid_format format"),
        (("limit", "0"), "invalid_limit limit"),
    ] {
        let event = of_patient(&officer()).query(&[query]);
        world.refuses(&report(&world), &event, 422, &[code]).await;
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_one_officer_one_report_and_one_range() {
    let world = world().await;
    let roles = [Role::PrivacyOfficer].into();
    world.staff(&StaffMember { roles, ..member("c1", "s6") }).await;
    for _ in 0..3 {
        world.store().record(&view(&staff("s3"), "c1", "p1", NOW)).await.unwrap();
    }
    let page = |event: Event, cursor: &str| {
        let mut query = RANGE.to_vec();
        query.extend([("limit", "1"), ("cursor", cursor)]);
        event.query(&query)
    };
    let mut first = RANGE.to_vec();
    first.push(("limit", "1"));
    let answer = world.ask(&report(&world), &of_patient(&officer()).query(&first)).await;
    let cursor = answer.body["nextCursor"].as_str().unwrap().to_owned();
    world.ask(&report(&world), &page(of_patient(&officer()), &cursor)).await.expect(200);
    for event in [
        page(of_patient(&staff("s6")), &cursor),
        page(of_patient(&officer()).path("patientId", "p2"), &cursor),
        page(of_actor(&officer()), &cursor),
        page(of_patient(&officer()), &cursor[1..]),
        of_patient(&officer()).query(&[("cursor", cursor.as_str())]),
    ] {
        world.refuses(&report(&world), &event, 400, &["invalid_cursor cursor"]).await;
    }
}

/// A name that a spreadsheet would run is shown as text.
#[tokio::test]
async fn the_file_holds_no_formula_and_tells_where_it_goes_on() {
    let world = world().await;
    let name = display_name("=HYPERLINK(\"https://evil.example\",\"x\")");
    world.staff(&StaffMember { name, ..member("c1", "s3") }).await;
    for _ in 0..2 {
        world.store().record(&view(&staff("s3"), "c1", "p2", NOW)).await.unwrap();
    }
    let mut query = RANGE.to_vec();
    query.extend([("format", "csv"), ("limit", "1")]);
    let event = of_patient(&officer()).path("patientId", "p2").query(&query);
    let answer = world.ask(&report(&world), &event).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.content_type.as_deref(), Some("text/csv; charset=utf-8"));
    let text = answer.body.as_str().unwrap();
    assert!(text.starts_with("at,actorKind,actorId,actorName,"));
    assert!(text.contains("\"'=HYPERLINK(\"\"https://evil.example\"\",\"\"x\"\")\""), "{text}");
    assert_eq!(text.matches("\r\n").count(), 2);
    let next = answer.link.unwrap();
    assert!(next.starts_with("<?from=2026-11-01T00:00:00Z&") && next.ends_with(">; rel=\"next\""));
    assert!(next.contains("&format=csv&limit=1&cursor="), "{next}");
}

#[tokio::test]
async fn what_cannot_be_recorded_or_read_is_not_shown() {
    let world = world().await;
    for fault in
        [Fault::throttled("PutItem").times(u32::MAX), Fault::throttled("Query").times(u32::MAX)]
    {
        let store = world.store_with(fault);
        let service = AccessReport { store, sources: sources() };
        let answer = world.fails(&service, &of_patient(&officer()), 503, "unavailable").await;
        assert!(answer.body.get("records").is_none());
    }
}
