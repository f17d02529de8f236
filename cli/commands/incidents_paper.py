"""`kulla incidents paper`: a draft of what the law or the house wants written, with the origin of every field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli.decisions import Actor, IncidentId, account_of, actor_of, open_ledger
from cli.document import Lines, Pairs, Report, Section
from cli.naming import incident_named
from cli.options import Format, Output, choice, command
from cli.output import REPORT_FORMATS, target
from cli.paper_words import PaperWords, paper_words
from cli.session import Session
from cli.views import SHORT
from engine.errors import InputError, UsageError
from engine.events import instant

if TYPE_CHECKING:
    from engine.incidents.model import Incident
    from engine.store.protocol import Store
    from playbooks.ledger import Ledger
    from playbooks.papers.model import Field, Kind, Paper

_LONGEST = 10_000


def register_papers(app: typer.Typer) -> None:
    """Add the command to `kulla incidents`."""
    command(app, "paper")(cast("Callable[..., None]", paper))


def paper(
    session: Session,
    identifier: IncidentId,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="early-warning, notification, final-report, breach-notification, persons-letter, handover, summary or "
            "lessons.",
        ),
    ],
    *,
    fill: Annotated[
        list[str] | None,
        typer.Option("--fill", metavar="FIELD=TEXT", help="Fill in a field yourself; kept, and on record."),
    ] = None,
    names: Annotated[bool, typer.Option("--with-names", help="With names instead of pseudonyms; on record.")] = False,
    actor: Actor = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Draft a paper about an incident: each field says where it came from, and what nothing fills is named."""
    from cli.casefile import gather
    from playbooks.awareness import INCIDENTS, about
    from playbooks.papers.drafts import asks, asks_steps, draft
    from playbooks.papers.model import KINDS

    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    chosen = cast("Kind", choice("KIND", kind, KINDS))
    filled = _filled(chosen, fill or ())
    who = actor_of(session, actor) if filled or names else (actor or _known(session))
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        ledger = open_ledger(session, store)
        if filled or names:
            ledger.preload(INCIDENTS)  # so that the whole of it is read once, and not for each record
        _keep(store, ledger, incident, filled, who=who, at=instant(session.now()))
        if names:
            details = {"paper": chosen, "disclosed": "names"}
            ledger.append(actor=who, kind="incident.paper-named", subject=about(incident.id), details=details)
        case = gather(
            session,
            store,
            ledger,
            incident,
            author=who,
            courses=int(asks_steps(chosen)),
            foresees=asks(chosen, "likely"),
        )
        found = draft(chosen, case, session.lang, names=names)
    for field in found.lacking:
        why = f"nothing fills the field `{field.name}` ({field.label})"
        hint = f'kulla incidents paper {incident.id[:SHORT]} {chosen} --fill "{field.name}=TEXT"'
        session.issue(InputError(why, where=chosen, hint=hint))
    texts = paper_words(session.lang)
    out.write(report(found, texts))
    session.hint(texts.next_paper.format(id=incident.id[:SHORT]))


def report(found: Paper, texts: PaperWords) -> Report:
    """Return a draft as a report; a hand-over sheet stands in one list, so that it fits on a page."""
    head = (
        (texts.incident, "" if found.kind == "handover" else found.incident),
        (texts.to, found.to),
        (texts.basis, found.basis),
        (texts.state, texts.draft),
        (texts.state, _masking(found, texts)),
    )
    rows: list[tuple[str, object]] = [row for row in head if row[1]]
    if found.kind == "handover":
        rows += [(field.label, _short(field, texts)) for field in found.fields if field.lines or field.mandatory]
    sections = [Section(heading="", body=Pairs(rows=rows))]
    if found.kind != "handover":
        sections += [Section(heading=field.label, body=Lines(lines=_lines(field, texts))) for field in found.fields]
    record = paper_record(found)
    return Report(name="paper", title=found.title, record=record, sections=tuple(sections), lang=found.lang)


def _masking(found: Paper, texts: PaperWords) -> str:
    """Return whether names are shown, and else what stands in their place."""
    if found.is_named:
        return texts.clear
    return (texts.numbered if found.is_numbered else texts.masked).format(count=found.masked)


def paper_record(found: Paper) -> dict[str, object]:
    """Return a draft as a record."""
    return {
        "incident": found.incident,
        "kind": found.kind,
        "language": found.lang,
        "title": found.title,
        "basis": found.basis,
        "to": found.to,
        "pseudonyms": found.masked,
        "numbered": found.is_numbered,
        "lacking": [field.name for field in found.lacking],
        "fields": [
            {
                "name": field.name,
                "label": field.label,
                "mandatory": field.mandatory,
                "lines": list(field.lines),
                "origins": list(field.origins),
                "confirm": field.confirm,
            }
            for field in found.fields
        ],
    }


def _lines(field: Field, texts: PaperWords) -> tuple[str, ...]:
    if not field.lines:
        return (texts.lacking if field.mandatory else texts.unknown,)
    lines = [*field.lines, f"({texts.source}: {'; '.join(field.origins)})"]
    if field.confirm:
        lines.append(f"({texts.confirm}: {field.confirm})")
    return tuple(lines)


def _short(field: Field, texts: PaperWords) -> str:
    if not field.lines:
        return texts.lacking
    return f"{'; '.join(field.lines)} ({texts.source}: {', '.join(field.origins)})"


def _filled(kind: Kind, words: Sequence[str]) -> dict[str, str]:
    from playbooks.papers.drafts import FORMS

    known = [ask.name for ask in FORMS[kind].asks]
    found: dict[str, str] = {}
    for word in words:
        name, _, text = word.partition("=")
        choice("--fill", name, known)
        if not text.strip() or len(text) > _LONGEST:
            hint = f'--fill "{name}=TEXT"'
            raise UsageError(f"a field has 1 to {_LONGEST:,} characters", where="--fill", hint=hint)
        found[name] = text.strip()
    return found


def _keep(store: Store, ledger: Ledger, incident: Incident, filled: dict[str, str], *, who: str, at: str) -> None:
    """Write each filled field to the ledger (as its hash), then keep its words in the store."""
    from cli.casefile import keep_given
    from playbooks.awareness import about
    from playbooks.papers.casefile import FIELD, Given

    if not filled:
        return
    given = {}
    for name, text in filled.items():
        details = {"field": name, "sha256": sha256(text.encode("utf-8", "surrogatepass")).hexdigest()}
        sequence = ledger.append(actor=who, kind=FIELD, subject=about(incident.id), details=details).sequence
        given[name] = Given(text=text, actor=who, at=at, record=sequence)
    keep_given(store, incident, given)


def _known(session: Session) -> str:
    """Return who is at the keyboard: the user's name, else what the system says."""
    try:
        return actor_of(session, None)
    except UsageError:
        return account_of()
