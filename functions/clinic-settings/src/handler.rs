//! Reading and changing a clinic's settings, and the routes of the whole function.

use std::time::Duration;

use domain::access::{Administration, administer};
use domain::actor::Actor;
use domain::audit::{Action, Record, Subject};
use domain::clinic::{ClinicSettings, Language};
use domain::id::ClinicId;
use domain::notice::NoticeTemplate;
use domain::outage::{Outage, OutageKind};
use domain::people::Channel;
use domain::refusal::{Code, Refusal};
use domain::version::{self, Change, Document as _};
use edge::{Failure, Precondition, Request, Response, Service};
use platform::{Attempts, Sources};
use store::key::{self, Key};
use store::{Committed, Found, Guard, Store};

use crate::dto::{RemovedAt, SettingsInput, SettingsOutput};
use crate::message_templates;

const ROUTE: &str = "/clinics/{clinicId}/settings";
const TEMPLATE: &str = "/clinics/{clinicId}/notification-templates/{language}/{channel}";
const PREVIEW: &str = "/clinics/{clinicId}/notification-templates/{language}/{channel}/preview";
const AUTOMATIC: &str = "/clinics/{clinicId}/settings/automatic-replies/preview";
const HOLIDAYS: &str = "/clinics/{clinicId}/settings/holidays";
const MESSAGE_TEMPLATES: &str = "/clinics/{clinicId}/message-templates";
const MESSAGE_TEMPLATE: &str = "/clinics/{clinicId}/message-templates/{templateId}";
const MESSAGE_PREVIEW: &str = "/clinics/{clinicId}/message-templates/{templateId}/preview";

const SENDING: &str = "/sending";

/// How long a change is decided again when other writers are first. The last one's AWS calls end
/// within 5 s each, so all of it fits the function's 10 s.
const BUDGET: Duration = Duration::from_secs(3);

/// Reads and changes settings.
#[derive(Clone, Debug)]
pub struct Handler {
    /// The tables.
    pub store: Store,
    /// Time and ids.
    pub sources: Sources,
}

impl Handler {
    async fn view(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        let clinic = request.path_id("clinicId", ClinicId::parse)?;
        let (settings, _) = self.known(actor, &clinic, Administration::ReadSettings, []).await?;
        let settings = settings.ok_or(Code::NotFound)?;
        self.store.record(&self.done(request, actor, &clinic)).await?;
        Ok(Response::ok(&SettingsOutput::from(&settings)).etag(settings.version))
    }

    /// Replaces the settings; `None` if another writer came between.
    async fn change(&self, request: &Request, actor: &Actor) -> Result<Option<Response>, Failure> {
        let clinic = request.path_id("clinicId", ClinicId::parse)?;
        let texts = Language::ALL.map(|of| key::notice_template(&clinic, of, Channel::Sms));
        let what = Administration::ChangeSettings;
        let (before, mut found) = self.known(actor, &clinic, what, texts.clone()).await?;
        let expected = expected(request)?;
        let mut templates: Vec<NoticeTemplate> = Vec::new();
        let mut unchanged = Vec::new();
        for text in texts {
            let saved: Option<NoticeTemplate> = found.take(&text)?;
            let guard = saved.as_ref().map_or(Guard::Absent, |saved| Guard::Version(saved.version));
            unchanged.push((text, guard));
            templates.extend(saved);
        }
        let input: SettingsInput = request.json()?;
        let now = self.sources.now();
        let mut removed = Vec::new();
        let change = version::change(before.as_ref(), expected, |version| {
            let (settings, lost) = input.parse(clinic.clone(), version)?;
            removed = lost;
            // A creation replaced nothing, also where it is sent again.
            settings.may_replace(before.as_ref().filter(|_| expected.is_some()), actor)?;
            settings.check_texts_with_name(&templates)?;
            settings.check_dates(before.as_ref(), now)?;
            Ok(settings)
        })?;
        let settings = match change {
            Change::Write(settings) => settings,
            Change::Repeat(settings) => {
                self.store.record(&self.done(request, actor, &clinic)).await?;
                return Ok(Some(answer(expected, &settings, &removed)));
            }
        };

        let record = self
            .done(request, actor, &clinic)
            .with_changes(settings.changes_since(before.as_ref()));
        let mut transaction = self.store.transaction();
        let guard = expected.map_or(Guard::Absent, Guard::Version);
        transaction.put(&key::settings(&clinic), &settings, [], Some(guard));
        // A text that was saved meanwhile was measured with the name of before.
        for (text, guard) in &unchanged {
            transaction.check(text, guard);
        }
        transaction.record(&record);
        if self.store.commit(transaction).await? == Committed::Lost {
            return Ok(None);
        }
        Ok(Some(answer(expected, &settings, &removed)))
    }

