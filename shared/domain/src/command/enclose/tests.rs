#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use super::*;
use crate::access::Facts;
use crate::attachment::{Purpose, State};
use crate::automatic::Timers;
use crate::clinic::{ClinicSettings, Plan};
use crate::command::{Change, Reply, ReplyFacts, reply};
use crate::conversation::ReadMarker;
use crate::document::Progress;
use crate::file::Rejection;
use crate::id::{ClinicId, ConversationId, PatientId};
use crate::refusal::Refusal;
use crate::testing::{
    WORKING, as_account, as_staff, at, attachment, body, clean, clinic, conversation, document,
    facts, kept,
};

fn named(attachments: &[&str], documents: &[&str]) -> Enclosures {
    let mut checks = Checks::new();
    let text = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let enclosures = Enclosures::parse(&text(attachments), &text(documents), &mut checks);
    checks.finish().unwrap();
    enclosures
}

fn reply_with(
    actor: &Actor,
    clinic: &ClinicSettings,
    enclosures: Enclosures,
    enclosed: Enclosed<'_>,
) -> Result<Change, Refusal> {
    let facts: Facts = facts(actor, clinic);
    let conversation = conversation();
    let about = ReplyFacts {
        conversation: Some(&conversation),
        quoted: None,
        seen: None,
        marker: ReadMarker::default(),
        timers: &Timers::default(),
        enclosed,
        template: None,
    };
    let command = Reply { enclosures, ..Reply::from(body("See this.")) };
    reply(actor, command, &facts, about, at(WORKING))
}

