"""Foretelling: the likely next techniques of an attack, each with its probability and the past attacks behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.attack import canonical, in_order
from engine.attack.table import table
from engine.errors import ConfigurationError
from engine.foresight.corpus import Corpus, Kind, Row
from engine.foresight.model import FEATURES, Past, Weights

PACKAGED = Path(__file__).parent / "data" / "foresight.npz"
_KINDS: tuple[Kind, ...] = ("report", "group", "campaign")
_NEAREST = 3
_LOOKED_AT = 60
_COMPANIONS = 3
# what an attacker does before there is anything of theirs to be seen in one's logs
UNSEEN_TACTICS = frozenset({"reconnaissance", "resource-development"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """A past attack that has the technique too, how alike it is (0 to 1), and the seen techniques it shares."""

    kind: Kind
    id: str
    name: str
    likeness: float
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """How many of the past attacks with a seen technique (`of`) have the foretold one too (`together`)."""

    technique: str
    together: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One likely technique: `probability` that it belongs to the attack too, and what that rests on.

    The probability is calibrated on past attacks of which half of what became known was seen.
    """

    technique: str
    tactics: tuple[str, ...]
    probability: float
    nearest: tuple[Nearest, ...]
    companions: tuple[Companion, ...]
    parts: tuple[tuple[str, float], ...]


class Foresight:
    """The model over its corpus. `learned` is the probability's weights."""

    def __init__(self, corpus: Corpus, learned: Weights) -> None:
        self.corpus = corpus
        self._weights = learned
        self._past = Past(corpus.matrix(), corpus.items)
        self._places = {item: place for place, item in enumerate(corpus.items)}
        self._having = np.ascontiguousarray(self._past.rows.T > 0)
        known = table().techniques
        self._tactics = [in_order(known[item].newest_tactics) for item in corpus.items]
        self._unseen = np.array([_is_unseen(item) for item in corpus.items], np.bool_)

    def seen(self, techniques: Iterable[str]) -> tuple[str, ...]:
        """Return those techniques, under their newest ids, of which past attacks tell."""
        numbers = {canonical(item) for item in techniques}
        return tuple(sorted(number for number in numbers if number in self._places))

    def predict(self, techniques: Iterable[str], most: int = 20, *, unseen: bool = False) -> list[Prediction]:
        """Return the likeliest techniques beside those seen, the likeliest first; none where nothing known was seen.

        Those that leave no trace in one's own logs (reconnaissance, resources) are left out, unless `unseen`.
        """
        seen = self.seen(techniques)
        if not seen:
            return []
        places = np.array([self._places[item] for item in seen], np.int64)
        likeness = self._past.likeness(places)
        features = self._past.features(places, likeness=likeness)
        likely = self._weights.probability(features)
        likely[places] = -1
        if not unseen:
            likely[self._unseen] = -1
        order = [place for place in np.argsort(-likely, kind="stable").tolist() if likely[place] >= 0]
        alike = _Alike(likeness, np.argsort(-likeness, kind="stable"), seen, places)
        return [self._told(place, float(likely[place]), features[place], alike) for place in order[:most]]

    def told(self, technique: str) -> int:
        """Return how many past attacks have a technique, under its newest id."""
        return int(self._past.told[self._places[technique]])

    def companion(self, seen: str, other: str) -> Companion:
        """Return how many of the past attacks with one technique have another too; both under their newest ids."""
        one, two = self._places[seen], self._places[other]
        return Companion(technique=seen, together=int(self._past.together[one, two]), of=int(self._past.told[one]))

    def _told(
        self,
        place: int,
        probability: float,
        features: NDArray[np.float64],
        alike: _Alike,
    ) -> Prediction:
        parts = (features - self._weights.mean) / self._weights.spread * self._weights.weight
        return Prediction(
            technique=self.corpus.items[place],
            tactics=self._tactics[place],
            probability=probability,
            nearest=self._nearest(place, alike),
            companions=self._companions(place, alike),
            parts=tuple(zip(FEATURES, parts.tolist(), strict=True)),
        )

    def _nearest(self, place: int, alike: _Alike) -> tuple[Nearest, ...]:
        """Return the most alike past attacks with the technique, at least one of them with a name if there is one."""
        rows = self.corpus.rows
        near = alike.order[self._having[place][alike.order]][:_LOOKED_AT].tolist()
        told = near[: _NEAREST - 1]
        rest = [row for row in near if row not in told]
        told += [row for row in rest if rows[row].name][:1] or rest[:1]
        return tuple(
            Nearest(
                kind=rows[row].kind,
                id=rows[row].id,
                name=rows[row].name,
                likeness=round(float(alike.likeness[row]), 3),
                shared=tuple(item for item in alike.seen if item in rows[row].techniques),
            )
            for row in told
            if alike.likeness[row] > 0
        )

    def _companions(self, place: int, alike: _Alike) -> tuple[Companion, ...]:
        together = self._past.together[alike.places, place].tolist()
        told = self._past.told[alike.places].tolist()
        found = [
            (-both / of, item, both, of) for item, both, of in zip(alike.seen, together, told, strict=True) if both
        ]
        return tuple(
            Companion(technique=item, together=int(both), of=int(of))
            for _, item, both, of in sorted(found)[:_COMPANIONS]
        )


