"""Rule files: what cannot be used is listed with its place and reason, stops nothing and takes no time."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path

import pytest
import yaml

from engine.errors import ConfigurationError
from engine.sigma import cache
from engine.sigma.documents import compile_files
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.sigma.rules import RuleSet
from tests.engine.sigma.rules import ACME, document

GOOD = document({"s": {"a": 1}, "condition": "s"}, number=500)
HEAD = "title: t\nid: 11111111-1111-1111-1111-111111111111\nlogsource:\n  product: acme\ndetection:\n"


def rule(selection: str, condition: str = "s") -> bytes:
    return f"{HEAD}  s:\n    {selection}\n  condition: {condition}\n".encode()


def correlation(body: str) -> bytes:
    return f"title: c\nid: 22222222-2222-2222-2222-222222222222\ncorrelation:\n{body}".encode()


LAUGHS = b"a1: &a1 [x, x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(2, 12)
)
BAD: dict[str, tuple[bytes, str]] = {
    "a list": (b"- title: x\n- title: y\n", "mapping"),
    "a number": (b"42\n", "mapping"),
    "numbers as keys": (b"1: x\n2: y\n", "mapping"),
    "numbers as fields": (rule("1: x"), "not a Sigma rule"),
    "NUL": (rule("a: b").replace(b"a: b", b"a: \x00"), "not YAML"),
    "not YAML": (b"title: [\n", "line 2"),
    "a tab": (b"title: x\n\tid: y\n", "line 2"),
    "a Python tag": (b"title: !!python/object/apply:os.system ['true']\n", "not YAML"),
    "laughs": (LAUGHS, "aliases"),
    "laughs under numbers": (LAUGHS.replace(b"&a", b"&").replace(b"*a", b"*"), "aliases"),
    "deep": (b"title: " + b"[" * 3000 + b"]" * 3000 + b"\n", "deep"),
    "no title": (GOOD.replace("title", "titel").encode(), "title"),
    "no condition": (f"{HEAD}  s:\n    a: 1\n".encode(), "condition"),
    "no detection": (HEAD.replace("detection:\n", "").encode(), "detection"),
    "no log source": (GOOD.replace("logsource", "logsauce").encode(), "log source"),
    "500 times not": (rule("a: 1", "not " * 500 + "s"), "negations"),
    "500 times not in a list": (rule("a: 1", "[" + "not " * 500 + "s]"), "negations"),
    "not by tabs": (rule("a: 1", '"' + "not\\t" * 500 + 's"'), "negations"),
    "5,000 brackets": (rule("a: 1", "(" * 5000 + "s" + ")" * 5000), "condition"),
    "5,000 brackets in a list": (rule("a: 1", "\n  - " + "(" * 5000 + "s" + ")" * 5000), "condition"),
    "100 brackets": (rule("a: 1", "(" * 100 + "s" + ")" * 100), "brackets"),
    "a long condition": (rule("a: 1", " or ".join(["s"] * 20_000)), "condition"),
    "values times names": (rule(f"a: [{', '.join(map(str, range(9000)))}]", " or ".join(["s"] * 1000)), "values"),
    "an unknown selection": (rule("a: 1", "nosuch"), "nosuch"),
    "18 dashes": (rule(f"a|windash|contains: '{' -a' * 18}'"), "18 dashes"),
    "an unknown modifier": (rule("a|sounds_like: b"), "sounds_like"),
    "look-around": (rule("a|re: (?<!x)y"), "linear-time"),
    "a back reference": (rule("a|re: (x)\\1"), "linear-time"),
    "a huge expression": (rule(f"a|re: {'x' * 400_000}"), "regular expression"),
    "a repeated expression": (rule("a|re: ((x{1000}){1000}){1000}"), "linear-time"),
    "a large document": (rule(f"a: {'x' * 1_100_000}"), "characters"),
    "a large file": (b"# x\n" * 600_000 + GOOD.encode(), "KiB"),
    "not UTF-8": (rule("a: \xff").decode().encode("latin-1"), "UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), "UTF-8"),
    "empty": (b"", "no rule"),
    "only comments": (b"# a\n---\n# b\n\n", "no rule"),
    "a filter without rules": (b"title: f\nlogsource: {product: x}\nfilter: {s: {a: 1}, condition: s}\n", "rules"),
    "a key twice": (rule("a: 1\n    a: 2"), "stands there twice"),
    "a selection twice": (GOOD.replace("  s:\n", "  s:\n    b: 1\n  s:\n").encode(), "stands there twice"),
    "400,000 brackets": (b"[" * 400_000, "deep"),
    "200,000 lists in lists": (b"- " * 200_000, "deep"),
    "mappings in mappings": (b"{a: " * 100_000, "deep"),
    "a huge number": (rule(f"a: {'9' * 300_000}"), "number"),
    "a huge hexadecimal number": (rule(f"a: 0x{'f' * 300_000}"), "number"),
    "a number to the base of sixty": (rule(f"a: {':'.join(['59'] * 100_000)}"), "number"),
    "an alias in itself": (rule("&x a: *x").replace(b"&x a: *x", b"a: &x [*x]"), "alias"),
    "merge keys": (rule("<<: {a: 1}"), "merge"),
    "windash times many": (rule(f"a|windash: [{', '.join([repr(' -a -b -c -d')] * 1000)}]"), "values"),
    "very many expressions": (rule(f"a|re: [{', '.join(f'x{n}' for n in range(5000))}]"), "regular expressions"),
    "a correlation of nothing": (
        correlation("  type: event_count\n  rules: [nosuch]\n  group-by: [u]\n  timespan: 5m\n  condition: {gte: 3}\n"),
        "nosuch",
    ),
    "a correlation of an unknown type": (correlation("  type: guess\n  rules: [x]\n  timespan: 5m\n"), "guess"),
    "a correlation without a time": (correlation("  type: temporal\n  rules: [x]\n"), "timespan"),
    "a correlation over an unknown time": (
        correlation("  type: temporal\n  rules: [x]\n  timespan: 5 moons\n"),
        "5 moons",
    ),
    "an unknown level": (GOOD.encode() + b"level: awful\n", "awful"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_listed_and_stops_nothing(name: str, tmp_path: Path) -> None:
    content, reason = BAD[name]
    (tmp_path / "a_bad.yml").write_bytes(content)
    (tmp_path / "b_good.yml").write_text(GOOD.replace("500", "501").replace("1f4", "1f5"), encoding="utf-8")
    before = time.process_time()
    rules = load_rules([tmp_path])
    assert time.process_time() - before < 2, "refused before it costs time"
    assert [item.path for item in (found.info for found in rules.rules)] == [f"{tmp_path / 'b_good.yml'}:1"]
    assert len(rules.issues) == 1
    told = str(rules.issues[0])
    assert told.startswith(f"{tmp_path / 'a_bad.yml'}:1: ")
    assert reason.lower() in told.lower()
    assert len(told) < 2000
    assert rules.issues[0].hint


def test_half_a_megabyte_of_base64offset_is_compiled_in_time() -> None:
    before = time.process_time()
    rules = compile_files([("a.yml", rule(f"a|base64offset|contains: {'a' * 500_000}"))])
    assert time.process_time() - before < 2
    assert len(rules.rules) == 1


def test_documents_of_one_file_have_their_own_lines() -> None:
    text = (
        "# a comment\n---\n" + GOOD + "--- # another\r\n" + "title: broken\n" + "---\n\n---\n"
        + GOOD.replace("1f4", "1f5") + "...\n"
    )  # fmt: skip
    rules = compile_files([("all.yml", text.encode())])
    count = GOOD.count("\n")
    assert [item.info.path for item in rules.rules] == ["all.yml:3", f"all.yml:{count + 4 + 4}"]
    assert [item.where for item in rules.issues] == [f"all.yml:{count + 4}"]


def test_lines_are_counted_as_editors_count_them() -> None:
    text = 'title: "a\u2028b\x0cc"\n'.replace("\x0c", " ") + "---\n" + GOOD
    rules = compile_files([("a.yml", text.encode())])
    assert rules.rules[0].info.path == "a.yml:3"


def test_a_byte_order_mark_is_no_part_of_a_rule() -> None:
    assert len(compile_files([("a.yml", b"\xef\xbb\xbf" + GOOD.encode())]).rules) == 1


def test_a_line_of_a_yaml_error_is_that_of_the_file() -> None:
    rules = compile_files([("a.yml", (GOOD + "---\ntitle: x\nbad: [\n").encode())])
    lines = GOOD.count("\n")
    assert f"line {lines + 4}" in str(rules.issues[0])


def test_an_id_belongs_to_the_first_rule_that_has_it() -> None:
    other = GOOD.replace("a: 1", "a: 2")
    rules = compile_files([("one.yml", GOOD.encode()), ("two.yml", other.encode()), ("three.yml", GOOD.encode())])
    assert [item.info.path for item in rules.rules] == ["one.yml:1"]
    (issue,) = rules.issues  # the third is the first once more, and nothing is lost with it
    assert issue.where == "two.yml:1"
    assert "one.yml:1" in issue.message


def test_rules_without_ids_are_told_apart_by_their_content() -> None:
    text = "\n".join(line for line in GOOD.splitlines() if not line.startswith("id:"))
    rules = compile_files([("a.yml", text.encode()), ("b.yml", text.replace("a: 1", "a: 2").encode())])
    assert len({item.info.id for item in rules.rules}) == 2


def test_what_cannot_be_read_in_a_folder_is_listed(tmp_path: Path) -> None:
    (tmp_path / "folder.yml").mkdir()
    (tmp_path / "gone.yml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "good.yml").write_text(GOOD, encoding="utf-8")
    rules = load_rules([tmp_path], cache_folder=tmp_path / "cache")
    assert len(rules.rules) == 1
    assert [str(item.where) for item in rules.issues] == [f"{tmp_path / 'gone.yml'}:1"]
    again = load_rules([tmp_path], cache_folder=tmp_path / "cache")
    assert [str(item) for item in again.issues] == [str(item) for item in rules.issues]


@pytest.mark.parametrize("name", ["nowhere", "nowhere.zip", "nowhere.yml"])
def test_a_path_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_rules([tmp_path / name])
    assert str(tmp_path / name) in str(caught.value)
    assert caught.value.hint


def test_a_folder_without_rules(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("none", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no rule files"):
        load_rules([tmp_path])


def zipped(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"pack/{name}.yml", content)
    return path


def test_a_zip_is_read_like_a_folder(tmp_path: Path) -> None:
    rules = load_rules([zipped(tmp_path / "pack.zip", good=GOOD, bad="title: x\n")])
    assert [item.info.path for item in rules.rules] == [f"{tmp_path}/pack.zip!pack/good.yml:1"]
    assert [item.where for item in rules.issues] == [f"{tmp_path}/pack.zip!pack/bad.yml:1"]


def test_a_damaged_entry_of_a_zip_is_listed_and_a_damaged_zip_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "pack.zip", bad="title: " + "xyz" * 500, good=GOOD)
    content = bytearray(path.read_bytes())
    content[50:60] = b"\xff" * 10
    path.write_bytes(content)
    rules = load_rules([path])
    assert len(rules.rules) == 1
    assert [str(item.where) for item in rules.issues] == [f"{path}!pack/bad.yml:1"]
    path.write_bytes(content[:100])
    with pytest.raises(ConfigurationError, match="cannot read the zip file"):
        load_rules([path])


def test_what_belongs_to_no_rule_set_is_left_out(tmp_path: Path) -> None:
    for folder in ("deprecated", "unsupported", "tests", ".git"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.yml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "tests.yml").write_text(GOOD, encoding="utf-8")
    assert [item.info.path for item in load_rules([tmp_path]).rules] == [f"{tmp_path / 'tests.yml'}:1"]


# the cache


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    folder.mkdir()
    body = {"type": "value_count", "rules": ["base"], "group-by": ["who"], "timespan": "1h",
            "condition": {"gte": 3, "field": "h"}, "aliases": {"who": {"base": "u"}}}  # fmt: skip
    texts = [
        document({"s": {"a|contains|cased": ["x", "y"], "n|re|i": "^z"}, "condition": "not s or s"}, name="base",
                 tags=["attack.t1059"], level="high", references=["r"], falsepositives=["f"],
                 kulla={"playbook": "web-shell"}),
        yaml.safe_dump({"title": "c", "id": "00000000-0000-0000-0000-0000000000aa", "correlation": body}),
        "title: broken\n",
    ]  # fmt: skip
    (folder / "all.yml").write_text("---\n".join(texts), encoding="utf-8")
    return folder


def told(rules: RuleSet) -> tuple[object, ...]:
    issues = [(item.message, item.where, item.hint) for item in rules.issues]
    return rules.predicates, rules.rules, rules.correlations, issues


def test_the_cache_gives_the_same_rules(pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = load_rules([pack], cache_folder=tmp_path / "cache")
    assert len(list((tmp_path / "cache").glob("rules-*.json"))) == 1
    monkeypatch.setattr(cache, "write", lambda *_: pytest.fail("compiled again"))
    kept = load_rules([pack], cache_folder=tmp_path / "cache")
    assert told(kept) == told(fresh) == told(load_rules([pack]))
    assert kept.rules[0].info.playbooks == ("web-shell",)
    assert len(kept.correlations) == len(kept.issues) == 1


def test_a_changed_rule_is_compiled_again(pack: Path, tmp_path: Path) -> None:
    before = load_rules([pack], cache_folder=tmp_path / "cache")
    file = pack / "all.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("^z", "^q"), encoding="utf-8")
    assert load_rules([pack], cache_folder=tmp_path / "cache").predicates != before.predicates


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff\x00", b'{"predicates": [[]], "rules": [[[]]]}'])
def test_a_foreign_cache_file_is_ignored(content: bytes, pack: Path, tmp_path: Path) -> None:
    fresh = load_rules([pack], cache_folder=tmp_path / "cache")
    (file,) = (tmp_path / "cache").glob("rules-*.json")
    for damaged in (content, cache._digest(content) + b"\n" + content):
        file.write_bytes(damaged)
        assert told(load_rules([pack], cache_folder=tmp_path / "cache")) == told(fresh)


def test_a_damaged_cache_file_is_ignored(pack: Path, tmp_path: Path) -> None:
    fresh = load_rules([pack], cache_folder=tmp_path / "cache")
    (file,) = (tmp_path / "cache").glob("rules-*.json")
    whole = file.read_bytes()
    for place in range(0, len(whole), 37):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert told(load_rules([pack], cache_folder=tmp_path / "cache")) == told(fresh)
    file.write_bytes(whole[: len(whole) // 2])
    assert told(load_rules([pack], cache_folder=tmp_path / "cache")) == told(fresh)


def test_a_cache_that_cannot_be_written_costs_only_time(pack: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert len(load_rules([pack], cache_folder=tmp_path / "file" / "cache").rules) == 1


def test_a_number_that_json_cannot_hold_is_not_cached(pack: Path, tmp_path: Path) -> None:
    file = pack / "all.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("gte: 3", f"gte: {10**30}"), encoding="utf-8")
    assert load_rules([pack], cache_folder=tmp_path / "cache").correlations[0].bounds[0].number == str(10**30)


def test_cached_rules_match(pack: Path, tmp_path: Path) -> None:
    for _ in range(2):
        engine = Engine(load_rules([pack], cache_folder=tmp_path / "cache"))
        assert [match.rule.name for match in engine.match({**ACME, "a": "x", "n": "Zed"})] == ["base"]


def test_the_cache_is_for_its_owner_alone(pack: Path, tmp_path: Path) -> None:
    load_rules([pack], cache_folder=tmp_path / "cache")
    (file,) = (tmp_path / "cache").glob("rules-*.json")
    if os.name == "posix":
        assert (tmp_path / "cache").stat().st_mode & 0o077 == 0
        assert file.stat().st_mode & 0o077 == 0
