//! Where a list goes on, as text that only this list of this caller takes back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::actor::Actor;
use domain::refusal::{Code, Refusal};
use sha2::{Digest as _, Sha256};

/// The longest cursor that is read, in bytes of its text.
pub const MAX_CURSOR_BYTES: usize = 1024;

/// The layout: this version, the seal, the position.
const VERSION: u8 = 1;
const SEAL_BYTES: usize = 8;

/// The list that a cursor belongs to: whose, which, and how filtered.
#[derive(Clone)]
pub struct Scope(Sha256);

impl Scope {
    /// The scope of the list `list` of `actor`, with its filters' values as one text.
    ///
    /// `list` names the path's ids too. The page's size is in neither: it may change from page to
    /// page.
    pub fn new(actor: &Actor, list: &str, filters: &str) -> Self {
        let mut scope = Self(Sha256::new());
        scope.add(&actor.unique_name());
        scope.add(list);
        scope.add(filters);
        scope
    }

    /// Each part's length goes before it, so that no two lists of parts run together.
    fn add(&mut self, part: &str) {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part.as_bytes());
    }

    /// The seal covers the position as well, so that a cursor that was cut off is noticed.
    fn seal(&self, position: &str) -> Vec<u8> {
        let mut sealed = self.clone();
        sealed.add(position);
        sealed.0.finalize().into_iter().take(SEAL_BYTES).collect()
    }
}

/// Writes and reads cursors, in URL-safe base64 without padding.
///
/// The seal catches mix-ups and damage; it is no secret. What keeps a caller inside their own lists
/// is that a position is only ever used within the partition that was authorized for this call.
pub struct Cursor;

impl Cursor {
    /// The cursor of a position in a list.
    pub fn encode(scope: &Scope, position: &str) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(scope.seal(position));
        bytes.extend(position.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position of a cursor, if it was given out for this list and arrived whole.
    pub fn decode(scope: &Scope, text: &str) -> Result<String, Refusal> {
        let position = (text.len() <= MAX_CURSOR_BYTES)
            .then(|| URL_SAFE_NO_PAD.decode(text).ok())
            .flatten()
            .and_then(|bytes| {
                let (version, rest) = bytes.split_first()?;
                let (seal, position) = rest.split_at_checked(SEAL_BYTES)?;
                let position = std::str::from_utf8(position).ok()?;
                (*version == VERSION && scope.seal(position) == seal).then(|| position.to_owned())
            });
        position.ok_or_else(|| Refusal::at(Code::InvalidCursor, "cursor"))
    }
}
