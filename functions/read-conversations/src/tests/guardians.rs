//! What guardians read, and what they do not.

use domain::clinic::{ClinicSettings, Plan};
use domain::command::Alteration;
use domain::conversation::{Person, ReadMarker};
use domain::people::{AccountLink, Patient};
use scenario::people::{
    account, account_id, clinic, guardian_link, link, patient, patient_id, portal, staff,
};
use scenario::{NOW, World};
use serde_json::json;

use super::{chart, inbox, marker, next, reader, shown, thread};

/// The conversation of the samples about p1, whose guardian has the account g1.
async fn family() -> (World, store::key::ConversationKey) {
    let (world, name) = World::with_conversation(Plan::ConnectPro).await;
    world.link(&guardian_link("c1", "p1", "g1")).await;
    (world, name)
}

#[tokio::test]
async fn a_guardian_reads_what_is_not_the_patients_alone() {
    let (world, name) = family().await;
    let reader = reader(&world);
    for wanted in [true, false, true] {
        let hide = Alteration::PatientOnly(!wanted);
        world.alter(&staff("s1"), &name, hide).await;
        for list in [chart(&account("g1")), inbox(&account("g1"))] {
            let answer = world.ask(&reader, &list).await;
            assert_eq!(answer.status, 200);
            assert_eq!(shown(&answer).len(), usize::from(wanted));
            assert_eq!(next(&answer), None);
        }
        if wanted {
            world.ask(&reader, &thread(&account("g1"))).await.expect(200);
            world.ask(&reader, &marker(&account("g1"))).await.expect(200);
        } else {
            for event in [thread(&account("g1")), marker(&account("g1"))] {
                world.refuses(&reader, &event, 404, &["not_found"]).await;
            }
        }
        // The patient reads it either way, and staff.
        for reads in [account("a1"), staff("s2")] {
            let answer = world.ask(&reader, &thread(&reads)).await.expect(200);
            assert_eq!(answer["patientOnly"], !wanted);
        }
        for list in [chart(&account("a1")), inbox(&account("a1")), chart(&staff("s9"))] {
            assert_eq!(shown(&world.ask(&reader, &list).await).len(), 1);
        }
    }
}

/// Invariant 7: who wrote, and for whom, is shown to everybody for ever.
#[tokio::test]
async fn invariant_7_a_guardians_words_show_who_wrote_them_and_for_whom_for_ever() {
    let (world, name) = family().await;
    world.reply(&account("g1"), &name, "She is better.", NOW).await;
    let revoked = AccountLink { active: false, ..guardian_link("c1", "p1", "g1") };
    world.link(&revoked).await;
    world.refuses(&reader(&world), &thread(&account("g1")), 404, &["not_found"]).await;
    for reads in [account("a1"), staff("s1"), staff("s9")] {
        let answer = world.ask(&reader(&world), &thread(&reads)).await.expect(200);
        let author = json!({
            "kind": "guardian",
            "id": "g1",
            "name": "Grace g1",
            "relationship": "guardian",
            "onBehalfOf": { "id": "p1", "name": "Zebulon p1" },
        });
        assert_eq!(answer["messages"][0]["author"], author);
    }
}

/// UR-03: a guardian's reading is not the child's.
#[tokio::test]
async fn a_guardians_reading_never_marks_the_patients_copy_read() {
    let (world, name) = family().await;
    let reader = reader(&world);
    world.ask(&reader, &marker(&account("g1"))).await.expect(200);
    assert_eq!(world.marker(&name, &Person::Patient).await, ReadMarker::default());
    assert_eq!(world.marker(&name, &Person::Guardian(account_id("g1"))).await.seen, 1);
    world.reply(&account("g1"), &name, "Thanks.", NOW).await;
    for (reads, unread) in [(account("a1"), 2), (account("g1"), 0), (staff("s1"), 1)] {
        let list = if reads == staff("s1") { chart(&reads) } else { inbox(&reads) };
        let answer = world.ask(&reader, &list).await.expect(200);
        assert_eq!(answer["conversations"][0]["unread"], unread, "{reads:?}");
    }
}

/// The patient is one person, through the portal and through an account.
#[tokio::test]
async fn what_was_read_through_the_portal_is_read_after_a_change_of_plan() {
    let (world, name) = World::with_conversation(Plan::Portal).await;
    world.ask(&reader(&world), &marker(&portal("p1"))).await.expect(200);
    world.reply(&portal("p1"), &name, "Thanks.", NOW).await;
    let settings: ClinicSettings = clinic("c1", Plan::Connect);
    world.clinic(&settings).await;
    let answer = world.ask(&reader(&world), &inbox(&account("a1"))).await.expect(200);
    assert_eq!(answer["conversations"][0]["unread"], 0);
}

/// Wrong recipients after a merge: nothing moves, and readers of the old record need a link to it.
#[tokio::test]
async fn a_merged_away_record_is_read_by_who_is_linked_to_it_and_by_nobody_else() {
    let (world, _) = family().await;
    let merged = Patient { successor: Some(patient_id("p2")), ..patient("c1", "p1") };
    world.patient(&merged).await;
    let reader = reader(&world);
    // a2 is linked to the successor alone.
    world.refuses(&reader, &thread(&account("a2")), 404, &["not_found"]).await;
    assert!(shown(&world.ask(&reader, &inbox(&account("a2"))).await).is_empty());
    for reads in [account("a1"), account("g1"), staff("s1")] {
        world.ask(&reader, &thread(&reads)).await.expect(200);
    }
    world.ask(&reader, &marker(&account("a1"))).await.expect(200);
    world.link(&link("c1", "p1", "a2")).await;
    world.ask(&reader, &thread(&account("a2"))).await.expect(200);
}
