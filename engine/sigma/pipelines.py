"""Processing pipelines that a site gives: pySigma's YAML, applied to rules before kulla's own mapping of fields.

Read are the transformations that change a rule and nothing else. Refused are those that run a program or Python code,
ask the network, read files, or write query text (kulla evaluates rules itself), each with its reason.
(pySigma 1.5, "Processing Pipelines".)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule

from engine.errors import ConfigurationError
from engine.sigma.yaml_reading import read_yaml

MAX_FILE = 1024 * 1024  # bytes
MAX_ITEMS = 2_000  # transformations of one pipeline, nested ones included

_ALLOWED = frozenset(
    {
        "field_name_mapping",
        "field_name_prefix_mapping",
        "field_name_prefix",
        "field_name_suffix",
        "drop_detection_item",
        "hashes_fields",
        "extract_fields",
        "wildcard_placeholders",
        "value_placeholders",
        "add_condition",
        "change_logsource",
        "add_field",
        "remove_field",
        "set_field",
        "replace_string",
        "map_string",
        "set_state",
        "regex",
        "set_value",
        "convert_type",
        "rule_failure",
        "detection_item_failure",
        "strict_field_mapping_failure",
        "set_custom_attribute",
        "nest",
        "case",
    }
)
_EXTERNAL = {
    "field_name_transform": "it needs Python code",
    "file_placeholders": "it reads a file; write the values into `vars` or [rules.placeholders]",
    "http_placeholders": "it asks the network; write the values into `vars` or [rules.placeholders]",
    "command_placeholders": "it runs a program; write the values into `vars` or [rules.placeholders]",
}
_QUERY = {"query_expression_placeholders": "it writes query text, and kulla evaluates rules itself"}
_TEXT_PARTS = ("postprocessing", "finalizers")
_LOADING_KEYS = frozenset({"path", "vars"})  # of templates: a file, and Python code
_MALFORMED = (SigmaError, TypeError, ValueError, KeyError, AttributeError, IndexError, RecursionError)


class Pipelines:
    """Pipelines in the order of their priority, applied rule by rule."""

    def __init__(self, files: Iterable[tuple[str, bytes]]) -> None:
        found = [read_pipeline(name, content) for name, content in files]
        self._pipelines = sorted(found, key=lambda item: item.priority)

    def __bool__(self) -> bool:
        return bool(self._pipelines)

    def apply(self, rule: SigmaRule | SigmaCorrelationRule) -> None:
        """Change the rule as the pipelines say; raise `ValueError` where one refuses it or cannot work on it."""
        for pipeline in self._pipelines:
            try:
                pipeline.apply(rule)
            except _MALFORMED as error:
                name = pipeline.name or "without a name"
                raise ValueError(f"the pipeline {name} cannot be applied: {_told(error)}") from error


def read_pipeline(name: str, content: bytes, *, queries: bool = False) -> ProcessingPipeline:
    """Return the pipeline of a YAML file; raise `ConfigurationError` with the file and the reason where it is refused.

    `queries` allows what shapes query text, for `kulla rules convert`; code, programs, network and files stay refused.
    """
    try:
        if len(content) > MAX_FILE:
            _refuse(f"larger than {MAX_FILE // 1024:,} KiB")
        document = read_yaml(content.decode("utf-8-sig"))
        if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
            _refuse("a mapping with `transformations` is expected")
        description = cast("dict[str, Any]", document)
        _check(description, queries=queries)
        pipeline = ProcessingPipeline.from_dict(description)
    except UnicodeDecodeError as error:
        raise _wrong(name, f"not UTF-8 ({error.reason} at byte {error.start})") from error
    except _MALFORMED as error:
        raise _wrong(name, _told(error)) from error
    pipeline.name = pipeline.name or name
    return pipeline


def _wrong(name: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"not a pipeline that can be used: {reason}", where=name, hint="transformations that only change rules are read"
    )


def _told(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return " ".join(str(error).split())[:500] or type(error).__name__


def _refuse(reason: str) -> None:
    raise ValueError(reason)


def _check(description: Mapping[str, Any], *, queries: bool) -> None:
    priority = description.get("priority", 0)
    if isinstance(priority, bool) or not isinstance(priority, int):
        _refuse("the priority is no whole number")
    for part in _TEXT_PARTS:
        if description.get(part) and not queries:
            _refuse(f"`{part}` writes query text, and kulla evaluates rules itself; leave it out")
        _check_texts(description.get(part) or ())
    items = description.get("transformations") or []
    if not isinstance(items, list):
        _refuse("`transformations` is no list")
    count = _check_items(items, queries=queries)
    if count > MAX_ITEMS:
        _refuse(f"{count:,} transformations; at most {MAX_ITEMS:,} are read")


def _check_items(items: Sequence[object], *, queries: bool) -> int:
    count = 0
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            _refuse(f"transformation {number} is no mapping")
        described = cast("dict[str, Any]", item)
        kind = described.get("type")
        reason = _EXTERNAL.get(str(kind)) or (None if queries else _QUERY.get(str(kind)))
        if reason is not None:
            _refuse(f"transformation {number} ({kind}) is refused: {reason}")
        if kind not in _ALLOWED and not (queries and kind in _QUERY):
            _refuse(f"transformation {number} is of the unknown type {str(kind)[:100]}")
        inner = described.get("items")
        count += 1 + (_check_items(inner, queries=queries) if isinstance(inner, list) else 0)
    return count


def _check_texts(parts: object) -> None:
    """Refuse templates that load files or Python code, wherever they are nested."""
    if isinstance(parts, dict):
        if found := _LOADING_KEYS & parts.keys():
            _refuse(f"a template that loads files or code (`{min(found)}`) is refused")
        parts = list(parts.values())
    if isinstance(parts, list | tuple):
        for item in parts:
            _check_texts(item)
