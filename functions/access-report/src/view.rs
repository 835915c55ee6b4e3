//! What a privacy officer is shown. A record holds ids and numbers; the names beside it are those
//! that the directory has of the staff now.

use std::collections::BTreeMap;

use domain::actor::ActorKind;
use domain::audit::{Action, Changed, Outcome, Record};
use domain::id::PatientId;
use domain::refusal::Code;
use domain::report::cell;
use domain::text::DisplayName;
use jiff::Timestamp;
use serde::Serialize;

/// The names of members of staff, by id.
pub type Names = BTreeMap<String, DisplayName>;

/// A page of a report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<'a> {
    records: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    id: &'a str,
    at: Timestamp,
    actor_kind: ActorKind,
    actor_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<&'a PatientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patient_id: Option<&'a PatientId>,
    action: Action,
    objects: &'a [String],
    outcome: &'static str,
    #[serde(skip_serializing_if = "<[Code]>::is_empty")]
    codes: &'a [Code],
    #[serde(skip_serializing_if = "<[Changed]>::is_empty")]
    changes: &'a [Changed],
    request_id: &'a str,
}

impl<'a> Page<'a> {
    /// The page of these records.
    pub fn new(records: &'a [Record], names: &'a Names, next_cursor: Option<String>) -> Self {
        let records = records.iter().map(|record| Row::new(record, names)).collect();
        Self { records, next_cursor }
    }
}

impl<'a> Row<'a> {
    fn new(record: &'a Record, names: &'a Names) -> Self {
        let (outcome, codes) = match &record.outcome {
            Outcome::Done => ("done", &[][..]),
            Outcome::Refused { codes } => ("refused", codes.as_slice()),
        };
        let is_staff = record.actor_kind == ActorKind::Staff;
        let name = names.get(&record.actor).filter(|_| is_staff);
        Self {
            id: &record.id,
            at: record.at,
            actor_kind: record.actor_kind,
            actor_id: &record.actor,
            actor_name: name.map(DisplayName::as_str),
            on_behalf_of: record.on_behalf_of.as_ref(),
            patient_id: record.patient.as_ref(),
            action: record.action,
            objects: &record.objects,
            outcome,
            codes,
            changes: &record.changes,
            request_id: &record.request_id,
        }
    }

    fn cells(&self) -> [String; 13] {
        let id = |id: Option<&PatientId>| id.map(ToString::to_string).unwrap_or_default();
        let codes: Vec<_> = self.codes.iter().map(|code| code.as_str()).collect();
        let changes: Vec<_> = self.changes.iter().map(change).collect();
        [
            self.at.to_string(),
            self.actor_kind.as_str().to_owned(),
            self.actor_id.to_owned(),
            self.actor_name.unwrap_or_default().to_owned(),
            id(self.on_behalf_of),
            id(self.patient_id),
            self.action.as_str().to_owned(),
            self.objects.join(" "),
            self.outcome.to_owned(),
            codes.join(" "),
            changes.join("; "),
            self.request_id.to_owned(),
            self.id.to_owned(),
        ]
        .map(|text| cell(&text))
    }
}

/// The records as CSV (RFC 4180), with a row of headings.
pub fn csv(records: &[Record], names: &Names) -> Result<String, csv::Error> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record([
        "at",
        "actorKind",
        "actorId",
        "actorName",
        "onBehalfOf",
        "patientId",
        "action",
        "objects",
        "outcome",
        "codes",
        "changes",
        "requestId",
        "id",
    ])?;
    for record in records {
        writer.write_record(Row::new(record, names).cells())?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    // Every cell came from text.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn change(change: &Changed) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    format!("{}: {} -> {}", change.member, text(&change.from), text(&change.to))
}
