"""Pseudonyms in papers: persons, their mailboxes and inside addresses lose their names before a paper leaves the house.

The same person is the same pseudonym throughout, however the account is written (`DOM\\name`, `name@dom`): the house's
own (as in its exports) where it has a key of pseudonyms, else a number that holds for one paper alone. Accounts that
every machine has, machine accounts and outside addresses (the attacker's) stay: they are nobody's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal

from engine.entities import Entity
from playbooks.house import House
from playbooks.names import PSEUDONYM, Names, Pseudonym, alike, bare, either, is_person, is_pseudonym
from playbooks.texts import Language, Text

_Kind = Literal["person", "mailbox", "address"]
_WORDS: Final[dict[_Kind, Text]] = {
    "person": Text(en="person", sq="personi"),
    "mailbox": Text(en="mailbox", sq="kutia postare"),
    "address": Text(en="inside address", sq="adresa e brendshme"),
}
# Single classes only: each runs in linear time.
_MAIL: Final = r"(?P<mail>[^\s@<>(),;:\"'\[\]|=&]{1,64}@[^\s@<>(),;:\"'\[\]|/\\=&]{1,255})"
_PROFILE: Final = re.compile(r"(?:[Uu]sers|USERS|[Hh]ome)[\\/]([^\\/\s\"'<>|]{1,64})")
_SHORTEST: Final = 3


class Mask:
    """The pseudonyms of one paper. `names` are persons beside the entities: those who decided, who hold tasks.

    `pseudonym` gives the house's own, None where it has no key: then persons are numbered.
    """

    def __init__(
        self,
        entities: Iterable[Entity],
        lang: Language,
        names: Iterable[str] = (),
        *,
        house: House | None = None,
        pseudonym: Pseudonym | None = None,
    ) -> None:
        self._lang = lang
        self._of = pseudonym
        self._counts: Counter[_Kind] = Counter()
        self._told: dict[str, str] = {}  # by the spelling, in small letters
        self._boxes: dict[str, set[str]] = {}  # the pseudonyms of mailboxes by their owner's bare name
        self._names = Names()
        self._pattern = lru_cache(maxsize=1024)(_pattern)
        own, known = house or House(), tuple(entities)
        for name in (*(item.value for item in known if item.kind == "user"), *names):
            self._person(name)
        for item in known:  # after the persons, whose mailboxes they may be
            if item.kind == "mailbox":
                self._mailbox(item.value)
            elif item.kind == "ip" and own.is_inside(item.value):
                self._tell(item.value, self._made("address", item.value))

    @property
    def persons(self) -> int:
        """Return how many persons and mailboxes have pseudonyms."""
        return self._counts["person"] + self._counts["mailbox"]

    def over(self, text: str) -> str:
        """Return the text with pseudonyms in place of every name that is known, and of every address of mail."""
        for owner in _PROFILE.findall(text):
            self._person(owner)
        return self._pattern(self._names.within(text)).sub(self._replaced, text)

    def _replaced(self, found: re.Match[str]) -> str:
        if found["known"]:
            return found[0]
        if found["mail"]:
            return self._mailbox(found[0])
        name = alike(found[0])  # a letter that only a pattern takes for another (long s) is still somebody's
        return self._told.get(name) or self._told.get(name.casefold()) or _WORDS["person"].in_language(self._lang)

    def _person(self, name: str) -> None:
        key = alike(bare(name))
        if len(key) < _SHORTEST or not is_person(key) or is_pseudonym(key):
            return
        if key not in self._told:
            boxes = self._boxes.get(key, set())
            self._tell(key, next(iter(boxes)) if len(boxes) == 1 else self._made("person", key))
        if "\\" in name or "@" in name:
            self._tell(name.strip(), self._told[key])

    def _mailbox(self, address: str) -> str:
        """Return the pseudonym of a mailbox: its owner's where that is a person who is known."""
        owner, spelled = alike(bare(address)), alike(address)
        told = self._told.get(spelled) or self._told.get(owner)
        if told is None:
            told = self._told[spelled] = self._made("mailbox", spelled)
            self._boxes.setdefault(owner, set()).add(told)
        return told

    def _tell(self, spelled: str, told: str) -> None:
        self._told[alike(spelled)] = told
        self._names.add(alike(spelled))

    def _made(self, kind: _Kind, key: str) -> str:
        self._counts[kind] += 1
        if self._of is None or kind == "address":
            return f"{_WORDS[kind].in_language(self._lang)} {self._counts[kind]}"
        name, at, domain = key.partition("@")
        return f"{self._of('name', bare(name).casefold())}{at}{domain}"


def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    """Return what finds the house's pseudonyms, addresses of mail, and these names as whole words."""
    name = rf"|(?<![\w.])(?P<name>{either(names)})(?![\w$]|\.\w)" if names else ""
    return re.compile(f"{PSEUDONYM}|{_MAIL}{name}", re.IGNORECASE)
