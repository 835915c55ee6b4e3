//! Rewrites any HTML as well-nested HTML of the few tags that a body has.

use std::mem;
use std::rc::Rc;

use html5ever::Attribute;

use super::links::{Segment, judge, split};
use super::removed::{Lost, Report};
use super::tags::{Alignment, inline_format, is_block, is_span};
use super::tokens::{LeftOut, Reader, attribute, read};
use super::{BodyProblem, MAX_DEPTH, MAX_STORED_BYTES};

/// Rewrites `raw`, and says what is lost. The result is the same when it is rewritten again, which
/// loses nothing, and a browser's parser finds nothing in it to repair.
pub(super) fn tidy(raw: &str) -> Result<(String, Lost), BodyProblem> {
    let mut tidy = read(raw, Tidy::default())?;
    tidy.truncate(0);
    tidy.close_flow();
    match tidy.problem {
        Some(problem) => Err(problem),
        None if tidy.out.len() > MAX_STORED_BYTES => {
            Err(BodyProblem::TooLong { limit: MAX_STORED_BYTES })
        }
        None => Ok((tidy.out, tidy.report.finish())),
    }
}

/// An element that structures the body. All of them are open in the output.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Container {
    List(&'static str),
    Item,
    Table,
    Section(&'static str),
    Row,
    /// A cell, and the formats that were on when it began: they are on again after it.
    Cell(&'static str, Vec<Active>),
}

impl Container {
    fn tag(&self) -> &'static str {
        match self {
            Self::List(tag) | Self::Section(tag) | Self::Cell(tag, _) => tag,
            Self::Item => "li",
            Self::Table => "table",
            Self::Row => "tr",
        }
    }

    fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    fn is_table_part(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Item)
    }
}

/// A block that is no container: a paragraph, a division, a heading. What is in it is aligned as it
/// is, unless that says otherwise.
struct Block {
    name: String,
    alignment: Option<Alignment>,
    /// How many containers were open when it began.
    depth: usize,
}

/// The most blocks that are remembered while they are open. What is nested deeper may be aligned
/// otherwise than a browser would.
const MAX_BLOCKS: usize = 100;

/// Where text goes next, inside the innermost container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Flow {
    /// Nothing was written yet: text needs no paragraph.
    #[default]
    Fresh,
    /// Text was written without a paragraph, and more may follow.
    Loose,
    /// A block began or ended: the next text opens a paragraph.
    Due(Option<Alignment>),
    /// A paragraph is open.
    Paragraph,
}

/// Inline formatting.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    Format(&'static str),
    Link(Rc<str>),
}

/// A mark that is on, and by how many start tags.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Active {
    mark: Mark,
    times: usize,
}

#[derive(Default)]
struct Tidy {
    out: String,
    problem: Option<BodyProblem>,
    containers: Vec<Container>,
    blocks: Vec<Block>,
    flow: Flow,
    /// The marks that the tags read so far have switched on, in the order of those tags.
    active: Vec<Active>,
    /// The marks that are open in the output.
    written: Vec<Mark>,
    /// Text that was read and not written yet, all with the marks of `run_marks`.
    run: String,
    run_marks: Vec<Mark>,
    /// What was lost so far.
    report: Report,
}

impl Reader for Tidy {
    fn text(&mut self, text: &str) {
        if self.is_over() {
            return;
        }
        let marks: Vec<Mark> = self.active.iter().map(|active| active.mark.clone()).collect();
        if marks != self.run_marks {
            self.flush();
            self.run_marks = marks;
        }
        for c in text.chars() {
            match clean(c) {
                Some(kept) => self.run.push(kept),
                None => self.report.character(c),
            }
        }
    }

    fn open(&mut self, name: &str, attributes: &[Attribute]) {
        if self.is_over() {
            return;
        }
        self.report.tag(name, attributes);
        match name {
            "a" => self.link(attributes),
            "br" => self.line_break(),
            "ul" | "menu" => self.list("ul"),
            "ol" => self.list("ol"),
            "li" => self.item(attributes),
            "table" => self.open_table(),
            "thead" => self.section("thead"),
            "tbody" | "tfoot" => self.section("tbody"),
            "tr" => self.row(),
            "td" => self.cell("td", attributes),
            "th" => self.cell("th", attributes),
            _ => {
                if let Some(tag) = inline_format(name) {
                    self.switch_on(tag);
                } else if is_block(name) {
                    self.open_block(name, attributes);
                }
            }
        }
    }

