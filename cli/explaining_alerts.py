"""What `kulla alerts explain` shows: the alert's rule on the alert's own events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cli.commands.rules_explain import explainer_of
from cli.document import Column, Grid, Pairs, Report, Section
from cli.explaining import correlation_report, record_of, sections, verdict
from cli.session import Session
from cli.views import reason_row
from engine.alerts import Alert
from engine.errors import InputError
from engine.events import Event, instant
from engine.sigma.explaining import explain_correlation
from engine.sigma.rules import RuleSet
from engine.sigma.tailoring import Tailoring

MAX_EVENTS = 5  # events of one rule's alert that are explained one by one


def explained(
    session: Session, alert: Alert, events: Mapping[str, Event], rules: RuleSet, tailoring: Tailoring
) -> Report:
    """Return the explanation of an alert. What is missing (the rule, an event) is told, with the reasons kept then."""
    known = [events[item.id] for item in alert.events if item.id in events]
    if len(known) < len(alert.events):
        gone = f"{len(alert.events) - len(known):,} of its {len(alert.events):,} events are no longer in the store"
        session.issue(InputError(gone, where=f"alert {alert.id}", hint="kulla store status"))
    correlation = next((item for item in rules.correlations if item.info.id == alert.rule.id), None)
    rule = next((item for item in rules.alerting if item.info.id == alert.rule.id), None)
    if correlation is not None and known:
        found = explain_correlation(rules, correlation, ((item.id, item.fields, item.original) for item in known))
        told = correlation_report(found, events=len(known))
        return replace(
            told, record={**_record(alert, rules), **told.record}, sections=(*_head(alert, rules), *told.sections)
        )
    parts, records = list(_head(alert, rules)), []
    if rule is not None:
        explainer = explainer_of(rules, rule, tailoring)
        for event in known[:MAX_EVENTS]:
            item = explainer.explain(event.fields, event.original)
            records.append({**record_of(item), "source": str(event.origin)})
            head = Pairs(rows=(("Event", str(event.origin)), ("Now", verdict(item))))
            parts += [Section(heading=f"Event {event.id}", body=head), *sections(item)]
    record = {**_record(alert, rules), "events": records}
    return Report(name="explanation", title=alert.rule.name, record=record, sections=tuple(parts))


def _head(alert: Alert, rules: RuleSet) -> tuple[Section, ...]:
    rows = (
        ("Alert", alert.id),
        ("Time (UTC)", instant(alert.timestamp)),
        ("Rule", alert.rule.id),
        ("Rule file", alert.rule.path),
        ("Rule since", _since(alert, rules)),
    )
    columns = tuple(Column(field=name, heading=name.capitalize()) for name in ("field", "predicate", "value"))
    reasons = Grid(columns=columns, rows=[reason_row(item) for item in alert.why])
    return (Section(heading="", body=Pairs(rows=rows)), Section(heading="Why it fired then", body=reasons))


def _since(alert: Alert, rules: RuleSet) -> str:
    """Say what became of the rule since the alert."""
    infos = [*(item.info for item in rules.alerting), *(item.info for item in rules.correlations)]
    now = next((info for info in infos if info.id == alert.rule.id), None)
    if now is None:
        return "it is not loaded now (--rules): only what was kept with the alert can be told"
    return "unchanged" if now.version == alert.rule.version else "it was changed since: explained as it is now"


def _record(alert: Alert, rules: RuleSet) -> dict[str, object]:
    return {
        "id": alert.id,
        "rule.id": alert.rule.id,
        "rule.name": alert.rule.name,
        "rule.since": _since(alert, rules),
        "why": [reason_row(item) for item in alert.why],
    }
