"""Collects the payloads of the unpacked source archives of `bleach` and `brs-kb`.

    collect.py FOLDER

FOLDER holds the archives' folders, and gets payloads.json, a list of strings. The archives' Python
is parsed and not run.
"""

import ast
import json
import pathlib
import sys

# Fewer mean that an archive is laid out otherwise than this script knows.
AT_LEAST_OF_BLEACH = 500
AT_LEAST_OF_BRS_KB = 4_000


def strings(node):
    return (
        n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    )


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def of_bleach(folder):
    """Its test data, and what in its tests looks like markup, an address or a style."""
    tests = folder / "tests"
    for path in sorted((tests / "data").glob("*.test")):
        payload, _, _ = path.read_text(encoding="utf-8").partition("\n--\n")
        yield payload
    for path in sorted(tests.glob("test_*.py")):
        for string in strings(parsed(path)):
            if any(c in string for c in "<&:"):
                yield string


def of_brs_kb(folder):
    """The value of each argument `payload`."""
    for path in sorted((folder / "brs_kb").rglob("*.py")):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.keyword) and node.arg == "payload":
                # A payload that is put together counts by its pieces.
                yield from strings(node.value)


def main():
    folder = pathlib.Path(sys.argv[1])
    payloads = {}
    for package, collect, at_least in [
        ("bleach", of_bleach, AT_LEAST_OF_BLEACH),
        ("brs_kb", of_brs_kb, AT_LEAST_OF_BRS_KB),
    ]:
        (archive,) = folder.glob(f"{package}-*/")
        found = dict.fromkeys(p for p in collect(archive) if p.strip())
        if len(found) < at_least:
            sys.exit(f"{package} has {len(found)} payloads: at least {at_least} were expected")
        payloads.update(found)
        print(f"{package}: {len(found)} payloads")
    # Rust's strings hold no lone surrogates.
    known = [p for p in payloads if not any("\ud800" <= c <= "\udfff" for c in p)]
    (folder / "payloads.json").write_text(json.dumps(known), encoding="utf-8")


if __name__ == "__main__":
    main()
