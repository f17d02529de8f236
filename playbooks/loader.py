"""Playbooks from YAML: strict, so that nothing half-written is ever shown to a responder at night.

The library is a folder of `ID.yaml` files and of `_*.yaml` with steps, risks and evidence that several playbooks use by
name. Everything unknown, missing, dangling, unreachable or untranslated is an error with file, line and hint.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

from engine.errors import NotFoundError
from playbooks.document import DocumentError, Value, read_document, read_text
from playbooks.flow import check_flow
from playbooks.model import Evidence, Fits, Playbook, Risk, Step
from playbooks.steps import Shared, identifier, read_evidence, read_risk, read_step

SHARED_PREFIX = "_"
_PLAYBOOK = ("id", "title", "summary", "urgency", "fits", "steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The playbooks that were loaded, by id."""

    playbooks: tuple[Playbook, ...]

    def __iter__(self) -> Iterator[Playbook]:
        return iter(self.playbooks)

    def __len__(self) -> int:
        return len(self.playbooks)

    def __contains__(self, playbook_id: object) -> bool:
        return any(playbook.id == playbook_id for playbook in self.playbooks)

    def get(self, playbook_id: str) -> Playbook:
        """Return one playbook; raise `NotFoundError` where there is none of this id."""
        for playbook in self.playbooks:
            if playbook.id == playbook_id:
                return playbook
        raise NotFoundError(f"no playbook is called `{playbook_id}`", hint="kulla playbooks list")


def load_library(folder: Traversable | None = None) -> Library:
    """Return the playbooks of `folder` (kulla's own where None); raise `DocumentError` for the first problem."""
    return _own_library() if folder is None else _library(folder)


@cache
def _own_library() -> Library:
    """Return kulla's own playbooks, which do not change while it runs; reading them takes longer than any step."""
    return _library(None)


def _library(folder: Traversable | None) -> Library:
    playbooks, problems = read_library(folder)
    if problems:
        raise problems[0]
    return Library(playbooks=playbooks)


def read_library(folder: Traversable | None = None) -> tuple[tuple[Playbook, ...], tuple[DocumentError, ...]]:
    """Return the playbooks that load, and one error for each file that does not."""
    place = folder or resources.files("playbooks") / "library"
    try:
        files = sorted((item for item in place.iterdir() if item.name.endswith(".yaml")), key=lambda item: item.name)
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror}", where=str(place), hint="name a folder") from None
    problems: list[DocumentError] = []
    shared = Shared(steps={}, risks={}, evidence={})
    playbooks: list[Playbook] = []
    try:
        shared = _shared([item for item in files if item.name.startswith(SHARED_PREFIX)])
    except DocumentError as error:
        return (), (error,)
    for item in files:
        if item.name.startswith(SHARED_PREFIX):
            continue
        try:
            playbooks.append(read_playbook(_bytes(item), item.name, shared))
        except DocumentError as error:
            problems.append(error)
    if not files:
        problems.append(DocumentError("holds no playbook", where=str(place), hint="name a folder of .yaml files"))
    return tuple(playbooks), tuple(problems)


def read_playbook(content: bytes, file: str, shared: Shared) -> Playbook:
    """Return the playbook in `content`; raise `DocumentError` for its first problem."""
    root = read_document(content, file)
    entries = root.mapping(required=_PLAYBOOK)
    playbook_id = identifier(entries["id"])
    if f"{playbook_id}.yaml" != file.replace("\\", "/").rpartition("/")[2]:
        raise entries["id"].error(f"`{playbook_id}` is not the file's name", f"rename the file to {playbook_id}.yaml")
    steps = _steps(entries["steps"], shared)
    return Playbook(
        id=playbook_id,
        title=read_text(entries["title"]),
        summary=read_text(entries["summary"]),
        urgency=entries["urgency"].number(1, 5),
        fits=_fits(entries["fits"]),
        steps=steps,
        version=_version(content, steps),
        where=root.where,
    )


def _version(content: bytes, steps: tuple[Step, ...]) -> str:
    """Return 16 hex digits over the file and its steps, those shared with other playbooks included."""
    plain = repr([(step.id, step.title, step.commands, step.undo, step.branches, step.together) for step in steps])
    return sha256(content + b"\0" + plain.encode()).hexdigest()[:16]


def _bytes(item: Traversable) -> bytes:
    try:
        return item.read_bytes()
    except OSError as error:
        raise DocumentError(f"cannot be read: {error.strerror}", where=item.name, hint="check its rights") from None


def _shared(files: list[Traversable]) -> Shared:
    steps: dict[str, Value] = {}
    risks: dict[str, Risk] = {}
    evidence: dict[str, Evidence] = {}
    for item in files:
        entries = read_document(_bytes(item), item.name).mapping(optional=("steps", "risks", "evidence"))
        parts = {name: tuple(value.entries()) for name, value in entries.items()}
        risks.update((name, read_risk(value, {})) for name, value in parts.get("risks", ()))
        evidence.update((name, read_evidence(value, {})) for name, value in parts.get("evidence", ()))
        for name, value in parts.get("steps", ()):
            if name in steps:
                raise value.error(f"shared step `{name}` stands twice", f"the other: {steps[name].where}")
            steps[name] = value
    return Shared(steps=steps, risks=risks, evidence=evidence)


def _steps(value: Value, shared: Shared) -> tuple[Step, ...]:
    items = value.items()
    if not items:
        raise value.error("a playbook without steps")
    ids = [_step_id(item) for item in items]
    for place, step_id in enumerate(ids):
        if step_id in ids[:place]:
            raise items[place].error(f"step `{step_id}` stands twice")
    steps = tuple(
        read_step(step_id, item, shared, following=following)
        for step_id, item, following in zip(ids, items, _following(items, ids), strict=True)
    )
    check_flow(steps, items)
    return steps


def _following(items: tuple[Value, ...], ids: list[str]) -> list[str]:
    """Return for each step the one that follows; behind steps done side by side, that is the one after the last."""
    groups = [together.text() if (together := dict(item.entries()).get("together")) else "" for item in items]
    after = [*ids[1:], "end"]
    for place in range(len(ids) - 2, -1, -1):
        if groups[place] and groups[place] == groups[place + 1]:
            after[place] = after[place + 1]
    return after


def _step_id(item: Value) -> str:
    entries = dict(item.entries())
    name = entries.get("use") or entries.get("id")
    if name is None:
        raise item.error("lacks `id`", "give the step an id, or `use` a shared one")
    return identifier(name)


def _fits(value: Value) -> Fits:
    entries = value.mapping(optional=("techniques", "tactics", "rules"))
    lists = {name: tuple(item.text() for item in entry.items()) for name, entry in entries.items()}
    return Fits(techniques=lists.get("techniques", ()), tactics=lists.get("tactics", ()), rules=lists.get("rules", ()))
