//! Reads HTML as a sequence of tags and text, by the tokenizer that browsers specify.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::{Attribute, LocalName};

use super::BodyProblem;

/// Receives the tags and the text of a document in order.
pub(super) trait Reader {
    /// Text with its entities decoded. One text may come in several pieces.
    fn text(&mut self, text: &str);
    /// A start tag; its name is in lower case.
    fn open(&mut self, name: &str, attributes: &[Attribute]);
    /// An end tag; its name is in lower case.
    fn close(&mut self, name: &str);
    /// Something that is left out, where the reader would have been handed its text.
    fn left_out(&mut self, _what: LeftOut<'_>) {}
}

/// What is not handed to a [`Reader`].
pub(super) enum LeftOut<'t> {
    /// The start tag of an element whose content is left out, or is handed over as mere text.
    Tag(&'t str, &'t [Attribute]),
    /// A character that no document may have.
    Null,
    /// The rest of the document, after the beginning of a tag or a comment that never ends.
    Rest,
}

/// Hands every tag and text of `html` to `reader`, and gives the reader back.
///
/// Comments, document types and the content of elements that hold no text for a reader (scripts,
/// style sheets, frames, titles) are left out, as is the rest of the document after such an element
/// that never ends: a browser would not show it either.
///
/// The tokenizer compares each attribute of a tag with all before it. So the document is fed to it
/// in blocks, and refused when block follows block without a token and they hold what could be more
/// than [`MAX_SEPARATORS`] attributes.
pub(super) fn read<R: Reader>(html: &str, reader: R) -> Result<R, BodyProblem> {
    let state = State { reader, dropping: None, tokens: 0, end: End::Ahead };
    let tokenizer = Tokenizer::new(Sink(RefCell::new(state)), TokenizerOpts::default());
    let input = BufferQueue::default();
    let mut rest = html;
    let mut separators = 0;
    while !rest.is_empty() {
        let (block, after) = rest.split_at(rest.floor_char_boundary(BLOCK_BYTES));
        rest = after;
        separators += block.bytes().filter(|b| is_separator(*b)).count();
        if separators > MAX_SEPARATORS {
            return Err(BodyProblem::TooComplex);
        }
        let tokens_before = tokenizer.sink.0.borrow().tokens;
        input.push_back(StrTendril::from(block));
        // The sink never asks the tokenizer to pause, so that one call reads the whole block.
        let _ = tokenizer.feed(&input);
        if tokenizer.sink.0.borrow().tokens != tokens_before {
            separators = 0;
        }
    }
    tokenizer.sink.0.borrow_mut().end = End::Clean;
    tokenizer.end();
    let State { mut reader, end, .. } = tokenizer.sink.0.into_inner();
    if end == End::CutShort {
        reader.left_out(LeftOut::Rest);
    }
    Ok(reader)
}

/// The most bytes that the tokenizer reads between two checks.
const BLOCK_BYTES: usize = 4 * 1024;

/// The most bytes that can separate attributes in one tag or comment. The longest comments that
/// office programs paste have a third of it, and an embedded picture half.
const MAX_SEPARATORS: usize = 16 * 1024;

/// Whether an attribute can begin after this byte.
fn is_separator(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\'')
}

/// The value of an attribute.
pub(super) fn attribute<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a str> {
    attributes.iter().find(|a| &*a.name.local == name).map(|a| &*a.value)
}

struct Sink<R>(RefCell<State<R>>);

struct State<R> {
    reader: R,
    /// The element whose content is being left out.
    dropping: Option<LocalName>,
    /// How many tokens came, reports of errors aside.
    tokens: usize,
    end: End,
}

/// How the document ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It is not there yet.
    Ahead,
    /// All that was read has been handed over.
    Clean,
    /// Inside of a tag or a comment, and what was read of that is lost.
    CutShort,
}

impl<R: Reader> TokenSink for Sink<R> {
    type Handle = ();

    fn process_token(&self, token: Token, _line_number: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        state.tokens += usize::from(!matches!(token, Token::ParseError(_)));
        // What the tokenizer cannot end it reports. If it has text to hand over all the same, that
        // comes after the report.
        state.end = match (state.end, &token) {
            (End::Clean, Token::ParseError(_)) if state.dropping.is_none() => End::CutShort,
            (End::CutShort, Token::CharacterTokens(_)) => End::Clean,
            (end, _) => end,
        };
        match token {
            Token::NullCharacterToken if state.dropping.is_none() => {
                state.reader.left_out(LeftOut::Null);
            }
            Token::CharacterTokens(text) if state.dropping.is_none() => state.reader.text(&text),
            Token::TagToken(tag) => return state.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl<R: Reader> State<R> {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        if tag.kind == TagKind::EndTag {
            match &self.dropping {
                None => self.reader.close(&tag.name),
                Some(dropped) if *dropped == tag.name => self.dropping = None,
                Some(_) => {}
            }
            return TokenSinkResult::Continue;
        }
        // These switch the tokenizer to a state where tags are text, as in a browser's parser.
        let (dropped, raw) = match &*tag.name {
            "script" => (true, RawKind::ScriptData),
            "iframe" | "noembed" | "noframes" | "style" => (true, RawKind::Rawtext),
            "title" => (true, RawKind::Rcdata),
            "textarea" => (false, RawKind::Rcdata),
            "xmp" => (false, RawKind::Rawtext),
            "plaintext" => {
                self.reader.left_out(LeftOut::Tag(&tag.name, &tag.attrs));
                return TokenSinkResult::Plaintext;
            }
            name => {
                self.reader.open(name, &tag.attrs);
                return TokenSinkResult::Continue;
            }
        };
        self.reader.left_out(LeftOut::Tag(&tag.name, &tag.attrs));
        if dropped {
            self.dropping = Some(tag.name.clone());
        }
        TokenSinkResult::RawData(raw)
    }
}
