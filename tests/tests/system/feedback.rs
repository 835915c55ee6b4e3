//! What becomes of notices, as SES and SNS tell it on the deployed stack: over the topic, in SNS's logs;
//! and that it belongs to the address.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use system_tests::issuer::Caller;
use system_tests::world::{self, Call, Conversation, fresh};

use crate::aws::{self, described, form_call, json_call, string};
use crate::harness::{STAFF, Site, address, eventually, expect, marked, message, notice, refused};

const SOON: Duration = Duration::from_secs(60);

/// A schedule's minute, begun late, and what it does.
const NEXT_MINUTE: Duration = Duration::from_secs(150);

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Tells something of an email as SES does: on the topic, by the notice's own id. Hands back SES's.
fn ses_tells(kind: &str, notice: &Value, to: &str, more: &Value) -> String {
    let id = fresh("ses");
    let mut event = json!({
        "eventType": kind,
        "mail": {
            "timestamp": "2026-11-25T15:00:00.000Z",
            "messageId": id,
            "destination": [to],
            "tags": { "notice": [string(notice, "id")] },
        },
    });
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    let topic = encoded(described("/feedback_topic").as_str().unwrap());
    let message = encoded(&event.to_string());
    let form = format!("Action=Publish&Version=2010-03-31&TopicArn={topic}&Message={message}");
    form_call("sns", &form);
    id
}

/// Writes a line to one of SNS's logs, as SNS does.
fn sns_writes(group: &str, provider_id: &str, number: &str, status: &str, response: &str) {
    let topic = described("/feedback_topic");
    let mut parts = topic.as_str().unwrap().split(':').skip(3);
    let (region, account) = (parts.next().unwrap(), parts.next().unwrap());
    let group = format!("sns/{region}/{account}/DirectPublishToPhoneNumber{group}");
    let stream = fresh("stream");
    let call = |operation: &str, body: &Value| {
        json_call("logs", &format!("Logs_20140328.{operation}"), body)
    };
    call("CreateLogStream", &json!({ "logGroupName": group, "logStreamName": stream }));
    let now = system_tests::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let line = json!({
        "notification": { "messageId": provider_id, "timestamp": "2026-11-25 15:00:02.512" },
        "delivery": { "destination": number, "providerResponse": response },
        "status": status,
    });
    let millis = u64::try_from(now.as_millis()).unwrap();
    let events = json!([{ "timestamp": millis, "message": line.to_string() }]);
    call(
        "PutLogEvents",
        &json!({ "logGroupName": group, "logStreamName": stream, "logEvents": events }),
    );
}

fn becomes(conversation: &Conversation, state: &str) -> Value {
    eventually(&format!("the notice to be {state}"), SOON, || {
        notice(conversation, 1).filter(|item| string(item, "state") == state)
    })
}

fn bounced(to: &str) -> Value {
    json!({ "bounce": {
        "bounceType": "Permanent", "bounceSubType": "General",
        "timestamp": "2026-11-25T15:00:02.000Z",
        "bouncedRecipients": [{ "emailAddress": to, "status": "5.1.1" }],
    } })
}

/// A patient of this address, who is told by email alone.
fn patient(site: &Site, id: &str, to: &str) {
    let patient = world::patient_by_email(&marked("Marie"), to, "en");
    expect(&site.clinic.create_patient(id, patient), 201);
}

#[test]
fn a_bounce_marks_the_address_for_everybody_until_its_owner_agrees_again() {
    let (site, other_clinic) = (Site::new(), Site::new());
    let to = address();
    patient(&site, "one", &to);
    patient(&site, "sibling", &to.to_uppercase());
    patient(&other_clinic, "elsewhere", &to);
    let thread = site.started(&site.clinic.start(STAFF, "one", message()));
    let sent = becomes(&thread, "accepted");
    ses_tells("Delivery", &sent, &to, &json!({}));
    becomes(&thread, "delivered");
    for _ in 0..2 {
        // As the other server wrote it.
        ses_tells("Bounce", &sent, &to, &bounced(&format!("\"Marie\" <{}>", to.to_lowercase())));
    }
    becomes(&thread, "bounced");
    ses_tells("Delivery", &sent, &to, &json!({}));

    // The next send says so, for the sibling and in another clinic, and the message is stored.
    for (site, id) in [(&site, "one"), (&site, "sibling"), (&other_clinic, "elsewhere")] {
        let call = site.clinic.start(STAFF, id, message());
        let answer = expect(&call, 201);
        assert_eq!(answer["noticeChannel"], Value::Null, "{id}: {answer}");
        assert_eq!(answer["noticeProblem"], "address_bounced", "{id}: {answer}");
        let thread = site.started(&call);
        let failed = becomes(&thread, "failed");
        assert_eq!(string(&failed, "reason"), "address_bounced");
        let eligible = site.clinic.of_patient(&site.staff(), id, "eligibility");
        let shown = expect(&eligible, 200);
        assert_eq!(shown["addresses"][0]["reason"], "bounced", "{shown}");
        assert!(shown["addresses"][0]["since"].is_string(), "{shown}");
    }
    assert_eq!(string(&notice(&thread, 1).unwrap(), "state"), "bounced", "nothing takes it back");

    // Consent is recorded by who may, in either clinic, and holds for all.
    let path = format!("{}/addresses/email/consent", other_clinic.clinic.patient("elsewhere"));
    let consent = Call::new(&other_clinic.clinic.chart(), Method::POST, path);
    refused(&consent.clone().by(&site.staff()), 404, "not_found");
    assert_eq!(expect(&consent, 200)["usable"], true);
    let again = site.started(&site.clinic.start(STAFF, "sibling", message()));
    becomes(&again, "accepted");
    let recorded =
        other_clinic.records().iter().any(|record| record["action"]["S"] == "address.consent");
    assert!(recorded);
}