    /// The settings that are there and the items of these keys, for a caller who may do this to them.
    pub(crate) async fn known(
        &self,
        actor: &Actor,
        clinic: &ClinicId,
        what: Administration,
        keys: impl IntoIterator<Item = Key>,
    ) -> Result<(Option<ClinicSettings>, Found), Failure> {
        if !actor.may_address(clinic) {
            return Err(Code::NotFound.into());
        }
        let staff = match actor {
            Actor::Staff { id, .. } => Some(key::staff(clinic, id)),
            _ => None,
        };
        let settings = key::settings(clinic);
        let own = staff.iter().chain([&settings]).cloned();
        let found = self.store.read(own.chain(keys)).await?;
        let staff = staff.map(|key| found.get(&key)).transpose()?.flatten();
        administer(actor, clinic, staff.as_ref(), what)?;
        Ok((found.get(&settings)?, found))
    }

    /// The record of what the request asked for of a clinic, done.
    pub(crate) fn done(&self, request: &Request, actor: &Actor, clinic: &ClinicId) -> Record {
        let subject = Subject { clinic: Some(clinic.clone()), ..Subject::default() };
        self.done_to(request, actor, subject)
    }

    /// The record of what the request asked for, done.
    pub(crate) fn done_to(&self, request: &Request, actor: &Actor, subject: Subject) -> Record {
        let (id, at) = (self.sources.new_id(), self.sources.now());
        Record::done(id, at, actor, self.action(request), subject, request.request_id())
    }
}

impl Service for Handler {
    fn action(&self, request: &Request) -> Action {
        match request.route() {
            ("GET", ROUTE) => Action::SettingsView,
            ("PUT", ROUTE) => Action::SettingsChange,
            ("GET", TEMPLATE) => Action::NoticeTemplateView,
            ("PUT", TEMPLATE) => Action::NoticeTemplateChange,
            ("POST", PREVIEW) => Action::NoticeTemplatePreview,
            ("POST", AUTOMATIC) => Action::AutomaticPreview,
            ("POST", HOLIDAYS) => Action::HolidaysImport,
            ("GET", MESSAGE_TEMPLATES) => Action::TemplateList,
            ("GET", MESSAGE_TEMPLATE) => Action::TemplateView,
            ("PUT", MESSAGE_TEMPLATE) => Action::TemplateChange,
            ("POST", MESSAGE_PREVIEW) => Action::TemplatePreview,
            ("GET", SENDING) => Action::SendingView,
            ("PUT", SENDING) => Action::SendingChange,
            _ => Action::Unrouted,
        }
    }

    async fn call(&self, request: &Request, actor: &Actor) -> Result<Response, Failure> {
        request.query(match self.action(request) {
            Action::TemplateList => &[message_templates::ARCHIVED],
            Action::TemplateView => &[message_templates::VERSION],
            _ => &[],
        })?;
        let mut attempts = Attempts::within(BUDGET);
        loop {
            let response = match self.action(request) {
                Action::SettingsView => Some(self.view(request, actor).await?),
                Action::SettingsChange => self.change(request, actor).await?,
                Action::NoticeTemplateView => Some(self.view_template(request, actor).await?),
                Action::NoticeTemplateChange => self.put_template(request, actor).await?,
                Action::NoticeTemplatePreview => Some(self.preview_template(request, actor).await?),
                Action::AutomaticPreview => Some(self.preview_automatic(request, actor).await?),
                Action::HolidaysImport => self.import_holidays(request, actor).await?,
                Action::TemplateList => Some(self.list_message_templates(request, actor).await?),
                Action::TemplateView => Some(self.view_message_template(request, actor).await?),
                Action::TemplateChange => self.put_message_template(request, actor).await?,
                Action::TemplatePreview => {
                    Some(self.preview_message_template(request, actor).await?)
                }
                Action::SendingView => Some(self.view_sending(request, actor).await?),
                Action::SendingChange => self.put_sending(request, actor).await?,
                _ => return Err(Code::NotFound.into()),
            };
            if let Some(response) = response {
                return Ok(response);
            }
            if !attempts.again().await {
                let outage = Outage::new(OutageKind::Contended, "change settings", "attempts");
                return Err(outage.into());
            }
        }
    }

    async fn record(&self, record: &Record) -> Result<(), Outage> {
        self.store.record(record).await
    }
}

/// The version that the request says it replaces; `None` for one that creates.
pub(crate) fn expected(request: &Request) -> Result<Option<u64>, Refusal> {
    Ok(match request.if_match()? {
        Precondition::Create => None,
        Precondition::Replace(version) => Some(version),
    })
}

/// The settings as they are after a change, which may have made them.
fn answer(expected: Option<u64>, settings: &ClinicSettings, removed: &[RemovedAt]) -> Response {
    let body = SettingsOutput::to_sender(settings, removed);
    let response = match expected {
        None => Response::created(None, &body),
        Some(_) => Response::ok(&body),
    };
    response.etag(settings.version)
}
