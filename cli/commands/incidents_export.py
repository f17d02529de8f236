"""`kulla incidents export`: an incident for other people's tools, marked, and without names unless on record."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cli.decisions import Actor, open_ledger
from cli.exporting import Clearance, Marking, Said, case_of, disclose, marking
from cli.naming import incident_named
from cli.options import Output, choice, command
from cli.output import target
from cli.session import Session
from cli.views import SHORT
from engine.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from engine.indicators.model import Tlp
    from engine.store.protocol import Store
    from playbooks.compiler import Guide
    from playbooks.model import Playbook
    from playbooks.standards.case import Case

_KINDS = ("stix", "attack-flow", "misp", "openc2", "cacao")


def register_export(app: typer.Typer) -> None:
    """Add the command to `kulla incidents`."""
    command(app, "export")(export)


def export(
    session: Session,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The incident's id, or the beginning of it.")],
    *,
    kind: Annotated[str, typer.Option("--as", metavar="FORMAT", help="stix, attack-flow, misp, openc2 or cacao.")],
    tlp: Marking = None,
    clearance: Clearance = None,
    playbook: Annotated[
        str | None, typer.Option("--playbook", metavar="NAME", help="For openc2 and cacao: not the most fitting one.")
    ] = None,
    with_names: Annotated[
        bool, typer.Option("--with-names", help="Leave persons' names as they are; needs --why, on the ledger.")
    ] = False,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason for --with-names.")] = "",
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="Who gets the names.")] = "",
    actor: Actor = None,
    output: Output = None,
) -> None:
    """Write an incident as a STIX bundle, ATT&CK Flow, MISP event, OpenC2 commands or its guide as CACAO.

    Persons' names are pseudonyms, the same ones each time. The marking is at least that of the indicators it rests
    on; what is marked above the receiver's clearance is refused. Nothing is sent, and no command is run.
    """
    from playbooks.standards.documents import as_json

    chosen = choice("--as", kind, _KINDS)
    if with_names and not why.strip():
        raise UsageError("names leave with a reason alone", where="--why", hint='--why "request 12/2026 of the court"')
    out = target(session, "json", output)
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        case, held = case_of(session, store, incident, with_names=with_names)
        mark = marking(session, tlp, clearance, held=held, least="amber")
        guide = partial(_guide, session, store, case, playbook)
        content = as_json(_document(session, case, chosen, mark, guide))
        if with_names:
            disclose(session, store, incident.id, what=chosen, content=content, said=Said(why=why, to=to, actor=actor))
        out.write_parts(iter((content,)))
    session.hint(f"kulla incidents show {incident.id[:SHORT]}")


def _document(session: Session, case: Case, kind: str, tlp: Tlp, guide: Callable[[], Guide]) -> object:
    match kind:
        case "stix":
            from playbooks.standards.stix import incident_to_stix

            return incident_to_stix(case, _playbooks(case), tlp)
        case "attack-flow":
            from playbooks.standards.attack_flow import incident_to_flow

            return incident_to_flow(case, tlp)
        case "misp":
            from playbooks.standards.misp import incident_to_misp

            return incident_to_misp(case, tlp)
        case "cacao":
            from playbooks.standards.cacao_export import guide_to_cacao

            return guide_to_cacao(guide(), tlp)
        case _:
            return _commands(session, guide(), tlp)


def _commands(session: Session, guide: Guide, tlp: Tlp) -> object:
    from playbooks.standards.openc2 import guide_to_openc2

    found = guide_to_openc2(guide, tlp)
    if not found["commands"]:
        session.say(f"{guide.playbook.id} blocks and isolates nothing that the incident knows: no commands")
    return found


def _guide(session: Session, store: Store, case: Case, name: str | None) -> Guide:
    from playbooks.awareness import about
    from playbooks.compiler import compile_guide

    records = tuple(open_ledger(session, store).records(about(case.incident.id)))
    return compile_guide(case.incident, _playbook(case, name), session.lang, house=case.house, records=records)


def _playbook(case: Case, name: str | None) -> Playbook:
    from playbooks.choose import choose
    from playbooks.loader import load_library

    library = load_library()
    if name is not None:
        return library.get(name)
    choices = choose(case.incident, list(case.alerts), library)
    if not choices:
        raise NotFoundError("no playbook fits the incident", hint="kulla playbooks list, then --playbook NAME")
    return choices[0].playbook


def _playbooks(case: Case) -> list[Playbook]:
    """Return the playbooks that answer the incident; a name that the library does not know is left out."""
    from playbooks.loader import load_library

    library = load_library()
    return [library.get(name) for name in case.incident.playbooks if name in library]
