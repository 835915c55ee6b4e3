//! Texts, spreadsheets and presentations of the `OpenDocument` family.

use domain::file::{FileType, Rejection};

use super::{PARTS, ending, is_markup, part};
use crate::archive::Entry;
use crate::limits::Budget;
use crate::markup::{self, Element, Visit};

pub fn inspect(
    declared: FileType,
    entries: &[Entry<'_>],
    budget: &mut Budget,
) -> Result<(), Rejection> {
    let mimetype = part(entries, "mimetype").ok_or(Rejection::WrongType)?;
    if mimetype.unpack(budget)?.trim_ascii_end() != declared.media_type().as_bytes() {
        return Err(Rejection::WrongType);
    }
    if part(entries, "encrypted-package").is_some() {
        return Err(Rejection::Encrypted);
    }
    let manifest = part(entries, "META-INF/manifest.xml").ok_or(Rejection::Damaged)?;
    markup::walk(&manifest.unpack(budget)?, &mut Manifest)?;
    if part(entries, "content.xml").is_none() {
        return Err(Rejection::Damaged);
    }
    check_names(entries)?;
    for entry in entries {
        if is_markup(&entry.name) {
            // The parts of settings for the program's window may be empty.
            let bytes = entry.unpack(budget)?;
            if !bytes.is_empty() {
                markup::walk(&bytes, &mut Contents)?;
            }
        } else {
            entry.check(budget)?;
        }
    }
    Ok(())
}

fn check_names(entries: &[Entry<'_>]) -> Result<(), Rejection> {
    for entry in entries {
        let name = entry.name.to_ascii_lowercase();
        let file = name.rsplit('/').next().unwrap_or_default();
        let is_script = ["basic/", "scripts/", "dialogs/"]
            .iter()
            .any(|folder| name.starts_with(folder) && name.len() > folder.len());
        if is_script || file == "macrosignatures.xml" {
            return Err(Rejection::HasScript);
        }
        let is_folder = name.ends_with('/');
        // Pictures that stand for charts have no ending, and the layout of a text is a cache.
        let is_known =
            matches!(file, "mimetype" | "layout-cache") || name.starts_with("objectreplacements/");
        if !is_folder && !is_known && !PARTS.contains(&ending(&name).as_str()) {
            return Err(Rejection::HasEmbeddedFile);
        }
    }
    Ok(())
}

/// Judges the list of parts.
struct Manifest;

impl Visit for Manifest {
    fn element(&mut self, element: &Element<'_>) -> Result<(), Rejection> {
        if element.name == "encryption-data" { Err(Rejection::Encrypted) } else { Ok(()) }
    }

    fn text(&mut self, _: &str) -> Result<(), Rejection> {
        Ok(())
    }
}

/// Judges the markup of a part.
struct Contents;

impl Visit for Contents {
    fn element(&mut self, element: &Element<'_>) -> Result<(), Rejection> {
        match element.name {
            "event-listener" | "script" => return Err(Rejection::HasScript),
            "floating-frame" | "plugin" | "applet" | "dde-source" | "dde-connection-decl" => {
                return Err(Rejection::HasAction);
            }
            // What a person clicks on, and the template that a document was begun from, which is not
            // read again.
            "a" | "template" => return Ok(()),
            _ => {}
        }
        if element.all("href").any(is_outside) { Err(Rejection::HasAction) } else { Ok(()) }
    }

    fn text(&mut self, _: &str) -> Result<(), Rejection> {
        Ok(())
    }
}

/// Whether a reference leads out of the document, to be fetched when it is opened.
fn is_outside(target: &str) -> bool {
    let first = target.split('/').next().unwrap_or_default();
    let is_inside = target.starts_with('#') || !first.contains(':');
    !is_inside || target.starts_with('/') || target.contains('\\') || first == ".."
}
