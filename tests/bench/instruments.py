"""What every measurement uses: topics, loads, observers and watchers around the program `measure`."""

import array
import itertools
import json
import math
import pathlib
import subprocess
import time


class Binaries:
    def __init__(self, build):
        build = pathlib.Path(build)
        self.relay = build / "tests/bench/relay"
        self.naive = build / "tests/bench/naive"
        self.measure = build / "tests/bench/measure"
        self.laterd = build / "src/laterd"
        self.handler = build / "tests/bench/handler"
        self.caller = build / "tests/bench/caller"


class Instruments:
    def __init__(self, binaries, brokers, folder):
        self.binaries = binaries
        self.brokers = brokers
        self.folder = folder
        self.numbers = itertools.count(1)

    def name(self, kind):
        return f"{kind}-{next(self.numbers)}"

    def command(self, subcommand, topic, **options):
        words = [self.binaries.measure, subcommand, "--brokers", self.brokers, "--topic", topic]
        for option, value in options.items():
            name = "--" + option.replace("_", "-")
            if value is True:
                words.append(name)
            elif value is not None:
                words += [name, str(value)]
        return words

    def run(self, *arguments, **options):
        done = subprocess.run(self.command(*arguments, **options), capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{arguments}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def create(self, kind, partitions=4):
        topic = self.name(kind)
        self.run("create", topic, partitions=partitions)
        return topic

    def delete(self, topic):
        self.run("delete", topic)

    def produce(self, topic, records, **options):
        return self.run("produce", topic, records=records, **options)

    def producing(self, topic, records, **options):
        return subprocess.Popen(
            self.command("produce", topic, records=records, **options), stdout=subprocess.PIPE, text=True
        )

    def watch(self, topic, records, seconds, process=None):
        return self.run("watch", topic, records=records, seconds=seconds, process=process)

    def count(self, topic):
        return self.watch(topic, 0, 0)["last"]["records"]

    def observe(self, topic, records, seconds):
        return Observation(self, topic, records, seconds)


class Observation:
    """An observer in the background. After finish(): `arrivals` and `dues` (microseconds) and `counts`."""

    def __init__(self, instruments, topic, records, seconds):
        self.file = instruments.folder / f"{topic}.samples"
        self.process = subprocess.Popen(
            instruments.command("observe", topic, records=records, seconds=seconds, samples=self.file),
            stdout=subprocess.PIPE,
            text=True,
        )

    def finish(self, stop=False):
        if stop:
            self.process.terminate()
        out, _ = self.process.communicate()
        if self.process.returncode != 0:
            raise RuntimeError("the observer failed")
        self.counts = json.loads(out)
        numbers = array.array("q", self.file.read_bytes())
        self.file.unlink()
        self.arrivals = numbers[0::2]
        self.dues = numbers[1::2]
        return self

    def lateness_ms(self, since_us=0):
        return [(a - d) / 1000 for a, d in zip(self.arrivals, self.dues) if d >= since_us]


def now_ms():
    return int(time.time() * 1000)


def quantile(values, q):
    """The smallest value that at least the share q of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * q) - 1)]


def summary(values):
    return {
        "p50": quantile(values, 0.5),
        "p99": quantile(values, 0.99),
        "p99.9": quantile(values, 0.999),
        "max": max(values),
    }
