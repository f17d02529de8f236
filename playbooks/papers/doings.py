"""What people did and have to do, as answers: decisions, measures, open steps, clocks, tasks, evidence, lessons."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from engine.events import instant
from playbooks.compiler import GuideStep
from playbooks.decisions import Decision, Outcome
from playbooks.legal import Clock
from playbooks.legal import State as ClockState
from playbooks.papers.casefile import CaseFile, Course
from playbooks.papers.facts import told
from playbooks.papers.model import Answer, Origin, answer
from playbooks.texts import Text, same

OUTCOME_WORDS: dict[Outcome, Text] = {
    "done": Text(en="done", sq="u krye"),
    "failed": Text(en="failed", sq="dështoi"),
    "skipped": Text(en="skipped", sq="u la"),
    "not-applicable": Text(en="not applicable", sq="nuk zbatohet"),
    "approved": Text(en="approved", sq="u miratua"),
    "rejected": Text(en="rejected", sq="u refuzua"),
}
CLOCK_WORDS: dict[ClockState, Text] = {
    "running": Text(en="running", sq="po ecën"),
    "overdue": Text(en="overdue", sq="ka kaluar"),
    "sent": Text(en="sent in time", sq="u dërgua në kohë"),
    "sent-late": Text(en="sent late", sq="u dërgua me vonesë"),
    "no-hour": Text(en="without undue delay", sq="pa vonesë të paarsyeshme"),
}
_ACTING = frozenset(("contain", "eradicate", "recover"))
_FEW = 5


def decided(case: CaseFile) -> list[tuple[Course, GuideStep, Decision]]:
    """Return every decision about a step, oldest first, with its step and course."""
    found = [
        (course, item, course.state.decisions[item.step.id])
        for course in case.courses
        if course.state
        for item in course.guide.steps
        if item.step.id in course.state.decisions
    ]
    return sorted(found, key=lambda row: row[2].sequence)


def open_steps(case: CaseFile) -> Iterator[tuple[Course, GuideStep]]:
    """Yield the steps that nobody decided yet, in order; of playbooks under way, else of the most fitting one."""
    begun = [course for course in case.courses if course.state]
    for course in begun or case.courses[:1]:
        for item in course.guide.steps:
            if not course.state or item.step.id not in course.state.decisions:
                yield course, item


def _step(course: Course, item: GuideStep) -> Origin:
    return Origin("playbook", f"{course.guide.playbook.id}/{item.step.id}")


def measures(case: CaseFile) -> Answer | None:
    """Answer which measures were taken, and which are proposed: steps that contain, eradicate and recover."""
    taken = [row for row in decided(case) if row[2].outcome in {"done", "approved"} and row[1].step.phase in _ACTING]
    lines = [Text(en=f"taken: {item.step.title.en}", sq=f"u mor: {item.step.title.sq}") for _, item, _ in taken[-_FEW:]]
    origins = [Origin("decision", str(found.sequence)) for _, _, found in taken[-_FEW:]]
    for course, item in [row for row in open_steps(case) if row[1].step.phase in _ACTING][:_FEW]:
        title = item.step.title
        lines.append(Text(en=f"proposed: {title.en}", sq=f"propozohet: {title.sq}"))
        origins.append(_step(course, item))
    return answer(*lines, origins=tuple(origins)) if lines else None


def done(case: CaseFile) -> Answer | None:
    """Answer what was decided last, by whom."""
    lines, origins = [], []
    for _, item, found in decided(case)[-_FEW:]:
        outcome = OUTCOME_WORDS[found.outcome]
        tail = f" ({found.actor}, {found.at[:16]})"
        lines.append(
            Text(en=f"{outcome.en}: {item.step.title.en}{tail}", sq=f"{outcome.sq}: {item.step.title.sq}{tail}")
        )
        origins.append(Origin("decision", str(found.sequence)))
    return answer(*lines, origins=tuple(origins)) if lines else None


def to_do(case: CaseFile) -> Answer | None:
    """Answer what comes next: open tasks, then the next steps of the playbooks."""
    tasks = case.case.open_tasks[:_FEW]
    lines: list[Text] = [
        told("task {n}: {t} ({o})", "detyra {n}: {t} ({o})", n=task.number, t=task.text[:120], o=task.owner or "-")
        for task in tasks
    ]
    origins = [Origin("case", str(task.number)) for task in tasks]
    for course, item in list(open_steps(case))[:_FEW]:
        title = item.step.title
        lines.append(Text(en=f"step {item.number}: {title.en}", sq=f"hapi {item.number}: {title.sq}"))
        origins.append(_step(course, item))
    return answer(*lines, origins=tuple(origins)) if lines else None


def waiting(case: CaseFile) -> Answer | None:
    """Answer which steps wait for another person's yes."""
    lines, origins = [], []
    for course in case.courses:
        for item in course.guide.steps if course.state else ():
            state = course.state
            if state and item.step.id in state.proposals and state.approvals_lacking(item.step, item.fingerprint):
                lines.append(item.step.title)
                origins.append(Origin("decision", str(state.proposals[item.step.id].sequence)))
    return answer(*lines, origins=tuple(origins)) if lines else None


