"""Release in due order: against partition order, and on time among random due times."""

import statistics

from instruments import now_ms, summary
from measurements import rotated
from programs import laterd

ORDERS = ("partition", "due")


def order_line(order):
    return f"    order: {order}\n"


def backlog(bench, records, rounds):
    """A backlog whose due times of the past hour lie in random order, out in each of the two orders; and the relay."""
    source = bench.instruments.create("backlog")
    bench.instruments.produce(
        source, records, timestamp_ms=now_ms() - 7_200_000, spread_ms=3_600_000, shuffled=True
    )
    bench.drain_backlog("relay", source, records, 1)
    runs = {order: [] for order in ORDERS}
    for number in range(rounds):
        for order in rotated(ORDERS, number):
            run = bench.drain_backlog("laterd", source, records, 1, more=order_line(order))
            bench.say(
                f"  order: {order:9} {run['records_per_second']:9,.0f} records/s"
                f" {run['cpu_us_per_record']:6.2f} us CPU a record, {run['rss_max_mib']:4.0f} MiB"
            )
            runs[order].append(run)
    bench.instruments.delete(source)
    medians = {
        order: {key: statistics.median(run[key] for run in done) for key in done[0] if key != "curve"}
        for order, done in runs.items()
    }
    return {"records": records, "runs": runs, "medians": medians}


def on_time(bench, records, seconds, order, shuffled):
    """One partition, due times over `seconds`; read while they wait, so every release is on time or late."""
    source, target = bench.instruments.create("random", partitions=1), bench.instruments.create("out", partitions=1)
    delay_ms = 10_000
    job = bench.job(source, target, delay_ms=delay_ms, more=order_line(order))
    observation = bench.instruments.observe(target, records, seconds + delay_ms / 1000 + 60)
    with laterd(bench.binaries, bench.folder, job) as program:
        bench.instruments.produce(
            source,
            records,
            timestamp_ms=now_ms(),
            spread_ms=seconds * 1000,
            **({"shuffled": True} if shuffled else {}),
            delay_ms=delay_ms,
        )
        seen = observation.finish()
        used = bench.usage(target, program)["usage"]
    for topic in (source, target):
        bench.instruments.delete(topic)
    return {**summary(seen.lateness_ms()), **seen.counts, "rss_max_mib": used["rss_max_mib"]}


def random_due_times(bench, records, seconds):
    """The same records at the same rate: due one after the other in partition order, and at random in due order."""
    runs = {}
    for name, order, shuffled in (("fixed delay", "partition", False), ("random due times", "due", True)):
        runs[name] = on_time(bench, records, seconds, order, shuffled)
        bench.say(f"  {name}: " + ", ".join(f"{k} {runs[name][k]:.2f} ms" for k in ("p50", "p99", "p99.9", "max")))
    return {"records": records, "seconds": seconds, "runs": runs}
