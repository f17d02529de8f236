"""Where data goes: formats, files, terminals and pipes."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from cli.formats import csvs
from cli.formats import markdown as md
from cli.output import write_file
from cli.session import Session
from engine.alerts import Level
from engine.errors import ConfigurationError
from tests.cli.fakes import FakeStore, Terminal, an_alert, an_incident, call


@pytest.fixture
def store() -> FakeStore:
    alerts = [an_alert("sp01", number=1, level=Level.HIGH), an_alert("sp02", number=2, level=Level.LOW)]
    return FakeStore(kept_alerts=alerts, kept_incidents=[an_incident("sp01", alerts=alerts)])


def test_a_table_on_a_terminal_and_jsonl_in_a_pipe(store: FakeStore) -> None:
    piped = call("alerts", "list", store=store)
    rows = [json.loads(line) for line in piped.out.splitlines()]
    assert [row["rule.level"] for row in rows] == ["high", "low"]
    shown = call("alerts", "list", store=store, terminal=True)
    assert "Where and who" in shown.out
    assert "next: kulla alerts show" in shown.err


def test_the_row_of_an_alert_has_what_the_contract_names(store: FakeStore) -> None:
    row = json.loads(call("alerts", "list", "--level", "high", store=store).out)
    assert row["id"] == store.kept_alerts[0].id
    assert row["@timestamp"] == "2026-03-01T08:30:00.000Z"
    assert row["event.id"] == "0" * 31 + "1"
    assert row["event.original"] == "raw sp01"
    assert row["source"] == "sp01:1"
    assert row["why"] == [{"field": "process.command_line", "predicate": "contains sp01", "value": "sp01"}]
    assert row["rule.tags"] == ["attack.t1059", "sp01"]
    assert row["host.name"] == "sp01"
    assert {"rule.id", "rule.name", "user.name", "source.ip"} <= set(row)


@pytest.mark.parametrize(
    ("environ", "argv", "coloured"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": ""}, [], True),
        ({"TERM": "dumb"}, [], False),
        ({}, ["--no-color"], False),
        ({"KULLA_COLOR": "never"}, [], False),
    ],
)
def test_colour(store: FakeStore, environ: dict[str, str], argv: list[str], coloured: bool) -> None:
    result = call("alerts", "list", *argv, store=store, terminal=True, environ=environ)
    assert ("\x1b[" in result.out) is coloured
    assert "high" in result.out  # the level is a word, whatever its colour


def test_no_escape_sequence_reaches_a_pipe_or_a_file(store: FakeStore, tmp_path: Path) -> None:
    assert "\x1b" not in call("alerts", "list", "-f", "table", store=store).out
    call("alerts", "list", "-f", "table", "-o", "a.txt", store=store, terminal=True, cwd=tmp_path)
    assert "\x1b" not in (tmp_path / "a.txt").read_text()


def test_a_file_takes_its_format_from_its_name_and_replaces_the_old_one_whole(store: FakeStore, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("old")
    result = call("alerts", "list", "-o", "a.csv", store=store, cwd=tmp_path)
    assert (result.code, result.out) == (0, "")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    assert [row["rule.level"] for row in rows] == ["high", "low"]
    assert call("alerts", "list", "-o", "a.json", store=store, cwd=tmp_path).code == 0
    assert len(json.loads((tmp_path / "a.json").read_text())["alerts"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.json"]
    assert call("alerts", "list", "-o", "-", store=store, cwd=tmp_path).out.count("\n") == 2


def test_what_cannot_be_written_leaves_the_old_file(store: FakeStore, tmp_path: Path) -> None:
    target = tmp_path / "a.jsonl"
    target.write_text("old")

    def parts():
        yield "new"
        raise OSError(28, "No space left on device")

    with pytest.raises(ConfigurationError, match="No space left") as caught:
        write_file(target, parts())
    assert "free some space" in str(caught.value.hint)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
    for name in ("no/such/folder.csv", "."):
        result = call("alerts", "list", "-o", name, store=store, cwd=tmp_path)
        assert result.code == 3
        assert "\nnext: " in result.err


def test_a_link_is_followed_and_a_device_is_written_directly(store: FakeStore, tmp_path: Path) -> None:
    real = tmp_path / "real.jsonl"
    real.write_text("old")
    (tmp_path / "link.jsonl").symlink_to(real)
    assert call("alerts", "list", "-o", "link.jsonl", store=store, cwd=tmp_path).code == 0
    assert (tmp_path / "link.jsonl").is_symlink()
    assert len(real.read_text().splitlines()) == 2
    assert call("alerts", "list", "-o", "/dev/null", store=store, cwd=tmp_path).code == 0
    assert Path("/dev/null").is_char_device()


def test_wide_tables_fold_and_lose_nothing(store: FakeStore) -> None:
    name = "".join(f"<{number:04d}>" for number in range(60))
    store.kept_alerts = [an_alert(name)]
    out = call("alerts", "list", "-f", "table", store=store).out
    assert max(len(line) for line in out.splitlines()) <= 80
    cells = "".join(re.sub(r"^.{40}", "", line) for line in out.splitlines())
    assert "…" not in out
    for number in range(60):
        assert f"{number:04d}" in re.sub(r"\s", "", cells) or f"{number:04d}"[:2] in cells


def test_the_page_allows_nothing_but_its_own_style(store: FakeStore) -> None:
    page = call("incidents", "show", "inc0", "-f", "html", "--lang", "sq", store=store).out
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])  # type: ignore[index]
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]  # type: ignore[index]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert page.startswith('<!doctype html>\n<html lang="sq">')
    assert not re.search(r"<script|http-equiv=.refresh|url\(|https?:", page)
    assert "Rëndësia" in page


def test_numbers_stay_numbers_in_csv_and_formulas_do_not_run() -> None:
    assert csvs.field(-5) == -5
    assert csvs.field("-5") == "'-5"
    assert csvs.field(True) == "true"
    assert csvs.field(["=1", "b"]) == "'=1, b"
    assert csvs.field(None) == ""


def test_markdown_renders_to_the_very_value() -> None:
    from markdown_it import MarkdownIt

    for value in ("a_b*c", "<x> & y", "[t](u)", "1. x", "# h", "a|b", "\\x", "- x", "`c`", "C:\\Windows\\*.exe", "~a~"):
        rendered = MarkdownIt("commonmark").render(md.text(value))
        assert html.unescape(rendered) == f"<p>{value}</p>\n"


def test_verdicts_and_closing_take_effect_and_enter_the_ledger(store: FakeStore, tmp_path: Path) -> None:
    first = store.kept_alerts[0].id
    words = ["alerts", "close", first[:6], "--verdict", "benign", "--why", "backup"]
    assert call(*words, store=store, cwd=tmp_path).code == 0
    rows = [json.loads(line) for line in call("alerts", "list", store=store).out.splitlines()]
    assert (rows[0]["verdict"], rows[0]["verdict.why"]) == ("benign", "backup")
    assert len(call("alerts", "list", "--open", store=store).out.splitlines()) == 1
    assert (
        call("incidents", "close", "inc0", "--why", "rebuilt", "--actor", "Besa", store=store, cwd=tmp_path).code == 0
    )
    records = [json.loads(line) for line in call("ledger", "show", store=store, cwd=tmp_path).out.splitlines()]
    assert [(row["kind"], row["actor"], row["details"]["reason"]) for row in records] == [
        ("alert.judged", "arta", "backup"),
        ("incident.closed", "Besa", "rebuilt"),
    ]
    assert call("ledger", "verify", store=store, cwd=tmp_path).code == 0
    assert call(*words, store=store, cwd=tmp_path, environ={"USER": ""}).code == 2
    assert json.loads(call("incidents", "list", store=store).out)["status"] == "closed"
    assert call("incidents", "list", "--open", store=store).out == ""


def test_spans_and_limits(store: FakeStore) -> None:
    assert call("alerts", "list", "--since", "1h", store=store).out == ""
    assert len(call("alerts", "list", "--since", "4h", "--until", "3h", store=store).out.splitlines()) == 2
    limited = call("alerts", "list", "-n", "1", store=store)
    assert json.loads(limited.out)["rule.level"] == "low"
    assert "the newest 1 of 2 alerts" in limited.err
    assert call("incidents", "list", "--since", "1h", store=store).out == ""
    assert call("store", "status", "-f", "json", store=store).code == 0


def test_every_page_begins_in_one_way_and_allows_its_own_style_alone() -> None:
    """The content security policy of a page is written in one place, and holds the hash of that page's style."""
    from cli.document import Report
    from cli.formats import page, report
    from cli.report_words import report_words
    from cli.services_page import curve_page
    from cli.services_words import WORDS as SERVICE_WORDS
    from playbooks.restoration.curve import Point

    whole = Report(name="x", title="T <&> 1", record={}, sections=(), lang="sq")
    pages = (
        "".join(page.page(whole)),
        "".join(report.page(whole, {}, report_words("sq"), made="now")),
        "".join(curve_page([Point(hours=1.0, use=0.5, services=0.5)], (), SERVICE_WORDS["sq"], "sq")),
    )
    for text in pages:
        style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
        assert style
        digest = b64encode(sha256(style[1].encode()).digest()).decode()
        assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'" in text
        assert text.startswith('<!doctype html>\n<html lang="sq">')
        assert "<&>" not in text
    sources = (Path(page.__file__).parents[1]).rglob("*.py")
    assert [file.name for file in sources if "<!doctype" in file.read_text(encoding="utf-8")] == ["page.py"]


