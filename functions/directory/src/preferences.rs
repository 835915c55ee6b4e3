//! What members of staff choose for themselves.

use domain::access::own_preferences;
use domain::actor::Actor;
use domain::id::{ClinicId, StaffId};
use domain::people::{StaffMember, StaffPreferences};
use domain::version::{self, Change, Document as _};
use edge::{Failure, Request, Response};
use serde::{Deserialize, Serialize};
use store::{Committed, key};

use crate::handler::{Handler, answer, expected, guard};
use crate::staff::{names, subject};

/// Preferences that a request puts in place of the ones before.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    email_on_reply: bool,
}

/// Preferences as an answer shows them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output<'a> {
    clinic_id: &'a ClinicId,
    staff_id: &'a StaffId,
    /// 0: nothing was chosen yet, and this is what holds until then.
    version: u64,
    email_on_reply: bool,
}

impl<'a> From<&'a StaffPreferences> for Output<'a> {
    fn from(preferences: &'a StaffPreferences) -> Self {
        Self {
            clinic_id: &preferences.clinic,
            staff_id: &preferences.staff,
            version: preferences.version,
            email_on_reply: preferences.email_on_reply,
        }
    }
}

impl Handler {
    /// What the caller chose, or what holds where nothing was.
    pub(crate) async fn view_preferences(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, id) = names(request)?;
        let (chosen, _) = self.preferences(actor, &clinic, &id).await?;
        let preferences = chosen.unwrap_or_else(|| StaffPreferences::default_of(&clinic, &id));
        self.store.record(&self.done(request, actor, subject(clinic, id))).await?;
        let response = Response::ok(&Output::from(&preferences));
        // What nobody wrote has no version that a change could replace.
        let version = preferences.version;
        Ok(if version == 0 { response } else { response.etag(version) })
    }

    /// Replaces what the caller chose; `None` if another writer came between.
    pub(crate) async fn put_preferences(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        let (clinic, id) = names(request)?;
        let (before, staff) = self.preferences(actor, &clinic, &id).await?;
        let expected = expected(request)?;
        let Input { email_on_reply } = request.json()?;
        let change = version::change(before.as_ref(), expected, |version| {
            let (clinic, staff) = (clinic.clone(), id.clone());
            Ok(StaffPreferences { clinic, staff, version, email_on_reply, vacations: Vec::new() })
        })?;
        let key = key::preferences(&clinic, &id);
        let record = self.done(request, actor, subject(clinic, id));
        let preferences = match change {
            Change::Write(preferences) => {
                let changes = preferences.changes_since(before.as_ref());
                let mut transaction = self.store.transaction();
                transaction.put(&key, &preferences, [], Some(guard(expected)));
                transaction.record(&record.with_changes(changes));
                if self.store.commit(transaction).await? == Committed::Lost {
                    return Ok(None);
                }
                preferences
            }
            Change::Repeat(preferences) => {
                self.store.record(&record).await?;
                preferences
            }
        };
        // Whoever asks for emails agrees to them, whatever became of earlier ones: nobody else records
        // the consent of staff.
        if let (true, Some(email)) = (preferences.email_on_reply, staff.and_then(|it| it.email)) {
            self.store.consent(&email.hash, self.sources.now(), |_| {}).await?;
        }
        Ok(Some(answer(expected, preferences.version, &Output::from(&preferences))))
    }

    /// What this member of staff chose, and the staff record, if the caller is that person.
    async fn preferences(
        &self,
        actor: &Actor,
        clinic: &ClinicId,
        id: &StaffId,
    ) -> Result<(Option<StaffPreferences>, Option<StaffMember>), Failure> {
        let key = key::preferences(clinic, id);
        let facts = self
            .facts_for(actor, clinic, [key.clone()], |staff| {
                own_preferences(actor, clinic, staff, id)
            })
            .await?;
        Ok((facts.found.get(&key)?, facts.found.get(&key::staff(clinic, id))?))
    }
}
