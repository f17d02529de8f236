"""`kulla rules test RULE --over 30d`: what rules would have alerted on, their noise and cost, and useful filters."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli import rulesets
from cli.document import Column, Grid, Lines, Listing, Pairs, Report, Row, Section
from cli.options import moment
from cli.output import REPORT_FORMATS, target
from cli.rulesets import only
from cli.session import Session
from cli.tailoring import Own
from engine.errors import NotFoundError

if TYPE_CHECKING:
    from engine.sigma.rules import LogSource, Rule, RuleSet
    from engine.store.protocol import Store
    from engine.tuning.suggesting import Suggestion
    from engine.tuning.trial import Outcome, Trial

_FIELDS = (
    *("rule", "name", "level", "alerts", "per_day", "days", "hosts", "users", "true_positives", "false_positives"),
    *("cost", "path"),
)
_COLUMNS = (
    Column(field="alerts", heading="Alerts", number=True),
    Column(field="per_day", heading="A day", number=True),
    Column(field="level", heading="Level", whole=True),
    Column(field="cost", heading="Cost", whole=True),
    Column(field="false_positives", heading="False", number=True),
    Column(field="name", heading="Rule"),
)
_MOST_ROWS = 10


def try_rules(
    session: Session,
    which: Sequence[str],
    *,
    over: str,
    until: str | None,
    rules: list[str] | None,
    own: Own,
    fmt: str | None,
    output: str | None,
) -> None:
    """Try rules over the store: one report for a single rule, else a table by noise."""
    loaded, chosen = _chosen(session, which, rules, own)
    out = target(session, fmt, output, allowed=REPORT_FORMATS if len(chosen) == 1 else (*REPORT_FORMATS, "csv"))
    before = moment("--until", until, session.now()) or session.now()
    since = moment("--over", over, before)
    with session.open_store() as store:
        trial = _tried(store, loaded, since, before)
        days = max(1.0, (before - since).total_seconds() / 86400) if since is not None else 1.0
        judged = _judged(store, trial)
        if len(chosen) == 1:
            outcome = trial.outcomes[next(iter(chosen))]
            out.write(_report(outcome, trial, loaded, days, judged.get(outcome.rule.id, {})))
        else:
            rows = [_row(item, loaded, days, judged.get(item.rule.id, {})) for item in _noisy(trial)]
            listing = Listing(
                name="rules", title="Noise and cost", columns=_COLUMNS, rows=rows, fields=_FIELDS, empty="no alerts"
            )
            out.write(listing)
    _tell(session, loaded, trial)
    session.hint("kulla rules test RULE --over 30d" if len(chosen) != 1 else "kulla rules filters")


def _chosen(
    session: Session, which: Sequence[str], rules: list[str] | None, own: Own
) -> tuple[RuleSet, frozenset[str]]:
    """Return the rules to try and the ids of those that were named (empty: all of them).

    A word may be a file or folder of rules, which need not be installed, or an id or title among `--rules`.
    """
    paths = [word for word in which if _is_path(session, word)]
    words = [word for word in which if word not in paths]
    places = rulesets.rule_paths(session, [*paths, *(rules or [])] if paths and not words else rules)
    if paths and words:
        places = [*places, *rulesets.rule_paths(session, paths)]
    loaded = rulesets.loaded(session, list(dict.fromkeys(places)), own)
    ids = frozenset(rulesets.find(loaded, word).id for word in words)
    if ids and paths:
        ids |= _alerting_of(rulesets.loaded(session, rulesets.rule_paths(session, paths), own))
    if not ids and paths and not rules:
        ids = _alerting_of(loaded)
        if not ids:
            raise NotFoundError("no rule in there can be loaded", where=paths[0], hint="kulla rules check PATH")
    return (only(loaded, ids) if ids else loaded), ids


def _alerting_of(rules: RuleSet) -> frozenset[str]:
    infos = [*(rule.info for rule in rules.alerting), *(item.info for item in rules.correlations)]
    return frozenset(info.id for info in infos) - rules.silent()


def _is_path(session: Session, word: str) -> bool:
    path = Path(word).expanduser()
    return word != rulesets.OWN and (path if path.is_absolute() else session.cwd / path).exists()


def _tried(store: Store, rules: RuleSet, since: datetime | None, before: datetime) -> Trial:
    from engine.sigma.engine import Engine
    from engine.tuning.trial import Attempt

    return Attempt(Engine(rules), time.process_time).over(store, since, before)


def _judged(store: Store, trial: Trial) -> Mapping[str, Mapping[int, str]]:
    """Return the verdicts on alerts that the store knows, by rule and by place among its samples."""
    found: dict[str, dict[int, str]] = {}
    for item in trial.outcomes.values():
        known = store.known_alerts(item.ids) if item.ids else {}
        verdicts = {place: known[number].verdict for place, number in enumerate(item.ids) if number in known}
        found[item.rule.id] = {place: verdict for place, verdict in verdicts.items() if verdict is not None}
    return found


def _noisy(trial: Trial) -> Sequence[Outcome]:
    from engine.tuning.trial import noisiest

    return noisiest(trial)


def _row(item: Outcome, rules: RuleSet, days: float, judged: Mapping[int, str]) -> Row:
    verdicts = list(judged.values())
    return {
        "rule": item.rule.id,
        "name": item.rule.name,
        "level": item.rule.level.label,
        "alerts": item.alerts,
        "per_day": round(item.alerts / days, 2),
        "days": len(item.days),
        "hosts": _distinct(item, "host.name"),
        "users": _distinct(item, "user.name"),
        "true_positives": verdicts.count("true-positive"),
        "false_positives": verdicts.count("false-positive") + verdicts.count("benign"),
        "cost": _cost(item.rule.id, rules)[0],
        "path": item.rule.path,
    }


def _distinct(item: Outcome, name: str) -> int:
    return len({str(value) for fields in item.samples if (value := fields.get(name)) is not None})


def _cost(number: str, rules: RuleSet) -> tuple[str, str]:
    """Return the cost class of a rule (of a correlation: the worst of the rules it counts), and why."""
    from engine.sigma.checking.cost import cost

    order = ("light", "medium", "heavy")
    found = [cost(rule, rules.predicates) for rule in _counted(number, rules)]
    worst = max(found, key=lambda item: order.index(item.grade), default=None)
    return (worst.grade, worst.why) if worst is not None else ("", "")


def _counted(number: str, rules: RuleSet) -> Iterator[Rule]:
    wanted = {number}
    for item in reversed(rules.correlations):
        if item.info.id in wanted:
            wanted.update(item.rules)
    yield from (rule for rule in rules.alerting if rule.info.id in wanted)


def _report(item: Outcome, trial: Trial, rules: RuleSet, days: float, judged: Mapping[int, str]) -> Report:
    grade, why = _cost(item.rule.id, rules)
    found = _suggested(item, rules, judged)
    row = dict(_row(item, rules, days, judged))
    record = {
        **row,
        "events": trial.events,
        "cpu_seconds": round(trial.seconds, 3),
        "cost_why": why,
        "by_day": {str(day): count for day, count in sorted(item.days.items())},
        "suggestions": [_told(each) for each in found],
    }
    share = f"{trial.seconds:.2f} CPU s for {trial.events:,} events, alone"
    head = (
        ("Rule", item.rule.id),
        ("Level", item.rule.level.label),
        ("Would have alerted", f"{item.alerts:,} times on {len(item.days):,} days, {row['per_day']} a day"),
        ("Hosts, users", f"{row['hosts']:,}, {row['users']:,}"),
        ("Judged", f"{row['true_positives']} true, {row['false_positives']} false or benign" if judged else ""),
        ("Cost", f"{grade}: {why}; {share}"),
    )
    sections = [Section(heading="", body=Pairs(rows=head))]
    if item.days:
        busy = [{"day": str(day), "alerts": count} for day, count in sorted(item.days.items())]
        columns = (
            Column(field="day", heading="Day", whole=True),
            Column(field="alerts", heading="Alerts", number=True),
        )
        worst = sorted(
            sorted(busy, key=lambda each: -int(str(each["alerts"])))[:_MOST_ROWS], key=lambda e: str(e["day"])
        )
        sections.append(Section(heading="Worst days", body=Grid(columns=columns, rows=worst)))
    for number, each in enumerate(found, 1):
        sections.append(Section(heading=f"Filter {number}: {_hides(each)}", body=_filter_lines(each)))
    return Report(name="trial", title=item.rule.name, record=record, sections=tuple(sections))


def _hides(item: Suggestion) -> str:
    where = f" on {', '.join(item.hosts)}" if item.hosts else ""
    who = f" by {', '.join(item.users)}" if item.users else ""
    return f"would hide {item.alerts:,} of {item.of:,} alerts{where}{who}"


def _filter_lines(item: Suggestion) -> Lines:
    return Lines(lines=item.filter.splitlines(), verbatim=True)


def _told(item: Suggestion) -> Row:
    return {
        "conditions": dict(item.conditions),
        "alerts": item.alerts,
        "of": item.of,
        "hosts": item.hosts,
        "users": item.users,
        "filter": item.filter,
    }


def _suggested(item: Outcome, rules: RuleSet, judged: Mapping[int, str]) -> list[Suggestion]:
    """Return filters for a rule; correlations are filtered by filtering the rules they count."""
    from engine.tuning.suggesting import suggestions

    rule = next((each for each in rules.alerting if each.info.id == item.rule.id), None)
    if rule is None or not item.samples:
        return []
    true = [place for place, verdict in judged.items() if verdict == "true-positive"]
    return suggestions(
        item.rule, rule.logsource, item.samples, true_positives=true, hides_tests=_Tests(rule.info.path, rule.logsource)
    )


class _Tests:
    """Tells whether a filter would hide what a rule's own tests find."""

    def __init__(self, path: str, source: LogSource) -> None:
        self._path = Path(path.rpartition(":")[0])
        self._source = source

    def __call__(self, text: str) -> bool:
        """Try the rule's tests with the filter."""
        from detections.catalogue import CatalogueError, read_evidence
        from engine.sigma.documents import compile_files
        from engine.sigma.engine import Engine
        from engine.sigma.evidence import Prover
        from engine.sigma.tailoring import Tailoring

        try:
            carried = read_evidence(self._path)
            content = self._path.read_bytes()
        except (CatalogueError, OSError):
            return False  # a rule without tests of its own, or one in a zip
        if carried is None:
            return False
        filtered = Tailoring(filters=(("suggestion", text.encode()),))
        prover = Prover(Engine(compile_files([(str(self._path), content)], filtered)))
        return not all(prover.fires(carried.rule, test.events) for test in carried.tests if test.match)


def _tell(session: Session, rules: RuleSet, trial: Trial) -> None:
    total = sum(item.alerts for item in trial.outcomes.values())
    session.say(f"{trial.events:,} events looked at, {total:,} alerts would have been raised; nothing was written")
    tell_lacks(session, trial)
    rulesets.tell_excluded(session, rules, trial.excluded)


def tell_lacks(session: Session, trial: Trial) -> None:
    """Tell what a trial could not look at, or had no room for."""
    for label, count in trial.left_out.items():
        session.issue(rulesets.left_out(label, count))
    for gap in trial.missing:
        session.issue(rulesets.unread(gap.reason))
