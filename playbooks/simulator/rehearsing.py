"""Doing a step on paper: apply its commands to a world, then its undo, and look at what is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from playbooks.compiler import FilledCommand, Guide, GuideStep
from playbooks.model import Effect
from playbooks.simulator.verbs import changes_in, resolved
from playbooks.simulator.world import BEFORE, Change, World
from playbooks.templates import looks_changing


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What came of a step on paper.

    `changed` maps each thing that the step changes to its new state; `left` are those that the undo's commands do not
    bring back; `unknown` are statements that look as if they changed something and that the simulator does not know.
    `by_hand` tells that the undo has a part that a person does, who then puts back what is left.
    """

    step: str
    changed: Mapping[str, str]
    left: tuple[str, ...]
    unknown: tuple[str, ...]
    by_hand: bool

    @property
    def returns(self) -> bool:
        """Tell whether commands alone bring everything back that is known to change."""
        return not self.left

    @property
    def is_broken(self) -> bool:
        """Tell whether something stays changed that neither a command nor a person puts back."""
        return bool(self.left) and not self.by_hand


def rehearse(guide: Guide, item: GuideStep, world: World | None = None) -> Rehearsal:
    """Apply a step to a world and undo it. Without a world, one where every command makes sense is made up."""
    plant = world or World()
    step = item.step
    before = dict(plant.states)
    host, mailbox = _first("host", guide), _first("mailbox", guide)
    doing = [*_changes(item.commands, host, mailbox), *_declared(step.effects, guide)]
    for change in doing:
        plant.apply(change)
    changed = {thing: plant.states[thing] for thing in plant.differences if before.get(thing) != plant.states[thing]}
    for change in (*_changes(item.undo, host, mailbox, undoes=doing), *_declared(step.undo.effects, guide)):
        plant.apply(change)
    left = tuple(thing for thing in plant.differences if before.get(thing) != plant.states[thing])
    return Rehearsal(
        step=step.id,
        changed=changed,
        left=left,
        unknown=tuple(_unknown(item.commands, host, mailbox)),
        by_hand=step.undo.is_by_hand,
    )


def rehearse_all(guide: Guide) -> tuple[Rehearsal, ...]:
    """Return a rehearsal of each reversible step of a guide, each in a world of its own."""
    return tuple(rehearse(guide, item) for item in guide.steps if item.step.is_reversible)


def _changes(
    commands: Sequence[FilledCommand], host: str, mailbox: str, undoes: Sequence[Change] | None = None
) -> Iterator[Change]:
    saved = {change.thing for change in undoes or () if change.act == "save"}
    for command in commands:
        if command.platform == "manual":
            continue
        for line in resolved((command.text or command.template).splitlines()):
            for change in changes_in(command.platform, line.strip(), host=host, mailbox=mailbox):
                if undoes is not None and change.act == "restore" and change.thing not in saved:
                    # a setting that is put back from a file which an earlier step, or this one, has saved
                    yield Change(act="set", thing=change.thing, becomes=BEFORE)
                else:
                    yield change


def _declared(effects: Sequence[Effect], guide: Guide) -> Iterator[Change]:
    for effect in effects:
        names = [entity.value for entity in guide.incident.entities if entity.kind == effect.of] or [effect.of]
        for name in names if effect.of else ("",):
            thing = f"{effect.thing} {name}".strip()
            yield Change(act="set", thing=thing, becomes=BEFORE if effect.becomes == "before" else effect.becomes)


def _unknown(commands: Sequence[FilledCommand], host: str, mailbox: str) -> Iterator[str]:
    for command in commands:
        for line in (command.text or command.template).splitlines():
            statement = line.strip()
            if looks_changing(command.platform, statement) and not any(
                True for _ in changes_in(command.platform, statement, host=host, mailbox=mailbox)
            ):
                yield statement


def _first(kind: str, guide: Guide) -> str:
    """Return the first host or mailbox of the incident; single things are told apart by their own names."""
    return next((entity.value for entity in guide.incident.entities if entity.kind == kind), f"the {kind}")
