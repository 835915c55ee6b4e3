//! What the sender is told about what was removed.

use std::fmt::Write as _;

use super::super::*;
use super::html;

/// Everything that was removed from `raw`, one thing a word.
fn removed(raw: &str) -> String {
    Body::clean_beside_files(raw)
        .unwrap()
        .removed
        .iter()
        .map(|removed| {
            let kind = serde_json::to_value(removed.what).unwrap();
            let count = (removed.count > 1).then(|| format!("*{}", removed.count));
            format!("{}:{}{}", kind.as_str().unwrap(), removed.name, count.unwrap_or_default())
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn what_is_gone_or_showed_something_is_reported_as_an_element() {
    for (raw, report) in [
        ("a<img src=x onerror=alert(1)>b<IMG>", "element:img*2"),
        (
            "a<script>x</script><style>y{}</style><title>z</title>",
            "element:script element:style element:title",
        ),
        (
            "a<iframe src=x>frames</iframe><video controls><source src=y></video>",
            "element:iframe element:video element:source",
        ),
        (
            "<form action=x>a<input value=y><button onclick=z>b</button></form>",
            "element:form element:input element:button",
        ),
        (
            "<select><option selected>a</select><textarea rows=2>b</textarea>",
            "element:select element:option element:textarea",
        ),
        (
            "a<svg onload=x><circle r=1></svg><math>b</math><object data=x></object>",
            "element:svg element:math element:object",
        ),
        (
            "a<hr size=9>b<link rel=stylesheet href=x><base href=y>",
            "element:hr element:link element:base",
        ),
        ("a<script>never ends", "element:script"),
    ] {
        assert_eq!(removed(raw), report, "{raw}");
    }
}

#[test]
fn what_loses_its_looks_only_is_reported_as_formatting() {
    for (raw, report) in [
        ("<h1>a</h1><h1>b</h1><blockquote>c</blockquote>", "formatting:h1*2 formatting:blockquote"),
        ("<font color=red>a</font>", "formatting:font attribute:color"),
        (
            "<pre><code>a</code></pre>H<sub>2</sub>O<sup>+</sup><mark>b</mark>",
            "formatting:pre formatting:code formatting:sub formatting:sup formatting:mark",
        ),
        ("<xmp>a</xmp><plaintext>b", "formatting:xmp formatting:plaintext"),
        ("<made-up>a</made-up>", "formatting:other"),
    ] {
        assert_eq!(removed(raw), report, "{raw}");
    }
}

#[test]
fn a_link_that_leads_nowhere_or_elsewhere_is_reported_by_its_scheme() {
    for (href, report) in [
        ("javascript:alert(1)", "link:javascript"),
        ("java&#9;script:alert(1)", "link:javascript"),
        (" JaVaScRiPt:alert(1)", "link:javascript"),
        ("jav&#97script:alert(1)", "link:javascript"),
        ("&#xA0;javascript:alert(1)", "link:relative"),
        ("data:text/html,x", "link:data"),
        ("vbscript:x", "link:vbscript"),
        ("ms-word+x.y-1:z", "link:ms-word+x.y-1"),
        (&format!("{}:x", "a".repeat(33)), "link:other"),
        ("//evil.example", "link:relative"),
        ("/relative", "link:relative"),
        ("a b:c", "link:relative"),
        ("", "link:relative"),
        ("https://", "link:https"),
        ("https://javascript:void(0)", "link:https"),
        ("https://clinic.test@evil.example/", "link:https"),
        ("mailto:a@example.test?bcc=b@example.test", "link:mailto"),
        ("mailto:", "link:mailto"),
        ("tel:1?x", "link:tel"),
        // These lead where they led.
        ("HTTPS://Example.test", ""),
        ("https:example.test/é?a#b", ""),
        ("mailto:a@example.test", ""),
        ("tel:+1-613-555-0100", ""),
    ] {
        assert_eq!(removed(&format!("<a href=\"{href}\">x</a>")), report, "{href}");
    }
    assert_eq!(removed("<a name=x>a</a><a>b</a>"), "attribute:name");
}

#[test]
fn only_an_alignment_that_is_kept_is_no_removed_style() {
    for (raw, report) in [
        ("<p style='text-align:center'>a</p><p style='TEXT-ALIGN: Right !important;'>b</p>", ""),
        (
            "<p style='color:red; text-align:left; Font-Size : 9px'>a</p>",
            "style:color style:font-size",
        ),
        ("<p style='text-align:start'>a</p>", "style:text-align"),
        ("<p style='text-align:left; text-align:right'>a</p>", "style:text-align"),
        ("<span style='text-align:center'>a</span>", "style:text-align"),
        ("<p style='background:url(javascript:alert(1))'>a</p>", "style:background"),
        (
            "<p style='width:expression(alert(1));behavior:url(x)'>a</p>",
            "style:width style:behavior",
        ),
        ("<p style='-webkit-x:y;--own:z;;junk'>a</p>", "style:other*3"),
        ("<p style='mso-list:l0; MSO-fareast-language:x'>a</p>", ""),
        ("<p align=right>a</p><table align=right><td align=justify>b</table>", "attribute:align"),
        ("<p align=middle>a</p>", "attribute:align"),
    ] {
        assert_eq!(removed(raw), report, "{raw}");
    }
}

#[test]
fn attributes_are_reported_by_name_unless_they_are_only_marks_for_programs() {
    for (raw, report) in [
        ("<p onclick=x onPointerDown=y>a</p>", "attribute:onclick attribute:onpointerdown"),
        ("<p class=x id=y lang=fr dir=ltr data-x=y v:ext=edit xml:lang=fr xmlns:o=x>a</p>", ""),
        ("<a href=https://example.test/ rel=opener target=_blank>a</a>", "attribute:target"),
        (
            "<table border=1><td colspan=2 rowspan=1 width=9>a<td colspan=999>b</table>",
            "attribute:border attribute:width attribute:colspan",
        ),
        ("<o:p o:x=y width=1>a</o:p><meta charset=utf-8>", ""),
        ("<div title=x><span hidden>a</span></div>", "attribute:title attribute:hidden"),
    ] {
        assert_eq!(removed(raw), report, "{raw}");
    }
}

#[test]
fn control_characters_are_reported_by_code_point() {
    for (raw, report) in [
        ("a\0b\0c", "character:U+0000*2"),
        (
            "a\u{8}b&#x1b;c\u{7f}d\u{90}",
            "character:U+0008 character:U+001B character:U+007F character:U+0090",
        ),
        ("\u{FEFF}a\u{FEFF}", "character:U+FEFF"),
        // These are line ends, and stay so.
        ("a\r\nb\rc\u{2028}d\u{2029}e\u{B}f\u{C}g\u{85}h\ti", ""),
        ("\0\0\0", "character:U+0000*3"),
    ] {
        assert_eq!(removed(raw), report, "{raw:?}");
    }
}

#[test]
fn markup_that_never_ends_is_reported_since_it_takes_the_rest_along() {
    for raw in ["a <b", "a <b title='c", "a <b title='c> d", "a </b", "a <!-- b", "a<p\0"] {
        assert_eq!(removed(raw), "other:unfinished", "{raw}");
    }
    for raw in ["a <", "a </", "a < b", "3 <4", "a &", "a &#", "a <!-- b -->", "a ]]"] {
        assert_eq!(removed(raw), "", "{raw}");
    }
}

#[test]
fn wrappers_and_other_spellings_are_not_reported() {
    for raw in [
        "<html><head></head><body><div><span>a</span></div></body></html>",
        "<ins>a</ins><strike>b</strike><center>c</center><menu><li>d</menu>",
        "<table><colgroup><col></colgroup><tfoot><tr><td>a</table>",
        "<section><article><header>a</header><main>b</main></article></section>",
        "<!-- a --><!DOCTYPE html><?xml?>b",
        "<li>a</p></made-up>",
    ] {
        assert_eq!(removed(raw), "", "{raw}");
    }
}

#[test]
fn the_report_is_bounded_and_counts_what_it_leaves_out() {
    let schemes = (0..30).fold(String::new(), |mut all, n| {
        let _ = write!(all, "<a href='s{n}:x'>a</a>");
        all
    });
    let cleaned =
        Body::clean(&format!("{schemes}<a href='s0:x'>b</a><a href='s29:x'>c</a>")).unwrap();
    assert_eq!(cleaned.removed.len(), MAX_REMOVED + 1);
    let first = cleaned.removed.first().unwrap();
    assert_eq!((first.what, &*first.name, first.count), (RemovedKind::Link, "s0", 2));
    let last = cleaned.removed.last().unwrap();
    assert_eq!((last.what, &*last.name, last.count), (RemovedKind::Other, "more", 11));
}

/// In broken markup, words stand where names would.
#[test]
fn no_word_of_the_text_is_taken_for_a_name() {
    for raw in [
        "if x <biopsy positive for hepatitis> then",
        "write to <smith@example.test> <biopsy>",
        "<p \"biopsy is positive\" onbiopsy=x>a</p>",
        "<p style='biopsy: positive; x; hepatitis'>a</p>",
        "<a href='https://example.test/biopsy' title='hepatitis'>biopsy</a> <a href='biopsy'>x</a>",
        "<img alt='biopsy'> <!-- biopsy --> <script>biopsy</script> biopsy\0",
    ] {
        let report = removed(raw);
        for word in ["biopsy", "positive", "hepatitis", "smith"] {
            assert!(!report.contains(word), "{raw}: {report}");
        }
    }
}

#[test]
fn a_report_is_said_in_plain_words() {
    let cleaned = Body::clean("<h1>a</h1><img>").unwrap();
    assert_eq!(
        serde_json::to_string(&cleaned.removed).unwrap(),
        r#"[{"what":"formatting","name":"h1","count":1},{"what":"element","name":"img","count":1}]"#
    );
}

#[test]
fn a_body_beside_files_may_be_empty_and_says_what_it_was() {
    for (raw, report) in [
        (r#"<iframe src="https://example.test"></iframe>"#, "element:iframe"),
        ("<div></div>", ""),
        ("<img src=x>", "element:img"),
        ("<!-- note -->", ""),
        ("<style>p{}</style>", "element:style"),
        ("", ""),
    ] {
        assert_eq!(removed(raw), report, "{raw}");
        let body = Body::parse_beside_files(raw).unwrap();
        assert_eq!((body.html(), body.text()), ("", ""), "{raw}");
        assert_eq!(Body::clean(raw), Err(BodyProblem::Empty), "{raw}");
    }
}

#[test]
fn the_body_is_the_same_with_and_without_its_report() {
    let raw = "<h1 onclick=x>a</h1>\0<p align=center>b";
    assert_eq!(Body::clean(raw).unwrap().body.html(), html(raw));
}
