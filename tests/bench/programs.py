"""The programs that are measured: how each is started with a given number of threads and a given delay."""

import json
import os
import signal
import subprocess
import time


class Program:
    """A running program; `folder` gets its log."""

    def __init__(self, name, command, folder, environment=None):
        self.name = name
        self.folder = folder
        self.log = open(folder / f"{name}.log", "a")
        self.started = time.time()
        self.process = subprocess.Popen(
            command, stdout=self.log, stderr=self.log, env={**os.environ, **(environment or {})}
        )

    @property
    def pid(self):
        return self.process.pid

    def check_running(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}, see {self.log.name}")

    def report(self, timeout):
        """Waits until it ends by itself; what it then said, as JSON."""
        if self.process.wait(timeout=timeout) != 0:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}, see {self.log.name}")
        with open(self.log.name) as log:
            return json.loads(log.readlines()[-1])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.log.close()


class Job:
    """One route to run: the same for every program."""

    def __init__(
        self, brokers, source, target, group, threads=1, delay_ms=0, memory="256MiB", instance=None, to=None, more=""
    ):
        self.brokers = brokers
        self.source = source
        self.target = target
        self.group = group
        self.threads = threads
        self.delay_ms = delay_ms
        self.memory = memory
        self.instance = instance
        # laterd's only: another sink than the target, and more lines of the route, indented by four.
        self.to = to or f"{{topic: {target}}}"
        self.more = more


def relay(binaries, folder, job, linger_ms=5):
    return Program(
        "relay",
        [binaries.relay, "--brokers", job.brokers, "--from", job.source, "--to", job.target]
        + ["--group", job.group, "--threads", str(job.threads), "--producer", f"linger.ms={linger_ms}"],
        folder,
    )


def naive(binaries, folder, job):
    return Program(
        "naive",
        [binaries.naive, "--brokers", job.brokers, "--from", job.source, "--to", job.target]
        + ["--group", job.group, "--threads", str(job.threads), "--delay-ms", str(job.delay_ms)],
        folder,
    )


ROUTING_TABLE = """\
clusters: {{main: {{brokers: ["{brokers}"]}}}}
routes:
  bench:
    from: {{topics: [{source}], group: {group}}}
    delay: {delay_ms}ms
    to: {to}
    workers: {threads}
{more}limits: {{memory: {memory}}}
"""


def laterd(binaries, folder, job):
    """With its defaults: only the route, the workers and the limit are given."""
    table = folder / "laterd.yaml"
    text = ROUTING_TABLE.format(**vars(job))
    if job.instance:
        text += f"instance: {job.instance}\n"
    table.write_text(text)
    return Program("laterd", [binaries.laterd, "run", "-c", str(table)], folder)


def handler(binaries, folder, socket, requests, fail_first=False):
    """Answers on the socket; its last line is its report."""
    words = [binaries.handler, "--socket", str(socket), "--requests", str(requests)]
    return Program("handler", words + (["--fail-first"] if fail_first else []), folder)


def caller(binaries, folder, socket, requests, concurrency):
    words = [binaries.caller, "--socket", str(socket), "--requests", str(requests)]
    return Program("caller", words + ["--concurrency", str(concurrency)], folder)


STARTERS = {"relay": relay, "naive": naive, "laterd": laterd}
