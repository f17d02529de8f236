"""Infoblox BloxOne DDI: leases that its DHCP gave out, and its DNS' records and settings.

Format: Infoblox, "BloxOne DDI API" (`dhcp/lease`, `dns/record`, `dns/server`, `dns/view`), one JSON object a record as
connectors store them. Field names: Elastic's `infoblox_bloxone_ddi.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, number, put_text, text
from collectors.dns.question import answer
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.values import mac_of
from collectors.source import Options
from engine.events import Fields

_KINDS: Final = (  # dataset, and the fields that its records have
    ("dhcp_lease", {"address", "hardware", "starts", "ends"}),
    ("dns_data", {"rdata", "zone", "type"}),
    ("dns_config", {"forwarders", "dnssec_enabled", "id"}),
)
_FAMILIES: Final = {"ip4": "ipv4", "ip6": "ipv6"}
_GONE: Final = frozenset({"free", "released", "expired", "abandoned", "declined"})  # states of a lease


def _kind(document: Mapping[str, Json]) -> str:
    return next((kind for kind, all_of in _KINDS if all_of <= document.keys()), "")


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any kind; it tells what is so since it was last changed."""
    kind = _kind(document)
    fields["event.dataset"] = f"infoblox_bloxone_ddi.{kind}"
    fields["event.category"] = ("network",)
    for key in ("last_updated", "updated_at", "created_at"):
        if (moment := to_instant(document.get(key), options.zone)) is not None:
            fields["@timestamp"] = moment
            break
    put_text("event.id", document.get("id"), fields)
    if kind == "dhcp_lease":
        _read_lease(document, fields, options)
    else:
        fields["event.kind"], fields["event.type"] = "state", ("protocol", "info")
    if kind == "dns_data":
        _read_record(document, fields)
    spread(f"infoblox_bloxone_ddi.{kind}.", document, fields)


def _read_lease(document: Document, fields: Fields, options: Options) -> None:
    fields["event.type"] = ("protocol", "end" if text(document.get("state")).lower() in _GONE else "start")
    fields["network.protocol"] = "dhcp"
    put_text("network.type", _FAMILIES.get(text(document.get("protocol"))), fields)
    put_end(fields, "client", document.get("address"))
    if mac := mac_of(text(document.get("hardware"))):
        fields["client.mac"] = mac
    put_text("client.user.id", document.get("client_id"), fields)
    put_text("host.hostname", document.get("hostname"), fields)
    put_text("host.name", document.get("host"), fields)
    for name, key in (("event.start", "starts"), ("event.end", "ends")):
        if (moment := to_instant(document.get(key), options.zone)) is not None:
            fields[name] = moment


def _read_record(document: Document, fields: Fields) -> None:
    rdata = inner(document, "rdata")
    answer(
        fields,
        name=text(document.get("absolute_name_spec")),
        record_type=text(document.get("type")),
        data=text(document.get("dns_rdata")) or text(rdata.get("address")),
        ttl=number(document.get("ttl")),
    )


SOURCE: Final = JsonSource(
    name="infoblox_bloxone",
    aliases=("infoblox_bloxone_ddi", "bloxone"),
    title="Infoblox BloxOne DDI: leases, DNS records and settings",
    dataset="infoblox_bloxone_ddi.dhcp_lease",
    owns=_owns,
    marks=((b'"dns_rdata"', b'"absolute_name_spec"'), (b'"dnssec_enabled"', b'"forwarders_only"')),
    read=read,
    finish=finish,
)
