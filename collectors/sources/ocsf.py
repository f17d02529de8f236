"""Events in the Open Cybersecurity Schema Framework, of whatever product: Amazon Security Lake, and others.

Format: OCSF schema 1.0 to 1.3 (https://schema.ocsf.io), one JSON object an event; its class (`class_uid`) says what
happened, its activity what of it. Each class stands below with its dataset, ECS categories, and the ECS types of its
activities. Field names: Elastic's `ocsf.*`. What is a dash is no value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end, put_span
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, number, objects, put_text, text, texts
from collectors.dns.question import answer, ask
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.network.tls import put_tls
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from collectors.web.address import endpoint
from engine.events import Fields


class _Class(NamedTuple):
    """A class of events: dataset, categories, types whatever the activity, and the type of each activity."""

    name: str
    categories: tuple[str, ...]
    types: tuple[str, ...] = ()
    activities: Mapping[int, str] = {}


_CRUD: Final = {1: "creation", 2: "access", 3: "change", 4: "deletion"}
_SESSION: Final = {1: "start", 2: "end", 3: "end", 4: "end", 5: "denied"}
_FILE: Final = {
    **_CRUD, 5: "change", 6: "change", 7: "change", 8: "access", 9: "access", 10: "change", 11: "change", 14: "access",
}  # fmt: skip
_ACCOUNT: Final = {
    1: "creation", 2: "change", 3: "change", 4: "change", 5: "change", 6: "deletion", 7: "change", 8: "change",
    9: "change", 10: "change", 11: "change", 12: "change",
}  # fmt: skip
_CLASSES: Final[Mapping[int, _Class]] = {
    1001: _Class("file_activity", ("file",), (), _FILE),
    1002: _Class("kernel_extension", ("driver",), (), {1: "start", 2: "end"}),
    1003: _Class("kernel_activity", ("process",), (), {1: "creation", 2: "access", 3: "deletion", 4: "access"}),
    1004: _Class("memory_activity", ("process",), (), {2: "change", 3: "change", 4: "access", 5: "access"}),
    1005: _Class("module_activity", ("library",), (), {1: "start", 2: "end"}),
    1006: _Class("scheduled_job", ("configuration",), (), {1: "creation", 2: "change", 3: "deletion"}),
    1007: _Class("process_activity", ("process",), (), {1: "start", 2: "end", 3: "access", 4: "change", 5: "change"}),
    1008: _Class("event_log", ("configuration",), (), {1: "deletion", 2: "deletion", 5: "end", 6: "start"}),
    1009: _Class("script_activity", ("process",), (), {1: "start"}),
    201001: _Class("registry_key", ("registry",), (), {**_CRUD, 5: "change"}),
    201002: _Class("registry_value", ("registry",), (), {1: "access", 2: "creation", 3: "change", 4: "deletion"}),
    201004: _Class("windows_service", ("configuration",), (), {1: "creation", 3: "start", 4: "end", 8: "deletion"}),
    2001: _Class("security_finding", ("intrusion_detection",)),
    2002: _Class("vulnerability_finding", ("vulnerability",)),
    2003: _Class("compliance_finding", ("vulnerability",)),  # a control that is not met is a weakness
    2004: _Class("detection_finding", ("intrusion_detection",)),
    2005: _Class("incident_finding", ("intrusion_detection",)),
    2006: _Class("data_security_finding", ("intrusion_detection",)),
    3001: _Class("account_change", ("iam",), ("user",), _ACCOUNT),
    3002: _Class("authentication", ("authentication",), (), {1: "start", 2: "end", 3: "start", 4: "start", 5: "start"}),
    3003: _Class("authorize_session", ("iam",), ("admin",), {1: "change", 2: "change"}),
    3004: _Class("entity_management", ("iam",), (), _CRUD),
    3005: _Class("user_access", ("iam",), ("user",), {1: "change", 2: "change"}),
    3006: _Class(
        "group_management",
        ("iam",),
        ("group",),
        {1: "change", 2: "change", 3: "change", 4: "change", 5: "deletion", 6: "creation"},
    ),
    4001: _Class("network_activity", ("network",), ("connection",), _SESSION),
    4002: _Class("http_activity", ("network", "web"), ("access",)),
    4003: _Class("dns_activity", ("network",), ("protocol",)),
    4004: _Class("dhcp_activity", ("network",), ("protocol",)),
    4005: _Class("rdp_activity", ("network",), ("protocol",)),
    4006: _Class("smb_activity", ("network",), ("protocol",)),
    4007: _Class("ssh_activity", ("network",), ("protocol",), _SESSION),
    4008: _Class("ftp_activity", ("network",), ("protocol",)),
    4009: _Class("email_activity", ("email",)),
    4010: _Class("network_file_activity", ("network", "file"), (), _FILE),
    4011: _Class("email_file_activity", ("email",)),
    4012: _Class("email_url_activity", ("email",)),
    4013: _Class("ntp_activity", ("network",), ("protocol",)),
    4014: _Class("tunnel_activity", ("network",), ("connection",), {1: "start", 2: "end", 3: "change"}),
    5001: _Class("device_inventory", ("host",)),
    5002: _Class("configuration_state", ("configuration",)),
    5003: _Class("user_inventory", ("iam",), ("user",)),
    5004: _Class("operating_system_patch", ("package",)),
    6001: _Class("web_resources", ("web",), (), _CRUD),
    6002: _Class("application_lifecycle", ("package",), (), {1: "installation", 2: "deletion", 3: "start", 4: "end"}),
    6003: _Class("api_activity", ("api",), (), _CRUD),
    6004: _Class("web_access", ("web",), ("access",)),
    6005: _Class("datastore_activity", ("database",), (), {**_CRUD, 1: "access", 2: "change", 5: "access"}),
    6006: _Class("file_hosting", ("file",), (), {1: "creation", 2: "access", 3: "change", 4: "deletion", 5: "change"}),
    7002: _Class("file_remediation", ()),
    7003: _Class("process_remediation", ()),
    7004: _Class("network_remediation", ()),
}
_NO_CLASS: Final = _Class("event", ())
_FINDINGS, _OUTCOMES, _OF_IAM = 2, {1: "success", 2: "failure"}, 3
_AUTHENTICATION, _OF_PROCESSES = 3002, 1007
_VERDICTS: Final = {1: "allowed", 2: "denied", 6: "denied"}  # of `disposition_id`; of `action_id` the first two
_DIRECTIONS: Final = {0: "unknown", 1: "inbound", 2: "outbound", 3: "internal"}
_FILE_TYPES: Final = {1: "file", 2: "dir", 7: "symlink"}
_HASHES: Final = {1: "md5", 2: "sha1", 3: "sha256", 4: "sha512", 5: "ssdeep", 6: "tlsh"}
_ENDPOINTS: Final = (("source", "src_endpoint"), ("destination", "dst_endpoint"))
_LONGEST_HASH: Final = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}
_USER: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("id", ("uid",)),
    ("name", ("name",)),
    ("domain", ("domain",)),
    ("full_name", ("full_name",)),
    ("email", ("email_addr",)),
)


def _said(value: Json) -> str:
    found = text(value)
    return "" if found == "-" else found


def _put(name: str, value: Json, fields: Fields) -> None:
    put_text(name, _said(value), fields)


def _put_instant(name: str, holder: Mapping[str, Json], key: str, fields: Fields, options: Options) -> None:
    """Put an instant, which stands as milliseconds or, under `KEY_dt`, as text; 0 is none."""
    value = holder.get(f"{key}_dt") or holder.get(key)
    moment = to_instant(value, options.zone) if value else None
    if moment is not None:
        fields[name] = moment


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read an event of any class."""
    code, category, activity = (number(document.get(name)) for name in ("class_uid", "category_uid", "activity_id"))
    known = _CLASSES.get(code or 0, _NO_CLASS)
    fields["event.dataset"] = f"ocsf.{known.name}"
    fields["event.category"] = _categories(known, document)
    if category == _FINDINGS:
        fields["event.kind"] = "alert"
    if known.categories:
        fields["event.type"] = tuple(dict.fromkeys((*known.types, *_types(known, activity, document))))
    _read_envelope(document, fields, options)
    _read_device(inner(document, "device"), fields)
    _read_people(document, code, category, fields)
    _read_processes(document, code, fields, options)
    _read_file(document, fields, options)
    _read_network(document, fields)
    _read_web(document, fields)
    _read_names(document, fields)
    _read_email(inner(document, "email"), fields)
    _read_registry(document, fields)
    _read_threat(document, fields)
    spread("ocsf.", document, fields)


