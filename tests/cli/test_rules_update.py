"""`kulla rules update`: packs pinned, compared, installed from a zip, a folder or a checkout, and rolled back."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from engine.errors import ConfigurationError
from engine.packs.content import digest, git_commit, read_pack
from engine.packs.download import fetch
from engine.packs.pins import read_pins
from tests.cli.runs import access_log, kulla, rule

OTHER = rule("Page asked for", value="page").replace("5c6b2a53", "6d6b2a53")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def pack(tmp_path: Path, name: str, **texts: str) -> Path:
    folder = tmp_path / name
    (folder / "rules" / "web").mkdir(parents=True)
    (folder / "LICENSE").write_text("terms")
    for file, text in texts.items():
        (folder / "rules" / "web" / f"{file}.yml").write_text(text, encoding="utf-8")
    return folder


def zipped(folder: Path, prefix: str = "release-1/") -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, prefix + file.relative_to(folder).as_posix())
    return path


def update(home: Path, *words: str) -> tuple[int, list[dict[str, object]], str]:
    result = kulla("rules", "update", *words, "-f", "jsonl", home=home)
    return result.code, [json.loads(line) for line in result.out.splitlines()], result.err


def test_zip_folder_and_checkout_have_one_digest(tmp_path: Path) -> None:
    folder = pack(tmp_path, "v1", a=rule(), b=OTHER)
    (folder / "deprecated").mkdir()
    (folder / "deprecated" / "old.yml").write_text(rule())
    (folder / ".git" / "refs" / "heads").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / ".git" / "refs" / "heads" / "main").write_text("a" * 40 + "\n")
    one, two = read_pack(folder), read_pack(zipped(folder))
    assert one.sha256 == two.sha256 == digest(one.files)
    assert one.licences == two.licences == (("LICENSE", b"terms"),)
    assert (one.commit, two.commit, git_commit(tmp_path)) == ("a" * 40, "", "")


def test_only_the_pinned_content_is_installed(home: Path, tmp_path: Path) -> None:
    folder = pack(tmp_path, "v1", a=rule())
    code, rows, err = update(home, "acme", "--from", str(folder))
    assert (code, rows) == (3, [])
    assert "this pack is not pinned" in err
    code, rows, err = update(home, "acme", "--from", str(folder), "--pin", "--version", "1")
    assert code == 0, err
    assert [row["change"] for row in rows] == ["added"]
    assert read_pins([home / "packs.toml"])["acme"].version == "1"
    (folder / "rules" / "web" / "a.yml").write_text(rule(value="good"))
    code, _, err = update(home, "acme", "--from", str(folder))
    assert code == 3
    assert "it is not the pinned 1" in err
    listed = kulla("rules", "list", "--rules", "acme", "-f", "jsonl", home=home)
    assert json.loads(listed.out)["name"] == "Evil asked for"
    assert (home / "rules" / "acme" / "LICENSE").read_text() == "terms"


def test_changes_are_told_with_what_they_would_have_found(home: Path, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(access_log(5) + access_log(3, start=50, path="/evil"))
    kulla("collect", "access.log", home=home)
    update(home, "acme", "--from", str(pack(tmp_path, "v1", a=rule(), b=OTHER)), "--pin", "--version", "1")
    reworded = OTHER.replace("title: Page asked for", "title: A page asked for")
    second = zipped(pack(tmp_path, "v2", a=rule(value="page"), b=reworded))
    code, rows, err = update(
        home, "acme", "--from", str(second), "--pin", "--version", "2", "--over", "7d", "--dry-run"
    )
    assert code == 0, err
    told = {row["change"]: (row["alerts_before"], row["alerts"]) for row in rows}
    assert told == {"logic": (3, 5), "words": (None, None)}
    assert "nothing was installed" in err
    assert [row["installed"] for row in update(home)[1] if row["name"] == "acme"] == ["1"]


def test_rolling_back_and_local_exceptions(home: Path, tmp_path: Path) -> None:
    first, second = pack(tmp_path, "v1", a=rule()), pack(tmp_path, "v2", a=rule(value="page"), b=OTHER)
    (tmp_path / "kulla.toml").write_text('[rules]\nfilters = ["site.yml"]\n')
    (tmp_path / "site.yml").write_text(
        "title: Ours\nid: 3f6f0f34-57d3-4a2c-9a29-5e6d2b1f8c11\nlogsource: {category: webserver}\n"
        "filter:\n  rules: [5c6b2a53-6f1d-4f5e-9d0b-6f6b8d1c0a01]\n  known: {c-ip: 192.0.2.9}\n  condition: not known\n"
    )
    update(home, "acme", "--from", str(first), "--pin", "--version", "1")
    code, _, err = update(home, "acme", "--from", str(second), "--pin", "--version", "2")
    assert code == 0
    assert "filters on rules that changed, look at them: Ours" in err
    filters = json.loads(kulla("rules", "filters", "--rules", "acme", "-f", "jsonl", home=home).out)
    assert (filters["title"], filters["state"], filters["applied_to"]) == ("Ours", "applied", 1)
    assert kulla("rules", "update", "acme", "--roll-back", home=home).code == 0
    (row,) = [row for row in update(home)[1] if row["name"] == "acme"]
    assert (row["installed"], row["state"]) == ("1", "another version than pinned")
    result = kulla("rules", "update", "acme", "--roll-back", home=home)
    assert result.code == 2
    assert "no earlier version" in result.err


def test_a_pack_in_use_stays_where_it_is_when_it_is_installed_again(home: Path, tmp_path: Path) -> None:
    folder = pack(tmp_path, "v1", a=rule(), b=OTHER)
    assert update(home, "acme", "--from", str(folder), "--pin", "--version", "1")[0] == 0
    place = (home / "rules" / "acme").resolve()
    file, before = next(place.rglob("a.yml")), place.stat().st_ino
    assert update(home, "acme", "--from", str(folder), "--pin", "--version", "1b")[0] == 0
    assert place.stat().st_ino == before
    assert [row["installed"] for row in update(home)[1] if row["name"] == "acme"] == ["1b"]
    file.write_text("damaged")
    assert update(home, "acme", "--from", str(folder))[0] == 0
    assert file.read_text(encoding="utf-8") == rule()


def test_what_was_changed_by_hand_is_told(home: Path, tmp_path: Path) -> None:
    update(home, "acme", "--from", str(pack(tmp_path, "v1", a=rule())), "--pin", "--version", "1")
    (home / "rules" / "acme" / "web").mkdir(exist_ok=True)
    (home / "rules" / "acme" / "web" / "more.yml").write_text(OTHER)
    (row,) = [row for row in update(home)[1] if row["name"] == "acme"]
    assert row["state"] == "changed by hand since it was installed"
    (home / "rules" / "by-hand").mkdir()
    code, _, err = update(home, "by-hand", "--from", str(tmp_path / "v1"), "--pin", "--version", "1")
    assert code == 3
    assert "by hand" in err


def test_a_zip_cannot_write_outside(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rules/../../../evil.yml", rule())
    code, _, err = update(home, "acme", "--from", str(path), "--pin", "--version", "1")
    assert code == 3
    assert "outside its folder" in err
    assert not (tmp_path / "evil.yml").exists()


@pytest.mark.parametrize("words", [("acme",), ("own", "--from", "x"), ("A/../b", "--from", "x"), ("--from", "x")])
def test_wrong_usage(home: Path, words: tuple[str, ...]) -> None:
    assert update(home, *words)[0] == 2


def test_only_https_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="only https"):
        fetch("http://192.0.2.1/x.zip", tmp_path / "x.zip")


def test_pins_that_cannot_be_used_are_told(home: Path) -> None:
    home.mkdir()
    for text in ("[acme]\nversion = '1'\nsha256 = 'x'\n", "acme = 1\n", "[acme]\nversion='1'\nsha='x'\n", "["):
        (home / "packs.toml").write_text(text)
        assert update(home)[0] == 3
