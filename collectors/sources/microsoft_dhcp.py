"""Microsoft DHCP Server: audit logs (`DhcpSrvLog-Mon.log`, `DhcpV6SrvLog-Mon.log`), comma-separated.

Format: "DHCP audit logging" and "DHCP server log file format", Microsoft Learn; the legend at the top of each file.
Stamps are the server's local time (`Options.zone`), month first. Names: Elastic's integration `microsoft_dhcp`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import BinaryIO

from collectors.framing import lines
from collectors.network.times import instant_of
from collectors.network.values import put
from collectors.sensors.line import LineSource, begun
from collectors.source import Options, Record
from collectors.syslog import Header, parse_header
from engine.errors import MalformedRecordError
from engine.events import Fields

_RECORD = re.compile(
    r"(?P<id>\d{2}|110\d\d|\d{2,5}),(?P<date>\d{1,2}/\d{1,2}/\d{2,4}),(?P<time>\d\d:\d\d:\d\d),", re.ASCII
)
_V4 = (
    *(
        "source.ip",
        "source.domain",
        "source.mac",
        "user.name",
        "microsoft.dhcp.transaction_id",
        "microsoft.dhcp.result",
    ),
    *("microsoft.dhcp.probation_time", "microsoft.dhcp.correlation_id", "microsoft.dhcp.dhc_id"),
    *("microsoft.dhcp.vendor.hex", "microsoft.dhcp.vendor.string", "microsoft.dhcp.user.hex"),
    *("microsoft.dhcp.user.string", "microsoft.dhcp.relay_agent_info", "microsoft.dhcp.dns_error_code"),
)
_V6 = (
    *("source.ip", "source.domain", "microsoft.dhcp.error_code", "microsoft.dhcp.duid.length"),
    *("microsoft.dhcp.duid.hex", "microsoft.dhcp.user.string", "microsoft.dhcp.dhc_id", "microsoft.dhcp.subnet_prefix"),
)
_BREAKS = re.compile(r"[\x00\r\n]")
_RESULTS = {
    "0": "NoQuarantine",
    "1": "Quarantine",
    "2": "Drop Packet",
    "3": "Probation",
    "6": "No Quarantine Information",
}

# id: action, category, types, outcome. Ids from 50 on are about rogue servers.
_N, _P = "network", "process"
_MEANINGS: dict[str, tuple[str, str, str, str]] = {
    "00": ("log-start", _P, "start", ""),
    "01": ("log-end", _P, "end", ""),
    "02": ("log-pause", _P, "change", "failure"),
    "10": ("dhcp-new", _N, "allowed connection", ""),
    "11": ("dhcp-renew", _N, "allowed connection", ""),
    "12": ("dhcp-release", _N, "allowed connection", ""),
    "13": ("dhcp-conflict", _N, "connection", ""),
    "14": ("dhcp-exhausted", _N, "connection denied", "failure"),
    "15": ("dhcp-deny", _N, "connection denied", "failure"),
    "16": ("dhcp-delete", _N, "connection", ""),
    "17": ("dhcp-expire", _N, "connection", ""),
    "18": ("dhcp-expire", _N, "connection", ""),
    "20": ("bootp-new", _N, "allowed connection", ""),
    "21": ("bootp-new", _N, "allowed connection", ""),
    "22": ("bootp-exhausted", _N, "connection denied", "failure"),
    "23": ("bootp-delete", _N, "connection", ""),
    "24": ("ip-cleanup-start", _P, "start", ""),
    "25": ("ip-cleanup-end", _P, "end", ""),
    "30": ("dhcp-dns-update", _N, "connection", ""),
    "31": ("dhcp-dns-update", _N, "connection", "failure"),
    "32": ("dhcp-dns-update", _N, "connection", ""),
    "33": ("nap-drop", _N, "connection denied", "failure"),
    "34": ("dhcp-dns-update", _N, "connection", "failure"),
    "35": ("dhcp-dns-update", _N, "connection denied", "failure"),
    "36": ("failover-drop", _N, "connection denied", "failure"),
    "11000": ("dhcpv6-solicit", _N, "connection protocol", ""),
    "11001": ("dhcpv6-advertise", _N, "connection protocol", ""),
    "11002": ("dhcpv6-request", _N, "connection protocol", ""),
    "11003": ("dhcpv6-confirm", _N, "connection protocol", ""),
    "11004": ("dhcpv6-renew", _N, "connection protocol", ""),
    "11005": ("dhcpv6-rebind", _N, "connection protocol", ""),
    "11006": ("dhcpv6-decline", _N, "connection protocol", "failure"),
    "11007": ("dhcpv6-release", _N, "connection", ""),
    "11008": ("dhcpv6-info-request", _N, "connection", ""),
    "11009": ("dhcpv6-scope-full", _N, "connection", "failure"),
    "11010": ("log-start", _P, "start", ""),
    "11011": ("log-stop", _P, "end", ""),
    "11012": ("log-pause", _P, "change", ""),
    "11013": ("log-file", _P, "info", ""),
    "11014": ("dhcpv6-bad-address", _N, "connection", "failure"),
    "11015": ("dhcpv6-address-in-use", _N, "connection", ""),
    "11016": ("dhcpv6-client-deleted", _N, "connection", ""),
    "11017": ("ipv6-dns-record-not-deleted", _N, "connection", ""),
    "11018": ("dhcpv6-expired", _N, "connection", ""),
    "11019": ("dhcpv6-lease-expired-deleted", _N, "connection", ""),
    "11020": ("dhcpv6-cleanup-start", _P, "start", ""),
    "11021": ("dhcpv6-cleanup-end", _P, "end", ""),
    "11022": ("ipv6-dns-update-request", _N, "connection start", ""),
    "11023": ("ipv6-dns-update-failed", _N, "connection end", "failure"),
    "11024": ("ipv6-dns-update-successful", _N, "connection end", ""),
    "11028": ("ipv6-dns-update-request-queue-exceeded", _N, "connection end", "failure"),
    "11029": ("ipv6-dns-update-request-failed", _N, "connection end", "failure"),
    "11030": ("dhcpv6-stateless-clients-purged", _P, "change", ""),
    "11031": ("dhcpv6-stateless-clients-expired", _P, "change", ""),
    "11032": ("dhcpv6-stateless-client-info-request", _N, "info", ""),
}
_ROGUE_FAILED = frozenset(("50", "54", "56", "58", "59"))
_ROGUE_ALLOWED = frozenset(("51", "53", "55"))


def _frame(stream: BinaryIO) -> Iterator[Record]:
    return lines(stream)


def _own(line: str) -> bool:
    if (found := _RECORD.search(line, 0, 200)) is not None:
        return found.start() == 0 or line[found.start() - 1] in " :"
    return _legend(line)


def _legend(line: str) -> bool:
    text = line.strip()
    words = ("Microsoft DHCP", "Microsoft DHCPv6", "Event ID  Meaning", "ID,Date,Time,Description")
    return text.startswith(words) or "DHCP Service Activity Log" in text


def _read(line: str, options: Options) -> Fields | None:
    found = _RECORD.search(line, 0, 400)
    if found is None or (found.start() and line[found.start() - 1] not in " :\t"):
        if _is_heading(line):
            return None
        raise MalformedRecordError("no record of the DHCP audit log: id, date and time are missing")
    header = (
        parse_header(line[: found.start()] + "x", options)
        if found.start()
        else Header(kind="bare", message="", host=options.host)
    )
    fields = begun("microsoft_dhcp.log", header, options)
    cells = _cells(line[found.start() :])
    code = found["id"]
    stamp = instant_of(f"{found['date']} {found['time']}", options.zone)
    if stamp is not None:
        fields["@timestamp"] = stamp
    fields["event.code"], fields["message"] = code, cells[3].strip() if len(cells) > 3 else ""
    _meaning(code, fields)
    for name, cell in zip(_V6 if len(code) == 5 else _V4, cells[4:], strict=False):
        put(fields, name, cell, options.zone)
    domain = fields.get("source.domain")
    if isinstance(domain, str):
        fields["source.domain"] = fields["source.address"] = domain.lower()  # the address may be leased to another soon
    if fields.get("source.mac") == "00-00-00-00-00-00":
        del fields["source.mac"]
    if (result := fields.get("microsoft.dhcp.result")) in _RESULTS:
        fields["microsoft.dhcp.result_description"] = _RESULTS[str(result)]
    return fields


def _cells(text: str) -> list[str]:
    """Return a record's columns; what is no CSV at all (a quote that never ends) is cut at its commas."""
    try:
        return next(csv.reader([_BREAKS.sub(" ", text)]), [])
    except csv.Error:
        return text.split(",")


