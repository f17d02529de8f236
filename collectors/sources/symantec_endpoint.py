"""Symantec Endpoint Protection Manager by syslog: risks found, attacks stopped, traffic, scans, administrators.

Format: Broadcom, "External logging settings and log event severity levels for Endpoint Protection Manager": values
with commas between, most as `Name: value`, the kind of a record by the names that it has; behind a syslog header with
the tag `SymantecServer`. Field names: Elastic's `symantec_endpoint.log.*`.
"""

from __future__ import annotations

import csv
import re
from typing import Final

from collectors.cloud.ends import put_end
from collectors.cloud.values import put_text
from collectors.json_fields import to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.sensors.addresses import known_ip
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from collectors.web.request import read_target
from engine.errors import MalformedRecordError
from engine.events import Fields

_PAIR = re.compile(r"(?P<name>[A-Z][A-Za-z0-9 ()/\-]{1,40}?): ?(?P<value>.*)", re.DOTALL)
_TAG: Final = "SymantecServer: "
_WORD = re.compile(r"[^a-z0-9]{1,20}")
_P: Final = "symantec_endpoint.log."
_KINDS: Final = (  # the names that only records of a kind have, and the kind
    ({"Risk name", "Actual action"}, "risk"),
    ({"Scan ID", "Begin"}, "scan"),
    ({"Local Host IP", "Event Description"}, "attack"),
    ({"Local Host IP", "Remote Host IP"}, "traffic"),
    ({"Rule", "Action Type"}, "behaviour"),
    ({"Site", "Admin"}, "administration"),
    ({"Site", "Server Name"}, "system"),
    ({"Site", "Server"}, "system"),
)
_FOUND: Final = frozenset(
    ("Virus found", "Security risk found", "Potential risk found", "Compressed File", "Commercial application detected")
)
_LOG_INS: Final = (("log on", "start"), ("logon", "start"), ("log off", "end"), ("logoff", "end"))
_VERBS: Final = (
    ("delet", "deletion"),
    ("remov", "deletion"),
    ("add", "creation"),
    ("creat", "creation"),
    ("edit", "change"),
    ("chang", "change"),
    ("modif", "change"),
)
_RISK: Final = (
    ("rule.name", "Risk name"),
    ("event.action", "Actual action"),
    ("host.name", "Computer name"),
    ("host.hostname", "Computer name"),
    ("user.name", "User"),
    ("user.domain", "Domain"),
    ("file.path", "File path"),
    ("file.pe.product", "Application name"),
    ("file.pe.company", "Company name"),
    ("file.pe.file_version", "Application version"),
    ("process.executable", "Downloaded by"),
)
_LONG: Final = {32: "md5", 40: "sha1", 64: "sha256"}


def _split(message: str) -> tuple[dict[str, str], list[str]]:
    """Return the values that have names, and the others in their order."""
    try:
        values = next(csv.reader([message.replace("\n", " ")]), [])
    except csv.Error as error:
        raise MalformedRecordError(f"no values with commas between: {error}") from error
    named: dict[str, str] = {}
    bare = []
    for value in values:
        pair = _PAIR.fullmatch(value.strip())
        if pair is not None:
            named.setdefault(pair["name"], pair["value"].strip())
        else:
            bare.append(value.strip())
    return named, bare


def _kind(named: dict[str, str]) -> str:
    return next((kind for names, kind in _KINDS if names <= named.keys()), "")


def _own(line: str) -> bool:
    return bool(_kind(_split(_message(line))[0])) if ": " in line and "," in line else False


def _message(line: str) -> str:
    before, tag, message = line.partition(_TAG)
    return message if tag and len(before) < 300 else line


def _read(line: str, options: Options) -> Fields:
    header = headed(line, options, lambda text: _TAG not in text[:300] and bool(_kind(_split(text)[0])))
    message = header.message if header.program is not None else _message(line)
    named, bare = _split(message)
    kind = _kind(named)
    if not kind:
        raise MalformedRecordError("no record of Endpoint Protection: names that its records have are missing")
    fields = begun("symantec_endpoint.log", header, options, categories=())
    fields.pop("host.name", None)  # the manager, which tells of others
    fields["event.type"] = ("info",)
    fields["observer.vendor"], fields["observer.product"] = "Symantec", "Endpoint Protection"
    put_text("observer.hostname", header.host, fields)
    for name, value in named.items():
        put_text(_P + _WORD.sub("_", name.lower()).strip("_"), value, fields)
    for name, key in (("@timestamp", "Event time"), ("event.start", "Begin"), ("event.end", "End")):
        if (moment := to_instant(named.get(key, ""), options.zone)) is not None:
            fields[name] = moment
    if "@timestamp" not in fields and "event.end" in fields:
        fields["@timestamp"] = fields["event.end"]
    _READERS[kind](named, bare, fields)
    return finish(fields)


def _read_risk(named: dict[str, str], bare: list[str], fields: Fields) -> None:
    """Read a risk that was found on a computer, and what was done to it."""
    fields["event.kind"] = "alert"
    fields["event.category"] = ("malware",)
    for name, key in _RISK:
        put_text(name, named.get(key), fields)
    put_text("event.reason", next((value for value in bare if value in _FOUND), None), fields)
    if known_ip(address := named.get("IP Address", "")):
        fields["host.ip"] = [address]
    put_end(fields, "source", named.get("Source IP"))
    digest = named.get("Application hash", "")
    if (length := _LONG.get(len(digest))) is not None:
        fields[f"file.hash.{length}"] = digest.lower()
    size = named.get("File size (bytes)", "")
    if size.isascii() and size.isdigit() and len(size) < 16:
        fields["file.size"] = int(size)
    if "file.path" not in fields:  # of reputation's records the path stands alone, behind `Occurrences`
        put_text(
            "file.path", next((value for value in bare if ":\\" in value[:3] or value.startswith("/")), None), fields
        )


