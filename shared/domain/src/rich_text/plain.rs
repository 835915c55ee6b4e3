//! The plain-text rendition of a sanitised body.

use std::mem;

use html5ever::Attribute;

use super::BodyProblem;
use super::links::{safe_address, typed_address};
use super::tokens::{Reader, attribute, read};
use crate::text::is_invisible;

/// The most spaces before the marker of a nested list item.
const MAX_INDENT: usize = 8;

/// A body as plain text.
pub(super) struct Rendition {
    /// The lines.
    pub(super) text: String,
    /// Whether any character of the body can be seen. List markers and addresses do not count.
    pub(super) visible: bool,
}

/// Writes sanitised `html` as plain text: blocks and `br` end lines, list items have markers, the
/// cells of a table row are separated by tabs, and a link shows its address where its text differs.
pub(super) fn rendition(html: &str) -> Result<Rendition, BodyProblem> {
    let writer = read(html, Writer::default())?;
    let lines: Vec<&str> = writer.out.lines().map(|line| line.trim_end_matches(' ')).collect();
    let text = lines.join("\n").trim_matches(['\n', ' ']).to_owned();
    Ok(Rendition { text, visible: writer.visible })
}

#[derive(Default)]
struct Writer {
    out: String,
    visible: bool,
    gap: Gap,
    /// The marker of a list item in which nothing was written yet.
    marker: Option<String>,
    /// The open lists: for a numbered one, the number of its last item.
    lists: Vec<Option<usize>>,
    /// Whether a cell of the current table row was begun.
    in_row: bool,
    link: Option<Link>,
}

/// What separates the next character from the last one.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Gap {
    #[default]
    Nothing,
    Space,
    Line,
}

struct Link {
    address: String,
    /// The text of the link so far.
    text: String,
}

impl Reader for Writer {
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            if c.is_ascii_whitespace() {
                if self.gap == Gap::Nothing {
                    self.gap = Gap::Space;
                }
                if let Some(link) = &mut self.link {
                    link.text.push(' ');
                }
                continue;
            }
            self.begin();
            self.visible |= !is_invisible(c);
            self.out.push(c);
            if let Some(link) = &mut self.link {
                link.text.push(c);
            }
        }
    }

    fn open(&mut self, name: &str, attributes: &[Attribute]) {
        match name {
            "br" => self.line_break(),
            "p" | "table" => self.end_line(),
            "tr" => {
                self.end_row();
                self.in_row = false;
            }
            "td" | "th" => {
                if self.in_row {
                    self.gap = Gap::Nothing;
                    self.out.push('\t');
                }
                self.in_row = true;
            }
            "ul" | "ol" => {
                self.end_line();
                self.lists.push((name == "ol").then_some(0));
            }
            "li" => self.item(),
            "a" => {
                let address = attribute(attributes, "href").unwrap_or_default().to_owned();
                self.link = Some(Link { address, text: String::new() });
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "p" => self.end_line(),
            "table" => self.end_row(),
            "ul" | "ol" => {
                self.end_line();
                self.lists.pop();
            }
            "li" => {
                self.end_line();
                self.marker = None;
            }
            "a" => self.end_link(),
            _ => {}
        }
    }
}

impl Writer {
    /// Whether nothing was written on the current line, or in the current cell. Only cells write
    /// tabs: in text they are white space.
    fn at_line_start(&self) -> bool {
        self.out.is_empty() || self.out.ends_with(['\n', '\t'])
    }

    /// Writes what separates the next character from the last one, and the marker of its item.
    fn begin(&mut self) {
        let gap = mem::take(&mut self.gap);
        if gap == Gap::Line && !self.at_line_start() {
            self.out.push('\n');
        }
        if let Some(marker) = self.marker.take() {
            self.out.push_str(&marker);
        } else if gap == Gap::Space && !self.at_line_start() {
            self.out.push(' ');
        }
    }

    fn end_line(&mut self) {
        self.gap = Gap::Line;
    }

    /// Ends the line of a table row, which may end with the tab before an empty cell.
    fn end_row(&mut self) {
        self.end_line();
        if self.out.ends_with('\t') {
            self.out.push('\n');
        }
    }

    fn line_break(&mut self) {
        if self.gap == Gap::Space {
            self.gap = Gap::Nothing;
        }
        self.begin();
        self.out.push('\n');
        if let Some(link) = &mut self.link {
            link.text.push(' ');
        }
    }

    fn item(&mut self) {
        self.end_line();
        let indent = " ".repeat((self.lists.len().saturating_sub(1) * 2).min(MAX_INDENT));
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{indent}{number}. ")
            }
            _ => format!("{indent}- "),
        };
        self.marker = Some(marker);
    }

    fn end_link(&mut self) {
        let Some(Link { address, text }) = self.link.take() else {
            return;
        };
        let text = text.trim();
        let shown = address
            .strip_prefix("mailto:")
            .or_else(|| address.strip_prefix("tel:"))
            .unwrap_or(&address);
        let said = text == shown
            || typed_address(text).is_some_and(|typed| typed == address)
            || safe_address(text).is_some_and(|typed| typed == address);
        if !said && !text.is_empty() {
            self.out.push_str(" (");
            self.out.push_str(shown);
            self.out.push(')');
        }
    }
}
