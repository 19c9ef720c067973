#!/usr/bin/env python3
"""Runs the benchmarks side by side on a private Kafka, prints tables and ratios, saves JSON and the lateness as SVG.

Started by script/bench, which builds the programs first.
"""

import argparse
import json
import pathlib
import platform
import subprocess
import sys
import time

import due_order
import plot
import report
from broker import Broker
from handling import HandlerBench
from instruments import Binaries, Instruments
from measurements import Bench

SECTIONS = ("throughput", "lateness", "waiting", "partitions", "handler", "due", "restarts")
PROGRAMS = ("relay", "naive", "laterd")


class Sizes:
    def __init__(self, quick):
        self.records = 500_000 if quick else 3_000_000
        self.rounds = 1 if quick else 5
        self.threads = (2,) if quick else (1, 2)
        self.header_variants = (0,) if quick else (0, 3)
        self.lateness_seconds = 5 if quick else 20
        self.lateness_rounds = 1 if quick else 3
        self.lateness_delay_ms = 2000 if quick else 5000
        self.waiting_records = 200_000 if quick else 1_000_000
        self.waiting_seconds = 15 if quick else 60
        self.partitions = 200 if quick else 1000
        self.partitions_wait = 15 if quick else 75
        self.requests = 100_000 if quick else 500_000
        self.hops_seconds = 5 if quick else 20
        self.random_records = 20_000 if quick else 100_000
        self.random_seconds = 12 if quick else 60
        self.repeats = 1 if quick else 5


def arguments():
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a shortened run, to try it")
    parser.add_argument("--only", choices=SECTIONS, nargs="+", default=SECTIONS, help="only these sections")
    parser.add_argument("--programs", choices=PROGRAMS, nargs="+", default=PROGRAMS, help="only these programs")
    parser.add_argument("--rounds", type=int, help="rounds of the sections throughput, handler and due")
    parser.add_argument("--threads", type=int, nargs="+", help="threads (workers) of the throughput section")
    parser.add_argument("--memory", default="256MiB", help="laterd's limits.memory while many records wait")
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--jars", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    for name in ("build", "jars", "output"):
        setattr(options, name, getattr(options, name).resolve())
    if options.quick:
        options.output = options.output.with_name(options.output.name + "-quick")
    return options


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def environment(options):
    version = subprocess.run([options.build / "src/laterd", "--version"], capture_output=True, text=True).stdout \
        if "laterd" in options.programs else ""
    return {
        "when": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "kernel": platform.release(),
        "processor": processor(),
        "processors": len([l for l in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if l.startswith("processor")]),
        "kafka": options.jars.name,
        "laterd": version.strip(),
    }


def say(text):
    print(text, file=sys.stderr, flush=True)


def make_bench(build, broker, options):
    instruments = Instruments(build, broker.address, options.output)
    return Bench(build, broker, instruments, options.output, list(options.programs), say)


def run_sections(options, sizes, results):
    """The restarts want a broker where an empty group does not wait for more members; the others want it to wait."""
    build = Binaries(options.build)
    wanted = [s for s in options.only if "laterd" in options.programs or s in ("throughput", "lateness", "partitions")]
    first = [section for section in wanted if section != "restarts"]
    if first:
        with Broker(options.jars, options.output / "kafka", join_delay_ms=1000) as broker:
            bench = make_bench(build, broker, options)
            for section in first:
                say(f"{section}:")
                SECTION_RUNS[section](bench, options, sizes, results)
    if "restarts" in wanted:
        with Broker(options.jars, options.output / "kafka", join_delay_ms=0) as broker:
            bench = make_bench(build, broker, options)
            say("restarts:")
            results["starts"] = bench.starts(sizes.repeats)
            results["kills"] = bench.kills(sizes.repeats)


def run_throughput(bench, options, sizes, results):
    results["throughput"] = []
    for threads in options.threads or sizes.threads:
        for headers in sizes.header_variants:
            say(f" {threads} thread(s), {headers} headers")
            results["throughput"].append(
                bench.throughput(sizes.records, options.rounds or sizes.rounds, threads, headers)
            )


def run_lateness(bench, options, sizes, results):
    result, samples = bench.lateness(1000, sizes.lateness_seconds, sizes.lateness_rounds, sizes.lateness_delay_ms)
    results["lateness"] = result
    picture = plot.lateness_svg(samples, "Lateness at 1,000 records/s")
    (options.output / "lateness.svg").write_text(picture)


def run_waiting(bench, options, sizes, results):
    results["waiting"] = bench.waiting(sizes.waiting_records, sizes.waiting_seconds, 2, options.memory)


def run_partitions(bench, options, sizes, results):
    results["partitions"] = bench.partitions(sizes.partitions, sizes.partitions_wait)


def run_handler(bench, options, sizes, results):
    handling = HandlerBench(bench)
    results["deliveries"] = handling.deliveries(sizes.requests, options.rounds or sizes.rounds, 64)
    results["hops"] = handling.hops(1000, sizes.hops_seconds, 1000)


def run_due(bench, options, sizes, results):
    results["orders"] = due_order.backlog(bench, sizes.records, options.rounds or sizes.rounds)
    results["random"] = due_order.random_due_times(bench, sizes.random_records, sizes.random_seconds)


SECTION_RUNS = {
    "throughput": run_throughput,
    "lateness": run_lateness,
    "waiting": run_waiting,
    "partitions": run_partitions,
    "handler": run_handler,
    "due": run_due,
}


def main():
    options = arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    results = {"environment": environment(options), "quick": options.quick}
    try:
        run_sections(options, Sizes(options.quick), results)
    finally:
        (options.output / "bench.json").write_text(json.dumps(results, indent=1))
    text = report.full_text(results)
    (options.output / "bench.md").write_text(text)
    print(text)
    say(f"saved in {options.output}: bench.md, bench.json, lateness.svg")


if __name__ == "__main__":
    main()
