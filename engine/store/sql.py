"""Read-only SQL over stored events: an in-memory DuckDB that sees the store's segments and nothing else.

The query belongs to a person, the values to the attacker. One statement that only reads is allowed; files other than
the catalogued segments, extensions, settings and the network are out of reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from engine.alerts import Alert
from engine.entities import ENTITY_FIELDS
from engine.errors import UsageError
from engine.events import texts
from engine.store.columns import ENVELOPE, INSTANT, TEXTS
from engine.store.values import plain

_READS = frozenset({"SELECT", "EXPLAIN"})
_HINT = (
    'the views are `events` and `alerts`; quote names with dots: SELECT "host.name", count(*) FROM events GROUP BY 1'
)
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "temp_directory": "",  # nothing is written outside the store's folder
    "python_enable_replacements": False,
}


def answer(sql: str, files: Sequence[Path], alerts: Sequence[Alert]) -> tuple[list[str], list[tuple[object, ...]]]:
    """Return the column names and rows of a query. Raise `UsageError` with DuckDB's words where it cannot run."""
    connection = duckdb.connect(":memory:", config=_SETTINGS)
    try:
        _prepare(connection, [str(path) for path in files], alerts)
        statement = _checked(connection, sql)
        table = connection.sql(statement).to_arrow_table()
        columns = [[_utc(value) for value in column.to_pylist()] for column in table.columns]
        return list(table.column_names), list(zip(*columns, strict=True))
    except (duckdb.Error, pa.ArrowException, OverflowError) as error:
        raise UsageError(f"the query cannot be run: {error}", hint=_HINT) from error
    finally:
        connection.close()


def _prepare(connection: duckdb.DuckDBPyConnection, files: list[str], alerts: Sequence[Alert]) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    _table(connection, "alerts", _alert_table(alerts))
    if files:
        connection.execute("SET allowed_paths = $1", [files])
        connection.read_parquet(files, union_by_name=True).create_view("events")
    else:
        _table(connection, "events", pa.schema([("@timestamp", INSTANT), *_plain_envelope()]).empty_table())
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _plain_envelope() -> list[tuple[str, pa.DataType]]:
    return [(name, kind.value_type if pa.types.is_dictionary(kind) else kind) for name, kind in ENVELOPE.items()]


def _table(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register("given", table)
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")  # noqa: S608 - one of the two names above
    connection.unregister("given")


def _checked(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise UsageError("give exactly one SQL statement", hint=_HINT)
    if statements[0].type.name not in _READS:
        raise UsageError("only statements that read are run: SELECT, WITH, DESCRIBE, SHOW, SUMMARIZE", hint=_HINT)
    return str(statements[0].query)


def _alert_table(alerts: Sequence[Alert]) -> pa.Table:
    columns: dict[str, pa.Array] = {
        "id": _text([alert.id for alert in alerts]),
        "@timestamp": pa.array([alert.timestamp for alert in alerts], INSTANT),
        "rule.id": _text([alert.rule.id for alert in alerts]),
        "rule.name": _text([alert.rule.name for alert in alerts]),
        "rule.level": _text([alert.rule.level.label for alert in alerts]),
        "rule.tags": pa.array([[plain(tag) for tag in alert.rule.tags] for alert in alerts], TEXTS),
        "event.id": pa.array([[event.id for event in alert.events] for alert in alerts], TEXTS),
        "verdict": _text([alert.verdict for alert in alerts]),
        "verdict_why": _text([alert.verdict_why for alert in alerts]),
    }
    for name in ENTITY_FIELDS:
        columns[name] = _text([", ".join(texts(alert.fields.get(name))) or None for alert in alerts])
    return pa.table(columns)


def _text(values: Sequence[str | None]) -> pa.Array:
    return pa.array([None if value is None else plain(value) for value in values], pa.string())


def _utc(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo else value
