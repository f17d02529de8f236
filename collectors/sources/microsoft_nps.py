"""Microsoft NPS and RRAS (Always On VPN): log-ins, refusals and accounting of remote access, from the server's file.

Format: any of NPS' three (database, IAS, DTS), see `collectors.identity.nps_forms`; in the server's local time. The
calling station is who connects; the framed address is what the client got inside. Codes: RFC 2865, RFC 2866 and NPS'
reason codes.
"""

from __future__ import annotations

from collectors.identity.nps_forms import is_nps, values_of
from collectors.network.times import instant_of
from collectors.network.values import put, put_all
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.web.address import is_ip
from engine.events import Fields

_TABLE = {
    "full_user_name": ("user.name",),
    "user_name": ("user.name",),
    "input_octets": ("source.bytes",),
    "output_octets": ("destination.bytes",),
    "input_packets": ("source.packets",),
    "output_packets": ("destination.packets",),
    "policy_name": ("rule.name",),
    "computer_name": ("observer.hostname",),
    "service_name": ("service.name",),
    "reason_code": ("event.code",),
}
_PACKETS = {
    "1": "Access-Request", "2": "Access-Accept", "3": "Access-Reject", "4": "Accounting-Request",
    "5": "Accounting-Response", "11": "Access-Challenge",
}  # fmt: skip
_REASONS = {
    "0": "success", "1": "internal error", "2": "access denied", "3": "malformed request", "7": "no such domain",
    "8": "no such user", "16": "credentials do not match", "17": "password change failed", "18": "unsupported method",
    "22": "EAP type not available", "23": "unexpected EAP error", "32": "local users only", "33": "password expired",
    "34": "account disabled", "35": "account expired", "36": "account locked out", "48": "no policy matches",
    "49": "no connection request policy matches", "65": "dial-in not permitted", "66": "method not allowed by policy",
    "69": "outside the allowed hours", "262": "certificate is invalid", "265": "untrusted certificate authority",
    "269": "client and server have no common algorithm", "293": "certificate not valid yet", "300": "no credentials",
}  # fmt: skip
_ACCOUNTING = {"1": "start", "2": "end", "3": "info", "7": "start", "8": "end"}


def _read(line: str, options: Options) -> Fields:
    values = values_of(line)
    fields: Fields = {
        "event.dataset": "microsoft_nps.log",
        "event.module": "microsoft_nps",
        "event.kind": "event",
        "event.category": ["network"],
        "event.type": ["info"],
        "observer.vendor": "Microsoft",
    }
    if (moment := instant_of(values.get("stamp", ""), options.zone)) is not None:
        fields["@timestamp"] = moment
    put_all(fields, values, _TABLE, options.zone)
    _ends(values, fields, options)
    _meaning(values, fields)
    fields |= {f"microsoft_nps.{name}": text for name, text in values.items() if name != "stamp"}
    return fields


def _ends(values: dict[str, str], fields: Fields, options: Options) -> None:
    """Set who connected to what: the stations, where they are addresses; else the ends of the tunnel."""
    for side, names in (
        ("source", ("calling_station", "tunnel_client")),
        ("destination", ("called_station", "tunnel_server")),
    ):
        address = next((values[name] for name in names if is_ip(values.get(name, ""))), "")
        put(fields, f"{side}.ip", address, options.zone)
    if "source.ip" not in fields:
        put(fields, "source.mac", values.get("calling_station", "")[:17], options.zone)
    put(fields, "source.nat.ip", values.get("framed_ip", ""), options.zone)
    put(fields, "observer.ip", values.get("nas_ip", ""), options.zone)
    account = values.get("user_name", "")
    if "@" in account and "\\" not in account:
        fields["user.email"] = account
    if values.get("framed_protocol") == "1":
        fields["network.protocol"] = "ppp"


def _meaning(values: dict[str, str], fields: Fields) -> None:
    """Tell by the kind of packet what it is: a log-in, its refusal, or an account of the session."""
    kind, reason = values["packet_type"], values.get("reason_code", "")
    fields["event.action"] = _PACKETS.get(kind, f"packet {kind}")
    if reason and reason != "0":
        fields["event.reason"] = _REASONS.get(reason, f"reason {reason}")
    if kind in {"1", "2", "3", "11"}:
        fields["event.category"] = ["authentication", "network"]
        fields["event.type"] = ["start", *{"2": ["allowed"], "3": ["denied"]}.get(kind, [])]
    if kind in {"2", "3"}:
        fields["event.outcome"] = "success" if kind == "2" else "failure"
    elif kind in {"4", "5"}:
        fields["event.category"] = ["network", "session"]
        fields["event.type"] = [_ACCOUNTING.get(values.get("accounting_status", ""), "info")]
    if (lasted := values.get("session_time", "")).isdecimal() and len(lasted) < 10:
        fields["event.duration"] = int(lasted) * 1_000_000_000


SOURCE = LineSource(
    name="microsoft_nps",
    aliases=("nps", "always_on_vpn", "microsoft_always_on_vpn", "rras", "ias"),
    title="Microsoft NPS and RRAS (Always On VPN)",
    datasets=("microsoft_nps.log",),
    own=is_nps,
    read=_read,
    weight=98,
)
