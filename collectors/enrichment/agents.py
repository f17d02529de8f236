"""The program, system and device that a user agent claims to be (uap-core's patterns, on a linear-time engine)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ua_parser import OS, Device, Parser, UserAgent
from ua_parser.loaders import load_lazy_builtins
from ua_parser.re2 import Resolver

_UNKNOWN: Final = "Other"  # what ua-parser, and with it Elastic's processor, calls what no pattern knows
_LONGEST: Final = 512  # characters looked at: what a client is stands in the first two hundred


class Agents:
    """Reads user agents. The patterns are loaded with the first one."""

    def __init__(self) -> None:
        self._parser: Parser | None = None

    def describe(self, text: str) -> Mapping[str, str]:
        """Return the fields under `user_agent.` (`name`, `version`, `os.name`, ...) that the text gives."""
        if self._parser is None:
            self._parser = Parser(Resolver(load_lazy_builtins()))
        found = self._parser.parse(text[:_LONGEST])
        return {**_program(found.user_agent), **_system(found.os), **_device(found.device)}


def _program(found: UserAgent | None) -> dict[str, str]:
    if found is None:
        return {"name": _UNKNOWN}
    return _present("name", found.family) | _present(
        "version", _dotted(found.major, found.minor, found.patch, found.patch_minor)
    )


def _system(found: OS | None) -> dict[str, str]:
    if found is None:
        return {}
    version = _dotted(found.major, found.minor, found.patch, found.patch_minor)
    full = f"{found.family} {version}" if version else found.family
    return _present("os.name", found.family) | _present("os.version", version) | _present("os.full", full)


def _device(found: Device | None) -> dict[str, str]:
    return {"device.name": _UNKNOWN if found is None else found.family}


def _present(name: str, value: str | None) -> dict[str, str]:
    return {name: value} if value else {}


def _dotted(*parts: str | None) -> str:
    known: list[str] = []
    for part in parts:
        if not part:
            break
        known.append(part)
    return ".".join(known)
