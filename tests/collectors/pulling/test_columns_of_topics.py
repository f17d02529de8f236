"""Messages of a topic read by columns, and one by one: the same events, letters and checkpoints."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cli.pulling import Pulling
from collectors.columns.treatment import Treatment
from collectors.privacy.filtering import Privacy
from collectors.privacy.rules import Policy
from collectors.pulling.seam import Puller
from collectors.pulling.topic import KIND, End, Extent, Fetched, Item, TopicPuller
from engine.store.embedded import EmbeddedStore
from tests.cli.runs import access_log
from tests.collectors.columns.both import PLAIN, contents
from tests.collectors.columns.test_treatment import NAMES
from tests.collectors.pulling.world import NOW, World
from tests.collectors.transports.faulty import Fault, failing

Values = Sequence[bytes | None]


@dataclass
class Shelf:
    """A topic in memory: `values` by partition. `batches` counts how events were stored."""

    values: Mapping[int, Values]
    at: dict[int, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return "kafka://127.0.0.1:9092/logs"

    def cluster(self) -> str:
        return "cluster"

    def version(self) -> str:
        return "1"

    def partitions(self) -> Mapping[int, Extent]:
        return {number: Extent(first=0, end=len(values)) for number, values in self.values.items()}

    def start(self, offsets: Mapping[int, int]) -> None:
        self.at = dict(offsets)

    def fetch(self, most: int, seconds: float) -> Sequence[Item]:
        found: list[Item] = []
        for number, start in self.at.items():
            values = self.values[number][start : start + most]
            self.at[number] = start + len(values)
            most -= len(values)
            if values:
                found.append(Fetched(partition=number, offsets=range(start, start + len(values)), values=values))
                if start + len(values) == len(self.values[number]):
                    found.append(End(partition=number, offset=start + len(values)))
        return found

    def trouble(self) -> str:
        return ""

    def close(self) -> None:
        pass


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., tuple[Any, int]]:
    """Return what pulls a topic into a store of its own, and returns what is in there, and the columns' events."""

    def pull(
        values: Mapping[int, Values], treatment: Treatment | None, source: str = "auto", **more: Any
    ) -> tuple[Any, int]:
        folder = tmp_path / ("rows" if treatment is None else "columns")
        wide = 0

        class Watching(EmbeddedStore):
            def append_batches(self, batches: Any, *args: Any, **wanted: Any) -> Any:
                nonlocal wide
                wide += sum(batch.rows for batch in batches)
                return super().append_batches(batches, *args, **wanted)

        def make(pulling: Pulling) -> dict[str, Puller]:
            return {"kafka://": TopicPuller(topic=Shelf(values), means=pulling.means(KIND))}

        world = World(root=folder, source=source, treatment=treatment, **more)
        world.opened = lambda root: Watching(root, lambda: NOW)
        account = world.run(make)
        assert world.run(make).records == 0
        with EmbeddedStore(folder / "store", lambda: NOW) as store:
            marks = sorted((record.key, record.body) for record in store.records(KIND))
            return (contents(store), marks, account.records, account.headers, account.source), wide

    return pull


def mixture(lines: int, seed: int) -> list[bytes | None]:
    """Return usual lines with others among them."""
    chance = Random(seed)
    found: list[bytes | None] = []
    for number, line in enumerate(access_log(lines, path=f"/{seed}").splitlines()):
        found.append(line.replace(b"curl/8.5", b"agent %d" % chance.randrange(40)))
        others: Sequence[bytes | None] = (
            None,
            b"",
            b"\n\n",
            line + b"\r\n",
            line + b"\nand a second line",
            b"no line of any log",
            b"2026/03/10 10:00:00 [error] 7#7: *1 open() failed, client: 192.0.2.7, server: a",
            line.replace(b"curl", "ç".encode()),
            b"Mar 10 10:00:00 web1 haproxy: " + line,
            b"<190>Mar 10 10:00:00 web1 nginx: " + line,
            b"2001:db8::7" + line[9:],
            b"\xef\xbb\xbf" + line,
            b'{"records": [{"a": 1}, {"a": %d}]}' % number,
            json.dumps({"agent": {"type": "filebeat"}, "message": line.decode()}).encode(),
            b"\x00\x01\xff",
        )
        if chance.random() < 0.15:
            found.append(chance.choice(others))
    return found


