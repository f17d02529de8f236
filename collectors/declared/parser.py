"""Reads one record after the other as a source file says: values, fields, conditions, and what must be there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from collectors.cloud.flatten import put, spread
from collectors.declared.cutting import Table, captures_of, document_of, pairs_of
from collectors.declared.model import Declaration, Kind, Stamp, Test
from collectors.declared.values import at_path, copy_of, field_value, holds, instant_of, natural_kind, scalars, typed
from collectors.framing import decode
from collectors.json_fields import Json
from collectors.network.finish import finish
from collectors.source import Options, Record
from collectors.syslog import Header, parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields, Scalar, instant, texts

HEADER_VALUES: Final = frozenset({"syslog.host", "syslog.program", "syslog.pid"})


def is_field(name: str) -> bool:
    """Tell an ECS field's name from the name of a value: it has a dot, or is one of the few that need none."""
    return "." in name or name in {"@timestamp", "message", "tags"}


class DeclaredParser:
    """A parser made of a source file."""

    def __init__(self, declared: Declaration, options: Options) -> None:
        self._declared, self._options = declared, options
        self._table = Table(declared.cut)
        self._zone = declared.stamp.zone if declared.stamp and declared.stamp.zone else options.zone
        self._used = _used_values(declared)
        self._base: Fields = {
            "event.kind": "event",
            "event.module": declared.name,
            "event.dataset": declared.dataset,
            **declared.constants,
        }
        self._kinds: dict[str, Kind] = {}
        for pattern in declared.patterns:
            self._kinds.update({name: kind for name, kind in zip(pattern.names, pattern.kinds, strict=True) if kind})

    def parse(self, record: Record) -> Fields | None:
        """Return the record's fields; None for a blank one, a line of names, and what the file says to ignore."""
        text = decode(record.raw).strip("\x00\r\n")
        if not text.strip():
            return None
        if any(regex.fullmatch(text) for regex in self._declared.ignore):
            return None
        fields = copy_of(self._base)
        header, values = self._taken_apart(text)
        if values is None:
            return None
        if header is not None:
            _read_header(header, fields)
        self._fill(values, header, fields)
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def names(self, record: Record) -> frozenset[str]:
        """Return the names of a record's values, those of its columns for a line of them; none where it is unread."""
        try:
            _, values = self._taken_apart(decode(record.raw).strip("\x00\r\n"))
        except MalformedRecordError:
            return frozenset()
        return frozenset(self._table.columns if values is None else values)

    def tells(self, record: Record, tests: Sequence[Test]) -> bool:
        """Tell whether a record is read and all conditions hold for it."""
        try:
            fields = self.parse(record)
            _, values = self._taken_apart(decode(record.raw).strip("\x00\r\n")) if fields is not None else (None, None)
        except MalformedRecordError:
            return False
        if fields is None or values is None:
            return False
        return all(holds(test, self._seen(test.name, values, fields)) for test in tests)

    def complete(self, fields: Fields) -> Fields:
        """Add copies of addresses, URL parts and `related.*`."""
        return finish(fields)

    def _taken_apart(self, text: str) -> tuple[Header | None, Mapping[str, Json] | None]:
        """Return a record's header, where syslog carried it, and its values.

        What looks like a header may be the record's own stamp: where the rest cannot be read, the whole is.
        """
        if not self._declared.cut.syslog:
            return None, self._values(text)
        header = parse_header(text, self._options)
        try:
            return header, self._values(header.message)
        except MalformedRecordError:
            if header.kind == "bare":
                raise
            return None, self._values(text)

    def _values(self, text: str) -> Mapping[str, Json] | None:
        framing = self._declared.cut.framing
        if framing == "json":
            return document_of(text)
        if framing == "csv":
            return self._table.row(text)
        if framing == "keyvalue":
            return pairs_of(self._declared.cut, text)
        return dict(captures_of(self._declared, text))

    def _fill(self, values: Mapping[str, Json], header: Header | None, fields: Fields) -> None:
        declared = self._declared
        for name in [name for name in values if is_field(name) and name not in self._used]:
            self._put_direct(name, values, fields)
        for rule in declared.fields:
            value = field_value(rule, self._first(values, header, rule.sources), self._zone)
            if value is not None:
                fields[rule.name] = value
            elif rule.name.endswith(".ip") and (found := self._first(values, header, rule.sources)):
                fields.setdefault(f"{rule.name.removesuffix('ip')}address", texts(found[0])[0])
        if declared.stamp is not None:
            self._stamp(declared.stamp, values, fields)
        self._keep_rest(values, fields)
        self._decide(values, fields)
        missing = [name for name in declared.required if name not in fields]
        if missing:
            raise MalformedRecordError(f"lacks {missing[0]}, which the source {declared.name} requires")

    def _put_direct(self, name: str, values: Mapping[str, Json], fields: Fields) -> None:
        """Put a capture or key that is named like a field; JSON's own dotted keys are kept under the source's name."""
        if self._declared.cut.framing == "json":
            return
        found = scalars(values[name])
        value = typed(found[0], self._kinds.get(name) or natural_kind(name), self._zone) if found else None
        if value is not None:
            fields[name] = value
        elif found and name.endswith(".ip"):
            fields.setdefault(f"{name.removesuffix('ip')}address", texts(found[0])[0])
        elif found:
            fields[f"{self._declared.name}.{name}"] = texts(found[0])[0]

    @staticmethod
    def _first(values: Mapping[str, Json], header: Header | None, sources: Sequence[str]) -> list[Scalar]:
        for path in sources:
            if header is not None and path in HEADER_VALUES:
                part = {"syslog.host": header.host, "syslog.program": header.program, "syslog.pid": header.pid}[path]
                if part is not None:
                    return [part]
            found = [item for item in scalars(at_path(values, path)) if item != ""]
            if found:
                return found
        return []

    def _stamp(self, stamp: Stamp, values: Mapping[str, Json], fields: Fields) -> None:
        parts = [texts(found[0])[0] for path in stamp.sources if (found := self._first(values, None, (path,)))]
        if not parts:
            return
        moment = instant_of(stamp, " ".join(parts), self._options)
        if moment is not None:
            fields["@timestamp"] = moment
        else:
            fields[f"{self._declared.name}.unread_stamp"] = " ".join(parts)[:256]

    def _keep_rest(self, values: Mapping[str, Json], fields: Fields) -> None:
        """Keep what no field was made of, under the source's name."""
        prefix = f"{self._declared.name}."
        if self._declared.cut.framing == "json":
            spread(prefix, dict(values), fields, skip=self._used)
            return
        for name, value in values.items():
            if name in self._used or is_field(name):
                continue
            for item in scalars(value):
                kind = self._kinds.get(name)
                scalar = typed(item, kind, self._zone) if kind else item
                put(prefix + name, item if scalar is None else scalar, fields)

    def _decide(self, values: Mapping[str, Json], fields: Fields) -> None:
        for when in self._declared.whens:
            if all(holds(test, self._seen(test.name, values, fields)) for test in when.tests):
                fields.update(copy_of(when.fields))

    @staticmethod
    def _seen(name: str, values: Mapping[str, Json], fields: Fields) -> tuple[str, ...]:
        """Return the texts of a field, or of a value where no field is called so."""
        value = fields.get(name)
        if value is not None:
            return (instant(value),) if isinstance(value, datetime) else texts(value)
        return tuple(text for item in scalars(at_path(values, name)) for text in texts(item))


def _used_values(declared: Declaration) -> frozenset[str]:
    """Return the names of values of which fields are made, so that they are not kept twice."""
    used = {path for rule in declared.fields for path in rule.sources}
    if declared.stamp is not None:
        used.update(declared.stamp.sources)
    return frozenset(used)


def _read_header(header: Header, fields: Fields) -> None:
    fields.update(syslog_fields(header))
    for name, value in (
        ("@timestamp", header.timestamp),
        ("host.name", header.host if header.kind != "bare" else None),
        ("process.name", header.program),
        ("process.pid", header.pid),
    ):
        if value is not None:
            fields[name] = value
