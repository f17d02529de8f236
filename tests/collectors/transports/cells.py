"""The cells of the fault matrix: a fault of a transport, lived through with a seed; what was lost and doubled.

Files are followed through rotations; over TCP a program sends syslog lines, over HTTP a client repeats each bulk
request until it is answered. Plain syslog has no acknowledgements (RFC 6587, section 4.3): what kulla has taken from
the kernel, or the kernel from the sender, is lost with a process that is killed. Those runs must double nothing; their
loss is counted.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from engine.store.embedded import EmbeddedStore
from tests.cli.runs import child
from tests.collectors.transports.faulty import Fault, failing, full_disk, killed_at, opened_at_last
from tests.collectors.transports.following import NOW, World, line
from tests.collectors.transports.network import Listener, listening, stored
from tests.collectors.transports.rotations import ROTATIONS, Writer, compress, copytruncate, rename

FAILURES = {"store refusing": Fault.REFUSED, "bulk half applied": Fault.HALF, "answer lost": Fault.UNHEARD}
_SYSLOG = "<38>Mar 11 10:00:00 web01 sshd[{}]: Failed password for root from 192.0.2.1 port 22 ssh2"
_SYNCS = 40  # about as many as storing what one life of a process receives takes
_LIFE = 5.0  # seconds, the longest


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the records of a run; `bounded` where the transport cannot know what the receiver had."""

    sent: int
    lost: int
    doubled: int
    bounded: bool = False

    @property
    def holds(self) -> bool:
        """Tell whether nothing was doubled, and nothing lost that the transport could save."""
        return not self.doubled and (self.bounded or not self.lost)


def compared(sent: list[str], found: list[str], *, bounded: bool = False) -> Outcome:
    """Count what was lost and doubled."""
    wanted, had = Counter(sent), Counter(found)
    return Outcome(sent=len(sent), lost=(wanted - had).total(), doubled=(had - wanted).total(), bounded=bounded)


# files
def rotated(rotation: str) -> Callable[[Path, random.Random], Outcome]:
    """Return the cell of a rotation."""
    return lambda root, rng: _followed(World(root=root), ROTATIONS[rotation], rng)


def _followed(world: World, rotate: Callable[[Writer], None], rng: random.Random) -> Outcome:
    world.start()
    writer = Writer(world, rng)
    for _ in range(rng.randint(1, 3)):
        writer.write()
        writer.maybe_look()
        rotate(writer)
        writer.maybe_look()
    writer.write()
    world.settle()
    found = world.originals()
    dead = len(world.store.dead_letters()) if world.store else 0
    world.stop()
    outcome = compared([line(number).decode().rstrip("\n") for number in range(writer.count)], found)
    return Outcome(sent=outcome.sent, lost=outcome.lost + dead, doubled=outcome.doubled)


def followed_into_failing(fault: Fault) -> Callable[[Path, random.Random], Outcome]:
    """Return the cell of a store that fails, while the file is rotated in some way."""

    def cell(root: Path, rng: random.Random) -> Outcome:
        return _followed(World(root=root, opened=failing(fault, rng)), rng.choice(list(ROTATIONS.values())), rng)

    return cell


def followed_onto_full_disk(root: Path, rng: random.Random) -> Outcome:
    """Follow a file while the store's disk is full now and then."""
    with full_disk(rng):
        return _followed(World(root=root, opened=opened_at_last), rng.choice(list(ROTATIONS.values())), rng)


def followed_and_killed(root: Path, rng: random.Random) -> Outcome:
    """Follow a file by processes that are killed at any sync of what they write, while the file is rotated."""
    home = _home(root)
    world = World(root=root, source="nginx")
    world.log.parent.mkdir(parents=True)
    writer = Writer(world, rng)
    writer.write()
    for _ in range(2):
        words = ("collect", str(world.log), "--follow", "--source", "nginx")
        process = child(*words, home=home, prelude=killed_at(rng.randint(1, _SYNCS)))
        with _ended(process):
            until = time.monotonic() + _LIFE
            while process.poll() is None and time.monotonic() < until:
                writer.write()
                time.sleep(0.1)
        writer.write()
        if (home / "store" / "events").exists():  # following has begun
            rng.choice((rename, copytruncate, compress))(writer)
    last = World(root=home, named=[world.log], source="nginx")
    last.start()
    last.settle()
    found = last.numbers()
    last.stop()
    return compared([str(number) for number in range(writer.count)], [str(number) for number in found])


