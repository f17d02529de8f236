"""Compiled rules on disk, as JSON: loading 3,800 rules takes tenths of a second instead of several.

The key is a hash of every rule file's name and content; the file name also holds the versions of what compiled them.
So that an unchanged folder need not be read to find its key, the key is also kept under the files' stamp (names, sizes,
times). Nothing is unpickled; a damaged file is ignored and written anew. The folder may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import asdict
from functools import partial
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from engine.alerts import Level, RuleInfo
from engine.errors import RuleError
from engine.sigma.filter_info import FilterInfo
from engine.sigma.predicates import Expression, Predicate
from engine.sigma.rules import Bound, Correlation, LogSource, Rule, RuleSet, Term

FORMAT = 6  # to be raised whenever the compiler gives something else for the same rule
_TICK = 2_000_000_000  # ns; the coarsest clock of a file system in use
_LEVELS = tuple(Level)
_INFO_LISTS = ("tags", "references", "falsepositives", "playbooks")
MAX_KEPT = 16  # rule sets; one of 3,800 rules takes 5 MB


def read(folder: Path, key: str) -> RuleSet | None:
    """Return the rules compiled under this key, or None."""
    try:
        digest, _, content = _file(folder, key).read_bytes().partition(b"\n")
        if digest != _digest(content):
            return None
        return _revive(orjson.loads(content))
    except (OSError, LookupError, TypeError, ValueError, AttributeError):
        return None


def write(folder: Path, key: str, rules: RuleSet) -> None:
    """Keep the compiled rules; a folder that can't be written to costs only time, so it is no error."""
    with contextlib.suppress(OSError, orjson.JSONEncodeError):  # a number that JSON cannot hold
        content = orjson.dumps(
            {
                "predicates": list(map(list, rules.predicates)),
                "rules": [
                    [_info(item.info), item.name, _source(item.logsource), item.expression, item.excluded_by]
                    for item in rules.rules
                ],
                "filters": [asdict(item) for item in rules.filters],
                "correlations": [asdict(item) for item in rules.correlations],
                "issues": [[item.message, item.where, item.hint] for item in rules.issues],
            }
        )
        _put(folder, _file(folder, key), _digest(content) + b"\n" + content)
        _tidy(folder, "rules-*.json")


def key_of(folder: Path, name: str, *, since: int) -> str | None:
    """Return the key kept under a name, if it was kept clearly after `since` (ns since 1970).

    A file that changes twice within a tick of the file system's clock has the same times both times.
    """
    try:
        path = folder / f"stamp-{name[:32]}.txt"
        return path.read_text("ascii") if path.stat().st_mtime_ns > since + _TICK else None
    except (OSError, ValueError):
        return None


def remember(folder: Path, name: str, key: str) -> None:
    """Keep a key under a name."""
    with contextlib.suppress(OSError):
        _put(folder, folder / f"stamp-{name[:32]}.txt", key.encode())
        _tidy(folder, "stamp-*.txt")


def _put(folder: Path, path: Path, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=folder)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    Path(name).replace(path)


def _tidy(folder: Path, pattern: str) -> None:
    """Keep the newest rule sets only: each change of a rule makes a new one."""
    kept = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[MAX_KEPT:]:
        path.unlink(missing_ok=True)


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).hexdigest().encode()


def _file(folder: Path, key: str) -> Path:
    return folder / f"rules-{FORMAT}-{version('kulla')}-{version('pysigma')}-{key[:32]}.json"


def _info(info: RuleInfo) -> dict[str, Any]:
    return asdict(info)


def _source(source: LogSource) -> list[str]:
    return [source.product, source.category, source.service]


def _revive(content: dict[str, Any]) -> RuleSet:
    return RuleSet(
        predicates=list(map(partial(tuple.__new__, Predicate), content["predicates"])),  # 30,000: `_make` is slower
        rules=[_revive_rule(*item) for item in content["rules"]],
        correlations=[_revive_correlation(item) for item in content["correlations"]],
        issues=[RuleError(message, where=where, hint=hint) for message, where, hint in content["issues"]],
        filters=[FilterInfo(**{**item, "named": tuple(item["named"])}) for item in content["filters"]],
    )


def _revive_rule(info: dict[str, Any], name: str, source: list[str], tree: Any, excluded_by: str) -> Rule:
    expression = _revive_expression(tree)
    return Rule(
        info=_revive_info(info),
        name=name,
        logsource=LogSource(*source),
        expression=expression,
        excluded_by=excluded_by,
    )


def _revive_correlation(item: dict[str, Any]) -> Correlation:
    lists = {name: tuple(item[name]) for name in ("rules", "group_by", "value_fields")}
    bounds = tuple(Bound(**each) for each in item["bounds"])
    terms = tuple(Term(tuple(each["seen"]), tuple(each["absent"])) for each in item["terms"])
    return Correlation(**{**item, **lists, "bounds": bounds, "terms": terms, "info": _revive_info(item["info"])})


def _revive_info(item: dict[str, Any]) -> RuleInfo:
    item["level"] = _LEVELS[item["level"]]
    for name in _INFO_LISTS:
        item[name] = tuple(item[name])
    return RuleInfo(**item)


def _revive_expression(tree: Any) -> Expression:
    if type(tree) is int:
        return tree
    return (tree[0], *[part if type(part) is int else _revive_expression(part) for part in tree[1:]])
