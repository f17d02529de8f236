"""Detection over pseudonyms: what kulla's own rules find in their test events, they find after privacy as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from collectors.privacy.filtering import Privacy
from collectors.privacy.pseudonyms import Key, Pseudonyms
from collectors.privacy.rules import Policy, default_rules
from detections.catalogue import RuleTest, own_rules_folder, read_evidence, rule_files
from engine.events import Event, Origin, Value
from engine.sigma.engine import Engine
from engine.sigma.evidence import Prover
from engine.sigma.loader import load_rules

NAMES = Pseudonyms([Key(secret=bytes(32), since="")], "AL")
PRIVACY = Privacy(Policy(default_rules({})), lambda: NAMES)


def treated(events: Sequence[Mapping[str, Value]]) -> list[Mapping[str, Value]]:
    """Return the events' fields as they are stored."""
    found = []
    for number, fields in enumerate(events):
        module = fields.get("event.module") or str(fields.get("event.dataset", "")).partition(".")[0]
        origin = Origin(path="test", identity="ab", offset=number, number=number)
        text = str(fields.get("event.original", ""))
        event = Event(id="ab" * 16, origin=origin, original=text, fields={**fields, "event.module": module})
        new = PRIVACY.events([event])[0]
        found.append(fields if new is event else {**new.fields, "event.original": new.original})
    return found


def cases() -> list[tuple[str, RuleTest, list[Mapping[str, Value]]]]:
    """Return the tests of rules in which privacy changes an event."""
    made = []
    for path in rule_files(own_rules_folder()):
        evidence = read_evidence(path)
        for test in evidence.tests if evidence is not None else ():
            changed = treated(test.events)
            if changed != list(test.events):
                made.append((evidence.rule if evidence is not None else "", test, changed))
    return made


def test_rules_find_the_same(subtests: pytest.Subtests) -> None:
    found = cases()
    assert len(found) > 30  # of X-Road, TARA and GovSSO: else nothing was tried
    prover = Prover(Engine(load_rules([own_rules_folder()])))
    for rule, test, changed in found:
        with subtests.test(rule=rule, test=test.name):
            assert prover.fires(rule, changed) is test.match
