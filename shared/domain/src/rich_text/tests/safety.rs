//! What must never get through, and what must never get lost or break on the way.

use html5ever::serialize::{SerializeOpts, serialize};
use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, QualName, local_name, ns, parse_fragment};
use markup5ever_rcdom::{Handle, NodeData, RcDom, SerializableHandle};

use super::super::*;
use super::{html, text};

const REL: &str = r#"rel="noopener noreferrer nofollow""#;

/// Parses `html` as a browser does inside a `div`, checks every node against the allow-list, and
/// writes the tree again.
pub(super) fn parsed_again(html: &str) -> String {
    let context = QualName::new(None, ns!(html), local_name!("div"));
    let dom =
        parse_fragment(RcDom::default(), ParseOpts::default(), context, vec![], false).one(html);
    let root = dom.document.children.borrow().first().expect("a root").clone();
    for child in root.children.borrow().iter() {
        check(child);
    }
    let mut written = Vec::new();
    serialize(&mut written, &SerializableHandle::from(root), SerializeOpts::default()).unwrap();
    String::from_utf8(written).unwrap()
}

fn check(node: &Handle) {
    match &node.data {
        NodeData::Text { .. } => {}
        NodeData::Element { name, attrs, .. } => {
            assert_eq!(name.ns, ns!(html));
            let tags = [
                "a", "b", "br", "del", "em", "i", "li", "ol", "p", "s", "strong", "table", "tbody",
                "td", "th", "thead", "tr", "u", "ul",
            ];
            assert!(tags.contains(&&*name.local), "{}", &*name.local);
            for attr in attrs.borrow().iter() {
                let value = &*attr.value;
                match (&*name.local, &*attr.name.local) {
                    ("a", "href") => {
                        let schemes = ["http:", "https:", "mailto:", "tel:"];
                        assert!(schemes.iter().any(|scheme| value.starts_with(scheme)), "{value}");
                    }
                    ("a", "rel") => assert_eq!(value, "noopener noreferrer nofollow"),
                    ("li" | "p" | "td" | "th", "style") => {
                        let alignments = ["left", "center", "right", "justify"];
                        assert!(
                            alignments.iter().any(|a| value == format!("text-align: {a}")),
                            "{value}"
                        );
                    }
                    ("td" | "th", "colspan" | "rowspan") => assert!(value.parse::<u8>().is_ok()),
                    (tag, attribute) => panic!("{attribute} on {tag}"),
                }
            }
        }
        _ => panic!("a node that is neither element nor text"),
    }
    for child in node.children.borrow().iter() {
        check(child);
    }
}

/// Checks everything that holds for any input.
pub(super) fn check_any(raw: &str) {
    let Ok(Cleaned { body, removed, .. }) = Body::clean(raw) else { return };
    assert!(body.html().len() <= MAX_STORED_BYTES);
    assert!(body.text().len() <= MAX_STORED_BYTES);
    assert!(
        !body
            .html()
            .chars()
            .chain(body.text().chars())
            .any(|c| c.is_control() && c != '\n' && c != '\t')
    );
    assert_eq!(parsed_again(body.html()), body.html(), "a browser repairs nothing");
    let links = body.html().matches("<a ").count();
    assert_eq!(links, body.html().matches("<a href=").count(), "a link has an address");
    let again = Body::clean(body.html()).unwrap();
    assert_eq!(again.body.html(), body.html(), "parsing again changes nothing");
    assert_eq!(again.body.text(), body.text());
    assert_eq!(again.removed, [], "and removes nothing");
    check_report(&removed);
}

/// Checks what holds for any report of what was removed.
fn check_report(removed: &[Removed]) {
    assert!(removed.len() <= MAX_REMOVED + 1);
    for (index, Removed { what, name, count }) in removed.iter().enumerate() {
        assert!(*count > 0, "{name}");
        let code_point =
            name.strip_prefix("U+").filter(|_| *what == RemovedKind::Character).map(|digits| {
                (4..=6).contains(&digits.len())
                    && digits.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b))
            });
        let plain = name.len() <= MAX_REMOVED_NAME_BYTES
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| "abcdefghijklmnopqrstuvwxyz0123456789+.-".contains(c));
        assert!(code_point.unwrap_or(plain), "{name}");
        let before = removed.get(..index).unwrap();
        assert!(!before.iter().any(|b| b.what == *what && b.name == *name), "{name} twice");
    }
}

