"""Pseudonyms in papers: persons, their mailboxes and inside addresses become numbers before a paper leaves the house.

The same person is the same number throughout one paper, however the account is written (`DOM\\name`, `name@dom`).
Accounts that every machine has, machine accounts and outside addresses (the attacker's) stay: they are nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from engine.entities import Entity
from playbooks.texts import Language, Text

_INSIDE = tuple(
    ip_network(net)
    for net in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
)
_WORDS = {
    "person": Text(en="person", sq="personi"),
    "mailbox": Text(en="mailbox", sq="kutia postare"),
    "address": Text(en="inside address", sq="adresa e brendshme"),
}
_EVERYBODY = frozenset({
    "administrator", "administrators", "admin", "root", "guest", "krbtgt", "system", "public", "default", "all users",
    "local service", "network service", "anonymous logon", "nobody", "www-data", "kulla", "user", "users", "service",
})  # fmt: skip
# Single classes only: each runs in linear time.
_MAIL = re.compile(r"[^\s@<>(),;:\"'\[\]|]{1,64}@[^\s@<>(),;:\"'\[\]|/\\]{1,255}")
_PROFILE = re.compile(r"(?:[Uu]sers|USERS|[Hh]ome)[\\/]([^\\/\s\"'<>|]{1,64})")
_SHORTEST = 3


class Mask:
    """The pseudonyms of one paper. `names` are persons beside the entities: those who decided, who hold tasks."""

    def __init__(self, entities: Iterable[Entity], lang: Language, names: Iterable[str] = ()) -> None:
        self._lang = lang
        self._numbers: dict[tuple[str, str], int] = {}
        self._kinds: dict[str, str] = {}
        for entity in entities:
            self._learn(entity)
        for name in names:
            self._person(name)
        self._pattern = self._compiled()

    @property
    def persons(self) -> int:
        """Return how many persons and mailboxes have pseudonyms."""
        return sum(kind != "address" for kind, _ in self._numbers)

    def over(self, text: str) -> str:
        """Return the text with pseudonyms in place of every name that is known, and of every address of mail."""
        for found in _PROFILE.findall(text):
            if _bare(found) not in self._kinds and self._person(found):
                self._pattern = self._compiled()
        text = _MAIL.sub(lambda match: self._mail(match[0]), text)
        return self._pattern.sub(lambda match: self._pseudonym(match[0].lower()), text) if self._pattern else text

    def _learn(self, entity: Entity) -> None:
        if entity.kind == "user":
            self._person(entity.value)
        elif entity.kind == "mailbox":
            self._mail(entity.value)
        elif entity.kind == "ip" and is_inside(entity.value):
            self._kinds[entity.value.lower()] = "address"
            self._number("address", entity.value.lower())

    def _person(self, name: str) -> bool:
        bare = _bare(name)
        if len(bare) < _SHORTEST or bare in _EVERYBODY or bare.endswith("$"):
            return False
        self._kinds[bare] = "person"
        if "\\" in name or "@" in name:
            self._kinds[name.strip().lower()] = "person"
        self._number("person", bare)
        return True

    def _mail(self, address: str) -> str:
        bare = _bare(address)
        if self._kinds.get(bare) == "person":
            return self._pseudonym(bare)
        return self._told("mailbox", self._number("mailbox", address.lower()))

    def _number(self, kind: str, key: str) -> int:
        group = sum(other == kind for other, _ in self._numbers)
        return self._numbers.setdefault((kind, key), group + 1)

    def _pseudonym(self, value: str) -> str:
        kind = self._kinds.get(value, "person")
        return self._told(kind, self._number(kind, _bare(value) if kind == "person" else value))

    def _told(self, kind: str, number: int) -> str:
        return f"{_WORDS[kind].in_language(self._lang)} {number}"

    def _compiled(self) -> re.Pattern[str] | None:
        """Return one alternation of literals, the longest first, that matches whole words only."""
        names = sorted(self._kinds, key=lambda name: (-len(name), name))
        if not names:
            return None
        return re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, names))})(?![\w$]|\.\w)", re.IGNORECASE)


def _bare(name: str) -> str:
    return name.strip().lower().rpartition("\\")[2].partition("@")[0]


def is_inside(value: str) -> bool:
    """Tell whether this is an address of a private network."""
    try:
        address = ip_address(value)
    except ValueError:
        return False
    return any(address in network for network in _INSIDE)