def _categories(known: _Class, document: Document) -> tuple[str, ...]:
    if known.categories == ("intrusion_detection",):
        if next(objects(document.get("malware")), None) is not None:
            return ("malware",)
        if next(objects(document.get("vulnerabilities")), None) is not None:
            return (*known.categories, "vulnerability")
    return known.categories


def _types(known: _Class, activity: int | None, document: Document) -> list[str]:
    kind = known.activities.get(activity or 0)
    found = [*((kind,) if kind is not None else ()), "info"]  # Sigma's category follows from the first
    action = number(document.get("action_id"))
    verdict = _VERDICTS.get(action) if action in {1, 2} else _VERDICTS.get(number(document.get("disposition_id")) or 0)
    if verdict is not None:
        found.append(verdict)
    return found


def _read_envelope(document: Document, fields: Fields, options: Options) -> None:
    metadata, cloud = inner(document, "metadata"), inner(document, "cloud")
    product = inner(metadata, "product")
    _put_instant("@timestamp", document, "time", fields, options)
    put_span(
        fields,
        document.get("start_time_dt") or document.get("start_time") or None,
        document.get("end_time_dt") or document.get("end_time") or None,
    )
    if (took := number(document.get("duration"))) is not None and took >= 0:
        fields["event.duration"] = took * 1_000_000
    put_text("event.action", _said(document.get("activity_name")).lower(), fields)
    status = number(document.get("status_id"))
    if status == 0:
        fields["event.outcome"] = "unknown"
    elif (outcome := _OUTCOMES.get(status or 0) or _outcome(text(document.get("status")))) is not None:
        fields["event.outcome"] = outcome
    for name, key in (("event.severity", "severity_id"), ("event.risk_score", "risk_score")):
        put_count(fields, name, document.get(key))
    _put("event.provider", metadata.get("log_provider"), fields)
    _put("event.code", metadata.get("event_code"), fields)
    _put("observer.vendor", product.get("vendor_name"), fields)
    _put("observer.product", product.get("name"), fields)
    _put("observer.version", product.get("version"), fields)
    finding = inner(document, "finding_info") or inner(document, "finding")
    _put("event.reason", finding.get("title") or document.get("message"), fields)
    _put("message", document.get("message") or finding.get("desc"), fields)
    _put("event.reference", finding.get("src_url"), fields)
    put_text("cloud.provider", _said(cloud.get("provider")), fields)
    _put("cloud.region", cloud.get("region"), fields)
    _put("cloud.availability_zone", cloud.get("zone"), fields)
    _put("cloud.account.id", inner(cloud, "account").get("uid") or cloud.get("account_uid"), fields)
    _put("cloud.account.name", inner(cloud, "account").get("name"), fields)
    _put("cloud.project.id", cloud.get("project_uid"), fields)
    _put("organization.id", inner(cloud, "org").get("uid"), fields)
    _put("organization.name", inner(cloud, "org").get("name"), fields)


