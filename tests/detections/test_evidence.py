"""Every rule fires on its positive events and not on its near misses, with all other rules loaded beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import cast

import pytest

from detections.catalogue import RuleTest, own_rules_folder, read_evidence, rule_files
from engine.sigma.correlation import Correlator
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Return an engine with all of kulla's rules."""
    return Engine(load_rules([own_rules_folder()]))


@pytest.fixture(scope="module")
def correlator(engine: Engine) -> Correlator:
    """Return the correlations of kulla's rules."""
    return Correlator(engine.rules)


def _cases() -> Iterator[object]:
    folder = own_rules_folder()
    for path in rule_files():
        evidence = read_evidence(path)
        assert evidence is not None
        for test in evidence.tests:
            kind = "fires" if test.match else "stays silent"
            yield pytest.param(evidence.rule, test, id=f"{path.relative_to(folder)}: {kind}: {test.name}")


def found(engine: Engine, correlator: Correlator, test: RuleTest) -> set[str]:
    """Return the ids of all rules and correlations that find something in the test's events."""
    silent, ids, hits = engine.rules.silent(), set(), []
    for number, event in enumerate(test.events):
        fields = cast("Mapping[str, str]", event)
        for match in engine.match(fields):
            if match.rule.name not in silent:
                ids.add(match.rule.info.id)
            if correlator.wants(match):
                hits += correlator.hits(match, fields, cast("datetime", event["@timestamp"]), f"event-{number:05}")
    return ids | {burst.correlation.info.id for burst in correlator.bursts(hits)}


def test_every_own_rule_compiles(engine: Engine) -> None:
    assert [str(issue) for issue in engine.rules.issues] == []
    assert [rule.info.path for rule in engine.unreachable()] == []


@pytest.mark.parametrize(("rule", "test"), _cases())
def test_evidence(engine: Engine, correlator: Correlator, rule: str, test: RuleTest) -> None:
    assert (rule in found(engine, correlator, test)) is test.match


def test_playbook_reaches_the_alert(engine: Engine) -> None:
    """The rule's playbook travels with the rule, so that an alert leads to guidance."""
    told = {
        info.id: info.playbooks for info in [item.info for item in (*engine.rules.rules, *engine.rules.correlations)]
    }
    for path in rule_files():
        evidence = read_evidence(path)
        assert evidence is not None
        assert evidence.playbook in told[evidence.rule], path
