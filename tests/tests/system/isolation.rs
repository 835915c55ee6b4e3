//! Every id of every route crossed with another clinic's and another patient's.

use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::json;
use system_tests::issuer::Caller;
use system_tests::world::{self, Call, Clinic, fresh, own_inbox};

use crate::aws::{self, stack, string};
use crate::ground::{Ground, Section, sections};
use crate::harness::{
    PATIENT, STAFF, Site, address, eventually, expect, marked, message, notice, refused, with,
};

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

/// Two clinics with the same ids of everything and the same accounts.
fn twins() -> [Ground; 2] {
    let accounts = &fresh("a");
    thread::scope(|scope| {
        let make = || Ground::with_accounts("connect_pro", accounts);
        [scope.spawn(make), scope.spawn(make)].map(|made| made.join().unwrap())
    })
}

/// Ids are the same in both clinics, so only the clinic in the path and in the token tells them apart.
#[test]
fn invariant_5_the_people_of_one_clinic_find_nothing_on_any_route_of_another() {
    let [mine, theirs] = &twins();
    let only_here = fresh("a");
    expect(&mine.clinic.link(PATIENT, &only_here), 201);
    eventually("the notice", Duration::from_secs(60), || {
        notice(&theirs.thread, 1).filter(|item| string(item, "state") != "queued")
    });
    let ids = [theirs.clinic.id.as_str()];
    let items = || aws::items(&stack().table_name, &ids);
    let records = || aws::items(&stack().audit_table_name, &ids);
    let before = (items(), records());

    let sections = sections();
    let of_a_clinic: Vec<&Section> =
        sections.iter().filter(|section| section.path.contains("{clinicId}")).collect();
    let target = theirs.standing();
    let mut callers: Vec<(&str, Caller)> = [
        "staff, participant",
        "staff, in a group",
        "staff, sees all",
        "admin, sees all",
        "privacy officer",
        "chart system",
        "portal patient",
    ]
    .into_iter()
    .map(|name| (name, mine.caller(name)))
    .collect();
    callers.push(("patient", Caller::account(&only_here)));
    thread::scope(|scope| {
        for (name, caller) in &callers {
            let (of_a_clinic, target) = (&of_a_clinic, &target);
            scope.spawn(move || {
                for section in of_a_clinic {
                    let call = theirs.call(section, target, name).by(caller);
                    refused(&call, 404, "not_found");
                }
            });
        }
    });
    assert_eq!(items(), before.0, "something of the other clinic was written");
    // What an account may see is not one clinic's business: its refusals stand with the account.
    assert_eq!(records(), before.1, "the other clinic's records are its own");
}

