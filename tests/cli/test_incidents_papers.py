"""`kulla incidents paper`, `clocks` and `report`: over the exercise's two incidents, and over hostile logs."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.formats.page import text
from cli.safe import escape
from playbooks.papers.model import KINDS
from tests.cli.runs import kulla, rule, rules_folder

PEOPLE = ("mirela", "ardit", "dritan", "ermal", "svc_sharepoint")


@pytest.fixture(scope="module")
def storyboard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the exercise; return its own home."""
    home = tmp_path_factory.mktemp("papers") / "home"
    result = kulla("exercise", "run", "homeland-justice", "--events", "1000", "--seed", "2022", home=home)
    assert result.code == 0, result.err
    return home / "exercises" / "homeland-justice-2022" / "home"


def _incidents(home: Path) -> list[str]:
    lines = kulla("incidents", "list", "-f", "jsonl", home=home).out.splitlines()
    return [str(json.loads(line)["id"]) for line in lines]


@pytest.mark.parametrize("kind", KINDS)
def test_the_storyboards_drafts_have_every_mandatory_field_in_both_languages(storyboard: Path, kind: str) -> None:
    for name in _incidents(storyboard):
        for lang in ("en", "sq"):
            result = kulla("incidents", "paper", name, kind, "--lang", lang, "-f", "json", home=storyboard)
            assert result.code == 0, result.err
            paper = json.loads(result.out)["paper"]
            assert paper["lacking"] == []
            assert paper["language"] == lang
            assert all(field["origins"] for field in paper["fields"] if field["lines"])
            assert not [person for person in PEOPLE if person in result.out.lower()]


def test_the_report_tells_everything_and_names_nobody(storyboard: Path) -> None:
    for name in _incidents(storyboard):
        assert kulla("incidents", "report", name, "-o", "r.html", home=storyboard).code == 0
        page = (storyboard.parent / "r.html").read_text(encoding="utf-8")
        assert page.count("<svg ") == 2
        for heading in ("Timeline", "Entities", "ATT&amp;CK tactics", "Decisions", "Proofs", "Score"):
            assert f">{heading}</h2>" in page
        assert "<script" not in page
        assert "http" not in page.replace("http-equiv", "")
        assert not [person for person in PEOPLE if person in page.lower()]
    markdown = kulla("incidents", "report", _incidents(storyboard)[0], "-f", "md", "--lang", "sq", home=storyboard).out
    assert "## Kronologjia" in markdown


def test_why_and_how_bad_read_in_albanian_where_responders_read_them(storyboard: Path) -> None:
    name = _incidents(storyboard)[0]
    marks = (" more hosts", "same host", "first alert", "ATT&CK tactics", "if all its alerts", "is likely next")
    for command in (("show", name), ("report", name), ("timeline", name), ("paper", name, "summary")):
        told = kulla("incidents", *command, "-f", "md", "--lang", "sq", home=storyboard).out
        assert not [mark for mark in marks if mark in told], command
    shown = kulla("incidents", "show", name, "-f", "md", "--lang", "sq", home=storyboard).out
    assert "alarmi i parë" in shown or "e përbashkët" in shown
    record = json.loads(kulla("incidents", "show", name, "-f", "json", "--lang", "sq", home=storyboard).out)["incident"]
    assert any("first alert" in join["reason"] for join in record["joins"])  # programs read English


HOSTILE = '/evil/"><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>\\u202e'