def assert_alike(pull: Callable[..., tuple[Any, int]], values: Mapping[int, Values], source: str = "auto") -> int:
    """Assert that both ways store the same; return how many events were columns."""
    (rows, none), (columns, wide) = pull(values, None, source), pull(values, PLAIN, source)
    assert none == 0
    assert columns[0][0] == rows[0][0]
    assert columns == rows
    return wide


@pytest.mark.parametrize("seed", range(4))
def test_both_ways_are_alike(stored: Callable[..., tuple[Any, int]], seed: int) -> None:
    values = {number: mixture(700, seed * 10 + number) for number in range(3)}
    assert assert_alike(stored, values) > 1500


def test_a_format_that_is_named_is_that_of_all(stored: Callable[..., tuple[Any, int]]) -> None:
    assert assert_alike(stored, {0: mixture(600, 5)}, "apache") > 400


def test_json_objects(stored: Callable[..., tuple[Any, int]]) -> None:
    lines = [
        json.dumps(
            {
                "time_iso8601": f"2026-03-10T10:{number // 60 % 60:02}:{number % 60:02}+00:00",
                "remote_addr": f"192.0.2.{number % 200}",
                "request": f"GET /{number % 50} HTTP/1.1",
                "status": 200,
                "http_user_agent": "x",
                **({"log.source.address": "192.0.2.77"} if number % 100 == 0 else {}),
            }
        ).encode()
        for number in range(900)
    ]
    assert assert_alike(stored, {0: lines[::2], 1: lines[1::2]}) > 700


def test_lines_that_shippers_wrapped(stored: Callable[..., tuple[Any, int]]) -> None:
    def wrapped(number: int, line: bytes) -> bytes:
        log: dict[str, Any] = {"offset": number * 100, "file": {"path": f"/var/log/nginx/{number % 3 // 2}.log"}}
        document = {
            "agent": {"type": "filebeat", "id": "a1"},
            "host": {"name": f"web{number % 300 // 299}"},
            "log": log,
        }
        if number % 37 == 0:
            del log["offset"]
        if number % 41 == 0:
            log["offset"] = "17"
        if number % 43 == 0:
            log["offset"] = 2**70 if number % 2 else True
        text = line.decode() if number % 29 else "2026/03/10 10:00:00 [error] 7#7: *1 open() failed, client: 192.0.2.7"
        return json.dumps(document | {"message": text if number % 31 else "no line of any log"}).encode()

    def tailed(number: int, line: bytes) -> bytes:
        about = {"container": {"id": "c1"}} if number % 2 else {}
        return json.dumps({"date": 1.5, "log": line.decode() + "\n", **about}).encode()

    lines = access_log(1200).splitlines()
    beats = [wrapped(number, line) for number, line in enumerate(lines)]
    tails = [tailed(number, line) for number, line in enumerate(lines)]
    assert assert_alike(stored, {0: beats[:900], 1: beats[900:], 2: tails}) > 1500


def test_what_privacy_touches_is_the_same(stored: Callable[..., tuple[Any, int]]) -> None:
    def log(number: int) -> list[bytes]:
        agents = [f"agent {each % 40}" if each % 7 else "PNOEE-38001085718" for each in range(800)]
        lines = access_log(800, path=f"/{number}").splitlines()
        return [line.replace(b"curl/8.5", agent.encode()) for line, agent in zip(lines, agents, strict=True)]

    policy = Policy([])
    events = Privacy(policy, lambda: NAMES).events
    values = {number: log(number) for number in range(2)}
    rows, _ = stored(values, None, kept=events)
    columns, wide = stored(values, Treatment(events, policy, None), kept=events)
    assert columns == rows
    assert 0 < wide < 1600
    assert "PNOEE" not in str(columns)


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.HALF, Fault.UNHEARD])
def test_a_store_that_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    monkeypatch.setattr("collectors.pulling.topic._MOST", 512)
    values = {number: access_log(1500, path=f"/{number}").splitlines() for number in range(2)}
    world = World(root=tmp_path, treatment=PLAIN, stays=True, opened=failing(fault, Random(5), share=0.5))

    def make(pulling: Pulling) -> dict[str, Puller]:
        def sleep(seconds: float) -> None:
            if seconds < 1.0 and sum(account.records for account in pulling.accounts.values()) >= 3000:
                raise KeyboardInterrupt

        ticks = iter(range(100_000))
        pulling.sleep, pulling.now = sleep, lambda: next(ticks) * 10.0  # what comes together is stored by itself
        return {"kafka://": TopicPuller(topic=Shelf(values), means=pulling.means(KIND))}

    world.run(make)
    assert world.stored() == sorted(line.decode() for some in values.values() for line in some)
