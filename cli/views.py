"""From the engine's records to rows: the shape of `jsonl` that other people's scripts read, and its columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from cli.document import Column, Listing, Row
from cli.formats.cells import cell
from cli.settings_table import Lang
from cli.words import Words, word_for, words
from engine.alerts import Alert, Level, Reason
from engine.events import DeadLetter, instant

if TYPE_CHECKING:
    from engine.incidents.model import Incident, Join, Link, Moment, Sighting

SHORT = 12  # digits of an id in hints; every command takes the beginning of an id
SHORTEST = 8  # digits of an id in tables


def _subject(texts: Words) -> Callable[[Row], str]:
    """Return what puts the host, user and addresses of an alert's row into one text, as far as it has them."""
    named = (
        ("{name}", "host.name"),
        (texts.user_named, "user.name"),
        (texts.from_named, "source.ip"),
        (texts.to_named, "destination.ip"),
    )
    return lambda row: ", ".join(phrase.format(name=cell(row[name])) for phrase, name in named if row.get(name))


def word_of(texts: Words, field: str) -> Callable[[Row], str]:
    """Return what a column shows of a level or status."""
    return lambda row: word_for(texts, str(row[field]))


def _short_id(row: Row) -> str:
    return str(row["id"])[:SHORTEST]


def to_the_second(field: str) -> Callable[[Row], object]:
    """Return what a column shows of an instant: date and time to the second (JSON and CSV have the whole of it)."""
    return lambda row: str(row.get(field) or "")[:19].replace("T", " ")


def to_the_minute(field: str) -> Callable[[Row], object]:
    """Return what a narrow column shows of an instant: date and time to the minute."""
    return lambda row: str(row.get(field) or "")[:16].replace("T", " ")


def alert_count(row: Row) -> int:
    """Return what a column shows of a row's alerts: how many."""
    alerts = row["alerts"]
    return len(alerts) if isinstance(alerts, Sequence) else 0


ALERT_FIELDS = (
    "@timestamp",
    "rule.level",
    "rule.name",
    "host.name",
    "user.name",
    "source.ip",
    "destination.ip",
    "process.executable",
    "process.command_line",
    "url.original",
    "why",
    "rule.tags",
    "rule.id",
    "event.id",
    "source",
    "event.original",
    "verdict",
    "verdict.why",
    "id",
)


def alert_listing(rows: Iterable[Row], lang: Lang, empty: str = "") -> Listing:
    """Return alerts as a table: what people see in their language, rows as programs read them."""
    texts = words(lang)
    columns = (
        Column(field="id", heading=texts.alert, whole=True, derive=_short_id),
        Column(field="@timestamp", heading=texts.time_utc, whole=True, derive=to_the_second("@timestamp")),
        Column(field="rule.level", heading=texts.level, whole=True, derive=word_of(texts, "rule.level")),
        Column(field="rule.name", heading=texts.rule),
        Column(field="host.name", heading=texts.where_and_who, derive=_subject(texts)),
    )
    return Listing(
        name="alerts",
        title=texts.alerts,
        columns=columns,
        rows=rows,
        fields=ALERT_FIELDS,
        empty=empty or texts.no_alerts,
        lang=lang,
    )


INCIDENT_FIELDS = (
    "id",
    "title",
    "status",
    "severity",
    "score",
    "first_seen",
    "last_seen",
    "opened",
    "alerts",
    "entities",
    "tactics",
    "techniques",
    "playbooks",
    "closed_why",
    "campaign",
)


def incident_columns(texts: Words, lang: Lang) -> tuple[Column, ...]:
    """Return what people see of incidents, in their language; rows stay what programs read."""
    return (
        Column(field="id", heading=texts.incident, whole=True, derive=_short_id),
        Column(field="status", heading=texts.status, whole=True, derive=word_of(texts, "status")),
        Column(field="severity", heading=texts.severity, whole=True, derive=word_of(texts, "severity")),
        Column(field="score", heading=texts.score, number=True),
        Column(field="opened", heading=f"{texts.opened} (UTC)", whole=True, derive=to_the_minute("opened")),
        Column(field="alerts", heading=texts.alerts, number=True, derive=alert_count),
        Column(field="title", heading=texts.what, derive=lambda row: title_in(str(row["title"]), lang)),
    )


def alert_row(alert: Alert) -> dict[str, object]:
    """Return an alert as one flat row (see `kulla alerts list -f jsonl`).

    `event.id`, `event.original` and `source` are one value for an alert on one event, lists for a correlation. The
    fields of the events follow under their ECS names; where one is called like a key of the row, the row's stands.
    """
    row: dict[str, object] = {
        "id": alert.id,
        "@timestamp": instant(alert.timestamp),
        "rule.id": alert.rule.id,
        "rule.name": alert.rule.name,
        "rule.level": alert.rule.level.label,
        "rule.tags": list(alert.rule.tags),
        "rule.path": alert.rule.path,
        "event.id": _one_or_list([event.id for event in alert.events]),
        "event.original": _one_or_list([event.original for event in alert.events]),
        "source": _one_or_list([event.source for event in alert.events]),
        "why": [reason_row(reason) for reason in alert.why],
    }
    if alert.verdict is not None:
        row |= {"verdict": alert.verdict, "verdict.why": alert.verdict_why}
    return row | {name: value for name, value in alert.fields.items() if name not in row}


