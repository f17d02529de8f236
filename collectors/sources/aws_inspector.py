"""Amazon Inspector: weaknesses in packages, code and network paths of instances, images and functions.

Format: Amazon Inspector API, version 2, "Finding", one JSON object a record; instants are epoch seconds, also as text
with an exponent. Field names: Elastic's `aws.inspector.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, objects, put_text, text, texts
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from engine.events import Fields

_STATES: Final = {"ACTIVE": "creation", "CLOSED": "deletion", "SUPPRESSED": "change"}


def _owns(document: Mapping[str, Json]) -> bool:
    return {"findingArn", "awsAccountId", "severity", "type"} <= document.keys() and "resources" in document


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one finding."""
    fields["event.category"] = ("vulnerability",)
    fields["event.type"] = ("info",)
    for key in ("updatedAt", "lastObservedAt", "firstObservedAt"):
        if (moment := to_instant(_seconds(document.get(key)), options.zone)) is not None:
            fields["@timestamp"] = moment
            break
    fields["cloud.provider"] = "aws"
    put_text("cloud.account.id", document.get("awsAccountId"), fields)
    put_text("event.id", document.get("findingArn"), fields)
    put_text("event.reason", document.get("title"), fields)
    put_text("event.action", _STATES.get(text(document.get("status"))), fields)
    put_text("rule.category", document.get("type"), fields)
    _read_weakness(document, fields)
    network = inner(document, "networkReachabilityDetails")
    fields.update(transport_fields(text(network.get("protocol"))))
    for resource in objects(document.get("resources")):
        _read_resource(resource, fields)
    spread("aws.inspector.", document, fields, snaked=True)


def _seconds(value: Json) -> Json:
    """Return a number that is written with an exponent (`1.663703546405E9`) as one."""
    found = text(value)
    if "E" not in found or len(found) > 32:
        return value
    try:
        return float(found)
    except ValueError:
        return value


def _read_weakness(document: Document, fields: Fields) -> None:
    package = inner(document, "packageVulnerabilityDetails")
    put_text("vulnerability.id", package.get("vulnerabilityId"), fields)
    put_text("vulnerability.severity", first(package, ("vendorSeverity",)) or text(document.get("severity")), fields)
    put_text("vulnerability.description", document.get("description"), fields)
    fields["vulnerability.scanner.vendor"] = "Amazon Inspector"
    if found := texts(package.get("referenceUrls")) or texts(package.get("sourceUrl")):
        fields["vulnerability.reference"] = found
    scores = list(objects(package.get("cvss"))) or [inner(document, "inspectorScoreDetails", "adjustedCvss")]
    bases = [base for each in scores if isinstance(base := each.get("baseScore", each.get("score")), int | float)]
    if bases:
        fields["vulnerability.classification"] = "CVSS"
        fields["vulnerability.score.base"] = float(max(bases))
        put_text("vulnerability.score.version", scores[0].get("version"), fields)
    for each in objects(package.get("vulnerablePackages")):
        put_text("package.name", each.get("name"), fields)
        put_text("package.version", each.get("version"), fields)
        put_text("package.architecture", each.get("arch"), fields)
        put_text("package.path", each.get("filePath"), fields)


def _read_resource(resource: Document, fields: Fields) -> None:
    put_text("cloud.region", resource.get("region"), fields)
    machine = inner(resource, "details", "awsEc2Instance")
    if text(resource.get("type")) == "AWS_EC2_INSTANCE":
        put_text("cloud.instance.id", resource.get("id"), fields)
        put_text("host.id", resource.get("id"), fields)
    put_text("cloud.machine.type", machine.get("type"), fields)
    found = [each for key in ("ipV4Addresses", "ipV6Addresses") for each in texts(machine.get(key)) if known_ip(each)]
    if found:
        fields["host.ip"] = found
    image = inner(resource, "details", "awsEcrContainerImage")
    put_text("container.image.name", image.get("repositoryName"), fields)
    if tags := texts(image.get("imageTags")):
        fields["container.image.tag"] = tags


SOURCE: Final = JsonSource(
    name="aws_inspector",
    aliases=("amazon_inspector", "inspector2"),
    title="Amazon Inspector: weaknesses",
    dataset="aws.inspector",
    owns=_owns,
    marks=((b'"findingArn"', b'"awsAccountId"'),),
    read=read,
    finish=finish,
)
