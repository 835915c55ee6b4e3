//! A clinic of its own for each test, and what every test asks of it.

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use system_tests::api::Answer;
use system_tests::issuer::Caller;
use system_tests::world::{self, Call, Clinic, Conversation, World, fresh};

use crate::aws::{self, stack, string};

/// Stands in every name, address, title and body of these tests, and may stand in no log.
pub const MARK: &str = "PLANTED";

/// The world of the stack.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::of(stack()).unwrap())
}

/// A clinic with one member of staff, who is an administrator, and one patient with an account.
pub struct Site {
    pub clinic: Clinic,
    pub account: Caller,
    pub account_id: String,
}

/// The id of the member of staff of a [`Site`].
pub const STAFF: &str = "s1";
/// The id of the patient of a [`Site`].
pub const PATIENT: &str = "p1";

impl Site {
    /// A clinic on the top plan, open at any time, with replies allowed and no automatic replies.
    pub fn new() -> Self {
        Self::with(world::settings(&marked("Clinic"), "connect_pro", world::always_open()))
    }

    /// A clinic on the portal plan.
    pub fn on_the_portal_plan() -> Self {
        Self::with(world::settings(&marked("Clinic"), "portal", world::always_open()))
    }

    /// A clinic with these settings.
    pub fn with(settings: Value) -> Self {
        let clinic = Clinic::new(fresh("c"));
        let account_id = fresh("a");
        let site = Self { account: Caller::account(&account_id), clinic, account_id };
        expect(&site.clinic.create(settings), 201);
        expect(&site.clinic.create_staff(STAFF, world::staff(&marked("Anna"), "admin")), 201);
        let patient = world::patient_by_email(&marked("Marie"), &address(), "en");
        expect(&site.clinic.create_patient(PATIENT, patient), 201);
        expect(&site.clinic.link(PATIENT, &site.account_id), 201);
        site
    }

    /// The member of staff.
    pub fn staff(&self) -> Caller {
        self.clinic.staff(STAFF)
    }

    /// The call that starts a conversation with the patient.
    pub fn starting(&self) -> Call {
        self.clinic.start(STAFF, PATIENT, message())
    }

    /// A conversation with the patient, of one message.
    pub fn start(&self) -> Conversation {
        self.started(&self.starting())
    }

    /// The conversation that a call starts.
    pub fn started(&self, call: &Call) -> Conversation {
        let answer = expect(call, 201);
        let id = answer["conversationId"].as_str().unwrap();
        self.clinic.conversation(answer["patientId"].as_str().unwrap(), id)
    }

    /// Everything of the clinic and of the account in the main table.
    pub fn items(&self) -> Vec<Value> {
        aws::items(&stack().table_name, &[&self.clinic.id, &self.account_id])
    }

    /// Every audit record of the clinic and of the account.
    pub fn records(&self) -> Vec<Value> {
        aws::items(&stack().audit_table_name, &[&self.clinic.id, &self.account_id])
    }

    /// Waits until the notice of a conversation's first message has ended, so that nothing of the clinic
    /// changes by itself any more.
    pub fn settled(&self, conversation: &Conversation) -> Value {
        eventually("the notice", Duration::from_secs(60), || {
            notice(conversation, 1).filter(|item| string(item, "state") != "queued")
        })
    }
}

/// The partition of a conversation.
pub fn partition(conversation: &Conversation) -> String {
    let Conversation { clinic, patient, id } = conversation;
    format!("CLINIC#{}#PATIENT#{patient}#CONVERSATION#{id}", clinic.id)
}

/// What the links of a conversation's notices carry; no answer of the API shows it.
pub fn reference(conversation: &Conversation) -> String {
    let items = aws::partition(&partition(conversation));
    let item = items.iter().find(|item| string(item, "sk") == "CONVERSATION").unwrap();
    string(item, "reference")
}

/// The notice of a message to the patient.
pub fn notice(conversation: &Conversation, number: u32) -> Option<Value> {
    let sk = format!("NOTICE#{number:08}#PATIENT");
    aws::partition(&partition(conversation)).into_iter().find(|item| string(item, "sk") == sk)
}

/// A text with the mark.
pub fn marked(text: &str) -> String {
    format!("{text} {MARK}")
}

/// An email address with the mark that nobody else has.
pub fn address() -> String {
    format!("{}.{}@example.test", fresh("pat"), MARK)
}

/// The day in so many days, in UTC.
pub fn day_in(days: i64) -> Date {
    let now = Timestamp::try_from(system_tests::now()).unwrap();
    TimeZone::UTC.to_datetime(now).date().saturating_add(days.days())
}

/// A new conversation's first message.
pub fn message() -> Value {
    json!({ "title": marked("Diagnosis"), "body": format!("<p>Prescription {MARK}</p>") })
}

/// Makes a call and makes sure of its status.
pub fn expect(call: &Call, status: u16) -> Value {
    let answer = ask(call);
    assert_eq!(answer.status, status, "{} {}: {}", call.method, call.path, answer.text());
    answer.json()
}

/// Makes a call.
pub fn ask(call: &Call) -> Answer {
    world().send(call).unwrap()
}

/// Makes sure that an answer is a problem document with this status and code.
pub fn problem(answer: &Answer, status: u16, code: &str) -> Value {
    let document = answer.json();
    assert_eq!(
        (answer.status, document["code"].as_str()),
        (status, Some(code)),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("Content-Type"), Some("application/problem+json"), "{code}");
    assert_eq!(document["status"], status, "{code}");
    for member in ["type", "title", "detail", "requestId"] {
        assert!(document[member].as_str().is_some_and(|text| !text.is_empty()), "{code}: {member}");
    }
    assert!(!answer.text().contains(MARK), "{code} repeats what was sent: {}", answer.text());
    document
}

/// Makes a call that is refused for one reason.
pub fn refused(call: &Call, status: u16, code: &str) -> Value {
    problem(&ask(call), status, code)
}

/// Makes a call with a doubled header, which is refused.
///
/// API Gateway hands on both values, and the refusal is `duplicate_header`; the local stack joins them to
/// one, which is then no valid one.
pub fn refused_as_doubled(call: &Call, joined: &str) -> Answer {
    let answer = ask(call);
    let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
    assert!(code == "duplicate_header" || code == joined, "{}", answer.text());
    problem(&answer, 400, &code);
    answer
}

/// Looks for something until it is there.
pub fn eventually<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < limit, "{what} did not come within {limit:?}");
        thread::sleep(Duration::from_millis(300));
    }
}

/// A thread's messages as an opener sees them, the first one first.
pub fn messages(conversation: &Conversation, reader: &Caller) -> Vec<Value> {
    let mut all = Vec::new();
    let mut call = conversation.read(reader);
    call.path.push_str("?limit=100");
    loop {
        let page = expect(&call, 200);
        all.extend(page["messages"].as_array().unwrap().clone());
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        call.path = format!("{}?limit=100&cursor={cursor}", conversation.path());
    }
    all.sort_by_key(|message| message["number"].as_u64());
    all
}

/// A call with this query.
pub fn with(call: &Call, query: &str) -> Call {
    call.clone().at(format!("{}?{query}", call.path))
}

/// Makes calls at the same time, one thread each.
pub fn at_once(calls: &[Call]) -> Vec<Answer> {
    thread::scope(|scope| {
        let asking: Vec<_> = calls.iter().map(|call| scope.spawn(|| ask(call))).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
