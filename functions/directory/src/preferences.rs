//! What members of staff choose for themselves.

use domain::access::keep_preferences;
use domain::actor::Actor;
use domain::hours::{Days, RawDays, vacations};
use domain::id::{ClinicId, StaffId};
use domain::people::{StaffMember, StaffPreferences};
use domain::problem_codes::of_hours;
use domain::refusal::{Checks, Code, Refusal};
use domain::version::{self, Change, Document as _};
use edge::{Failure, Request, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{Committed, key};

use crate::handler::{Handler, answer, expected, guard};
use crate::staff::{names, subject};

/// Preferences that a request puts in place of the ones before.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    email_on_reply: bool,
    /// Absent: none.
    #[serde(default)]
    vacations: Vec<RawDays>,
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
    vacations: &'a [Days],
}

impl<'a> From<&'a StaffPreferences> for Output<'a> {
    fn from(preferences: &'a StaffPreferences) -> Self {
        Self {
            clinic_id: &preferences.clinic,
            staff_id: &preferences.staff,
            version: preferences.version,
            email_on_reply: preferences.email_on_reply,
            vacations: &preferences.vacations,
        }
    }
}

impl Handler {
    /// What that person chose, or what holds where nothing was.
    pub(crate) async fn view_preferences(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, id) = names(request)?;
        let Known { chosen, .. } = self.preferences(actor, &clinic, &id).await?;
        let preferences = chosen.unwrap_or_else(|| StaffPreferences::default_of(&clinic, &id));
        self.store.record(&self.done(request, actor, subject(clinic, id))).await?;
        let response = Response::ok(&Output::from(&preferences));
        // What nobody wrote has no version that a change could replace.
        let version = preferences.version;
        Ok(if version == 0 { response } else { response.etag(version) })
    }

    /// Replaces what that person chose; `None` if another writer came between.
    pub(crate) async fn put_preferences(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        let (clinic, id) = names(request)?;
        let Known { chosen: before, staff, today } = self.preferences(actor, &clinic, &id).await?;
        let expected = expected(request)?;
        let Input { email_on_reply, vacations } = request.json()?;
        let vacations = parse(&vacations)?;
        let change = version::change(before.as_ref(), expected, |version| {
            let (clinic, staff) = (clinic.clone(), id.clone());
            let vacations = vacations.clone();
            let next = StaffPreferences { clinic, staff, version, email_on_reply, vacations };
            next.may_replace(before.as_ref(), actor)?;
            next.check_dates(before.as_ref(), today)?;
            Ok(next)
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
        let asks = preferences.email_on_reply && preferences.is_own(actor);
        if let (true, Some(email)) = (asks, staff.email) {
            self.store.consent(&email.hash, self.sources.now(), |_| {}).await?;
        }
        Ok(Some(answer(expected, preferences.version, &Output::from(&preferences))))
    }

    /// What this member of staff chose, for a caller who may keep it.
    async fn preferences(
        &self,
        actor: &Actor,
        clinic: &ClinicId,
        id: &StaffId,
    ) -> Result<Known, Failure> {
        let keys = [key::preferences(clinic, id), key::staff(clinic, id)];
        let facts = self
            .facts_for(actor, clinic, keys.clone(), |staff| {
                keep_preferences(actor, clinic, staff, id)
            })
            .await?;
        let [chosen, staff] = keys;
        Ok(Known {
            chosen: facts.found.get(&chosen)?,
            staff: facts.found.get(&staff)?.ok_or(Code::NotFound)?,
            today: facts.settings.today(self.sources.now()),
        })
    }
}

/// What is known of a member of staff and the clinic.
struct Known {
    chosen: Option<StaffPreferences>,
    staff: StaffMember,
    /// The day that it is at the clinic.
    today: Date,
}

/// The vacations, or everything that is wrong with them as such.
fn parse(raw: &[RawDays]) -> Result<Vec<Days>, Refusal> {
    let mut problems = Vec::new();
    let vacations = vacations(raw, &mut problems);
    let mut checks = Checks::new();
    for problem in problems {
        checks.note(of_hours(problem), problem.place.to_string());
    }
    checks.finish().map(|()| vacations)
}
