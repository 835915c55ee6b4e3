//! The sample events of every function that answers HTTP.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use edge::Request;
use serde_json::Value;

use crate::support::now;

const CLINIC: &str = "/clinics/{clinicId}";
const PATIENT: &str = "/clinics/{clinicId}/patients/{patientId}";
const THREAD: &str = "/clinics/{clinicId}/patients/{patientId}/conversations/{conversationId}";

/// Every route: function, method, resource. A path has one OPTIONS, whichever functions share it.
fn routes() -> BTreeSet<(String, String, String)> {
    let mut routes = BTreeSet::new();
    for (function, methods, resource) in [
        ("clinic-settings", "GET PUT OPTIONS", format!("{CLINIC}/settings")),
        (
            "clinic-settings",
            "GET PUT OPTIONS",
            format!("{CLINIC}/notification-templates/{{language}}/{{channel}}"),
        ),
        (
            "clinic-settings",
            "POST OPTIONS",
            format!("{CLINIC}/notification-templates/{{language}}/{{channel}}/preview"),
        ),
        ("clinic-settings", "POST OPTIONS", format!("{CLINIC}/settings/holidays")),
        ("clinic-settings", "POST OPTIONS", format!("{CLINIC}/settings/automatic-replies/preview")),
        ("clinic-settings", "GET OPTIONS", format!("{CLINIC}/message-templates")),
        (
            "clinic-settings",
            "GET PUT OPTIONS",
            format!("{CLINIC}/message-templates/{{templateId}}"),
        ),
        (
            "clinic-settings",
            "POST OPTIONS",
            format!("{CLINIC}/message-templates/{{templateId}}/preview"),
        ),
        ("directory", "GET PUT OPTIONS", format!("{CLINIC}/staff/{{staffId}}")),
        ("clinic-settings", "GET PUT OPTIONS", "/sending".to_owned()),
        ("directory", "GET PUT OPTIONS", format!("{CLINIC}/staff/{{staffId}}/preferences")),
        ("directory", "GET OPTIONS", format!("{PATIENT}/addresses")),
        ("directory", "POST OPTIONS", format!("{PATIENT}/addresses/{{channel}}/consent")),
        ("directory", "POST OPTIONS", format!("{PATIENT}/addresses/{{channel}}/opt-out")),
        (
            "directory",
            "POST OPTIONS",
            format!("{PATIENT}/links/{{accountId}}/addresses/{{channel}}/consent"),
        ),
        (
            "directory",
            "POST OPTIONS",
            format!("{PATIENT}/links/{{accountId}}/addresses/{{channel}}/opt-out"),
        ),
        ("read-conversations", "GET OPTIONS", "/links/{reference}".to_owned()),
        ("directory", "GET PUT OPTIONS", format!("{CLINIC}/groups/{{groupId}}")),
        ("directory", "GET PUT OPTIONS", PATIENT.to_owned()),
        ("directory", "PUT DELETE OPTIONS", format!("{PATIENT}/successor")),
        ("directory", "GET PUT DELETE OPTIONS", format!("{PATIENT}/links/{{accountId}}")),
        ("access-report", "GET OPTIONS", format!("{PATIENT}/access-report")),
        (
            "access-report",
            "GET OPTIONS",
            format!("{CLINIC}/actors/{{actorKind}}/{{actorId}}/access-report"),
        ),
        ("directory", "POST OPTIONS", format!("{CLINIC}/directory-batches")),
        ("send-message", "POST", format!("{PATIENT}/conversations")),
        ("reply", "POST OPTIONS", format!("{THREAD}/messages")),
        ("change-conversation", "POST OPTIONS", format!("{THREAD}/close")),
        ("change-conversation", "POST OPTIONS", format!("{THREAD}/reopen")),
        ("change-conversation", "PUT DELETE OPTIONS", format!("{THREAD}/participants/{{staffId}}")),
        ("change-conversation", "PUT DELETE OPTIONS", format!("{THREAD}/groups/{{groupId}}")),
        ("change-conversation", "PUT DELETE OPTIONS", format!("{THREAD}/patient-only")),
        ("read-conversations", "GET OPTIONS", "/inbox".to_owned()),
        ("read-conversations", "GET OPTIONS", format!("{CLINIC}/inbox")),
        ("read-conversations", "GET OPTIONS", format!("{PATIENT}/conversations")),
        ("read-conversations", "GET OPTIONS", format!("{PATIENT}/eligibility")),
        ("read-conversations", "GET OPTIONS", format!("{PATIENT}/recipients")),
        ("read-conversations", "GET OPTIONS", THREAD.to_owned()),
        ("read-conversations", "PUT OPTIONS", format!("{THREAD}/read-marker")),
        ("attachments", "POST OPTIONS", format!("{PATIENT}/attachments")),
        ("attachments", "GET OPTIONS", format!("{PATIENT}/attachments/{{attachmentId}}")),
        (
            "attachments",
            "GET OPTIONS",
            format!("{THREAD}/messages/{{number}}/attachments/{{attachmentId}}"),
        ),
        ("attachments", "GET OPTIONS", format!("{PATIENT}/documents")),
        ("attachments", "GET PUT OPTIONS", format!("{PATIENT}/documents/{{documentId}}")),
    ] {
        for method in methods.split(' ') {
            routes.insert((function.to_owned(), method.to_owned(), resource.clone()));
        }
    }
    routes
}

