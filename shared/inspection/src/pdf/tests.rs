#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use domain::file::{FileType, Rejection};
use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::samples::{deflated, pdf, pdf_with_stream, verdict};

fn inspect(bytes: &[u8]) -> Result<(), Rejection> {
    verdict(FileType::Pdf, bytes).map(|stored| assert_eq!(stored, bytes))
}

/// A document whose object stream holds these objects, packed.
fn in_object_stream(objects: &[&str]) -> Vec<u8> {
    let mut pairs = String::new();
    let mut offset = 0;
    for (at, object) in objects.iter().enumerate() {
        write!(pairs, "{} {offset} ", at + 20).unwrap();
        offset += object.len() + 1;
    }
    let count = objects.len();
    let packed = deflated(format!("{pairs}{}", objects.join(" ")).as_bytes());
    let dictionary = format!("/Type/ObjStm/N {count}/First {}/Filter/FlateDecode", pairs.len());
    pdf_with_stream(&dictionary, &packed)
}

const HOSTILE: [(&str, Rejection); 22] = [
    ("<</S/JavaScript/JS(app.alert(1))>>", Rejection::HasScript),
    ("<</S/J#61vaScript/JS(1)>>", Rejection::HasScript),
    ("<</S/#4a#61#76#61#53#63#72#69#70#74>>", Rejection::HasScript),
    ("<</S/Rendition/J#53(1)>>", Rejection::HasScript),
    ("[<</A[<</#4A#53 5 0 R>>]>>]", Rejection::HasScript),
    ("<</Names<</JavaScript 5 0 R>>>>", Rejection::HasScript),
    ("<</AcroForm<</XFA[(a) 5 0 R]>>>>", Rejection::HasScript),
    ("<</Subtype/3D/OnInstantiate 5 0 R>>", Rejection::HasScript),
    ("<</S/Launch/F(cmd.exe)>>", Rejection::HasAction),
    ("<</S/SubmitForm/F(http://x.example)>>", Rejection::HasAction),
    ("<</S/ImportData/F(x)>>", Rejection::HasAction),
    ("<</S/GoToE/T 5 0 R>>", Rejection::HasAction),
    ("<</S/GoToR/F(\\\\\\\\x\\\\y)>>", Rejection::HasAction),
    ("<</Subtype/RichMedia>>", Rejection::HasAction),
    ("<</Subtype/Movie/Movie<</F(x)>>>>", Rejection::HasAction),
    ("<</S/Sound/Sound 5 0 R>>", Rejection::HasAction),
    ("/Launch", Rejection::HasAction),
    ("<</Type/EmbeddedFile>>", Rejection::HasEmbeddedFile),
    ("<</Names<</Embedded#46iles 5 0 R>>>>", Rejection::HasEmbeddedFile),
    ("<</Type/Filespec/EF<</F 5 0 R>>>>", Rejection::HasEmbeddedFile),
    ("<</Subtype/FileAttachment>>", Rejection::HasEmbeddedFile),
    ("<</Collection<</View/D>>>>", Rejection::HasEmbeddedFile),
];

#[test]
fn what_acts_or_carries_is_found_wherever_it_stands() {
    for (object, rejection) in HOSTILE {
        let refused = Err(rejection);
        assert_eq!(inspect(&pdf(&[object])), refused, "{object}");
        assert_eq!(inspect(&in_object_stream(&["<<>>", object])), refused, "packed {object}");
        let unpacked =
            pdf_with_stream("/N 1/First 4/Type/ObjStm", format!("7 0 {object}").as_bytes());
        assert_eq!(inspect(&unpacked), refused, "in an object stream {object}");
        // Where only a table of objects that lies would send a reader.
        for hidden in [
            pdf_with_stream("", format!("7 0 obj {object} endobj").as_bytes()),
            pdf(&[&format!("({} 7 0 obj {object} endobj)", '\\')]),
            pdf(&[&format!("% 7 0 obj {object} endobj\n null")]),
        ] {
            assert_eq!(inspect(&hidden), refused, "hidden {object}");
        }
        // With a mistake that some readers forgive.
        assert_eq!(inspect(&pdf(&[&format!("<< /A ) endobj > /B {object}")])), refused, "{object}");
    }
}

