//! What members of staff choose for themselves, and nobody for them.

use domain::access::keep_preferences;
use domain::actor::Actor;
use domain::address::{AddressState, MarkReason};
use domain::id::{ClinicId, StaffId};
use domain::people::{Role, StaffMember};
use domain::refusal::Code;
use serde_json::{Value, json};
use testkit::{Fault, MAIN};

use super::world::*;

const CREATE: Option<(&str, &str)> = Some(("If-None-Match", "*"));
const FIRST: Option<(&str, &str)> = Some(("If-Match", "\"1\""));

fn view(who: Who, staff: &'static str) -> Value {
    to(get(who, Target::Staff(staff)), "preferences", &[])
}

fn choose(who: Who, version: Option<(&str, &str)>, document: &Value) -> Value {
    to(put(who, Target::Staff("s7"), version, document), "preferences", &[])
}

fn emails(wanted: bool) -> Value {
    json!({"emailOnReply": wanted})
}

#[tokio::test]
async fn nobody_is_emailed_who_did_not_choose_it() {
    let world = World::new().await;
    let answer = world.call(view(CLINICIAN, "s7")).await.expect(200, "");
    let default = json!({"clinicId": "c1", "staffId": "s7", "version": 0, "emailOnReply": false, "vacations": []});
    // What nobody wrote has no version that a change could replace.
    assert_eq!((&answer.body, answer.etag), (&default, None));
    assert_eq!(answer.record["action"], "preferences.view");
    assert_eq!(answer.record["objects"], json!(["s7"]));
    assert!(world.items("PREFERENCES#").await.is_empty());
}

#[tokio::test]
async fn what_was_chosen_holds_version_by_version_and_is_on_record() {
    let world = World::new().await;
    for (version, wanted, status, tag, changes) in [
        (CREATE, true, 201, "\"1\"", vec!["emailOnReply: - -> true"]),
        (FIRST, false, 200, "\"2\"", vec!["emailOnReply: true -> false"]),
    ] {
        let event = choose(CLINICIAN, version, &emails(wanted));
        let answer = world.call(event.clone()).await.expect(status, "");
        assert_eq!((answer.etag.as_deref(), answer.changes()), (Some(tag), ids(&changes)));
        assert_eq!(answer.record["action"], "preferences.change");
        let read = world.call(view(CLINICIAN, "s7")).await;
        assert_eq!((read.etag.as_deref(), &read.body), (Some(tag), &answer.body));
        assert_eq!(read.body["emailOnReply"], wanted);
        // A repeat finds itself written.
        let written = world.db.all_items(MAIN).await;
        let again = world.call(event).await.expect(status, "");
        assert_eq!((again.body, again.etag), (answer.body, answer.etag));
        assert_eq!(world.db.all_items(MAIN).await, written);
    }
    for (version, status, code) in [
        (None, 428, "version_required"),
        (CREATE, 412, "version_conflict"),
        (Some(("If-Match", "\"7\"")), 412, "version_conflict"),
        // A version of none was never shown as one.
        (Some(("If-Match", "\"0\"")), 400, "version_malformed"),
    ] {
        world.call(choose(CLINICIAN, version, &emails(true))).await.expect(status, code);
    }
    for (document, reason) in [
        (json!({}), "missing_member /emailOnReply"),
        (json!({"emailOnReply": null}), "wrong_type /emailOnReply"),
        (json!({"emailOnReply": "true"}), "wrong_type /emailOnReply"),
        (json!({"emailOnReply": true, "staffId": "s2"}), "unknown_member /staffId"),
    ] {
        let answer = world.call(choose(CLINICIAN, Some(("If-Match", "\"2\"")), &document)).await;
        assert_eq!((answer.status, answer.reasons()), (422, vec![reason.to_owned()]));
    }
}

