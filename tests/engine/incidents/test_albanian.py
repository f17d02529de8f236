"""Every sentence in which an incident tells why is there in both languages, and is read back as it was written."""

from __future__ import annotations

import re
from dataclasses import replace
from string import Formatter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alerts import Level
from engine.entities import Kind
from engine.incidents import albanian, phrases
from engine.incidents.building import build
from engine.incidents.model import Term
from engine.incidents.noise import Judgement
from engine.incidents.phrases import NUMBERS, Phrase
from engine.incidents.scoring import what_would_change
from tests.engine.incidents.alerts import alert

PHRASES = {
    **{name: item for name, item in vars(phrases).items() if isinstance(item, Phrase)},
    **{f"term {name}": item for name, item in phrases.TERMS.items()},
    **{f"change {name}": item for name, item in phrases.CHANGES.items()},
}
ENGLISH = re.compile(
    r"\b(?:same|alerts?|through|first|with|the|times|day|days|fired|both|have|hosts?|more|never|before|tactics|ran|"
    r"points|likely|past|attacks|told|held|rule|about|where|user)\b"
)


def _places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("name", PHRASES)
def test_both_languages_say_it_with_the_same_places(name: str) -> None:
    phrase = PHRASES[name]
    assert phrase.en.strip()
    assert phrase.sq.strip()
    assert _places(phrase.en) == _places(phrase.sq)
    words = re.sub(r"\{\w+\}", "", phrase.en)
    assert phrase.en != phrase.sq or not re.search(r"[a-z]{3}", words)
    assert not ENGLISH.search(re.sub(r"\{\w+\}", "", phrase.sq))


def test_every_kind_and_level_has_its_word() -> None:
    from typing import get_args

    assert set(phrases.KINDS) == set(get_args(Kind))
    assert set(phrases.LEVELS) == {level.label for level in Level}


def _filled(phrase: Phrase) -> str:
    return phrase.say(**{name: "3.5" if name in NUMBERS else "dc01" for name in _places(phrase.en)})


REASONS = ("FIRST", "SAME", "PARENT", "SESSION", "WRITTEN", "PAGE", "BOTH_RARE", "BRINGS", "WAVE", "SAME_WAY_AS_WAVE",
           "MERGED", "SPLIT", "CONTEXT", "GREW_OUT", "BOTH_HAVE", "SAME_WAY", "LEARNING", "AS_USUAL",
           "USUAL_AND_JUDGED", "BURST", "NEW_KIND", "NEW_HERE", "RARE")  # fmt: skip


@pytest.mark.parametrize("name", REASONS)
def test_a_reason_is_read_back_as_it_was_written(name: str) -> None:
    said = albanian.reason(_filled(PHRASES[name]))
    assert said != _filled(PHRASES[name])
    assert not ENGLISH.search(said)
    assert said.count("3.5") == sum(place in NUMBERS for place in _places(PHRASES[name].en))


USUALLY = (
    "context: on dc01 while the incident was under way; held back, for it fires about 1.5 times a day on dc01 "
    "at this hour (in 1,144 five-minute windows of 3.0 days), as always; judged false 2 times here"
)
ZAKONISHT = (
    "anësor: në dc01 gjatë kohës së incidentit; u mbajt mënjanë, sepse ndizet rreth 1.5 herë në ditë në dc01 "
    "në këtë orë (në 1,144 dritare pesëminutëshe të 3.0 ditëve), si gjithmonë; këtu u vlerësua i gabuar 2 herë"
)
SHARED = "same host dc01, user a.hoxha; one program started the other: c:\\x.exe"
NE_DY = "e përbashkët: kompjuteri dc01, përdoruesi a.hoxha; një program nisi tjetrin: c:\\x.exe"
READ = {
    SHARED: NE_DY,
    USUALLY: ZAKONISHT,
    f"first alert of a wave of destruction; tied to what went before: {SHARED}": (
        f"alarmi i parë i një vale shkatërrimi; lidhet me sa ndodhi më parë: {NE_DY}"
    ),
    "brings in 12 alerts through ip 203.0.113.9": "sjell 12 alarme përmes: adresa 203.0.113.9",
    "brings in 2 alerts through the same logon session 0x1a": "sjell 2 alarme përmes: i njëjti sesion hyrjeje 0x1a",
    "one grew out of the other; both have host a, ip b and 3 more": (
        "njëri doli nga tjetri; të dy kanë kompjuteri a, adresa b dhe 3 të tjera"
    ),
    "merged by Arta: the same VPN; see case 7": "bashkuar nga Arta: the same VPN; see case 7",
    "something that no version says": "something that no version says",
}


