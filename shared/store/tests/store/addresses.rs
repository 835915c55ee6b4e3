//! What is known of addresses.

use domain::address::{AddressHash, AddressState, Addresses, Contact, Mark, MarkReason};
use domain::audit::{Action, Record, Subject};
use domain::clinic::Plan;
use domain::notice::FailureReason;
use domain::outage::OutageKind;
use domain::people::Channel;
use jiff::{SignedDuration, Timestamp};
use scenario::people::{contact, email, sms, staff};
use scenario::{NOW, World};
use store::{Store, key};
use testkit::Fault;

fn secs(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

fn bounced(seconds: i64) -> Mark {
    Mark { reason: MarkReason::Bounced, at: secs(seconds) }
}

fn opted_out(seconds: i64) -> Mark {
    Mark { reason: MarkReason::OptedOut, at: secs(seconds) }
}

async fn known(store: &Store, hash: &AddressHash) -> Option<AddressState> {
    store.addresses([hash]).await.unwrap().of(hash).copied()
}

#[tokio::test]
async fn nothing_is_known_of_an_address_that_nothing_happened_to() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let (one, other) = (email("a@example.test").hash, sms("+16135550100").hash);
    assert_eq!(store.addresses([&one, &other]).await.unwrap(), Addresses::default());
    assert_eq!(store.addresses([]).await.unwrap(), Addresses::default());
    assert!(store.mark(&one, bounced(1)).await.unwrap());
    // Asked for twice, as for two people who share it, it is one.
    let known = store.addresses([&one, &other, &one]).await.unwrap();
    assert_eq!(known.of(&one).and_then(AddressState::blocked), Some(bounced(1)));
    assert_eq!(known.of(&other), None);
}

#[tokio::test]
async fn a_mark_that_is_told_twice_is_news_once() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let hash = email("a@example.test").hash;
    assert!(store.mark(&hash, bounced(5)).await.unwrap());
    assert!(!store.mark(&hash, bounced(5)).await.unwrap());
    assert!(!store.mark(&hash, bounced(4)).await.unwrap(), "it is known since");
    assert!(store.mark(&hash, opted_out(3)).await.unwrap());
    assert!(store.mark(&hash, bounced(6)).await.unwrap());
    let state = known(&store, &hash).await.unwrap();
    assert_eq!((state.version, state.bounced_at), (3, Some(secs(6))));
    assert_eq!(state.blocked(), Some(opted_out(3)));
}

/// The address is nowhere in the item: what stands there tells nobody whose it is.
#[tokio::test]
async fn what_is_known_of_an_address_stands_under_its_hash_alone() {
    let world = World::of(Plan::Portal).await;
    let hash = email("somebody@example.test").hash;
    let before = world.state().await;
    world.store().mark(&hash, bounced(5)).await.unwrap();
    let state = world.state().await;
    let item = state.items[&key::address(&hash)].to_string();
    assert!(!item.contains("somebody") && !item.contains('@'), "{item}");
    let difference = state.since(&before);
    assert_eq!(difference.written, [key::address(&hash)]);
    assert!(difference.records.is_empty());
}

fn record(id: &str) -> Record {
    let subject = Subject { clinic: None, patient: None, objects: Vec::new() };
    Record::done(id.to_owned(), NOW, &staff("s1"), Action::AddressConsent, subject, "request")
}

#[tokio::test]
async fn a_consent_clears_what_was_before_and_is_on_record() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let hash = sms("+16135550100").hash;
    store.mark(&hash, opted_out(5)).await.unwrap();
    let news =
        store.consent(&hash, secs(6), |transaction| transaction.record(&record("one"))).await;
    assert!(news.unwrap());
    let state = known(&store, &hash).await.unwrap();
    assert_eq!((state.blocked(), state.version), (None, 2));
    // The feedback that comes late is of before.
    assert!(!store.mark(&hash, opted_out(5)).await.unwrap());
    assert!(store.mark(&hash, opted_out(7)).await.unwrap());
    let state = known(&store, &hash).await.unwrap();
    assert_eq!(state.blocked(), Some(opted_out(7)));
    // A consent that is no news changes nothing, and is on record all the same: somebody acted.
    let news =
        store.consent(&hash, secs(6), |transaction| transaction.record(&record("two"))).await;
    assert!(!news.unwrap());
    assert_eq!(known(&store, &hash).await.unwrap(), state);
    let mut ids: Vec<_> = world.state().await.records.into_iter().map(|record| record.id).collect();
    ids.sort();
    assert_eq!(ids, ["one", "two"]);
}

