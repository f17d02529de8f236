"""One node for a whole test run, started by the first test that asks and ended with the run.

Workers of pytest-xdist share it: the first one starts it, on behalf of their common parent process; the others find
its address in a file. The node watches that parent and ends with it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.elasticsearch.artifacts import assemble
from tests.elasticsearch.launching import launching

_HEAP = os.environ.get("KULLA_TEST_ELASTICSEARCH_HEAP", "512m")
_PATIENCE = 600.0  # seconds until the node must answer: it takes five on a quiet machine
_MEMORY = 2 << 30  # bytes that must be free for data in memory


@dataclass(slots=True)
class Node:
    """A running node: its folder, its port and its process.

    One that `starts_often` compiles its code in haste, which halves a start and makes longer work dearer. `heap` is its
    memory, as Java writes it; where that is not enough it ends, for else it would leave requests without an answer.
    """

    home: Path
    port: int
    transport: int
    owner: int
    starts_often: bool = False
    heap: str = _HEAP
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the node and wait until it answers."""
        self._launch(launching(_train))

    def _launch(self, words: Sequence[str]) -> None:
        program, *others = words
        all_words = [
            *(["nice"] if shutil.which("nice") else []),
            program,
            *(f"-Xms{self.heap}", f"-Xmx{self.heap}", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"),
            "--enable-native-access=org.apache.lucene.core",
            *(["-XX:TieredStopAtLevel=1"] if self.starts_often else []),
            *(*others, str(self.home), str(self.port), str(self.transport), str(self.owner)),
        ]
        with (self.home / "out.txt").open("ab") as out:
            self.process = subprocess.Popen(all_words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.home)
        self.wait()

    def wait(self) -> None:
        """Wait until the node answers."""
        begun = time.monotonic()
        while time.monotonic() - begun < _PATIENCE:
            if self.process is not None and self.process.poll() is not None:
                break
            try:
                health = f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=30s"
                with urllib.request.urlopen(health) as answer:  # noqa: S310 - of this machine
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise RuntimeError(f"the node does not answer: {(self.home / 'out.txt').read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        """End the node at once, as a crash would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        (self.home / "data" / "node.lock").unlink(missing_ok=True)

    def end(self) -> None:
        """End the node for good, and remove its data."""
        self.kill()
        shutil.rmtree((self.home / "data").resolve(), ignore_errors=True)


def make_node(
    folder: Path, owner: int, *, starts_often: bool = False, heap: str = _HEAP, in_memory: bool = True
) -> Node:
    """Return a node, not started, with a home in this folder; its data are in memory where there is room for some."""
    home = Path(tempfile.mkdtemp(dir=folder, prefix="node-"))
    memory = Path("/dev/shm")  # where there is such a thing: every change of an index waits for the disk
    if in_memory and memory.is_dir() and shutil.disk_usage(memory).free > _MEMORY:
        (home / "data").symlink_to(tempfile.mkdtemp(dir=memory, prefix="kulla-node-"), target_is_directory=True)
    (home / "config").mkdir()
    (home / "modules").symlink_to(assemble() / "modules", target_is_directory=True)
    ports = {"port": _free_port(), "transport": _free_port()}
    return Node(home=home, **ports, owner=owner, starts_often=starts_often, heap=heap)


def _train(words: Sequence[str]) -> None:
    """Start a node with these words, store and find a document, and end it in an orderly way."""
    with tempfile.TemporaryDirectory() as folder:
        node = make_node(Path(folder), os.getpid(), starts_often=True)
        node._launch(words)
        document = json.dumps({"word": "one", "number": 1}).encode()
        head = {"content-type": "application/json"}
        write = urllib.request.Request(f"{node.url}/first/_doc?refresh", document, head)  # noqa: S310 - of this machine
        for request in (write, f"{node.url}/first/_search?q=word:one&sort=number"):
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - of this machine
                answer.read()
        assert node.process is not None
        node.process.terminate()
        node.process.wait()
        shutil.rmtree((node.home / "data").resolve(), ignore_errors=True)


def shared_url(folder: Path) -> str:
    """Return the address of the run's node, started where it is not; `folder` is common to the run's workers."""
    owner = os.getppid() if os.environ.get("PYTEST_XDIST_WORKER") else os.getpid()
    place = folder / "elasticsearch.url"
    with (folder / "elasticsearch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            node = make_node(folder, owner)
            node.start()
            place.write_text(node.url)
    return place.read_text()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
