"""Tenable Security Center: weaknesses found on hosts, hosts, and the plugins that look for them.

Format: Tenable Security Center API, "Analysis" (`vulndetails`, `sumip`) and "Plugin", one JSON object a record as
connectors store them; instants are epoch seconds as text, and -1 is none. Field names: Elastic's `tenable_sc.*`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from engine.events import Fields

_KINDS: Final = (  # dataset, and the fields that its records have
    ("vulnerability", {"pluginID", "pluginName", "ip"}),
    ("asset", {"severityCritical", "ip", "repository"}),
    ("plugin", {"sourceFile", "pluginPubDate", "family"}),
)
_STAMPS: Final = {"vulnerability": ("lastSeen", "firstSeen"), "asset": ("lastAuthRun", "lastUnauthRun"),
                  "plugin": ("modifiedTime", "pluginModDate")}  # fmt: skip
_CVE: Final = "https://cve.mitre.org/cgi-bin/cvename.cgi?name="


def _kind(document: Mapping[str, Json]) -> str:
    return next((kind for kind, all_of in _KINDS if all_of <= document.keys()), "")


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any kind."""
    kind = _kind(document)
    fields["event.dataset"] = f"tenable_sc.{kind}"
    fields["event.type"] = ("info",)
    moment = next((found for key in _STAMPS[kind] if (found := to_instant(document.get(key), options.zone))), None)
    if moment is not None:
        fields["@timestamp"] = moment
    _READERS[kind](document, fields)
    spread(f"tenable_sc.{kind}.", document, fields, snaked=True)


def _read_host(document: Document, fields: Fields) -> None:
    """Read which host it is; the name that DNS has for it is cut at its first dot."""
    full = text(document.get("dnsName"))
    name, _, domain = full.partition(".")
    put_text("host.hostname", full, fields)
    put_text("host.name", name or text(document.get("netbiosName")).rpartition("\\")[2], fields)
    put_text("host.domain", domain, fields)
    if known_ip(address := text(document.get("ip"))):
        fields["host.ip"] = [address]
    if mac := text(document.get("macAddress")):
        fields["host.mac"] = [mac.upper().replace(":", "-")]


def _read_weakness(document: Document, fields: Fields) -> None:
    fields["event.category"] = ("threat",)
    _read_host(document, fields)
    ids = [found for each in text(document.get("cve")).split(",") if (found := each.strip())]
    if ids:
        fields["vulnerability.id"] = ids
        fields["vulnerability.reference"] = [_CVE + each for each in ids]
        fields["vulnerability.enumeration"] = "CVE"
    fields["vulnerability.classification"], fields["vulnerability.scanner.vendor"] = "CVSS", "Tenable"
    put_text("vulnerability.description", document.get("description"), fields)
    put_text("vulnerability.severity", inner(document, "severity").get("name"), fields)
    put_text("rule.id", document.get("pluginID"), fields)
    put_text("rule.name", document.get("pluginName"), fields)
    if family := text(inner(document, "family").get("name")):
        fields["vulnerability.category"] = [family]
    newer = text(document.get("cvssV3BaseScore"))
    score = newer or first(document, ("baseScore",))
    if score.replace(".", "", 1).isdecimal() and score.isascii() and len(score) < 6:
        fields["vulnerability.score.base"] = float(score)
        fields["vulnerability.score.version"] = "3.0" if newer else "2.0"
    fields.update(transport_fields(text(document.get("protocol"))))
    port = text(document.get("port"))
    put_end(fields, "destination", None, port if port != "0" else None)


def _read_asset(document: Document, fields: Fields) -> None:
    fields["event.kind"], fields["event.category"] = "state", ("host",)
    _read_host(document, fields)


def _read_plugin(document: Document, fields: Fields) -> None:
    put_text("rule.id", document.get("id"), fields)
    put_text("rule.name", document.get("name"), fields)


_READERS: Final[Mapping[str, Callable[[Document, Fields], None]]] = {
    "asset": _read_asset,
    "plugin": _read_plugin,
    "vulnerability": _read_weakness,
}

SOURCE: Final = JsonSource(
    name="tenable_sc",
    aliases=("tenable", "tenable_security_center"),
    title="Tenable Security Center: weaknesses, hosts, plugins",
    dataset="tenable_sc.vulnerability",
    owns=_owns,
    marks=((b'"pluginID"', b'"pluginName"', b'"hasBeenMitigated"'), (b'"severityCritical"', b'"repository"')),
    read=read,
    finish=finish,
)
