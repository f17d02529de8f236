"""Privacy rules: for which source's field what is done, those of the settings above those that hold by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final, Literal, get_args

from collectors.personal import PERSONAL, Kind
from engine.ecs_types import IP

Action = Literal["keep", "drop", "hash", "pseudonymise", "prefix", "truncate"]
Holds = Kind | Literal["address"]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
HOLDS: Final[tuple[str, ...]] = (*get_args(Kind), "address")
ANYWHERE: Final = "(any text)"  # stands for a field in the rule for e-ID codes wherever they are
_DEFAULT: Final = "default"
_ASKED_FOR: Final = frozenset({"xroad.issue"})  # whether somebody looked without a case, or in one case at many people


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is done with one field of the sources that `pattern` names (`xroad`, `nginx.*`: module or dataset).

    `size` belongs to `truncate`: characters, of an address bits. `place` says where the rule comes from.
    """

    pattern: str
    field: str
    holds: Holds
    action: Action
    size: int = 0
    place: str = _DEFAULT

    @property
    def told(self) -> str:
        """The action as the settings write it."""
        return f"{self.action}:{self.size}" if self.action == "truncate" else self.action

    def fits(self, module: str, dataset: str) -> bool:
        """Tell whether the rule is for events of this module and dataset."""
        return fnmatchcase(dataset, self.pattern) or fnmatchcase(module, self.pattern)


def default_rules(declared: Mapping[str, Sequence[str]]) -> list[Rule]:
    """Return the rules that hold where the settings say nothing: what people are known by is pseudonymised, free text
    dropped, unless rules ask whether there is any (`_ASKED_FOR`).

    `declared` are the personal fields of user-written sources, by dataset.
    """
    fields = [(module, each.name, each.kind) for module, own in PERSONAL.items() for each in own]
    fields += [(dataset, name, _kind_of(name)) for dataset, names in declared.items() for name in names]
    return [
        Rule(
            pattern=source,
            field=name,
            holds=kind,
            action="drop" if kind == "content" and name not in _ASKED_FOR else "pseudonymise",
        )
        for source, name, kind in fields
    ]


def _kind_of(field: str) -> Kind:
    known = _KINDS.get(field)
    return known if known is not None else "person"


_KINDS: Final[Mapping[str, Kind]] = {each.name: each.kind for own in PERSONAL.values() for each in own} | {
    "user.name": "person",
    "user.email": "email",
    "user.full_name": "name",
    "email.from.address": "email",
    "email.to.address": "email",
    "message": "content",
}


def held_by(field: str) -> Holds:
    """Return what a field holds, as far as its name says: an address, a kind of personal data, else free text."""
    if field in IP:
        return "address"
    return _KINDS.get(field, "content")


class Policy:
    """The rules in force, by source. `anywhere`: e-ID codes (`PNOEE-...`) are pseudonymised wherever they stand."""

    def __init__(self, rules: Iterable[Rule], *, anywhere: bool = True) -> None:
        # of several rules for one field the last one holds: the settings' after the default's, longer patterns later
        self.rules = sorted(rules, key=lambda rule: (rule.place != _DEFAULT, len(rule.pattern)))
        self.anywhere = anywhere
        self.of = lru_cache(maxsize=4096)(self._of)

    def _of(self, module: str, dataset: str) -> tuple[Rule, ...]:
        """Return the rules for a source's events, one a field, without those that keep it."""
        found = {rule.field: rule for rule in self.rules if rule.fits(module, dataset)}
        return tuple(rule for rule in found.values() if rule.action != "keep")
