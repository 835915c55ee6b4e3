//! The story: three clinics, their people, and their messages.

use std::time::Duration;

use serde_json::{Value, json};

use system_tests::files::{self, File};
use system_tests::issuer::Caller;
use system_tests::world::{
    Clinic, Conversation, always_open, closed_at, fresh, open_link, own_inbox, patient_by_email,
    patient_by_sms, settings, staff,
};

use crate::console::say;
use crate::demo::teller::Teller;
use crate::demo::templates;
use crate::environment;
use crate::failure::{Doing as _, Failure, Result};

/// How soon the stream brings what it triggers: in a second, and more where functions start cold.
const BY_STREAM: Duration = Duration::from_secs(20);

/// How soon a minute without an answer is noticed: that minute, and the schedule's next one, begun late.
const BY_SCHEDULE: Duration = Duration::from_secs(180);

/// Everybody in the story.
struct Cast {
    /// On the top plan, and closed now.
    closed: Clinic,
    /// On the top plan, and open at any time.
    open: Clinic,
    /// On the portal plan.
    portal: Clinic,
    /// Marie's own account.
    marie: Caller,
    /// Lee's own account.
    lee: Caller,
}

/// Tells the whole story. `domain` is that of the link in a notice.
pub fn tell(teller: &mut Teller, domain: &str) -> Result<()> {
    let cast = gather(teller)?;
    let with_marie = send(teller, &cast, domain)?;
    templates::foretold(teller, &cast.closed)?;
    answer_while_closed(teller, &cast, &with_marie)?;
    let with_lee = write_to_nobody(teller, &cast)?;
    through_the_portal(teller, &cast)?;
    templates::with_a_template(teller, &cast.open, &cast.lee)?;
    answered_by_the_schedule(teller, &cast, &with_lee)?;
    answer_and_close(teller, &cast, &with_lee)?;
    for_a_child(teller, &cast)?;
    the_patient_first(teller, &cast)?;
    with_files(teller, &cast)?;
    guarded(teller, &cast, &with_lee)
}

