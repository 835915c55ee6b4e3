//! Files to send, and what S3 is asked for beside the API.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::api::{Answer, Api, ApiError};
use crate::issuer::Caller;
use crate::world::{Call, Clinic, fresh};

/// A photograph of 16 by 8 pixels, turned by its orientation, which says where it was taken and of what it is.
const PHOTOGRAPH: &str = "/9j/4AAQSkZJRgABAQAAAQABAAD/4QCuRXhpZgAATU0AKgAAAAgAAwEOAAIAAAAOAAAAMgESAAMAAAABAAYAAIglAAQAAAABAAAAQAAAAABQTEFOVEVEIHBsYWNlAAAEAAEAAgAAAAJOAAAAAAIABQAAAAMAAAB2AAMAAgAAAAJXAAAAAAQABQAAAAMAAACOAAAAAAAAAC0AAAABAAAAGQAAAAEAAAAAAAAAAQAAAEsAAAABAAAAKgAAAAEAAAAAAAAAAf/bAEMADQkKCwoIDQsKCw4ODQ8TIBUTEhITJxweFyAuKTEwLiktLDM6Sj4zNkY3LC1AV0FGTE5SU1IyPlphWlBgSlFST//bAEMBDg4OExETJhUVJk81LTVPT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT//AABEIAAgAEAMBIgACEQEDEQH/xAAfAAABBQEBAQEBAQAAAAAAAAAAAQIDBAUGBwgJCgv/xAC1EAACAQMDAgQDBQUEBAAAAX0BAgMABBEFEiExQQYTUWEHInEUMoGRoQgjQrHBFVLR8CQzYnKCCQoWFxgZGiUmJygpKjQ1Njc4OTpDREVGR0hJSlNUVVZXWFlaY2RlZmdoaWpzdHV2d3h5eoOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4eLj5OXm5+jp6vHy8/T19vf4+fr/xAAfAQADAQEBAQEBAQEBAAAAAAAAAQIDBAUGBwgJCgv/xAC1EQACAQIEBAMEBwUEBAABAncAAQIDEQQFITEGEkFRB2FxEyIygQgUQpGhscEJIzNS8BVictEKFiQ04SXxFxgZGiYnKCkqNTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqCg4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2dri4+Tl5ufo6ery8/T19vf4+fr/2gAMAwEAAhEDEQA/AJQOw/AUlFFeet7HoRVnZH//2Q==";

/// A file as somebody has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The name.
    pub name: String,
    /// The type as it is declared.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl File {
    /// A file of these bytes.
    pub fn new(name: &str, media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.to_owned(), media_type: media_type.to_owned(), bytes: bytes.into() }
    }

    /// A photograph whose metadata says where it was taken.
    pub fn photograph(name: &str) -> Self {
        Self::new(name, "image/jpeg", STANDARD.decode(PHOTOGRAPH).unwrap_or_default())
    }

    /// A document of one page, with this line on it.
    pub fn pdf(name: &str, line: &str) -> Self {
        Self::new(name, "application/pdf", pdf(line))
    }

    /// What a request for a slot says of it.
    pub fn promise(&self) -> Value {
        json!({
            "name": self.name,
            "type": self.media_type,
            "length": self.bytes.len(),
            "sha256": sha256(&self.bytes),
        })
    }

    /// The call for a slot, for any conversation of the patient's.
    pub fn slot(&self, clinic: &Clinic, caller: &Caller, patient: &str) -> Call {
        let path = format!("{}/attachments", clinic.patient(patient));
        let call = Call::new(caller, Method::POST, path).with_body(self.promise());
        call.with_header("Idempotency-Key", fresh("key"))
    }

    /// Uploads it as the `upload` of a slot's answer says.
    pub fn upload(&self, upload: &Value) -> Result<Answer, ApiError> {
        upload_as(upload, &self.bytes, &[])
    }
}

/// Uploads bytes as the `upload` of a slot's answer says, with these headers instead of those; an empty value
/// leaves a header out.
pub fn upload_as(
    upload: &Value,
    bytes: &[u8],
    instead: &[(&str, &str)],
) -> Result<Answer, ApiError> {
    let api = Api::new(upload["url"].as_str().unwrap_or_default());
    let mut request = api.put("");
    let replaced = |name: &str| instead.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
    let told = upload["headers"].as_object().into_iter().flatten();
    for (name, value) in told.filter(|(name, _)| !replaced(name)) {
        request = request.header(name, value.as_str().unwrap_or_default());
    }
    for (name, value) in instead.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(name, value);
    }
    request.bytes(bytes.to_vec()).send()
}

/// Downloads from a signed address.
pub fn download(url: &str) -> Result<Answer, ApiError> {
    Api::new(url).get("").send()
}

/// The SHA-256 of some bytes, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// The state of an upload.
pub fn state(clinic: &Clinic, caller: &Caller, patient: &str, id: &str) -> Call {
    let path = format!("{}/attachments/{id}", clinic.patient(patient));
    Call::new(caller, Method::GET, path)
}

fn pdf(line: &str) -> Vec<u8> {
    let text: String = line.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ').collect();
    let page = format!("BT /F1 12 Tf 20 100 Td ({text}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << /Font \
         << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut parts = vec!["%PDF-1.7\n".to_owned()];
    let mut table = vec!["0000000000 65535 f \n".to_owned()];
    let length = |parts: &[String]| parts.iter().map(String::len).sum::<usize>();
    for (number, object) in (1..).zip(&objects) {
        table.push(format!("{:010} 00000 n \n", length(&parts)));
        parts.push(format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let (size, start, table) = (table.len(), length(&parts), table.concat());
    parts.push(format!("xref\n0 {size}\n{table}"));
    parts.push(format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"));
    parts.concat().into_bytes()
}
