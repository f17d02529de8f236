"""Pseudonyms: no name comes through however it is written, and what is nobody's stays readable."""

from __future__ import annotations

from ipaddress import ip_network
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.entities import Entity
from playbooks.house import House
from playbooks.papers.masking import Mask
from playbooks.standards.people import People

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


@pytest.mark.parametrize("name", ["h.ıssı", "İlir.Ibro", "ilir.ibro", "ILIR.IBRO", "i\u0307lir.ibro"])
def test_no_spelling_of_an_i_hides_a_name(name: str) -> None:
    """Patterns take `ı` and `İ` for an `i`, in small letters `İ` is two characters."""
    spellings = {name, name.lower(), name.upper(), name.replace("i", "ı"), name.replace("i", "İ")}
    mask = Mask([Entity("user", f"GOV\\{name}")], "en")
    person = People([Entity("user", name)], lambda kind, _: kind)
    for spelled in spellings:
        assert mask.over(f"logon of {spelled}.") in {"logon of person.", "logon of person 1."}
        assert person.text(f"logon of {spelled}.") == "logon of name."


@pytest.mark.parametrize("name", ["j.jeżewski", "Jeżewski", "ILIR.Ibro", "Žaneta.Çelë", "Ilir.Ímpë", "k.å"])
def test_composed_or_not_a_name_is_the_same(name: str) -> None:
    """Directories write letters with marks as one character (NFC), some file systems as several (NFD)."""
    both = [normalize(form, name) for form in ("NFC", "NFD")]
    for known in both:
        mask = Mask([Entity("user", f"GOV\\{known}")], "en")
        person = People([Entity("user", known)], lambda kind, _: kind)
        for spelled in (*both, *(each.upper() for each in both), *(each.lower() for each in both)):
            assert mask.over(f"logon of {spelled}.") == "logon of person 1."
            assert person.text(f"logon of {spelled}.") == "logon of name."


def test_a_person_is_counted_once_whatever_comes_first() -> None:
    mask = Mask((Entity("mailbox", "a.hoxha@gov.example"), Entity("user", "GOV\\a.hoxha")), "en", ["A.Hoxha"])
    assert mask.over("a.hoxha@gov.example is GOV\\a.hoxha, drita@gov.example is C:\\Users\\drita") == (
        "person 1 is person 1, person 2 is C:\\Users\\person 2"
    )
    assert mask.persons == 2
    late = Mask((), "en")
    assert late.over("from drita@gov.example") == "from mailbox 1"
    assert late.over("C:\\Users\\drita\\x.exe") == "C:\\Users\\mailbox 1\\x.exe"
    assert late.persons == 1


def test_many_names_cost_no_more_than_they_must() -> None:
    people = [Entity("user", f"GOV\\user{number:05}") for number in range(4000)]
    mask = Mask(people, "en")
    seen: list[int] = []
    real = mask._pattern
    mask._pattern = lambda names: seen.append(len(names)) or real(names)  # type: ignore[assignment,func-returns-value]
    told = [mask.over(f"C:\\Users\\user{number:05}\\x.exe") for number in range(4000)]
    assert told[-1] == "C:\\Users\\person 4000\\x.exe"
    assert max(seen) <= 2  # never a pattern of all names


def _house(kind: str, value: str) -> str:
    return f"{kind}-0a1b2c-{value.replace('.', 'z').ljust(26, 'a')[:26]}"


def test_the_houses_pseudonyms_are_those_of_exports_and_stay() -> None:
    mask = Mask(PEOPLE, "en", house=None, pseudonym=_house)
    name = _house("name", "a.hoxha")
    assert mask.over("GOV\\A.Hoxha, a.hoxha@gov.example, 10.1.2.3") == f"{name}, {name}, inside address 1"
    assert People(PEOPLE, _house).text("by a.hoxha") == f"by {name}"
    assert mask.over(f"by {name}") == f"by {name}"
    assert mask.over("nga tjeter@gov.example") == f"nga {_house('name', 'tjeter')}@gov.example"


def test_own_public_addresses_are_inside() -> None:
    house = House(networks=(ip_network("198.51.100.0/24"),))
    mask = Mask((Entity("ip", "198.51.100.7"), Entity("ip", "203.0.113.9")), "en", house=house)
    assert mask.over("198.51.100.7 to 203.0.113.9") == "inside address 1 to 203.0.113.9"


def test_a_letter_that_only_a_pattern_folds_ends_nothing() -> None:
    told = Mask((Entity("user", "kosta"), Entity("user", "ıstref")), "en").over("\u212aosta ko\u017fta Istref KOSTA")
    assert "kosta" not in told.casefold()
