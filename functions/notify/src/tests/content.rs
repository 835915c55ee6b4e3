//! What leaves the system holds no health information.

use serde_json::json;

use super::provider::{email, field};
use super::world::{
    BODY, EMAIL, NUMBER, PATIENT_NAME, STAFF_NAME, TITLE, World, outbox, reference,
};

fn assert_nothing_private(request: &[(String, String)], decoded: &str) {
    for private in [TITLE, BODY, PATIENT_NAME, STAFF_NAME, "p1", "s1"] {
        assert!(!decoded.contains(private), "{private}: {decoded}");
        let mut fields = request.iter().filter(|(name, _)| name != "RawMessage.Data");
        assert!(fields.all(|(_, value)| !value.contains(private)), "{private}: {request:?}");
    }
}

#[tokio::test]
async fn an_email_holds_the_clinic_s_name_and_a_link_and_nothing_private() {
    let world = World::with_message().await;
    world.step(outbox(1)).await;
    let request = &world.provider.requests()[0];
    let raw = email(request);
    assert_nothing_private(request, &raw);
    assert!(!raw.contains(NUMBER));
    assert_eq!(raw.matches(EMAIL).count(), 1, "the address itself, as recipient: {raw}");
    let link = format!("https://portal.test/c/{}", reference(1));
    assert!(raw.contains(&format!("<a href=\"{link}\">{link}</a>")), "{raw}");
    assert!(raw.contains("Subject: New secure message from Rideau Clinic\r\n"), "{raw}");
    assert!(raw.contains("Date: Wed, 25 Nov 2026 15:00:00 +0000"), "{raw}");
}

#[tokio::test]
async fn a_text_message_holds_the_clinic_s_name_and_a_link_and_nothing_private() {
    let world = World::with_message().await;
    world.patient(&json!({ "preferredChannel": "sms" })).await;
    world.step(outbox(1)).await;
    let request = &world.provider.requests()[0];
    let text = field(request, "Message");
    assert_nothing_private(request, text);
    assert!(request.iter().all(|(_, value)| !value.contains(EMAIL)));
    let link = format!("https://portal.test/c/{}", reference(1));
    assert_eq!(text, format!("Rideau Clinic: you have a new secure message: {link}"));
}

#[tokio::test]
async fn each_patient_is_told_in_their_language_or_the_clinic_s() {
    let cases = [
        (json!({ "defaultLanguage": "fr" }), json!({}), true),
        (json!({}), json!({ "language": "fr" }), true),
        (json!({ "defaultLanguage": "fr" }), json!({ "language": "en" }), false),
    ];
    for (clinic, patient, is_french) in cases {
        let world = World::with_message().await;
        world.clinic(&clinic).await;
        world.patient(&patient).await;
        world.step(outbox(1)).await;
        let raw = email(&world.provider.requests()[0]);
        let label = if is_french { "Connectez-vous pour le lire" } else { "Sign in to read it" };
        assert!(raw.contains(label), "{raw}");
    }
}

#[tokio::test]
async fn a_clinic_s_name_is_text_in_the_html_part() {
    let world = World::with_message().await;
    world.clinic(&json!({ "name": "A & <b> \"C\"", "smsName": "A" })).await;
    world.step(outbox(1)).await;
    let raw = email(&world.provider.requests()[0]);
    let (plain, html) = raw.split_once("text/html").unwrap();
    assert!(plain.contains("from A & <b> \"C\".\r\n"), "{plain}");
    assert!(
        html.contains("<p>You have a new secure message from A &amp; &lt;b&gt; &quot;C&quot;.</p>"),
        "{html}"
    );
    assert!(!html.contains("<b>"), "{html}");
}

#[tokio::test]
async fn the_clinic_s_own_text_is_used_for_its_language_and_channel_and_no_other() {
    for (saved, used) in [(("en", "email"), true), (("fr", "email"), false), (("en", "sms"), false)]
    {
        let world = World::with_message().await;
        world.template(saved.0, saved.1, "Write to us: {{link}}").await;
        world.step(outbox(1)).await;
        let raw = email(&world.provider.requests()[0]);
        assert_eq!(raw.contains("Write to us"), used, "{saved:?}: {raw}");
        assert_eq!(raw.contains("You have a new secure message"), !used);
    }
}
