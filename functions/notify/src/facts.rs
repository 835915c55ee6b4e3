//! What a notice depends on besides itself.

use domain::address::{AddressHash, Addresses};
use domain::clinic::ClinicSettings;
use domain::conversation::{Conversation, Party, Person, ReadMarker};
use domain::id::StaffId;
use domain::notice::{Announced, Notice, NoticeState, NoticeTemplate, Recipient, Telling};
use domain::outage::{Outage, OutageKind};
use domain::people::{AccountLink, Patient, StaffMember, StaffPreferences};
use store::key::{self, ConversationKey, Key};
use store::{Found, Store};

/// What every notice of one conversation depends on.
#[derive(Clone, Debug)]
pub struct Facts {
    pub clinic: ClinicSettings,
    pub patient: Patient,
    pub conversation: Conversation,
    pub templates: Vec<NoticeTemplate>,
}

/// What the notice to one person depends on besides.
#[derive(Clone, Debug, Default)]
pub struct Whom {
    pub link: Option<AccountLink>,
    pub staff: Option<StaffMember>,
    pub preferences: Option<StaffPreferences>,
}

/// What is known about telling one person of a message.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// How far the person has read.
    pub seen: u32,
    /// The last message that was announced to the person.
    pub announced: Option<Announced>,
    /// The message's notice, if it was opened.
    pub notice: Option<Notice>,
}

impl Facts {
    /// Whether and how one person can be told.
    pub fn telling<'a>(&'a self, whom: &'a Whom) -> Telling<'a> {
        Telling {
            clinic: &self.clinic,
            patient: &self.patient,
            conversation: &self.conversation,
            link: whom.link.as_ref(),
            staff: whom.staff.as_ref(),
            preferences: whom.preferences.as_ref(),
        }
    }

    fn keys(name: &ConversationKey) -> Vec<Key> {
        let mut keys = key::notice_templates(&name.clinic);
        keys.push(key::settings(&name.clinic));
        keys.push(key::patient(&name.clinic, &name.patient));
        keys.push(key::conversation(name));
        keys
    }

    fn take(found: &mut Found, name: &ConversationKey) -> Result<Self, Outage> {
        let missing = |what| Outage::new(OutageKind::Broken, "notify", what);
        let settings = found.take(&key::settings(&name.clinic))?;
        let patient = found.take(&key::patient(&name.clinic, &name.patient))?;
        let conversation = found.take(&key::conversation(name))?;
        let templates = key::notice_templates(&name.clinic);
        Ok(Self {
            clinic: settings.ok_or_else(|| missing("settings"))?,
            patient: patient.ok_or_else(|| missing("patient"))?,
            conversation: conversation.ok_or_else(|| missing("conversation"))?,
            templates: templates
                .iter()
                .filter_map(|key| found.take(key).transpose())
                .collect::<Result<_, _>>()?,
        })
    }
}

/// The facts about a message and all who are to be told of it, each with what is known of them.
pub async fn of_message(
    store: &Store,
    name: &ConversationKey,
    number: u32,
    party: Party,
) -> Result<(Facts, Vec<(Recipient, Whom, Reading)>, Addresses), Outage> {
    let links = async {
        match party {
            Party::Clinic => store.links_of_patient(&name.clinic, &name.patient).await,
            Party::Patient => Ok(Vec::new()),
        }
    };
    let (found, links) = tokio::join!(store.read(Facts::keys(name)), links);
    let facts = Facts::take(&mut found?, name)?;
    let recipients = match party {
        Party::Clinic => patients_side(&facts, &links?),
        Party::Patient => staff(store, &facts).await?,
    };
    let recipient_keys = |recipient: &Recipient| {
        let marker = key::marker(name, &recipient.person());
        [marker, key::announced(name, recipient), key::notice(name, number, recipient)]
    };
    let hashes: Vec<AddressHash> =
        recipients.iter().flat_map(|(recipient, whom)| hashes(&facts, recipient, whom)).collect();
    let keys = recipients.iter().flat_map(|(recipient, _)| recipient_keys(recipient));
    let (found, addresses) = tokio::join!(store.read(keys), store.addresses(&hashes));
    let mut found = found?;
    let mut all = Vec::with_capacity(recipients.len());
    for (recipient, whom) in recipients {
        let reading = Reading {
            seen: seen(&mut found, name, &recipient.person())?,
            announced: announced(&mut found, name, &recipient)?,
            notice: found.take(&key::notice(name, number, &recipient))?,
        };
        all.push((recipient, whom, reading));
    }
    Ok((facts, all, addresses?))
}

