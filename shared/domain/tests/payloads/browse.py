"""Shows sanitised bodies to headless Chromium: no script runs, and nothing is loaded.

    browse.py FOLDER

FOLDER holds payloads.json and outputs.json. The bodies are pages of a server of this script's own, to
which every address leads that the browser asks for. First comes a page of unsanitised payloads, whose
scripts run and whose pictures are asked for: a test that did not see these would see nothing. Where
Chromium is not installed, nothing is tested, and that is said.
"""

import collections
import concurrent.futures
import html
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
FLAGS = """
    --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage
    --disable-background-networking --disable-component-update --disable-sync --disable-extensions
    --disable-default-apps --disable-domain-reliability --no-pings --no-default-browser-check
    --dump-dom --virtual-time-budget=5000
""".split()

# What the browser asks its maker, whatever page it shows. There is no answer. If a page asked for these,
# the page's policy would still tell.
MAKER = ["google.com", "googleapis.com", "gstatic.com", "gvt1.com"]

# How many bodies a page shows, and how long the browser may take for it, in seconds.
BODIES = 4_000
LIMIT = 120

# Seen first on the page. Every script that is not this one and every load is a violation of a policy
# that is only watched, so that it happens all the same.
WATCH = """
const fired = [], violations = [];
for (const name of ["alert", "confirm", "prompt", "print", "open"])
  window[name] = (...words) => { fired.push(name + "(" + words.map(String).join() + ")"); };
document.addEventListener("securitypolicyviolation",
  e => violations.push([e.effectiveDirective, e.blockedURI, e.sample].join(" ")));
addEventListener("load", () => setTimeout(judge, 500));

function judge() {
  const bodies = [...document.querySelectorAll("main > div")], faults = [];
  bodies.forEach((body, n) => {
    if (body.id !== "body" + n) faults.push("body " + n + " is not where it was put");
    for (const element of body.querySelectorAll("*")) {
      for (const { name, value } of element.attributes)
        if (!ATTRIBUTES.includes(name)) faults.push(n + ": attribute " + name + "=" + value);
      if (!ELEMENTS.includes(element.nodeName)) faults.push(n + ": element " + element.nodeName);
      if (element.nodeName === "A" && !SCHEMES.includes(element.protocol))
        faults.push(n + ": address " + element.href);
    }
    // What is written again and read again must be the same, and as dead as before.
    const again = document.createElement("div");
    again.innerHTML = body.innerHTML;
    if (again.innerHTML !== body.innerHTML) faults.push(n + ": changes when it is read again");
  });
  setTimeout(() => {
    const loads = performance.getEntriesByType("resource").map(entry => entry.name);
    const verdict = { bodies: bodies.length, fired, violations, loads, faults };
    document.documentElement.innerHTML = "<pre id=verdict></pre>";
    document.getElementById("verdict").textContent = JSON.stringify(verdict);
  }, 500);
}
"""
LISTS = {
    "ATTRIBUTES": ["href", "rel", "style", "colspan", "rowspan"],
    "ELEMENTS": "A B BR DEL EM I LI OL P S STRONG TABLE TBODY TD TH THEAD TR U UL".split(),
    "SCHEMES": ["http:", "https:", "mailto:", "tel:"],
}
POLICY = (
    "default-src 'none'; img-src data:; script-src 'nonce-watch'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-src 'none'; object-src 'none'"
)

# Each does what no sanitised body may do.
CONTROLS = [
    "<script>alert('control script')</script>",
    "<img src=/control-picture onerror=\"alert('control handler')\">",
    "<svg onload=\"alert('control drawing')\"></svg>",
    "<p style=\"background: url(/control-style)\">x</p>",
    "<iframe src=http://elsewhere.test/control-frame></iframe>",
    "<link rel=stylesheet href=https://elsewhere.test/control-secure>",
    "<a href=\"javascript:alert(1)\">x</a>",
]


def page(bodies):
    lists = "".join(f"const {name} = {json.dumps(names)};" for name, names in LISTS.items())
    shown = "\n".join(f'<div id="body{n}">{body}</div>' for n, body in enumerate(bodies))
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>x</title>'
        f'<link rel="icon" href="data:,"><script nonce="watch">{lists}{WATCH}</script></head>'
        f"<body><main>\n{shown}\n</main></body></html>"
    ).encode()


class Server(http.server.ThreadingHTTPServer):
    """Serves pages by name, and notes whatever else is asked for."""

    daemon_threads = True

    def __init__(self, pages):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages = pages
        self.asked = collections.Counter()

    def handle_error(self, request, client_address):
        """A browser that hangs up is no trouble."""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        content = self.server.pages.get(self.path)
        if content is None:
            self.server.asked[f"{self.headers.get('Host')} {self.path}"] += 1
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy-Report-Only", POLICY)
        self.end_headers()
        self.wfile.write(content)

    def handle_one_request(self):
        # A browser that wants a secure connection begins with a byte that no request begins with.
        if self.connection.recv(1, 2) == b"\x16":  # MSG_PEEK
            self.server.asked[f"secure: {server_name(self.connection.recv(4096))}"] += 1
            self.close_connection = True
            return
        super().handle_one_request()

    def send_error(self, code, message=None, explain=None):
        if code != 404:
            self.server.asked[f"error {code}: {self.requestline}"] += 1
        super().send_error(code, message, explain)

    def log_message(self, format, *args):
        pass


