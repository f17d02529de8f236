"""`kulla services`: which services come back in which order, by whom, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from cli.commands.services_run import register_run
from cli.document import Column, Listing, Row
from cli.group import sub_app
from cli.options import Format, Output, choice, command, moment
from cli.output import REPORT_FORMATS, target, write_file
from cli.session import Session
from engine.errors import UsageError

app = sub_app("Bring services back in the right order: catalogue, plan, shift sheets, progress.")
register_run(app)

CatalogueFile = Annotated[
    str | None,
    typer.Argument(metavar="[FILE]", help="The catalogue (YAML or CSV); that of the restoration under way if absent."),
]
_FIELDS = ("id", "name", "owner", "criticality", "users", "rto_hours", "rpo_hours", "depends_on", "contamination")


@command(app, "list")
def list_services(session: Session, file: CatalogueFile = None, fmt: Format = None, output: Output = None) -> None:
    """List the services of a catalogue, after checking all of it (unknown dependencies, circles, missing hours)."""
    from cli.restoring import named_catalogue

    out = target(session, fmt, output)
    catalogue = named_catalogue(session, file)
    rows = [
        {
            "id": service.id,
            "name": service.name.in_language(session.lang),
            "owner": service.owner,
            "criticality": service.criticality,
            "users": round(sum(service.users) / 7),
            "rto_hours": None if service.rto is None else service.rto / 60,
            "rpo_hours": None if service.rpo is None else service.rpo / 60,
            "depends_on": service.depends_on,
            "contamination": service.contamination,
        }
        for service in catalogue.services
    ]
    columns = (
        Column(field="id", heading="Service"),
        Column(field="criticality", heading="Crit.", number=True),
        Column(field="users", heading="Uses/day", number=True),
        Column(field="contamination", heading="State", whole=True),
        Column(field="depends_on", heading="Depends on"),
    )
    out.write(Listing(name="services", title="Services", columns=columns, rows=rows, fields=_FIELDS))
    session.hint("kulla services plan FILE --crews FILE" if file else "kulla services status")


@command(app, "graph")
def graph(
    session: Session,
    file: CatalogueFile = None,
    *,
    service: Annotated[
        str | None, typer.Option("--of", metavar="ID", help="Only this service, what it needs and what needs it.")
    ] = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Show what rests on what, by tier: how many services and uses a day stand still until each is back."""
    from cli.restoring import named_catalogue
    from playbooks.restoration.graph import tiers

    out = target(session, fmt, output)
    rows: list[Row] = [
        {
            "tier": item.tier,
            "id": item.id,
            "depends_on": item.depends_on,
            "needed_by": len(item.needed_by),
            "uses": round(item.uses),
        }
        for item in tiers(named_catalogue(session, file), around=service)
    ]
    columns = (
        Column(field="tier", heading="Tier", number=True),
        Column(field="id", heading="Service"),
        Column(field="needed_by", heading="Carries", number=True),
        Column(field="uses", heading="Uses/day", number=True),
        Column(field="depends_on", heading="Depends on"),
    )
    fields = ("tier", "id", "depends_on", "needed_by", "uses")
    out.write(Listing(name="graph", title="What rests on what", columns=columns, rows=rows, fields=fields))


