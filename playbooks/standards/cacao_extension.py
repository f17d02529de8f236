"""What CACAO has no words for: kulla's step and playbook extensions, and their published definition.

CACAO 2.0 knows neither approval, undo, evidence, legal clock nor a second language. A reader that does not know the
extension loses nothing that it could act on wrongly: what needs a person stands as a `manual` command beside it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from engine.events import instant
from playbooks.compiler import FilledCommand, Guide, GuideStep
from playbooks.legal import known_clocks, own_rules
from playbooks.model import (
    APPROVALS,
    APPROVERS_NEEDED,
    HASHINGS,
    PHASES,
    PLATFORMS,
    RISK_LEVELS,
    STEP_KINDS,
    Command,
    Effect,
    Playbook,
    Step,
)
from playbooks.standards.documents import Document, identifier
from playbooks.texts import Text

VERSION: Final = "1.1.0"
EXTENSION: Final = identifier("extension-definition", "kulla", "playbook", "1")
PRODUCER: Final = identifier("identity", "kulla")


def definition() -> Document:
    """Return the extension definition; its `schema` is the JSON schema itself, so that no address must be asked."""
    return {
        "type": "extension-definition",
        "name": "kulla response steps",
        "description": "Approval, undo, verification, evidence, legal clock, risk, and texts in English and Albanian.",
        "created_by": PRODUCER,
        "schema": json.dumps(schema(), sort_keys=True, separators=(",", ":")),
        "version": VERSION,
    }


def schema() -> Document:
    """Return the JSON schema (draft 7) of a step's extension."""
    text = {
        "type": "object",
        "required": ["en", "sq"],
        "properties": {"en": {"type": "string"}, "sq": {"type": "string"}},
        "additionalProperties": False,
    }
    command = _object({"platform": _one_of(PLATFORMS), "template": text})
    commands = {"type": "array", "items": command}
    effects = {"type": "array", "items": _object({"thing": _TEXT, "of": _TEXT, "becomes": _TEXT})}
    properties: dict[str, object] = {
        "id": _TEXT,
        "kind": _one_of(STEP_KINDS),
        "phase": _one_of(PHASES),
        "title": text,
        "purpose": text,
        "why_now": text,
        "changes": {"type": "boolean"},
        "commands": commands,
        "expected": text,
        "verify": _object({"commands": commands, "expected": text}),
        "undo": {
            "type": "object",
            "properties": {"commands": commands, "reason": text, "effects": effects},
            "additionalProperties": False,
        },
        "evidence": {"type": "array", "items": _object({"what": text, "hash": _one_of(tuple(HASHINGS))})},
        "risk": _object({"level": _one_of(RISK_LEVELS), "words": text}),
        "automation": {"type": "integer", "minimum": 0, "maximum": 4},
        "approval": _one_of(APPROVALS),
        "approvers": {"type": "integer", "minimum": 0},
        "clock": _one_of(known_clocks()),
        "clock_basis": _TEXT,
        "clock_due": _TEXT,
        "needs": {"type": "array", "items": _TEXT},
        "together": _TEXT,
        "effects": effects,
        "next": {"type": "object", "additionalProperties": _TEXT},
        "filled": {"type": "object"},
    }
    required = ["id", "phase", "title", "purpose", "why_now", "changes", "commands", "expected", "undo", "risk", "next"]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


_TEXT: Final[Document] = {"type": "string"}


def _one_of(words: Sequence[str]) -> Document:
    return {"type": "string", "enum": list(words)}


def _object(properties: Document) -> Document:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def of_playbook(playbook: Playbook) -> Document:
    """Return what the extension says of a whole playbook."""
    return {
        "id": playbook.id,
        "title": words_of(playbook.title),
        "summary": words_of(playbook.summary),
        "urgency": playbook.urgency,
        "fits": {
            "techniques": list(playbook.fits.techniques),
            "tactics": list(playbook.fits.tactics),
            "rules": list(playbook.fits.rules),
        },
        "version": playbook.version,
        "order": [step.id for step in playbook.steps],
    }


def of_step(step: Step) -> Document:
    """Return what the extension says of a step: everything that the library's file says of it."""
    undo: dict[str, object] = {}
    if step.undo.commands:
        undo["commands"] = _commands(step.undo.commands)
    if step.undo.reason is not None:
        undo["reason"] = words_of(step.undo.reason)
    if step.undo.effects:
        undo["effects"] = _effects(step.undo.effects)
    said: dict[str, object] = {
        "id": step.id,
        "kind": step.kind,
        "phase": step.phase,
        "title": words_of(step.title),
        "purpose": words_of(step.purpose),
        "why_now": words_of(step.why_now),
        "changes": step.changes,
        "commands": _commands(step.commands),
        "expected": words_of(step.expected),
        "undo": undo,
        "evidence": [{"what": words_of(kept.what), "hash": kept.hashing} for kept in step.evidence],
        "risk": {"level": step.risk.level, "words": words_of(step.risk.words)},
        "automation": int(step.automation),
        "approval": step.approval,
        "approvers": APPROVERS_NEEDED[step.approval],
        "needs": list(step.needs),
        "next": {
            "done": step.branches.done,
            "failed": step.branches.failed,
            "not-applicable": step.branches.not_applicable,
            "rejected": step.branches.rejected,
        },
    }
    if step.verify is not None:
        said["verify"] = {"commands": _commands(step.verify.commands), "expected": words_of(step.verify.expected)}
    if step.clock is not None:
        basis = {rule.id: rule.basis for rule in own_rules()}
        said |= {"clock": step.clock, "clock_basis": basis[step.clock]}
    if step.together:
        said["together"] = step.together
    if step.effects:
        said["effects"] = _effects(step.effects)
    return said


def of_guide_step(guide: Guide, item: GuideStep) -> Document:
    """Return what the extension says of a step of an incident's guide: the filled commands and the deadline, too."""
    filled = {
        "language": guide.language,
        "commands": _filled(item.commands),
        "verify": _filled(item.verify),
        "undo": _filled(item.undo),
        "missing": list(item.missing),
        "fingerprint": item.fingerprint,
    }
    said = {**of_step(item.step), "filled": filled}
    if clock := guide.clock(item.step):  # as the user's own deadlines have it
        said["clock_basis"] = clock.rule.basis
        if clock.due:
            said["clock_due"] = instant(clock.due)
    return said


def words_of(text: Text) -> Document:
    """Return a text in both languages."""
    return {"en": text.en, "sq": text.sq}


def _commands(commands: Sequence[Command]) -> list[Document]:
    return [{"platform": command.platform, "template": words_of(command.template)} for command in commands]


def _effects(effects: Sequence[Effect]) -> list[Document]:
    return [{"thing": item.thing, "of": item.of, "becomes": item.becomes} for item in effects]


def _filled(commands: Sequence[FilledCommand]) -> list[Document]:
    return [
        {"platform": command.platform, "text": command.text}
        if command.text is not None
        else {"platform": command.platform, "missing": list(command.missing)}
        for command in commands
    ]
