"""The measurements: what is started, what is noted. Each answers plain data that goes into the JSON report as it is."""

import statistics
import time

from instruments import now_ms, quantile, summary
from programs import Job, STARTERS, laterd


def rotated(items, by):
    """Another order in every round, so that no program always runs after the same other."""
    items = list(items)
    by %= len(items)
    return items[by:] + items[:by]


def usage_between(before, after, seconds):
    return 100 * (after["cpu_seconds"] - before["cpu_seconds"]) / seconds


class Bench:
    def __init__(self, binaries, broker, instruments, folder, programs, say):
        self.binaries = binaries
        self.broker = broker
        self.instruments = instruments
        self.folder = folder
        self.programs = programs
        self.say = say

    def job(self, source, target, **options):
        group = self.instruments.name("group")
        return Job(self.instruments.brokers, source, target, group, **options)

    def start(self, name, job, **options):
        return STARTERS[name](self.binaries, self.folder, job, **options)

    # --- throughput of a backlog that is due -------------------------------------------------------------------

    def throughput(self, records, rounds, threads, headers=0):
        source = self.instruments.create("backlog")
        # An hour old, so due for every program.
        self.instruments.produce(source, records, timestamp_ms=now_ms() - 3_600_000, headers=headers)
        runs = {name: [] for name in self.programs}
        # The broker's virtual machine compiles its hot paths meanwhile: the first run is nobody's.
        self.drain_backlog("relay", source, records, threads)
        for number in range(rounds):
            for name in rotated(self.programs, number):
                run = self.drain_backlog(name, source, records, threads)
                self.say(
                    f"  {name:7} {run['records_per_second']:9,.0f} records/s"
                    f" {run['cpu_us_per_record']:6.2f} us CPU a record"
                    f" (broker {run['broker_cpu_us_per_record']:.2f}), {run['rss_max_mib']:4.0f} MiB"
                )
                runs[name].append(run)
        self.instruments.delete(source)
        medians = {
            name: {key: statistics.median(run[key] for run in done) for key in done[0] if key != "curve"}
            for name, done in runs.items()
        }
        return {"records": records, "threads": threads, "headers": headers, "runs": runs, "medians": medians}

    def drain_backlog(self, name, source, records, threads, **options):
        target = self.instruments.create("out")
        broker_cpu = self.broker.cpu_seconds()
        with self.start(name, self.job(source, target, threads=threads, delay_ms=1000, **options)) as program:
            seen = self.instruments.watch(target, records, 300, process=program.pid)
            broker_cpu = self.broker.cpu_seconds() - broker_cpu
            program.check_running()
        run = self.rate(seen, records)
        run["broker_cpu_us_per_record"] = broker_cpu * 1e6 / records
        run["surplus_records"] = self.instruments.count(target) - records
        self.instruments.delete(target)
        return run

    @staticmethod
    def rate(seen, records):
        first, last = seen["first"], seen["last"]
        if last["records"] < records:
            raise RuntimeError(f"only {last['records']} of {records} records came out in time")
        seconds = (last["at_us"] - first["at_us"]) / 1e6
        moved = last["records"] - first["records"]
        return {
            "records_per_second": moved / seconds,
            "seconds": seconds * records / moved,
            "cpu_us_per_record": last["usage"]["cpu_seconds"] * 1e6 / records,
            "rss_max_mib": last["usage"]["rss_max_mib"],
            "curve": seen["curve"],
        }

    # --- lateness at a steady rate -----------------------------------------------------------------------------

    def lateness(self, rate, seconds, rounds, delay_ms, warm_up=5):
        names = ["plain"] + self.programs
        samples = {name: [] for name in names}
        rounds_p99 = {name: [] for name in names}
        surplus = {name: {"duplicates": 0, "early": 0} for name in names}
        for number in range(rounds):
            for name in rotated(names, number):
                seen, late = self.steady_rate(name, rate, seconds, delay_ms, warm_up)
                samples[name] += late
                rounds_p99[name].append(quantile(late, 0.99))
                for key in surplus[name]:
                    surplus[name][key] += seen.counts[key]
                self.say(f"  {name:7} " + ", ".join(f"{k} {v:.2f} ms" for k, v in summary(late).items()))
        result = {
            name: {**summary(samples[name]), "p99_median": statistics.median(rounds_p99[name]), **surplus[name]}
            for name in names
        }
        return {"rate": rate, "seconds": seconds * rounds, "delay_ms": delay_ms, "programs": result}, samples

    def steady_rate(self, name, rate, seconds, delay_ms, warm_up):
        records = rate * (warm_up + seconds)
        delayed = name in ("naive", "laterd")
        source = self.instruments.create("steady")
        target = source if name == "plain" else self.instruments.create("out")
        job = self.job(source, target, delay_ms=delay_ms)
        linger = {"linger_ms": 0} if name == "relay" else {}
        program = None if name == "plain" else self.start(name, job, **linger)
        observation = self.instruments.observe(target, records, warm_up + seconds + delay_ms / 1000 + 30)
        try:
            load = self.instruments.produce(
                source, records, rate=rate, delay_ms=delay_ms if delayed else None
            )
            seen = observation.finish()
        finally:
            if program:
                program.stop()
        first_due = load["start_us"] + (delay_ms * 1000 if delayed else 0)
        late = seen.lateness_ms(since_us=first_due + warm_up * 1_000_000)
        if seen.counts["records"] < records:
            raise RuntimeError(f"{name}: only {seen.counts['records']} of {records} records came")
        for topic in {source, target}:
            self.instruments.delete(topic)
        return seen, late

    # --- many records that wait --------------------------------------------------------------------------------

    def waiting(self, records, seconds, threads, memory):
        """laterd is there while the records are produced, then they wait, then they are due all at once."""
        source, target = self.instruments.create("waiting"), self.instruments.create("out")
        produce_allowance = 10 + records // 100_000
        delay_ms = (seconds + produce_allowance) * 1000
        job = self.job(source, target, threads=threads, delay_ms=delay_ms, memory=memory)
        with laterd(self.binaries, self.folder, job) as program:
            timestamp_ms = now_ms()
            self.instruments.produce(source, records, timestamp_ms=timestamp_ms, delay_ms=delay_ms)
            due = (timestamp_ms + delay_ms) / 1000
            time.sleep(max(0, due - seconds - time.time()))
            began = self.usage(target, program)
            # The partitions are woken about three seconds early; that reading is the drain's, not the wait's.
            time.sleep(max(0, due - 4 - time.time()))
            ended = self.usage(target, program)
            seen = self.instruments.watch(target, records, 300, process=program.pid)
        yardstick = self.drain_backlog("relay", source, records, threads)
        audit = self.instruments.observe(target, records, 120).finish()
        result = {
            "records": records,
            "seconds": seconds,
            "threads": threads,
            "memory": memory,
            "cpu_percent": usage_between(began["usage"], ended["usage"], (ended["at_us"] - began["at_us"]) / 1e6),
            "rss_waiting_mib": ended["usage"]["rss_mib"],
            "rss_max_mib": seen["last"]["usage"]["rss_max_mib"],
            "drain_seconds": seen["last"]["at_us"] / 1e6 - due,
            "first_out_ms": (seen["first"]["at_us"] / 1e6 - due) * 1000,
            "drain_cpu_us_per_record": (
                seen["last"]["usage"]["cpu_seconds"] - ended["usage"]["cpu_seconds"]) * 1e6 / records,
            "relay_seconds": yardstick["seconds"],
            "counts": audit.counts,
            "curve": seen["curve"],
        }
        for topic in (source, target):
            self.instruments.delete(topic)
        self.say(
            f"  laterd  {result['cpu_percent']:.2f} % CPU while waiting, {result['rss_waiting_mib']:.0f} MiB"
            f" ({result['rss_max_mib']:.0f} MiB at most), out in {result['drain_seconds']:.2f} s;"
            f" the relay needs {result['relay_seconds']:.2f} s"
        )
        return result

    def usage(self, topic, program):
        program.check_running()
        return self.instruments.watch(topic, 0, 0, process=program.pid)["last"]

    # --- many partitions due at once ---------------------------------------------------------------------------

    def partitions(self, partitions, wait_seconds):
        results = {}
        for name in (n for n in self.programs if n != "relay"):
            source = self.instruments.create("wide", partitions=partitions)
            target = self.instruments.create("out")
            delay_ms = wait_seconds * 1000
            with self.start(name, self.job(source, target, delay_ms=delay_ms)) as program:
                observation = self.instruments.observe(target, partitions, wait_seconds + 60)
                self.instruments.produce(
                    source, partitions, timestamp_ms=now_ms(), spread_ms=1000, delay_ms=delay_ms
                )
                seen = observation.finish()
                used = self.usage(target, program)["usage"]
            results[name] = {**summary(seen.lateness_ms()), **seen.counts, "rss_max_mib": used["rss_max_mib"]}
            self.say(
                f"  {name:7} " + ", ".join(f"{k} {results[name][k]:.0f} ms" for k in ("p50", "p99", "max"))
                + f", {used['rss_max_mib']:.0f} MiB"
            )
            for topic in (source, target):
                self.instruments.delete(topic)
        return {"partitions": partitions, "wait_seconds": wait_seconds, "programs": results}

    # --- start and restart -------------------------------------------------------------------------------------

    def starts(self, repeats):
        """Seconds from starting the process to the arrival of its first record, which is overdue."""
        results = {}
        for instance in (None, "bench-1"):
            kind = "with instance" if instance else "without instance"
            results[kind] = [self.start_once(instance) for _ in range(repeats)]
            self.say(f"  start to first release {kind}: " + self.seconds_list(results[kind]))
        return results

    def start_once(self, instance):
        source, target = self.instruments.create("start"), self.instruments.create("out")
        self.instruments.produce(source, 1000, timestamp_ms=now_ms() - 60_000)
        observation = self.instruments.observe(target, 1, 60)
        time.sleep(0.5)  # the observer waits at the topic before the clock starts
        with laterd(self.binaries, self.folder, self.job(source, target, delay_ms=1000, instance=instance)) as program:
            seen = observation.finish()
        for topic in (source, target):
            self.instruments.delete(topic)
        return seen.arrivals[0] / 1e6 - program.started

    def kills(self, repeats):
        """Seconds from kill -9 (and an immediate restart) to the next arrival, at 1,000 records a second."""
        results = {}
        for instance in (None, "bench-1"):
            kind = "with instance" if instance else "without instance"
            runs = [self.kill_once(instance) for _ in range(repeats)]
            results[kind] = runs
            self.say(
                f"  kill -9 to next release {kind}: " + self.seconds_list([r["seconds"] for r in runs])
                + f"; came twice: {', '.join(str(r['duplicates']) for r in runs)}"
            )
        return results

    def kill_once(self, instance):
        source, target = self.instruments.create("kill"), self.instruments.create("out")
        job = self.job(source, target, delay_ms=1000, instance=instance)
        seconds = 20
        records = 1000 * seconds
        observation = self.instruments.observe(target, records, seconds + 60)
        program = laterd(self.binaries, self.folder, job)
        load = self.instruments.producing(source, records, rate=1000, delay_ms=1000)
        time.sleep(5)
        program.check_running()
        killed_us = time.time() * 1e6
        program.kill()
        with laterd(self.binaries, self.folder, job) as again:
            load.communicate()
            seen = observation.finish()
        for topic in (source, target):
            self.instruments.delete(topic)
        # What the killed process had sent arrives within moments; no process is a member of its group in 10 ms.
        released_us = next(a for a in seen.arrivals if a > (again.started + 0.01) * 1e6)
        return {"seconds": (released_us - killed_us) / 1e6, **seen.counts}

    @staticmethod
    def seconds_list(values):
        return ", ".join(f"{value:.2f} s" for value in values)