/// Creates the clinics, the staff, the patients and their accounts' links.
fn gather(teller: &mut Teller) -> Result<Cast> {
    teller.part("Three clinics and their people");
    let (marie, john, lee) = (fresh("account"), fresh("account"), fresh("account"));
    let cast = Cast {
        closed: Clinic::new(fresh("laurier")),
        open: Clinic::new(fresh("riverside")),
        portal: Clinic::new(fresh("hillside")),
        marie: Caller::account(&marie),
        lee: Caller::account(&lee),
    };

    teller.step("The operator creates a Connect Pro clinic that is closed now and answers automatically outside its hours.");
    let mut document = settings("Clinique Laurier", "connect_pro", closed_at(environment::now()));
    put(&mut document, "smsName", json!("Laurier"));
    put(&mut document, "emergencyLine", json!("911"));
    let replies = json!({
        "outsideHours": {
            "en": "<p>We are closed until {{nextOpening}}. In an emergency, call {{emergencyLine}}.</p>",
            "fr": "<p>Nous sommes fermés jusqu'au {{nextOpening}}. En cas d'urgence, composez le {{emergencyLine}}.</p>",
        },
        "quietMinutes": 0,
        "minimumGapMinutes": 0,
    });
    put(&mut document, "automaticReplies", replies);
    let created = teller.call(&cast.closed.create(document), 201)?;
    teller.check_member(
        "The clinic is there, in its first version.",
        &created,
        "/version",
        &json!(1),
    )?;

    teller.step("And one that is open at any time, where a minute without an answer is answered automatically.");
    let mut document = settings("Riverside Clinic", "connect_pro", always_open());
    let replies = json!({
        "noAnswer": {
            "afterOfficeMinutes": 1,
            "text": {
                "en": "<p>Nobody could answer yet. If it cannot wait, call {{emergencyLine}}.</p>",
            },
        },
        "quietMinutes": 0,
        "minimumGapMinutes": 0,
    });
    put(&mut document, "automaticReplies", replies);
    put(&mut document, "patientFirst", json!(true));
    put(&mut document, "emergencyLine", json!("911"));
    put(&mut document, "phone", json!("613-555-0100"));
    teller.call(&cast.open.create(document), 201)?;

    teller.step("And one on the portal plan, whose patients have no accounts.");
    teller.call(&cast.portal.create(settings("Hillside Clinic", "portal", always_open())), 201)?;

    teller.step("The operator adds a member of staff to each.");
    teller.call(&cast.closed.create_staff("anna", staff("Dr. Anna Roy", "clinician")), 201)?;
    let desk = json!({ "name": "Front desk", "active": true, "acceptsPatientMessages": true });
    teller.call(&cast.open.create_group("desk", desk), 201)?;
    let mut omar = staff("Omar Haddad", "front_desk");
    put(&mut omar, "groups", json!(["desk"]));
    teller.call(&cast.open.create_staff("omar", omar), 201)?;
    teller.call(&cast.open.create_staff("priya", staff("Priya Nair", "privacy_officer")), 201)?;
    teller.call(&cast.portal.create_staff("kim", staff("Kim Okafor", "clinician")), 201)?;

    teller.step(
        "The chart systems push the patients: one prefers email, in French; one text messages.",
    );
    let document = patient_by_email("Marie Tremblay", "marie@example.test", "fr-CA");
    let created = teller.call(&cast.closed.create_patient("marie", document), 201)?;
    teller.check_member(
        "Marie's language is kept as French.",
        &created,
        "/language",
        &json!("fr"),
    )?;
    let document = patient_by_sms("John Smith", "(613) 555-0147");
    let created = teller.call(&cast.closed.create_patient("john", document), 201)?;
    let canonical = json!("+16135550147");
    teller.check_member(
        "John's number is kept in its canonical form.",
        &created,
        "/sms",
        &canonical,
    )?;
    let document = patient_by_email("Lee Wong", "lee@example.test", "en");
    teller.call(&cast.open.create_patient("lee", document), 201)?;
    let document = patient_by_email("Noor Khan", "noor@example.test", "en");
    teller.call(&cast.portal.create_patient("noor", document), 201)?;

    teller.step("They link the patients' own accounts.");
    for (clinic, patient, account) in
        [(&cast.closed, "marie", &marie), (&cast.closed, "john", &john), (&cast.open, "lee", &lee)]
    {
        let linked = teller.call(&clinic.link(patient, account), 201)?;
        teller.check_member("The link holds.", &linked, "/active", &json!(true))?;
    }
    Ok(cast)
}

