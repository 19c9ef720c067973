#!/usr/bin/env python3
"""Due times at random over an hour, most of them far away: they go round in the laps of a waiting topic.

Started by script/soak-due. In the middle the daemon is stopped and started, later killed and started. Fails when a record
was early, lost or late, when more than one in a hundred came twice, or when the memory limit did not hold.
"""

import argparse
import json
import pathlib
import sys
import time

from broker import Broker
from instruments import Binaries, Instruments, now_ms, summary
from programs import Job, laterd

LAPS = 12
RSS_BESIDES_MIB = 48  # what the clients and the allocator may keep above the limit
P99_MS_MOST = 1000


def arguments():
    parser = argparse.ArgumentParser(prog="script/soak-due", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=3600, help="over which the due times are spread")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--memory", type=int, default=64, help="limits.memory in MiB")
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--jars", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


class Soak:
    def __init__(self, options, broker):
        self.options = options
        self.binaries = Binaries(options.build.resolve())
        self.instruments = Instruments(self.binaries, broker.address, options.output)
        self.source = self.instruments.create("far")
        self.target = self.instruments.create("out")
        self.waiting = self.instruments.create("wait", partitions=LAPS)
        # Timestamps lie in the past, for Kafka takes none that is more than an hour ahead.
        self.lead_seconds = 30
        self.job = Job(
            broker.address,
            self.source,
            self.target,
            "soak",
            delay_ms=(options.seconds + self.lead_seconds) * 1000,
            memory=f"{options.memory}MiB",
            instance="soak-1",
            more=f"    order: due\n    wait: {{topic: {self.waiting}}}\n",
        )
        self.peak_mib = 0
        self.cpu_seconds = 0

    def start(self):
        return laterd(self.binaries, self.options.output, self.job)

    def watch_until(self, program, instant):
        """Notes the memory every few seconds."""
        while True:
            program.check_running()
            used = self.instruments.watch(self.source, 0, 0, process=program.pid)["last"]["usage"]
            self.peak_mib = max(self.peak_mib, used["rss_max_mib"])
            if time.time() >= instant:
                self.cpu_seconds += used["cpu_seconds"]
                return
            time.sleep(min(5, max(0.1, instant - time.time())))

    def run(self):
        options = self.options
        began = time.time()
        observation = self.instruments.observe(
            self.target, options.records, options.seconds + self.lead_seconds + 120
        )
        program = self.start()
        self.instruments.produce(
            self.source,
            options.records,
            timestamp_ms=now_ms() - options.seconds * 1000,
            spread_ms=options.seconds * 1000,
            shuffled=True,
            delay_ms=self.job.delay_ms,
        )
        self.watch_until(program, began + options.seconds / 3)
        program.stop()
        program = self.start()
        self.watch_until(program, began + options.seconds * 2 / 3)
        program.kill()
        with self.start() as program:
            self.watch_until(program, began + options.seconds + self.lead_seconds)
            seen = observation.finish()
        return {
            "seconds": options.seconds,
            "records": options.records,
            "memory_mib": options.memory,
            **seen.counts,
            "missing": options.records - seen.counts["records"],
            **summary(seen.lateness_ms()),
            "copies": self.instruments.count(self.waiting),
            "rss_max_mib": self.peak_mib,
            "cpu_percent": 100 * self.cpu_seconds / (options.seconds + self.lead_seconds),
        }


def verdict(result):
    limit = result["memory_mib"] + RSS_BESIDES_MIB
    return [
        text
        for broken, text in (
            (result["missing"] > 0, f"{result['missing']} records are missing"),
            (result["early"] > 0, f"{result['early']} records were early"),
            (result["duplicates"] * 100 > result["records"], f"{result['duplicates']} records came twice"),
            (result["p99"] > P99_MS_MOST, f"the p99 lateness is {result['p99']:.0f} ms"),
            (result["rss_max_mib"] > limit, f"{result['rss_max_mib']:.0f} MiB, more than {limit} MiB"),
        )
        if broken
    ]


def main():
    options = arguments()
    options.output = options.output.resolve()
    options.output.mkdir(parents=True, exist_ok=True)
    with Broker(options.jars.resolve(), options.output / "kafka", join_delay_ms=0) as broker:
        result = Soak(options, broker).run()
    (options.output / "soak-due.json").write_text(json.dumps(result, indent=1))
    print(
        f"{result['records']:,} records, due at random over {result['seconds']} s, limits.memory {result['memory_mib']} MiB;"
        " one stop, one kill -9\n"
        f"missing {result['missing']}, early {result['early']}, came twice {result['duplicates']}\n"
        f"lateness in ms: p50 {result['p50']:.2f}, p99 {result['p99']:.2f}, p99.9 {result['p99.9']:.2f},"
        f" max {result['max']:.0f}\n"
        f"copies in the waiting topic {result['copies']:,} ({result['copies'] / result['records']:.2f} a record),"
        f" RSS {result['rss_max_mib']:.0f} MiB at most, CPU {result['cpu_percent']:.1f} %"
    )
    broken = verdict(result)
    print("\n".join(broken + ["soak FAILED"]) if broken else "soak passed")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
