//! Random interleavings of everything that can happen to a conversation, against a model that
//! keeps nothing but the list of what happened.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::actor::Actor;
use crate::automatic::{Away, Fired, LONGEST_WAIT, TimerKind, asks_who_is_away, fire};
use crate::clinic::{LocalizedBody, Plan};
use crate::conversation::{Author, AutomaticReason, Party};
use crate::hours::{Days, Exception, OfficeHours, RawDays, RawHours};
use crate::people::StaffMember;
use crate::testing::{
    Thread, as_account, as_staff, at, body, clinic, facts, hours, patient, staff, staff_id,
};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Three of the staff, the patient by an own account, and two guardians.
const WRITERS: [&str; 6] = ["s1", "s2", "s3", "a1", "g1", "g2"];

#[derive(Clone, Debug)]
enum Act {
    Reply { seen: Option<Index> },
    Switch(Switch),
    PatientOnly(bool),
    Join,
    Leave,
    Mark(Index),
    Fire(TimerKind),
}

#[derive(Clone, Debug)]
enum Step {
    /// Time passes.
    Pass(SignedDuration),
    /// Somebody decides and writes at once.
    Do { who: usize, act: Act },
    /// Somebody decides with what is there now, and writes later.
    Begin { who: usize, act: Act },
    /// One of those writes now, if it still may.
    Finish(Index),
    /// The operator changes the plan.
    Plan(Plan),
    /// All of the staff go on vacation for two days, or take none.
    Away(bool),
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => prop::option::of(any::<Index>()).prop_map(|seen| Act::Reply { seen }),
        1 => Just(Act::Switch(Switch::Close)),
        1 => Just(Act::Switch(Switch::Reopen)),
        1 => any::<bool>().prop_map(Act::PatientOnly),
        1 => Just(Act::Join),
        1 => Just(Act::Leave),
        2 => any::<Index>().prop_map(Act::Mark),
        3 => Just(Act::Fire(TimerKind::Closed)),
        3 => Just(Act::Fire(TimerKind::NoAnswer)),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..WRITERS.len();
    let step = prop_oneof![
        2 => (0_i64..300).prop_map(|seconds| Step::Pass(SignedDuration::from_secs(seconds))),
        3 => (0_i64..240).prop_map(|minutes| Step::Pass(SignedDuration::from_mins(minutes))),
        8 => (who.clone(), acts()).prop_map(|(who, act)| Step::Do { who, act }),
        3 => (who, acts()).prop_map(|(who, act)| Step::Begin { who, act }),
        3 => any::<Index>().prop_map(Step::Finish),
        1 => prop_oneof![Just(Plan::ConnectPro), Just(Plan::Connect)].prop_map(Step::Plan),
        1 => any::<bool>().prop_map(Step::Away),
    ];
    prop::collection::vec(step, 1..60)
}

fn clinics() -> impl Strategy<Value = ClinicSettings> {
    let windows: [&[&str]; 3] =
        [&["09:00-17:00"], &["09:00-12:00", "13:00-17:15"], &["22:00-02:00"]];
    let windows = prop::sample::select(windows.to_vec());
    let texts = any::<(bool, bool, bool, bool)>();
    (windows, 0_u32..30, 0_u32..60, 1_u32..120, texts).prop_map(
        |(windows, quiet, gap, after, (exception, vacation, outside, differs))| {
            let mut clinic = clinic();
            clinic.office_hours = hours("America/Toronto", &DAYS, windows);
            if differs {
                // The day after the first, and the two after that.
                let date = "2026-11-26".parse().unwrap();
                let with_holiday =
                    clinic.office_hours.with_exceptions([Exception::closed(date, None)]);
                let mut raw = RawHours::from(with_holiday);
                let (from, to) = ("2026-11-27".to_owned(), "2026-11-28".to_owned());
                raw.vacations.push(RawDays { from, to });
                clinic.office_hours = OfficeHours::new(&raw).unwrap();
            }
            let automatic = &mut clinic.automatic_replies;
            (automatic.quiet_minutes, automatic.minimum_gap_minutes) = (quiet, gap);
            automatic.no_answer.as_mut().unwrap().after_office_minutes = after;
            let text = |is_on: bool| {
                is_on.then(|| LocalizedBody { en: Some(body("Away.")), ..LocalizedBody::default() })
            };
            (automatic.exception, automatic.vacation) = (text(exception), text(vacation));
            automatic.outside_hours = text(outside || !vacation);
            clinic
        },
    )
}