def _read_ends(named: dict[str, str], bare: list[str], fields: Fields) -> None:
    """Read the computer's end and the other one by who began."""
    inbound = "Inbound" in bare
    here, there = ("destination", "source") if inbound else ("source", "destination")
    put_end(fields, here, named.get("Local Host IP"), named.get("Local Port"))
    put_end(fields, there, named.get("Remote Host IP"), named.get("Remote Port"))
    if inbound or "Outbound" in bare:
        fields["network.direction"] = "inbound" if inbound else "outbound"
    protocol = next((value for value in bare if value.upper() in {"TCP", "UDP", "ICMP"}), "")
    fields.update(transport_fields(protocol))
    if bare:
        put_text("host.name", bare[0], fields)
        put_text("host.hostname", bare[0], fields)
    put_text("process.executable", named.get("Application"), fields)
    put_text("user.name", named.get("User") or named.get("User Name"), fields)
    put_text("user.domain", named.get("Domain") or named.get("Domain Name"), fields)


def _read_attack(named: dict[str, str], bare: list[str], fields: Fields) -> None:
    fields["event.kind"] = "alert"
    fields["event.category"] = ("intrusion_detection", "network")
    _read_ends(named, bare, fields)
    put_text("event.reason", named.get("Event Description"), fields)
    put_text("rule.name", named.get("CIDS Signature string"), fields)
    put_text("rule.id", named.get("CIDS Signature ID"), fields)
    put_text("file.hash.sha256", named.get("SHA-256"), fields)
    put_text("file.hash.md5", named.get("MD-5"), fields)
    if url := named.get("Intrusion URL"):
        fields["url.original"] = url
        read_target(url if "://" in url else f"http://{url}", fields)


def _read_traffic(named: dict[str, str], bare: list[str], fields: Fields) -> None:
    fields["event.category"] = ("network",)
    action = named.get("Action", "").lower()
    put_text("event.action", action, fields)
    fields["event.type"] = ("connection", "denied" if action.startswith("block") else "allowed")
    put_text("rule.name", named.get("Rule"), fields)
    _read_ends(named, bare, fields)


def _read_scan(named: dict[str, str], bare: list[str], fields: Fields) -> None:
    fields["event.category"] = ("malware",)
    put_text("event.action", bare[0] if bare else None, fields)
    for name in ("host.name", "host.hostname"):
        put_text(name, named.get("Computer"), fields)
    if known_ip(address := named.get("IP Address", "")):
        fields["host.ip"] = [address]
    put_text("user.name", named.get("User1"), fields)


def _read_behaviour(named: dict[str, str], bare: list[str], fields: Fields) -> None:
    fields["event.kind"] = "alert"
    fields["event.category"] = ("process",)
    if bare:
        for name in ("host.name", "host.hostname"):
            put_text(name, bare[0], fields)
    blocked = "Blocked" in bare
    fields["event.type"] = ("denied",) if blocked else ("info",)
    fields["event.action"] = "blocked" if blocked else "logged"
    put_text("rule.name", named.get("Rule"), fields)
    put_text("user.name", named.get("User"), fields)
    put_text("user.domain", named.get("Domain"), fields)


def _read_administration(named: dict[str, str], bare: list[str], fields: Fields) -> None:
    """Read what an administrator did in the manager; the words behind the names tell it."""
    names = list(named)
    told = [f"{name}: {named[name]}" for name in names[names.index("Admin") + 1 :]]  # words with a colon in them
    said = named.get("Event Description") or next(iter([*bare, *told]), "")
    lowered = " ".join(said.lower().split())
    put_text("event.reason", said, fields)
    put_text("user.name", named.get("Admin"), fields)
    put_text("host.name", named.get("Server"), fields)
    log_in = next((kind for words, kind in _LOG_INS if words in lowered), None)
    if log_in is not None:
        fields["event.category"], fields["event.type"] = ("authentication",), (log_in,)
        fields["event.outcome"] = "failure" if "fail" in lowered else "success"
        return
    fields["event.category"] = ("configuration",)
    fields["event.type"] = (next((kind for word, kind in _VERBS if word in lowered), "info"),)


def _read_system(named: dict[str, str], bare: list[str], fields: Fields) -> None:
    fields["event.category"] = ("host",)
    put_text("event.reason", named.get("Event Description") or (bare[0] if bare else None), fields)
    put_text("host.name", named.get("Server Name") or named.get("Server"), fields)


_READERS: Final = {
    "administration": _read_administration,
    "attack": _read_attack,
    "behaviour": _read_behaviour,
    "risk": _read_risk,
    "scan": _read_scan,
    "system": _read_system,
    "traffic": _read_traffic,
}

SOURCE: Final = LineSource(
    name="symantec_endpoint",
    aliases=("symantec_endpoint_protection", "sepm"),
    title="Symantec Endpoint Protection Manager: risks, attacks, traffic, scans, administration",
    datasets=("symantec_endpoint.log",),
    own=_own,
    read=_read,
    weight=86,
)
