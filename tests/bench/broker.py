"""A private Apache Kafka (KRaft, one process) on free ports of 127.0.0.1."""

import os
import pathlib
import shutil
import socket
import subprocess
import time

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.min.session.timeout.ms=1000
group.initial.rebalance.delay.ms={join_delay_ms}
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Broker:
    """Started on entering, killed and deleted on leaving.

    join_delay_ms: how long an empty group waits for more members. The workers of a program then join together; with 0
    the second one would cause a rebalance in the middle of a measurement.
    """

    def __init__(self, jars, folder, join_delay_ms):
        self.jars = jars
        self.folder = pathlib.Path(folder)
        self.join_delay_ms = join_delay_ms
        self.process = None

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        port, controller = free_ports(2)
        self.address = f"127.0.0.1:{port}"
        properties = self.folder / "server.properties"
        properties.write_text(
            PROPERTIES.format(
                port=port, controller=controller, folder=self.folder, join_delay_ms=self.join_delay_ms
            )
        )
        java = ["java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{self.jars}/*"]
        identity = subprocess.run(
            java + ["kafka.tools.StorageTool", "random-uuid"], check=True, capture_output=True, text=True
        ).stdout.split()[-1]
        subprocess.run(
            java + ["kafka.tools.StorageTool", "format", "-t", identity, "-c", properties, "--ignore-formatted"],
            check=True,
            capture_output=True,
        )
        with open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen(
                java[:1] + ["-Xms1g", "-Xmx1g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"] + java[1:]
                + ["kafka.Kafka", properties],
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        self.wait_until_listening(port)
        return self

    def wait_until_listening(self, port):
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"the broker did not start, see {self.folder}/log")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder / "data", ignore_errors=True)
