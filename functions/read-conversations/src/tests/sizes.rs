//! The longest messages: a page stays below what Lambda can answer, and its cursor has the rest.

use domain::clinic::Plan;
use domain::rich_text::{Body, MAX_STORED_BYTES};
use edge::MAX_BODY_BYTES;
use scenario::people::{account, staff};
use scenario::{NOW, World};

use super::{next, reader, thread};

/// Every character of the bodies is a backslash, which takes the most room: four of them in JSON
/// within JSON.
#[tokio::test]
async fn fifty_of_the_longest_messages_come_in_pages_that_fit() {
    let (world, name) = World::with_conversation(Plan::Connect).await;
    let filler = "\\".repeat(MAX_STORED_BYTES - "<p></p>".len());
    let body = Body::parse(&format!("<p>{filler}</p>")).unwrap();
    for _ in 1..50 {
        world.reply_with(&staff("s1"), &name, body.clone(), NOW).await;
    }
    let mut pages: Vec<Vec<u64>> = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = vec![("limit", "50")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let answer = world.ask(&reader(&world), &thread(&account("a1")).query(&query)).await;
        cursor = next(&answer);
        let page = answer.expect(200);
        // Lambda's own JSON holds the body as one string.
        let answered = serde_json::to_string(&page.to_string()).unwrap().len();
        assert!(answered <= MAX_BODY_BYTES + "\"\"".len(), "{answered}");
        let messages = page["messages"].as_array().unwrap();
        pages.push(messages.iter().map(|found| found["number"].as_u64().unwrap()).collect());
        if cursor.is_none() {
            break;
        }
    }
    assert!(pages.iter().all(|page| !page.is_empty()));
    // Each of the pages holds more than DynamoDB reads at once, which is 1 MB.
    assert!(pages.len() < 11, "{}", pages.len());
    assert!(pages.concat().into_iter().eq((1..=50).rev()));
}
