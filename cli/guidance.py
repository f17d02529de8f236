"""A playbook as it is read: steps filled for one incident, as sections for people and as records for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cli.document import Lines, Pairs, Report, Section
from cli.words import Words, word_for
from engine.events import instant
from engine.incidents import albanian
from playbooks.compiler import FilledCommand, Guide, GuideStep
from playbooks.decisions import Decision
from playbooks.legal import Clock
from playbooks.model import AUTOMATION_NAMES, HASHINGS, PHASE_NAMES, Step
from playbooks.placeholders import PLACEHOLDERS, Unused
from playbooks.texts import Language


def guide_report(guide: Guide, texts: Words, decisions: Mapping[str, Decision], only: int | None = None) -> Report:
    """Return the guide, or step `only` of it, with what was decided so far and what each step does on paper."""
    from cli.rehearsing import rehearsal_record, rehearsal_sections

    steps = [item for item in guide.steps if only is None or item.number == only]
    about = albanian.title(guide.incident.title) if guide.language == "sq" else guide.incident.title
    title = f"{guide.playbook.title.in_language(guide.language)}: {about}"
    sections = [
        section
        for item in steps
        for section in (*step_sections(guide, item, texts, decisions), *rehearsal_sections(guide, item))
    ]
    record = {
        "incident": guide.incident.id,
        "playbook": guide.playbook.id,
        "version": guide.playbook.version,
        "language": guide.language,
        "steps": [{**step_record(guide, item, decisions), **rehearsal_record(guide, item)} for item in steps],
    }
    return Report(name="guide", title=title, record=record, sections=tuple(sections), lang=guide.language)


def step_sections(guide: Guide, item: GuideStep, texts: Words, decisions: Mapping[str, Decision]) -> Sequence[Section]:
    """Return one step as sections: what it is for, its commands, what to see, how to verify and undo."""
    step, lang = item.step, guide.language
    title = texts.step_of.format(number=item.number, total=len(guide.steps), title=step.title.in_language(lang))
    sections = [Section(heading=title, body=Pairs(rows=_head(guide, item, texts, decisions)))]
    sections += _commands(texts.command_for, item.commands, texts)
    sections.append(_prose(texts.expected, step.expected.in_language(lang)))
    if step.verify is not None:
        sections.append(_prose(texts.verify, step.verify.expected.in_language(lang)))
        sections += _commands(f"{texts.verify} ({{platform}})", item.verify, texts)
    if step.undo.reason is not None:
        sections.append(_prose(texts.undo, step.undo.reason.in_language(lang)))
    sections += _commands(f"{texts.undo} ({{platform}})", item.undo, texts)
    return sections


def undo_report(guide: Guide, item: GuideStep, texts: Words) -> Report:
    """Return how a step is taken back."""
    lang = guide.language
    sections = _commands(f"{texts.undo} ({{platform}})", item.undo, texts)
    if item.step.undo.reason is not None:
        sections.insert(0, _prose(texts.undo, item.step.undo.reason.in_language(lang)))
    record = {"step": item.step.id, "undo": [_command_record(command) for command in item.undo]}
    title = f"{texts.undo}: {item.step.title.in_language(lang)}"
    return Report(name="undo", title=title, record=record, sections=tuple(sections), lang=lang)


def step_record(guide: Guide, item: GuideStep, decisions: Mapping[str, Decision]) -> Mapping[str, object]:
    """Return one step as a record."""
    step, lang = item.step, guide.language
    decided = decisions.get(step.id)
    return {
        "number": item.number,
        "id": step.id,
        "phase": step.phase,
        "title": step.title.in_language(lang),
        "purpose": step.purpose.in_language(lang),
        "why_now": step.why_now.in_language(lang),
        "commands": [_command_record(command) for command in item.commands],
        "expected": step.expected.in_language(lang),
        "verify": [_command_record(command) for command in item.verify],
        "verify_expected": step.verify.expected.in_language(lang) if step.verify else None,
        "undo": [_command_record(command) for command in item.undo],
        "undo_reason": step.undo.reason.in_language(lang) if step.undo.reason else None,
        "evidence": [{"what": kept.what.in_language(lang), "hashing": kept.hashing} for kept in step.evidence],
        "risk": {"level": step.risk.level, "words": step.risk.words.in_language(lang)},
        "automation": int(step.automation),
        "approval": step.approval,
        "legal_clock": _due(guide.clock(step)),
        "missing": item.missing,
        "refused": [{"placeholder": unused.placeholder, "value": unused.value} for unused in item.refused],
        "left_out": [{"placeholder": unused.placeholder, "value": unused.value} for unused in item.left_out],
        "decision": decision_record(decided) if decided else None,
    }


def decision_record(decision: Decision) -> Mapping[str, object]:
    """Return a decision as it stands in the ledger."""
    return {
        "sequence": decision.sequence,
        "at": decision.at,
        "actor": decision.actor,
        "step": decision.step,
        "outcome": decision.outcome,
        "reason": decision.reason,
        "evidence": [{"name": kept.name, "sha256": kept.sha256, "place": kept.place} for kept in decision.evidence],
    }


def _head(
    guide: Guide, item: GuideStep, texts: Words, decisions: Mapping[str, Decision]
) -> tuple[tuple[str, object], ...]:
    step, lang = item.step, guide.language
    rows: list[tuple[str, object]] = [
        (texts.phase, PHASE_NAMES[step.phase].in_language(lang)),
        (texts.purpose, step.purpose.in_language(lang)),
        (texts.why_now, step.why_now.in_language(lang)),
        (texts.risk, f"{word_for(texts, step.risk.level)}: {step.risk.words.in_language(lang)}"),
        (texts.automation, AUTOMATION_NAMES[step.automation].in_language(lang)),
        (texts.approval, _approval(step, texts)),
        *((texts.evidence, _evidence(step, lang)) for _ in step.evidence[:1]),
        *((texts.legal_clock, words) for words in _clock_words(guide.clock(step), lang, texts)),
        *((texts.missing, f"{name} ({PLACEHOLDERS[name].meaning.in_language(lang)})") for name in item.missing),
        *((texts.refused, f"{unused.value}: {unused.reason.in_language(lang)}") for unused in item.refused),
        *((texts.left_out, told) for told in _by_reason(item.left_out, lang)),
    ]
    if decided := decisions.get(step.id):
        rows.append((texts.decided, f"{decided.outcome}, {decided.actor}, {decided.at}: {decided.reason}"))
    return tuple(rows)


def _approval(step: Step, texts: Words) -> str:
    return {"none": texts.approval_none, "one": texts.approval_one, "two-person": texts.approval_two}[step.approval]


def _evidence(step: Step, lang: Language) -> str:
    return "; ".join(
        f"{kept.what.in_language(lang)} ({HASHINGS[kept.hashing].in_language(lang)})" for kept in step.evidence
    )


def _due(clock: Clock | None) -> str | None:
    if clock is None:
        return None
    return f"{clock.rule.id}: {instant(clock.due)}" if clock.due else clock.rule.id


def _clock_words(clock: Clock | None, lang: Language, texts: Words) -> Sequence[str]:
    if clock is None:
        return ()
    when = texts.due.format(due=instant(clock.due)) if clock.due else texts.without_delay
    return (f"{clock.rule.title.in_language(lang)} ({clock.rule.basis}); {when}",)


def _commands(heading: str, commands: Sequence[FilledCommand], texts: Words) -> list[Section]:
    sections: list[Section] = []
    for command in commands:
        verbatim = command.platform != "manual"
        if command.text is not None:
            lines, name = command.text.splitlines(), heading.format(platform=command.platform)
        else:
            lines, verbatim = command.template.splitlines(), True
            name = f"{heading.format(platform=command.platform)}: {texts.not_filled}"
        if command.platform == "manual":
            name = name.replace("(manual)", f"({texts.by_hand})")
        sections.append(Section(heading=name, body=Lines(lines=lines, verbatim=verbatim)))
    return sections


def _prose(heading: str, text: str) -> Section:
    return Section(heading=heading, body=Lines(lines=text.splitlines() or ("",)))


def _command_record(command: FilledCommand) -> Mapping[str, object]:
    return {
        "platform": command.platform,
        "text": command.text,
        "template": command.template,
        "missing": command.missing,
        "refused": [{"placeholder": unused.placeholder, "value": unused.value} for unused in command.refused],
    }


def _by_reason(unused: Sequence[Unused], lang: Language) -> list[str]:
    """Return one line per reason, with the values it holds for."""
    values: dict[str, list[str]] = {}
    for item in unused:
        values.setdefault(item.reason.in_language(lang), []).append(item.value)
    return [f"{', '.join(dict.fromkeys(found))}: {reason}" for reason, found in values.items()]
