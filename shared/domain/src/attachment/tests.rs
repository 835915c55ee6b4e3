#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;
use crate::access::Facts;
use crate::clinic::{ClinicSettings, Plan};
use crate::command::Switch;
use crate::people::Patient;
use crate::testing::{
    Thread, WORKING, as_account, as_staff, at, clinic, conversation, facts, patient,
};

fn sha(byte: u8) -> Sha256 {
    Sha256::of_digest([byte; 32])
}

fn promise(file_type: FileType, length: u64) -> Promise {
    let name = format!("scan.{}", file_type.extensions().first().unwrap());
    Promise { name: FileName::parse(&name, file_type).unwrap(), file_type, length, sha256: sha(7) }
}

fn slot(file_type: FileType, length: u64, meant: bool) -> Slot {
    Slot {
        id: AttachmentId::parse("f1").unwrap(),
        promise: promise(file_type, length),
        conversation: meant.then(|| ConversationId::parse("v1").unwrap()),
    }
}

fn quota() -> Quota {
    Quota::empty(Quota::day_of(at(WORKING)))
}

fn given_by(
    actor: &Actor,
    facts: &Facts,
    slot: Slot,
    conversation: Option<&Conversation>,
) -> Result<Attachment, Vec<Code>> {
    let side = facts.side(actor).map_err(|refusal| refusal.codes())?;
    give_slot(actor, slot, &side, conversation, quota(), at(WORKING))
        .map(|(attachment, _)| attachment)
        .map_err(|refusal| refusal.codes())
}

fn by_account(plan: Plan, slot: Slot) -> Result<Attachment, Vec<Code>> {
    let actor = as_account("a1");
    let facts = facts(&actor, &ClinicSettings { plan, ..clinic() });
    given_by(&actor, &facts, slot, Some(&conversation()))
}

fn by_staff(slot: Slot) -> Result<Attachment, Vec<Code>> {
    let actor = as_staff("s1");
    given_by(&actor, &facts(&actor, &clinic()), slot, Some(&conversation()))
}

pub(crate) fn awaited() -> Attachment {
    by_account(Plan::Connect, slot(FileType::Pdf, 1_000, true)).unwrap()
}

fn kept() -> Kept {
    Kept { object_version: "k1".to_owned(), length: 900, sha256: sha(8) }
}

fn after(duration: SignedDuration) -> Timestamp {
    at(WORKING) + duration
}

#[test]
fn the_plan_decides_who_may_attach_what() {
    for plan in [Plan::Connect, Plan::ConnectPro] {
        for file_type in FileType::ALL {
            let given = by_account(plan, slot(file_type, 1, true)).map(|_| ());
            let allowed = file_type.is_for_patients();
            let expected = if allowed { Ok(()) } else { Err(vec![Code::FileTypeNotAllowed]) };
            assert_eq!(given, expected, "{file_type:?}");
        }
    }
    let portal = crate::testing::as_portal();
    let facts = facts(&portal, &ClinicSettings { plan: Plan::Portal, ..clinic() });
    let given = given_by(&portal, &facts, slot(FileType::Pdf, 1, true), Some(&conversation()));
    assert_eq!(given, Err(vec![Code::FilesNotInPlan]));
    for file_type in FileType::ALL {
        assert!(by_staff(slot(file_type, 1, true)).is_ok());
        assert!(by_staff(slot(file_type, 1, false)).is_ok());
    }
}

#[test]
fn a_file_has_bytes_and_no_more_than_the_clinic_takes() {
    let too_long = Err(vec![Code::FileLengthInvalid]);
    let account = |length| by_account(Plan::Connect, slot(FileType::Png, length, true));
    let staff = |length| by_staff(slot(FileType::Png, length, true));
    assert_eq!(account(0), too_long);
    assert!(account(10 * MEGABYTE).is_ok());
    assert_eq!(account(10 * MEGABYTE + 1), too_long);
    assert!(staff(25 * MEGABYTE).is_ok());
    assert_eq!(staff(25 * MEGABYTE + 1), too_long);
    assert_eq!(staff(u64::MAX), Err(vec![Code::FileLengthInvalid, Code::FileQuotaReached]));
}

#[test]
fn a_slot_is_for_a_conversation_that_the_caller_may_write_in() {
    let pdf = || slot(FileType::Pdf, 1, true);
    let mut thread = Thread::start(clinic(), at("2026-11-25T14:00:00Z"));
    let account = as_account("a1");
    let known = facts(&account, &clinic());
    assert_eq!(given_by(&account, &known, pdf(), None), Err(vec![Code::NotFound]));
    thread.switch(&as_staff("s1"), Switch::Close, WORKING);
    let closed = Some(&thread.conversation);
    assert_eq!(given_by(&account, &known, pdf(), closed), Err(vec![Code::ConversationClosed]));
    let quiet = Conversation { replies_allowed: false, ..conversation() };
    let refused = given_by(&account, &known, pdf(), Some(&quiet));
    assert_eq!(refused, Err(vec![Code::RepliesNotAllowed]));
    let stranger = as_staff("s3");
    let refused = given_by(&stranger, &facts(&stranger, &clinic()), pdf(), Some(&conversation()));
    assert_eq!(refused, Err(vec![Code::NotFound]));
    let off = ClinicSettings { patient_first: false, ..clinic() };
    let first = given_by(&account, &facts(&account, &off), slot(FileType::Pdf, 1, false), None);
    assert_eq!(first, Err(vec![Code::PatientFirstOff]));
}

