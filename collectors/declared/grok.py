"""Patterns of user-written sources: `%{ip:source.ip} %{word:result}` and raw RE2, compiled without backtracking.

RE2 (https://github.com/google/re2/wiki/Syntax) matches in time linear in the line, whatever the pattern; it refuses
look-around and back-references. A capture's name is an ECS field where it has a dot (`source.ip`), else a value's name;
in raw groups, whose names can have no dots, two underscores stand for one (`(?P<source__ip>...)`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import re2

from collectors.declared.model import Kind, Pattern, Regex

LONGEST: Final = 8000  # characters of a pattern, with its references replaced
DEEPEST: Final = 8  # references inside references
_MEMORY: Final = 8 * 1024 * 1024  # bytes of one compiled expression
_KINDS: Final[Mapping[str, Kind]] = {
    "int": "long",
    "long": "long",
    "integer": "long",
    "float": "float",
    "number": "float",
    "boolean": "boolean",
    "bool": "boolean",
    "text": "text",
    "string": "text",
    "date": "date",
    "ip": "ip",
    "lower": "lower",
    "upper": "upper",
}
_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_IPV6: Final = r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:[0-9.]{7,15})?(?:%[0-9A-Za-z._-]{1,32})?"
_HOST: Final = r"[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,62})(?:\.[0-9A-Za-z_][0-9A-Za-z_-]{0,62}){0,16}\.?"
_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME: Final = r"[0-2][0-9]:[0-5][0-9](?::[0-6][0-9](?:[.,][0-9]{1,9})?)?"
LIBRARY: Final[Mapping[str, str]] = {
    "ipv4": _IPV4,
    "ipv6": _IPV6,
    "ip": rf"(?:{_IPV4}|{_IPV6})",
    "host": _HOST,
    "hostname": _HOST,
    "iporhost": rf"(?:{_IPV4}|{_IPV6}|{_HOST})",
    "port": r"[0-9]{1,5}",
    "mac": r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}",
    "word": r"[0-9A-Za-z_]+",
    "notspace": r"[^\s]+",
    "space": r"\s*",
    "data": r"[\s\S]*?",
    "rest": r"[\s\S]*",
    "greedydata": r"[\s\S]*",
    "quoted": r'"(?:[^"\\]|\\[\s\S])*"',
    "quotedstring": r'"(?:[^"\\]|\\[\s\S])*"',
    "qs": r'"(?:[^"\\]|\\[\s\S])*"',
    "int": r"[+-]?[0-9]+",
    "posint": r"[0-9]+",
    "nonnegint": r"[0-9]+",
    "number": r"[+-]?[0-9]+(?:\.[0-9]+)?",
    "hex": r"(?:0[xX])?[0-9A-Fa-f]+",
    "base16num": r"(?:0[xX])?[0-9A-Fa-f]+",
    "boolean": r"(?:true|false|True|False|TRUE|FALSE|yes|no|0|1)",
    "uuid": r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
    "user": r"[0-9A-Za-z._@\\$+-]+",
    "username": r"[0-9A-Za-z._-]+",
    "email": r"[0-9A-Za-z._%+-]{1,64}@[0-9A-Za-z.-]{1,255}",
    "emailaddress": r"[0-9A-Za-z._%+-]{1,64}@[0-9A-Za-z.-]{1,255}",
    "path": r"/[^\s?#\"]*",
    "uripath": r"/[^\s?#\"]*",
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"]+",
    "method": r"[A-Z]{2,16}",
    "loglevel": r"(?:[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo|INFO|[Ww]arn(?:ing)?|WARN(?:ING)?"
    r"|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL|[Ss]evere|SEVERE|[Aa]lert|ALERT)",
    "year": r"[0-9]{4}",
    "date": r"[0-9]{4}-[01][0-9]-[0-3][0-9]",
    "time": _TIME,
    "timestamp": rf"[0-9]{{4}}-[01][0-9]-[0-3][0-9][T ]{_TIME}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?",
    "iso8601": rf"[0-9]{{4}}-[01][0-9]-[0-3][0-9][T ]{_TIME}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?",
    "timestamp_iso8601": rf"[0-9]{{4}}-[01][0-9]-[0-3][0-9][T ]{_TIME}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?",
    "httpdate": rf"[0-3][0-9]/{_MONTH}/[0-9]{{4}}:[0-2][0-9]:[0-5][0-9]:[0-6][0-9] [+-][0-9]{{4}}",
    "syslogtimestamp": rf"{_MONTH} [ 0-9][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9]",
    "syslogtime": rf"{_MONTH} [ 0-9][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9]",
}
_REFERENCE: Final = re.compile(r"%\{([^{}]{0,300})\}")
_INSIDE: Final = re.compile(r"(\w{1,64})(?::([\w@.\-]{1,128})(?::(\w{1,16}))?)?", re.ASCII)
_RAW_GROUP: Final = re.compile(r"\(\?P?<(\w{1,128})>", re.ASCII)


class PatternError(ValueError):
    """A pattern that can't be used; `hint` is what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def compiled(text: str) -> Regex:
    """Return a raw RE2 expression; raise `PatternError` with RE2's own reason."""
    options: Any = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.dot_nl = True
    if len(text) > LONGEST:
        raise PatternError(f"a pattern of {len(text):,} characters; the limit is {LONGEST:,}", "part it in several")
    try:
        regex: Regex = re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "it cannot be compiled"
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise PatternError(f"RE2 refuses this pattern: {reason}", _hint(reason)) from None
    return regex


