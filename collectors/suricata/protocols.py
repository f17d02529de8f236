"""Each protocol's own part of an EVE record, under its ECS names. Everything else stays under `suricata.eve.*`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from collectors.cloud.values import inner, number, objects, text
from collectors.json_fields import Json, to_instant
from collectors.network.tls import put_tls
from collectors.network.values import mac_of, split_account
from collectors.sensors.addresses import known_ip
from collectors.suricata.dns import read_dns
from collectors.web.request import read_target
from engine.events import Fields

Part = dict[str, Json]
Reader = Callable[[Part, Fields], None]

_HASHES = ("md5", "sha1", "sha256")
_RDN = re.compile(
    r"(?:[\w.\-]{1,32}=)?(?P<value>(?:[^\\,=]|\\.){1,256})(?:,|$)"
)  # the first part of a distinguished name
_ESCAPED = re.compile(r"\\([,=+\"<>;#])")  # RFC 4514, section 2.4; any other backslash ends a domain
_HEX = re.compile(r"[0-9A-Fa-f]{1,8}")
_MORE_PROCESSING_REQUIRED = 0xC0000016  # the first half of an NTLM log-in
_KERBEROS_STEPS = frozenset(
    {"KDC_ERR_PREAUTH_REQUIRED", "KDC_ERR_MORE_PREAUTH_DATA_REQUIRED"}
)  # as every log-in begins
_LDAP_STEPS = frozenset({"saslbindinprogress", "sasl_bind_in_progress", "14"})
_FTP_LOG_IN = frozenset({"USER", "PASS", "AUTH", "ACCT"})
_SIP_CHALLENGES = frozenset({401, 407})
_RDP_USER = "mstshash="  # what a client of remote desktop says of its user before it encrypts


def read_parts(eve: Part, fields: Fields) -> None:
    """Read every protocol's part that the record has: an alert carries those of its transaction."""
    for key, part in eve.items():
        reader = _READERS.get(key)
        if reader is None:
            continue
        if isinstance(part, dict):
            if part:
                reader(part, fields)
        elif (item := next(objects(part), None)) is not None:
            reader(item, fields)


def _put(fields: Fields, name: str, value: Json) -> None:
    if (found := text(value)) and name not in fields:
        fields[name] = found


def _put_number(fields: Fields, name: str, value: Json) -> None:
    if (found := number(value)) is not None and name not in fields:
        fields[name] = found


def _log_in(fields: Fields, outcome: str | None = None) -> None:
    """Say that the record is of a log-in, and how it ended; an alert stays what it is."""
    if fields.get("event.kind") != "alert":
        for name, word in (("event.category", "authentication"), ("event.type", "start")):
            there = fields.get(name)
            words = [item for item in there if isinstance(item, str)] if isinstance(there, list | tuple) else []
            fields[name] = words if word in words else [*words, word]
    if outcome is not None:
        fields["event.outcome"] = outcome


def _http(http: Part, fields: Fields) -> None:
    _put(fields, "http.request.method", http.get("http_method"))
    _put(fields, "user_agent.original", http.get("http_user_agent"))
    _put(fields, "http.request.referrer", http.get("http_refer"))
    _put_number(fields, "http.response.status_code", http.get("status"))
    _put_number(fields, "http.response.body.bytes", http.get("length"))
    _put(fields, "http.response.mime_type", http.get("http_content_type"))
    version = text(http.get("protocol")).upper().removeprefix("HTTP/") or text(http.get("version"))
    if version:
        fields["http.version"] = version
    if host := text(http.get("hostname")):
        fields["destination.domain"] = host
    if url := text(http.get("url")):
        read_target(url, fields)
    if host:
        fields.setdefault("url.domain", host)
    _put_number(fields, "url.port", http.get("http_port"))
    forwarded = text(http.get("xff")).partition(",")[0].strip()
    if known_ip(forwarded):
        fields["network.forwarded_ip"] = forwarded
    status = fields.get("http.response.status_code")
    if isinstance(status, int) and "web" in str(fields.get("event.category")):
        fields["event.outcome"] = "success" if status < 400 else "failure"


