"""The parts of a source file: framing, fields, instants, conditions, tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast, get_args
from zoneinfo import ZoneInfo

import yaml

from collectors.declared.grok import PatternError, compiled
from collectors.declared.model import Cut, Example, FieldRule, Framing, Kind, Operator, Regex, Stamp, Test, When
from collectors.declared.values import NAMED_FORMATS, natural_kind, typed
from engine.events import Fields, Scalar
from engine.events import Value as FieldValue
from engine.yaml_document import Value

NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,39}", re.ASCII)
_FIELD: Final = re.compile(r"@?[A-Za-z_][\w@\-]{0,63}(?:\.[\w@\-]{1,64}){0,12}", re.ASCII)
_FRAMINGS: Final = tuple(get_args(Framing))
_KINDS: Final = tuple(get_args(Kind))
_MOST: Final = 200
_CATEGORIES: Final = frozenset(
    (
        *("api", "authentication", "configuration", "database", "driver", "email", "file", "host", "iam"),
        *("intrusion_detection", "library", "malware", "network", "package", "process", "registry", "session"),
        *("threat", "vulnerability", "web"),
    )
)
_TYPES: Final = frozenset(
    (
        *("access", "admin", "allowed", "change", "connection", "creation", "deletion", "denied", "device", "end"),
        *("error", "group", "indicator", "info", "installation", "protocol", "start", "user"),
    )
)
_ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "event.category": _CATEGORIES,
    "event.type": _TYPES,
    "event.outcome": frozenset({"success", "failure", "unknown"}),
    "event.kind": frozenset({"alert", "asset", "enrichment", "event", "metric", "state", "signal"}),
}
_LISTS: Final = frozenset({"event.category", "event.type"})
_NUMERIC: Final = {">": "greater", ">=": "at_least", "<": "less", "<=": "at_most"}
_WORDS: Final = ("not", "contains", "starts", "ends")
_SEPARATORS: Final = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|"}


def field_name(value: Value) -> str:
    """Return a field's name."""
    return _checked_name(value.text(), value)


def _checked_name(name: str, value: Value) -> str:
    if not _FIELD.fullmatch(name):
        raise value.error(
            f"`{name}` is no name of a field", "as in `source.ip`: letters, digits, _ and -, dots between"
        )
    return name


def read_names(value: Value | None) -> tuple[str, ...]:
    """Return a list of fields' names."""
    return () if value is None else tuple(field_name(item) for item in value.items())


def read_cut(value: Value | None) -> Cut:
    """Return how records are cut; lines where nothing is said."""
    if value is None:
        return Cut()
    if value.is_scalar:
        return _complete(Cut(framing=cast("Framing", value.choice(_FRAMINGS))), value)
    optional = ("start", "columns", "delimiter", "quote", "pairs", "assign", "syslog")
    entries = value.mapping(required=("kind",), optional=optional)
    cut = Cut(
        framing=cast("Framing", entries["kind"].choice(_FRAMINGS)),
        start=_regex(entries["start"]) if "start" in entries else None,
        columns=tuple(item.text() for item in entries["columns"].items()) if "columns" in entries else (),
        delimiter=_separator(entries.get("delimiter"), ","),
        quote=_quote(entries.get("quote")),
        pairs=_separator(entries.get("pairs"), " "),
        assign=_separator(entries.get("assign"), "="),
        syslog=entries["syslog"].boolean() if "syslog" in entries else False,
    )
    return _complete(cut, value)


def _complete(cut: Cut, value: Value) -> Cut:
    if cut.framing == "multiline" and cut.start is None:
        raise value.error("`multiline` needs `start`", "start: '\\d{4}-\\d\\d-\\d\\d ' (what a record begins with)")
    if cut.framing != "multiline" and cut.start is not None:
        raise value.error("`start` is for `kind: multiline`", "leave it out, or write kind: multiline")
    return cut


def _separator(value: Value | None, default: str) -> str:
    if value is None:
        return default
    raw = str(value.node.value) if isinstance(value.node, yaml.ScalarNode) else ""
    text = _SEPARATORS.get(raw, raw)
    if len(text) != 1 or text in "\r\n":
        raise value.error(f"`{raw}` is no separator", f"one character, or one of: {', '.join(_SEPARATORS)}")
    return text


