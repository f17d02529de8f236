"""Suricata: EVE JSON records of every type, as the sensor writes them or as a shipper wrapped them.

Format: "EVE JSON Format", Suricata 4 to 8 user guide (https://docs.suricata.io/en/latest/output/eve/). Field names:
Elastic's integration `suricata` (`suricata.eve.*` holds the record as it was). Alerts are of the kind `alert`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from collectors.cloud.documents import Document, first_document, is_owned, read_document
from collectors.cloud.flatten import spread
from collectors.cloud.values import inner, text
from collectors.json_fields import Json
from collectors.json_framing import json_objects
from collectors.network.finish import finish
from collectors.source import Options, Parser, Record, Source
from collectors.suricata.base import read_base
from collectors.suricata.protocols import read_parts
from engine.events import Fields

_CERTAIN = 97
_CUT_OFF = 91
_NOT_COPIED = frozenset(("payload", "packet"))  # bytes as base64, which `event.original` keeps
_PARTS = (
    *("alert", "anomaly", "drop", "dns", "http", "tls", "ssh", "smtp", "smb", "flow", "netflow", "fileinfo", "stats"),
    *("krb5", "rdp", "ftp", "ftp_data", "tftp", "nfs", "dhcp", "snmp", "sip", "rfb", "mqtt", "ike", "quic", "pgsql"),
)


def _owns(document: Mapping[str, Json]) -> bool:
    """Tell an EVE record: its type or a flow's number, with the addresses or with the part that the type names."""
    kind = document.get("event_type")
    if isinstance(kind, str) and ("timestamp" in document or "@timestamp" in document):
        return "flow_id" in document or isinstance(document.get(kind), dict) or {"src_ip", "dest_ip"} <= document.keys()
    return {"flow_id", "src_ip", "dest_ip"} <= document.keys() and any(part in document for part in _PARTS)


def _any(document: Mapping[str, Json]) -> bool:  # noqa: ARG001 - the signature of `Owns`
    return True


class _EveParser:
    """Reads one EVE record at a time."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the record's fields; see `Parser`. Other JSON of the same stream keeps its names under the prefix."""
        if not record.raw.strip():
            return None
        eve = read_document(record.raw, _any)
        if not _owns(eve) and is_owned(eve, _owns):
            eve = read_document(record.raw, _owns)
        fields: Fields = {"event.module": "suricata", "event.dataset": "suricata.eve"}
        kind = _kind(eve)
        if kind:
            fields["suricata.eve.event_type"] = kind
        read_base(eve, kind, fields)
        read_parts(eve, fields)
        _host(eve, fields, self._options)
        skip = _NOT_COPIED | {"event_type"} if kind else _NOT_COPIED
        spread("suricata.eve.", eve, fields, skip=skip)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; see `Parser`."""
        fields.setdefault("observer.type", "ids")
        fields.setdefault("observer.product", "Suricata")
        fields.setdefault("observer.vendor", "OISF")
        return finish(fields)


def _kind(eve: Document) -> str:
    """Return the record's type in small letters; where a shipper cut it off, the part that it holds tells it."""
    if kind := text(eve.get("event_type")).lower():
        return kind
    return next((part for part in _PARTS if isinstance(eve.get(part), dict)), "") if "flow_id" in eve else ""


def _host(eve: Document, fields: Fields, options: Options) -> None:
    """Take the sensor's name: EVE's `host`, Beats' `host.name`, or what the options say."""
    said = eve.get("host")
    name = text(said) if isinstance(said, str) else text(inner(eve, "host").get("name"))
    if name or options.host:
        fields["host.name"] = name or options.host or ""


class _SuricataSource:
    """Suricata's EVE JSON; see the module's docstring."""

    name = "suricata"
    aliases: tuple[str, ...] = (
        *("eve", "suricata_eve", "suricata.eve"),
        *("aws_network_firewall", "aws_firewall_logs"),  # these are Suricata, and carry its EVE in records of their own
        *("fireeye_nx", "fireeye.nx"),
    )
    title = "Suricata EVE JSON (alerts, protocol logs, flows, files, anomalies, statistics)"
    datasets = ("suricata.eve",)

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the fields of the first record. See `Source`."""
        document = first_document(head)
        named = 2 * ("eve" in filename.lower())
        if document is not None:
            return _CERTAIN + named if is_owned(document, _owns) else 0
        if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"[")):
            return 0
        return _CUT_OFF if b'"event_type"' in head and (b'"flow_id"' in head or b'"stats"' in head) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into objects."""
        return json_objects(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return _EveParser(options)


SOURCE: Final[Source] = _SuricataSource()
