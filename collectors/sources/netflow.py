"""Flow records as JSON: NetFlow v5, v9 and IPFIX by their field names, as collectors write them.

Forms: Elastic's netflow input (`{"netflow": {"source_ipv4_address": ...}}`, or ECS with `netflow.*`), Logstash's codec
(`{"netflow": {"ipv4_src_addr": ...}}`), nfdump's `-o json`, pmacct (`ip_src`, `port_src`), goflow2 (`src_addr`,
`time_flow_start_ns`), nProbe (`IPV4_SRC_ADDR`), softflowd and others with the names of RFC 3954 and of the IPFIX
registry (https://www.iana.org/assignments/ipfix). Keys are compared in small letters and without `_`, `-` and `.`.
Uptimes of a router (`FIRST_SWITCHED`) are no instants, but give the duration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import BinaryIO, Final

from collectors.cloud.documents import Document, first_document, is_owned, read_document
from collectors.cloud.flatten import spread
from collectors.cloud.values import number, text
from collectors.json_fields import Json, to_instant
from collectors.json_framing import json_objects
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.network.values import mac_of
from collectors.sensors.addresses import known_ip
from collectors.source import Options, Parser, Record, Source
from engine.errors import MalformedRecordError
from engine.events import Fields

_CLEAN = re.compile(r"[_\-.@ ]")


def _names(*rows: tuple[str, str]) -> dict[str, str]:
    return {key: meaning for meaning, keys in rows for key in keys.split()}


# What keys mean, without punctuation. The first key with a value wins, in the order of the record.
_MEANING: Final[Mapping[str, str]] = _names(
    (
        "source.ip",
        (
            "ipv4srcaddr ipv6srcaddr sourceipv4address sourceipv6address srcaddr srcip ipsrc "
            "src4addr src6addr sourceaddress "
            "srcipaddr srcipv4 srcipv6 sa sourceip"
        ),
    ),
    (
        "destination.ip",
        (
            "ipv4dstaddr ipv6dstaddr destinationipv4address destinationipv6address dstaddr dstip "
            "ipdst dst4addr dst6addr "
            "destinationaddress dstipaddr dstipv4 dstipv6 da destinationip"
        ),
    ),
    ("source.port", "l4srcport srcport sourcetransportport sourceport portsrc sp udpsourceport tcpsourceport"),
    (
        "destination.port",
        "l4dstport dstport destinationtransportport destinationport portdst dp udpdestinationport tcpdestinationport",
    ),
    ("protocol", "protocol proto protocolidentifier ipproto pr ipprotocol"),
    (
        "bytes",
        (
            "inbytes inoctets octetdeltacount bytes octets doctets ibyt octettotalcount "
            "layer2octetdeltacount byts inoctetdeltacount"
        ),
    ),
    ("packets", "inpkts inpackets packetdeltacount packets pkts dpkts ipkt packettotalcount"),
    ("back.bytes", "outbytes outoctets reverseoctetdeltacount obyt postoctetdeltacount responderoctets"),
    ("back.packets", "outpkts outpackets reversepacketdeltacount opkt postpacketdeltacount responderpackets"),
    (
        "start",
        (
            "tfirst flowstartmilliseconds flowstartseconds flowstartmicroseconds "
            "flowstartnanoseconds timestampstart ts first "
            "timeflowstart timeflowstartns timeflowstartms starttime flowstart stimereceived"
        ),
    ),
    (
        "end",
        (
            "tlast flowendmilliseconds flowendseconds flowendmicroseconds flowendnanoseconds "
            "timestampend te last timeflowend "
            "timeflowendns timeflowendms endtime flowend"
        ),
    ),
    ("received", "timereceived timereceivedns timereceivedms treceived received timestamp"),
    ("first", "firstswitched flowstartsysuptime"),
    ("last", "lastswitched flowendsysuptime"),
    ("duration.ms", "flowdurationmilliseconds"),
    ("source.mac", "insrcmac srcmac sourcemacaddress macsrc insourcemac"),
    ("destination.mac", "indstmac dstmac destinationmacaddress macdst outdstmac"),
    ("observer.ip", "exporteraddress exporter sampleraddress peeripsrc host4ip exporteripv4address routerip"),
    ("source.as.number", "srcas bgpsourceasnumber assrc"),
    ("destination.as.number", "dstas bgpdestinationasnumber asdst"),
    ("source.nat.ip", "postnatsourceipv4address xlatesrcaddripv4 src4xltip"),
    ("destination.nat.ip", "postnatdestinationipv4address xlatedstaddripv4 dst4xltip"),
    ("source.nat.port", "postnaptsourcetransportport xlatesrcport srcxltport"),
    ("destination.nat.port", "postnaptdestinationtransportport xlatedstport dstxltport"),
    ("ingress", "inputsnmp ingressinterface inif iifindex inputint"),
    ("egress", "outputsnmp egressinterface outif oifindex outputint"),
    ("vlan", "srcvlan vlanid vlan"),
    ("action", "firewallevent fwevent"),
)
_LONGS: Final = frozenset(("source.port", "destination.port", "source.nat.port", "destination.nat.port"))
_FIREWALL: Final = {
    1: ("flow-created", "start"),
    2: ("flow-deleted", "end"),
    3: ("flow-denied", "denied"),
    5: ("flow-update", "info"),
}
_CARRIED: Final = ("netflow", "ipfix", "flow", "sflow")


@lru_cache(maxsize=4096)
def _meaning(key: str) -> str | None:
    return _MEANING.get(_CLEAN.sub("", key.lower())) if len(key) < 64 else None


def _inside(document: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the flow's own object where a collector wrapped it, else the document."""
    for name in _CARRIED:
        inner = document.get(name)
        if isinstance(inner, dict) and len(inner) > 2:
            return inner
    return document


