//! The operator's switch for everything that is sent without a person asking for it just now, of all
//! clinics: notices and automatic replies.
//!
//! While it is off nothing is lost: what is due stays due. A table that was restored from a backup sends
//! nothing until somebody puts it to work, which is done by switching sending on, also where it was not
//! switched off: whoever does it switches it on for the table that is in use then.

use domain::access::may_switch_sending;
use domain::actor::Actor;
use domain::audit::Subject;
use domain::version::{self, Change, Document as _};
use edge::{Failure, Request, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::sending::{self, Sending};
use store::{Committed, key};

use crate::handler::{Handler, expected};

/// The switch as a request sets it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    paused: bool,
}

/// The switch as it was last set.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    paused: bool,
    /// Since when; absent: it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_at: Option<Timestamp>,
}

impl From<&Sending> for Output {
    fn from(sending: &Sending) -> Self {
        Self { paused: sending.paused_at.is_some(), paused_at: sending.paused_at }
    }
}

impl Handler {
    /// Whether sending is switched off.
    pub(crate) async fn view_sending(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        may_switch_sending(actor)?;
        let sending = self.sending().await?.unwrap_or_default();
        self.store.record(&self.done_to(request, actor, Subject::default())).await?;
        let response = Response::ok(&Output::from(&sending));
        // Nobody has set it yet, and nothing was sent: there is no version to replace.
        Ok(if sending.version == 0 { response } else { response.etag(sending.version) })
    }

    /// Switches sending off or on; `None` if another writer came between.
    pub(crate) async fn put_sending(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        may_switch_sending(actor)?;
        let before = self.sending().await?;
        let expected = expected(request)?;
        let Input { paused } = request.json()?;
        let now = self.sources.now();
        let change = version::change(before.as_ref(), expected, |version| {
            let current = before.clone().unwrap_or_default();
            let set = current.set(paused, now).unwrap_or(current);
            Ok(Sending { version, ..set })
        })?;
        let record = self.done_to(request, actor, Subject::default());
        let sending = match change {
            Change::Write(sending) => {
                let changes = sending.changes_since(before.as_ref());
                let mut transaction = self.store.transaction();
                sending::put(&mut transaction, &sending, expected);
                transaction.record(&record.with_changes(changes));
                if self.store.commit(transaction).await? == Committed::Lost {
                    return Ok(None);
                }
                sending
            }
            Change::Repeat(sending) => {
                self.store.record(&record).await?;
                sending
            }
        };
        let output = Output::from(&sending);
        let response = match expected {
            None => Response::created(None, &output),
            Some(_) => Response::ok(&output),
        };
        Ok(Some(response.etag(sending.version)))
    }

    async fn sending(&self) -> Result<Option<Sending>, Failure> {
        let key = key::sending();
        Ok(self.store.read([key.clone()]).await?.take(&key)?)
    }
}