#[test]
fn a_merged_record_takes_no_files() {
    let account = as_account("a1");
    let mut known = facts(&account, &clinic());
    known.patient = Some(Patient { successor: PatientId::parse("p2").ok(), ..patient() });
    let refused = given_by(&account, &known, slot(FileType::Pdf, 1, true), Some(&conversation()));
    assert_eq!(refused, Err(vec![Code::PatientMerged]));
}

#[test]
fn a_file_goes_from_its_slot_to_clean_and_leaves_nothing_behind() {
    let uploaded = awaited().uploaded("u1", at(WORKING)).unwrap();
    assert_eq!(uploaded.to_inspect(), Some("u1"));
    let clean = uploaded.inspected(Ok(kept()), false, at(WORKING)).unwrap();
    assert_eq!(clean.state, State::Clean { kept: kept(), since: at(WORKING) });
    let upload = Garbage { area: Area::Quarantine, version: "u1".to_owned() };
    assert_eq!(clean.garbage, [upload]);
    let soon = after(SignedDuration::from_mins(1));
    assert_eq!(clean.due(at(WORKING)), Some(soon), "the upload is removed at once, or else then");
    let tidy = clean.cleaned_up();
    assert_eq!(tidy.due(at(WORKING)), Some(after(UNUSED_LIVES)));
    assert_eq!((tidy.version, tidy.garbage.len()), (clean.version + 1, 0));
}

#[test]
fn only_an_answer_that_says_so_makes_a_file_clean() {
    for (result, verdict) in [
        ("NO_THREATS_FOUND", Verdict::Clean),
        ("THREATS_FOUND", Verdict::Found),
        ("UNSUPPORTED", Verdict::Unable),
        ("ACCESS_DENIED", Verdict::Unable),
        ("FAILED", Verdict::Unable),
        ("SOMETHING_NEW", Verdict::Unable),
        ("no_threats_found", Verdict::Unable),
        ("", Verdict::Unable),
    ] {
        assert_eq!(Verdict::of(result), verdict, "{result}");
    }
    let uploaded = awaited().uploaded("u1", at(WORKING)).unwrap();
    let waiting = uploaded.inspected(Ok(kept()), true, at(WORKING)).unwrap();
    assert_eq!(waiting.state.as_str(), "inspecting");
    assert_eq!(waiting.due(at(WORKING)), Some(after(VERDICT_WITHIN)));
    let scanned = |verdict| waiting.scanned("u1", verdict, at(WORKING)).unwrap().state;
    assert_eq!(scanned(Verdict::Clean), State::Clean { kept: kept(), since: at(WORKING) });
    assert_eq!(scanned(Verdict::Found), State::Rejected { reason: Rejection::Malware });
    assert_eq!(scanned(Verdict::Unable), State::Rejected { reason: Rejection::NotScannable });
    assert_eq!(waiting.scanned("u2", Verdict::Clean, at(WORKING)), None, "of another object");
    let almost = after(VERDICT_WITHIN - SignedDuration::from_secs(1));
    assert_eq!(waiting.overdue(almost), None);
    let late = waiting.overdue(after(VERDICT_WITHIN)).unwrap();
    assert_eq!(late.state, State::Rejected { reason: Rejection::NoVerdict });
    assert_eq!(late.garbage.len(), 2, "both the upload and what was kept");
    assert_eq!(late.scanned("u1", Verdict::Clean, after(VERDICT_WITHIN)), None, "too late");
}

#[test]
fn what_nobody_uses_is_given_up_after_a_day() {
    let day = after(UNUSED_LIVES);
    let before = day - SignedDuration::from_secs(1);
    let soon = after(UPLOAD_LIVES);
    assert_eq!(awaited().due(at(WORKING)), Some(soon), "an event may be lost");
    assert_eq!(awaited().due(soon), Some(day));
    assert_eq!(awaited().overdue(before), None);
    assert_eq!(awaited().overdue(day).unwrap().state, State::Expired);
    let clean = awaited()
        .uploaded("u1", at(WORKING))
        .and_then(|file| file.inspected(Ok(kept()), false, at(WORKING)))
        .unwrap()
        .cleaned_up();
    assert_eq!(clean.overdue(before), None);
    let expired = clean.overdue(day).unwrap();
    assert_eq!(expired.state, State::Expired);
    let content = Garbage { area: Area::Clean, version: "k1".to_owned() };
    assert_eq!(expired.garbage, [content]);
    assert_eq!(expired.cleaned_up().due(day), None);
}