fn ids(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn of_two_choices_at_once_one_wins() {
    let world = World::new().await;
    let other = handler(world.db.client());
    let meanwhile = Fault::meanwhile("TransactWriteItems", move || {
        let other = other.clone();
        async move {
            let event = choose(CLINICIAN, CREATE, &emails(false));
            assert_eq!(send(&other, event).await.0, 201);
        }
    });
    let unlucky = handler(world.db.client_with(meanwhile));
    let late = send(&unlucky, choose(CLINICIAN, CREATE, &emails(true))).await;
    assert_eq!((late.0, late.2["code"].as_str()), (412, Some("version_conflict")));
    assert_eq!(world.call(view(CLINICIAN, "s7")).await.body["emailOnReply"], false);
}

#[tokio::test]
async fn nobody_but_an_administrator_chooses_for_another() {
    let world = World::new().await;
    world.call(choose(CLINICIAN, CREATE, &emails(true))).await.expect(201, "");
    for (who, status, code) in [
        (FRONT_DESK, 403, "not_allowed"),
        (CHART, 403, "not_allowed"),
        (OPERATOR, 403, "not_allowed"),
        (FORMER_ADMIN, 403, "staff_inactive"),
        (STRANGER, 403, "staff_inactive"),
        (OTHER_ADMIN, 404, "not_found"),
        (OTHER_CHART, 404, "not_found"),
        (("staff", "s7", "c2", ""), 404, "not_found"),
        (ACCOUNT, 404, "not_found"),
        (PORTAL, 404, "not_found"),
    ] {
        for event in [view(who, "s7"), choose(who, FIRST, &emails(false))] {
            world.call(event).await.expect(status, code);
        }
    }
    // An administrator keeps vacations, and asks for no emails in a colleague's name.
    world.call(view(ADMIN, "s7")).await.expect(200, "");
    world.call(choose(ADMIN, FIRST, &emails(false))).await.expect(403, "not_allowed");
    world.call(view(ADMIN, "s404")).await.expect(404, "not_found");
    // Whether a colleague is there at all changes nothing of the answer.
    world.call(view(CLINICIAN, "s404")).await.expect(403, "not_allowed");
    // One's own are gone with one's access.
    world.call(view(FORMER_ADMIN, "s3")).await.expect(403, "staff_inactive");
}

#[test]
fn the_rule_asks_for_the_very_person_or_an_administrator() {
    let (here, there) = (ClinicId::parse("c1").unwrap(), ClinicId::parse("c2").unwrap());
    let (s1, s2) = (StaffId::parse("s1").unwrap(), StaffId::parse("s2").unwrap());
    let me = Actor::Staff { clinic: here.clone(), id: s1.clone() };
    let record = |active: bool| -> StaffMember {
        serde_json::from_value(json!({
            "clinic": "c1", "id": "s1", "version": 1, "name": "Staff", "roles": ["privacy_officer"],
            "active": active, "seesAllConversations": true,
        }))
        .unwrap()
    };
    let (active, former) = (record(true), record(false));
    let admin = StaffMember { roles: [Role::Admin].into(), ..record(true) };
    for (clinic, staff, whose, wanted) in [
        (&here, Some(&active), &s1, None),
        (&here, Some(&active), &s2, Some(Code::NotAllowed)),
        (&here, Some(&admin), &s2, None),
        (&here, Some(&former), &s1, Some(Code::StaffInactive)),
        (&here, None, &s1, Some(Code::StaffInactive)),
        (&there, Some(&active), &s1, Some(Code::NotFound)),
    ] {
        let result = keep_preferences(&me, clinic, staff, whose);
        assert_eq!(result.err().map(|refusal| refusal.first().code), wanted);
    }
    let result = keep_preferences(&Actor::System, &here, None, &s1);
    assert_eq!(result.unwrap_err().first().code, Code::NotFound);
}

fn away(emails: bool, vacations: &[(&str, &str)]) -> Value {
    let vacations: Vec<Value> =
        vacations.iter().map(|(from, to)| json!({"from": from, "to": to})).collect();
    json!({"emailOnReply": emails, "vacations": vacations})
}

/// Who fell ill says nothing: an administrator does, and the emails stay as the person chose them.
#[tokio::test]
async fn vacations_are_kept_by_oneself_and_by_an_administrator() {
    let world = World::new().await;
    let summer = away(true, &[("2027-07-01", "2027-07-14")]);
    let answer = world.call(choose(CLINICIAN, CREATE, &summer)).await.expect(201, "");
    let changes = ["emailOnReply: - -> true", "vacations: - -> 2027-07-01 to 2027-07-14"];
    assert_eq!(answer.changes(), ids(&changes));
    let ill = away(true, &[("2027-07-01", "2027-07-14"), ("2027-02-01", "2027-02-01")]);
    let answer = world.call(choose(ADMIN, FIRST, &ill)).await.expect(200, "");
    let both = "2027-07-01 to 2027-07-14, 2027-02-01 to 2027-02-01";
    let change = format!("vacations: 2027-07-01 to 2027-07-14 -> {both}");
    assert_eq!(answer.changes(), ids(&[&change]));
    let read = world.call(view(CLINICIAN, "s7")).await.expect(200, "");
    assert_eq!(read.body["vacations"], ill["vacations"]);
    assert_eq!(read.body["emailOnReply"], true);
}

#[tokio::test]
async fn days_that_are_none_are_refused_with_their_place() {
    let world = World::new().await;
    for (vacations, code, place) in [
        ([("2027-07-14", "2027-07-01")], "vacation_ends_before_start", "/vacations/0/to"),
        ([("2020-07-01", "2020-07-14")], "date_past", "/vacations/0/to"),
        ([("2027-07-01", "2093-07-14")], "date_too_far_ahead", "/vacations/0/to"),
        ([("2027-02-29", "2027-03-01")], "office_hours_invalid", "/vacations/0/from"),
        ([("1 July", "2027-07-14")], "office_hours_invalid", "/vacations/0/from"),
    ] {
        let event = choose(CLINICIAN, CREATE, &away(false, &vacations));
        let answer = world.call(event).await.expect(422, code);
        assert_eq!(answer.body["errors"][0]["pointer"], place, "{}", answer.body);
    }
    let many = vec![("2027-07-01", "2027-07-14"); 21];
    let answer = world.call(choose(CLINICIAN, CREATE, &away(false, &many))).await;
    answer.expect(422, "office_hours_invalid");
    assert!(world.items("PREFERENCES#").await.is_empty());
}

/// Nobody else records the consent of staff: whoever asks for emails agrees to them.
#[tokio::test]
async fn whoever_asks_for_emails_may_be_told_again_at_an_address_that_bounced() {
    let world = World::new().await;
    let member = with(Target::Staff("s7"), "email", json!("staff.hidden@example.test"));
    world.call(put(ADMIN, Target::Staff("s7"), FIRST, &member)).await.expect(200, "");
    let hash = email_hash("staff.hidden@example.test");
    world.mark(&hash, MarkReason::Bounced, "2026-11-19T12:00:00Z").await;
    let blocked = async || {
        let known = world.handler.store.addresses([&hash]).await.unwrap();
        known.of(&hash).and_then(AddressState::blocked).map(|mark| mark.reason)
    };
    world.call(choose(CLINICIAN, CREATE, &emails(false))).await.expect(201, "");
    assert_eq!(blocked().await, Some(MarkReason::Bounced), "that asks for nothing");
    world.call(choose(CLINICIAN, FIRST, &emails(true))).await.expect(200, "");
    assert_eq!(blocked().await, None);
}