    fn close(&mut self, name: &str) {
        if self.is_over() {
            return;
        }
        match name {
            "a" => self.switch_link_off(),
            "br" => self.line_break(),
            "ul" | "menu" => self.end(|c| *c == Container::List("ul"), Container::is_table_part),
            "ol" => self.end(|c| *c == Container::List("ol"), Container::is_table_part),
            "li" => self.end(|c| *c == Container::Item, |c| c.is_table_part() || c.is_list()),
            "td" | "th" => {
                self.end(|c| matches!(c, Container::Cell(..)), |c| *c == Container::Table);
            }
            "tr" => self.end(|c| *c == Container::Row, |c| *c == Container::Table),
            "thead" | "tbody" | "tfoot" => {
                self.end(|c| matches!(c, Container::Section(_)), |c| *c == Container::Table);
            }
            "table" => self.end(|c| *c == Container::Table, |_| false),
            _ => {
                if let Some(tag) = inline_format(name) {
                    self.switch_off(tag);
                } else if is_block(name) {
                    self.close_block(name);
                }
            }
        }
    }

    fn left_out(&mut self, what: LeftOut<'_>) {
        match what {
            LeftOut::Tag(name, attributes) => self.report.tag(name, attributes),
            LeftOut::Null => self.report.character('\0'),
            LeftOut::Rest => self.report.unfinished(),
        }
    }
}

/// Marks and text.
impl Tidy {
    fn switch_on(&mut self, tag: &'static str) {
        let mark = Mark::Format(tag);
        match self.active.iter_mut().find(|active| active.mark == mark) {
            Some(active) => active.times += 1,
            None => self.active.push(Active { mark, times: 1 }),
        }
    }

    fn switch_off(&mut self, tag: &'static str) {
        let mark = Mark::Format(tag);
        for active in self.active.iter_mut().filter(|active| active.mark == mark) {
            active.times -= 1;
        }
        self.active.retain(|active| active.times > 0);
    }

    fn link(&mut self, attributes: &[Attribute]) {
        self.switch_link_off();
        let Some(href) = attribute(attributes, "href") else { return };
        let judged = judge(href);
        if judged.as_ref().is_none_or(|judged| judged.was_cut) {
            self.report.link(href);
        }
        if let Some(judged) = judged {
            self.active.push(Active { mark: Mark::Link(judged.address.into()), times: 1 });
        }
    }

    fn switch_link_off(&mut self) {
        self.active.retain(|active| !matches!(active.mark, Mark::Link(_)));
    }

    fn line_break(&mut self) {
        self.flush();
        // Between the items of a list or the rows of a table there is no line to break.
        if matches!(self.containers.last(), None | Some(Container::Item | Container::Cell(..))) {
            self.reach_text();
            let marks: Vec<Mark> = self.active.iter().map(|active| active.mark.clone()).collect();
            self.write_marks(&marks);
            self.out.push_str("<br>");
        }
    }

    /// Writes the text that waits.
    fn flush(&mut self) {
        let run = mem::take(&mut self.run);
        if run.is_empty() {
            return;
        }
        let mut marks = mem::take(&mut self.run_marks);
        if marks.iter().any(|mark| matches!(mark, Mark::Link(_))) {
            self.write_text(&marks, &run);
        } else {
            for segment in split(&run) {
                match segment {
                    Segment::Text(text) => self.write_text(&marks, text),
                    Segment::Address(text, address) => {
                        marks.push(Mark::Link(address.into()));
                        self.write_text(&marks, text);
                        marks.pop();
                    }
                }
            }
        }
        self.run_marks = marks;
    }

    /// Writes `text`, unless it is white space between blocks, which shows nothing.
    fn write_text(&mut self, marks: &[Mark], text: &str) {
        let begun = matches!(self.flow, Flow::Loose | Flow::Paragraph);
        if !begun && text.trim_ascii().is_empty() {
            return;
        }
        self.reach_text();
        self.write_marks(marks);
        escape(&mut self.out, text);
    }