/// Every sample of these functions: its function, its name and itself.
fn samples() -> Vec<(String, String, Value)> {
    let events = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let functions: BTreeSet<String> = routes().into_iter().map(|(function, ..)| function).collect();
    let mut samples = Vec::new();
    for function in functions {
        for entry in fs::read_dir(events.join(&function)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let sample = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            samples.push((function.clone(), name, sample));
        }
    }
    samples
}

#[test]
fn every_route_has_a_sample_and_every_sample_is_of_a_route() {
    let sampled = samples().into_iter().map(|(function, _, sample)| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (function, text(&sample["httpMethod"]), text(&sample["resource"]))
    });
    assert_eq!(sampled.collect::<BTreeSet<_>>(), routes());
}

#[test]
fn every_sample_is_read() {
    for (function, name, sample) in samples() {
        let event: ApiGatewayProxyRequest = serde_json::from_value(sample.clone()).unwrap();
        let request = Request::new(event, now());
        let (method, resource) = request.route();
        assert_eq!(method, sample["httpMethod"], "{function}/{name}");
        assert_eq!(resource, sample["resource"], "{function}/{name}");
        let stem = name.strip_suffix(".json").unwrap();
        if method == "OPTIONS" {
            assert!(sample["requestContext"].get("authorizer").is_none(), "{function}/{name}");
            assert!(request.origin().is_some(), "{function}/{name}");
        } else {
            // The end of the name is the kind of the caller; an admin is staff.
            let kind = request.actor().unwrap().kind().as_str();
            let (_, named) = stem.rsplit_once('.').unwrap();
            assert_eq!(kind, if named == "admin" { "staff" } else { named }, "{function}/{name}");
        }
        if sample["body"].is_string() {
            assert!(request.json::<Value>().unwrap().is_object(), "{function}/{name}");
        }
        let creates = ["send-message", "reply", "attachments"].contains(&function.as_str())
            && method == "POST";
        assert_eq!(request.idempotency_key().is_ok(), creates, "{function}/{name}");
        let versioned = ["clinic-settings", "directory", "attachments"]
            .contains(&function.as_str())
            && (["PUT", "DELETE"].contains(&method)
                || (method == "POST" && resource.ends_with("/holidays")));
        assert_eq!(request.if_match().is_ok(), versioned, "{function}/{name}");
        let listed = ["archived", "cursor", "limit", "state"];
        assert!(request.query(&listed).unwrap().limit().is_ok(), "{function}/{name}");
    }
}

#[test]
fn the_samples_hold_nothing_of_anybody() {
    for (function, name, sample) in samples() {
        let text = sample.to_string();
        assert!(!text.contains("Bearer ey"), "{function}/{name}");
        for domain in text.split('@').skip(1) {
            assert!(domain.starts_with("example.test"), "{function}/{name}");
        }
    }
}
