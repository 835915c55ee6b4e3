//! Office Open XML, the documents of Microsoft's programs.

use std::collections::HashMap;

use domain::file::{FileType, Rejection};

use super::{Nesting, PARTS, ending, is_markup, part};
use crate::archive::{self, Entry};
use crate::limits::Budget;
use crate::markup::{self, Element, Visit};

/// What content types and kinds of relationship say of macros and controls.
const SCRIPTS: [&str; 7] = [
    "macroenabled",
    "vbaproject",
    "vbadata",
    "macrosheet",
    "activex",
    "attachedtoolbars",
    "keymapcustomizations",
];

pub fn inspect(
    declared: FileType,
    entries: &[Entry<'_>],
    budget: &mut Budget,
    nesting: Nesting,
) -> Result<(), Rejection> {
    // Anything may be packed as an archive; what has no list of types is no document.
    let types = part(entries, "[Content_Types].xml").ok_or(Rejection::WrongType)?;
    let links = part(entries, "_rels/.rels").ok_or(Rejection::WrongType)?;
    let mut declarations = Declarations::default();
    markup::walk(&types.unpack(budget)?, &mut declarations)?;
    let mut main = MainPart::default();
    markup::walk(&links.unpack(budget)?, &mut main)?;
    let main = main.target.ok_or(Rejection::WrongType)?;
    let main = main.trim_start_matches('/');
    if declarations.has_script {
        return Err(Rejection::HasScript);
    }
    if part(entries, main).is_none() || declarations.of(main) != content_type(declared) {
        return Err(Rejection::WrongType);
    }
    check_names(entries)?;
    // Markup under the name of a picture would be read as markup by who believes its type.
    let is_disguised = |name: &str| {
        !is_markup(name) && is_markup_type(declarations.of(name.trim_end_matches('/')))
    };
    if entries.iter().any(|entry| is_disguised(&entry.name)) {
        return Err(Rejection::WrongType);
    }
    // What the markup says comes before what its parts hold, so that the reason is the telling one.
    for entry in entries.iter().filter(|entry| is_markup(&entry.name)) {
        let bytes = entry.unpack(budget)?;
        if ending(&entry.name) == "rels" {
            markup::walk(&bytes, &mut Relationships { is_chart: is_of_chart(&entry.name) })?;
        } else {
            markup::walk(&bytes, &mut Contents::default())?;
        }
    }
    for entry in entries.iter().filter(|entry| !is_markup(&entry.name)) {
        if ending(&entry.name) != "xlsx" {
            entry.check(budget)?;
        } else if nesting == Nesting::Allowed {
            let workbook = entry.unpack(budget)?;
            let entries = archive::read(&workbook)?;
            inspect(FileType::Xlsx, &entries, budget, Nesting::Forbidden)?;
        } else {
            return Err(Rejection::HasEmbeddedFile);
        }
    }
    Ok(())
}

/// Whether a type is one of markup that is no picture.
fn is_markup_type(content_type: &str) -> bool {
    let content_type = content_type.trim().to_ascii_lowercase();
    content_type.ends_with("xml") && content_type != "image/svg+xml"
}

/// The type of the main part, without macros.
fn content_type(declared: FileType) -> &'static str {
    match declared {
        FileType::Docx => {
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
        }
        FileType::Xlsx => {
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
        }
        _ => "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    }
}

/// Judges parts by their names. Of binary parts, printers' settings and the notes of add-ins in workbooks
/// are known; any other may be a control or a packed file.
fn check_names(entries: &[Entry<'_>]) -> Result<(), Rejection> {
    for entry in entries {
        let name = entry.name.to_ascii_lowercase();
        let is_known_binary = ending(&name) == "bin"
            && ["/printersettings/", "/customproperty/"].iter().any(|folder| name.contains(folder));
        if name.contains("vbaproject") || name.contains("vbadata") || name.contains("/activex/") {
            return Err(Rejection::HasScript);
        }
        let is_folder = name.ends_with('/');
        // A workbook is looked into. Whether a chart is drawn from it, its relationship tells.
        let is_part = PARTS.contains(&ending(&name).as_str()) || ending(&name) == "xlsx";
        if !is_folder && !is_part && !is_known_binary {
            return Err(Rejection::HasEmbeddedFile);
        }
    }
    Ok(())
}

/// Whether a part with relationships belongs to a chart.
fn is_of_chart(name: &str) -> bool {
    name.to_ascii_lowercase().contains("/charts/_rels/")
}

/// What `[Content_Types].xml` says.
#[derive(Default)]
struct Declarations {
    has_script: bool,
    by_name: HashMap<String, String>,
    by_ending: HashMap<String, String>,
}

impl Declarations {
    fn of(&self, name: &str) -> &str {
        let declared = self.by_name.get(&name.to_ascii_lowercase());
        declared.or_else(|| self.by_ending.get(&ending(name))).map_or("", String::as_str)
    }
}

impl Visit for Declarations {
    fn element(&mut self, element: &Element<'_>) -> Result<(), Rejection> {
        let Some(content_type) = element.get("ContentType") else { return Ok(()) };
        self.has_script |= is_script(content_type);
        let (list, key) = match element.name {
            "Override" => (&mut self.by_name, element.get("PartName")),
            "Default" => (&mut self.by_ending, element.get("Extension")),
            _ => return Ok(()),
        };
        let Some(key) = key else { return Ok(()) };
        let key = key.trim().trim_start_matches('/').to_ascii_lowercase();
        // Of two, each reader believes its own.
        match list.insert(key, content_type.to_owned()) {
            Some(other) if other != content_type => Err(Rejection::WrongType),
            _ => Ok(()),
        }
    }

    fn text(&mut self, _: &str) -> Result<(), Rejection> {
        Ok(())
    }
}

fn is_script(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    SCRIPTS.iter().any(|script| kind.contains(script))
}

/// Finds the main part.
#[derive(Default)]
struct MainPart {
    target: Option<String>,
}

impl Visit for MainPart {
    fn element(&mut self, element: &Element<'_>) -> Result<(), Rejection> {
        let is_main =
            element.get("Type").is_some_and(|kind| kind.trim().ends_with("/officeDocument"));
        if is_main && let Some(target) = element.get("Target") {
            // Two would let each reader open another.
            if self.target.replace(target.to_owned()).is_some() {
                return Err(Rejection::WrongType);
            }
        }
        Ok(())
    }

    fn text(&mut self, _: &str) -> Result<(), Rejection> {
        Ok(())
    }
}

/// Judges what a part refers to.
struct Relationships {
    is_chart: bool,
}

impl Visit for Relationships {
    fn element(&mut self, element: &Element<'_>) -> Result<(), Rejection> {
        let Some(kind) = element.get("Type") else { return Ok(()) };
        let kind = kind.trim().rsplit('/').next().unwrap_or(kind).to_ascii_lowercase();
        let mode = element.get("TargetMode").unwrap_or_default().trim();
        let is_outside = !mode.is_empty() && !mode.eq_ignore_ascii_case("Internal");
        // Anything outside is fetched when the document is opened, but for what a person clicks on.
        if is_outside && kind != "hyperlink" {
            return Err(Rejection::HasAction);
        }
        if is_script(&kind) || kind == "control" {
            return Err(Rejection::HasScript);
        }
        // Other documents, packed or to be merged in.
        let is_file = matches!(kind.as_str(), "oleobject" | "afchunk")
            || (kind == "package" && !self.is_chart);
        if is_file { Err(Rejection::HasEmbeddedFile) } else { Ok(()) }
    }

    fn text(&mut self, _: &str) -> Result<(), Rejection> {
        Ok(())
    }
}

/// Judges the markup of a part.
#[derive(Default)]
struct Contents {
    /// The instruction of a field, which Word may write in pieces.
    instruction: String,
    /// How many of these elements are open, in each other.
    instructions: usize,
    formulas: usize,
    /// Whether what was read of the formula leaves off within one of its texts. A comment may cut it
    /// anywhere.
    is_in_text: bool,
}

impl Visit for Contents {
    fn element(&mut self, element: &Element<'_>) -> Result<(), Rejection> {
        match element.name {
            "instrText" => self.instructions += 1,
            "f" => {
                self.is_in_text &= self.formulas > 0;
                self.formulas += 1;
            }
            // Data that another program is started for.
            "ddeLink" | "oleLink" => return Err(Rejection::HasAction),
            "altChunk" => return Err(Rejection::HasEmbeddedFile),
            "fldChar" => self.instruction.clear(),
            "fldSimple" => return element.all("instr").try_for_each(check_field),
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Rejection> {
        if self.instructions > 0 {
            // A field that starts a program says so first.
            let text = if self.instruction.is_empty() { text.trim_start() } else { text };
            let room = 64_usize.saturating_sub(self.instruction.len());
            self.instruction.extend(text.chars().take(room));
            return check_field(&self.instruction);
        }
        // `program|'topic'!item`; else a bar stands in a formula's texts only.
        if self.formulas > 0 {
            for (at, part) in text.split('"').enumerate() {
                self.is_in_text ^= at > 0;
                if !self.is_in_text && part.contains('|') {
                    return Err(Rejection::HasAction);
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, name: &str) {
        match name {
            "instrText" => self.instructions = self.instructions.saturating_sub(1),
            "f" => self.formulas = self.formulas.saturating_sub(1),
            _ => {}
        }
    }
}

fn check_field(instruction: &str) -> Result<(), Rejection> {
    let name = instruction.trim_start();
    // The program's name may follow without a blank.
    let ends = name.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(name.len());
    let name = name.get(..ends).unwrap_or_default();
    let starts_program = name.eq_ignore_ascii_case("DDE") || name.eq_ignore_ascii_case("DDEAUTO");
    if starts_program { Err(Rejection::HasAction) } else { Ok(()) }
}
