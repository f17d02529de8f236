"""What every rule of kulla's own has to be, whoever wrote it; a new file is picked up by itself."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from pathlib import Path
from uuid import UUID

import re2
from sigma.correlations import SigmaCorrelationRule
from sigma.rule import SigmaRule

from cli.checking import playbook_ids
from engine.attack import TACTICS, canonical
from engine.attack.table import table
from engine.sigma.logsources import is_known
from engine.sigma.rules import LogSource
from tests.cli.runs import kulla
from tests.detections.conftest import RuleFile

LEVELS = ("low", "medium", "high", "critical")
_TECHNIQUE = re.compile(r"attack\.t\d{4}(\.\d{3})?", re.ASCII)
_CVE = re.compile(r"cve\.\d{4}-\d{4,7}", re.ASCII)

Rules = tuple[RuleFile, ...]


def _faults(rules: Rules, wrong: object) -> list[str]:
    return [f"{item}: {fault}" for item in rules for fault in wrong(item)]  # type: ignore[operator]


def _base(item: RuleFile) -> list[SigmaRule]:
    return [rule for rule in item.rules if isinstance(rule, SigmaRule)]


def _correlations(item: RuleFile) -> list[SigmaCorrelationRule]:
    return [rule for rule in item.rules if isinstance(rule, SigmaCorrelationRule)]


def _alerting(item: RuleFile) -> SigmaRule | SigmaCorrelationRule:
    return next(rule for rule in item.rules if str(rule.id) == item.evidence.rule)


def test_there_are_enough_rules(own_rules: Rules) -> None:
    assert len(own_rules) >= 300


def test_every_document_parses_without_fault(own_rules: Rules) -> None:
    for item in own_rules:
        assert len(item.rules) == len(item.documents), item
        assert [error for rule in item.rules for error in rule.errors] == [], item
        for rule in _base(item):
            assert rule.detection.parsed_condition, item
            assert all(condition.parsed is not None for condition in rule.detection.parsed_condition), item


def test_ids_are_unique_random_uuids(own_rules: Rules) -> None:
    ids = [str(rule.id) for item in own_rules for rule in item.rules]
    assert [value for value, count in Counter(ids).items() if count > 1] == []
    assert [value for value in ids if UUID(value).version != 4] == []


def test_titles_are_short_unique_sentences(own_rules: Rules) -> None:
    titles = [rule.title or "" for item in own_rules for rule in item.rules]
    assert [title for title, count in Counter(titles).items() if count > 1] == []
    assert [title for title in titles if not 10 <= len(title) <= 110 or title.endswith(".")] == []


def test_names_of_counted_rules_are_unique(own_rules: Rules) -> None:
    names = [str(rule.name) for item in own_rules for rule in item.rules if rule.name]
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_descriptions_author_date_and_status(own_rules: Rules) -> None:
    for item in own_rules:
        for rule in item.rules:
            assert rule.author == "kulla", item
            assert isinstance(rule.date, dt.date), item
            assert rule.date >= dt.date(2026, 11, 22), item
            assert rule.status is not None, item
        text = _alerting(item).description or ""
        assert 40 <= len(text) <= 500, item
        assert not re.search(r"[<>{}]|https?://|\bsimply\b", text), item


def test_levels_are_set_and_counted_rules_are_informational(own_rules: Rules) -> None:
    for item in own_rules:
        alerting = _alerting(item)
        assert alerting.level is not None, item
        assert alerting.level.name.lower() in LEVELS, item
        for rule in item.rules:
            if rule is not alerting:
                assert rule.level is not None, item
                assert rule.level.name == "INFORMATIONAL", item


def test_tags_are_well_formed_with_tactic_and_technique(own_rules: Rules) -> None:
    def wrong(item: RuleFile) -> list[str]:
        tags = [f"{tag.namespace}.{tag.name}" for tag in _alerting(item).tags]
        tactics = [tag for tag in tags if tag.removeprefix("attack.") in TACTICS]
        techniques = [tag for tag in tags if _TECHNIQUE.fullmatch(tag)]
        rest = [tag for tag in tags if tag not in {*tactics, *techniques} and not _CVE.fullmatch(tag)]
        missing = ["no tactic"] * (not tactics) + ["no technique"] * (not techniques)
        return [*missing, *(f"odd tag {tag}" for tag in rest)]

    assert _faults(own_rules, wrong) == []


def test_techniques_exist_and_belong_to_the_tactics(own_rules: Rules) -> None:
    """Ids and tactics are those of the newest ATT&CK; older ones are reached through the table's crosswalk."""
    known = table().techniques

    def wrong(item: RuleFile) -> list[str]:
        tags = [tag.name for tag in _alerting(item).tags if tag.namespace == "attack"]
        tactics = {tag for tag in tags if tag in TACTICS}
        faults, reached = [], set()
        for tag in tags:
            if tag in TACTICS:
                continue
            found = known.get(tag.upper())
            own = set(found.newest_tactics) if found and canonical(tag) == tag.upper() else set()
            reached |= own
            if not own & tactics:
                faults.append(f"{tag} is unknown, given up or of another tactic than {sorted(tactics)}")
        return faults + [f"no technique of {tactic}" for tactic in sorted(tactics - reached)]

    assert _faults(own_rules, wrong) == []


