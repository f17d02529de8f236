"""Settings and where each of them comes from: flag, `KULLA_*` variable, `kulla.toml`, default, in this order.

`kulla.toml` is looked for in the working directory and then in the user's configuration folder; a setting that both
have is taken from the first. An unknown or ill-typed key is an error with its line, never passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from cli.settings_table import ELASTIC, Colour, Lang, Secret, Setting, settings_table
from engine.alerts import Level
from engine.errors import ConfigurationError, UsageError

FILE_NAME = "kulla.toml"
MAX_BYTES = 256 * 1024
_NOT_SETTINGS = frozenset({"KULLA_SHARED", "KULLA_REQUIRE_SHARED"})  # the test suite's own variables
# Tables of the user's own names.
_TABLES = frozenset(
    {
        "rules.placeholders",
        "schedules",
        "notify",
        "expected",
        "importance",
        "privacy",
        "retention",
        "respond",
        "papers",
        "export",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A value and the place it was taken from (`--lang`, `KULLA_LANG`, `kulla.toml:3`, `default`)."""

    value: object
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting's value, with its origin. `files` are the `kulla.toml` files that were read."""

    origins: Mapping[str, Origin]
    files: tuple[Path, ...] = ()

    @property
    def home(self) -> Path:
        """Return the folder of all state: store, ledger, keys, caches."""
        return cast("Path", self.origins["home"].value)

    @property
    def store(self) -> str:
        """Return the address of the Elasticsearch cluster that is the store; empty is the embedded one under `home`."""
        return str(self.origins["store"].value)

    def elastic(self, name: str) -> object:
        """Return a setting of the cluster: `api_key`, `api_key_file`, `ca_file` or `prefix`; None where not given."""
        value = self.origins[ELASTIC + name].value
        return value.value or None if isinstance(value, Secret) else value

    @property
    def lang(self) -> Lang:
        """Return the language of texts for responders."""
        return cast("Lang", self.origins["lang"].value)

    @property
    def colour(self) -> Colour:
        """Return whether output is coloured; `auto` means on a terminal."""
        return cast("Colour", self.origins["color"].value)

    @property
    def progress(self) -> bool:
        """Return whether long work shows a progress bar on a terminal."""
        return bool(self.origins["progress"].value)

    @property
    def level(self) -> Level | None:
        """Return the lowest level that listings show, None for all."""
        return cast("Level | None", self.origins["level"].value)

    @property
    def zone(self) -> str:
        """Return the IANA time zone of log stamps that name none."""
        return str(self.origins["zone"].value)

    @property
    def rules(self) -> tuple[str, ...]:
        """Return which rules are used; empty means kulla's own and every installed pack."""
        return cast("tuple[str, ...]", self.origins["rules.paths"].value)

    @property
    def rules_level(self) -> Level | None:
        """Return the lowest level of rules that are used, None for all."""
        return cast("Level | None", self.origins["rules.level"].value)

    @property
    def rules_status(self) -> tuple[str, ...]:
        """Return the statuses of rules that are used; empty means all."""
        return cast("tuple[str, ...]", self.origins["rules.status"].value)

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the files and folders of user-written log sources."""
        return cast("tuple[str, ...]", self.origins["collectors.sources"].value)

    @property
    def enriches(self) -> bool:
        """Return whether events are enriched with what their user agents and domains say."""
        return bool(self.origins["enrich.values"].value)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the files of databases of addresses."""
        return cast("tuple[str, ...]", self.origins["enrich.addresses"].value)

    @property
    def assets(self) -> Path | None:
        """Return the file of the organisation's machines, None where none is named."""
        return cast("Path | None", self.origins["enrich.assets"].value)

    @property
    def filters(self) -> tuple[str, ...]:
        """Return the files and folders of Sigma filters."""
        return cast("tuple[str, ...]", self.origins["rules.filters"].value)

    @property
    def pipelines(self) -> tuple[str, ...]:
        """Return the files of processing pipelines."""
        return cast("tuple[str, ...]", self.origins["rules.pipelines"].value)

    @property
    def placeholders(self) -> str | Mapping[str, object]:
        """Return the values of placeholders: a table of them, or the path of a YAML file (empty: none)."""
        return cast("str | Mapping[str, object]", self.origins["rules.placeholders"].value)

    @property
    def models_budget(self) -> float | None:
        """Return how many alerts a day anomaly models may give together, None where it is not set."""
        return cast("float | None", self.origins["models.budget"].value)

    @property
    def otlp(self) -> str:
        """Return the address of the OpenTelemetry collector that is told of runs; empty: none."""
        return str(self.origins["telemetry.otlp"].value)

    @property
    def own_networks(self) -> tuple[str, ...]:
        """Return the organisation's public networks, in CIDR notation."""
        return cast("tuple[str, ...]", self.origins["own.networks"].value)

    @property
    def own_domains(self) -> tuple[str, ...]:
        """Return the organisation's domains, in small letters."""
        return cast("tuple[str, ...]", self.origins["own.domains"].value)

    @property
    def log(self) -> str:
        """Return what messages on stderr look like: `text`, or `ecs` (one JSON document a line)."""
        return str(self.origins["log"].value)

    def table(self, name: str) -> tuple[Mapping[str, object], str]:
        """Return a table of the user's own names (`schedules`, `notify`, `privacy`, ...) and where it stands."""
        origin = self.origins[name]
        return cast("Mapping[str, object]", origin.value), origin.place


