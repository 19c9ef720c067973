"""Tables and ratios for people."""


def table(headings, rows):
    rows = [headings] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(headings))]
    lines = []
    for number, row in enumerate(rows):
        cells = [cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))]
        lines.append("| " + " | ".join(cells) + " |")
        if number == 0:
            lines.append("|" + "|".join("-" * (w + 1) + (":" if i else "-") for i, w in enumerate(widths)) + "|")
    return "\n".join(lines)


def ratio(value, base):
    return f"{value / base:.2f}" if base else "-"


def throughput_table(result):
    base = result["medians"].get("relay")
    rows = []
    for name, median in result["medians"].items():
        cpu = median["cpu_us_per_record"]
        rows.append(
            [name, f"{median['records_per_second']:,.0f}", f"{cpu:.2f}", f"{median['broker_cpu_us_per_record']:.2f}"]
            + [f"{median['rss_max_mib']:.0f}"]
            + [ratio(median["records_per_second"], base and base["records_per_second"])]
            + [ratio(cpu, base and base["cpu_us_per_record"])]
            + [f"{max(run['surplus_records'] for run in result['runs'][name])}"]
        )
    title = (
        f"Throughput of a due backlog: {result['records']:,} records of 200 bytes, {result['headers']} headers,"
        f" 4 partitions, {result['threads']} thread(s)/worker(s), medians of {len(next(iter(result['runs'].values())))}"
    )
    headings = ["program", "records/s", "CPU us/record", "broker's", "RSS MiB", "rate / relay", "CPU / relay", "came twice"]
    return title + "\n\n" + table(headings, rows)


def lateness_table(result):
    rows = []
    for name, late in result["programs"].items():
        cells = [f"{late[key]:.2f}" for key in ("p50", "p99", "p99.9", "max", "p99_median")]
        rows.append([name] + cells + [late["duplicates"], late["early"]])
    title = (
        f"Lateness in ms at {result['rate']:,} records/s (due to arrival at an independent consumer;"
        f" {result['seconds']} s each; plain and relay: sent to arrival)"
    )
    return title + "\n\n" + table(
        ["program", "p50", "p99", "p99.9", "max", "median p99 of rounds", "came twice", "early"], rows
    )


def waiting_table(result):
    title = (
        f"{result['records']:,} records waiting {result['seconds']} s"
        f" ({result['threads']} worker(s), limits.memory {result['memory']})"
    )
    return title + "\n\n" + table(
        ["", "CPU % waiting", "RSS MiB waiting", "RSS MiB max", "all out after s", "relay's s", "ratio", "early", "came twice"],
        [
            [
                "laterd",
                f"{result['cpu_percent']:.2f}",
                f"{result['rss_waiting_mib']:.0f}",
                f"{result['rss_max_mib']:.0f}",
                f"{result['drain_seconds']:.2f}",
                f"{result['relay_seconds']:.2f}",
                ratio(result["drain_seconds"], result["relay_seconds"]),
                result["counts"]["early"],
                result["counts"]["duplicates"],
            ]
        ],
    )


def partitions_table(result):
    rows = [
        [name] + [f"{late[key]:.0f}" for key in ("p50", "p99", "max", "rss_max_mib")] + [late["early"]]
        for name, late in result["programs"].items()
    ]
    title = (
        f"{result['partitions']:,} partitions with one record each, due within one second after"
        f" {result['wait_seconds']} s; lateness in ms"
    )
    return title + "\n\n" + table(["program", "p50", "p99", "max", "RSS MiB", "early"], rows)


def deliveries_table(result):
    base = result["medians"]["bare"]
    rows = [
        [name, f"{run['deliveries_per_second']:,.0f}", f"{run['cpu_us_per_delivery']:.2f}"]
        + [ratio(run["deliveries_per_second"], base["deliveries_per_second"])]
        + [ratio(run["cpu_us_per_delivery"], base["cpu_us_per_delivery"])]
        for name, run in result["medians"].items()
    ]
    title = (
        f"Deliveries to a handler: {result['requests']:,} due records of 200 bytes, {result['concurrency']} in flight,"
        f" Unix socket, medians of {len(result['runs']['laterd'])}; bare: a libcurl-multi loop with nothing around it"
    )
    return title + "\n\n" + table(["", "deliveries/s", "CPU us/delivery", "rate / bare", "CPU / bare"], rows)


def hops_table(result):
    rows = [
        [name] + [f"{late[key]:.2f}" for key in ("p50", "p99", "p99.9", "max")] + [late["count"], late["early"]]
        for name, late in result["attempts"].items()
    ]
    title = (
        f"Lateness in ms of an attempt at the handler, {result['rate']:,} records/s of which each fails once;"
        f" the second attempt comes from the retry topic, {result['backoff_ms']} ms later"
    )
    return title + "\n\n" + table(["attempt", "p50", "p99", "p99.9", "max", "attempts", "early"], rows)


def orders_table(result):
    base = result["medians"]["partition"]
    rows = [
        [f"order: {order}", f"{run['records_per_second']:,.0f}", f"{run['cpu_us_per_record']:.2f}"]
        + [f"{run['rss_max_mib']:.0f}", ratio(run["records_per_second"], base["records_per_second"])]
        for order, run in result["medians"].items()
    ]
    title = (
        f"A due backlog in each order: {result['records']:,} records of 200 bytes whose due times lie in random order,"
        f" 4 partitions, 1 worker, medians of {len(result['runs']['due'])}"
    )
    return title + "\n\n" + table(["", "records/s", "CPU us/record", "RSS MiB", "rate / partition order"], rows)