/// A decision that is not written yet.
enum Decided {
    Nothing,
    Marker(Person, ReadMarker),
    Change { change: Box<Change>, by_patient: bool, automatic: bool },
    Timer(TimerKind, Option<Timestamp>),
}

struct World {
    thread: Thread,
    markers: Vec<(Person, ReadMarker)>,
    now: Timestamp,
    closed: bool,
    /// The days on which all of the staff are away.
    away: Vec<Days>,
}

impl World {
    fn new(clinic: ClinicSettings) -> Self {
        let now = at("2026-11-25T12:00:00Z");
        let markers = WRITERS.iter().map(|who| (person(who), ReadMarker::default())).collect();
        Self { thread: Thread::start(clinic, now), markers, now, closed: false, away: Vec::new() }
    }

    /// Those days, as far as they matter to the clinic.
    fn away(&self) -> &[Days] {
        let counts = self.thread.clinic.automatic_replies.vacation.is_some();
        if counts { &self.away } else { &[] }
    }

    fn marker(&self, person: &Person) -> ReadMarker {
        self.markers.iter().find(|(of, _)| of == person).unwrap().1
    }

    /// As the store does: a marker that would go back is not written.
    fn move_marker(&mut self, person: &Person, marker: ReadMarker) {
        let slot = self.markers.iter_mut().find(|(of, _)| of == person).unwrap();
        if slot.1.seen <= marker.seen {
            slot.1 = marker;
        }
    }

    fn decide(&self, who: usize, act: &Act) -> Decided {
        let actor = actor(WRITERS[who]);
        let me = person(WRITERS[who]);
        let by_patient = matches!(actor, Actor::Account { .. });
        let mut facts = facts(&actor, &self.thread.clinic);
        // s3 takes no part, and sees all.
        facts.staff = facts
            .staff
            .map(|_| StaffMember { sees_all_conversations: true, ..staff(WRITERS[who]) });
        let guardian = WRITERS[who].starts_with('g');

        let Thread { clinic, conversation, messages, timers } = &self.thread;
        let hidden = guardian && conversation.patient_only;
        let decided = |change: Option<Change>, automatic| match change {
            Some(change) => Decided::Change { change: Box::new(change), by_patient, automatic },
            None => Decided::Nothing,
        };
        match act {
            Act::Reply { seen } => {
                let seen = seen.map(|index| index.get(messages));
                let about = ReplyFacts {
                    conversation: Some(conversation),
                    quoted: None,
                    seen,
                    marker: self.marker(&me),
                    timers,
                    enclosed: Enclosed::default(),
                    template: None,
                };
                let seen = seen.map(|message| message.number);
                let text = Reply { seen, ..Reply::from(body("Hello")) };
                let result = reply(&actor, text, &facts, about, self.now);
                let goes_through = !self.closed && !hidden;
                assert_eq!(result.is_ok(), goes_through, "if it is open and may be seen");
                decided(result.ok(), false)
            }
            Act::Switch(command) => {
                let about = Some(conversation);
                let result = switch(&actor, *command, &facts, about, timers, self.now);
                assert_eq!(result.is_err(), by_patient, "only staff close and reopen");
                decided(result.ok().flatten(), false)
            }
            Act::PatientOnly(_) | Act::Join | Act::Leave => {
                let id = staff_id(WRITERS[who]);
                let member = facts.staff.clone();
                let command = match act {
                    Act::PatientOnly(wanted) => Alteration::PatientOnly(*wanted),
                    Act::Join => Alteration::AddStaff { id: &id, member: member.as_ref() },
                    _ => Alteration::RemoveStaff(&id),
                };
                let result = alter(&actor, command, &facts, Some(conversation));
                assert!(result.is_err() || !by_patient, "only staff change it");
                decided(result.ok().flatten(), false)
            }
            Act::Mark(index) => {
                let side = facts.side(&actor).unwrap();
                let message = Some(index.get(messages));
                let moved = mark_read(&side, Some(conversation), message, self.marker(&me));
                assert_eq!(moved.is_err(), hidden, "what is hidden is not read");
                moved.map_or(Decided::Nothing, |moved| Decided::Marker(me, moved))
            }
            Act::Fire(kind) => {
                let Some(timer) = timers.0.iter().find(|timer| timer.kind == *kind) else {
                    return Decided::Nothing;
                };
                match fire(
                    timer,
                    timers,
                    conversation,
                    clinic,
                    Away::Known(if asks_who_is_away(*kind, clinic) { &self.away } else { &[] }),
                    &patient(),
                    self.now,
                ) {
                    Fired::Reply(change) => {
                        assert_eq!(clinic.plan, Plan::ConnectPro);
                        decided(Some(*change), true)
                    }
                    Fired::Wait(until) => {
                        assert!(until > self.now && until <= self.now + LONGEST_WAIT);
                        Decided::Timer(*kind, Some(until))
                    }
                    Fired::NotNeeded(_) => Decided::Timer(*kind, None),
                }
            }
        }
    }