/// An account that is linked in both clinics has in each what is there.
#[test]
fn invariant_5_an_account_of_two_clinics_mixes_up_nothing() {
    let [first, second] = &twins();
    let account = first.caller("patient");
    assert_eq!(account, second.caller("patient"));
    for (here, there) in [(first, second), (second, first)] {
        let crossed = here.clinic.conversation(PATIENT, &there.thread.id);
        for call in [
            crossed.read(&account),
            crossed.reply(&account, "x"),
            crossed.mark(&account, 1),
            crossed.read(&here.caller("staff, sees all")),
            crossed.close("sees-all"),
        ] {
            refused(&call, 404, "not_found");
        }
        let listed = expect(&here.clinic.list(&account, PATIENT), 200);
        assert_eq!(listed["conversations"].as_array().unwrap().len(), 1);
        assert_eq!(listed["conversations"][0]["conversationId"], here.thread.id);
    }
    let inbox = expect(&own_inbox(&account), 200);
    let entries = inbox["conversations"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    for ground in [first, second] {
        let of_it = |entry: &&serde_json::Value| entry["clinicId"] == ground.clinic.id.as_str();
        let entry = entries.iter().find(of_it).unwrap();
        assert_eq!(entry["conversationId"], ground.thread.id);
    }
    // A link that ends in one clinic goes on in the other.
    let path = format!("{}/links/{}", first.clinic.patient(PATIENT), first.account("patient"));
    expect(&Call::new(&first.clinic.chart(), Method::DELETE, path), 204);
    refused(&first.thread.read(&account), 404, "not_found");
    expect(&second.thread.read(&account), 200);
    let inbox = expect(&own_inbox(&account), 200);
    assert_eq!(inbox["conversations"].as_array().unwrap().len(), 1);
}

/// A page's call with a cursor.
fn after(list: &Call, cursor: &str) -> Call {
    let separator = if list.path.contains('?') { '&' } else { '?' };
    list.clone().at(format!("{}{separator}limit=1&cursor={cursor}", list.path))
}

#[test]
fn invariant_5_a_cursor_opens_its_own_list_to_its_own_reader_only() {
    let [mine, theirs] = &twins();
    thread::scope(|scope| {
        for ground in [mine, theirs] {
            scope.spawn(|| {
                ground.started(&["colleague"]);
                expect(&ground.thread.reply(&ground.caller("patient"), &marked("Two")), 201);
            });
        }
    });
    // The same five lists in each clinic, the inbox of the account aside, which is of both.
    let lists = |ground: &Ground| {
        let staff = ground.caller("staff, participant");
        let account = ground.caller("patient");
        vec![
            ground.clinic.inbox("participant"),
            ground.clinic.list(&staff, PATIENT),
            ground.clinic.list(&account, PATIENT),
            ground.thread.read(&staff),
            ground.thread.read(&account),
        ]
    };
    let mut own = lists(mine);
    own.push(own_inbox(&mine.caller("patient")));
    let colleague = mine.caller("staff, sees all");
    let guardian = mine.caller("guardian");
    let mut others = lists(theirs);
    others.extend([
        mine.clinic.inbox("sees-all"),
        with(&mine.clinic.inbox("participant"), "owner=staff:participant&state=open"),
        with(&mine.clinic.inbox("sees-all"), "owner=staff:participant"),
        with(&mine.clinic.inbox("sees-all"), "owner=group:g1"),
        with(&mine.clinic.inbox("sees-all"), "owner=clinic"),
        mine.clinic.list(&colleague, PATIENT),
        mine.clinic.list(&guardian, PATIENT),
        mine.clinic.list(&colleague, "p2"),
        mine.thread.read(&colleague),
        mine.thread.read(&guardian),
        own_inbox(&guardian),
        own_inbox(&mine.caller("another patient")),
    ]);
    thread::scope(|scope| {
        for (position, list) in own.iter().enumerate() {
            let (own, others) = (&own, &others);
            let theirs = &theirs.clinic;
            scope.spawn(move || {
                let page = expect(&with(list, "limit=1"), 200);
                let cursor = page["nextCursor"].as_str().unwrap();
                expect(&after(list, cursor), 200);
                for changed in changed(cursor) {
                    refused(&after(list, &changed), 400, "invalid_cursor");
                }
                for (other, another) in own.iter().enumerate() {
                    if other != position {
                        refused(&after(another, cursor), 400, "invalid_cursor");
                    }
                }
                for another in others {
                    refused(&after(another, cursor), 400, "invalid_cursor");
                }
                // The caller's own token at the other clinic's path finds nothing, or no such cursor.
                if let Some(Caller::Staff { clinic, .. }) = &list.caller {
                    let there = list.path.replace(clinic.as_str(), &theirs.id);
                    refused(&after(&list.clone().at(there), cursor), 404, "not_found");
                }
            });
        }
    });
}

/// The cursor with a bit flipped in its first bytes, its last ones and some between, one each time, and with
/// a letter of its text changed.
fn changed(cursor: &str) -> Vec<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    let last = bytes.len() - 1;
    let mut all = Vec::new();
    for place in [0, 1, 5, 8, 9, last / 2, last - 1, last] {
        for bit in [1, 128] {
            let mut flipped = bytes.clone();
            flipped[place] ^= bit;
            all.push(URL_SAFE_NO_PAD.encode(flipped));
        }
    }
    for place in [0, cursor.len() / 2, cursor.len() - 1] {
        let letter = if cursor[place..].starts_with('A') { "B" } else { "A" };
        let mut text = cursor.to_owned();
        text.replace_range(place..=place, letter);
        all.push(text);
    }
    all.push(format!("{cursor}A"));
    all
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
