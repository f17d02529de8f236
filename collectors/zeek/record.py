"""From one record of Zeek, TSV or JSON, to fields: what every log has, the table of its log, and what needs a rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import lru_cache
from math import isfinite
from typing import Final

from collectors.cloud.flatten import spread
from collectors.json_fields import Json, to_instant
from collectors.network.protocols import transport_fields
from collectors.network.values import put
from collectors.sensors.addresses import known_ip
from collectors.zeek.ecs import MEANINGS, OTHER
from collectors.zeek.logs import dataset_of
from collectors.zeek.meaning import RULES
from engine.ecs_types import kind_of
from engine.events import Fields

Row = dict[str, Json]
Setter = Callable[[Fields, str, Json], None]

_INT64 = 2**63
_REMEMBERED = 256  # field names of one log
_LONGEST_NAME = 512

_NOT_COPIED: Final = frozenset(
    (
        "ts",
        "uid",
        "id",
        "id.orig_h",
        "id.orig_p",
        "id.resp_h",
        "id.resp_p",
        "_path",
        "_write_ts",
        "_system_name",
        "_node",
    )
)
_ENDS: Final = (("id.orig_h", "id.orig_p", "source"), ("id.resp_h", "id.resp_p", "destination"))
_PLAIN: Final = frozenset(  # texts that are taken as they are
    (
        "dns.response_code",
        "dns.question.type",
        "http.request.method",
        "user_agent.original",
        "tls.cipher",
        "event.action",
    )
)
_LISTS: Final = frozenset(("email.from.address", "email.to.address", "email.cc.address", "email.reply_to.address"))


@lru_cache(maxsize=512)
def _plan(log: str) -> tuple[Fields, str, tuple[tuple[str, str, Setter], ...]]:
    """Return what every event of a log begins with, its prefix, and its table: field, ECS name, how to set it."""
    meaning = MEANINGS.get(log, OTHER)
    dataset = dataset_of(log)
    start: Fields = {
        "event.module": "zeek",
        "event.dataset": f"zeek.{dataset}",
        "event.kind": meaning.kind,
        "event.category": meaning.categories,
        "event.type": meaning.types,
    }
    if meaning.protocol:
        start["network.protocol"] = meaning.protocol
    if meaning.transport:
        start.update(transport_fields(meaning.transport))
    table = ((key, name, _setter(name)) for key, names in meaning.fields.items() for name in names.split())
    return start, f"zeek.{dataset}.", tuple(table)


def record_fields(log: str, row: Row) -> Fields:
    """Return the fields of a record of `log`; `row` has Zeek's field names, flat (`id.orig_h`)."""
    start, prefix, table = _plan(log)
    fields = start.copy()
    moment = to_instant(row.get("ts"), UTC) or to_instant(row.get("_write_ts"), UTC)
    if moment is not None:
        fields["@timestamp"] = moment
    uid = row.get("uid")
    if isinstance(uid, str) and uid:
        fields["zeek.session_id"] = uid
    _ends(row, fields)
    for key, name, setter in table:
        value = row.get(key)
        if value is not None and value != "":
            setter(fields, name, value)
    if (rule := RULES.get(log)) is not None:
        rule(row, fields)
    if isinstance(identifier := row.get("id"), str):  # of a file, in `pe`, `ocsp` and old `x509`
        fields[f"{prefix}id"] = identifier
    _keep(prefix, row, fields)
    for key in ("_system_name", "_node"):
        if isinstance(said := row.get(key), str) and said:
            fields["observer.name"] = said
    return fields


def _ends(row: Row, fields: Fields) -> None:
    for address, port, side in _ENDS:
        found = row.get(address)
        if isinstance(found, str) and known_ip(found):
            fields[f"{side}.ip"] = found
        number = row.get(port)
        if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 65536:
            fields[f"{side}.port"] = number


class _Names(dict[str, str]):
    """The names under which a log's own fields stand; most are asked for again and again."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def __missing__(self, key: str) -> str:
        name = self._prefix + key
        if len(self) < _REMEMBERED and len(name) <= _LONGEST_NAME:
            self[key] = name
        return name


_names = lru_cache(maxsize=1024)(_Names)


def _keep(prefix: str, row: Row, fields: Fields) -> None:
    """Keep a record's own fields under its prefix; what is no plain value goes the way of all documents."""
    if len(row) > _REMEMBERED:
        spread(prefix, row, fields, skip=_NOT_COPIED)
        return
    names = _names(prefix)
    for key, value in row.items():
        if value is None or value == "" or key in _NOT_COPIED:
            continue
        kind = value.__class__
        name = names[key]
        plain = kind is str or kind is bool or (kind is int and -_INT64 <= value < _INT64)  # type: ignore[operator] # an integer, by its class
        if plain and len(name) <= _LONGEST_NAME:
            fields[name] = value  # type: ignore[assignment] # as above
        else:
            spread(prefix, {key: value}, fields)


def _setter(name: str) -> Setter:
    """Return how a field of ECS is set from a value of Zeek; values of another type stay Zeek's alone."""
    if name in {"network.transport", "network.protocol"}:
        return _put_protocol
    return {"long": _put_long, "date": _put_date, "boolean": _put_boolean}.get(kind_of(name), _put_any)


def _put_long(fields: Fields, name: str, value: Json) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and abs(value) < _INT64:
        fields[name] = int(value)


def _put_date(fields: Fields, name: str, value: Json) -> None:
    if (moment := to_instant(value, UTC)) is not None:
        fields[name] = moment


def _put_boolean(fields: Fields, name: str, value: Json) -> None:
    if isinstance(value, bool):
        fields[name] = value


def _put_any(fields: Fields, name: str, value: Json) -> None:
    if isinstance(value, str):
        _put_text(fields, name, value)
    elif isinstance(value, list):
        found = [item for item in value if isinstance(item, str) and item]
        if found:
            fields[name] = found
    elif isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        fields[name] = str(value)


def _put_text(fields: Fields, name: str, value: str) -> None:
    if name in _PLAIN:
        fields[name] = value
    elif name in _LISTS:
        fields[name] = [part.strip().strip("<>") for part in value.split(",") if part.strip()]
    else:
        fields.pop(name, None)
        put(fields, name, value, UTC)


def _put_protocol(fields: Fields, name: str, value: Json) -> None:
    if not isinstance(value, str) or not value:
        return
    if name == "network.transport":
        if value != "unknown_transport":
            fields.pop("network.iana_number", None)
            fields.update(transport_fields(value))
        return
    services = [part for part in value.lower().split(",") if part and not part.startswith("-")]
    if services:
        fields[name] = {"ssl": "tls", "krb": "kerberos", "krb_tcp": "kerberos"}.get(services[-1], services[-1])
