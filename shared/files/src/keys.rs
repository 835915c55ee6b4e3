//! The keys of objects: where uploads land, and where what passed the inspection is kept.

use domain::attachment::Area;
use domain::id::{AttachmentId, ClinicId, PatientId};

/// The key of a file in one part of the bucket.
#[must_use]
pub fn key(area: Area, clinic: &ClinicId, patient: &PatientId, file: &AttachmentId) -> String {
    let area = folder(area);
    format!("{area}/{clinic}/{patient}/{file}")
}

/// The file that a key of an upload stands for; `None` if it is no such key.
#[must_use]
pub fn uploaded(key: &str) -> Option<(ClinicId, PatientId, AttachmentId)> {
    let mut parts = key.split('/');
    if parts.next()? != folder(Area::Quarantine) {
        return None;
    }
    let clinic = ClinicId::parse(parts.next()?).ok()?;
    let patient = PatientId::parse(parts.next()?).ok()?;
    let file = AttachmentId::parse(parts.next()?).ok()?;
    parts.next().is_none().then_some((clinic, patient, file))
}

/// As the template's policies name them.
fn folder(area: Area) -> &'static str {
    match area {
        Area::Quarantine => "quarantine",
        Area::Clean => "clean",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uploads_key_names_its_file_and_no_other_key_does() {
        let ids = (ClinicId::parse("c1"), PatientId::parse("p1"), AttachmentId::parse("f1"));
        let (Ok(clinic), Ok(patient), Ok(file)) = ids else { return };
        let quarantined = key(Area::Quarantine, &clinic, &patient, &file);
        assert_eq!(quarantined, "quarantine/c1/p1/f1");
        let clean = key(Area::Clean, &clinic, &patient, &file);
        assert_eq!(clean, "clean/c1/p1/f1");
        assert_eq!(uploaded(&quarantined), Some((clinic, patient, file)));
        for other in [
            clean.as_str(),
            "quarantine/c1/p1",
            "quarantine/c1/p1/f1/x",
            "quarantine/c1/p1/f 1",
            "quarantine/c1//f1",
            "quarantine/c1/../f1",
            "/quarantine/c1/p1/f1",
            "",
        ] {
            assert_eq!(uploaded(other), None, "{other}");
        }
    }
}
