"""What the fields of single Zeek logs mean together: states of connections, answers, verdicts, names of people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Final

from collectors.dns.question import answer, ask
from collectors.json_fields import Json, to_instant
from collectors.network.tls import put_tls
from collectors.network.values import split_account
from collectors.sensors.addresses import known_ip
from collectors.web.request import read_host, read_target
from engine.events import Fields

Row = Mapping[str, Json]
Rule = Callable[[Row, Fields], None]

# https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html: what `conn_state` says of a connection
_STATES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "S0": ("attempt, no reply", ("connection", "start")),
    "S1": ("established, not ended", ("connection", "start")),
    "SF": ("normal", ("connection", "start", "end")),
    "REJ": ("attempt rejected", ("connection", "start", "denied")),
    "S2": ("established, the originator closes, no reply to that", ("connection", "start", "end")),
    "S3": ("established, the responder closes, no reply to that", ("connection", "start", "end")),
    "RSTO": ("established, the originator aborted", ("connection", "start", "end")),
    "RSTR": ("the responder aborted", ("connection", "start", "end")),
    "RSTOS0": ("the originator sent SYN and RST, no SYN-ACK", ("connection", "start", "end")),
    "RSTRH": ("the responder sent SYN-ACK and RST, no SYN seen", ("connection", "start", "end")),
    "SH": ("the originator sent SYN and FIN, no SYN-ACK", ("connection", "start", "end")),
    "SHR": ("the responder sent SYN-ACK and FIN, no SYN seen", ("connection", "start", "end")),
    "OTH": ("midstream traffic", ("connection",)),
}
_DIRECTIONS: Final = {
    (True, True): "internal",
    (True, False): "outbound",
    (False, True): "inbound",
    (False, False): "external",
}
_INDICATORS: Final = {
    "Intel::ADDR": "ipv4-addr", "Intel::URL": "url", "Intel::EMAIL": "email-addr", "Intel::DOMAIN": "domain-name",
    "Intel::FILE_HASH": "file", "Intel::FILE_NAME": "file", "Intel::CERT_HASH": "x509-certificate",
    "Intel::USER_NAME": "user-account", "Intel::SUBNET": "ipv4-addr", "Intel::SOFTWARE": "software",
}  # fmt: skip
_RECORDS = 128


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _duration(row: Row, name: str, fields: Fields) -> None:
    value = row.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and 0 <= value < 1e9:
        fields["event.duration"] = round(value * 1_000_000_000)


def _outcome(fields: Fields, *, good: bool) -> None:
    fields["event.outcome"] = "success" if good else "failure"


def _connection(row: Row, fields: Fields) -> None:
    _duration(row, "duration", fields)
    if (start := to_instant(row.get("ts"))) is not None:
        fields["event.start"] = start
    for key, wide, name in (("orig_bytes", "orig_ip_bytes", "source"), ("resp_bytes", "resp_ip_bytes", "destination")):
        value = row.get(key)
        if wide not in row and isinstance(value, int) and not isinstance(value, bool):
            fields[f"{name}.bytes"] = value
    meant = _STATES.get(_text(row, "conn_state"))
    if meant is not None:
        fields["zeek.connection.state_message"], fields["event.type"] = meant
    here, there = row.get("local_orig"), row.get("local_resp")
    if isinstance(here, bool) and isinstance(there, bool):
        fields["network.direction"] = _DIRECTIONS[here, there]
    if fields.get("network.transport") == "icmp":  # the ports of Zeek's icmp are type and code
        for side, name in (("source", "type"), ("destination", "code")):
            if (number := fields.pop(f"{side}.port", None)) is not None:
                fields[f"zeek.connection.icmp.{name}"] = number


def _dns(row: Row, fields: Fields) -> None:
    name = _text(row, "query")
    kind = _text(row, "qclass_name")
    classes = {"C_INTERNET": "IN", "C_CHAOS": "CH", "C_HESIOD": "HS", "C_ANY": "ANY"}
    ask(fields, name, "", classes.get(kind, kind))
    if name in {".", "-"}:
        fields["dns.question.name"] = name
    flags = [flag for flag in ("AA", "TC", "RD", "RA") if row.get(flag) is True]
    if flags:
        fields["dns.header_flags"] = flags
    _duration(row, "rtt", fields)
    rcode = _text(row, "rcode_name")
    fields["dns.type"] = "answer" if rcode or row.get("answers") else "query"
    if rcode:
        _outcome(fields, good=rcode in {"NOERROR", "NXDOMAIN"} and row.get("rejected") is not True)
    answers, lives = row.get("answers"), row.get("TTLs")
    for at, data in enumerate(answers[:_RECORDS] if isinstance(answers, list) else ()):
        if isinstance(data, str):
            ttl = lives[at] if isinstance(lives, list) and at < len(lives) else None
            known = isinstance(ttl, int | float) and not isinstance(ttl, bool) and 0 <= ttl < 2**32
            answer(fields, name="", record_type="", data=data, ttl=int(ttl) if known else None)  # type: ignore[arg-type] # a number, by the line before


def _http(row: Row, fields: Fields) -> None:
    if uri := _text(row, "uri"):
        read_target(uri, fields)
    if host := _text(row, "host"):
        read_host(host, fields)
        if not known_ip(host.strip("[]")):
            fields["destination.domain"] = fields.get("url.domain", host)
    status = row.get("status_code")
    if isinstance(status, int) and not isinstance(status, bool):
        _outcome(fields, good=status < 400)
        fields["event.type"] = ("connection", "access", "protocol")
    if types := row.get("resp_mime_types"):
        first = types[0] if isinstance(types, list) else types
        if isinstance(first, str):
            fields["http.response.mime_type"] = first


def _tls(row: Row, fields: Fields) -> None:
    put_tls(_text(row, "version"), fields)
    prints = row.get("cert_chain_fps")
    if isinstance(prints, list) and prints and isinstance(prints[0], str):
        kind = {32: "md5", 40: "sha1", 64: "sha256"}.get(len(prints[0]))
        if kind:
            fields[f"tls.server.hash.{kind}"] = prints[0].upper()
    if isinstance(row.get("established"), bool):
        _outcome(fields, good=row["established"] is True)


def _ssh(row: Row, fields: Fields) -> None:
    success = row.get("auth_success")
    if isinstance(success, bool):
        _outcome(fields, good=success)
        fields["event.category"] = ("network", "authentication")
    direction = _text(row, "direction").lower()
    if direction in {"inbound", "outbound"}:
        fields["network.direction"] = direction


def _kerberos(row: Row, fields: Fields) -> None:
    client = _text(row, "client")
    name, _, realm = client.rpartition("/")
    if name:
        fields["user.name"], fields["user.domain"] = name, realm
    elif realm and not client.startswith("/"):
        fields["user.name"] = realm
    if isinstance(row.get("success"), bool):
        _outcome(fields, good=row["success"] is True)
    for key, field in (("from", "event.start"), ("till", "event.end")):
        moment = to_instant(row.get(key))
        if moment is not None and moment.year > 1970:
            fields[f"zeek.kerberos.valid.{field.rpartition('.')[2]}"] = moment


def _ntlm(row: Row, fields: Fields) -> None:
    if host := _text(row, "hostname"):
        fields["source.domain"] = host
    if host := _text(row, "server_dns_computer_name"):
        fields["destination.domain"] = host
    if isinstance(row.get("success"), bool):
        _outcome(fields, good=row["success"] is True)


def _rdp(row: Row, fields: Fields) -> None:
    if cookie := _text(row, "cookie"):
        domain, account = split_account(cookie)
        fields["user.name"] = account
        if domain:
            fields["user.domain"] = domain
    if name := _text(row, "client_name"):
        fields["source.domain"] = name
    result = _text(row, "result").lower()
    if result:
        _outcome(fields, good=result in {"success", "succeed", "encrypted"})


def _smb_files(row: Row, fields: Fields) -> None:
    share, name = _text(row, "path").rstrip("\\"), _text(row, "name").lstrip("\\")
    if share or name:
        fields["file.path"] = f"{share}\\{name}" if share and name else share or name
    action = _text(row, "action").lower()
    kinds = {"open": "access", "read": "access", "write": "change", "rename": "change", "delete": "deletion"}
    kind = next((kind for word, kind in kinds.items() if word in action), "")
    if kind:
        fields["event.type"] = ("connection", "protocol", kind)


def _radius(row: Row, fields: Fields) -> None:
    result = _text(row, "result").lower()
    if result in {"success", "failed", "failure"}:
        _outcome(fields, good=result == "success")


def _ftp(row: Row, fields: Fields) -> None:
    code = row.get("reply_code")
    if isinstance(code, int) and not isinstance(code, bool) and code >= 100:
        _outcome(fields, good=code < 400)
    if argument := _text(row, "arg"):
        fields["file.path" if "://" not in argument else "url.original"] = argument


def _mysql(row: Row, fields: Fields) -> None:
    if isinstance(row.get("success"), bool):
        _outcome(fields, good=row["success"] is True)


def _files(row: Row, fields: Fields) -> None:
    for key, side in (("tx_hosts", "source"), ("rx_hosts", "destination")):
        hosts = row.get(key)
        if isinstance(hosts, list) and hosts and isinstance(hosts[0], str) and known_ip(hosts[0]):
            fields.setdefault(f"{side}.ip", hosts[0])
    uids = row.get("conn_uids")
    if isinstance(uids, list) and uids and isinstance(uids[0], str):
        fields.setdefault("zeek.session_id", uids[0])
    if protocol := _text(row, "source"):
        fields["network.protocol"] = {"ssl": "tls"}.get(protocol.lower(), protocol.lower())


def _dhcp(row: Row, fields: Fields) -> None:
    assigned = _text(row, "assigned_addr")
    if assigned and known_ip(assigned):
        fields.setdefault("client.ip", assigned)
    types = row.get("msg_types")
    if isinstance(types, list) and types and isinstance(types[-1], str):
        fields["event.action"] = types[-1].lower()
        if types[-1] in {"ACK", "NAK"}:
            _outcome(fields, good=types[-1] == "ACK")
    uids = row.get("uids")
    if isinstance(uids, list) and uids and isinstance(uids[0], str):
        fields.setdefault("zeek.session_id", uids[0])
    _duration(row, "duration", fields)


def _notice(row: Row, fields: Fields) -> None:
    actions = row.get("actions")
    words = [item for item in actions if isinstance(item, str)] if isinstance(actions, list) else []
    dropped = any(word.endswith("ACTION_DROP") for word in words) or row.get("dropped") is True
    fields["event.type"] = ("denied", "info") if dropped else ("info",)


def _intel(row: Row, fields: Fields) -> None:
    indicator, kind = _text(row, "seen.indicator"), _text(row, "seen.indicator_type")
    fields["threat.indicator.type"] = _INDICATORS.get(kind, kind.rpartition(":")[2].lower() or "unknown")
    if kind == "Intel::ADDR" and known_ip(indicator):
        fields["threat.indicator.ip"] = indicator
        if ":" in indicator:
            fields["threat.indicator.type"] = "ipv6-addr"
    names = {
        "Intel::DOMAIN": "threat.indicator.url.domain",
        "Intel::URL": "threat.indicator.url.full",
        "Intel::EMAIL": "threat.indicator.email.address",
        "Intel::FILE_NAME": "threat.indicator.file.name",
    }
    if indicator and (name := names.get(kind)):
        fields[name] = indicator


def _x509(row: Row, fields: Fields) -> None:
    for key, side in (("certificate.subject", "subject"), ("certificate.issuer", "issuer")):
        if name := common_name(_text(row, key)):
            fields[f"file.x509.{side}.common_name"] = [name]


def common_name(distinguished: str) -> str:
    """Return the CN of a distinguished name (RFC 4514); an escaped comma does not end it."""
    for part in distinguished[:4096].replace("\\,", "\x00").split(","):
        key, mark, value = part.strip().partition("=")
        if mark and key.upper() == "CN":
            return value.replace("\x00", ",")
    return ""


def _tunnel(row: Row, fields: Fields) -> None:
    action = _text(row, "action").lower()
    end = {"discover": "start", "close": "end", "expire": "end"}
    fields["event.type"] = ("connection", *(kind for word, kind in end.items() if word in action))


def _level(row: Row, fields: Fields) -> None:
    level = _text(row, "level").rpartition("::")[2].lower()
    if level:
        fields["log.level"] = level


RULES: Final[Mapping[str, Rule]] = {
    "conn": _connection,
    "dns": _dns,
    "http": _http,
    "ssl": _tls,
    "quic": _tls,
    "ssh": _ssh,
    "kerberos": _kerberos,
    "ntlm": _ntlm,
    "rdp": _rdp,
    "smb_files": _smb_files,
    "radius": _radius,
    "ftp": _ftp,
    "mysql": _mysql,
    "postgresql": _mysql,
    "files": _files,
    "dhcp": _dhcp,
    "notice": _notice,
    "intel": _intel,
    "x509": _x509,
    "tunnel": _tunnel,
    "reporter": _level,
}
