#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use domain::file::{FileType, Rejection};

use crate::samples::{WORD, docx, docx_of, odf, relationship, verdict, xlsx};

fn word(more: &[(&str, &[u8])]) -> Result<(), Rejection> {
    verdict(FileType::Docx, &docx(more)).map(drop)
}

fn linked(kind: &str, mode: &str) -> Result<(), Rejection> {
    let links = relationship(kind, "http://clinic.example/x", mode);
    word(&[("word/_rels/document.xml.rels", &links)])
}

#[test]
fn the_main_part_tells_the_type() {
    assert!(word(&[]).is_ok());
    for kind in [
        "wordprocessingml.template.main+xml",
        "spreadsheetml.sheet.main+xml",
        "presentationml.slideshow.main+xml",
    ] {
        let bytes = docx_of(kind, &[]);
        assert_eq!(verdict(FileType::Docx, &bytes), Err(Rejection::WrongType), "{kind}");
    }
    assert_eq!(verdict(FileType::Docx, &xlsx()), Err(Rejection::WrongType));
}

#[test]
fn macros_and_controls_are_scripts() {
    let script = Err(Rejection::HasScript);
    let macros = docx_of("word.document.macroEnabled.main+xml", &[]);
    assert_eq!(verdict(FileType::Docx, &macros).map(drop), script);
    let escaped = docx_of("word.document.macro&#69;nabled.main+xml", &[]);
    assert_eq!(verdict(FileType::Docx, &escaped).map(drop), script);
    for name in [
        "word/vbaProject.bin",
        "word/VBAPROJECT.BIN",
        "word/vbaData.xml",
        "word/activeX/activeX1.xml",
    ] {
        assert_eq!(word(&[(name, b"<a/>")]), script, "{name}");
    }
    for kind in ["vbaProject", "control", "xlMacrosheet"] {
        assert_eq!(linked(kind, ""), script, "{kind}");
    }
}

#[test]
fn what_is_fetched_on_opening_is_an_action_and_a_link_is_none() {
    let external = "TargetMode=\"External\"";
    assert_eq!(linked("hyperlink", external), Ok(()));
    for kind in ["attachedTemplate", "oleObject", "frame", "image", "externalLinkPath"] {
        assert_eq!(linked(kind, external), Err(Rejection::HasAction), "{kind}");
        let escaped = linked(kind, "TargetMode=\"Exter&#110;al\"");
        assert_eq!(escaped, Err(Rejection::HasAction), "{kind}");
    }
    for markup in [
        "<w:p><w:instrText> DDE</w:instrText><w:r/><w:instrText>AUTO c:\\x</w:instrText></w:p>",
        "<w:p><w:fldSimple w:instr=' ddeauto cmd'/></w:p>",
        "<x><f>cmd|'/c calc'!A0</f></x>",
        "<externalLink><ddeLink ddeService='cmd'/></externalLink>",
    ] {
        assert_eq!(
            word(&[("word/a.xml", markup.as_bytes())]),
            Err(Rejection::HasAction),
            "{markup}"
        );
    }
    let harmless = "<x><f>CONCAT(\"a|b\",A1)</f><instrText>PAGE</instrText></x>";
    assert_eq!(word(&[("word/a.xml", harmless.as_bytes())]), Ok(()));
}

#[test]
fn files_in_a_document_are_told_from_what_a_chart_is_drawn_from() {
    let embedded = Err(Rejection::HasEmbeddedFile);
    for name in
        ["word/embeddings/oleObject1.bin", "word/embeddings/a.docx", "word/media/a.mp4", "a.exe"]
    {
        assert_eq!(word(&[(name, b"x")]), embedded, "{name}");
    }
    for kind in ["oleObject", "package", "aFChunk"] {
        assert_eq!(linked(kind, ""), embedded, "{kind}");
    }
    let workbook = xlsx();
    let chart = |workbook: &[u8]| {
        let links = relationship("package", "../embeddings/w.xlsx", "");
        word(&[("word/charts/_rels/chart1.xml.rels", &links), ("word/embeddings/w.xlsx", workbook)])
    };
    assert_eq!(chart(&workbook), Ok(()));
    assert_eq!(chart(&docx(&[])), Err(Rejection::WrongType));
    assert_eq!(chart(b"MZ"), Err(Rejection::Damaged));
    let twice = docx(&[("word/embeddings/w.xlsx", &workbook)]);
    assert_eq!(chart(&twice), Err(Rejection::WrongType));
}

