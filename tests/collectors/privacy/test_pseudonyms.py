"""Pseudonyms: one person is one word wherever it was written; nothing but the key leads back."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from collectors.privacy.keys import added_key, read_keys, ready_keys
from collectors.privacy.pseudonyms import PSEUDONYM, Key, Pseudonyms, normal
from engine.errors import ConfigurationError

KEY = Key(secret=bytes(range(32)), since="2026-03-01T12:00:00.000Z")
OTHER = Key(secret=bytes(range(1, 33)), since="2026-03-02T12:00:00.000Z")
NAMES = Pseudonyms([KEY], "AL")


@pytest.mark.parametrize(
    "written",
    [
        "EE47101010033",
        "ee47101010033",
        "PNOEE-47101010033",
        "IDCEE-47101010033",
        "EE/AL/47101010033",
        " EE471010-10033 ",
    ],
)
def test_a_personal_code_has_one_pseudonym_however_it_is_written(written: str) -> None:
    assert NAMES.of("person", written) == NAMES.of("person", "EE47101010033")


def test_a_code_without_a_country_is_of_the_own_country() -> None:
    assert normal("person", "J61212056K", "AL") == normal("person", "PNOAL-J61212056K", "XK") == "ALJ61212056K"
    assert NAMES.of("person", "47101010033") != NAMES.of("person", "EE47101010033")
    assert Pseudonyms([KEY], "EE").of("person", "47101010033") == NAMES.of("person", "EE47101010033")


def test_telephone_numbers_names_and_addresses_have_one_form() -> None:
    assert normal("phone", "+355 69 123 4567", "AL") == normal("phone", "00355-69-1234567", "AL") == "355691234567"
    assert normal("name", "  Arta  HOXHA ", "AL") == normal("name", "arta hoxha", "AL")
    assert normal("name", "Me\u0308ri", "AL") == normal("name", "M\u00ebri", "AL")
    assert normal("email", "Arta@Example.AL", "AL") == "arta@example.al"


def test_a_pseudonym_names_kind_and_key_and_depends_on_both() -> None:
    word = NAMES.of("person", "EE47101010033")
    assert PSEUDONYM.fullmatch(word)
    assert word.startswith(f"person-{KEY.id}-")
    assert NAMES.of("session", "EE47101010033").split("-")[2] != word.split("-")[2]
    assert Pseudonyms([OTHER], "AL").of("person", "EE47101010033").split("-")[2] != word.split("-")[2]


def test_ids_and_digests_stay_when_the_key_is_changed_and_pseudonyms_do_not() -> None:
    both = Pseudonyms([KEY, OTHER], "AL")
    assert both.event_id("ab" * 16) == NAMES.event_id("ab" * 16)
    assert both.digest("x") == NAMES.digest("x") != Pseudonyms([OTHER], "AL").digest("x")
    assert both.of("person", "EE47101010033").startswith(f"person-{OTHER.id}-")
    assert NAMES.of("person", "EE47101010033") in both.every("EE47101010033")


def test_erasing_knows_the_pseudonyms_of_a_code_with_and_without_its_country() -> None:
    assert NAMES.of("person", "47101010033") in NAMES.every("EE47101010033")
    assert NAMES.of("person", "EE47101010033") in NAMES.every("47101010033")


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "privacy.json"
    assert read_keys(path) == ()
    made = ready_keys(path, os.urandom, KEY.since)
    assert ready_keys(path, os.urandom, OTHER.since) == made == read_keys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert added_key(path, os.urandom, OTHER.since)[0] == made[0]
    assert len(read_keys(path)) == 2
    assert not [each for each in path.parent.iterdir() if each.suffix == ".new"]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"kulla privacy keys": 1, "keys": []}', b"\xff", b"[1]"])
def test_a_file_that_is_no_file_of_keys_is_refused_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "privacy.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError):
        ready_keys(path, os.urandom, KEY.since)
    assert path.read_bytes() == content


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "privacy.json"
    ready_keys(path, os.urandom, KEY.since)
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="open to others"):
        read_keys(path)
