//! What a body looks like after sanitising, and as plain text.

use super::super::links::{Segment, split};
use super::{html, text};

const REL: &str = r#"rel="noopener noreferrer nofollow""#;

#[test]
fn keeps_the_formatting_that_a_body_may_have() {
    for kept in [
        "plain",
        "<p>one</p><p>two<br>three</p>",
        "<b>a</b><strong>b</strong><i>c</i><em>d</em><u>e</u><s>f</s><del>g</del>",
        "<p>a <b>b <i>c</i></b> d</p>",
        "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>",
        "<ul><li><p>a</p><p>b</p></li></ul>",
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>",
        r#"<table><tbody><tr><td colspan="2">a</td><td rowspan="3">b</td></tr></tbody></table>"#,
        r#"<p style="text-align: left">a</p><p style="text-align: center">b</p>"#,
        r#"<p style="text-align: right">a</p><p style="text-align: justify">b</p>"#,
        r#"<ul><li style="text-align: right">a</li></ul>"#,
        "<p>a</p><p><br></p><p>b</p>",
    ] {
        assert_eq!(html(kept), kept);
    }
}

#[test]
fn writes_other_spellings_in_one_way() {
    for (raw, written) in [
        ("<STRIKE>a</STRIKE><INS>b</INS>", "<s>a</s><u>b</u>"),
        ("<div>a</div><div>b</div>", "<p>a</p><p>b</p>"),
        ("<h2>a</h2>b", "<p>a</p><p>b</p>"),
        ("a<hr>b", "a<p>b</p>"),
        ("<center>a</center>", r#"<p style="text-align: center">a</p>"#),
        ("<p align=RIGHT>a", r#"<p style="text-align: right">a</p>"#),
        (
            "<p style='color:red; TEXT-ALIGN : Center !important'>a",
            r#"<p style="text-align: center">a</p>"#,
        ),
        (
            "<div align=center><p>a</p><p align=right>b</p>c</div>d",
            r#"<p style="text-align: center">a</p><p style="text-align: right">b</p><p style="text-align: center">c</p><p>d</p>"#,
        ),
        (
            "<center>a<ul><li>b<li align=left>c<p>d</ul>e</center>",
            r#"<p style="text-align: center">a</p><ul><li style="text-align: center">b</li><li style="text-align: left">c<p>d</p></li></ul><p style="text-align: center">e</p>"#,
        ),
        (
            "<div align=right><table><td>a<div>b</div><td align=left>c</table></div>",
            r#"<table><tbody><tr><td style="text-align: right">a<p>b</p></td><td style="text-align: left">c</td></tr></tbody></table>"#,
        ),
        (
            "<p align=center>a<p>b<dl><dt align=right>c<dd>d</dl>",
            r#"<p style="text-align: center">a</p><p>b</p><p style="text-align: right">c</p><p>d</p>"#,
        ),
        ("<div align=center></div></div>a", "<p>a</p>"),
        (
            "<td><div align=center>a</td><td>b",
            r#"<p style="text-align: center">a</p><p style="text-align: center">b</p>"#,
        ),
        ("<p style='text-align:start'>a", "<p>a</p>"),
        ("<p style='text-align:expression(x)'>a", "<p>a</p>"),
        ("<p class=x id=y lang=fr>a", "<p>a</p>"),
        ("<b>a<b>b</b>c</b>d", "<b>abc</b>d"),
        ("<b>a<i>b</b>c</i>", "<b>a<i>b</i></b><i>c</i>"),
        ("<b>a<p>b</b>c", "<b>a</b><p><b>b</b>c</p>"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<p>a</li>b</td>c</table></p>", "<p>abc</p>"),
        ("<li>a<li>b", "<ul><li>a</li><li>b</li></ul>"),
        ("<ul>a<li>b</ul>c", "<ul><li>a</li><li>b</li></ul><p>c</p>"),
        (
            "<ul><li>a</li><ul><li>b</li></ul></ul>",
            "<ul><li>a</li><li><ul><li>b</li></ul></li></ul>",
        ),
        ("<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>", "<ul><li>a</li><li>b</li></ul>"),
        (
            "<table>\n<tr><td>a<td>b<tr><th>c</table>d",
            "<table><tbody><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></tbody></table><p>d</p>",
        ),
        (
            "<table>a<tr><td>b</table>",
            "<table><tbody><tr><td>a</td></tr><tr><td>b</td></tr></tbody></table>",
        ),
        (
            "<table><td><b>a<td>b</table>c",
            "<table><tbody><tr><td><b>a</b></td><td>b</td></tr></tbody></table><p>c</p>",
        ),
        (
            "<table><td><ul><li>a<td>b</table>",
            "<table><tbody><tr><td><ul><li>a</li></ul></td><td>b</td></tr></tbody></table>",
        ),
        (
            "<table><td colspan=1 rowspan=999>a</table>",
            "<table><tbody><tr><td>a</td></tr></tbody></table>",
        ),
        ("<ul>a<table></table>b</ul>", "<ul><li>a<table></table><p>b</p></li></ul>"),
        (
            "<table>a<table><td>b</table></table>",
            "<table><tbody><tr><td>a<table><tbody><tr><td>b</td></tr></tbody></table></td></tr></tbody></table>",
        ),
        (
            "<p>a<table><td>b</table>c",
            "<p>a</p><table><tbody><tr><td>b</td></tr></tbody></table><p>c</p>",
        ),
        ("a<br/>b</br>c", "a<br>b<br>c"),
        ("<p></p><p> </p><p>a</p>\n", "<p>a</p>"),
        ("a&nbsp;b", "a&nbsp;b"),
    ] {
        assert_eq!(html(raw), written, "{raw}");
        assert_eq!(html(written), written, "{raw}");
    }
}

#[test]
fn a_link_goes_on_where_its_blocks_do() {
    let a = format!(r#"<a href="https://example.test/" {REL}>"#);
    for (raw, written) in [
        ("<a href='https://example.test/'>a <b>b</b> c</a>", format!("{a}a <b>b</b> c</a>")),
        (
            "<a href='https://example.test/'><p>a</p><p>b</p></a>",
            format!("<p>{a}a</a></p><p>{a}b</a></p>"),
        ),
        ("<a href='https://example.test/'>a<a href='x:y'>b</a>c", format!("{a}a</a>bc")),
        ("<a href='https://example.test/' rel=opener target=x>a</a>", format!("{a}a</a>")),
        ("<a name=x>a</a>", "a".to_owned()),
    ] {
        assert_eq!(html(raw), written, "{raw}");
        assert_eq!(html(&written), written, "{raw}");
    }
}

#[test]
fn a_typed_web_address_becomes_a_link() {
    let link = |address: &str, text: &str| format!(r#"<a href="{address}" {REL}>{text}</a>"#);
    for (raw, written) in [
        ("https://example.test", link("https://example.test/", "https://example.test")),
        (
            "see www.example.test.",
            format!("see {}.", link("https://www.example.test/", "www.example.test")),
        ),
        (
            "(HTTP://example.test/a?b=c&d)",
            format!(
                "({})",
                link("http://example.test/a?b=c&amp;d", "HTTP://example.test/a?b=c&amp;d")
            ),
        ),
        (
            "<p>a https://example.test/x, b</p>",
            format!("<p>a {}, b</p>", link("https://example.test/x", "https://example.test/x")),
        ),
        (
            "<b>www.example.test</b>",
            format!("<b>{}</b>", link("https://www.example.test/", "www.example.test")),
        ),
        (
            "https://exa<!-- -->mple<span>.test</span>",
            link("https://example.test/", "https://example.test"),
        ),
        ("https://例え.test/é", link("https://xn--r8jz45g.test/%C3%A9", "https://例え.test/é")),
        (
            "<a href='javascript:x'>https://example.test/</a>",
            link("https://example.test/", "https://example.test/"),
        ),
        (
            "<a href='https://example.test/'>www.other.test</a>",
            link("https://example.test/", "www.other.test"),
        ),
        (
            "https://a.test/ https://b.test/",
            format!(
                "{} {}",
                link("https://a.test/", "https://a.test/"),
                link("https://b.test/", "https://b.test/")
            ),
        ),
    ] {
        assert_eq!(html(raw), written, "{raw}");
        assert_eq!(html(&written), written, "{raw}");
    }
}

#[test]
fn other_text_stays_text() {
    for typed in [
        "rest tomorrow.Take two",
        "pat@example.test",
        "example.test",
        "javascript:alert(1)",
        "ftp://example.test/",
        "https://",
        "https://user@evil.example/",
        "www.",
        "www..",
        "9:30",
        "//example.test",
    ] {
        assert_eq!(split(typed).len(), 1, "{typed}");
        assert!(matches!(split(typed).first(), Some(Segment::Text(_))), "{typed}");
        assert_eq!(html(typed), typed);
    }
}

#[test]
fn plain_text_keeps_lines_lists_tables_and_addresses() {
    for (raw, rendition) in [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("a<br>b", "a\nb"),
        ("<p>a<br></p><p>b</p>", "a\nb"),
        ("<p>a</p><p><br></p><p>b</p>", "a\n\nb"),
        ("<p> a  <b> b</b>\n c </p>", "a b c"),
        ("a\nb", "a b"),
        ("<ul><li>a</li><li>b</li></ul>c", "- a\n- b\nc"),
        ("<ol><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ol>", "1. a\n2. b\n  - c\n3. d"),
        ("<ul><li></li><li><p>a</p><p>b</p></li></ul>", "- a\nb"),
        ("<table><tr><th>a<th>b<tr><td>c<td>d</table>e", "a\tb\nc\td\ne"),
        ("<table><tr><td><p>a</p><td><p>b</p></table>", "a\tb"),
        ("<table><tr><td><td>b</table>", "\tb"),
        (
            "<a href='https://example.test/x'>here</a>, please",
            "here (https://example.test/x), please",
        ),
        ("https://example.test and www.example.test", "https://example.test and www.example.test"),
        ("<a href='https://example.test/'>https://example.test</a>", "https://example.test"),
        (
            "<a href='https://evil.example/'>https://example.test</a>",
            "https://example.test (https://evil.example/)",
        ),
        ("<a href='mailto:a@example.test'>a@example.test</a>", "a@example.test"),
        ("<a href='mailto:a@example.test'>write</a>", "write (a@example.test)"),
        ("<a href='tel:+16135550100'>call</a>", "call (+16135550100)"),
        ("<p>&lt;b&gt; &amp;amp; &eacute;</p>", "<b> &amp; é"),
    ] {
        assert_eq!(text(raw), rendition, "{raw}");
    }
}
