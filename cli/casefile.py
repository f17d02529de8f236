"""Reading everything about one incident for papers and reports: alerts, notes, ledger, playbooks, clocks, settings."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING

from cli.house import PAPERS, house_of
from cli.naming import former_ids
from cli.places import places
from cli.session import Session
from engine.errors import LedgerError, StoreError
from engine.store.protocol import Record as Kept
from engine.tables import Table

if TYPE_CHECKING:
    from engine.incidents.model import Incident
    from engine.store.protocol import Store
    from playbooks.house import House
    from playbooks.ledger import Ledger, Record
    from playbooks.names import Pseudonym
    from playbooks.papers.casefile import CaseFile, Course, Given, Setting

FIELDS = "paper-fields"
_TEXTS = ("organisation", "contact", "data_protection_officer")
_LIKELY = 5
_COURSES = 3


def gather(
    session: Session,
    store: Store,
    ledger: Ledger,
    incident: Incident,
    *,
    author: str = "",
    courses: int = 1,
    foresees: bool = True,
) -> CaseFile:
    """Return the case file. `courses` playbooks are compiled where none was begun, the most fitting first; 0 is
    none at all. The `ledger` is read once, or not at all where whoever asks has read it.

    Unless it `foresees`, what may come next is left out, which takes as long to find out as all the rest.
    """
    from engine.casework.keeping import case_of
    from playbooks.awareness import awareness, clocks_of
    from playbooks.papers.casefile import CaseFile, origin_of

    names = _names(store, incident)
    records, house = _about(session, ledger, names), house_of(session)
    aware = awareness(records, incident)
    return CaseFile(
        incident=incident,
        alerts=store.known_alerts(incident.alerts),
        case=case_of(store, incident),
        records=records,
        courses=_courses(session, store, incident, records, house=house, most=courses),
        clocks=clocks_of(incident, house.deadlines, records),
        aware=aware.at,
        aware_by=origin_of(aware, incident),
        author=author,
        now=session.now(),
        settings=paper_settings(session),
        given=_given(store, incident, names),
        likely=_likely(incident) if foresees else (),
        house=house,
        pseudonym=_pseudonym(session),
    )


def _pseudonym(session: Session) -> Pseudonym | None:
    """Return the house's pseudonyms, as exports have them; None where it has no key."""
    from cli.privacy import pseudonyms, settings

    known = pseudonyms(session, settings(session), make=False)
    return known.of if known is not None else None


def _about(session: Session, ledger: Ledger, names: Collection[str]) -> tuple[Record, ...]:
    """Return the ledger's records about incidents and their runs, in order; none (an issue) where it is broken."""
    from playbooks.awareness import INCIDENTS, incident_in

    try:
        found = ledger.preload(INCIDENTS).items()
    except LedgerError as error:
        session.issue(error)
        return ()
    own = [record for subject, records in found if incident_in(subject) in names for record in records]
    return tuple(sorted(own, key=lambda record: record.sequence))


def paper_settings(session: Session) -> Mapping[str, Setting]:
    """Return what `[papers]` says of who writes; raise `ConfigurationError` where it is wrong."""
    from playbooks.papers.casefile import Setting

    values, origin = session.settings.table(PAPERS)
    table, where = Table(values, origin, PAPERS), places(PAPERS, origin)
    table.texts("deadlines")
    texts = {name: table.text(name, None if table.has(name) else "") for name in _TEXTS}
    found = {name: Setting(value=text, place=where([name])) for name, text in texts.items() if text}
    table.close()
    return found


def _courses(
    session: Session, store: Store, incident: Incident, records: tuple[Record, ...], *, house: House, most: int
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
    fill = partial(compile_guide, incident, lang=session.lang, house=house, records=records)
    runs = {record.subject: found for record in records if (found := run_of(record.subject))}
    begun: dict[str, str] = {}  # of a playbook the incident's own run, rather than that of one merged into it
    for subject, (about_id, name) in runs.items():
        if name not in begun or about_id == incident.id:
            begun[name] = subject
    courses = []
    for name, subject in begun.items():
        state = rebuild(record for record in records if record.subject == subject)
        if name in library and state is not None:
            guide = fill(library.get(name), given=state.given)
            courses.append(Course(guide=guide, because="", state=state))
    if courses:
        return tuple(courses)
    choices = choose(incident, store.known_alerts(incident.alerts).values(), library)[: min(most, _COURSES)]
    return tuple(
        Course(
            guide=fill(choice.playbook),
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


def _names(store: Store, incident: Incident) -> Collection[str]:
    """Return the ids of an incident and of those that were merged into it."""
    return {incident.id} | former_ids(store, incident)


def _given(store: Store, incident: Incident, names: Collection[str]) -> Mapping[str, Given]:
    """Return the fields that people filled in for an incident, and for those that were merged into it (`names`).

    Its own go before others. Raise `StoreError` where they cannot be read.
    """
    from playbooks.papers.casefile import Given

    records = [record for record in store.records(FIELDS) if record.key in names]
    found: dict[str, Given] = {}
    for record in sorted(records, key=lambda record: (record.key == incident.id, record.key)):
        try:
            found |= {str(name): Given(**values) for name, values in json.loads(record.body).items()}
        except (TypeError, ValueError, AttributeError) as error:
            raise StoreError("the fields of its papers cannot be read", where=f"incident {record.key}") from error
    return found


def keep_given(store: Store, incident: Incident, fields: Mapping[str, Given]) -> None:
    """Keep fields beside those that were filled in before; raise `StoreError` where another person was first."""
    record = store.record(FIELDS, incident.id)
    rows = {
        name: {"text": item.text, "actor": item.actor, "at": item.at, "record": item.record}
        for name, item in {**_given(store, incident, _names(store, incident)), **fields}.items()
    }
    body = json.dumps(rows, ensure_ascii=False, sort_keys=True)
    own = Kept(kind=FIELDS, key=incident.id, state="standing", body=body, version=record.version if record else 0)
    if store.save_records([own]):
        raise StoreError("somebody else filled in a field at the same time", hint="run it again")