#[test]
fn rt_01_namespace_and_mutation_tricks_leave_nothing_alive() {
    for raw in [
        r#"<form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror=alert(1) src>">"#,
        r#"<svg><iframe><a title="</iframe><img src onerror=alert(1)>">t"#,
        r#"<svg><a><set attributeName="href" to="javascript:alert(1)"></set><text>x</text></a></svg>"#,
        r#"x<math><annotation-xml encoding="text/html"><style><img src=x onerror=alert(1)></style></annotation-xml></math>"#,
        r#"x<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">"#,
        r#"x<noscript><p title="</noscript><img src=x onerror=alert(1)>">"#,
        r#"x<math><mi><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">"#,
        r"x<table><td><svg><desc><td></desc></svg><script>alert(1)</script>",
        r#"x<select><template><style><!--</style><a rel="--></style></template></select><img id=x src=1 onerror=alert(1)>">"#,
        r#"x<textarea><img title="</textarea><img src onerror=alert(1)>"></textarea>"#,
        r#"x<xmp><img title="</xmp><img src onerror=alert(1)>"></xmp>"#,
        r"x<plaintext><img src onerror=alert(1)>",
        r"x<img src=x onerror=alert(1)//><svg onload=alert(1)>",
        r"x<<script>script>alert(1)<</script>/script>",
        r"x<scr<script>ipt>alert(1)</scr</script>ipt>",
        r#"x<p style="background:url(javascript:alert(1))" onclick="alert(1)" class=x id=y>z</p>"#,
        r#"x<a href="https://example.test/" onclick=alert(1) target=_blank style="position:fixed">y</a>"#,
        r#"x<a href="https://example.test/&quot; onclick=alert(1)">y</a>"#,
        r#"x<td colspan="2&quot; onclick=alert(1)">y"#,
        r#"x<base href="https://evil.example/"><meta http-equiv=refresh content=0><link rel=stylesheet href=x>"#,
        r"x<object data=x><embed src=x><param name=x>",
        r"x<![CDATA[<img src onerror=alert(1)>]]>",
        r#"x<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y "<img>">]>&y;"#,
        "x<image src=x onerror=alert(1)><isindex><frameset><frame src=x>",
        "x<input onfocus=alert(1) autofocus><button formaction=javascript:alert(1)>y</button>",
    ] {
        let body = Body::parse(raw).unwrap_or_else(|problem| panic!("{raw}: {problem}"));
        assert!(!body.html().contains("<img"), "{raw}");
        check_any(raw);
        // The sanitiser needs no tidy input to be safe.
        parsed_again(&SANITIZER.clean(raw).to_string());
    }
}