def _session(stderr: io.StringIO) -> Session:
    return Session(
        environ={"COLUMNS": "80"}, cwd=Path("/nonexistent"), stdin=io.StringIO(), stdout=io.StringIO(), stderr=stderr
    )


def test_what_is_told_is_broken_between_words_on_a_screen_and_commands_stay_whole() -> None:
    word, command = "regjistri", f"kulla approvals approve inc0aaaa {'b' * 90}"
    for terminal in (True, False):
        stderr = Terminal() if terminal else io.StringIO()
        session = _session(stderr)
        session.say(" ".join([word] * 30), f"    {' '.join([word] * 20)}", f"  {command}", "x" * 200)
        session.hint(command)
        lines = stderr.getvalue().splitlines()
        assert f"  {command}" in lines
        assert f"next: {command}" in lines
        assert "x" * 200 in lines
        assert (max(len(line) for line in lines if word in line) < 80) is terminal
        assert sum(line.count(word) for line in lines) == 50
        assert all(line.startswith("    ") for line in lines[4:7]) is terminal


def test_the_next_command_is_in_the_language_that_was_asked_for() -> None:
    stderr = io.StringIO()
    session = _session(stderr)
    session.hint("kulla incidents list")
    session.flags = {"lang": ("--lang", "sq")}
    session.hint("kulla incidents list")
    session.hint("kulla respond x --lang sq")
    session.hint("kulla approvals show INCIDENT STEP, then approve or reject")
    assert stderr.getvalue().splitlines() == [
        "next: kulla incidents list",
        "next: kulla incidents list --lang sq",
        "next: kulla respond x --lang sq",
        "next: kulla approvals show INCIDENT STEP, then approve or reject",
    ]


