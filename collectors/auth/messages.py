"""A table of log messages: each entry knows one message, what its parts are called in ECS, and what it means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from engine.events import Fields, Value

# What the named groups of the patterns are called in an event. `address` and `target` are an IP address or a name.
GROUPS = {
    "user": "user.name",
    "effective": "user.effective.name",
    "effective_id": "user.effective.id",
    "changed": "user.changes.name",
    "target_user": "user.target.name",
    "target_id": "user.target.id",
    "user_id": "user.id",
    "user_domain": "user.domain",
    "realm": "user.domain",
    "group": "group.name",
    "group_id": "group.id",
    "method": "system.auth.ssh.method",
    "signature": "system.auth.ssh.signature",
    "protocol": "system.auth.ssh.protocol",
    "subsystem": "system.auth.ssh.subsystem",
    "client_version": "system.auth.ssh.client_version",
    "tty": "system.auth.tty",
    "session": "system.auth.session.id",
    "home": "system.auth.useradd.home",
    "shell": "system.auth.useradd.shell",
    "command": "process.command_line",
    "directory": "process.working_directory",
    "file": "file.path",
    "key_file": "system.auth.ssh.key_file",
    "reason": "event.reason",
    "remote_user": "system.auth.remote_user",
    "name": "source.domain",
}
_NUMBERS = {
    "port": "source.port",
    "target_port": "destination.port",
    "child": "process.pid",
    "count": "system.auth.failures",
    "code": "system.auth.ssh.disconnect_code",
    "sent": "destination.bytes",
    "received": "source.bytes",
}
_ADDRESSES = {"address": "source", "target": "destination"}
_HOST_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?", re.ASCII)
_REDACTED = re.compile(r"\*+")  # forwarders mask a user name with asterisks


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message: `words` it can start with, a `pattern` for the whole text, and the fields that it always means.

    The pattern's named groups are keys of `GROUPS` and the like. Patterns are linear on any text: at most one
    unbounded part that may hold blanks, everything else is bounded by blanks or in length.
    """

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    fixed: Fields
    groups: tuple[tuple[int, str], ...]

    def read(self, text: str, fields: Fields) -> re.Match[str] | None:
        """Add what the text says to the fields and return the match; None where it is another message."""
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        fields.update(self.fixed)
        for index, name in self.groups:
            if value := match[index]:
                assign(fields, name, value)
        return match


def meaning(action: str, category: str, kinds: str, outcome: str | None = None) -> Fields:
    """Return `event.action`, `.category`, `.type` (`kinds`; both words with blanks between) and `.outcome`."""
    fields: Fields = {"event.action": action, "event.category": tuple(category.split())}
    if kinds:
        fields["event.type"] = tuple(kinds.split())
    if outcome:
        fields["event.outcome"] = outcome
    return fields


def message(words: str, pattern: str, means: Fields, **more: Value) -> Message:
    """Define a message: first words parted by `|` (`*`: any), pattern, meaning, and more fields (`__` for the dot)."""
    fixed = {**means, **{name.replace("__", "."): value for name, value in more.items()}}
    compiled = re.compile(pattern, re.DOTALL | re.ASCII)
    groups = tuple((index, name) for name, index in compiled.groupindex.items())
    return Message(words=tuple(words.split("|")), pattern=compiled, fixed=fixed, groups=groups)


class Table:
    """Messages by their first word, so that one look-up leaves few patterns to try, in the order they are given.

    Those with the word `*` may start with anything and are tried last.
    """

    def __init__(self, entries: Iterable[Message]) -> None:
        self._by_word: dict[str, list[Message]] = {}
        for entry in entries:
            for word in entry.words:
                self._by_word.setdefault(word, []).append(entry)
        self._any: Sequence[Message] = self._by_word.pop("*", ())

    def read(self, text: str, fields: Fields) -> re.Match[str] | None:
        """Add what the text says to the fields and return the match; None where no message of the table is in it."""
        for entry in self._by_word.get(text.partition(" ")[0], ()):
            if match := entry.read(text, fields):
                return match
        for entry in self._any:
            if match := entry.read(text, fields):
                return match
        return None


def assign(fields: Fields, name: str, value: str) -> None:
    """Put one named part of a message under its ECS name, typed; a name without one is left to the caller."""
    known = GROUPS.get(name)
    if known is not None:
        if value[0] != "*" or not _REDACTED.fullmatch(value):
            fields[known] = value
    elif name in _ADDRESSES:
        side = _ADDRESSES[name]
        kind, address = classify(value)
        if kind:
            fields[f"{side}.{kind}"] = address
    elif name in _NUMBERS and len(value) <= 18:
        fields[_NUMBERS[name]] = int(value)


@lru_cache(maxsize=65536)
def classify(written: str) -> tuple[str, str]:
    """Tell `ip` or `domain` from an address as a log writes it, and return it in its usual form.

    IPv4 addresses mapped into IPv6 are returned as IPv4, zones of link-local addresses are cut. What is neither (the
    `UNKNOWN` of sshd, attackers' names with odd characters) has the kind `address`, and nothing at all the kind ``.
    """
    text = written.strip("[]").partition("%")[0]
    try:
        parsed = ip_address(text)
    except ValueError:
        if text in {"", "?", "-", "UNKNOWN", "UNKNOWN_IP", "(null)", "none"}:
            return "", ""
        return ("domain" if _HOST_NAME.fullmatch(text) else "address"), text
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return "ip", str(mapped or parsed)
