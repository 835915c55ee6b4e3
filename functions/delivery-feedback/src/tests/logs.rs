//! What is logged names nobody, whatever is told and whatever goes wrong.

use std::io;
use std::sync::{Arc, Mutex};

use domain::people::Channel;
use serde_json::json;
use testkit::Fault;
use tracing_subscriber::fmt::MakeWriter;

use super::world::{World, changed, deadline, feedback, sample, samples};
use launch::Listener as _;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_line_and_no_error_holds_an_address_a_number_or_what_somebody_wrote() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(lines.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let mut errors = Vec::new();
    for channel in Channel::ALL {
        let world = World::accepted(channel).await;
        world.sns.holds(&[&["+16135550100"]]);
        let fault = Fault::unavailable("TransactWriteItems").times(1_000);
        let unlucky = feedback(world.db.client_with(fault), &world.sns);
        for name in samples() {
            for told in [&unlucky, &world.feedback] {
                errors.extend(told.handle(sample(&name), deadline()).await.err());
            }
        }
        let unreadable = changed("bounce-permanent", |message| message["mail"] = json!("planted"));
        errors.extend(world.hear_event(unreadable).await.err());
    }
    drop(guard);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("feedback was not stored"), "{text}");
    assert!(text.contains("feedback cannot be read"), "{text}");
    assert!(text.contains("somebody opted out"), "{text}");
    assert!(errors.len() > 4, "{errors:?}");
    let said = format!("{text}{errors:?}").to_lowercase();
    for private in ["planted", "613555", "@example", "user unknown", "arret", "rideau"] {
        assert!(!said.contains(private), "{private}: {said}");
    }
}
