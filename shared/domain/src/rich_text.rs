//! Message bodies: rich text made safe and small enough to store and to show.
//!
//! What an editor or a paste sends passes three steps, each of which knows one thing:
//!
//! 1. [`tidy`] reads the tags as a browser's tokenizer does and writes them again well nested:
//!    paragraphs, lists, tables, alignment, links, bold, italic, underline, strikethrough. Other
//!    tags go and their text stays. A typed web address becomes a link. Because the nesting is
//!    bounded here, the parser of the next step cannot be made to build a huge tree.
//! 2. `ammonia` parses the result as a browser does and keeps only what the allow-list names. It
//!    alone decides what is safe: a mistake in the first step can cost formatting, not safety.
//! 3. [`plain`] reads the result once more and writes its plain-text rendition.
//!
//! The first step also notes what it takes away, so that [`Body::clean`] can say it to the sender.
//!
//! Parsing what was parsed before changes nothing, so a body may be edited and saved again.

mod links;
mod names;
mod plain;
mod removed;
mod tags;
mod tidy;
mod tokens;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use serde::{Deserialize, Serialize};

use tags::{ALIGNED_TAGS, Alignment, is_span};

use removed::Lost;
pub use removed::{MAX_REMOVED, MAX_REMOVED_NAME_BYTES, Removed, RemovedKind};

/// The most bytes of rich text that are read at all (512 KiB): pasted office markup is many times
/// larger than what is kept of it.
pub const MAX_RAW_BYTES: usize = 512 * 1024;

/// The most bytes of sanitised HTML, and of its plain-text rendition (100 KiB). The two together
/// stay well under the 400 KB that a `DynamoDB` item may have.
pub const MAX_STORED_BYTES: usize = 100 * 1024;

/// The most lists, list items, tables, table sections, rows and cells that may be nested in each
/// other. Twenty-five lists or twelve tables are more than any reader can follow.
pub const MAX_DEPTH: usize = 50;

/// Why a body was refused. It never carries the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyProblem {
    /// Nothing visible is left after sanitising.
    #[error("must not be empty")]
    Empty,
    /// The raw text, the sanitised HTML or the plain text is too long.
    #[error("must have at most {limit} bytes")]
    TooLong {
        /// The limit that was passed, in bytes.
        limit: usize,
    },
    /// Lists and tables are nested deeper than [`MAX_DEPTH`].
    #[error("must not nest lists and tables so deeply")]
    TooDeep,
    /// A tag has thousands of attributes, which no editor writes and which cost out of proportion
    /// to their length.
    #[error("must not have tags with thousands of attributes")]
    TooComplex,
}

/// A message body: sanitised HTML and its plain-text rendition.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    html: String,
    text: String,
}

impl Body {
    /// Sanitises `raw`, which is HTML from an editor or plain text without markup.
    ///
    /// Control characters are removed, and line separators of every kind become line feeds, before
    /// anything is judged. Whether the body is empty is decided on what is left of it.
    pub fn parse(raw: &str) -> Result<Self, BodyProblem> {
        Self::clean(raw).map(|cleaned| cleaned.body)
    }

    /// The same for a body beside files, which may say nothing: then both its forms are empty.
    pub fn parse_beside_files(raw: &str) -> Result<Self, BodyProblem> {
        Self::clean_beside_files(raw).map(|cleaned| cleaned.body)
    }

    /// As [`Body::parse`], and says what was removed.
    pub fn clean(raw: &str) -> Result<Cleaned, BodyProblem> {
        match Self::clean_beside_files(raw) {
            Ok(cleaned) if cleaned.body.text.is_empty() => Err(BodyProblem::Empty),
            cleaned => cleaned,
        }
    }

    /// As [`Body::parse_beside_files`], and says what was removed.
    pub fn clean_beside_files(raw: &str) -> Result<Cleaned, BodyProblem> {
        if raw.len() > MAX_RAW_BYTES {
            return Err(BodyProblem::TooLong { limit: MAX_RAW_BYTES });
        }
        let (tidied, Lost { removed, addresses }) = tidy::tidy(raw)?;
        let body = Self::of_sanitised(SANITIZER.clean(&tidied).to_string())?;
        Ok(Cleaned { body, removed, addresses })
    }

