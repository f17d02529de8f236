"""How well foresight foretells, beside popularity, CTID's own model, and the parts it is made of.

    python tests/bench/foresight.py [--quick] [--write]

Two questions. *Cold start*: a report that the model does not know, a random half of its techniques seen (reports of at
least six; five folds over distinct reports; trained on reports alone). *Campaign prefix*: each ATT&CK campaign of at
least six techniques, the first half by the order of tactics seen; its group, the other campaigns of that group, and
reports that share over half of its techniques (Jaccard) are left out of all that answers. What is seen is masked: it
can't be an answer (CTID's own measure does not mask; it stands beside). All under ATT&CK's newest ids.

kulla's weights are learned by inner folds over what is trained on alone, so no test attack takes part in any choice;
by the same recipe for both questions, which is the packaged model's (each attack halved in both ways).
`--write` makes the packaged model of all there is. The parts' own parameters stand in engine/foresight/model.py; they
were chosen on the training side too (see docs/foresight.md).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.foresight.corpus import Corpus, Row, attack_rows, corpus, report_rows
from engine.foresight.model import Floats, Matrix, Past, Places, Weights
from engine.foresight.predicting import PACKAGED, Foresight, load, save
from engine.foresight.training import FEWEST, learn, random_half, stage

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("KULLA_SHARED", ROOT.parent / "shared" / "data"))
Mask = NDArray[np.bool_]
Answer = Callable[[Places, Mask], Floats]
TOP = 20


@dataclass(slots=True)
class Tally:
    """What one model came to: for each case recall, NDCG and MRR at 20; and pairs of probability and truth."""

    recall: list[float] = field(default_factory=list)
    unmasked: list[float] = field(default_factory=list)
    ndcg: list[float] = field(default_factory=list)
    mrr: list[float] = field(default_factory=list)
    told: list[tuple[Floats, Mask]] = field(default_factory=list)

    def add(self, scores: Floats, seen: Places, hidden: Places) -> None:
        wanted = np.zeros(len(scores), np.bool_)
        wanted[hidden] = True
        self.unmasked.append(wanted[np.argsort(-scores, kind="stable")[:TOP]].sum() / len(hidden))
        masked = scores.copy()
        masked[seen] = -np.inf
        order = np.argsort(-masked, kind="stable")
        hits = wanted[order[:TOP]]
        gain = 1 / np.log2(np.arange(2, TOP + 2))
        self.recall.append(hits.sum() / len(hidden))
        self.ndcg.append(float((hits * gain).sum() / gain[: min(len(hidden), TOP)].sum()))
        first = np.flatnonzero(wanted[order])
        self.mrr.append(1 / (1 + float(first[0])))
        open_ = np.isfinite(masked)
        self.told.append((scores[open_], wanted[open_]))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the bootstrap's 95 % interval of the mean."""
    random = np.random.default_rng(0)
    held = np.array(values)
    means = held[random.integers(0, len(held), (2000, len(held)))].mean(1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def calibration(told: Sequence[tuple[Floats, Mask]], top: int | None) -> tuple[float, float, float]:
    """Return the expected calibration error in ten bins of equal count, the mean probability, and the mean truth."""
    pairs = [(p[order], t[order]) for p, t in told for order in [np.argsort(-p, kind="stable")[:top]]]
    likely, true = np.concatenate([p for p, _ in pairs]), np.concatenate([t for _, t in pairs])
    bins = np.array_split(np.argsort(likely, kind="stable"), 10)
    error = sum(abs(likely[part].mean() - true[part].mean()) * len(part) for part in bins) / len(likely)
    return float(error), float(likely.mean()), float(true.mean())


# the models ------------------------------------------------------------------------------------------------------


def popularity(rows: Matrix) -> Answer:
    return lambda seen, out: rows[~out].sum(0).astype(np.float64)


def wals(
    rows: Matrix, *, seen_weight: float, answer_weight: float, rank: int = 4, ridge: float = 0.01, rounds: int = 25
) -> Answer:
    """Return weighted alternating least squares (Hu, Koren and Volinsky, 2008), what is not told weighing 1.

    What is told weighs `1 + seen_weight` on the left of each system and `answer_weight` on its right. By the paper, at
    CTID's c = .001, that is 999 and 1000. As CTID's model is coded, it is 1 and 1, whatever c is: its weights are
    tested for being there, and not multiplied in.
    """
    random = np.random.default_rng(0)
    users = random.normal(0, 1, (len(rows), rank))
    items = random.normal(0, 1, (rows.shape[1], rank))

    def solved(told: Matrix, other: Floats) -> Floats:
        squares = (other[:, :, None] * other[:, None, :]).reshape(len(other), -1)
        left = seen_weight * (told @ squares).reshape(-1, rank, rank) + other.T @ other + ridge * np.eye(rank)
        return np.linalg.solve(left, answer_weight * (told @ other)[:, :, None])[:, :, 0]

    for _ in range(rounds):
        users = solved(rows, items)
        items = solved(rows.T, users)

    def answer(seen: Places, out: Mask) -> Floats:
        del out  # factors of rows that should be left out stay in: in favour of this model
        told = np.zeros((1, rows.shape[1]), np.float32)
        told[0, seen] = 1
        return np.asarray((solved(told, items) @ items.T)[0])

    return answer


def ease(rows: Matrix, ridge: float = 300.0) -> Answer:
    gram = (rows.T @ rows).astype(np.float64)
    gram[np.diag_indices(len(gram))] += ridge
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return lambda seen, out: weights[seen].sum(0)


def part(past: Past, column: int) -> Answer:
    return lambda seen, out: past.features(seen, out)[:, column]


def equal_blend(past: Past, other: Answer) -> Answer:
    """Return the equal blend of RP3-beta, the nearest 60, and EASE, each made to sum to one."""

    def share(scores: Floats, seen: Places) -> Floats:
        kept = np.maximum(scores, 0)
        kept[seen] = 0
        return np.asarray(kept / (kept.sum() + 1e-12))

    def answer(seen: Places, out: Mask) -> Floats:
        found = past.features(seen, out)
        return sum(share(item, seen) for item in (np.exp(found[:, 0]), np.exp(found[:, 2]), other(seen, out)))  # type: ignore[return-value]

    return answer


def kulla(past: Past, learned: Weights) -> Answer:
    return lambda seen, out: learned.probability(past.features(seen, out))


def weights(rows: Matrix, items: Sequence[str]) -> Weights:
    return learn(rows, items, random=np.random.default_rng(5))


def models(rows: Matrix, items: Sequence[str], learned: Weights) -> dict[str, Answer]:
    past = Past(rows, items)
    found = ease(rows)
    return {
        "popularity": popularity(rows),
        "CTID WALS k=4, as coded": wals(rows, seen_weight=1, answer_weight=1),
        "WALS k=4 c=.001, paper": wals(rows, seen_weight=999, answer_weight=1000),
        "EASE 300": found,
        "user-kNN 60": part(past, 2),
        "RP3-beta": part(past, 0),
        "RP3+kNN+EASE, equal": equal_blend(past, found),
        "kulla": kulla(past, learned),
    }


# the questions ---------------------------------------------------------------------------------------------------


def cold_start(whole: Corpus, folds: int) -> dict[str, Tally]:
    """Ask for reports that the model does not know."""
    rows, tallies = whole.matrix(), {}
    order = np.random.default_rng(0).permutation(len(rows))
    for fold in range(folds):
        asked = np.sort(order[fold::5])
        others = np.ones(len(rows), np.bool_)
        others[asked] = False
        learned = weights(rows[others], whole.items)
        nothing = np.zeros(int(others.sum()), np.bool_)
        random = np.random.default_rng(1)
        known = models(rows[others], whole.items, learned)
        for number in asked:
            if rows[number].sum() >= FEWEST:
                seen, hidden = random_half(rows[number], whole.items, random)
                for name, answer in known.items():
                    tallies.setdefault(name, Tally()).add(answer(seen, nothing), seen, hidden)
    return tallies


def campaigns(whole: Corpus, entities: dict[str, dict[str, list[str]]]) -> Iterator[tuple[str, Places, Places, Mask]]:
    """Yield each campaign's id, what is seen of it, what is hidden, and the rows that are its kin."""
    rows, places = whole.matrix(), {item: place for place, item in enumerate(whole.items)}
    sizes = rows.sum(1)
    for row in whole.rows:
        if row.kind != "campaign" or len(row.techniques) < FEWEST:
            continue
        groups = set(entities[row.id]["attributed_to"])
        kin = {row.id, *groups}
        kin |= {
            name
            for name, told in entities.items()
            if told["type"] == "campaign" and groups & set(told["attributed_to"])
        }
        order = np.array([places[item] for item in sorted(row.techniques, key=stage)])
        shared = rows[:, order].sum(1)
        alike = shared / (sizes + len(order) - shared) > 0.5
        out = np.array(
            [
                (item.kind != "report" and item.id in kin) or (item.kind == "report" and near)
                for item, near in zip(whole.rows, alike, strict=True)
            ]
        )
        yield row.id, order[: len(order) // 2], order[len(order) // 2 :], out


def campaign_prefix(whole: Corpus, entities: dict[str, dict[str, list[str]]], folds: int) -> dict[str, Tally]:
    """Ask for campaigns; weights are learned without the fold's campaigns and their kin, rows without each one's."""
    rows, tallies = whole.matrix(), {}
    cases = list(campaigns(whole, entities))
    for fold in range(folds):
        held = cases[fold::5]
        without = ~np.any([out for *_, out in held], axis=0)
        learned = weights(rows[without], whole.items)
        for _, seen, hidden, out in held:
            past_rows = rows[~out]
            nothing = np.zeros(len(past_rows), np.bool_)
            for name, answer in models(past_rows, whole.items, learned).items():
                tallies.setdefault(name, Tally()).add(answer(seen, nothing), seen, hidden)
    return tallies


def show(title: str, tallies: dict[str, Tally]) -> None:
    cases = len(next(iter(tallies.values())).recall)
    print(f"\n{title}: {cases} cases, mean of each case (95 % bootstrap)")
    print(f"{'model':24} {'recall@20':>9} {'':15} {'NDCG@20':>8} {'MRR':>6}   unmasked recall@20")
    for name, tally in tallies.items():
        low, high = interval(tally.recall)
        print(
            f"{name:24} {np.mean(tally.recall):9.3f} ({low:.3f} - {high:.3f}) {np.mean(tally.ndcg):8.3f} "
            f"{np.mean(tally.mrr):6.3f}   {np.mean(tally.unmasked):.3f}"
        )
    kinds = [(name, *top) for name in tallies if name.startswith("kulla") for top in (("all", None), ("top 20", TOP))]
    for name, label, top in kinds:
        error, likely, true = calibration(tallies[name].told, top)
        print(f"calibration, {name}, {label}: ECE {error:.4f} (mean probability {likely:.3f}, true {true:.3f})")


def speed(model: Foresight, cases: Sequence[Row]) -> None:
    """Tell how long a prediction takes: the best of five rounds, as others use the machine at the same time."""
    rounds = []
    for _ in range(5):
        begun = time.process_time()
        for row in cases:
            model.predict(sorted(row.techniques)[::2])
        rounds.append((time.process_time() - begun) / len(cases))
    told = f"{1000 * min(rounds):.2f} ms of CPU, best of five rounds of {len(cases)} (worst {1000 * max(rounds):.2f})"
    print(f"\none prediction of 20 with its reasons: {told}")
    begun = time.process_time()
    load()
    spent = time.process_time() - begun
    print(f"loading the packaged model ({PACKAGED.stat().st_size:,} bytes): {1000 * spent:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one fold of five only")
    parser.add_argument("--write", action="store_true", help="make the packaged model; asks nothing")
    options = parser.parse_args()
    folder = SHARED / "attack"
    reports = report_rows(json.loads((folder / "tie_combined_full_frequency_2024-03.json").read_text())["reports"])
    entities = json.loads((folder / "attack_v18.1_usage.json").read_text(encoding="utf-8"))["entities"]
    # campaigns and groups first: of rows with the same techniques, those with ATT&CK's ids stay
    whole = corpus([*attack_rows(entities), *reports])
    if options.write:
        save(PACKAGED, whole, learn(whole.matrix(), whole.items, random=np.random.default_rng(5)))
        print(f"{len(whole.rows):,} past attacks, {len(whole.items)} techniques: {PACKAGED.stat().st_size:,} bytes")
        return
    folds = 1 if options.quick else 5
    alone = corpus(reports)
    print(
        f"{len(alone.rows):,} distinct reports, {len(whole.rows):,} with groups and campaigns; "
        f"{len(whole.items)} techniques"
    )
    show("cold start, reports", cold_start(alone, folds))
    show("campaign prefix, ATT&CK and reports", campaign_prefix(whole, entities, folds))
    speed(load(), [row for row in whole.rows if row.kind == "campaign"])


if __name__ == "__main__":
    main()
