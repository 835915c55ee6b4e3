//! PDF's tokens, and objects made of them, from bytes that may be anything.

use domain::file::Rejection;

/// How deep arrays and dictionaries may stand in each other.
const MAX_DEPTH: usize = 100;

/// The most values in one object.
const MAX_VALUES: usize = 1_000_000;

/// A part of the text of an object.
#[derive(Debug, PartialEq)]
pub enum Token<'a> {
    /// A name, its `#xx` decoded.
    Name(Vec<u8>),
    Integer(i64),
    /// A string or a number with a fraction. Nothing here asks what is in it.
    Other,
    OpenArray,
    CloseArray,
    OpenDictionary,
    CloseDictionary,
    /// A bracket that opens or closes nothing, or a byte that is a blank to some. Each reader passes over
    /// it in its own way.
    Stray,
    /// `obj`, `R`, `stream`, `true` and all else that is written in letters.
    Word(&'a [u8]),
}

/// Takes tokens one by one from the place where it stands.
pub struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    broken_hex: BrokenHex,
    /// Whether a hexadecimal string held something else than digits.
    has_broken_hex: bool,
}

/// Where a hexadecimal string ends that holds something else than digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum BrokenHex {
    /// At its bracket, as most readers have it.
    AtBracket,
    /// Where it breaks.
    AtOnce,
}

impl<'a> Lexer<'a> {
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, broken_hex: BrokenHex::AtBracket, has_broken_hex: false }
    }

    /// Reads once more from a place, if there are broken strings, so that what either way of reading
    /// them shows is seen.
    pub fn otherwise(&self, at: usize) -> Option<Self> {
        let is_other = self.has_broken_hex && self.broken_hex == BrokenHex::AtBracket;
        is_other.then_some(Self {
            bytes: self.bytes,
            at,
            broken_hex: BrokenHex::AtOnce,
            has_broken_hex: false,
        })
    }

    /// Where it stands.
    pub fn at(&self) -> usize {
        self.at
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn while_next(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let length = rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or(&[])
    }

    fn next_is(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        if is {
            self.at += 1;
        }
        is
    }

    /// The next token, or `None` at the end.
    pub fn token(&mut self) -> Option<Token<'a>> {
        loop {
            let byte = self.peek()?;
            if is_regular(byte) {
                return Some(word(self.while_next(is_regular)));
            }
            self.at += 1;
            match byte {
                b'%' => {
                    self.while_next(|byte| !matches!(byte, b'\r' | b'\n'));
                }
                b'/' => return Some(Token::Name(decoded(self.while_next(is_regular)))),
                b'[' => return Some(Token::OpenArray),
                b']' => return Some(Token::CloseArray),
                b'(' => {
                    self.pass_string();
                    return Some(Token::Other);
                }
                b'<' if self.next_is(b'<') => return Some(Token::OpenDictionary),
                b'<' => {
                    self.pass_hex();
                    return Some(Token::Other);
                }
                b'>' if self.next_is(b'>') => return Some(Token::CloseDictionary),
                _ if is_white(byte) => {}
                _ => return Some(Token::Stray),
            }
        }
    }

    /// Passes over a hexadecimal string whose first bracket was taken.
    fn pass_hex(&mut self) {
        self.while_next(|byte| byte.is_ascii_hexdigit() || is_white(byte));
        if self.next_is(b'>') {
            return;
        }
        self.has_broken_hex = true;
        if self.broken_hex == BrokenHex::AtBracket {
            self.while_next(|byte| byte != b'>');
            self.next_is(b'>');
        }
    }

    /// Passes over a string whose first bracket was taken. Brackets in it come in pairs, or after a `\`.
    fn pass_string(&mut self) {
        let mut open = 1_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            if open == 0 {
                return;
            }
        }
    }
}