@dataclass(frozen=True, slots=True)
class _Alike:
    """How alike each past attack is, their order by it, and what was seen, as ids and as places."""

    likeness: NDArray[np.float32]
    order: NDArray[np.int64]
    seen: tuple[str, ...]
    places: NDArray[np.int64]


def _is_unseen(technique: str) -> bool:
    return set(table().techniques[technique].newest_tactics) <= UNSEEN_TACTICS


def save(path: Path, corpus: Corpus, learned: Weights) -> None:
    """Write a model as npz: numbers and UTF-8 bytes, nothing that would have to be unpickled."""
    places = {item: place for place, item in enumerate(corpus.items)}
    held = [sorted(places[item] for item in row.techniques) for row in corpus.rows]
    names = "\n".join(f"{row.id}\t{' '.join(row.name.split())}" for row in corpus.rows)
    with path.open("wb") as stream:
        np.savez_compressed(
            stream,
            items=np.frombuffer("\n".join(corpus.items).encode(), np.uint8),
            names=np.frombuffer(names.encode(), np.uint8),
            kinds=np.array([_KINDS.index(row.kind) for row in corpus.rows], np.uint8),
            sizes=np.array([len(row) for row in held], np.uint16),
            places=np.array([place for row in held for place in row], np.uint16),
            bias=np.array([learned.bias]),
            mean=learned.mean,
            spread=learned.spread,
            weight=learned.weight,
        )


def load(path: Path = PACKAGED) -> Foresight:
    """Read a model; raise `ConfigurationError` where the file is none."""
    try:
        with np.load(path, allow_pickle=False) as parts:
            items = _newest(bytes(parts["items"]).decode().split("\n"))
            names = [line.split("\t") for line in bytes(parts["names"]).decode().split("\n")]
            ends = np.cumsum(parts["sizes"].astype(np.int64))
            rows = _rows(items, names, parts["kinds"].tolist(), np.split(parts["places"], ends[:-1]))
            learned = Weights(
                bias=float(parts["bias"][0]), mean=parts["mean"], spread=parts["spread"], weight=parts["weight"]
            )
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise ConfigurationError(f"this is no model of foresight ({error})", where=str(path)) from error
    return Foresight(Corpus(rows=rows, items=tuple(items)), learned)


@lru_cache(maxsize=1)
def packaged() -> Foresight:
    """Return the model that kulla carries."""
    return load()


def _newest(items: Sequence[str]) -> list[str]:
    """Return the ids that ATT&CK has for these techniques by now, each once: what two became one keeps its old id."""
    newest = [canonical(item) for item in items]
    counts = Counter(newest)
    return [old if counts[new] > 1 else new for old, new in zip(items, newest, strict=True)]


def _rows(
    items: Sequence[str], names: Sequence[Sequence[str]], kinds: Sequence[int], held: Sequence[NDArray[np.uint16]]
) -> tuple[Row, ...]:
    return tuple(
        Row(
            kind=_KINDS[kind],
            id=number,
            name=name,
            techniques=frozenset(items[place] for place in places.tolist()),
        )
        for (number, name), kind, places in zip(names, kinds, held, strict=True)
    )
