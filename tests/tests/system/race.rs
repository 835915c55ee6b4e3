//! Many at once in one conversation.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{STAFF, Site, at_once, expect, messages};

const ROUNDS: usize = 3;
const CLIENTS: usize = 32;

/// 32 clients reply while one closes: numbers have no gap and no repeat, nothing comes after the close,
/// what was accepted is there once, and what was refused is not there.
#[test]
fn replies_and_a_close_have_one_order() {
    for round in 0..ROUNDS {
        let site = Site::new();
        let thread = site.start();
        let callers = [site.account.clone(), site.staff()];
        let text = |client: usize| format!("reply {round}/{client}");
        let mut calls: Vec<_> =
            (0..CLIENTS).map(|client| thread.reply(&callers[client % 2], &text(client))).collect();
        // The close goes off among the replies, earlier in each round.
        let position = CLIENTS / (round + 2);
        calls.insert(position, thread.close(STAFF));
        let mut answers = at_once(&calls);
        let mut closed = answers.remove(position);
        // Where the crowd kept the close away for as long as it tries, it is repeated, as its 503 says.
        if closed.status == 503 {
            closed = crate::harness::ask(&thread.close(STAFF));
        }
        assert_eq!(closed.status, 200, "{}", closed.text());

        let all = messages(&thread, &callers[1]);
        let numbers: Vec<_> =
            all.iter().map(|message| message["number"].as_u64().unwrap()).collect();
        let expected: Vec<_> = (1..=all.len() as u64).collect();
        assert_eq!(numbers, expected, "round {round}");
        assert_eq!(closed.json()["lastMessageNumber"], all.len(), "round {round}: after the close");

        let there = |client: usize| -> Vec<&Value> {
            all.iter().filter(|message| message["body"]["text"] == text(client)).collect()
        };
        let mut taken = BTreeSet::new();
        for (client, answer) in answers.iter().enumerate() {
            let found = there(client);
            match answer.status {
                201 => {
                    assert_eq!(found.len(), 1, "round {round}: an accepted reply is there once");
                    assert_eq!(found[0]["number"], answer.json()["messageNumber"]);
                    assert!(taken.insert(found[0]["number"].as_u64()), "one number for each");
                }
                409 | 503 => {
                    assert!(
                        found.is_empty(),
                        "round {round}: a refused reply is there: {}",
                        answer.text()
                    );
                    let code = answer.json()["code"].clone();
                    assert!(code == "conversation_closed" || code == "busy", "{code}");
                }
                _ => panic!("round {round}: {} {}", answer.status, answer.text()),
            }
        }
        assert_eq!(all.len(), taken.len() + 1, "round {round}");
        let opened = expect(&thread.read(&callers[0]), 200);
        assert_eq!(opened["state"], "closed");
    }
}
