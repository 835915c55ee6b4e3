//! Looks that meet other writers, and calls that fail half way.

use testkit::Fault;
use worker::Worker as _;

use super::world::{self, OUTSIDE, World, account, at, name, now, pass_to};

/// The timer of last night has become pointless at the moment at which the patient writes again.
/// Whoever is first, the new message has its reply or a timer for it.
#[tokio::test]
async fn a_message_at_the_moment_of_not_needed_keeps_its_timer() {
    let world = World::new().await;
    let names: Vec<_> = (2..26).map(|number| name("c1", number)).collect();
    for name in &names {
        at(world::START);
        world.start(name).await;
        world.patient_writes(name, "2026-11-24T23:00:00Z").await;
    }
    at("2026-11-25T23:00:00Z");
    for (delay, name) in names.iter().enumerate() {
        let key = store::key::timer(name, OUTSIDE);
        let look = async {
            // The more often one yields, the later the other comes to its calls.
            for _ in 0..delay * 5 {
                tokio::task::yield_now().await;
            }
            world.worker.step(key.clone()).await
        };
        let patient = account();
        let (written, look) = tokio::join!(world.reply(&patient, name), look);
        let (written, _) = (written.unwrap(), look.unwrap());
        let timer = world.timer(name, OUTSIDE).await;
        let said = world.said(name).await;
        match timer {
            Some(timer) => assert_eq!((timer.number, said.len()), (written.number, 0), "{delay}"),
            None => assert_eq!(said.len(), 1, "{delay}: no timer and no reply"),
        }
    }
    world.tick().await;
    for name in &names {
        assert_eq!(world.said(name).await.len(), 1);
    }
}

/// A reply that meets the staff's answer: the answer wins, or the reply came before it.
#[tokio::test]
async fn an_answer_at_the_same_moment_is_never_followed_by_a_reply() {
    let world = World::new().await;
    let names: Vec<_> = (2..18).map(|number| name("c1", number)).collect();
    for name in &names {
        at(world::START);
        world.start(name).await;
        world.patient_writes(name, "2026-11-25T15:00:00Z").await;
    }
    for (delay, name) in names.iter().enumerate() {
        let key = store::key::timer(name, super::world::UNANSWERED);
        let look = async {
            for _ in 0..delay * 5 {
                tokio::task::yield_now().await;
            }
            world.worker.step(key.clone()).await
        };
        let (_, look) = tokio::join!(world.staff_writes(name, "2026-11-25T16:00:00Z"), look);
        look.unwrap();
        let page = world.worker.store.messages(name, None, 10).await.unwrap();
        let numbers: Vec<_> = page.messages.iter().rev().map(|message| message.number).collect();
        assert_eq!(numbers, (1..=u32::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
        let last = &page.messages[0].author;
        assert!(matches!(last, domain::conversation::Author::Staff { .. }), "{last:?}");
        assert_eq!(world.timers(name).await, []);
    }
}

#[tokio::test]
async fn whatever_call_is_lost_there_is_one_reply() {
    let faults = [
        Fault::answer_lost("UpdateItem"),
        Fault::answer_lost("UpdateItem").times(3),
        Fault::unavailable("UpdateItem").times(3),
        Fault::conflict("UpdateItem"),
        Fault::unavailable("BatchGetItem").times(3),
        Fault::conflict("TransactWriteItems").times(3),
        Fault::unavailable("TransactWriteItems").times(3),
        Fault::answer_lost("TransactWriteItems"),
        Fault::answer_lost("TransactWriteItems").times(3),
    ];
    let name = name("c1", 1);
    for fault in faults {
        let world = World::new().await;
        world.patient_writes(&name, "2026-11-25T23:00:00Z").await;
        let unlucky = world::worker(world.db.client_with(fault.clone()));
        let _ = unlucky.step(store::key::timer(&name, OUTSIDE)).await;
        for _ in 0..3 {
            world.stream().await;
            pass_to(now() + jiff::SignedDuration::from_secs(60));
            world.tick().await;
        }
        assert_eq!(world.said(&name).await.len(), 1, "{fault:?}");
        assert_eq!(world.records(&name).await.len(), 1, "{fault:?}");
        assert_eq!(world.timer(&name, OUTSIDE).await, None, "{fault:?}");
    }
}

/// Others write to the conversation all the time that the look has: it is given up for now, and made
/// again at the claim's end.
#[tokio::test]
async fn a_look_that_always_loses_is_made_again() {
    let (world, name) = (World::new().await, name("c1", 1));
    world.patient_writes(&name, "2026-11-25T23:00:00Z").await;
    let fault = Fault::conflict("TransactWriteItems").times(10_000);
    let unlucky = world::worker(world.db.client_with(fault));
    let outage = unlucky.step(store::key::timer(&name, OUTSIDE)).await.unwrap_err();
    assert_eq!(outage.kind(), domain::outage::OutageKind::Contended);
    assert_eq!(world.said(&name).await, []);
    world.tick_at("2026-11-25T23:02:00Z").await;
    assert_eq!(world.said(&name).await.len(), 1);
}