def _is_heading(line: str) -> bool:
    """Tell the legend that stands at a file's top: titles, `ID<tab>meaning` lines, notes on results."""
    text = line.strip()
    return bool(
        not text
        or _legend(line)
        or re.match(r"(?:\d\d|\d{5}|50\+)\s+\S", text)
        or text.startswith(("QResult", "ID,", "ID\t"))
    )


def _meaning(code: str, fields: Fields) -> None:
    if code in _MEANINGS:
        action, category, types, outcome = _MEANINGS[code]
    elif len(code) == 2 and code >= "50":
        denied = "connection denied" if code in {"54", "56"} else "connection"
        types = "allowed connection" if code in _ROGUE_ALLOWED else denied
        action, category, outcome = "rogue-server-detection", _N, "failure" if code in _ROGUE_FAILED else ""
    else:
        action, category, types, outcome = "", _N, "connection", ""
    fields["event.category"] = ["authentication", "network"] if action.startswith("rogue") else [category]
    fields["event.type"], fields["event.outcome"] = types.split(), outcome or "success"
    if action:
        fields["event.action"] = action


SOURCE = LineSource(
    name="microsoft_dhcp",
    aliases=("ms_dhcp", "microsoft_dhcp.log", "windows_dhcp"),
    title="Microsoft DHCP Server audit logs (DhcpSrvLog, DhcpV6SrvLog)",
    datasets=("microsoft_dhcp.log",),
    own=_own,
    read=_read,
    framer=_frame,
    weight=96,
)
