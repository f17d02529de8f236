"""How much the first bytes of a log look like a web server's, and like which one's.

nginx and Apache write the same combined format, so the server is told by small habits: nginx escapes quotes as `\\x22`
and has statuses of its own (444, 499), Apache escapes them as `\\"` and writes a hyphen for an empty body.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from collectors.framing import decode
from collectors.web.jsonlog import likeness

_LOOKED_AT = 60  # lines
_ACCESS = re.compile(
    r"""[^"\[]{0,500}+(?:"[^"]{0,500}+"\ [^"\[]{0,500}+)?
    (?:\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:\ [+-]\d{4})?\]
      |\[?\d{4}-\d\d-\d\d[T\ ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|\ ?[+-]\d\d:?\d\d)?\]?)
    \ [^"]{0,300}+"[^"]*+".*""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_REQUESTED = re.compile(r'" (?:\d{3}|-) (?:\d+|-)|"(?:GET|POST|HEAD|PUT|OPTIONS|PROPFIND|CONNECT) \S', re.ASCII)
_NGINX_HABIT = re.compile(r'\\x22|\\x5C|" (?:444|49[4-9]) \d', re.ASCII)
_APACHE_HABIT = re.compile(r'\\"|" \d{3} -(?: |$)|^\S+:\d{2,5} \S+ \S+ \S+ \[', re.ASCII)
_COMMON = re.compile(r'" \d{3} (?:\d+|-)$', re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What tells one server from the other: its own line shapes, its small habits, and names its files have."""

    own: Callable[[str], bool]
    habit: re.Pattern[str]
    other_habit: re.Pattern[str]
    common_format: bool
    names: tuple[str, ...]
    nginx_json: bool


def nginx_habits(own: Callable[[str], bool]) -> Habits:
    """Return nginx's habits; `own` tells a line that only nginx writes (its error log)."""
    return Habits(
        own=own,
        habit=_NGINX_HABIT,
        other_habit=_APACHE_HABIT,
        common_format=False,
        names=("nginx", "openresty", "ingress"),
        nginx_json=True,
    )


def apache_habits(own: Callable[[str], bool]) -> Habits:
    """Return Apache's habits; `own` tells a line that only Apache writes (its error log)."""
    return Habits(
        own=own,
        habit=_APACHE_HABIT,
        other_habit=_NGINX_HABIT,
        common_format=True,
        names=("apache", "httpd", "access_log", "error_log", "vhost"),
        nginx_json=False,
    )


def sureness(head: bytes, filename: str, habits: Habits) -> int:
    """Return 0 to 100: the share of lines of the server's shapes, less where the other server is as likely."""
    lines = [line for line in decode(head[:65536]).splitlines()[:_LOOKED_AT] if line.strip()]
    if len(lines) > 1 and len(head) >= 65536:
        lines = lines[:-1]
    scores = [_score(line, habits) for line in lines]
    if not any(scores):
        return 0
    share = sum(1 for score in scores if score) / len(scores)
    if share < 0.5:
        return 0
    best = max(scores) if share > 0.8 else 55
    named = any(name in filename.lower() for name in habits.names)
    return max(1, min(100, round(best * share) + (3 if named else 0)))


def _score(line: str, habits: Habits) -> int:
    if habits.own(line):
        return 95
    if line.startswith("{"):
        keys, of_nginx = likeness(line)
        same = of_nginx == habits.nginx_json
        return 0 if keys < 4 else 84 if same else 78
    if _ACCESS.fullmatch(line) is None or _REQUESTED.search(line) is None:
        return 0
    if habits.habit.search(line):
        return 86
    if habits.other_habit.search(line):
        return 78
    return 82 if bool(_COMMON.search(line)) == habits.common_format else 80