def _tls(tls: Part, fields: Fields) -> None:
    if name := text(tls.get("sni")):
        fields["tls.client.server_name"] = name
        fields.setdefault("destination.domain", name)
    put_tls(text(tls.get("version")), fields)
    for key, side in (("ja3", "client.ja3"), ("ja3s", "server.ja3s")):
        _put(fields, f"tls.{side}", inner(tls, key).get("hash"))
    for key, name in (("subject", "tls.server.subject"), ("issuerdn", "tls.server.issuer")):
        _put(fields, name, tls.get(key))
    for key, name in (("notbefore", "tls.server.not_before"), ("notafter", "tls.server.not_after")):
        if (moment := to_instant(tls.get(key))) is not None:
            fields[name] = moment
    if serial := text(tls.get("serial")).replace(":", ""):
        fields["tls.server.x509.serial_number"] = serial.upper()
    if print_ := text(tls.get("fingerprint")).replace(":", ""):
        fields["tls.server.hash.sha1"] = print_.upper()
    if isinstance(tls.get("session_resumed"), bool):
        fields["tls.resumed"] = tls["session_resumed"] is True
    client = inner(tls, "client")
    for key, name in (("subject", "tls.client.subject"), ("issuerdn", "tls.client.issuer")):
        _put(fields, name, client.get(key))
    _put(fields, "tls.client.x509.serial_number", text(client.get("serial")).replace(":", ""))


def _quic(quic: Part, fields: Fields) -> None:
    _put(fields, "tls.client.server_name", quic.get("sni"))
    _put(fields, "destination.domain", quic.get("sni"))
    _put(fields, "user_agent.original", quic.get("ua"))
    _put(fields, "tls.client.ja3", inner(quic, "ja3").get("hash"))


def _file(file: Part, fields: Fields) -> None:
    _put(fields, "file.path", file.get("filename"))
    _put(fields, "file.name", re.split(r"[/\\]", text(file.get("filename")))[-1])
    _put_number(fields, "file.size", file.get("size"))
    for kind in _HASHES:
        _put(fields, f"file.hash.{kind}", file.get(kind))
    _put(fields, "file.mime_type", file.get("mimetype"))


def _smtp(smtp: Part, fields: Fields) -> None:
    if sender := text(smtp.get("mail_from")).strip("<>"):
        fields["email.from.address"] = [sender]
    receivers = smtp.get("rcpt_to")
    if isinstance(receivers, list):
        found = [text(item).strip("<>") for item in receivers if isinstance(item, str)]
        if found := [item for item in found if item]:
            fields["email.to.address"] = found


def _email(mail: Part, fields: Fields) -> None:
    _put(fields, "email.subject", mail.get("subject"))
    if identifier := text(mail.get("message_id")).strip("<>"):
        fields["email.message_id"] = identifier
    _put(fields, "email.x_mailer", mail.get("x_mailer"))
    names = mail.get("attachment")
    if isinstance(names, list) and (found := [item for item in names if isinstance(item, str) and item]):
        fields["email.attachments.file.name"] = found
    for key in ("from", "to", "cc"):
        value = mail.get(key)
        people = value if isinstance(value, list) else [value]
        found = [text(item).rpartition("<")[2].rstrip(">") for item in people if isinstance(item, str) and item]
        if found:
            fields.setdefault(f"email.{key}.address", found)


def _smb(smb: Part, fields: Fields) -> None:
    _put(fields, "event.action", smb.get("command"))
    name = text(smb.get("filename"))
    if name and not name.startswith("<"):  # `<unknown>` and `<share_root>` are no names
        fields["file.path"] = name
    _put_number(fields, "file.size", smb.get("size"))
    login = inner(smb, "ntlmssp")
    _account(text(login.get("user")), text(login.get("domain")), fields)
    _put(fields, "source.domain", login.get("host"))
    outcome = _nt_outcome(text(smb.get("status_code")))
    if outcome is not None:
        fields["event.outcome"] = outcome
    if "SESSION_SETUP" in text(smb.get("command")).upper() or login or inner(smb, "kerberos"):
        _log_in(fields)


