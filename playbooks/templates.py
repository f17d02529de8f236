"""What a command template must keep to, so that a quoted value in it can only ever be one argument.

A placeholder stands where the shell expects a word: never inside quotes, comments or another command's text, and never
in a command that hands its arguments to a second interpreter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from playbooks.model import Platform
from playbooks.placeholders import ANY_BRACES, PATTERN, PLACEHOLDERS

_BEFORE: dict[Platform, str] = {
    "bash": " \t\n=@(/",
    "powershell": " \t\n=@({[,:",
    "exchange": " \t\n=@({[,:",
    "cmd": " \t\n=:",
}
_AFTER: dict[Platform, str] = {
    "bash": " \t\n;)|/",
    "powershell": " \t\n;)|,]}.",
    "exchange": " \t\n;)|,]}.",
    "cmd": " \t\n)",
}
_ESCAPES: dict[Platform, str] = {"bash": "\\", "powershell": "`", "exchange": "`", "cmd": "^"}
# Programs that read an argument as a program of its own.
_SECOND_READERS = re.compile(
    r"(?i)(?:^|[\s|;&(])(?:eval|iex|invoke-expression|ssh|(?:ba|da|z)?sh\s+-c|su\s+-c|cmd(?:\.exe)?\s+/c|xargs|watch)(?=\s|$)"
)
_CHANGING = re.compile(
    r"(?im)(?:^|[|;{&(]\s*|\s)(?:(?:Remove|Disable|Stop|Restart|Reset|Revoke|Suspend|Move)-[A-Za-z]+"
    r"|Set-(?:AD|Mailbox|CAS|NetFirewall|Mp|Service|ItemProperty|Acl|Transport)[A-Za-z]*|New-NetFirewallRule"
    r"|systemctl (?:stop|disable|restart|mask)|usermod|passwd(?! --status)|chattr|nft add|iptables -[AI]|pkill"
    r"|rm -[A-Za-z]+)"
    r"(?=[\s']|$)"
)


def problems_of(platform: Platform, template: str) -> Iterator[str]:
    """Yield what is wrong with a template, in words."""
    known = {match.group(0) for match in PATTERN.finditer(template) if match[1] in PLACEHOLDERS}
    for match in ANY_BRACES.finditer(template):
        if match.group(0) not in known:
            yield f"unknown placeholder {match.group(0)}"
    if platform == "manual":
        return
    inside = _quoted_at(platform, template)
    for match in PATTERN.finditer(template):
        name = match.group(0)
        before = template[match.start() - 1] if match.start() else " "
        after = template[match.end()] if match.end() < len(template) else " "
        if inside[match.start()]:
            yield f"{name} stands inside quotes or a comment; the value brings its own quotes"
        elif before not in _BEFORE[platform] or after not in _AFTER[platform]:
            yield f"{name} is joined to `{before}` and `{after}`; a value must be a word of its own"
    if known and _SECOND_READERS.search(template):
        yield "hands its arguments to a second interpreter, for which no value is quoted"


def looks_changing(platform: Platform, template: str) -> bool:
    """Tell whether a command changes a system, as far as its verbs tell."""
    return platform != "manual" and bool(_CHANGING.search(template))


def _quoted_at(platform: Platform, template: str) -> list[bool]:
    """Return for every position whether it lies inside quotes or a comment of that shell."""
    quotes = '"' if platform == "cmd" else "'\""
    state = ""
    escaped = False
    flags: list[bool] = []
    for index, character in enumerate(template):
        flags.append(bool(state))
        if escaped:
            escaped = False
        elif character == _ESCAPES[platform] and state != "'":
            escaped = True
        elif state == "#":
            state = "" if character == "\n" else state
        elif state:
            state = "" if character == state else state
        elif character in quotes:
            state = character
        elif character == "#" and platform != "cmd" and (index == 0 or template[index - 1] in " \t\n;"):
            state = "#"
    return flags
