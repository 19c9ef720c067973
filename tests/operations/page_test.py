"""The status page in a real browser: what it shows of a daemon at work, and that names and texts never become markup.

page_test.py LATERD PAGE [SCREENSHOT]
"""

import html.parser
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

import running

LATERD, PAGE = sys.argv[1], pathlib.Path(sys.argv[2])
SCREENSHOT = sys.argv[3] if len(sys.argv) > 3 else None
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TABLE = """clusters: {main: {brokers: ["$broker"]}}
routes:
  orders-15m:
    from: {topics: [orders], group: page-orders}
    delay: 15m
    to: {topic: orders.later}
  reminders:
    from: {topics: [reminders], group: page-reminders}
    due: {header: deliver-at, format: unix_ms}
    order: due
    to: {handler: {socket: /nonexistent/handler.sock}}
    dead_letter: {topic: reminders.dead}
admin: {listen: $admin}
"""


def look(url, *arguments):
    """The page's document after it has drawn itself a few times."""
    with tempfile.TemporaryDirectory() as profile:
        ended = subprocess.run(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--disable-dev-shm-usage", f"--user-data-dir={profile}", "--virtual-time-budget=5000",
             "--window-size=1100,960", *arguments, url],
            capture_output=True, text=True, timeout=120)
    return ended.stdout


class Text(html.parser.HTMLParser):
    """The words that a reader sees, and the elements there are."""

    def __init__(self, document):
        super().__init__()
        self.words, self.tags, self.attributes, self.hidden = [], [], {}, 0
        self.feed(document)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes.setdefault(tag, []).append(dict(attributes))
        self.hidden += tag in ("script", "style")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("script", "style")

    def handle_data(self, data):
        if not self.hidden:
            self.words.append(data)

    def __str__(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


@unittest.skipUnless(BROWSER, "no chromium is installed: script/setup --browser")
class PageTest(unittest.TestCase):
    def test_a_daemon_at_work(self):
        with running.broker(LATERD) as broker, running.daemon(LATERD, TABLE.replace("$broker", broker)) as url:
            def is_holding():
                routes = json.loads(running.get(url + "status"))["routes"]
                return routes[0]["held_records"] > 0 and routes[1]["state"] == "holding" and routes[1]["held_records"] > 5

            running.until(is_holding, "records wait and the missing handler is known")
            page = Text(look(url, "--dump-dom"))
            if SCREENSHOT:
                look(url, f"--screenshot={SCREENSHOT}")
        shown = str(page)
        for words in ("orders-15m", "running", "from orders", "waiting here", "next due", "in 15 min", "4 partitions",
                      "reminders", "holding", "handler-down", "Last warnings and errors", "route holding", "librdkafka"):
            self.assertIn(words, shown)
        self.assertNotIn("does not answer", shown)
        self.assertEqual(2 * 37, page.tags.count("rect"))
        high = [bar for bar in page.attributes["rect"] if float(bar["height"]) > 1]
        self.assertGreaterEqual(len(high), 2)

    def test_texts_are_never_markup(self):
        hostile = "<img src=x onerror=\"document.title='owned'\">"
        status = {"version": hostile, "librdkafka": "2", "now": "2026-01-01T00:00:00.000Z",
                  "started": "2026-01-01T00:00:00.000Z", "draining": True, "last_reload_succeeded": False,
                  "routes": [{"route": hostile, "state": "running", "holding_for": hostile, "sources": hostile,
                              "next_due": None, "overdue_seconds": 0, "held_records": 1, "held_bytes": 5,
                              "in_flight": 0, "lag_records": 7, "delivered": 0, "retries": 0, "dead_letters": 0,
                              "lost": 0, "lateness": {"p50_ms": 1, "p99_ms": 1, "max_ms": 1},
                              "due": [{"before_seconds": 0, "records": 3}], "workers": [],
                              "partitions": [{"topic": hostile, "partition": 0, "state": "stopped", "held_records": 0,
                                              "in_flight": 0, "lag_records": None, "next_due": "now",
                                              "stopped_for": hostile}]}],
                  "errors": [{"time": "2026-01-01T00:00:00.000Z", "level": "error", "event": hostile,
                              "error": hostile}]}

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(status).encode() if self.path == "/status" else PAGE.read_bytes()
                self.send_response(200)
                self.send_header("Content-Type", "application/json" if self.path == "/status" else "text/html")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            page = Text(look(f"http://127.0.0.1:{server.server_port}/", "--dump-dom"))
        finally:
            server.shutdown()
            server.server_close()
        self.assertNotIn("img", page.tags)
        self.assertNotIn("owned", page.attributes.get("title", [{}])[0])
        self.assertGreaterEqual(str(page).count("onerror"), 6)
        self.assertIn("the last reload failed", str(page))
        self.assertIn("draining", str(page))


if __name__ == "__main__":
    if not BROWSER and os.environ.get("LATERD_NEEDS_BROWSER"):
        sys.exit("no chromium is installed: script/setup --browser")
    if not BROWSER:
        print("skipped: no chromium is installed (script/setup --browser)")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0]])
