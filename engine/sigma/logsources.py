"""Which events a rule's log source means: Sigma's product, category and service against what collectors deliver.

Every kind of event belongs to products, categories and services (`engine/sigma/mapping/`); a log source means it where
each part that the rule names is among them. A rule sees only the events of its log source: that is a matter of
correctness, not of speed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from engine.events import Value, texts
from engine.sigma.mapping.datasets import DATASETS, LISTED_PRODUCTS, Belonging, belonging_of
from engine.sigma.mapping.hosts import (
    AUDIT_CATEGORIES,
    ECS_CATEGORIES,
    HOST_MODULES,
    OF_DETAIL,
    SYSLOG_DATASETS,
    SYSMON_LINUX_CATEGORIES,
    SYSTEMS,
)
from engine.sigma.mapping.windows_sources import (
    PRODUCTS_IN_CHANNELS,
    SYSMON,
    SYSMON_LINUX,
    WINDOWS_CATEGORIES,
    WINDOWS_SERVICES,
)
from engine.sigma.rules import LogSource

__all__ = [
    "KIND_FIELDS",
    "SYSMON",
    "WINDOWS_CATEGORIES",
    "WINDOWS_SERVICES",
    "Kind",
    "belonging",
    "covers",
    "datasets_of",
    "is_known",
    "kind_from",
    "kind_of",
    "kinds_of",
]

# services of product linux that are programs writing to the system log
_LINUX_PROGRAMS: Mapping[str, frozenset[str]] = {
    "sshd": frozenset({"sshd", "sshd-session", "sshd-auth"}),
    "sudo": frozenset({"sudo"}),
    "cron": frozenset({"cron", "crond", "crontab", "anacron"}),
    "clamav": frozenset({"clamd", "clamav", "freshclam"}),
    "guacamole": frozenset({"guacd", "guacamole"}),
    "vsftpd": frozenset({"vsftpd"}),
}
_SYSLOG = frozenset(SYSLOG_DATASETS)
_PROGRAMS = {program: service for service, programs in _LINUX_PROGRAMS.items() for program in programs}
_RECORD_TYPES = frozenset().union(*AUDIT_CATEGORIES.values())
_CHANNELS = frozenset(channel for channels in WINDOWS_SERVICES.values() for channel in channels)
_CATEGORY_IDS: Mapping[str, frozenset[str]] = {
    channel: frozenset().union(
        *(ids for parts in WINDOWS_CATEGORIES.values() for channels, ids in parts if channel in channels)
    )
    for parts in WINDOWS_CATEGORIES.values()
    for channels, _ in parts
    for channel in channels
}
WINDOWS_ECS = "windows-ecs"  # the family of Windows events that an agent tells in ECS, without the event log


class Kind(NamedTuple):
    """What decides which rules see an event.

    `family` and `dataset`: for Windows events `windows` and the channel; for others the system or the module, and the
    dataset. `detail` is the event id, the program, the record type, or what an agent's ECS event is about.
    """

    family: str
    dataset: str
    detail: str


# The fields from which an event's kind is told.
KIND_FIELDS = (
    "winlog.channel",
    "event.code",
    "event.dataset",
    "event.module",
    "process.name",
    "auditd.log.record_type",
    "host.os.type",
    "event.category",
    "event.type",
)


def kind_of(fields: Mapping[str, Value]) -> Kind:
    """Tell the kind of an event from its fields."""
    channel = fields.get("winlog.channel")
    if type(channel) is str and channel:  # the usual case of a hunt
        return _windows_kind(channel, _first(fields.get("event.code")))
    return kind_from([_first(fields.get(name)) for name in KIND_FIELDS])


def kind_from(values: Sequence[str]) -> Kind:
    """Tell the kind of an event from the values of `KIND_FIELDS` (empty where absent).

    Channels, event ids and programs that no log source names are all one kind: what an attacker writes there can't
    make the number of kinds grow.
    """
    channel, code, dataset, module, program, record_type, system, category, kind = values
    if channel:
        return _windows_kind(channel, code)
    if dataset in _SYSLOG:
        name = program.lower()
        return Kind("linux", dataset, name if name in _PROGRAMS else "")
    if dataset == "auditd.log":
        return Kind("linux", dataset, record_type.lower() if record_type.lower() in _RECORD_TYPES else "")
    if dataset == "sysmon_linux.log":
        return _windows_kind(SYSMON_LINUX, code)
    family = dataset.partition(".")[0] or module
    if system and family in HOST_MODULES:
        known = ECS_CATEGORIES.get((category, kind))
        if known is not None and system.lower() in SYSTEMS:
            host = SYSTEMS[system.lower()]
            return Kind(host if host != "windows" else WINDOWS_ECS, dataset, known)
    # the dataset alone tells the family, so that the store's list of datasets names every field prefix there can be
    return Kind(family, dataset, "")


@lru_cache(maxsize=4096)  # the answer for an event is mostly known, and then the very object that other tables have
def _windows_kind(channel: str, code: str) -> Kind:
    channel = channel.lower()
    if channel == SYSMON_LINUX:
        return Kind("linux", "sysmon_linux.log", code if code in SYSMON_LINUX_CATEGORIES else "")
    ids = _CATEGORY_IDS.get(channel)
    if ids is None:
        return Kind("windows", channel if channel in _CHANNELS else "", "")
    return Kind("windows", channel, code if code in ids else "")


def _first(value: Value | None) -> str:
    if type(value) is str:
        return value
    found = texts(value)
    return found[0] if found else ""


@lru_cache(maxsize=4096)
def belonging(kind: Kind) -> Belonging:
    """Return the products, categories and services that events of this kind belong to."""
    if kind.family == "windows":
        return _windows_belonging(kind)
    found = belonging_of(kind.dataset)
    if kind.dataset in _SYSLOG:
        program = _PROGRAMS.get(kind.detail)
        return _with(found, services=frozenset({program}) if program else frozenset())
    if kind.dataset == "auditd.log":
        told = frozenset(name for name, types in AUDIT_CATEGORIES.items() if kind.detail in types)
        return _with(found, categories=told)
    if kind.dataset == "sysmon_linux.log":
        known = SYSMON_LINUX_CATEGORIES.get(kind.detail)
        return _with(found, categories=frozenset({known}) if known else frozenset())
    if kind.detail in OF_DETAIL:
        system = kind.family if kind.family != WINDOWS_ECS else "windows"
        return _with(found, products=frozenset({system}), categories=OF_DETAIL[kind.detail])
    return found


def _with(
    found: Belonging,
    *,
    products: frozenset[str] = frozenset(),
    categories: frozenset[str] = frozenset(),
    services: frozenset[str] = frozenset(),
) -> Belonging:
    return Belonging(
        products=found.products | products,
        categories=found.categories | categories,
        services=found.services | services,
    )


def _windows_belonging(kind: Kind) -> Belonging:
    categories = {
        name
        for name, parts in WINDOWS_CATEGORIES.items()
        if any(kind.dataset in channels and kind.detail in ids for channels, ids in parts)
    }
    products = {"windows"}
    for product, (channel, category) in PRODUCTS_IN_CHANNELS.items():
        if kind.dataset == channel:
            products.add(product)
            categories.add(category)
    return Belonging(
        products=frozenset(products),
        categories=frozenset(categories),
        services=frozenset(name for name, channels in WINDOWS_SERVICES.items() if kind.dataset in channels),
    )


def covers(source: LogSource, kind: Kind) -> bool:
    """Tell whether events of this kind belong to the log source."""
    if source.product == "windows" and not source.category and not source.service:
        return kind.family in {"windows", WINDOWS_ECS}  # the event log, not IIS' text log
    return belonging(kind).fits(source.product, source.category, source.service)


@lru_cache(maxsize=1)
def _known_kinds() -> tuple[Kind, ...]:
    """Return every kind of event that the mapping names, one by one."""
    windows = [Kind("windows", "", "")]
    windows += [Kind("windows", channel, "") for channel in sorted(_CHANNELS | _CATEGORY_IDS.keys())]
    windows += [Kind("windows", channel, code) for channel, ids in _CATEGORY_IDS.items() for code in sorted(ids)]
    linux = [Kind("linux", dataset, name) for dataset in sorted(_SYSLOG) for name in ("", *_PROGRAMS)]
    linux += [Kind("linux", "auditd.log", name) for name in ("", *sorted(_RECORD_TYPES))]
    linux += [Kind("linux", "sysmon_linux.log", code) for code in ("", *SYSMON_LINUX_CATEGORIES)]
    agents = [
        Kind(family, "endpoint.events", detail) for family in ("linux", "macos", WINDOWS_ECS) for detail in OF_DETAIL
    ]
    told = {kind.dataset for kind in linux}
    others = [Kind(name.partition(".")[0], name, "") for name in DATASETS if name not in told]
    return (*windows, *linux, *agents, *others)


@lru_cache(maxsize=1024)
def kinds_of(source: LogSource) -> tuple[Kind, ...]:
    """Return the known kinds of events that the log source means; a module stands for its datasets (`zeek.`)."""
    return tuple(kind for kind in _known_kinds() if covers(source, kind))


@lru_cache(maxsize=1024)
def datasets_of(source: LogSource) -> tuple[str, ...]:
    """Return the datasets that a log source means whole; for an unknown product, those named after it.

    None for log sources that (also) mean events of the Windows event log, or only part of a dataset's events.
    """
    found = kinds_of(source)
    if any(kind.family == "windows" for kind in found):
        return ()
    whole = tuple(dict.fromkeys(kind.dataset for kind in found if not kind.detail))
    if whole or found or not source.product or source.product in LISTED_PRODUCTS:
        return whole
    return (f"{source.product}.{source.service}",) if source.service else (f"{source.product}.",)


def is_known(source: LogSource) -> bool:
    """Tell whether any event could ever belong to the log source."""
    return bool(kinds_of(source) or datasets_of(source))