def test_lists_of_alerts_and_incidents_read_in_albanian_and_their_rows_stay_what_programs_read(
    store: FakeStore,
) -> None:
    alerts = call("alerts", "list", "--lang", "sq", store=store, terminal=True)
    assert "Ku dhe kush" in alerts.out
    assert "i lartë" in alerts.out
    assert "high" not in alerts.out
    assert "--lang sq" in alerts.err
    incidents = call("incidents", "list", "--lang", "sq", store=store, terminal=True)
    assert "Rëndësia" in incidents.out
    assert "i hapur" in incidents.out
    shown = call("incidents", "show", store.kept_incidents[0].id, "--lang", "sq", store=store, terminal=True)
    assert "kompjuteri" in shown.out
    alert = call("alerts", "show", store.kept_alerts[0].id, "--lang", "sq", store=store, terminal=True)
    assert "Pse u ndez" in alert.out
    for words in (("alerts", "list"), ("incidents", "list"), ("alerts", "show", store.kept_alerts[0].id)):
        both = [call(*words, "-f", "jsonl", "--lang", lang, store=store).out for lang in ("en", "sq")]
        assert both[0] == both[1]


@pytest.mark.parametrize(("group", "told"), [("alerts", "asnjë alarm"), ("incidents", "asnjë incident")])
def test_where_there_is_nothing_that_is_told_in_albanian(group: str, told: str) -> None:
    result = call(group, "list", "--lang", "sq", store=FakeStore(), terminal=True)
    assert told in result.out + result.err
