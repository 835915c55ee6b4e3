//! Who of a conversation's staff is away.

use domain::conversation::Conversation;
use domain::hours::{Days, all_away};
use domain::id::GroupId;
use domain::outage::Outage;
use domain::people::{StaffMember, StaffPreferences, days_away};

use crate::Store;
use crate::key;

/// The most staff whose vacations are looked at. Of more, somebody is taken to be there.
const MOST_STAFF: usize = 100;

impl Store {
    /// The days on which all of a conversation's staff are away: of those who take part in person or
    /// by a group, and may use the system. Where there are none, nobody is.
    pub async fn all_away(&self, conversation: &Conversation) -> Result<Vec<Days>, Outage> {
        let clinic = &conversation.clinic;
        let groups: Vec<GroupId> =
            conversation.groups.iter().map(|group| group.id.clone()).collect();
        let ids = conversation.participants.iter().map(|participant| &participant.id);
        let own = ids.clone().flat_map(|id| [key::staff(clinic, id), key::preferences(clinic, id)]);
        let (found, members) = tokio::join!(self.read(own), self.members(clinic, &groups));
        let mut found = found?;

        let mut each: Vec<Vec<Days>> = Vec::new();
        for id in ids.clone() {
            let member: Option<StaffMember> = found.take(&key::staff(clinic, id))?;
            let preferences: Option<StaffPreferences> =
                found.take(&key::preferences(clinic, id))?;
            each.extend(days_away(member.as_ref(), preferences));
        }
        let mut others: Vec<StaffMember> = members?
            .into_iter()
            .flatten()
            .filter(|member| member.may_take_part() && !conversation.has_participant(&member.id))
            .collect();
        others.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        others.dedup_by(|one, other| one.id == other.id);
        if each.len() + others.len() > MOST_STAFF {
            return Ok(Vec::new());
        }
        if !others.is_empty() {
            let keys = others.iter().map(|member| key::preferences(clinic, &member.id));
            let mut found = self.read(keys).await?;
            for member in &others {
                let preferences: Option<StaffPreferences> =
                    found.take(&key::preferences(clinic, &member.id))?;
                each.extend(days_away(Some(member), preferences));
            }
        }
        Ok(all_away(each.iter().map(Vec::as_slice)))
    }
}
