"""CACAO 2.0 into a kulla playbook: its own come back whole, others as a draft that says what a person has to add.

Nothing that is imported is trusted: it gets automation level 1 at most (`a person runs it`), since levels are earned
here, and it enters no library. A draft lacks what CACAO does not know (Albanian, verification, undo): the loader
refuses it, with file and line, until that is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from engine.errors import InputError
from playbooks.model import Automation
from playbooks.placeholders import PATTERN
from playbooks.standards.cacao_check import check
from playbooks.standards.cacao_draft import Draft, Step
from playbooks.standards.cacao_extension import EXTENSION
from playbooks.standards.documents import Document, clean, items, mapping, word

_FATAL: Final = ("which is not there", "leads back to itself", "does not name a start", "is not a playbook of")
_FITS: Final = ("techniques", "tactics", "rules")
_ORDER: Final = (
    "id", "kind", "phase", "title", "purpose", "why_now", "changes", "commands", "expected", "verify", "undo",
    "evidence", "risk", "automation", "approval", "clock", "needs", "together", "effects", "next",
)  # fmt: skip
_OPTIONAL: Final = frozenset(("evidence", "needs", "effects", "undo", "verify", "clock", "together"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A playbook's id, its YAML, whether kulla had written it, and what was changed, not carried over, or is wrong."""

    id: str
    yaml: str
    is_own: bool
    notes: tuple[str, ...]


def import_cacao(document: Document, where: str) -> Imported:
    """Return the playbook; raise `InputError` for one that cannot be followed, or whose two halves disagree."""
    faults = check(document)
    for fault in faults:
        if any(word in fault.what for word in _FATAL):
            raise InputError(f"{fault.where}: {fault.what}", where=where, hint="ask whoever made it")
    own = mapping(mapping(document.get("playbook_extensions")).get(EXTENSION))
    try:
        found, notes = _own(document, own) if own else _foreign(document)
    except InputError as error:
        place = f"{where} ({error.where})" if error.where else where
        raise InputError(error.message, where=place, hint=error.hint) from None
    told = (*(f"{fault.where}: {fault.what}" for fault in faults), *notes)
    return Imported(id=str(found["id"]), yaml=_as_yaml(found), is_own=bool(own), notes=tuple(dict.fromkeys(told)))


def _own(document: Document, own: Document) -> tuple[Step, list[str]]:
    """Return the playbook that the extensions tell, where the commands beside them are the same."""
    language = next((item[9:] for item in map(word, items(document.get("labels"))) if item[:9] == "language:"), "en")
    steps: list[Step] = []
    notes: list[str] = []
    for number, found in mapping(document.get("workflow")).items():
        if mapping(found).get("type") == "action":
            said = mapping(mapping(mapping(found).get("step_extensions")).get(EXTENSION))
            _agree(number, mapping(found), said, language)
            steps.append(_own_step(said, notes))
    order = {word(name): place for place, name in enumerate(items(own.get("order")))}
    steps.sort(key=lambda step: order.get(str(step.get("id")), len(order)))  # another tool may have sorted the keys
    fits = mapping(own.get("fits"))
    playbook: Step = {
        "id": word(own.get("id")),
        "title": own.get("title"),
        "summary": own.get("summary"),
        "urgency": own.get("urgency"),
        "fits": {name: list(items(fits.get(name))) for name in _FITS},
        "steps": steps,
    }
    return playbook, notes


def _own_step(said: Document, notes: list[str]) -> Step:
    step = {name: said[name] for name in _ORDER if name in said and (said[name] or name not in _OPTIONAL)}
    step["commands"] = _commands(said.get("commands"))
    for part in ("verify", "undo"):
        inner = dict(mapping(said.get(part)))
        if "commands" in inner:
            inner["commands"] = _commands(inner["commands"])
            if not inner["commands"]:
                del inner["commands"]
        if "effects" in inner:
            inner["effects"] = _effects(inner["effects"])
        if inner:
            step[part] = inner
    if "effects" in step:
        step["effects"] = _effects(step["effects"])
    level = said.get("automation")
    if isinstance(level, int) and level > Automation.SHOW_COMMAND:
        step["automation"] = int(Automation.SHOW_COMMAND)
        notes.append(f"{word(said.get('id'))}: automation level {level} becomes 1, since it is earned where it is used")
    return step


def _effects(found: object) -> list[Step]:
    return [{name: value for name, value in mapping(item).items() if value} for item in items(found)]


def _commands(found: object) -> list[Step]:
    """Return commands as the library writes them: `platform: template`, both languages for `manual` alone."""
    commands: list[Step] = []
    for item in items(found):
        platform, template = word(mapping(item).get("platform")), mapping(mapping(item).get("template"))
        commands.append({platform: dict(template) if platform == "manual" else template.get("en", "")})
    return commands


def _agree(number: str, step: Document, said: Document, language: str) -> None:
    """Raise `InputError` where an action shows other commands than its extension holds: one was changed alone."""
    if not said:
        raise InputError("the step lacks kulla's extension", where=number, hint="ask whoever changed it")
    if "filled" in said:
        wanted = [word(mapping(item).get("text")) for item in items(mapping(said.get("filled")).get("commands"))]
    else:
        templates = [mapping(mapping(item).get("template")) for item in items(said.get("commands"))]
        wanted = [PATTERN.sub(_variable, word(item.get(language))) for item in templates]
    shown = [word(mapping(item).get("command")) for item in items(step.get("commands"))]
    pairs = zip(shown, wanted, strict=False)
    if (wanted and len(shown) != len(wanted)) or any(one != other for one, other in pairs if other):
        raise InputError("the step shows other commands than its extension holds", where=number, hint="ask its sender")


def _variable(found: re.Match[str]) -> str:
    return f"__{found[1]}_list__:value" if found[2] else f"__{found[1]}__:value"


def _foreign(document: Document) -> tuple[Step, list[str]]:
    draft = Draft(document=document)
    steps = draft.draw()
    title = " ".join(word(document.get("name")).split()) or "Imported playbook"
    techniques = [
        word(mapping(item).get("external_id")) for item in items(document.get("external_references"))
        if word(mapping(item).get("name")).startswith("mitre")
    ]  # fmt: skip
    playbook: Step = {
        "id": f"imported-{word(document.get('id')).partition('--')[2][:8]}",
        "title": {"en": title, "sq": ""},
        "summary": {"en": " ".join(word(document.get("description")).split()), "sq": ""},
        "urgency": 5,
        "fits": {"techniques": techniques, "tactics": [], "rules": []},
        "steps": steps,
    }
    if mapping(document.get("authentication_info_definitions")):
        draft.notes.append("authentication_info_definitions: secrets are never carried over")
    return playbook, draft.notes


class _Dumper(yaml.SafeDumper):
    """Writes YAML without anchors, texts of several lines as blocks; a NEL, for YAML a line break, as an escape."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 # PyYAML's signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if "\x85" in text else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _as_yaml(playbook: Step) -> str:
    return yaml.dump(_cleaned(playbook), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=116)


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {str(key): _cleaned(item) for key, item in value.items()}
    return [_cleaned(item) for item in value] if isinstance(value, list | tuple) else value
