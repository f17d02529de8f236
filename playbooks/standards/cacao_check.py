"""What a CACAO 2.0 playbook must hold that OASIS's schemas do not see.

The schemas declare draft 7 and rely on `unevaluatedProperties`, which draft 7 does not know: unknown fields pass them,
and no schema follows a pointer. Told here: unknown and missing fields, dangling pointers, steps that nothing leads to,
cycles, variables, agents, targets, markings and extensions that are named and not defined.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from playbooks.standards import cacao_terms as terms
from playbooks.standards.cacao_graph import cycle, next_of, reachable
from playbooks.standards.documents import Document, items, mapping, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong with a document: where (the path inside it), and what."""

    where: str
    what: str


def check(document: Document) -> tuple[Fault, ...]:
    """Return what is wrong with a playbook, none where it can be relied on."""
    return tuple(dict.fromkeys((*_head(document), *_steps(document), *_graph(document), *_definitions(document))))


def _fault(where: str, what: str) -> Fault:
    return Fault(where=where, what=what)


def _unknown(where: str, found: Document, known: frozenset[str]) -> Iterator[Fault]:
    for name in found:
        if name not in known:
            yield _fault(where, f"unknown field `{name}`")


def _head(document: Document) -> Iterator[Fault]:
    yield from _unknown("playbook", document, terms.PLAYBOOK)
    for name in terms.PLAYBOOK_REQUIRED:
        if name not in document:
            yield _fault("playbook", f"lacks `{name}`")
    for name in (*(name for name in terms.PLAYBOOK if name.endswith(("_definitions", "_variables"))), "workflow"):
        if name in document and not isinstance(document[name], Mapping):
            yield _fault(name, "is not an object")
    if document.get("type") != "playbook" or document.get("spec_version") != "cacao-2.0":
        yield _fault("playbook", "is not a playbook of `cacao-2.0`")
    yield from _head_values(document)
    yield from _variables("playbook_variables", mapping(document.get("playbook_variables")))


def _head_values(document: Document) -> Iterator[Fault]:
    for name in ("id", "created_by", "workflow_start", "workflow_exception"):
        if name in document and not terms.IDENTIFIER.fullmatch(word(document[name])):
            yield _fault(name, "is not an identifier")
    for name in ("created", "modified", "valid_from", "valid_until"):
        if name in document and not terms.TIMESTAMP.fullmatch(word(document[name])):
            yield _fault(name, "is not a timestamp in UTC")
    if word(document.get("modified"))[:19] < word(document.get("created"))[:19]:
        yield _fault("modified", "is before `created`")
    for name in ("priority", "severity", "impact"):
        value = document.get(name, 0)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100:
            yield _fault(name, "is not a whole number from 0 to 100")
    for place, reference in enumerate(items(document.get("external_references"))):
        yield from _unknown(f"external_references[{place}]", mapping(reference), terms.REFERENCE_FIELDS)


def _variables(where: str, found: Document) -> Iterator[Fault]:
    for name, value in found.items():
        if not terms.VARIABLE.fullmatch(name):
            yield _fault(f"{where}.{name}", "is not a variable's name (`__name__`)")
        if not word(mapping(value).get("type")):
            yield _fault(f"{where}.{name}", "lacks `type`")
        yield from _unknown(f"{where}.{name}", mapping(value), terms.VARIABLE_FIELDS)


def _steps(document: Document) -> Iterator[Fault]:
    workflow = mapping(document.get("workflow"))
    for number, found in workflow.items():
        where, step = f"workflow.{number}", mapping(found)
        kind = word(step.get("type"))
        if kind not in terms.STEPS:
            yield _fault(where, f"unknown kind of step `{kind}`")
            continue
        match = terms.IDENTIFIER.fullmatch(number)
        if match is None or match["kind"] != kind:
            yield _fault(where, f"is not an identifier of a step of kind `{kind}`")
        yield from _unknown(where, step, terms.STEPS[kind])
        for name in terms.STEP_REQUIRED.get(kind, ()):
            if name not in step:
                yield _fault(where, f"lacks `{name}`")
        yield from _flow(where, kind, step, document)
        yield from _variables(f"{where}.step_variables", mapping(step.get("step_variables")))
        if kind == "action":
            yield from _commands(where, step, document)
        yield from _uses(where, step, document)


def _flow(where: str, kind: str, step: Document, document: Document) -> Iterator[Fault]:
    if "on_completion" in step and {"on_success", "on_failure"} & set(step):
        yield _fault(where, "`on_completion` stands beside `on_success` or `on_failure`")
    if "on_failure" in step and "on_success" not in step and "workflow_exception" not in document:
        yield _fault(where, "`on_failure` without `on_success`")
    if kind not in {"start", "end"} and not {"on_completion", "on_success"} & set(step):
        yield _fault(where, "leads nowhere when it is done")
    if kind == "parallel" and len(items(step.get("next_steps"))) < 2:
        yield _fault(where, "`next_steps` names fewer than two steps")
    if kind == "switch-condition" and not mapping(step.get("cases")):
        yield _fault(where, "`cases` is empty")


