"""One daemon's lines: the header that syslog put in front, and the fields that every such event begins with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from collectors.network.device import DeviceSource
from collectors.source import Options
from collectors.syslog import Header, parse_header, syslog_fields
from engine.events import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSource(DeviceSource):
    """A `DeviceSource` that says which datasets it delivers (see `collectors.datasets`)."""

    datasets: tuple[str, ...]


def begun(dataset: str, header: Header, options: Options, *, categories: tuple[str, ...] = ("network",)) -> Fields:
    """Return the fields that an event of `dataset` begins with: kind, what the header says, the host.

    The daemon's own name and process id are `log.syslog.appname` and `log.syslog.procid`, as ECS has it: they are of
    the log, not of what the log tells.
    """
    fields: Fields = {
        "event.dataset": dataset,
        "event.module": dataset.partition(".")[0],
        "event.kind": "event",
        "event.category": list(categories),
    }
    if header.timestamp is not None:
        fields["@timestamp"] = header.timestamp
    host = header.host or options.host
    if host:
        fields["host.name"] = host.rstrip(":")
    if header.program:
        fields["log.syslog.appname"] = header.program
    if header.pid is not None:
        fields["log.syslog.procid"] = str(header.pid)
    fields.update(syslog_fields(header))
    return fields


def headed(line: str, options: Options, ours: Callable[[str], bool]) -> Header:
    """Return a line's header, where it has one; `ours` tells a message that begins without any.

    A line without a stamp in front may begin with words that look like a host or a tag; they stay in the message.
    """
    if ours(line):
        return Header(kind="bare", message=line.strip(), host=options.host)
    header = parse_header(line, options)
    if header.kind == "bare" and header.priority is None:
        return Header(kind="bare", message=line.strip(), host=options.host)
    return header
