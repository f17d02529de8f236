"""Rule documents read for the checks: as written, each with its file and line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.errors import RuleError
from engine.sigma.checking.findings import Subject
from engine.sigma.documents import documents, parse
from engine.sigma.tailoring import File


def subjects(files: Iterable[File]) -> Iterator[Subject]:
    """Yield every document that can be read at all; those that can't are told by loading the rules."""
    for name, content in files:
        yield from _of_file(name, content)


def _of_file(name: str, content: bytes) -> list[Subject]:
    issues: list[RuleError] = []
    read: list[tuple[int, dict[str, object]]] = []
    for line, text in documents(name, content, issues):
        try:
            read.append((line, parse(text, line)))
        except (ValueError, RecursionError):  # also what pySigma raises for a malformed document
            continue
    promised = bool(read) and "kulla" in read[-1][1]
    return [
        Subject(path=name, line=line, document=document, last=place == len(read), promised=promised)
        for place, (line, document) in enumerate(read, start=1)
    ]