#[test]
fn links_within_and_to_the_web_are_no_actions() {
    let usual = [
        "<</S/URI/URI(https://clinic.example/Web/JavaScript)>>",
        "<</S/GoTo/D[3 0 R/Fit]>>",
        "<</OpenAction[3 0 R/XYZ 0 0 0]/Subtype/Link/BaseFont/ABCDEF+JSerif>>",
        "<</Type/Metadata/Name/Launcher/JSX 1/EFG 2>>",
        "[(JS) (XFA) <4A53> 1.5 -7 true null 5 0 R]",
    ];
    assert_eq!(inspect(&pdf(&usual)), Ok(()));
    assert_eq!(inspect(&in_object_stream(&usual)), Ok(()));
    let content = pdf_with_stream("", b"BT (the objective, an object, obj. and trailers) Tj ET");
    assert_eq!(inspect(&content), Ok(()));
}

#[test]
fn a_document_with_a_password_is_refused_even_if_it_is_empty() {
    let mut text = String::from_utf8(pdf(&["<</S/JavaScript>>"])).unwrap();
    text = text.replace("trailer <<", "trailer <</Encrypt 9 0 R");
    assert_eq!(inspect(text.as_bytes()), Err(Rejection::Encrypted));
    let table = pdf_with_stream("/Type/XRef/#45ncrypt 5 0 R/Filter/FlateDecode", b"locked");
    assert_eq!(inspect(&table), Err(Rejection::Encrypted));
}

#[test]
fn a_bomb_in_a_stream_of_objects_is_stopped() {
    let zeros = deflated(&vec![b' '; 140 * 1024 * 1024]);
    let objects = pdf_with_stream("/Type/ObjStm/N 0/First 0/Filter/FlateDecode", &zeros);
    assert_eq!(inspect(&objects), Err(Rejection::ExpandsTooMuch));
    let table = pdf_with_stream("/Type/XRef/W[1 2 1]/Filter[/FlateDecode]", &zeros);
    assert_eq!(inspect(&table), Err(Rejection::ExpandsTooMuch));
}

#[test]
fn object_streams_that_two_readers_may_read_otherwise_are_damaged() {
    for dictionary in [
        "/Type/ObjStm/First 0/Filter[/ASCIIHexDecode/FlateDecode]",
        "/Type/ObjStm/First 0/Filter/LZWDecode",
        "/Type/ObjStm/First 0/Filter 5 0 R",
        "/Type/ObjStm/First 0/Filter/FlateDecode",
        "/Type/ObjStm/First 0/First 9",
    ] {
        let bytes = pdf_with_stream(dictionary, b"not packed");
        assert_eq!(inspect(&bytes), Err(Rejection::Damaged), "{dictionary}");
    }
}

/// A bracket or a word that belongs to nothing moves keys and values against each other in one reader
/// and not in another.
#[test]
fn no_dictionary_of_a_stream_is_paired_in_two_ways() {
    let packed = deflated(b"5 0 <</OpenAction<</S/JavaScript/JS(1)>>>>");
    let hidden = "/Type/ObjStm/N 1/First 4/Filter/FlateDecode";
    let found = inspect(&pdf_with_stream(hidden, &packed));
    assert_eq!(found, Err(Rejection::HasScript), "to begin with");
    for before in ["/X R", "/X 1 R", "/X {", "/X }", "/X >", "/X )", "/X", "/X word", "7", "/X]"] {
        for dictionary in [
            format!("{before}{hidden}"),
            format!("{before} {hidden}"),
            format!("/Type/ObjStm/N 1/First 4 {before} /Filter/FlateDecode"),
            format!("/DecodeParms<<{before} /Predictor 1>>{hidden}"),
        ] {
            let refused = inspect(&pdf_with_stream(&dictionary, &packed));
            assert_eq!(refused, Err(Rejection::Damaged), "{dictionary}");
        }
    }
    for dictionary in [
        // The filter under a name that some readers know, and a file outside.
        "/Type/ObjStm/N 1/First 4/F/FlateDecode",
        "/Type/ObjStm/N 1/First 4/Filter/FlateDecode/DP<</Predictor 1>>",
        "/Type/ObjStm/N 1/First 4/Filter/FlateDecode/FFilter/FlateDecode/F(x)",
        // Where the objects begin is in another object, or said twice.
        "/Type/ObjStm/N 1/First 8 0 R/Filter/FlateDecode",
        "/Type/ObjStm/N 1/Filter/FlateDecode",
        "/Type/XRef/Type/ObjStm/N 1/First 4/Filter/FlateDecode",
        "/N 1/N 2/Type/ObjStm/First 4/Filter/FlateDecode",
    ] {
        let refused = inspect(&pdf_with_stream(dictionary, &packed));
        assert_eq!(refused, Err(Rejection::Damaged), "{dictionary}");
    }
    // Something else in front of the dictionary.
    let mut bytes = pdf_with_stream(hidden, &packed);
    let at = crate::reader::find(&bytes, b"9 0 obj ").unwrap() + 8;
    bytes.splice(at..at, *b"null ");
    assert_eq!(inspect(&bytes), Err(Rejection::Damaged));
}

