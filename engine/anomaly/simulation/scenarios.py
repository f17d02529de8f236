"""Scenarios: what is put into the simulated ministry, as files (`detections/scenarios`) that know nothing of models.

Their form is described in docs/simulator.md. Every fault is a `DocumentError` with its file and line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Final, Literal, TypeAlias

from engine.tables import span_of
from engine.yaml_document import Value as Node
from engine.yaml_document import read_document

Kind = Literal["attack", "benign"]
Act = Literal["add", "drop", "repeat", "scale"]
POPULATIONS: Final = ("people", "officers", "services", "sources", "servers", "addresses")
SPREADS: Final = ("even", "work", "steady")
_MOST = 10_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """A value made anew for each row: `any` (of a part of the cast), `choose`, `hex`, `number` or `join`."""

    kind: Literal["any", "choose", "hex", "number", "join"]
    arguments: tuple[Template, ...]


Template: TypeAlias = str | int | Generator
"""A value of a field: as it stands; `$part.attribute` of the cast, row by row; or made by a generator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the cast: `count` members of a population, drawn by the seed, of those that have these values.

    `network` is the first octet of addresses outside; `top` limits services to so many of the most used ones.
    """

    population: str
    count: int = 1
    where: Mapping[str, tuple[str, ...]]
    network: int = 45
    top: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change of a stream, from `after` the scenario's start on and for `over`.

    `add` makes rows; `drop` takes a `share` of the rows away that `where` names; `repeat` adds `factor` copies of each
    of those, a little later; `scale` multiplies the numbers of one entity's rows, rising over `ramp`.
    """

    act: Act
    stream: str
    after: timedelta
    over: timedelta
    each: str
    rows: float
    per_day: float
    spread: str
    where: Mapping[str, Template]
    fields: Mapping[str, Template]
    share: float
    factor: float
    factors: Mapping[str, float]
    ramp: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One scenario. `models` are those of which any has to find it `within` that time; `truth` names its entities."""

    name: str
    kind: Kind
    title: Mapping[str, str]
    about: Mapping[str, str]
    tags: tuple[str, ...]
    models: tuple[str, ...]
    within: timedelta
    lasts: timedelta
    hours: tuple[int, int]
    days: str
    cast: Mapping[str, Part]
    steps: tuple[Step, ...]
    truth: Mapping[str, Template]


def own_scenarios() -> tuple[Scenario, ...]:
    """Return the scenarios that come with kulla, by name."""
    folder = resources.files("detections") / "scenarios"
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".yml")), key=lambda item: item.name)
    return tuple(read_scenario(item.read_bytes(), f"detections/scenarios/{item.name}") for item in files)


def read_scenario(content: bytes, file: str) -> Scenario:
    """Return the scenario in this YAML document; raise `DocumentError` with the line of the first fault."""
    entries = read_document(content, file).mapping(
        required=("name", "kind", "title", "about", "tags", "lasts", "starts", "cast", "steps", "truth"),
        optional=("models", "within"),
    )
    starts = entries["starts"].mapping(required=("hours", "days"))
    low, high = (item.number(0, 24) for item in _two(starts["hours"]))
    kind: Kind = "attack" if entries["kind"].choice(("attack", "benign")) == "attack" else "benign"
    cast = {name: _part(item) for name, item in entries["cast"].entries()}
    lasts = _span(entries["lasts"])
    return Scenario(
        name=entries["name"].text(),
        kind=kind,
        title=_words(entries["title"]),
        about=_words(entries["about"]),
        tags=tuple(item.text() for item in entries["tags"].items()),
        models=tuple(item.text() for item in entries["models"].items()) if "models" in entries else (),
        within=_span(entries["within"]) if "within" in entries else lasts,
        lasts=lasts,
        hours=(low, high),
        days=starts["days"].choice(("working", "any", "off")),
        cast=cast,
        steps=tuple(_step(item, cast, lasts) for item in entries["steps"].items()),
        truth={name: _template(item, cast) for name, item in entries["truth"].entries()},
    )


def _two(value: Node) -> tuple[Node, Node]:
    items = value.items()
    if len(items) != 2:
        raise value.error("must be two values", "[least, most]")
    return items[0], items[1]


def _words(value: Node) -> dict[str, str]:
    return {name: item.text() for name, item in value.mapping(required=("en", "sq")).items()}


def _span(value: Node) -> timedelta:
    found = span_of(value.text())
    if found is None:
        raise value.error("must be a span of time", "30s, 5m, 2h or 7d")
    return found


def _decimal(value: Node) -> float:
    try:
        found = float(value.text())
    except ValueError:
        raise value.error("must be a number") from None
    if not 0.0 <= found <= _MOST:
        raise value.error(f"must be from 0 to {_MOST}")
    return found


def _part(value: Node) -> Part:
    entries = value.mapping(required=("from",), optional=("count", "where", "network", "top"))
    where = dict(entries["where"].entries()) if "where" in entries else {}
    return Part(
        population=entries["from"].choice(POPULATIONS),
        count=entries["count"].number(1, 5_000) if "count" in entries else 1,
        where={name: tuple(word.text() for word in item.items()) for name, item in where.items()},
        network=entries["network"].number(1, 223) if "network" in entries else 45,
        top=entries["top"].number(1, 5_000) if "top" in entries else 0,
    )


_OPTIONS: Final = ("after", "over", "each", "rows", "per_day", "spread", "where", "fields", "share", "factor", "ramp")


def _step(value: Node, cast: Mapping[str, Part], lasts: timedelta) -> Step:
    acts: tuple[Act, ...] = ("add", "drop", "repeat", "scale")
    named = [act for act in acts if act in dict(value.entries())]
    if len(named) != 1:
        raise value.error("must have one of add, drop, repeat, scale")
    entries = value.mapping(required=(named[0],), optional=(*_OPTIONS, "factors"))
    factors = dict(entries["factors"].entries()) if "factors" in entries else {}
    return Step(
        act=named[0],
        stream=entries[named[0]].text(),
        after=_span(entries["after"]) if "after" in entries else timedelta(),
        over=_span(entries["over"]) if "over" in entries else lasts,
        each=entries["each"].choice(tuple(cast)) if "each" in entries else "",
        rows=_decimal(entries["rows"]) if "rows" in entries else 0.0,
        per_day=_decimal(entries["per_day"]) if "per_day" in entries else 0.0,
        spread=entries["spread"].choice(SPREADS) if "spread" in entries else "even",
        where=_templates(entries.get("where"), cast),
        fields=_templates(entries.get("fields"), cast),
        share=_decimal(entries["share"]) if "share" in entries else 1.0,
        factor=_decimal(entries["factor"]) if "factor" in entries else 1.0,
        factors={name: _decimal(item) for name, item in factors.items()},
        ramp=_span(entries["ramp"]) if "ramp" in entries else timedelta(),
    )


def _templates(value: Node | None, cast: Mapping[str, Part]) -> dict[str, Template]:
    return {} if value is None else {name: _template(item, cast) for name, item in value.entries()}


def _template(value: Node, cast: Mapping[str, Part]) -> Template:
    if value.is_scalar:
        word = value.text()
        if word.startswith("$") and word[1:].partition(".")[0] not in cast:
            raise value.error(f"`{word}` is not of the cast", f"one of: {', '.join(cast)}")
        return int(word) if word.isdigit() and not _is_quoted(value) else word
    entries = value.mapping(optional=("any", "choose", "hex", "number", "join"))
    if len(entries) != 1:
        raise value.error("must be one generator", "any, choose, hex, number or join")
    if "any" in entries:
        return Generator(kind="any", arguments=(_template(entries["any"], cast),))
    if "hex" in entries:
        return Generator(kind="hex", arguments=(entries["hex"].number(1, 64),))
    if "number" in entries:
        low, high = (int(_decimal(item) if item.text().isdigit() else 0) for item in _two(entries["number"]))
        return Generator(kind="number", arguments=(low, high))
    kind: Literal["choose", "join"] = "choose" if "choose" in entries else "join"
    return Generator(kind=kind, arguments=tuple(_template(item, cast) for item in entries[kind].items()))


def _is_quoted(value: Node) -> bool:
    return getattr(value.node, "style", None) in {"'", '"'}
