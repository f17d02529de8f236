"""What correlations refer to: rules and other correlations, found by id or name, without circles.

A name is unique within a file only (packs by different authors both have a `failed_login`), so it is looked for in the
correlation's own file first; elsewhere it has to be the name of one rule alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.alerts import RuleInfo
from engine.errors import RuleError
from engine.sigma.rules import Correlation, RuleSet, Term

MAX_CHAIN = 20  # correlations of correlations, one over the other


def resolve(rules: RuleSet) -> list[RuleError]:
    """Replace references by ids, drop correlations that cannot be resolved, and say why each was dropped.

    The correlations that stay are ordered so that each comes after those that it refers to.
    """
    issues: list[RuleError] = []
    left = list(rules.correlations)
    while True:
        book = _Book([(rule.name, rule.info) for rule in rules.rules] + [(item.name, item.info) for item in left])
        kept = []
        for item in left:
            try:
                kept.append(_resolved(item, book))
            except ValueError as error:
                issues.append(_issue(str(error), item))
        if len(kept) == len(left):
            break
        left = [item for item in left if any(item.info is other.info for other in kept)]
    rules.correlations[:] = _ordered(kept, issues)
    return issues


def _issue(reason: str, item: Correlation) -> RuleError:
    return RuleError(reason, where=item.info.path, hint="kulla rules check FILE")


@dataclass(frozen=True, slots=True)
class _Named:
    file: str
    id: str
    path: str


class _Book:
    """All loaded rules, by id and by name."""

    def __init__(self, entries: Sequence[tuple[str, RuleInfo]]) -> None:
        self._ids = {info.id for _, info in entries}
        self._names: defaultdict[str, list[_Named]] = defaultdict(list)
        for name, info in entries:
            self._names[name].append(_Named(_file(info), info.id, info.path))

    def find(self, reference: str, home: RuleInfo) -> str | None:
        """Return the id that a reference stands for, None for none; raise `ValueError` for several."""
        if reference in self._ids:
            return reference
        named = self._names.get(reference, [])
        near = [item for item in named if item.file == _file(home)] or named
        if len(near) > 1:
            places = ", ".join(item.path for item in near[:5])
            raise ValueError(f"`{reference}` is the name of several rules ({places}); name it by its id")
        return near[0].id if near else None


def _file(info: RuleInfo) -> str:
    return info.path.rpartition(":")[0]


def _resolved(item: Correlation, book: _Book) -> Correlation:
    found = {name: book.find(name, item.info) for name in item.rules}
    if missing := [name for name, number in found.items() if number is None]:
        raise ValueError(f"refers to rules that are not loaded: {', '.join(missing)}")
    ids = {name: number for name, number in found.items() if number is not None}
    if len(set(ids.values())) != len(ids):
        raise ValueError("names the same rule twice, once by its name and once by its id")
    terms = tuple(
        Term(tuple(ids[name] for name in each.seen), tuple(ids[n] for n in each.absent)) for each in item.terms
    )
    aliases = {alias: _alias(alias, fields, item, book) for alias, fields in item.aliases.items()}
    return replace(item, rules=tuple(ids.values()), terms=terms, aliases=aliases)


def _alias(alias: str, fields: Mapping[str, str], item: Correlation, book: _Book) -> dict[str, str]:
    found = {}
    for name, field in fields.items():
        number = book.find(name, item.info)
        if number is None:
            raise ValueError(f"the alias `{alias}` refers to a rule that is not loaded: {name}")
        found[number] = field
    return found


def _ordered(items: Sequence[Correlation], issues: list[RuleError]) -> list[Correlation]:
    """Return the correlations, each after those it refers to; those in or over a circle become issues."""
    by_id = {item.info.id: item for item in items}
    depth: dict[str, int] = {}
    ordered: list[Correlation] = []
    left = list(items)
    while left:
        ready = [item for item in left if all(name in depth for name in item.rules if name in by_id)]
        if not ready:
            break
        for item in ready:
            depth[item.info.id] = 1 + max((depth[name] for name in item.rules if name in by_id), default=0)
        left = [item for item in left if item.info.id not in depth]
        ordered += ready
    issues.extend(_issue(f"refers to itself: {_circle(item, by_id, depth)}", item) for item in left)
    deep = {item.info.id for item in ordered if depth[item.info.id] > MAX_CHAIN}
    issues.extend(
        _issue(f"is a correlation of correlations more than {MAX_CHAIN} deep", item)
        for item in ordered
        if item.info.id in deep
    )
    return [item for item in ordered if item.info.id not in deep]


def _circle(item: Correlation, by_id: Mapping[str, Correlation], done: Mapping[str, int]) -> str:
    path = [item]
    while True:
        number = next(name for name in path[-1].rules if name in by_id and name not in done)
        path.append(by_id[number])
        if any(path[-1] is earlier for earlier in path[:-1]):
            return " -> ".join(each.name for each in path)
