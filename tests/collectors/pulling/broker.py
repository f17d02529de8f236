"""A real Kafka broker on this machine: KRaft, one node, assembled once from its published Maven artifacts.

Looked for in this order: `KULLA_TEST_KAFKA` (`HOST:PORT` of one that may be used), the cache, Maven.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.elasticsearch.artifacts import UnavailableError, java

VERSION = "4.4.0"
_PATIENCE = 120.0  # seconds until the broker must answer: it takes five on a quiet machine
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>kulla.tests</groupId><artifactId>kafka</artifactId><version>1</version><dependencies><dependency>
<groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version>
</dependency></dependencies></project>
"""
_CLUSTER = "a3VsbGEtdGVzdHMtMDAwMQ"


def assemble() -> Path:
    """Return the folder of the broker's jars, made where it is not there; other runs wait for it."""
    base = os.environ.get("KULLA_TEST_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "kulla-tests" / f"kafka-{VERSION}"
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise UnavailableError("Maven (mvn) is not installed, so Kafka cannot be assembled")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _resolve(maven, folder)
    return folder


def _resolve(maven: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        (Path(name) / "pom.xml").write_text(_POM)
        words = [maven, "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime"]
        done = subprocess.run(
            [*words, f"-DoutputDirectory={name}/lib"], capture_output=True, text=True, check=False, cwd=name
        )
        if done.returncode:
            raise UnavailableError(f"Maven cannot resolve Kafka {VERSION}: {done.stdout.strip()[-400:]}")
        (Path(name) / "lib").rename(folder)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True, kw_only=True)
class Broker:
    """A broker with a folder of its own, that can be killed and started again; `settings` are more of its lines."""

    folder: Path
    port: int
    security: str = "PLAINTEXT"
    settings: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        file = self.folder / "server.properties"
        if not file.exists():
            file.write_text("\n".join(self._lines()))
            self._java("kafka.tools.StorageTool", "format", "--standalone", "-t", _CLUSTER, "-c", str(file)).wait()
        self.process = self._java("kafka.Kafka", str(file))
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(
            f"the broker does not answer: {(self.folder / 'out.txt').read_text(errors='replace')[-2000:]}"
        )

    def _java(self, *words: str) -> subprocess.Popen[bytes]:
        options = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{assemble()}/*"]
        nice = ["nice"] if shutil.which("nice") else []
        with (self.folder / "out.txt").open("ab") as out:
            return subprocess.Popen(
                [*nice, str(java()), *options, *words], stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )

    def _lines(self) -> list[str]:
        controller = free_port()
        return [
            "process.roles=broker,controller",
            "node.id=1",
            f"controller.quorum.bootstrap.servers=127.0.0.1:{controller}",
            "controller.listener.names=CONTROLLER",
            f"log.dirs={self.folder / 'data'}",
            "offsets.topic.replication.factor=1",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
            "group.initial.rebalance.delay.ms=0",
            f"listeners={self.security}://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            f"advertised.listeners={self.security}://127.0.0.1:{self.port}",
            f"inter.broker.listener.name={self.security}",
            f"listener.security.protocol.map=CONTROLLER:PLAINTEXT,{self.security}:{self.security}",
            *self.settings,
        ]

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


def _client(address: str, config: Mapping[str, str] | None) -> dict[str, Any]:
    return {"bootstrap.servers": address, "log_level": 0, **(config or {})}


@cache  # a client that nobody holds ends before its answers come
def admin(address: str) -> Any:
    """Return a client that makes and removes topics."""
    from confluent_kafka.admin import AdminClient

    return AdminClient(_client(address, None))


def make_topic(address: str, name: str, partitions: int = 1, *, config: Mapping[str, str] | None = None) -> None:
    """Make a topic, and wait until it is there."""
    from confluent_kafka.admin import AdminClient, NewTopic

    client = AdminClient(_client(address, config)) if config else admin(address)
    client.create_topics([NewTopic(name, partitions, 1)])[name].result()


def produce(
    address: str,
    topic: str,
    values: Sequence[bytes | None],
    partitions: int = 1,
    *,
    config: Mapping[str, str] | None = None,
) -> None:
    """Write messages, spread over the partitions by turns, and wait until the broker has them."""
    from confluent_kafka import Producer

    producer = Producer({**_client(address, config), "linger.ms": 5})
    failed: list[Any] = []
    for number, value in enumerate(values):
        producer.produce(
            topic,
            value,
            key=b"k%d" % number,
            partition=number % partitions,
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )
        producer.poll(0)
    assert producer.flush(60) == 0
    assert not failed, failed
