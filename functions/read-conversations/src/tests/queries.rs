//! Cursors, limits and filters that are not this list's.

use domain::clinic::Plan;
use scenario::people::{account, staff};
use scenario::{NOW, World, name};

use super::{chart, clinic_inbox, inbox, next, reader, thread};

#[tokio::test]
async fn a_cursor_is_of_one_list_and_one_caller() {
    let world = World::of(Plan::Connect).await;
    for id in ["one", "two", "three"] {
        world.start(&name("c1", "p1", id), NOW).await;
        world.start(&name("c1", "p2", &format!("p2-{id}")), NOW).await;
    }
    let event = chart(&account("a1"));
    let first = world.ask(&reader(&world), &event.clone().query(&[("limit", "1")])).await;
    let cursor = next(&first).unwrap();
    let url_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    assert!(cursor.bytes().all(url_safe));
    // Another limit is no other list.
    world
        .ask(&reader(&world), &event.clone().query(&[("limit", "2"), ("cursor", &cursor)]))
        .await
        .expect(200);

    let own = [("cursor", cursor.as_str())];
    let code = ["invalid_cursor cursor"];
    for foreign in [
        chart(&staff("s1")).query(&own),
        chart(&account("a2")).path("patientId", "p2").query(&own),
        chart(&account("a1")).query(&[("state", "open"), ("cursor", &cursor)]),
        inbox(&account("a1")).query(&own),
        clinic_inbox(&staff("s1")).query(&own),
        thread(&account("a1")).path("conversationId", "one").query(&own),
    ] {
        world.refuses(&reader(&world), &foreign, 400, &code).await;
    }
    let longer = format!("{cursor}A");
    let huge = "A".repeat(10_000);
    let cut = &cursor[..cursor.len() - 4];
    for damaged in ["", "+/==", "a b", "%2B", &longer, &huge, cut] {
        let event = event.clone().query(&[("cursor", damaged)]);
        world.refuses(&reader(&world), &event, 400, &code).await;
    }
}

#[tokio::test]
async fn limits_and_filters_are_refused_by_name() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let lists = || {
        [
            inbox(&account("a1")),
            chart(&account("a1")),
            clinic_inbox(&staff("s1")),
            thread(&account("a1")),
        ]
    };
    for (position, event) in lists().into_iter().enumerate() {
        for limit in ["0", "-1", "1000000000", "101", "abc", "", "5.0", "+5"] {
            let event = event.clone().query(&[("limit", limit)]);
            world.refuses(&reader(&world), &event, 422, &["invalid_limit limit"]).await;
        }
        let doubled = event.clone().query(&[("limit", "5"), ("limit", "500")]);
        world.refuses(&reader(&world), &doubled, 400, &["duplicate_parameter limit"]).await;
        let unknown = event.clone().query(&[("reader", "s2")]);
        world.refuses(&reader(&world), &unknown, 400, &["unknown_parameter"]).await;
        let state = event.query(&[("state", "OPEN")]);
        if position == 3 {
            world.refuses(&reader(&world), &state, 400, &["unknown_parameter"]).await;
        } else {
            world.refuses(&reader(&world), &state, 422, &["invalid_state state"]).await;
        }
    }
    let owner = clinic_inbox(&staff("s9")).query(&[("owner", "s1")]);
    world.refuses(&reader(&world), &owner, 422, &["invalid_owner owner"]).await;
}
