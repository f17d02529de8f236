"""From one record of Zeek, TSV or JSON, to fields: what every log has, the table of its log, and what needs a rule."""

from __future__ import annotations

from datetime import UTC
from functools import lru_cache
from math import isfinite
from typing import Final

from collectors.cloud.flatten import spread
from collectors.json_fields import Json, to_instant
from collectors.network.protocols import transport_fields
from collectors.network.values import put
from collectors.web.address import is_ip
from collectors.zeek.ecs import MEANINGS, OTHER
from collectors.zeek.logs import dataset_of
from collectors.zeek.meaning import RULES
from engine.ecs_types import kind_of
from engine.events import Fields

Row = dict[str, Json]

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
_LISTS: Final = frozenset(("email.from.address", "email.to.address", "email.cc.address", "email.reply_to.address"))


@lru_cache(maxsize=512)
def _plan(log: str) -> tuple[Fields, str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """Return what every event of a log begins with, its prefix, and its table."""
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
    return start, f"zeek.{dataset}.", tuple((key, tuple(names.split())) for key, names in meaning.fields.items())


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
    for key, names in table:
        value = row.get(key)
        if value is not None and value != "":
            for name in names:
                _put(fields, name, value)
    if (rule := RULES.get(log)) is not None:
        rule(row, fields)
    if isinstance(identifier := row.get("id"), str):  # of a file, in `pe`, `ocsp` and old `x509`
        fields[f"{prefix}id"] = identifier
    spread(prefix, row, fields, skip=_NOT_COPIED)
    for key in ("_system_name", "_node"):
        if isinstance(said := row.get(key), str) and said:
            fields["observer.name"] = said
    return fields


def _ends(row: Row, fields: Fields) -> None:
    for address, port, side in _ENDS:
        found = row.get(address)
        if isinstance(found, str) and is_ip(found):
            fields[f"{side}.ip"] = found
        number = row.get(port)
        if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 65536:
            fields[f"{side}.port"] = number


def _put(fields: Fields, name: str, value: Json) -> None:
    """Set an ECS field from a value of Zeek, in the type that ECS asks for; what does not fit stays Zeek's alone."""
    if name in {"network.transport", "network.protocol"}:
        _put_protocol(fields, name, value)
        return
    kind = kind_of(name)
    if isinstance(value, list):
        found = [item for item in value if isinstance(item, str) and item]
        if found and kind == "text":
            fields[name] = found
    elif kind == "date":
        if (moment := to_instant(value, UTC)) is not None:
            fields[name] = moment
    elif isinstance(value, bool):
        if kind == "boolean":
            fields[name] = value
    elif isinstance(value, str):
        _put_text(fields, name, value)
    elif isinstance(value, int | float) and isfinite(value):
        fields[name] = int(value) if kind == "long" else str(value)


def _put_text(fields: Fields, name: str, value: str) -> None:
    if name in _LISTS:
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
