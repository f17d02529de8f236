"""kulla's playbooks, and an incident's compiled guide, as CACAO 2.0.

Source: OASIS, CACAO Security Playbooks Version 2.0. What kulla would not let a machine run goes out as a `manual`
command: a reader that knows nothing of approvals then asks a person, and runs nothing alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

from engine.indicators.model import Tlp
from playbooks.compiler import FilledCommand, Guide
from playbooks.model import Automation, Platform, Playbook, Step
from playbooks.placeholders import PATTERN, PLACEHOLDERS
from playbooks.standards.cacao_extension import EXTENSION, PRODUCER, definition, of_guide_step, of_playbook, of_step
from playbooks.standards.cacao_flow import Workflow, processing
from playbooks.standards.documents import Document, identifier, stamp
from playbooks.standards.marking import cacao_marking
from playbooks.texts import Language

# The library's playbooks carry no date: a changed one is another object, told by the version in its id.
LIBRARY_SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
_NATIVE: Final[dict[Platform, str]] = {"bash": "bash", "powershell": "powershell", "exchange": "powershell"}
_TYPES: Final = {
    "triage": "investigation",
    "contain": "mitigation",
    "eradicate": "remediation",
    "recover": "remediation",
    "learn": "prevention",
}
_AGENT: Final = identifier("group", "kulla", "responders")


def playbook_to_cacao(playbook: Playbook, tlp: Tlp, language: Language = "en") -> Document:
    """Return a playbook of the library; its placeholders become variables (`__host__:value`)."""
    seed = ("library", playbook.id, playbook.version, language)
    hosts = [identifier("net-address", *seed, "host")]
    target = {"type": "net-address", "name": "affected host", "address": {"dname": ["__host__:value"]}}

    def action(step: Step) -> Document:
        commands = [
            _command(step, item.platform, _with_variables(item.template.in_language(language)))
            for item in step.commands
        ]
        return _action(step, language, commands, of_step(step), hosts)

    flow = Workflow(playbook, seed, action)
    needed = any("host" in step.needs for step in playbook.steps)
    document = {
        **_head(playbook, seed, tlp, language),
        "playbook_variables": {**_variables(playbook), **flow.variables},
        **_body(flow, playbook, tlp),
    }
    return {**document, "target_definitions": {hosts[0]: target}} if needed else document


def guide_to_cacao(guide: Guide, tlp: Tlp) -> Document:
    """Return an incident's guide: commands filled and quoted as `kulla respond` shows them, hosts as targets."""
    incident, playbook, language = guide.incident, guide.playbook, guide.language
    seed = ("guide", incident.id, playbook.id, playbook.version, language)
    targets = _targets(guide, seed)

    def action(step: Step) -> Document:
        item = guide.step(step.id)
        commands = [_command(step, filled.platform, _filled(filled)) for filled in item.commands]
        return _action(step, language, commands, of_guide_step(guide, item), list(targets))

    flow = Workflow(playbook, seed, action)
    document = {
        **_head(playbook, seed, tlp, language),
        "name": f"{playbook.title.in_language(language)}: {incident.title}",
        "created": stamp(incident.opened),
        "modified": stamp(max(incident.opened, incident.last_seen)),
        **({"playbook_variables": flow.variables} if flow.variables else {}),
        **_body(flow, playbook, tlp),
    }
    return {**document, "target_definitions": targets} if targets else document


def _head(playbook: Playbook, seed: tuple[str, ...], tlp: Tlp, language: Language) -> Document:
    references = [
        {"name": "mitre-attack", "description": "MITRE ATT&CK", "external_id": number}
        for number in playbook.fits.techniques
    ]
    return {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": identifier("playbook", *seed),
        "name": playbook.title.in_language(language),
        "description": playbook.summary.in_language(language),
        "playbook_types": sorted({_TYPES[phase] for phase in playbook.phases}),
        "created_by": PRODUCER,
        "created": stamp(LIBRARY_SINCE),
        "modified": stamp(LIBRARY_SINCE),
        "revoked": False,
        "priority": playbook.urgency,
        "labels": ["kulla", f"kulla:{playbook.id}", f"version:{playbook.version}", f"language:{language}"],
        "markings": [str(cacao_marking(tlp, PRODUCER)["id"])],
        **({"external_references": references} if references else {}),
    }


