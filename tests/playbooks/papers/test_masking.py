"""Pseudonyms: no name comes through however it is written, and what is nobody's stays readable."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.entities import Entity
from playbooks.papers.masking import Mask

PEOPLE = (
    Entity("user", "GOV\\a.hoxha"),
    Entity("user", "Besa Kola"),
    Entity("mailbox", "ministri@gov.example"),
    Entity("ip", "10.1.2.3"),
    Entity("ip", "203.0.113.9"),
    Entity("user", "PRT01$"),
    Entity("user", "Administrator"),
)


def test_one_person_is_one_number_however_the_account_is_written() -> None:
    mask = Mask(PEOPLE, "en")
    told = mask.over("GOV\\A.Hoxha, a.hoxha@gov.example and a.hoxha; then Besa Kola")
    assert told == "person 1, person 1 and person 1; then person 2"


def test_mailboxes_and_inside_addresses_are_numbers_and_the_attackers_are_not() -> None:
    mask = Mask(PEOPLE, "sq")
    told = mask.over("ministri@gov.example nga 10.1.2.3:445 te 203.0.113.9")
    assert told == "kutia postare 1 nga adresa e brendshme 1:445 te 203.0.113.9"


def test_what_is_nobodys_stays() -> None:
    assert Mask(PEOPLE, "en").over("PRT01$ and Administrator on 10.1.2.30") == "PRT01$ and Administrator on 10.1.2.30"


def test_a_name_in_the_path_of_a_profile_is_found() -> None:
    mask = Mask((), "en")
    assert (
        mask.over("C:\\Users\\dritan.lika\\x.exe and /home/ermal/.ssh")
        == "C:\\Users\\person 1\\x.exe and /home/person 2/.ssh"
    )
    assert mask.over("C:\\Users\\Public\\x.exe") == "C:\\Users\\Public\\x.exe"


def test_a_name_inside_of_a_word_is_no_name() -> None:
    assert Mask((Entity("user", "arta"),), "en").over("Sparta arta artan") == "Sparta person 1 artan"


names = st.text("abcdefghij.", min_size=4, max_size=9).filter(lambda name: name.strip(".") == name and ".." not in name)


@settings(max_examples=60)
@given(
    st.lists(names, min_size=1, max_size=4, unique=True), st.sampled_from((" ", ", ", "\\", "/", ":", "'", '"', "="))
)
def test_no_name_comes_through(people: list[str], between: str) -> None:
    mask = Mask([Entity("user", name) for name in people], "en")
    told = mask.over(between.join([*people, *(name.upper() for name in people)]))
    words = told.lower().replace("person", "").replace(between, " ").split()
    assert not set(words) & set(people)
