#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::json;

use super::*;
use crate::testing::{WORKING, at, contact, email, sms};

/// Seconds after [`WORKING`].
fn secs(seconds: i64) -> Timestamp {
    at(WORKING) + jiff::SignedDuration::from_secs(seconds)
}

fn hash_of(address: &str) -> AddressHash {
    email(address).hash
}

fn mark(reason: MarkReason, seconds: i64) -> Mark {
    Mark { reason, at: secs(seconds) }
}

const REASONS: [MarkReason; 3] =
    [MarkReason::Bounced, MarkReason::Complained, MarkReason::OptedOut];

/// AD-09: feedback names an address in another spelling than the directory did.
#[test]
fn one_address_has_one_hash_however_it_is_spelled() {
    let one = hash_of("Pat.Example@Domain.test");
    for same in ["pat.example@domain.test", "PAT.EXAMPLE@DOMAIN.TEST", " Pat.Example@domain.test\n"]
    {
        assert_eq!(hash_of(same), one, "{same}");
    }
    for other in
        ["pat.example@domain.example", "patexample@domain.test", "pat.example+a@domain.test"]
    {
        assert_ne!(hash_of(other), one, "{other}");
    }
    // An international domain is the same in the form of the DNS.
    let international = hash_of("info@例え.テスト");
    assert_eq!(hash_of("INFO@xn--r8jz45g.xn--zckzah"), international);
}

/// AD-05: what was pasted is one number, whose opt-out must be met.
#[test]
fn one_number_has_one_hash_however_it_is_spelled() {
    let one = sms("+16135550100").hash;
    let key = AddressKey::new([7; 32]);
    for same in [
        "613\u{a0}555\u{a0}0100",
        "\u{202a}+16135550100\u{202c}",
        "613\u{2011}555\u{2011}0100",
        "\u{ff0b}\u{ff11}\u{ff16}\u{ff11}\u{ff13}\u{ff15}\u{ff15}\u{ff15}\u{ff10}\u{ff11}\u{ff10}\u{ff10}",
        "\u{200b}6135550100",
        "1 (613) 555-0100",
    ] {
        assert_eq!(key.know(SmsNumber::parse(same).unwrap()).hash, one, "{same:?}");
    }
    assert_ne!(sms("+16135550101").hash, one);
}

/// What is known of an address stands under its hash: if that changed, every opt-out would be lost.
#[test]
fn a_hash_never_changes() {
    let (email, sms) = (hash_of("zq@example.test"), sms("+16135550100").hash);
    // Made by another implementation of HMAC-SHA-256, over `email:…` and `sms:…`.
    assert_eq!(email.as_str(), "ZO32ZLWYuH7gBvqNp20IW_cM3oB5g3pvCwOMIsfhlRk");
    assert_eq!(sms.as_str(), "nhO_tSBeUR9MiynAt_MA0T2ae-aMSNWvAXLYZyCHpZM");
}

/// A text of one channel, as if it were an address there.
struct Odd<const EMAIL: bool>(String);

impl Address for Odd<true> {
    const CHANNEL: Channel = Channel::Email;

    fn canonical(&self) -> String {
        self.0.clone()
    }
}

impl Address for Odd<false> {
    const CHANNEL: Channel = Channel::Sms;

    fn canonical(&self) -> String {
        self.0.clone()
    }
}

proptest! {
    #[test]
    fn no_address_of_one_channel_meets_one_of_the_other(one in ".{0,40}", other in ".{0,40}") {
        let key = AddressKey::new([7; 32]);
        let hash = |text: &str| key.know(Odd::<true>(text.to_owned())).hash;
        let by_text = |text: &str| key.know(Odd::<false>(text.to_owned())).hash;
        prop_assert_ne!(hash(&one), by_text(&one));
        prop_assert_ne!(hash(&one), by_text(&other));
        prop_assert_eq!(hash(&one) == hash(&other), one == other);
    }

    #[test]
    fn another_key_gives_another_hash(one: [u8; 32], other: [u8; 32]) {
        let hash = |key: [u8; 32]| AddressKey::new(key).know(email("a@b.test").address).hash;
        prop_assert_eq!(hash(one) == hash(other), one == other);
    }
}

#[test]
fn a_hash_can_stand_in_a_key() {
    for number in 0..200 {
        let hash = hash_of(&format!("a{number}@example.test"));
        assert_eq!(hash.as_str().len(), 43);
        let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        assert!(hash.as_str().bytes().all(is_fine), "{hash:?}");
    }
}

#[test]
fn a_debug_print_shows_no_address() {
    let contact = contact("zq@example.test", "+16135550100");
    let way = contact.way(&Addresses::default()).unwrap();
    let shown = format!("{contact:?} {:?} {:?} {way:?}", contact.email, contact.sms);
    for private in ["zq", "example", "613", "555"] {
        assert!(!shown.contains(private), "{shown}");
    }
}