def _outcome(word: str) -> str | None:
    found = word.lower()
    return found if found in {"success", "failure"} else None


def _read_device(device: Document, fields: Fields) -> None:
    _put("host.name", first(device, ("hostname", "name")), fields)
    _put("host.hostname", device.get("hostname"), fields)
    _put("host.id", device.get("uid"), fields)
    _put("host.domain", device.get("domain"), fields)
    _put("host.type", device.get("type"), fields)
    _put("host.mac", device.get("mac"), fields)
    if known_ip(address := text(device.get("ip"))):
        fields["host.ip"] = [address]
    system = inner(device, "os")
    _put("host.os.name", system.get("name"), fields)
    _put("host.os.version", system.get("version"), fields)
    put_text("host.os.type", _said(system.get("type")).lower(), fields)
    put_count(fields, "host.risk.static_score", device.get("risk_score"))
    _put("host.risk.static_level", device.get("risk_level"), fields)


def _read_people(document: Document, code: int | None, category: int | None, fields: Fields) -> None:
    """Read who did it, and to whom: who logs in is `user` itself, in other events of accounts `user` is the target."""
    subject, actor = inner(document, "user"), inner(document, "actor", "user")
    if category == _OF_IAM and code != _AUTHENTICATION and subject:
        _read_user("user.target", subject, fields)
        subject = actor
    _read_user("user", subject or actor, fields)
    group = inner(document, "group")
    _put("group.name", group.get("name"), fields)
    _put("group.id", group.get("uid"), fields)


