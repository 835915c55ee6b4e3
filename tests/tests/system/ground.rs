//! A clinic with every kind of caller of `docs/RIGHTS.md`, and a well-formed request of each of them on each
//! of its routes.

use std::fs;

use http::Method;
use serde_json::{Value, json};
use system_tests::api::Api;
use system_tests::files::File;
use system_tests::issuer::{Caller, TokenOptions};
use system_tests::now;
use system_tests::world::{self, Call, Clinic, Conversation, fresh};

use crate::attachments::sent;
use crate::harness::{PATIENT, address, day_in, expect, marked, message, reference, world};

/// The group that takes part in a [`Ground`]'s conversations.
pub const GROUP: &str = "g1";
/// A message template of the clinic.
pub const TEMPLATE: &str = "t1";

/// A section of `docs/RIGHTS.md`: a route in one variant of it, and what is answered to whom.
#[derive(Clone, Debug)]
pub struct Section {
    pub method: Method,
    pub path: String,
    pub variant: String,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    caller: String,
    answer: String,
    patterns: Vec<String>,
}

/// The sections of `docs/RIGHTS.md`.
pub fn sections() -> Vec<Section> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/RIGHTS.md");
    let mut sections: Vec<Section> = Vec::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let Some((method, path)) = heading.split_once(" /") else { continue };
            let (path, variant) = path.split_once(" (").unwrap_or((path, ")"));
            sections.push(Section {
                method: method.parse().unwrap(),
                path: format!("/{path}"),
                variant: variant.trim_end_matches(')').to_owned(),
                rows: Vec::new(),
            });
        } else if let (Some(section), true) = (sections.last_mut(), line.contains("| `")) {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [caller, answer, patterns] = cells[..] else { panic!("{line}") };
            section.rows.push(Row {
                caller: caller.to_owned(),
                answer: answer.trim_matches('`').to_owned(),
                patterns: patterns
                    .split(", ")
                    .map(|one| one.trim_matches('`').to_owned())
                    .collect(),
            });
        }
    }
    assert!(sections.len() > 30, "docs/RIGHTS.md was not read");
    sections
}

impl Section {
    /// The heading.
    pub fn heading(&self) -> String {
        format!("{} {} ({})", self.method, self.path, self.variant)
    }

    /// The callers, each once.
    pub fn callers(&self) -> Vec<&str> {
        let mut callers: Vec<&str> = self.rows.iter().map(|row| row.caller.as_str()).collect();
        callers.dedup();
        callers
    }

    /// What is answered to this caller in a clinic on this plan, where the conversation is open: the status
    /// and the first code.
    pub fn expected(&self, caller: &str, plan: &str) -> (u16, Option<&str>) {
        let holds = |pattern: &String| match pattern.split_once('/') {
            None => pattern == "always" || pattern == plan,
            Some((on, state)) => [plan, "*"].contains(&on) && ["open", "*"].contains(&state),
        };
        let holding: Vec<&Row> = self
            .rows
            .iter()
            .filter(|row| row.caller == caller && row.patterns.iter().any(holds))
            .collect();
        let [row] = holding[..] else { panic!("{} {caller} {plan}: {holding:?}", self.heading()) };
        let mut words = row.answer.split(' ');
        (words.next().unwrap().parse().unwrap(), words.next())
    }

    /// The method and the path, the clinic's and the patient's part of it left out, and the variant.
    fn key(&self) -> (&str, String, &str) {
        let path = self
            .path
            .replace("/clinics/{clinicId}/patients/{patientId}/conversations", "…")
            .replace("/clinics/{clinicId}/patients/{patientId}", "patient")
            .replace("/clinics/{clinicId}", "clinic");
        (self.method.as_str(), path, &self.variant)
    }

    /// Whether a request that is done changes its target for the next one.
    pub fn uses_up(&self) -> bool {
        let keeps = [
            "/messages",
            "/conversations",
            "/read-marker",
            "/directory-batches",
            "/attachments",
            "/preview",
            "/consent",
            "/opt-out",
        ];
        self.method != Method::GET && !keeps.iter().any(|end| self.path.ends_with(end))
    }
}