#[test]
fn no_word_and_no_count_hides_where_an_object_stream_or_its_objects_begin() {
    let packed = deflated(b"5 0 <</OpenAction<</S/JavaScript/JS(1)>>>>");
    let hidden = "/Type/ObjStm/N 1/First 4/Filter/FlateDecode";
    for dictionary in [
        format!("/X obj {hidden}"),
        format!("{hidden}/X obj"),
        "/First 4/N 1 /X obj /Type/ObjStm/Filter/FlateDecode".to_owned(),
        format!("{hidden}/X[<<]>>/Y["),
        format!("{hidden}/X endobj"),
    ] {
        let refused = inspect(&pdf_with_stream(&dictionary, &packed)).is_err();
        assert!(refused, "{dictionary}");
    }
    let of = |dictionary: &str, objects: &[u8]| {
        let dictionary = format!("/Type/ObjStm/Filter/FlateDecode{dictionary}");
        inspect(&pdf_with_stream(&dictionary, &deflated(objects)))
    };
    // Behind a bracket that opens a text for who begins at the front.
    let objects = b"5 6 ( <</S/Rendition/JS 7 0 R>>";
    assert_eq!(of("/N 1/First 0", objects), Err(Rejection::HasScript));
    assert_eq!(of("/N 1/First 4", b"5 2.0 ( <</S/Rendition/JS 7 0 R>>"), Err(Rejection::Damaged));
    assert_eq!(of("/N 2/First 4", b"5 0 <<>>"), Err(Rejection::Damaged));
    assert_eq!(of("/First 4", b"5 0 <<>>"), Err(Rejection::Damaged));
    // The data begins on the next line.
    let mut bytes = pdf_with_stream("/Type/ObjStm/N 1/First 4", b"5 0 <<>>");
    let at = crate::reader::find(&bytes, b"stream\n").unwrap() + 6;
    bytes.splice(at..at, *b" 9 0 (");
    assert_eq!(inspect(&bytes), Err(Rejection::Damaged));
}

/// Replaces each `@` by a byte that is a blank to some readers.
fn with_blank(text: &[u8], blank: u8) -> Vec<u8> {
    text.iter().map(|byte| if *byte == b'@' { blank } else { *byte }).collect()
}

#[test]
fn no_byte_and_no_word_that_some_readers_pass_over_hides_a_name() {
    for blank in [0x80, 0xFF] {
        let name = with_blank(&pdf(&["<</S/Rendition/JS@(1)>>"]), blank);
        assert_eq!(inspect(&name), Err(Rejection::HasScript));
        let packed = deflated(b"5 0 <</S/Rendition/JS(1)>>");
        let mut bytes = pdf_with_stream("/Type@/ObjStm/N@1/First@4/Filter@/FlateDecode", b"");
        bytes = with_blank(&bytes, blank);
        let at = crate::reader::find(&bytes, b"stream\n").unwrap() + 7;
        bytes.splice(at..at, packed);
        assert_eq!(inspect(&bytes), Err(Rejection::Damaged));
    }
    for object in [
        "<<stream/S/Rendition/JS 5 0 R>>",
        "<</X obj/S/Rendition/JS 5 0 R>>",
        // In a broken string, and behind it.
        "<</X<4A( >/S/Rendition/JS 5 0 R>>",
        "<</X<4A/S/Rendition/JS 5 0 R>>",
        "<</X<4A<</S/Rendition/JS 5 0 R>>",
    ] {
        assert!(inspect(&pdf(&[object])).is_err(), "{object}");
        assert!(inspect(&in_object_stream(&["<<>>", object])).is_err(), "packed {object}");
    }
    // The text of a document that speaks of such things.
    let text = pdf_with_stream("", b"<x>an obj in a </x> or </y> and a 'stream'</x>");
    assert_eq!(inspect(&text), Ok(()));
}