def _read_user(prefix: str, user: Mapping[str, Json], fields: Fields) -> None:
    for name, keys in _USER:
        _put(f"{prefix}.{name}", first(user, keys), fields)


def _read_processes(document: Document, code: int | None, fields: Fields, options: Options) -> None:
    """Read the process that it is about, else the one that did it; who launched a process is its parent."""
    actor = inner(document, "actor", "process")
    subject = inner(document, "process")
    process = subject or actor
    _read_process("process", process, fields, options)
    put_count(fields, "process.exit_code", document.get("exit_code"))
    parent = inner(process, "parent_process")
    if not parent and subject and code == _OF_PROCESSES and actor.get("pid") != subject.get("pid"):
        parent = actor
    _read_process("process.parent", parent, fields, options)


def _read_process(prefix: str, process: Mapping[str, Json], fields: Fields, options: Options) -> None:
    file = inner(process, "file")
    _put(f"{prefix}.executable", file.get("path"), fields)
    _put(f"{prefix}.name", first(process, ("name",)) or text(file.get("name")), fields)
    _put(f"{prefix}.command_line", process.get("cmd_line"), fields)
    _put(f"{prefix}.entity_id", process.get("uid"), fields)
    _put(f"{prefix}.working_directory", process.get("working_directory"), fields)
    put_count(fields, f"{prefix}.pid", process.get("pid"))
    put_count(fields, f"{prefix}.thread.id", process.get("tid"))
    _put_instant(f"{prefix}.start", process, "created_time", fields, options)
    _put_instant(f"{prefix}.end", process, "terminated_time", fields, options)
    _put(f"{prefix}.user.id", inner(process, "user").get("uid"), fields)
    _put(f"{prefix}.user.name", inner(process, "user").get("name"), fields)
    _put_hashes(f"{prefix}.hash", file, fields)


