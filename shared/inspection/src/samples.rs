//! Small files of every type, made here, for the tests.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use domain::file::{FileType, Rejection};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::{Promise, fingerprint, inspect};

/// What becomes of bytes that were promised as what they are.
pub fn verdict(file_type: FileType, bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    let promise = Promise { file_type, length: bytes.len() as u64, sha256: fingerprint(bytes) };
    let inspected = inspect(&promise, bytes.to_vec())?;
    assert_eq!(inspected.sha256, fingerprint(&inspected.bytes));
    Ok(inspected.bytes)
}

/// A file of each type that passes.
pub fn all() -> Vec<(FileType, Vec<u8>)> {
    vec![
        (FileType::Pdf, pdf(&[])),
        (FileType::Jpeg, jpeg(&[])),
        (FileType::Png, png(&[])),
        (FileType::Gif, gif(2)),
        (FileType::Webp, webp()),
        (FileType::Docx, docx(&[])),
        (FileType::Xlsx, xlsx()),
        (FileType::Pptx, pptx()),
        (FileType::Odt, odf(FileType::Odt, &[])),
        (FileType::Ods, odf(FileType::Ods, &[])),
        (FileType::Odp, odf(FileType::Odp, &[])),
        (FileType::Text, "Grüße, 37.5 °C\r\n".as_bytes().to_vec()),
        (FileType::Csv, b"name;dose\r\nA;5 mg\r\n".to_vec()),
    ]
}

pub fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], length.as_slice(), data].concat()
}

/// Two blocks of 8 by 8 pixels, one light and one dark, after the given segments.
pub fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    let mut dc = [0; 19];
    dc[2] = 2;
    dc[18] = 7;
    let mut ac = [0; 18];
    ac[0] = 0x10;
    ac[1] = 1;
    let mut bytes = vec![0xFF, 0xD8];
    bytes.extend(segments.concat());
    bytes.extend(segment(0xDB, &[vec![0], vec![1; 64]].concat()));
    bytes.extend(segment(0xC0, &[8, 0, 8, 0, 16, 1, 1, 0x11, 0]));
    bytes.extend(segment(0xC4, &dc));
    bytes.extend(segment(0xC4, &ac));
    bytes.extend(segment(0xDA, &[1, 1, 0, 0, 63, 0]));
    bytes.extend([0x72, 0x13, 0x6F, 0xFF, 0xD9]);
    bytes
}

pub fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(name);
    crc.update(data);
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [length.as_slice(), name, data, &crc.sum().to_be_bytes()].concat()
}

pub fn png_header(width: u32, height: u32) -> Vec<u8> {
    let data =
        [&width.to_be_bytes(), &height.to_be_bytes(), [8, 0, 0, 0].as_slice(), &[0]].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &data)].concat()
}

/// Three grey pixels in two lines, with the given chunks before the data.
pub fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
    let lines = [0, 1, 2, 3, 1, 4, 5, 6];
    [png_header(3, 2), chunks.concat(), chunk(b"IDAT", &deflated(&lines)), chunk(b"IEND", &[])]
        .concat()
}

pub fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn gif(frames: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, 4, 2, &[0, 0, 0, 255, 255, 255]).unwrap();
    encoder.set_repeat(gif::Repeat::Infinite).unwrap();
    for _ in 0..frames {
        let pixels = vec![0, 1, 0, 1, 1, 0, 1, 0];
        encoder.write_frame(&gif::Frame::from_indexed_pixels(4, 2, pixels, None)).unwrap();
    }
    drop(encoder);
    bytes
}

pub fn webp() -> Vec<u8> {
    let mut bytes = Vec::new();
    image_webp::WebPEncoder::new(&mut bytes)
        .encode(&[7; 4 * 3 * 3], 4, 3, image_webp::ColorType::Rgb8)
        .unwrap();
    bytes
}

/// A document of one page with further objects, which nothing refers to.
pub fn pdf(objects: &[&str]) -> Vec<u8> {
    let mut text = "%PDF-1.7\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n\
                    2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n\
                    3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>> endobj\n"
        .to_owned();
    for (at, object) in objects.iter().enumerate() {
        writeln!(text, "{} 0 obj {object} endobj", at + 4).unwrap();
    }
    text.push_str("trailer <</Root 1 0 R>>\nstartxref\n0\n%%EOF\n");
    text.into_bytes()
}

/// The same, with a stream.
pub fn pdf_with_stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = pdf(&[]);
    let end = bytes.split_off(crate::reader::find(&bytes, b"trailer").unwrap());
    bytes.extend(format!("9 0 obj <<{dictionary}/Length {}>> stream\n", data.len()).bytes());
    bytes.extend(data);
    bytes.extend(b"\nendstream endobj\n");
    bytes.extend(end);
    bytes
}

/// An archive; a name that begins with `!` is stored, others are packed.
pub fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        let method = match name.strip_prefix('!') {
            Some(_) => zip::CompressionMethod::Stored,
            None => zip::CompressionMethod::Deflated,
        };
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(name.trim_start_matches('!'), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const KINDS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// The parts of a document whose main part has this name and content type.
fn ooxml(main: &str, content_type: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let types = format!(
        "<?xml version=\"1.0\"?><Types><Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/{main}\" ContentType=\"{content_type}\"/></Types>"
    );
    let links = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{KINDS}/officeDocument\" Target=\"{main}\"/>\
         </Relationships>"
    );
    let mut parts: Vec<(&str, &[u8])> =
        vec![("[Content_Types].xml", types.as_bytes()), ("_rels/.rels", links.as_bytes())];
    if !more.iter().any(|(name, _)| *name == main) {
        parts.push((main, b"<document>text</document>"));
    }
    parts.extend(more);
    archive(&parts)
}

/// The main content type of a Word document.
pub const WORD: &str = "wordprocessingml.document.main+xml";

pub fn docx_of(kind: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let kind = format!("application/vnd.openxmlformats-officedocument.{kind}");
    ooxml("word/document.xml", &kind, more)
}

pub fn docx(more: &[(&str, &[u8])]) -> Vec<u8> {
    docx_of(WORD, more)
}

pub fn xlsx() -> Vec<u8> {
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
    ooxml("xl/workbook.xml", kind, &[("xl/printerSettings/printerSettings1.bin", b"\0\x01")])
}

pub fn pptx() -> Vec<u8> {
    let kind = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml";
    ooxml("ppt/presentation.xml", kind, &[])
}

/// A part that refers to something.
pub fn relationship(kind: &str, target: &str, mode: &str) -> Vec<u8> {
    format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{KINDS}/{kind}\" Target=\"{target}\" {mode}/>\
         </Relationships>"
    )
    .into_bytes()
}

pub fn odf(file_type: FileType, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("!mimetype", file_type.media_type().as_bytes()),
        ("META-INF/manifest.xml", b"<manifest:manifest xmlns:manifest=\"m\"/>"),
    ];
    if !more.iter().any(|(name, _)| *name == "content.xml") {
        parts.push(("content.xml", b"<office:document-content xmlns:office=\"o\"/>"));
    }
    parts.extend(more);
    archive(&parts)
}
