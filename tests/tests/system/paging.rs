//! Lists that do not fit one page.

use std::collections::BTreeSet;

use system_tests::world::{Call, own_inbox};

use crate::harness::{PATIENT, Site, ask, at_once, expect, marked, problem, refused, with};

const MANY: usize = 25;

/// A clinic with many conversations.
fn full() -> Site {
    let site = Site::new();
    let calls: Vec<_> = (0..MANY).map(|_| site.starting()).collect();
    for some in calls.chunks(5) {
        for answer in at_once(some) {
            assert_eq!(answer.status, 201, "{}", answer.text());
        }
    }
    site
}

fn ids(page: &serde_json::Value) -> Vec<String> {
    let entries = page["conversations"].as_array().unwrap();
    entries.iter().map(|entry| entry["conversationId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_conversation_is_on_one_page_and_one_that_moves_is_not_lost() {
    let site = full();
    for list in [
        site.clinic.inbox(crate::harness::STAFF),
        site.clinic.list(&site.staff(), PATIENT),
        own_inbox(&site.account),
    ] {
        let mut seen = Vec::new();
        let mut call = with(&list, "limit=10");
        loop {
            let page = expect(&call, 200);
            seen.extend(ids(&page));
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            assert!(
                cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            );
            call = with(&list, &format!("limit=10&cursor={cursor}"));
        }
        let each: BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), each.len()), (MANY, MANY), "{}", list.path);
    }

    // The last one of the first page moves to the top before the second page is asked for.
    let list = own_inbox(&site.account);
    let first = expect(&with(&list, "limit=10"), 200);
    let moved = ids(&first).pop().unwrap();
    let thread = site.clinic.conversation(PATIENT, &moved);
    expect(&thread.reply(&site.account, &marked("Up")), 201);
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = expect(&with(&list, &format!("limit=100&cursor={cursor}")), 200);
    let all: BTreeSet<_> = ids(&first).into_iter().chain(ids(&rest)).collect();
    assert_eq!(all.len(), MANY, "none that did not move is skipped");
}

#[test]
fn each_message_is_on_one_page() {
    let site = Site::new();
    let thread = site.start();
    for _ in 1..MANY {
        expect(&thread.reply(&site.staff(), &marked("More")), 201);
    }
    let list = thread.read(&site.account);
    let mut seen = Vec::new();
    let mut call = with(&list, "limit=7");
    loop {
        let page = expect(&call, 200);
        let messages = page["messages"].as_array().unwrap();
        assert!(messages.len() <= 7);
        seen.extend(messages.iter().map(|message| message["number"].as_u64().unwrap()));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        call = with(&list, &format!("limit=7&cursor={cursor}"));
        if seen.len() == 7 {
            // A message that comes meanwhile is on none of the older pages.
            expect(&thread.reply(&site.staff(), &marked("Meanwhile")), 201);
        }
    }
    let expected: Vec<u64> = (1..=MANY as u64).rev().collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_cursor_is_its_lists_and_its_readers_own() {
    let site = Site::new();
    let other = Site::new();
    for _ in 0..3 {
        site.start();
    }
    let list = own_inbox(&site.account);
    let cursor = expect(&with(&list, "limit=1"), 200)["nextCursor"].as_str().unwrap().to_owned();
    let next = |call: &Call, cursor: &str| with(call, &format!("limit=1&cursor={cursor}"));
    expect(&next(&list, &cursor), 200);
    let half = &cursor[..cursor.len() / 2];
    let long = "A".repeat(10_000);
    for (call, cursor) in [
        (own_inbox(&other.account), cursor.as_str()),
        (site.clinic.list(&site.account, PATIENT), &cursor),
        (site.clinic.inbox(crate::harness::STAFF), &cursor),
        (list.clone(), half),
        (list.clone(), ""),
        (list.clone(), "a%2Bb%2F%3D"),
        (list.clone(), "a+b"),
    ] {
        refused(&next(&call, cursor), 400, "invalid_cursor");
    }
    let filtered = with(&list, &format!("limit=1&state=open&cursor={cursor}"));
    refused(&filtered, 400, "invalid_cursor");
    let answer = ask(&next(&list, &long));
    assert!((400..500).contains(&answer.status), "{}", answer.text());

    for limit in ["0", "-1", "1000000000", "abc", "", "101", "1.5", "%31%00"] {
        let answer = ask(&with(&list, &format!("limit={limit}")));
        problem(&answer, 422, "invalid_limit");
    }
    refused(&with(&list, "state=other"), 422, "invalid_state");
}