def _nt_outcome(status: str) -> str | None:
    """Return what an NTSTATUS says: two bits are its severity (MS-ERREF 2.3), and a log-in's first step is no error."""
    if not status.startswith("0x") or len(status) > 10 or _HEX.fullmatch(status, 2) is None:
        return None
    value = int(status, 16)
    if value == _MORE_PROCESSING_REQUIRED:
        return "unknown"
    return "failure" if value >> 30 == 3 else "success"


def _kerberos(krb: Part, fields: Fields) -> None:
    _put(fields, "event.action", krb.get("msg_type"))
    client = text(krb.get("cname"))
    _account("" if client == "<empty>" else client, text(krb.get("realm")).replace("<empty>", ""), fields)
    service = text(krb.get("sname"))
    if service and service != "<empty>":
        fields["service.name"] = service
    code = text(krb.get("error_code"))
    _put(fields, "error.code", code)
    if code in _KERBEROS_STEPS:
        _log_in(fields, "unknown")
    elif code or text(krb.get("msg_type")) == "KRB_ERROR":
        _log_in(fields, "failure")
    else:
        _log_in(fields, "success" if text(krb.get("msg_type")).endswith("_REP") else None)


def _account(name: str, domain: str, fields: Fields) -> None:
    if not name:
        return
    cut, account = split_account(name)
    fields["user.name"] = account
    if found := (domain or cut):
        fields["user.domain"] = found


def _ftp(ftp: Part, fields: Fields) -> None:
    command, data = text(ftp.get("command")), text(ftp.get("command_data"))
    _put(fields, "event.action", command)
    codes = ftp.get("completion_code")
    code = text(codes[-1]) if isinstance(codes, list) and codes and not isinstance(codes[-1], list | dict) else ""
    if command.upper() in _FTP_LOG_IN:
        _log_in(fields, "success" if code == "230" else "failure" if code.startswith(("4", "5")) else None)
    elif code:
        fields["event.outcome"] = "failure" if code.startswith(("4", "5")) else "success"
    if command.upper() == "USER" and data:
        fields["user.name"] = data
    elif command.upper() in {"RETR", "STOR", "APPE", "DELE", "RNFR", "RNTO"} and data:
        fields["file.path"] = data


def _named_file(key: str) -> Reader:
    def read(part: Part, fields: Fields) -> None:
        _put(fields, "file.path", part.get(key))

    return read


def _dhcp(dhcp: Part, fields: Fields) -> None:
    _put(fields, "event.action", dhcp.get("dhcp_type"))
    if mac := mac_of(text(dhcp.get("client_mac"))):
        fields["client.mac"] = mac
    assigned = text(dhcp.get("assigned_ip"))
    if assigned and known_ip(assigned) and assigned != "0.0.0.0":  # noqa: S104 - an address that stands for none
        fields["client.ip"] = assigned
    _put(fields, "client.domain", dhcp.get("hostname"))


def _rdp(rdp: Part, fields: Fields) -> None:
    cookie = text(rdp.get("cookie"))
    _account(cookie.removeprefix(_RDP_USER).strip() if cookie.startswith(_RDP_USER) else "", "", fields)


def _snmp(snmp: Part, fields: Fields) -> None:
    _put(fields, "event.action", snmp.get("pdu_type"))
    _put(fields, "user.name", snmp.get("usm"))


def _anomaly(anomaly: Part, fields: Fields) -> None:
    _put(fields, "event.action", anomaly.get("event"))
    _put(fields, "error.type", anomaly.get("type"))


def _sip(sip: Part, fields: Fields) -> None:
    _put(fields, "event.action", sip.get("method"))
    _put(fields, "url.original", sip.get("uri"))
    code = number(sip.get("code"))
    if code is not None and code >= 200 and code not in _SIP_CHALLENGES:
        fields["event.outcome"] = "failure" if code >= 400 else "success"


def _mqtt(mqtt: Part, fields: Fields) -> None:
    """Read who connects to the broker, and whether it let them."""
    connect, answer = inner(mqtt, "connect"), inner(mqtt, "connack")
    _put(fields, "user.name", connect.get("username"))
    _put(fields, "client.domain", connect.get("client_id"))
    code = number(answer.get("return_code"))
    if connect or answer:
        _log_in(fields, None if code is None else "failure" if code else "success")