pub fn is_white(byte: u8) -> bool {
    matches!(byte, b'\0' | b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

pub fn is_regular(byte: u8) -> bool {
    let delimits =
        matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%');
    // These two are blanks to some readers, and letters to others.
    let is_blank_to_some = matches!(byte, 0x80 | 0xFF);
    !is_white(byte) && !delimits && !is_blank_to_some
}

fn word(letters: &[u8]) -> Token<'_> {
    let text = std::str::from_utf8(letters).unwrap_or_default();
    if let Ok(number) = text.parse() {
        return Token::Integer(number);
    }
    if text.parse::<f64>().is_ok_and(f64::is_finite) { Token::Other } else { Token::Word(letters) }
}

/// A name without its escapes: `/J#53` is `JS`.
pub fn decoded(name: &[u8]) -> Vec<u8> {
    let digit = |at: usize| name.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    let mut letters = Vec::with_capacity(name.len());
    let mut at = 0;
    while let Some(byte) = name.get(at) {
        let escaped = digit(at + 1).zip(digit(at + 2)).filter(|_| *byte == b'#');
        at += if escaped.is_some() { 3 } else { 1 };
        let value = escaped.and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
        letters.push(value.unwrap_or(*byte));
    }
    letters
}

/// A value as far as it matters here.
#[derive(Debug, PartialEq)]
pub enum Value {
    Name(Vec<u8>),
    Integer(i64),
    /// The number of another object.
    Reference(u32),
    Array(Vec<Value>),
    Dictionary(Dictionary),
    Other,
}

impl Value {
    pub fn as_reference(&self) -> Option<u32> {
        match self {
            Self::Reference(number) => Some(*number),
            _ => None,
        }
    }

    pub fn as_size(&self) -> Option<usize> {
        match self {
            Self::Integer(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    fn is_in_pairs(&self) -> bool {
        match self {
            Self::Dictionary(dictionary) => dictionary.is_in_pairs(),
            Self::Array(values) => values.iter().all(Self::is_in_pairs),
            Self::Name(_) | Self::Integer(_) | Self::Reference(_) | Self::Other => true,
        }
    }

    pub fn is_name(&self, name: &[u8]) -> bool {
        matches!(self, Self::Name(letters) if letters == name)
    }
}

/// Keys and values in turn, as they were written; of a broken dictionary, whatever was there.
#[derive(Debug, Default, PartialEq)]
pub struct Dictionary(Vec<Value>);

impl Dictionary {
    /// The values of a key: several, if it is written twice.
    fn all(&self, key: &[u8]) -> impl Iterator<Item = &Value> {
        let mut items = self.0.iter();
        std::iter::from_fn(move || {
            loop {
                if let Value::Name(name) = items.next()? {
                    let value = items.next()?;
                    if name == key {
                        return Some(value);
                    }
                }
            }
        })
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        self.all(key).next()
    }

    /// Whether keys and values take turns here and in every dictionary within: where they do not, two
    /// readers may pair them otherwise.
    fn is_in_pairs(&self) -> bool {
        self.0.len().is_multiple_of(2)
            && self.0.iter().step_by(2).all(|key| matches!(key, Value::Name(_)))
            && self.0.iter().all(Value::is_in_pairs)
    }

    /// Whether a key is there.
    pub fn has(&self, key: &[u8]) -> bool {
        self.0.iter().step_by(2).any(|name| name.is_name(key))
    }

    /// Whether the data is said to be in a file outside. Some programs write the filter's name there.
    pub fn is_outside(&self) -> bool {
        self.all(b"F").any(|value| !matches!(value, Value::Name(_) | Value::Array(_)))
    }

    /// Whether a key is written twice, so that two readers may read two dictionaries.
    pub fn is_ambiguous(&self, key: &[u8]) -> bool {
        self.all(key).nth(1).is_some()
    }
}

/// An object and what comes after it.
pub struct Object {
    pub value: Value,
    /// Where the data begins, if it is a stream: after the word.
    pub stream: Option<usize>,
    /// Whether every reader reads the same: one value, in which brackets close what they opened, keys
    /// and values take turns, and no word is unknown.
    pub is_plain: bool,
    /// Whether a name stands in it, or a bracket is open where it ends.
    pub has_part: bool,
}

/// Where an object ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// At the word that ends it, or where another begins.
    End,
    /// After one value: in an object stream there are no words.
    OneValue,
}

/// Reads the object that the lexer stands before, and shows each name in it to `see`.
///
/// It reads on where a stricter reader gives up, since a more lenient one would. The error is for what no reader should be asked to read.
pub fn read_object(
    lexer: &mut Lexer<'_>,
    until: Until,
    mut see: impl FnMut(&[u8]),
) -> Result<Option<Object>, Rejection> {
    let mut open: Vec<(bool, Vec<Value>)> = Vec::new();
    let mut items: Vec<Value> = Vec::new();
    let mut count = 0;
    let mut stream = None;
    let (mut is_plain, mut has_part) = (true, false);
    while let Some(token) = lexer.token() {
        count += 1;
        if count > MAX_VALUES {
            return Err(Rejection::ExpandsTooMuch);
        }
        match token {
            Token::Name(name) => {
                has_part = true;
                see(&name);
                items.push(Value::Name(name));
            }
            Token::Integer(number) => items.push(Value::Integer(number)),
            Token::OpenArray | Token::OpenDictionary => {
                if open.len() >= MAX_DEPTH {
                    return Err(Rejection::Damaged);
                }
                let is_dictionary = token == Token::OpenDictionary;
                open.push((is_dictionary, std::mem::take(&mut items)));
            }
            Token::CloseArray | Token::CloseDictionary => {
                if let Some((is_dictionary, outer)) = open.pop() {
                    is_plain &= is_dictionary == (token == Token::CloseDictionary);
                    let inner = std::mem::replace(&mut items, outer);
                    items.push(if is_dictionary {
                        Value::Dictionary(Dictionary(inner))
                    } else {
                        Value::Array(inner)
                    });
                } else {
                    is_plain = false;
                }
            }
            Token::Stray => is_plain = false,
            Token::Word(b"R") => is_plain &= reduce_reference(&mut items),
            Token::Word(b"obj") if open.is_empty() => break,
            Token::Word(b"endobj" | b"startxref" | b"xref" | b"trailer") if open.is_empty() => {
                break;
            }
            Token::Word(b"stream") => {
                stream = Some(lexer.at());
                has_part |= !open.is_empty();
                break;
            }
            // Without a line's end before the data, the word goes on for some readers.
            Token::Word([b's', b't', b'r', b'e', b'a', b'm', ..])
                if matches!(items.last(), Some(Value::Dictionary(_))) && open.is_empty() =>
            {
                stream = Some(lexer.at());
                is_plain = false;
                break;
            }
            Token::Word(word) => {
                is_plain &= matches!(word, b"true" | b"false" | b"null");
                items.push(Value::Other);
            }
            Token::Other => items.push(Value::Other),
        }
        // A number may be the first part of a reference.
        let is_begun = matches!(
            items.as_slice(),
            [] | [Value::Integer(_)] | [Value::Integer(_), Value::Integer(_)]
        );
        if until == Until::OneValue && open.is_empty() && !is_begun {
            break;
        }
    }
    is_plain &= !lexer.has_broken_hex
        && open.is_empty()
        && items.len() == 1
        && items.iter().all(Value::is_in_pairs);
    // What is open holds what came before it: the value is the first of all.
    let value = open.into_iter().next().map_or(items, |(_, outer)| outer).into_iter().next();
    let value = value.or_else(|| stream.map(|_| Value::Other));
    Ok(value.map(|value| Object { value, stream, is_plain, has_part }))
}

/// Turns two numbers into a reference to the first; whether there were two, and it can be one.
fn reduce_reference(items: &mut Vec<Value>) -> bool {
    if let [.., Value::Integer(number), Value::Integer(_)] = items.as_slice() {
        let reference = u32::try_from(*number).ok();
        items.truncate(items.len() - 2);
        items.push(reference.map_or(Value::Other, Value::Reference));
        reference.is_some()
    } else {
        false
    }
}