/// Both ways are there, and the patient consented to both: after a bounce the text message goes out.
#[test]
fn a_bounced_notice_goes_through_the_other_channel_with_consent() {
    let site = Site::new();
    let to = address();
    let mut patient = world::patient_by_email(&marked("Marie"), &to, "en");
    patient["sms"] = json!("+1 613 555 0131");
    patient["otherChannelConsented"] = json!(true);
    expect(&site.clinic.create_patient("both", patient), 201);
    let thread = site.started(&site.clinic.start(STAFF, "both", message()));
    let sent = becomes(&thread, "accepted");
    ses_tells("Bounce", &sent, &to, &bounced(&to));
    let after = eventually("the text message", NEXT_MINUTE, || {
        notice(&thread, 1).filter(|item| string(item, "channel") == "sms")
    });
    assert_eq!(after["earlier"]["M"]["state"]["S"], "bounced", "{after}");
    let opened = expect(&thread.read(&site.staff()), 200);
    let shown = &opened["messages"][0]["notices"][0];
    assert_eq!(shown["earlier"]["channel"], "email", "{shown}");
}

#[test]
fn what_sns_writes_in_its_logs_is_what_staff_see() {
    let site = Site::new();
    for (group, status, response, state) in [
        ("", "SUCCESS", "Message has been accepted by phone carrier", "delivered"),
        ("/Failure", "FAILURE", "Phone is currently unreachable/unavailable", "bounced"),
        ("/Failure", "FAILURE", "Phone number is opted out", "opted_out"),
    ] {
        let id = fresh("texted");
        let digits =
            id.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let number = format!("+1613555{:04}", 1_000 + digits % 9_000);
        expect(
            &site.clinic.create_patient(&id, world::patient_by_sms(&marked("Jo"), &number)),
            201,
        );
        let thread = site.started(&site.clinic.start(STAFF, &id, message()));
        let sent = becomes(&thread, "accepted");
        sns_writes(group, &string(&sent, "providerId"), &number, status, response);
        becomes(&thread, state);
        let answer = expect(&site.clinic.start(STAFF, &id, message()), 201);
        let problem = (state == "opted_out").then_some("opted_out");
        assert_eq!(answer["noticeProblem"].as_str(), problem, "{answer}");
    }
}

#[test]
fn what_nobody_knows_of_is_dropped_and_on_record() {
    let nothing = json!({ "id": { "S": fresh("unknown") } });
    let id = ses_tells("Delivery", &nothing, &address(), &json!({}));
    let on_record = || aws::partition(&format!("PROVIDER#{id}")).pop();
    let item = eventually("the record", SOON, on_record);
    assert!(item["expires"]["N"].is_string(), "{item}");
}

/// The local stack has no list of those who opted out: that is no error, and tells nothing of anybody.
#[test]
fn a_service_without_a_list_of_opt_outs_is_no_error() {
    assert_eq!(aws::invoke("delivery-feedback", &json!({ "trigger": "reconcile" })), Value::Null);
}

#[test]
fn a_link_leads_who_may_read_to_the_conversation_and_changes_nothing() {
    let site = Site::new();
    let thread = site.start();
    let open = |caller: &Caller| world::open_link(caller, &crate::harness::reference(&thread));
    for _ in 0..3 {
        for caller in [&site.account, &site.staff()] {
            let led = expect(&open(caller), 200);
            assert_eq!(led["conversationId"], thread.id.as_str());
            assert_eq!(led["patientId"], thread.patient.as_str());
        }
    }
    let opened = expect(&thread.read(&site.account), 200);
    assert_eq!((&opened["unread"], &opened["seen"]), (&json!(1), &json!(0)), "{opened}");
    let elsewhere = Site::new();
    for stranger in [elsewhere.account.clone(), elsewhere.staff(), Caller::account(&fresh("a"))] {
        refused(&open(&stranger), 404, "not_found");
    }
    refused(&world::open_link(&site.account, &"0".repeat(32)), 404, "not_found");
}