def test_references_and_blind_spots_are_told(own_rules: Rules) -> None:
    for item in own_rules:
        assert _alerting(item).references, item
        assert all(str(url).startswith("https://") for url in _alerting(item).references), item
        assert item.evidence.blind_spots, item


def test_the_gates_find_nothing(own_rules: Rules, tmp_path: Path) -> None:
    """`kulla rules check own`: no error and no warning."""
    result = kulla("rules", "check", "own", "--no-tests", "-f", "json", home=tmp_path / "home")
    assert json.loads(result.out) == {"findings": [], "issues": []}
    assert result.code == 0


def test_false_positives_are_told(own_rules: Rules) -> None:
    for item in own_rules:
        told = _alerting(item).falsepositives
        assert told, item
        assert all(len(text) >= 10 for text in told), item


def test_log_sources_are_known_to_the_engine(own_rules: Rules) -> None:
    for item in own_rules:
        for rule in _base(item):
            where = rule.logsource
            assert is_known(LogSource(where.product or "", where.category or "", where.service or "")), item


def test_playbooks_exist(own_rules: Rules) -> None:
    known = playbook_ids()
    assert _faults(own_rules, lambda item: [item.evidence.playbook] * (item.evidence.playbook not in known)) == []


def test_every_rule_has_a_positive_and_a_negative_near_miss(own_rules: Rules) -> None:
    for item in own_rules:
        assert {test.match for test in item.evidence.tests} == {True, False}, item
        names = [test.name for test in item.evidence.tests]
        assert len(names) == len(set(names)), item
        assert all(test.events for test in item.evidence.tests), item


def test_the_last_document_is_the_rule_that_alerts(own_rules: Rules) -> None:
    for item in own_rules:
        assert str(item.documents[-1]["id"]) == item.evidence.rule, item
        assert all("kulla" not in document for document in item.documents[:-1]), item
        assert (len(item.documents) > 1) == ("correlation" in item.documents[-1]), item


def test_correlations_refer_to_rules_of_their_own_file(own_rules: Rules) -> None:
    for item in own_rules:
        names = {str(rule.name) for rule in item.rules if rule is not _alerting(item)}
        used = {reference.reference for correlation in _correlations(item) for reference in correlation.rules or ()}
        assert used == names, item


def test_conditions_use_every_selection(own_rules: Rules) -> None:
    """A selection that no condition names is a filter somebody believes in."""

    def wrong(item: RuleFile) -> list[str]:
        faults = []
        for document in item.documents:
            detection = document.get("detection", {})
            condition = str(detection.get("condition", ""))
            words = re.findall(r"[A-Za-z_][\w*]*", condition)
            for name in detection:
                used = name in words or any(word.endswith("*") and name.startswith(word[:-1]) for word in words)
                if name != "condition" and not used and "them" not in words:
                    faults.append(f"selection {name} is not used")
        return faults

    assert _faults(own_rules, wrong) == []


def test_regular_expressions_are_linear_and_bounded(own_rules: Rules) -> None:
    """Patterns compile in RE2 (so they cannot backtrack) and leave no bare `.*` on log content."""

    def patterns(value: object, name: str = "") -> list[str]:
        if isinstance(value, dict):
            return [text for key, inner in value.items() for text in patterns(inner, str(key))]
        if isinstance(value, list):
            return [text for inner in value for text in patterns(inner, name)]
        return [str(value)] if "|re" in name else []

    for item in own_rules:
        for document in item.documents:
            for pattern in patterns(document.get("detection", {})):
                re2.compile(pattern)
                assert ".*.*" not in pattern, item


def test_files_are_plain(own_rules: Rules) -> None:
    for item in own_rules:
        text = item.path.read_text(encoding="utf-8")
        assert re.fullmatch(r"[a-z0-9_]+\.yml", item.path.name), item
        assert "\t" not in text, item
        assert text.endswith("\n"), item
        assert not text.endswith("\n\n"), item
        assert len(text.splitlines()) <= 500, item