def reason_row(reason: Reason) -> dict[str, object]:
    """Return one `why`."""
    return {"field": reason.field, "predicate": reason.predicate, "value": reason.value}


def incident_row(incident: Incident) -> dict[str, object]:
    """Return an incident as one row, without its timeline and joins."""
    return {
        "id": incident.id,
        "title": incident.title,
        "status": incident.status,
        "severity": incident.severity.label,
        "score": round(incident.score, 1),
        "first_seen": instant(incident.first_seen),
        "last_seen": instant(incident.last_seen),
        "opened": instant(incident.opened),
        "alerts": list(incident.alerts),
        "entities": [{"kind": entity.kind, "value": entity.value} for entity in incident.entities],
        "tactics": list(incident.tactics),
        "techniques": list(incident.techniques),
        "playbooks": list(incident.playbooks),
        "closed_why": incident.closed_why,
        "campaign": incident.campaign,
    }


def incident_record(incident: Incident) -> dict[str, object]:
    """Return everything about an incident."""
    return incident_row(incident) | {
        "score_terms": term_rows(incident),
        "context": list(incident.context),
        "elsewhere": [sighting_row(item) for item in incident.elsewhere],
        "links": [link_row(link) for link in incident.links],
        "joins": [join_row(join) for join in incident.joins],
        "timeline": [moment_row(moment) for moment in incident.timeline],
    }


def term_rows(incident: Incident) -> list[dict[str, object]]:
    """Return what the score is made of: each term with the alerts it rests on, and the score without it.

    Incidents that an older kulla stored have no more than names and points.
    """
    from engine.incidents.model import Term  # where they are used: a hunt shows no incident, and starts without
    from engine.incidents.scoring import what_would_change

    terms = incident.terms or [Term(kind="", name=name, points=points) for name, points in incident.score_terms]
    return [
        {
            "term": term.name,
            "points": term.points,
            "without": round(incident.score - term.points, 6),
            "kind": term.kind,
            "change": what_would_change(term, incident.score),
            "alerts": list(term.alerts),
        }
        for term in terms
    ]


def told_in(incident: Incident, lang: Lang) -> Incident:
    """Return the incident as it is read in a language; what programs read stays in English."""
    if lang != "sq":
        return incident
    from engine.incidents import albanian

    return albanian.incident(incident)


def title_in(title: str, lang: Lang) -> str:
    """Return an incident's title in a language."""
    if lang != "sq":
        return title
    from engine.incidents import albanian

    return albanian.title(title)


def kind_in(kind: str, lang: Lang) -> str:
    """Return the word for a kind of entity in a language."""
    if lang != "sq":
        return kind
    from engine.incidents import albanian

    return albanian.kind(kind)


def link_row(link: Link) -> dict[str, object]:
    """Return one link to another incident of the campaign."""
    return {"incident": link.incident, "confidence": link.confidence, "reason": link.reason}


def sighting_row(sighting: Sighting) -> dict[str, object]:
    """Return one unusual alert elsewhere that is told with an incident."""
    return {
        "@timestamp": instant(sighting.timestamp),
        "rule.level": sighting.level.label,
        "place": sighting.place,
        "rule.name": sighting.rule_name,
        "rule.id": sighting.rule_id,
        "reason": sighting.reason,
        "alert": sighting.alert_id,
    }


def join_row(join: Join) -> dict[str, object]:
    """Return why one alert belongs to its incident."""
    return {
        "alert": join.alert_id,
        "reason": join.reason,
        "confidence": round(join.confidence, 3),
        "shared": [{"kind": entity.kind, "value": entity.value} for entity in join.shared],
    }


def moment_row(moment: Moment) -> dict[str, object]:
    """Return one line of a timeline."""
    return {
        "@timestamp": instant(moment.timestamp),
        "alert": moment.alert_id,
        "rule.id": moment.rule_id,
        "rule.name": moment.rule_name,
        "rule.level": moment.level.label,
        "host.name": moment.host,
        "summary": moment.summary,
        "tactics": list(moment.tactics),
        "techniques": list(moment.techniques),
    }


def letter_row(letter: DeadLetter) -> dict[str, object]:
    """Return a dead letter; `raw` is its beginning as text, bytes that are not UTF-8 as escapes."""
    return {
        "id": letter.id,
        "source": letter.source,
        "where": str(letter.origin),
        "offset": letter.origin.offset,
        "reason": letter.reason,
        "size": letter.size,
        "raw": letter.raw.decode("utf-8", "backslashreplace"),
    }


def at_least(level: Level, alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    """Return the alerts of this level and above."""
    return tuple(alert for alert in alerts if alert.rule.level >= level)


def _one_or_list(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
