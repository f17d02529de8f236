"""What a PAN-OS record is in ECS: category, type, outcome, action and kind, by log type and subtype."""

from __future__ import annotations

import re

from engine.events import Fields

_THREATS = {
    "url": ["network", "web"],
    "file": ["file", "network"],
    "data": ["file", "network"],
    "virus": ["malware", "network"],
    "wildfire": ["malware", "network"],
    "wildfire-virus": ["malware", "network"],
    "ml-virus": ["malware", "network"],
    "spyware": ["malware", "intrusion_detection", "network"],
    "vulnerability": ["vulnerability", "intrusion_detection", "network"],
    "scan": ["intrusion_detection", "network"],
    "flood": ["intrusion_detection", "network"],
    "packet": ["intrusion_detection", "network"],
    "dns": ["intrusion_detection", "network"],
}
_ALLOWED = frozenset(("allow", "alert", "continue", "forward", "wildfire-upload-success"))
_SUCCESS = re.compile(r"success|succeed|-succ\b|allow|connected|pass", re.IGNORECASE)
_FAILURE = re.compile(r"fail|error|denied|invalid|timeout|unauthori[sz]ed|reject|incorrect|not found", re.IGNORECASE)
_LOGIN = re.compile(r"auth|login|logon|logged in|logout|logged out", re.IGNORECASE)
_LEFT = re.compile(r"log(?:ged)?[ _-]?out(?![a-z])", re.IGNORECASE)
_LOGGED = re.compile(rf"logged in|{_LEFT.pattern}|login succ", re.IGNORECASE)
_ASKED = re.compile(r"(?<![a-z])(?:auth|login)", re.IGNORECASE)  # what GlobalProtect does then; not `prelogin`
_NEGOTIATED = re.compile(r"nego-.{0,20}fail", re.IGNORECASE)  # `ike-nego-p1-fail`
_USER_AUTH = re.compile(r"authentication failed for (?:user|admin)|invalid user", re.IGNORECASE)
_SYSTEM = {"auth": ["authentication"], "general": ["host"], "globalprotect": ["session", "network"]}


def classify(values: dict[str, str], fields: Fields) -> None:
    """Set `event.kind`, `event.category`, `event.type`, `event.outcome` and `event.action` of a record."""
    kind, subtype = values.get("type", "").upper(), values.get("subtype", "").lower()
    action = values.get("action") or values.get("cmd") or ""
    if kind in {"SYSTEM", "GLOBALPROTECT"}:  # what happened has a name of its own there
        action = values.get("eventid", "")
    fields["event.kind"] = "alert" if kind in {"THREAT", "CORRELATION"} else "event"
    if action:
        fields["event.action"] = action
    categories, types, outcome = _FOR.get(kind, _other)(values, subtype)
    fields["event.category"], fields["event.type"] = categories, types
    if outcome is None and action and kind not in {"SYSTEM", "GLOBALPROTECT"}:
        outcome = "failure" if kind == "CONFIG" and "fail" in values.get("result", "").lower() else "success"
    if outcome is not None:
        fields["event.outcome"] = outcome


Class = tuple[list[str], list[str], str | None]


def _traffic(values: dict[str, str], subtype: str) -> Class:
    denied = subtype in {"deny", "drop"} or values.get("action", "allow") not in _ALLOWED
    types = ["connection", "denied" if denied else "allowed"]
    if subtype in {"start", "end"}:
        types.append(subtype)
    return ["network"], types, None


def _threat(values: dict[str, str], subtype: str) -> Class:
    allowed = values.get("action", "") in _ALLOWED
    return _THREATS.get(subtype, ["intrusion_detection", "network"]), ["info", "allowed" if allowed else "denied"], None


def _system(values: dict[str, str], subtype: str) -> Class:
    event, text = values.get("eventid", ""), values.get("opaque", "")
    categories = _SYSTEM.get(subtype, ["network"])
    outcome = None
    if subtype == "auth" or _LOGIN.search(event) or _LOGGED.search(text) or _USER_AUTH.search(text):
        categories = ["authentication"]
        failed = _FAILURE.search(event) or text.startswith("failed") or _USER_AUTH.search(text)
        passed = _SUCCESS.search(event) or text.startswith("authenticated") or _LOGGED.search(text)
        outcome = "failure" if failed else "success" if passed else None
    if outcome is None and _NEGOTIATED.search(event):
        return categories, ["connection", "error"], "failure"
    if outcome is None:
        return categories, ["info"], None
    return categories, ["info", "end" if _LEFT.search(event) or _LEFT.search(text) else "start"], outcome


def _globalprotect(values: dict[str, str], _: str) -> Class:
    status = values.get("status", "").lower()
    outcome = status if status in {"success", "failure"} else None
    stage = f"{values.get('stage', '')} {values.get('eventid', '')}".lower()
    types = ["end"] if "logout" in stage or "disconnect" in stage else ["start"]
    if _ASKED.search(values.get("eventid", "")) is not None:
        return ["authentication", "session", "network"], types, outcome
    return ["session", "network"], types, outcome


def _user_id(_: dict[str, str], subtype: str) -> Class:
    return ["authentication"], ["end" if subtype == "logout" else "start"], "success"


def _authentication(values: dict[str, str], _: str) -> Class:
    words = f"{values.get('event', '')} {values.get('desc', '')}"
    outcome = "failure" if _FAILURE.search(words) else "success" if _SUCCESS.search(words) else None
    return ["authentication"], ["info", "start"], outcome


def _correlation(values: dict[str, str], _: str) -> Class:
    categories = ["intrusion_detection", "network"]
    return ["malware", *categories] if values.get("category") == "compromised-host" else categories, ["info"], None


def _config(_: dict[str, str], __: str) -> Class:
    return ["configuration", "network"], ["change", "info"], None


def _link(values: dict[str, str], subtype: str) -> Class:
    categories, types, _ = _traffic(values, subtype)
    return categories, [*types, "info"], "failure" if values.get("error") else None


def _other(_: dict[str, str], __: str) -> Class:
    return ["network"], ["info"], None


_FOR = {
    "TRAFFIC": _traffic,
    "TUNNEL": _traffic,
    "THREAT": _threat,
    "SYSTEM": _system,
    "GLOBALPROTECT": _globalprotect,
    "USERID": _user_id,
    "AUTHENTICATION": _authentication,
    "AUTH": _authentication,
    "CONFIG": _config,
    "CORRELATION": _correlation,
    "DECRYPTION": _link,
    "SCTP": _link,
    "GTP": _link,
}
