//! Groups, colleagues who come and go, and whose inbox is whose.

use domain::clinic::Plan;
use domain::command::{Alteration, GroupFacts};
use domain::people::{Role, StaffMember};
use jiff::SignedDuration;
use scenario::people::{group, group_id, member, staff, staff_id};
use scenario::{CONVERSATION, NOW, World, name};
use store::key::ConversationKey;

use super::{chart, clinic_inbox, next, reader, shown, thread};

fn in_g1(id: &str) -> StaffMember {
    StaffMember { groups: [group_id("g1")].into(), ..member("c1", id) }
}

/// The conversation of the samples, with the group g1, whose only member s3 was expanded.
async fn with_group() -> (World, ConversationKey) {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    world.group(&group("c1", "g1")).await;
    world.staff(&in_g1("s3")).await;
    let facts = GroupFacts { group: Some(group("c1", "g1")), members: vec![in_g1("s3")] };
    let id = group_id("g1");
    let add = Alteration::AddGroup { id: &id, facts: &facts };
    world.alter(&staff("s1"), &name, add).await;
    (world, name)
}

#[tokio::test]
async fn a_group_has_an_inbox_of_its_own_for_who_is_in_it_and_who_sees_all() {
    let (world, _) = with_group().await;
    world.staff(&in_g1("s5")).await;
    let reader = reader(&world);
    let of = |id: &str, owner: &str| clinic_inbox(&staff(id)).query(&[("owner", owner)]);
    for id in ["s3", "s5", "s9"] {
        let answer = world.ask(&reader, &of(id, "group:g1")).await;
        assert_eq!(shown(&answer), [CONVERSATION], "{id}");
    }
    // s5 came later, and takes part by being in the group: it is not in their own inbox.
    assert!(shown(&world.ask(&reader, &of("s5", "me")).await).is_empty());
    let answer = world.ask(&reader, &thread(&staff("s5"))).await.expect(200);
    assert_eq!(answer["groups"][0]["name"], "Group g1");
    assert_eq!(answer["unread"], 1);
    assert_eq!(shown(&world.ask(&reader, &chart(&staff("s5"))).await), [CONVERSATION]);
    for owner in ["group:g1", "group:none", "clinic", "staff:s3"] {
        world.refuses(&reader, &of("s2", owner), 403, &["not_allowed"]).await;
    }
    for owner in ["clinic", "staff:s2", "staff:s3", "group:g1"] {
        assert_eq!(shown(&world.ask(&reader, &of("s9", owner)).await), [CONVERSATION], "{owner}");
    }
    // Who leaves the group sees nothing of it any more.
    world.staff(&member("c1", "s5")).await;
    world.refuses(&reader, &thread(&staff("s5")), 404, &["not_found"]).await;
    world.refuses(&reader, &of("s5", "group:g1"), 403, &["not_allowed"]).await;
}

/// PX-07: whoever was taken out finds nothing, at once and everywhere.
#[tokio::test]
async fn a_participant_who_left_finds_it_nowhere_an_old_cursor_included() {
    let (world, about) = World::with_conversation(Plan::Connect).await;
    let later = NOW + SignedDuration::from_secs(1);
    world.start(&name("c1", "p1", "later"), later).await;
    let reader = reader(&world);
    let first = clinic_inbox(&staff("s2")).query(&[("limit", "1")]);
    let cursor = next(&world.ask(&reader, &first).await).unwrap();
    let id = staff_id("s2");
    world.alter(&staff("s2"), &about, Alteration::RemoveStaff(&id)).await;
    let second = first.query(&[("limit", "1"), ("cursor", &cursor)]);
    assert!(shown(&world.ask(&reader, &second).await).is_empty());
    assert_eq!(shown(&world.ask(&reader, &chart(&staff("s2"))).await), ["later"]);
    world.refuses(&reader, &thread(&staff("s2")), 404, &["not_found"]).await;
}

#[tokio::test]
async fn who_is_added_later_has_all_of_it_unread() {
    let (world, about) = World::with_conversation(Plan::Connect).await;
    world.reply(&staff("s2"), &about, "More.", NOW).await;
    let (id, joining) = (staff_id("s3"), member("c1", "s3"));
    let add = Alteration::AddStaff { id: &id, member: Some(&joining) };
    world.alter(&staff("s1"), &about, add).await;
    let answer = world.ask(&reader(&world), &clinic_inbox(&staff("s3"))).await.expect(200);
    assert_eq!(answer["conversations"][0]["unread"], 2);
}

/// What staff may not see shortens none of their pages, and stands in no cursor of theirs.
#[tokio::test]
async fn a_chart_holds_exactly_what_its_reader_may_see() {
    let world = World::of(Plan::Connect).await;
    let mut wanted = Vec::new();
    for number in 0..40_i64 {
        let id = format!("v{number:02}");
        let at = NOW + SignedDuration::from_secs(number);
        let to: &[&str] = if number % 10 == 0 { &["s3"] } else { &["s2"] };
        world.start_with(&name("c1", "p1", &id), to, true, at).await;
        if number % 10 == 0 {
            wanted.insert(0, id);
        }
    }
    let reader = reader(&world);
    let page = |cursor: Option<&str>| {
        let mut query = vec![("limit", "3")];
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        chart(&staff("s3")).query(&query)
    };
    let first = world.ask(&reader, &page(None)).await;
    assert_eq!(shown(&first), wanted[..3]);
    let second = world.ask(&reader, &page(next(&first).as_deref())).await;
    assert_eq!(shown(&second), wanted[3..]);
    assert_eq!(next(&second), None);
    assert_eq!(shown(&world.ask(&reader, &chart(&staff("s9"))).await).len(), 20);
}

#[tokio::test]
async fn who_only_watches_over_the_records_reads_no_messages() {
    let (world, _) = World::with_conversation(Plan::Connect).await;
    let roles = [Role::PrivacyOfficer].into();
    let officer = StaffMember { roles, sees_all_conversations: true, ..member("c1", "s5") };
    world.staff(&officer).await;
    for event in [thread(&staff("s5")), chart(&staff("s5")), clinic_inbox(&staff("s5"))] {
        world.refuses(&reader(&world), &event, 403, &["not_allowed"]).await;
    }
}