/// An attribute with a prefix is another one to a reader that knows of prefixes.
#[test]
fn no_prefix_and_no_repetition_hides_an_attribute() {
    let rels = |attributes: &str| {
        let links =
            format!("<Relationships><Relationship xmlns:x='u' {attributes}/></Relationships>");
        word(&[("word/_rels/document.xml.rels", links.as_bytes())])
    };
    let template = "Type='http://x/attachedTemplate' Target='http://x' TargetMode='External'";
    assert_eq!(rels(template), Err(Rejection::HasAction), "to begin with");
    for hiding in ["x:Type='http://x/hyperlink'", "x:TargetMode='Internal'"] {
        assert_eq!(rels(&format!("{hiding} {template}")), Err(Rejection::HasAction), "{hiding}");
    }
    let twice = rels(&format!("Type='http://x/hyperlink' {template}"));
    assert_eq!(twice, Err(Rejection::WrongType));
    let odt = |markup: &str| {
        let bytes = odf(FileType::Odt, &[("content.xml", markup.as_bytes())]);
        verdict(FileType::Odt, &bytes).map(drop)
    };
    let image = "<a><draw:image x:href='Pictures/a.png' xlink:href='http://x.example/a.png'/></a>";
    assert_eq!(odt(image), Err(Rejection::HasAction));
}

#[test]
fn blanks_and_comments_hide_nothing() {
    let rels = |attributes: &str| {
        let links = format!("<Relationships><Relationship {attributes}/></Relationships>");
        word(&[("word/_rels/document.xml.rels", links.as_bytes())])
    };
    for mode in [" External", "External\n", "1", "outside"] {
        let link = format!("Type='u/attachedTemplate' Target='http://x' TargetMode='{mode}'");
        assert_eq!(rels(&link), Err(Rejection::HasAction), "{mode:?}");
    }
    assert_eq!(rels("Type='u/image' Target='x' TargetMode=' Internal '"), Ok(()));
    assert_eq!(rels("Type=' u/oleObject ' Target='x'"), Err(Rejection::HasEmbeddedFile));
    let part = |markup: &str| word(&[("word/a.xml", markup.as_bytes())]);
    let blanks = " ".repeat(100);
    let field = format!("<x><instrText>{blanks}DDE<!---->AUTO c</instrText></x>");
    assert_eq!(part(&field), Err(Rejection::HasAction));
    for formula in ["cmd|'/c'!A0", "cmd<!---->|'/c'!A0", "X(\"<!---->\",cmd|'/c'!A0,\"<!---->\")"] {
        assert_eq!(
            part(&format!("<x><f>{formula}</f></x>")),
            Err(Rejection::HasAction),
            "{formula}"
        );
    }
    for formula in ["X(\"a|b\")", "X(\"a<!---->|b\")", "X(\"a\"\"|\")"] {
        assert_eq!(part(&format!("<x><f>{formula}</f></x>")), Ok(()), "{formula}");
    }
}