def _quote(value: Value | None) -> str:
    if value is None:
        return '"'
    raw = str(value.node.value) if isinstance(value.node, yaml.ScalarNode) else ""
    if raw in {"", "none"}:
        return ""
    if len(raw) != 1:
        raise value.error(f"`{raw}` is no quote", "one character, or none")
    return raw


def _regex(value: Value) -> Regex:
    try:
        return compiled(value.verbatim())
    except PatternError as error:
        raise value.error(str(error), error.hint) from None


def scalar(value: Value) -> Scalar:
    """Return a YAML scalar as text, number or truth value."""
    text = value.text()
    node = value.node
    tag = node.tag if isinstance(node, yaml.ScalarNode) else ""
    if tag.endswith(":int") and (number := typed(text, "long", _UTC)) is not None:
        return number
    if tag.endswith(":float") and (real := typed(text, "float", _UTC)) is not None:
        return real
    if tag.endswith(":bool") and (truth := typed(text, "boolean", _UTC)) is not None:
        return truth
    return text


_UTC: Final = ZoneInfo("UTC")


def constant(name: str, value: Value) -> FieldValue:
    """Return a field's fixed value, as ECS types it."""
    items = [value] if value.is_scalar else list(value.items())
    allowed = _ALLOWED.get(name)
    found: list[Scalar] = []
    for item in items:
        given = scalar(item)
        if allowed is not None and given not in allowed:
            raise item.error(
                f"`{given}` is no value that ECS knows for {name}", f"one of: {', '.join(sorted(allowed))}"
            )
        kind = natural_kind(name)
        fitting = given if kind == "text" and not isinstance(given, str) and "." in name else typed(given, kind, _UTC)
        if fitting is None:
            raise item.error(f"`{given}` is no {kind}, as {name} has to be", "write another value, or another field")
        found.append(fitting)
    return found if len(found) > 1 or name in _LISTS or not value.is_scalar else found[0]


def read_set(value: Value) -> Fields:
    """Return fields with fixed values."""
    return {_checked_name(name, item): constant(name, item) for name, item in value.entries()}


def read_lookups(value: Value | None) -> dict[str, Value]:
    """Return the value tables by name, to be read where a field names them."""
    return {} if value is None else dict(value.entries())


def read_fields(value: Value | None, lookups: Mapping[str, Value]) -> tuple[FieldRule, ...]:
    """Return where fields get their values from; `name: path` and `name: [path, path]` are the short forms."""
    rules = [
        _field(_checked_name(name, item), item, lookups)
        for name, item in (value.entries() if value is not None else ())
    ]
    if value is not None and len(rules) > _MOST:
        raise value.error(f"more than {_MOST} fields", "part the source in several files")
    return tuple(rules)


def _field(name: str, value: Value, lookups: Mapping[str, Value]) -> FieldRule:
    if not isinstance(value.node, yaml.MappingNode):
        return FieldRule(name=name, sources=_paths(value))
    entries = value.mapping(required=("from",), optional=("type", "lookup", "default", "split"))
    table = None
    if "lookup" in entries:
        table = _table(name, entries["lookup"], lookups)
    return FieldRule(
        name=name,
        sources=_paths(entries["from"]),
        kind=cast("Kind", entries["type"].choice(_KINDS)) if "type" in entries else None,
        lookup=table,
        default=constant(name, entries["default"]) if "default" in entries else None,
        split=_separator(entries["split"], ",") if "split" in entries else None,
    )


def _paths(value: Value) -> tuple[str, ...]:
    """Return the names of one value, or of several."""
    return (value.text(),) if value.is_scalar else tuple(item.text() for item in value.items())


def _table(name: str, value: Value, lookups: Mapping[str, Value]) -> dict[str, FieldValue]:
    """Return a value table: one of `lookups` by its name, or one that is written out in place."""
    table = value
    if value.is_scalar:
        word = value.text()
        if word not in lookups:
            raise value.error(f"no lookup is called `{word}`", f"one of: {', '.join(lookups) or 'none is written'}")
        table = lookups[word]
    return {key: constant(name, item) for key, item in table.entries()}