def _read_file(document: Document, fields: Fields, options: Options) -> None:
    """Read the file that it is about, which for a driver, a module or a process is the one that it was loaded from."""
    holders = (inner(document, "file"), inner(document, "driver", "file"), inner(document, "module", "file"))
    programs = (inner(document, "process", "file"), inner(document, "actor", "process", "file"))
    file = next((found for found in (*holders, *programs) if found), None)
    if file is None:
        return
    _put("file.path", file.get("path"), fields)
    _put("file.name", file.get("name"), fields)
    _put("file.directory", file.get("parent_folder"), fields)
    _put("file.inode", file.get("uid"), fields)
    _put("file.mime_type", file.get("mime_type"), fields)
    _put("file.owner", inner(file, "owner").get("name"), fields)
    _put("file.uid", inner(file, "owner").get("uid"), fields)
    put_text("file.type", _FILE_TYPES.get(number(file.get("type_id")) or 0), fields)
    put_count(fields, "file.size", file.get("size"))
    for name, key in (("accessed", "accessed_time"), ("mtime", "modified_time"), ("created", "created_time")):
        _put_instant(f"file.{name}", file, key, fields, options)
    _put_hashes("file.hash", file, fields)
    certificate = inner(file, "signature", "certificate")
    _put("file.x509.issuer.distinguished_name", certificate.get("issuer"), fields)
    _put("file.x509.subject.distinguished_name", certificate.get("subject"), fields)
    _put("file.x509.serial_number", certificate.get("serial_number"), fields)
    _put("file.x509.version_number", certificate.get("version"), fields)
    _put_instant("file.x509.not_after", certificate, "expiration_time", fields, options)
    _put_instant("file.x509.not_before", certificate, "created_time", fields, options)


def _put_hashes(prefix: str, file: Mapping[str, Json], fields: Fields) -> None:
    for each in objects(file.get("hashes") or file.get("fingerprints")):
        name = _HASHES.get(number(each.get("algorithm_id")) or 0)
        value = text(each.get("value"))
        if name is not None and len(value) == _LONGEST_HASH.get(name, len(value)):
            put_text(f"{prefix}.{name}", value, fields)


def _read_network(document: Document, fields: Fields) -> None:
    for side, key in _ENDPOINTS:
        end = inner(document, key)
        put_end(fields, side, end.get("ip"), end.get("port"))
        _put(f"{side}.mac", end.get("mac"), fields)
        name = endpoint(_said(first(end, ("hostname", "domain")))).domain
        put_text(f"{side}.domain", name, fields)
        place = inner(end, "location")
        _put(f"{side}.geo.city_name", place.get("city"), fields)
        put_text(f"{side}.geo.country_iso_code", _country(_said(place.get("country"))), fields)
        put_count(fields, f"{side}.as.number", inner(end, "autonomous_system").get("number"))
        _put(f"{side}.as.organization.name", inner(end, "autonomous_system").get("name"), fields)
    for key in ("dst_endpoint", "src_endpoint"):
        _put("network.application", inner(document, key).get("svc_name"), fields)
    traffic = inner(document, "traffic")
    for unit in ("bytes", "packets"):
        put_count(fields, f"source.{unit}", traffic.get(f"{unit}_out"))
        put_count(fields, f"destination.{unit}", traffic.get(f"{unit}_in"))
    connection = inner(document, "connection_info")
    fields.update(transport_fields(_said(first(connection, ("protocol_name", "protocol_num")))))
    direction = number(connection.get("direction_id"))
    put_text("network.direction", _DIRECTIONS.get(-1 if direction is None else direction), fields)
    _put("network.protocol", document.get("app_name") or connection.get("app_name"), fields)
    tls = inner(document, "tls")
    put_tls(_said(tls.get("version")), fields)
    _put("tls.cipher", tls.get("cipher"), fields)
    put_text("tls.client.server_name", endpoint(_said(tls.get("sni"))).domain, fields)
    _put("tls.client.ja3", inner(tls, "ja3_hash").get("value"), fields)
    _put("tls.server.ja3s", inner(tls, "ja3s_hash").get("value"), fields)
    _put("rule.id", inner(document, "firewall_rule").get("uid"), fields)
    _put("rule.name", inner(document, "firewall_rule").get("name"), fields)


def _country(word: str) -> str:
    return word.upper() if len(word) == 2 and word.isalpha() else ""


