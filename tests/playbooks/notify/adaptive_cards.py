"""The part of the adaptive-card schema (version 1.4) that cards of messages use: elements, properties, values."""

from __future__ import annotations

from typing import Any

TEXT = {"size": {"default", "small", "medium", "large", "extraLarge"}, "weight": {"default", "lighter", "bolder"}}
COLOURS = {"default", "dark", "light", "accent", "good", "warning", "attention"}
CARD = {"type", "$schema", "version", "body", "actions", "lang", "fallbackText", "msteams", "speak", "minHeight"}
BLOCK = {"type", "inlines", "horizontalAlignment", "height", "separator", "spacing", "id", "isVisible"}
RUN = {"type", "text", "color", "fontType", "highlight", "isSubtle", "italic", "size", "strikethrough", "weight"}
SPACING = {"default", "none", "small", "medium", "large", "extraLarge", "padding"}
MOST_BYTES = 28 * 1024  # what Teams takes of one message


def check(card: dict[str, Any]) -> None:
    assert card["type"] == "AdaptiveCard"
    assert card["$schema"] == "http://adaptivecards.io/schemas/adaptive-card.json"
    assert tuple(map(int, card["version"].split("."))) <= (1, 5)
    assert set(card) <= CARD
    assert card["body"]
    for block in card["body"]:
        assert block["type"] == "RichTextBlock"
        assert set(block) <= BLOCK
        assert block.get("spacing", "default") in SPACING
        assert block["inlines"]
        for run in block["inlines"]:
            assert set(run) <= RUN
            assert run["type"] == "TextRun"
            assert isinstance(run["text"], str)
            assert run["text"]
            assert run.get("color", "default") in COLOURS
            assert all(run.get(name, "default") in allowed for name, allowed in TEXT.items())
            assert isinstance(run.get("isSubtle", False), bool)
    for action in card.get("actions", []):
        assert action["type"] == "Action.OpenUrl"
        assert set(action) <= {"type", "title", "url", "style", "id"}
        assert action["url"].startswith("https://")


def words(card: dict[str, Any]) -> list[str]:
    return ["".join(run["text"] for run in block["inlines"]) for block in card["body"]]
