"""What a judge of requests remembers changes no score: each is, to the last bit, what the request says by itself."""

from __future__ import annotations

import math
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.anomaly.frame import TIME
from engine.anomaly.models.web_requests import MODEL
from engine.anomaly.web import judging
from engine.anomaly.web.parameters import Parameter
from engine.anomaly.web.values import Values, shape_of
from tests.engine.anomaly.plain_requests import Row, form_of, score_of

FITTED = MODEL.fit(MODEL.observe(MODEL.sample(seed=3, count=900)), seed=1)
SERVICES = ("civil.example", "tax.example", "new.example")
PATHS = ("/certificate/search.jsp", "/certificate/request.jsp", "/login", "/index.jsp", "/declarations/77/lines", "/")
NAMES = (
    "id",
    "town",
    "lang",
    "name",
    "copies",
    "user",
    "remember",
    "year",
    "page",
    "debug",
    "",
    "i%64",
    "id#2",
    "n" * 250,
)
VALUES = (
    "", "12345", "tirana", "sq", "arta7", "on", "2020",  # ordinary
    "%", "%zz", "%E4%F6", "%c3%28", "%00", "\x00", "a%0d%0aSet-Cookie:%20x", "%2527", "%u0041",  # bad escapes
    "1'%20or%201=1--", "+union+select+1", "<script>", "..%2f..%2f", "^$", "$^$^", "=", "a=b=c", "é%C3%A9", "\U0001f600",
    "A" * 65_536, "%41" * 3_000, "'" * 5_000, "".join(map(chr, range(0x2500, 0x2C00))),
)  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PAIR = st.one_of(
    st.builds("{}={}".format, st.sampled_from(NAMES) | TEXT, st.sampled_from(VALUES) | TEXT),
    TEXT,
    st.sampled_from(NAMES),
)
QUERY = st.lists(PAIR, max_size=8).map("&".join) | st.builds(
    lambda pair, times: "&".join([pair] * times), PAIR, st.just(130)
)
ROW = st.tuples(
    st.sampled_from(SERVICES), st.sampled_from(["GET", "POST", "BREW"]), st.sampled_from(PATHS) | TEXT, QUERY,
    st.sampled_from([1, 2, 900]),
)  # fmt: skip


def _table(rows: list[Row]) -> pa.Table:
    names = ("service", "method", "path", "query", "clients")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    return pa.table({TIME: pa.array([0] * len(rows), pa.timestamp("us", "UTC")), **columns})


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=6))
def test_a_score_is_what_the_request_says_by_itself(rows: list[Row]) -> None:
    expected = [score_of(FITTED, row) for row in rows]
    assert FITTED.score(_table(rows)).values.tolist() == expected
    assert FITTED.score(_table(rows[::-1])).values.tolist()[::-1] == expected  # now all is remembered
    for row, score in enumerate(expected):
        terms = FITTED.explain(_table(rows), row)
        assert math.fsum(term.bits for term in terms) == pytest.approx(score, abs=1e-9)


def test_a_full_memory_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_MOST", 40)
    rows = [("civil.example", "GET", PATHS[0], f"id={number}%27&town=tirana{number}", 1) for number in range(200)]
    forgetful = MODEL.restore(FITTED.content())
    expected = [score_of(FITTED, row) for row in rows]
    assert forgetful.score(_table(rows)).values.tolist() == expected
    assert forgetful.score(_table(rows)).values.tolist() == expected


def test_a_path_that_is_written_as_another_is_spelled_is_not_taken_for_it() -> None:
    rows = [
        ("civil.example", "GET", path, "id=1", 1) for path in ("/x%2541", "/x%41", "/xA", "/index%2ejsp", "/index.jsp")
    ]
    assert FITTED.score(_table(rows)).values.tolist() == [score_of(FITTED, row) for row in rows]


KNOWN = st.dictionaries(st.text("ab1-'.^$ë ", max_size=6), st.integers(1, 5), min_size=1, max_size=150)


@given(
    known=st.lists(KNOWN, min_size=1, max_size=3),
    value=st.text("ab1-'.^$ë*; ", max_size=9),
    doubt=st.sampled_from([0.0, 0.05]),
)
def test_the_chances_of_a_form_are_those_of_its_definition(
    known: list[dict[str, int]], value: str, doubt: float
) -> None:
    widest = sum(map(Counter, known), Counter[str]())  # an outer layer has seen all that an inner one has
    layers = [Values.of(counts) for counts in [widest, *known[1:]]]
    shape = shape_of(value)
    assert Parameter(layers, doubt).of_form(shape) == form_of(layers, shape, doubt * 0.2)
