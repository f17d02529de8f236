r"""Kaspersky Endpoint Security: what its components found, blocked, updated, as the events' text is forwarded.

Format: the description of events of Kaspersky Endpoint Security for Windows 11 and 12, `Key: value` on lines of its
own, or one line parted by the two characters for a line end written out (`Result description: Deleted\r\nType: Virus`).
Whoever names a file chooses the text of `Object`: it ends where the line ends. Names: Sekoia's intake
`kaspersky_endpoint_security`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.network.keyvalue import firsts_and_doubts
from collectors.network.values import put, put_port
from collectors.sensors.line import LineSource, begun
from collectors.source import Options
from collectors.syslog import parse_header
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_KEYS = (
    "Event type|Result description|Result|Result\\\\[A-Z][A-Za-z ]{1,32}|Type|Name|User|Object|"
    "Object\\\\[A-Z][a-z]{1,16}|"
    "Reason|SHA256|MD5|Error|Component|Task|Application|Application\\\\[A-Z][A-Za-z ]{1,24}|Release date|"
    "Database release date|Severity|Precision|Threat level|Object type|Object name|Object path|Additional|Rule"
)
_BREAK = re.compile(rf"(?:\\r)?\\n(?=(?:{_KEYS}): )|\r?\n")  # `\n` in a path (`C:\new`) is no line end
_PAIR = re.compile(rf"(?P<key>{_KEYS}): (?P<value>.*)", re.DOTALL)
_BEGINS = re.compile(
    r"(?:Event type|Result description|Component|Application|User|Type): [^\\\r\n]{1,512}(?:\\r\\n|\r?\n|\\n)"
)
_OWN = re.compile(
    r"\b(?:Result description: |Event type: .{1,256}?(?:\\r\\n|\\n)(?:Result|Application|User|Component|Name|Object)\b|"
    r"User: [^\r\n]{1,256}? \((?:Initiator|Active user)\))"
)
_USER = re.compile(r"(?P<account>.{1,256}?)(?: \((?P<role>Initiator|Active user|[\w ]{1,32})\))?")
_ATTACK = re.compile(
    r"(?P<protocol>TCP|UDP|ICMP)\w{0,8} from (?P<source>[0-9A-Fa-f:.]{2,45}) at (?P<destination>[0-9A-Fa-f.:]{2,45}?)"
    r"(?::(?P<port>\d{1,5}))?"
)
_HASHES = {"SHA256": "file.hash.sha256", "MD5": "file.hash.md5"}
_MALWARE = re.compile(
    r"virus|worm|trojan|malware|ransom|malicious|adware|riskware|riskw|exploit|phishing|legal soft", re.IGNORECASE
)


def _own(line: str) -> bool:
    text = parse_header(line[:4096], Options()).message
    return _BEGINS.match(text) is not None and _OWN.search(text) is not None


def _read(line: str, options: Options) -> Fields:
    header = parse_header(line, options)
    values, doubtful = firsts_and_doubts(_pairs(header.message))
    if not ({"Result description", "Event type", "Object", "Result"} & values.keys()):
        raise MalformedRecordError("no event of Kaspersky: neither Event type, Result description nor Object")
    fields = begun("kaspersky.endpoint_security", header, options, categories=("process",))
    fields |= {
        "event.type": ["info"],
        "observer.vendor": "Kaspersky",
        "observer.type": "edr",
        "message": header.message,
    }
    fields["observer.product"] = "Kaspersky Endpoint Security"
    for key, text in values.items():
        fields[f"kaspersky.{key.lower().replace(' ', '_').replace(chr(92), '.')}"] = text
    _take({key: text for key, text in values.items() if key not in doubtful}, fields, options)
    return fields


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield keys and values; a piece without a known key goes on with the value before it."""
    key, value = "", ""
    for piece in _BREAK.split(text[:65536])[:256]:
        found = _PAIR.fullmatch(piece.strip())
        if found is None:
            value = f"{value}\n{piece.strip()}" if key else value
            continue
        if key:
            yield key, value.strip()
        key, value = found["key"], found["value"]
    if key:
        yield key, value.strip()


def _take(values: dict[str, str], fields: Fields, options: Options) -> None:
    kind, name = values.get("Type", ""), values.get("Name") or values.get("Result\\Name", "")
    put(fields, "event.action", values.get("Result description") or values.get("Result", ""), options.zone)
    put(
        fields,
        "event.reason",
        values.get("Reason") or values.get("Error") or values.get("Event type", ""),
        options.zone,
    )
    put(fields, "error.message", values.get("Error", ""), options.zone)
    put(fields, "process.name", values.get("Application\\Name", ""), options.zone)
    put(fields, "process.executable", values.get("Application\\Path", ""), options.zone)
    if (user := _USER.fullmatch(values.get("User", ""))) is not None:
        put(fields, "user.name", user["account"], options.zone)
    for key, field in _HASHES.items():
        if re.fullmatch(r"[0-9A-Fa-f]{16,64}", values.get(key, ""), re.ASCII):
            fields[field] = values[key]
    _object(values, fields, options)
    kind = kind or values.get("Result\\Type", "")
    if kind == "Network attack" or "attack" in values.get("Event type", "").lower():
        fields["event.kind"], fields["event.category"] = "alert", ["intrusion_detection"]
        put(fields, "rule.name", name, options.zone)
    elif name and _MALWARE.search(kind or values.get("Event type", "")):
        fields["event.kind"], fields["event.category"] = "alert", ["malware"]
        put(fields, "threat.software.name", name, options.zone)
        fields["threat.software.type"] = "Malware"


def _object(values: dict[str, str], fields: Fields, options: Options) -> None:
    """Read what the event is about: a file, a page, or an attack from the network."""
    about = values.get("Object") or values.get("Object path") or values.get("Object\\Path", "")
    if (attack := _ATTACK.fullmatch(about)) is not None and is_ip(attack["source"]):
        fields["source.ip"] = attack["source"]
        put(fields, "destination.ip", attack["destination"], options.zone)
        put(fields, "network.transport", attack["protocol"], options.zone)
        if attack["port"]:
            put_port(fields, "destination.port", attack["port"])
    elif about.startswith(("http://", "https://")):
        fields["url.original"] = about
    elif about:
        path = about.partition("//")[0] if about[1:3] == ":\\" else about  # `C:\a.zip//inner.exe`: within an archive
        fields["file.path"] = path
        fields["file.name"] = re.split(r"[\\/]", path.rstrip("\\/"))[-1] or path


SOURCE = LineSource(
    name="kaspersky",
    aliases=("kaspersky_endpoint_security", "kes", "kaspersky.endpoint_security"),
    title="Kaspersky Endpoint Security",
    datasets=("kaspersky.endpoint_security",),
    own=_own,
    read=_read,
    weight=96,
)
