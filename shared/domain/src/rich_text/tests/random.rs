//! Properties of any input, tried with generated ones.

use proptest::prelude::*;

use super::super::*;
use super::safety::{check_any, parsed_again};
use super::text;

const TAGS: &[&str] = &[
    "a",
    "b",
    "i",
    "em",
    "strong",
    "u",
    "s",
    "strike",
    "del",
    "ins",
    "p",
    "br",
    "div",
    "span",
    "ul",
    "ol",
    "li",
    "menu",
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "td",
    "th",
    "caption",
    "col",
    "h1",
    "center",
    "font",
    "form",
    "button",
    "select",
    "option",
    "svg",
    "math",
    "mtext",
    "style",
    "script",
    "title",
    "textarea",
    "iframe",
    "template",
    "xmp",
    "hr",
    "pre",
    "dd",
    "img",
    "body",
    "html",
    "noscript",
    "foreignObject",
    "desc",
    "object",
    "marquee",
    "nobr",
    "input",
];

const ATTRIBUTES: &[&str] = &[
    "",
    " href='https://example.test/'",
    " href=http://a.b?c&d",
    " href=javascript:x",
    " align=center",
    " style='text-align:right;color:red'",
    " colspan=2 rowspan=3",
    " onclick=x",
    " /",
    " href='mailto:a@b.test'",
    " title='<img src=x onerror=y>'",
    " style='text-align:center'",
    " style='font-size:9px;text-align:start'",
    " class=x \"broken words",
];

const TEXTS: &[&str] = &[
    "x",
    " ",
    "\n",
    "hello ",
    "&amp;",
    "&lt;b&gt;",
    "<",
    ">",
    "\"",
    "&nbsp;",
    "é",
    "\u{200B}",
    "\0",
    "\r\n",
    "https://example.test/a?b=c&amp;d=e",
    "www.example.test",
    "http://",
    "https://",
    "www.",
    ".",
    ":",
    "(https://a.b/c)",
    "a@b.test",
    "/",
    "<!-- c -->",
    "<!--",
    "-->",
    "]]>",
    "<![CDATA[",
    "&#9;",
    "e.g.",
    "javascript:x",
    "//",
    "@",
    "tel:1",
    "\u{2028}",
    "&#0;",
    "\u{FEFF}",
];

/// Pieces of markup that meet in every order.
fn piece() -> impl Strategy<Value = String> {
    let tag = || prop::sample::select(TAGS);
    let attribute = prop::sample::select(ATTRIBUTES);
    prop_oneof![
        3 => (tag(), attribute).prop_map(|(tag, attribute)| format!("<{tag}{attribute}>")),
        2 => tag().prop_map(|tag| format!("</{tag}>")),
        3 => prop::sample::select(TEXTS).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_markup_is_safe_stable_and_bounded(pieces in prop::collection::vec(piece(), 0..40)) {
        check_any(&pieces.concat());
    }

    #[test]
    fn any_string_is_safe_stable_and_bounded(raw in any::<String>()) {
        check_any(&raw);
    }

    #[test]
    fn addresses_in_any_text_are_found_the_same_twice(raw in "[a-z.:/@()<>&;,www htps0-9é\\[\\]'\"-]{0,60}") {
        check_any(&raw);
    }

    #[test]
    fn text_without_markup_loses_nothing_to_report(raw in "[^<&\\p{Cc}\u{FEFF}]{1,80}") {
        if let Ok(cleaned) = Body::clean(&raw) {
            prop_assert_eq!(cleaned.removed, []);
        }
    }

    #[test]
    fn any_text_that_is_filled_in_stays_text(value in any::<String>()) {
        let body = Body::rendered(format!("<p>x {}</p>", escape_text(&value))).unwrap();
        parsed_again(body.html());
        prop_assert_eq!(body.html().matches('<').count(), 2);
        let kept: String = value.chars().filter_map(tidy::clean).collect();
        let words = |text: &str| text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(words(body.text()), words(&format!("x {kept}")));
    }

    #[test]
    fn text_without_markup_loses_no_letter(raw in "[a-zA-Zéç][a-zA-Zéç0-9 ,;!?'\"()-]{0,80}") {
        let squeezed = raw.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(text(&raw), squeezed);
    }
}