#[test]
fn rt_06_no_link_has_a_scheme_that_runs_or_a_place_of_its_own() {
    for refused in [
        "java&#9;script:alert(1)",
        "ja&Tab;vascript:alert(1)",
        "java&NewLine;script:alert(1)",
        "&#xA0;javascript:alert(1)",
        "&#1;javascript:alert(1)",
        " javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "jav&#97script:alert(1)",
        "javascript&colon;alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://example.test/x",
        "view-source:https://example.test/",
        "ftp://example.test/",
        "//evil.example",
        "\\\\evil.example",
        "/relative",
        "relative",
        "#fragment",
        "?query",
        "",
        "https://javascript:void(0)",
        "https://",
        "https://clinic.test@evil.example/",
        "https://user:secret@evil.example/",
        "mailto:",
        "tel:",
    ] {
        assert_eq!(html(&format!(r#"<a href="{refused}">x</a>"#)), "x", "{refused}");
    }
    for (raw, address) in [
        ("https://example.test", "https://example.test/"),
        ("HTTP://Example.test/A?b=c&amp;d#e", "http://example.test/A?b=c&amp;d#e"),
        ("ht&#9;tps://example.test/", "https://example.test/"),
        ("https:example.test", "https://example.test/"),
        ("https://例え.テスト/é", "https://xn--r8jz45g.xn--zckzah/%C3%A9"),
        ("mailto:a@example.test", "mailto:a@example.test"),
        ("mailto:a@example.test?bcc=b@example.test", "mailto:a@example.test"),
        ("tel:+1-613-555-0100", "tel:+1-613-555-0100"),
    ] {
        assert_eq!(
            html(&format!(r#"<a href="{raw}">x</a>"#)),
            format!(r#"<a href="{address}" {REL}>x</a>"#)
        );
    }
}

#[test]
fn rt_03_what_shows_nothing_is_empty() {
    for raw in [
        "",
        " \n\t",
        r#"<iframe src="https://example.test"></iframe>"#,
        r#"<iframe src="https://example.test">no frames here</iframe>"#,
        "<div></div>",
        "<p><br></p>",
        "<img src=x>",
        "<!-- note -->",
        "<style>p{}</style>",
        "<script>alert(1)</script>",
        "<title>Untitled</title>",
        "&nbsp;",
        "<p>&#8203;&zwj;&shy;&#xFEFF;</p>",
        "<ul><li></li></ul>",
        "<ol><li> </li><li></li></ol>",
        "<table><tr><td></td><td> </td></tr></table>",
        r#"<a href="https://example.test/"></a>"#,
        r#"<a href="https://example.test/">&nbsp;</a>"#,
        "\0\0\0",
        "&#8;&#27;&#127;",
        "\u{0008}\u{001b}\u{007f}\u{0085}\r",
        "<b><i></i></b>",
    ] {
        assert_eq!(Body::parse(raw), Err(BodyProblem::Empty), "{raw:?}");
    }
}

#[test]
fn rt_05_a_removed_tag_leaves_its_text() {
    let words = |raw: &str| text(raw).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words("<form>Bonjour <p>texte</p></form>"), "Bonjour texte");
    assert_eq!(
        words(
            "<style><!--\n@font-face{}--></style><!--[if gte mso 9]><xml><o:x v:ext=\"edit\"/></xml><![endif]--><div>123</div>"
        ),
        "123"
    );
    assert_eq!(words("<center>a</center>"), "a");
    assert_eq!(words("<font color=red>b</font>"), "b");
    assert_eq!(
        words("<h1>Title</h1><blockquote>quoted</blockquote><pre>code</pre>"),
        "Title quoted code"
    );
    assert_eq!(words("<button>a</button><label>b</label><textarea>c <b></textarea>"), "abc <b>");
    assert_eq!(words("<select><option>a<option>b</select>"), "a b");
    assert_eq!(
        words("<dl><dt>term<dd>meaning</dl><details><summary>s</summary>d</details>"),
        "term meaning s d"
    );
    assert_eq!(words("<svg><text>x</text></svg><math><mi>y</mi></math>"), "xy");
    assert_eq!(words("<made-up>x</made-up><o:p>y</o:p>"), "xy");
    assert_eq!(words("<td>a<td>b<tr>c"), "a b c");
    assert_eq!(words("<a href='javascript:x'>a</a> <img alt=b>"), "a");
    assert_eq!(
        words("<html><head><title>t</title></head><body class=x>body</body></html>"),
        "body"
    );
    assert_eq!(words("3 < 4 & 5 > 2 <3"), "3 < 4 & 5 > 2 <3");
    assert_eq!(words("a<p>b<script>c</script>d<style>e</style>f"), "a bdf");
}

#[test]
fn rt_09_and_rt_10_control_characters_go_and_line_separators_become_line_feeds() {
    assert_eq!(html("a\0b"), "ab");
    assert_eq!(html("a\u{0008}b\u{001b}c\u{007f}d\u{0090}e&#8;f&#x1b;g"), "abcdefg");
    assert_eq!(html("a\r\nb\rc\nd"), "a\nb\nc\nd");
    assert_eq!(html("a\u{2028}b\u{2029}c\u{000B}d\u{000C}e\u{0085}f&#13;g"), "a\nb\nc\nd\ne\nf\ng");
    assert_eq!(html("a\tb"), "a\tb");
    assert_eq!(html("\u{FEFF}a\u{FEFF}b&#xFEFF;"), "ab");
    for raw in
        ["a\r\nb\rc\nd", "a\u{2028}b\u{2029}c\u{000B}d", "Q & A: \"it's\" <b>3 < 4</b> &amp;"]
    {
        check_any(raw);
    }
}

#[test]
fn rt_10_the_preview_shows_no_entities() {
    assert_eq!(
        text("Q &amp; A: &quot;it&#39;s&quot; <b>3 &lt; 4</b> &amp;amp; &eacute;"),
        "Q & A: \"it's\" 3 < 4 &amp; é"
    );
    assert_eq!(text("Q & A: \"it's\" <b>3 < 4</b>"), "Q & A: \"it's\" 3 < 4");
}

#[test]
fn rt_12_limits_hold_after_escaping() {
    let too_long = Err(BodyProblem::TooLong { limit: MAX_STORED_BYTES });
    for (unit, written) in
        [("&", 5), ("<", 4), ("😬", 4), ("a", 1), ("£", 2), ("\u{00A0}a", 7), ("&amp;", 5)]
    {
        let most = MAX_STORED_BYTES / written;
        let body = Body::parse(&unit.repeat(most)).unwrap();
        assert!(
            body.html().len() > MAX_STORED_BYTES - written && body.html().len() <= MAX_STORED_BYTES
        );
        assert!(body.html().len() + body.text().len() < 400_000);
        assert_eq!(Body::parse(&unit.repeat(most + 1)).map(|_| ()), too_long, "{unit}");
    }
    assert_eq!(
        Body::parse(&"a".repeat(MAX_RAW_BYTES + 1)).map(|_| ()),
        Err(BodyProblem::TooLong { limit: MAX_RAW_BYTES })
    );
    assert_eq!(Body::parse(&format!("x{}", "<i>".repeat(170_000))).unwrap().html(), "x");
    assert_eq!(text(&"a".repeat(100_000)).len(), 100_000);
}

#[test]
fn deep_nesting_is_refused_without_overflowing() {
    for nest in ["<ul><li>", "<ol><li>", "<ul>", "<table><tr><td>", "<table>", "<li><table><td>"] {
        assert_eq!(Body::parse(&nest.repeat(2_000)), Err(BodyProblem::TooDeep), "{nest}");
        assert_eq!(
            Body::parse(&format!("{}x", nest.repeat(2_000))),
            Err(BodyProblem::TooDeep),
            "{nest}"
        );
    }
    let deepest = format!("{}x", "<ul><li>".repeat(MAX_DEPTH / 2));
    check_any(&deepest);
    assert_eq!(text(&deepest), "- x");
    // What nests without containing anything is flat here, however deep it is in a browser.
    for nest in
        ["<div>", "<b>", "<made-up>", "<svg>", "<a href='https://example.test/'>", "<font><p>"]
    {
        assert_eq!(
            text(&format!("{}x", nest.repeat(10_000))).trim_end_matches(" (https://example.test/)"),
            "x"
        );
    }
}

/// Inputs that would make a parser's tree, or its time, grow with the square of the input, if this
/// module set no bounds: then some of them take minutes, or all memory.
#[test]
fn no_input_is_much_more_work_than_its_length() {
    let formats = (0..20_000).fold(String::new(), |all, n| all + &format!("<b a{n}>"));
    let attributes = |separator: &str| {
        (0..40_000).fold(String::new(), |all, n| all + &n.to_string() + separator)
    };
    let link = format!("<a href='https://example.test/{}'>", "a".repeat(200_000));
    let too_long = Err(BodyProblem::TooLong { limit: MAX_STORED_BYTES });
    for (raw, outcome) in [
        (format!("{formats}{}", "x</p><p>".repeat(20_000)), too_long),
        (format!("{link}{}", "x<p>".repeat(50_000)), too_long),
        ("<a>".repeat(150_000), Err(BodyProblem::Empty)),
        ("<b><p>".repeat(80_000), Err(BodyProblem::Empty)),
        ("a.b:".repeat(25_000), Ok(())),
        ("http://".repeat(14_000), Ok(())),
        (format!("x{}", "<!--".repeat(100_000)), Ok(())),
        (format!("x<p {}>y", attributes("=''")), Err(BodyProblem::TooComplex)),
        (format!("x<p {}>y", attributes("=\"\" ")), Err(BodyProblem::TooComplex)),
        (format!("x<p {}>y", attributes("////")), Err(BodyProblem::TooComplex)),
        (format!("x</p {}>y", attributes(" \t\r\n")), Err(BodyProblem::TooComplex)),
    ] {
        assert_eq!(Body::parse(&raw).map(|_| ()), outcome, "{}", raw.get(..20).unwrap());
    }
}

#[test]
fn long_comments_and_embedded_pictures_are_no_trouble() {
    let settings = r#"<w:LsdException Locked="false" Priority="99" Name="heading 1"/>"#.repeat(400);
    assert_eq!(html(&format!("<!--[if gte mso 9]><xml>{settings}</xml><![endif]-->a")), "a");
    let picture = "AB/cd+efghijklmnopqrstuvwxyz0123456789/ABCDEFGHIJKLMNOPQRSTUVWX".repeat(7_000);
    assert_eq!(html(&format!(r#"a<img alt="b" src="data:image/png;base64,{picture}">c"#)), "ac");
}

#[test]
fn the_stored_form_comes_back_unchanged() {
    let body = Body::parse("<p>Bonjour <b>Pat</b> &amp; cie</p>").unwrap();
    let json = serde_json::to_string(&StoredBody::from(body.clone())).unwrap();
    assert_eq!(
        json,
        r#"{"html":"<p>Bonjour <b>Pat</b> &amp; cie</p>","text":"Bonjour Pat & cie"}"#
    );
    assert_eq!(Body::from_stored(serde_json::from_str(&json).unwrap()), body);
}

#[test]
fn neither_errors_nor_debug_repeat_the_body() {
    let body = Body::parse("biopsy").unwrap();
    assert_eq!(format!("{body:?}"), "Body(6 bytes of HTML, 6 of text)");
    assert_eq!(format!("{:?}", StoredBody::from(body)), "StoredBody(6 bytes of HTML, 6 of text)");
}
