"""Model cards: what a model is for, what it reads, where it fails, in English and Albanian (`detections/models`).

A card is YAML, read strictly: an unknown, missing or untranslated text is an error with its line. The figures of a
trained version stand in its manifest; a card has those measured on public data, with the command that prints them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

from engine.alerts import Level, RuleInfo
from engine.errors import NotFoundError
from engine.yaml_document import Value, read_document

_REQUIRED = (
    "name",
    "level",
    "tags",
    "playbooks",
    "owner",
    "expires_after_days",
    "title",
    "purpose",
    "data",
    "features",
)
_LISTS = ("failures", "fairness")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text in the two languages of the responders."""

    en: str
    sq: str

    def in_language(self, lang: str) -> str:
        """Return the words in `sq`, else in English."""
        return self.sq if lang == "sq" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One model card. `expires_after_days` counts from training: an older version is told to be trained anew."""

    name: str
    level: Level
    tags: tuple[str, ...]
    playbooks: tuple[str, ...]
    owner: str
    expires_after_days: int
    title: Words
    purpose: Words
    data: Words
    features: tuple[Words, ...]
    failures: tuple[Words, ...]
    fairness: tuple[Words, ...]
    figures: tuple[Words, ...]

    def rule(self, version: str) -> RuleInfo:
        """Return what alerts of this version of the model say of it."""
        return RuleInfo(
            id=f"model/{self.name}",
            name=self.title.en,
            level=self.level,
            version=version,
            status="test",
            description=self.purpose.en,
            path=f"detections/models/{self.name}.yml",
            author=self.owner,
            tags=self.tags,
            falsepositives=tuple(item.en for item in self.failures),
            playbooks=self.playbooks,
        )


@cache
def card_of(name: str) -> Card:
    """Return a model's card; raise `NotFoundError` where it has none, `DocumentError` where it is malformed."""
    place = resources.files("detections") / "models" / f"{name}.yml"
    if not name.replace("-", "").isalnum() or not place.is_file():
        raise NotFoundError(f"the model `{name}` has no card", hint=f"write detections/models/{name}.yml")
    return read_card(place.read_bytes(), f"detections/models/{name}.yml")


def read_card(content: bytes, file: str) -> Card:
    """Return the card in this YAML document; raise `DocumentError` with the line of the first fault."""
    entries = read_document(content, file).mapping(required=(*_REQUIRED, *_LISTS), optional=("figures",))
    return Card(
        name=entries["name"].text(),
        level=Level.parse(entries["level"].choice(tuple(level.label for level in Level))),
        tags=tuple(item.text() for item in entries["tags"].items()),
        playbooks=tuple(item.text() for item in entries["playbooks"].items()),
        owner=entries["owner"].text(),
        expires_after_days=entries["expires_after_days"].number(1, 366),
        title=_words(entries["title"]),
        purpose=_words(entries["purpose"]),
        data=_words(entries["data"]),
        features=_several(entries["features"]),
        failures=_several(entries["failures"]),
        fairness=_several(entries["fairness"]),
        figures=_several(entries["figures"]) if "figures" in entries else (),
    )


def _words(value: Value) -> Words:
    entries = value.mapping(required=("en", "sq"))
    return Words(en=entries["en"].text(), sq=entries["sq"].text())


def _several(value: Value) -> tuple[Words, ...]:
    return tuple(_words(item) for item in value.items())