/// The facts about a notice that is due: those of its conversation, of its recipient, and the notice
/// that covers it.
pub async fn of_notice(
    store: &Store,
    name: &ConversationKey,
    notice: &Notice,
) -> Result<(Facts, Whom, Reading, Addresses), Outage> {
    let recipient = &notice.recipient;
    let covering = match notice.state {
        NoticeState::Covered { by, .. } => Some(key::notice(name, by, recipient)),
        _ => None,
    };
    let whom = WhomKeys::of(name, recipient);
    let mut keys = Facts::keys(name);
    keys.extend([key::marker(name, &recipient.person()), key::announced(name, recipient)]);
    keys.extend(covering.iter().cloned());
    keys.extend([&whom.link, &whom.staff, &whom.preferences].into_iter().flatten().cloned());
    let mut found = store.read(keys).await?;
    let facts = Facts::take(&mut found, name)?;
    let whom = whom.take(&mut found)?;
    let reading = Reading {
        seen: seen(&mut found, name, &recipient.person())?,
        announced: announced(&mut found, name, recipient)?,
        notice: covering.map(|key| found.take(&key)).transpose()?.flatten(),
    };
    let hashes: Vec<AddressHash> = hashes(&facts, recipient, &whom).collect();
    let addresses = store.addresses(&hashes).await?;
    Ok((facts, whom, reading, addresses))
}

/// Where what is known of a recipient stands.
struct WhomKeys {
    link: Option<Key>,
    staff: Option<Key>,
    preferences: Option<Key>,
}

impl WhomKeys {
    fn of(name: &ConversationKey, recipient: &Recipient) -> Self {
        let none = Self { link: None, staff: None, preferences: None };
        match recipient {
            Recipient::Patient => none,
            Recipient::Guardian { id } => {
                let link = key::link_of_patient(&name.clinic, &name.patient, id);
                Self { link: Some(link), ..none }
            }
            Recipient::Staff { id } => Self {
                staff: Some(key::staff(&name.clinic, id)),
                preferences: Some(key::preferences(&name.clinic, id)),
                ..none
            },
        }
    }

    fn take(&self, found: &mut Found) -> Result<Whom, Outage> {
        Ok(Whom {
            link: take(found, self.link.as_ref())?,
            staff: take(found, self.staff.as_ref())?,
            preferences: take(found, self.preferences.as_ref())?,
        })
    }
}

fn take<T: serde::de::DeserializeOwned>(
    found: &mut Found,
    key: Option<&Key>,
) -> Result<Option<T>, Outage> {
    key.map(|key| found.take(key)).transpose().map(Option::flatten)
}

fn patients_side(facts: &Facts, links: &[AccountLink]) -> Vec<(Recipient, Whom)> {
    let whom = Whom::default();
    let told = facts.telling(&whom).of_patients_side(links);
    told.into_iter()
        .map(|(recipient, telling)| {
            (recipient, Whom { link: telling.link.cloned(), ..Whom::default() })
        })
        .collect()
}

/// The staff who take part and asked for it.
async fn staff(store: &Store, facts: &Facts) -> Result<Vec<(Recipient, Whom)>, Outage> {
    let clinic = &facts.clinic.clinic;
    let ids: Vec<&StaffId> =
        facts.conversation.participants.iter().map(|staff| &staff.id).collect();
    let keys = ids.iter().flat_map(|id| [key::staff(clinic, id), key::preferences(clinic, id)]);
    let mut found = store.read(keys).await?;
    let mut known = Vec::new();
    for id in ids {
        let staff: Option<StaffMember> = found.take(&key::staff(clinic, id))?;
        let preferences: Option<StaffPreferences> = found.take(&key::preferences(clinic, id))?;
        known.extend(staff.zip(preferences));
    }
    let whom = Whom::default();
    let told = facts.telling(&whom).of_staff(&known);
    Ok(told
        .into_iter()
        .map(|(recipient, telling)| {
            let (staff, preferences) = (telling.staff.cloned(), telling.preferences.cloned());
            (recipient, Whom { link: None, staff, preferences })
        })
        .collect())
}

fn hashes<'a>(
    facts: &'a Facts,
    recipient: &Recipient,
    whom: &'a Whom,
) -> impl Iterator<Item = AddressHash> + use<'a> {
    let contact = facts.telling(whom).contact(recipient);
    let hashes: Vec<AddressHash> =
        contact.iter().flat_map(|contact| contact.hashes().cloned()).collect();
    hashes.into_iter()
}

fn seen(found: &mut Found, name: &ConversationKey, person: &Person) -> Result<u32, Outage> {
    let marker: Option<ReadMarker> = found.take(&key::marker(name, person))?;
    Ok(marker.unwrap_or_default().seen)
}

fn announced(
    found: &mut Found,
    name: &ConversationKey,
    recipient: &Recipient,
) -> Result<Option<Announced>, Outage> {
    found.take(&key::announced(name, recipient))
}
