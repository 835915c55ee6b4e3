//! XML, as far as elements, attributes and texts.

use std::collections::HashSet;

use domain::file::Rejection;
use quick_xml::Reader;
use quick_xml::events::{BytesDecl, BytesStart, Event};

/// What is seen on the way through a document.
pub trait Visit {
    /// An element begins.
    fn element(&mut self, element: &Element<'_>) -> Result<(), Rejection>;

    /// A text, or a part of one.
    fn text(&mut self, text: &str) -> Result<(), Rejection>;

    /// An element of this name ends.
    fn end(&mut self, _name: &str) {}
}

/// An element: its name without the prefix, and its attributes.
pub struct Element<'a> {
    pub name: &'a str,
    attributes: Vec<Attribute>,
}

struct Attribute {
    /// Without the prefix.
    name: String,
    has_prefix: bool,
    value: String,
}

impl Element<'_> {
    /// The value of an attribute that has no prefix, its entities resolved. One with a prefix is another
    /// attribute to who knows of prefixes.
    pub fn get(&self, name: &str) -> Option<&str> {
        let is_it = |attribute: &&Attribute| !attribute.has_prefix && attribute.name == name;
        self.attributes.iter().find(is_it).map(|attribute| attribute.value.as_str())
    }

    /// The values of every attribute of this name, whatever its prefix.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let named = self.attributes.iter().filter(move |attribute| attribute.name == name);
        named.map(|attribute| attribute.value.as_str())
    }
}

/// Walks through a document. One that is not well-formed, or not in UTF-8, is damaged; one that has a
/// definition of its type, or names one outside, is refused, since it is not what it says.
pub fn walk(bytes: &[u8], visit: &mut impl Visit) -> Result<(), Rejection> {
    let text = std::str::from_utf8(bytes).map_err(|_| Rejection::Damaged)?;
    // What is written in wider characters has a zero in every other byte, which no markup has.
    if text.contains('\0') {
        return Err(Rejection::Damaged);
    }
    let mut reader = Reader::from_str(text.strip_prefix('\u{FEFF}').unwrap_or(text));
    let mut open = 0_usize;
    loop {
        match reader.read_event().map_err(|_| Rejection::Damaged)? {
            Event::Start(start) => {
                open += 1;
                visit.element(&element(&start)?)?;
            }
            Event::Empty(start) => {
                let element = element(&start)?;
                visit.element(&element)?;
                visit.end(element.name);
            }
            Event::End(end) => {
                open = open.saturating_sub(1);
                let name = end.local_name();
                visit.end(std::str::from_utf8(name.as_ref()).map_err(|_| Rejection::Damaged)?);
            }
            Event::Text(text) => {
                visit.text(&text.decode().map_err(|_| Rejection::Damaged)?)?;
            }
            Event::CData(data) => {
                visit.text(&data.decode().map_err(|_| Rejection::Damaged)?)?;
            }
            Event::GeneralRef(reference) => {
                let name = reference.decode().map_err(|_| Rejection::Damaged)?;
                let character = reference.resolve_char_ref().map_err(|_| Rejection::Damaged)?;
                match character {
                    Some(character) => visit.text(character.encode_utf8(&mut [0; 4]))?,
                    None => match quick_xml::escape::resolve_xml_entity(&name) {
                        Some(text) => visit.text(text)?,
                        None => return Err(Rejection::Damaged),
                    },
                }
            }
            Event::DocType(_) => return Err(Rejection::WrongType),
            Event::Decl(declaration) => check_declaration(&declaration)?,
            Event::PI(_) | Event::Comment(_) => {}
            Event::Eof if open == 0 => return Ok(()),
            Event::Eof => return Err(Rejection::Damaged),
        }
    }
}

/// What is said to be in other characters would be other markup to who believes it.
fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), Rejection> {
    let is_known = match declaration.encoding() {
        None => true,
        Some(Ok(name)) => ["UTF-8", "UTF8", "US-ASCII"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known.as_bytes())),
        Some(Err(_)) => false,
    };
    // Said twice, or where this reader does not take it for one, it may be one to another.
    let said = memchr::memmem::find_iter(declaration, b"encoding").count();
    let is_clear = said == usize::from(declaration.encoding().is_some());
    if is_known && is_clear { Ok(()) } else { Err(Rejection::Damaged) }
}

/// The most attributes of one element.
const MAX_ATTRIBUTES: usize = 10_000;

fn element<'a>(start: &'a BytesStart<'_>) -> Result<Element<'a>, Rejection> {
    let local = start.local_name().into_inner();
    let name = std::str::from_utf8(local).map_err(|_| Rejection::Damaged)?;
    let mut attributes = Vec::new();
    let mut written = HashSet::new();
    // Its own search for doubled names would compare each with each.
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| Rejection::Damaged)?;
        // Of two that are written alike, each reader takes its own.
        if !written.insert(attribute.key.into_inner()) {
            return Err(Rejection::WrongType);
        }
        let has_prefix = attribute.key.prefix().is_some();
        let name = attribute.key.local_name();
        let name = std::str::from_utf8(name.as_ref()).map_err(|_| Rejection::Damaged)?;
        let value = std::str::from_utf8(&attribute.value).map_err(|_| Rejection::Damaged)?;
        let value = quick_xml::escape::unescape(value).map_err(|_| Rejection::Damaged)?;
        let (name, value) = (name.to_owned(), value.into_owned());
        attributes.push(Attribute { name, has_prefix, value });
        if attributes.len() > MAX_ATTRIBUTES {
            return Err(Rejection::ExpandsTooMuch);
        }
    }
    Ok(Element { name, attributes })
}
