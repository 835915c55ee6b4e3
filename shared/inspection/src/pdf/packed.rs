//! Streams that hold objects.

use std::io::Read as _;

use domain::file::Rejection;
use flate2::read::ZlibDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use super::lexer::{Dictionary, Lexer, Token, Value, is_white};
use crate::limits::Budget;

/// An object stream, or a table of objects in a stream.
pub struct Packed {
    start: usize,
    length: Option<usize>,
    /// Where in the unpacked bytes the first object stands, and how many there are, of an object stream.
    first: Option<(usize, usize)>,
    packing: Packing,
}

enum Packing {
    None,
    Deflate {
        /// How long a line is, where each is written as a difference to the one above.
        line: Option<usize>,
    },
    /// One that no program writes for objects.
    Unknown,
}

/// An object stream's bytes.
pub struct Unpacked {
    pub bytes: Vec<u8>,
    first: usize,
    count: usize,
}

impl Packed {
    /// `None` for streams of all else, such as pictures and fonts.
    pub fn of(dictionary: &Dictionary, start: usize) -> Option<Self> {
        let is_table = dictionary.get(b"Type").is_some_and(|value| value.is_name(b"XRef"));
        let is_object_stream = dictionary.get(b"First").is_some()
            || dictionary.get(b"Type").is_some_and(|value| value.is_name(b"ObjStm"));
        if !is_table && !is_object_stream {
            return None;
        }
        let size = |key| dictionary.get(key).and_then(Value::as_size);
        let first = size(b"First").zip(size(b"N"));
        let keys: [&[u8]; 6] = [b"Type", b"Filter", b"DecodeParms", b"First", b"N", b"Length"];
        // Some readers take these for the filter and its parameters, others for a file outside.
        let others: [&[u8]; 4] = [b"F", b"DP", b"FFilter", b"FDecodeParms"];
        let packing = if keys.iter().any(|key| dictionary.is_ambiguous(key))
            || others.iter().any(|key| dictionary.has(key))
            || (is_object_stream && first.is_none())
        {
            Packing::Unknown
        } else {
            Packing::of(dictionary)
        };
        Some(Self {
            start,
            length: dictionary.get(b"Length").and_then(Value::as_size),
            first: is_object_stream.then_some(first.unwrap_or_default()),
            packing,
        })
    }

    /// Unpacks an object stream; of a table, only counts what it would unpack to.
    ///
    /// Data that is not packed is spent from `copying`: streams that lie beside each other are not longer
    /// than the file.
    pub fn unpack(
        &self,
        file: &[u8],
        budget: &mut Budget,
        copying: &mut Budget,
    ) -> Result<Option<Unpacked>, Rejection> {
        let rest = file.get(self.start..).unwrap_or(&[]);
        // Some readers begin the data on the next line, whatever is left on this one; others take a
        // carriage return alone for the first byte of it.
        let data = rest.strip_prefix(b"\r").unwrap_or(rest).strip_prefix(b"\n");
        let Some((first, count)) = self.first else {
            // A table that cannot be read is made anew by every reader, so only its size matters.
            if let Packing::Deflate { .. } = self.packing {
                let data = data.unwrap_or(rest).trim_ascii_start();
                let mut table = ZlibDecoder::new(data).take(budget.left().saturating_add(1));
                let mut block = [0; 8192];
                while let Ok(length @ 1..) = table.read(&mut block) {
                    budget.spend(u64::try_from(length).unwrap_or(u64::MAX))?;
                }
            }
            return Ok(None);
        };
        let data = data.ok_or(Rejection::Damaged)?;
        let bytes = match self.packing {
            Packing::None => {
                let bytes = self.measured(data).ok_or(Rejection::Damaged)?;
                copying.spend(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
                bytes.to_vec()
            }
            Packing::Deflate { line } => {
                let bytes = inflated(data, budget)?;
                match line {
                    Some(line) => without_differences(&bytes, line).ok_or(Rejection::Damaged)?,
                    None => bytes,
                }
            }
            Packing::Unknown => return Err(Rejection::Damaged),
        };
        Ok(Some(Unpacked { bytes, first, count }))
    }

    /// The bytes of data that is not packed. Only with its length and the word that ends it do all
    /// readers agree on them.
    fn measured<'a>(&self, data: &'a [u8]) -> Option<&'a [u8]> {
        let (data, rest) = data.split_at_checked(self.length?)?;
        let blanks = rest.iter().take_while(|byte| is_white(**byte)).count();
        rest.get(blanks..)?.starts_with(b"endstream").then_some(data)
    }
}

