//! What sanitising takes away, so that the sender can be told.

use html5ever::Attribute;
use serde::Serialize;

use super::links;
use super::names::{is_attribute, is_formatting, is_property};
use super::tags::{Alignment, declarations, is_aligned, is_kept, is_neutral, is_span, shows};

/// The most kinds of things that are told apart.
pub const MAX_REMOVED: usize = 20;

/// The longest name of a removed thing, in bytes.
pub const MAX_REMOVED_NAME_BYTES: usize = 32;

/// Something that was removed from a body, for its sender to see.
///
/// The name comes from HTML, CSS or an address's scheme and never from the text of the message: it
/// has at most [`MAX_REMOVED_NAME_BYTES`] small letters, digits, `+`, `.` and `-`, and begins with a
/// letter, or is `U+` with four to six hexadecimal digits. What has no such name, or one that these
/// standards do not know, is called `other`: in broken markup, words of the text stand where a name
/// would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// What kind of thing it was.
    pub what: RemovedKind,
    /// Its name.
    pub name: String,
    /// How often it was removed.
    pub count: u32,
}

/// The kinds of things that are removed from a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovedKind {
    /// An element that is gone with its content, or that showed or did something of its own:
    /// pictures, scripts, frames, form controls. Its attributes are not reported beside it.
    Element,
    /// An element whose text stays: headings, quotes, fonts, code.
    Formatting,
    /// A link that leads nowhere now, or not where it led. Its name is the scheme of its address,
    /// or `relative`.
    Link,
    /// A CSS property other than an alignment that was kept.
    Style,
    /// An attribute, event handlers among them.
    Attribute,
    /// A control character, named by its code point.
    Character,
    /// Under the name `more`: all that did not fit in the list of [`MAX_REMOVED`] kinds of things.
    /// Under the name `unfinished`: a tag or a comment that never ends, and so takes all that
    /// follows with it.
    Other,
}

/// What a body lost in becoming one.
pub(super) struct Lost {
    /// What is told of it.
    pub(super) removed: Vec<Removed>,
    /// The addresses with braces of links that lead nowhere now, or not where they led, at most
    /// [`MAX_REMOVED`] of them.
    pub(super) addresses: Vec<String>,
}

/// Collects what is removed, in order of first appearance.
#[derive(Default)]
pub(super) struct Report {
    entries: Vec<Removed>,
    addresses: Vec<String>,
    more: u32,
}

impl Report {
    /// Notes what becomes of a start tag, except for the address of a link.
    pub(super) fn tag(&mut self, name: &str, attributes: &[Attribute]) {
        // Names with a colon are those of office programs. They show nothing in a browser.
        if name.contains(':') || is_neutral(name) {
            return;
        }
        if shows(name) {
            self.add(RemovedKind::Element, name, true);
            return;
        }
        if !is_kept(name) {
            self.add(RemovedKind::Formatting, name, is_formatting(name));
        }
        for attribute in attributes {
            self.attribute(name, &attribute.name.local, &attribute.value);
        }
    }

    /// Notes that the address of a link was dropped, or cut.
    pub(super) fn link(&mut self, address: &str) {
        let scheme = links::scheme(address);
        self.add(RemovedKind::Link, scheme.as_deref().unwrap_or("relative"), true);
        let may_be_filled = address.contains('{') || address.contains("%7");
        if may_be_filled && self.addresses.len() < MAX_REMOVED {
            self.addresses.push(address.to_owned());
        }
    }

    /// Notes that a character of the text was dropped.
    pub(super) fn character(&mut self, c: char) {
        self.push(RemovedKind::Character, &format!("U+{:04X}", u32::from(c)));
    }

    /// Notes that the end of the document came inside of a tag or a comment.
    pub(super) fn unfinished(&mut self) {
        self.push(RemovedKind::Other, "unfinished");
    }

    /// All that was noted.
    pub(super) fn finish(mut self) -> Lost {
        if self.more > 0 {
            let name = "more".to_owned();
            self.entries.push(Removed { what: RemovedKind::Other, name, count: self.more });
        }
        Lost { removed: self.entries, addresses: self.addresses }
    }

    fn attribute(&mut self, tag: &str, name: &str, value: &str) {
        match name {
            "style" => self.style(tag, value),
            // The address is judged apart, and the sanitiser writes a relation of its own.
            "href" | "rel" if tag == "a" => {}
            "align" if is_aligned(tag) && Alignment::named(value).is_some() => {}
            // One is what a cell takes without it.
            "colspan" | "rowspan"
                if matches!(tag, "td" | "th") && (value == "1" || is_span(value)) => {}
            "class" | "id" | "lang" | "dir" | "xmlns" => {}
            _ if name.starts_with("data-") || name.contains(':') => {}
            _ => self.add(RemovedKind::Attribute, name, is_attribute(name)),
        }
    }

    fn style(&mut self, tag: &str, value: &str) {
        let mut aligned = false;
        for (property, value) in declarations(value) {
            let property = property.to_ascii_lowercase();
            // Only office programs read these.
            if property.starts_with("mso-") {
                continue;
            }
            if property == "text-align"
                && !aligned
                && is_aligned(tag)
                && Alignment::named(value).is_some()
            {
                aligned = true;
                continue;
            }
            self.add(RemovedKind::Style, &property, is_property(&property));
        }
    }

    fn add(&mut self, what: RemovedKind, name: &str, known: bool) {
        self.push(what, if known && is_name(name) { name } else { "other" });
    }

    fn push(&mut self, what: RemovedKind, name: &str) {
        if let Some(entry) = self.entries.iter_mut().find(|e| e.what == what && e.name == name) {
            entry.count = entry.count.saturating_add(1);
        } else if self.entries.len() < MAX_REMOVED {
            self.entries.push(Removed { what, name: name.to_owned(), count: 1 });
        } else {
            self.more = self.more.saturating_add(1);
        }
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= MAX_REMOVED_NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'.' | b'-')
        })
}
