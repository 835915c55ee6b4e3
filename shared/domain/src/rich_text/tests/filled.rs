//! Bodies in which text was filled in.

use super::super::*;
use super::safety::parsed_again;

#[test]
fn text_that_is_filled_in_stays_text() {
    let fill = |value: &str| {
        Body::rendered(format!("<p>Dear <b>{}</b>,</p>", escape_text(value))).unwrap()
    };
    for (value, html, text) in [
        ("Pat", "Pat", "Pat"),
        (
            "<img src=x onerror=alert(1)>",
            "&lt;img src=x onerror=alert(1)&gt;",
            "<img src=x onerror=alert(1)>",
        ),
        (
            "</b></p><script>x</script>",
            "&lt;/b&gt;&lt;/p&gt;&lt;script&gt;x&lt;/script&gt;",
            "</b></p><script>x</script>",
        ),
        ("Q & A: \"it's\" &amp;", "Q &amp; A: &quot;it's&quot; &amp;amp;", "Q & A: \"it's\" &amp;"),
        ("www.example.test", "www.example.test", "www.example.test"),
        ("{{patient}}", "{{patient}}", "{{patient}}"),
        ("a\0b\u{1b}\u{FEFF}c", "abc", "abc"),
        ("a\r\nb\u{2028}c", "a\n\nb\nc", "a b c"),
    ] {
        let body = fill(value);
        assert_eq!(body.html(), format!("<p>Dear <b>{html}</b>,</p>"), "{value:?}");
        assert_eq!(body.text(), format!("Dear {text},"), "{value:?}");
        parsed_again(body.html());
    }
}

#[test]
fn a_filled_body_is_measured_after_it_was_filled() {
    let too_long = Err(BodyProblem::TooLong { limit: MAX_STORED_BYTES });
    let fill = |value: &str| Body::rendered(format!("<p>{}</p>", escape_text(value)));
    assert!(fill(&"<".repeat((MAX_STORED_BYTES - 7) / 4)).is_ok());
    assert_eq!(fill(&"<".repeat(MAX_STORED_BYTES / 4)), too_long);
    assert_eq!(fill(&"a".repeat(5 * 1024 * 1024)), too_long);
    assert_eq!(fill(" \u{200B}\0"), Err(BodyProblem::Empty));
    assert_eq!(Body::rendered(String::new()), Err(BodyProblem::Empty));
}
