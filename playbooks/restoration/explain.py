"""Why one service comes before another, in words of both languages; each reason can be read off the plan."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import NotFoundError
from playbooks.restoration.model import STEP_NAMES, Catalogue, Service
from playbooks.restoration.planning import Assignment, Plan
from playbooks.texts import Text


def why_before(plan: Plan, catalogue: Catalogue, first: str, second: str) -> list[Text]:
    """Return the reasons why `first` is live before `second` (they change places where it is the other way round)."""
    services = catalogue.get()
    for name in (first, second):
        if name not in services:
            raise NotFoundError(f"no service `{name}`", hint="kulla services list")
        if name not in plan.live:
            raise NotFoundError(f"`{name}` is not planned", hint="kulla services plan says why")
    if plan.live[first] > plan.live[second]:
        first, second = second, first
    reasons = [_times(plan, first, second)]
    chain = _chain(services, second, first)
    if chain:
        way = " <- ".join(chain)
        reasons.append(Text(en=f"`{second}` needs `{first}`: {way}", sq=f"`{second}` ka nevojë për `{first}`: {way}"))
    else:
        reasons.append(_urgency(plan, first, second))
    reasons.extend(_held_by(plan, name) for name in (first, second))
    return reasons


def _clock(minutes: int) -> str:
    return f"{minutes // 60} h {minutes % 60:02} min"


def _times(plan: Plan, first: str, second: str) -> Text:
    one, two = _clock(plan.live[first]), _clock(plan.live[second])
    return Text(
        en=f"`{first}` is live after {one}, `{second}` after {two}",
        sq=f"`{first}` kthehet në punë pas {one}, `{second}` pas {two}",
    )


def _chain(services: Mapping[str, Service], top: str, wanted: str) -> list[str]:
    """Return the way from `wanted` up to `top` along the dependencies, empty where there is none."""
    came: dict[str, str] = {top: ""}
    queue = [top]
    for name in queue:
        for below in services[name].depends_on:
            if below not in came:
                came[below] = name
                queue.append(below)
    way, name = [], wanted if wanted in came else ""
    while name:
        way.append(name)
        name = came[name]
    return way


def _urgency(plan: Plan, first: str, second: str) -> Text:
    tasks = {name: _first_open(plan, name) for name in (first, second)}
    values = [plan.urgency.get(tasks[name], 0.0) for name in (first, second)]
    weights = [plan.built.weights[name] for name in (first, second)]
    return Text(
        en=f"what hangs on it, per minute of work: {values[0]:.3g} uses a day against {values[1]:.3g} "
        f"(their own use: {weights[0]:,.0f} and {weights[1]:,.0f} a day)",
        sq=f"çfarë varet prej tij, për minutë pune: {values[0]:.3g} përdorime në ditë kundrejt {values[1]:.3g} "
        f"(përdorimi i vetë: {weights[0]:,.0f} dhe {weights[1]:,.0f} në ditë)",
    )


def _first_open(plan: Plan, service: str) -> str:
    return next((row.task.id for row in plan.assignments if row.task.service == service and row.state == "planned"), "")


def _held_by(plan: Plan, service: str) -> Text:
    """Return what the service's longest wait was for: another task, a person, or a shift."""
    rows = {row.task.id: row for row in plan.assignments}
    own = [row for row in plan.assignments if row.task.service == service]
    waits = [(row.start - _ready(rows, row), row) for row in own if row.state == "planned"]
    waited, row = max(waits, key=lambda item: (item[0], item[1].task.id), default=(0, own[0]))
    step = STEP_NAMES[row.task.step]
    if waited <= 0:
        last = max((rows[name] for name in row.task.after if name in rows), key=lambda item: item.end, default=None)
        name = last.task.id if last else "-"
        return Text(
            en=f"`{service}` never waits for people, only for what comes before it (last: {name})",
            sq=f"`{service}` nuk pret njerëz, vetëm atë që vjen përpara (e fundit: {name})",
        )
    return Text(
        en=f"`{service}` waits {_clock(waited)} for somebody with the skill `{row.task.skill}` ({step.en})",
        sq=f"`{service}` pret {_clock(waited)} për dikë me aftësinë `{row.task.skill}` ({step.sq})",
    )


def _ready(rows: Mapping[str, Assignment], row: Assignment) -> int:
    return max((rows[name].end for name in row.task.after if name in rows), default=0)
