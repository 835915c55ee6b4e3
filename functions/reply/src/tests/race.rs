//! Many reply while one closes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::actor::Actor;
use domain::audit::{Action, Record, Subject};
use domain::clinic::Plan;
use domain::command::{self, Switch};
use domain::conversation::Conversation;
use scenario::people::{account, link, staff};
use scenario::{NOW, World, name};
use serde_json::json;
use store::key::{self, ConversationKey};
use store::{Committed, change, facts};
use tokio::task::JoinSet;

use super::{event, reply};

const ROUNDS: u64 = 16;
const REPLIERS: usize = 32;

/// Whatever the interleaving: numbers have no gap and no repeat, there is no message after the
/// close, each accepted one is there exactly once and each refused one is not. A writer who was told
/// that the conversation is busy counts as refused.
#[tokio::test]
async fn no_message_after_a_close_and_no_number_twice() {
    let world = World::of(Plan::ConnectPro).await;
    world.link(&link("c1", "p1", "a3")).await;
    let world = Arc::new(world);
    let mut accepted_in_all = 0;
    for round in 0..ROUNDS {
        accepted_in_all += run(&world, round).await;
    }
    let most = u64::try_from(REPLIERS).unwrap() * ROUNDS;
    assert!((1..most).contains(&accepted_in_all), "nothing raced: {accepted_in_all}");
}

async fn run(world: &Arc<World>, round: u64) -> u64 {
    let name = name("c1", "p1", &format!("round-{round}"));
    world.start(&name, NOW).await;
    let handler = Arc::new(reply(world));
    let writers = [account("a1"), account("a3"), staff("s1"), staff("s2"), staff("s9")];
    let mut calls = JoinSet::new();
    for (number, actor) in (0..REPLIERS).zip(writers.iter().cycle()) {
        let text = format!("{round}-{number}");
        let event = event(actor).about(&name).key(&text).body(&json!({ "body": text }));
        let (world, handler) = (Arc::clone(world), Arc::clone(&handler));
        calls.spawn(async move { (text, world.ask(&*handler, &event).await) });
    }
    // The close comes at another time in each round: at once in the first.
    tokio::time::sleep(Duration::from_millis(12 * round)).await;
    let closed = close(world, &staff("s1"), &name).await;

    let mut accepted: BTreeMap<u64, String> = BTreeMap::new();
    while let Some(call) = calls.join_next().await {
        let (text, answer) = call.unwrap();
        if answer.status == 201 {
            let number = answer.body["messageNumber"].as_u64().unwrap();
            assert_eq!(accepted.insert(number, text), None, "two messages have one number");
        } else {
            let told = (answer.status, answer.codes().remove(0));
            let known = [(409, "conversation_closed".to_owned()), (503, "busy".to_owned())];
            assert!(known.contains(&told), "{told:?}");
        }
    }

    // The conversation is as the close left it: nothing was written after.
    assert_eq!(world.conversation(&name).await, closed);
    let replies = u64::try_from(accepted.len()).unwrap();
    assert_eq!(closed.version, 1 + replies + 1);
    assert_eq!(u64::from(closed.tally.total), 1 + replies);
    let stored: BTreeMap<u64, String> = world
        .messages(&name)
        .await
        .iter()
        .skip(1)
        .map(|message| (u64::from(message.number), message.body.text().trim().to_owned()))
        .collect();
    assert_eq!(stored, accepted);
    assert!(stored.keys().copied().eq(2..=replies + 1), "a gap");
    replies
}

/// Closes the conversation, however often others are first, and gives it as it is then.
async fn close(world: &World, actor: &Actor, name: &ConversationKey) -> Conversation {
    let ConversationKey { clinic, patient, .. } = name;
    let store = world.store();
    loop {
        let keys = facts::keys(actor, clinic, patient).into_iter();
        let keys = keys.chain([key::conversation(name)]).chain(change::timer_keys(name));
        let mut found = store.read(keys).await.unwrap();
        let facts = facts::peek(&found, actor, clinic, patient).unwrap();
        let timers = change::timers(&mut found, name).unwrap();
        let before: Option<Conversation> = found.take(&key::conversation(name)).unwrap();
        let change =
            command::switch(actor, Switch::Close, &facts, before.as_ref(), &timers, NOW).unwrap();
        let change = change.expect("nobody else closes it");
        let id = platform::new_id();
        let action = Action::ConversationClose;
        let record = Record::done(id, NOW, actor, action, Subject::default(), "race");
        let mut transaction = store.transaction();
        change::write(&mut transaction, &change, NOW, &record);
        if store.commit(transaction).await.unwrap() == Committed::Done {
            return change.conversation;
        }
    }
}