    fn write(&mut self, decided: Decided) {
        match decided {
            Decided::Nothing => {}
            Decided::Marker(person, marker) => self.move_marker(&person, marker),
            Decided::Timer(kind, None) => self.thread.timers.0.retain(|timer| timer.kind != kind),
            Decided::Timer(kind, Some(until)) => {
                for timer in self.thread.timers.0.iter_mut().filter(|timer| timer.kind == kind) {
                    timer.due = until;
                }
            }
            Decided::Change { change, by_patient, automatic } => {
                self.change(&change, by_patient, automatic);
            }
        }
    }

    fn change(&mut self, change: &Change, by_patient: bool, automatic: bool) {
        let before = self.thread.conversation.clone();
        let earlier = self.thread.messages.clone();
        let marker = change.marker.clone();
        if !self.thread.apply(change.clone()) {
            return;
        }
        let after = &self.thread.conversation;
        assert_eq!(after.version, before.version + 1);
        if by_patient {
            assert_eq!(after.state, before.state, "no patient closes or reopens");
            assert_eq!(after.patient_only, before.patient_only);
            assert_eq!(after.participants, before.participants);
        }
        assert!(!after.participants.is_empty(), "somebody stays");
        if change.message.is_none() {
            assert_eq!((&after.tally, after.awaits()), (&before.tally, before.awaits()));
        }
        if let Some(message) = &change.message {
            assert!(!self.closed, "no message after a close until it is reopened");
            assert_eq!(message.number as usize, earlier.len() + 1);
            assert!(earlier.iter().all(|before| before.at <= message.at));
        }
        if automatic {
            assert_eq!(after.awaits(), before.awaits());
            assert_eq!((&change.set, &change.marker), (&Vec::new(), &None));
            assert!(!change.announce);
            self.check_automatic(change.message.as_ref().unwrap(), &earlier);
        }
        self.closed = !after.is_open();
        if let Some((person, marker)) = marker {
            self.move_marker(&person, marker);
        }
    }

    /// What the product page promises of an automatic reply, told from the messages alone.
    fn check_automatic(&self, reply: &Message, earlier: &[Message]) {
        let clinic = &self.thread.clinic;
        let settings = &clinic.automatic_replies;
        let last = |of: fn(&Author) -> bool| earlier.iter().rfind(|message| of(&message.author));
        let minutes = |minutes: u32| SignedDuration::from_mins(i64::from(minutes));
        if let Some(staff) = last(|author| matches!(author, Author::Staff { .. })) {
            assert!(reply.at.duration_since(staff.at) >= minutes(settings.quiet_minutes));
        }
        if let Some(before) = last(|author| matches!(author, Author::Automatic { .. })) {
            assert!(reply.at.duration_since(before.at) >= minutes(settings.minimum_gap_minutes));
        }
        let asked = last(|author| author.party().is_some()).unwrap();
        assert_eq!(asked.author.party(), Some(Party::Patient), "staff have not answered");
        let Author::Automatic { reason } = reply.author else { unreachable!("it is automatic") };
        if reason != AutomaticReason::NoAnswer {
            assert_eq!(Some(reason), self.highest_reason(reply.at));
            if let Some(said) = last(|author| matches!(author, Author::Automatic { .. })) {
                assert!(self.opened_between(said.at, reply.at), "once in each closed period");
            }
        }
    }

