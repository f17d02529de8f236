"""AWS Route 53: DNS questions to the public hosted zones, one line a question.

Format: Amazon Route 53 developer guide, "Public DNS query logging": format's version, stamp, zone, name, type, code,
transport, edge, the resolver's address, and the client's network where the resolver tells it. Field names: Elastic's
`aws.route53_public_logs`.
"""

from __future__ import annotations

import re

from collectors.cloud.ends import put_end
from collectors.dns.question import ask
from collectors.json_fields import to_instant
from collectors.network.protocols import transport_fields
from collectors.sensors.addresses import known_ip
from collectors.sensors.line import LineSource
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_QUESTION = re.compile(
    r"""(?:\d{4}-\d\d-\d\dT\S{8,24}\ )?(?P<version>\d\.\d)\ (?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)
    \ (?P<zone>Z[A-Z0-9]{4,40})\ (?P<name>\S{1,1024}+)\ (?P<type>[A-Z][A-Z0-9\-]{0,15}|TYPE\d{1,5})
    \ (?P<code>[A-Z]{5,10})\ (?P<transport>UDP|TCP)\ (?P<edge>[A-Z0-9\-]{3,16})
    \ (?P<client>[0-9A-Fa-f:.]{2,45})\ (?P<network>[0-9A-Fa-f:./]{1,50}|-)\s*""",
    re.VERBOSE | re.ASCII,
)
_ANSWERED = frozenset({"NOERROR", "NXDOMAIN"})
_P = "aws.route53."


def _own(line: str) -> bool:
    return _QUESTION.fullmatch(line) is not None


def _read(line: str, options: Options) -> Fields:
    found = _QUESTION.fullmatch(line)
    if found is None or not known_ip(found["client"]):
        raise MalformedRecordError("no question to Route 53: version, stamp, zone, name, type, code and address")
    fields: Fields = {"event.dataset": "aws.route53_public_logs", "event.module": "aws", "event.kind": "event"}
    if (moment := to_instant(found["stamp"])) is not None:
        fields["@timestamp"] = moment
    fields["event.category"], fields["event.type"] = ["network"], ["protocol"]
    fields["event.outcome"] = "success" if found["code"] in _ANSWERED else "failure"
    fields["cloud.provider"], fields["network.protocol"] = "aws", "dns"
    fields.update(transport_fields(found["transport"]))
    put_end(fields, "source", found["client"])
    ask(fields, found["name"], found["type"])
    fields["dns.response_code"] = found["code"]
    fields[_P + "hosted_zone_id"], fields[_P + "edge_location"] = found["zone"], found["edge"]
    if found["network"] != "-":
        fields[_P + "edns_client_subnet"] = found["network"]
    if options.host:
        fields["host.name"] = options.host
    return fields


SOURCE = LineSource(
    name="aws_route53_public",
    aliases=("aws_route53_public_logs", "aws.route53_public_logs"),
    title="AWS Route 53 questions to public hosted zones",
    datasets=("aws.route53_public_logs",),
    own=_own,
    read=_read,
    weight=97,
)
