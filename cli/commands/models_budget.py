"""`kulla models budget` and `fairness`: what was promised and given each week, and whom models alert on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

import typer

from cli.document import Column, Listing
from cli.options import Format, Output, Since, Until, command, window
from cli.output import target
from cli.session import Session

_WEEK_FIELDS = ("from", "to", "model", "promised", "given", "kept", "true_positives", "false_positives")
_WEEK_COLUMNS = (
    Column(field="from", heading="From", whole=True),
    Column(field="to", heading="To", whole=True),
    Column(field="model", heading="Model", whole=True),
    Column(field="promised", heading="Promised", number=True),
    Column(field="given", heading="Given", number=True),
    Column(field="kept", heading="Kept"),
    Column(field="true_positives", heading="Held up", number=True),
    Column(field="false_positives", heading="False", number=True),
)
_RATE_FIELDS = ("by", "group", "observations", "alerts", "rate", "low", "high", "differs")
_RATE_COLUMNS = (
    Column(field="group", heading="Group"),
    Column(field="observations", heading="Judged", number=True),
    Column(field="alerts", heading="Alerts", number=True),
    Column(field="rate", heading="Share", number=True),
    Column(field="low", heading="From", number=True),
    Column(field="high", heading="To", number=True),
    Column(field="differs", heading="Differs"),
)


def register_budget(app: typer.Typer) -> None:
    """Add the commands to `kulla models`."""

    @command(app, "budget")
    def budget(
        session: Session,
        *,
        weeks: Annotated[int, typer.Option("--weeks", metavar="N", min=1, max=53, help="How many, back from now.")] = 4,
        fmt: Format = None,
        output: Output = None,
    ) -> None:
        """Report each week how many alerts models promised and gave, and what people judged them to be.

        A week is kept where what was given is within a fifth of what was promised, or one alert of it. The budget is
        the setting models.budget; nothing is promised for the time before the first model was trained.
        """
        from cli.modelling import running, shelf
        from engine.anomaly.reporting import weeks as reported

        out = target(session, fmt, output)
        models, place = running(session), shelf(session)
        trained = [datetime.fromisoformat(place.versions(item.model.name)[-1].created) for item in models]
        with session.open_store() as store:
            alerts = store.alerts(since=session.now() - timedelta(days=7 * weeks))
        shares = {item.model.name: item.share for item in models}
        found = reported(alerts, shares, min(trained, default=session.now()), session.now(), weeks)
        rows = [
            {
                "from": f"{week.begin:%Y-%m-%d}",
                "to": f"{week.end:%Y-%m-%d}",
                "model": week.model,
                "promised": round(week.promised, 1),
                "given": week.given,
                "kept": "yes" if week.kept else "no",
                "true_positives": week.true,
                "false_positives": week.false,
            }
            for week in found
        ]
        out.write(
            Listing(
                name="budget", title="Alerts promised and given", columns=_WEEK_COLUMNS, rows=rows, fields=_WEEK_FIELDS
            )
        )
        session.hint("kulla alerts list" if rows else "kulla models promote NAME")

    @command(app, "fairness")
    def fairness(
        session: Session,
        name: Annotated[str, typer.Argument(metavar="NAME", help="The model's name (kulla models list).")],
        *,
        by: Annotated[Literal["office", "shift"], typer.Option("--by", help="What people are grouped by.")] = "office",
        since: Since = None,
        until: Until = None,
        fmt: Format = None,
        output: Output = None,
    ) -> None:
        """Compare how often a model alerts on each office or shift (seven days, unless told otherwise).

        A group with fewer than 20 observations is joined to the other small ones; these are left out where they are
        too few together. Shares stand with 95 % intervals; a group differs where its interval does not meet that of the
        rest.
        """
        from cli.commands.models_score import chosen
        from cli.modelling import observed
        from engine.anomaly.fairness import by_group

        out = target(session, fmt, output)
        model = chosen(session, name, None)
        span = window(session, since, until)
        before = span.before or session.now()
        with session.open_store() as store:
            table = observed(store, model.model, span.since or before - timedelta(days=7), before)
        rows = [
            {
                "by": by,
                "group": rate.group or "(no group known)",
                "observations": rate.count,
                "alerts": rate.alerts,
                "rate": round(rate.alerts / rate.count, 5),
                "low": round(rate.low, 5),
                "high": round(rate.high, 5),
                "differs": "yes" if rate.differs else "no",
            }
            for rate in by_group(table, model.fitted.score(table), model.threshold)[by]
        ]
        out.write(
            Listing(
                name="fairness",
                title=f"Alerts of {name} by {by}",
                columns=_RATE_COLUMNS,
                rows=rows,
                fields=_RATE_FIELDS,
            )
        )
        session.hint(f"kulla models show {name}")
