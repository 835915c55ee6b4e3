//! The record of who saw and did what, as a privacy officer reads it.

use http::Method;
use serde_json::{Value, json};
use system_tests::world::{self, Call};

use crate::harness::{PATIENT, STAFF, Site, ask, expect, marked, refused};

/// A site with a privacy officer.
fn site() -> Site {
    let site = Site::new();
    let officer = world::staff(&marked("Priya"), "privacy_officer");
    expect(&site.clinic.create_staff("officer", officer), 201);
    site
}

fn of_actor(site: &Site, kind: &str, id: &str, query: &str) -> Call {
    let path = format!("/clinics/{}/actors/{kind}/{id}/access-report{query}", site.clinic.id);
    Call::new(&site.clinic.staff("officer"), Method::GET, path)
}

/// Each record as `action outcome`, the oldest first.
fn told(report: &Value) -> Vec<String> {
    let records = report["records"].as_array().unwrap().iter().rev();
    records
        .map(|record| {
            let text = |member: &str| record[member].as_str().unwrap().to_owned();
            format!("{} {}", text("action"), text("outcome"))
        })
        .collect()
}

#[test]
fn invariant_10_whatever_is_done_seen_or_refused_stands_in_the_records() {
    let site = site();
    let staff = site.staff();
    expect(&site.clinic.settings(&staff, Method::GET), 200);
    expect(&site.clinic.of_patient(&staff, PATIENT, "eligibility"), 200);
    expect(&site.clinic.of_patient(&staff, PATIENT, "recipients"), 200);
    let thread = site.start();
    expect(&site.clinic.list(&staff, PATIENT), 200);
    expect(&site.clinic.inbox(STAFF), 200);
    expect(&thread.read(&staff), 200);
    expect(&thread.mark(&staff, 1), 200);
    expect(&thread.reply(&staff, &marked("More")), 201);
    expect(&thread.patient_only(STAFF), 200);
    refused(
        &Call::new(&staff, Method::PUT, format!("{}/participants/nobody", thread.path())),
        422,
        "unknown_recipient",
    );
    expect(&thread.close(STAFF), 200);
    refused(&thread.reply(&staff, &marked("Late")), 409, "conversation_closed");
    expect(&thread.reopen(STAFF), 200);
    refused(&site.clinic.of_patient(&staff, PATIENT, "access-report"), 403, "not_allowed");
    refused(&site.clinic.conversation("nobody", &thread.id).read(&staff), 404, "not_found");

    let report = expect(&of_actor(&site, "staff", STAFF, "?limit=100"), 200);
    assert_eq!(
        told(&report),
        [
            "settings.view done",
            "eligibility.view done",
            "recipient.list done",
            "conversation.start done",
            "chart.list done",
            "inbox.list done",
            "conversation.view done",
            "conversation.mark_read done",
            "conversation.reply done",
            "conversation.hide_from_guardians done",
            "participant.add refused",
            "conversation.close done",
            "conversation.reply refused",
            "conversation.reopen done",
            "report.view refused",
            "conversation.view refused",
        ]
    );
    for record in report["records"].as_array().unwrap() {
        assert_eq!((&record["actorKind"], &record["actorId"]), (&json!("staff"), &json!(STAFF)));
        assert!(record["requestId"].as_str().is_some_and(|id| !id.is_empty()));
    }
    // The patient's account is on record for whom it acts, and the report of the patient has all.
    expect(&thread.read(&site.account), 200);
    let report = expect(
        &site.clinic.of_patient(&site.clinic.staff("officer"), PATIENT, "access-report"),
        200,
    );
    let newest = &report["records"][0];
    assert_eq!(newest["action"], "conversation.view");
    assert_eq!(newest["onBehalfOf"], PATIENT);
    assert_eq!(newest["actorId"], site.account_id);
}

#[test]
fn the_file_is_csv_and_goes_on_by_a_link() {
    let site = site();
    let mut formula = world::staff(&marked("x"), "clinician");
    formula["name"] = json!(marked("=HYPERLINK(1)"));
    expect(&site.clinic.create_staff("s2", formula), 201);
    let thread = site.start();
    for _ in 0..3 {
        refused(&thread.read(&site.clinic.staff("s2")), 404, "not_found");
    }
    let answer = ask(&of_actor(&site, "staff", "s2", "?format=csv&limit=2"));
    assert_eq!(answer.header("Content-Type"), Some("text/csv; charset=utf-8"));
    assert_eq!(
        answer.header("Content-Disposition"),
        Some("attachment; filename=\"access-report.csv\"")
    );
    let link = answer.header("Link").unwrap();
    let query =
        link.strip_prefix("<").and_then(|link| link.strip_suffix(">; rel=\"next\"")).unwrap();
    let text = answer.text();
    assert!(text.contains("'=HYPERLINK"), "{text}");
    assert_eq!(text.lines().count(), 3);
    let rest = ask(&of_actor(&site, "staff", "s2", query)).text();
    assert_eq!(rest.lines().count(), 2, "{rest}");
}
