"""How much a name looks generated: log-odds in bits, a sum over its pieces and a few figures of it.

A logistic regression (scikit-learn) over the pieces of two to five characters of a name and nine figures; what it
learned is kept as one weight a piece, so that scoring needs neither scikit-learn nor a matrix, and each weight that
counted can be shown.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.anomaly.frame import Content, Term
from engine.anomaly.names.generators import chained, generated, joined_words, of_syllables, words_of

FIGURES = (
    "length", "length squared", "share of vowels", "share of digits", "longest run of consonants",
    "turns between letters and digits", "a hyphen", "entropy of characters", "share of distinct characters",
)  # fmt: skip
_SHORTEST, _LONGEST = 2, 5
_LEAST_OFTEN = 3
_SMALLEST = 0.01  # weights below do not count
_VOWELS = frozenset("aeiou")
_SHARES = (0.6, 0.18, 0.12, 0.1)  # of made-up names: by a random number, of words, of syllables, in chains
_MOST = 40_000  # ordinary names that are learned from


def figures_of(name: str) -> tuple[float, ...]:
    """Return the figures of a name, in the order of `FIGURES`."""
    size = len(name) or 1
    counts = Counter(name)
    run = longest = 0
    for letter in name:
        run = run + 1 if letter.isalpha() and letter not in _VOWELS else 0
        longest = max(longest, run)
    return (
        size / 10.0,
        size * size / 100.0,
        sum(counts[vowel] for vowel in "aeiou") / size,
        sum(count for letter, count in counts.items() if letter.isdigit()) / size,
        longest / 5.0,
        sum(one.isdigit() != other.isdigit() for one, other in pairwise(name)) / 5.0,
        float("-" in counts),
        -math.fsum(count / size * math.log2(count / size) for count in counts.values()) / 4.0,
        len(counts) / size,
    )


def pieces_of(name: str) -> list[str]:
    """Return the pieces of a name between its ends (`^` and `$`)."""
    text = f"^{name}$"
    return [
        text[place : place + size] for size in range(_SHORTEST, _LONGEST + 1) for place in range(len(text) - size + 1)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class NameJudge:
    """Weights in bits. A figure counts `(figure - centre) * weight`."""

    pieces: Mapping[str, float]
    figures: tuple[float, ...]
    centres: tuple[float, ...]
    base: float

    def bits(self, name: str) -> float:
        """Return how many bits speak for a program having made the name; below zero for a person."""
        weights = self.pieces
        parts = [weights[piece] for piece in pieces_of(name) if piece in weights]
        return math.fsum((self.base, *parts, *self._of_figures(name)))

    def _of_figures(self, name: str) -> list[float]:
        found = zip(figures_of(name), self.centres, self.figures, strict=True)
        return [(figure - centre) * weight for figure, centre, weight in found]

    def terms(self, name: str, field: str) -> list[Term]:
        """Return the parts of `bits` by name, those of the same piece as one."""
        gathered: dict[str, list[float]] = {}
        for piece in pieces_of(name):
            if piece in self.pieces:
                gathered.setdefault(piece, []).append(self.pieces[piece])
        expected = "log-odds of generated against ordinary names"
        terms = [
            Term(name=f"characters `{piece}`", bits=math.fsum(parts), field=field, value=name, expected=expected)
            for piece, parts in gathered.items()
        ]
        terms += [
            Term(name=what, bits=bits, field=field, value=name, expected=expected)
            for what, bits in zip(FIGURES, self._of_figures(name), strict=True)
        ]
        return [*terms, Term(name="before looking at the name", bits=self.base, field=field, value=name)]

    def content(self) -> Content:
        """Return the weights."""
        names = sorted(self.pieces)
        arrays = {
            "weights": np.array([self.pieces[name] for name in names], dtype=np.float64),
            "figures": np.array([self.figures, self.centres], dtype=np.float64),
        }
        return Content(document={"pieces": names, "base": self.base}, arrays=arrays)

    @classmethod
    def restore(cls, content: Content) -> NameJudge:
        """Return what `content` gave; raise `KeyError`, `TypeError` or `ValueError` for anything else."""
        names, base = content.document["pieces"], content.document["base"]
        if not isinstance(names, list) or not isinstance(base, float):
            raise TypeError("pieces and a base are wanted")
        weights = content.arrays["weights"].astype(np.float64).tolist()
        figures, centres = content.arrays["figures"].astype(np.float64).tolist()
        if len(figures) != len(FIGURES) or len(centres) != len(FIGURES):
            raise ValueError("figures are missing")
        pieces = dict(zip(map(str, names), weights, strict=True))
        return cls(pieces=pieces, figures=tuple(figures), centres=tuple(centres), base=base)


def learn(ordinary: Sequence[str], *, seed: int) -> NameJudge:
    """Return the judge that these ordinary names and generated ones give; no public family is used."""
    # Heavy, needed to train alone, and without type information.
    from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped] # noqa: PLC0415
    from sklearn.feature_extraction.text import CountVectorizer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    chance = np.random.default_rng(seed)
    names = sorted(set(ordinary))
    names = [names[place] for place in sorted(chance.permutation(len(names))[:_MOST].tolist())]
    number = int(min(max(2.2 * len(names), 3000), 40_000))
    counts = [int(share * number) for share in _SHARES]
    made = generated(counts[0], chance) + joined_words(counts[1], words_of(names), chance)
    made += of_syllables(counts[2], chance) + chained(counts[3], names, chance)
    counter = CountVectorizer(analyzer=pieces_of, min_df=_LEAST_OFTEN)
    every = made + names
    pieces = counter.fit_transform(every)
    figures = np.array([figures_of(name) for name in every])
    centres, spread = figures.mean(axis=0), figures.std(axis=0) + 1e-9
    rows = hstack([pieces, csr_matrix((figures - centres) / spread)]).tocsr()
    fitted = LogisticRegression(C=0.1, max_iter=300, class_weight="balanced")
    fitted.fit(rows, np.repeat([1, 0], [len(made), len(names)]))
    weights = (fitted.coef_[0] / math.log(2.0)).round(6)
    kept = {
        piece: float(weights[place]) for piece, place in counter.vocabulary_.items() if abs(weights[place]) >= _SMALLEST
    }
    return NameJudge(
        pieces=dict(sorted(kept.items())),
        figures=tuple(float(weight) for weight in (weights[len(counter.vocabulary_) :] / spread).round(9)),
        centres=tuple(float(centre) for centre in centres.round(9)),
        base=float(round(fitted.intercept_[0] / math.log(2.0), 6)),
    )