CRITICAL = [
    rule(f"Evil {number}")
    .replace("0a01", f"0a{number:02}")
    .replace("level: high", f"level: critical\ntags:\n  - attack.{tactic}\n  - attack.{technique}")
    for number, tactic, technique in ((1, "initial-access", "t1190"), (2, "persistence", "t1505.003"))
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a store with one incident of web logs, whose paths would act in a page."""
    home = tmp_path / "home"
    rules_folder(tmp_path, CRITICAL)
    path = HOSTILE.replace(" ", "%20").replace('"', "%22")
    line = f'192.0.2.1 - - [10/Mar/2026:00:00:00 +0000] "GET {path} HTTP/1.1" 200 12 "-" "curl/8.5"\n'
    agent = line.replace("curl/8.5", "</title></style></svg><script>alert(2)</script>")
    (tmp_path / "access.log").write_text(line + agent.replace("00:00:00", "00:00:01"), encoding="utf-8")
    assert kulla("collect", str(tmp_path / "access.log"), home=home).code == 0
    assert kulla("detect", "--rules", str(tmp_path / "rules"), home=home).code == 0
    return home


class Elements(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_hostile_logs_show_as_text_in_every_page(home: Path) -> None:
    name = _incidents(home)[0]
    for command in (("report", name), ("show", name), ("timeline", name), ("paper", name, "notification")):
        kulla("incidents", *command, "-o", "x.html", home=home)
        page = Elements()
        page.feed((home.parent / "x.html").read_text(encoding="utf-8"))
        assert not page.found & {"script", "img", "iframe", "object", "link", "form"}
        assert not [name for name in page.attributes if name.startswith("on") or name in {"src", "style"}]
    assert "<script>alert(1)" in "".join(page.words)


@settings(max_examples=60)
@given(st.text(st.one_of(st.sampled_from("<>&\"'`/=;!-\x00\x1b\u202e"), st.characters()), max_size=60))
def test_any_text_stays_text_and_within_its_attribute(value: str) -> None:
    page = Elements()
    page.feed(f'<p title="{text(value)}">{text(value)}</p>')
    page.close()
    assert page.found == {"p"}
    assert page.attributes == {"title"}
    assert "".join(page.words) == escape(value)


def test_what_nothing_fills_is_named_and_can_be_filled_on_record(home: Path) -> None:
    name = _incidents(home)[0]
    bare = kulla("incidents", "paper", name, "breach-notification", "-f", "json", home=home)
    assert bare.code == 4
    assert "nothing fills the field `numbers`" in bare.err
    assert {"organisation", "numbers"} <= set(json.loads(bare.out)["paper"]["lacking"])
    words = ("--fill", "numbers=about 40 persons", "--actor", "besa")
    filled = kulla("incidents", "paper", name, "breach-notification", *words, "-f", "json", home=home)
    field = next(item for item in json.loads(filled.out)["paper"]["fields"] if item["name"] == "numbers")
    assert field["lines"] == ["about 40 persons"]
    records = kulla("ledger", "show", "-f", "jsonl", home=home).out
    assert "incident.paper-field" in records
    assert "about 40 persons" not in records
    wrong = kulla("incidents", "paper", name, "early-warning", "--fill", "numbers=1", "--actor", "besa", home=home)
    assert wrong.code == 2


def test_names_are_shown_on_record_alone(home: Path) -> None:
    name = _incidents(home)[0]
    assert kulla("incidents", "paper", name, "summary", "--with-names", "--actor", "besa", home=home).code in {0, 4}
    assert kulla("incidents", "report", name, "--with-names", "--actor", "besa", home=home).code == 0
    records = kulla("ledger", "show", "-f", "jsonl", home=home).out
    assert records.count("incident.paper-named") == 2


def _clocks(home: Path, *words: str) -> dict[str, dict[str, object]]:
    result = kulla("incidents", "clocks", _incidents(home)[0], *words, "-f", "json", home=home)
    assert result.code == 0, result.err
    return {row["deadline"]: row for row in json.loads(result.out)["clocks"]["clocks"]}


def test_clocks_count_from_awareness_until_the_paper_was_sent(home: Path) -> None:
    assert _clocks(home)["nis2-early-warning"]["state"] == "overdue"
    aware = ("--aware", "2026-03-11T09:00:00Z", "--why", "the duty officer confirmed it", "--actor", "besa")
    found = _clocks(home, *aware)
    assert found["nis2-early-warning"]["due"] == "2026-03-12T09:00:00.000Z"
    assert found["nis2-early-warning"]["state"] == "running"
    found = _clocks(home, "--sent", "nis2-early-warning", "--actor", "besa")
    assert found["nis2-early-warning"]["state"] == "sent"
    early = kulla(
        "incidents", "clocks", _incidents(home)[0], "--aware", "2030-01-01T00:00:00Z", "--why", "x", home=home
    )
    assert early.code == 2


def test_an_own_deadline_stands_in_the_settings(home: Path) -> None:
    (home.parent / "own").mkdir()
    (home.parent / "own" / "contract.yaml").write_text(
        "deadlines:\n  - id: insurer\n    title: {en: Call, sq: Telefononi}\n    to: {en: A, sq: B}\n"
        "    basis: contract 7\n    from: awareness\n    within: 12h\n    where: always\n",
        encoding="utf-8",
    )
    (home.parent / "kulla.toml").write_text('[papers]\norganisation = "Ministry of Seas"\ndeadlines = ["own"]\n')
    assert _clocks(home)["insurer"]["basis"] == "contract 7"
    paper = kulla("incidents", "paper", _incidents(home)[0], "early-warning", home=home)
    assert "Ministry of Seas" in paper.out
    assert "papers.organisation" in paper.out
    (home.parent / "kulla.toml").write_text('[papers]\norganization = "x"\n')
    assert kulla("incidents", "paper", _incidents(home)[0], "early-warning", home=home).code == 3


def test_decisions_stand_in_papers_and_in_the_report_with_their_records(home: Path) -> None:
    name = _incidents(home)[0]
    (home.parent / "a.yaml").write_text(
        "actor: besa\nsteps:\n  open-case: {outcome: done, reason: opened}\n"
        "  out-of-band: {outcome: failed, reason: busy}\n",
        encoding="utf-8",
    )
    begun = kulla("respond", name, "--playbook", "lateral-movement", "--answers", "a.yaml", home=home)
    assert begun.code in {0, 4}, begun.err
    lessons = json.loads(kulla("incidents", "paper", name, "lessons", "-f", "json", home=home).out)["paper"]
    fields = {field["name"]: field for field in lessons["fields"]}
    assert any("busy" in line for line in fields["did-not"]["lines"])
    assert any("ledger record" in origin for origin in fields["did-not"]["origins"])
    page = kulla("incidents", "report", name, "-f", "html", home=home).out
    assert "☑ done" in page
    assert "☒ failed" in page
    assert "person 1" in page
    assert "besa" not in page
