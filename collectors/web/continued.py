"""Lines behind an error that have no stamp of their own: stack traces, the output of programs."""

from __future__ import annotations

from engine.events import Fields

_KEPT = ("@timestamp", "event.dataset", "event.module", "log.level", "process.pid", "process.thread.id", "host.name")


def continuation(line: str, last: Fields) -> Fields:
    """Return the event of a line that continues the error `last`: its text with that error's stamp and process."""
    fields: Fields = {name: last[name] for name in _KEPT if name in last}
    fields["message"] = line
    fields["log.flags"] = ["multiline"]
    return fields