def user_file() -> Path:
    """Return where the user's own `kulla.toml` is looked for."""
    import platformdirs

    return Path(platformdirs.user_config_dir("kulla", appauthor=False)) / FILE_NAME


def load(*, flags: Mapping[str, tuple[str, object]], environ: Mapping[str, str], cwd: Path) -> Settings:
    """Return all settings. `flags` maps a setting's key to its flag (`--lang`) and value.

    Raise `ConfigurationError` for a file that can't be used, `UsageError` for a flag's or variable's wrong value.
    """
    files = [path for path in (cwd / FILE_NAME, user_file()) if path.is_file()]
    tables = [(path, _read(path)) for path in files]
    origins = {item.key: _resolve(item, flags, environ, tables) for item in settings_table()}
    return Settings(origins=origins, files=tuple(files))


def unknown_variables(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the `KULLA_*` variables that are set and that no setting reads."""
    known = {item.variable for item in settings_table()} | _NOT_SETTINGS
    return tuple(sorted(name for name in environ if name.startswith("KULLA_") and name not in known))


def _resolve(
    item: Setting,
    flags: Mapping[str, tuple[str, object]],
    environ: Mapping[str, str],
    tables: Sequence[tuple[Path, Mapping[str, tuple[object, int]]]],
) -> Origin:
    found = None
    for path, table in tables:  # every file is checked, also where something above it decides
        if item.key in table:
            raw, line = table[item.key]
            place = f"{path}:{line}"
            origin = Origin(value=_parsed(item, raw, place, ConfigurationError), place=place)
            found = found or origin
    if item.key in flags:
        flag, value = flags[item.key]
        return Origin(value=_parsed(item, value, flag, UsageError), place=flag)
    if value := environ.get(item.variable):
        return Origin(value=_parsed(item, value, item.variable, ConfigurationError), place=item.variable)
    return found or Origin(value=item.default, place="default")


def _parsed(item: Setting, value: object, place: str, kind: type[ConfigurationError | UsageError]) -> object:
    try:
        return item.parse(value)
    except ValueError as error:
        raise kind(f"{item.key} = {value!r}: {error}", where=place, hint="kulla config show") from error


def _read(path: Path) -> Mapping[str, tuple[object, int]]:
    import tomllib

    try:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            raise ConfigurationError(f"larger than {MAX_BYTES:,} bytes", where=str(path), hint="keep settings only")
        text = raw.decode("utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError(
            f"cannot read it ({error.strerror})", where=str(path), hint="check its owner and mode"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"{path}:{line.group(1)}" if line else str(path)
        raise ConfigurationError(f"not valid TOML ({error})", where=where, hint="kulla config check") from error
    return dict(_settings(path, text, document))


def _settings(path: Path, text: str, document: Mapping[str, object]) -> Iterator[tuple[str, tuple[object, int]]]:
    known = [item.key for item in settings_table()]
    for key, value in _flat(document):
        line = _line_of(text, key)
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "known settings: kulla config show"
            raise ConfigurationError(f"unknown setting {key}", where=f"{path}:{line}", hint=hint)
        yield key, (value, line)


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, dict) and prefix + key not in _TABLES:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _line_of(text: str, key: str) -> int:
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        bare = re.sub(r"[\s\"']", "", line)
        if bare == f"[{key}]" or (key in _TABLES and bare.lstrip("[").startswith((f"{key}.", f"{key}]"))):
            return number
        if bare.startswith("["):
            section = bare.strip("[]").split("]")[0] + "."
        elif "=" in bare and section + bare.split("=", 1)[0] == key:
            return number
    return 1
