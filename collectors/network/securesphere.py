"""Imperva SecureSphere, the gateway on premises: alerts, the audit of databases, and events of the system itself.

Format: "Imperva SecureSphere CEF Configuration Guide". `cat` tells which of the three a message is; all use the keys
as CEF means them.
"""

from __future__ import annotations

import re

from collectors.network.cef import Cef
from collectors.network.cef_ecs import cef_fields
from collectors.source import Options
from engine.events import Fields

_FAILED = re.compile(r"\b(?:fail(?:ed|ure)?|denied|unsuccessful|invalid|locked)\b", re.IGNORECASE)
_LOGIN = re.compile(r"\blog(?:ged|ging)?[ \-]?(?P<way>in|on|out|off)\b", re.IGNORECASE)
_ACCOUNT = re.compile(r"\b(?:user|role|account|password)\b", re.IGNORECASE)
_CHANGES = (
    (re.compile(r"\b(?:add(?:ed)?|creat(?:e|ed|ion))\b", re.IGNORECASE), "creation"),
    (re.compile(r"\b(?:delet(?:e|ed|ion)|remov(?:e|ed|al))\b", re.IGNORECASE), "deletion"),
    (re.compile(r"\b(?:chang(?:e|ed)|updat(?:e|ed)|modif(?:y|ied)|reset|edit(?:ed)?)\b", re.IGNORECASE), "change"),
)
_TYPES = {"in": "start", "on": "start", "out": "end", "off": "end"}
_YES = frozenset({"true", "yes"})


def securesphere_fields(cef: Cef, options: Options) -> Fields:
    """Read a message of SecureSphere."""
    fields = cef_fields(cef, options)
    kind = cef.extension.get("cat", "").strip().lower().replace(" ", "")
    if kind not in {"systemevent", "audit"}:
        return fields | {"event.dataset": "imperva_securesphere.alert"} | _alert(cef)
    for name in ("rule.id", "rule.name"):  # a class is no rule that was broken
        fields.pop(name, None)
    if kind == "audit":
        return fields | {"event.dataset": "imperva_securesphere.audit"} | _audit(cef)
    return fields | {"event.dataset": "imperva_securesphere.system"} | _system(cef)


def _alert(cef: Cef) -> Fields:
    """Return an alert; its policy is the rule, and what it did is the action."""
    action = cef.extension.get("act", "").lower()
    fields: Fields = {
        "event.kind": "alert",
        "event.category": ["network", "intrusion_detection"],
        "event.type": ["denied" if "block" in action else "allowed" if action in {"none", "pass"} else "info"],
    }
    if policy := cef.labelled.get("Policy"):
        fields["rule.name"], fields["rule.description"] = policy, cef.name
    return fields


def _audit(cef: Cef) -> Fields:
    """Return what someone did in a database; a policy that is named only says why it was written down."""
    labelled = cef.labelled
    done = labelled.get("EventType") or (cef.name if cef.event_class.lower() == "audit" else cef.event_class)
    fields: Fields = {"event.kind": "event", "event.category": ["database", "network"], "event.type": ["access"]}
    if done:
        fields["event.action"] = done
    if user := cef.extension.get("duser"):
        fields["user.name"] = user
    if (login := _LOGIN.search(done)) is not None:
        fields["event.category"] = ["authentication", "database"]
        fields["event.type"] = [_TYPES[login["way"].lower()]]
        if known := labelled.get("UserAuthenticated"):
            fields["event.outcome"] = "success" if known.lower() in _YES else "failure"
    if policy := labelled.get("Policy"):
        fields["rule.name"] = policy
    if error := labelled.get("SQLError"):
        fields["event.outcome"], fields["error.message"] = "failure", error
    return fields


def _system(cef: Cef) -> Fields:
    """Return what happened at the gateway or its management: log-ins, changes of accounts, or of anything else."""
    text = f"{cef.event_class} {cef.name}"
    fields: Fields = {
        "event.kind": "event",
        "event.category": ["configuration"],
        "event.type": ["info"],
        "event.action": cef.event_class or cef.name,
        "message": cef.name,
    }
    if user := cef.extension.get("suser") or cef.extension.get("duser"):
        fields["user.name"] = user
    if (login := _LOGIN.search(text)) is not None:
        fields["event.category"], fields["event.type"] = ["authentication"], [_TYPES[login["way"].lower()]]
        fields["event.outcome"] = "failure" if _FAILED.search(text) else "success"
        return fields
    for words, kind in _CHANGES:
        if words.search(text) is not None:
            fields["event.type"] = [kind]
            if _ACCOUNT.search(cef.event_class) is not None:
                fields["event.category"], fields["event.type"] = ["iam"], ["user", kind]
            break
    return fields
