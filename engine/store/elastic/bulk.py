"""Writing many documents at once: parts that were refused for now are sent again until each has an answer.

A bulk may be half applied, its answer may be lost, and a node may end in the middle. As every document has an id,
everything that has no answer is sent again; what had been written by a lost try then says that it is there already.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
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
    outcome = Outcome()
    for request in _requests(items):
        left, pause, spent = request, _FIRST_PAUSE, 0.0
        while True:
            left, failure = _send(cluster, index, verb, left, outcome)
            each()
            if not left:
                break
            if spent > cluster.address.patience:
                raise failure
            sleep(pause)
            spent += pause
            pause = min(pause * 2, _LONGEST_PAUSE)
    return outcome


def _send(
    cluster: Cluster, index: str, verb: Verb, items: Sequence[tuple[int, Item]], outcome: Outcome
) -> tuple[list[tuple[int, Item]], StoreError]:
    """Send one request; return the items to be sent again, and the error of giving up on them."""
    where = cluster.address.location
    body = b"".join(chain.from_iterable(_lines(verb, item) for _, item in items))
    answer = cluster.ask("POST", f"/{part(index)}/_bulk", body, media=NDJSON, filter_path=_WANTED)
    outcome.unsure |= answer.unsure
    if not answer.body["errors"]:
        outcome.done.extend(place for place, _ in items)
        return [], StoreError("", where=where)
    again: list[tuple[int, Item]] = []
    last: tuple[int, Mapping[str, Any]] = (0, {})
    for (place, item), told in zip(items, answer.body["items"], strict=True):
        result = told[verb]
        if not _sort(outcome, place, result, where, verb=verb):
            again.append((place, item))
            last = (result["status"], result)
    return again, unavailable(*last, where)


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


def _requests(items: Iterable[Item]) -> Iterator[list[tuple[int, Item]]]:
    """Yield items with their places, as many as a request may have."""
    request: list[tuple[int, Item]] = []
    size = 0
    for place, item in enumerate(items):
        if request and (len(request) == MOST_ITEMS or size + len(item.content) > MOST_BYTES):
            yield request
            request, size = [], 0
        request.append((place, item))
        size += len(item.content)
    if request:
        yield request


def _lines(verb: Verb, item: Item) -> tuple[bytes, ...]:
    extra = "" if item.version is None else f',"version":{item.version},"version_type":"external"'
    head = f'{{"{verb}":{{"_id":"{item.id}"{extra}}}}}\n'.encode()
    if verb == "delete":
        return (head,)
    if verb == "update":
        return head, b'{"doc":', item.content, b"}\n"
    return head, item.content, b"\n"
