"""The log of Exchange's management cmdlets (channel `MSExchange Management`, event 1 and 6).

The event data has no names: winlogbeat numbers it `param1` (cmdlet), `param2` (parameters), `param3` (who), ...
"""

from __future__ import annotations

from playbooks.exercises.estate import DOMAIN
from playbooks.exercises.logbook import BENIGN
from playbooks.exercises.programs.station import Account, Station

_SCOPE = (
    f"View Entire Forest: 'False', Default Scope: '{DOMAIN}', Configuration Domain Controller: 'DC01.{DOMAIN}', "
    f"Preferred Global Catalog: 'DC01.{DOMAIN}', Preferred Domain Controllers: '{{ DC01.{DOMAIN} }}'"
)


def cmdlet(  # noqa: PLR0917 - in the order of the record
    station: Station, ms: int, name: str, parameters: str, account: Account, number: int = BENIGN, *, failed: str = ""
) -> None:
    """Write one cmdlet; `failed` is the error where it failed."""
    values = (
        name,
        parameters,
        f"{DOMAIN}/Ministria/Administrata/{account.name}",
        account.sid,
        account.sid,
        "Remote-ManagementShell-Unknown",
        "8372 w3wp#MSExchangePowerShellAppPool",
        "",
        "58",
        f"00:00:00.{ms % 997:03}0081",
        _SCOPE,
        failed,
        "0",
        "",
        "",
        "True" if not failed else "",
        "False",
        "",
        "0 objects execution has been proxied to remote server.",
        "",
        "",
        "0",
        f"ActivityId: 82cc33be-98c2-4050-bd7f-{ms % 0xFFFFFFFFFFFF:012x}",
        "ServicePlan:;IsAdmin:True;",
        "",
        "en-US",
    )
    data = {f"param{index}": value for index, value in enumerate(values, 1) if value}
    station.emit(ms, "exchange 6" if failed else "exchange 1", data, number, pid=8372)
