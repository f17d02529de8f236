"""Reading everything about one incident for papers and reports: alerts, notes, ledger, playbooks, clocks, settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cli.decisions import open_ledger
from cli.places import places
from cli.session import Session
from engine.errors import ConfigurationError, LedgerError, StoreError
from engine.store.protocol import Record as Kept
from engine.tables import Table

if TYPE_CHECKING:
    from engine.incidents.model import Incident
    from engine.store.protocol import Store
    from playbooks.ledger import Record
    from playbooks.papers.casefile import CaseFile, Course, Given, Setting
    from playbooks.papers.clocks import Rule

TABLE = "papers"
FIELDS = "paper-fields"
_TEXTS = ("organisation", "contact", "data_protection_officer")
_LIKELY = 5
_COURSES = 3


def gather(
    session: Session, store: Store, incident: Incident, *, author: str = "", courses: int = 1, foresees: bool = True
) -> CaseFile:
    """Return the case file. `courses` playbooks are compiled where none was begun, the most fitting first; 0 is
    none at all.

    Unless it `foresees`, what may come next is left out, which takes as long to find out as all the rest.
    """
    from engine.casework.keeping import case_of
    from playbooks.papers.casefile import CaseFile, awareness, sent
    from playbooks.papers.clocks import clocks

    records = about(session, store, incident)
    aware, origin = awareness(records, incident)
    return CaseFile(
        incident=incident,
        alerts=store.known_alerts(incident.alerts),
        case=case_of(store, incident),
        records=records,
        courses=_courses(session, store, incident, records, courses),
        clocks=clocks(rules(session), aware, sent(records)),
        aware=aware,
        aware_by=origin,
        author=author,
        now=session.now(),
        settings=_settings(session),
        given=given(store, incident),
        likely=_likely(incident) if foresees else (),
    )


def about(session: Session, store: Store, incident: Incident) -> tuple[Record, ...]:
    """Return the ledger's records about the incident and its runs; none, with an issue, where the ledger is broken."""
    subject = f"incident/{incident.id}"
    try:
        every = open_ledger(session, store).records()
        return tuple(r for r in every if r.subject == subject or r.subject.startswith(f"{subject}/"))
    except LedgerError as error:
        session.issue(error)
        return ()


def rules(session: Session) -> tuple[Rule, ...]:
    """Return kulla's deadlines and the user's; raise `ConfigurationError` for a file that says none."""
    from playbooks.papers.clocks import checked, own_rules, read_rules

    values, place = session.settings.table(TABLE)
    found = list(own_rules())
    for name in Table(values, place, TABLE).texts("deadlines"):
        path = session.cwd / Path(name).expanduser()
        for file in sorted(path.glob("*.y*ml")) if path.is_dir() else (path,):
            try:
                found += read_rules(file.read_bytes(), str(file))
            except OSError as error:
                hint = "name a YAML file, or a folder of them"
                raise ConfigurationError(f"{file} cannot be read ({error.strerror})", where=place, hint=hint) from error
    return checked(found)


def _settings(session: Session) -> Mapping[str, Setting]:
    from playbooks.papers.casefile import Setting

    values, origin = session.settings.table(TABLE)
    table, where = Table(values, origin, TABLE), places(TABLE, origin)
    table.texts("deadlines")
    found = {name: Setting(value=table.text(name), place=where([name])) for name in _TEXTS if table.has(name)}
    table.close()
    return found


def _courses(
    session: Session, store: Store, incident: Incident, records: tuple[Record, ...], most: int
) -> tuple[Course, ...]:
    """Return the playbooks that were begun, or else the most fitting ones."""
    from playbooks.choose import choose
    from playbooks.compiler import compile_guide
    from playbooks.decisions import run_of
    from playbooks.loader import load_library
    from playbooks.papers.casefile import Course
    from playbooks.rebuilding import rebuild

    if not most:
        return ()
    library = load_library()
    begun = dict.fromkeys(found[1] for record in records if (found := run_of(record.subject)))
    courses = []
    for name in begun:
        state = rebuild(record for record in records if record.subject.endswith(f"/playbook/{name}"))
        if name in library and state is not None:
            guide = compile_guide(incident, library.get(name), session.lang, given=state.given)
            courses.append(Course(guide=guide, because="", state=state))
    if courses:
        return tuple(courses)
    choices = choose(incident, store.known_alerts(incident.alerts).values(), library)[: min(most, _COURSES)]
    return tuple(
        Course(
            guide=compile_guide(incident, choice.playbook, session.lang),
            because=choice.reason.in_language(session.lang),
            state=None,
        )
        for choice in choices
    )


def _likely(incident: Incident) -> tuple[str, ...]:
    from engine.attack.comparing import display
    from engine.foresight.predicting import packaged

    found = packaged().predict(incident.techniques, _LIKELY)
    return tuple(f"{display(item.technique)} ({item.probability:.0%})" for item in found)


def given(store: Store, incident: Incident) -> Mapping[str, Given]:
    """Return the fields that people filled in for an incident; raise `StoreError` where they cannot be read."""
    from playbooks.papers.casefile import Given

    record = store.record(FIELDS, incident.id)
    if record is None:
        return {}
    try:
        body = json.loads(record.body)
        return {str(name): Given(**values) for name, values in body.items()}
    except (TypeError, ValueError, AttributeError) as error:
        raise StoreError("the fields of its papers cannot be read", where=f"incident {incident.id}") from error


def keep_given(store: Store, incident: Incident, fields: Mapping[str, Given]) -> None:
    """Keep fields beside those that were filled in before; raise `StoreError` where another person was first."""
    record = store.record(FIELDS, incident.id)
    rows = {
        name: {"text": item.text, "actor": item.actor, "at": item.at, "record": item.record}
        for name, item in {**given(store, incident), **fields}.items()
    }
    body = json.dumps(rows, ensure_ascii=False, sort_keys=True)
    own = Kept(kind=FIELDS, key=incident.id, state="standing", body=body, version=record.version if record else 0)
    if store.save_records([own]):
        raise StoreError("somebody else filled in a field at the same time", hint="run it again")
