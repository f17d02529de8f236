"""Writing a catalogue as CSV and crews as YAML, in the form that `catalogue` and `crews` read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable

from playbooks.restoration.fields import DAYS, NAMES
from playbooks.restoration.model import STEPS, Crews, LegalDate, Service


def catalogue_csv(services: Iterable[Service]) -> str:
    """Return the services as CSV (RFC 4180, lines ended by LF)."""
    columns = [name for name in NAMES if name != "users"]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    for service in services:
        writer.writerow(_row(service))
    return buffer.getvalue()


def _row(service: Service) -> dict[str, str]:
    row = {
        "id": service.id,
        "name_en": service.name.en,
        "name_sq": service.name.sq,
        "owner": service.owner,
        "criticality": str(service.criticality),
        "legal": "; ".join(_legal(item) for item in service.legal),
        "rto_hours": _hours(service.rto),
        "rpo_hours": _hours(service.rpo),
        "depends_on": "; ".join(service.depends_on),
        "contamination": service.contamination,
        "health_command": service.health_command,
        "health_expected": service.health_expected,
        "backup_taken": service.backup_taken.isoformat() if service.backup_taken else "",
        "backup_place": service.backup_place,
        "fallback_en": service.fallback.en if service.fallback else "",
        "fallback_sq": service.fallback.sq if service.fallback else "",
    }
    row.update({f"users_{day}": str(uses) for day, uses in zip(DAYS, service.users, strict=True)})
    for step in STEPS:
        if step in service.work:
            row[f"{step}_skill"] = service.work[step].skill
            row[f"{step}_hours"] = _hours(service.work[step].minutes)
    return row


def _hours(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes / 60:.6f}".rstrip("0").rstrip(".")


def _legal(item: LegalDate) -> str:
    if item.year:
        day = f"{item.year:04}-{item.month:02}-{item.day:02}"
    else:
        day = f"yearly {item.month:02}-{item.day:02}" if item.month else f"monthly {item.day}"
    return f"{day}: {item.what}" if item.what else day


def crews_yaml(crews: Crews) -> str:
    """Return the crews as YAML; JSON's quoting of text is YAML's."""
    lines = [f"timezone: {json.dumps(crews.timezone)}", f"rest_hours: {crews.rest // 60}", "shifts:"]
    lines += [
        f'  {json.dumps(shift.name)}: {{from: "{_clock(shift.start)}", to: "{_clock(shift.end)}"}}'
        for shift in crews.shifts.values()
    ]
    lines.append("people:")
    for person in crews.people:
        days = "" if len(person.days) == 7 else f", days: [{', '.join(DAYS[day] for day in sorted(person.days))}]"
        lines.append(
            f"  - {{id: {json.dumps(person.id)}, name: {json.dumps(person.name, ensure_ascii=False)}, "
            f"crew: {json.dumps(person.crew, ensure_ascii=False)}, skills: {json.dumps(sorted(person.skills))}, "
            f"shifts: {json.dumps(list(person.shifts))}{days}}}"
        )
    return "\n".join(lines) + "\n"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