def random_table(result):
    title = f"On time: {result['records']:,} records of one partition, due over {result['seconds']} s"
    rows = [
        [name]
        + [f"{run[key]:.2f}" for key in ("p50", "p99", "p99.9", "max")]
        + [f"{run['rss_max_mib']:.0f}", run["duplicates"], run["early"]]
        for name, run in result["runs"].items()
    ]
    return title + "\n\n" + table(
        ["lateness in ms", "p50", "p99", "p99.9", "max", "RSS MiB", "came twice", "early"], rows
    )


def seconds_of(values):
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:.2f} ({ordered[0]:.2f} to {ordered[-1]:.2f})"


def restarts_table(starts, kills):
    rows = [
        [kind, seconds_of(starts[kind]), seconds_of([run["seconds"] for run in kills[kind]])]
        + [max(run["duplicates"] for run in kills[kind])]
        for kind in starts
    ]
    return "Seconds to the first release of laterd: median (range)\n\n" + table(
        ["", "after start", "after kill -9 and restart", "came twice"], rows
    )


def mib(size):
    units = {"KiB": 1 / 1024, "MiB": 1, "GiB": 1024}
    return float(size[:-3]) * units[size[-3:]]


def goals(results):
    """(what, measured, aim, reached) for each aim that this run can judge."""
    found = []
    for result in results.get("throughput", []):
        medians = result["medians"]
        if "laterd" not in medians or "relay" not in medians:
            continue
        where = f"{result['threads']} thread(s), {result['headers']} headers"
        rate = medians["laterd"]["records_per_second"] / medians["relay"]["records_per_second"]
        cpu = medians["laterd"]["cpu_us_per_record"] / medians["relay"]["cpu_us_per_record"]
        found.append((f"records/s of the relay's, {where}", f"{rate:.2f}", "at least 0.85", rate >= 0.85))
        found.append((f"CPU per record of the relay's, {where}", f"{cpu:.2f}", "at most 1.40", cpu <= 1.4))
    late = results.get("lateness", {}).get("programs", {})
    if "laterd" in late:
        more = late["laterd"]["p99_median"] - late["plain"]["p99_median"]
        found.append(("p99 lateness beyond plain produce-to-consume", f"{more:.2f} ms", "at most 2 ms", more <= 2))
    if waiting := results.get("waiting"):
        cpu, rss = waiting["cpu_percent"], waiting["rss_max_mib"]
        limit = 40 + mib(waiting["memory"])
        drain = waiting["drain_seconds"] / waiting["relay_seconds"]
        found.append(("CPU while many records wait", f"{cpu:.2f} %", "below 1 %", cpu < 1))
        found.append(("RSS at most, many records", f"{rss:.0f} MiB", f"below {limit:.0f} MiB", rss < limit))
        found.append(("time to let them out, of the relay's", f"{drain:.2f}", "at most 1.50", drain <= 1.5))
    wide = results.get("partitions", {}).get("programs", {}).get("laterd")
    if wide:
        found.append(("p99 lateness, many partitions", f"{wide['p99']:.0f} ms", "within 1 s", wide["p99"] <= 1000))
        rss = wide["rss_max_mib"]
        found.append(("RSS, many partitions", f"{rss:.0f} MiB", "below 150 MiB", rss < 150))
    if deliveries := results.get("deliveries"):
        rate = deliveries["medians"]["laterd"]["deliveries_per_second"]
        share = rate / deliveries["medians"]["bare"]["deliveries_per_second"]
        found.append(
            ("deliveries/s to a handler, and of the bare loop's", f"{rate:,.0f}, {share:.2f}",
             "at least 30,000 or 0.70", rate >= 30_000 or share >= 0.7)
        )
    if orders := results.get("orders"):
        medians = orders["medians"]
        share = medians["due"]["records_per_second"] / medians["partition"]["records_per_second"]
        found.append(("records/s in due order, of partition order's", f"{share:.2f}", "at least 0.70", share >= 0.7))
    early = sum(result["early"] for result in late.values())
    early += results.get("waiting", {}).get("counts", {}).get("early", 0) + (wide["early"] if wide else 0)
    early += sum(late["early"] for late in results.get("hops", {}).get("attempts", {}).values())
    if "random" in results:
        fixed, random = (results["random"]["runs"][name] for name in ("fixed delay", "random due times"))
        early += fixed["early"] + random["early"]
        found.append(
            (
                "p99 lateness of random due times, in ms",
                f"{random['p99']:.2f}",
                f"at most a fixed delay's + 2 ({fixed['p99'] + 2:.2f})",
                random["p99"] <= fixed["p99"] + 2,
            )
        )
    found.append(("records released early", str(early), "0", early == 0))
    return found


def goals_table(results):
    rows = [[what, measured, aim, "yes" if ok else "NO"] for what, measured, aim, ok in goals(results)]
    title = "Aims (a quick run is too short to judge them)" if results["quick"] else "Aims"
    return title + "\n\n" + table(["", "measured", "aim", "reached"], rows)


def full_text(results):
    parts = [throughput_table(result) for result in results.get("throughput", [])]
    if "lateness" in results:
        parts.append(lateness_table(results["lateness"]))
    if "waiting" in results:
        parts.append(waiting_table(results["waiting"]))
    if "partitions" in results:
        parts.append(partitions_table(results["partitions"]))
    for name, make in (
        ("deliveries", deliveries_table),
        ("hops", hops_table),
        ("orders", orders_table),
        ("random", random_table),
    ):
        if name in results:
            parts.append(make(results[name]))
    if "starts" in results:
        parts.append(restarts_table(results["starts"], results["kills"]))
    parts.append(goals_table(results))
    return "\n\n".join(parts) + "\n"
