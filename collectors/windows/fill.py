"""Small steps that the derivations share: taking event data, naming paths, writing addresses, people and hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from collectors.windows.system import number_of
from engine.events import Fields, Value, texts

_EMPTY: Final = frozenset({"", "-", "{00000000-0000-0000-0000-000000000000}", "00000000-0000-0000-0000-000000000000"})
_MOST_ARGUMENTS: Final = 512
_WORDS: Final = re.compile(r'\\*+"|\\++|[^\\" \t]++|[ \t]++')  # backslashes with their quote, backslashes, text, blanks


def datum(fields: Fields, *names: str) -> str | None:
    """Return the first of the named event data that says something: not empty, not `-`, not a GUID of zeros."""
    for name in names:
        value = fields.get(f"winlog.event_data.{name}")
        if isinstance(value, str):
            if value not in _EMPTY:
                return value
        elif value is not None and (found := texts(value)):
            return found[0]
    return None


def put(fields: Fields, target: str, value: Value | None) -> None:
    """Set a field that is not set yet; nothing for None and the empty text."""
    if value or value == 0:
        fields.setdefault(target, value)


def copy(fields: Fields, table: dict[str, str]) -> None:
    """Set each target from the event datum of the table's name."""
    for name, target in table.items():
        put(fields, target, datum(fields, name))


def put_number(fields: Fields, target: str, *names: str) -> None:
    """Set a field to the number of the first named event datum that has one (decimal or `0x`)."""
    for name in names:
        number = number_of(datum(fields, name))
        if number is not None:
            fields.setdefault(target, number)
            return


def put_address(fields: Fields, target: str, value: str | None) -> None:
    """Set `source` or `destination` (`.ip`, `.address`), from an address; a mapped IPv4 address is written as IPv4."""
    address = plain_address(value)
    if address is not None:
        fields.setdefault(f"{target}.ip", address)
        fields.setdefault(f"{target}.address", address)


def plain_address(value: str | None) -> str | None:
    """Return an IP address without zone, brackets or the `::ffff:` of a mapped one; None where it is none."""
    if not value or len(value) > 64:
        return None
    text = value.strip("[] ").partition("%")[0]
    text = text[7:] if text.lower().startswith("::ffff:") and "." in text else text
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def put_process(fields: Fields, prefix: str, executable: str | None) -> None:
    """Set the executable and the name of `process` or `process.parent`."""
    if executable:
        fields.setdefault(f"{prefix}.executable", executable)
    path = fields.get(f"{prefix}.executable")
    if isinstance(path, str) and path:
        name = path.rpartition("\\")[2]
        put(fields, f"{prefix}.name", name)


def put_command(fields: Fields, prefix: str, command: str | None) -> None:
    """Set the command line of a process and its arguments, split as Windows programs do."""
    if command is None:
        return
    fields.setdefault(f"{prefix}.command_line", command)
    found = arguments(command)
    if found:
        fields.setdefault(f"{prefix}.args", found)
        fields.setdefault(f"{prefix}.args_count", len(found))


def arguments(command: str) -> list[str]:
    """Split a command line by the rules of `CommandLineToArgvW`: quotes, and backslashes before quotes."""
    if '"' not in command:
        return command.split(None, _MOST_ARGUMENTS)[:_MOST_ARGUMENTS]
    found: list[str] = []
    current: list[str] = []
    quoted = started = False
    for token in _WORDS.findall(command):
        first = token[0]
        if first in " \t" and not quoted:
            if started:
                found.append("".join(current))
                current, started = [], False
                if len(found) >= _MOST_ARGUMENTS:
                    return found
            continue
        started = True
        if token[-1] != '"':
            current.append(token)
            continue
        slashes = len(token) - 1
        current.append("\\" * (slashes // 2))
        if slashes % 2:
            current.append('"')
        else:
            quoted = not quoted
    if started:
        found.append("".join(current))
    return found


def put_account(fields: Fields, prefix: str, account: str | None) -> None:
    """Set the name and domain of `user` (or `user.target`..) from `DOMAIN\\name` or `name@domain`."""
    if not account:
        return
    domain, slash, name = account.rpartition("\\")
    if not slash and "@" in account:
        name, _, domain = account.partition("@")
    put(fields, f"{prefix}.name", name)
    put(fields, f"{prefix}.domain", domain)


def put_file(fields: Fields, path: str | None) -> None:
    """Set `file.path` and its directory, name and extension."""
    if not path:
        return
    fields.setdefault("file.path", path)
    path = str(fields["file.path"])
    directory, slash, name = path.rpartition("\\")
    if slash:
        put(fields, "file.name", name)
        put(fields, "file.directory", directory)
        put(fields, "file.extension", extension(name))


def extension(name: str) -> str | None:
    """Return what follows the last dot of a file name, where something short does."""
    stem, dot, ending = name.rpartition(".")
    return ending if dot and stem and 0 < len(ending) <= 16 and " " not in ending else None


def put_hashes(fields: Fields, hashes: str | None, target: str) -> None:
    """Set `target.hash.*` (and `.pe.imphash`) from Sysmon's `MD5=..,SHA256=..,IMPHASH=..`, in small letters."""
    for part in (hashes or "").split(",")[:16]:
        kind, equals, value = part.strip().partition("=")
        kind, value = kind.lower(), value.strip().lower()
        if not equals or not value.strip("0"):
            continue
        if kind == "imphash":
            put(fields, f"{target}.pe.imphash", value)
        elif kind in ("md5", "sha1", "sha256", "sha512"):
            put(fields, f"{target}.hash.{kind}", value)


def classify(fields: Fields, category: Iterable[str], kind: Iterable[str], action: str | None) -> None:
    """Set `event.category`, `event.type` and `event.action`, where the shipper has not done so."""
    put(fields, "event.category", list(category))
    put(fields, "event.type", list(kind))
    put(fields, "event.action", action)
