from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from engine.anomaly.by_row import Row
from engine.anomaly.frame import total
from engine.anomaly.models.lookups import LEAST_PEERS, MODEL, weights_of_shares
from engine.anomaly.proportions import beta_tail
from tests.engine.anomaly.collected import LEARNING, fitted_to_life, judged, observed


def asked(officer: str, message: int, *, case: str = "", role: str = "Producer", day: int = 4) -> str:
    moment = 1772582400000 + (day - 4) * 86_400_000 + message * 60_000 + 32_400_000
    client = {"clientXRoadInstance": "AL", "clientMemberClass": "GOV", "clientMemberCode": "K10"}
    service = {"serviceXRoadInstance": "AL", "serviceMemberClass": "GOV", "serviceMemberCode": "K20"}
    record = client | service | {
        "requestInTs": moment, "securityServerType": role, "clientSubsystemCode": "POLICE",
        "serviceSubsystemCode": "CIVIL", "serviceCode": "getPerson", "messageId": f"m{message}",
        "messageUserId": officer, "messageProtocolVersion": "4.0", "succeeded": True, "monitoringDataTs": 1772582400,
    }  # fmt: skip
    return json.dumps(record | ({"messageIssue": case} if case else {}))


def test_xroad_records_make_an_officers_day() -> None:
    records = [asked("AL1", n, case="c-1" if n else "") for n in range(3)]
    records += [asked("AL2", n) for n in range(2)] + [asked("AL1", 9, role="Client")]
    rows = {row["kulla.entity"]: row for row in observed(MODEL, "xroad_opmon", *records)}
    assert (rows["AL1"]["count"], rows["AL1"]["without"], rows["AL1"]["peer_count"]) == (3, 1, 2)
    assert rows["AL1"]["kulla.peer"] == "POLICE, any role"
    assert rows["AL2"]["peers"] == 1
    assert rows["AL1"]["shift"] == "day"


def test_seven_days_are_summed() -> None:
    rows = observed(MODEL, "xroad_opmon", *(asked("AL1", 1, day=day) for day in range(1, 12)))
    assert [row["count"] for row in rows] == [1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7]
    assert [row["days"] for row in rows] == [row["count"] for row in rows]


def test_people_of_the_same_surname_and_protected_ones_are_counted_where_the_log_says_whom() -> None:
    count = 6
    table = pa.table(
        {
            "@timestamp": pa.array(range(0, count * 1000, 1000), pa.timestamp("us", "UTC")),
            "event.id": [f"e{n}" for n in range(count)],
            "event.module": ["registry"] * count,
            "user.id": ["AL1"] * count,
            "user.full_name": ["Ana Leka"] * count,
            "user.target.full_name": ["Ben LEKA", "Ida Leka", "Ola Gega", None, "Edi Sina", "Eva Meta"],
            "user.target.roles": [None, None, ["vip"], None, None, None],
        }
    )
    (row,) = MODEL.observe(table).to_pylist()
    assert (row["named"], row["surnames"], row["protected"]) == (5, 2, 1)


@pytest.fixture(scope="module")
def life():
    fitted = fitted_to_life(MODEL)
    return fitted, MODEL.observe(MODEL.sample(seed=2, count=400))


def _usual(fitted, normal: pa.Table) -> dict[str, object]:
    rows = [
        row
        for row in normal.to_pylist()
        if row["days"] >= 4 and fitted.officers.get(row["kulla.peer"], 0) >= LEAST_PEERS
    ]
    return max(rows, key=lambda row: row["count"])


def _scores(fitted, normal: pa.Table, *rows: dict[str, object]) -> list[float]:
    return fitted.score(pa.Table.from_pylist(list(rows), schema=normal.schema)).values.tolist()


