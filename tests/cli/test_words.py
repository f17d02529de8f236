"""Both languages say everything, with the same place-holders."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from string import Formatter
from typing import TypeAlias, get_args

import pytest

from cli.commands.incidents_casework import CaseChange
from cli.deciding_words import ALBANIAN as DECIDING_SQ
from cli.deciding_words import ENGLISH as DECIDING_EN
from cli.deciding_words import DecidingWords
from cli.explaining_words import ExplainingWords, explaining_words
from cli.health_words import HealthWords, health_words
from cli.period_words import PeriodWords, period_words
from cli.settings_table import Lang
from cli.summary_words import SummaryWords, summary_words
from cli.words import ALBANIAN, ENGLISH, WORDS, Words, word_for, words
from engine.alerts import Level
from engine.attack import TACTICS
from engine.attack.words import tactic_name
from playbooks.ledger.kinds import KINDS, kind_words
from playbooks.restoration.progress import EventKind

Texts: TypeAlias = SummaryWords | PeriodWords | ExplainingWords | HealthWords
ROOT = Path(__file__).parents[2]
_KIND = re.compile(
    r"(alert|automation|challenge|decision|disclosure|incidents?|indicators|respond|restoration)\.[a-z.-]+"
    r"|(ledger|privacy)\.(?!head$|json$|key$|pub$|trusted$|lock$)[a-z-]+|privacy\.key"
)


def _places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("name", [field.name for field in fields(Words)])
def test_both_languages_have_the_text(name: str) -> None:
    english, albanian = getattr(ENGLISH, name), getattr(ALBANIAN, name)
    assert english.strip() == english != ""
    assert albanian.strip() == albanian != ""
    assert english != albanian
    assert _places(english) == _places(albanian)


@pytest.mark.parametrize("name", [field.name for field in fields(DecidingWords)])
def test_both_languages_have_the_text_about_decisions(name: str) -> None:
    english, albanian = getattr(DECIDING_EN, name), getattr(DECIDING_SQ, name)
    assert english.strip() == english != ""
    assert albanian.strip() == albanian != ""
    assert english != albanian
    assert _places(english) == _places(albanian)


@pytest.mark.parametrize("table", [summary_words, period_words, explaining_words, health_words])
def test_both_languages_have_the_text_of_pages(
    table: Callable[[Lang], Texts],
) -> None:
    for name in (field.name for field in fields(table("en"))):
        english, albanian = getattr(table("en"), name), getattr(table("sq"), name)
        assert english.strip(" ,") != ""
        assert english != albanian
        assert _places(english) == _places(albanian)


def test_tactics_have_names_in_both_languages() -> None:
    for tactic in TACTICS:
        assert tactic not in {tactic_name(tactic), tactic_name(tactic, "sq")}
    assert tactic_name("command-and-control") == "Command and Control"
    assert tactic_name("lateral-movement", "sq") == "Lëvizja anësore"
    assert tactic_name("of another table", "sq") == "of another table"


def test_every_kind_of_record_that_is_written_has_words() -> None:
    written = set(_kinds_in_the_code())
    assert {"respond.decided", "incident.task.done", "restoration.contaminated", "incidents.merged"} <= written
    assert written == set(KINDS)
    for kind in KINDS:
        assert kind not in {kind_words(kind, "en"), kind_words(kind, "sq")}
    assert kind_words("of.another-version", "sq") == "of.another-version"


def _kinds_in_the_code() -> Iterator[str]:
    """Yield every kind that `kind=` names, that a constant of the ledger's writers holds, or that is put together."""
    for path in (path for room in ("cli", "playbooks") for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Assign) or (isinstance(node, ast.keyword) and node.arg == "kind")
            if named and isinstance(node.value, ast.Constant):
                yield from _kind(node.value.value)
    yield from (f"incident.{change}" for change in get_args(CaseChange))
    yield from (f"restoration.{kind}" for kind in get_args(EventKind))
    yield from ("incidents.merged", "incidents.split")


def _kind(value: object) -> Iterator[str]:
    if isinstance(value, str) and _KIND.fullmatch(value):
        yield value


def test_levels_and_statuses_are_written_out() -> None:
    for lang in WORDS:
        table = words(lang)
        for name in (*(level.label for level in Level), "open", "contained", "closed"):
            assert word_for(table, name)
    assert word_for(ALBANIAN, "critical") == "kritik"
    assert word_for(ALBANIAN, "unheard-of") == "unheard-of"