/// What a request is about.
#[derive(Clone, Debug)]
pub struct Target {
    staff: String,
    group: String,
    account: String,
    patient: String,
    thread: Conversation,
    version: String,
    document: String,
    /// A file of the conversation's first message.
    file: String,
    /// The language of a notice's text.
    language: &'static str,
    /// What the links of the conversation's notices carry.
    reference: String,
}

/// A clinic on some plan, with its people, two patients, and an open conversation with the first one.
pub struct Ground {
    pub plan: &'static str,
    pub clinic: Clinic,
    /// Another clinic, whose staff have the ids of this one's.
    pub elsewhere: Clinic,
    pub thread: Conversation,
    accounts: String,
}

impl Ground {
    /// A clinic on this plan, with accounts of its own.
    pub fn new(plan: &'static str) -> Self {
        Self::with_accounts(plan, &fresh("a"))
    }

    /// A clinic on this plan, with the accounts whose ids begin so.
    pub fn with_accounts(plan: &'static str, accounts: &str) -> Self {
        let (clinic, elsewhere) = (Clinic::new(fresh("c")), Clinic::new(fresh("c")));
        for clinic in [&clinic, &elsewhere] {
            expect(&clinic.create(settings(plan)), 201);
            expect(
                &clinic.create_staff("participant", world::staff(&marked("S"), "clinician")),
                201,
            );
        }
        let thread = clinic.conversation(PATIENT, "none");
        let mut ground = Self { plan, clinic, elsewhere, thread, accounts: accounts.to_owned() };
        ground.people();
        ground.thread = ground.started(&["colleague", "deactivated"]);
        let mut gone = world::staff(&marked("S"), "clinician");
        gone["active"] = json!(false);
        let path = format!("/clinics/{}/staff/deactivated", ground.clinic.id);
        expect(&replace(&Caller::operator(), path, "\"1\"", gone), 200);
        ground
    }

    fn people(&self) {
        let Self { clinic, .. } = self;
        for group in [GROUP, "g2"] {
            expect(&create(&clinic.chart(), self.path(&["groups", group]), group_document()), 201);
        }
        let with = |role: &str, member: &str, value: Value| {
            let mut document = world::staff(&marked("S"), role);
            document[member] = value;
            document
        };
        for (id, document) in [
            ("in-group", with("clinician", "groups", json!([GROUP]))),
            ("sees-all", with("clinician", "seesAllConversations", json!(true))),
            ("neither", world::staff(&marked("S"), "clinician")),
            ("admin", world::staff(&marked("S"), "admin")),
            ("admin-sees-all", with("admin", "seesAllConversations", json!(true))),
            ("privacy-officer", with("privacy_officer", "seesAllConversations", json!(true))),
            ("deactivated", world::staff(&marked("S"), "clinician")),
            ("colleague", with("clinician", "acceptsPatientMessages", json!(true))),
            ("joining", with("clinician", "groups", json!(["g2"]))),
        ] {
            expect(&clinic.create_staff(id, document), 201);
        }
        for id in [
            "participant",
            "in-group",
            "sees-all",
            "neither",
            "admin",
            "admin-sees-all",
            "privacy-officer",
            "colleague",
        ] {
            let path = self.path(&["staff", id, "preferences"]);
            let preferences = json!({ "emailOnReply": false });
            expect(&create(&clinic.staff(id), path, preferences), 201);
        }
        let path = self.path(&["message-templates", TEMPLATE]);
        expect(&create(&Caller::operator(), path, message_template()), 201);
        for patient in [PATIENT, "p2"] {
            expect(&clinic.create_patient(patient, patient_document()), 201);
        }
        let contact = json!({ "sms": "+1 613 555 0144", "preferredChannel": "sms" });
        let guardian =
            json!({ "relationship": "guardian", "name": marked("Grace"), "contact": contact });
        expect(&clinic.link(PATIENT, &self.account("patient")), 201);
        expect(&clinic.link("p2", &self.account("other")), 201);
        for account in ["guardian", "revoked"] {
            let link = clinic.link(PATIENT, &self.account(account));
            expect(&link.with_body(guardian.clone()), 201);
        }
        let path = format!("{}/links/{}", clinic.patient(PATIENT), self.account("revoked"));
        expect(&Call::new(&clinic.chart(), Method::DELETE, path), 204);
    }

