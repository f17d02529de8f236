"""The three forms in which Microsoft's network policy server writes its log, cut into the same named texts.

Formats: "Interpret NPS database format log files" (66 columns), "Interpret IAS format log files" (six columns, then
numbers of attributes with their values), and DTS, one `<Event>` a line with an element for each attribute. Names of
attributes: RFC 2865, 2866, 2868, and NPS' own from 4108 on. A stamp stands as `stamp`, in the server's local time.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import unescape

from engine.errors import MalformedRecordError

_DATABASE: Final = re.compile(r'"[^"]{1,64}","(?:RAS|IAS)",\d\d/\d\d/\d{4},\d\d:\d\d:\d\d,\d{1,3},')
_NUMBERED: Final = re.compile(
    r'"?[0-9A-Fa-f.:]{2,45}"?,(?:"(?:[^"]|""){0,256}"|[^",]{0,256}),\d\d/\d\d/\d{4},\d\d:\d\d:\d\d,"?(?:RAS|IAS|NPS)"?,',
    re.ASCII,
)
_ELEMENT: Final = re.compile(
    r'<(?P<name>[A-Za-z][A-Za-z0-9\-]{0,63}) data_type="\d">(?P<text>[^<]{0,8192})</(?P=name)>', re.ASCII
)
_ENTITIES: Final = {"&quot;": '"', "&apos;": "'"}
_FEWEST: Final = 26  # columns of the database form up to the reason
_HEAD: Final = 6  # columns of the numbered form before its attributes

_COLUMNS: Final = (
    "computer_name", "service_name", "date", "time", "packet_type", "user_name", "full_user_name", "called_station",
    "calling_station", "callback_number", "framed_ip", "nas_identifier", "nas_ip", "nas_port", "client_vendor",
    "client_ip", "client_name", "event_timestamp", "port_limit", "nas_port_type", "connect_info", "framed_protocol",
    "service_type", "authentication_type", "policy_name", "reason_code", "class", "session_timeout", "idle_timeout",
    "termination_action", "eap_name", "accounting_status", "accounting_delay", "input_octets", "output_octets",
    "session_id", "accounting_authentic", "session_time", "input_packets", "output_packets", "terminate_cause",
    "multi_session_id", "link_count", "interim_interval", "tunnel_type", "tunnel_medium", "tunnel_client",
    "tunnel_server", "tunnel_connection", "tunnel_group", "tunnel_assignment", "tunnel_preference", "auth_type",
    "eap_type", "ras_version", "ras_vendor", "chap_error", "chap_domain", "encryption_types", "encryption_policy",
    "proxy_policy_name", "provider_type", "provider_name", "remote_server", "ras_client_name", "ras_client_version",
)  # fmt: skip
_NUMBERS: Final[Mapping[str, str]] = {
    "5": "nas_port", "6": "service_type", "7": "framed_protocol", "8": "framed_ip", "19": "callback_number",
    "25": "class", "27": "session_timeout", "28": "idle_timeout", "29": "termination_action", "30": "called_station",
    "31": "calling_station", "32": "nas_identifier", "40": "accounting_status", "41": "accounting_delay",
    "42": "input_octets", "43": "output_octets", "44": "session_id", "45": "accounting_authentic",
    "46": "session_time", "47": "input_packets", "48": "output_packets", "49": "terminate_cause",
    "50": "multi_session_id", "51": "link_count", "55": "event_timestamp", "61": "nas_port_type", "62": "port_limit",
    "64": "tunnel_type", "65": "tunnel_medium", "66": "tunnel_client", "67": "tunnel_server",
    "68": "tunnel_connection", "77": "connect_info", "81": "tunnel_group", "82": "tunnel_assignment",
    "83": "tunnel_preference", "85": "interim_interval", "4108": "client_ip", "4116": "client_vendor",
    "4127": "authentication_type", "4128": "client_name", "4129": "sam_account", "4130": "full_user_name",
    "4132": "eap_name", "4136": "packet_type", "4142": "reason_code", "4149": "policy_name",
    "4154": "proxy_policy_name", "4155": "provider_type", "4157": "remote_server",
}  # fmt: skip
_ELEMENTS: Final[Mapping[str, str]] = {
    "Computer-Name": "computer_name", "Event-Source": "service_name", "Packet-Type": "packet_type",
    "User-Name": "user_name", "SAM-Account-Name": "sam_account", "Fully-Qualifed-User-Name": "full_user_name",
    "Fully-Qualified-User-Name": "full_user_name", "Called-Station-Id": "called_station",
    "Calling-Station-Id": "calling_station", "Callback-Number": "callback_number", "Framed-IP-Address": "framed_ip",
    "NAS-Identifier": "nas_identifier", "NAS-IP-Address": "nas_ip", "NAS-IPv6-Address": "nas_ip",
    "NAS-Port": "nas_port", "NAS-Port-Type": "nas_port_type", "Client-Vendor": "client_vendor",
    "Client-IP-Address": "client_ip", "Client-IPv6-Address": "client_ip", "Client-Friendly-Name": "client_name",
    "Event-Timestamp": "event_timestamp", "Connect-Info": "connect_info", "Framed-Protocol": "framed_protocol",
    "Service-Type": "service_type", "Authentication-Type": "authentication_type", "NP-Policy-Name": "policy_name",
    "Proxy-Policy-Name": "proxy_policy_name", "Reason-Code": "reason_code", "Class": "class",
    "Session-Timeout": "session_timeout", "EAP-Friendly-Name": "eap_name", "Acct-Status-Type": "accounting_status",
    "Acct-Delay-Time": "accounting_delay", "Acct-Input-Octets": "input_octets", "Acct-Output-Octets": "output_octets",
    "Acct-Session-Id": "session_id", "Acct-Authentic": "accounting_authentic", "Acct-Session-Time": "session_time",
    "Acct-Input-Packets": "input_packets", "Acct-Output-Packets": "output_packets",
    "Acct-Terminate-Cause": "terminate_cause", "Acct-Multi-Session-Id": "multi_session_id",
    "Tunnel-Type": "tunnel_type", "Tunnel-Medium-Type": "tunnel_medium", "Tunnel-Client-Endpt": "tunnel_client",
    "Tunnel-Server-Endpt": "tunnel_server", "Provider-Type": "provider_type", "Provider-Name": "provider_name",
    "Remote-Server-Address": "remote_server", "MS-RAS-Client-Name": "ras_client_name",
    "MS-RAS-Client-Version": "ras_client_version", "MS-CHAP-Domain": "chap_domain",
}  # fmt: skip


def is_nps(line: str) -> bool:
    """Tell whether a line has one of the three forms."""
    text = line.lstrip("\ufeff \t")
    if text.startswith("<Event>"):
        return "<Packet-Type data_type=" in text and "<Timestamp data_type=" in text
    return _DATABASE.match(text) is not None or _NUMBERED.match(text) is not None


def values_of(line: str) -> dict[str, str]:
    """Return what a line says under the names of the database form, with `stamp`; raise `MalformedRecordError`."""
    text = line.lstrip("\ufeff").strip()
    if text.startswith("<Event>"):
        values = _of_elements(text)
    elif _DATABASE.match(text) is not None:
        values = _of_columns(text)
    elif _NUMBERED.match(text) is not None:
        values = _of_numbers(text)
    else:
        raise MalformedRecordError("no line of NPS: neither its database form, nor its IAS form, nor an <Event> of DTS")
    if "packet_type" not in values:
        raise MalformedRecordError("a line of NPS without its packet type")
    if account := values.pop("sam_account", ""):
        values.setdefault("full_user_name", account)
    return values


def _columns_of(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise MalformedRecordError(f"a line of NPS whose quotes do not match: {error}") from error


def _of_columns(text: str) -> dict[str, str]:
    columns = _columns_of(text)
    if not _FEWEST <= len(columns) <= len(_COLUMNS):
        raise MalformedRecordError(f"a line of NPS with {len(columns)} columns; it has {_FEWEST} to {len(_COLUMNS)}")
    values = {name: text for name, text in zip(_COLUMNS, columns, strict=False) if text}
    values["stamp"] = f"{values.pop('date')} {values.pop('time')}"
    return values


def _of_numbers(text: str) -> dict[str, str]:
    """Read attributes by their numbers; of one that comes again the first counts, and others are kept by number."""
    columns = _columns_of(text)
    head, rest = columns[:_HEAD], columns[_HEAD:]
    if len(head) < _HEAD or len(rest) % 2:
        raise MalformedRecordError("a line of NPS in IAS form whose attributes are not in pairs")
    nas, user, date, time, service, computer = head
    values = {"nas_ip": nas, "user_name": user, "service_name": service, "computer_name": computer}
    for number, said in zip(rest[::2], rest[1::2], strict=True):
        if number.isdecimal() and number.isascii() and len(number) <= 5:
            values.setdefault(_NUMBERS.get(number, f"attribute_{number}"), said)
    return {"stamp": f"{date} {time}", **{name: said for name, said in values.items() if said}}


def _of_elements(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for found in _ELEMENT.finditer(text):
        name, said = found["name"], unescape(found["text"], _ENTITIES).strip()
        if said:
            values.setdefault("stamp" if name == "Timestamp" else _ELEMENTS.get(name, _snaked(name)), said)
    return values


def _snaked(name: str) -> str:
    return name.lower().replace("-", "_")
