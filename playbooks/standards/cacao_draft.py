"""A foreign CACAO workflow as steps of kulla: each step stands for one, and what cannot be stood for is refused.

Actions become steps; `if` and `switch` become questions that a person answers (done is yes, failed is no); parallel
steps are done side by side where each branch is one action, else one branch after the other, which is said. A `while`
is refused: runs of kulla go forward only, so that they always end.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.errors import InputError
from playbooks.model import END
from playbooks.standards.cacao_terms import REFERENCE
from playbooks.standards.documents import Document, items, mapping, word

MOST_STEPS: Final = 400
_DEEPEST: Final = 150  # steps that follow each other inside branches
_TOLD: Final = frozenset((
    "type", "name", "description", "commands", "agent", "targets", "step_variables", "on_completion", "on_success",
    "on_failure", "on_true", "on_false", "condition", "switch", "cases", "next_steps", "playbook_id", "step_extensions",
    "timeout", "delay", "in_args", "out_args",
))  # fmt: skip
_NATIVE: Final = frozenset(("bash", "powershell"))
Step = dict[str, object]


@dataclass(slots=True, kw_only=True)
class Draft:
    """The steps of a workflow while they are drawn, the last first; `notes` say what was changed or not carried."""

    document: Document
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _known: dict[tuple[str, str], str] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _depth: int = 0

    def draw(self) -> list[Step]:
        """Return the steps in order; raise `InputError`, with the reason, for a workflow that kulla cannot follow."""
        first = self._enter(word(self.document.get("workflow_start")), END)
        if first == END:
            raise InputError("the workflow has no step to do", hint="an empty playbook is not imported")
        return list(reversed(self.steps))

    def _enter(self, number: str, leave: str) -> str:
        """Return the name of the step that is done first where the workflow goes to `number`; `leave` comes behind."""
        found = mapping(mapping(self.document.get("workflow")).get(number))
        kind = word(found.get("type"))
        if kind == "end":
            return leave
        if kind == "start":
            return self._after(found, leave)
        key = (number, leave)
        if key not in self._known:
            if self._depth >= _DEEPEST:
                raise InputError("the workflow is nested too deeply", where=number, hint="split the playbook")
            self._depth += 1
            self._known[key] = self._drawer(kind, number)(number, found, leave)
            self._depth -= 1
        return self._known[key]

    def _drawer(self, kind: str, number: str) -> Callable[[str, Document, str], str]:
        drawers: Mapping[str, Callable[[str, Document, str], str]] = {
            "action": self._action,
            "playbook-action": self._playbook,
            "if-condition": self._question,
            "switch-condition": self._switch,
            "parallel": self._parallel,
        }
        if kind == "while-condition":
            hint = "write the loop as one step that a person repeats"
            raise InputError("a `while` cannot be imported: runs of kulla go forward only", where=number, hint=hint)
        if kind not in drawers:
            raise InputError(f"a step of kind `{kind}` is not known", where=number, hint="CACAO 2.0, section 4")
        return drawers[kind]

    def _after(self, found: Document, leave: str) -> str:
        return self._enter(word(found.get("on_completion") or found.get("on_success")), leave)

    def _failed(self, found: Document, leave: str, done: str) -> str:
        """Return where a failure leads: what the step says, else the playbook's exception, else the end."""
        if "on_completion" in found:
            return done
        exception = word(found.get("on_failure") or self.document.get("workflow_exception"))
        return self._enter(exception, leave if "on_failure" in found else END) if exception else END

    def _action(self, number: str, found: Document, leave: str) -> str:
        done = self._after(found, leave)
        failed = self._failed(found, leave, done)
        return self._add(number, found, self._commands(number, found), done, failed)

    def _playbook(self, number: str, found: Document, leave: str) -> str:
        done = self._after(found, leave)
        told = f"Follow the playbook {word(found.get('playbook_id'))} to its end."
        return self._add(number, found, [_manual(told)], done, self._failed(found, leave, done))

    def _question(self, number: str, found: Document, leave: str) -> str:
        after = self._after(found, leave)
        no = self._enter(word(found["on_false"]), after) if "on_false" in found else after
        yes = self._enter(word(found.get("on_true")), after)
        asked = f"Does this hold: {word(found.get('condition'))}? Done means yes, failed means no."
        return self._ask(number, found, asked, yes, no)

    def _switch(self, number: str, found: Document, leave: str) -> str:
        """Ask for one case after the other; `default`, or what follows the switch, is where none of them holds."""
        after, cases = self._after(found, leave), mapping(found.get("cases"))
        other = self._enter(word(cases["default"]), after) if "default" in cases else after
        named = [(case, self._enter(word(target), after)) for case, target in cases.items() if case != "default"]
        for case, target in reversed(named):
            asked = f"Is {word(found.get('switch'))} equal to {case}? Done means yes, failed means no."
            other = self._ask(number, found, asked, target, other, case)
        return other

    def _parallel(self, number: str, found: Document, leave: str) -> str:
        after = self._after(found, leave)
        branches = [word(target) for target in items(found.get("next_steps"))]
        follows = (self.steps[-1]["id"] == after) if self.steps else after == END
        if follows and all(self._is_single(branch) for branch in branches):
            name = self._name(word(found.get("name")) or "together")
            for branch in reversed(branches):
                action = mapping(mapping(self.document.get("workflow")).get(branch))
                entered = self._add(branch, action, self._commands(branch, action), after, after)
                self.steps[-1]["together"] = name
            return entered
        self.notes.append(f"{number}: its branches are done one after the other, in the order in which they are named")
        for branch in reversed(branches):
            after = self._enter(branch, after)
        return after

    def _is_single(self, number: str) -> bool:
        """Tell whether a branch is one action and an end."""
        workflow = mapping(self.document.get("workflow"))
        found = mapping(workflow.get(number))
        ways = [word(found[name]) for name in ("on_completion", "on_success", "on_failure") if name in found]
        return found.get("type") == "action" and all(mapping(workflow.get(way)).get("type") == "end" for way in ways)

    def _ask(self, number: str, found: Document, asked: str, yes: str, no: str, case: str = "") -> str:  # noqa: PLR0917 # one question
        step = {**found, "name": f"{word(found.get('name')) or 'question'} {case}".strip()}
        name = self._add(number, step, [_manual(asked)], yes, no)
        self.steps[-1] |= {"changes": False}
        return name

    def _add(self, number: str, found: Document, commands: list[Step], done: str, failed: str) -> str:  # one step
        if len(self.steps) >= MOST_STEPS:
            raise InputError(f"more than {MOST_STEPS} steps", where=number, hint="split the playbook")
        for name in found:
            if name not in _TOLD:
                self.notes.append(f"{number}: `{name}` is not carried over")
        title = _line(word(found.get("name"))) or number.partition("--")[0]
        name = self._name(title)
        self.steps.append({
            "id": name,
            "phase": "triage",
            "title": {"en": title, "sq": ""},
            "purpose": {"en": _line(word(found.get("description"))), "sq": ""},
            "why_now": {"en": "", "sq": ""},
            "changes": True,
            "commands": [*self._context(number, found), *commands],
            "expected": {"en": "", "sq": ""},
            "risk": {"level": "high", "words": {"en": "", "sq": ""}},
            "automation": 0,
            "next": {"done": done, "failed": failed, "not-applicable": done, "rejected": failed},
        })  # fmt: skip
        return name

    def _name(self, title: str) -> str:
        plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
        base = "-".join(re.findall(r"[a-z0-9]+", plain))[:48].strip("-")
        base = base if base[:1].isalpha() and base != END else f"step-{base}".strip("-")
        name = next(name for name in (base, *(f"{base}-{n}" for n in range(2, 9999))) if name not in self._names)
        self._names.add(name)
        return name

    def _context(self, number: str, found: Document) -> list[Step]:
        """Return an instruction that says what a step's commands rest on: machines, variables, times, arguments."""
        targets = mapping(self.document.get("target_definitions"))
        said = [f"On {_place(mapping(targets.get(word(name))))}." for name in items(found.get("targets"))]
        known = {**mapping(self.document.get("playbook_variables")), **mapping(found.get("step_variables"))}
        used = {match[1] for command in items(found.get("commands")) for match in REFERENCE.finditer(_text(command))}
        for name in (*mapping(found.get("step_variables")), *sorted(used - set(mapping(found.get("step_variables"))))):
            value = mapping(known.get(name)).get("value")
            said.append(
                f"{name} is {word(value)}." if value not in {None, ""} else f"{name} is asked for or found out."
            )
        for name, unit in (("delay", "wait {} ms before it"), ("timeout", "it has failed after {} ms")):
            if name in found:
                said.append(f"Time: {unit.format(found[name])}.")
        for name, about in (("in_args", "It takes"), ("out_args", "Note down")):
            if items(found.get(name)):
                said.append(f"{about} {', '.join(word(item) for item in items(found.get(name)))}.")
        _refuse_placeholders(number, " ".join(said))
        return [_manual(_line(" ".join(said)))] if said else []

    def _commands(self, number: str, found: Document) -> list[Step]:
        commands: list[Step] = []
        for item in items(found.get("commands")):
            command, text = mapping(item), _text(item)
            kind = word(command.get("type"))
            _refuse_placeholders(number, text)
            if kind in _NATIVE and text.strip() and not REFERENCE.search(text):
                commands.append({kind: text})
            elif kind == "manual":
                commands.append(_manual(text))
            else:
                told = "; ".join(f"{name}: {_line(word(value) or str(value))}" for name, value in command.items()
                                 if name not in {"type", "command", "command_b64"})  # fmt: skip
                commands.append(_manual(f"Run this {kind} command{f' ({told})' if told else ''}: {text}"))
                self.notes.append(f"{number}: a command of kind `{kind}` is for a person to run")
        return commands


def _manual(text: str) -> Step:
    return {"manual": {"en": text, "sq": ""}}


def _text(command: object) -> str:
    found = mapping(command)
    if "command" in found or "command_b64" not in found:
        return word(found.get("command"))
    try:
        return b64decode(word(found["command_b64"]), validate=True).decode("utf-8")
    except ValueError:
        raise InputError("`command_b64` is not text in base 64", hint="check who made it") from None


def _refuse_placeholders(number: str, text: str) -> None:
    if "{{" in text:
        hint = "kulla would fill it from an incident: write the command by hand"
        raise InputError("a command holds `{{`", where=number, hint=hint)


def _place(target: Document) -> str:
    found = [word(item) for group in mapping(target.get("address")).values() for item in items(group)]
    if "port" in target:
        found.append(f"port {target['port']}")
    where = f" ({', '.join(found)})" if found else ""
    return f"{word(target.get('type'))} {word(target.get('name'))}{where}"


def _line(text: str) -> str:
    return " ".join(text.split())
