"""What a LEEF message is in ECS: log-ins, threats, changes of accounts, verdicts on connections.

Specification: "IBM QRadar Log Event Extended Format (LEEF)" 2.0, "Predefined LEEF event attributes". Products choose
their events' names freely; what one is, is told by the words of its name, its category and its action, which the
product writes, and never by an attribute that a user fills in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from collectors.network.verdicts import verdict_of_word
from collectors.web.address import is_ip
from engine.events import Fields

_NAMES = ("cat", "category", "eventname", "eventmessage", "name", "subtype", "type", "action", "act")
_THREATS = (
    (re.compile(r"malware|virus|trojan|ransomware|spyware|worm\b|wildfire|rootkit|phish", re.IGNORECASE), "malware"),
    (
        re.compile(
            r"intrusion|exploit|\battack|\bips\b|\bids\b|threat|brute.?force|port.?scan|injection|signature|vulnerability",
            re.IGNORECASE,
        ),
        "intrusion_detection",
    ),
)
_OUT = re.compile(r"log(?:ged)?[ _\-]?(?:out|off)|sign[ _\-]?out|session (?:end|close)|disconnect", re.IGNORECASE)
_IN = re.compile(r"log(?:ged)?[ _\-]?(?:in|on)\b|sign[ _\-]?(?:in|on)\b|authenticat|\blogin|\blogon", re.IGNORECASE)
_ACCOUNT = re.compile(r"\b(?:user|account|member|group|role|privilege|password)s?\b", re.IGNORECASE)
_CHANGES = (
    (re.compile(r"\b(?:add|added|create|created|new|register|enable|enabled)\b", re.IGNORECASE), "creation"),
    (re.compile(r"\b(?:delete|deleted|remove|removed)\b", re.IGNORECASE), "deletion"),
    (
        re.compile(r"\b(?:update|updated|change|changed|modify|modified|reset|edit|edited|disable|disabled)\b",
                   re.IGNORECASE),
        "change",
    ),
)  # fmt: skip
_CONFIGURATION = re.compile(r"\bconfig|\bpolicy\b|\bsettings?\b|\brule\b", re.IGNORECASE)
_FAILED = re.compile(r"fail|invalid|denied|reject|unsuccessful|refused|lock(?:ed)? ?out|incorrect", re.IGNORECASE)
_SUCCEEDED = re.compile(r"\bsuccess(?:ful|fully)?\b|succeeded|accepted|granted|\bpassed\b", re.IGNORECASE)


def classify(event: str, attributes: Mapping[str, str], fields: Fields) -> None:
    """Set category, type, kind and outcome of a message by what the product calls it."""
    small = {key.lower(): value for key, value in attributes.items()}
    said = " ".join((_spaced(event), *(_spaced(small.get(name, "")) for name in _NAMES)))
    verdict = verdict_of_word(small.get("action") or small.get("act") or "")
    _addresses(fields)
    if _log_in(small, said, fields) or _threat(said, verdict, fields) or _change(said, fields):
        return
    if "source.ip" in fields and "destination.ip" in fields:
        fields["event.category"] = ["network"]
        fields["event.type"] = ["connection", verdict] if verdict is not None else ["connection"]
    if verdict is not None:
        fields["event.outcome"] = "success" if verdict == "allowed" else "failure"


def _spaced(name: str) -> str:
    """Return `UserLoginFailed` and `user_login_failed` with blanks between the words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name[:512])


def _addresses(fields: Fields) -> None:
    """Take a host's name that is an address for one: many products know a machine by nothing else."""
    for side in ("source", "destination"):
        name = fields.get(f"{side}.domain")
        if isinstance(name, str) and is_ip(name):
            del fields[f"{side}.domain"]
            fields.setdefault(f"{side}.ip", name)


def _outcome(said: str, fields: Fields) -> None:
    if _FAILED.search(said):
        fields["event.outcome"] = "failure"
    elif _SUCCEEDED.search(said):
        fields["event.outcome"] = "success"


def _log_in(attributes: Mapping[str, str], said: str, fields: Fields) -> bool:
    """Read `isLoginEvent` and `isLogoutEvent`, and events that are called a log-in."""
    ends = attributes.get("islogoutevent", "").lower() == "true" or _OUT.search(said) is not None
    begins = attributes.get("isloginevent", "").lower() == "true" or _IN.search(said) is not None
    if not (ends or begins):
        return False
    fields["event.category"], fields["event.type"] = ["authentication"], ["end" if ends else "start"]
    _outcome(said, fields)
    return True


def _threat(said: str, verdict: str | None, fields: Fields) -> bool:
    found = [category for words, category in _THREATS if words.search(said)][:1]
    if not found:
        return False
    fields["event.kind"] = "alert"
    fields["event.category"] = [*found, "network"] if "source.ip" in fields else found
    fields["event.type"] = ["info", verdict] if verdict is not None else ["info"]
    return True


def _change(said: str, fields: Fields) -> bool:
    kind = next((kind for words, kind in _CHANGES if words.search(said)), None)
    if kind is None:
        return False
    if _ACCOUNT.search(said):
        subject = "group" if re.search(r"\bgroups?\b", said, re.IGNORECASE) else "user"
        fields["event.category"], fields["event.type"] = ["iam"], [subject, kind]
    elif _CONFIGURATION.search(said):
        fields["event.category"], fields["event.type"] = ["configuration"], [kind]
    else:
        return False
    _outcome(said, fields)
    return True
