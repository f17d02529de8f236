"""Every rule fires on its positive events and not on its near misses, with all other rules loaded beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from detections.catalogue import RuleTest, own_rules_folder, read_evidence, rule_files
from engine.sigma.engine import Engine
from engine.sigma.evidence import Prover
from engine.sigma.loader import load_rules


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Return an engine with all of kulla's rules."""
    return Engine(load_rules([own_rules_folder()]))


def _cases() -> Iterator[object]:
    folder = own_rules_folder()
    for path in rule_files():
        evidence = read_evidence(path)
        assert evidence is not None
        for test in evidence.tests:
            kind = "fires" if test.match else "stays silent"
            yield pytest.param(evidence.rule, test, id=f"{path.relative_to(folder)}: {kind}: {test.name}")


@pytest.fixture(scope="module")
def prover(engine: Engine) -> Prover:
    """Return what runs tests one after the other."""
    return Prover(engine)


def test_every_own_rule_compiles(engine: Engine) -> None:
    assert [str(issue) for issue in engine.rules.issues] == []
    assert [rule.info.path for rule in engine.unreachable()] == []


@pytest.mark.parametrize(("rule", "test"), list(_cases()))
def test_evidence(prover: Prover, rule: str, test: RuleTest) -> None:
    assert prover.fires(rule, test.events) is test.match


def test_playbook_reaches_the_alert(engine: Engine) -> None:
    """The rule's playbook travels with the rule, so that an alert leads to guidance."""
    told = {
        info.id: info.playbooks for info in [item.info for item in (*engine.rules.rules, *engine.rules.correlations)]
    }
    for path in rule_files():
        evidence = read_evidence(path)
        assert evidence is not None
        assert evidence.playbook in told[evidence.rule], path
