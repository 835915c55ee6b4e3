//! Pages: each entry exactly once, whatever shares an instant and whatever moves.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::clinic::Plan;
use domain::command::Switch;
use jiff::SignedDuration;
use scenario::people::{account, link, staff};
use scenario::{Event, NOW, World, name};
use testkit::Fault;

use super::{chart, clinic_inbox, faulty, inbox, next, reader, shown, thread};

const MANY: usize = 45;

/// The query of a page, with the parameters that stay.
fn query<'a>(stays: &[(&'a str, &'a str)], cursor: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    stays.iter().copied().chain(cursor.map(|cursor| ("cursor", cursor))).collect()
}

/// Everything that a list shows, page by page.
async fn pages(world: &World, event: &Event, stays: &[(&str, &str)]) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let event = event.clone().query(&query(stays, cursor.as_deref()));
        let answer = world.ask(&reader(world), &event).await;
        pages.push(shown(&answer));
        cursor = next(&answer);
        if cursor.is_none() {
            return pages;
        }
    }
}

/// 45 conversations of one patient, two clinics and every state, all at one instant.
async fn many() -> World {
    let world = World::of(Plan::Connect).await;
    world.link(&link("c2", "p1", "a1")).await;
    for number in 0..MANY {
        let clinic = if number % 2 == 0 { "c1" } else { "c2" };
        let name = name(clinic, "p1", &format!("v{number:02}"));
        world.start(&name, NOW).await;
        match number % 3 {
            0 => world.switch(&name, Switch::Close, NOW).await,
            1 => world.reply(&account("a1"), &name, "Hello?", NOW).await,
            _ => {}
        }
    }
    world
}

#[tokio::test]
async fn entries_of_one_instant_are_each_shown_once() {
    let world = many().await;
    let limit = ("limit", "20");
    for (event, stays, wanted) in [
        (inbox(&account("a1")), vec![limit], 45),
        (inbox(&account("a1")), vec![("limit", "7")], 45),
        (inbox(&account("a1")), vec![limit, ("state", "open")], 30),
        (chart(&account("a1")), vec![("limit", "5")], 23),
        (chart(&staff("s1")), vec![("limit", "1")], 23),
        (clinic_inbox(&staff("s1")), vec![limit], 23),
        (clinic_inbox(&staff("s9")), vec![limit, ("owner", "clinic")], 23),
        (chart(&staff("s3")), vec![limit], 0),
    ] {
        let pages = pages(&world, &event, &stays).await;
        let all: Vec<&String> = pages.iter().flatten().collect();
        assert_eq!(all.len(), wanted, "{stays:?}");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), wanted, "{stays:?}");
        assert!(all.is_sorted_by(|one, other| one > other), "one order over all pages");
    }
    let sizes: Vec<usize> =
        pages(&world, &inbox(&account("a1")), &[limit]).await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [20, 20, 5]);
}

#[tokio::test]
async fn messages_of_one_instant_are_each_shown_once() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    for _ in 1..MANY {
        world.reply(&account("a1"), &name, "More.", NOW).await;
    }
    let mut cursor: Option<String> = None;
    let mut pages: Vec<Vec<u64>> = Vec::new();
    loop {
        let event = thread(&account("a1")).query(&query(&[("limit", "20")], cursor.as_deref()));
        let answer = world.ask(&reader(&world), &event).await;
        let messages = answer.body["messages"].as_array().unwrap();
        pages.push(messages.iter().map(|found| found["number"].as_u64().unwrap()).collect());
        cursor = next(&answer);
        if cursor.is_none() {
            break;
        }
        // A new message in between is for the next reading, and moves nothing.
        if pages.len() == 1 {
            world.reply(&staff("s1"), &name, "New.", NOW).await;
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);
    assert!(pages.concat().into_iter().eq((1..=45).rev()));
}

#[tokio::test]
async fn what_moves_between_two_pages_hides_nothing() {
    let world = World::of(Plan::Connect).await;
    for number in 0..10 {
        let at = NOW + SignedDuration::from_secs(number);
        world.start(&name("c1", "p1", &format!("v{number}")), at).await;
    }
    for event in [inbox(&account("a1")), chart(&staff("s1")), clinic_inbox(&staff("s1"))] {
        let first = world.ask(&reader(&world), &event.clone().query(&[("limit", "4")])).await;
        let last = shown(&first).pop().unwrap();
        let later = NOW + SignedDuration::from_hours(1);
        world.reply(&staff("s2"), &name("c1", "p1", &last), "More.", later).await;
        let cursor = next(&first).unwrap();
        let rest = event.query(&[("limit", "100"), ("cursor", &cursor)]);
        let rest = shown(&world.ask(&reader(&world), &rest).await);
        let all: BTreeSet<String> = shown(&first).into_iter().chain(rest).collect();
        assert_eq!(all.len(), 10);
    }
}

/// A page costs the same, whatever exists.
#[tokio::test]
async fn a_page_makes_as_many_calls_with_many_conversations_as_with_few() {
    let mut counts = Vec::new();
    for conversations in [6_i64, 150] {
        let world = World::of(Plan::Connect).await;
        for number in 0..conversations {
            let at = NOW + SignedDuration::from_secs(number);
            world.start(&name("c1", "p1", &format!("v{number:03}")), at).await;
        }
        for event in [inbox(&account("a1")), clinic_inbox(&staff("s1")), chart(&staff("s1"))] {
            for operation in ["Query", "BatchGetItem", "PutItem"] {
                let calls = Arc::new(AtomicUsize::new(0));
                let counted = Arc::clone(&calls);
                let count = Fault::meanwhile(operation, move || {
                    counted.fetch_add(1, Ordering::Relaxed);
                    std::future::ready(())
                });
                let service = faulty(&world, count.times(u32::MAX));
                let event = event.clone().query(&[("limit", "5")]);
                let answer = world.ask(&service, &event).await;
                assert_eq!(shown(&answer).len(), 5);
                counts.push((conversations, operation, calls.load(Ordering::Relaxed)));
            }
        }
    }
    let (few, many) = counts.split_at(counts.len() / 2);
    let calls = |counts: &[(i64, &str, usize)]| -> Vec<usize> {
        counts.iter().map(|(_, _, calls)| *calls).collect()
    };
    assert_eq!(calls(few), calls(many));
    // Of one patient: two lists, of three states each.
    assert_eq!(calls(few)[0], 1 + 6, "one query for the links");
}
