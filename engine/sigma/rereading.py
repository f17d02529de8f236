"""A loaded rule read once more from its file, for the names of its selections: compiled rule sets do not keep them."""

from __future__ import annotations

from engine.alerts import RuleInfo
from engine.errors import KullaError
from engine.sigma.predicates import Expression
from engine.sigma.rule_files import read_again
from engine.sigma.rules import Rule, RuleSet
from engine.sigma.tailoring import Tailoring


def reread(rules: RuleSet, info: RuleInfo, tailoring: Tailoring) -> tuple[RuleSet, Rule, dict[Expression, str]] | None:
    """Return the rule in a small rule set of its own, with the names of its selections by their expressions.

    None where its file is gone, has changed since, or says something else without its neighbours.
    """
    from engine.sigma.documents import compile_files  # noqa: PLC0415 - pySigma takes 0.2 s to import: only where needed

    names = dict.fromkeys(path.rpartition(":")[0] for path in (info.path, *(item.path for item in rules.filters)))
    given = {name for name, _ in tailoring.filters}
    selections: dict[str, dict[str, Expression]] = {}
    try:
        files = [(name, read_again(name)) for name in names if name not in given]
        small = compile_files(files, tailoring, selections=selections)
    except (OSError, KullaError):
        return None
    found = [rule for rule in small.alerting if (rule.info.id, rule.info.version) == (info.id, info.version)]
    if len(found) != 1:
        return None
    return small, found[0], {part: name for name, part in selections.get(info.id, {}).items()}