#[test]
fn a_contact_is_stored_with_each_hash_beside_its_address() {
    let contact = contact("zq@example.test", "+16135550100");
    let stored = serde_json::to_value(&contact).unwrap();
    let (of_email, of_sms) = (email("zq@example.test").hash, sms("+16135550100").hash);
    assert_eq!(
        stored,
        json!({
            "email": {"address": "zq@example.test", "hash": of_email},
            "sms": {"address": "+16135550100", "hash": of_sms},
            "preferredChannel": "email",
            "otherChannelConsented": false,
        })
    );
    assert_eq!(serde_json::from_value::<Contact>(stored).unwrap(), contact);
    let none = Contact { email: None, sms: None, ..contact };
    let stored = serde_json::to_value(&none).unwrap();
    assert_eq!(stored, json!({"preferredChannel": "email", "otherChannelConsented": false}));
    assert_eq!(serde_json::from_value::<Contact>(stored).unwrap(), none);
}

#[test]
fn either_address_makes_somebody_reachable() {
    for (email, sms) in [(true, true), (true, false), (false, true), (false, false)] {
        let contact = addressed(Channel::Email, email, sms, false);
        assert_eq!(contact.is_reachable(), email || sms);
        let hashes: Vec<_> = contact.hashes().collect();
        assert_eq!(hashes.len(), usize::from(email) + usize::from(sms));
        assert_eq!(contact.hash(Channel::Email).is_some(), email);
        assert_eq!(contact.hash(Channel::Sms).is_some(), sms);
    }
}

/// A person with these addresses and preferences.
fn addressed(preferred: Channel, email: bool, sms: bool, consented: bool) -> Contact {
    let both = contact("zq@example.test", "+16135550100");
    Contact {
        email: both.email.filter(|_| email),
        sms: both.sms.filter(|_| sms),
        preferred_channel: preferred,
        other_channel_consented: consented,
        language: None,
    }
}

/// What there is of an address, besides one that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    Absent,
    Marked(MarkReason),
}

impl Lack {
    const ALL: [Option<Self>; 5] = [
        None,
        Some(Self::Absent),
        Some(Self::Marked(MarkReason::Bounced)),
        Some(Self::Marked(MarkReason::Complained)),
        Some(Self::Marked(MarkReason::OptedOut)),
    ];

    /// How a notice that fails for it says so.
    fn says(self) -> FailureReason {
        match self {
            Self::Absent => FailureReason::NoUsableAddress,
            Self::Marked(MarkReason::Bounced) => FailureReason::AddressBounced,
            Self::Marked(MarkReason::Complained) => FailureReason::AddressComplained,
            Self::Marked(MarkReason::OptedOut) => FailureReason::OptedOut,
        }
    }
}

