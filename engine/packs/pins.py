"""Pins: which content of a pack is the expected one, from `packs.toml`.

    [sigmahq]
    version = "2026-08-05"
    sha256 = "9f86d0818..."       # of the rule files, whatever they come in (`engine.packs.content`)
    licence = "Detection Rule License 1.1"

kulla's own file lies in `detections/`; a site's own, in its state folder, takes precedence, name by name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.durable import write_private
from engine.errors import ConfigurationError

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KEYS = frozenset({"version", "sha256", "licence", "home"})
_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What a pack has to be: its version as people call it, and the SHA-256 of its rule files (64 hex digits).

    `licence` names the terms it comes under, `home` where it is published (told to people, never asked by itself).
    """

    name: str
    version: str
    sha256: str
    licence: str = ""
    home: str = ""


def read_pins(paths: Iterable[Path]) -> dict[str, Pin]:
    """Return the pins of these files by name, later files before earlier ones; files that are not there have none.

    Raise `ConfigurationError` for a file that cannot be used.
    """
    found: dict[str, Pin] = {}
    for path in paths:
        if path.exists():
            found |= {name: _pin(path, name, table) for name, table in _read(path).items()}
    return found


def _read(path: Path) -> Mapping[str, object]:
    try:
        if path.stat().st_size > _MAX:
            raise _wrong(path, "it is larger than a list of pins can be")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong(path, str(error)) from error


def _pin(path: Path, name: str, table: object) -> Pin:
    if not NAME.fullmatch(name) or not isinstance(table, dict):
        raise _wrong(path, f"[{name}]: a pack is a table whose name is of small letters, digits, - and _")
    if unknown := sorted(set(table) - _KEYS):
        raise _wrong(path, f"[{name}]: unknown keys: {', '.join(unknown)}")
    words = {key: table.get(key, "") for key in _KEYS}
    if not all(isinstance(value, str) for value in words.values()) or not words["version"]:
        raise _wrong(path, f"[{name}]: version, sha256, licence and home are texts, and there is a version")
    if not _DIGEST.fullmatch(words["sha256"]):
        raise _wrong(path, f"[{name}]: sha256 has to be 64 hex digits")
    return Pin(name=name, **words)


def _wrong(path: Path, what: str) -> ConfigurationError:
    return ConfigurationError(f"cannot use these pins: {what}", where=str(path), hint="docs/rules.md, Packs")


def write_pin(path: Path, pin: Pin) -> None:
    """Write a pin into a site's file, in the place of the one of the same name; raise `ConfigurationError`."""
    pins = read_pins([path]) | {pin.name: pin}
    lines = ["# Written by `kulla rules update --pin`."]
    for item in sorted(pins.values(), key=lambda each: each.name):
        lines += ["", f"[{item.name}]"]
        pairs = (("version", item.version), ("sha256", item.sha256), ("licence", item.licence), ("home", item.home))
        lines += [f"{key} = {_toml(value)}" for key, value in pairs if value]
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, ("\n".join(lines) + "\n").encode())
    except OSError as error:
        raise ConfigurationError(f"cannot write it ({error.strerror})", where=str(path)) from error


def _toml(value: str) -> str:
    """Return a text as a basic string of TOML."""
    escaped = "".join(
        f"\\{letter}" if letter in '"\\' else letter if letter.isprintable() else f"\\u{ord(letter):04X}"
        for letter in value
    )
    return f'"{escaped}"'