def server_name(hello):
    names = re.findall(rb"[a-z0-9-]+(?:\.[a-z0-9-]+)+", hello)
    return b" ".join(names).decode() or "?"


def visit(chromium, port, name):
    """What the watching script of a page saw."""
    rules = [f"MAP {of}{host} ~NOTFOUND" for host in MAKER for of in ["", "*."]]
    rules.append(f"MAP * 127.0.0.1:{port}")
    with tempfile.TemporaryDirectory() as profile:
        command = [
            chromium,
            *FLAGS,
            f"--user-data-dir={profile}",
            f"--host-resolver-rules={', '.join(rules)}",
            f"http://127.0.0.1:{port}{name}",
        ]
        browser = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            dom, said = browser.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            sys.exit(f"Chromium shows {name} for longer than {LIMIT} s")
        finally:
            end(browser)
    found = re.search(r'<pre id="verdict">(.*?)</pre>', dom.decode(errors="replace"), re.DOTALL)
    if not found:
        sys.exit(f"Chromium says nothing of {name}: {said.decode(errors='replace')[-2000:]}")
    return json.loads(html.unescape(found[1]))


def end(browser):
    """Ends what the browser started, too."""
    try:
        os.killpg(browser.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def check_control(verdict, bodies, asked):
    """The control must be seen to do all that the bodies must not do."""
    seen = {
        "a script": "alert(control script)" in verdict["fired"],
        "a handler": "alert(control handler)" in verdict["fired"],
        "a drawing's handler": "alert(control drawing)" in verdict["fired"],
        "an inline script": any(v.startswith("script-src") for v in verdict["violations"]),
        "a picture": any("/control-picture" in a for a in asked),
        "a style's picture": any("/control-style" in a for a in asked),
        "a frame elsewhere": any("elsewhere.test /control-frame" in a for a in asked),
        "a secure address": any(a.startswith("secure") and "elsewhere.test" in a for a in asked),
        "a load": any("/control-picture" in load for load in verdict["loads"]),
        "a forbidden address": any("address javascript:" in f for f in verdict["faults"]),
        "a payload": any(f.startswith("alert(") and "control" not in f for f in verdict["fired"]),
    }
    unseen = [what for what, was_seen in seen.items() if not was_seen]
    if unseen or verdict["bodies"] != bodies:
        sys.exit(f"the control does not do, or is not seen to do: {', '.join(unseen)}: {verdict}")


def main():
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        print("Chromium is not installed: the bodies are not shown to it")
        return
    folder = pathlib.Path(sys.argv[1])
    outputs = json.loads((folder / "outputs.json").read_text(encoding="utf-8"))
    payloads = json.loads((folder / "payloads.json").read_text(encoding="utf-8"))
    pictures = [p for p in payloads if re.fullmatch(r"<img src=x onerror=alert\(.{1,9}\)>", p)]
    control = CONTROLS + pictures
    pages = {"/control": page(control)}
    shown = {}
    for first in range(0, len(outputs), BODIES):
        part = outputs[first : first + BODIES]
        shown[f"/{first}"] = part
        pages[f"/{first}"] = page([output["html"] for output in part])

    server = Server(pages)
    port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()

    verdict = visit(chromium, port, "/control")
    check_control(verdict, len(control), server.asked)
    fired = len(verdict["fired"])
    print(f"Chromium: unsanitised, {fired} scripts run and {len(server.asked)} addresses are asked for")

    server.asked.clear()
    bad = False
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        verdicts = pool.map(lambda name: visit(chromium, port, name), shown)
        for (name, part), verdict in zip(shown.items(), verdicts):
            if verdict["bodies"] != len(part):
                bad = True
                print(f"{name}: {verdict['bodies']} bodies of {len(part)} are on the page")
            for kind in ["fired", "violations", "loads", "faults"]:
                for what in verdict[kind][:20]:
                    bad = True
                    number = re.match(r"\d+", what) if kind == "faults" else None
                    of = f", of {part[int(number[0])]!r}" if number else ""
                    print(f"{name}: {kind}: {what}{of}")
    for what, times in server.asked.items():
        bad = True
        print(f"asked for: {what} ({times} times)")
    print(f"Chromium: {len(outputs)} sanitised bodies on {len(shown)} pages")
    if bad:
        sys.exit("a sanitised body did something, or is not what it should be")


if __name__ == "__main__":
    main()
