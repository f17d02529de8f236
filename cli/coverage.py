"""What `kulla rules list` and `kulla rules coverage` say: how rules stand, by rule, by log source and by tactic."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cli.document import Column, Row
from cli.session import Session
from engine.attack import TACTICS, canonical, in_order, tactics, techniques

if TYPE_CHECKING:
    from engine.errors import RuleError
    from engine.sigma.coverage import Standing, Surveyor
    from engine.sigma.rules import RuleSet
    from engine.sigma.techniques import Told


def _shown(row: Row) -> str:
    return " ".join(str(row[name]) for name in ("product", "category", "service") if row[name])


def _percent(share: object) -> str:
    return f"{float(share):.0%}" if isinstance(share, int | float) else ""


def _count(items: object) -> int:
    return len(items) if isinstance(items, Sequence) else 0


SOURCE_FIELDS = (
    *("product", "category", "service", "rules", "loaded", "can_fire", "fields", "mapped", "mapped_share", "absent"),
    *("unknown", "collectors", "techniques", "tactics"),
)
SOURCE_COLUMNS = (
    Column(field="logsource", heading="Log source", derive=_shown),
    Column(field="rules", heading="Rules", number=True),
    Column(field="loaded", heading="Loaded", number=True),
    Column(field="can_fire", heading="Fire", number=True),
    Column(field="mapped_share", heading="Mapped", derive=lambda row: _percent(row["mapped_share"])),
    Column(field="collectors", heading="Collectors"),
    Column(field="techniques", heading="Techniques", derive=lambda row: _count(row["techniques"]), number=True),
)
TACTIC_FIELDS = ("tactic", "rules", "can_fire", "techniques", "covered", "uncovered")
TACTIC_COLUMNS = (
    Column(field="tactic", heading="Tactic", whole=True),
    Column(field="rules", heading="Rules", number=True),
    Column(field="can_fire", heading="Can fire", number=True),
    Column(field="techniques", heading="Techniques", number=True),
    Column(field="covered", heading="Covered", derive=lambda row: _count(row["covered"]), number=True),
)
TECHNIQUE_FIELDS = ("technique", "name", "tactics", "exists", "can_fire", "did_fire", "proven", "rules")
TECHNIQUE_COLUMNS = (
    Column(field="technique", heading="Technique", whole=True),
    Column(field="name", heading="Name"),
    Column(field="exists", heading="Rules", number=True),
    Column(field="can_fire", heading="Can fire", number=True),
    Column(field="did_fire", heading="Did fire", number=True),
    Column(field="proven", heading="Proven", number=True),
)
# a log source of a rule that could not be loaded is told by its lines alone
_PART = re.compile(r"[ \t]{1,20}(product|category|service):[ \t]{0,20}['\"]?([A-Za-z0-9_.-]{1,80})")
_LONGEST_RULE = 256 * 1024


def surveyor(session: Session, rules: RuleSet, *, stored: bool) -> Surveyor:
    """Return what tells how rules stand; `stored` looks into the store for the events that it holds."""
    from cli.reading import own_sources
    from collectors.registry import delivered
    from engine.sigma.coverage import Surveyor, kinds_in

    seen = None
    if stored:
        with session.open_store() as store:
            seen = kinds_in(store)
    return Surveyor(rules.predicates, delivered(own_sources(session)), seen)


@dataclass(slots=True)
class _Source:
    """What is counted of one log source."""

    broken: int = 0
    standings: list[Standing] = field(default_factory=list)

    def row(self, parts: tuple[str, str, str]) -> Row:
        readings = {name: found for item in self.standings for name, found in item.fields.items()}
        mapped = [name for name, found in readings.items() if found == "mapped"]
        tags = [tag for item in self.standings if item.state == "loaded" for tag in item.rule.info.tags]
        return {
            "product": parts[0],
            "category": parts[1],
            "service": parts[2],
            "rules": len(self.standings) + self.broken,
            "loaded": len(self.standings),
            "can_fire": sum(item.state == "loaded" for item in self.standings),
            "fields": len(readings),
            "mapped": len(mapped),
            "mapped_share": round(len(mapped) / len(readings), 3) if readings else 1.0,
            "absent": sorted(name for name, found in readings.items() if found == "absent"),
            "unknown": sorted(name for name, found in readings.items() if found == "unknown"),
            "collectors": sorted({name for item in self.standings for name in item.collectors}),
            "techniques": techniques(tags),
            "tactics": tactics(tags),
        }


def by_source(rules: RuleSet, told: Iterable[Standing]) -> list[Row]:
    """Return a row for every product, category and service that rules name, in that order."""
    found: defaultdict[tuple[str, str, str], _Source] = defaultdict(_Source)
    for item in told:
        source = item.rule.logsource
        found[source.product, source.category, source.service].standings.append(item)
    for issue in rules.issues:
        found[_source_of(issue)].broken += 1
    return [found[parts].row(parts) for parts in sorted(found)]


def by_tactic(rules: RuleSet, told: Iterable[Standing]) -> list[Row]:
    """Return a row for every tactic of ATT&CK: its rules, the techniques they name, and those that can be found.

    Techniques are counted under their newest ids, so that rules of v18 and v19 do not count one of them twice.
    """
    from engine.sigma.coverage import firing

    found: defaultdict[str, list[tuple[bool, Sequence[str]]]] = defaultdict(list)
    standings = list(told)
    can = firing(rules, standings)
    for info in [*(item.rule.info for item in standings), *(item.info for item in rules.correlations)]:
        for tactic in tactics(info.tags):
            found[tactic].append((info.id in can, [canonical(technique) for technique in techniques(info.tags)]))
    return [_tactic(name, found[name]) for name in in_order({*TACTICS[:7], *TACTICS[9:], *found})]


def by_technique(session: Session, rules: RuleSet, standings: Sequence[Standing], *, stored: bool) -> list[Row]:
    """Return a row for every technique of ATT&CK: how many rules exist, can fire, did fire, are proven by tests."""
    from engine.attack.table import table
    from engine.sigma.techniques import by_technique as grouped

    return [
        {
            "technique": item.technique,
            "name": item.name,
            "tactics": item.tactics,
            "exists": len(item.rules["exists"]),
            "can_fire": len(item.rules["can-fire"]),
            "did_fire": len(item.rules["did-fire"]),
            "proven": len(item.rules["proven"]),
            "rules": [rule.id for rule in item.rules["exists"]],
        }
        for item in grouped(told_of(session, rules, standings, stored=stored), table())
    ]


def told_of(session: Session, rules: RuleSet, standings: Sequence[Standing], *, stored: bool) -> list[Told]:
    """Return what holds of each rule. `stored` asks the store which did fire; what tests prove is tried."""
    from engine.sigma.techniques import told

    fired: frozenset[str] = frozenset()
    if stored:
        with session.open_store() as store:
            fired = frozenset(alert.rule.id for alert in store.alerts())
    return told(rules, standings, fired=fired, proven=_proven(rules))


def _proven(rules: RuleSet) -> frozenset[str]:
    """Return the ids of the rules that fire on all their positive test events and on none of their near misses."""
    from detections.catalogue import CatalogueError, read_evidence
    from engine.sigma.engine import Engine
    from engine.sigma.evidence import Prover

    prover = Prover(Engine(rules))
    infos = [*(rule.info for rule in rules.alerting), *(item.info for item in rules.correlations)]
    found = set()
    for path in sorted({info.path.rpartition(":")[0] for info in infos if info.playbooks}):  # those with a block
        try:
            carried = read_evidence(Path(path))
        except CatalogueError:
            continue
        if carried is None or {test.match for test in carried.tests} != {True, False}:
            continue
        if all(prover.fires(carried.rule, test.events) is test.match for test in carried.tests):
            found.add(carried.rule)
    return frozenset(found)


def unwatched(session: Session, standings: Iterable[Standing]) -> list[Row]:
    """Return a row for each log format that is read and that no rule which can fire looks at."""
    from cli.reading import own_sources
    from collectors.registry import delivered

    watched = {name for item in standings if item.state == "loaded" for name in item.collectors}
    empty = _Source().row(("", "", ""))
    return [
        {**empty, "service": f"log format {name}", "collectors": [name]}
        for name in sorted(delivered(own_sources(session)))
        if name not in watched
    ]


def _tactic(name: str, items: Iterable[tuple[bool, Sequence[str]]]) -> Row:
    items = list(items)
    every = {technique for _, found in items for technique in found}
    covered = {technique for fires, found in items if fires for technique in found}
    return {
        "tactic": name,
        "rules": len(items),
        "can_fire": sum(fires for fires, _ in items),
        "techniques": len(every),
        "covered": sorted(covered),
        "uncovered": sorted(every - covered),
    }


def standings(rules: RuleSet, survey: Surveyor) -> list[Standing]:
    """Return how each rule stands; rules that only serve a filter are none of their own."""
    return [survey.standing(rule) for rule in rules.rules if not rule.excluded_by]


def _source_of(issue: RuleError) -> tuple[str, str, str]:
    """Return the log source of a rule that could not be loaded, empty where its file does not tell."""
    path = Path((issue.where or "").partition(".yml")[0] + ".yml")
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            lines = stream.read(_LONGEST_RULE).splitlines()
    except OSError:
        return ("", "", "")
    start = next((number for number, line in enumerate(lines) if line.startswith("logsource:")), len(lines))
    parts: dict[str, str] = {}
    for line in lines[start + 1 :]:
        if line[:1] not in {" ", "\t", "#", ""}:
            break
        if match := _PART.match(line):
            parts[match[1]] = match[2].lower()
    return (parts.get("product", ""), parts.get("category", ""), parts.get("service", ""))
