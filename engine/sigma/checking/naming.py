"""Checks of ids and names: random UUIDs, short and unique titles, plain file names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

from engine.sigma.checking.findings import Finding, Subject

MAX_TITLE = 110  # characters, as sigma-cli's own validator has it
_FILE = re.compile(r"[a-z0-9][a-z0-9_]{2,120}\.ya?ml", re.ASCII)


def identity(subject: Subject) -> Iterator[Finding]:
    """Tell whether a rule has no id, or one that is no random UUID."""
    if not subject.id:
        yield subject.finding("id", subject.held("warning"), "it has no id: corrections and filters cannot name it")
        return
    try:
        version = UUID(subject.id).version
    except ValueError:
        yield subject.finding("id", subject.held("warning"), f"its id {subject.id!r} is no UUID")
        return
    if version != 4:
        yield subject.finding("id", "note", "its id is no random UUID (version 4)")


def naming(subject: Subject) -> Iterator[Finding]:
    """Tell what is wrong with a rule's title and its file's name."""
    title, severity = subject.title, subject.held("note")
    if title and (len(title) < 8 or len(title) > MAX_TITLE):
        yield subject.finding("naming", severity, f"its title has {len(title)} characters, 8 to {MAX_TITLE} are good")
    if title.endswith("."):
        yield subject.finding("naming", severity, "its title ends with a full stop")
    name = subject.path.replace("!", "/").rpartition("/")[2]
    if subject.last and not _FILE.fullmatch(name):
        yield subject.finding("naming", severity, "its file name is not of small letters, digits and _")


def twins(subjects: Iterable[Subject]) -> Iterator[Finding]:
    """Tell which rules share an id or a title."""
    found = list(subjects)
    yield from _shared(found, "id", "warning", lambda item: item.id.lower())
    yield from _shared(found, "naming", "note", lambda item: item.title.casefold())


def _shared(subjects: Iterable[Subject], check: str, severity: str, key: Callable[[Subject], str]) -> Iterator[Finding]:
    groups: defaultdict[str, list[Subject]] = defaultdict(list)
    for item in subjects:
        if value := key(item):
            groups[value].append(item)
    word = "id" if check == "id" else "title"
    for first, *others in groups.values():
        for item in others:
            graded = item.held("warning" if severity == "warning" else "note")
            yield item.finding(check, graded, f"its {word} is that of {first.path}:{first.line}")
