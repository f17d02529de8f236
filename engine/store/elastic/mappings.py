"""Index templates: how fields are indexed. What a field holds stands in `_source` as it came, whatever its mapping.

`subobjects: false` keeps dotted names as they are, so that `a` and `a.b` never quarrel. A value that does not fit its
field's type is left out of the index and not of the document (`ignore_malformed`), and so are fields beyond the budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.ecs_types import BOOLEAN, DATE, FLOAT, IP, LONG
from engine.store.elastic.names import CASES, Names

VERSION = 2  # of the layout; an index tells it in `_meta`
TELLING = 2  # from here on, values that do not fit their field are told apart (no coercion, `AWKWARD`)
BUDGET = 1000  # fields of one index that are indexed under their own names; the rest go into `kulla.rest`
IGNORE_ABOVE = 8191  # characters: in UTF-8 at most what Lucene takes as one term
REST = "kulla.rest"
ODD = "kulla.odd"
TYPES = "kulla.types"
SEQUENCE = "kulla.sequence"
AWKWARD = "kulla.awkward"  # there, and true, where fields stand in `REST` or `ODD`
Json = dict[str, Any]

_TEXT: Json = {
    "type": "keyword",
    "ignore_above": IGNORE_ABOVE,
    "fields": {
        "folded": {"type": "keyword", "normalizer": "folded", "ignore_above": IGNORE_ABOVE, "doc_values": False}
    },
}
_KEPT: Json = {"type": "keyword", "index": False, "doc_values": False}
_ANALYSIS: Json = {"normalizer": {"folded": {"type": "custom", "filter": ["lowercase"]}}}


def templates(names: Names) -> Mapping[str, Json]:
    """Return the index templates by their names."""
    found = {names.events: _template(f"{names.events}-*", names.events, _event_mappings(), events=True)}
    for kind, properties in _RECORDS.items():
        alias = names.of(kind)
        mappings = {"dynamic": False, "date_detection": False, "properties": properties}
        found[alias] = _template(f"{alias}-*", alias, mappings)
    cases: Json = {names.of(CASES): {"filter": {"term": {"kind": "case"}}}}  # see `engine.casework.keeping`
    found[names.of("records")]["template"]["aliases"] |= cases
    return found


def _template(pattern: str, alias: str, mappings: Json, *, events: bool = False) -> Json:
    settings: Json = {"number_of_shards": 1, "auto_expand_replicas": "0-1", "analysis": _ANALYSIS}
    if events:
        settings |= {
            "mapping.total_fields.limit": 2 * BUDGET + 500,  # a text field counts twice: as it is, and folded
            "mapping.total_fields.ignore_dynamic_beyond_limit": True,
            "mapping.ignore_malformed": True,
            "refresh_interval": "30s",  # a run refreshes what it reads
        }
    return {
        "index_patterns": [pattern],
        "priority": 350,
        "_meta": {"kulla": {"version": VERSION}},
        "template": {
            "settings": {"index": settings},
            "mappings": {"_meta": {"kulla": {"version": VERSION}}, **mappings},
            "aliases": {alias: {}},
        },
    }


def _event_mappings() -> Json:
    return {
        "subobjects": False,
        "dynamic": True,
        "date_detection": False,
        "numeric_detection": False,
        "dynamic_templates": [
            *_typed("dates", DATE, {"type": "date"}),
            *_typed("longs", LONG, {"type": "long", "coerce": False}),
            *_typed("floats", FLOAT, {"type": "double", "coerce": False}),
            *_typed("truths", BOOLEAN, {"type": "boolean"}),
            *_typed("addresses", IP, {"type": "ip", "fields": {"folded": _TEXT["fields"]["folded"]}}),
            {"text": {"match_mapping_type": "*", "mapping": _TEXT}},
        ],
        "properties": {
            "@timestamp": {"type": "date"},
            "event.original": _KEPT,
            ODD: _KEPT,
            TYPES: _KEPT,
            REST: {"type": "flattened", "ignore_above": 1024},
            SEQUENCE: {"type": "long"},
            AWKWARD: {"type": "boolean"},
            "kulla.record_number": {"type": "long", "index": False},
            "kulla.source_identity": {"type": "keyword"},
            "log.offset": {"type": "long"},
        },
    }


def _typed(name: str, fields: frozenset[str], mapping: Json) -> list[Json]:
    return [{name: {"path_match": sorted(fields), "mapping": mapping}}]


_WORD: Json = {"type": "keyword", "ignore_above": IGNORE_ABOVE}
_RECORDS: Mapping[str, Json] = {
    "alerts": {
        "key": _WORD,
        "@timestamp": {"type": "date"},
        "micros": {"type": "long"},
        **dict.fromkeys(("event.id", "rule.id", "rule.name", "rule.level", "rule.tags", "verdict"), _WORD),
        **dict.fromkeys(("host.name", "user.name", "source.ip", "destination.ip", "process.name"), _WORD),
        "severity": {"type": "integer"},
        "body": _KEPT,
    },
    "incidents": {
        "key": _WORD,
        "@timestamp": {"type": "date"},
        "micros": {"type": "long"},
        "severity": {"type": "integer"},
        **dict.fromkeys(("title", "status", "level", "alerts", "tactics", "techniques"), _WORD),
        "score": {"type": "double"},
        "body": _KEPT,
    },
    "ledger": {"sequence": {"type": "long"}, "digest": _WORD, "body": _KEPT},
    "dead-letters": {
        "@timestamp": {"type": "date"},
        "key": _WORD,
        "order": {"type": "long"},
        "place": {"type": "integer"},
        **dict.fromkeys(("path", "source", "reason"), _WORD),
        "body": _KEPT,
    },
    "hits": {"key": _WORD, "rule_id": _WORD, "micros": {"type": "long"}, "body": _KEPT},
    "records": {
        **dict.fromkeys(("kind", "key", "state"), _WORD),
        **{name: {"type": "long"} for name in ("due", "version")},
        "body": _KEPT,
    },
    "state": {"kind": _WORD, "key": _WORD, "order": {"type": "long"}, "body": _KEPT},
}