/// Staff write to two patients, who are told by email and by text message.
fn send(teller: &mut Teller, cast: &Cast, domain: &str) -> Result<Conversation> {
    teller.part("A message, and how the patient is told");
    let title = "Your blood test";
    teller.step("Staff write to Marie.");
    let message = json!({ "title": title, "body": "<p>The result is <b>normal</b>.</p>" });
    let started = teller.call(&cast.closed.start("anna", "marie", message), 201)?;
    let channel = json!("email");
    teller.check_member("She will be told by email.", &started, "/noticeChannel", &channel)?;
    let with_marie = conversation(&cast.closed, "marie", &started)?;

    teller.step("The email, as SES got it: in French, with the clinic's name and a link, and nothing of the message.");
    let app = format!("https://{domain}/c/");
    let whose = (&cast.marie, with_marie.id.as_str());
    let email = teller.wait_for_notice("the email", whose, |outside| outside.emails(&app))?;
    if let Some((email, reference)) = email {
        for member in ["Source", "To", "Subject", "BodyText"] {
            let value = email.get(member).cloned().unwrap_or_default();
            say(format_args!("   {member}: {}", plain(&value)));
        }
        let all = email.to_string();
        let to = email.get("To").cloned().unwrap_or_default();
        teller.check("It went to Marie.", to.to_string().contains("marie@example.test"), &to)?;
        let is_french = all.contains("Connectez-vous") && all.contains("Clinique Laurier");
        teller.check("It is in French and names the clinic.", is_french, &email)?;
        let is_discreet = !all.contains(title) && !all.contains("normal") && !all.contains("Anna");
        teller.check("It holds neither title, text nor sender.", is_discreet, &email)?;

        teller.step("The link's reference leads Marie to the conversation, as often as it is opened, and nobody else.");
        let opened = teller.call(&open_link(&cast.marie, &reference), 200)?;
        let id = json!(with_marie.id);
        teller.check_member("It is that conversation.", &opened, "/conversationId", &id)?;
        let stranger = Caller::account(&fresh("account"));
        teller.call(&open_link(&stranger, &reference), 404)?;
    }

    teller.step("Staff write to John, who prefers text messages.");
    let message = json!({ "title": title, "body": "<p>Please call us for the result.</p>" });
    let started = teller.call(&cast.closed.start("anna", "john", message), 201)?;
    let channel = json!("sms");
    teller.check_member(
        "He will be told by text message.",
        &started,
        "/noticeChannel",
        &channel,
    )?;
    let with_john = conversation(&cast.closed, "john", &started)?;

    teller.step("The text message, as SNS got it.");
    let whose = (&cast.closed.staff("anna"), with_john.id.as_str());
    let text = teller.wait_for_notice("the text message", whose, |outside| outside.texts(&app))?;
    if let Some((text, _)) = text {
        say(format_args!("   {text}"));
        let all = text.to_string();
        let is_discreet = !all.contains(title) && !all.contains("result") && !all.contains("Anna");
        teller.check("It holds neither title, text nor sender.", is_discreet, &text)?;
    }
    Ok(with_marie)
}

/// The patient reads and answers while the clinic is closed.
fn answer_while_closed(teller: &mut Teller, cast: &Cast, thread: &Conversation) -> Result<()> {
    teller.part("The patient answers while the clinic is closed");
    teller.step("Marie looks at her inbox.");
    let inbox = teller.call(&own_inbox(&cast.marie), 200)?;
    teller.check_member("One message is unread.", &inbox, "/conversations/0/unread", &json!(1))?;

    teller.step("She opens the conversation.");
    let opened = teller.call(&thread.read(&cast.marie), 200)?;
    let text = opened.pointer("/messages/0/body/text").cloned().unwrap_or_default();
    teller.check("She reads the text.", text == "The result is normal.", &text)?;
    teller.check_member("Opening alone marks nothing read.", &opened, "/unread", &json!(1))?;

    teller.step("Her app says that she has seen it.");
    let marked = teller.call(&thread.mark(&cast.marie, 1), 200)?;
    teller.check_member("Nothing is unread any more.", &marked, "/unread", &json!(0))?;

    teller.step("She replies.");
    let added = teller.call(&thread.reply(&cast.marie, "<p>Merci !</p>"), 201)?;
    teller.check_member("Her reply is message 2.", &added, "/messageNumber", &json!(2))?;

    teller.step("The stream triggers the automatic reply.");
    let reply = automatic(teller, thread, &cast.marie, "the automatic reply", BY_STREAM)?;
    let reason = json!("outside_hours");
    teller.check_member("It says why.", &reply, "/author/reason", &reason)?;
    let text = reply.pointer("/body/text").cloned().unwrap_or_default();
    teller.check("It is in Marie's language.", plain(&text).starts_with("Nous sommes"), &text)?;
    let filled = !plain(&text).contains("{{") && plain(&text).contains("911");
    teller.check("It says when the clinic opens, and whom to call.", filled, &text)?;

    teller.step("Staff look at their inbox.");
    let mine = teller.call(&cast.closed.inbox("anna"), 200)?;
    let entry = mine.pointer("/conversations").and_then(Value::as_array).and_then(|entries| {
        entries.iter().find(|entry| entry.get("conversationId") == Some(&json!(thread.id)))
    });
    let entry = entry.cloned().unwrap_or_default();
    let awaits = json!("clinic");
    teller.check_member(
        "It awaits the clinic: an automatic reply is no answer.",
        &entry,
        "/awaits",
        &awaits,
    )?;
    teller.check_member("Marie's message alone is unread.", &entry, "/unread", &json!(1))
}

