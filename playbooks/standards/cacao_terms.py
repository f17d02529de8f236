"""The vocabulary of CACAO 2.0 that the checks need: which fields each object knows, and which it must have."""

from __future__ import annotations

import re
from typing import Final

UUID: Final = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
IDENTIFIER: Final = re.compile(rf"(?P<kind>[a-z][a-z0-9-]{{0,60}}[a-z0-9])--{UUID}")
TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
VARIABLE: Final = re.compile(r"__[a-zA-Z_][a-zA-Z0-9_-]{0,199}?__")
REFERENCE: Final = re.compile(rf"(?P<name>{VARIABLE.pattern}):value")

PLAYBOOK_REQUIRED: Final = (
    "type", "spec_version", "id", "name", "created_by", "created", "modified", "workflow_start", "workflow",
)  # fmt: skip
PLAYBOOK: Final = frozenset((
    *PLAYBOOK_REQUIRED, "description", "playbook_types", "playbook_activities", "playbook_processing_summary",
    "revoked", "valid_from", "valid_until", "derived_from", "related_to", "priority", "severity", "impact",
    "industry_sectors", "labels", "external_references", "markings", "playbook_variables", "workflow_exception",
    "playbook_extensions", "authentication_info_definitions", "agent_definitions", "target_definitions",
    "extension_definitions", "data_marking_definitions", "signatures",
))  # fmt: skip
_STEP: Final = frozenset((
    "type", "name", "description", "external_references", "delay", "timeout", "step_variables", "owner",
    "on_completion", "on_success", "on_failure", "step_extensions",
))  # fmt: skip
STEPS: Final[dict[str, frozenset[str]]] = {
    "start": _STEP - {"on_success", "on_failure"},
    "end": _STEP - {"on_completion", "on_success", "on_failure"},
    "action": _STEP | {"commands", "agent", "targets", "in_args", "out_args"},
    "playbook-action": _STEP | {"playbook_id", "playbook_version", "in_args", "out_args"},
    "parallel": _STEP | {"next_steps"},
    "if-condition": _STEP | {"condition", "on_true", "on_false"},
    "while-condition": _STEP | {"condition", "on_true"},
    "switch-condition": _STEP | {"switch", "cases"},
}
STEP_REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "start": ("on_completion",),
    "action": ("commands", "agent"),
    "playbook-action": ("playbook_id",),
    "parallel": ("next_steps",),
    "if-condition": ("condition", "on_true"),
    "while-condition": ("condition", "on_true"),
    "switch-condition": ("switch", "cases"),
}
_COMMAND: Final = frozenset(("type", "description", "version", "playbook_activity", "external_references"))
_TEXTUAL: Final = _COMMAND | {"command", "command_b64"}
_HTTP: Final = _TEXTUAL | {"headers", "content", "content_b64"}
COMMANDS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(("manual", "bash", "powershell", "ssh", "caldera-cmd", "elastic", "kestrel"), _TEXTUAL),
    "caldera-cmd": _TEXTUAL | {"ability_id"},
    "http-api": _HTTP,
    "openc2-http": _HTTP,
    "jupyter": _TEXTUAL,
    "sigma": _TEXTUAL,
    "yara": _TEXTUAL,
}
VARIABLE_FIELDS: Final = frozenset(("type", "description", "value", "constant", "external"))
_PLACE: Final = frozenset(("type", "name", "description", "location", "agent_target_extensions"))
_NETWORK: Final = _PLACE | {"address", "port", "authentication_info", "category"}
PLACES: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(("group", "individual", "organization"), _PLACE | {"contact", "sector"}),
    "location": _PLACE | {"logical"},
    "sector": _PLACE | {"sector"},
    "security-category": _PLACE | {"category"},
    **dict.fromkeys(("http-api", "linux", "net-address", "ssh"), _NETWORK),
}
MARKING: Final = frozenset((
    "type", "id", "name", "description", "created_by", "created", "revoked", "valid_from", "valid_until", "labels",
    "external_references", "marking_extensions",
))  # fmt: skip
MARKINGS: Final[dict[str, frozenset[str]]] = {
    "marking-tlp": MARKING | {"tlpv2_level"},
    "marking-statement": MARKING | {"statement"},
    "marking-iep": frozenset(),  # its many fields are told by FIRST, not here
}
TLP_LEVELS: Final = frozenset(("TLP:RED", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:GREEN", "TLP:CLEAR"))
DEFINITION: Final = frozenset(("type", "name", "description", "created_by", "schema", "version", "external_references"))
REFERENCE_FIELDS: Final = frozenset(("name", "description", "source", "url", "external_id", "reference_id"))
