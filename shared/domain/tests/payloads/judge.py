"""Judges sanitised bodies with html5lib, which shares no code with the sanitiser.

    judge.py FOLDER

FOLDER holds payloads.json and outputs.json. Each output is parsed as browsers parse, as a part of a
page and as a page of its own, and must have nothing that is not on the list below. The payloads
themselves are judged too, unsanitised: a judge that found fault with few of them would be no judge.
"""

import concurrent.futures
import json
import pathlib
import re
import sys

import html5lib

HTML = "{http://www.w3.org/1999/xhtml}"
ELEMENTS = set(
    "a b br del em i li ol p s strong table tbody td th thead tr u ul".split()
)
SCHEMES = {"http", "https", "mailto", "tel"}
REL = "noopener noreferrer nofollow"
STYLE = re.compile(r"text-align: (left|center|right|justify)")
SPAN = re.compile(r"[2-9]|[1-4][0-9]|50")

# Fewer mean that the sanitiser's part of the test did not do its work.
AT_LEAST = 4_000
# Of the unsanitised payloads that have a tag, at least so many in a hundred are at fault.
CAUGHT = 90


def faults(tree):
    """What is wrong with a parsed body."""
    for element in tree.iter():
        if not isinstance(element.tag, str):
            yield "a comment or an instruction"
            continue
        namespace, name = element.tag[: len(HTML)], element.tag[len(HTML) :]
        if namespace != HTML or name not in ELEMENTS:
            yield f"element {element.tag}"
            continue
        for attribute, value in element.attrib.items():
            yield from attribute_faults(name, attribute, value)
        if name == "a" and set(element.attrib) != {"href", "rel"}:
            yield f"a link with {sorted(map(str, element.attrib))}"


def attribute_faults(name, attribute, value):
    if name == "a" and attribute == "href":
        yield from address_faults(value)
    elif name == "a" and attribute == "rel":
        if value != REL:
            yield f"rel {value}"
    elif name in {"li", "p", "td", "th"} and attribute == "style":
        if not STYLE.fullmatch(value):
            yield f"style {value}"
    elif name in {"td", "th"} and attribute in {"colspan", "rowspan"}:
        if not SPAN.fullmatch(value):
            yield f"{attribute} {value}"
    else:
        yield f"attribute {attribute} of {name}"


def address_faults(address):
    # What a browser drops from an address before it looks for the scheme.
    seen = re.sub(r"[\t\n\r]", "", address).strip("".join(map(chr, range(0x21))))
    if seen != address:
        yield f"an address that is not what it looks like: {address}"
    scheme, colon, rest = seen.partition(":")
    if not colon or scheme not in SCHEMES:
        yield f"address {address}"
    elif scheme in {"http", "https"} and not re.match(r"//[^/?#@\\]+(?=[/?#]|$)", rest):
        yield f"a web address without a plain host: {address}"
    elif scheme in {"mailto", "tel"} and re.search(r"[?#]", rest):
        yield f"a prepared {scheme} address: {address}"


def judge(html):
    """The faults of a body, as a part of a page and as the body of a page."""
    part = html5lib.parseFragment(html, container="div")
    found = [f for child in part for f in faults(child)]
    page = html5lib.parse(f"<!DOCTYPE html><title>x</title><body>{html}")
    head, body = page
    if len(head) != 1 or body.attrib:
        found.append("something that leaves the body of the page")
    found.extend(f for child in body for f in faults(child))
    return found


def judge_all(bodies):
    with concurrent.futures.ProcessPoolExecutor() as pool:
        return list(pool.map(judge, bodies, chunksize=200))


def main():
    folder = pathlib.Path(sys.argv[1])
    outputs = json.loads((folder / "outputs.json").read_text(encoding="utf-8"))
    if len(outputs) < AT_LEAST:
        sys.exit(f"{len(outputs)} outputs: at least {AT_LEAST} were expected")
    bad = 0
    for output, found in zip(outputs, judge_all([o["html"] for o in outputs])):
        if found:
            bad += 1
            print(f"{output['raw']!r} became {output['html']!r}: {'; '.join(found)}")

    payloads = json.loads((folder / "payloads.json").read_text(encoding="utf-8"))
    hostile = [p for p in payloads if re.search("<[a-zA-Z]", p)]
    caught = sum(map(bool, judge_all(hostile)))
    print(
        f"html5lib: {len(outputs)} sanitised bodies, {bad} with a fault; "
        f"of {len(hostile)} unsanitised payloads with a tag, {caught} with a fault"
    )
    if caught * 100 < len(hostile) * CAUGHT:
        sys.exit(f"less than {CAUGHT} % of the unsanitised payloads were caught")
    if bad:
        sys.exit(1)


if __name__ == "__main__":
    main()
