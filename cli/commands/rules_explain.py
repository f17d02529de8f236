"""`kulla rules explain`: why a rule fires on an event, or what stands against it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from cli import rulesets
from cli.options import Filters, Format, Output, PipelineFiles, Placeholders, Rules, SourceName
from cli.output import REPORT_FORMATS, target
from cli.session import Session
from cli.settings_table import Lang
from cli.tailoring import Own, tailoring
from engine.errors import InputError, UsageError
from engine.events import Event

if TYPE_CHECKING:
    from cli.document import Report
    from engine.sigma.explaining import Explainer, Seen
    from engine.sigma.rules import Correlation, Rule, RuleSet
    from engine.sigma.tailoring import Tailoring

MAX_EVENTS = 100_000  # of the file that are looked at


def explain(
    session: Session,
    identifier: Annotated[str, typer.Argument(metavar="RULE", help="The rule's id, its beginning, or its title.")],
    *,
    event: Annotated[
        str, typer.Option("--event", metavar="FILE", help="A log of any kind, or events from kulla parse; - is stdin.")
    ],
    number: Annotated[
        int | None, typer.Option("--number", metavar="N", min=1, help="Explain the N-th event, not the nearest.")
    ] = None,
    source: SourceName = "auto",
    rules: Rules = None,
    filters: Filters = None,
    placeholders: Placeholders = None,
    pipeline: PipelineFiles = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Say which predicates of a rule hold for an event, which do not, and what would make it fire.

    Of several events, the first on which the rule fires is explained, else the one that comes nearest. A correlation is
    explained over all of them: its groups, their windows, and what was measured against what is asked.
    """
    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    own = Own(filters=filters, placeholders=placeholders, pipelines=pipeline)
    loaded = rulesets.load(session, rules, own=own)
    info = rulesets.find(loaded, identifier)
    events = _events(session, event, source)
    correlation = next((item for item in loaded.correlations if item.info.id == info.id), None)
    if correlation is not None:
        out.write(_over_all(loaded, correlation, events, session.lang))
    else:
        rule = next(item for item in loaded.alerting if item.info.id == info.id)
        out.write(_nearest(explainer_of(loaded, rule, tailoring(session, own)), events, number, session.lang))
    session.hint(f"kulla rules show {info.id[:12]}")


def _events(session: Session, name: str, source: str) -> Iterator[Event]:
    """Yield the events of a file; records that cannot be read become issues."""
    from cli.reading import Letters, logs, reading
    from engine.events import DeadLetter

    how = reading(session, source=source, zone=None, host=None)
    letters = Letters(session)
    for path in logs(session, [name]):
        reader = how.open(path, stdin=session.stdin)
        for item in islice(reader.records(), MAX_EVENTS):
            if isinstance(item, DeadLetter):
                letters.add(item)
            else:
                yield reader.event(item)


def explainer_of(loaded: RuleSet, rule: Rule, own: Tailoring) -> Explainer:
    """Return the explainer of a rule, with the names of its selections where its file still has them."""
    from engine.sigma.explaining import Explainer
    from engine.sigma.rereading import reread

    again = reread(loaded, rule.info, own)
    return Explainer(loaded, rule) if again is None else Explainer(*again)


def _nearest(explainer: Explainer, events: Iterator[Event], number: int | None, lang: Lang) -> Report:
    from cli.explaining import choice_told, report

    total, firing, best, place = 0, 0, None, 0
    distance: tuple[bool, int] | None = None
    for total, event in enumerate(events, start=1):
        found = explainer.distance(event.fields, event.original)
        firing += found == (False, 0)
        if total == number or (number is None and (distance is None or found < distance)):
            best, place, distance = event, total, found
    if best is None:
        raise _none(total, number)
    item = explainer.explain(best.fields, best.original)
    chosen = "as asked" if number else "the first on which it fires" if item.fires else "the nearest"
    return report(item, source=str(best.origin), looked=choice_told(place, chosen, total, firing), lang=lang)


def _none(total: int, number: int | None) -> InputError | UsageError:
    if number is not None and total:
        return UsageError(f"there are {total:,} events", where=f"--number {number}", hint=f"--number 1 to {total}")
    return InputError("no event in there", where="--event", hint="kulla parse FILE shows what is read")


def _over_all(loaded: RuleSet, item: Correlation, events: Iterator[Event], lang: Lang) -> Report:
    from cli.explaining import correlation_report
    from engine.sigma.explaining import explain_correlation

    count = 0

    def counted() -> Iterator[Seen]:
        nonlocal count
        for event in events:
            count += 1
            yield event.id, event.fields, event.original

    found = explain_correlation(loaded, item, counted())
    return correlation_report(found, events=count, lang=lang)
