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
            declarations(style)
                .filter(|(property, _)| property.eq_ignore_ascii_case("text-align"))
                .find_map(|(_, value)| Self::named(value))
        });
        styled
            .or_else(|| attribute(attributes, "align").and_then(Self::named))
            .or_else(|| (name == "center").then_some(Self::Center))
    }

    /// The alignment that the value of a property or an attribute names.
    pub(super) fn named(value: &str) -> Option<Self> {
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

/// The declarations of a `style` attribute: property and value. What has no colon has no value.
pub(super) fn declarations(style: &str) -> impl Iterator<Item = (&str, &str)> {
    style
        .split(';')
        .filter(|declaration| !declaration.trim().is_empty())
        .map(|declaration| declaration.split_once(':').unwrap_or((declaration, "")))
        .map(|(property, value)| (property.trim(), value))
}

/// Whether an [`Alignment`] that this tag asks for is kept.
pub(super) fn is_aligned(name: &str) -> bool {
    is_block(name) || ALIGNED_TAGS.contains(&name)
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

/// Whether what this tag does is kept, in its own or in another spelling, or is nothing that a
/// reader sees.
pub(super) fn is_kept(name: &str) -> bool {
    inline_format(name).is_some()
        || matches!(
            name,
            "a" | "br"
                | "center"
                | "li"
                | "menu"
                | "ol"
                | "p"
                | "table"
                | "tbody"
                | "td"
                | "tfoot"
                | "th"
                | "thead"
                | "tr"
                | "ul"
        )
        || matches!(
            name,
            "article"
                | "aside"
                | "body"
                | "col"
                | "colgroup"
                | "div"
                | "footer"
                | "head"
                | "header"
                | "hgroup"
                | "html"
                | "main"
                | "nav"
                | "search"
                | "section"
                | "span"
        )
}

/// Whether neither this tag nor its attributes are anything that a reader sees, of themselves: the
/// parts of drawings and formulas are nothing without the `svg` or `math` around them.
pub(super) fn is_neutral(name: &str) -> bool {
    matches!(name, "meta" | "wbr" | "xml") || is_drawing_part(name) || is_formula_part(name)
}

/// Elements of SVG that HTML does not have.
fn is_drawing_part(name: &str) -> bool {
    matches!(
        name,
        "animate"
            | "animatemotion"
            | "animatetransform"
            | "circle"
            | "clippath"
            | "cursor"
            | "defs"
            | "desc"
            | "ellipse"
            | "feblend"
            | "fecolormatrix"
            | "fecomposite"
            | "feflood"
            | "fegaussianblur"
            | "feimage"
            | "femerge"
            | "femergenode"
            | "feoffset"
            | "filter"
            | "foreignobject"
            | "g"
            | "line"
            | "lineargradient"
            | "marker"
            | "mask"
            | "metadata"
            | "mpath"
            | "path"
            | "pattern"
            | "polygon"
            | "polyline"
            | "radialgradient"
            | "rect"
            | "set"
            | "stop"
            | "switch"
            | "symbol"
            | "text"
            | "textpath"
            | "tspan"
            | "use"
            | "view"
    )
}

/// Elements of `MathML`.
fn is_formula_part(name: &str) -> bool {
    matches!(
        name,
        "annotation"
            | "annotation-xml"
            | "maction"
            | "malignmark"
            | "menclose"
            | "merror"
            | "mfenced"
            | "mfrac"
            | "mglyph"
            | "mi"
            | "mmultiscripts"
            | "mn"
            | "mo"
            | "mover"
            | "mpadded"
            | "mphantom"
            | "mroot"
            | "mrow"
            | "ms"
            | "mspace"
            | "msqrt"
            | "mstyle"
            | "msub"
            | "msubsup"
            | "msup"
            | "mtable"
            | "mtd"
            | "mtext"
            | "mtr"
            | "munder"
            | "munderover"
            | "semantics"
    )
}

/// Whether a browser shows or does something for this tag that is more than the looks of its text,
/// or leaves its text out.
pub(super) fn shows(name: &str) -> bool {
    matches!(
        name,
        "applet"
            | "area"
            | "audio"
            | "base"
            | "bgsound"
            | "button"
            | "canvas"
            | "datalist"
            | "embed"
            | "fencedframe"
            | "form"
            | "frame"
            | "frameset"
            | "hr"
            | "iframe"
            | "image"
            | "img"
            | "input"
            | "isindex"
            | "keygen"
            | "link"
            | "map"
            | "math"
            | "meter"
            | "noembed"
            | "noframes"
            | "object"
            | "optgroup"
            | "option"
            | "output"
            | "param"
            | "picture"
            | "portal"
            | "progress"
            | "script"
            | "select"
            | "source"
            | "style"
            | "svg"
            | "textarea"
            | "title"
            | "track"
            | "video"
    )
}

/// Whether `value` is a number of columns or rows that a cell may take.
pub(super) fn is_span(value: &str) -> bool {
    value.parse::<u8>().is_ok_and(|n| (2..=50).contains(&n) && value == n.to_string())
}
