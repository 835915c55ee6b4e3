//! What the tags and attributes of a body mean.

use html5ever::Attribute;

use super::tokens::attribute;

/// The tags that may carry an [`Alignment`].
pub(super) const ALIGNED_TAGS: [&str; 4] = ["li", "p", "td", "th"];

/// How the lines of a block are aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alignment {
    Left,
    Center,
    Right,
    Justify,
}

impl Alignment {
    /// Every alignment there is.
    pub(super) const ALL: [Self; 4] = [Self::Left, Self::Center, Self::Right, Self::Justify];

    /// The whole value of the `style` attribute that says so. Only these exact values pass the
    /// sanitiser, so that no style sheet has to be judged.
    pub(super) fn style(self) -> &'static str {
        match self {
            Self::Left => "text-align: left",
            Self::Center => "text-align: center",
            Self::Right => "text-align: right",
            Self::Justify => "text-align: justify",
        }
    }

    /// The alignment that a tag asks for, by style or by an attribute of older HTML.
    pub(super) fn of(name: &str, attributes: &[Attribute]) -> Option<Self> {
        let styled = attribute(attributes, "style").and_then(|style| {
            style
                .split(';')
                .filter_map(|declaration| declaration.split_once(':'))
                .filter(|(property, _)| property.trim().eq_ignore_ascii_case("text-align"))
                .find_map(|(_, value)| Self::named(value))
        });
        styled
            .or_else(|| attribute(attributes, "align").and_then(Self::named))
            .or_else(|| (name == "center").then_some(Self::Center))
    }

    fn named(value: &str) -> Option<Self> {
        let value = value.split('!').next().unwrap_or(value).trim();
        [
            ("left", Self::Left),
            ("center", Self::Center),
            ("right", Self::Right),
            ("justify", Self::Justify),
        ]
        .into_iter()
        .find_map(|(name, alignment)| value.eq_ignore_ascii_case(name).then_some(alignment))
    }
}

/// The tag that is written for inline formatting `name`, if `name` is such a tag.
pub(super) fn inline_format(name: &str) -> Option<&'static str> {
    Some(match name {
        "b" => "b",
        "strong" => "strong",
        "i" => "i",
        "em" => "em",
        "u" | "ins" => "u",
        "s" | "strike" => "s",
        "del" => "del",
        _ => return None,
    })
}

/// Whether a browser starts a new line before and after the content of this tag. Only the break is
/// kept of such a tag, as a paragraph's end.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "legend"
            | "main"
            | "nav"
            | "optgroup"
            | "option"
            | "p"
            | "pre"
            | "search"
            | "section"
            | "select"
            | "summary"
    )
}

/// Whether `value` is a number of columns or rows that a cell may take.
pub(super) fn is_span(value: &str) -> bool {
    value.parse::<u8>().is_ok_and(|n| (2..=50).contains(&n) && value == n.to_string())
}
