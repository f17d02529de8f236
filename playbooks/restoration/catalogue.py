"""Reading a catalogue of services from YAML or CSV, and refusing one that does not hold together."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches

from engine.errors import ConfigurationError
from engine.yaml_document import DocumentError, Value, read_document
from playbooks.restoration.fields import LISTS, NAMES, CatalogueError, Entries, Field, RefusedError, service_of
from playbooks.restoration.model import Catalogue, Service

LARGEST_CATALOGUE = 16 * 1024 * 1024
MOST_SERVICES = 20_000
_NESTED = {"work", "name", "users", "health", "backup", "fallback", "restore", "verify", "go_live"}


def read_catalogue(content: bytes, file: str) -> Catalogue:
    """Return the catalogue in the bytes of a file: CSV where its name ends so, else YAML.

    Raise `CatalogueError` (or `DocumentError`) with file, line and the next step for a file that cannot be read at all,
    `RefusedError` with one fault for each service that does not hold, and each name that it cannot have or depend on.
    """
    if len(content) > LARGEST_CATALOGUE:
        raise CatalogueError(f"larger than {LARGEST_CATALOGUE} bytes", where=file, hint="split it")
    found = _of_csv(content, file) if file.lower().endswith(".csv") else _of_yaml(content, file)
    services: list[Service] = []
    faults: list[ConfigurationError] = []
    broken: set[str] = set()
    for place, entries in enumerate(found):
        try:
            if isinstance(entries, ConfigurationError):
                raise entries
            services.append(service_of(entries, place))
        except ConfigurationError as error:
            faults.append(error)
            broken.add(entries.text("id") if isinstance(entries, Entries) else "")
    return _checked(services, file, faults, broken)


def _checked(
    services: Sequence[Service], file: str, faults: list[ConfigurationError], broken: AbstractSet[str]
) -> Catalogue:
    """Return the services as a catalogue: at least one, ids unique, dependencies known, no cycle.

    `faults` were found before, in the services `broken`; raise `RefusedError` with them and those that are found here.
    """
    if not services and not faults:
        raise CatalogueError("holds no service", where=file, hint="kulla services example -o services.csv")
    if len(services) > MOST_SERVICES:
        raise CatalogueError(f"more than {MOST_SERVICES} services", where=file, hint="plan them in parts")
    known: dict[str, Service] = {}
    for service in services:
        if service.id in known:
            twice = f"`{service.id}` stands twice, first at {known[service.id].where}"
            faults.append(CatalogueError(twice, where=service.where, hint="give each service its own id"))
        known.setdefault(service.id, service)
    if "" not in broken:  # what a service is called that cannot be read at all, others may depend on
        faults += [fault for service in services for fault in _unknown_dependencies(service, known, broken)]
    if faults:
        raise RefusedError(faults)
    circle = cycle_in(services)
    if circle:
        raise CatalogueError(
            f"services wait for one another in a circle: {' -> '.join(circle)}",
            where=known[circle[0]].where,
            hint="remove one of these dependencies: which of them can start without the other?",
        )
    return Catalogue(services=tuple(services))


def _unknown_dependencies(
    service: Service, known: Mapping[str, Service], broken: AbstractSet[str]
) -> Iterator[CatalogueError]:
    for name in service.depends_on:
        if name not in known and name not in broken:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"add a service with the id `{name}`"
            yield CatalogueError(
                f"`{service.id}` depends on `{name}`, which is not here", where=service.where, hint=hint
            )


def cycle_in(services: Iterable[Service]) -> tuple[str, ...]:
    """Return one circle of dependencies, its first id repeated at the end; empty where there is none."""
    waits = {service.id: service.depends_on for service in services}
    done: set[str] = set()
    on_path: set[str] = set()
    for first in sorted(waits):
        path: list[str] = []
        stack: list[tuple[str, Iterator[str]]] = []
        if first not in done:
            path.append(first)
            on_path.add(first)
            stack.append((first, iter(waits[first])))
        while stack:
            name, rest = stack[-1]
            following = next((item for item in rest if item not in done), None)
            if following is None:
                done.add(name)
                stack.pop()
                on_path.discard(path.pop())
            elif following in on_path:
                return (*path[path.index(following) :], following)
            else:
                path.append(following)
                on_path.add(following)
                stack.append((following, iter(waits[following])))
    return ()


def _of_yaml(content: bytes, file: str) -> Iterator[Entries | ConfigurationError]:
    root = read_document(content, file, largest=LARGEST_CATALOGUE).mapping(required=("services",))
    for item in root["services"].items():
        fields: dict[str, Field] = {}
        try:
            _flatten(item, "", fields)
        except DocumentError as error:
            yield error
        else:
            yield Entries(fields, item.where)


def _flatten(value: Value, prefix: str, into: dict[str, Field]) -> None:
    for name, item in value.entries():
        key = f"{prefix}{name}"
        if name in _NESTED and not item.is_scalar:
            _flatten(item, "" if name == "work" else f"{key}_", into)
        elif key not in NAMES:
            raise item.error(f"unknown key `{name}`", _near(key))
        elif item.is_scalar:
            into[key] = Field((item.text(),), item.where)
        elif key in LISTS:
            into[key] = Field(tuple(word.text() for word in item.items()), item.where)
        else:
            raise item.error("must be text")


def _of_csv(content: bytes, file: str) -> Iterator[Entries | ConfigurationError]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CatalogueError("is not UTF-8", where=file, hint=f"look at byte {error.start}") from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(rows, [])
        _check_header(header, file)
        last = rows.line_num
        for row in rows:
            where, last = f"{file}:{last + 1}", rows.line_num
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                message = f"{len(row)} cells under {len(header)} headings"
                yield CatalogueError(message, where=where, hint="quote commas")
                continue
            yield Entries({name: _cell(name, cell, where) for name, cell in zip(header, row, strict=True)}, where)
    except csv.Error as error:
        raise CatalogueError(f"no CSV: {error}", where=f"{file}:{rows.line_num}", hint="quotes are doubled") from None


def _check_header(header: Sequence[str], file: str) -> None:
    for name in header:
        if name not in NAMES:
            raise CatalogueError(f"unknown column `{name[:60]}`", where=f"{file}:1", hint=_near(name))
        if header.count(name) > 1:
            raise CatalogueError(f"column `{name}` stands twice", where=f"{file}:1", hint="remove one")


def _cell(name: str, cell: str, where: str) -> Field:
    parts = cell.split(";") if name in LISTS else [cell]
    return Field(tuple(part.strip() for part in parts if part.strip()), f"{where} ({name})")


def _near(name: str) -> str:
    near = get_close_matches(name, NAMES, n=1)
    return f"did you mean `{near[0]}`?" if near else f"known: {', '.join(NAMES)}"