#[test]
fn elements_within_hide_no_field_and_no_formula() {
    let part = |markup: &str| word(&[("word/a.xml", markup.as_bytes())]);
    for markup in [
        "<x><instrText>DD<y/>E c</instrText></x>",
        "<x><instrText>DD<![CDATA[E c]]></instrText></x>",
        "<x><instrText>DDE\"c\"</instrText></x>",
        "<x xmlns='w'><instrText>DDEAUTO</instrText></x>",
        "<x><f>cmd<y/>|'/c'!A0</f></x>",
        "<x><f>cmd<![CDATA[|'/c'!A0]]></f></x>",
        "<x><f>cmd&#124;'/c'!A0</f></x>",
        "<x><f>X(\"<f/>\",cmd|'/c'!A0,\"\")</f></x>",
    ] {
        assert_eq!(part(markup), Err(Rejection::HasAction), "{markup}");
    }
    for markup in [
        "<x><f>X(&quot;a|b&quot;)</f><v>a|b</v></x>",
        "<x><f>X(\"</f></x>",
        "<x><instrText>DDEX</instrText>DDE</x>",
        "<x><f/>a|b</x>",
    ] {
        assert_eq!(part(markup), Ok(()), "{markup}");
    }
}

#[test]
fn no_second_and_no_foreign_declaration_steers_the_type() {
    let kind = |kind: &str| {
        format!("application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}.main+xml")
    };
    let (good, bad) = (kind("document"), kind("template"));
    let of = |declarations: &str| {
        let types = format!("<Types xmlns:x='u'>{declarations}</Types>");
        let links = relationship("officeDocument", "word/document.xml", "");
        let parts: [(&str, &[u8]); 4] = [
            ("[Content_Types].xml", types.as_bytes()),
            ("_rels/.rels", &links),
            ("word/document.xml", b"<a/>"),
            ("word/a.png", b"<a/>"),
        ];
        verdict(FileType::Docx, &crate::samples::archive(&parts)).map(drop)
    };
    let whole = format!("<Override PartName='/word/document.xml' ContentType='{good}'/>");
    assert_eq!(of(&whole), Ok(()));
    assert_eq!(of(&format!("{whole}{whole}")), Ok(()));
    for declarations in [
        format!("<Override PartName='/word/document.xml' ContentType='{bad}'/>{whole}"),
        format!("{whole}<x:Override PartName='/WORD/document.xml' ContentType='{bad}'/>"),
        format!(
            "<Default Extension='xml' ContentType='{bad}'/>\
             <Default Extension='a' PartName='/word/document.xml' ContentType='{good}'/>"
        ),
        format!(
            "<Override PartName='/word/document.xml' x:ContentType='{good}' ContentType='{bad}'/>"
        ),
        // Markup under the name of a picture.
        format!("{whole}<Override PartName='/word/a.png' ContentType='application/x.header+xml'/>"),
        format!("{whole}<Default Extension='PNG' ContentType='application/xml '/>"),
    ] {
        assert_eq!(of(&declarations), Err(Rejection::WrongType), "{declarations}");
    }
    let pictures = "<Default Extension='svg' ContentType='image/svg+xml'/>\
                    <Default Extension='png' ContentType='image/png'/>";
    assert_eq!(of(&format!("{whole}{pictures}")), Ok(()));
}

#[test]
fn markup_is_in_one_encoding_and_defines_no_type() {
    let part = |markup: &[u8]| word(&[("word/a.xml", markup)]);
    for encoding in ["", " encoding='UTF-8'", " encoding=\"utf-8\" standalone='yes'"] {
        for mark in ["", "\u{FEFF}"] {
            let markup = format!("{mark}<?xml version='1.0'{encoding}?><a/>");
            assert_eq!(part(markup.as_bytes()), Ok(()), "{markup}");
        }
    }
    for declaration in [
        " encoding='UTF-7'",
        " encoding='utf-16'",
        " encoding='cp037'",
        " standalone='yes' encoding='UTF-7'",
        " encoding='UTF-8' encoding='UTF-7'",
        " Encoding='a' encoding='UTF-7'",
    ] {
        let markup = format!("<?xml version='1.0'{declaration}?><a>+ADw-</a>");
        assert_eq!(part(markup.as_bytes()), Err(Rejection::Damaged), "{declaration}");
    }
    for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        for mark in ["", "\u{FEFF}"] {
            let text = format!("{mark}<a/>");
            let wide: Vec<u8> = text.encode_utf16().flat_map(to_bytes).collect();
            assert_eq!(part(&wide), Err(Rejection::Damaged));
        }
    }
    for definition in ["a", "a SYSTEM 'http://x.example/a.dtd'", "a PUBLIC 'b' 'c'", "a [ ]"] {
        let markup = format!("<!DOCTYPE {definition}><a/>");
        assert_eq!(part(markup.as_bytes()), Err(Rejection::WrongType), "{definition}");
        let odt = odf(FileType::Odt, &[("content.xml", markup.as_bytes())]);
        assert_eq!(verdict(FileType::Odt, &odt).map(drop), Err(Rejection::WrongType));
    }
}

