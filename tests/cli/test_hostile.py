"""Hostile values through every command that prints and every format: what comes out is read again by a parser."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.cli.fakes import FakeStore, Result, a_letter, an_alert, an_incident, call
from tests.cli.hostile import HOSTILE, acting

LISTINGS = (
    ("alerts", "list"),
    ("incidents", "list"),
    ("incidents", "timeline", "inc0"),
    ("store", "dead-letters"),
    ("search", "x"),
    ("search", "--sql", "SELECT 1"),
)
REPORTS = (("alerts", "show", "ALERT"), ("incidents", "show", "inc0"), ("store", "status"))
FORMATS = ("table", "json", "jsonl", "csv", "md", "html")
TAGS = frozenset(
    {"html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "p", "pre", "ol", "li"}
    | {"table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "div"}
)


def _store(*texts: str) -> FakeStore:
    alerts = [
        an_alert(text, number=number, **{"process.command_line": text, "url.original": text})
        for number, text in enumerate(texts, start=1)
    ]
    incidents = [
        replace(an_incident(text, alerts=alerts), id=f"inc{number}-" + "a" * 24) for number, text in enumerate(texts)
    ]
    names = ("@timestamp", "host.name", "event.original", texts[0] or "x")
    return FakeStore(
        kept_alerts=alerts,
        kept_incidents=incidents,
        letters=[a_letter(text) for text in texts],
        columns=[("event.original", "VARCHAR"), ("@timestamp", "TIMESTAMP WITH TIME ZONE")],
        answer=(names, [("2026-03-01", text, text, text) for text in texts]),
        location=texts[0],
    )


def _call(words: tuple[str, ...], fmt: str, store: FakeStore, *, terminal: bool = False) -> Result:
    argv = [store.kept_alerts[0].id[:8] if word == "ALERT" else word for word in words]
    return call(*argv, "-f", fmt, store=store, terminal=terminal, environ={"NO_COLOR": "1"})


def _check(words: tuple[str, ...], fmt: str, texts: Sequence[str]) -> None:
    result = _call(words, fmt, _store(*texts), terminal=True)
    assert result.code == 0, (texts, result.err)
    printed = result.out.replace("\r\n", "\n") if fmt == "csv" else result.out
    assert acting(printed) == [], (texts, printed)
    assert acting(result.err) == []
    assert "Traceback" not in result.err
    _CHECKS[fmt](result.out)


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("words", LISTINGS, ids=" ".join)
def test_nothing_in_a_listing_acts(words: tuple[str, ...], fmt: str) -> None:
    _check(words, fmt, HOSTILE)


@pytest.mark.parametrize("fmt", [fmt for fmt in FORMATS if fmt != "csv"])
@pytest.mark.parametrize("words", REPORTS, ids=" ".join)
def test_nothing_in_a_report_acts(words: tuple[str, ...], fmt: str) -> None:
    for start in range(6):
        _check(words, fmt, (" ".join(HOSTILE[start::6]),))


def test_markup_in_a_table_is_neither_interpreted_nor_eaten() -> None:
    for text in ("[/bold]", "[red]x[/]", "[/", ":warning:"):
        assert text in _call(("alerts", "list"), "table", _store(text), terminal=True).out


def _check_table(out: str) -> None:
    from rich.cells import cell_len

    folded = [line for line in out.splitlines() if not line.startswith("    ")]  # records and commands are copied
    assert max((cell_len(line) for line in folded), default=0) <= 80


def _check_json(out: str) -> None:
    assert set(json.loads(out)) > {"issues"}


def _check_jsonl(out: str) -> None:
    rows = [json.loads(line) for line in out.splitlines()]
    assert rows
    assert out.count("\n") == len(rows)


def _check_csv(out: str) -> None:
    rows = list(csv.reader(io.StringIO(out, newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1
    for value in (value for row in rows[1:] for value in row):
        assert not re.match(r"[ \u00a0\u3000]*[=+\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20]", value), value


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


def _check_html(out: str) -> None:
    parser = _Tags()
    parser.feed(out)
    parser.close()
    assert parser.seen <= TAGS, parser.seen - TAGS
    own = {"lang", "charset", "name", "content", "http-equiv", "scope", "class", "tabindex", "role", "aria-label"}
    assert parser.attributes <= own


def _check_md(out: str) -> None:
    from markdown_it import MarkdownIt

    rendered = MarkdownIt("commonmark").enable("table").render(out)
    parser = _Tags()
    parser.feed(rendered)
    allowed = {"h1", "h2", "ul", "ol", "li", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "pre", "code"}
    assert parser.seen <= allowed, parser.seen - allowed
    prose = [line for line in out.splitlines() if not line.startswith("    ")]  # indented lines are code
    assert not [line for line in prose if re.search(r"(?<!\\)://|www\.evil", line)]  # GitHub links bare addresses


_CHECKS = {
    "table": _check_table,
    "json": _check_json,
    "jsonl": _check_jsonl,
    "csv": _check_csv,
    "html": _check_html,
    "md": _check_md,
}


def test_json_rows_hold_the_very_values() -> None:
    rows = [json.loads(line) for line in _call(("alerts", "list"), "jsonl", _store(*HOSTILE)).out.splitlines()]
    assert [row["host.name"] for row in rows] == list(HOSTILE)
    assert [row["why"][0]["value"] for row in rows] == list(HOSTILE)


def test_hostile_words_on_the_command_line_do_not_act_either() -> None:
    for text in HOSTILE:
        for argv in (
            ["alerts", "show", text],
            [text or "x"],
            ["alerts", "list", "--since", text],
            ["alerts", "list", "-f", text],
            ["alerts", "list", "--level", text],
            ["alerts", "list", f"--{text}"],
            ["search", text],
            ["incidents", "close", text, "--why", text],
        ):
            result = call(*argv)
            assert result.code in (0, 2), (argv, result)
            assert acting(result.err) == []
            assert acting(result.out) == []
            assert "Traceback" not in result.err


def test_a_hostile_settings_file_does_not_act(tmp_path) -> None:
    (tmp_path / "kulla.toml").write_text('"evil\\u001b[31m\\u202e" = 1\n')
    result = call("config", "show", cwd=tmp_path)
    assert result.code == 3
    assert "kulla.toml:" in result.err
    assert acting(result.err) == []