    /// Closes the marks that `marks` does not have, and opens those that it has more.
    fn write_marks(&mut self, marks: &[Mark]) {
        let common = self.written.iter().zip(marks).take_while(|(a, b)| a == b).count();
        while self.written.len() > common {
            match self.written.pop() {
                Some(Mark::Format(tag)) => self.end_tag(tag),
                Some(Mark::Link(_)) => self.end_tag("a"),
                None => {}
            }
        }
        for mark in marks.iter().skip(common) {
            match mark {
                Mark::Format(tag) => self.start_tag(tag, &[]),
                Mark::Link(address) => self.start_tag("a", &[("href", address)]),
            }
            self.written.push(mark.clone());
        }
    }
}

/// Paragraphs and containers.
impl Tidy {
    /// Makes the output ready for text: in a container that can hold text, in a paragraph if one is
    /// due.
    fn reach_text(&mut self) {
        self.reach_flow();
        self.flow = match self.flow {
            Flow::Fresh | Flow::Loose => Flow::Loose,
            Flow::Paragraph => Flow::Paragraph,
            Flow::Due(alignment) => {
                self.start_tag("p", &style(alignment));
                Flow::Paragraph
            }
        };
    }

    /// Opens the item or the cell that text, a list or a table needs here. Text that waits belongs
    /// before it, so it has been written by then.
    fn reach_flow(&mut self) {
        match self.containers.last() {
            Some(Container::List(_)) => self.push(Container::Item, &[]),
            Some(Container::Table | Container::Section(_) | Container::Row) => self.cell("td", &[]),
            None | Some(Container::Item | Container::Cell(..)) => {}
        }
    }

    /// Ends the paragraph or the loose text.
    fn close_flow(&mut self) {
        self.flush();
        self.write_marks(&[]);
        if self.flow == Flow::Paragraph {
            self.end_tag("p");
            self.flow = Flow::Due(None);
        }
    }

    fn open_block(&mut self, name: &str, attributes: &[Attribute]) {
        self.close_flow();
        self.end_implied(name);
        let depth = self.containers.len();
        let alignment = Alignment::of(name, attributes).or_else(|| self.inherited(depth));
        if self.blocks.len() < MAX_BLOCKS && name != "hr" {
            self.blocks.push(Block { name: name.to_owned(), alignment, depth });
        }
        self.flow = Flow::Due(alignment);
    }

    fn close_block(&mut self, name: &str) {
        self.close_flow();
        let depth = self.containers.len();
        let here = self.blocks.iter().rposition(|b| b.depth == depth && b.name == name);
        if let Some(block) = here {
            self.blocks.truncate(block);
        }
        self.flow = Flow::Due(self.inherited(depth));
    }

    /// Ends the block that ends without a tag of its own where block `next` begins.
    fn end_implied(&mut self, next: &str) {
        let depth = self.containers.len();
        self.blocks.pop_if(|block| {
            let is_term = |name: &str| matches!(name, "dd" | "dt");
            block.depth == depth && (block.name == "p" || is_term(&block.name) && is_term(next))
        });
    }

    /// How the innermost block aligns what is in it, if `depth` containers were open when it began.
    fn inherited(&self, depth: usize) -> Option<Alignment> {
        self.blocks.last().filter(|block| block.depth == depth).and_then(|block| block.alignment)
    }

    fn list(&mut self, tag: &'static str) {
        self.close_flow();
        self.end_implied(tag);
        self.reach_flow();
        self.push(Container::List(tag), &[]);
    }

    fn open_table(&mut self) {
        self.close_flow();
        self.end_implied("table");
        self.reach_flow();
        self.push(Container::Table, &[]);
    }

    fn item(&mut self, attributes: &[Attribute]) {
        self.close_flow();
        match self.innermost(Container::is_list, Container::is_table_part) {
            Some(list) => self.truncate(list + 1),
            None => self.list("ul"),
        }
        let list = self.containers.len().saturating_sub(1);
        let alignment = Alignment::of("li", attributes).or_else(|| self.inherited(list));
        self.push(Container::Item, &style(alignment));
    }

    fn section(&mut self, tag: &'static str) {
        if let Some(table) = self.table() {
            self.truncate(table + 1);
            self.push(Container::Section(tag), &[]);
        }
    }

