"""Windows events as Snare's agents and NXLog's `to_syslog_snare()` write them into syslog: columns between tabs.

`<13>Mar 05 09:12:44 host MSWinEventLog 1 Security 123 Tue Mar 05 09:12:44 2024 4625 provider user sid-type audit-type
computer category data text checksum`, from "Snare Agent for Windows: event log format". rsyslog may have written the
tabs as `#011`. The event's data stand in its text alone, without line ends.
"""

from __future__ import annotations

import re
from datetime import tzinfo
from typing import Final

from collectors.network.times import instant_of
from engine.errors import MalformedRecordError

MARK: Final = "MSWinEventLog"
_TAB: Final = re.compile(r"\t|#011")
_BEFORE: Final = re.compile(r"^(?:\t|#011| )+")
_COLUMNS: Final = 12
_AUDITS: Final = {"success audit": "AUDIT_SUCCESS", "failure audit": "AUDIT_FAILURE"}
_NOBODY: Final = frozenset({"", "-", "N/A", "Unknown User"})


def snare_document(text: str, zone: tzinfo) -> dict[str, object]:
    """Return a line as a flat event (see `flat_form`); raise `MalformedRecordError` where columns are missing.

    The stamp is the machine's local time, taken in `zone`.
    """
    columns = _BEFORE.sub("", text.partition(MARK)[2], count=1)
    cells = [cell.strip() for cell in _TAB.split(columns, _COLUMNS + 1)]
    if len(cells) < _COLUMNS or not cells[4].isdecimal():
        raise MalformedRecordError("a line of Snare without its columns: log, counter, time, event id, provider")
    _, log, counter, stamp, code, provider, account, _, kind, computer, category = cells[:11]
    moment = instant_of(stamp, zone)
    document: dict[str, object] = {
        "EventID": int(code) if len(code) < 10 else 0,
        "Channel": log,
        "SourceName": provider,
        "Hostname": computer,
        "RecordNumber": counter,
        "Severity": kind,
        "EventType": _AUDITS.get(kind.lower(), kind.upper()),
        "Category": category,
        "Message": cells[12] if len(cells) > _COLUMNS else cells[11],
    }
    if moment is not None:
        document["EventTime"] = moment.isoformat()
    if account not in _NOBODY:
        domain, _, name = account.rpartition("\\")
        document["AccountName"], document["Domain"] = name, domain
    return document