fn attach(
    actor: &Actor,
    files: &[Option<Attachment>],
) -> Result<Change, Vec<(Code, Option<String>)>> {
    let names: Vec<String> = (1..=files.len()).map(|number| format!("f{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let enclosed = Enclosed { attachments: files, documents: &[] };
    reply_with(actor, &clinic(), named(&names, &[]), enclosed).map_err(|refusal| {
        refusal.reasons().map(|reason| (reason.code, reason.about.clone())).collect()
    })
}

#[test]
fn clean_files_go_with_the_message_and_are_bound_to_it() {
    let account = as_account("a1");
    let file = clean("f1", &account);
    let change = attach(&account, &[Some(file.clone())]).unwrap();
    let message = change.message.unwrap();
    let sent = message.files.first().unwrap();
    assert_eq!((sent.id.as_str(), sent.name.as_str()), ("f1", "scan.pdf"));
    assert_eq!(sent.kept, kept());
    let bound = change.bound.first().unwrap();
    assert_eq!(bound.version, file.version + 1, "the one that was read is replaced");
    let conversation = ConversationId::parse("v1").unwrap();
    assert_eq!(bound.state, State::Bound { kept: kept(), conversation, message: message.number });
}

#[test]
fn a_file_of_another_sender_patient_clinic_or_conversation_is_not_there() {
    let account = as_account("a1");
    let mine = clean("f1", &account);
    let unknown = Err(vec![(Code::AttachmentNotFound, None)]);
    let others = [
        None,
        Some(clean("f1", &as_account("a2"))),
        Some(clean("f1", &as_staff("s1"))),
        Some(clean("f2", &account)),
        Some(Attachment { patient: PatientId::parse("p2").unwrap(), ..mine.clone() }),
        Some(Attachment { clinic: ClinicId::parse("c2").unwrap(), ..mine.clone() }),
        Some(Attachment {
            purpose: Purpose::Message { conversation: ConversationId::parse("v2").ok() },
            ..mine.clone()
        }),
        Some(Attachment {
            purpose: Purpose::Document { document: DocumentId::parse("d1").unwrap(), copy: None },
            ..mine.clone()
        }),
    ];
    for other in others {
        assert_eq!(attach(&account, &[other]).map(|_| ()), unknown);
    }
    let meant = Purpose::Message { conversation: ConversationId::parse("v1").ok() };
    assert!(attach(&account, &[Some(Attachment { purpose: meant, ..mine })]).is_ok());
}

#[test]
fn a_file_that_cannot_be_sent_says_why_and_nothing_is_sent() {
    let account = as_account("a1");
    let awaited = attachment("f1", &account);
    let inspecting = awaited.uploaded("u1", at(WORKING)).unwrap();
    let rejected = inspecting.rejected(Rejection::HasScript);
    let expired = clean("f1", &account).given_up();
    let bound = clean("f1", &account).bound(&kept(), &ConversationId::parse("v1").unwrap(), 1);
    for (file, code, about) in [
        (awaited, Code::AttachmentNotReady, Some("awaiting_upload")),
        (inspecting, Code::AttachmentNotReady, Some("inspecting")),
        (rejected, Code::AttachmentRejected, Some("has_script")),
        (expired, Code::AttachmentExpired, None),
        (bound, Code::AttachmentUsed, None),
    ] {
        let refused = attach(&account, &[Some(file)]).map(|_| ());
        assert_eq!(refused, Err(vec![(code, about.map(str::to_owned))]));
    }
    // One bad file among good ones refuses the message, at its place.
    let files = [Some(clean("f1", &account)), None];
    let enclosed = Enclosed { attachments: &files, documents: &[] };
    let refusal = reply_with(&account, &clinic(), named(&["f1", "f2"], &[]), enclosed).unwrap_err();
    assert_eq!(refusal.first().place.as_deref(), Some("/attachments/1"));
}

#[test]
fn a_message_has_at_most_as_many_files_as_the_clinic_takes() {
    let account = as_account("a1");
    let files = |number: usize| -> Vec<Option<Attachment>> {
        (1..=number).map(|number| Some(clean(&format!("f{number}"), &account))).collect()
    };
    assert!(attach(&account, &files(5)).is_ok());
    assert_eq!(attach(&account, &files(6)).map(|_| ()), Err(vec![(Code::TooManyFiles, None)]));
    let many: Vec<String> = (0..11).map(|number| format!("f{number}")).collect();
    let mut checks = Checks::new();
    let read = Enclosures::parse(&many, &[], &mut checks);
    assert_eq!(read.attachments.len(), 10, "more are not even looked up");
    assert_eq!(checks.finish().unwrap_err().codes(), [Code::TooManyFiles]);
    let mut checks = Checks::new();
    Enclosures::parse(&vec![String::new(); 30_000], &[], &mut checks);
    assert_eq!(checks.into_reasons().len(), 11, "what is told of it is bounded, too");
    assert_eq!(named(&["f1", "f1"], &["d1", "d1"]), named(&["f1"], &["d1"]), "meant once");
}

#[test]
fn a_downgrade_to_portal_stops_patients_files_at_once() {
    let account = as_account("a1");
    let files = [Some(clean("f1", &account))];
    let enclosed = Enclosed { attachments: &files, documents: &[] };
    let portal = ClinicSettings { plan: Plan::Portal, ..clinic() };
    let refusal = reply_with(&account, &portal, named(&["f1"], &[]), enclosed).unwrap_err();
    assert!(refusal.codes().contains(&Code::FilesNotInPlan), "{refusal:?}");
}

#[test]
fn staff_send_copies_of_the_patients_documents_as_they_are_now() {
    let staff = as_staff("s1");
    let document = document("d1");
    let documents = [Some(document.clone())];
    let enclosed = Enclosed { attachments: &[], documents: &documents };
    let change = reply_with(&staff, &clinic(), named(&[], &["d1"]), enclosed).unwrap();
    let message = change.message.unwrap();
    let sent = message.files.first().unwrap();
    assert_eq!(sent.document.as_ref().map(DocumentId::as_str), Some("d1"));
    assert_eq!((sent.id.clone(), sent.kept.clone()), (document.file.clone(), kept()));
    assert_eq!(
        change.copied,
        std::slice::from_ref(&document),
        "the registration must still be this one"
    );
    assert!(change.bound.is_empty(), "a document may be sent again");

    let refused = |document: Option<Document>| {
        let documents = [document];
        let enclosed = Enclosed { attachments: &[], documents: &documents };
        let refusal = reply_with(&staff, &clinic(), named(&[], &["d1"]), enclosed).unwrap_err();
        (refusal.first().code, refusal.first().place.clone())
    };
    let place = Some("/documents/0".to_owned());
    for other in [
        None,
        Some(Document { patient: PatientId::parse("p2").unwrap(), ..document.clone() }),
        Some(Document { clinic: ClinicId::parse("c2").unwrap(), ..document.clone() }),
    ] {
        assert_eq!(refused(other), (Code::AttachmentNotFound, place.clone()));
    }
    for (progress, code) in [
        (Progress::Pending, Code::AttachmentNotReady),
        (Progress::Expired, Code::AttachmentExpired),
        (Progress::Rejected { reason: Rejection::Malware }, Code::AttachmentRejected),
    ] {
        let document = Document { progress, ..document.clone() };
        assert_eq!(refused(Some(document)), (code, place.clone()));
    }
}

#[test]
fn patients_send_no_chart_documents() {
    let documents = [Some(document("d1"))];
    let enclosed = Enclosed { attachments: &[], documents: &documents };
    let refused = reply_with(&as_account("a1"), &clinic(), named(&[], &["d1"]), enclosed);
    assert_eq!(refused.unwrap_err().codes(), [Code::NotAllowed]);
}

#[test]
fn a_body_may_be_empty_beside_a_file_and_only_there() {
    for empty in ["", " ", "<div></div>", "<img src=x>", "<!-- note -->", "<style>p{}</style>"] {
        assert_eq!(named(&[], &[]).body(empty), Err(BodyProblem::Empty), "{empty}");
        let body = named(&["f1"], &[]).body(empty).unwrap().body;
        assert_eq!((body.html(), body.text()), ("", ""), "{empty}");
        let body = named(&[], &["d1"]).body(empty).unwrap().body;
        assert_eq!(body.text(), "");
    }
    let too_long = "a".repeat(200_000);
    assert!(matches!(named(&["f1"], &[]).body(&too_long), Err(BodyProblem::TooLong { .. })));
}