/// Unpacks what tells its own end, wherever a length or a word says that it ends.
fn inflated(data: &[u8], budget: &mut Budget) -> Result<Vec<u8>, Rejection> {
    let mut bytes = Vec::new();
    let mut inflater = Decompress::new(true);
    let mut rest = data;
    loop {
        bytes.reserve(8192);
        let (taken, given) = (inflater.total_in(), inflater.total_out());
        let status = inflater
            .decompress_vec(rest, &mut bytes, FlushDecompress::None)
            .map_err(|_| Rejection::Damaged)?;
        let (taken, given) = (inflater.total_in() - taken, inflater.total_out() - given);
        budget.spend(given)?;
        match status {
            Status::StreamEnd => return Ok(bytes),
            // It goes on, and the file does not.
            _ if taken == 0 && given == 0 => return Err(Rejection::Damaged),
            _ => {
                let taken = usize::try_from(taken).unwrap_or(usize::MAX);
                rest = rest.get(taken..).unwrap_or(&[]);
            }
        }
    }
}

impl Packing {
    fn of(dictionary: &Dictionary) -> Self {
        let filters = one_or_all(dictionary.get(b"Filter"));
        match filters.as_slice() {
            [] => Self::None,
            [filter] if filter.is_name(b"FlateDecode") => {
                match one_or_all(dictionary.get(b"DecodeParms")).as_slice() {
                    [] | [Value::Other] => Self::Deflate { line: None },
                    [Value::Dictionary(parameters)] => Self::with(parameters),
                    _ => Self::Unknown,
                }
            }
            _ => Self::Unknown,
        }
    }

    fn with(parameters: &Dictionary) -> Self {
        let keys: [&[u8]; 4] = [b"Predictor", b"Columns", b"Colors", b"BitsPerComponent"];
        if keys.iter().any(|key| parameters.is_ambiguous(key)) {
            return Self::Unknown;
        }
        let number = |key: &[u8], otherwise: usize| match parameters.get(key) {
            Some(value) => value.as_size(),
            None => Some(otherwise),
        };
        let bits = number(b"Colors", 1).zip(number(b"BitsPerComponent", 8));
        match (number(b"Predictor", 1), number(b"Columns", 1), bits) {
            (Some(1), ..) => Self::Deflate { line: None },
            (Some(10..=15), Some(line @ 1..=65_536), Some((1, 8))) => {
                Self::Deflate { line: Some(line) }
            }
            _ => Self::Unknown,
        }
    }
}

/// What is one value or an array of them.
fn one_or_all(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(values)) => values.iter().collect(),
        Some(value) => vec![value],
    }
}

/// Undoes PNG's filters, for lines of one byte a column.
fn without_differences(bytes: &[u8], line_length: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut above = vec![0_u8; line_length];
    for line in bytes.chunks(line_length + 1) {
        let (filter, line) = line.split_first()?;
        let mut left = 0_u8;
        let mut corner = 0_u8;
        for (byte, up) in line.iter().zip(&mut above) {
            let predicted = match filter {
                0 => 0,
                1 => left,
                2 => *up,
                3 => left.midpoint(*up),
                4 => paeth(left, *up, corner),
                _ => return None,
            };
            corner = *up;
            left = byte.wrapping_add(predicted);
            *up = left;
            out.push(left);
        }
    }
    Some(out)
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |value: u8| (estimate - i16::from(value)).abs();
    if distance(left) <= distance(up) && distance(left) <= distance(corner) {
        left
    } else if distance(up) <= distance(corner) {
        up
    } else {
        corner
    }
}

impl Unpacked {
    /// Every name in it.
    pub fn names(&self, mut see: impl FnMut(&[u8])) {
        let mut lexer = Some(Lexer::new(&self.bytes, 0));
        while let Some(mut reading) = lexer {
            while let Some(token) = reading.token() {
                if let Token::Name(name) = token {
                    see(&name);
                }
            }
            lexer = reading.otherwise(0);
        }
    }

    /// The number and the place of each object, from the pairs of numbers at the beginning.
    pub fn members(&self) -> Result<Vec<(u32, usize)>, Rejection> {
        let mut lexer = Lexer::new(&self.bytes, 0);
        let mut members = Vec::new();
        for _ in 0..self.count {
            let (Some(Token::Integer(number)), Some(Token::Integer(offset))) =
                (lexer.token(), lexer.token())
            else {
                return Err(Rejection::Damaged);
            };
            let offset =
                usize::try_from(offset).ok().and_then(|offset| offset.checked_add(self.first));
            let number = u32::try_from(number).ok();
            members.push(number.zip(offset).ok_or(Rejection::Damaged)?);
        }
        Ok(members)
    }
}
