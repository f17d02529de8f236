"""Every setting there is: its key in `kulla.toml`, its variable, what it may be, its default and its purpose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from engine.alerts import Level

Lang = Literal["en", "sq"]
Colour = Literal["auto", "always", "never"]
STATUSES = ("stable", "test", "experimental", "deprecated", "unsupported")
ELASTIC = "elasticsearch."  # how the settings of a cluster begin
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: its key in `kulla.toml`, its variable, its default and what it is for.

    `parse` turns text (or a TOML value) into the setting's value and raises `ValueError` with the reason.
    """

    key: str
    variable: str
    parse: Callable[[object], object]
    default: object
    purpose: str


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is used and never shown."""

    value: str = field(repr=False)

    def __str__(self) -> str:
        return "(set)" if self.value else ""


def _word(*words: str) -> Callable[[object], object]:
    def parse(value: object) -> object:
        if isinstance(value, str) and value.lower() in words:
            return value.lower()
        raise ValueError(f"one of {', '.join(words)} is wanted")

    return parse


def _path(value: object) -> object:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("a folder is wanted")
    return Path(value).expanduser()


def _text(value: object) -> object:
    if isinstance(value, str):
        return value.strip()
    raise ValueError("a text is wanted")


def _secret(value: object) -> object:
    if isinstance(value, str):
        return Secret(value.strip())
    raise ValueError("a text is wanted")


def _a_day(value: object) -> object:
    try:
        found = float(str(value))
    except ValueError:
        found = 0.0
    if 0.1 <= found <= 1e6:
        return found
    raise ValueError("a number of alerts a day is wanted, 0.1 or more")


def _switch(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise ValueError("true or false is wanted")


def _level(value: object) -> object:
    if value is None or isinstance(value, Level):
        return value
    try:
        return Level.parse(value) if isinstance(value, str) else _no_level()
    except ValueError:
        return _no_level()


def _no_level() -> Level:
    raise ValueError("one of " + ", ".join(level.label for level in Level) + " is wanted")


def _zone(value: object) -> object:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(str(value)).key if isinstance(value, str) else _no_zone()
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return _no_zone()


def _no_zone() -> str:
    raise ValueError("an IANA time zone such as Europe/Tirane is wanted")


def _list(*words: str) -> Callable[[object], object]:
    def parse(value: object) -> object:
        items = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        if not isinstance(items, Sequence) or not all(isinstance(item, str) and item for item in items):
            raise ValueError("a list of texts is wanted")
        if words and (wrong := [item for item in items if item not in words]):
            raise ValueError(f"{wrong[0]} is none of {', '.join(words)}")
        return tuple(items)

    return parse


def _networks(value: object) -> object:
    from ipaddress import ip_network

    items = _list()(value)
    try:
        return tuple(str(ip_network(str(item))) for item in cast("tuple[str, ...]", items))
    except ValueError as error:  # it says what is wrong, such as host bits that are set
        raise ValueError(f"a list of networks (203.0.113.0/24) is wanted: {error}") from error


def _domains(value: object) -> object:
    items = tuple(str(item).strip(".").lower() for item in cast("tuple[str, ...]", _list()(value)))
    for item in items:
        if "." not in item or not all(part.replace("-", "").isalnum() for part in item.split(".")):
            raise ValueError(f"{item!r} is no domain (gov.example)")
    return items


def _words_or_file(value: object) -> object:
    if isinstance(value, str | dict) and value:
        return value
    raise ValueError("a table of names and values, or a YAML file, is wanted")


def _table(value: object) -> object:
    if isinstance(value, dict):
        return value
    raise ValueError("a table is wanted, in kulla.toml")


def _default_home() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("kulla", appauthor=False))


def settings_table() -> tuple[Setting, ...]:
    """Return every setting there is, in the order in which they are shown."""
    return (
        Setting(key="home", variable="KULLA_HOME", parse=_path, default=_default_home(), purpose="folder of all state"),
        Setting(
            key="store",
            variable="KULLA_STORE",
            parse=_text,
            default="",
            purpose="https://HOST:9200 of an Elasticsearch cluster; empty: the embedded store",
        ),
        Setting(
            key=f"{ELASTIC}api_key",
            variable="KULLA_ELASTICSEARCH_API_KEY",
            parse=_secret,
            default=Secret(""),
            purpose="the cluster's API key, encoded",
        ),
        Setting(
            key=f"{ELASTIC}api_key_file",
            variable="KULLA_ELASTICSEARCH_API_KEY_FILE",
            parse=_path,
            default=None,
            purpose="file with the cluster's API key",
        ),
        Setting(
            key=f"{ELASTIC}ca_file",
            variable="KULLA_ELASTICSEARCH_CA_FILE",
            parse=_path,
            default=None,
            purpose="authority that signed the cluster's certificate (PEM)",
        ),
        Setting(
            key=f"{ELASTIC}prefix",
            variable="KULLA_ELASTICSEARCH_PREFIX",
            parse=_text,
            default="kulla",
            purpose="how the names of all its indices begin",
        ),
        Setting(
            key=f"{ELASTIC}index",
            variable="KULLA_ELASTICSEARCH_INDEX",
            parse=_text,
            default="",
            purpose="indices of Filebeat and the like that kulla detect looks at instead of its own",
        ),
        Setting(
            key="lang",
            variable="KULLA_LANG",
            parse=_word("en", "sq"),
            default="en",
            purpose="language of texts for responders",
        ),
        Setting(
            key="color",
            variable="KULLA_COLOR",
            parse=_word("auto", "always", "never"),
            default="auto",
            purpose="coloured output",
        ),
        Setting(
            key="progress", variable="KULLA_PROGRESS", parse=_switch, default=True, purpose="progress bar on a terminal"
        ),
        Setting(
            key="level", variable="KULLA_LEVEL", parse=_level, default=None, purpose="lowest level that listings show"
        ),
        Setting(
            key="zone", variable="KULLA_ZONE", parse=_zone, default="UTC", purpose="time zone of stamps that name none"
        ),
        Setting(
            key="collectors.sources",
            variable="KULLA_SOURCES",
            parse=_list(),
            default=(),
            purpose="user-written log sources: YAML files and folders of them",
        ),
        Setting(
            key="enrich.values",
            variable="KULLA_ENRICH",
            parse=_switch,
            default=True,
            purpose="add what user agents and domains say to events (docs/collecting.md)",
        ),
        Setting(
            key="enrich.addresses",
            variable="KULLA_ENRICH_ADDRESSES",
            parse=_list(),
            default=(),
            purpose="MaxMind databases (.mmdb) of places and networks",
        ),
        Setting(
            key="enrich.assets",
            variable="KULLA_ENRICH_ASSETS",
            parse=_path,
            default=None,
            purpose="CSV file of the organisation's machines and what they serve",
        ),
        Setting(key="rules.paths", variable="KULLA_RULES", parse=_list(), default=(), purpose="which rules are used"),
        Setting(
            key="rules.level",
            variable="KULLA_RULES_LEVEL",
            parse=_level,
            default=None,
            purpose="lowest level of rules used",
        ),
        Setting(
            key="rules.status",
            variable="KULLA_RULES_STATUS",
            parse=_list(*STATUSES),
            default=(),
            purpose="statuses of rules used",
        ),
        Setting(
            key="rules.filters",
            variable="KULLA_FILTERS",
            parse=_list(),
            default=(),
            purpose="Sigma filters: exclusions kept outside the rules",
        ),
        Setting(
            key="rules.placeholders",
            variable="KULLA_PLACEHOLDERS",
            parse=_words_or_file,
            default="",
            purpose="values of the rules' placeholders",
        ),
        Setting(
            key="rules.pipelines",
            variable="KULLA_PIPELINES",
            parse=_list(),
            default=(),
            purpose="pySigma pipelines applied to rules",
        ),
        Setting(
            key="schedules",
            variable="KULLA_SCHEDULES",
            parse=_table,
            default={},
            purpose="rule sets and when they run, for kulla detect --scheduled",
        ),
        Setting(key="notify", variable="KULLA_NOTIFY", parse=_table, default={}, purpose="who is told what, and how"),
        Setting(
            key="expected",
            variable="KULLA_EXPECTED",
            parse=_table,
            default={},
            purpose="how long each source may be silent, by dataset (* for every one)",
        ),
        Setting(
            key="telemetry.otlp",
            variable="KULLA_TELEMETRY_OTLP",
            parse=_text,
            default="",
            purpose="http(s)://HOST:4318 of an OpenTelemetry collector that is told of every run",
        ),
        Setting(
            key="importance",
            variable="KULLA_IMPORTANCE",
            parse=_table,
            default={},
            purpose="how critical and how sensitive hosts, accounts and services are (docs/incidents.md)",
        ),
        Setting(
            key="models.budget",
            variable="KULLA_MODELS_BUDGET",
            parse=_a_day,
            default=None,
            purpose="alerts a day that all models may give; else what promote --budget was told, else 10",
        ),
        Setting(
            key="own.networks",
            variable="KULLA_OWN_NETWORKS",
            parse=_networks,
            default=(),
            purpose="the organisation's public networks (CIDR): never blocked, never told as the attacker's",
        ),
        Setting(
            key="own.domains",
            variable="KULLA_OWN_DOMAINS",
            parse=_domains,
            default=(),
            purpose="the organisation's domains, each with all names below it",
        ),
        Setting(
            key="respond",
            variable="KULLA_RESPOND",
            parse=_table,
            default={},
            purpose="what kulla may run of a playbook's commands (docs/responding.md); by default nothing",
        ),
        Setting(
            key="papers",
            variable="KULLA_PAPERS",
            parse=_table,
            default={},
            purpose="who writes papers about incidents, and by which deadlines (docs/papers.md)",
        ),
        Setting(
            key="export",
            variable="KULLA_EXPORT",
            parse=_table,
            default={},
            purpose="who exports, and the highest TLP marking that may leave (docs/standards.md)",
        ),
        Setting(
            key="privacy",
            variable="KULLA_PRIVACY",
            parse=_table,
            default={},
            purpose="what is done with personal data before it is stored (docs/privacy.md)",
        ),
        Setting(
            key="retention",
            variable="KULLA_RETENTION",
            parse=_table,
            default={},
            purpose="how long events are kept, by dataset, and alerts, incidents, dead letters",
        ),
        Setting(
            key="log",
            variable="KULLA_LOG",
            parse=_word("text", "ecs"),
            default="text",
            purpose="how stderr says things",
        ),
    )
