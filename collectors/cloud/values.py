"""Small readers that the sources share: text out of documents, addresses, accounts, `related.*`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from collectors.json_fields import Json
from collectors.web.address import endpoint
from engine.events import Fields, Value

_NOTHING: dict[str, Json] = {}
_ABSENT = frozenset({"", "null", "<null>", "None", "unknown"})

_RELATED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("related.ip", ("source.ip", "destination.ip", "client.ip")),
    (
        "related.user",
        (
            *("user.name", "user.email", "user.target.name", "user.changes.name", "user.effective.name"),
            "source.user.name",
        ),
    ),
    ("related.hosts", ("source.domain", "destination.domain", "host.name")),
    ("related.hash", ("file.hash.md5", "file.hash.sha256")),
)


def inner(document: Mapping[str, Json], *names: str) -> dict[str, Json]:
    """Return the object at a path, an empty one where there is none. The answer is not to be changed."""
    found: Mapping[str, Json] = document
    for name in names:
        value = found.get(name)
        if value.__class__ is not dict:
            return _NOTHING
        found = value
    return found  # type: ignore[return-value] # as above


def objects(value: Json) -> Iterator[dict[str, Json]]:
    """Yield the objects of a list; a single object counts as a list of one."""
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def text(value: Json) -> str:
    """Return a text or a number as text without blanks around; place-holders (`<null>`) and all else are no text."""
    if value is None:
        return ""
    if isinstance(value, str):
        found = value.strip()
        return "" if found in _ABSENT else found
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63 else ""


def texts(value: Json) -> list[str]:
    """Return the texts of a list; a single value counts as a list of one."""
    return [found for each in (value if isinstance(value, list) else [value]) if (found := text(each))]


def first(document: Mapping[str, Json], names: Iterable[str]) -> str:
    """Return the first text that stands under one of the names, else an empty one."""
    return next((found for name in names if (found := text(document.get(name)))), "")


def put_text(name: str, value: Json, fields: Fields) -> None:
    """Put a text under a name where there is one and the name is free."""
    if (found := text(value)) and name not in fields:
        fields[name] = found


def put_texts(table: Iterable[tuple[str, tuple[str, ...]]], document: Mapping[str, Json], fields: Fields) -> None:
    """Put texts by a table of fields, each with the keys under which it may stand; the first that is a text counts."""
    for name, keys in table:
        put_text(name, first(document, keys), fields)


def put_source(value: Json, fields: Fields, *, names: bool = True) -> None:
    """Put an address, with or without a port, into `source.*`; a host name where `names` allows it."""
    if not isinstance(value, str) or not value:
        return
    found = endpoint(value.strip())
    if found.ip is not None:
        fields["source.ip"] = found.ip
    elif found.domain is not None and names:
        fields["source.domain"] = found.domain
    else:
        return
    if found.port is not None:
        fields["source.port"] = found.port


def number(value: Json) -> int | None:
    """Return a whole number, also one written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 2**63 else None
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19 else None


def split_account(account: str) -> tuple[str, str]:
    """Return name and domain of `name@domain` or `DOMAIN\\name`; the domain is empty where there is none."""
    name, at, domain = account.rpartition("@")
    if at and name and domain:
        return name, domain
    domain, slash, name = account.partition("\\")
    return (name, domain) if slash and name and domain else (account, "")


def relate(fields: Fields) -> Fields:
    """Complete an event: copies of addresses, `related.*`, and the category and type that ECS wants there."""
    if "source.address" not in fields and (known := fields.get("source.domain") or fields.get("source.ip")):
        fields["source.address"] = known
    for name in ("event.category", "event.type"):
        fields.setdefault(name, ())  # ECS: empty where none fits
    for related, names in _RELATED:
        values = dict.fromkeys(value for name in names for value in _texts(fields.get(name)))
        if values:
            fields[related] = list(values)
    return fields


def _texts(value: Value | None) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        yield from (item for item in value if isinstance(item, str))