def _rfb(rfb: Part, fields: Fields) -> None:
    """Read a log-in to a remote screen (VNC, RFC 6143)."""
    result = text(inner(rfb, "authentication").get("security_result")).upper()
    if result:
        _log_in(fields, "success" if result == "OK" else "failure")


def _ike(ike: Part, fields: Fields) -> None:
    notes = ike.get("notify")
    told = [text(note) for note in notes if isinstance(note, str)] if isinstance(notes, list) else []
    if "AUTHENTICATION_FAILED" in told:
        _log_in(fields, "failure")


def _nfs(nfs: Part, fields: Fields) -> None:
    name = text(nfs.get("filename"))
    _put(fields, "file.path", name)
    _put(fields, "event.action", nfs.get("procedure"))
    if status := text(nfs.get("status")).upper():
        fields["event.outcome"] = "success" if status in {"OK", "NFS_OK", "NFS3_OK"} else "failure"


def _tftp(tftp: Part, fields: Fields) -> None:
    _put(fields, "file.path", tftp.get("file"))
    _put(fields, "event.action", tftp.get("packet"))


def _acted(*path: str) -> Reader:
    """Return a reader for a protocol of which only what was asked for has a place in ECS."""

    def read(part: Part, fields: Fields) -> None:
        _put(fields, "event.action", inner(part, *path[:-1]).get(path[-1]))

    return read


def _dht(dht: Part, fields: Fields) -> None:
    _put(fields, "event.action", dht.get("request_type"))
    if refused := inner(dht, "error"):
        fields["event.outcome"] = "failure"
        _put(fields, "error.message", refused.get("msg"))


def _ldap(ldap: Part, fields: Fields) -> None:
    """Read who binds to the directory, or which entry is changed, and the answer's code."""
    request = inner(ldap, "request")
    operation = text(request.get("operation"))
    _put(fields, "event.action", operation)
    name = _RDN.match(text(inner(request, "bind_request").get("name")))
    _account(_ESCAPED.sub(r"\1", name["value"]) if name is not None else "", "", fields)
    answer = next(objects(ldap.get("responses")), {})
    code = text(inner(answer, text(answer.get("operation"))).get("result_code")).lower()
    outcome = None
    if code and code not in _LDAP_STEPS:
        outcome = "success" if code in {"success", "0"} else "failure"
    if operation == "bind_request":
        _log_in(fields, outcome)
    elif outcome is not None:
        fields["event.outcome"] = outcome


def _pgsql(pgsql: Part, fields: Fields) -> None:
    """Read who opens a session of the database, and its answer; SQLSTATE class 28 refuses the account."""
    request, answer = inner(pgsql, "request"), inner(pgsql, "response")
    parameters = inner(request, "startup_parameters")
    _put(fields, "user.name", parameters.get("user"))
    _put(fields, "error.message", answer.get("message"))
    code = text(answer.get("code"))
    if parameters or "password" in request or code.startswith("28"):
        _log_in(fields, "failure" if code else None)
    elif code:
        fields["event.outcome"] = "failure"
    _put(fields, "error.code", code)


_READERS: Final[Mapping[str, Reader]] = {
    "dns": read_dns,
    "mdns": read_dns,
    "http": _http,
    "tls": _tls,
    "quic": _quic,
    "fileinfo": _file,
    "files": _file,
    "smtp": _smtp,
    "email": _email,
    "smb": _smb,
    "krb5": _kerberos,
    "ftp": _ftp,
    "ftp_data": _named_file("filename"),
    "tftp": _tftp,
    "nfs": _nfs,
    "rfb": _rfb,
    "ike": _ike,
    "dcerpc": _acted("request"),
    "modbus": _acted("request", "function_code"),
    "dnp3": _acted("request", "type"),
    "enip": _acted("request", "command"),
    "websocket": _acted("opcode"),
    "bittorrent_dht": _dht,
    "dhcp": _dhcp,
    "rdp": _rdp,
    "snmp": _snmp,
    "anomaly": _anomaly,
    "sip": _sip,
    "mqtt": _mqtt,
    "pgsql": _pgsql,
    "ldap": _ldap,
}
