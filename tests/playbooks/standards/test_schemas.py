"""What kulla exports as CACAO is valid by OASIS's own schemas (which let unknown fields pass: see `cacao_check`)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from playbooks.compiler import compile_guide
from playbooks.loader import load_library
from playbooks.model import Playbook
from playbooks.standards.cacao_export import guide_to_cacao, playbook_to_cacao
from playbooks.standards.documents import as_json
from tests.playbooks.samples import incident


@pytest.fixture(scope="module")
def validator(shared: Path) -> Draft7Validator:
    schemas = [json.loads(path.read_text()) for path in sorted((shared / "cacao" / "schemas").rglob("*.json"))]
    named = [(schema["$id"], Resource.from_contents(schema, DRAFT7)) for schema in schemas if "$id" in schema]
    playbook = json.loads((shared / "cacao" / "schemas" / "playbook.json").read_text())
    return Draft7Validator(playbook, registry=Registry().with_resources(named))


def test_a_playbook_without_a_workflow_is_invalid(validator: Draft7Validator) -> None:
    document = dict(playbook_to_cacao(next(iter(load_library())), "green"))
    assert validator.is_valid(document)
    del document["workflow"]
    assert not validator.is_valid(document)


@pytest.mark.parametrize("playbook", load_library(), ids=lambda item: item.id)
def test_every_playbook_and_its_guide_is_valid(playbook: Playbook, validator: Draft7Validator) -> None:
    for made in (playbook_to_cacao(playbook, "green"), guide_to_cacao(compile_guide(incident(), playbook), "amber")):
        errors = validator.iter_errors(json.loads(as_json(made)))
        assert [f"{error.json_path}: {error.message[:200]}" for error in errors] == []
