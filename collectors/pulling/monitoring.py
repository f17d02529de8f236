"""Pulling the operational monitoring records of an X-Road security server, window by window.

The server gives what it received from one second to another, at most some thousand records at a time, and says where
the next question begins. A record has no number of its own: its id is made of what it says, so that windows may
overlap, and what the server commits late is still seen.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Protocol

import orjson

from collectors.compression import MAGIC, damage, unpacked
from collectors.json_framing import json_objects
from collectors.pulling.seam import Checkpoint, Means, Pulled, UnreachableError
from collectors.pulling.soap import Answer, FaultError
from collectors.registry import find
from collectors.source import Record
from collectors.transports.decoding import Decoder
from engine.errors import ConfigurationError
from engine.events import DeadLetter, Event, event_id

KIND = "pulling-xroad"
_SOURCE = "xroad_opmon"
_AT_ONCE = 5_000  # records given at once
_MOST = 512 * 1024 * 1024  # bytes of records in one answer; some 15 million are usual
_OVERLAP = 120  # seconds that are asked for again
_AHEAD = 3600  # seconds: the end of a window; the server shifts it to what it has
_CLIENT = "Client."  # how the codes of faults begin that say that the question was wrong
_REFUSED = ("accessdenied", "authenticationfailed", "unknownmember", "invalidclientidentifier", "unknownservice")
_RIGHTS = "the server's owner, or the client named as central monitoring client, may ask; check ?client= and --tls-cert"


class Server(Protocol):
    """A security server that is asked for its records: `XRoad` in production."""

    def __str__(self) -> str:
        """Return the server's address."""
        ...

    def name(self) -> str:
        """Return the server's identifier, wherever it is reached."""
        ...

    def ask(self, first: int, last: int) -> Answer:
        """Return what it received from one Unix second to another, both with it.

        Raise `FaultError` where it answers with a fault, `UnreachableError` where it does not answer.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


@dataclass(slots=True, kw_only=True)
class MonitoringPuller:
    """Pulls what one security server recorded. `clock` tells the time."""

    server: Server
    means: Means
    clock: Callable[[], datetime]
    kind: str = KIND
    pause: float = 60.0
    passed: Counter[str] = field(default_factory=Counter)
    _seen: dict[str, int] = field(default_factory=dict)  # ids of records that may be asked for again, and their seconds
    _identity: str = ""

    def pull(self) -> Iterator[Pulled]:
        """Yield what the server recorded since the last look, and what it recorded late shortly before."""
        self._identity = blake2b(self.server.name().encode(), digest_size=16).hexdigest()
        following = _second_of(self.means.recall([self._identity]).get(self._identity))
        first, asked = max(0, following - _OVERLAP), False
        last = int(self.clock().timestamp()) + _AHEAD
        while True:
            try:
                found = self.server.ask(first, last)
            except FaultError as error:
                if asked and error.code.rpartition(":")[2].startswith(_CLIENT):  # there is nothing as new as this yet
                    return
                raise _refusal(error, str(self.server)) from error
            asked = True
            records = self._records(found)
            newest = max((record.offset for record, _ in records), default=0)
            following = max(following, last + 1 if found.following is None else found.following)
            yield from self._given(records, following)
            if found.following is None or found.following != newest + 1 or found.following <= first:
                return  # else the answer was full: the rest begins right after its last second
            first = found.following

    def close(self) -> None:
        """Let go of the connection."""
        self.server.close()

    def _records(self, found: Answer) -> list[tuple[Record, str]]:
        """Return an answer's records with their ids; `offset` is the second in which the server received one."""
        stream = unpacked(io.BytesIO(found.payload), found.payload[:MAGIC])
        records: list[tuple[Record, str]] = []
        size = 0
        for part in json_objects(stream) if found.count else ():  # an empty list would be cut as one object
            second, key = _said(part.raw)
            record = replace(part, offset=second, number=len(records) + 1)
            records.append((record, event_id(self._identity, second, key)))
            size += len(part.raw)
            if size > _MOST:
                raise UnreachableError(f"an answer of more than {_MOST:,} bytes", where=str(self.server), hint=_AGAIN)
        if (why := damage(stream)) or len(records) != found.count:
            why = why or f"it says {found.count:,} records, and has {len(records):,}"
            raise UnreachableError(f"its answer is not whole ({why})", where=str(self.server), hint=_AGAIN)
        return records

    def _given(self, records: Sequence[tuple[Record, str]], following: int) -> Iterator[Pulled]:
        """Yield records in portions; the last one has the checkpoint, for all of the answer is stored then."""
        source = find(_SOURCE)
        decoder = Decoder(source, self.means.options(None), identity=self._identity, path=str(self.server))
        mark = Checkpoint(key=self._identity, body=orjson.dumps({"from": following}).decode())
        fresh = self._fresh(records, following)
        for start in range(0, max(1, len(fresh)), _AT_ONCE):
            portion = fresh[start : start + _AT_ONCE]
            read = [replace(item, id=known) for record, known in portion if (item := decoder.read(record)) is not None]
            yield Pulled(
                source=source.name,
                events=[item for item in read if isinstance(item, Event)],
                letters=[item for item in read if isinstance(item, DeadLetter)],
                headers=len(portion) - len(read),
                checkpoints=(mark,) if start + _AT_ONCE >= len(fresh) else (),
                size=sum(len(record.raw) for record, _ in portion),
            )

    def _fresh(self, records: Sequence[tuple[Record, str]], following: int) -> list[tuple[Record, str]]:
        """Return the records that no earlier answer of this run had."""
        fresh = [(record, known) for record, known in records if known not in self._seen]
        self._seen |= {known: record.offset for record, known in records}
        oldest = following - _OVERLAP
        self._seen = {known: second for known, second in self._seen.items() if second >= oldest}
        return fresh


_AGAIN = "it is asked again; nothing is lost"


def _said(raw: bytes) -> tuple[int, bytes]:
    """Return the Unix second in which the server received a record, 0 where it says none; and what makes its id: all
    that it says, in one order."""
    try:
        said = orjson.loads(raw)
        key = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return 0, raw
    second = said.get("monitoringDataTs") if isinstance(said, dict) else None
    return (second if isinstance(second, int) and 0 <= second < 2**40 else 0), key


def _second_of(body: str | None) -> int:
    """Return where the next question begins, 0 (with the oldest record) where no checkpoint says it."""
    try:
        return int(orjson.loads(body or "")["from"])
    except (KeyError, TypeError, ValueError):
        return 0


def _refusal(error: FaultError, where: str) -> UnreachableError | ConfigurationError:
    code = error.code.rpartition(".")[2].lower()
    if any(word in code for word in _REFUSED):
        return ConfigurationError(f"the security server refuses: {error.message}", where=where, hint=_RIGHTS)
    hint = "see its proxy log, and that of the monitoring daemon; nothing is lost"
    return UnreachableError(f"the security server answers with a fault: {error.message}", where=where, hint=hint)
