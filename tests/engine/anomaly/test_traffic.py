from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pyarrow as pa

from engine.anomaly.frame import ENTITY
from engine.anomaly.models.traffic import MODEL
from tests.engine.anomaly.collected import fitted_to_life, observed


def line(minute: int, client: int, status: int = 200) -> str:
    stamp = f"04/Mar/2026:08:{minute:02d}:00 +0000"
    return f'portal.gov.example 192.0.2.{client} - - [{stamp}] "GET / HTTP/1.1" {status} 5 "-" "curl/8"'


def test_access_lines_are_counted_by_quarter_of_an_hour() -> None:
    lines = [line(1, 1), line(2, 1), line(3, 2, 503), line(40, 9)]
    rows = observed(MODEL, "apache", *lines)
    assert [(row["requests"], row["failures"], row["clients"]) for row in rows] == [(3, 1, 2), (0, 0, 0), (1, 0, 1)]
    assert rows[0]["@timestamp"] == datetime(2026, 3, 4, 8, 15, tzinfo=UTC)
    assert rows[1]["kulla.events"]  # a quarter without requests rests on the last one


def busiest(normal: pa.Table) -> dict[str, object]:
    return max(normal.to_pylist(), key=lambda row: row["requests"])


def scored(fitted, normal: pa.Table, **changed: int) -> float:
    row = busiest(normal) | changed
    return float(fitted.score(pa.Table.from_pylist([row], schema=normal.schema)).values[0])


def test_a_flood_and_an_outage_stand_out_and_a_crowd_does_not() -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    row = busiest(normal)
    many, clients, failures = row["requests"], row["clients"], row["failures"]
    flood = scored(fitted, normal, requests=many * 10, clients=clients * 2, failures=many * 3)
    outage = scored(fitted, normal, requests=many // 20, clients=clients // 20, failures=0)
    crowd = scored(fitted, normal, requests=many * 7, clients=clients * 7, failures=failures * 8)
    ordinary = scored(fitted, normal)
    assert flood > 25
    assert outage > 12
    assert crowd < 10
    assert ordinary < 8


def test_a_crowd_is_told_as_one() -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    row = busiest(normal)
    row |= {name: row[name] * 7 for name in ("requests", "clients", "failures")}
    terms = fitted.explain(pa.Table.from_pylist([row], schema=normal.schema), 0)
    assert {term.name for term in terms} >= {"more requests", "a crowd, not an attack"}
    assert row[ENTITY]


def test_one_quarter_with_some_more_failures_makes_no_attack_of_a_crowd() -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    row = busiest(normal)
    row |= {"requests": row["requests"] * 7, "clients": row["clients"] * 7}
    rows = [row | {"failures": failures} for failures in range(0, row["requests"], 2)]
    scores = fitted.score(pa.Table.from_pylist(rows, schema=normal.schema)).values.tolist()
    assert scores == sorted(scores)
    assert max(after - before for before, after in pairwise(scores)) < 4
    assert scores[-1] > 25
