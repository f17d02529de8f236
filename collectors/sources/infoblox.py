"""Infoblox NIOS: DNS queries and responses, DHCP exchanges and leases, and the audit log of administrators.

Format: "Infoblox NIOS administrator guide", monitoring: syslog of `named` (see `collectors.dns.named`), `dhcpd` (see
`collectors.dhcp.dhcpd`, with `TransID` and `uid`), lease records `r-l-e:address,state,name,mac,start,end,,server`, and
audit lines of `httpd` (`stamp [user]: Action - - to=AdminConnector ip=... auth=...`). Names: Elastic's `infoblox_nios`.
"""

from __future__ import annotations

import re

from collectors.dhcp.dhcpd import is_message as is_dhcp
from collectors.dhcp.dhcpd import is_other as is_dhcpd
from collectors.dhcp.dhcpd import read_message as read_dhcp
from collectors.dns.named import is_like
from collectors.dns.named import is_message as is_dns
from collectors.dns.named import read_message as read_dns
from collectors.dns.question import ask
from collectors.json_fields import to_instant
from collectors.network.cef import Cef, find_cef, read_cef
from collectors.network.cef_ecs import cef_fields
from collectors.network.keyvalue import firsts, pairs
from collectors.network.times import instant_of
from collectors.network.values import mac_of, put
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from collectors.syslog import Header
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_STAMP = re.compile(r"(?P<stamp>\d{1,2}-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d\.\d{3}) ", re.ASCII)
_CATEGORY = re.compile(
    r"(?:queries|responses|resolver|security|client|rpz|lame-servers|update|notify|xfer-in|xfer-out): (?=\S)"
)
_LEVEL = re.compile(r"(?:info|warning|error|notice|debug \d{1,2}): (?=\S)")
_LEASE = re.compile(r"(?P<event>[a-z](?:-[a-z]){1,3}):(?P<cells>[0-9A-Fa-f.:]{2,45},.{0,2048})", re.DOTALL)
_AUDIT = re.compile(
    r"""(?P<stamp>\d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d\.\d{3}Z?)\ \[(?P<user>[^\]\n]{0,255})\]:\ (?P<action>[A-Za-z_]
    [\w\-]{0,63})(?:\ -\ -\ (?P<rest>.*)|:?\ (?P<other>.*)|$)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_SECURITY = "|Infoblox|NIOS"  # in the header of its CEF messages, which named writes
_RCODED = re.compile(r"(?P<rcode>FORMERR|SERVFAIL|NXDOMAIN|REFUSED|NOTIMP|NOTAUTH|YXDOMAIN) resolving ")
_RESPONSE = re.compile(r"(?:UDP|TCP): query: \S{1,1100} \S{1,16} \S{1,16} response: ")
_ACTIONS = {
    "login": "authentication",
    "first_login": "authentication",
    "logout": "session",
    "login_allowed": "authentication",
    "login_denied": "authentication",
}


def _own(line: str) -> bool:
    head = line[:4096]
    if _RESPONSE.search(head) or _AUDIT.search(head) or _LEASE.match(line):
        return True
    return (" TransID " in head and "DHCP" in head) or _SECURITY in head


def _bare(line: str) -> bool:
    return bool(_STAMP.match(line) or _AUDIT.match(line) or _LEASE.match(line) or is_dhcp(line) or is_dns(_cut(line)))


def _cut(text: str) -> str:
    """Take stamp, category and severity of named's own log off a message."""
    for pattern in (_STAMP, _CATEGORY, _LEVEL):
        if (found := pattern.match(text)) is not None:
            text = text[found.end() :]
    return text


def _read(line: str, options: Options) -> Fields:
    header = headed(line, options, _bare)
    text = header.message
    fields = begun("infoblox_nios.log", header, options)
    stamp = _STAMP.match(text)
    if stamp is not None and (moment := instant_of(stamp["stamp"], options.zone)):
        fields["@timestamp"] = moment
    fields["message"], fields["event.type"] = text, ["info"]
    if (audit := _AUDIT.match(text)) is not None:
        _audit(audit, fields, options)
    elif (lease := _LEASE.match(text)) is not None:
        _lease(lease, fields)
    elif read_dhcp(text, fields):
        fields["network.protocol"] = "dhcp"
        fields.pop("destination.ip", None)
    elif (start := find_cef(text)) is not None and (cef := read_cef(text[start:])) is not None:
        _security(cef, fields, options)
    elif _dns(_cut(text), fields):
        fields["network.protocol"] = "dns"
    else:
        _other(header, text, fields)
    return fields


def _security(cef: Cef, fields: Fields, options: Options) -> None:
    """Read what response policy zones and threat protection stopped: `CEF:0|Infoblox|NIOS|...|RPZ-QNAME|NXDOMAIN|`."""
    values = {key: value.strip('"') for key, value in cef.extension.items()}
    fields |= cef_fields(cef, options)
    message = values.get("msg", "")
    if not (message and read_dns(message, fields)):
        fields["event.type"] = ["denied" if values.get("act", "").lower() == "drop" else "info"]
        if name := values.get("query_fqdn", ""):
            ask(fields, name)
    if kind := values.get("qtype", ""):
        fields["dns.question.type"] = kind
    fields["event.kind"] = "alert"
    fields["event.category"] = ["network", "intrusion_detection"]
    fields["network.protocol"] = "dns"


def _dns(text: str, fields: Fields) -> bool:
    fields["event.type"] = ["protocol"]
    if not read_dns(text, fields):
        return False
    if (failed := _RCODED.match(text)) is not None:  # the other server is where the question went
        fields["event.action"] = failed["rcode"]
        for part in ("ip", "port"):
            if (value := fields.pop(f"source.{part}", None)) is not None:
                fields[f"destination.{part}"] = value
    return True


def _lease(found: re.Match[str], fields: Fields) -> None:
    """Read a lease record: address, state, name, hardware address, start and end as epochs, and the rest."""
    cells = found["cells"].rstrip("$").split(",")
    fields["network.protocol"], fields["event.action"] = "dhcp", "lease"
    if is_ip(cells[0]):
        fields["source.ip"] = cells[0]
    if len(cells) > 1 and cells[1]:
        fields["infoblox.lease.state"] = cells[1]
    if len(cells) > 2 and cells[2]:
        fields["infoblox.lease.host"] = cells[2]
    if len(cells) > 3 and (mac := mac_of(cells[3])):
        fields["source.mac"] = mac
    for at, name in ((4, "event.start"), (5, "event.end")):
        if len(cells) > at and cells[at].isdecimal() and (moment := to_instant(int(cells[at][:12]))):
            fields[name] = moment
    fields["event.type"] = ["connection", "protocol"]


def _audit(found: re.Match[str], fields: Fields, options: Options) -> None:
    if (moment := to_instant(found["stamp"], options.zone)) is not None:
        fields["@timestamp"] = moment
    put(fields, "user.name", found["user"], options.zone)
    action = found["action"].lower()
    fields["event.action"] = action
    fields["event.category"] = [_ACTIONS.get(action, "configuration")]
    rest = (found["rest"] or found["other"] or "").replace("\\040", " ")
    values = firsts(pairs(rest))
    put(fields, "source.ip", values.get("ip", ""), options.zone)
    for key in ("auth", "group", "apparently_via", "to", "error"):
        if values.get(key):
            fields[f"infoblox.audit.{key}"] = values[key]
    failed = "denied" in action or "fail" in action or bool(values.get("error"))
    fields["event.outcome"] = "failure" if failed else "success"
    kinds = {"created": "creation", "deleted": "deletion", "modified": "change", "logout": "end"}
    fields["event.type"] = [kinds.get(action, "start" if "login" in action else "info")]
    if found["other"]:
        fields["infoblox.audit.object"] = found["other"][:1024]


def _other(header: Header, text: str, fields: Fields) -> None:
    """Read what other daemons of the appliance say, and dhcpd and named about themselves."""
    known = header.kind != "bare" or header.priority is not None or is_dhcpd(text) or _STAMP.match(text) is not None
    known = known or is_like(text)
    if not known:
        raise MalformedRecordError("no line of Infoblox NIOS: neither DNS, DHCP, lease nor audit, and no syslog header")
    fields["event.type"] = ["info"]


SOURCE = LineSource(
    name="infoblox",
    aliases=("infoblox_nios", "nios", "infoblox_nios.log"),
    title="Infoblox NIOS: DNS, DHCP, leases and audit",
    datasets=("infoblox_nios.log",),
    own=_own,
    read=_read,
    weight=96,
)
