"""Running a source file's own tests: each raw record against the fields that are expected of it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from collectors.declared.model import Example
from collectors.declared.source import DeclaredSource
from collectors.reader import LogReader, Parsed
from collectors.registry import recognise
from collectors.source import Options
from engine.events import DeadLetter, Event, texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of one test: empty `problems` means that it holds."""

    number: int
    where: str
    raw: str
    problems: tuple[str, ...]


def check(source: DeclaredSource, reference: datetime | None = None) -> Iterator[Checked]:
    """Yield the outcome of each test of the source's file. `reference` is the newest instant for year-less stamps."""
    for number, example in enumerate(source.declared.examples, start=1):
        problems = tuple(_problems(source, example, reference))
        yield Checked(number=number, where=example.where, raw=example.raw, problems=problems)


def rival(source: DeclaredSource) -> str | None:
    """Return the built-in source that would read the tests' records where kulla recognises logs; None where none."""
    lines = [item.raw for item in source.declared.examples if item.outcome == "event"]
    head = ("\n".join(lines) + "\n").encode()
    if not lines or not source.declared.recognised:
        return None
    found = recognise(head, "", extra=(source,))
    return None if found is source else found.name if found is not None else "none at all"


def _problems(source: DeclaredSource, example: Example, reference: datetime | None) -> Iterator[str]:
    events, dead = _run(source, example.raw, reference)
    if example.outcome == "ignored":
        if events or dead:
            yield "is read, though it is to be ignored" if events else f"is not ignored: {dead[0].reason}"
        return
    if example.outcome == "unread":
        if not dead:
            yield "is read or ignored, though it should not be"
        return
    if dead:
        yield dead[0].reason
    elif not events:
        yield "is ignored, or taken for a line of column names"
    else:
        yield from _differences(example, events[0])


def _differences(example: Example, event: Event) -> Iterator[str]:
    for name, wanted in example.fields.items():
        found = texts(event.fields.get(name))
        if found != wanted:
            yield f"{name}: {_shown(wanted)} is expected, {_shown(found)} was read"
    for name in example.absent:
        if name in event.fields:
            yield f"{name}: should not be there, {_shown(texts(event.fields[name]))} was read"


def _shown(values: Sequence[str]) -> str:
    return "nothing" if not values else values[0] if len(values) == 1 else f"[{', '.join(values)}]"


def _run(source: DeclaredSource, raw: str, reference: datetime | None) -> tuple[list[Event], list[DeadLetter]]:
    """Read a record as a log of its own: CSV tests may begin with their line of names."""
    stream = io.BytesIO(raw.encode("utf-8", "surrogatepass"))
    options = Options(reference=reference)
    reader = LogReader(Path(source.declared.file), source=source.name, extra=(source,), options=options, stream=stream)
    events: list[Event] = []
    dead: list[DeadLetter] = []
    for item in reader.records():
        if isinstance(item, Parsed):
            events.append(reader.event(item))
        else:
            dead.append(item)
    return events, dead
