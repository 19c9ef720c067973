#!/usr/bin/env python3
"""The failure drills of docs/operations.md, on a private Kafka: breaks something, and shows what an operator sees.

Started by script/drills, which brings Kafka, kcat and the built laterd. Fails when a drill does not end as the page says.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))
sys.path.insert(0, str(ROOT / "tests" / "operations"))

from broker import Broker  # noqa: E402
from running import free_port, get, until  # noqa: E402

BUILD, JARS, FOLDER = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
CHOSEN = sys.argv[4:]
LATERD = BUILD / "src" / "laterd"
TOPICS = BUILD / "tests" / "operations" / "drill_topics"


class Daemon:
    """One laterd, its log and its admin endpoint."""

    def __init__(self, world, name, routes, settings=""):
        self.name = name
        self.file = FOLDER / f"{name}.yaml"
        self.log = FOLDER / f"{name}.log"
        self.listen = f"127.0.0.1:{free_port()}"
        self.frame = (f"clusters: {{main: {{brokers: ['{world.address}']}}}}\nroutes:\n%s"
                      f"admin: {{listen: '{self.listen}'}}\n{settings}")
        self.write(routes)
        self.log.write_text("")
        self.start()

    def write(self, routes):
        self.file.write_text(self.frame % routes)

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([LATERD, "run", "-c", self.file], stderr=log)
        until(lambda: get(f"http://{self.listen}/readyz"), f"{self.name} is ready", 90)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.process.wait(30)

    def status(self, route=0):
        return json.loads(get(f"http://{self.listen}/status"))["routes"][route]

    def await_status(self, what, condition, within=60):
        def holds():
            try:
                return condition(self.status())
            except TypeError:  # nobody answered
                return False
        until(holds, what, within)

    def show_status(self, lines):
        """What `laterd status` says, as far as it has one of these words."""
        said = subprocess.run([LATERD, "status", "--at", self.listen], capture_output=True, text=True).stdout
        show("$ laterd status\n" + "".join(
            line + "\n" for line in said.split("\nlast warnings")[0].split("\n") if any(word in line for word in lines)))

    def show_log(self, *events):
        lines = [line for line in self.log.read_text().splitlines()
                 if any(f"event={json.dumps(event) if ' ' in event else event} " in line + " " for event in events)]
        show("".join(shorten(line) + "\n" for line in lines))

    def show_metrics(self, *names):
        text = get(f"http://{self.listen}/metrics")
        show("".join(line + "\n" for line in text.splitlines() if line.startswith(tuple(names))))


class World:
    def __init__(self, broker):
        self.broker, self.address = broker, broker.address

    def topics(self, *names, partitions=1):
        for name in names:
            subprocess.run([TOPICS, self.address, "create", name, str(partitions)], check=True)

    def delete_records(self, topic, before):
        subprocess.run([TOPICS, self.address, "delete_records", topic, "0", str(before)], check=True)

    def produce(self, topic, values, *options):
        subprocess.run(["kcat", "-b", self.address, "-P", "-t", topic, *options],
                       input="\n".join(values) + "\n", text=True, check=True, capture_output=True)

    def read(self, topic, form="%s\n"):
        ended = subprocess.run(["kcat", "-b", self.address, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", form],
                               capture_output=True, text=True, timeout=60)
        return ended.stdout.splitlines()


def shorten(line):
    line = re.sub(r"^time=\S+T(\S+)\.\d+Z", r"\1", line).replace(str(FOLDER), "/run")
    return re.sub(r"127\.0\.0\.1:\d+", "kafka:9092", line)


def say(text):
    print(text, flush=True)


def show(text):
    say("```text\n" + text.rstrip().replace(str(FOLDER), "/run") + "\n```\n")


def check(condition, what):
    if not condition:
        raise AssertionError(what)


@contextlib.contextmanager
def ended(*daemons):
    try:
        yield
    finally:
        for daemon in daemons:
            if daemon.process.poll() is None:
                daemon.process.send_signal(signal.SIGCONT)
                daemon.process.kill()
            daemon.process.wait()


def handler_away(world):
    """The handler is away"""
    world.topics("h.in", "h.retry", "h.dead")
    socket = FOLDER / "handler.sock"
    routes = (f"  payments:\n    from: {{topics: [h.in], group: h}}\n    delay: 0s\n    to: {{handler: {{socket: {socket}}}}}\n"
              "    retry: {topic: h.retry, attempts: 3}\n    dead_letter: {topic: h.dead}\n")
    daemon = Daemon(world, "handler", routes)
    with ended(daemon):
        world.produce("h.in", [json.dumps({"n": n}) for n in range(5)])
        daemon.await_status("the route holds", lambda route: route["state"] == "holding" and route["lag_records"] == 5)
        say("Five records are due, and nobody listens on the socket:\n")
        daemon.show_status(["payments:", "held,", "since the start"])
        handler = subprocess.Popen([sys.executable, ROOT / "config/examples/handler.py", socket], stdout=subprocess.DEVNULL)
        try:
            daemon.await_status("all are delivered", lambda route: route["delivered"] == 5, 15)
        finally:
            handler.kill()
            handler.wait()
        say("It is started, and they are delivered; no attempt was spent:\n")
        daemon.show_log("route holding", "route running")
        daemon.show_metrics('laterd_deliveries_total{route="payments",outcome="d', 'laterd_deliveries_total{route="payments",outcome="ret')
        check(daemon.status()["retries"] == 0, "no attempt is spent")


def broker_freezes(world):
    """The brokers are away for a while"""
    world.topics("b.in", "b.out")
    daemon = Daemon(world, "broker", "  orders:\n    from: {topics: [b.in], group: b}\n    delay: 20s\n    to: {topic: b.out}\n")
    with ended(daemon):
        world.produce("b.in", [str(n) for n in range(100)])
        daemon.await_status("they wait", lambda route: route["lag_records"] == 100)
        world.broker.process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(30)
        finally:
            world.broker.process.send_signal(signal.SIGCONT)
        daemon.await_status("all are delivered", lambda route: route["delivered"] >= 100, 90)
        say("The broker is frozen (SIGSTOP) for 30 s while 100 records wait, longer than the session of 10 s:\n")
        daemon.show_log("kafka client", "partitions lost", "partitions revoked", "partitions assigned", "worker died")
        check(sorted(set(world.read("b.out")), key=int) == [str(n) for n in range(100)], "nothing is lost")
        say(f"All 100 have arrived; {len(world.read('b.out')) - 100} came twice.\n")


def partition_stops(world):
    """A partition stops, and the table is mended"""
    world.topics("s.in", "s.out", "s.dead")
    route = ("  reminders:\n    from: {topics: [s.in], group: s}\n    due: {header: at, format: unix_ms, missing: stop, invalid: stop}\n"
             "    to: {topic: s.out}\n")
    daemon = Daemon(world, "stopped", route)
    with ended(daemon):
        world.produce("s.in", ["without a header"])
        world.produce("s.in", ["behind it"], "-H", "at=0")
        daemon.await_status("it has stopped", lambda found: found["state"] == "stopped")
        say("A record without the due header comes to a route that says `missing: stop`:\n")
        daemon.show_log("partition stopped")
        daemon.show_status(["reminders:", "s.in/0"])
        daemon.write(route.replace("missing: stop", "missing: dead_letter") + "    dead_letter: {topic: s.dead}\n")
        daemon.signal(signal.SIGHUP)
        until(lambda: world.read("s.out") == ["behind it"], "the next one is delivered")
        say("The table gets `missing: dead_letter` and a dead-letter topic, and SIGHUP (`systemctl reload laterd`):\n")
        daemon.show_log("route changed", "reloaded")
        show("$ kcat -C -t s.dead -f '%s | %h\\n'\n" + "\n".join(world.read("s.dead", "%s | %h\n")))
        check(world.read("s.dead") == ["without a header"], "the bad one is a dead letter")


def bad_reload(world):
    """A table with a mistake is loaded"""
    world.topics("r.in", "r.out")
    route = "  orders:\n    from: {topics: [r.in], group: r}\n    delay: 5s\n    to: {topic: r.out}\n"
    daemon = Daemon(world, "reload", route)
    with ended(daemon):
        daemon.write(route.replace("delay: 5s", "delay: 5"))
        daemon.signal(signal.SIGHUP)
        until(lambda: "laterd_config_reload_success 0" in get(f"http://{daemon.listen}/metrics"), "it is refused")
        say("`delay: 5` has no unit. The daemon goes on with the table it has:\n")
        show("".join(shorten(line) + "\n" for line in daemon.log.read_text().splitlines()
                     if "reload" in line or "delay" in line))
        daemon.show_metrics("laterd_config_reload_success")
        world.produce("r.in", ["still here"])
        until(lambda: world.read("r.out") == ["still here"], "the old route works")


def deleted_early(world):
    """Records are deleted before their time"""
    world.topics("d.in", "d.out")
    daemon = Daemon(world, "deleted", "  orders:\n    from: {topics: [d.in], group: d}\n    delay: 30m\n    to: {topic: d.out}\n")
    with ended(daemon):
        world.produce("d.in", [str(n) for n in range(2_000)])
        daemon.await_status("they wait", lambda route: route["lag_records"] == 2_000)
        world.delete_records("d.in", 1_500)
        daemon.stop()
        daemon.start()
        daemon.await_status("the loss is counted", lambda route: route["lost"] > 0)
        say("DeleteRecords takes 1,500 of 2,000 records that wait; the daemon is started anew and finds them gone:\n")
        daemon.show_log("records lost")
        daemon.show_metrics("laterd_records_lost_total")
        check(daemon.status()["lost"] == 1_500, "each is counted")


def one_of_two_is_killed(world):
    """One of two daemons is killed"""
    world.topics("k.in", "k.out", partitions=4)
    route = "  orders:\n    from: {topics: [k.in], group: k}\n    delay: 2s\n    to: {topic: k.out}\n"
    first = Daemon(world, "first", route)
    second = Daemon(world, "second", route)
    with ended(first, second):
        both = lambda: [sum(len(each.status()["partitions"]) for each in (first, second)), len(second.status()["partitions"])]
        until(lambda: both() == [4, 2], "each has two partitions")
        values = [str(n) for n in range(400)]
        world.produce("k.in", values[:200])
        began = time.monotonic()
        second.signal(signal.SIGKILL)
        second.process.wait()
        world.produce("k.in", values[200:])
        until(lambda: len(first.status()["partitions"]) == 4, "the other has all four", 60)
        back = time.monotonic() - began
        until(lambda: len(set(world.read("k.out"))) == 400, "all 400 are delivered")
        read = world.read("k.out")
        say(f"kill -9 for one of two daemons with four partitions between them: the other has all four after {back:.0f} s (the "
            f"session of the dead one times out; with `instance` and a restart it is a fraction of a second). 400 records "
            f"sent around it: {len(set(read))} arrived, {len(read) - len(set(read))} of them twice.\n")
        first.show_log("partitions revoked", "partitions assigned")


def rolling_restart(world):
    """A rolling restart"""
    world.topics("u.in", "u.out", partitions=4)
    route = "  orders:\n    from: {topics: [u.in], group: u}\n    delay: 3s\n    to: {topic: u.out}\n"
    daemons = [Daemon(world, f"node-{n}", route, f"instance: node-{n}\n") for n in (1, 2)]
    with ended(*daemons):
        values = [str(n) for n in range(300)]
        world.produce("u.in", values[:100])
        codes = []
        for i, daemon in enumerate(daemons):
            codes.append(daemon.stop())
            world.produce("u.in", values[100 * (i + 1):100 * (i + 2)])
            daemon.start()
        until(lambda: len(set(world.read("u.out"))) == 300, "all 300 are delivered")
        read = world.read("u.out")
        say(f"Two daemons with `instance: node-1` and `node-2` are stopped with SIGTERM and started one after the other, while records "
            f"wait: exit codes {codes}; {len(set(read))} of 300 records arrived, {len(read) - len(set(read))} of them twice.\n")
        daemons[0].show_log("draining", "worker started", "partitions assigned")
        check(codes == [0, 0] and len(read) == 300, "nothing is repeated")


DRILLS = [handler_away, broker_freezes, partition_stops, bad_reload, deleted_early, one_of_two_is_killed, rolling_restart]


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Broker(JARS, FOLDER / "kafka", 0) as broker:
        world = World(broker)
        for drill in DRILLS:
            if not CHOSEN or drill.__name__ in CHOSEN:
                say(f"### {drill.__doc__}\n")
                drill(world)


if __name__ == "__main__":
    os.environ.pop("LATERD_CONFIG", None)
    main()
