"""strongSwan: charon's messages about IKE and IPsec peers, authentication, tunnels and addresses.

Format: `src/libcharon/` of strongSwan 5 and 6 (https://github.com/strongswan/strongswan), "Logger configuration":
`13[IKE] <name|12> message` by syslog or in files with `time_format` and `ike_name`. Groups: dmn mgr ike chd job cfg knl
net asn enc tnc imc imv pts tls app esp lib.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_GROUPS = "DMN|MGR|IKE|CHD|JOB|CFG|KNL|NET|ASN|ENC|TNC|IMC|IMV|PTS|TLS|APP|ESP|LIB"
_LINE = re.compile(
    rf"(?:(?P<thread>\d{{1,4}}))\[(?P<group>{_GROUPS})\d?\] ?(?:<(?P<name>[^|>\n]{{1,128}})?\|?"
    rf"(?P<unique>\d{{1,10}})?> )?(?P<text>.*)",
    re.ASCII | re.DOTALL,
)
_TAG = re.compile(r"\b(?:charon(?:-systemd|-nm)?|ipsec|pluto|strongswan|starter|ipsec_starter)(?:\[\d{1,10}\])?: ")
_PROGRAM = re.compile(r"charon|ipsec|pluto|strongswan|swanctl", re.IGNORECASE)
_IP = r"[0-9A-Fa-f.:]{2,45}"
_ESTABLISHED = re.compile(
    rf"IKE_SA (?P<name>[^\s\[]{{1,128}})\[(?P<id>\d{{1,10}})\] established between "
    rf"(?P<here>{_IP})\[(?P<local>[^\]\n]{{0,512}})\]"
    rf"\.\.\.(?P<there>{_IP})\[(?P<remote>[^\]\n]{{0,512}})\]"
)
_DELETING = re.compile(
    rf"deleting IKE_SA (?P<name>[^\s\[]{{1,128}})\[(?P<id>\d{{1,10}})\] between "
    rf"(?P<here>{_IP})\[(?P<local>[^\]\n]{{0,512}})\]"
    rf"\.\.\.(?P<there>{_IP})\[(?P<remote>[^\]\n]{{0,512}})\]"
)
_PACKET = re.compile(
    rf"(?P<way>received|sending) packet: from (?P<ip>{_IP})\[(?P<port>\d{{1,5}})\] to "
    rf"(?P<to>{_IP})\[(?P<toport>\d{{1,5}})\](?: \((?P<size>\d{{1,7}}) bytes\))?"
)
_AUTHENTICATED = re.compile(
    r"(?:authentication of|XAuth authentication of) '(?P<user>[^'\n]{0,512})'(?: "
    r"\(myself\))?(?: with (?P<method>[^\n]{1,128}?))? (?P<how>successful|failed)"
)
_EAP = re.compile(
    r"EAP method (?P<method>\S{1,64}) (?P<how>succeeded|failed)(?:, no MSK established|, MSK "
    r"established)?(?: for peer (?P<user>[^\n]{1,512}))?"
)
_RADIUS = re.compile(r"RADIUS authentication of '(?P<user>[^'\n]{0,512})' (?P<how>successful|failed)")
_INITIATING = re.compile(rf"(?P<peer>{_IP}) is initiating (?P<what>an? [^\n]{{1,64}})")
_VIRTUAL = re.compile(r"assigning virtual IP (?P<ip>[0-9A-Fa-f.:]{2,45}) to peer '(?P<user>[^'\n]{0,512})'")
_CHILD = re.compile(
    r"(?:CHILD_SA|closing CHILD_SA) (?P<name>[^\s{]{1,128})\{(?P<id>\d{1,10})\} "
    r"(?:established with SPIs (?P<spi>\S{1,64} \S{1,64})|with SPIs (?P<old>\S{1,64})|.{0,64})"
)
_BYTES = re.compile(r"SPIs \S{1,32} \((?P<into>\d{1,18}) bytes\) \S{1,32} \((?P<out>\d{1,18}) bytes\)")
_LOOKING = re.compile(
    rf"looking for (?:peer|(?:an? )?[\w ]{{1,40}}?)configs? matching "
    rf"(?P<here>{_IP})(?:\[[^\]\n]{{0,512}}\])?\.\.\.(?P<there>{_IP})(?:\["
    rf"(?P<remote>[^\]\n]{{0,512}})\])?"
)
_FAILURE = re.compile(
    r"no IKE config found|no proposal chosen|NO_PROPOSAL_CHOSEN|AUTHENTICATION_FAILED|"
    r"AUTH_FAILED|no trusted \S{1,16} public key|"
    r"giving up after|constraint check failed|certificate (?:was revoked|status is not "
    r"available|expired)|no (?:matching )?peer config found|"
    r"no alternative config found|peer requested EAP, config unacceptable|MAC mismatched|invalid X509|"
    r"establishing connection '[^']{0,128}' failed|TS_UNACCEPTABLE|no acceptable traffic "
    r"selectors|deleting half open IKE_SA|"
    r"verification failed|integrity check failed|invalid HASH|unable to|no shared key found|no private key found|failed"
)
_ENDS = re.compile(
    rf"(?:between|for) (?P<here>{_IP})(?:\[[^\]\n]{{0,512}}\])?(?: ?\.\.\. ?| - )(?P<there>{_IP})(?:\[|\b)"
)

Reader = Callable[[re.Match[str], Fields], None]


def _own(line: str) -> bool:
    found = _LINE.search(line, 0, 400)
    if found is not None:
        return True
    return _TAG.search(line, 0, 300) is not None


def _bare(line: str) -> bool:
    return _LINE.match(line) is not None


def _read(line: str, options: Options) -> Fields:
    header = headed(line, options, _bare)
    message = header.message
    found = _LINE.match(message) or _LINE.search(message, 0, 200)
    if found is None and not _PROGRAM.search(header.program or ""):
        raise MalformedRecordError("no line of strongSwan: thread[GROUP] is missing, and it is not from charon")
    fields = begun("strongswan.log", header, options)
    fields["event.type"], fields["observer.type"], fields["observer.product"] = ["info"], "vpn", "strongSwan"
    text = message
    if found is not None:
        text = found["text"].strip()
        fields["log.logger"] = found["group"].lower()
        for group, name in (("name", "strongswan.connection"), ("unique", "strongswan.ike_sa")):
            if found[group]:
                fields[name] = found[group]
    fields["message"], fields["network.protocol"] = text, "ike"
    _message(text[:8192], fields)
    return fields


def _message(text: str, fields: Fields) -> None:
    for words, pattern, reader in _MESSAGES:
        if words in text and (found := pattern.search(text)) is not None:
            reader(found, fields)
            return
    if (failed := _FAILURE.search(text)) is not None:
        fields["event.outcome"], fields["event.type"] = "failure", ["connection", "error"]
        fields["event.action"], fields["event.reason"] = "negotiation-failed", text
        if "auth" in failed[0].lower() or "key" in failed[0] or "cert" in failed[0]:
            fields["event.category"] = ["network", "authentication"]
        if (ends := _ENDS.search(text)) is not None:
            _ends(ends, fields)


def _ends(found: re.Match[str], fields: Fields) -> None:
    """Set the two ends: the peer is the source, as the one that asks; charon's own address is the destination."""
    if is_ip(found["there"]):
        fields["source.ip"] = found["there"]
    if is_ip(found["here"]):
        fields["destination.ip"] = found["here"]


