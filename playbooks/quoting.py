"""Quoting: one function per shell that turns a value into one argument, or refuses it.

Values are checked against their type first (`playbooks.values`); these functions are the second lock and hold for any
text. Sources: POSIX shell 2.2.2 (single quotes); PowerShell's tokenizer, which takes U+2018, U+2019, U+201A and U+201B
for single quotes as well; cmd's parser, where `%` and `!` expand inside quotes and `^ & | < >` act outside of them.
"""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Callable

from playbooks.model import Platform

_POWERSHELL_QUOTES = "'‘’‚‛"
_CMD_REFUSED = frozenset("%!^&|<>\"'`;,=()")
_LAST_LATIN = 0x024F


class QuotingError(ValueError):
    """A value that cannot be made one argument of this shell; the message says why."""


def refuse_unprintable(value: str) -> None:
    """Raise `QuotingError` for control, format (bidirectional) and separator characters and lone surrogates."""
    for character in value:
        category = unicodedata.category(character)
        if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            raise QuotingError(f"holds the character U+{ord(character):04X}, which does not show as it acts")


def quote_bash(value: str) -> str:
    """Return `value` as one word of a POSIX shell; refuse NUL, which no argument can hold, and lone surrogates."""
    if "\0" in value:
        raise QuotingError("holds a NUL")
    if any(unicodedata.category(character) == "Cs" for character in value):
        raise QuotingError("is not valid Unicode")
    return shlex.quote(value)


def quote_powershell(value: str) -> str:
    """Return `value` as a PowerShell verbatim string: every character that PowerShell takes for a quote is doubled."""
    refuse_unprintable(value)
    return "'" + "".join(c * 2 if c in _POWERSHELL_QUOTES else c for c in value) + "'"


def quote_cmd(value: str) -> str:
    """Return `value` in double quotes for cmd; refuse what cmd would act on even so.

    Letters beyond Latin are refused too: programs that use the machine's code page turn some of them into quotes.
    """
    refuse_unprintable(value)
    bad = next((c for c in value if c in _CMD_REFUSED or ord(c) > _LAST_LATIN), None)
    if bad is not None:
        raise QuotingError(f"holds {bad!r}, which cannot be quoted safely for cmd")
    if value.endswith("\\"):
        raise QuotingError("ends with a backslash, which would swallow the closing quote")
    return f'"{value}"'


def plain(value: str) -> str:
    """Return `value` for an instruction that a person reads; refuse what does not show as it is."""
    refuse_unprintable(value)
    return value


QUOTERS: dict[Platform, Callable[[str], str]] = {
    "bash": quote_bash,
    "powershell": quote_powershell,
    "exchange": quote_powershell,
    "cmd": quote_cmd,
    "manual": plain,
}
LIST_SEPARATORS: dict[Platform, str] = {
    "bash": " ",
    "powershell": ",",
    "exchange": ",",
    "cmd": " ",
    "manual": ", ",
}
