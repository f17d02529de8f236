"""What every Windows source does last in `parse`, whatever form its events came in."""

from __future__ import annotations

from typing import Final

from collectors.windows.event_form import sysmon_time
from collectors.windows.exchange_cmdlets import exchange_cmdlet
from engine.events import Fields

SYSMON: Final = "windows.sysmon_operational"
EXCHANGE: Final = "windows.msexchange_management"


def finish(fields: Fields) -> Fields:
    """Give Sysmon events their own time and Exchange's cmdlet events their cmdlet, which rules ask for."""
    dataset = fields["event.dataset"]
    if dataset == SYSMON:
        sysmon_time(fields)
    elif dataset == EXCHANGE:
        exchange_cmdlet(fields)
    return fields
