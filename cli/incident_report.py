"""The report of an incident: its sections for every format, and the drawings of the HTML page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from cli.document import Column, Grid, Lines, Pairs, Report, Row, Section
from cli.formats.report_drawing import Drawing, Edge, Mark, Node, graph, timeline
from cli.report_words import report_words
from cli.settings_table import Lang
from cli.views import SHORT, SHORTEST, incident_record, kind_in, term_rows, told_in
from cli.words import word_for
from cli.words import words as general_words
from engine.attack.comparing import display
from engine.attack.tags import TACTICS
from engine.attack.words import tactic_name, tactic_names
from engine.entities import Entity, entities_of
from engine.events import instant
from engine.incidents import albanian
from engine.incidents.model import Moment
from engine.incidents.spelling import folded
from playbooks.ledger import Record
from playbooks.ledger.kinds import kind_words
from playbooks.model import APPROVERS_NEEDED, PHASE_NAMES
from playbooks.papers.casefile import CaseFile, Course
from playbooks.papers.doings import OUTCOME_WORDS, clock_line
from playbooks.papers.drafts import mask_of
from playbooks.papers.facts import LEVELS, few

_LONGEST = 240  # characters of what a line of the timeline says
_NODES = 22
_BOXES = {"done": "☑", "approved": "☑"}  # beside the word, which says it all
_TABLE_NODES = 40
_COLUMNS = ("user", "host", "ip", "domain", "mailbox", "service", "file", "process", "url", "hash")
_DRAWN = ("user", "host", "ip", "file")  # the columns of the drawing; the table has the others too
_SPLIT = frozenset({"stealth", "defense-impairment"})  # v19's names; without them ATT&CK has v18's fourteen


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What examining the ledger found: how many records, the root of its tree (hex), and the first problem or none."""

    size: int
    root: str
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A report and the drawings of its sections, by their headings."""

    document: Report
    drawings: Mapping[str, Drawing]


class Teller:
    """Builds the report of one case. Every text passes `over`, which puts pseudonyms in place of persons."""

    def __init__(self, case: CaseFile, standing: Standing, lang: Lang, *, names: bool) -> None:
        self._case = case
        self._told = told_in(case.incident, lang)
        self._standing = standing
        self._lang: Lang = lang
        self._words = report_words(lang)
        self._mask = None if names else mask_of(case, lang)
        self._over: Callable[[str], str] = self._mask.over if self._mask else str

    def tell(self) -> Told:
        """Return the report with its drawings."""
        words = self._words
        sections = tuple(self._sections())
        drawings = {words.timeline: self._timeline_drawing(), words.graph: self._graph_drawing()}
        document = Report(
            name="report",
            title=self._over(self._told.title),
            record=self._record(),
            sections=sections,
            lang=self._lang,
        )
        return Told(document=document, drawings=drawings)

    def _record(self) -> Row:
        """Return the incident's record for JSON: with pseudonyms too."""
        return {name: self._masked(value) for name, value in incident_record(self._case.incident).items()} | {
            "ledger": {"size": self._standing.size, "root": self._standing.root, "problem": self._standing.problem}
        }

    def _masked(self, value: object) -> object:
        match value:
            case str():
                return self._over(value)
            case list() | tuple():
                return [self._masked(item) for item in value]
            case dict():
                return {key: self._masked(item) for key, item in value.items()}
            case _:
                return value

    def _sections(self) -> Iterator[Section]:
        words, case = self._words, self._case
        yield Section(heading=words.glance, body=self._glance())
        lines = tuple(self._over(clock_line(clock, case.now).in_language(self._lang)) for clock in case.clocks)
        yield Section(heading=words.clocks, body=Lines(lines=lines))
        yield Section(heading=words.timeline, body=self._timeline())
        yield Section(heading=words.graph, body=self._entities())
        yield Section(heading=words.attack, body=self._attack())
        for course in case.courses:
            title = course.guide.playbook.title.in_language(self._lang)
            yield Section(heading=words.steps.format(playbook=title), body=self._steps(course))
        yield Section(heading=words.decisions, body=self._decisions())
        yield Section(heading=words.proofs, body=self._proofs())
        if case.case.evidence:
            yield Section(heading=words.evidence, body=self._evidence())
        yield Section(heading=words.score, body=self._score())
        yield Section(heading=words.joins, body=self._joins())
        if case.incident.links:
            yield Section(heading=words.linked, body=self._links())

    def _glance(self) -> Pairs:
        words, case, incident = self._words, self._case, self._case.incident
        kinds = Counter(entity.kind for entity in _distinct(case.entities))
        persons = words.named
        if self._mask:
            template = words.numbers if case.pseudonym is None else words.pseudonyms
            persons = template.format(count=self._mask.persons)
        rows = (
            (words.persons, persons),
            (words.status, word_for(general_words(self._lang), incident.status)),
            (words.severity, LEVELS[incident.severity].in_language(self._lang)),
            (words.score, f"{incident.score:.0f}"),
            (words.period, f"{instant(incident.first_seen)} / {instant(incident.last_seen)}"),
            (words.opened, instant(incident.opened)),
            (words.aware, f"{instant(case.aware)} ({case.aware_by.in_language(self._lang)})"),
            (words.owner, self._over(case.case.owner)),
            (words.alerts, len(incident.alerts)),
            (words.hosts, kinds["host"]),
            (words.accounts, kinds["user"]),
            (words.campaign, incident.campaign),
            (words.likely, case.likely),
        )  # fmt: skip
        return Pairs(rows=rows)

    def _timeline(self) -> Grid:
        """Return one row for each rule, in the order in which they first fired."""
        words = self._words
        by_rule: dict[str, list[Moment]] = {}
        for moment in self._told.timeline:
            by_rule.setdefault(moment.rule_id, []).append(moment)
        rows = [
            {
                "first": instant(found[0].timestamp)[:19].replace("T", " "),
                "last": instant(found[-1].timestamp)[:19].replace("T", " "),
                "level": LEVELS[found[0].level].in_language(self._lang),
                "times": len(found),
                "host": self._over(few(list(dict.fromkeys(moment.host for moment in found if moment.host)), 3)),
                "rule": found[0].rule_name,
                "what": self._over(found[0].summary[:_LONGEST]),
                "tactic": tactic_names(found[0].tactics, self._lang),
            }
            for found in by_rule.values()
        ]
        return _grid(rows, first=words.first, last=words.last, level=words.level, times=words.times, host=words.hosts,
                     rule=words.rule, what=words.what, tactic=words.tactic, numbers=("times",),
                     whole=("first", "last", "level"))  # fmt: skip

    def _timeline_drawing(self) -> Drawing:
        marks = [
            Mark(lane=tactic_name(tactic, self._lang), at=moment.timestamp, level=moment.level)
            for moment in self._case.incident.timeline
            for tactic in moment.tactics or ("-",)
        ]
        title = self._words.timeline_picture
        return Drawing(svg=timeline(marks, title), caption=f"{title}. {self._words.legend}")

    def _shared(self) -> tuple[list[Entity], Counter[Entity], Counter[tuple[Entity, Entity]]]:
        """Return the entities (the ones in most alerts first), how many alerts each is in, and each two of them."""
        spelled: dict[tuple[str, str], Entity] = {}
        alone: Counter[Entity] = Counter()
        pairs: Counter[tuple[Entity, Entity]] = Counter()
        for alert in self._case.counted:
            here = {spelled.setdefault((entity.kind, folded(entity)), entity) for entity in entities_of(alert.fields)}
            alone.update(here)
            pairs.update(combinations(sorted(here), 2))
        order = sorted(alone, key=lambda entity: (-alone[entity], entity))
        return order, alone, pairs

    def _entities(self) -> Grid:
        words = self._words
        order, alone, pairs = self._shared()
        beside: dict[Entity, Counter[Entity]] = {}
        for (one, other), count in pairs.items():
            beside.setdefault(one, Counter())[other] += count
            beside.setdefault(other, Counter())[one] += count
        rows = [
            {
                "kind": kind_in(entity.kind, self._lang),
                "entity": self._over(entity.value),
                "count": alone[entity],
                "together": self._together(beside.get(entity, Counter())),
            }
            for entity in order[:_TABLE_NODES]
        ]  # fmt: skip
        return _grid(rows, kind=words.kind, entity=words.entity, count=words.count, together=words.together,
                     numbers=("count",))  # fmt: skip

    def _together(self, beside: Counter[Entity]) -> str:
        return few([f"{self._over(other.value)} ({count})" for other, count in beside.most_common(20)], 5)

    def _graph_drawing(self) -> Drawing:
        order, _, pairs = self._shared()
        chosen = sorted(
            [entity for entity in order if entity.kind in _DRAWN][:_NODES],
            key=lambda entity: _COLUMNS.index(entity.kind),
        )
        place = {entity: number for number, entity in enumerate(chosen)}
        nodes = [Node(column=entity.kind, name=self._over(_brief(entity))) for entity in chosen]
        edges = [
            Edge(one=place[one], other=place[other], alerts=count)
            for (one, other), count in sorted(pairs.items())
            if one in place and other in place
        ]
        title = self._words.graph_picture
        return Drawing(svg=graph(nodes, edges, title), caption=f"{title}.")

    def _attack(self) -> Grid:
        words, incident = self._words, self._case.incident
        by_tactic: dict[str, set[str]] = {}
        count: Counter[str] = Counter()
        for moment in incident.timeline:
            for tactic in moment.tactics:
                by_tactic.setdefault(tactic, set()).update(moment.techniques)
                count[tactic] += 1
        split = _SPLIT & set(incident.tactics)
        names = [name for name in TACTICS if name not in (_SPLIT if not split else {"defense-evasion"})]
        names += [name for name in incident.tactics if name not in names]
        rows = [
            {
                "tactic": tactic_name(name, self._lang),
                "reached": words.yes if name in incident.tactics else words.no,
                "count": count[name],
                "techniques": tuple(display(item) for item in sorted(by_tactic.get(name, ()))),
            }
            for name in names
        ]
        return _grid(rows, tactic=words.tactic, reached=words.reached, count=words.count, techniques=words.techniques,
                     numbers=("count",))  # fmt: skip

    def _steps(self, course: Course) -> Grid:
        words, lang = self._words, self._lang
        rows = []
        for item in course.guide.steps:
            found = course.state.decisions.get(item.step.id) if course.state else None
            outcome = OUTCOME_WORDS[found.outcome].in_language(lang) if found else words.to_do
            rows.append({
                "state": f"{_BOXES.get(found.outcome, '☒') if found else '☐'} {outcome}",
                "number": item.number,
                "step": item.step.title.in_language(lang),
                "phase": PHASE_NAMES[item.step.phase].in_language(lang),
                "approval": APPROVERS_NEEDED[item.step.approval],
                "who": self._over(f"{found.actor}, {found.at[:16]}") if found else "",
            })  # fmt: skip
        return _grid(rows, state=words.state, number="#", step=words.step, phase=words.phase, approval=words.approval,
                     who=words.who, numbers=("number", "approval"), whole=("state",))  # fmt: skip

    def _decisions(self) -> Grid | Lines:
        words = self._words
        if not self._case.records:
            return Lines(lines=(words.nothing,))
        rows = [
            {
                "record": record.sequence,
                "at": record.at[:19].replace("T", " "),
                "who": self._over(record.actor),
                "what": self._over(_what(record, self._lang)),
                "reason": self._over(str(record.details.get("reason", ""))),
                "digest": record.digest[:16],
            }
            for record in self._case.records
        ]  # fmt: skip
        return _grid(rows, record=words.record, at=words.at, who=words.who, what=words.what, reason=words.reason,
                     digest=words.digest, numbers=("record",), whole=("at",))  # fmt: skip

    def _proofs(self) -> Pairs:
        words, standing = self._words, self._standing
        last = self._case.records[-1].sequence if self._case.records else None
        holds = words.broken.format(problem=standing.problem) if standing.problem else words.holds
        return Pairs(
            rows=(
                (words.proofs, holds),
                (words.size, standing.size),
                (words.root, standing.root),
                (words.verify, "kulla ledger verify"),
                (words.prove, f"kulla ledger prove {last}" if last else ""),
            )
        )

    def _evidence(self) -> Grid:
        words = self._words
        rows = [
            {
                "at": instant(item.at)[:16],
                "who": self._over(item.actor),
                "file": self._over(item.name),
                "sha256": item.sha256,
                "what": self._over(item.what),
            }
            for item in self._case.case.evidence
        ]  # fmt: skip
        return _grid(rows, at=words.at, who=words.who, file=words.file, sha256="SHA-256", what=words.what)

    def _score(self) -> Grid:
        words, change = self._words, albanian.change if self._lang == "sq" else str
        rows = [
            {
                "points": f"{row['points']:.1f}",
                "term": self._over(str(row["term"])),
                "change": change(str(row["change"])),
            }
            for row in term_rows(self._told)[:40]
        ]
        return _grid(rows, points=words.points, term=words.term, change=words.change, numbers=("points",))

    def _joins(self) -> Grid:
        words = self._words
        different = {join.reason: join for join in reversed(self._told.joins)}
        found = sorted(different.values(), key=lambda join: (join.confidence, join.reason))[:20]
        rows = [
            {
                "alert": join.alert_id[:SHORTEST],
                "confidence": f"{join.confidence:.2f}",
                "reason": self._over(join.reason),
            }
            for join in found
        ]
        return _grid(rows, alert=words.alert, confidence=words.confidence, reason=words.reason, numbers=("confidence",))

    def _links(self) -> Grid:
        words = self._words
        rows = [
            {
                "incident": link.incident[:SHORT],
                "confidence": f"{link.confidence:.2f}",
                "reason": self._over(link.reason),
            }
            for link in self._told.links
        ]
        return _grid(
            rows, incident=words.linked, confidence=words.confidence, reason=words.reason, numbers=("confidence",)
        )


def _brief(entity: Entity) -> str:
    """Return what tells an entity from others in a small box: a host without its domain, a file without its folder."""
    if entity.kind == "host" and not entity.value[:1].isdigit():
        return entity.value.partition(".")[0]
    if entity.kind == "file":
        return entity.value.replace("\\", "/").rpartition("/")[2] or entity.value
    return entity.value


def _distinct(entities: Sequence[Entity]) -> list[Entity]:
    return list({(entity.kind, folded(entity)): entity for entity in entities}.values())


def _grid(rows: Sequence[Row], *, numbers: Sequence[str] = (), whole: Sequence[str] = (), **headings: str) -> Grid:
    columns = tuple(
        Column(field=name, heading=heading, number=name in numbers, whole=name in whole)
        for name, heading in headings.items()
    )
    return Grid(columns=columns, rows=rows)


def _what(record: Record, lang: Lang) -> str:
    """Return what a record of the ledger decides: its kind, with the step and its outcome where it has them."""
    named = [str(record.details[key]) for key in ("step", "outcome", "field", "deadline") if key in record.details]
    kind = kind_words(record.kind, lang)
    return f"{kind}: {' '.join(named)}" if named else kind
