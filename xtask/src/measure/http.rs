//! As much of HTTP/1.1 as the measuring needs, on the loopback interface.

use std::io::{self, BufRead, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use crate::failure::{Doing as _, Result};

/// A request or an answer.
#[derive(Debug)]
pub struct Message {
    head: String,
    /// Its bytes as they came.
    pub raw: Vec<u8>,
    /// Its body without any framing.
    pub body: Vec<u8>,
}

impl Message {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The second word of the first line: a request's target, or an answer's status.
    pub fn second_word(&self) -> &str {
        self.head.split_ascii_whitespace().nth(1).unwrap_or_default()
    }

    fn is_answer(&self) -> bool {
        self.head.starts_with("HTTP/")
    }
}

/// Reads the next message; none where the other side has closed the connection.
pub fn read(stream: &mut impl BufRead) -> io::Result<Option<Message>> {
    let mut raw = Vec::new();
    while !line(stream, &mut raw)?.is_empty() {}
    if raw.is_empty() {
        return Ok(None);
    }
    let head = String::from_utf8_lossy(&raw).into_owned();
    let mut message = Message { head, raw, body: Vec::new() };
    let length = message.header("content-length").map(str::parse::<usize>).transpose();
    if message.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        read_chunks(stream, &mut message)?;
    } else if let Some(length) = length.map_err(io::Error::other)? {
        message.body = exactly(stream, length)?;
        message.raw.extend_from_slice(&message.body);
    } else if message.is_answer() {
        stream.read_to_end(&mut message.body)?;
        message.raw.extend_from_slice(&message.body);
    }
    Ok(Some(message))
}

/// The bytes of an answer.
pub fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head = format!("{head}{name}: {value}\r\n");
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// Answers requests on a free port for as long as this process lives. `None` closes the connection.
pub fn serve(
    answer: impl Fn(&Message) -> Option<Vec<u8>> + Send + Sync + 'static,
) -> Result<SocketAddr> {
    listen(move |stream| {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut writer = stream;
        while let Some(bytes) = read(&mut reader)?.as_ref().and_then(&answer) {
            writer.write_all(&bytes)?;
        }
        Ok(())
    })
}

/// Takes connections on a free port for as long as this process lives, each on a thread of its own. One
/// that breaks off is the other side's to notice.
pub fn listen(
    each: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> Result<SocketAddr> {
    let doing = "listening on the loopback interface";
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).doing(doing)?;
    let address = listener.local_addr().doing(doing)?;
    let each = Arc::new(each);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let each = Arc::clone(&each);
            thread::spawn(move || {
                let _broken_off = stream.set_nodelay(true).and_then(|()| each(stream));
            });
        }
    });
    Ok(address)
}

fn read_chunks(stream: &mut impl BufRead, message: &mut Message) -> io::Result<()> {
    loop {
        let size = line(stream, &mut message.raw)?;
        let digits = size.split(';').next().unwrap_or_default().trim();
        let length = usize::from_str_radix(digits, 16).map_err(io::Error::other)?;
        if length == 0 {
            while !line(stream, &mut message.raw)?.is_empty() {}
            return Ok(());
        }
        let chunk = exactly(stream, length)?;
        message.raw.extend_from_slice(&chunk);
        message.body.extend_from_slice(&chunk);
        line(stream, &mut message.raw)?;
    }
}

/// Reads a line, adds it to what came before it, and hands it back without its end. At the stream's end,
/// which is no fault only between messages, it is empty.
fn line(stream: &mut impl BufRead, raw: &mut Vec<u8>) -> io::Result<String> {
    let begun = raw.len();
    let length = stream.read_until(b'\n', raw)?;
    if length == 0 && begun > 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let read = raw.get(begun..).unwrap_or_default();
    Ok(String::from_utf8_lossy(read).trim_end().to_owned())
}

fn exactly(stream: &mut impl BufRead, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn messages_follow_each_other_and_keep_their_bytes() {
        let first = "POST /a HTTP/1.1\r\nHost: x\r\ncontent-length: 2\r\n\r\nhi";
        let second = "GET /b HTTP/1.1\r\n\r\n";
        let both = format!("{first}{second}");
        let mut stream = both.as_bytes();
        let message = read(&mut stream).unwrap().unwrap();
        assert_eq!((message.body.as_slice(), message.second_word()), (b"hi".as_slice(), "/a"));
        assert_eq!(message.raw, first.as_bytes());
        assert_eq!(message.header("HOST"), Some("x"));
        assert_eq!(read(&mut stream).unwrap().unwrap().raw, second.as_bytes());
        assert!(read(&mut stream).unwrap().is_none());
    }

    #[test]
    fn chunks_are_joined() {
        let raw =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n";
        let mut stream = raw.as_bytes();
        let message = read(&mut stream).unwrap().unwrap();
        assert_eq!(
            (message.body.as_slice(), message.raw.as_slice()),
            (b"abc".as_slice(), raw.as_bytes())
        );
        assert!(stream.is_empty());
    }

    #[test]
    fn what_breaks_off_is_an_error() {
        for broken in ["GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\ncontent-length: 3\r\n\r\nab"] {
            assert!(read(&mut broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
