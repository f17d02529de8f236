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
# Audits that tell of one outcome alone, for forms that leave the keywords out (Microsoft's audit event reference).
_SUCCEEDED: Final = frozenset(
    """
    1102 4616 4624 4634 4647 4648 4672 4688 4689 4697 4698 4699 4700 4701 4702 4719 4720 4722 4723 4724 4725 4726 4727
    4728 4729 4730 4731 4732 4733 4734 4735 4737 4738 4740 4741 4742 4743 4754 4755 4756 4757 4758 4767 4781 4964
    """.split()  # noqa: SIM905 - a table
)
_FAILED: Final = frozenset({"4625", "4649", "4771", "4772", "4773", "4777", "5038", "5152", "5157", "6281"})
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
        if "event.outcome" not in fields:
            _tell_outcome(fields)
        mask = _AUDITS.get(str(fields.get("event.outcome")))
        if mask is not None:
            fields["winlog.keywords_mask"] = mask
        return
    level = _LEVELS.get(str(fields.get("log.level")))
    if level is not None:
        fields["winlog.level"] = level


def _tell_outcome(fields: Fields) -> None:
    code = fields.get("event.code")
    if code in _SUCCEEDED:
        fields["event.outcome"] = "success"
    elif code in _FAILED:
        fields["event.outcome"] = "failure"