@pytest.mark.parametrize(("text", "told"), READ.items())
def test_reasons_read_in_albanian(text: str, told: str) -> None:
    assert albanian.reason(text) == told


@pytest.mark.parametrize("name", phrases.TERMS)
def test_a_term_is_read_back(name: str) -> None:
    values = {place: "7" if place in NUMBERS else "X" for place in _places(phrases.TERMS[name].en)}
    values |= {
        key: word for key, word in {"usual": phrases.NEW_KIND.say(days="9"), "level": "high"}.items() if key in values
    }
    found = Term(kind=name, name=phrases.TERMS[name].say(**values), points=3.0)
    said = albanian.term(found)
    assert said != found.name
    assert not ENGLISH.search(said)
    told = what_would_change(found, 13.0)
    assert not ENGLISH.search(albanian.change(told))
    assert albanian.change(told).startswith("10.0 ")
    assert albanian.change(told).endswith(": tepër pak për një incident")


def test_titles_and_timelines_read_in_albanian() -> None:
    assert albanian.title("Web shell on sp01 and 3 more hosts") == "Web shell në sp01 dhe 3 kompjuterë të tjerë"
    assert albanian.title("Web shell on sp01 and 1 more host") == "Web shell në sp01 dhe 1 kompjuter tjetër"
    assert albanian.title("Logon on a strange day on sp01") == "Logon on a strange day në sp01"
    assert albanian.title("Web shell") == "Web shell"
    assert albanian.summary("user a (and 2 more), from 10.0.0.1, ran cmd /c x, y, at /x") == (
        "përdoruesi a (dhe 2 të tjera), nga 10.0.0.1, ekzekutoi cmd /c x, y, te /x"
    )
    assert albanian.place("4 hosts") == "4 kompjuterë"


@given(st.text(max_size=80), st.text(max_size=80))
@settings(max_examples=60)
def test_hostile_values_stay_as_they_are(value: str, name: str) -> None:
    for text in (
        value,
        f"same host {value}",
        f"a page that was written, then asked for: {value}",
        f"{name} on {value}",
    ):
        assert value in albanian.reason(text) or any(mark in value for mark in (";", ",", " "))
        albanian.title(text)
        albanian.summary(text)
        albanian.term(Term(kind="rarity", name=text, points=1.0))


def test_a_whole_incident_reads_in_albanian_and_says_nothing_else() -> None:
    alerts = [
        alert(
            90 * number,
            {"host.name": f"h{number % 3}", "user.name": "a", "process.command_line": "cmd"},
            rule=f"r{number % 5}",
            level="high",
            tags=("attack.t1059", "attack.impact" if number > 20 else "attack.execution"),
        )
        for number in range(24)
    ]
    found = build(alerts)
    assert found
    for told in found:
        said = albanian.incident(told)
        assert [join.confidence for join in said.joins] == [join.confidence for join in told.joins]
        for join in said.joins:
            assert not ENGLISH.search(join.reason), join.reason
        for moment in said.timeline:
            assert moment.summary == "përdoruesi a, ekzekutoi cmd"
        for term in said.terms:
            assert not ENGLISH.search(term.name.partition(":")[0]), term.name
        assert replace(said, title="", joins=(), links=(), terms=(), timeline=()) == replace(
            told, title="", joins=(), links=(), terms=(), timeline=()
        )


def test_every_standing_has_its_sentence() -> None:
    from typing import get_args

    from engine.incidents.noise import Standing

    for standing in get_args(Standing):
        for false in (0, 3):
            judged = Judgement(
                rule="r", place="dc01", standing=standing, held=True, bits=1.0, alerts=1234, days=2.5, windows=4321,
                most=99, watched=30.0, places=4, judged_false=false,
            )  # fmt: skip
            assert not ENGLISH.search(albanian.reason(judged.reason)), judged.reason
