"""From the text of rule files to a rule set: documents read one by one, within limits, each failure on its own.

A rule that cannot be read or compiled becomes an issue with its file, line and reason; it never stops another.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError, SigmaRuleLocation
from sigma.rule import SigmaRule

from engine.alerts import RuleInfo
from engine.errors import RuleError
from engine.sigma import modifiers, placeholders
from engine.sigma.compiler import Compiler, rule_info, rule_name
from engine.sigma.correlations.parsing import correlation
from engine.sigma.correlations.references import resolve
from engine.sigma.filters import Filters
from engine.sigma.limits import check_document, check_text
from engine.sigma.pipelines import Pipelines
from engine.sigma.placeholders import fill, filling
from engine.sigma.predicates import Expression
from engine.sigma.rules import RuleSet
from engine.sigma.tailoring import PLAIN, File, Tailoring
from engine.sigma.yaml_reading import read_yaml

MAX_BROKEN = 1_000  # documents of one file, after which the rest of it is not read
MAX_FILE = 2 * 1024 * 1024  # bytes of one rule file (SigmaHQ's list of vulnerable drivers has 300 KiB)
_HINT = "kulla rules check FILE"
# pySigma 1.5 answers some malformed documents (a list, numbers as keys) with these
_MALFORMED = (TypeError, AttributeError, LookupError, ArithmeticError, AssertionError, NotImplementedError)
_ANY_CORRELATION = {"type": "event_count", "rules": ["any"], "timespan": "1s", "condition": {"gte": 1}}
_BORDER = re.compile(r"---\s*(#.*)?\Z")  # between two documents


def compile_files(
    files: Iterable[File], tailoring: Tailoring = PLAIN, *, selections: dict[str, dict[str, Expression]] | None = None
) -> RuleSet:
    """Compile (name, content) pairs into one rule set, with an issue for each document that cannot be used.

    `selections`, where given, receives each rule's selections by themselves, by the rule's id and their names. Raise
    `ConfigurationError` for a pipeline that cannot be used.
    """
    modifiers.install()
    placeholders.install()
    reading = _Reading(tailoring, selections)
    for name, content in files:
        reading.file(name, content)
    for name, content in tailoring.filters:
        reading.file(name, content, only_filters=True)
    return reading.finish()


class _Reading:
    """What is known while rule documents are read one after the other."""

    def __init__(self, tailoring: Tailoring, selections: dict[str, dict[str, Expression]] | None) -> None:
        self._compiler = Compiler()
        self._rules = RuleSet(predicates=self._compiler.predicates)
        self._known: dict[str, RuleInfo] = {}
        self._placeholders = tailoring.placeholders
        self._pipelines = Pipelines(tailoring.pipelines)
        self._filters = Filters(tailoring.placeholders, self._pipelines, tailoring.today)
        self._selections = selections

    def file(self, name: str, content: bytes, *, only_filters: bool = False) -> None:
        """Read all documents of a file; what cannot be used becomes an issue."""
        broken = len(self._rules.issues) + MAX_BROKEN
        for line, text in documents(name, content, self._rules.issues):
            where = f"{name}:{line}"
            if len(self._rules.issues) >= broken:
                self._rules.issues.append(_issue(f"more than {MAX_BROKEN:,} broken rules; the rest is not read", where))
                return
            try:
                self._document(text, name, line, only_filters=only_filters)
            except (SigmaError, ValueError) as error:
                self._rules.issues.append(_issue(_reason(error), where, getattr(error, "hint", _HINT)))
            except RecursionError:
                self._rules.issues.append(_issue("nested too deeply", where))
            except _MALFORMED as error:
                reason = f"not a Sigma rule ({type(error).__name__}: {str(error)[:200]})"
                self._rules.issues.append(_issue(reason, where))

    def finish(self) -> RuleSet:
        """Return the rule set, when everything was read."""
        self._rules.issues += resolve(self._rules)
        self._rules.issues += self._filters.apply(self._rules, self._compiler)
        return self._rules

    def _document(self, text: str, name: str, line: int, *, only_filters: bool) -> None:
        document = parse(text, line)
        version = sha256(text.encode()).hexdigest()[:16]
        is_filter = "filter" in document and "detection" not in document
        if only_filters and not is_filter:
            raise ValueError("no Sigma filter (it has no section `filter`): rules are given with --rules")
        location = SigmaRuleLocation(Path(name), line)
        if is_filter:
            self._filters.read(document, f"{name}:{line}", version)
        elif "correlation" in document:
            self._correlation(document, version, location)
        else:
            self._rule(document, version, location)

    def _correlation(self, document: dict[str, Any], version: str, location: SigmaRuleLocation) -> None:
        # pySigma reads what rules have in common; the section itself, of which it knows less, is read here
        parsed = SigmaCorrelationRule.from_dict({**document, "correlation": _ANY_CORRELATION}, source=location)
        info = _info(parsed, document, version, location)
        item = correlation(document, info, rule_name(parsed))
        if _is_new(info, self._known):
            self._rules.correlations.append(item)
            self._known[info.id] = info

    def _rule(self, document: dict[str, Any], version: str, location: SigmaRuleLocation) -> None:
        with filling(self._placeholders):
            rule = SigmaRule.from_dict(document, source=location)
            info = _info(rule, document, version, location)
            if not _is_new(info, self._known):
                return
            if self._pipelines:
                self._filters.heads[info.id] = {name: part for name, part in document.items() if name != "detection"}
                self._pipelines.apply(rule)
            fill(rule)
            compiled = self._compiler.rule(rule, info)
        self._rules.rules.append(compiled)
        self._known[info.id] = info
        if self._selections is not None:
            self._selections[info.id] = self._compiler.selections(rule)


def _info(
    rule: SigmaRule | SigmaCorrelationRule, document: dict[str, Any], version: str, location: SigmaRuleLocation
) -> RuleInfo:
    path = f"{location.path}:{location.line}"
    return rule_info(rule, version=version, path=path, playbooks=_playbooks(document.get("kulla")))


def _issue(reason: str, where: str, hint: str = _HINT) -> RuleError:
    return RuleError(reason, where=where, hint=hint)


def _reason(error: Exception) -> str:
    if isinstance(error, SigmaError):
        return str(error.args[0]) if error.args else type(error).__name__
    return str(error)


def documents(name: str, content: bytes, issues: list[RuleError]) -> Iterator[tuple[int, str]]:
    """Yield each document of a file with the number of its first line; what is no text becomes an issue."""
    if len(content) > MAX_FILE:
        issues.append(_issue(f"larger than {MAX_FILE // 1024:,} KiB", f"{name}:1"))
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        issues.append(_issue(f"not UTF-8 ({error.reason} at byte {error.start})", f"{name}:1"))
        return
    found = list(_split(text))
    if not found:
        issues.append(_issue("holds no rule", f"{name}:1"))
    yield from found


def _split(text: str) -> Iterator[tuple[int, str]]:
    """Yield each document that holds more than comments, with the number of its first line."""
    line = 1
    part: list[str] = []
    for number, row in enumerate(io.StringIO(text, newline=""), start=1):  # lines as editors count them
        if row.startswith("---") and _BORDER.match(row.rstrip()):
            yield from _nonempty(line, part)
            line, part = number + 1, []
        else:
            part.append(row)
    yield from _nonempty(line, part)


def _nonempty(line: int, rows: list[str]) -> Iterator[tuple[int, str]]:
    if any(row.strip() and not row.lstrip().startswith("#") for row in rows):
        yield line, "".join(rows)


def _is_new(info: RuleInfo, known: Mapping[str, RuleInfo]) -> bool:
    """Tell whether the rule is to be kept; the same rule given twice is one, another rule under its id is refused."""
    other = known.get(info.id)
    if other is not None and other.version != info.version:
        raise ValueError(f"the id {info.id} is that of another rule, {other.path}, which is kept")
    return other is None


def parse(text: str, first_line: int) -> dict[str, Any]:
    """Return a rule document within its limits; raise `ValueError` with the reason where it is none."""
    check_text(text)
    document = read_yaml(text, first_line=first_line)
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        raise ValueError("not a Sigma rule: a mapping with names is expected")
    check_document(document)
    return document


def _playbooks(block: object) -> tuple[str, ...]:
    if not isinstance(block, dict):
        return ()
    named = block.get("playbook") or block.get("playbooks") or ()
    return (named,) if isinstance(named, str) else tuple(str(item) for item in named)
