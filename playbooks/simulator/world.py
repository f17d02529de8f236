"""The state of the simulated plant: things by name, each in one state, and what was saved of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

BEFORE = "as it was before"
PART = " / "
Act = Literal["set", "save", "restore", "pass"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one statement does to one thing.

    `set` puts it into the state `becomes`, and makes sense only where it was in `was` (None: in any state); `save`
    keeps its state and that of its parts (named `THING / PART`), `restore` puts back what was saved; `pass` leaves no
    lasting state (a session that was ended, a service that was reloaded).
    """

    act: Act
    thing: str
    becomes: str = ""
    was: str | None = None


class World:
    """Things and their states. What nobody named yet is in the state that the first statement about it expects."""

    def __init__(self, states: Mapping[str, str] | None = None) -> None:
        self._states: dict[str, str] = dict(states or {})
        self._first: dict[str, str] = dict(self._states)
        self._saved: set[str] = set()

    @property
    def states(self) -> Mapping[str, str]:
        """Return every thing with its state, in order of names."""
        return dict(sorted(self._states.items()))

    @property
    def differences(self) -> tuple[str, ...]:
        """Return the things that are not as they were when the world met them."""
        return tuple(thing for thing, state in self.states.items() if state != self._first[thing])

    def apply(self, change: Change) -> None:
        """Let a statement act."""
        if change.act == "pass":
            return
        if change.thing not in self._states:
            self._states[change.thing] = self._first[change.thing] = BEFORE if change.was is None else change.was
        if change.act == "set":
            self._states[change.thing] = change.becomes
        elif change.act == "save":
            self._saved.add(change.thing)
        elif any(change.thing == saved or change.thing.startswith(saved + PART) for saved in self._saved):
            for thing in self._states:
                if thing == change.thing or thing.startswith(change.thing + PART):
                    self._states[thing] = self._first[thing]