def _commands(where: str, step: Document, document: Document) -> Iterator[Fault]:
    if not items(step.get("commands")):
        yield _fault(where, "has no command")
    for place, found in enumerate(items(step.get("commands"))):
        command, spot = mapping(found), f"{where}.commands[{place}]"
        kind = word(command.get("type"))
        if kind not in terms.COMMANDS:
            yield _fault(spot, f"`{kind}` is no command of the standard")
            continue
        yield from _unknown(spot, command, terms.COMMANDS[kind])
        if not {"command", "command_b64", "ability_id"} & set(command):
            yield _fault(spot, "holds no command")
    agent = word(step.get("agent"))
    if agent and agent not in mapping(document.get("agent_definitions")):
        yield _fault(where, f"the agent `{agent}` is not defined")
    for target in map(word, items(step.get("targets"))):
        if target not in mapping(document.get("target_definitions")):
            yield _fault(where, f"the target `{target}` is not defined")


def _uses(where: str, step: Document, document: Document) -> Iterator[Fault]:
    """Yield variables and extensions that a step uses and nothing defines."""
    own = {**mapping(document.get("playbook_variables")), **mapping(step.get("step_variables"))}
    texts = [word(step.get(name)) for name in ("condition", "switch")]
    for command in items(step.get("commands")):
        texts += [word(value) for value in mapping(command).values()]
    used = [match["name"] for text in texts for match in terms.REFERENCE.finditer(text)]
    args = [word(name).removesuffix(":value") for key in ("in_args", "out_args") for name in items(step.get(key))]
    for name in dict.fromkeys((*used, *args)):
        if name not in own:
            yield _fault(where, f"the variable `{name}` is not defined")
    for extension in mapping(step.get("step_extensions")):
        if extension not in mapping(document.get("extension_definitions")):
            yield _fault(where, f"the extension `{extension}` is not defined")


def _graph(document: Document) -> Iterator[Fault]:
    workflow = mapping(document.get("workflow"))
    start = word(document.get("workflow_start"))
    if start not in workflow or mapping(workflow.get(start)).get("type") != "start":
        yield _fault("workflow_start", "does not name a start step of the workflow")
    exception = word(document.get("workflow_exception"))
    if exception and exception not in workflow:
        yield _fault("workflow_exception", f"names `{exception}`, which is not there")
    for number in workflow:
        for name, target in next_of(mapping(workflow[number])):
            if target not in workflow:
                yield _fault(f"workflow.{number}", f"`{name}` names `{target}`, which is not there")
    reached = reachable(workflow, (start, exception))
    for number in workflow:
        if number not in reached:
            yield _fault(f"workflow.{number}", "cannot be reached")
    if found := cycle(workflow):
        yield _fault(f"workflow.{found[0]}", f"leads back to itself over {len(found)} steps")


def _definitions(document: Document) -> Iterator[Fault]:
    secrets = mapping(document.get("authentication_info_definitions"))
    for group in ("agent_definitions", "target_definitions"):
        for number, found in mapping(document.get(group)).items():
            yield from _place(f"{group}.{number}", number, mapping(found), secrets, document)
    definitions = mapping(document.get("extension_definitions"))
    for number in mapping(document.get("playbook_extensions")):
        if number not in definitions:
            yield _fault("playbook_extensions", f"the extension `{number}` is not defined")
    for number, found in definitions.items():
        yield from _unknown(f"extension_definitions.{number}", mapping(found), terms.DEFINITION)
    yield from _markings(document)


def _place(where: str, number: str, found: Document, secrets: Document, document: Document) -> Iterator[Fault]:
    kind = word(found.get("type"))
    match = terms.IDENTIFIER.fullmatch(number)
    if match is None:
        yield _fault(where, "is not an identifier")
    if not word(found.get("name")):
        yield _fault(where, "lacks `name`")
    if kind not in terms.PLACES:
        yield _fault(where, f"`{kind}` is no agent or target of the standard")
        return
    if match is not None and match["kind"] != kind:
        yield _fault(where, f"is not an identifier of a `{kind}`")
    yield from _unknown(where, found, terms.PLACES[kind])
    secret = word(found.get("authentication_info"))
    if secret and secret not in secrets:
        yield _fault(where, f"the authentication `{secret}` is not defined")
    texts = [word(text) for texts in mapping(found.get("address")).values() for text in items(texts)]
    for name in (match["name"] for text in texts for match in terms.REFERENCE.finditer(text)):
        if name not in mapping(document.get("playbook_variables")):
            yield _fault(where, f"the variable `{name}` is not defined")


def _markings(document: Document) -> Iterator[Fault]:
    known = mapping(document.get("data_marking_definitions"))
    for marking in map(word, items(document.get("markings"))):
        if marking not in known:
            yield _fault("markings", f"the marking `{marking}` is not defined")
    for number, found in known.items():
        where, kind = f"data_marking_definitions.{number}", word(mapping(found).get("type"))
        if kind not in terms.MARKINGS:
            yield _fault(where, f"`{kind}` is no marking of the standard")
        elif fields := terms.MARKINGS[kind]:
            yield from _unknown(where, mapping(found), fields)
        if kind == "marking-tlp" and mapping(found).get("tlpv2_level") not in terms.TLP_LEVELS:
            yield _fault(where, "is no marking of TLP 2.0")