def _read_web(document: Document, fields: Fields) -> None:
    request, response = inner(document, "http_request"), inner(document, "http_response")
    _put("http.request.method", request.get("http_method"), fields)
    _put("http.request.id", request.get("uid"), fields)
    _put("http.request.referrer", request.get("referrer"), fields)
    put_text("http.version", _said(request.get("version")).removeprefix("HTTP/"), fields)
    put_count(fields, "http.request.bytes", request.get("length"))
    _put("user_agent.original", request.get("user_agent"), fields)
    status = number(response.get("code"))
    if status is not None and 100 <= status <= 599:
        fields["http.response.status_code"] = status
    put_count(fields, "http.response.bytes", response.get("length"))
    _put("http.response.mime_type", response.get("content_type"), fields)
    forwarded = request.get("x_forwarded_for")
    found = [found for each in forwarded if known_ip(found := text(each))] if isinstance(forwarded, list) else []
    if found:
        fields["network.forwarded_ip"] = found
    url = inner(request, "url") or inner(document, "url")
    _put("url.original", first(url, ("url_string", "text")), fields)
    put_text("url.domain", endpoint(_said(url.get("hostname"))).domain, fields)
    for name, key in (("path", "path"), ("query", "query_string"), ("scheme", "scheme"), ("subdomain", "subdomain")):
        _put(f"url.{name}", url.get(key), fields)
    put_count(fields, "url.port", url.get("port"))


def _read_names(document: Document, fields: Fields) -> None:
    """Read a question of the domain name system and its answers."""
    question = inner(document, "query")
    ask(fields, _said(question.get("hostname")), _said(question.get("type")), _said(question.get("class")))
    put_text("dns.response_code", _said(document.get("rcode")).upper(), fields)
    for each in objects(document.get("answers")):
        answer(
            fields,
            name="",
            record_type=_said(each.get("type")),
            data=_said(each.get("rdata")),
            ttl=number(each.get("ttl")),
            kind=_said(each.get("class")),
        )


def _read_email(email: Document, fields: Fields) -> None:
    for name, key in (("from", "from"), ("to", "to"), ("cc", "cc"), ("reply_to", "reply_to")):
        if found := texts(email.get(key)):
            fields[f"email.{name}.address"] = found
    _put("email.subject", email.get("subject"), fields)
    _put("email.message_id", email.get("message_uid"), fields)


def _read_registry(document: Document, fields: Fields) -> None:
    key, value = inner(document, "reg_key"), inner(document, "reg_value")
    _put("registry.path", first(key, ("path",)) or text(value.get("path")), fields)
    _put("registry.value", value.get("name"), fields)
    _put("registry.data.type", value.get("type"), fields)
    if found := _said(value.get("data")):
        fields["registry.data.strings"] = [found]


def _read_threat(document: Document, fields: Fields) -> None:
    """Read techniques of ATT&CK and vulnerabilities."""
    finding = inner(document, "finding_info") or inner(document, "finding")
    attacks = [*objects(document.get("attacks")), *objects(finding.get("attacks"))]
    for kind in ("technique", "tactic"):
        for name, key in (("id", "uid"), ("name", "name")):
            every = [each for attack in attacks for each in (inner(attack, kind), *objects(attack.get(f"{kind}s")))]
            _put_all(f"threat.{kind}.{name}", [_said(each.get(key)) for each in every], fields)
    weak = list(objects(document.get("vulnerabilities")))
    _put_all("vulnerability.id", [_said(inner(each, "cve").get("uid")) for each in weak], fields)
    _put_all("vulnerability.severity", [_said(each.get("severity")) for each in weak], fields)


def _put_all(name: str, values: Sequence[str], fields: Fields) -> None:
    if found := [value for value in dict.fromkeys(values) if value]:
        fields[name] = found


def _owns(document: Mapping[str, Json]) -> bool:
    return (
        isinstance(document.get("metadata"), dict)
        and "time" in document
        and number(document.get("class_uid")) is not None
        and number(document.get("category_uid")) is not None
    )


SOURCE: Final = JsonSource(
    name="ocsf",
    aliases=("amazon_security_lake", "security_lake", "ocsf_json"),
    title="OCSF events of any product (Amazon Security Lake)",
    dataset="ocsf.event",
    owns=_owns,
    marks=((b'"class_uid"', b'"category_uid"', b'"metadata"'),),
    read=read,
    finish=finish,
)
