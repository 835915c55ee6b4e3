//! Who of a conversation's staff is away.

use domain::clinic::Plan;
use domain::conversation::{Conversation, GroupParticipant, Participant};
use domain::hours::Days;
use domain::outage::OutageKind;
use domain::people::{Role, StaffMember, StaffPreferences};
use scenario::World;
use scenario::people::{clinic_id, display_name, group_id, member, staff_id};
use serde_json::json;
use store::{Committed, key};
use testkit::Fault;

fn days(from: &str, to: &str) -> Days {
    Days::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

async fn away(world: &World, staff: &str, vacations: &[Days]) {
    let preferences = StaffPreferences {
        vacations: vacations.to_vec(),
        ..StaffPreferences::default_of(&clinic_id("c1"), &staff_id(staff))
    };
    world.preferences(&preferences).await;
}

async fn in_group(world: &World, staff: &str, group: &str) {
    let groups = [group_id(group)].into();
    world.staff(&StaffMember { groups, ..member("c1", staff) }).await;
}

/// The conversation of the sample events, with these people and groups for the clinic.
async fn of(world: &World, staff: &[String], groups: &[&str]) -> Conversation {
    let name = scenario::name("c1", "p1", scenario::CONVERSATION);
    let mut conversation = world.conversation(&name).await;
    conversation.participants = staff
        .iter()
        .map(|id| Participant { id: staff_id(id), name: display_name("Staff") })
        .collect();
    conversation.groups = groups
        .iter()
        .map(|id| GroupParticipant { id: group_id(id), name: display_name("Group") })
        .collect();
    conversation
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("n{number}")).collect()
}

#[tokio::test]
async fn the_days_are_those_that_all_of_them_have_in_common() {
    let (world, _) = World::with_conversation(Plan::ConnectPro).await;
    let (s1, s2) = ("s1".to_owned(), "s2".to_owned());
    let conversation = of(&world, &[s1, s2], &["g1"]).await;
    away(&world, "s1", &[days("2027-07-01", "2027-07-20"), days("2027-12-20", "2027-12-31")]).await;
    away(&world, "s2", &[days("2027-07-10", "2027-07-31"), days("2027-12-25", "2027-12-25")]).await;
    let both = [days("2027-07-10", "2027-07-20"), days("2027-12-25", "2027-12-25")];
    assert_eq!(world.store().all_away(&conversation).await.unwrap(), both);

    // Who is in the group counts too, and who takes part in both ways counts once.
    in_group(&world, "s1", "g1").await;
    assert_eq!(world.store().all_away(&conversation).await.unwrap(), both);
    in_group(&world, "n1", "g1").await;
    assert_eq!(world.store().all_away(&conversation).await.unwrap(), []);
    away(&world, "n1", &[days("2027-07-15", "2027-07-16")]).await;
    let all = [days("2027-07-15", "2027-07-16")];
    assert_eq!(world.store().all_away(&conversation).await.unwrap(), all);

    // Whoever cannot be written to is not waited for.
    let former = StaffMember { active: false, ..member("c1", "s2") };
    let officer = StaffMember { roles: [Role::PrivacyOfficer].into(), ..member("c1", "n1") };
    world.staff(&former).await;
    world.staff(&StaffMember { groups: [group_id("g1")].into(), ..officer }).await;
    let s1_alone = [days("2027-07-01", "2027-07-20"), days("2027-12-20", "2027-12-31")];
    assert_eq!(world.store().all_away(&conversation).await.unwrap(), s1_alone);
}

#[tokio::test]
async fn vacations_of_the_same_people_in_another_clinic_are_not_theirs_here() {
    let (world, _) = World::with_conversation(Plan::ConnectPro).await;
    let conversation = of(&world, &["s1".to_owned()], &[]).await;
    let elsewhere = StaffPreferences {
        vacations: vec![days("2027-07-01", "2027-07-20")],
        ..StaffPreferences::default_of(&clinic_id("c2"), &staff_id("s1"))
    };
    world.preferences(&elsewhere).await;
    assert_eq!(world.store().all_away(&conversation).await.unwrap(), []);
}

#[tokio::test]
async fn nobody_is_away_where_nobody_takes_part() {
    let (world, _) = World::with_conversation(Plan::ConnectPro).await;
    away(&world, "s1", &[days("2027-07-01", "2027-07-20")]).await;
    let conversation = of(&world, &[], &["g1"]).await;
    assert_eq!(world.store().all_away(&conversation).await.unwrap(), []);
}

/// As many as are looked at take two reads after the groups' members, and of one more nobody is read.
#[tokio::test]
async fn however_many_staff_there_are_the_reads_are_few() {
    let (world, _) = World::with_conversation(Plan::ConnectPro).await;
    let vacation = [days("2027-07-01", "2027-07-20")];
    let people = ids(100);
    for id in &people {
        in_group(&world, id, "g1").await;
        away(&world, id, &vacation).await;
    }
    let conversation = of(&world, &people[..40], &["g1"]).await;
    let two_reads = Fault::unavailable("BatchGetItem").after(2).times(u32::MAX);
    let found = world.store_with(two_reads).all_away(&conversation).await;
    assert_eq!(found.unwrap(), vacation);
    let one_query = Fault::unavailable("Query").after(1).times(u32::MAX);
    assert_eq!(world.store_with(one_query).all_away(&conversation).await.unwrap(), vacation);

    in_group(&world, "n100", "g1").await;
    away(&world, "n100", &vacation).await;
    let one_read = Fault::unavailable("BatchGetItem").after(1).times(u32::MAX);
    assert_eq!(world.store_with(one_read).all_away(&conversation).await.unwrap(), []);
}

#[tokio::test]
async fn what_cannot_be_read_is_an_outage_and_nobodys_absence() {
    let (world, _) = World::with_conversation(Plan::ConnectPro).await;
    in_group(&world, "n1", "g1").await;
    let conversation = of(&world, &["s1".to_owned()], &["g1"]).await;
    for operation in ["BatchGetItem", "Query"] {
        let store = world.store_with(Fault::unavailable(operation).times(u32::MAX));
        let outage = store.all_away(&conversation).await.unwrap_err();
        assert_eq!((outage.kind(), outage.operation()), (OutageKind::Unavailable, operation));
    }
    let store = world.store_with(Fault::unavailable("BatchGetItem").after(1).times(u32::MAX));
    assert_eq!(store.all_away(&conversation).await.unwrap_err().operation(), "BatchGetItem");

    let key = key::preferences(&clinic_id("c1"), &staff_id("n1"));
    let mut transaction = world.store().transaction();
    transaction.put(&key, &json!({ "vacations": "always" }), [], None);
    assert_eq!(world.store().commit(transaction).await.unwrap(), Committed::Done);
    let outage = world.store().all_away(&conversation).await.unwrap_err();
    assert_eq!(outage.kind(), OutageKind::Broken);
}
