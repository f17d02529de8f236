"""The tables of ECS types agree with ECS's own list of fields."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from engine import ecs_types

KINDS = {
    **dict.fromkeys(("long", "integer"), "long"),
    **dict.fromkeys(("float", "double", "scaled_float"), "float"),
    "date": "date",
    "boolean": "boolean",
}


@pytest.fixture(scope="module")
def rows(shared: Path) -> list[dict[str, str]]:
    (listed,) = (shared / "conformance").glob("ecs_fields_*.csv")
    with listed.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def test_kinds_are_those_of_ecs(rows) -> None:
    scalars = [row for row in rows if row["Normalization"] != "array"]
    wrong = [row["Field"] for row in scalars if ecs_types.kind_of(row["Field"]) != KINDS.get(row["Type"], "text")]
    assert wrong == []


def test_lists_and_addresses_are_those_of_ecs(rows) -> None:
    assert {row["Field"] for row in rows if row["Normalization"] == "array"} == ecs_types.ARRAY
    assert {row["Field"] for row in rows if row["Type"] == "ip"} == ecs_types.IP


def test_what_ecs_does_not_name_is_text() -> None:
    assert ecs_types.kind_of("winlog.event_data.ProcessId") == "text"
    assert ecs_types.kind_of("source.port") == "long"
