"""What the settings let kulla run (`[respond]` in kulla.toml), and where the output of commands is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cli.session import Session
from engine.errors import ConfigurationError
from engine.tables import Table

if TYPE_CHECKING:
    from playbooks.execution import Executor, Policy


def policy_of(session: Session) -> Policy:
    """Return what the settings allow; by default nothing is run. Raise `ConfigurationError` for a wrong setting."""
    from playbooks.execution import Policy
    from playbooks.model import Automation

    values, place = session.settings.table("respond")
    table = Table(values, place, "respond")
    policy = Policy(
        execute=table.switch("execute", default=False),
        highest=Automation(table.number("level", int(Automation.SHOW_COMMAND), most=int(Automation.RUN_ALONE))),
        commands=tuple(_prefixes(table.table("commands"))),
        separate_accounts=table.switch("separate_accounts", default=False),
        seconds=table.number("seconds", 60, least=1, most=3600),
    )
    table.close()
    if policy.execute:
        _check_file(place)
    return policy


def _prefixes(commands: Table | None) -> Iterator[tuple[str, ...]]:
    for name in commands.keys() if commands else ():
        words = commands.texts(name) if commands else ()
        if commands and not Path(words[0]).is_absolute():
            raise commands.error(name, "a list of words is wanted, the first an absolute path")
        yield words


def _check_file(place: str) -> None:
    """Refuse to run commands on the word of a file that others could have written (one in a shared folder, say)."""
    path = Path(place.rpartition(":")[0])
    try:
        found = path.stat()
    except OSError:
        raise ConfigurationError("commands are allowed in kulla.toml alone", where=place) from None
    if found.st_uid not in {0, os.getuid()} or found.st_mode & 0o022:
        hint = f"chmod go-w {path}, and keep it in a folder of your own"
        raise ConfigurationError("others may change the file that lets kulla run commands", where=place, hint=hint)


def executor_of(session: Session, policy: Policy) -> Executor:
    """Return what runs commands on this machine, as its first use is told about."""
    from playbooks.local_executor import LocalExecutor

    session.detail("commands are run without a shell, as this user")
    return LocalExecutor(policy.seconds)


def keeper(session: Session, incident_id: str) -> Callable[[str, bytes], str]:
    """Return a function that keeps a command's output in the incident's folder of evidence and returns its path."""
    folder = session.settings.home / "evidence" / incident_id

    def keep(name: str, output: bytes) -> str:
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(path, "xb", opener=lambda place, flags: os.open(place, flags, 0o600)) as stream:
                stream.write(output)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            session.issue(ConfigurationError(f"output not kept ({error.strerror})", where=str(path), hint="free space"))
            return ""
        return str(path)

    return keep