    /// The id of the account of this name.
    pub fn account(&self, name: &str) -> String {
        format!("{}-{name}", self.accounts)
    }

    fn path(&self, parts: &[&str]) -> String {
        format!("/clinics/{}/{}", self.clinic.id, parts.join("/"))
    }

    /// A new conversation with the first patient, of a group whose member does not take part in person.
    pub fn started(&self, to: &[&str]) -> Conversation {
        self.started_with(to, None)
    }

    fn started_with(&self, to: &[&str], file: Option<&String>) -> Conversation {
        let mut body = message();
        body["attachments"] = json!(file.into_iter().collect::<Vec<_>>());
        (body["to"], body["groups"]) = (json!(to), json!([GROUP]));
        let started = expect(&self.clinic.start("participant", PATIENT, body), 201);
        let id = started["conversationId"].as_str().unwrap();
        let thread = self.clinic.conversation(PATIENT, id);
        let path = format!("{}/participants/in-group", thread.path());
        expect(&Call::new(&self.clinic.staff("in-group"), Method::DELETE, path), 200);
        thread
    }

    /// The API as the caller of a row sees it.
    pub fn api(&self, caller: &str) -> Api {
        let world = world();
        match caller {
            "no token" => world.api().clone(),
            "expired token" => {
                let options = TokenOptions { expires_in: -120, ..TokenOptions::default() };
                let caller = self.clinic.staff("participant");
                world.api().with_token(world.issuer().token_with(&caller, &options, now()))
            }
            _ => world.api_as(&self.caller(caller)),
        }
    }

    /// The caller of a row.
    pub fn caller(&self, name: &str) -> Caller {
        let account = |name: &str| Caller::account(&self.account(name));
        match name {
            "staff, participant" => self.clinic.staff("participant"),
            "staff, in a group" => self.clinic.staff("in-group"),
            "staff, sees all" => self.clinic.staff("sees-all"),
            "staff, neither" => self.clinic.staff("neither"),
            "admin" => self.clinic.staff("admin"),
            "admin, sees all" => self.clinic.staff("admin-sees-all"),
            "privacy officer" => self.clinic.staff("privacy-officer"),
            "staff, deactivated" => self.clinic.staff("deactivated"),
            "chart system" => self.clinic.chart(),
            "operator" => Caller::operator(),
            "patient" => account("patient"),
            "guardian" => account("guardian"),
            "guardian, revoked" => account("revoked"),
            "portal patient" => self.clinic.portal(PATIENT),
            "another patient" => account("other"),
            "another portal patient" => self.clinic.portal("p2"),
            "another clinic's staff" => self.elsewhere.staff("participant"),
            "another clinic's chart system" => self.elsewhere.chart(),
            // The gateway does not ask who it is.
            "no token" | "expired token" => self.clinic.staff("participant"),
            _ => panic!("who is {name}?"),
        }
    }

    /// What is there from the beginning.
    pub fn standing(&self) -> Target {
        Target {
            staff: "colleague".to_owned(),
            group: GROUP.to_owned(),
            account: self.account("patient"),
            patient: PATIENT.to_owned(),
            thread: self.thread.clone(),
            version: "\"1\"".to_owned(),
            document: "d1".to_owned(),
            file: "f1".to_owned(),
            language: "en",
            reference: "none".to_owned(),
        }
    }