    /// The highest reason that has a text, while nobody is there, told from the dates alone.
    fn highest_reason(&self, at: Timestamp) -> Option<AutomaticReason> {
        let clinic = &self.thread.clinic;
        let (hours, away) = (&clinic.office_hours, self.away());
        assert!(!hours.without(away).is_open(at), "nobody is there");
        let date = hours.time_zone().zone().to_datetime(at).date();
        let is_away = away.iter().any(|days| days.contains(date));
        let is_excepted = hours.exceptions().iter().any(|exception| exception.date == date);
        let is_vacation = hours.vacations().iter().any(|days| days.contains(date));
        let by_rank = [
            (is_excepted && !(is_away && hours.is_open(at)), AutomaticReason::Exception),
            (is_vacation || is_away, AutomaticReason::Vacation),
            (true, AutomaticReason::OutsideHours),
        ];
        let mut reasons = by_rank.into_iter().filter(|(holds, _)| *holds);
        reasons
            .find(|(_, reason)| clinic.automatic_replies.text(*reason).is_some())
            .map(|(_, of)| of)
    }

    /// Windows start and end at quarters of an hour, so that one look at each is enough.
    fn opened_between(&self, from: Timestamp, to: Timestamp) -> bool {
        let hours = self.thread.clinic.office_hours.without(self.away());
        let quarter = 15 * 60;
        let first = from.as_second().div_euclid(quarter) * quarter + quarter;
        (first..=to.as_second())
            .step_by(900)
            .any(|second| hours.is_open(Timestamp::from_second(second).unwrap()))
    }

    fn check(&self) {
        let Thread { conversation, messages, timers, .. } = &self.thread;
        let numbers: Vec<u32> = messages.iter().map(|message| message.number).collect();
        assert_eq!(numbers, (1..=conversation.tally.total).collect::<Vec<_>>());
        let last = messages.iter().filter_map(|message| message.author.party()).next_back();
        assert_ne!(Some(conversation.awaits()), last);
        for (person, marker) in &self.markers {
            let unread = messages.iter().filter(|message| {
                let author = message.author.person();
                message.number > marker.seen && author.is_some_and(|author| author != *person)
            });
            let counted = marker.unread(&conversation.tally, person);
            assert_eq!(counted as usize, unread.count(), "unread of {person:?}");
        }
        for kind in timers.kinds() {
            assert_eq!(timers.kinds().iter().filter(|other| **other == kind).count(), 1);
        }
        if self.closed {
            assert!(timers.0.is_empty(), "nothing is answered after a close");
        }
    }
}

fn actor(who: &str) -> Actor {
    if who.starts_with('s') { as_staff(who) } else { as_account(who) }
}

fn person(who: &str) -> Person {
    match actor(who) {
        Actor::Staff { id, .. } => Person::Staff(id),
        Actor::Account { .. } if who.starts_with('a') => Person::Patient,
        Actor::Account { id } => Person::Guardian(id),
        _ => unreachable!("writers are staff and accounts"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_happens_in_whatever_order(clinic in clinics(), steps in steps()) {
        let mut world = World::new(clinic);
        let mut begun = Vec::new();
        for step in steps {
            match step {
                Step::Pass(time) => world.now += time,
                Step::Do { who, act } => world.write(world.decide(who, &act)),
                Step::Begin { who, act } => begun.push(world.decide(who, &act)),
                Step::Finish(index) => {
                    if !begun.is_empty() {
                        let decided = begun.swap_remove(index.index(begun.len()));
                        // A look at a timer is conditioned on the timer being as it was.
                        if !matches!(decided, Decided::Timer(..)) {
                            world.write(decided);
                        }
                    }
                }
                Step::Plan(plan) => world.thread.clinic.plan = plan,
                Step::Away(away) => {
                    let (first, last) = ("2026-11-25", "2026-11-26");
                    let days = Days::new(first.parse().unwrap(), last.parse().unwrap()).unwrap();
                    world.away = if away { vec![days] } else { Vec::new() };
                    // What was decided before is right by the days of before.
                    begun.retain(|decided| {
                        !matches!(decided, Decided::Change { automatic: true, .. })
                    });
                }
            }
            world.check();
        }
    }
}
