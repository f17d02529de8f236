"""From the tree of a search expression to SQL over the store's view `events`.

Values only ever stand in the query as quoted literals, and field names as quoted identifiers of columns that exist,
so nothing in an expression can become SQL. Letters are folded by DuckDB's `lower` on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches

from cli.expression import Group, Node, Not, Term
from cli.options import Window, moment
from engine.errors import UsageError
from engine.events import instant

RAW = "event.original"
TIME = "@timestamp"
SEVERAL = "[]"  # the suffix of the column that holds a field's several values


def literal(value: str) -> str:
    """Return text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a column's name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def where(node: Node, columns: Mapping[str, str], now: datetime) -> str:
    """Return the condition; `columns` maps the view's columns to their types. Raise `UsageError` for other fields."""
    match node:
        case Not(part=part):
            return f"NOT ({where(part, columns, now)})"
        case Group(word=word, parts=parts):
            return "(" + f" {word} ".join(where(part, columns, now) for part in parts) + ")"
        case Term():
            conditions = list(_conditions(node, columns, now))
            return "(" + " OR ".join(f"coalesce({condition}, false)" for condition in conditions) + ")"


def select(node: Node, columns: Mapping[str, str], *, span: Window, now: datetime, limit: int) -> str:
    """Return the query: matching events of the span, oldest first, the newest `limit` of them (0 is all)."""
    conditions = [where(node, columns, now)]
    for bound, sign in ((span.since, ">="), (span.before, "<")):
        if bound is not None:
            conditions.append(f"{identifier(TIME)} {sign} {_stamp(bound)}")
    query = f"SELECT * FROM events WHERE {' AND '.join(conditions)}"  # noqa: S608 # literals and identifiers are quoted
    order = f"ORDER BY {identifier(TIME)}"
    if limit:
        return f"SELECT * FROM ({query} {order} DESC LIMIT {limit:d}) {order}"  # noqa: S608
    return f"{query} {order}"


def _conditions(term: Term, columns: Mapping[str, str], now: datetime) -> Iterator[str]:
    name = term.field or RAW
    found = [column for column in (name, name + SEVERAL) if column in columns]
    if not found:
        raise _unknown(name, columns)
    for column in found:
        kind = columns[column].upper()
        if kind.endswith("[]"):
            inner = _condition(term, "item", kind[:-2], now)
            yield f"EXISTS (SELECT 1 FROM unnest({identifier(column)}) AS items(item) WHERE {inner})"  # noqa: S608
        else:
            yield _condition(term, identifier(column), kind, now)


def _condition(term: Term, expression: str, kind: str, now: datetime) -> str:
    if term.field is not None and term.value == "*" and not term.literal and term.operator == "=":
        return f"{expression} IS NOT NULL"
    if kind.startswith("TIMESTAMP"):
        stamp = moment(term.field or TIME, term.value, now)
        return f"{expression} {term.operator} {_stamp(stamp or now)}"
    if term.operator != "=":
        return f"try_cast({expression} AS DOUBLE) {term.operator} {_number(term)}"
    folded = f"lower(CAST({expression} AS VARCHAR))"
    if term.field is None:
        pattern = f"%{_pattern(term)}%"
        return f"{folded} LIKE lower({literal(pattern)}) ESCAPE '\\'"
    if term.literal or not set("*?").intersection(term.value):
        return f"{folded} = lower({literal(term.value)})"
    return f"{folded} LIKE lower({literal(_pattern(term))}) ESCAPE '\\'"


def _number(term: Term) -> str:
    try:
        number = float(term.value)
    except ValueError:
        number = float("nan")
    if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 # NaN differs from itself
        raise UsageError(f"{term.value!r} is no number", where=term.field, hint="kulla search 'FIELD:>=500'")
    return repr(number)


def _pattern(term: Term) -> str:
    """Return the value as a LIKE pattern whose own special characters are escaped."""
    parts: list[str] = []
    at = 0
    while at < len(term.value):
        character = term.value[at]
        if not term.literal and character == "\\" and term.value[at + 1 : at + 2] in ("*", "?"):
            at += 1
            parts.append(term.value[at])
        elif not term.literal and character in "*?":
            parts.append("%" if character == "*" else "_")
        else:
            parts.append(f"\\{character}" if character in "\\%_" else character)
        at += 1
    return "".join(parts)


def _stamp(value: datetime) -> str:
    return f"TIMESTAMPTZ {literal(instant(value))}"


def _unknown(name: str, columns: Mapping[str, str]) -> UsageError:
    names = sorted({column.removesuffix(SEVERAL) for column in columns})
    near = get_close_matches(name, names, n=2)
    hint = (
        f"did you mean {' or '.join(near)}?" if near else f"kulla store search-fields {name.split('.', maxsplit=1)[0]}"
    )
    return UsageError(f"no stored event has the field {name}", hint=f"{hint} (a phrase goes in double quotes)")