#[test]
fn markup_must_be_whole_and_define_nothing() {
    for broken in ["<a>", "<a></b>", "<a b=\"&x;\"/>", "\u{0}<a", "<a b=c/>"] {
        assert_eq!(word(&[("word/a.xml", broken.as_bytes())]), Err(Rejection::Damaged), "{broken}");
    }
    let wide: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = [b"\xFF\xFE".to_vec(), wide].concat();
    assert_eq!(word(&[("word/a.xml", &wide)]), Err(Rejection::Damaged));
    let entities = b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>";
    assert_eq!(word(&[("word/a.xml", entities)]), Err(Rejection::WrongType));
    let deep = "<a>".repeat(200_000) + &"</a>".repeat(200_000);
    assert_eq!(word(&[("word/a.xml", deep.as_bytes())]), Ok(()));
    assert!(docx_of(WORD, &[]).starts_with(b"PK"));
}

#[test]
fn documents_of_the_other_family_are_judged_alike() {
    let odt = |more: &[(&str, &[u8])]| verdict(FileType::Odt, &odf(FileType::Odt, more)).map(drop);
    assert_eq!(odt(&[]), Ok(()));
    for name in
        ["Basic/Standard/Module1.xml", "Scripts/python/a.py", "META-INF/macrosignatures.xml"]
    {
        assert_eq!(odt(&[(name, b"<a/>")]), Err(Rejection::HasScript), "{name}");
    }
    for name in ["Object 1", "a.exe", "media/film.mp4"] {
        assert_eq!(odt(&[(name, b"x")]), Err(Rejection::HasEmbeddedFile), "{name}");
    }
    for (markup, expected) in [
        ("<a><script:event-listener/></a>", Err(Rejection::HasScript)),
        ("<a><draw:floating-frame/></a>", Err(Rejection::HasAction)),
        ("<a><draw:image xlink:href='http://x.example/a.png'/></a>", Err(Rejection::HasAction)),
        (
            "<a><draw:image xlink:href='h&#116;tp://x.example/a.png'/></a>",
            Err(Rejection::HasAction),
        ),
        ("<a><draw:object xlink:href='../x.ods'/></a>", Err(Rejection::HasAction)),
        ("<a><office:dde-source/></a>", Err(Rejection::HasAction)),
        (
            "<a><draw:image xlink:href='Pictures/a.png'/><text:a xlink:href='https://x.example/'/></a>",
            Ok(()),
        ),
    ] {
        assert_eq!(odt(&[("content.xml", markup.as_bytes())]), expected, "{markup}");
    }
    let locked: (&str, &[u8]) = ("encrypted-package", b"x");
    assert_eq!(odt(&[locked]), Err(Rejection::Encrypted));
    let manifest = crate::samples::archive(&[
        ("!mimetype", FileType::Ods.media_type().as_bytes()),
        ("META-INF/manifest.xml", b"<m><e><encryption-data/></e></m>"),
        ("content.xml", b"\x01\x02"),
    ]);
    assert_eq!(verdict(FileType::Ods, &manifest), Err(Rejection::Encrypted));
}
