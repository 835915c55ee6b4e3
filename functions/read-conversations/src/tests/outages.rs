//! What is underneath fails: nothing is shown that is not on record.

use domain::clinic::Plan;
use scenario::people::{account, staff};
use scenario::{Event, World};
use testkit::Fault;

use super::{chart, clinic_inbox, faulty, inbox, marker, reader, thread};

fn views() -> [Event; 4] {
    [
        inbox(&account("a1")),
        chart(&account("a1")),
        thread(&account("a1")),
        clinic_inbox(&staff("s1")),
    ]
}

#[tokio::test]
async fn invariant_10_what_cannot_be_recorded_is_not_shown() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    for fault in [Fault::unavailable("PutItem"), Fault::throttled("PutItem")] {
        let unwritable = faulty(&world, fault.times(u32::MAX));
        for event in views() {
            world.fails(&unwritable, &event, 503, "unavailable").await;
        }
        let refused = thread(&staff("s3"));
        world.fails(&unwritable, &refused, 503, "unavailable").await;
    }
    // A marker that moved before is not told either.
    world.ask(&reader(&world), &marker(&account("a1"))).await.expect(200);
    let unwritable = faulty(&world, Fault::unavailable("PutItem").times(u32::MAX));
    world.fails(&unwritable, &marker(&account("a1")), 503, "unavailable").await;
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_unavailable() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let before = world.state().await;
    for operation in ["BatchGetItem", "Query"] {
        for fault in [Fault::throttled(operation), Fault::unavailable(operation)] {
            let service = faulty(&world, fault.times(u32::MAX));
            for event in views() {
                world.fails(&service, &event, 503, "unavailable").await;
            }
        }
    }
    let throttled = faulty(&world, Fault::throttled("TransactWriteItems").times(u32::MAX));
    world.fails(&throttled, &marker(&account("a1")), 503, "unavailable").await;
    let contended = faulty(&world, Fault::conflict("TransactWriteItems").times(u32::MAX));
    world.fails(&contended, &marker(&account("a1")), 503, "busy").await;
    let difference = world.state().await.since(&before);
    assert!(difference.written.is_empty());
    // Of a list that was throttled after its record was written, the record stays: too much is
    // safe there, too little is not.
    let views = difference.records.iter().all(|record| record.objects.len() == 1);
    assert!(views, "{:?}", difference.records);
}
