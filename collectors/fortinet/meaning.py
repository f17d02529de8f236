"""What a record of FortiOS is in ECS: category, type, outcome and action.

`event.category` holds ECS' own words; FortiOS' type (traffic, utm, event) is `fortinet.firewall.type`.
"""

from __future__ import annotations

import re

from engine.events import Fields

_FAILED = re.compile(r"fail|error|denied|invalid|refus|timeout-auth", re.IGNORECASE)
_BLOCKED = frozenset(
    ("deny", "block", "blocked", "drop", "dropped", "reset", "reset_client", "reset_server", "clear_session",
     "dropped-by-policy", "ip-conn", "quarantine")
)  # fmt: skip
_ALLOWED = frozenset(
    ("accept", "pass", "passthrough", "allow", "permit", "monitored", "detected", "log-only", "exempt")
)
_ENDED = frozenset(("close", "timeout", "client-rst", "server-rst", "deny"))
_UTM = {
    "virus": "malware",
    "av": "malware",
    "ips": "intrusion_detection",
    "anomaly": "intrusion_detection",
    "webfilter": "web",
    "waf": "web",
    "emailfilter": "email",
    "spam": "email",
    "dlp": "file",
    "file-filter": "file",
}
_TYPES = frozenset(("traffic", "event", "utm", "anomaly", "dns", "voip", "app-ctrl", "webfilter"))
_LOGINS = re.compile(r"log(?:in|on)|auth", re.IGNORECASE)
_LOGOUTS = re.compile(r"logout|logoff|log out", re.IGNORECASE)
_ACCOUNTS = {  # places of the configuration that say who may do what
    "system.admin": "user", "system.api-user": "user", "system.accprofile": "group", "system.sso-admin": "user",
    "system.sso-forticloud-admin": "user", "user.local": "user", "user.peer": "user",
    "user.group": "group", "user.peergrp": "group", "user.adgrp": "group",
}  # fmt: skip
_CHANGES = {"add": "creation", "edit": "change", "delete": "deletion", "set": "change", "move": "change"}


def classify(values: dict[str, str], fields: Fields) -> None:
    """Set `event.kind`, `event.category`, `event.type`, `event.action` and `event.outcome`."""
    kind, subtype = values.get("type", "").lower(), values.get("subtype", "").lower()
    action = values.get("action", "")
    status = values.get("status", "")
    told = action or values.get("eventtype") or ("" if kind in _TYPES else status or kind)
    if told:
        fields["event.action"] = told
    if outcome := _outcome(action, status, values):
        fields["event.outcome"] = outcome
    fields["event.kind"] = "alert" if _is_alert(kind, subtype) else "event"
    if kind == "event":
        categories, types = _event(action, subtype, values)
        fields["event.category"], fields["event.type"] = categories, types
        if "iam" in categories and (name := values.get("cfgobj")):
            fields["group.name" if "group" in types else "user.target.name"] = name
    else:
        extra = _UTM.get(subtype)
        fields["event.category"] = ["network", *([extra] if extra else [])]
        fields["event.type"] = _connection(kind, action)


def _is_alert(kind: str, subtype: str) -> bool:
    return kind == "anomaly" or (kind == "utm" and subtype in {"virus", "ips", "anomaly", "waf"})


def _outcome(action: str, status: str, values: dict[str, str]) -> str | None:
    """Tell the outcome; a blocked connection is a success of the firewall, as the integration has it."""
    lowered = status.lower()
    if lowered.isdecimal() and len(lowered) <= 3:
        return "failure" if int(lowered) >= 400 else "success"
    if lowered and _FAILED.search(lowered):
        return "failure"
    if lowered == "deny":
        return {"failure": "failure", "success": "success"}.get(values.get("msg", ""), "unknown")
    if action and _FAILED.search(action):
        return "failure"
    return "success" if action or status else None


def _connection(kind: str, action: str) -> list[str]:
    lowered = action.lower()
    types = ["connection"] if kind == "traffic" else []
    if lowered in _BLOCKED:
        types.append("denied")
    elif lowered in _ALLOWED or lowered in _ENDED:
        types.append("allowed")
    if kind == "traffic" and lowered in _ENDED:
        types.append("end")
    return types or ["info"]


def _event(action: str, subtype: str, values: dict[str, str]) -> tuple[list[str], list[str]]:
    words = f"{action} {values.get('logdesc', '')}"
    if _LOGOUTS.search(words):
        return ["authentication", "session"], ["end"]
    if subtype == "user" or _LOGINS.search(action):
        return ["authentication"], ["start"]
    if action.lower() in _CHANGES and "cfgpath" in values:
        whose = _ACCOUNTS.get(values["cfgpath"].lower())
        done = [_CHANGES[action.lower()]]
        return (["iam", "configuration"], [whose, *done]) if whose else (["configuration"], done)
    if "configuration changed" in words.lower():
        return ["configuration"], ["change"]
    if subtype == "vpn":
        return ["network", "session"], ["connection", "end" if "down" in action else "start"]
    return (["network"] if subtype in {"router", "wireless", "ha", "endpoint"} else ["host"]), ["info"]
