//! The names that may be said in a report of what was removed.
//!
//! In broken markup any word of a text can stand where a name would, so that only known names are
//! repeated. A name that is missing here is reported without it, and removed all the same.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Whether an element with this name gives its text another look.
pub(super) fn is_formatting(name: &str) -> bool {
    is_in(&FORMATTING_SET, name)
}

/// Whether HTML has an attribute or an event with this name.
pub(super) fn is_attribute(name: &str) -> bool {
    is_in(&ATTRIBUTES_SET, name)
}

/// Whether CSS has a property with this name.
pub(super) fn is_property(name: &str) -> bool {
    is_in(&PROPERTIES_SET, name)
}

type Names = LazyLock<HashSet<&'static str>>;

static FORMATTING_SET: Names = LazyLock::new(|| words(&[FORMATTING]));
static ATTRIBUTES_SET: Names = LazyLock::new(|| words(&[ATTRIBUTES, EVENTS]));
static PROPERTIES_SET: Names = LazyLock::new(|| words(&[PROPERTIES]));

fn is_in(names: &Names, name: &str) -> bool {
    names.contains(name)
}

fn words(lists: &[&'static str]) -> HashSet<&'static str> {
    lists.iter().flat_map(|list| list.split_ascii_whitespace()).collect()
}

/// Elements whose text stays without them.
const FORMATTING: &str = "\
    abbr acronym address basefont bdi bdo big blink blockquote caption cite code command data dd \
    details dfn dialog dir dl dt fieldset figcaption figure font h1 h2 h3 h4 h5 h6 kbd label \
    legend listing mark marquee multicol nextid nobr noscript plaintext pre q rb rp rt rtc ruby \
    samp slot small spacer sub summary sup template time tt var xmp";

/// Attributes of HTML, old and new, that are no event handlers.
const ATTRIBUTES: &str = "\
    abbr accept accept-charset accesskey action align alink allow allowfullscreen alt archive \
    aria-controls aria-current aria-describedby aria-expanded aria-haspopup aria-hidden aria-label \
    aria-labelledby aria-level aria-live aria-multiline aria-owns aria-posinset aria-pressed \
    aria-readonly aria-selected aria-setsize async autocapitalize autocomplete autofocus autoplay \
    axis background behavior bgcolor border bordercolor cellpadding cellspacing char charoff \
    charset checked cite classid clear code codebase codetype color cols colspan compact content \
    contenteditable contextmenu controls coords crossorigin data datetime declare decoding default \
    defer direction dirname disabled download draggable enctype enterkeyhint exportparts face \
    fetchpriority for form formaction formenctype formmethod formnovalidate formtarget frame \
    frameborder headers height hidden high href hreflang hspace http-equiv imagesizes imagesrcset \
    inert inputmode integrity is ismap itemid itemprop itemref itemscope itemtype kind label \
    language link list loading longdesc loop low lowsrc manifest marginheight marginwidth max \
    maxlength media method min minlength multiple muted name nohref nomodule nonce noresize \
    noshade novalidate nowrap object open optimum part pattern ping placeholder playsinline \
    popover popovertarget poster preload profile prompt readonly referrerpolicy rel required rev \
    reversed role rows rowspan rules sandbox scheme scope scrolling selected shape size sizes slot \
    span spellcheck src srcdoc srclang srcset standby start step style summary tabindex target \
    text title translate type unselectable usemap valign value valuetype version vlink vspace \
    width wrap";

/// Event handlers.
const EVENTS: &str = "\
    onabort onactivate onafterprint onafterscriptexecute onafterupdate onanimationcancel \
    onanimationend onanimationiteration onanimationstart onauxclick onbefordeactivate \
    onbeforeactivate onbeforecopy onbeforecut onbeforeeditfocus onbeforeinput onbeforematch \
    onbeforepaste onbeforeprint onbeforescriptexecute onbeforetoggle onbeforeunload onbeforeupdate \
    onbeforexrselect onbegin onblur onbounce oncancel oncanplay oncanplaythrough oncellchange \
    onchange onclick onclose oncommand oncompositionend oncompositionstart oncompositionupdate \
    oncontextlost oncontextmenu oncontextrestored oncontrolselect oncopy oncuechange oncut \
    ondataavailable ondatasetchanged ondatasetcomplete ondblclick ondeactivate ondevicemotion \
    ondeviceorientation ondrag ondragdrop ondragend ondragenter ondragexit ondragleave ondragover \
    ondragstart ondrop ondurationchange onemptied onend onended onerror onerrorupdate \
    onfilterchange onfinish onfocus onfocusin onfocusout onformchange onformdata onforminput \
    onfullscreenchange onfullscreenerror ongesturechange ongestureend ongesturestart \
    ongotpointercapture onhashchange onhelp oninput oninvalid onkeydown onkeypress onkeyup \
    onlanguagechange onload onloadeddata onloadedmetadata onloadstart onlosecapture \
    onlostpointercapture onmessage onmessageerror onmousedown onmouseenter onmouseleave \
    onmousemove onmouseout onmouseover onmouseup onmousewheel onmove onmoveend onmovestart \
    onoffline ononline onpagehide onpagereveal onpageshow onpageswap onpaste onpause onplay \
    onplaying onpointercancel onpointerdown onpointerenter onpointerleave onpointermove \
    onpointerout onpointerover onpointerrawupdate onpointerup onpopstate onprogress \
    onpropertychange onratechange onreadystatechange onrejectionhandled onrepeat onreset onresize \
    onrowenter onrowexit onrowsdelete onrowsinserted onscroll onscrollend onscrollsnapchange \
    onscrollsnapchanging onsearch onsecuritypolicyviolation onseeked onseeking onselect \
    onselectionchange onselectstart onshow onslotchange onstalled onstart onstop onstorage \
    onsubmit onsuspend ontimeupdate ontoggle ontouchcancel ontouchend ontouchmove ontouchstart \
    ontransitioncancel ontransitionend ontransitionrun ontransitionstart onunhandledrejection \
    onunload onvolumechange onwaiting onwebkitanimationend onwebkitanimationiteration \
    onwebkitanimationstart onwebkitmouseforcedown onwebkittransitionend onwheel onzoom";

/// The CSS properties that editors, mail and office programs write.
const PROPERTIES: &str = "\
    align-content align-items align-self all animation animation-delay animation-direction \
    animation-duration animation-fill-mode animation-iteration-count animation-name \
    animation-timing-function appearance aspect-ratio backdrop-filter backface-visibility \
    background background-attachment background-clip background-color background-image \
    background-origin background-position background-repeat background-size behavior block-size \
    border border-block border-bottom border-bottom-color border-bottom-left-radius \
    border-bottom-right-radius border-bottom-style border-bottom-width border-collapse \
    border-color border-image border-inline border-left border-left-color border-left-style \
    border-left-width border-radius border-right border-right-color border-right-style \
    border-right-width border-spacing border-style border-top border-top-color \
    border-top-left-radius border-top-right-radius border-top-style border-top-width border-width \
    bottom box-shadow box-sizing break-after break-before break-inside caption-side clear clip \
    clip-path color color-scheme column-count column-gap column-rule column-width columns content \
    cursor direction display empty-cells filter flex flex-basis flex-direction flex-flow flex-grow \
    flex-shrink flex-wrap float font font-family font-feature-settings font-kerning font-size \
    font-size-adjust font-stretch font-style font-variant font-variant-caps font-variant-ligatures \
    font-variant-numeric font-weight gap grid grid-area grid-column grid-row grid-template \
    grid-template-columns grid-template-rows height hyphens inline-size inset isolation \
    justify-content justify-items justify-self layout-grid-mode left letter-spacing line-break \
    line-height list-style list-style-image list-style-position list-style-type margin \
    margin-block margin-bottom margin-inline margin-left margin-right margin-top mask mask-image \
    max-height max-width min-height min-width mix-blend-mode object-fit object-position opacity \
    order orphans outline outline-color outline-offset outline-style outline-width overflow \
    overflow-wrap overflow-x overflow-y padding padding-block padding-bottom padding-inline \
    padding-left padding-right padding-top page page-break-after page-break-before \
    page-break-inside perspective place-content place-items pointer-events position quotes resize \
    right rotate row-gap scale scroll-behavior scrollbar-width src tab-interval tab-size tab-stops \
    table-layout text-align text-align-last text-autospace text-decoration text-decoration-color \
    text-decoration-line text-decoration-skip-ink text-decoration-style text-decoration-thickness \
    text-emphasis text-indent text-justify text-overflow text-rendering text-shadow text-transform \
    text-underline text-underline-offset text-wrap top touch-action transform transform-origin \
    transition transition-delay transition-duration transition-property transition-timing-function \
    translate unicode-bidi user-select vertical-align visibility white-space white-space-collapse \
    widows width will-change word-break word-spacing word-wrap writing-mode z-index zoom";
