"""The command `kulla`: its table of commands, and the entry point.

Importing this module, printing help and completing words import no command and none of the heavy packages.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Annotated, ClassVar, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command

from cli.edge import occupy_streams, prepare_process, run
from cli.group import Entry, LazyGroup
from cli.options import ApiKeyFile, CaFile, Home, Lang, NoColor, NoProgress, Quiet, StoreUrl, Verbose, apply_common
from cli.session import Session

COMMANDS: tuple[Entry, ...] = (
    Entry(name="hunt", module="hunt", panel="See", summary="Find attacks in log files, without any set-up."),
    Entry(name="detect", module="detect", panel="See", summary="Run the rules over what the store received."),
    Entry(name="collect", module="collect", panel="Prepare", summary="Read logs into the store."),
    Entry(name="parse", module="parse", panel="Prepare", summary="Print logs as ECS documents, one a line."),
    Entry(name="sources", module="sources", panel="Prepare", summary="The log formats that are read."),
    Entry(name="rules", module="rules", panel="Prepare", summary="Sigma rules: list, show, check and test them."),
    Entry(name="attack", module="attack", panel="Prepare", summary="ATT&CK's techniques: show them, update the table."),
    Entry(name="indicators", module="indicators", panel="See", summary="Threat intelligence: import it, match events."),
    Entry(name="exercise", module="exercise", panel="Prepare", summary="Replay a real attack, from logs to guidance."),
    Entry(
        name="models", module="models", panel="Prepare", summary="What was learned of ordinary life: anomaly models."
    ),
    Entry(name="alerts", module="alerts", panel="See", summary="What rules found: list, show and judge alerts."),
    Entry(
        name="incidents",
        module="incidents",
        panel="See",
        summary="Alerts that belong together: list, show, merge, close.",
    ),
    Entry(name="report", module="report", panel="Keep", summary="One incident, or a period, as a page to hand on."),
    Entry(name="search", module="search", panel="See", summary="Find stored events by field, word or SQL."),
    Entry(name="respond", module="respond", panel="Act", summary="A guided answer to an incident, step by step."),
    Entry(name="approvals", module="approvals", panel="Act", summary="Steps that wait for another person's yes."),
    Entry(name="automation", module="respond_automation", panel="Act", summary="What machines may do, as earned."),
    Entry(name="playbooks", module="playbooks", panel="Act", summary="Guided answers: list, show and check them."),
    Entry(name="services", module="services", panel="Act", summary="Bring services back in the right order."),
    Entry(name="notify", module="notify", panel="Act", summary="Messages to people: send, list, retry and test them."),
    Entry(name="store", module="store", panel="Keep", summary="The events kept: set up, status, dead letters."),
    Entry(name="health", module="health", panel="Keep", summary="Whether kulla itself runs as it should."),
    Entry(name="doctor", module="health", panel="Keep", summary="Another name for health."),
    Entry(name="serve-metrics", module="metrics", panel="Keep", summary="Figures for Prometheus, on a local port."),
    Entry(name="privacy", module="privacy", panel="Keep", summary="Personal data: rules, re-identifying, erasing."),
    Entry(name="ledger", module="ledger", panel="Keep", summary="Every decision on record: show, verify, prove."),
    Entry(name="config", module="config", panel="Keep", summary="Settings, and where each value comes from."),
    Entry(name="version", module="version", panel="Keep", summary="Which kulla this is (asks no network)."),
)


class Kulla(LazyGroup):
    """The top-level group."""

    entries: ClassVar[tuple[Entry, ...]] = COMMANDS


app = typer.Typer(
    cls=Kulla,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Data goes to stdout, everything else to stderr. Exit codes: 0 ran, 1 findings at or above --fail-on, "
    "2 wrong usage, 3 could not run, 4 ran but some input or rule failed, 130 interrupted.",
)


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"kulla {version('kulla')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Tell kulla's version, and stop.")
]


@app.callback()
def kulla(  # noqa: PLR0917 # typer passes options by name
    ctx: typer.Context,
    lang: Lang = None,
    home: Home = None,
    store: StoreUrl = None,
    api_key_file: ApiKeyFile = None,
    ca_file: CaFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
    no_progress: NoProgress = False,
    _version: Version = False,
) -> None:
    """Detection and response: logs in, attacks found, responders guided step by step."""
    if not ctx.resilient_parsing:
        session: Session = ctx.obj
        apply_common(
            session,
            lang=lang,
            home=home,
            store=store,
            api_key_file=api_key_file,
            ca_file=ca_file,
            quiet=quiet,
            verbose=verbose,
            no_color=no_color,
            no_progress=no_progress,
        )


def group() -> TyperGroup:
    """Return the whole command tree."""
    return cast("TyperGroup", get_command(app))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line of this process and exit with its code."""
    occupy_streams()
    session = Session.of_process()
    prepare_process(session)
    code = run(group(), sys.argv[1:] if argv is None else argv, session)
    gc.freeze()  # or the interpreter, ending, looks through all rules and tables for garbage: 0.2 s after a hunt
    sys.exit(code)
