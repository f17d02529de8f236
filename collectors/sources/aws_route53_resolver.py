"""AWS Route 53 Resolver: DNS questions of a VPC, and what the resolver's firewall made of them; one object a record.

Format: Amazon Route 53 developer guide, "Values that appear in VPC Resolver query logs". Field names: Elastic's
`aws.route53_resolver_logs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, objects, put_text, text
from collectors.dns.question import answer, ask
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.source import Options
from engine.events import Fields

_ANSWERED = frozenset({"NOERROR", "NXDOMAIN"})
_RECORDS = 128


def _owns(document: Mapping[str, Json]) -> bool:
    return {"query_name", "query_timestamp"} <= document.keys()


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one question with its answers."""
    moment = to_instant(document.get("query_timestamp"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    fields["event.category"] = ("network",)
    fields["network.protocol"], fields["cloud.provider"] = "dns", "aws"
    put_text("cloud.account.id", document.get("account_id"), fields)
    put_text("cloud.region", document.get("region"), fields)
    put_text("cloud.instance.id", inner(document, "srcids").get("instance"), fields)
    put_end(fields, "source", document.get("srcaddr"), document.get("srcport"))
    fields.update(transport_fields(text(document.get("transport"))))
    ask(fields, text(document.get("query_name")), text(document.get("query_type")), text(document.get("query_class")))
    code = text(document.get("rcode"))
    put_text("dns.response_code", code, fields)
    if code:
        fields["event.outcome"] = "success" if code in _ANSWERED else "failure"
    for record in list(objects(document.get("answers")))[:_RECORDS]:
        answer(
            fields,
            name="",
            record_type=text(record.get("Type")),
            data=text(record.get("Rdata")),
            kind=text(record.get("Class")),
        )
    verdict = text(document.get("firewall_rule_action")).upper()
    fields["event.type"] = ("protocol", "denied") if verdict == "BLOCK" else ("protocol",)
    put_text("rule.id", document.get("firewall_rule_group_id"), fields)
    put_text("event.action", verdict.lower(), fields)
    spread("aws.route53_resolver_logs.", document, fields)


SOURCE: Final = JsonSource(
    name="aws_route53_resolver",
    aliases=("route53_resolver", "aws_route53_resolver_logs", "aws.route53_resolver_logs"),
    title="AWS Route 53 Resolver query logs",
    dataset="aws.route53_resolver_logs",
    owns=_owns,
    marks=((b'"query_timestamp"', b'"query_name"', b'"srcaddr"'),),
    read=read,
    finish=finish,
)
