//! The parts of the story about what a clinic wrote beforehand: its automatic texts, its holidays and
//! its message templates.

use serde_json::{Value, json};

use system_tests::issuer::Caller;
use system_tests::world::{Call, Clinic, Method};

use crate::demo::teller::Teller;
use crate::failure::Result;

/// What a patient would be answered now, before anybody writes.
pub fn foretold(teller: &mut Teller, clinic: &Clinic) -> Result<()> {
    teller.part("What the closed clinic would answer");
    teller.step("Dr. Roy asks: a patient writes now, what happens, and when does the clinic open?");
    let path = format!("/clinics/{}/settings/automatic-replies/preview", clinic.id);
    let asked =
        Call::new(&clinic.staff("anna"), Method::POST, path).with_body(json!({ "language": "en" }));
    let told = teller.call(&asked, 200)?;
    teller.check_member("Nobody is there.", &told, "/closed", &json!("outside_hours"))?;
    let opening = told.pointer("/nextOpening").cloned().unwrap_or_default();
    teller.check("The next opening is told.", opening.is_string(), &opening)?;
    let reason = json!("outside_hours");
    teller.check_member("The patient is answered at once.", &told, "/replies/0/reason", &reason)
}

/// A message of a template: what it says to a patient, and what keeps it from being sent.
pub fn with_a_template(teller: &mut Teller, clinic: &Clinic, lee: &Caller) -> Result<()> {
    teller.part("A message of a template");
    let omar = clinic.staff("omar");
    let path = format!("/clinics/{}/message-templates/reminder", clinic.id);
    let template = |body: &str| {
        json!({
            "language": "en",
            "title": "A reminder from {{clinicName}}",
            "body": body,
            "repliesAllowed": false,
        })
    };
    teller.step("The operator writes a template with a placeholder that there is not.");
    let put = Call::new(&Caller::operator(), Method::PUT, &*path)
        .with_body(template("<p>Hello {{patient}}</p>"))
        .with_header("If-None-Match", "*");
    let problem = teller.call(&put, 422)?;
    let code = json!("placeholder_unknown");
    teller.check_member("It is refused by name.", &problem, "/errors/0/code", &code)?;

    teller.step("And one with placeholders that there are.");
    let body = "<p>Hello {{patientName}}, please call <b>{{clinicPhone}}</b>.</p>";
    let put = put.with_body(template(body));
    teller.call(&put, 201)?;

    teller.step("Omar looks at what it says to Lee.");
    let preview = Call::new(&omar, Method::POST, format!("{path}/preview"))
        .with_body(json!({ "patientId": "lee" }));
    let shown = teller.call(&preview, 200)?;
    let text = json!("Hello Lee Wong, please call 613-555-0100.");
    teller.check_member("The values are in it.", &shown, "/text", &text)?;

    teller.step("He sends it, naming the version that he saw.");
    let message = json!({ "template": { "id": "reminder", "version": 1 } });
    let started = teller.call(&clinic.start("omar", "lee", message.clone()), 201)?;
    let denied = json!(false);
    teller.check_member("Lee cannot reply to it.", &started, "/repliesAllowed", &denied)?;
    let id = started.pointer("/conversationId").and_then(Value::as_str).unwrap_or_default();
    let thread = clinic.conversation("lee", id);
    let opened = teller.call(&thread.read(lee), 200)?;
    teller.check_member("Lee reads the values.", &opened, "/messages/0/body/text", &text)?;
    let opened = teller.call(&thread.read(&omar), 200)?;
    let made_of = json!({ "id": "reminder", "version": 1 });
    teller.check_member("Staff see of what.", &opened, "/messages/0/template", &made_of)?;

    teller.step("The operator changes it; whoever still sends the old version is told so.");
    let changed = template("<p>Hello {{patientGivenName}}.</p>");
    let put = Call::new(&Caller::operator(), Method::PUT, &*path)
        .with_body(changed)
        .with_header("If-Match", "\"1\"");
    teller.call(&put, 200)?;
    let problem = teller.call(&clinic.start("omar", "lee", message), 409)?;
    let code = json!("template_version_stale");
    teller.check_member("Nothing was sent.", &problem, "/code", &code)?;

    teller.step("The new version names what the chart does not know of Lee.");
    let message = json!({ "template": { "id": "reminder", "version": 2 } });
    let problem = teller.call(&clinic.start("omar", "lee", message), 422)?;
    let code = json!("placeholder_without_value");
    teller.check_member("It is refused by name.", &problem, "/errors/0/code", &code)
}
