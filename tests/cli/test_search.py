"""The search language: what it parses to, and that DuckDB finds what a plain reading of the expression finds."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.expression import Group, Not, Term, parse
from cli.options import Window
from cli.search_sql import select
from engine.errors import UsageError
from tests.cli.fakes import NOW, FakeStore, call

COLUMNS = {
    "@timestamp": "TIMESTAMP WITH TIME ZONE",
    "event.original": "VARCHAR",
    "host.name": "VARCHAR",
    "http.response.status_code": "BIGINT",
    "event.category": "VARCHAR",
    "event.category[]": "VARCHAR[]",
}
ROWS = [
    (datetime(2026, 3, 1, 8, tzinfo=UTC), "GET /index 100%_done", "SP01", 200, "web", None),
    (datetime(2026, 3, 1, 9, tzinfo=UTC), "cmd.exe /c whoami", "sp02", 500, None, ["process", "Web"]),
    (datetime(2026, 3, 1, 10, tzinfo=UTC), "it's \\\\srv\\share*", None, None, None, None),
    (datetime(2026, 3, 2, 8, tzinfo=UTC), 'say "x" (y)', "web:1", 404, "file", None),
]


@pytest.fixture(scope="module")
def events():
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    names = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
    connection.execute(f"CREATE TABLE events ({names})")
    connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", ROWS)
    yield connection
    connection.close()


def _found(events, expression: str, *, since=None, before=None, limit: int = 0) -> list[int]:
    span = Window(since=since, before=before)
    sql = select(parse(expression), COLUMNS, span=span, now=NOW, limit=limit)
    originals = [row[1] for row in ROWS]
    return [originals.index(text) for text in events.sql(sql).to_arrow_table().column("event.original").to_pylist()]


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("host.name:sp01", [0]),
        ("host.name:SP0?", [0, 1]),
        ("host.name:*", [0, 1, 3]),
        ("NOT host.name:*", [2]),
        ("NOT host.name:sp01", [1, 2, 3]),
        ("host.name:(sp01 OR sp02)", [0, 1]),
        ("host.name:(sp* NOT *2)", [0]),
        ('host.name:"web:1"', [3]),
        ("host.name:web:1", [3]),
        ("http.response.status_code:200", [0]),
        ("http.response.status_code:>=404", [1, 3]),
        ("http.response.status_code:<404 OR host.name:web*", [0, 3]),
        ("event.category:web", [0, 1]),
        ("event.category:(web AND process)", [1]),
        ("event.category:*", [0, 1, 3]),
        ("WHOAMI", [1]),
        ('"cmd.exe /c"', [1]),
        ("cmd.exe index", []),
        ("cmd.exe OR index", [0, 1]),
        ("NOT (cmd.exe OR index)", [2, 3]),
        ("100%_done", [0]),
        ("100__done", []),
        ('"*"', [2]),
        (r"share\*", [2]),
        ("it's", [2]),
        (r"\\srv\share", [2]),
        (r'"say \"x\" (y)"', [3]),
        ("@timestamp:>=2026-03-01T10:00:00Z", [2, 3]),
        ('@timestamp:<"2026-03-01 09:00"', [0]),
        ("@timestamp:>=150m", [2, 3]),  # before the fixed present of the tests
        ("host.name:sp01 OR host.name:sp02 AND http.response.status_code:500", [0, 1]),
        ("(host.name:sp01 OR host.name:sp02) http.response.status_code:500", [1]),
    ],
)
def test_what_is_found(events, expression: str, rows: list[int]) -> None:
    assert _found(events, expression) == rows


def test_the_span_and_the_limit(events) -> None:
    assert _found(events, "NOT nothing", since=datetime(2026, 3, 1, 9, tzinfo=UTC)) == [1, 2, 3]
    assert _found(events, "NOT nothing", before=datetime(2026, 3, 1, 9, tzinfo=UTC)) == [0]
    assert _found(events, "NOT nothing", limit=2) == [2, 3]


@pytest.mark.parametrize(
    ("expression", "where"),
    [
        ("", None),
        ("a AND", "expression:6"),
        ("AND a", "expression:1"),
        ("a OR OR b", "expression:6"),
        ("NOT", "expression:4"),
        ("(a", "expression:1"),
        ("a)", "expression:2"),
        ("()", "expression:2"),
        ('"a', "expression:1"),
        ("host.name:", "expression:1"),
        ("host.name:(", "expression:12"),
        ("http.response.status_code:>", "expression:1"),
        ("http.response.status_code:>many", "http.response.status_code"),
        ("http.response.status_code:>nan", "http.response.status_code"),
        ("@timestamp:yesterdayish", "@timestamp"),
        ("hots.name:x", None),
        ("a\0b", "expression:2"),
        ("(" * 60 + "a" + ")" * 60, "expression:51"),
        ("NOT " * 60 + "a", "expression:201"),
        ("a" * 10_001, None),
    ],
)
def test_what_is_wrong_is_told_with_its_place(expression: str, where: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        select(parse(expression), COLUMNS, span=Window(since=None, before=None), now=NOW, limit=0)
    assert caught.value.where == where
    assert caught.value.hint


def test_a_field_that_is_nearly_right_is_named() -> None:
    with pytest.raises(UsageError, match=r"no stored event has the field hots\.name") as caught:
        select(parse("hots.name:x"), COLUMNS, span=Window(since=None, before=None), now=NOW, limit=0)
    assert "host.name" in str(caught.value.hint)


def test_the_tree() -> None:
    assert parse("a:b NOT (c OR d)") == Group(
        word="AND",
        parts=(
            Term(field="a", operator="=", value="b", literal=False),
            Not(
                part=Group(
                    word="OR",
                    parts=(
                        Term(field=None, operator="=", value="c", literal=False),
                        Term(field=None, operator="=", value="d", literal=False),
                    ),
                )
            ),
        ),
    )


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_query_or_wrong_usage_and_never_more(events, expression: str) -> None:
    try:
        found = _found(events, expression)
    except UsageError:
        return
    assert set(found) <= {0, 1, 2, 3}


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters='"\\\0', codec="utf-8"), min_size=1, max_size=30))
def test_a_quoted_phrase_is_only_itself(events, phrase: str) -> None:
    """Whatever stands in quotes reaches DuckDB as one value: compared with the value as a parameter."""
    sql = 'SELECT "event.original" FROM events WHERE lower("event.original") = lower(?) ORDER BY "@timestamp"'
    expected = [row[0] for row in events.execute(sql, [phrase]).fetchall()]
    query = select(parse(f'event.original:"{phrase}"'), COLUMNS, span=Window(since=None, before=None), now=NOW, limit=0)
    assert events.sql(query).to_arrow_table().column("event.original").to_pylist() == expected


def test_the_command_prints_rows_and_asks_only_for_reads() -> None:
    store = FakeStore(
        columns=list(COLUMNS.items()),
        answer=(
            ("@timestamp", "host.name", "event.category", "event.category[]"),
            [(NOW.replace(hour=8), "a", None, ["x"])],
        ),
    )
    result = call("search", "host.name:a", "-f", "jsonl", store=store)
    assert json.loads(result.out) == {
        "@timestamp": "2026-03-01T08:00:00.000Z",
        "host.name": "a",
        "event.category": ["x"],
    }
    assert all(sql.startswith("SELECT ") for sql in store.queries)
    assert call("search", "a", "--sql", "SELECT 1", store=store).code == 2


def test_the_real_store_answers(tmp_path) -> None:
    from engine.events import Event, Origin
    from engine.store.embedded import EmbeddedStore

    event = Event(
        id="1" * 32,
        origin=Origin(path="a.log", identity="e" * 32, offset=0, number=1),
        original="it's a test",
        fields={"@timestamp": NOW, "host.name": "SP01", "event.category": ["web", "file"], "event.dataset": "x"},
    )
    with EmbeddedStore(tmp_path / "store", lambda: NOW) as store:
        store.append([event], [])
    opened = EmbeddedStore(tmp_path / "store", lambda: NOW)
    for expression in ("host.name:sp*", "it's", "event.category:file", "@timestamp:>=2026-01-01"):
        result = call("search", expression, "-f", "jsonl", store=opened)
        assert result.code == 0, result.err
        assert json.loads(result.out)["host.name"] == "SP01"
    assert call("search", "host.name:other", "-f", "jsonl", store=opened).out == ""
    assert "host.name" in call("store", "search-fields", "-f", "jsonl", store=opened).out
    refused = call("search", "--sql", "COPY events TO '/tmp/x'", store=opened)
    assert refused.code == 2
    assert "Traceback" not in refused.err
