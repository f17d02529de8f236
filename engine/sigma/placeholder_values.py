"""Values of placeholders, from a table of the configuration or a YAML file: `name: [value, ...]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from engine.errors import ConfigurationError

MAX_VALUES = 10_000  # of one placeholder
MAX_VALUE = 1_000  # characters
_NAME = re.compile(r"[^%\s]{1,100}")

Placeholders: TypeAlias = Mapping[str, tuple[str, ...]]


def placeholders_of(table: object, where: str) -> dict[str, tuple[str, ...]]:
    """Return the placeholders in a table of names to values (text or whole numbers, one or a list of them).

    Raise `ConfigurationError` with `where` for anything else.
    """
    if not isinstance(table, dict):
        raise ConfigurationError("a table of placeholders is wanted", where=where, hint="Administrators: [anna, ben]")
    return {_name(name, where): _values(name, given, where) for name, given in table.items()}


def read_placeholders(text: str, where: str) -> dict[str, tuple[str, ...]]:
    """Return the placeholders of a YAML file; raise `ConfigurationError` for what cannot be used."""
    from engine.sigma.yaml_reading import read_yaml  # noqa: PLC0415 - YAML is slow to import, and few have such a file

    try:
        found = read_yaml(text)
    except ValueError as error:
        raise ConfigurationError(str(error), where=where, hint="Administrators: [anna, ben]") from error
    return placeholders_of(found if found is not None else {}, where)


def _name(name: object, where: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{str(name)[:100]!r} is no name of a placeholder", where=where, hint="without spaces and percent signs"
        )
    return name


def _values(name: object, given: object, where: str) -> tuple[str, ...]:
    values = list(given) if isinstance(given, list | tuple) else [given]
    hint = f'{name} = ["value", ...]'
    if not values or len(values) > MAX_VALUES:
        raise ConfigurationError(f"the placeholder {name} has {len(values):,} values", where=where, hint=hint)
    for value in values:
        if isinstance(value, bool) or not isinstance(value, str | int) or not 0 < len(str(value)) <= MAX_VALUE:
            what = f"a value of the placeholder {name} is no text of 1 to {MAX_VALUE:,} characters"
            raise ConfigurationError(what, where=where, hint=hint)
    return tuple(dict.fromkeys(str(value) for value in values))