def clock_line(clock: Clock, now: datetime) -> Text:
    """Return a clock as one line: what, until when, and how much of it is left."""
    state = clock.state(now)
    words, title = CLOCK_WORDS[state], clock.rule.title
    due = f" {instant(clock.due)[:16]}Z" if clock.due else ""
    rest = f" ({span(clock.due - now)})" if clock.due and state == "running" else ""
    tail = f"{due}{rest} [{clock.rule.basis}]"
    return Text(en=f"{title.en}: {words.en}{tail}", sq=f"{title.sq}: {words.sq}{tail}")


def span(left: timedelta) -> str:
    """Return a time as days and hours, or hours and minutes; with a sign where it has passed."""
    sign, rest = ("-", -left) if left < timedelta() else ("", left)
    hours, minutes = divmod(int(rest.total_seconds()) // 60, 60)
    return f"{sign}{hours // 24} d {hours % 24} h" if hours >= 48 else f"{sign}{hours} h {minutes} min"


def clocks(case: CaseFile) -> Answer | None:
    """Answer where the clocks stand."""
    lines = [clock_line(clock, case.now) for clock in case.clocks]
    origins = [Origin("clock", clock.rule.id) for clock in case.clocks]
    return answer(*lines, origins=(*origins, case.aware_by)) if lines else None


def next_clocks(case: CaseFile) -> Answer | None:
    """Answer which clocks are still to be met, the most pressing first."""
    left = [clock for clock in case.clocks if clock.sent is None]
    lines = [clock_line(clock, case.now) for clock in left]
    return answer(*lines, origins=tuple(Origin("clock", clock.rule.id) for clock in left)) if lines else None


def owner(case: CaseFile) -> Answer | None:
    """Answer who has it."""
    if not case.case.owner:
        return None
    return answer(case.case.owner, origins=(Origin("case", f"{case.incident.id[:12]}: owner"),))


def evidence(case: CaseFile) -> Answer | None:
    """Answer which evidence was kept, by whom, with the beginning of its hash."""
    kept = [
        same(f"{item.name}: SHA-256 {item.sha256[:16]}… ({item.what or '-'})") for item in case.case.evidence[-_FEW:]
    ]
    origins = [Origin("case", item.name) for item in case.case.evidence[-_FEW:]]
    for _, _, found in decided(case):
        for item in found.evidence[:2]:
            kept.append(same(f"{item.name}: SHA-256 {item.sha256[:16] or '-'}"))
            origins.append(Origin("decision", str(found.sequence)))
    return answer(*kept[: 2 * _FEW], origins=tuple(origins[: 2 * _FEW])) if kept else None


def times(case: CaseFile) -> Answer | None:
    """Answer how long it took: from the first sign to the incident, to awareness, to the first decision."""
    incident = case.incident
    marks: list[tuple[Text, datetime, Origin]] = [
        (Text(en="incident opened", sq="incidenti u hap"), incident.opened, Origin("incident", incident.id[:12])),
        (Text(en="awareness", sq="vënia në dijeni"), case.aware, case.aware_by),
    ]
    rows = decided(case)
    if rows:
        at = datetime.fromisoformat(rows[0][2].at)
        marks.append((Text(en="first decision", sq="vendimi i parë"), at, Origin("decision", str(rows[0][2].sequence))))
    lines = [_from_the_first_sign(what, at - incident.first_seen) for what, at, _ in marks]
    return answer(*lines, origins=tuple(origin for _, _, origin in marks))


def _from_the_first_sign(what: Text, apart: timedelta) -> Text:
    """Return how long after the first sign something was, or before it (somebody knew before any log did)."""
    if apart < timedelta():
        early = span(-apart)
        return Text(en=f"{early} before the first sign: {what.en}", sq=f"{early} para shenjës së parë: {what.sq}")
    late = span(apart)
    return Text(en=f"{late} after the first sign: {what.en}", sq=f"{late} pas shenjës së parë: {what.sq}")


def worked(case: CaseFile) -> Answer | None:
    """Answer what worked: how many alerts and steps, and what the incident was opened on."""
    steps = [row for row in decided(case) if row[2].outcome == "done"]
    line = told(
        "{a} alerts of {r} rules were joined into one incident; {s} steps were done",
        "{a} alarme të {r} rregullave u bashkuan në një incident; {s} hapa u kryen",
        a=len(case.incident.alerts),
        r=len({moment.rule_id for moment in case.incident.timeline}),
        s=len(steps),
    )
    origins = tuple(Origin("decision", str(found.sequence)) for _, _, found in steps[-_FEW:])
    return answer(line, origins=(Origin("incident", case.incident.id[:12]), *origins))


def did_not(case: CaseFile) -> Answer | None:
    """Answer what did not work: steps that failed or were skipped, clocks that were missed, alerts judged false."""
    lines, origins = [], []
    for _, item, found in decided(case):
        if found.outcome in {"failed", "skipped", "rejected"}:
            words, title = OUTCOME_WORDS[found.outcome], item.step.title
            lines.append(
                Text(en=f"{words.en}: {title.en}: {found.reason}", sq=f"{words.sq}: {title.sq}: {found.reason}")
            )
            origins.append(Origin("decision", str(found.sequence)))
    for clock in case.clocks:
        if clock.state(case.now) in {"overdue", "sent-late"}:
            lines.append(clock_line(clock, case.now))
            origins.append(Origin("clock", clock.rule.id))
    false = [alert for alert in case.alerts.values() if alert.verdict in {"false-positive", "benign"}]
    if false:
        lines.append(
            told(
                "{n} of its alerts were judged false or benign", "{n} nga alarmet u vlerësuan të gabuara", n=len(false)
            )
        )
        origins.append(Origin("alert", false[0].id[:12]))
    if not lines:
        lines.append(Text(en="nothing on record so far", sq="deri tani asgjë e shënuar"))
        origins.append(Origin("incident", case.incident.id[:12]))
    return answer(*lines, origins=tuple(origins))


def ongoing(case: CaseFile) -> Answer | None:
    """Answer whether it is over, and what is still being done."""
    if case.incident.status == "closed":
        line = told("closed: {w}", "i mbyllur: {w}", w=case.incident.closed_why)
        return answer(line, origins=(Origin("incident", case.incident.id[:12]),))
    count = sum(1 for _ in open_steps(case))
    line = told("not over: {n} steps are open", "nuk ka mbaruar: {n} hapa janë të hapur", n=count)
    return answer(line, origins=(Origin("incident", f"{case.incident.id[:12]} {case.incident.status}"),))


def notes(case: CaseFile) -> Answer | None:
    """Answer what people wrote down, the last notes."""
    found = case.case.notes[-_FEW:]
    lines = [same(f"{instant(note.at)[:16]} {note.actor}: {note.text[:200]}") for note in found]
    return answer(*lines, origins=tuple(Origin("person", note.actor) for note in found)) if found else None


def questions(_case: CaseFile) -> Answer | None:
    """Answer what the review has to ask."""
    lines = (
        Text(
            en="What would have shown the first sign earlier, and is that log collected?",
            sq="Çfarë do ta kishte treguar më herët shenjën e parë, dhe a mblidhet ai ditar?",
        ),
        Text(
            en="Which step cost the most time, and which one was missing?",
            sq="Cili hap mori më shumë kohë, dhe cili mungonte?",
        ),
        Text(en="What will be changed, by whom, until when?", sq="Çfarë do të ndryshohet, nga kush, deri kur?"),
    )
    return answer(*lines, origins=(Origin("playbook", "review"),))
