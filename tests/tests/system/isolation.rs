//! Every id of every route crossed with another clinic's and another patient's.

use http::Method;
use serde_json::json;
use system_tests::world::{self, Call, Clinic};

use crate::aws::string;
use crate::harness::{PATIENT, STAFF, Site, address, expect, marked, message, refused};

/// Every route below a clinic, about this patient and this conversation.
fn every_call(clinic: &Clinic, patient: &str, conversation: &str, account: &str) -> Vec<Call> {
    let staff = clinic.staff(STAFF);
    let thread = clinic.conversation(patient, conversation);
    let document = world::patient_by_email(&marked("X"), &address(), "en");
    let get = |path: String| Call::new(&staff, Method::GET, path);
    vec![
        clinic.settings(&staff, Method::GET),
        clinic.settings(&staff, Method::PUT).with_body(json!({})).with_header("If-Match", "\"1\""),
        clinic.inbox(STAFF),
        get(format!("/clinics/{}/staff/{STAFF}", clinic.id)),
        clinic.create_staff("s9", world::staff(&marked("X"), "admin")),
        get(clinic.patient(patient)),
        clinic.create_patient("p9", document),
        get(format!("{}/links/{account}", clinic.patient(patient))),
        clinic.link(patient, account),
        Call::new(&staff, Method::DELETE, format!("{}/links/{account}", clinic.patient(patient))),
        clinic.list(&staff, patient),
        clinic.start(STAFF, patient, message()),
        thread.read(&staff),
        thread.reply(&staff, "x"),
        thread.mark(&staff, 1),
        thread.close(STAFF),
        thread.reopen(STAFF),
    ]
}

/// Nothing of another clinic is read or written, and the attempt stands in the records of one's own.
#[test]
fn another_clinics_staff_find_nothing_on_any_route() {
    let (mine, theirs) = (Site::new(), Site::new());
    let thread = theirs.start();
    theirs.settled(&thread);
    let (items, records) = (theirs.items(), theirs.records().len());
    let own = mine.items();
    let calls = every_call(&theirs.clinic, PATIENT, &thread.id, &theirs.account_id);
    let count = calls.len();
    for call in calls {
        refused(&call.by(&mine.staff()), 404, "not_found");
    }
    assert_eq!(theirs.items(), items);
    assert_eq!(theirs.records().len(), records, "the other clinic's records are its own");
    assert_eq!(mine.items(), own);
    let refusals = mine.records();
    let refusals: Vec<_> =
        refusals.iter().filter(|record| string(record, "outcome") == "refused").collect();
    assert_eq!(refusals.len(), count);
    for record in refusals {
        assert!(!record.to_string().contains(&theirs.clinic.id), "{record}");
    }
}

#[test]
fn an_account_finds_nothing_of_a_patient_that_it_is_not_linked_to() {
    let (mine, theirs) = (Site::new(), Site::new());
    let second = world::patient_by_email(&marked("Second"), &address(), "en");
    expect(&mine.clinic.create_patient("p2", second), 201);
    let neighbours = mine.started(&mine.clinic.start(STAFF, "p2", message()));
    let elsewhere = theirs.start();
    for thread in [&neighbours, &elsewhere] {
        for call in [
            thread.read(&mine.account),
            thread.reply(&mine.account, "x"),
            thread.mark(&mine.account, 1),
            thread.clinic.list(&mine.account, &thread.patient),
        ] {
            refused(&call, 404, "not_found");
        }
    }
    let mine_listed = expect(&world::own_inbox(&mine.account), 200);
    assert_eq!(mine_listed["conversations"], json!([]));
}

/// The path's ids are all checked against what is there, not one of them alone.
#[test]
fn a_conversation_is_found_under_its_own_clinic_and_patient_only() {
    let (mine, theirs) = (Site::new(), Site::new());
    let second = world::patient_by_email(&marked("Second"), &address(), "en");
    expect(&mine.clinic.create_patient("p2", second), 201);
    expect(&mine.clinic.link("p2", &mine.account_id), 201);
    let thread = mine.start();
    let there = theirs.start();
    mine.settled(&thread);
    let items = mine.items();
    for crossed in [
        mine.clinic.conversation("p2", &thread.id),
        mine.clinic.conversation(PATIENT, &there.id),
        mine.clinic.conversation("nobody", &thread.id),
    ] {
        for caller in [mine.staff(), mine.account.clone()] {
            for call in
                [crossed.read(&caller), crossed.reply(&caller, "x"), crossed.mark(&caller, 1)]
            {
                refused(&call, 404, "not_found");
            }
        }
        refused(&crossed.close(STAFF), 404, "not_found");
    }
    assert_eq!(mine.items(), items);
}

/// Two patients who share an address stay two, and so do the same person's records in two clinics.
#[test]
fn an_address_joins_nobody() {
    let (first, second) = (Site::new(), Site::new());
    let shared = address();
    for (site, id) in [(&first, "twin-a"), (&first, "twin-b"), (&second, "twin-a")] {
        let document = world::patient_by_email(&marked("Twin"), &shared, "en");
        expect(&site.clinic.create_patient(id, document), 201);
    }
    let thread = first.started(&first.clinic.start(STAFF, "twin-a", message()));
    let of = |site: &Site, id: &str| {
        let list = expect(&site.clinic.list(&site.staff(), id), 200);
        list["conversations"].as_array().unwrap().len()
    };
    assert_eq!((of(&first, "twin-a"), of(&first, "twin-b"), of(&second, "twin-a")), (1, 0, 0));
    refused(
        &first.clinic.conversation("twin-b", &thread.id).read(&first.staff()),
        404,
        "not_found",
    );
}

#[test]
fn a_member_of_staff_sees_the_conversations_of_others_only_when_that_is_said() {
    let site = Site::new();
    let thread = site.start();
    expect(&site.clinic.create_staff("s2", world::staff(&marked("Ben"), "clinician")), 201);
    let mut sees_all = world::staff(&marked("Eve"), "front_desk");
    sees_all["seesAllConversations"] = json!(true);
    expect(&site.clinic.create_staff("s3", sees_all), 201);
    let (ben, eve) = (site.clinic.staff("s2"), site.clinic.staff("s3"));
    refused(&thread.read(&ben), 404, "not_found");
    refused(&thread.close("s2"), 404, "not_found");
    assert_eq!(expect(&site.clinic.list(&ben, PATIENT), 200)["conversations"], json!([]));
    let whole = |who: &str| {
        let call = site.clinic.inbox(who);
        let path = format!("{}?owner=clinic", call.path);
        call.at(path)
    };
    refused(&whole("s2"), 403, "not_allowed");
    expect(&thread.read(&eve), 200);
    let inbox = expect(&whole("s3"), 200);
    assert_eq!(inbox["conversations"][0]["conversationId"], thread.id);
}