# syslog over TCP
def sent_over_tcp(
    root: Path,
    rng: random.Random,
    *,
    opened: Callable[[Path], EmbeddedStore] | None = None,
    trouble: AbstractContextManager[object] | None = None,
    turns: int = 1,
) -> Outcome:
    """Send lines over connections of their own; between turns kulla is stopped, and lines wait at the sender.

    Where the store fails, kulla is stopped when it has stored what came: one that is told to stop while its store
    goes on refusing gives up after some attempts, and says how many records are lost.
    """
    sent: list[str] = []
    with trouble or nullcontext(), _hurried():
        for _ in range(turns):
            with _listening(root, "syslog+tcp://127.0.0.1:0", opened) as run:
                for _ in range(rng.randint(1, 3)):
                    texts = [_SYSLOG.format(len(sent) + each) for each in range(rng.randint(1, 300))]
                    sent += texts
                    _send(run.ports[0], texts, rng)
                if opened:
                    run.wait(len(sent))
    return compared(sent, stored(root))


def _send(port: int, texts: list[str], rng: random.Random) -> None:
    """Send lines in one connection, some of them cut between two packets."""
    data = "".join(text + "\n" for text in texts).encode()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data:
            at = rng.randint(1, len(data))
            client.sendall(data[:at])
            data = data[at:]


def tcp_and_killed(root: Path, rng: random.Random) -> Outcome:
    """Send lines to processes that are killed while they store them; what was sent to them is not sent again."""
    sent: list[str] = []
    for _ in range(2):
        with _process(root, "syslog+tcp", rng) as (process, port):
            until = time.monotonic() + _LIFE
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)) as client:
                while process.poll() is None and time.monotonic() < until:
                    text = _SYSLOG.format(len(sent))
                    sent.append(text)
                    client.sendall(text.encode() + b"\n")
                    time.sleep(0.01)
    return compared(sent, stored(root / "home"), bounded=True)


# HTTP
def asked_over_http(
    root: Path,
    rng: random.Random,
    *,
    opened: Callable[[Path], EmbeddedStore] | None = None,
    trouble: AbstractContextManager[object] | None = None,
    turns: int = 1,
) -> Outcome:
    """Send bulk requests; some are given up before they are answered, and sent again."""
    sent: list[str] = []
    again: bytes | None = None
    with trouble or nullcontext(), _hurried():
        for _ in range(turns):
            with _listening(root, "http://127.0.0.1:0", opened) as run:
                if again is not None:  # the answer to the last request was lost when kulla stopped
                    _repeated(run.ports[0], again, rng)
                for _ in range(rng.randint(1, 4)):
                    texts = [f"m{len(sent) + each}" for each in range(rng.randint(1, 60))]
                    sent += texts
                    again = _bulk(texts)
                    _repeated(run.ports[0], again, rng)
    return compared(sent, stored(root, "message"))


def http_and_killed(root: Path, rng: random.Random) -> Outcome:
    """Send bulk requests to processes that are killed while they store them; what was not answered is sent again."""
    sent: list[str] = []
    waiting: list[bytes] = []
    for _ in range(3):
        with _process(root, "http", rng) as (process, port):
            until = time.monotonic() + _LIFE
            while process.poll() is None and time.monotonic() < until:
                if not waiting:
                    texts = [f"m{len(sent) + each}" for each in range(rng.randint(1, 30))]
                    sent += texts
                    waiting.append(_bulk(texts))
                with suppress(OSError, http.client.HTTPException):
                    if _asked(port, waiting[0]) == 200:
                        waiting.pop()
    with _listening(root / "home", "http://127.0.0.1:0", None) as run:
        for body in waiting:
            _repeated(run.ports[0], body, rng)
    return compared(sent, stored(root / "home", "message"))


