"""A broker inside the process (`laterd demo --serve`) and a daemon that reads it, for tests that look at a daemon from outside."""

import contextlib
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, what, within=60):
    end = time.monotonic() + within
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {within} s: {what}")


def get(url):
    """What it answers; None while nobody does, or not with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


@contextlib.contextmanager
def process(arguments, log):
    with open(log, "w") as output:
        child = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextlib.contextmanager
def daemon(laterd, table):
    """Runs `table` with $admin filled in; yields the URL of its admin endpoint."""
    with tempfile.TemporaryDirectory() as folder:
        listen = f"127.0.0.1:{free_port()}"
        file = pathlib.Path(folder) / "laterd.yaml"
        file.write_text(table.replace("$admin", listen))
        log = pathlib.Path(folder) / "log"
        with process([laterd, "run", "-c", file], log):
            url = f"http://{listen}/"
            try:
                until(lambda: get(url + "livez"), "the admin endpoint answers")
            except AssertionError:
                print(log.read_text())
                raise
            yield url


@contextlib.contextmanager
def broker(laterd):
    """Yields the address of a broker whose topics `orders` and `reminders` get records all the time."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log"
        with process([laterd, "demo", "--serve"], log):
            found = until(lambda: re.search(r"127\.0\.0\.1:\d+", log.read_text()), "the demo's broker is there")
            yield found.group()
