"""One row of the table that `kulla models evaluate` prints, and one entry of what can be evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.anomaly.cards import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure: of which data and which part of them, beside the best generic detector and what others published.

    `bar` is what kulla means to reach. Absent figures are empty texts.
    """

    data: str
    metric: Words
    kulla: str
    bar: str = ""
    generic: str = ""
    generic_name: str = ""
    published: str = ""
    part: str = "development"
    note: str = ""


class Run(Protocol):
    """Evaluates over a folder of data."""

    def __call__(self, folder: Path, seed: int, *, generic: bool) -> list[Row]:
        """Return the rows; `generic` says whether generic detectors run as well."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What can be evaluated: `folder` under the data folder (empty for a simulation), and how."""

    folder: str
    run: Run