    /// Makes a body of the HTML of a sanitised one in which text was filled in between tags, each
    /// piece by way of [`escape_text`]: a template with its placeholders.
    ///
    /// Nothing is sanitised here and no typed address becomes a link, so that what was filled in
    /// stays the text that it is. This must never see HTML from anywhere else.
    pub(crate) fn rendered(html: String) -> Result<Self, BodyProblem> {
        match Self::of_sanitised(html) {
            Ok(body) if body.text.is_empty() => Err(BodyProblem::Empty),
            rendered => rendered,
        }
    }

    /// The body that `html` is, with its plain-text rendition; an empty one if it shows nothing.
    fn of_sanitised(html: String) -> Result<Self, BodyProblem> {
        let too_long = Err(BodyProblem::TooLong { limit: MAX_STORED_BYTES });
        if html.len() > MAX_STORED_BYTES {
            return too_long;
        }
        let rendition = plain::rendition(&html)?;
        if !rendition.visible {
            return Ok(Self { html: String::new(), text: String::new() });
        }
        if rendition.text.len() > MAX_STORED_BYTES {
            return too_long;
        }
        Ok(Self { html, text: rendition.text })
    }

    /// Takes back a body that [`Body::parse`] made, from storage. It is not sanitised again, so
    /// this must never see what a request brought.
    pub fn from_stored(stored: StoredBody) -> Self {
        Self { html: stored.html, text: stored.text }
    }

    /// The sanitised HTML, at most [`MAX_STORED_BYTES`]: a fragment for a block of a page.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// The plain-text rendition, at most [`MAX_STORED_BYTES`]: lines end with a line feed, entities
    /// are decoded, and a link shows its address where its text does not.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Writes `text` as HTML that shows it and nothing else, to be filled in between the tags of a
/// sanitised body, see [`Body::rendered`]. Control characters go, as they do from a body.
pub(crate) fn escape_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars().filter_map(tidy::clean) {
        tidy::escape_char(&mut escaped, c);
    }
    escaped
}

/// Shows the sizes only, since a debug print can end in a log.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes of HTML, {} of text)", self.html.len(), self.text.len())
    }
}

/// A body, and what it lost in becoming one.
#[derive(Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// The body.
    pub body: Body,
    /// What was removed, in order of first appearance: at most [`MAX_REMOVED`] kinds of things, and
    /// one entry `more` for the rest. It is for the sender, and holds no text of the message.
    pub removed: Vec<Removed>,
    /// The addresses of links that were dropped or cut, for those that may hold more than an address:
    /// see [`check_lost`](crate::placeholder::check_lost).
    pub(crate) addresses: Vec<String>,
}

/// Leaves the addresses out, since a debug print can end in a log.
impl fmt::Debug for Cleaned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { body, removed, addresses: _ } = self;
        f.debug_struct("Cleaned")
            .field("body", body)
            .field("removed", removed)
            .finish_non_exhaustive()
    }
}

/// The stored form of a [`Body`].
///
/// It is a type of its own, so that a request's JSON cannot become a [`Body`] by deserialising.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBody {
    /// See [`Body::html`].
    pub html: String,
    /// See [`Body::text`].
    pub text: String,
}

impl From<Body> for StoredBody {
    fn from(body: Body) -> Self {
        Self { html: body.html, text: body.text }
    }
}

/// Shows the sizes only, since a debug print can end in a log.
impl fmt::Debug for StoredBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredBody({} bytes of HTML, {} of text)", self.html.len(), self.text.len())
    }
}

/// The allow-list (product rule "Sending", 3).
static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let spans = HashSet::from(["colspan", "rowspan"]);
    let styles: HashSet<&str> = Alignment::ALL.into_iter().map(Alignment::style).collect();
    let styled = |tag| (tag, HashMap::from([("style", styles.clone())]));

    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from([
            "a", "b", "br", "del", "em", "i", "li", "ol", "p", "s", "strong", "table", "tbody",
            "td", "th", "thead", "tr", "u", "ul",
        ]))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .generic_attributes(HashSet::new())
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("td", spans.clone()),
            ("th", spans),
        ]))
        .tag_attribute_values(ALIGNED_TAGS.into_iter().map(styled).collect())
        .attribute_filter(|_, attribute, value| match attribute {
            "colspan" | "rowspan" if !is_span(value) => None,
            _ => Some(value.into()),
        })
        .url_schemes(HashSet::from(links::SCHEMES))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

#[cfg(test)]
mod tests;