#[test]
fn the_dictionary_of_an_object_stream_ends_where_its_bracket_does() {
    let packed = deflated(b"5 0 <</S/Rendition/JS(1)>>");
    let hidden = "/Type/ObjStm/N 1/First 4/Filter/FlateDecode";
    let whole = pdf_with_stream(hidden, &packed);
    let dictionary = format!("<<{hidden}/Length {}>> stream\n", packed.len());
    let at = crate::reader::find(&whole, dictionary.as_bytes()).unwrap();
    let with = |dictionary: String| {
        let mut bytes = whole.clone();
        bytes.splice(at..at + length_of(&whole, at), dictionary.into_bytes());
        inspect(&bytes)
    };
    let length = packed.len();
    assert_eq!(with(dictionary.clone()), Err(Rejection::HasScript), "to begin with");
    for changed in [
        format!("<</Length {length}{hidden}/X obj>> stream\n"),
        format!("<</Length {length}{hidden}/X stream>> stream\n"),
        format!("<</Length {length}{hidden}>> stream"),
        format!("<</Length {length}{hidden}>> stream\r"),
        format!("<</Length {length}{hidden}>> stream \n"),
        format!("<</Length {length}{hidden}/DecodeParms 4294967301 0 R>> stream\n"),
        format!("<</Length {length}{hidden}/DecodeParms<</Predictor 1/Predictor 12>>>> stream\n"),
    ] {
        assert_eq!(with(changed.clone()), Err(Rejection::Damaged), "{changed:?}");
    }
    // A key, a filter and a type under escapes, and an array of one filter.
    for same in [
        format!("<</Length {length}/Type/Obj#53tm/N 1/F#69rst 4/F#69lter/Flate#44ecode>> stream\n"),
        "<</Length 1/N 1/First 4%>>\n/Filter[/FlateDecode]/X(>> stream)>> stream\r\n".to_owned(),
        format!("<</Length 8 0 R{hidden}>> stream\n"),
        "<</Type 8 0 R/N 1/First 4/Filter/FlateDecode>> stream\n".to_owned(),
    ] {
        assert_eq!(with(same.clone()), Err(Rejection::HasScript), "{same:?}");
    }
}

/// How long the head of a stream is, up to its data.
fn length_of(bytes: &[u8], at: usize) -> usize {
    crate::reader::find(&bytes[at..], b"stream\n").unwrap() + 7
}

#[test]
fn an_object_stream_ends_where_it_says_itself() {
    let objects = b"5 0 6 12 (endstream)  <</S/Rendition/JS 7 0 R>>";
    let mut stored = ZlibEncoder::new(Vec::new(), Compression::none());
    stored.write_all(objects).unwrap();
    let stored = stored.finish().unwrap();
    let deflate = "/Type/ObjStm/N 2/First 9/Filter/FlateDecode";
    let lying = |dictionary: &str, data: &[u8], length: &str| {
        let mut bytes = pdf_with_stream(dictionary, data);
        let said = format!("/Length {}", data.len());
        let at = crate::reader::find(&bytes, said.as_bytes()).unwrap();
        bytes.splice(at..at + said.len(), length.bytes());
        inspect(&bytes)
    };
    for length in ["", "/Length 8 0 R", "/Length 3", "/Length -1", "/Length 9999999"] {
        assert_eq!(lying(deflate, &stored, length), Err(Rejection::HasScript), "{length}");
        // Without packing, nothing but the length tells the end.
        let refused = lying("/Type/ObjStm/N 2/First 9", objects, length);
        assert_eq!(refused, Err(Rejection::Damaged), "{length}");
    }
    let unpacked = pdf_with_stream("/Type/ObjStm/N 2/First 9", objects);
    assert_eq!(inspect(&unpacked), Err(Rejection::HasScript));
    let cut_off = &stored[..stored.len() - 20];
    assert_eq!(inspect(&pdf_with_stream(deflate, cut_off)), Err(Rejection::Damaged));
}