#[tokio::test]
async fn a_consent_whose_record_cannot_be_written_is_none() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let hash = sms("+16135550100").hash;
    store.mark(&hash, opted_out(5)).await.unwrap();
    store.record(&record("one")).await.unwrap();
    let taken = store.consent(&hash, secs(6), |transaction| transaction.record(&record("one")));
    assert_eq!(taken.await.unwrap_err().kind(), OutageKind::Contended);
    assert_eq!(known(&store, &hash).await.unwrap().blocked(), Some(opted_out(5)));
}

#[tokio::test]
async fn of_several_who_tell_at_once_none_is_lost() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let hash = sms("+16135550100").hash;
    let (one, two, three, four) = tokio::join!(
        store.mark(&hash, bounced(1)),
        store.mark(&hash, opted_out(2)),
        store.mark(&hash, Mark { reason: MarkReason::Complained, at: secs(3) }),
        store.consent(&hash, secs(1), |_| {}),
    );
    for news in [one, two, three, four] {
        assert!(news.unwrap());
    }
    let wanted = AddressState {
        version: 4,
        bounced_at: Some(secs(1)),
        opted_out_at: Some(secs(2)),
        complained_at: Some(secs(3)),
        consented_at: Some(secs(1)),
    };
    assert_eq!(known(&store, &hash).await, Some(wanted));
}

#[tokio::test]
async fn whoever_comes_second_decides_anew() {
    let world = World::of(Plan::Portal).await;
    let hash = sms("+16135550100").hash;
    // While one is about to write, another tells the same, or something else.
    for (mark, is_news) in [(bounced(1), false), (opted_out(2), true)] {
        let (other, of) = (world.store(), hash.clone());
        let fault = Fault::meanwhile("TransactWriteItems", move || {
            let (other, of) = (other.clone(), of.clone());
            async move { assert!(other.mark(&of, mark).await.unwrap()) }
        });
        let told = if is_news { bounced(3) } else { bounced(1) };
        assert_eq!(world.store_with(fault).mark(&hash, told).await.unwrap(), is_news);
    }
    let state = known(&world.store(), &hash).await.unwrap();
    assert_eq!((state.version, state.bounced_at), (3, Some(secs(3))));
    assert_eq!(state.opted_out_at, Some(secs(2)));
}

#[tokio::test]
async fn what_cannot_be_noted_or_read_is_an_outage() {
    let world = World::of(Plan::Portal).await;
    let hash = sms("+16135550100").hash;
    let kind = async |fault: Fault| {
        let store = world.store_with(fault.times(u32::MAX));
        store.mark(&hash, bounced(1)).await.unwrap_err().kind()
    };
    assert_eq!(kind(Fault::conflict("TransactWriteItems")).await, OutageKind::Contended);
    assert_eq!(kind(Fault::throttled("TransactWriteItems")).await, OutageKind::Unavailable);
    assert_eq!(kind(Fault::throttled("BatchGetItem")).await, OutageKind::Unavailable);
    assert_eq!(known(&world.store(), &hash).await, None);
    let away = world.store_with(Fault::throttled("BatchGetItem").times(u32::MAX));
    assert!(away.addresses([&hash]).await.is_err());
    // How somebody would be told is only shown beside what is done already.
    assert_eq!(away.reach(&contact()).await, None);
}

#[tokio::test]
async fn how_somebody_would_be_told_follows_what_is_known() {
    let world = World::of(Plan::Portal).await;
    let store = world.store();
    let mut contact = contact();
    let reach = async |contact: Contact| store.reach(&contact).await.unwrap();
    assert_eq!(reach(contact.clone()).await.notice_channel, Some(Channel::Email));
    let hash = contact.hash(Channel::Email).unwrap().clone();
    store.mark(&hash, bounced(1)).await.unwrap();
    let found = reach(contact.clone()).await;
    assert_eq!(found.notice_channel, None);
    assert_eq!(found.notice_problem, Some(FailureReason::AddressBounced));
    contact.other_channel_consented = true;
    let found = reach(contact.clone()).await;
    assert_eq!((found.notice_channel, found.notice_problem), (Some(Channel::Sms), None));
}
