"""AWS S3 server access logs: who asked which bucket for what.

Format: Amazon S3 user guide, "Amazon S3 server access log format": words with blanks between, `-` for nothing, the
stamp in brackets, the request, the referrer and the agent in quotes. Field names: Elastic's `aws.s3access`.
"""

from __future__ import annotations

import re

from collectors.cloud.ends import put_count, put_end
from collectors.cloud.values import put_text
from collectors.network.tls import put_tls
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.web.request import read_request
from collectors.web.stamps import clf_instant
from engine.errors import MalformedRecordError
from engine.events import Fields

_QUOTED = r'(?:"(?P<{}>[^"\\]*+(?:\\.[^"\\]*+)*+)"|-)'
_RECORD = re.compile(
    rf"""(?P<owner>[0-9a-f]{{64}}|-)\ (?P<bucket>[A-Za-z0-9._\-]{{3,255}})
    \ \[(?P<stamp>\d\d/[A-Z][a-z]{{2}}/\d{{4}}:\d\d:\d\d:\d\d\ [+\-]\d{{4}})\]
    \ (?P<client>\S{{1,45}})\ (?P<requester>\S{{1,2048}}+)\ (?P<id>[0-9A-Z]{{8,32}}|-)
    \ (?P<operation>[A-Z0-9_.]{{3,80}})\ (?P<key>\S++)\ {_QUOTED.format("request")}
    \ (?P<status>\d{{3}}|-)\ (?P<error>\w++|-)\ (?P<sent>\d{{1,18}}|-)
    \ (?P<size>\d{{1,18}}|-)\ (?P<total>\d{{1,9}}|-)\ (?P<turn>\d{{1,9}}|-)(?P<rest>\ .*)?""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_REST = re.compile(
    rf"""\ {_QUOTED.format("referrer")}\ {_QUOTED.format("agent")}\ (?P<version>\S++)(?:\ (?P<host_id>\S++)
    \ (?P<signature>\S++)\ (?P<cipher>\S++)\ (?P<auth>\S++)\ (?P<host>\S++)\ (?P<tls>\S++).*)?""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_KINDS = (("DELETE", "deletion"), ("PUT", "change"), ("POST", "change"), ("COPY", "change"), ("WRITE", "change"))
_P = "aws.s3access."


def _own(line: str) -> bool:
    return _RECORD.match(line) is not None


def _read(line: str, options: Options) -> Fields:
    found = _RECORD.match(line)
    if found is None:
        raise MalformedRecordError("no S3 server access record: owner, bucket, [stamp], address and operation")
    fields: Fields = {"event.dataset": "aws.s3access", "event.module": "aws", "event.kind": "event"}
    fields["@timestamp"] = clf_instant(found["stamp"], options.zone)
    fields["event.category"], fields["cloud.provider"] = ["web"], "aws"
    operation = found["operation"]
    fields["event.action"] = operation
    changes = [kind for verb, kind in _KINDS if f".{verb}." in operation]
    fields["event.type"] = ["access", *changes[:1]]
    for side in ("source", "client"):
        put_end(fields, side, found["client"])
    _put(fields, "client.user.id", found["requester"])
    if found["request"]:
        read_request(found["request"], fields)
    _read_answer(found, fields)
    for name in ("bucket", "key", "owner", "requester"):
        _put(fields, _P + name, found[name])
    _put(fields, _P + "request_id", found["id"])
    _put(fields, _P + "object_size", found["size"])
    _read_rest(found["rest"] or "", fields)
    if options.host:
        fields["host.name"] = options.host
    return fields


def _put(fields: Fields, name: str, word: str | None) -> None:
    if word and word != "-":
        fields[name] = word


def _read_answer(found: re.Match[str], fields: Fields) -> None:
    put_count(fields, "http.response.status_code", found["status"])
    put_count(fields, "http.response.body.bytes", found["sent"])
    _put(fields, "error.code", found["error"])
    status = fields.get("http.response.status_code")
    failed = "error.code" in fields or (isinstance(status, int) and status >= 400)
    fields["event.outcome"] = "failure" if failed else "success"
    if status == 403:
        kinds = fields["event.type"]
        fields["event.type"] = [*(kinds if isinstance(kinds, list) else []), "denied"]
    if found["total"] != "-":
        fields["event.duration"] = int(found["total"]) * 1_000_000


def _read_rest(rest: str, fields: Fields) -> None:
    found = _REST.fullmatch(rest)
    if found is None:
        return
    _put(fields, "http.request.referrer", found["referrer"])
    _put(fields, "user_agent.original", found["agent"])
    _put(fields, "tls.cipher", found["cipher"])
    put_tls(found["tls"] or "", fields)
    for name in ("version", "signature", "auth", "host"):
        put_text(_P + name, "" if found[name] == "-" else found[name], fields)


SOURCE = LineSource(
    name="aws_s3access",
    aliases=("s3access", "aws.s3access"),
    title="AWS S3 server access logs",
    datasets=("aws.s3access",),
    own=_own,
    read=_read,
    weight=97,
)