@command(app, "plan")
def plan(
    session: Session,
    file: CatalogueFile = None,
    *,
    crews: Annotated[str | None, typer.Option("--crews", metavar="FILE", help="People, skills and shifts.")] = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="WHEN", help="When work begins; now if absent.")
    ] = None,
    weigh: Annotated[
        str, typer.Option("--weigh", metavar="HOW", help="use; or urgency: use, criticality and legal days.")
    ] = "use",
    why: Annotated[
        str | None, typer.Option("--why", metavar="A,B", help="Say why service A comes before service B.")
    ] = None,
    sheets: Annotated[bool, typer.Option("--sheets", help="Shift sheets, by crew and day.")] = False,
    crew: Annotated[str | None, typer.Option("--crew", metavar="NAME", help="Sheets of this crew alone.")] = None,
    curve: Annotated[
        str | None, typer.Option("--curve", metavar="FILE", help="Write the recovery curve as a page.")
    ] = None,
    bound: Annotated[bool, typer.Option("--bound/--no-bound", help="Compute the lower bound too.")] = True,
    begin: Annotated[bool, typer.Option("--begin", help="Keep this plan as the restoration under way.")] = False,
    actor: Annotated[str | None, typer.Option("--actor", metavar="NAME", help="Who begins it.")] = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Plan who does what when, so that the fewest uses are lost; nothing goes live before it was found clean."""
    from cli.restoring import fresh, under_way
    from cli.services_plan import begin_with, check_begin, check_wishes, plan_report, sheet_report, why_report
    from playbooks.restoration.building import Weigh

    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    how = cast("Weigh", choice("--weigh", weigh, ("use", "urgency")))
    if file is None and begin:
        raise UsageError("a restoration begins with its files", where="--begin", hint="name the catalogue and --crews")
    if file is None:
        with session.open_store() as store:
            situation = under_way(session, store)
    else:
        now = moment("--start", start, session.now()) or session.now()
        situation = fresh(session, catalogue=file, crews=crews, start=now, weigh=how)
    check_wishes(situation, why=why, crew=crew)
    if begin:
        check_begin(session, actor)
    found = situation.planned()
    if curve is not None:
        from cli.services_plan import curve_parts

        write_file(session.cwd / curve, curve_parts(session, found))
        session.say(f"written: {curve}")
    if why is not None:
        out.write(why_report(session, situation, found, why))
    elif sheets or crew is not None:
        out.write(sheet_report(session, situation, found, crew))
    else:
        out.write(plan_report(session, situation, found, bound=bound))
    if begin:
        begin_with(session, situation, found, actor)
    session.hint("kulla services status" if begin or file is None else "kulla services plan FILE --crews FILE --begin")


@command(app, "example")
def example(
    session: Session,
    *,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Same seed, same bytes.")] = 1,
    count: Annotated[int, typer.Option("--services", metavar="N", min=100, max=20000, help="How many.")] = 1118,
    crews: Annotated[str | None, typer.Option("--crews", metavar="FILE", help="Write 32 people here too.")] = None,
    output: Output = None,
) -> None:
    """Write a synthetic catalogue (CSV) of a government's services, to practise with."""
    from playbooks.restoration.example import example_catalogue, example_crews
    from playbooks.restoration.writing import catalogue_csv, crews_yaml

    _need_csv(output)
    text = catalogue_csv(example_catalogue(seed, count).services)
    if crews is not None:
        write_file(session.cwd / crews, iter((crews_yaml(example_crews()),)))
        session.say(f"written: {crews}")
    _write(session, text, output)
    session.hint(f"kulla services plan {output or 'services.csv'} --crews {crews or 'crews.yaml'}")


@command(app, "import")
def import_xroad(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="An answer of X-Road's, JSON or XML.")],
    *,
    output: Output = None,
) -> None:
    """Make the beginning of a catalogue (CSV) out of X-Road's listMethods, allowedMethods or listClients."""
    from cli.restoring import read_bytes
    from playbooks.restoration.writing import catalogue_csv
    from playbooks.restoration.xroad import read_xroad

    _need_csv(output)
    services = read_xroad(read_bytes(session, file), file)
    _write(session, catalogue_csv(services), output)
    session.say(f"{len(services):,} services; hours, criticality and users are placeholders: fill them in")
    session.hint(f"kulla services list {output or 'services.csv'}")


def _need_csv(output: str | None) -> None:
    if str(output).lower().endswith((".yaml", ".yml")):
        raise UsageError("a catalogue is written as CSV", where="-o", hint=f"-o {Path(str(output)).stem}.csv")


def _write(session: Session, text: str, output: str | None) -> None:
    if output in (None, "-"):
        session.stdout.write(text)
        return
    write_file(session.cwd / str(output), iter((text,)))
    session.say(f"written: {output}")
