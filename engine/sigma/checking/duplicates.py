"""The check for rules that say the same as another one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from engine.alerts import RuleInfo
from engine.sigma.checking.canonical import correlation_form, rule_form
from engine.sigma.checking.findings import Finding
from engine.sigma.rules import RuleSet


def duplicates(rules: RuleSet) -> Iterator[Finding]:
    """Yield a finding for every rule that has the canonical form of one before it.

    Rules that only feed correlations may be repeated: each file carries what it counts.
    """
    silent = rules.silent()
    forms: dict[str, str] = {}
    groups: defaultdict[str, list[RuleInfo]] = defaultdict(list)
    for rule in rules.alerting:
        forms[rule.info.id] = forms[rule.name] = rule_form(rule, rules.predicates)
        if rule.info.id not in silent:
            groups[forms[rule.info.id]].append(rule.info)
    for item in rules.correlations:
        forms[item.info.id] = forms[item.name] = correlation_form(item, forms)
        groups[forms[item.info.id]].append(item.info)
    for first, *others in groups.values():
        for info in others:
            path, _, line = info.path.rpartition(":")
            same = f"it says the same as {first.name!r} ({first.path})"
            severity = "warning" if info.level == first.level else "note"
            yield Finding(
                check="duplicate",
                severity=severity,  # type: ignore[arg-type] # one of the two words
                message=same if severity == "warning" else f"{same}, with another level",
                path=path,
                line=int(line or 1),
                rule=info.id,
                title=info.name,
            )
