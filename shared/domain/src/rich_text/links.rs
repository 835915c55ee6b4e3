//! Which addresses a link may have, and which typed text becomes a link.

use ammonia::Url;
use linkify::{LinkFinder, LinkKind};

/// The schemes that a link may have.
pub(super) const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// The longest typed text that can become a link, in bytes.
pub(super) const MAX_ADDRESS_BYTES: usize = 2_048;

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Segment<'t> {
    /// Text that is no address.
    Text(&'t str),
    /// A typed address, and the address that its link gets.
    Address(&'t str, String),
}

/// The address of a link, as a browser would understand `raw`, if it is one that a body may have.
///
/// Addresses relative to the page are refused, with or without a host: they would lead somewhere
/// else in each app. So are web addresses with a user name, which make one host look like another.
/// Mail links keep only their recipient: a hidden copy or a prepared text is not what the reader
/// sees.
pub(super) fn safe_address(raw: &str) -> Option<String> {
    judge(raw).map(|judged| judged.address)
}

/// An address that a link may have.
pub(super) struct Judged {
    /// The address.
    pub(super) address: String,
    /// Whether a part of it that means something was dropped.
    pub(super) was_cut: bool,
}

/// The same as [`safe_address`], and whether that was all of `raw`.
pub(super) fn judge(raw: &str) -> Option<Judged> {
    let mut url = Url::parse(raw).ok()?;
    let mut was_cut = false;
    match url.scheme() {
        "http" | "https" if url.username().is_empty() && url.password().is_none() => {}
        "mailto" | "tel" if !url.path().is_empty() => {
            was_cut = [url.query(), url.fragment()].iter().flatten().any(|part| !part.is_empty());
            url.set_query(None);
            url.set_fragment(None);
        }
        _ => return None,
    }
    let address = String::from(url);
    let unchanged = Url::parse(&address).is_ok_and(|again| again.as_str() == address);
    unchanged.then_some(Judged { address, was_cut })
}

/// The scheme that a browser finds in an address, if it has one.
pub(super) fn scheme(raw: &str) -> Option<String> {
    if let Ok(url) = Url::parse(raw) {
        return Some(url.scheme().to_owned());
    }
    // An address with a scheme can be wrong in the rest of it.
    let (scheme, _) = raw.split_once(':')?;
    let scheme: String = scheme
        .trim_start_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let is_one = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-'));
    is_one.then_some(scheme)
}

/// The address that a typed text stands for, if the whole text is a web address: one with a scheme,
/// or one that begins with `www.`. Other names with a dot in them are not taken for addresses,
/// since a missing space after a full stop makes one too.
pub(super) fn typed_address(text: &str) -> Option<String> {
    let begins_with = |prefix: &str| {
        text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if begins_with("http://") || begins_with("https://") {
        safe_address(text)
    } else if begins_with("www.") {
        safe_address(&format!("https://{text}"))
    } else {
        None
    }
}

/// Splits `text` at the web addresses in it.
///
/// Whether a part is an address depends on that part alone, as it will when the body is parsed
/// again and the links around it are links already. So each word is searched on its own, and what
/// stands before an address in it once more. The finder's time can grow with the square of a word,
/// so words longer than [`MAX_ADDRESS_BYTES`] are not searched.
pub(super) fn split(text: &str) -> Vec<Segment<'_>> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(false);

    let mut segments = Vec::new();
    let mut plain_from = 0;
    let mut word_from = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        if word.len() <= MAX_ADDRESS_BYTES {
            for (start, end, address) in addresses(&finder, word) {
                let (start, end) = (word_from + start, word_from + end);
                segments.extend(
                    text.get(plain_from..start).filter(|s| !s.is_empty()).map(Segment::Text),
                );
                segments.extend(text.get(start..end).map(|typed| Segment::Address(typed, address)));
                plain_from = end;
            }
        }
        word_from += word.len();
    }
    segments.extend(text.get(plain_from..).filter(|s| !s.is_empty()).map(Segment::Text));
    segments
}

/// The web addresses in `word`: where each starts and ends in bytes, and the address it stands for.
fn addresses(finder: &LinkFinder, word: &str) -> Vec<(usize, usize, String)> {
    let mut found = Vec::new();
    // Parts of the word that are still to be searched; the last one is the next.
    let mut parts = vec![(0, word.len())];
    while let Some((from, to)) = parts.pop() {
        let part = word.get(from..to).unwrap_or_default();
        let first = finder.links(part).find_map(|link| {
            typed_address(link.as_str())
                .map(|address| (from + link.start(), from + link.end(), address))
        });
        if let Some((start, end, address)) = first {
            parts.extend([(end, to), (from, start)]);
            found.push((start, end, address));
        }
    }
    found.sort_by_key(|(start, ..)| *start);
    found
}
