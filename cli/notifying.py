"""Who is told about alerts: the settings `[notify]`, their secrets, channels, and the first steps of playbooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.session import Session
from engine.errors import ConfigurationError

if TYPE_CHECKING:
    from engine.store.protocol import Store
    from playbooks.notify.channel import Channel
    from playbooks.notify.delivery import Notifier
    from playbooks.notify.message import Lang
    from playbooks.notify.planning import Planner
    from playbooks.notify.settings import NotifySettings

_MOST_SECRET = 16 * 1024


def notify_settings(session: Session) -> NotifySettings:
    """Return the settings of `[notify]`; raise `ConfigurationError` where they are wrong."""
    from playbooks.notify.settings import read_settings

    values, place = session.settings.table("notify")
    return read_settings(values, place, lang=session.settings.lang)


def planner(session: Session, store: Store) -> Planner | None:
    """Return who plans messages about new alerts, None where nobody is to be told anything."""
    if not session.settings.table("notify")[0]:
        return None
    from playbooks.notify.planning import Planner

    return Planner(notify_settings(session), store, session.now)


def notifier(session: Session, store: Store) -> Notifier:
    """Return who delivers the outbox, with every channel opened."""
    from engine.runs.processes import is_gone, this_process
    from playbooks.notify.delivery import Notifier

    settings = notify_settings(session)
    opened = open_channels(session, settings)
    return Notifier(settings, store, opened, session.now, first_step=first_step(), me=this_process(), gone=is_gone)


def open_channels(session: Session, settings: NotifySettings) -> Mapping[str, Channel]:
    """Open every channel; raise `ConfigurationError` for a wrong key or a secret that is not there."""
    secret = secrets(session)
    return {name: open_channel(settings, name, secret) for name in settings.channels}


def open_channel(settings: NotifySettings, name: str, secret: Callable[[str], str]) -> Channel:
    """Open one channel, whose secrets `secret` reads."""
    from playbooks.notify.channel import House, kinds
    from playbooks.notify.destinations import guard_of

    setting = settings.channels[name]
    house = House(guard=guard_of(settings.allow, settings.where), secret=secret)
    opened = kinds()[setting.kind].open_channel(setting.table, house)
    setting.table.close()
    return opened


def secrets(session: Session) -> Callable[[str], str]:
    """Return how secrets are read: `env:NAME` from the environment, `file:PATH` from a file, else the text itself."""

    def read(text: str) -> str:
        kind, _, name = text.partition(":")
        if kind == "env":
            value = session.environ.get(name, "")
            if not value:
                raise ConfigurationError("this variable is not set", where=name, hint="it holds a channel's secret")
            return value
        return _from_file(session.cwd, name) if kind == "file" else text

    return read


def _from_file(folder: Path, name: str) -> str:
    path = Path(name).expanduser()
    path = path if path.is_absolute() else folder / path
    try:
        with path.open("rb") as stream:
            return stream.read(_MOST_SECRET).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise ConfigurationError(
            f"cannot read the secret ({reason})", where=str(path), hint="check its owner"
        ) from error


def first_step() -> Callable[[Sequence[str], Lang], str]:
    """Return what names the first step of the first playbook that is known."""
    titles: dict[str, Mapping[str, str]] = {}

    def find(playbooks: Sequence[str], lang: Lang) -> str:
        if not titles:
            from playbooks.loader import read_library

            for playbook in read_library()[0]:
                title = playbook.steps[0].title
                titles[playbook.id] = {"en": title.en, "sq": title.sq}
        found = next((titles[name] for name in playbooks if name in titles), None)
        return found[lang] if found else ""

    return find


def deliver(session: Session, store: Store) -> None:
    """Send what is due, and say what became of it; a channel that does not answer stops nothing."""
    done = notifier(session, store).deliver()
    if done.sent or done.digested or done.failed:
        session.say(f"{done.sent:,} messages sent, {done.digested:,} put into digests, {done.failed:,} attempts failed")
    for channel, error in sorted(done.errors.items()):
        session.say(f"channel {channel}: {error}; it is tried again (kulla notify list)")
