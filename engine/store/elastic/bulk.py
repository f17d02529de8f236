"""Writing many documents at once: parts that were refused for now are sent again until each has an answer.

A bulk may be half applied, its answer may be lost, and a node may end in the middle. As every document has an id,
everything that has no answer is sent again; what had been written by a lost try then says that it is there already.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Literal, NamedTuple

from engine.errors import StoreError
from engine.store.elastic.cluster import NDJSON, Cluster, part
from engine.store.elastic.failures import cause, is_passing, refused, unavailable

MOST_BYTES = 8 * 1024 * 1024  # of one request
MOST_ITEMS = 5000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_PARSING = frozenset(
    {
        "document_parsing_exception",
        "mapper_parsing_exception",
        "illegal_argument_exception",
        "strict_dynamic_mapping_exception",
        "parsing_exception",
    }
)
_WANTED = "errors,items.*.status,items.*.error"
Verb = Literal["create", "update", "index", "delete"]


class Item(NamedTuple):  # of each event one: a dataclass takes three times as long to make
    """One document to be written: its id, and its JSON (what an update adds to it; empty for a delete).

    With a `version` it is written only where the one that is there has a lower version, or none is there.
    """

    id: str
    content: bytes
    version: int | None = None


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of the items, by their places: done, there already, or refused for what they hold.

    `unsure` says that items which are there already may have been written by this very call.
    """

    done: list[int] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    rejected: list[tuple[int, str]] = field(default_factory=list)
    unsure: bool = False


class _Request:
    """Items on their way to the cluster, as the lines of a request's body.

    Its memory is used for one request after another: to be given new memory costs more than to write into it.
    """

    def __init__(self, verb: Verb) -> None:
        self._verb = verb
        self._memory = BytesIO()
        self._ends: list[int] = []
        self.places: list[int] = []

    def add(self, place: int, item: Item) -> bool:
        """Add an item, or tell that there is no room for it."""
        memory, places = self._memory, self.places
        if places and (len(places) == MOST_ITEMS or self._ends[-1] + len(item.content) > MOST_BYTES):
            return False
        memory.writelines(_lines(self._verb, item))
        places.append(place)
        self._ends.append(memory.tell())
        return True

    def body(self) -> memoryview:
        """Return the lines; has to be released before anything is added or dropped."""
        return self._memory.getbuffer()[: self._memory.tell()]

    def keep(self, numbers: Sequence[int]) -> None:
        """Drop all items but those with these numbers, counted from 0 as they were added."""
        with self.body() as body:
            starts = [0, *self._ends]
            kept = [(self.places[number], bytes(body[starts[number] : starts[number + 1]])) for number in numbers]
        self._memory.seek(0)
        self.places, self._ends = [], []
        for place, lines in kept:
            self._memory.write(lines)
            self.places.append(place)
            self._ends.append(self._memory.tell())


def write(
    cluster: Cluster,
    index: str,
    items: Iterable[Item],
    *,
    verb: Verb = "create",
    sleep: Callable[[float], None] = time.sleep,
    each: Callable[[], None] = lambda: None,
) -> Outcome:
    """Write all items; `each` is called between requests. Raise `StoreError` where the cluster refuses for good.

    Items are taken a request at a time: those that are made as they are taken never fill the memory together.
    """
    outcome, request = Outcome(), _Request(verb)
    for place, item in enumerate(items):
        if not request.add(place, item):
            _deliver(cluster, index, verb, request, outcome, sleep=sleep, each=each)
            request.add(place, item)
    if request.places:
        _deliver(cluster, index, verb, request, outcome, sleep=sleep, each=each)
    return outcome


def _deliver(
    cluster: Cluster,
    index: str,
    verb: Verb,
    request: _Request,
    outcome: Outcome,
    *,
    sleep: Callable[[float], None],
    each: Callable[[], None],
) -> None:
    """Send a request until each of its items has an answer; it is empty then."""
    pause, spent = _FIRST_PAUSE, 0.0
    while True:
        failure = _send(cluster, index, verb, request, outcome)
        each()
        if not request.places:
            return
        if spent > cluster.address.patience:
            raise failure
        sleep(pause)
        spent += pause
        pause = min(pause * 2, _LONGEST_PAUSE)


def _send(cluster: Cluster, index: str, verb: Verb, request: _Request, outcome: Outcome) -> StoreError:
    """Send a request, and keep in it what has to be sent again; return the error of giving up on that."""
    where = cluster.address.location
    with request.body() as body:
        answer = cluster.ask("POST", f"/{part(index)}/_bulk", body, media=NDJSON, filter_path=_WANTED)
    outcome.unsure |= answer.unsure
    if not answer.body["errors"]:
        outcome.done.extend(request.places)
        request.keep([])
        return StoreError("", where=where)
    again: list[int] = []
    last: tuple[int, Mapping[str, Any]] = (0, {})
    for number, (place, told) in enumerate(zip(request.places, answer.body["items"], strict=True)):
        result = told[verb]
        if not _sort(outcome, place, result, where, verb=verb):
            again.append(number)
            last = (result["status"], result)
    request.keep(again)
    return unavailable(*last, where)


def _sort(outcome: Outcome, place: int, result: Mapping[str, Any], where: str, *, verb: Verb) -> bool:
    """Enter one item's answer; tell whether it is final."""
    status = result["status"]
    if status < 300 or (verb == "delete" and status == 404):
        outcome.done.append(place)
    elif status == 409 and verb in {"create", "index"}:
        outcome.known.append(place)
    elif status == 400 and cause(result)[0] in _PARSING:
        outcome.rejected.append((place, ": ".join(cause(result))))
    elif is_passing(status, result) or status >= 500 or status == 409:
        outcome.unsure |= status >= 500
        return False
    else:
        raise refused(status, result, where)
    return True


def _lines(verb: Verb, item: Item) -> tuple[bytes, ...]:
    extra = "" if item.version is None else f',"version":{item.version},"version_type":"external"'
    head = f'{{"{verb}":{{"_id":"{item.id}"{extra}}}}}\n'.encode()
    if verb == "delete":
        return (head,)
    if verb == "update":
        return head, b'{"doc":', item.content, b"}\n"
    return head, item.content, b"\n"