def _hint(reason: str) -> str:
    if "perl operator" in reason:
        return "RE2 has no look-around and no back-references; say what stands there instead"
    if "repetition" in reason or "too large" in reason:
        return "repeat at most 1,000 times, or use + or *"
    return "escape what is meant literally: \\[ \\] \\( \\) \\. \\* \\+ \\? \\| \\{ \\}"


def pattern(text: str, own: Mapping[str, str], line: int) -> Pattern:
    """Return a pattern with its references replaced; `own` are the file's own named patterns."""
    builder = _Builder(own)
    expanded = builder.expand(text, 0)
    regex = compiled(expanded)
    _refuse_twice(expanded)
    names: list[str] = []
    kinds: list[Kind | None] = []
    by_number = {number: name for name, number in regex.groupindex.items()}
    for number in range(1, regex.groups + 1):
        name = by_number.get(number, "")  # a group without a name captures nothing
        given = builder.captures.get(name)
        names.append(given[0] if given else name.replace("__", "."))
        kinds.append(given[1] if given else None)
    return Pattern(regex=regex, names=tuple(names), kinds=tuple(kinds), line=line)


def _refuse_twice(expanded: str) -> None:
    """Refuse a raw group's name that stands twice in one pattern: RE2 would keep one of the two."""
    seen: set[str] = set()
    for name in _RAW_GROUP.findall(expanded):
        if name in seen:
            raise PatternError(
                f"a group called `{name}` stands twice in one pattern",
                "give the second another name, and both to the field: `user.name: [name, second]`",
            )
        seen.add(name)


class _Builder:
    """Replaces references, and remembers under which group each capture stands."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own = own
        self.captures: dict[str, tuple[str, Kind | None]] = {}

    def expand(self, text: str, depth: int) -> str:
        """Return a pattern as RE2."""
        if depth > DEEPEST:
            raise PatternError("patterns refer to one another in a circle, or too deep", "write the inner one out")
        expanded = _REFERENCE.sub(lambda match: self._reference(match[1], depth), _unnumbered(text))
        if len(expanded) > LONGEST:
            raise PatternError(f"a pattern longer than {LONGEST:,} characters", "part it in several")
        return expanded

    def _reference(self, inside: str, depth: int) -> str:
        match = _INSIDE.fullmatch(inside)
        if match is None:
            raise PatternError(f"%{{{inside}}} is no reference", "write %{name}, %{name:field} or %{name:field:long}")
        name, field, kind = match[1], match[2], match[3]
        body = self._own.get(name) or LIBRARY.get(name.lower())
        if body is None:
            raise PatternError(f"no pattern is called `{name}`", f"one of: {', '.join(sorted({*LIBRARY, *self._own}))}")
        if kind is not None and kind.lower() not in _KINDS:
            raise PatternError(f"`{kind}` is no type", f"one of: {', '.join(sorted(set(_KINDS.values())))}")
        body = self.expand(body, depth + 1)
        if field is None:
            return f"(?:{body})"
        group = f"g{len(self.captures)}_"
        self.captures[group] = (field, _KINDS[kind.lower()] if kind else None)
        return f"(?P<{group}>{body})"


def _unnumbered(text: str) -> str:
    """Refuse raw groups whose names could be taken for those made here."""
    for name in _RAW_GROUP.findall(text):
        if re.fullmatch(r"g\d+_", name):
            raise PatternError(f"a group cannot be called `{name}`", "give it another name")
    return text
