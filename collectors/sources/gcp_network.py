"""Google Cloud network logs: VPC flows, firewall rules, Cloud DNS queries and HTTP(S) load balancing with Cloud Armor.

Format: Google Cloud documentation, "VPC Flow Logs record format", "Firewall Rules Logging format", "Cloud DNS logging"
and "HTTP(S) Load Balancing logging" (`LogEntry` objects whose `jsonPayload` tells which they are). Field names:
Elastic's `gcp.vpcflow`, `gcp.firewall`, `gcp.dns` and `gcp.loadbalancing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end, put_span, verdict_of
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, number, put_text, text
from collectors.dns.question import answer, ask, is_class
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.source import Options
from collectors.web.address import endpoint
from collectors.web.request import read_target
from engine.events import Fields

_Reader = Callable[[Document, Fields], None]

_DIRECTIONS = {"INGRESS": "inbound", "EGRESS": "outbound"}
_RECORDS = 128  # of one answer


def _kind(document: Mapping[str, Json]) -> str:
    """Return which of the logs an entry is of, by the fields of its payload; an empty text where of none."""
    payload = document.get("jsonPayload")
    if not isinstance(payload, dict) or "logName" not in document:
        return ""
    if isinstance(payload.get("connection"), dict):
        return "firewall" if "rule_details" in payload or "disposition" in payload else "vpcflow"
    if "queryName" in payload:
        return "dns"
    kind = text(payload.get("@type"))
    if "httpRequest" in document and ("LoadBalancerLogEntry" in kind or "enforcedSecurityPolicy" in payload):
        return "loadbalancing"
    return ""


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one entry of any of the logs."""
    moment = to_instant(document.get("timestamp"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    kind = _kind(document)
    labels = inner(document, "resource", "labels")
    fields["event.dataset"] = f"gcp.{kind}"
    fields["cloud.provider"] = "gcp"
    put_text("log.level", document.get("severity"), fields)
    put_text("cloud.project.id", labels.get("project_id"), fields)
    payload = inner(document, "jsonPayload")
    _READERS[kind](document if kind == "loadbalancing" else payload, fields)
    put_text("cloud.region", labels.get("region") or labels.get("zone") or labels.get("location"), fields)
    spread(f"gcp.{kind}.", payload, fields, snaked=True)
    put_text("gcp.log_name", document.get("logName"), fields)


def _read_connection(payload: Document, fields: Fields) -> None:
    connection = inner(payload, "connection")
    put_end(fields, "source", connection.get("src_ip"), connection.get("src_port"))
    put_end(fields, "destination", connection.get("dest_ip"), connection.get("dest_port"))
    fields.update(transport_fields(text(connection.get("protocol"))))
    fields["event.category"] = ("network",)


def _put_place(instance: Document, fields: Fields) -> None:
    put_text("cloud.region", instance.get("region"), fields)
    put_text("cloud.availability_zone", instance.get("zone"), fields)


def _read_flow(payload: Document, fields: Fields) -> None:
    _read_connection(payload, fields)
    fields["event.type"] = ("connection", "info")
    put_count(fields, "source.bytes", payload.get("bytes_sent"))
    put_count(fields, "source.packets", payload.get("packets_sent"))
    put_span(fields, payload.get("start_time"), payload.get("end_time"))
    source, destination = inner(payload, "src_instance"), inner(payload, "dest_instance")
    put_text("source.domain", source.get("vm_name"), fields)
    put_text("destination.domain", destination.get("vm_name"), fields)
    reporter = destination if text(payload.get("reporter")).startswith("DEST") else source
    _put_place(reporter, fields)
    network = inner(payload, "dest_vpc") if reporter is destination else inner(payload, "src_vpc")
    put_text("network.name", network.get("vpc_name"), fields)
    if source and destination:
        fields["network.direction"] = "internal"
    elif source or destination:
        fields["network.direction"] = "outbound" if source else "inbound"
    cluster = inner(payload, "dest_gke_details", "cluster") or inner(payload, "src_gke_details", "cluster")
    if text(cluster.get("cluster_name")):
        fields["orchestrator.type"] = "kubernetes"
        put_text("orchestrator.cluster.name", cluster.get("cluster_name"), fields)


def _read_firewall(payload: Document, fields: Fields) -> None:
    _read_connection(payload, fields)
    rule, instance = inner(payload, "rule_details"), inner(payload, "instance")
    verdict = verdict_of(payload.get("disposition") or rule.get("action"))
    fields["event.type"] = ("connection", *((verdict,) if verdict else ()))
    fields["event.action"] = "firewall-rule"
    put_text("rule.name", rule.get("reference"), fields)
    direction = _DIRECTIONS.get(text(rule.get("direction")), "")
    put_text("network.direction", direction, fields)
    put_text("network.name", inner(payload, "vpc").get("vpc_name"), fields)
    _put_place(instance, fields)
    own, other = ("destination", "source") if direction == "inbound" else ("source", "destination")
    put_text(f"{own}.domain", instance.get("vm_name"), fields)
    put_text(f"{other}.domain", inner(payload, "remote_instance").get("vm_name"), fields)


def _read_dns(payload: Document, fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("network",), ("protocol", "info")
    fields["network.protocol"] = "dns"
    fields.update(transport_fields(text(payload.get("protocol"))))
    put_end(fields, "source", payload.get("sourceIP"))
    put_end(fields, "destination", payload.get("destinationIP"))
    ask(fields, text(payload.get("queryName")), text(payload.get("queryType")))
    code = text(payload.get("responseCode"))
    put_text("dns.response_code", code, fields)
    if code:
        fields["event.outcome"] = "success" if code in {"NOERROR", "NXDOMAIN"} else "failure"
    put_text("cloud.availability_zone", payload.get("vmZoneName"), fields)
    records = payload.get("rdata")
    lines = records.split("\n")[:_RECORDS] if isinstance(records, str) else []
    for line in lines:
        _read_record(line.split(), fields)
    if any(line for line in lines):
        fields["dns.type"] = "answer"


def _read_record(words: list[str], fields: Fields) -> None:
    """Read `elastic.co. 300 IN a 127.0.0.1`."""
    if len(words) < 5 or not is_class(words[2].upper()):
        return
    name, ttl, record_class, record_type, *data = words
    answer(
        fields,
        name=name,
        record_type=record_type.upper(),
        data=" ".join(data),
        ttl=number(ttl),
        kind=record_class.upper(),
    )


def _read_balanced(document: Document, fields: Fields) -> None:
    """Read a request to a load balancer, and what Cloud Armor made of it."""
    request, payload = inner(document, "httpRequest"), inner(document, "jsonPayload")
    for key, side in (("remoteIp", "source"), ("serverIp", "destination")):
        end = endpoint(text(request.get(key)))
        put_end(fields, side, end.ip, end.port)
    put_text("http.request.method", request.get("requestMethod"), fields)
    put_text("http.request.referrer", request.get("referer"), fields)
    put_text("user_agent.original", request.get("userAgent"), fields)
    put_count(fields, "http.response.status_code", request.get("status"))
    put_count(fields, "http.request.bytes", request.get("requestSize"))
    put_count(fields, "http.response.bytes", request.get("responseSize"))
    name, _, version = text(request.get("protocol")).partition("/")
    put_text("http.version", version, fields)
    put_text("network.protocol", name.lower() or "http", fields)
    if url := text(request.get("requestUrl")):
        read_target(url, fields)
        fields["url.full"] = url
        fields.setdefault("url.port", 443 if fields.get("url.scheme") == "https" else 80)
    policy = inner(payload, "enforcedSecurityPolicy")
    verdict = verdict_of(policy.get("outcome"))
    put_text("event.action", policy.get("configuredAction"), fields)
    put_text("rule.name", policy.get("name"), fields)
    put_text("event.reason", payload.get("statusDetails") or payload.get("proxyStatus"), fields)
    fields["event.category"] = ("network", "web")
    fields["event.type"] = ("access", "denied") if verdict == "denied" else ("access", "info")
    status = fields.get("http.response.status_code")
    if isinstance(status, int):
        fields["event.outcome"] = "failure" if status >= 400 else "success"


_READERS: Final[Mapping[str, _Reader]] = {
    "vpcflow": _read_flow,
    "firewall": _read_firewall,
    "dns": _read_dns,
    "loadbalancing": _read_balanced,
}


SOURCE: Final = JsonSource(
    name="gcp_network",
    aliases=("gcp_vpcflow", "gcp_firewall", "gcp_dns", "gcp_lb", "gcp_loadbalancing_logs"),
    title="Google Cloud network logs: VPC flows, firewall rules, DNS queries, load balancing",
    dataset="gcp.vpcflow",
    owns=_owns,
    marks=(
        (b'"jsonPayload"', b'"connection"', b'"src_ip"', b'"logName"'),
        (b'"jsonPayload"', b'"queryName"', b'"logName"'),
        (b'"jsonPayload"', b"LoadBalancerLogEntry", b'"httpRequest"'),
    ),
    read=read,
    finish=finish,
)
