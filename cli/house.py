"""What the settings say of the organisation: `[own]` its networks and domains, `[papers]` the deadlines it keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cli.session import Session
from engine.errors import ConfigurationError
from engine.tables import Table

if TYPE_CHECKING:
    from playbooks.house import House
    from playbooks.legal import Rule

PAPERS = "papers"


def house_of(session: Session) -> House:
    """Return what is the organisation's own; raise `ConfigurationError` for deadlines that cannot be read."""
    from ipaddress import ip_network

    from playbooks.house import House

    settings = session.settings
    return House(
        networks=tuple(ip_network(word) for word in settings.own_networks),
        domains=settings.own_domains,
        deadlines=deadlines(session),
    )


def deadlines(session: Session) -> tuple[Rule, ...]:
    """Return kulla's deadlines and the user's; raise `ConfigurationError` for a file that says none."""
    from playbooks.legal import checked, own_rules, read_rules

    values, place = session.settings.table(PAPERS)
    found = list(own_rules())
    for name in Table(values, place, PAPERS).texts("deadlines"):
        path = session.cwd / Path(name).expanduser()
        for file in sorted(path.glob("*.y*ml")) if path.is_dir() else (path,):
            try:
                found += read_rules(file.read_bytes(), str(file))
            except OSError as error:
                hint = "name a YAML file, or a folder of them"
                raise ConfigurationError(f"{file} cannot be read ({error.strerror})", where=place, hint=hint) from error
    return checked(found)
