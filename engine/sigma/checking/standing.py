"""The check of log sources and fields: a rule that asks for what no event has can never fire."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from engine.sigma.checking.findings import Finding, Severity
from engine.sigma.coverage import Surveyor
from engine.sigma.rules import Rule, RuleSet


def fields(rules: RuleSet, survey: Surveyor, shown: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    """Yield a finding for each rule that cannot fire, or that names fields which nobody knows of its log source.

    `shown` has the rules that keep to kulla's form, for which that is an error, by id: with the fields that their own
    test events have. Rules may name ECS fields, of which the mapping does not know which log source has them.
    """
    for rule in rules.alerting:
        standing = survey.standing(rule)
        unknown = sorted(name for name, found in standing.fields.items() if found == "unknown")
        held: Severity = "error" if rule.info.id in shown else "warning"
        unknown = [name for name in unknown if not _is_shown(name, shown.get(rule.info.id, ()))]
        if standing.state != "loaded":
            yield _finding(rule, held, standing.why)
        elif unknown:
            yield _finding(rule, held, f"not known of {rule.logsource}: {', '.join(unknown)}")


def _is_shown(name: str, fields: Collection[str]) -> bool:
    """Tell whether events have a field of this name, by itself or behind the vendor's prefix."""
    return name in fields or any(field.endswith(f".{name}") for field in fields)


def _finding(rule: Rule, severity: Severity, message: str) -> Finding:
    path, _, line = rule.info.path.rpartition(":")
    return Finding(
        check="fields",
        severity=severity,
        message=message,
        path=path,
        line=int(line or 1),
        rule=rule.info.id,
        title=rule.info.name,
    )
