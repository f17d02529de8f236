"""AWS Security Hub findings in the AWS Security Finding Format (ASFF): one object a record, or EventBridge's list.

Format: AWS Security Hub user guide, "Required top-level ASFF attributes" and "Optional top-level ASFF attributes"; the
questions over findings that it calls insights (API reference, "Insight"). Field names: Elastic's
`aws.securityhub_findings` and `aws.securityhub_insights`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import snake, spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, number, objects, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.network.values import mac_of
from collectors.source import Options
from collectors.web.request import read_target
from engine.events import Fields

_DIRECTIONS = {"IN": "inbound", "OUT": "outbound"}
_CATEGORIES = (  # how a type of the finding begins -> categories
    ("Software and Configuration Checks/Vulnerabilities", ("vulnerability",)),
    ("Software and Configuration Checks", ("configuration",)),
    ("Sensitive Data Identifications", ("file",)),
)

_INSIGHT: Final = {"InsightArn", "GroupByAttribute", "Filters"}


def _owns(document: Mapping[str, Json]) -> bool:
    return (
        {"AwsAccountId", "ProductArn", "SchemaVersion"} <= document.keys()
        or {
            "AwsAccountId",
            "GeneratorId",
            "Types",
        }
        <= document.keys()
        or document.keys() >= _INSIGHT
    )


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one finding, or one insight: that has no instant, and is a question rather than an answer."""
    if document.keys() >= _INSIGHT:
        fields["event.dataset"], fields["event.category"], fields["event.type"] = (
            "aws.securityhub_insights",
            (),
            ("info",),
        )
        fields["cloud.provider"] = "aws"
        put_text("rule.name", document.get("Name"), fields)
        spread("aws.securityhub_insights.", document, fields, snaked=True)
        return
    for name in ("UpdatedAt", "CreatedAt"):  # the latter counts
        if (moment := to_instant(document.get(name), options.zone)) is not None:
            fields["@timestamp"] = moment
    fields["event.kind"] = "alert"
    kinds = document.get("Types")
    first_kind = next((item for item in kinds if isinstance(item, str)), "") if isinstance(kinds, list) else ""
    found = next((names for start, names in _CATEGORIES if first_kind.startswith(start)), ("intrusion_detection",))
    fields["event.category"], fields["event.type"] = found, ("info",)
    fields["cloud.provider"] = "aws"
    put_text("cloud.account.id", document.get("AwsAccountId"), fields)
    put_text("cloud.region", document.get("Region"), fields)
    put_text("organization.name", document.get("CompanyName"), fields)
    put_text("event.action", snake(text(inner(document, "Action").get("ActionType"))), fields)
    put_text("rule.name", document.get("Title"), fields)
    put_text("rule.id", document.get("GeneratorId"), fields)
    put_text("rule.description", document.get("Description"), fields)
    _read_severity(inner(document, "Severity"), fields)
    _read_network(inner(document, "Network"), fields)
    _read_process(inner(document, "Process"), options, fields)
    for malware in objects(document.get("Malware")):
        put_text("file.path", malware.get("Path"), fields)
    for weakness in objects(document.get("Vulnerabilities")):
        put_text("vulnerability.id", weakness.get("Id"), fields)
    for indicator in objects(document.get("ThreatIntelIndicators")):
        put_text("threat.indicator.type", indicator.get("Type"), fields)
        if (url := text(indicator.get("SourceUrl"))) and "url.original" not in fields:
            read_target(url, fields)
            fields["url.full"] = url
    spread("aws.securityhub_findings.", document, fields, snaked=True)


def _read_severity(severity: Document, fields: Fields) -> None:
    put_text("log.level", severity.get("Label"), fields)
    found = number(severity.get("Normalized"))
    if found is not None:
        fields["event.severity"] = found


def _read_network(network: Document, fields: Fields) -> None:
    for side, key in (("source", "Source"), ("destination", "Destination")):
        put_end(fields, side, network.get(f"{key}IpV6"), network.get(f"{key}Port"))
        put_end(fields, side, network.get(f"{key}IpV4"))
        put_text(f"{side}.domain", network.get(f"{key}Domain"), fields)
    if mac := mac_of(text(network.get("SourceMac"))):
        fields["source.mac"] = mac
    put_text("network.direction", _DIRECTIONS.get(text(network.get("Direction")), ""), fields)
    protocol = text(network.get("Protocol"))
    fields.update(transport_fields(protocol))
    put_text("network.protocol", protocol.lower(), fields)


def _read_process(process: Document, options: Options, fields: Fields) -> None:
    put_text("process.name", process.get("Name"), fields)
    put_text("process.executable", process.get("Path"), fields)
    for key, name in (("Pid", "process.pid"), ("ParentPid", "process.parent.pid")):
        if (pid := number(process.get(key))) is not None:
            fields[name] = pid
    for key, name in (("LaunchedAt", "process.start"), ("TerminatedAt", "process.end")):
        if (moment := to_instant(process.get(key), options.zone)) is not None:
            fields[name] = moment


SOURCE: Final = JsonSource(
    name="aws_securityhub",
    aliases=("securityhub", "aws_securityhub_findings", "asff"),
    title="AWS Security Hub findings (ASFF)",
    dataset="aws.securityhub_findings",
    owns=_owns,
    marks=((b'"AwsAccountId"', b'"GeneratorId"'), (b'"AwsAccountId"', b'"ProductArn"')),
    read=read,
    finish=finish,
)