def test_twice_the_work_half_of_it_without_a_case_stands_out(life) -> None:
    fitted, normal = life
    row = _usual(fitted, normal)
    abuse = row | {"count": row["count"] * 2, "without": row["without"] + row["count"] // 2}
    usual, abused = _scores(fitted, normal, row, abuse)
    assert abused > usual + 10


def test_when_all_peers_have_twice_the_work_it_is_a_campaign(life) -> None:
    fitted, normal = life
    row = _usual(fitted, normal)
    group = fitted._group(row["kulla.peer"])
    peers = {"peers": 8, "peer_days": 40}
    calm = row | peers | {"peer_count": int(40 * fitted._rate(1, group)), "count": row["count"] * 2}
    alone, together = _scores(fitted, normal, calm, calm | {"peer_count": calm["peer_count"] * 2})
    assert together < alone - 3


def test_too_few_peers_and_too_short_a_past_are_not_judged(life) -> None:
    fitted, normal = life
    stranger = normal.to_pylist()[0] | {"kulla.entity": "AL-new", "kulla.peer": "an office of one"}
    assert judged(fitted, pa.Table.from_pylist([stranger], schema=normal.schema)) == [(0.0, LEARNING)]


def test_no_other_officer_is_named_and_terms_sum(life) -> None:
    fitted, normal = life
    attacks = MODEL.attacks(normal, seed=1)
    names = set(normal.column("kulla.entity").to_pylist())
    for row in range(attacks.num_rows):
        terms = fitted.explain(attacks, row)
        assert abs(total(terms) - fitted.score(attacks).values[row]) < 1e-9
        told = " ".join(f"{term.value} {term.expected}" for term in terms)
        assert not any(name in told for name in names)


def test_the_beta_binomial_tail() -> None:
    assert beta_tail(0, 10, 0.1, 8.0) == pytest.approx(0.0, abs=1e-9)
    assert beta_tail(10, 10, 0.5, 1e9) == pytest.approx(10.0, rel=1e-3)
    assert beta_tail(6, 10, 0.1, 8.0) > beta_tail(5, 10, 0.1, 8.0)


def _row(officer: str, count: int, without: int) -> Row:
    return Row({"kulla.entity": officer, "kulla.peer": "office", "count": count, "without": without})


@pytest.mark.parametrize(("weight", "least", "most"), [(15.0, 5.0, 45.0), (500.0, 120.0, 1000.0)])
def test_how_alike_officers_are_is_learned_from_them(weight: float, least: float, most: float) -> None:
    rng = np.random.default_rng(4)
    shares = rng.beta(0.1 * weight, 0.9 * weight, size=200)
    rows, counts, without = [], ({}, {"office": 0.0}, {}), ({}, {"office": 0.0}, {})
    for number, share in enumerate(shares):
        weeks = rng.binomial(100, share, size=4)
        rows += [_row(f"o{number}", 100, int(week)) for week in weeks]
        for layer, key in ((1, "office"), (2, f"o{number}")):
            counts[layer][key] = counts[layer].get(key, 0.0) + 400.0
            without[layer][key] = without[layer].get(key, 0.0) + float(weeks.sum())
    alike, steady = weights_of_shares(rows, counts, without)
    assert least < alike < most
    assert steady > 200.0  # each one's weeks are binomial


def test_a_share_that_changes_from_week_to_week_is_taken_for_unsteady() -> None:
    rng = np.random.default_rng(4)
    rows, counts, without = [], ({}, {"office": 12_000.0}, {}), ({}, {"office": 0.0}, {})
    for number in range(30):
        weeks = rng.binomial(100, rng.beta(1.0, 9.0, size=4))
        rows += [_row(f"o{number}", 100, int(week)) for week in weeks]
        counts[2][f"o{number}"], without[2][f"o{number}"] = 400.0, float(weeks.sum())
        without[1]["office"] += float(weeks.sum())
    assert weights_of_shares(rows, counts, without)[1] < 60.0


def test_of_too_few_nothing_is_told() -> None:
    assert weights_of_shares([], ({}, {}, {}), ({}, {}, {})) == (8.0, 60.0)
