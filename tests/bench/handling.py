"""Deliveries to a handler: how many and how dear, against a bare libcurl loop; what a hop through the retry topic adds."""

import pathlib
import statistics
import tempfile
import time

from instruments import now_ms, summary
from measurements import rotated
from programs import caller, handler, laterd


class HandlerBench:
    def __init__(self, bench):
        self.bench = bench
        # Not in the output folder: a socket's path has to be short.
        self.place = tempfile.TemporaryDirectory(prefix="laterd-bench-")
        self.socket = pathlib.Path(self.place.name) / "socket"

    def start_handler(self, requests, **options):
        return handler(self.bench.binaries, self.bench.folder, self.socket, requests, **options)

    def to_handler(self, concurrency):
        return f"{{handler: {{socket: {self.socket}, concurrency: {concurrency}}}}}"

    # --- deliveries per second ---------------------------------------------------------------------------------

    def deliveries(self, requests, rounds, concurrency):
        bench = self.bench
        source = bench.instruments.create("backlog")
        bench.instruments.produce(source, requests, timestamp_ms=now_ms() - 3_600_000)
        programs = {
            "bare": lambda: self.run_bare(requests, concurrency),
            "laterd": lambda: self.run_laterd(source, requests, concurrency),
        }
        runs = {name: [] for name in programs}
        for number in range(rounds):
            for name in rotated(programs, number):
                run = programs[name]()
                bench.say(
                    f"  {name:7} {run['deliveries_per_second']:9,.0f} deliveries/s"
                    f" {run['cpu_us_per_delivery']:6.2f} us CPU a delivery"
                )
                runs[name].append(run)
        bench.instruments.delete(source)
        medians = {n: {k: statistics.median(run[k] for run in done) for k in done[0]} for n, done in runs.items()}
        return {"requests": requests, "concurrency": concurrency, "runs": runs, "medians": medians}

    def run_bare(self, requests, concurrency):
        with self.start_handler(requests) as answering:
            self.await_socket()
            with caller(self.bench.binaries, self.bench.folder, self.socket, requests, concurrency) as calling:
                used = calling.report(timeout=120)
            return self.rate(answering.report(timeout=10), used)

    def run_laterd(self, source, requests, concurrency):
        bench = self.bench
        job = bench.job(source, None, delay_ms=1000, to=self.to_handler(concurrency))
        with self.start_handler(requests) as answering:
            self.await_socket()
            with laterd(bench.binaries, bench.folder, job) as program:
                report = answering.report(timeout=300)
                used = bench.usage(source, program)["usage"]
        return self.rate(report, used)

    def await_socket(self):
        give_up = time.monotonic() + 10
        while not self.socket.exists():
            if time.monotonic() > give_up:
                raise RuntimeError("the handler did not start")
            time.sleep(0.01)

    @staticmethod
    def rate(report, used):
        seconds = (report["last_us"] - report["first_us"]) / 1e6
        return {
            "deliveries_per_second": (report["requests"] - 1) / seconds,
            "cpu_us_per_delivery": used["cpu_seconds"] * 1e6 / report["requests"],
            "rss_max_mib": used["rss_max_mib"],
        }

    # --- a hop through the retry topic -------------------------------------------------------------------------

    def hops(self, rate, seconds, backoff_ms):
        """Every first attempt fails; how late, after the instant it was due, each attempt reaches the handler."""
        bench = self.bench
        records = rate * seconds
        source, retries = bench.instruments.create("failing"), bench.instruments.create("retry")
        job = bench.job(
            source,
            None,
            delay_ms=2000,
            to=self.to_handler(64),
            more=f"    retry: {{topic: {retries}, attempts: 5, backoff: {backoff_ms}ms}}\n",
        )
        with self.start_handler(2 * records, fail_first=True) as answering:
            self.await_socket()
            with laterd(bench.binaries, bench.folder, job):
                bench.instruments.produce(source, records, rate=rate, delay_ms=2000)
                report = answering.report(timeout=seconds + 60)
        for topic in (source, retries):
            bench.instruments.delete(topic)
        result = {"rate": rate, "records": records, "backoff_ms": backoff_ms, "attempts": {}}
        for name, key in (("first", "first_attempts_ms"), ("second", "later_attempts_ms")):
            late = report[key]
            result["attempts"][name] = {**summary(late), "count": len(late), "early": sum(ms < 0 for ms in late)}
            bench.say(f"  {name:7} " + ", ".join(f"{k} {v:.2f} ms" for k, v in summary(late).items()))
        return result