def _owns(document: Mapping[str, Json]) -> bool:
    """Tell a flow: both addresses, and counts, and its protocol or ports, by names that only collectors use."""
    if "event_type" in document or "uid" in document or "conn_state" in document:
        return False
    flow = _inside(document)
    meanings = {meaning for key in flow if (meaning := _meaning(key)) is not None}
    ends = {"source.ip", "destination.ip"} <= meanings
    return ends and "packets" in meanings and "bytes" in meanings and bool(meanings & {"protocol", "source.port"})


class _FlowParser:
    """Reads one flow a record."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return a flow's fields; templates and options without addresses are kept as they are. See `Parser`."""
        if not record.raw.strip():
            return None
        document = read_document(record.raw, lambda _: True)
        if not _owns(document) and is_owned(document, _owns):
            document = read_document(record.raw, _owns)
        flow = dict(_inside(document))
        found = _meanings(flow)
        if not found:
            raise MalformedRecordError(
                "JSON, but no field of a flow: addresses, ports, protocol and counts are missing"
            )
        fields: Fields = {
            "event.module": "netflow",
            "event.dataset": "netflow.log",
            "event.kind": "event",
            "event.category": ["network"],
            "event.type": ["connection"],
            "event.action": "netflow_flow",
        }
        _ends(found, fields)
        _counts(found, fields)
        _times(found, document, fields)
        _rest(found, fields)
        spread("netflow.", flow, fields)
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; see `Parser`."""
        return finish(fields)


def _meanings(flow: Document) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in flow.items():
        if value is None or value == "" or isinstance(value, dict | list):
            continue
        meaning = _meaning(key)
        if meaning is not None:
            found.setdefault(meaning, value)
    return found


def _ends(found: Mapping[str, Json], fields: Fields) -> None:
    for name in ("source.ip", "destination.ip", "source.nat.ip", "destination.nat.ip"):
        if known_ip(address := text(found.get(name))):
            fields[name] = address
    for name in _LONGS:
        if (port := number(found.get(name))) is not None and 0 <= port < 65536:
            fields[name] = port
    for name in ("source.mac", "destination.mac"):
        if (mac := mac_of(text(found.get(name)))) and mac != "00-00-00-00-00-00":
            fields[name] = mac
    for name in ("source.as.number", "destination.as.number"):
        if (system := number(found.get(name))) and 0 < system < 2**32:
            fields[name] = system
    if known_ip(exporter := text(found.get("observer.ip")).rpartition(":")[0] or text(found.get("observer.ip"))):
        fields["observer.ip"] = [exporter]
    fields.update(transport_fields(text(found.get("protocol"))))


def _counts(found: Mapping[str, Json], fields: Fields) -> None:
    """Read counts: of one direction they are the whole flow's; with those of the way back, each side has its own."""
    for unit in ("bytes", "packets"):
        there, back = _count(found.get(unit)), _count(found.get(f"back.{unit}"))
        if there is None:
            continue
        fields[f"network.{unit}"] = there + (back or 0)
        if back is not None:
            fields[f"source.{unit}"], fields[f"destination.{unit}"] = there, back


def _count(value: Json) -> int | None:
    found = (
        number(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else number(value)
    )
    return found if found is not None and 0 <= found < 2**62 else None


def _times(found: Mapping[str, Json], document: Mapping[str, Json], fields: Fields) -> None:
    start, end = to_instant(found.get("start")), to_instant(found.get("end"))
    if start is not None:
        fields["event.start"] = start
    if end is not None:
        fields["event.end"] = end
    received = (
        to_instant(found.get("received"))
        or to_instant(document.get("@timestamp"))
        or to_instant(document.get("timestamp"))
    )
    if (moment := received or end or start) is not None:
        fields["@timestamp"] = moment
    first, last, took = number(found.get("first")), number(found.get("last")), number(found.get("duration.ms"))
    if start is not None and end is not None and end >= start:
        fields["event.duration"] = (end - start) // timedelta(microseconds=1) * 1000
    elif first is not None and last is not None and 0 <= last - first < 2**32:
        fields["event.duration"] = (last - first) * 1_000_000
    elif took is not None and 0 <= took < 2**40:
        fields["event.duration"] = took * 1_000_000


def _rest(found: Mapping[str, Json], fields: Fields) -> None:
    for side in ("ingress", "egress"):
        if (index := text(found.get(side))) and index != "0":
            fields[f"observer.{side}.interface.id"] = index
    if (vlan := text(found.get("vlan"))) and vlan != "0":
        fields["network.vlan.id"] = vlan
    event = _FIREWALL.get(number(found.get("action")) or 0)
    if event is not None:
        fields["event.action"], fields["event.type"] = event[0], ["connection", event[1]]


class _NetflowSource:
    """Flow records as JSON; see the module's docstring."""

    name = "netflow"
    aliases: tuple[str, ...] = ("ipfix", "nfdump", "pmacct", "goflow2", "netflow.log")
    title = "NetFlow and IPFIX flow records as JSON (nfdump, pmacct, goflow2, nProbe, Logstash, Elastic)"
    datasets = ("netflow.log",)

    def recognise(self, head: bytes, filename: str) -> int:  # noqa: ARG002 - the bytes decide
        """Tell by the fields of the first record. See `Source`."""
        document = first_document(head)
        return 90 if document is not None and is_owned(document, _owns) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into objects."""
        return json_objects(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return _FlowParser(options)


SOURCE: Final[Source] = _NetflowSource()
