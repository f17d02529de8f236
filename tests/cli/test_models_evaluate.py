"""`kulla models evaluate`: the table names the best generic detector, and the command that installs what is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.anomaly.cards import Words
from engine.anomaly.evaluation import generic, table
from engine.anomaly.evaluation.measures import roc
from engine.anomaly.evaluation.row import Evaluation, Row
from tests.cli.runs import kulla

FAKE = generic.Detector(name="far", package="numpy", fit=lambda ordinary, seed: lambda rows: rows.sum(axis=1))
GONE = generic.Detector(name="gone", package="no_such_package", fit=FAKE.fit)


def measured(folder: Path, seed: int, *, generic: bool) -> list[Row]:
    """Return one row, of three ordinary rows and an attack."""
    beside = _beside(seed) if generic else ("", "")
    return [
        Row(data="made up", metric=Words(en="roc", sq="kurba"), kulla="0.5", generic=beside[0], generic_name=beside[1])
    ]


def _beside(seed: int) -> tuple[str, str]:
    rows = np.zeros((3, 2))
    return generic.best(rows, rows[:1] + 1.0, rows, seed=seed, measures={"roc": roc})["roc"]


@pytest.fixture
def only_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "EVALUATIONS", {"made-up": Evaluation(folder="", run=measured)})


def test_what_is_not_installed_is_said_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, only_made_up: None
) -> None:
    monkeypatch.setattr(generic, "DETECTORS", (FAKE, GONE))
    shown = kulla("models", "evaluate", "--all", "-f", "json", home=tmp_path / "home")
    assert shown.code == 0, shown.err
    (row,) = json.loads(shown.out)["evaluation"]
    assert (row["generic"], row["generic_name"]) == ("1.0000", "numpy far (without no_such_package)")
    assert "pip install 'kulla[bench]'" in " ".join(shown.err.split())
    plain = kulla("models", "evaluate", "--all", "--no-generic", home=tmp_path / "home")
    assert "pip install" not in plain.err


def test_where_all_is_installed_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, only_made_up: None
) -> None:
    monkeypatch.setattr(generic, "DETECTORS", (FAKE,))
    shown = kulla("models", "evaluate", "--all", home=tmp_path / "home")
    assert shown.code == 0, shown.err
    assert "numpy far" in " ".join(shown.out.split())
    assert "pip install" not in shown.err


def test_the_table_reads_in_albanian_and_the_record_in_english(tmp_path: Path, only_made_up: None) -> None:
    shown = kulla(
        "models", "evaluate", "made-up", "--no-generic", "--lang", "sq", "-f", "table", home=tmp_path / "home"
    )
    assert shown.code == 0, shown.err
    assert {"Matja", "kurba", "made-up"} <= set(shown.out.split())
    record = kulla(
        "models", "evaluate", "made-up", "--no-generic", "--lang", "sq", "-f", "jsonl", home=tmp_path / "home"
    )
    assert json.loads(record.out) | {"name": "made-up", "data": "made up", "metric": "roc"} == json.loads(record.out)


def test_rows_of_unseen_halves_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def halves(folder: Path, seed: int, *, generic: bool) -> list[Row]:
        return [replace(*measured(folder, seed, generic=generic), part=part) for part in ("development", "unseen")]

    monkeypatch.setattr(table, "EVALUATIONS", {"made-up": Evaluation(folder="", run=halves)})
    shown = kulla("models", "evaluate", "--all", "--no-generic", "-f", "table", home=tmp_path / "home")
    assert [line.startswith("made-up, unseen") for line in shown.out.splitlines()] == [False, False, True]


def broken(folder: Path, seed: int, *, generic: bool) -> list[Row]:
    """Read what is not there."""
    del seed, generic
    return [Row(data="broken", metric=Words(en="roc", sq="kurba"), kulla=(folder / "absent.csv").read_text())]


def test_damaged_data_cost_their_own_row_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = {"first": broken, "made-up": measured}
    monkeypatch.setattr(table, "EVALUATIONS", {name: Evaluation(folder="", run=run) for name, run in runs.items()})
    shown = kulla("models", "evaluate", "--all", "--no-generic", "-f", "json", home=tmp_path / "home")
    assert shown.code != 0
    failed, other = json.loads(shown.out)["evaluation"]
    assert (failed["name"], failed["kulla"]) == ("first", "-")
    assert "absent.csv" in failed["note"]
    assert "absent.csv" in failed["metric"]
    assert (other["name"], other["kulla"]) == ("made-up", "0.5")
    assert "kulla models evaluate first" in " ".join(shown.err.split())


@pytest.mark.parametrize("name", ["csic2010", "apache-access", "ait-ads", "dga", "nab"])
def test_a_folder_that_holds_no_data_fails_with_a_reason(tmp_path: Path, name: str) -> None:
    (tmp_path / table.EVALUATIONS[name].folder).mkdir()
    shown = kulla(
        "models", "evaluate", name, "--no-generic", "--data", str(tmp_path), "-f", "json", home=tmp_path / "home"
    )
    assert shown.code != 0
    (row,) = json.loads(shown.out)["evaluation"]
    assert row["kulla"] == "-"
    assert row["note"]
    assert "Traceback" not in shown.err
