"""Storyboards: real attacks as ordered events, read from the YAML files beside this module."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from engine.errors import ConfigurationError, NotFoundError
from playbooks.exercises.truth import StoryEvent

_FOLDER = Path(__file__).parent / "storyboards"
_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?")


def load_storyboard(name: str) -> tuple[StoryEvent, ...]:
    """Return the events of the storyboard called `name`, in order.

    Raise `NotFoundError` where there is none and `ConfigurationError` where the file is not a storyboard.
    """
    path = _FOLDER / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(entry.stem for entry in _FOLDER.glob("*.yaml")))
        raise NotFoundError(f"no storyboard is called {name}", hint=f"one of: {known}")
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    events = document.get("events") if isinstance(document, dict) else None
    if not isinstance(events, list):
        raise ConfigurationError("a storyboard needs a list of `events`", where=str(path))
    return tuple(_story_event(item, path) for item in events)


def _story_event(item: object, path: Path) -> StoryEvent:
    if not isinstance(item, Mapping) or not isinstance(item.get("n"), int):
        raise ConfigurationError("every event of a storyboard has a number `n`", where=str(path))
    return StoryEvent(
        number=item["n"],
        action=str(item.get("do", item.get("purpose", ""))),
        host=str(item.get("host", "")),
        # The newer id that stands in brackets after a v18 one is the same technique under its v19 name.
        techniques=tuple(_TECHNIQUE.findall(re.sub(r"\([^)]*\)", "", str(item.get("t", ""))))),
        is_inject=item.get("replay") == "inject",
    )