def _user(name: str, fields: Fields) -> None:
    bare = name.strip().strip("'")
    if bare and not bare.startswith("%"):
        fields["user.name"] = bare


def _session(found: re.Match[str], fields: Fields) -> None:
    _ends(found, fields)
    _user(found["remote"], fields)
    fields["strongswan.connection"], fields["strongswan.ike_sa"] = found["name"], found["id"]
    opened = "established" in found[0]
    fields["event.category"] = ["network", "session"]
    fields["event.action"] = "ike-sa-established" if opened else "ike-sa-deleted"
    fields["event.type"] = ["connection", "start" if opened else "end"]
    fields["event.outcome"] = "success"


def _packet(found: re.Match[str], fields: Fields) -> None:
    for ip, port, side in (("ip", "port", "source"), ("to", "toport", "destination")):
        if is_ip(found[ip]):
            fields[f"{side}.ip"] = found[ip]
        if int(found[port]) < 65536:
            fields[f"{side}.port"] = int(found[port])
    if found["size"]:
        fields["source.bytes"] = int(found["size"])
    fields["event.action"] = "packet-received" if found["way"] == "received" else "packet-sent"
    fields["network.direction"] = "inbound" if found["way"] == "received" else "outbound"
    fields["event.type"], fields["network.transport"] = ["connection", "protocol"], "udp"
    fields["network.iana_number"] = "17"


def _authenticated(found: re.Match[str], fields: Fields) -> None:
    parts = found.groupdict()
    if parts.get("user"):
        _user(parts["user"] or "", fields)
    if parts.get("method"):
        fields["strongswan.auth.method"] = parts["method"] or ""
    good = found["how"] in {"successful", "succeeded"}
    fields["event.category"], fields["event.action"] = ["network", "authentication"], "authentication"
    fields["event.type"], fields["event.outcome"] = ["start"], "success" if good else "failure"


def _initiating(found: re.Match[str], fields: Fields) -> None:
    if is_ip(found["peer"]):
        fields["source.ip"] = found["peer"]
    fields["event.action"], fields["event.type"] = "ike-sa-initiated", ["connection", "start"]


def _virtual(found: re.Match[str], fields: Fields) -> None:
    if is_ip(found["ip"]):
        fields["source.nat.ip"] = found["ip"]
    _user(found["user"], fields)
    fields["event.action"], fields["event.type"] = "address-assigned", ["info"]


def _child(found: re.Match[str], fields: Fields) -> None:
    fields["strongswan.child_sa"] = found["name"]
    closing = found[0].startswith("closing")
    fields["event.action"] = "child-sa-closed" if closing else "child-sa-established"
    fields["event.type"], fields["event.outcome"] = ["connection", "end" if closing else "start"], "success"
    if (size := _BYTES.search(found.string)) is not None:
        fields["source.bytes"], fields["destination.bytes"] = int(size["into"]), int(size["out"])


def _looking(found: re.Match[str], fields: Fields) -> None:
    _ends(found, fields)
    if found["remote"]:
        _user(found["remote"], fields)
    fields["event.action"] = "config-lookup"


_MESSAGES: tuple[tuple[str, re.Pattern[str], Reader], ...] = (
    ("established between", _ESTABLISHED, _session),
    ("deleting IKE_SA", _DELETING, _session),
    (" packet: from", _PACKET, _packet),
    ("RADIUS authentication", _RADIUS, _authenticated),
    ("uthentication of", _AUTHENTICATED, _authenticated),
    ("EAP method", _EAP, _authenticated),
    ("is initiating", _INITIATING, _initiating),
    ("assigning virtual IP", _VIRTUAL, _virtual),
    ("CHILD_SA ", _CHILD, _child),
    ("configs matching", _LOOKING, _looking),
    ("config matching", _LOOKING, _looking),
)

SOURCE = LineSource(
    name="strongswan",
    aliases=("charon", "ipsec", "strongswan.log"),
    title="strongSwan (charon): IKE and IPsec peers, authentication, tunnels",
    datasets=("strongswan.log",),
    own=_own,
    read=_read,
    weight=95,
)