    /// What a section's requests are about, made for them where they change it.
    pub fn target(&self, section: &Section) -> Target {
        let mut target = self.standing();
        let (method, path, _) = section.key();
        let chart = self.clinic.chart();
        match (method, path.as_str()) {
            ("PUT", "clinic/settings") | ("POST", "clinic/settings/holidays") => {
                let read = self.clinic.settings(&Caller::operator(), Method::GET);
                let answer = world().send(&read).unwrap();
                target.version = answer.header("ETag").unwrap().to_owned();
            }
            ("PUT", "clinic/message-templates/{templateId}") => {
                let path = self.path(&["message-templates", TEMPLATE]);
                let answer =
                    world().send(&Call::new(&Caller::operator(), Method::GET, path)).unwrap();
                target.version = answer.header("ETag").unwrap().to_owned();
            }
            ("PUT", "clinic/notification-templates/{language}/{channel}") => {
                let path = self.path(&["notification-templates", target.language, "sms"]);
                let read = Call::new(&Caller::operator(), Method::GET, path.clone());
                let answer = world().send(&read).unwrap();
                target.version = match answer.header("ETag") {
                    Some(version) => version.to_owned(),
                    None => {
                        expect(&create(&Caller::operator(), path, notice_text()), 201);
                        "\"1\"".to_owned()
                    }
                };
            }
            (_, "/links/{reference}") => target.reference = reference(&target.thread),
            (_, path) if path.starts_with("patient/links/{accountId}/addresses/") => {
                target.account = self.account("guardian");
            }
            ("PUT", "/sending") => {
                let read = Call::new(&Caller::operator(), Method::GET, "/sending");
                let answer = world().send(&read).unwrap();
                target.version = answer.header("ETag").unwrap().to_owned();
            }
            ("PUT", "clinic/staff/{staffId}") => {
                target.staff = fresh("s");
                let document = world::staff(&marked("S"), "clinician");
                expect(&self.clinic.create_staff(&target.staff, document), 201);
            }
            ("PUT", "clinic/groups/{groupId}") => {
                target.group = fresh("g");
                let path = self.path(&["groups", &target.group]);
                expect(&create(&chart, path, group_document()), 201);
            }
            ("PUT", "patient") => target.patient = self.new_patient(),
            ("PUT", "patient/successor") => target.patient = self.new_patient(),
            ("DELETE", "patient/successor") => {
                target.patient = self.new_patient();
                let path = format!("{}/successor", self.clinic.patient(&target.patient));
                let merge = Call::new(&chart, Method::PUT, path);
                let merge = merge.with_body(json!({ "patientId": "p2" }));
                expect(&merge.with_header("If-Match", "\"1\""), 200);
            }
            ("GET", "…/{conversationId}/messages/{number}/attachments/{attachmentId}") => {
                let staff = self.clinic.staff("participant");
                target.file = sent(&self.clinic, &staff, PATIENT, &File::pdf("a.pdf", "Hello"));
                target.thread = self.started_with(&["colleague"], Some(&target.file));
            }
            (_, "patient/documents/{documentId}") => {
                target.document = fresh("d");
                let path =
                    format!("{}/documents/{}", self.clinic.patient(PATIENT), target.document);
                expect(&create(&chart, path, document()), 201);
            }
            ("PUT" | "DELETE", "patient/links/{accountId}") => {
                target.account = fresh("a");
                expect(&self.clinic.link(PATIENT, &target.account), 201);
            }
            ("PUT" | "DELETE" | "POST", path) if path.starts_with("…/{conversationId}/") => {
                target.thread = self.started(&["colleague"]);
                match (method, path) {
                    ("PUT", "…/{conversationId}/participants/{staffId}") => {
                        target.staff = "joining".to_owned();
                    }
                    ("PUT", "…/{conversationId}/groups/{groupId}") => {
                        target.group = "g2".to_owned();
                    }
                    ("POST", "…/{conversationId}/reopen") => {
                        expect(&target.thread.close("participant"), 200);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        target
    }

    /// The target with an upload that this caller began, if the caller may begin one.
    pub fn with_own_upload(&self, target: Target, caller: &str) -> Target {
        let slot = File::pdf("a.pdf", "Hello").slot(&self.clinic, &self.caller(caller), PATIENT);
        match slot.send_to(&self.api(caller)).unwrap().json()["attachmentId"].as_str() {
            Some(id) => Target { file: id.to_owned(), ..target },
            None => target,
        }
    }

    fn new_patient(&self) -> String {
        let id = fresh("p");
        expect(&self.clinic.create_patient(&id, patient_document()), 201);
        id
    }

    /// The request of a section by the caller of a row.
    pub fn call(&self, section: &Section, target: &Target, caller: &str) -> Call {
        let caller = self.caller(caller);
        let own = match &caller {
            Caller::Staff { id, .. } => id,
            _ => &target.staff,
        };
        let (method, key, variant) = section.key();
        let staff = match variant {
            "oneself" | "one's own" => own,
            _ => &target.staff,
        };
        let staff = match key.as_str() {
            "clinic/actors/{actorKind}/{actorId}/access-report" => "participant",
            _ => staff,
        };
        // The patient has an email address, the guardian a number.
        let channel = if key.starts_with("patient/addresses/") { "email" } else { "sms" };
        let mut path = section
            .path
            .replace("{clinicId}", &self.clinic.id)
            .replace("{patientId}", &target.patient)
            .replace("{conversationId}", &target.thread.id)
            .replace("{staffId}", staff)
            .replace("{groupId}", &target.group)
            .replace("{templateId}", TEMPLATE)
            .replace("{language}", target.language)
            .replace("{channel}", channel)
            .replace("{documentId}", &target.document)
            .replace("{attachmentId}", &target.file)
            .replace("{number}", "1")
            .replace("{accountId}", &target.account)
            .replace("{reference}", &target.reference)
            .replace("{actorKind}", "staff")
            .replace("{actorId}", staff);
        match variant {
            "owner=staff" => path.push_str("?owner=staff:colleague"),
            "owner=group" => path.push_str("?owner=group:g1"),
            "owner=clinic" => path.push_str("?owner=clinic"),
            _ => {}
        }
        let call = Call::new(&caller, section.method.clone(), path);
        let replacing = |call: Call, body: Value| {
            call.with_body(body).with_header("If-Match", target.version.clone())
        };
        let creating = |call: Call, body: Value| {
            call.with_body(body).with_header("Idempotency-Key", fresh("key"))
        };
        match (method, key.as_str(), variant) {
            ("GET" | "DELETE", ..) => call,
            ("PUT", "clinic/settings", "another plan") => {
                let other = if self.plan == "connect" { "connect_pro" } else { "connect" };
                replacing(call, settings(other))
            }
            ("PUT", "clinic/settings", _) => replacing(call, settings(self.plan)),
            ("POST", "clinic/settings/holidays", _) => {
                let holiday = json!({ "date": day_in(30), "name": marked("Holiday") });
                replacing(call, json!({ "holidays": [holiday] }))
            }
            ("POST", "clinic/settings/automatic-replies/preview", _) => call.with_body(json!({})),
            ("PUT", "clinic/message-templates/{templateId}", _) => {
                replacing(call, message_template())
            }
            ("POST", "clinic/message-templates/{templateId}/preview", _) => {
                call.with_body(json!({ "patientId": target.patient }))
            }
            ("PUT", "clinic/notification-templates/{language}/{channel}", _) => {
                replacing(call, notice_text())
            }
            ("POST", "clinic/notification-templates/{language}/{channel}/preview", _) => {
                call.with_body(notice_text())
            }
            ("PUT", "clinic/staff/{staffId}/preferences", _) => {
                // Emails are one's own choice, vacations an administrator's too.
                let away = json!({ "from": day_in(30), "to": day_in(44) });
                replacing(call, json!({ "emailOnReply": false, "vacations": [away] }))
            }
            ("PUT", "/sending", _) => replacing(call, json!({ "paused": false })),
            ("POST", path, _) if path.ends_with("/consent") || path.ends_with("/opt-out") => call,
            ("PUT", "clinic/staff/{staffId}", _) => {
                replacing(call, world::staff(&marked("S"), "clinician"))
            }
            ("PUT", "clinic/groups/{groupId}", _) => replacing(call, group_document()),
            ("PUT", "patient", _) => replacing(call, patient_document()),
            ("PUT", "patient/documents/{documentId}", _) => replacing(call, document()),
            ("POST", "patient/attachments", _) => {
                creating(call, File::pdf("a.pdf", "Hello").promise())
            }
            ("PUT", "patient/successor", _) => replacing(call, json!({ "patientId": "p2" })),
            ("PUT", "patient/links/{accountId}", _) => {
                replacing(call, json!({ "relationship": "own" }))
            }
            ("POST", "clinic/directory-batches", _) => {
                let entry =
                    json!({ "kind": "patient", "id": fresh("p"), "document": patient_document() });
                call.with_body(json!({ "entries": [entry] }))
            }
            ("POST", "…", _) => {
                let mut body = message();
                body["to"] = json!(["colleague"]);
                creating(call, body)
            }
            ("POST", "…/{conversationId}/messages", "inReplyTo") => {
                creating(call, json!({ "body": marked("Yes"), "inReplyTo": 1 }))
            }
            ("POST", "…/{conversationId}/messages", _) => {
                creating(call, json!({ "body": marked("Yes") }))
            }
            ("POST", "…/{conversationId}/close" | "…/{conversationId}/reopen", _) => call,
            ("PUT", "…/{conversationId}/read-marker", _) => call.with_body(json!({ "seen": 1 })),
            (
                "PUT",
                "…/{conversationId}/participants/{staffId}"
                | "…/{conversationId}/groups/{groupId}"
                | "…/{conversationId}/patient-only",
                _,
            ) => call,
            _ => panic!("no request for {}", section.heading()),
        }
    }
}

/// Settings with patients who write first where the plan has it.
pub fn settings(plan: &str) -> Value {
    let mut settings = world::settings(&marked("Clinic"), plan, world::always_open());
    settings["patientFirst"] = json!(true);
    settings
}

/// A patient of five years or so.
pub fn patient_document() -> Value {
    let mut document = world::patient_by_email(&marked("Marie"), &address(), "en");
    document["birthDate"] = json!(born(5));
    document
}

/// The birth date of somebody of this age, or, on the last day of the year, of this age soon.
pub fn born(age: u64) -> String {
    const YEAR: u64 = 31_556_952;
    let since = now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    format!("{}-01-01", 1970 + since / YEAR - age)
}

/// A message template that any patient's record has the values for.
pub fn message_template() -> Value {
    json!({
        "language": "en",
        "title": marked("Template {{clinicName}}"),
        "body": marked("Hello {{patientName}}"),
    })
}

/// A clinic's own text for notices by text message.
pub fn notice_text() -> Value {
    json!({ "text": "{{clinicName}}: {{link}}" })
}

/// A chart document as it is registered.
pub fn document() -> Value {
    let mut document = File::pdf("result.pdf", "Result").promise();
    document["kind"] = json!("lab_result");
    document["date"] = json!("2026-11-20");
    document["title"] = json!(marked("Blood count"));
    document
}

/// A group that takes patients' first messages.
pub fn group_document() -> Value {
    json!({ "name": marked("Nurses"), "active": true, "acceptsPatientMessages": true })
}

/// The call that creates a document.
pub fn create(caller: &Caller, path: String, document: Value) -> Call {
    Call::new(caller, Method::PUT, path).with_body(document).with_header("If-None-Match", "*")
}

/// The call that replaces a document of this version.
pub fn replace(caller: &Caller, path: String, version: &str, document: Value) -> Call {
    Call::new(caller, Method::PUT, path).with_body(document).with_header("If-Match", version)
}

/// Needs no stack: the page is read whole, and each of its sections has a request of each caller.
#[test]
fn every_section_of_the_page_of_rights_has_its_answers_and_its_requests() {
    let (clinic, elsewhere) = (Clinic::new("c1"), Clinic::new("c2"));
    let thread = clinic.conversation(PATIENT, "v1");
    let accounts = "a".to_owned();
    let ground = Ground { plan: "connect_pro", clinic, elsewhere, thread, accounts };
    for section in sections() {
        let callers = section.callers();
        assert_eq!(callers.len(), 20, "{}", section.heading());
        for caller in callers {
            for plan in ["portal", "connect", "connect_pro"] {
                let (status, code) = section.expected(caller, plan);
                assert_eq!(status < 300, code.is_none(), "{} {caller}", section.heading());
            }
            let call = ground.call(&section, &ground.standing(), caller);
            assert!(!call.path.contains(['{', '}', ' ']), "{}", call.path);
        }
    }
}
