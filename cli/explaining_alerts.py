"""What `kulla alerts explain` shows: the alert's rule on the alert's own events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cli.commands.rules_explain import explainer_of
from cli.document import Column, Grid, Pairs, Report, Section
from cli.explaining import correlation_report, record_of, sections, verdict
from cli.explaining_words import ENGLISH, ExplainingWords, explaining_words
from cli.session import Session
from cli.settings_table import Lang
from cli.views import reason_row
from cli.words import word_for, words
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
        told = correlation_report(found, events=len(known), lang=session.lang)
        return replace(
            told,
            record={**_record(alert, rules), **told.record},
            sections=(*_head(alert, rules, session.lang), *told.sections),
        )
    texts = explaining_words(session.lang)
    parts, records = list(_head(alert, rules, session.lang)), []
    if rule is not None:
        explainer = explainer_of(rules, rule, tailoring)
        for event in known[:MAX_EVENTS]:
            item = explainer.explain(event.fields, event.original)
            records.append({**record_of(item), "source": str(event.origin)})
            head = Pairs(rows=((texts.event, str(event.origin)), (texts.now, verdict(item, texts))))
            parts += [Section(heading=f"{texts.event} {event.id}", body=head), *sections(item, texts)]
    record = {**_record(alert, rules), "events": records}
    return Report(name="explanation", title=alert.rule.name, record=record, sections=tuple(parts), lang=session.lang)


def _head(alert: Alert, rules: RuleSet, lang: Lang) -> tuple[Section, ...]:
    texts, general = explaining_words(lang), words(lang)
    rows = (
        (texts.alert, alert.id),
        (texts.at, instant(alert.timestamp)),
        (texts.rule, alert.rule.id),
        (texts.rule_file, alert.rule.path),
        (texts.rule_since, _since(alert, rules, texts)),
    )
    columns = tuple(Column(field=name, heading=word_for(general, name)) for name in ("field", "predicate", "value"))
    reasons = Grid(columns=columns, rows=[reason_row(item) for item in alert.why])
    return (Section(heading="", body=Pairs(rows=rows)), Section(heading=texts.why_then, body=reasons))


def _since(alert: Alert, rules: RuleSet, texts: ExplainingWords) -> str:
    """Say what became of the rule since the alert."""
    infos = [*(item.info for item in rules.alerting), *(item.info for item in rules.correlations)]
    now = next((info for info in infos if info.id == alert.rule.id), None)
    if now is None:
        return texts.not_loaded
    return texts.unchanged if now.version == alert.rule.version else texts.changed


def _record(alert: Alert, rules: RuleSet) -> dict[str, object]:
    return {
        "id": alert.id,
        "rule.id": alert.rule.id,
        "rule.name": alert.rule.name,
        "rule.since": _since(alert, rules, ENGLISH),
        "why": [reason_row(item) for item in alert.why],
    }
