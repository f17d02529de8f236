"""The form of vpxd, hostd and their like: `info hostd[2099655] [Originator@6876 sub=Vimsvc opID=1f user=eva] text`.

Format: VMware's "vmacore" logging (ESXi 6 to 8, vCenter 6 to 8). The number behind the program is a thread's. The user
is `name`, or `name:who asked for it` (`vpxuser:DOMAIN\\eva`); what the client chose stands behind the bracket only.
"""

from __future__ import annotations

import re

from collectors.network.times import instant_of
from collectors.source import Options
from engine.events import Fields

FORM = re.compile(
    r"""\s{0,8}(?:(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\ )?
    (?:(?P<level>trivia|verbose|info|warning|error|panic|critical|section|crit|warn|debug)\ {1,2})?
    (?:(?P<program>[A-Za-z][\w.\-]{0,63})\[(?P<thread>[0-9A-Fa-f]{1,16})\]:?\ )?
    \[Originator@\d{1,9}(?P<parts>\ [^\]]{0,512})?\]\s?(?P<text>.*)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_PART = re.compile(
    r"(?P<key>sub|opID|sid|user|item|update)=(?P<value>.*?)(?=\s(?:sub|opID|sid|user|item|update)=|$)", re.DOTALL
)
_USER = re.compile(r"(?P<name>[^:]{1,256})(?::(?P<domain>.{1,256}))?", re.DOTALL)
_CATEGORY = re.compile(r"\[(?P<category>[A-Za-z][\w.:\-]{0,127})\]:?\s?")
_MOST_CATEGORIES = 4
_NOBODY = frozenset(("<no user>", "<unset>", "", "-"))


def read_originator(found: re.Match[str], prefix: str, fields: Fields, options: Options) -> str:
    """Set what the form says, its own names under `prefix`, and return the message behind it."""
    if found["stamp"] and (moment := instant_of(found["stamp"], options.zone)) is not None:
        fields["@timestamp"] = moment
    if found["level"]:
        fields["log.level"] = found["level"]
    if found["program"]:
        fields["process.name"] = found["program"]
    parts = {part["key"]: part["value"].strip(" ") for part in _PART.finditer(found["parts"] or "")}
    for key, name in (("sub", "subsystem"), ("opID", "operation.id"), ("sid", "session.id")):
        if parts.get(key):
            fields[f"{prefix}.{name}"] = parts[key]
    if (user := _USER.fullmatch(parts.get("user", ""))) is not None and user["name"] not in _NOBODY:
        fields["user.name"] = user["name"]
        if user["domain"] and user["domain"] not in _NOBODY:
            fields["user.domain"] = user["domain"]
    text: str = found["text"].strip()
    for _ in range(_MOST_CATEGORIES):
        if (category := _CATEGORY.match(text)) is None:
            break
        fields.setdefault(f"{prefix}.log.category", category["category"])
        text = text[category.end() :]
    return text