    fn row(&mut self) {
        let Some(table) = self.table() else { return };
        if matches!(self.containers.get(table + 1), Some(Container::Section(_))) {
            self.truncate(table + 2);
        } else {
            self.truncate(table + 1);
            self.push(Container::Section("tbody"), &[]);
        }
        self.push(Container::Row, &[]);
    }

    fn cell(&mut self, tag: &'static str, attributes: &[Attribute]) {
        let Some(table) = self.table() else { return };
        if matches!(self.containers.get(table + 2), Some(Container::Row)) {
            self.truncate(table + 3);
        } else {
            self.row();
        }
        let spans = ["colspan", "rowspan"].into_iter().filter_map(|name| {
            attribute(attributes, name).filter(|value| is_span(value)).map(|value| (name, value))
        });
        let alignment = Alignment::of(tag, attributes).or_else(|| self.inherited(table));
        let all: Vec<_> = spans.chain(style(alignment)).collect();
        self.push(Container::Cell(tag, self.active.clone()), &all);
    }

    /// The innermost open table. A table tag without one is only a break between blocks.
    fn table(&mut self) -> Option<usize> {
        self.close_flow();
        let table = self.innermost(|c| *c == Container::Table, |_| false);
        if table.is_none() {
            self.flow = Flow::Due(self.inherited(self.containers.len()));
        }
        table
    }

    /// The innermost container that is `wanted`, unless one that is a `limit` comes first.
    fn innermost(
        &self,
        wanted: impl Fn(&Container) -> bool,
        limit: impl Fn(&Container) -> bool,
    ) -> Option<usize> {
        for (index, container) in self.containers.iter().enumerate().rev() {
            if wanted(container) {
                return Some(index);
            }
            if limit(container) {
                return None;
            }
        }
        None
    }

    fn end(&mut self, wanted: impl Fn(&Container) -> bool, limit: impl Fn(&Container) -> bool) {
        if let Some(index) = self.innermost(wanted, limit) {
            self.truncate(index);
        }
    }

    fn push(&mut self, container: Container, attributes: &[(&str, &str)]) {
        self.close_flow();
        if self.containers.len() == MAX_DEPTH {
            self.problem = Some(BodyProblem::TooDeep);
            return;
        }
        self.start_tag(container.tag(), attributes);
        self.containers.push(container);
        self.flow = Flow::Fresh;
    }

    /// Ends containers until `depth` are left.
    fn truncate(&mut self, depth: usize) {
        while self.containers.len() > depth {
            self.close_flow();
            if let Some(container) = self.containers.pop() {
                self.end_tag(container.tag());
                if let Container::Cell(_, active) = container {
                    self.active = active;
                }
            }
            let depth = self.containers.len();
            while self.blocks.pop_if(|block| block.depth > depth).is_some() {}
            self.flow = Flow::Due(self.inherited(depth));
        }
    }
}

/// Output.
impl Tidy {
    /// Whether the body was refused already, so that the rest need not be read.
    fn is_over(&mut self) -> bool {
        if self.problem.is_none() && self.out.len().max(self.run.len()) > MAX_STORED_BYTES {
            self.problem = Some(BodyProblem::TooLong { limit: MAX_STORED_BYTES });
        }
        self.problem.is_some()
    }

    fn start_tag(&mut self, tag: &str, attributes: &[(&str, &str)]) {
        self.out.push('<');
        self.out.push_str(tag);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape(&mut self.out, value);
            self.out.push('"');
        }
        self.out.push('>');
    }

    fn end_tag(&mut self, tag: &str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }
}

/// The attribute that says `alignment`.
fn style(alignment: Option<Alignment>) -> Vec<(&'static str, &'static str)> {
    alignment.map(|alignment| ("style", alignment.style())).into_iter().collect()
}

/// What becomes of a character of the text: line separators of every kind become line feeds, other
/// control characters go. So do byte order marks, since a parser drops one that comes first.
pub(super) fn clean(c: char) -> Option<char> {
    match c {
        '\n' | '\t' => Some(c),
        '\r' | '\u{000B}' | '\u{000C}' | '\u{0085}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\u{FEFF}' => None,
        _ if c.is_control() => None,
        _ => Some(c),
    }
}

/// Writes `text` so that it is text, or the value of a quoted attribute, and nothing else.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        escape_char(out, c);
    }
}

pub(super) fn escape_char(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        _ => out.push(c),
    }
}