#[test]
fn a_copy_is_made_from_the_clinics_own_folder_only() {
    let clinic = ClinicId::parse("c1").unwrap();
    let copy = |key: &str| CopySource::parse(&clinic, key.to_owned(), None).is_ok();
    for own in ["c1/a.pdf", "c1/2026/a b.pdf", "c1/é.pdf"] {
        assert!(copy(own), "{own}");
    }
    for other in [
        "c2/a.pdf",
        "c1",
        "c1/",
        "c10/a.pdf",
        "/c1/a.pdf",
        "c1//a.pdf",
        "c1/../c2/a.pdf",
        "c1/./a.pdf",
        "c1/a\0.pdf",
        "c1/a\n.pdf",
        "",
    ] {
        assert!(!copy(other), "{other:?}");
    }
    assert!(!copy(&format!("c1/{}", "a".repeat(1022))));
    let version =
        |text: &str| CopySource::parse(&clinic, "c1/a".to_owned(), Some(text.to_owned())).is_ok();
    assert!(version("v1"));
    assert!(!version("") && !version("a\r\nb"));
}

/// What may be told of a file, in any order and any number of times.
#[derive(Clone, Debug)]
enum Told {
    Uploaded(u8),
    Inspected(bool),
    Scanned(u8, Verdict),
    Time(i64),
    CleanedUp,
    Bound,
}

fn told() -> impl Strategy<Value = Told> {
    let verdict = prop_oneof![Just(Verdict::Clean), Just(Verdict::Found), Just(Verdict::Unable)];
    prop_oneof![
        (0..2_u8).prop_map(Told::Uploaded),
        any::<bool>().prop_map(Told::Inspected),
        (0..2_u8, verdict).prop_map(|(object, verdict)| Told::Scanned(object, verdict)),
        (1..2_000_i64).prop_map(Told::Time),
        Just(Told::CleanedUp),
        Just(Told::Bound),
    ]
}

proptest! {
    /// Invariant 8: whatever is told, twice, late and in any order, a file that a scan is waited for
    /// is clean only after both the inspection and the scan of that very object said so.
    #[test]
    fn invariant_8_nothing_is_clean_that_was_not_found_clean(all in prop::collection::vec(told(), 0..12)) {
        let mut file = awaited();
        let mut now = at(WORKING);
        let (mut passed, mut cleared) = (None::<String>, Vec::new());
        for one in all {
            let before = file.clone();
            let next = match one {
                Told::Uploaded(object) => file.uploaded(&format!("u{object}"), now),
                Told::Inspected(passes) => {
                    let object = file.to_inspect().map(str::to_owned);
                    let found = if passes { Ok(kept()) } else { Err(Rejection::Damaged) };
                    let next = file.inspected(found, true, now);
                    if passes && next.is_some() {
                        passed = object;
                    }
                    next
                }
                Told::Scanned(object, verdict) => {
                    let object = format!("u{object}");
                    if verdict == Verdict::Clean {
                        cleared.push(object.clone());
                    }
                    file.scanned(&object, verdict, now)
                }
                Told::Time(minutes) => {
                    now += SignedDuration::from_mins(minutes);
                    file.overdue(now)
                }
                Told::CleanedUp => Some(file.cleaned_up()),
                Told::Bound => match &file.state {
                    State::Clean { kept, .. } => {
                        Some(file.bound(kept, &ConversationId::parse("v1").unwrap(), 2))
                    }
                    _ => None,
                },
            };
            file = next.unwrap_or(file);
            prop_assert!(file.version >= before.version);
            if file != before {
                prop_assert!(file.version > before.version, "each change is a version");
            }
            if before.state.is_final() {
                prop_assert_eq!(&file.state, &before.state, "what is over stays as it is");
            }
            if let State::Clean { .. } | State::Bound { .. } = file.state {
                let object = passed.clone();
                prop_assert!(object.is_some_and(|object| cleared.contains(&object)));
            }
            let json = serde_json::to_value(&file).unwrap();
            prop_assert_eq!(&serde_json::from_value::<Attachment>(json).unwrap(), &file);
        }
    }
}

#[test]
fn where_it_was_sent_is_not_what_it_was_meant_for() {
    let account = as_account("a1");
    let clean = crate::testing::clean("f1", &account);
    let bound = clean.bound(&kept(), &ConversationId::parse("v1").unwrap(), 2);
    let again: Attachment = serde_json::from_value(serde_json::to_value(&bound).unwrap()).unwrap();
    assert_eq!(again, bound);
}

#[test]
fn debug_shows_no_key() {
    let copy = CopySource { key: "c1/biopsy.pdf".to_owned(), version: None };
    assert!(!format!("{copy:?}").contains("biopsy"));
    assert!(!format!("{:?}", awaited()).contains("scan.pdf"));
}
