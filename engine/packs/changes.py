"""What changes from one set of rules to another: rules that come, go, say something else, or are only reworded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.alerts import RuleInfo
from engine.sigma.checking.canonical import correlation_form, rule_form
from engine.sigma.rules import RuleSet

Kind = Literal["added", "removed", "logic", "level", "words"]
KINDS: tuple[Kind, ...] = ("added", "removed", "logic", "level", "words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One rule that is not what it was: `logic` finds something else, `level` weighs otherwise, `words` says so."""

    kind: Kind
    before: RuleInfo | None
    after: RuleInfo | None

    @property
    def info(self) -> RuleInfo:
        """Return the rule as it is now, or was last."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change is one of a rule")
        return found

    @property
    def finds_otherwise(self) -> bool:
        """Tell whether other events can be found than before."""
        return self.kind in {"added", "removed", "logic"}


def changes(before: RuleSet, after: RuleSet) -> list[Change]:
    """Return every rule and correlation that differs between two sets, by kind and name."""
    old, new = _infos(before), _infos(after)
    old_forms, new_forms = _forms(before), _forms(after)
    found = [Change(kind="added", before=None, after=new[number]) for number in new.keys() - old.keys()]
    found += [Change(kind="removed", before=old[number], after=None) for number in old.keys() - new.keys()]
    for number in new.keys() & old.keys():
        was, now = old[number], new[number]
        if old_forms[number] != new_forms[number]:
            found.append(Change(kind="logic", before=was, after=now))
        elif was.level != now.level:
            found.append(Change(kind="level", before=was, after=now))
        elif was.version != now.version:
            found.append(Change(kind="words", before=was, after=now))
    return sorted(found, key=lambda item: (KINDS.index(item.kind), -item.info.level, item.info.name, item.info.id))


def _infos(rules: RuleSet) -> dict[str, RuleInfo]:
    every = [*(rule.info for rule in rules.alerting), *(item.info for item in rules.correlations)]
    return {info.id: info for info in every}


def _forms(rules: RuleSet) -> Mapping[str, str]:
    forms: dict[str, str] = {}
    for rule in rules.alerting:
        forms[rule.info.id] = rule_form(rule, rules.predicates)
    for item in rules.correlations:
        forms[item.info.id] = correlation_form(item, forms)
    return forms
