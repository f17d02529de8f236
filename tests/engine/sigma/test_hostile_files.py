"""Rule files from strangers: the worst costs about a second, stops nothing, and nothing asks the network."""

from __future__ import annotations

import os
import socket
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ConfigurationError
from engine.sigma import rule_files
from engine.sigma.documents import compile_files
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.sigma.rule_files import read_again
from engine.sigma.tailoring import Tailoring
from tests.engine.sigma.hostile_files import GOOD, HOSTILE
from tests.engine.sigma.rules import ACME, document

LIMIT = 2.0  # CPU seconds: the bench prints what they take (under one); this is a guard against hangs


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_little_and_stops_nothing(name: str) -> None:
    good = GOOD.replace("1f4", "1f5").encode()
    before = time.process_time()
    rules = compile_files([("a.yml", HOSTILE[name]), ("good.yml", good)])
    assert time.process_time() - before < LIMIT
    assert "good.yml:1" in {rule.info.path for rule in rules.rules}
    assert len(rules.issues) <= 1001
    for issue in rules.issues:
        assert (issue.where or "").startswith("a.yml:")
        assert len(issue.message) < 2500


VALUES = {"a|contains|all": ["x", "y*"], "b|re|i": "^a+$", "c|cidr": "10.0.0.0/8"}
OTHERS = [{"a|windash": " -x"}, {"n|gte": 4, "e|exists": True, "z": None}]
FILTER = (
    "title: f\nid: 00000000-0000-0000-0000-0000000000f1\nlogsource: {product: acme}\n"
    "filter: {rules: any, s: {u: x}, condition: not s}\nkulla: {owner: a, expires: 2026-01-01}\n"
)
CORRELATION = (
    "title: c\nid: 00000000-0000-0000-0000-0000000000c1\ncorrelation: {type: event_count, rules: [rule_a],"
    " group-by: [h], timespan: 5m, condition: {gte: 3}}\n"
)
SEEDS = [
    GOOD,
    document({"s": VALUES, "t": ["k"], "condition": "s or not t"}),
    document({"s": OTHERS, "condition": "1 of s*"}, number=3),
    FILTER,
    CORRELATION,
]
WORDS = [
    "- ",
    "? ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    "*a",
    "&a ",
    "!!int ",
    "%x%",
    "not ",
    "1 of ",
    "(",
    ")",
    "null",
    "~",
    "2026-99-99",
    "'",
    '"',
    "0x",
    "<<: ",
    "=",
    ".inf",
]
PIECES = st.sampled_from([*WORDS, "|re", "|all", "|", "\x00", "\ud7ff", "\u2028", "\t", "\n", "---\n", "\\", "9" * 500])


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(PIECES | st.text(max_size=4)) + text[end:]
    content = text.encode("utf-8", "surrogatepass")
    if draw(st.booleans()):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        content = content[:place] + draw(st.binary(max_size=3)) + content[place + 1 :]
    return content


@given(content=mutated())
@settings(max_examples=200, deadline=None)
def test_a_mutated_file_raises_nothing_but_a_listed_reason(content: bytes) -> None:
    before = time.process_time()
    tailoring = Tailoring(filters=(("f.yml", content),), placeholders={"x": ("v",)})
    rules = compile_files([("a.yml", content)], tailoring)
    assert all(issue.where and issue.message for issue in rules.issues)
    Engine(rules).match({**ACME, "a": "xy", "u": "x"}, "k")
    assert time.process_time() - before < LIMIT


def test_loading_asks_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        pytest.fail("a socket was opened")

    (tmp_path / "a.yml").write_text(GOOD + "tags: [attack.t1059, cve.2024-1, d3fend.x]\n", encoding="utf-8")
    (tmp_path / "b.yml").write_bytes(HOSTILE["a filter of everything"])
    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refused)
    rules = load_rules([tmp_path])
    assert len(rules.alerting) == 1
    assert rules.issues == []


def test_links_are_followed_once_and_what_is_no_file_is_never_opened(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "good.yml").write_text(GOOD, encoding="utf-8")
    (folder / "inner" / "loop").symlink_to(folder)
    (folder / "self.yml").symlink_to(folder / "self.yml")
    (folder / "device.yml").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.yml")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "more.yml").write_text(GOOD.replace("1f4", "1f5"), encoding="utf-8")
    (folder / "link").symlink_to(outside)
    rules = load_rules([folder])
    assert {Path(rule.info.path.rpartition(":")[0]).name for rule in rules.rules} == {"good.yml", "more.yml"}
    assert sorted(Path(str(item.where).rpartition(":")[0]).name for item in rules.issues) == [
        "device.yml",
        "pipe.yml",
        "self.yml",
    ]


def test_a_huge_folder_is_read_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        (tmp_path / f"{number}.yml").write_text(GOOD, encoding="utf-8")
    monkeypatch.setattr(rule_files, "MAX_ENTRIES", 10)
    monkeypatch.setattr(rule_files, "_Budget", lambda: _budget(entries=10))
    rules = load_rules([tmp_path])
    assert "files and folders" in str(rules.issues[0])


def test_a_zip_bomb_is_read_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/good.yml", GOOD)
        for number in range(20):
            archive.writestr(f"b/{number}.yml", b"# " + b"a" * 50_000_000 if number == 0 else b"# " + b"a" * 1_900_000)
    monkeypatch.setattr(rule_files, "_Budget", lambda: _budget(left=8_000_000))
    before = time.process_time()
    rules = load_rules([bomb])
    assert time.process_time() - before < LIMIT
    assert len(rules.rules) == 1
    assert "MiB of rules" in str(rules.issues[0])


def _budget(**bounds: int) -> object:
    return BUDGET(**bounds)  # type: ignore[arg-type]


BUDGET = rule_files._Budget


def test_a_packed_zip_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.yml", GOOD)
    monkeypatch.setattr(rule_files, "MAX_ZIP", 10)
    with pytest.raises(ConfigurationError, match="larger than"):
        load_rules([path])


def test_a_rule_is_found_again_by_the_name_it_was_loaded_under(tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/good.yml", GOOD)
    (rule,) = load_rules([path]).rules
    assert read_again(rule.info.path.rpartition(":")[0]).decode() == GOOD
    with pytest.raises(OSError, match="no longer in the zip"):
        read_again(f"{path}!gone.yml")