def _body(flow: Workflow, playbook: Playbook, tlp: Tlp) -> Document:
    commands = [command for step in flow.steps.values() for command in _commands_of(step)]
    marking = cacao_marking(tlp, PRODUCER)
    return {
        "playbook_processing_summary": processing(
            flow.steps, manual=all(command["type"] == "manual" for command in commands)
        ),
        "workflow_start": flow.start,
        "workflow": flow.steps,
        "playbook_extensions": {EXTENSION: of_playbook(playbook)},
        "agent_definitions": {_AGENT: {"type": "group", "name": "responders"}},
        "extension_definitions": {EXTENSION: definition()},
        "data_marking_definitions": {str(marking["id"]): marking},
    }


def _commands_of(step: Document) -> Sequence[Document]:
    commands = step.get("commands")
    return commands if isinstance(commands, list) else []


def _action(
    step: Step, language: Language, commands: list[Document], extension: Document, targets: list[str]
) -> Document:
    about = " ".join(text.in_language(language) for text in (step.purpose, step.why_now, step.expected))
    return {
        "type": "action",
        "name": step.title.in_language(language),
        "description": about,
        "commands": commands or [{"type": "manual", "command": step.purpose.in_language(language)}],
        "agent": _AGENT,
        **({"targets": targets} if targets and "host" in step.needs else {}),
        "step_extensions": {EXTENSION: extension},
    }


def _command(step: Step, platform: Platform, text: str) -> Document:
    if platform == "manual":
        return {"type": "manual", "command": text}
    if platform in _NATIVE and _may_run(step):
        return {"type": _NATIVE[platform], "command": text, "description": platform}
    return {"type": "manual", "command": text, "description": f"{platform}; {_by_whom(step)}"}


def _may_run(step: Step) -> bool:
    """Tell whether a machine may run the step's commands with nobody's approval."""
    least = Automation.RUN_ALONE if step.changes else Automation.RUN_READING
    return step.automation >= least and step.approval == "none"


def _by_whom(step: Step) -> str:
    asked = {"none": "a person runs it", "one": "another person approves it first"}
    return asked.get(step.approval, "two other persons approve it first")


def _filled(command: FilledCommand) -> str:
    if command.text is not None:
        return command.text
    lacking = ", ".join(dict.fromkeys((*command.missing, *(item.placeholder for item in command.refused))))
    return f"Not filled, do not run ({lacking}): {_with_variables(command.template)}"


def _with_variables(template: str) -> str:
    return PATTERN.sub(lambda found: f"{_variable(found[1], bool(found[2]))}:value", template)


def _variable(name: str, is_list: bool) -> str:  # noqa: FBT001 # the two parts of one placeholder
    return f"__{name}_list__" if is_list else f"__{name}__"


def _variables(playbook: Playbook) -> Document:
    """Declare a variable for every placeholder of the playbook's commands, and for its targets."""
    found = {("host", False)} if any("host" in step.needs for step in playbook.steps) else set()
    for step in playbook.steps:
        for command in step.commands:
            for words in (command.template.en, command.template.sq):
                found |= {(match[1], bool(match[2])) for match in PATTERN.finditer(words)}
    return {
        _variable(name, is_list): {
            "type": "string",
            "description": f"{PLACEHOLDERS[name].meaning.en}{' (all of them)' if is_list else ''}; "
            "check its type and quote it for the interpreter before it enters a command",
            "constant": False,
            "external": True,
        }
        for name, is_list in sorted(found)
    }


def _targets(guide: Guide, seed: tuple[str, ...]) -> dict[str, Document]:
    hosts = dict.fromkeys(item.value for item in guide.incident.entities if item.kind == "host")
    return {
        identifier("net-address", *seed, host): {"type": "net-address", "name": host, "address": _address(host)}
        for host in hosts
    }


def _address(host: str) -> Document:
    try:
        return {f"ipv{ip_address(host).version}": [host]}
    except ValueError:
        return {"dname": [host]}