#[test]
fn object_streams_that_lie_in_each_other_are_not_read_over_and_over() {
    let started = Instant::now();
    let open = "<</N 0/First 0>>stream\n";
    assert_eq!(inspect(&pdf(&vec![open; 20_000])), Err(Rejection::Damaged));
    // Each says that it reaches to the same end.
    let mut bytes = pdf(&[]);
    let end = bytes.split_off(crate::reader::find(&bytes, b"trailer").unwrap());
    let head =
        |length: usize| format!("9 0 obj<</N 0/First 0/Length {length:08}>>stream\n").into_bytes();
    for at in (0..20_000).rev() {
        bytes.extend(head(at * head(0).len()));
    }
    bytes.extend(b"endstream endobj\n");
    bytes.extend(end);
    assert_eq!(inspect(&bytes), Err(Rejection::ExpandsTooMuch));
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn data_in_a_file_outside_is_an_action() {
    for value in ["(http://x.example/a)", "<</FS/URL/F(x)>>", "8 0 R"] {
        let bytes = pdf_with_stream(&format!("/Type/XObject/F {value}"), b"");
        assert_eq!(inspect(&bytes), Err(Rejection::HasAction), "{value}");
    }
    assert_eq!(inspect(&pdf_with_stream("/F/FlateDecode", b"")), Ok(()));
}

#[test]
fn a_name_is_seen_wherever_in_the_packed_objects_a_reader_begins() {
    let packed = deflated(b"5 0 <<>> endobj <</S/Rendition/JS(1)>>");
    let dictionary = "/Type/ObjStm/N 1/First 4/Filter/FlateDecode";
    let found = inspect(&pdf_with_stream(dictionary, &packed));
    assert_eq!(found, Err(Rejection::HasScript));
}

#[test]
fn differences_between_lines_are_undone() {
    // `7 0 /J` and `S     `, the second line written as the difference to the first.
    let above = b"7 0 /J";
    let line: Vec<u8> = b"S     ".iter().zip(above).map(|(a, b)| a.wrapping_sub(*b)).collect();
    let lines = [&[0], above.as_slice(), &[2], &line].concat();
    let dictionary = "/Type/ObjStm/N 1/First 4/Filter/FlateDecode\
                      /DecodeParms<</Predictor 12/Columns 6>>";
    let bytes = pdf_with_stream(dictionary, &deflated(&lines));
    assert_eq!(inspect(&bytes), Err(Rejection::HasScript));
}

#[test]
fn what_is_cut_off_or_has_no_page_is_damaged_and_what_goes_on_is_two_files() {
    let whole = pdf(&["<<>>"]);
    for length in 8..whole.len() - 1 {
        assert_eq!(inspect(&whole[..length]), Err(Rejection::Damaged), "{length}");
    }
    for blank in ["\r\n", "\0\0\0", " \n "] {
        assert_eq!(inspect(&[whole.as_slice(), blank.as_bytes()].concat()), Ok(()));
    }
    let behind = [whole.as_slice(), b"<script>"].concat();
    assert_eq!(inspect(&behind), Err(Rejection::WrongType));
    let update = [whole.as_slice(), b"\n3 0 obj <</Type/Page"].concat();
    assert_eq!(inspect(&update), Err(Rejection::Damaged));
    assert_eq!(inspect(b"%PDF-1.7\n%%EOF"), Err(Rejection::Damaged));
}

#[test]
fn a_tree_of_pages_may_be_a_circle() {
    let text = String::from_utf8(pdf(&[])).unwrap();
    let circle = text.replace("Kids[3 0 R]", "Kids[2 0 R 2 0 R]");
    assert_eq!(inspect(circle.as_bytes()), Err(Rejection::Damaged));
    let through_array = text
        .replace("Kids[3 0 R]", "Kids 4 0 R")
        .replace("trailer", "4 0 obj [2 0 R 3 0 R] endobj\ntrailer");
    assert_eq!(inspect(through_array.as_bytes()), Ok(()));
}

#[test]
fn nesting_and_repetition_have_a_bound() {
    for (open, close) in [("[", "]"), ("<</A ", ">>")] {
        let nested = |depth| pdf(&[&format!("{}0{}", open.repeat(depth), close.repeat(depth))]);
        assert_eq!(inspect(&nested(100)), Ok(()));
        assert_eq!(inspect(&nested(101)), Err(Rejection::Damaged));
        assert_eq!(inspect(&nested(300_000)), Err(Rejection::Damaged));
    }
    let started = Instant::now();
    let brackets = pdf(&["(".repeat(500_000).as_str()]);
    assert_eq!(inspect(&brackets), Ok(()));
    // Each text goes on to the end of the file, and an object begins in each.
    let over_and_over = pdf(&["1 0 obj (".repeat(100_000).as_str()]);
    assert_eq!(inspect(&over_and_over), Err(Rejection::ExpandsTooMuch));
    let many_values = pdf(&[&format!("[{}]", "1 ".repeat(1_000_001))]);
    assert_eq!(inspect(&many_values), Err(Rejection::ExpandsTooMuch));
    // Each of these names might end an address, whose beginning is looked for.
    let names = pdf(&["/Launch/".repeat(300_000).as_str()]);
    assert_eq!(inspect(&names), Err(Rejection::HasAction));
    assert!(started.elapsed() < Duration::from_secs(20));
}
