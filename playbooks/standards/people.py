"""Names of persons in an incident, replaced by pseudonyms before anything leaves: in entities, titles, paths and text.

What a name is comes from the entities (users, mailboxes) and from profile folders (`C:\\Users\\NAME`, `/home/NAME`).
Accounts that every system has, and those of machines, are nobody's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from engine.alerts import Alert, Reason
from engine.entities import Entity
from engine.events import Value
from engine.incidents.model import Incident
from playbooks.names import PSEUDONYM, Names, Pseudonym, bare, either, is_person, is_pseudonym

_PROFILE: Final = r"(?P<folder>(?:\\Users\\|\\Documents and Settings\\|/home/|/Users/))(?P<owner>[^\\/\s\"'<>|:]{1,64})"
_SHORTEST: Final = 2  # a name of one letter is replaced where it stands alone, never inside a text


class People:
    """Replaces the names that occur in `entities`; `of` gives a name's pseudonym, always the same."""

    def __init__(self, entities: Iterable[Entity], of: Pseudonym) -> None:
        self._of = of
        found = {bare(item.value) for item in entities if item.kind in {"user", "mailbox"}}
        self._names = Names(name for name in found if is_person(name) and len(name) >= _SHORTEST)
        self._pattern = lru_cache(maxsize=4096)(_pattern)

    def text(self, text: str) -> str:
        """Return a text without the names; pseudonyms that stand in it already stay."""
        return self._pattern(self._names.within(text)).sub(self._replaced, text)

    def _replaced(self, found: re.Match[str]) -> str:
        groups = found.groupdict()
        if groups["known"]:
            return found[0]
        if groups["folder"]:
            owner = groups["owner"]
            return groups["folder"] + (self._name(owner) if is_person(owner) else owner)
        return self._name(found[0])

    def _name(self, name: str) -> str:
        return name if is_pseudonym(name) else self._of("name", name.casefold())

    def entity(self, entity: Entity) -> Entity:
        """Return an entity without a name: `GOV\\a.hoxha` and `a.hoxha@gov.example` keep their domains."""
        if entity.kind not in {"user", "mailbox"}:
            return Entity(entity.kind, self.text(entity.value))
        name = bare(entity.value)
        if not is_person(name):
            return entity
        before, _, behind = entity.value.partition(name)
        return Entity(entity.kind, f"{before}{self._name(name)}{behind}")

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
    name = rf"|(?<!\w)(?P<name>{either(names)})(?!\w)" if names else ""
    return re.compile(f"{PSEUDONYM}|{_PROFILE}{name}", re.IGNORECASE)
