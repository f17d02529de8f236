"""Which log formats there are, and which of them a log is."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import collectors.sources
from collectors.datasets import datasets_of, delivers
from collectors.declared.reading import load
from collectors.source import Source
from engine.errors import NotFoundError

# How logs begin whose source may be asked first: where it is certain, no other needs to be loaded and asked.
_TELLING: Final = ((b"ElfFile\x00", "evtx"), (b"{", "windows_json"), (b"#Software: Microsoft Internet Inf", "iis"))
_CERTAIN: Final = 93
HEAD = 64 * 1024  # bytes of a log that recognition looks at
_FIRST = 4096  # bytes that it looks at first
_SURE = 95
_FOLDER: Final = Path(collectors.sources.__path__[0])


@cache
def sources() -> tuple[Source, ...]:
    """Return every source, by name: those in Python, and those in YAML (`collectors.declared`)."""
    return tuple(sorted((*_written(), *_declared()), key=lambda source: source.name))


@cache
def _written() -> tuple[Source, ...]:
    """Return the sources in Python. Modules of `collectors.sources` that start with `_` are shared parts."""
    modules = (module.name for module in pkgutil.iter_modules(collectors.sources.__path__))
    return tuple(_load(name) for name in modules if not name.startswith("_"))


@cache
def _declared() -> tuple[Source, ...]:
    """Return the sources in YAML."""
    return tuple(_read(path.stem) for path in sorted(_FOLDER.glob("*.yml")))


def _load(module: str) -> Source:
    source: Source = import_module(f"collectors.sources.{module}").SOURCE
    return source


@cache
def _read(name: str) -> Source:
    return load(_FOLDER / f"{name}.yml")


def find(name: str, extra: Sequence[Source] = ()) -> Source:
    """Return the source called `name`; raise `NotFoundError` with the names that are near.

    A source is also called by its aliases and by the datasets that it delivers, as Elastic's integrations call them
    (`sentinel_one.threat`, `sentinel_one_threat`). `extra` are sources beside kulla's own: those that users write.
    """
    wanted = name.lower()
    source = _alone(wanted)
    if source is not None and source.name == wanted:
        return source
    for source in (*sources(), *extra):
        if wanted == source.name or wanted in source.aliases:
            return source
    for source in (*sources(), *extra):
        if delivers(source, wanted):
            return source
    known = {called: source.name for source in (*sources(), *extra) for called in (source.name, *source.aliases)}
    near = dict.fromkeys(known[called] for called in get_close_matches(wanted, known, n=3))
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    raise NotFoundError(f"no log source is called {name}", hint=f"{meant}kulla sources lists them; auto finds out")


def _alone(name: str) -> Source | None:
    """Return the source whose file is called so; no other needs to be loaded."""
    if not name.isidentifier() or name.startswith("_"):
        return None
    if find_spec(f"collectors.sources.{name}") is not None:
        return _load(name)
    return _read(name) if (_FOLDER / f"{name}.yml").is_file() else None


def delivered(extra: Sequence[Source] = ()) -> Mapping[str, tuple[str, ...]]:
    """Return the datasets of every source, by the source's name; `extra` are those that users write."""
    return {source.name: datasets_of(source) for source in (*sources(), *extra)}


def recognise(head: bytes, filename: str, extra: Sequence[Source] = ()) -> Source | None:
    """Return the source that the bytes look most like, or None where no source knows them; `extra` as in `find`.

    The first bytes are enough for a format that is sure of itself; only where none is are all of them looked at.
    Sources in YAML are read and asked where none in Python is sure.
    """
    if not head.strip(b"\x00 \t\r\n"):
        return None
    for start, module in _TELLING:
        if head.startswith(start) and (source := _load(module)).recognise(head[:_FIRST], filename) >= _CERTAIN:
            return source
    sure, source = _surest(head[:_FIRST], filename, extra)
    if sure < _SURE and len(head) > _FIRST:
        sure, source = _surest(head, filename, extra)
    return source if sure > 0 else None


def _surest(head: bytes, filename: str, extra: Sequence[Source]) -> tuple[int, Source]:
    scores = [(source.recognise(head, filename), source) for source in (*_written(), *extra)]
    if max(sure for sure, _ in scores) < _SURE:
        scores += [(source.recognise(head, filename), source) for source in _declared()]
    return max(scores, key=lambda scored: scored[0])