/// In the clinic that is open, a patient writes and nobody answers.
fn write_to_nobody(teller: &mut Teller, cast: &Cast) -> Result<Conversation> {
    teller.part("In the open clinic, nobody answers");
    teller.step("Staff write to Lee.");
    let message = json!({ "title": "Your appointment", "body": "Does Monday at 9 suit you?" });
    let started = teller.call(&cast.open.start("omar", "lee", message), 201)?;
    let thread = conversation(&cast.open, "lee", &started)?;

    teller.step("Lee replies. From now on, the clinic has one office minute to answer.");
    let added = teller.call(&thread.reply(&cast.lee, "Tuesday would be better."), 201)?;
    teller.check_member("The reply is message 2.", &added, "/messageNumber", &json!(2))?;
    Ok(thread)
}

/// A patient without an account, in the meantime.
fn through_the_portal(teller: &mut Teller, cast: &Cast) -> Result<()> {
    teller.part("In the meantime, in the portal clinic");
    let noor = cast.portal.portal("noor");
    teller.step("Staff write to Noor.");
    let message = json!({ "title": "Your forms", "body": "Please bring the forms." });
    let started = teller.call(&cast.portal.start("kim", "noor", message), 201)?;
    let thread = conversation(&cast.portal, "noor", &started)?;

    teller.step("Noor reads it with the portal's token, without an account.");
    let opened = teller.call(&thread.read(&noor), 200)?;
    teller.check_member("One message is unread.", &opened, "/unread", &json!(1))?;

    teller.step("Noor replies.");
    let added = teller.call(&thread.reply(&noor, "I will."), 201)?;
    teller.check_member("The reply is message 2.", &added, "/messageNumber", &json!(2))?;

    teller.step("Staff read the reply.");
    let opened = teller.call(&thread.read(&cast.portal.staff("kim")), 200)?;
    teller.check("Both messages are there.", authors(&opened) == ["staff", "patient"], &opened)
}

fn answered_by_the_schedule(teller: &mut Teller, cast: &Cast, thread: &Conversation) -> Result<()> {
    teller.part("Back in the open clinic");
    teller.step("After a minute without an answer, the schedule triggers the automatic reply.");
    let reply = automatic(teller, thread, &cast.lee, "the automatic reply", BY_SCHEDULE)?;
    teller.check_member("It says why.", &reply, "/author/reason", &json!("no_answer"))
}

/// Staff answer and close.
fn answer_and_close(teller: &mut Teller, cast: &Cast, thread: &Conversation) -> Result<()> {
    let omar = cast.open.staff("omar");
    teller.step("Staff reply.");
    let added = teller.call(&thread.reply(&omar, "Tuesday at 9, then."), 201)?;
    teller.check_member("It is message 4.", &added, "/messageNumber", &json!(4))?;

    teller.step("Staff close the conversation.");
    let closed = teller.call(&thread.close("omar"), 200)?;
    teller.check_member("It is closed.", &closed, "/state", &json!("closed"))?;

    teller.step("Lee replies once more, which is refused with its reason.");
    let problem = teller.call(&thread.reply(&cast.lee, "Thank you!"), 409)?;
    let code = json!("conversation_closed");
    teller.check_member("The problem document says why.", &problem, "/code", &code)?;

    teller.step("Both still read the whole conversation.");
    for reader in [&omar, &cast.lee] {
        let opened = teller.call(&thread.read(reader), 200)?;
        let whole = authors(&opened) == ["staff", "account", "automatic", "staff"];
        teller.check("All four messages are there, and none after the close.", whole, &opened)?;
    }
    Ok(())
}

