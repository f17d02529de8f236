"""From a YAML file to a source: every key known, every pattern compiled, every error with its line and a next step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from collectors.declared.grok import LIBRARY, PatternError, compiled, pattern
from collectors.declared.model import Declaration, Pattern, Regex
from collectors.declared.sections import (
    NAME,
    read_cut,
    read_examples,
    read_fields,
    read_lookups,
    read_names,
    read_set,
    read_stamp,
    read_tests,
    read_whens,
)
from collectors.declared.source import DeclaredSource
from engine.errors import ConfigurationError
from engine.yaml_document import DocumentError, Value, read_document

MAX_BYTES: Final = 256 * 1024
_MOST: Final = 200  # patterns, fields, conditions or tests of one file
_KEYS: Final = (
    *("aliases", "dataset", "framing", "define", "patterns", "ignore", "timestamp", "fields", "constants", "lookups"),
    *("when", "required", "personal", "recognise", "tests"),
)
_TEXT_FRAMINGS: Final = frozenset({"lines", "multiline"})


def load(path: Path) -> DeclaredSource:
    """Return the source that a file declares; raise `ConfigurationError` with file, line and next step."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"cannot read it ({error.strerror})", where=str(path), hint="check the path, its owner and mode"
        ) from error
    return read(content, str(path))


def read(content: bytes, file: str) -> DeclaredSource:
    """Return the source that a file's bytes declare."""
    if len(content) > MAX_BYTES:
        raise ConfigurationError(f"larger than {MAX_BYTES:,} bytes", where=file, hint="one file declares one source")
    try:
        return DeclaredSource(_declaration(read_document(content, file), file))
    except RecursionError:
        raise DocumentError("is nested too deeply", where=file, hint="see docs/sources.md") from None


def _declaration(root: Value, file: str) -> Declaration:
    entries = root.mapping(required=("name", "title"), optional=_KEYS)
    name = read_name(entries["name"])
    cut = read_cut(entries["framing"]) if "framing" in entries else read_cut(None)
    define = _define(entries.get("define"))
    patterns = tuple(_pattern(item, define) for item in _listed(entries.get("patterns")))
    if cut.framing in _TEXT_FRAMINGS and not patterns:
        raise root.error("lacks `patterns`", "lines are read with patterns; for JSON write `framing: json`")
    if cut.framing not in _TEXT_FRAMINGS and patterns:
        raise entries["patterns"].error(
            f"`framing: {cut.framing}` has named values already", "leave `patterns` out, and use `fields`"
        )
    lookups = read_lookups(entries.get("lookups"))
    dataset = entries["dataset"].text() if "dataset" in entries else f"{name}.log"
    if not dataset.startswith(f"{name}."):
        raise entries["dataset"].error(f"`{dataset}` is not of this source", f"begin it with `{name}.`")
    telling = read_tests(entries["recognise"]) if "recognise" in entries and not entries["recognise"].is_scalar else ()
    return Declaration(
        file=file,
        name=name,
        title=entries["title"].text(),
        aliases=tuple(read_name(item) for item in _listed(entries.get("aliases"))),
        dataset=dataset,
        cut=cut,
        patterns=patterns,
        fields=read_fields(entries.get("fields"), lookups),
        constants=read_set(entries["constants"]) if "constants" in entries else {},
        stamp=read_stamp(entries["timestamp"]) if "timestamp" in entries else None,
        whens=read_whens(entries.get("when")),
        required=read_names(entries.get("required")),
        ignore=tuple(_regex(item) for item in _listed(entries.get("ignore"))),
        personal=read_names(entries.get("personal")),
        recognised=entries["recognise"].boolean() if "recognise" in entries and not telling else True,
        telling=telling,
        examples=read_examples(entries.get("tests")),
    )


def read_name(value: Value) -> str:
    """Return a source's name."""
    name = value.text()
    if not NAME.fullmatch(name):
        raise value.error(f"`{name}` is no name for a source", "2 to 40 of a to z, 0 to 9 and _, a letter first")
    return name


def _listed(value: Value | None) -> tuple[Value, ...]:
    """Return a list's elements; a single value counts as a list of one."""
    if value is None:
        return ()
    items = (value,) if value.is_scalar else value.items()
    if len(items) > _MOST:
        raise value.error(f"more than {_MOST} entries", "part the source in several files")
    return items


def _define(value: Value | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, item in value.entries() if value is not None else ():
        if not re.fullmatch(r"\w{1,64}", name, re.ASCII) or name.lower() in LIBRARY:
            raise item.error(f"`{name}` cannot be the name of a pattern", "letters, digits and _; none of kulla's own")
        found[name] = item.verbatim()
        if len(found) > _MOST:
            raise item.error(f"more than {_MOST} patterns", "part the source in several files")
    return found


def _pattern(value: Value, own: dict[str, str]) -> Pattern:
    mark = value.node.start_mark
    try:
        return pattern(value.verbatim(), own, mark.line + 1 if mark else 0)
    except PatternError as error:
        raise value.error(str(error), error.hint) from None


def _regex(value: Value) -> Regex:
    try:
        return compiled(value.verbatim())
    except PatternError as error:
        raise value.error(str(error), error.hint) from None
