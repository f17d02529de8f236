"""Source files that cannot be used: each error names file, line and next step; hostile YAML harms nobody."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.declared.folder import declared_sources
from collectors.declared.reading import MAX_BYTES, read
from engine.errors import ConfigurationError

HEAD = "name: desk\ntitle: Desk\n"


def refused(content: str | bytes) -> ConfigurationError:
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(ConfigurationError) as caught:
        read(raw, "desk.yml")
    return caught.value


@pytest.mark.parametrize(
    ("body", "line", "message", "hint"),
    [
        ("patern: [a]", 3, "unknown key `patern`", "patterns"),
        ("", 1, "lacks `patterns`", "framing: json"),
        ("patterns: ['(?=a)b']", 3, "RE2 refuses this pattern", "look-around"),
        ("patterns: ['(a)\\1']", 3, "RE2 refuses this pattern", "escape"),
        ("patterns:\n  - ok\n  - '[a'", 5, "RE2 refuses this pattern", "escape"),
        ("patterns: ['a{5000}']", 3, "RE2 refuses this pattern", "1,000"),
        ("patterns: ['%{nothing:x}']", 3, "no pattern is called `nothing`", "one of: "),
        ("patterns: ['%{word:x:colour}']", 3, "`colour` is no type", "long"),
        ("patterns: ['%{wo rd}']", 3, "is no reference", "%{name:field}"),
        ("define: {a: '%{b}', b: '%{a}'}\npatterns: ['%{a}']", 4, "in a circle", "write the inner one out"),
        ("define: {ip: x}\npatterns: [a]", 3, "cannot be the name of a pattern", "none of kulla's own"),
        ("patterns: [a]\nfields: {'a b': c}", 4, "no name of a field", "source.ip"),
        ("patterns: [a]\nfields: {source.ip: {form: c}}", 4, "unknown key `form`", "from"),
        ("patterns: [a]\nfields: {event.outcome: {from: c, lookup: x}}", 4, "no lookup is called `x`", "none"),
        ("patterns: [a]\nconstants: {event.category: [webb]}", 4, "no value that ECS knows", "authentication"),
        ("patterns: [a]\nconstants: {source.port: high}", 4, "is no long", "another value"),
        ("patterns: [a]\ntimestamp: {from: t, format: iso}", 4, "no format of a stamp", "iso8601"),
        ("patterns: [a]\ntimestamp: {from: t, zone: Tirana}", 4, "no IANA time zone", "Europe/Tirane"),
        ("patterns: [a]\nwhen:\n  - if: {a: {around: 3}}\n    set: {b.c: 1}", 5, "one operator", "contains"),
        ("patterns: [a]\nwhen:\n  - if: {a: {'>': x}}\n    set: {b.c: 1}", 5, "`x` is no number", "400"),
        ("patterns: [a]\nframing: {kind: multiline}", 4, "needs `start`", "start:"),
        ("patterns: [a]\nframing: tables", 4, "`tables` is not allowed here", "lines"),
        ("framing: json\npatterns: [a]", 4, "named values already", "fields"),
        ("framing: {kind: csv, delimiter: '::'}", 3, "is no separator", "semicolon"),
        ("patterns: [a]\ndataset: other.log", 4, "is not of this source", "desk."),
        ("patterns: [a]\nname: other", 4, "stands twice", ""),
        ("patterns: [a]\ntests:\n  - fields: {a: b}", 5, "lacks `line`", "line"),
        ("patterns: &x [a]\nignore: *x", 3, "anchors and aliases", "write it out"),
        ("patterns: [!!python/object:os.system a]", 3, "", ""),
        ("patterns: [a\n", 4, "", "indentation"),
    ],
)
def test_an_error_says_where_and_what_to_do(body: str, line: int, message: str, hint: str) -> None:
    if "!!python" in body:
        source = read((HEAD + body).encode(), "desk.yml")  # a tag is never acted on: the value is its text
        assert source.declared.patterns[0].regex.fullmatch("a")
        return
    error = refused(HEAD + body)
    assert error.where is not None
    assert error.where.partition(" ")[0] == f"desk.yml:{line}"
    assert message in error.message
    assert hint in (error.hint or "")


@pytest.mark.parametrize("name", ["X", "a b", "1a", "a", "a" * 41, "../x", "a.b"])
def test_names_are_plain(name: str) -> None:
    assert "no name for a source" in refused(f"name: '{name}'\ntitle: t\npatterns: [a]").message


def test_hostile_documents_are_refused_at_once() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(8)
    )
    start = time.process_time()
    assert "anchors" in refused(bomb).message
    assert "nested too deeply" in refused(HEAD + "patterns: " + "[" * 5000 + "]" * 5000).message
    assert f"larger than {MAX_BYTES:,} bytes" in refused(HEAD + "#" * MAX_BYTES).message
    assert "UTF-8" in refused(b"name: \xff").message
    assert time.process_time() - start < 2


def test_many_and_long_patterns_are_refused() -> None:
    assert "more than 200" in refused(HEAD + "patterns: [" + "a," * 300 + "]").message
    assert "longer than 8,000" in refused(HEAD + f"patterns: ['{'a' * 9000}']").message
    grown = HEAD + "define: {w: '%{rest}%{rest}%{rest}%{rest}'}\npatterns: ['" + "%{w}" * 400 + "']"
    assert "longer than 8,000" in refused(grown).message


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: (HEAD + text).encode())))
def test_any_file_is_a_source_or_an_error_with_a_place(content: bytes) -> None:
    where: str | None = "desk.yml"
    try:
        read(content, "desk.yml")
    except ConfigurationError as error:
        where = error.where
    assert where is not None
    assert where.startswith("desk.yml")


def write(folder: Path, name: str, of: str) -> Path:
    path = folder / name
    path.write_text(f"name: {of}\ntitle: t\npatterns: ['{of} %{{rest:message}}']\n", "utf-8")
    return path


def test_a_folder_of_sources(tmp_path: Path) -> None:
    write(tmp_path, "b.yml", "beta")
    write(tmp_path, "a.yaml", "alpha")
    (tmp_path / "notes.txt").write_text("x")
    assert [source.name for source in declared_sources([tmp_path])] == ["alpha", "beta"]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yml", "alpha")
    assert [source.name for source in declared_sources([path])] == ["alpha"]
    write(tmp_path, "a.yml", "gamma")
    import os

    os.utime(path, ns=(1, 1))
    assert [source.name for source in declared_sources([path])] == ["gamma"]


def test_names_are_taken_once_and_never_kullas_own(tmp_path: Path) -> None:
    write(tmp_path, "a.yml", "alpha")
    write(tmp_path, "b.yml", "alpha")
    with pytest.raises(ConfigurationError, match="is taken by"):
        declared_sources([tmp_path])
    own = write(tmp_path, "c.yml", "nginx")
    with pytest.raises(ConfigurationError, match="one of kulla's own"):
        declared_sources([own])
    with pytest.raises(ConfigurationError, match="no such file"):
        declared_sources([tmp_path / "absent"])
