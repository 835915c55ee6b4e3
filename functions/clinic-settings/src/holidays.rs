//! Holidays of a whole list, such as those of `docs/holidays`, added to a clinic's office hours.

use domain::access::Administration;
use domain::actor::Actor;
use domain::clinic::{ClinicSettings, HolidaysImport, RawHoliday, holidays};
use domain::id::ClinicId;
use domain::refusal::Code;
use domain::version::{self, Change, Document as _};
use edge::{Failure, Request, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{Committed, Guard, key};

use crate::handler::{Handler, expected};

/// A list of holidays as a request brings it: at most 150, each date once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) holidays: Vec<RawHoliday>,
}

/// What became of the list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output<'a> {
    /// Of the settings as they are now.
    version: u64,
    /// How many dates were added, on which the office is closed all day.
    added: usize,
    /// The dates that have an exception already, which stayed as it is.
    kept: &'a [Date],
    /// The dates that have passed.
    left_out: &'a [Date],
}

impl Handler {
    /// Adds a list of holidays to the office hours; `None` if another writer came between.
    ///
    /// A list that adds nothing makes no version. So one that is sent again, since its answer was lost,
    /// finds its dates there and leaves them as they are.
    pub(crate) async fn import_holidays(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        let clinic = request.path_id("clinicId", ClinicId::parse)?;
        let (before, _) = self.known(actor, &clinic, Administration::ChangeSettings, []).await?;
        let before = before.ok_or(Code::NotFound)?;
        // There is nothing that a list alone could create.
        let expected = expected(request)?.ok_or(Code::VersionRequired)?;
        let input: Input = request.json()?;
        let now = self.sources.now();
        let mut import = None;
        let change = version::change(Some(&before), Some(expected), |version| {
            let made = before.with_holidays(&holidays(&input.holidays)?, now)?;
            let settings = ClinicSettings { version, ..made.settings.clone() };
            import = Some(made);
            Ok(settings)
        })?;
        let HolidaysImport { added, kept, left_out, .. } = import.ok_or(Code::Internal)?;
        let record = self.done(request, actor, &clinic);
        let version = match change {
            Change::Write(settings) if !added.is_empty() => {
                let mut transaction = self.store.transaction();
                let guard = Guard::Version(expected);
                transaction.put(&key::settings(&clinic), &settings, [], Some(guard));
                transaction.record(&record.with_changes(settings.changes_since(Some(&before))));
                if self.store.commit(transaction).await? == Committed::Lost {
                    return Ok(None);
                }
                settings.version
            }
            Change::Write(_) | Change::Repeat(_) => {
                self.store.record(&record).await?;
                before.version
            }
        };
        let output = Output { version, added: added.len(), kept: &kept, left_out: &left_out };
        Ok(Some(Response::ok(&output).etag(version)))
    }
}
