"""What every Windows source does last in `parse`, whatever form its events came in."""

from __future__ import annotations

from typing import Final

from collectors.windows.event_form import sysmon_time
from collectors.windows.exchange_cmdlets import exchange_cmdlet
from engine.events import Fields

SYSMON: Final = "windows.sysmon_operational"
EXCHANGE: Final = "windows.msexchange_management"
SECURITY: Final = "system.security"
# The level as the event has it, a number: rules ask for either. The security log has none (0).
_LEVELS: Final = {"critical": 1, "error": 2, "warning": 3, "information": 4, "verbose": 5}
_AUDITS: Final = {"success": "0x8020000000000000", "failure": "0x8010000000000000"}


def finish(fields: Fields) -> Fields:
    """Add what rules ask for: the level's number, an audit's keywords, Sysmon's own time, Exchange's cmdlet."""
    rank(fields)
    dataset = fields["event.dataset"]
    if dataset == SYSMON:
        sysmon_time(fields)
    elif dataset == EXCHANGE:
        exchange_cmdlet(fields)
    return fields


def rank(fields: Fields) -> None:
    """Add what follows from the envelope alone: the level's number, and an audit's keywords."""
    if fields["event.dataset"] == SECURITY:
        mask = _AUDITS.get(str(fields.get("event.outcome")))
        if mask is not None:
            fields["winlog.keywords_mask"] = mask
        return
    level = _LEVELS.get(str(fields.get("log.level")))
    if level is not None:
        fields["winlog.level"] = level
