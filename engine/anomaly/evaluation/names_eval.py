"""The models of names on public lists: every family is unseen, as none is used to train.

Ordinary names: the lists of opendns and Alexa in the folder, distinct owner labels; 60 %, by a hash, train, the others
are measured. Families: `chrmor_sample.csv` (second column), one text file each, and the files of a folder `baderj`
where it is there (those whose family is in neither are told as unseen). Up to 400 distinct names of a family count.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.anomaly.cards import Words
from engine.anomaly.evaluation import metrics
from engine.anomaly.evaluation.generic import Measure, best
from engine.anomaly.evaluation.measures import level_at, recall_at, roc
from engine.anomaly.evaluation.metrics import filled
from engine.anomaly.evaluation.row import Row
from engine.anomaly.models.generated_names import SHORTEST
from engine.anomaly.models.name_hosts import NameHostsFitted, level_of
from engine.anomaly.names.judging import NameJudge, figures_of, learn
from engine.anomaly.names.labels import owner_label
from engine.anomaly.tables import observations

_TRAINS = 0.6
_MOST = 400
_ORDINARY = ("alexa_1000.txt", "opendns-top-domains.txt", "opendns-random-domains.txt")
_HOST_HOURS, _HOSTS, _ASKED, _NEW, _TYPING_ERRORS = 4000, 200, 30, 1.0, 0.02
_FAMILIAR = 0.35  # of the held-out names are asked for again and again
_EACH = 10  # infected hosts of each family
_BOTS = (  # how many names a bot asks for, what is measured, whether all do, and what is to be reached
    (50, metrics.INFECTED, False, "0.99"),
    (50, metrics.INFECTED_ALL_EXIST, True, "0.99"),
    (10, metrics.INFECTED, False, ""),
    (10, metrics.INFECTED_ALL_EXIST, True, ""),
)
_RECALL, _RECALL_1 = (filled(metrics.RECALL, share=share) for share in ("0.1", "1"))
_MEASURES: Mapping[Words, tuple[Measure, str]] = {  # of a family, and what is to be reached
    filled(metrics.OF_FAMILIES, metric=metrics.ROC): (roc, "0.92"),
    filled(metrics.OF_FAMILIES, metric=_RECALL): (lambda found, ordinary: recall_at(found, ordinary, 0.001), "0.3"),
    filled(metrics.OF_FAMILIES, metric=_RECALL_1): (lambda found, ordinary: recall_at(found, ordinary, 0.01), ""),
}


def evaluate_names(folder: Path, seed: int, *, generic: bool) -> list[Row]:
    """Return the rows of names one by one and of hosts, by part."""
    families, ordinary = _families(folder)
    training = sorted(name for name in ordinary if _place(name) < _TRAINS)
    held = sorted(name for name in ordinary if _place(name) >= _TRAINS)
    judge = learn(training, seed=seed)
    known = {name.split("_")[-1] for name in families if not name.startswith("baderj/")}
    unseen = {name: names for name, names in families.items() if name.startswith("baderj/")}
    unseen = {name: names for name, names in unseen.items() if name.removeprefix("baderj/").split("_")[0] not in known}
    first = {name: names for name, names in families.items() if not name.startswith("baderj/")}
    rows = []
    for part, of_part in (("development", first), ("unseen", unseen)):
        if of_part:
            rows += _names_rows(judge, training, held, of_part, part, seed, generic=generic)
            rows += _hosts_rows(judge, training, held, of_part, part, seed)
    return rows


def _families(folder: Path) -> tuple[dict[str, list[str]], set[str]]:
    lists: dict[str, list[str]] = {}
    ordinary = {owner_label(line) for name in _ORDINARY for line in _lines(folder / name)}
    if (folder / "chrmor_sample.csv").is_file():
        with (folder / "chrmor_sample.csv").open(encoding="utf-8", newline="") as stream:
            for kind, family, name in csv.reader(stream):
                if kind == "legit":
                    ordinary.add(owner_label(name))
                else:
                    lists.setdefault(f"chrmor_{family}", []).append(name)
    for path in sorted(folder.glob("*.txt")):
        if path.name not in _ORDINARY:
            lists[path.stem] = _lines(path)
    for path in sorted((folder / "baderj").rglob("*.txt")):
        lists[f"baderj/{path.stem}"] = _lines(path)
    families = {name: _some(labels) for name, labels in lists.items()}
    return {name: labels for name, labels in families.items() if len(labels) >= 20}, ordinary - {""}


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8", "replace").split() if path.is_file() else []


def _some(names: Sequence[str]) -> list[str]:
    labels = {owner_label(name) or name.lower() for name in names}
    return sorted(labels, key=_place)[:_MOST]


def _place(name: str) -> float:
    return int.from_bytes(sha256(name.encode()).digest()[:4], "big") / 2**32


def _bits(judge: NameJudge, names: Sequence[str]) -> NDArray[np.float64]:
    return np.array([judge.bits(name) if len(name) >= SHORTEST else 0.0 for name in names])


def _names_rows(  # noqa: PLR0917 # one step of `evaluate_names`
    judge: NameJudge,
    training: Sequence[str],
    held: Sequence[str],
    families: dict[str, list[str]],
    part: str,
    seed: int,
    *,
    generic: bool,
) -> list[Row]:
    ordinary = _bits(judge, held)
    found = [_bits(judge, names) for names in families.values()]
    data = f"generated names, {len(families)} families, none trained on ({len(held):,} ordinary)"
    beside = _generic(training, held, list(families.values()), seed) if generic else {}
    published = {"ROC, mean of families": "0.9993 (LSTM, known families)"}
    rows = []
    for metric, (measure, bar) in _MEASURES.items():
        value, name = beside.get(metric.en, ("", ""))
        figure = f"{_mean(measure, found, ordinary):.4f}"
        rows.append(
            Row(
                data=data,
                metric=metric,
                kulla=figure,
                bar=bar,
                part=part,
                generic=value,
                generic_name=name,
                published=published.get(metric.en, ""),
            )
        )
    return rows


def _mean(measure: Measure, found: Sequence[NDArray[np.float64]], ordinary: NDArray[np.float64]) -> float:
    return float(np.mean([measure(one, ordinary) for one in found]))


def _generic(
    training: Sequence[str], held: Sequence[str], families: Sequence[Sequence[str]], seed: int
) -> dict[str, tuple[str, str]]:
    """Return the best generic detector by each measure, on the figures that the model itself is given of a name."""
    ends = np.cumsum([len(names) for names in families])[:-1]
    every = [name for names in families for name in names]
    matrices = (np.array([figures_of(name) for name in names]) for names in (training, every, held))

    def of_families(measure: Measure) -> Measure:
        return lambda found, ordinary: _mean(measure, np.split(found, ends), ordinary)

    measures = {metric.en: of_families(measure) for metric, (measure, _) in _MEASURES.items()}
    return best(*matrices, seed=seed, measures=measures)


class _Hour(NamedTuple):
    """What one host asks for in one hour: distinct names, and those of them that do not exist."""

    labels: list[str]
    missing: list[str]


class _World:
    """Hosts of one organisation: some names are asked for again and again, others once and never again.

    A host asks for some thirty names in an hour, by Zipf's law; one more on average was never asked for before, in
    clumps (a geometric number of them). Of all, 2 % do not exist.
    """

    def __init__(self, held: Sequence[str], chance: np.random.Generator) -> None:
        order = [held[place] for place in chance.permutation(len(held)).tolist()]
        cut = int(len(order) * _FAMILIAR)
        self._familiar, self._others = order[:cut], iter(order[cut:])
        weights = 1.0 / (np.arange(cut) + 10.0)
        self._weights = weights / weights.sum()
        self._chance = chance

    def hour(self) -> _Hour:
        """Return one hour of one host."""
        number = int(self._chance.poisson(_ASKED))
        places = self._chance.choice(len(self._familiar), size=number, p=self._weights)
        labels = list(dict.fromkeys(self._familiar[place] for place in places.tolist()))
        labels += islice(self._others, int(self._chance.geometric(1.0 / (1.0 + _NEW))) - 1)
        lost = self._chance.random(len(labels)) < _TYPING_ERRORS
        return _Hour(labels, [label for label, none in zip(labels, lost.tolist(), strict=True) if none])


def _hosts_rows(  # noqa: PLR0917 # one step of `evaluate_names`
    judge: NameJudge, training: Sequence[str], held: Sequence[str], families: dict[str, list[str]], part: str, seed: int
) -> list[Row]:
    """Return how many infected hosts are found: hours of made-up hosts, with and without a bot's names in them.

    Half of the ordinary hours teach, the other half say what 0.1 % false is. The bot asks for names of its family;
    either none of them exists but one, or all do.
    """
    chance = np.random.default_rng(seed)
    world = _World(held, chance)
    hours = [world.hour() for _ in range(_HOST_HOURS)]
    half = _HOST_HOURS // 2
    fitted = NameHostsFitted.of(judge, level_of(judge, training), _observed(hours[:half]))
    threshold = level_at(fitted.score(_observed(hours[half:])).values, 0.001)
    rows = []
    for asked, metric, exist, bar in _BOTS:
        infected = []
        for names in (names for names in families.values() for _ in range(_EACH)):
            own = world.hour()
            bot = list(dict.fromkeys(names[place] for place in chance.integers(0, len(names), asked).tolist()))
            missing = own.missing if exist else own.missing + bot[1:]
            infected.append(_Hour(list(dict.fromkeys(own.labels + bot)), missing))
        found = fitted.score(_observed(infected)).values > threshold
        rows.append(
            Row(
                data=f"hosts asking for generated names, {len(families)} families (simulated hours)",
                metric=filled(metric, asked=asked),
                kulla=f"{float(found.mean()):.4f}",
                bar=bar,
                part=part,
            )
        )
    return rows


def _observed(hours: Sequence[_Hour]) -> pa.Table:
    texts = pa.list_(pa.string())
    return observations(
        time=np.arange(len(hours), dtype=np.int64),
        entity=[str(number % _HOSTS) for number in range(len(hours))],
        events=[["one"]] * len(hours),
        columns={
            "labels": pa.array([hour.labels for hour in hours], type=texts),
            "missing": pa.array([hour.missing for hour in hours], type=texts),
        },
    )
