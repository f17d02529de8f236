"""The vault: two custodians open it together; one alone, all files without passphrases, and the store, open nothing."""

from __future__ import annotations

import os
import sqlite3
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest

from collectors.privacy.custodians import (
    Custodians,
    NotTwoPersonsError,
    appointed,
    read_custodians,
    write_custodians,
)
from collectors.privacy.vault import Vault
from engine.errors import ConfigurationError, StoreError, UsageError

WORDS = {"ana": "first secret sentence", "ben": "second secret sentence", "dea": "third secret sentence"}
LABEL = "person-3f2a1c-" + "a" * 26
VALUE = "EE47101010033"


@pytest.fixture(scope="module")
def three() -> Custodians:
    return appointed(WORDS, os.urandom, cost=2**10)


def test_any_two_open_what_was_sealed(three: Custodians) -> None:
    sealed = three.sealed(VALUE, LABEL)
    for one, other in combinations(WORDS, 2):
        assert three.opened(sealed, LABEL, {one: WORDS[one], other: WORDS[other]}) == VALUE


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"ana": WORDS["ana"]},
        {"ana": WORDS["ana"], "ben": "guessed"},
        {"ana": WORDS["ana"], "ben": WORDS["ana"]},
        {"ana": WORDS["ben"], "ben": WORDS["ana"]},
        {"ana": WORDS["ana"], "eve": WORDS["ben"]},
        WORDS,
    ],
)
def test_nobody_else_does(three: Custodians, given: dict[str, str]) -> None:
    with pytest.raises(NotTwoPersonsError):
        three.opened(three.sealed(VALUE, LABEL), LABEL, given)


def test_a_custodian_alone_has_nothing_that_opens_a_pair(three: Custodians) -> None:
    """The file holds no key, and no wrapping that one passphrase would open."""
    for pair, wrapped in three.pairs.items():
        assert len(pair) == 2
        mixed = Custodians(cost=three.cost, public=three.public, salts=three.salts, pairs={("ana", "ben"): wrapped})
        if pair != ("ana", "ben"):  # another pair's wrapping does not open for this pair
            with pytest.raises(NotTwoPersonsError):
                mixed.opened(three.sealed(VALUE, LABEL), LABEL, {"ana": WORDS["ana"], "ben": WORDS["ben"]})


def test_what_was_sealed_is_bound_to_its_pseudonym_and_cannot_be_changed(three: Custodians) -> None:
    two = {"ana": WORDS["ana"], "ben": WORDS["ben"]}
    sealed = three.sealed(VALUE, LABEL)
    with pytest.raises(ConfigurationError):
        three.opened(sealed, LABEL.replace("person", "phone"), two)
    with pytest.raises(ConfigurationError):
        three.opened(sealed[:-1] + bytes([sealed[-1] ^ 1]), LABEL, two)


def test_the_length_of_a_value_is_not_told(three: Custodians) -> None:
    assert len(three.sealed("a", LABEL)) == len(three.sealed("a" * 50, LABEL))


def test_the_file_reads_back_and_damage_is_told(three: Custodians, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "custodians.json"
    assert read_custodians(path) is None
    write_custodians(path, three)
    assert read_custodians(path) == three
    assert all(word.encode() not in path.read_bytes() for word in WORDS.values())
    path.write_text("{}")
    with pytest.raises(ConfigurationError):
        read_custodians(path)


@pytest.mark.parametrize(
    "given", [{"ana": WORDS["ana"]}, {"ana": "short", "ben": WORDS["ben"]}, {"ana": "a" * 12, "ben": "a" * 12}]
)
def test_few_persons_and_weak_passphrases_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        appointed(given, os.urandom, cost=2**10)


def test_the_vault_keeps_values_that_its_file_does_not_tell(three: Custodians, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "keys" / "vault.sqlite", lambda: date(2026, 3, 1), three)
    vault.remember({LABEL: VALUE})
    vault.remember({LABEL: VALUE})
    assert vault.count() == 1
    assert VALUE.encode() not in vault.path.read_bytes()
    sealed = vault.sealed(LABEL)
    assert sealed is not None
    assert three.opened(sealed, LABEL, {"ben": WORDS["ben"], "dea": WORDS["dea"]}) == VALUE


def test_without_custodians_nothing_is_kept(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault.sqlite", lambda: date(2026, 3, 1))
    vault.remember({LABEL: VALUE})
    assert not vault.path.exists()
    assert vault.sealed(LABEL) is None
    assert vault.forget([LABEL]) == 0


def test_entries_are_forgotten_by_name_and_by_the_day_they_were_seen_last(three: Custodians, tmp_path: Path) -> None:
    days = [date(2026, 3, 1)]
    vault = Vault(tmp_path / "vault.sqlite", lambda: days[-1], three)
    old, seen_again, named = ("person-3f2a1c-" + letter * 26 for letter in "abc")
    vault.remember({old: "1", seen_again: "2", named: "3"})
    days.append(date(2026, 3, 9))
    vault.remember({seen_again: "2"})
    assert vault.forget_before(date(2026, 3, 9), dry_run=True) == 2
    assert vault.forget([named]) == 1
    assert vault.forget_before(date(2026, 3, 9)) == 1
    assert (vault.sealed(old), vault.sealed(named), vault.count()) == (None, None, 1)
    assert named.encode() not in vault.path.read_bytes()


def test_a_vault_that_is_no_database_stops_the_batch(three: Custodians, tmp_path: Path) -> None:
    path = tmp_path / "vault.sqlite"
    path.write_bytes(b"no database at all, but long enough to be looked at as one " * 100)
    with pytest.raises(StoreError, match="vault"):
        Vault(path, lambda: date(2026, 3, 1), three).remember({LABEL: VALUE})


def test_two_writers_may_keep_the_same_pseudonym(three: Custodians, tmp_path: Path) -> None:
    first, second = (Vault(tmp_path / "vault.sqlite", lambda: date(2026, 3, 1), three) for _ in range(2))
    first.remember({LABEL: VALUE})
    second.remember({LABEL: VALUE})
    with sqlite3.connect(first.path) as database:
        assert database.execute("SELECT count(*) FROM sealed").fetchone() == (1,)