/// A guardian answers for a child, and what is the child's alone is hidden from the guardian.
fn for_a_child(teller: &mut Teller, cast: &Cast) -> Result<()> {
    teller.part("A guardian answers for a child");
    let grace_id = fresh("account");
    let grace = Caller::account(&grace_id);
    let omar = cast.open.staff("omar");
    teller.step("The chart system pushes a child and links a parent's account as its guardian.");
    let mut kit = patient_by_email("Kit Wong", "family@example.test", "en");
    put(&mut kit, "birthDate", json!(years_ago(6)));
    teller.call(&cast.open.create_patient("kit", kit), 201)?;
    let mut link = cast.open.link("kit", &grace_id);
    link.body = Some(json!({ "relationship": "guardian", "name": "Grace Wong" }));
    let linked = teller.call(&link, 201)?;
    teller.check_member("The link holds.", &linked, "/active", &json!(true))?;

    teller.step("Staff write about the child, and the guardian replies to that very message.");
    let message = json!({ "title": "Kit's vaccination", "body": "Is Kit well again?" });
    let started = teller.call(&cast.open.start("omar", "kit", message), 201)?;
    let thread = conversation(&cast.open, "kit", &started)?;
    let mut reply = thread.reply(&grace, "Yes, Kit is.");
    reply.body = Some(json!({ "body": "Yes, Kit is.", "inReplyTo": 1 }));
    teller.call(&reply, 201)?;

    teller.step("Staff see who wrote, and for whom.");
    let opened = teller.call(&thread.read(&omar), 200)?;
    let author = opened.pointer("/messages/0/author").cloned().unwrap_or_default();
    let text = |pointer: &str| author.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let is_told = text("/kind") == "guardian"
        && text("/name") == "Grace Wong"
        && text("/onBehalfOf/name") == "Kit Wong";
    teller.check("Grace Wong wrote, for Kit Wong.", is_told, &author)?;
    let quoted = json!("Is Kit well again?");
    teller.check_member(
        "It shows what it answers.",
        &opened,
        "/messages/0/inReplyTo/text",
        &quoted,
    )?;

    teller.step(
        "Staff make the conversation the patient's alone, and the guardian finds nothing there.",
    );
    let hidden = teller.call(&thread.patient_only("omar"), 200)?;
    teller.check_member("It is.", &hidden, "/patientOnly", &json!(true))?;
    let problem = teller.call(&thread.read(&grace), 404)?;
    teller.check_member("As if it were not there.", &problem, "/code", &json!("not_found"))
}

/// A patient writes first, to a group; a privacy officer reads who saw it.
fn the_patient_first(teller: &mut Teller, cast: &Cast) -> Result<()> {
    teller.part("A patient writes first");
    teller.step("Lee looks at who takes first messages.");
    let recipients = teller.call(&cast.open.of_patient(&cast.lee, "lee", "recipients"), 200)?;
    teller.check_member("The front desk does.", &recipients, "/groups/0/id", &json!("desk"))?;

    teller.step("Lee writes to the front desk.");
    let message =
        json!({ "title": "A question", "body": "Do you take walk-ins?", "groups": ["desk"] });
    let started = teller.call(&cast.open.start("omar", "lee", message).by(&cast.lee), 201)?;
    let thread = conversation(&cast.open, "lee", &started)?;

    teller.step("It is in the front desk's inbox, and awaits the clinic.");
    let mut inbox = cast.open.inbox("omar");
    inbox.path.push_str("?owner=group:desk&state=awaiting_clinic");
    let listed = teller.call(&inbox, 200)?;
    let id = json!(thread.id);
    teller.check_member("There it is.", &listed, "/conversations/0/conversationId", &id)?;
    let opened = teller.call(&thread.read(&cast.open.staff("omar")), 200)?;
    teller.check_member("It is Lee's.", &opened, "/messages/0/author/kind", &json!("account"))?;

    teller.step("The privacy officer sees who opened it, and may not open it.");
    let priya = cast.open.staff("priya");
    let report = teller.call(&cast.open.of_patient(&priya, "lee", "access-report"), 200)?;
    let newest = report.pointer("/records/0").cloned().unwrap_or_default();
    teller.check_member("Omar did.", &newest, "/actorName", &json!("Omar Haddad"))?;
    teller.check_member("He opened it.", &newest, "/action", &json!("conversation.view"))?;
    teller.call(&thread.read(&priya), 403)?;
    Ok(())
}

