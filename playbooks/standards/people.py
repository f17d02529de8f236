"""Names of persons in an incident, replaced by pseudonyms before anything leaves: in entities, titles, paths and text.

What a name is comes from the entities (users, mailboxes) and from profile folders (`C:\\Users\\NAME`, `/home/NAME`).
Accounts that every system has, and those of machines, are nobody's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, Literal

from engine.alerts import Alert, Reason
from engine.entities import Entity
from engine.events import Value
from engine.incidents.model import Incident

Pseudonym = Callable[[Literal["name", "email"], str], str]
_NOBODY: Final = frozenset((
    "administrator", "admin", "guest", "root", "krbtgt", "system", "local service", "network service", "nobody",
    "daemon", "www-data", "public", "default", "default user", "all users", "defaultaccount", "wdagutilityaccount",
    "anonymous logon", "everyone", "nginx", "apache", "sshd", "postgres", "mysql", "postmaster", "noreply", "no-reply",
))  # fmt: skip
_PSEUDONYM: Final = r"(?P<known>(?:person|phone|name|email|session|content)-[0-9a-f]{6}-[a-z2-7]{26})"
_PROFILE: Final = r"(?P<folder>(?:\\Users\\|\\Documents and Settings\\|/home/|/Users/))(?P<owner>[^\\/\s\"'<>|:]{1,64})"
_WORD: Final = re.compile(r"\w+")
_SHORTEST: Final = 2  # a name of one letter is replaced where it stands alone, never inside a text


class People:
    """Replaces the names that occur in `entities`; `of` gives a name's pseudonym, always the same."""

    def __init__(self, entities: Iterable[Entity], of: Pseudonym) -> None:
        self._of = of
        bare = {_bare(item.value) for item in entities if item.kind in {"user", "mailbox"}}
        self._names: dict[str, list[str]] = {}
        for name in bare:
            if _is_person(name) and len(name) >= _SHORTEST:
                first = _WORD.search(name.casefold())
                self._names.setdefault(first[0] if first else "", []).append(name)
        self._pattern = lru_cache(maxsize=4096)(_pattern)

    def text(self, text: str) -> str:
        """Return a text without the names; pseudonyms that stand in it already stay.

        Only names whose first word is a word of the text are looked for, so that many names cost little.
        """
        words = {"", *_WORD.findall(text.casefold())} & self._names.keys()
        names = frozenset(name for word in words for name in self._names[word])
        return self._pattern(names).sub(self._replaced, text)

    def _replaced(self, found: re.Match[str]) -> str:
        groups = found.groupdict()
        if groups["known"]:
            return found[0]
        if groups["folder"]:
            owner = groups["owner"]
            return groups["folder"] + (self._name(owner) if _is_person(owner) else owner)
        return self._name(found[0])

    def _name(self, name: str) -> str:
        return name if re.fullmatch(_PSEUDONYM, name) else self._of("name", name.casefold())

    def entity(self, entity: Entity) -> Entity:
        """Return an entity without a name: `GOV\\a.hoxha` and `a.hoxha@gov.example` keep their domains."""
        if entity.kind not in {"user", "mailbox"}:
            return Entity(entity.kind, self.text(entity.value))
        bare = _bare(entity.value)
        if not _is_person(bare):
            return entity
        before, _, behind = entity.value.partition(bare)
        return Entity(entity.kind, f"{before}{self._name(bare)}{behind}")

    def incident(self, incident: Incident) -> Incident:
        """Return the incident without names. Joins and terms, which no export tells, are left out."""
        timeline = tuple(
            replace(moment, summary=self.text(moment.summary), host=self.text(moment.host))
            for moment in incident.timeline
        )
        return replace(
            incident,
            title=self.text(incident.title),
            entities=tuple(dict.fromkeys(self.entity(item) for item in incident.entities)),
            timeline=timeline,
            closed_why=self.text(incident.closed_why),
            joins=(),
            terms=(),
        )

    def alert(self, alert: Alert) -> Alert:
        """Return the alert without names: its fields and reasons; its events' raw text is left out."""
        return replace(
            alert,
            fields=self._fields(alert.fields),
            why=tuple(
                Reason(field=why.field, predicate=self.text(why.predicate), value=self.text(why.value))
                for why in alert.why
            ),
            events=tuple(replace(event, original="") for event in alert.events),
            verdict_why="",
        )

    def _fields(self, fields: Mapping[str, Value]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, value in fields.items():
            if isinstance(value, str):
                found[name] = self._field(name, value)
            elif isinstance(value, Sequence):
                found[name] = [self._field(name, item) if isinstance(item, str) else item for item in value]
            else:
                found[name] = value
        return found

    def _field(self, name: str, value: str) -> str:
        if name.startswith("user.") or ".user." in name:
            return self.entity(Entity("user", value)).value
        if name.startswith("email."):
            return self.entity(Entity("mailbox", value)).value
        return self.text(value)


def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    """Return what finds pseudonyms, owners of profile folders, and these names, the longest first."""
    within = "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))
    name = rf"|(?<!\w)(?P<name>{within})(?!\w)" if within else ""
    return re.compile(f"{_PSEUDONYM}|{_PROFILE}{name}", re.IGNORECASE)


def _bare(value: str) -> str:
    return value.rpartition("\\")[2].partition("@")[0].strip()


def _is_person(name: str) -> bool:
    return bool(name) and not name.endswith("$") and name.casefold() not in _NOBODY