def read_stamp(value: Value) -> Stamp:
    """Return where and how the instant is written; `timestamp: time` is short for ISO 8601 or epochs."""
    if value.is_scalar:
        return Stamp(sources=(value.text(),), formats=("iso8601",))
    entries = value.mapping(required=("from",), optional=("format", "formats", "zone"))
    listed = entries.get("formats") or entries.get("format")
    formats: tuple[str, ...] = ("iso8601",)
    if listed is not None:
        formats = tuple(_format(item) for item in ((listed,) if listed.is_scalar else listed.items()))
    return Stamp(
        sources=_paths(entries["from"]),
        formats=formats,
        zone=_zone(entries["zone"]) if "zone" in entries else None,
    )


def _format(value: Value) -> str:
    text = value.text()
    if text not in NAMED_FORMATS and "%" not in text:
        hint = f"one of: {', '.join(NAMED_FORMATS)}; or as in '%d.%m.%Y %H:%M:%S'"
        raise value.error(f"`{text}` is no format of a stamp", hint)
    return text


def _zone(value: Value) -> ZoneInfo:
    try:
        return ZoneInfo(value.text())
    except (OSError, ValueError, KeyError):
        raise value.error(f"`{value.text()}` is no IANA time zone", "zone: Europe/Tirane") from None


def read_whens(value: Value | None) -> tuple[When, ...]:
    """Return the conditions, in their order."""
    found = []
    for item in value.items() if value is not None else ():
        entries = item.mapping(required=("if", "set"))
        found.append(When(tests=read_tests(entries["if"]), fields=read_set(entries["set"])))
    if value is not None and len(found) > _MOST:
        raise value.error(f"more than {_MOST} conditions", "use a lookup")
    return tuple(found)


def read_tests(value: Value) -> tuple[Test, ...]:
    """Return conditions that must hold together."""
    return tuple(_test(name, test) for name, test in value.entries())


def _test(name: str, value: Value) -> Test:
    """Read one condition: a value, a list of which one must be, or an operator with its operand."""
    if value.is_scalar:
        return Test(name=name, operator="equals", operand=(value.text(),))
    if isinstance(value.node, yaml.SequenceNode):
        return Test(name=name, operator="equals", operand=tuple(item.text() for item in value.items()))
    entries = list(value.entries())
    known = ("exists", "matches", *_WORDS, *_NUMERIC)
    if len(entries) != 1 or entries[0][0] not in known:
        raise value.error("a condition has one operator", f"one of: {', '.join(known)}; two conditions: two entries")
    word, operand = entries[0]
    if word == "exists":
        return Test(name=name, operator="exists", number=float(operand.boolean()))
    if word == "matches":
        return Test(name=name, operator="matches", regex=_regex(operand))
    if word in _NUMERIC:
        number = typed(operand.text(), "float", _UTC)
        if not isinstance(number, float):
            raise operand.error(f"`{operand.text()}` is no number", "as in `status: {'>=': 400}`")
        return Test(name=name, operator=cast("Operator", _NUMERIC[word]), number=number)
    words = (operand.text(),) if operand.is_scalar else tuple(item.text() for item in operand.items())
    return Test(name=name, operator=cast("Operator", word), operand=words)


def read_examples(value: Value | None) -> tuple[Example, ...]:
    """Return the file's own tests."""
    return tuple(_example(item) for item in (value.items() if value is not None else ()))


def _example(value: Value) -> Example:
    entries = value.mapping(required=("line",), optional=("fields", "absent", "ignored", "unread"))
    raw = str(entries["line"].node.value) if entries["line"].is_scalar else ""
    if not raw:
        raise entries["line"].error("must be the raw text of a record", "line: 'the line as it stands in the log'")
    ignored = "ignored" in entries and entries["ignored"].boolean()
    unread = "unread" in entries and entries["unread"].boolean()
    fields: dict[str, tuple[str, ...]] = {}
    for name, item in entries["fields"].entries() if "fields" in entries else ():
        fields[name] = (item.text(),) if item.is_scalar else tuple(part.text() for part in item.items())
    return Example(
        raw=raw,
        where=value.where.partition(" ")[0],
        outcome="ignored" if ignored else "unread" if unread else "event",
        fields=fields,
        absent=read_names(entries.get("absent")),
    )