/// The first of January so many years ago, and up to a year more.
fn years_ago(years: u64) -> String {
    const YEAR: u64 = 31_556_952;
    let now = environment::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{}-01-01", 1970 + now.as_secs() / YEAR - years)
}

/// A photograph from the patient, and a document from the clinic.
fn with_files(teller: &mut Teller, cast: &Cast) -> Result<()> {
    teller.part("A file from each side");
    teller.step("Omar asks Lee for a photograph of the prescription.");
    let ask =
        json!({ "title": "Your prescription", "body": "<p>Please send us a photo of it.</p>" });
    let started = teller.call(&cast.open.start("omar", "lee", ask), 201)?;
    let thread = conversation(&cast.open, "lee", &started)?;

    teller.step("Lee uploads it: a slot first, whose address takes this one file, once.");
    let photograph = File::photograph("prescription.jpg");
    let id = upload(teller, &cast.open, &cast.lee, &photograph)?;
    teller.step("And sends it, without a word beside it.");
    let sent = teller.call(&thread.reply_with(&cast.lee, "", &[&id]), 201)?;
    teller.check_member("It is message 2.", &sent, "/messageNumber", &json!(2))?;

    teller.step("Omar saves it. Where it was taken is not in it any more.");
    let bytes = download(teller, &thread, &cast.open.staff("omar"), 2, &id)?;
    teller.check("It is the photograph.", bytes.starts_with(&[0xFF, 0xD8, 0xFF]), &Value::Null)?;
    teller.check(
        "It is smaller by its metadata.",
        bytes.len() < photograph.bytes.len(),
        &Value::Null,
    )?;

    teller.step("What says that it is a picture and is not gets no further than the inspection.");
    let program = File::new("picture.png", "image/png", *b"MZ this is a program");
    let slot = teller.call(&program.slot(&cast.open, &cast.lee, "lee"), 201)?;
    put_file(&program, &slot)?;
    let state = inspected(teller, &cast.open, &cast.lee, &slot)?;
    let reason = json!("wrong_type");
    teller.check_member("It is turned away.", &state, "/rejection/reason", &reason)?;

    teller.step("Omar answers with a document.");
    let document = File::pdf("refill.pdf", "Refill of your prescription");
    let id = upload(teller, &cast.open, &cast.open.staff("omar"), &document)?;
    let omar = cast.open.staff("omar");
    teller.call(&thread.reply_with(&omar, "<p>Here it is.</p>", &[&id]), 201)?;
    let bytes = download(teller, &thread, &cast.lee, 3, &id)?;
    teller.check("Lee gets it byte for byte.", bytes == document.bytes, &json!(bytes.len()))
}

/// Uploads a file to a slot of its own, and waits until it can be sent.
fn upload(teller: &mut Teller, clinic: &Clinic, caller: &Caller, file: &File) -> Result<String> {
    let slot = teller.call(&file.slot(clinic, caller, "lee"), 201)?;
    put_file(file, &slot)?;
    let state = inspected(teller, clinic, caller, &slot)?;
    teller.check_member("It was inspected and is clean.", &state, "/state", &json!("clean"))?;
    Ok(member(&slot, "attachmentId"))
}

