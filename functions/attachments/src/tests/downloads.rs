use domain::clinic::Plan;
use domain::command::{Alteration, Enclosures, Switch};
use scenario::people::{account, clean, guardian_link, portal, staff, staff_of};
use scenario::{Event, NOW, World, name};
use store::key::ConversationKey;

use super::handler;

/// A conversation whose second message, the patient's, has a file.
async fn world(plan: Plan) -> (World, ConversationKey) {
    let (world, name) = World::with_conversation(plan).await;
    let mine = account("a1");
    let file = clean("f1", &mine);
    world.attachment(&file).await;
    let mut checks = domain::refusal::Checks::new();
    let enclosures = Enclosures::parse(&["f1".to_owned()], &[], &mut checks);
    world.reply_enclosing(&mine, &name, enclosures, NOW).await;
    (world, name)
}

fn download(by: &domain::actor::Actor) -> Event {
    Event::sample("attachments/download.account.json").by(by).path("attachmentId", "f1")
}

#[tokio::test]
async fn a_reader_gets_an_address_of_this_version_that_a_browser_saves() {
    let (world, name) = world(Plan::Connect).await;
    let service = handler(&world);
    for reader in [account("a1"), staff("s1"), staff("s2"), staff("s9")] {
        let before = world.state().await;
        let answer = world.ask(&service, &download(&reader)).await.expect(200);
        assert_eq!(answer["expiresAt"], "2026-11-25T00:01:01Z");
        assert_eq!((&answer["name"], &answer["length"]), (&"scan.pdf".into(), &900.into()));
        let url = answer["url"].as_str().unwrap();
        for part in ["/files/clean/c1/p1/f1?", "versionId=kept-1", "X-Amz-Expires=60&"] {
            assert!(url.contains(part), "{part} in {url}");
        }
        assert!(!url.contains("scan"), "an address stands in access logs: {url}");
        let difference = world.state().await.since(&before);
        let record = difference.record();
        assert_eq!(record.action.as_str(), "attachment.download");
        assert_eq!(record.objects, [name.conversation.as_str(), "2", "f1"]);
        assert_eq!(record.patient, Some(scenario::people::patient_id("p1")));
    }
}

#[tokio::test]
async fn who_may_not_read_the_conversation_gets_no_file_of_it() {
    let (world, _) = world(Plan::Connect).await;
    let service = handler(&world);
    for other in [account("a2"), account("g1"), staff("s3"), staff_of("c2", "s1")] {
        world.refuses(&service, &download(&other), 404, &["not_found"]).await;
    }
    world.refuses(&service, &download(&staff("s4")), 403, &["staff_inactive"]).await;
    world.refuses(&service, &download(&portal("p1")), 403, &["account_required"]).await;
    // Known by its id alone, through another message, patient or conversation.
    for (parameter, id) in
        [("number", "1"), ("number", "3"), ("patientId", "p2"), ("attachmentId", "f2")]
    {
        let event = download(&staff("s9")).path(parameter, id);
        world.refuses(&service, &event, 404, &["not_found"]).await;
    }
    for number in ["0", "-1", "02x", "4294967296", "99999999999"] {
        let event = download(&staff("s9")).path("number", number);
        world.refuses(&service, &event, 404, &["not_found"]).await;
    }
    let other = name("c1", "p1", "v2");
    world.start(&other, NOW).await;
    world.refuses(&service, &download(&staff("s9")).about(&other), 404, &["not_found"]).await;
}

#[tokio::test]
async fn taking_a_right_away_takes_the_download_away() {
    let (world, name) = world(Plan::Connect).await;
    let service = handler(&world);
    world.link(&guardian_link("c1", "p1", "g1")).await;
    world.ask(&service, &download(&account("g1"))).await.expect(200);
    world.alter(&staff("s1"), &name, Alteration::PatientOnly(true)).await;
    world.refuses(&service, &download(&account("g1")), 404, &["not_found"]).await;
    world.ask(&service, &download(&account("a1"))).await.expect(200);
    world.switch(&name, Switch::Close, NOW).await;
    world.ask(&service, &download(&account("a1"))).await.expect(200);
    world.revoke_link().await;
    world.refuses(&service, &download(&account("a1")), 404, &["not_found"]).await;
}
