//! A clinic's own texts for notices: read, changed version by version, tried out.

use domain::access::Administration;
use domain::actor::Actor;
use domain::clinic::{ClinicSettings, Language};
use domain::gsm;
use domain::id::ClinicId;
use domain::notice::{self, NoticeTemplate};
use domain::people::Channel;
use domain::refusal::{Checks, Code, Refusal};
use domain::version::{self, Change, Document as _};
use edge::{Failure, Request, Response};
use serde::{Deserialize, Serialize};
use store::{Committed, Guard, key};

use crate::handler::{Handler, expected};

/// The link that a preview shows.
const SAMPLE: &str = "https://example.test/c/00000000000000000000000000000000";

/// A text as a request brings it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Of an email; a text message has none.
    #[serde(default)]
    subject: Option<String>,
    text: String,
}

/// A text as an answer shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output<'a> {
    clinic_id: &'a ClinicId,
    language: Language,
    channel: Channel,
    /// 0: the clinic has none of its own, and this is the product's.
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    text: &'a str,
}

impl<'a> From<&'a NoticeTemplate> for Output<'a> {
    fn from(template: &'a NoticeTemplate) -> Self {
        Self {
            clinic_id: &template.clinic,
            language: template.language,
            channel: template.channel,
            version: template.version,
            subject: template.subject.as_deref(),
            text: &template.text,
        }
    }
}

/// A notice as somebody would get it.
#[derive(Serialize)]
struct Preview {
    #[serde(skip_serializing_if = "String::is_empty")]
    subject: String,
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    html: String,
    /// Of the 160 septets of a text message, with the sample link.
    #[serde(skip_serializing_if = "Option::is_none")]
    septets: Option<usize>,
}

/// Which text the path names.
struct Named {
    clinic: ClinicId,
    language: Language,
    channel: Channel,
}

impl Named {
    fn of(request: &Request) -> Result<Self, Refusal> {
        let language = |text: &str| {
            Language::ALL.into_iter().find(|language| language.as_str() == text).ok_or(())
        };
        Ok(Self {
            clinic: request.path_id("clinicId", ClinicId::parse)?,
            language: request.path_id("language", language)?,
            channel: request.path_id("channel", |text| Channel::parse(text).ok_or(()))?,
        })
    }

    fn template(&self, input: Input, version: u64) -> NoticeTemplate {
        let Self { clinic, language, channel } = self;
        NoticeTemplate {
            clinic: clinic.clone(),
            language: *language,
            channel: *channel,
            version,
            subject: input.subject,
            text: input.text,
        }
    }
}

/// The template, if this clinic may save it.
fn checked(template: NoticeTemplate, clinic: &ClinicSettings) -> Result<NoticeTemplate, Refusal> {
    let mut checks = Checks::new();
    template.check(clinic, &mut checks);
    checks.finish().map(|()| template)
}

impl Handler {
    /// The clinic's text, or the product's where it has none.
    pub(crate) async fn view_template(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let named = Named::of(request)?;
        let (_, template) = self.template(actor, &named, Administration::ReadSettings).await?;
        self.store.record(&self.done(request, actor, &named.clinic)).await?;
        let Named { clinic, language, channel } = &named;
        let template =
            template.unwrap_or_else(|| NoticeTemplate::default_of(clinic, *language, *channel));
        let response = Response::ok(&Output::from(&template));
        // The product's own has no version that a change could replace.
        Ok(if template.version == 0 { response } else { response.etag(template.version) })
    }

    /// Replaces the clinic's text; `None` if another writer came between.
    pub(crate) async fn put_template(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        let named = Named::of(request)?;
        let (settings, before) =
            self.template(actor, &named, Administration::ChangeSettings).await?;
        let expected = expected(request)?;
        let input: Input = request.json()?;
        let change = version::change(before.as_ref(), expected, |version| {
            checked(named.template(input, version), &settings)
        })?;
        let record = self.done(request, actor, &named.clinic);
        let template = match change {
            Change::Write(template) => {
                let mut transaction = self.store.transaction();
                let key = key::notice_template(&named.clinic, named.language, named.channel);
                let guard = expected.map_or(Guard::Absent, Guard::Version);
                transaction.put(&key, &template, [], Some(guard));
                let version = key::notice_template_version(&template);
                transaction.put(&version, &template, [], Some(Guard::Absent));
                // A name that became longer meanwhile would not fit.
                let unchanged = Guard::Version(settings.version);
                transaction.check(&key::settings(&named.clinic), &unchanged);
                let changes = template.changes_since(before.as_ref());
                transaction.record(&record.with_changes(changes));
                if self.store.commit(transaction).await? == Committed::Lost {
                    return Ok(None);
                }
                template
            }
            Change::Repeat(template) => {
                self.store.record(&record).await?;
                template
            }
        };
        let output = Output::from(&template);
        let response = match expected {
            None => Response::created(None, &output),
            Some(_) => Response::ok(&output),
        };
        Ok(Some(response.etag(template.version)))
    }

    /// What a notice with this text would say, or why it cannot be saved. Nothing is changed.
    pub(crate) async fn preview_template(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let named = Named::of(request)?;
        let (settings, _) = self.template(actor, &named, Administration::ChangeSettings).await?;
        let template = checked(named.template(request.json()?, 0), &settings)?;
        self.store.record(&self.done(request, actor, &named.clinic)).await?;
        let notice::Wording { subject, text, html } = template.render(&settings, SAMPLE);
        let septets = match named.channel {
            Channel::Sms => gsm::gsm7_length(&text).ok(),
            Channel::Email => None,
        };
        Ok(Response::ok(&Preview { subject, text, html, septets }))
    }

    /// The clinic's settings and its text, for a caller who may do this.
    async fn template(
        &self,
        actor: &Actor,
        named: &Named,
        what: Administration,
    ) -> Result<(ClinicSettings, Option<NoticeTemplate>), Failure> {
        let Named { clinic, language, channel } = named;
        let key = key::notice_template(clinic, *language, *channel);
        let (settings, mut found) = self.known(actor, clinic, what, [key.clone()]).await?;
        Ok((settings.ok_or(Code::NotFound)?, found.take(&key)?))
    }
}
