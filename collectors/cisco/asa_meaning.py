"""What the messages of ASA and FTD mean in ECS: action, outcome, category and type, by message id.

Actions are those of Elastic's integration `cisco_asa`, so that its dashboards and rules find them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.events import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """The classification of one kind of message; `outcome` None where the message has none."""

    action: str
    category: tuple[str, ...]
    types: tuple[str, ...]
    outcome: str | None = None


def _network(action: str, *types: str, outcome: str | None = None) -> Meaning:
    return Meaning(action=action, category=("network",), types=types, outcome=outcome)


def _login(action: str, *types: str, outcome: str) -> Meaning:
    return Meaning(action=action, category=("authentication", "network"), types=types, outcome=outcome)


INFO = _network("firewall-rule", "info")
DENIED = _network("firewall-rule", "connection", "denied", outcome="success")
REFUSED = _network("firewall-rule", "connection", "denied", outcome="failure")
ALLOWED = _network("firewall-rule", "connection", "allowed", outcome="success")
_FLOW_END = _network("flow-expiration", "connection", "end")
_FLOW_START = _network("flow-creation", "connection", "start")
_VPN_ERROR = _network("client-vpn-error", "connection", "error", "denied")
_SVC = _network("firewall-rule", "connection", "info")
_IN = _login("logged-in", "allowed", "info", "start", outcome="success")
_FAILED = _login("logon-failed", "denied", "info", "start", outcome="failure")
_ATTACK = Meaning(action="firewall-rule", category=("network", "intrusion_detection"), types=("info",))
_BUILT = _network("firewall-rule", "info")

_BY_ID: tuple[tuple[str, Meaning], ...] = (
    ("302014 302016 302018 302021 302036 302304 302306 305010 305012 609001 609002", _FLOW_END),
    ("302020", _FLOW_START),
    ("302013 302015 302017 302022 302024 302026 302303 302305 305009 305011", _BUILT),
    ("113029 113030 113031 113032 113033 113034 113035 113036 113037 113038 113040", _VPN_ERROR),
    ("722033 722034 722022 722023 722032 722012 722037 716058 722028 722035 722036", _SVC),
    ("113005 113015 113016 113017 113021 113006 605004 308001 611102 716039", _FAILED),
    ("772003 772004", _FAILED),
    ("109002 109003 109006 109010 109031 109033 109034", _FAILED),
    ("113004 113008 113012 109005 611101 716038", _IN),
    ("605005", _network("firewall-rule", "connection", "allowed", outcome="success")),
    ("611103 606002", Meaning(action="logged-out", category=("authentication",), types=("end",), outcome="success")),
    ("109007", ALLOWED),
    ("109008 109024 109025", DENIED),
    ("710005 710006", REFUSED),
    ("106001 106002 106006 106007 106010 106011 106012 106013 106014 106015 106016 106017 106018 106020", DENIED),
    ("106021 106022 106023 106027 313001 313004 313008 313009 304002 322001 401004 418001 710003 407001", DENIED),
    ("405001 405002 509001 108003 113042 322004 416001 421001 424001 424002 431001 431002 324000", DENIED),
    ("304001 710002", ALLOWED),
    ("201010 201011 201012 201013 202010 209003 209004 209005 419001 410001 500003 500004 710004 305016", REFUSED),
    ("111004 111005", _network("firewall-rule", "info", outcome="success")),
    ("713120", _network("firewall-rule", "info", outcome="success")),
    ("602303", Meaning(action="created", category=("network",), types=("info", "creation", "user"), outcome="success")),
    ("602304", Meaning(action="deleted", category=("network",), types=("info", "deletion", "user"), outcome="success")),
    ("750003", _network("error", "connection", "error")),
    ("434002 434001 434003", _network("drop", "connection", "denied", outcome="unknown")),
    ("434004", _network("bypass", "info", "change", outcome="unknown")),
    ("113039", Meaning(action="client-vpn-connected", category=("network", "session"), types=("connection", "start"))),
    ("716001", Meaning(action="firewall-rule", category=("network", "session"), types=("info", "start"))),
    ("716002", Meaning(action="firewall-rule", category=("network", "session"), types=("info", "end"))),
    ("113019", Meaning(action="client-vpn-disconnected", category=("network", "session"), types=("connection", "end"))),
    ("502101", Meaning(action="user-added", category=("iam", "network"), types=("info", "user", "creation"))),
    ("502102", Meaning(action="user-deleted", category=("iam", "network"), types=("info", "user", "deletion"))),
    ("401002 733101 733102 733104 733105", _ATTACK),
    ("307001", DENIED),
    ("307002", ALLOWED),
    ("307003", _FAILED),
    ("717009 717037 725006", _network("firewall-rule", "info", outcome="failure")),
    ("400000", Meaning(action="intrusion-detected", category=("network", "intrusion_detection"), types=("info",))),
    ("430001", Meaning(action="intrusion-detected", category=("intrusion_detection", "network"), types=("info",))),
    ("430002", _network("connection-started", "connection", "start")),
    ("430003", _network("connection-finished", "connection", "end")),
    ("430004", Meaning(action="file-detected", category=("file", "network"), types=("info",))),
    ("430005", Meaning(action="malware-detected", category=("malware", "file", "network"), types=("info",))),
)  # fmt: skip
_MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {code: meaning for codes, meaning in _BY_ID for code in codes.split()}
)
_VERDICTS = {
    "permitted": ALLOWED,
    "est-allowed": ALLOWED,
    "monitored": ALLOWED,
    "requested": INFO,
    "denied": DENIED,
    "dropped": REFUSED,
    "discarded": REFUSED,
}
_ALERTS = frozenset(("430001", "430004", "430005"))


def classify(code: str | None, verdict: str | None, fields: Fields) -> None:
    """Set `event.action`, `event.category`, `event.type`, `event.outcome` and `event.kind` of a message."""
    meaning = _MEANINGS.get(code or "")
    if meaning is None and code is not None and code.startswith("4000"):
        meaning = _MEANINGS["400000"]
    if verdict is not None and (meaning is None or meaning is INFO):
        meaning = _VERDICTS.get(verdict.lower(), INFO)
    meaning = meaning or INFO
    fields["event.kind"] = "alert" if code in _ALERTS else "event"
    fields["event.action"] = meaning.action
    fields["event.category"] = list(meaning.category)
    fields["event.type"] = list(meaning.types)
    if meaning.outcome is not None:
        fields["event.outcome"] = meaning.outcome