/// The whole table: the preferred channel, or the other one if that one cannot be used and the
/// person consented; otherwise what is wrong with the preferred one.
#[test]
fn the_way_is_the_preferred_channel_or_the_other_one_with_consent() {
    let mut cases = 0;
    for preferred in Channel::ALL {
        for of_preferred in Lack::ALL {
            for of_other in Lack::ALL {
                for consented in [true, false] {
                    let lack = |channel| {
                        if channel == preferred { of_preferred } else { of_other }
                    };
                    let has = |channel| lack(channel) != Some(Lack::Absent);
                    let contact =
                        addressed(preferred, has(Channel::Email), has(Channel::Sms), consented);
                    let mut known = Addresses::default();
                    for channel in Channel::ALL {
                        if let Some(Lack::Marked(reason)) = lack(channel) {
                            let hash = contact.hash(channel).unwrap().clone();
                            let state = AddressState::default().marked(mark(reason, 0)).unwrap();
                            known.learn(hash, state);
                        }
                    }
                    let wanted = match (of_preferred, of_other, consented) {
                        (None, _, _) => Ok(preferred),
                        (Some(_), None, true) => Ok(preferred.other()),
                        (Some(lack), _, _) => Err(lack.says()),
                    };
                    let way = contact.way(&known);
                    let case = (preferred, of_preferred, of_other, consented);
                    assert_eq!(
                        way.as_ref().map(|way| way.channel),
                        wanted.as_ref().copied(),
                        "{case:?}"
                    );
                    if let Ok(way) = &way {
                        assert_eq!(contact.hash(way.channel), Some(&way.hash));
                    }
                    let reach = contact.reach(&known);
                    assert_eq!(reach.notice_channel, wanted.ok());
                    assert_eq!(reach.notice_problem, wanted.err());
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, 100);
}

#[test]
fn how_somebody_is_reached_is_shown_in_plain_words() {
    let shown =
        |contact: Contact, known: &Addresses| serde_json::to_value(contact.reach(known)).unwrap();
    let mut known = Addresses::default();
    let contact = || addressed(Channel::Sms, false, true, false);
    assert_eq!(shown(contact(), &known), json!({"noticeChannel": "sms"}));
    let opted_out = AddressState::default().marked(mark(MarkReason::OptedOut, 0)).unwrap();
    known.learn(contact().hash(Channel::Sms).unwrap().clone(), opted_out);
    let wanted = json!({"noticeChannel": null, "noticeProblem": "opted_out"});
    assert_eq!(shown(contact(), &known), wanted);
}

/// What happens to an address.
#[derive(Clone, Copy, Debug)]
enum Event {
    Marked(Mark),
    Consented(Timestamp),
}

fn told(state: AddressState, event: Event) -> AddressState {
    let next = match event {
        Event::Marked(mark) => state.marked(mark),
        Event::Consented(at) => state.consented(at),
    };
    if let Some(next) = next {
        assert_eq!(next.version, state.version + 1, "news is a new version");
    }
    next.unwrap_or(state)
}

fn after(events: &[Event]) -> AddressState {
    events.iter().copied().fold(AddressState::default(), told)
}

/// The instants alone: how often they moved depends on the order in which they were told.
fn instants(state: AddressState) -> AddressState {
    AddressState { version: 0, ..state }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    // Few instants, so that some things happen at once.
    let instant = 0_i64..6;
    let event = (0..4_usize, instant).prop_map(|(kind, seconds)| match REASONS.get(kind) {
        Some(reason) => Event::Marked(mark(*reason, seconds)),
        None => Event::Consented(secs(seconds)),
    });
    prop::collection::vec(event, 0..7)
}

proptest! {
    #[test]
    fn what_is_told_of_an_address_in_any_order_and_repeated_ends_the_same(
        (events, shuffled, again) in events().prop_flat_map(|events| {
            let shuffled = Just(events.clone()).prop_shuffle();
            let again = subsequence(events.clone(), 0..=events.len()).prop_shuffle();
            (Just(events), shuffled, again)
        }),
    ) {
        let state = after(&events);
        prop_assert_eq!(instants(after(&shuffled)), instants(state));
        // Twice is once: it is no news, and no new version.
        for event in again {
            prop_assert_eq!(told(state, event), state);
        }
    }

    /// Told from the events alone: a reason counts if it happened after every consent, and the
    /// strongest of those that count is named, with the last time that it happened.
    #[test]
    fn an_address_is_blocked_by_what_happened_after_the_last_consent(events in events()) {
        let consented = events.iter().filter_map(|event| match event {
            Event::Consented(at) => Some(*at),
            Event::Marked(_) => None,
        });
        let consented = consented.max();
        let last = |reason| {
            let of_reason = events.iter().filter_map(|event| match event {
                Event::Marked(mark) if mark.reason == reason => Some(mark.at),
                _ => None,
            });
            of_reason.max().filter(|at| consented.is_none_or(|consented| *at > consented))
        };
        let strongest = [MarkReason::OptedOut, MarkReason::Complained, MarkReason::Bounced];
        let wanted = strongest
            .into_iter()
            .find_map(|reason| last(reason).map(|at| Mark { reason, at }));
        prop_assert_eq!(after(&events).blocked(), wanted);
    }
}

#[test]
fn a_consent_clears_what_was_before_it_and_nothing_that_comes_after() {
    for reason in REASONS {
        let marked = AddressState::default().marked(mark(reason, 10)).unwrap();
        assert_eq!(marked.blocked(), Some(mark(reason, 10)));
        let late = marked.consented(secs(9)).unwrap();
        assert_eq!(late.blocked(), Some(mark(reason, 10)), "it came before the mark");
        let consented = late.consented(secs(10)).unwrap();
        assert_eq!(consented.blocked(), None);
        // The old mark, told once more, is still before the consent.
        assert_eq!(consented.marked(mark(reason, 10)), None);
        let again = consented.marked(mark(reason, 11)).unwrap();
        assert_eq!(again.blocked(), Some(mark(reason, 11)));
        assert_eq!(again.version, 4);
    }
}

#[test]
fn a_state_reads_back_as_it_was_stored() {
    let all = [
        Event::Marked(mark(MarkReason::Bounced, 1)),
        Event::Marked(mark(MarkReason::Complained, 2)),
        Event::Marked(mark(MarkReason::OptedOut, 3)),
        Event::Consented(secs(4)),
    ];
    for length in 0..=all.len() {
        let state = after(&all[..length]);
        let stored = serde_json::to_value(state).unwrap();
        assert_eq!(stored.as_object().unwrap().len(), 1 + length);
        assert_eq!(serde_json::from_value::<AddressState>(stored).unwrap(), state);
    }
}
