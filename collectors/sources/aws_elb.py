"""AWS load balancers' access logs: application (HTTP), network (TLS) and classic.

Format: Elastic Load Balancing user guides, "Access logs for your Application/Network/Classic Load Balancer". Words
with blanks between, requests and agents in quotes. Field names: Elastic's `aws.elb_logs`. Everything that tells an
address stands before what the client wrote.
"""

from __future__ import annotations

import re

from collectors.cloud.ends import put_count, put_end
from collectors.cloud.values import put_text
from collectors.json_fields import to_instant
from collectors.network.tls import put_tls
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.web.address import endpoint
from collectors.web.request import read_request
from engine.errors import MalformedRecordError
from engine.events import Fields

_STAMP = r"(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?)"
_QUOTED = r'"(?P<{}>[^"\\]*+(?:\\.[^"\\]*+)*+)"'
_REQUEST = re.compile(
    rf"""(?:(?P<kind>https?|h2|grpcs|wss?)\ )?{_STAMP}\ (?P<name>\S{{1,300}}+)\ (?P<client>\S{{1,80}}+)
    \ (?P<target>\S{{1,80}}+)\ (?P<times>(?:-?\d{{1,9}}(?:\.\d{{1,9}})?|-)(?:\ (?:-?\d{{1,9}}(?:\.\d{{1,9}})?|-)){{2}})
    \ (?P<status>\d{{3}}|-)\ (?P<answer>\d{{1,3}}|-)\ (?P<received>\d{{1,18}}|-)\ (?P<sent>\d{{1,18}}|-)
    \ {_QUOTED.format("request")}(?:\ {_QUOTED.format("agent")}\ (?P<cipher>\S++)\ (?P<tls>\S++)(?P<tail>\ .*)?)?""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_CONNECTION = re.compile(
    rf"""tls\ (?P<version>\d\.\d)\ {_STAMP}\ (?P<name>\S++)\ (?P<listener>\S++)\ (?P<client>\S++)\ (?P<target>\S++)
    \ (?P<took>\d{{1,9}}|-)\ (?P<handshake>\d{{1,9}}|-)\ (?P<received>\d{{1,18}}|-)\ (?P<sent>\d{{1,18}}|-)
    \ (?P<alert>\S++)\ (?P<certificate>\S++)\ (?P<serial>\S++)\ (?P<cipher>\S++)\ (?P<tls>\S++)\ (?P<group>\S++)
    \ (?P<domain>\S++)(?P<tail>\ .*)?""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
# Behind an agent: target group, trace, server name, certificate, rule, creation, actions, redirect, error, targets ...
_TAIL = re.compile(
    r' (?P<group>\S++) "(?P<trace>[^"]*+)" "(?P<name>[^"]*+)" "(?P<certificate>[^"]*+)" (?P<rule>\S++)'
    r' (?P<created>\S++) "(?P<actions>[^"]*+)" "(?P<redirect>[^"]*+)" "(?P<error>[^"]*+)".*',
    re.DOTALL | re.ASCII,
)
_P = "aws.elb."


def _own(line: str) -> bool:
    return _REQUEST.match(line) is not None or _CONNECTION.match(line) is not None


def _read(line: str, options: Options) -> Fields:
    fields: Fields = {"event.dataset": "aws.elb_logs", "event.module": "aws", "event.kind": "event"}
    fields["cloud.provider"] = "aws"
    if options.host:
        fields["host.name"] = options.host
    if (found := _REQUEST.match(line)) is not None:
        _read_request(found, fields)
    elif (found := _CONNECTION.match(line)) is not None:
        _read_connection(found, fields)
    else:
        raise MalformedRecordError("no access log record of a load balancer: type, stamp, name, client and target")
    moment = to_instant(found["stamp"], options.zone)
    if moment is not None:
        fields["@timestamp"] = fields["event.end"] = moment
    client, target = endpoint(found["client"]), endpoint(found["target"])
    put_end(fields, "source", client.ip, client.port)
    put_end(fields, "destination", target.ip, target.port)
    put_text(_P + "name", _said(found["name"]), fields)
    put_text("tls.cipher", _said(found["cipher"]), fields)
    put_tls(_dotted(found["tls"] or ""), fields)
    return fields


def _said(word: str | None) -> str:
    return "" if word in {None, "-"} else str(word)


def _dotted(version: str) -> str:
    """Return `TLSv1.2` for what network load balancers write as `tlsv12`."""
    found = re.fullmatch(r"(?i:tlsv)(\d)(\d)", version)
    return f"TLSv{found[1]}.{found[2]}" if found else version


def _read_request(found: re.Match[str], fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ["web"], ["access"]
    request = found["request"].rstrip()
    if request != "- - -":  # what no client finished
        read_request(request, fields)
    status = found["status"] if found["status"] != "-" else found["answer"]
    put_count(fields, "http.response.status_code", status if status != "0" else None)
    code = fields.get("http.response.status_code")
    if isinstance(code, int):
        fields["event.outcome"] = "failure" if code >= 400 else "success"
    put_count(fields, "http.request.body.bytes", found["received"])
    put_count(fields, "http.response.body.bytes", found["sent"])
    put_text("user_agent.original", _said(found["agent"]), fields)
    put_text("network.protocol", "http", fields)
    put_text(_P + "type", found["kind"], fields)
    tail = _TAIL.fullmatch(found["tail"] or "")
    if tail is None:
        return
    put_text("trace.id", _said(tail["trace"]), fields)
    put_text("tls.client.server_name", _said(tail["name"]), fields)
    put_text(_P + "target_group.arn", _said(tail["group"]), fields)
    put_text(_P + "action_executed", _said(tail["actions"]), fields)
    put_text("error.code", _said(tail["error"]), fields)
    if (created := to_instant(tail["created"])) is not None:
        fields["event.start"] = created
    if "waf-failed" in tail["actions"] or tail["actions"].strip() == "waf":
        fields["event.type"] = ["access", "denied"]


def _read_connection(found: re.Match[str], fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ["network"], ["connection"]
    fields["network.transport"], fields["network.protocol"] = "tcp", "tls"
    put_count(fields, "source.bytes", found["received"])
    put_count(fields, "destination.bytes", found["sent"])
    put_text("tls.client.server_name", _said(found["domain"]), fields)
    alert = _said(found["alert"])
    put_text("error.code", alert, fields)
    fields["event.outcome"] = "failure" if alert else "success"
    if found["took"] != "-":
        fields["event.duration"] = int(found["took"]) * 1_000_000


SOURCE = LineSource(
    name="aws_elb",
    aliases=("aws_elb_logs", "aws.elb_logs", "alb"),
    title="AWS load balancers' access logs (application, network, classic)",
    datasets=("aws.elb_logs",),
    own=_own,
    read=_read,
    weight=96,
)
