"""Enrichment and privacy by columns store what they store of events that are treated one by one."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.columns.treatment import Treatment
from collectors.enrichment.assets import Asset, Assets
from collectors.enrichment.enricher import Enricher
from collectors.privacy.filtering import Privacy
from collectors.privacy.pseudonyms import Key, Pseudonyms
from collectors.privacy.rules import Policy, Rule
from engine.events import Event
from tests.collectors.columns.both import by_columns, by_records, contents

NAMES = Pseudonyms([Key(secret=bytes(range(32)), since="")], "AL")
ASSETS = Assets([("198.51.100.0/24", Asset(name="edge", criticality="4", service="tax", owner="IT"))])
AGENTS = (b"Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", b"curl/8.0", b"-")
LINES = st.builds(
    lambda host, user, path, agent: (
        b'198.51.%d.7 - %s [03/Mar/2024:14:05:06 +0100] "GET %s HTTP/1.1" 200 5 "-" "%s"' % (host, user, path, agent)
    ),
    st.sampled_from([100, 101]),
    st.sampled_from([b"-", b"eva"]),
    st.sampled_from(
        [b"/", b"/x?by=PNOEE-38001085718", b"/x?by=pnoee-38001085718", b"/pno", b"http://tax.gov.example/x"]
    ),
    st.sampled_from(AGENTS),
)
LOGS = st.lists(st.one_of(LINES, st.just(b'odd PNOEE-38001085718 "'), st.just(b"")), max_size=25)


def rule(field: str, action: str, holds: str = "content", size: int = 0) -> Rule:
    return Rule(pattern="nginx*", field=field, holds=holds, action=action, size=size, place="kulla.toml:1")  # type: ignore[arg-type]


POLICIES = {
    "none": Policy([], anywhere=False),
    "codes": Policy([]),
    "users": Policy([rule("user.name", "pseudonymise", "person"), rule("source.ip", "truncate", "address", 24)]),
    "agents": Policy([rule("user_agent.name", "drop"), rule("related.user", "hash")]),
}


def assert_treated_alike(folder: Path, data: bytes, policy: Policy, enricher: Enricher | None) -> int:
    def kept(events: Sequence[Event]) -> Sequence[Event]:
        rich = [enricher.enriched(event) for event in events] if enricher else events
        return Privacy(policy, lambda: NAMES).events(rich)

    treatment = Treatment(Privacy(policy, lambda: NAMES).events, policy, enricher)
    one = by_records(folder / "records", "nginx", data, kept)
    other, rows = by_columns(folder / "columns", "nginx", data, treatment)
    with one, other:
        assert contents(other) == contents(one)
    return rows


@settings(max_examples=15, deadline=None)
@given(LOGS, st.sampled_from(sorted(POLICIES)), st.booleans())
def test_any_log_is_treated_alike(lines: list[bytes], policy: str, rich: bool) -> None:
    enricher = Enricher(assets=ASSETS) if rich else None
    with tempfile.TemporaryDirectory() as folder:
        assert_treated_alike(Path(folder), b"\n".join([*lines, b"x"]), POLICIES[policy], enricher)


@pytest.mark.parametrize(("policy", "in_columns"), [("none", 40), ("codes", 30), ("users", 0), ("agents", 10)])
def test_only_what_rules_change_leaves_the_columns(tmp_path: Path, policy: str, in_columns: int) -> None:
    line = b'198.51.100.7 - %s [03/Mar/2024:14:05:06 +0100] "GET %s HTTP/1.1" 200 5 "-" "%s"\n'
    data = b"".join(
        line % pair
        for pair in ((b"-", b"/", AGENTS[0]), (b"eva", b"/pno", AGENTS[1]), (b"-", b"/PNOAL-J12345678N", AGENTS[2]))
        for _ in range(10)
    )
    data += line % (b"-", b"/", b"-") * 10
    assert assert_treated_alike(tmp_path, data, POLICIES[policy], Enricher(assets=ASSETS)) == in_columns