fn put_file(file: &File, slot: &Value) -> Result<()> {
    let upload = slot.get("upload").cloned().unwrap_or_default();
    let answer = file.upload(&upload).doing("uploading a file")?;
    say(format_args!("   PUT {} ({} bytes) < {}", file.name, file.bytes.len(), answer.status));
    match answer.status {
        200 => Ok(()),
        _ => Err(Failure::new(format!("The upload was not taken: {}", answer.text()))),
    }
}

/// Waits until a file's inspection has ended.
fn inspected(teller: &Teller, clinic: &Clinic, caller: &Caller, slot: &Value) -> Result<Value> {
    let call = files::state(clinic, caller, "lee", &member(slot, "attachmentId"));
    teller.wait("the inspection's end", BY_STREAM, |teller| {
        let state = teller.quietly(&call, 200)?;
        let under_way =
            ["awaiting_upload", "inspecting"].contains(&member(&state, "state").as_str());
        Ok((!under_way).then_some(state))
    })
}

fn download(
    teller: &mut Teller,
    thread: &Conversation,
    caller: &Caller,
    number: u32,
    id: &str,
) -> Result<Vec<u8>> {
    let link = teller.call(&thread.file(caller, number, id), 200)?;
    let answer = files::download(&member(&link, "url")).doing("downloading a file")?;
    let disposition = answer.header("Content-Disposition").unwrap_or_default().to_owned();
    teller.check(
        "A browser saves it and does not open it.",
        disposition.starts_with("attachment;"),
        &Value::Null,
    )?;
    Ok(answer.body)
}

/// A text member of an answer.
fn member(answer: &Value, name: &str) -> String {
    answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Who has nothing to do with the conversation learns nothing of it.
fn guarded(teller: &mut Teller, cast: &Cast, thread: &Conversation) -> Result<()> {
    teller.part("Whose it is");
    for (who, caller) in [
        ("Another clinic's staff", cast.closed.staff("anna")),
        ("An account that is linked to another patient", cast.marie.clone()),
        ("Another clinic's patient", cast.portal.portal("noor")),
    ] {
        teller.step(&format!("{who}: there is nothing to know of."));
        let problem = teller.call(&thread.read(&caller), 404)?;
        teller.check_member("As if it were not there.", &problem, "/code", &json!("not_found"))?;
    }
    Ok(())
}

/// Waits for an automatic reply in a conversation and shows it.
fn automatic(
    teller: &Teller,
    thread: &Conversation,
    reader: &Caller,
    what: &str,
    limit: Duration,
) -> Result<Value> {
    let reply = teller.wait(what, limit, |teller| {
        let opened = teller.quietly(&thread.read(reader), 200)?;
        let messages = opened.pointer("/messages").and_then(Value::as_array);
        let found = messages.into_iter().flatten().find(|message| {
            message.pointer("/author/kind").and_then(Value::as_str) == Some("automatic")
        });
        Ok(found.cloned())
    })?;
    say(format_args!("   < {reply}"));
    Ok(reply)
}

/// The kinds of a conversation's authors, from the first message to the last.
fn authors(opened: &Value) -> Vec<&str> {
    let messages = opened.pointer("/messages").and_then(Value::as_array);
    let mut found: Vec<(u64, &str)> = messages
        .into_iter()
        .flatten()
        .filter_map(|message| {
            Some((message.get("number")?.as_u64()?, message.pointer("/author/kind")?.as_str()?))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, kind)| kind).collect()
}

fn conversation(clinic: &Clinic, patient: &str, started: &Value) -> Result<Conversation> {
    match started.get("conversationId").and_then(Value::as_str) {
        Some(id) => Ok(clinic.conversation(patient, id)),
        None => Err(Failure::new(format!("The answer names no conversation: {started}"))),
    }
}

fn put(document: &mut Value, member: &str, value: Value) {
    if let Some(members) = document.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}

/// A text as itself, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
