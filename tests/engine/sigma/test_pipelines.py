"""Processing pipelines of a site: they change rules before kulla maps fields; what needs more than that is refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from engine.errors import ConfigurationError
from engine.sigma.documents import compile_files
from engine.sigma.engine import Engine
from engine.sigma.pipelines import read_pipeline
from engine.sigma.rules import RuleSet
from engine.sigma.tailoring import Tailoring
from tests.engine.sigma.rules import ACME, document

MAP = {"type": "field_name_mapping", "mapping": {"Cmd": "process.command_line"}}


def pipeline(*items: dict[str, Any], **more: Any) -> bytes:
    numbered = [{"id": f"t{number}", **item} for number, item in enumerate(items)]
    return yaml.safe_dump({"name": "ours", "priority": 10, "transformations": numbered, **more}).encode()


def load(*pipelines: bytes, **selection: Any) -> RuleSet:
    files = tuple((f"p{number}.yml", content) for number, content in enumerate(pipelines))
    text = document({"s": selection or {"Cmd": "evil"}, "condition": "s"})
    return compile_files([("a.yml", text.encode())], Tailoring(pipelines=files))


def test_fields_are_renamed_before_kullas_own_mapping() -> None:
    rules = load(pipeline(MAP))
    assert rules.issues == []
    assert Engine(rules).match({**ACME, "process.command_line": "evil"})
    assert not Engine(rules).match({**ACME, "Cmd": "evil"})


def test_pipelines_follow_their_priority_not_their_order() -> None:
    first = pipeline({"type": "field_name_mapping", "mapping": {"Cmd": "one"}}, priority=1)
    second = pipeline({"type": "field_name_mapping", "mapping": {"one": "two"}}, priority=2)
    assert load(second, first).predicates[0].field == "two"


def test_conditions_and_values_of_placeholders() -> None:
    only = {**MAP, "rule_conditions": [{"type": "logsource", "product": "other"}]}
    assert load(pipeline(only)).predicates[0].field == "Cmd"
    values = pipeline({"type": "value_placeholders"}, vars={"Admins": ["anna"]})
    rules = load(values, **{"u|expand": "%Admins%"})
    assert rules.issues == []
    assert rules.predicates[0].value == "anna"


def test_a_pipeline_that_refuses_a_rule_says_why() -> None:
    (issue,) = load(pipeline({"type": "rule_failure", "message": "not for us"})).issues
    assert "the pipeline ours cannot be applied: not for us" in issue.message
    assert issue.where == "a.yml:1"


REFUSED: dict[str, tuple[bytes, str]] = {
    "a program": (pipeline({"type": "command_placeholders", "command": "id"}), "it runs a program"),
    "the network": (pipeline({"type": "http_placeholders", "url": "http://x"}), "it asks the network"),
    "a file": (pipeline({"type": "file_placeholders", "path": "/etc/passwd"}), "it reads a file"),
    "code": (pipeline({"type": "field_name_transform"}), "Python code"),
    "nested": (pipeline({"type": "nest", "items": [{"type": "command_placeholders", "command": "id"}]}), "a program"),
    "query text": (pipeline({"type": "query_expression_placeholders", "expression": "x"}), "query text"),
    "a finaliser": (pipeline(MAP, finalizers=[{"type": "template", "path": "x", "template": "y"}]), "finalizers"),
    "postprocessing": (pipeline(MAP, postprocessing=[{"type": "embed", "prefix": "x"}]), "postprocessing"),
    "an unknown type": (pipeline({"type": "magic"}), "unknown type magic"),
    "an unknown part": (pipeline(MAP, magic=1), "magic"),
    "a wrong argument": (pipeline({"type": "field_name_mapping", "nosuch": 1}), "nosuch"),
    "no mapping": (b"- a\n", "a mapping"),
    "no list": (b"transformations: {a: 1}\n", "no list"),
    "an item that is none": (b"transformations: [3]\n", "transformation 1 is no mapping"),
    "a priority that is none": (b"priority: high\n", "priority"),
    "not YAML": (b"a: [\n", "not YAML"),
    "a tag": (b"a: !!python/object/apply:os.system [id]\n", "not YAML"),
    "not UTF-8": (b"\xff", "UTF-8"),
    "too long": (b"#" * 2_000_000, "larger"),
    "deep": (b"[" * 100_000, "deep"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_more_than_rules_is_refused_with_file_and_reason(name: str) -> None:
    content, reason = REFUSED[name]
    with pytest.raises(ConfigurationError) as caught:
        read_pipeline("p.yml", content)
    assert reason in str(caught.value)
    assert caught.value.where == "p.yml"


def test_a_conversion_may_shape_queries_but_load_nothing() -> None:
    read_pipeline("p", pipeline(MAP, postprocessing=[{"type": "embed", "prefix": "x"}]), queries=True)
    for part in ({"type": "template", "path": "x"}, {"type": "template", "template": "y", "vars": "x.py"}):
        with pytest.raises(ConfigurationError, match="loads files or code"):
            read_pipeline("p", pipeline(MAP, finalizers=[part]), queries=True)