def _bulk(texts: list[str]) -> bytes:
    action = json.dumps({"create": {"_index": "logs"}})
    documents = (json.dumps({"@timestamp": "2026-03-11T10:00:00Z", "message": text}) for text in texts)
    return "".join(f"{action}\n{document}\n" for document in documents).encode()


def _repeated(port: int, body: bytes, rng: random.Random) -> None:
    """Send a request until it is answered with 200; give it up before the answer now and then."""
    while True:
        if rng.random() < 0.25:
            with suppress(OSError, http.client.HTTPException):
                _asked(port, body, patience=rng.choice((0.001, 0.02)))
        elif _asked(port, body) == 200:
            return


def _asked(port: int, body: bytes, *, patience: float = 30) -> int:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        client.request("POST", "/_bulk", body)
        return client.getresponse().status
    finally:
        client.close()


# what the cells share
@contextmanager
def _listening(root: Path, word: str, opened: Callable[[Path], EmbeddedStore] | None) -> Iterator[Listener]:
    with listening(root, word, opened=opened or (lambda folder: EmbeddedStore(folder, lambda: NOW))) as run:
        yield run


@contextmanager
def _hurried() -> Iterator[None]:
    """Let a listener try a store that failed again at once."""
    with patch("cli.staying.PAUSES", (0.001,)), patch("cli.listening._WAIT", 0.01):
        yield


def _home(root: Path) -> Path:
    """Make the folder of a kulla that may be killed before it has made one."""
    home = root / "home"
    home.mkdir(parents=True, exist_ok=True)
    return home


@contextmanager
def _process(root: Path, scheme: str, rng: random.Random) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start a kulla that listens and will be killed; wait until it listens."""
    home = _home(root)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    words = ("collect", "--listen", f"{scheme}://127.0.0.1:{port}")
    process = child(*words, home=home, prelude=killed_at(rng.randint(2, _SYNCS)))
    with _ended(process):
        until = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.02)
        yield process, port


@contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """Kill the process at the end, wherever it is by then."""
    try:
        yield
    finally:
        process.kill()
        process.communicate()


Cell = Callable[[Path, random.Random], Outcome]


def _over(transport: Callable[..., Outcome], fault: Fault) -> Cell:
    return lambda root, rng: transport(root, rng, opened=failing(fault, rng))


def _cells() -> dict[tuple[str, str], Cell]:
    cells: dict[tuple[str, str], Cell] = {(name, "file"): rotated(name) for name in ROTATIONS}
    cells["SIGKILL at any sync", "file"] = followed_and_killed
    cells["disk full", "file"] = followed_onto_full_disk
    cells |= {(name, "file"): followed_into_failing(fault) for name, fault in FAILURES.items()}
    for word, transport in (("syslog TCP", sent_over_tcp), ("HTTP", asked_over_http)):
        cells["kulla stopped", word] = _stopped(transport)
        cells["disk full", word] = _on_full_disk(transport)
        cells |= {(name, word): _over(transport, fault) for name, fault in FAILURES.items()}
    cells["SIGKILL at any sync", "syslog TCP"] = tcp_and_killed
    cells["SIGKILL at any sync", "HTTP"] = http_and_killed
    return cells


def _stopped(transport: Callable[..., Outcome]) -> Cell:
    return lambda root, rng: transport(root, rng, turns=rng.randint(2, 3))


def _on_full_disk(transport: Callable[..., Outcome]) -> Cell:
    return lambda root, rng: transport(root, rng, opened=opened_at_last, trouble=full_disk(rng))


CELLS = _cells()
REAL = {key for key in CELLS if key[0].startswith("SIGKILL")}  # processes that are started and killed: seconds each
