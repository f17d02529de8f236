"""Thinkst Canary: what touched a decoy; the console's incidents and events, its webhook, and OpenCanary's log.

Format: "Canary Console API", incidents and events (`incident_id`, `event_type`, `logtype`, keys of the decoy's service
in capitals); the generic webhook (`AlertType: CanaryIncident`, `AdditionalDetails`); OpenCanary (`logtype`, `logdata`,
https://github.com/thinkst/opencanary). Nobody has business with a decoy: a log-in there is an attack that failed. Tried
passwords stay in the raw record alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, number, put_source, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.values import put_port
from collectors.source import Options
from collectors.web.address import endpoint, is_ip
from engine.events import Fields

_P: Final = "thinkst_canary."
_SECRET: Final = frozenset(("PASSWORD", "password", "Password", "logdata", "AdditionalDetails", "HEADERS", "headers"))
_LOG_INS: Final = ("login", "log in", "authentication", "auth attempt", "password")
# OpenCanary's and the console's numbers of log-ins: FTP, SSH, telnet, HTTP, SMB, MySQL, MSSQL, VNC, RDP
_LOG_IN_CODES: Final = frozenset(
    ("2000", "3001", "4002", "6001", "7001", "8001", "9001", "9002", "9003", "12001", "14001", "18001")
)
_MOST_DETAILS: Final = 128


def _owns(document: Mapping[str, Json]) -> bool:
    identifier = document.get("incident_id")
    if isinstance(identifier, str) and identifier.startswith("incident:"):
        return "event_type" in document or "description" in document
    if document.get("AlertType") == "CanaryIncident" or {"CanaryID", "CanaryName"} <= document.keys():
        return True
    return {"logtype", "node_id", "src_host", "dst_host"} <= document.keys()


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read an incident, an event of one, a webhook's message, or a line of OpenCanary."""
    values = _flat(document)
    moment = (
        to_instant(_stamp(values, "timestamp"), options.zone)
        or to_instant(text(values.get("Timestamp")).removesuffix(" (UTC)"), options.zone)
        or to_instant(text(values.get("utc_time")), options.zone)
    )
    if moment is not None:
        fields["@timestamp"] = moment
    if (start := to_instant(_stamp(values, "created"), options.zone)) is not None:
        fields["event.start"] = start
    fields["observer.vendor"] = fields["observer.product"] = "Thinkst Canary"
    fields["event.kind"] = "alert"
    fields["event.category"], fields["event.type"] = ["intrusion_detection"], ["denied"]
    put_text("event.code", values.get("logtype"), fields)
    put_text("event.reason", first(values, ("summary", "description", "Description")), fields)
    put_text("event.action", first(values, ("cmd", "CMD", "AUDITACTION")), fields)
    _ends(values, fields)
    _service(values, fields)
    _log_in(fields)
    spread(_P, document, fields, skip=_SECRET)


def _stamp(values: Mapping[str, Json], name: str) -> Json:
    """Return an epoch as a number, whichever way it is written."""
    found = number(values.get(name))
    return found if found is not None else values.get(name)


def _flat(document: Document) -> Document:
    """Return the keys of the document together with those that stand in its parts for a service's own."""
    details = document.get("AdditionalDetails")
    values = dict(document)
    if isinstance(details, list):
        for pair in details[:_MOST_DETAILS]:
            if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str):
                values.setdefault(pair[0].upper(), pair[1])
    for key, value in inner(document, "logdata").items():
        values.setdefault(key, value)
    return values


def _ends(values: Mapping[str, Json], fields: Fields) -> None:
    """Set who touched which decoy; an incident's name holds the address before its last part."""
    put_source(first(values, ("src_host", "SourceIP")), fields, names=False)
    parts = text(values.get("incident_id")).split(":")
    if "source.ip" not in fields and len(parts) > 4 and is_ip(address := ":".join(parts[3:-1])):
        fields["source.ip"] = address
    name = endpoint(first(values, ("src_host_reverse", "ReverseDNS")))
    if name.domain:
        fields["source.domain"] = name.domain
    put_port(fields, "source.port", text(values.get("src_port")))
    if is_ip(address := first(values, ("dst_host", "CanaryIP"))):
        fields["destination.ip"] = address
    if is_ip(address := text(values.get("dst_host_public_ip"))):
        fields["destination.nat.ip"] = address
    put_port(fields, "destination.port", first(values, ("dst_port", "CanaryPort")))
    wanted = endpoint(first(values, ("HOST", "hostname", "HOSTNAME")))
    if wanted.domain:
        fields["destination.domain"] = wanted.domain
    put_text("host.name", first(values, ("CanaryName", "node_id")), fields)


def _service(values: Mapping[str, Json], fields: Fields) -> None:
    """Set what was asked of the decoy: a page, a file, a name."""
    for name, keys in (
        ("user.name", ("USERNAME", "user", "USER")),
        ("url.path", ("PATH",)),
        ("url.original", ("URL",)),
        ("http.request.method", ("METHOD",)),
        ("file.name", ("FILENAME",)),
        ("process.name", ("APPNAME",)),
        ("user_agent.original", ("USERAGENT", "USER-AGENT")),
    ):
        put_text(name, first(values, keys), fields)
    for headers in ("HEADERS", "headers"):
        put_text("user_agent.original", inner(values, headers).get("User-Agent"), fields)
    for key, name in (("RESPONSE", "http.response.status_code"), ("SIZE", "file.size")):
        if (value := number(values.get(key))) is not None:
            fields[name] = value
    if text(values.get("CHANNEL")) == "TLS":
        fields["tls.established"] = True
    _distinguished(text(values.get("DN")), fields)


def _distinguished(name: str, fields: Fields) -> None:
    """Read the account of an LDAP log-in: `uid=eva,ou=people,dc=tax,dc=example`."""
    parts = [part.strip().partition("=") for part in name[:2048].split(",")] if name else []
    for key, _, value in parts:
        if key.lower() in {"uid", "cn"} and value:
            fields["user.name"] = value
            break
    if domain := ".".join(value for key, _, value in parts if key.lower() == "dc" and value):
        fields["user.domain"] = domain


def _log_in(fields: Fields) -> None:
    """Call a tried log-in one, so that guesses at decoys count where guesses are counted."""
    said = str(fields.get("event.reason", "")).lower()
    by_number = str(fields.get("event.code", "")) in _LOG_IN_CODES and "user.name" in fields
    if by_number or any(words in said for words in _LOG_INS):
        fields["event.category"] = ["intrusion_detection", "authentication"]
        fields["event.type"] = ["denied", "start"]
        fields["event.outcome"] = "failure"


SOURCE: Final = JsonSource(
    name="thinkst_canary",
    aliases=("canary", "opencanary", "thinkst_canary.log"),
    title="Thinkst Canary and OpenCanary",
    dataset="thinkst_canary.log",
    owns=_owns,
    marks=((b'"incident_id"', b'"incident:'), (b'"logtype"', b'"node_id"', b'"src_host"'), (b'"CanaryID"',)),
    read=read,
    finish=finish,
)
