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
from engine.sigma import modifiers
from engine.sigma.compiler import Compiler, rule_info, rule_name
from engine.sigma.correlations.parsing import correlation
from engine.sigma.correlations.references import resolve
from engine.sigma.limits import check_document, check_text
from engine.sigma.rules import RuleSet
from engine.sigma.yaml_reading import read_yaml

MAX_FILE = 4 * 1024 * 1024  # bytes of one rule file (SigmaHQ's list of vulnerable drivers has 300 KiB)
_ANY_CORRELATION = {"type": "event_count", "rules": ["any"], "timespan": "1s", "condition": {"gte": 1}}
_BORDER = re.compile(r"---\s*(#.*)?\Z")  # between two documents


def compile_files(files: Iterable[tuple[str, bytes]]) -> RuleSet:
    """Compile (name, content) pairs into one rule set, with an issue for each document that cannot be used."""
    modifiers.install()
    compiler = Compiler()
    rules = RuleSet(predicates=compiler.predicates)
    known: dict[str, RuleInfo] = {}
    for name, content in files:
        for line, text in _documents(name, content, rules.issues):
            where = f"{name}:{line}"
            try:
                _compile(text, (name, line), compiler, rules, known)
            except (SigmaError, ValueError) as error:
                rules.issues.append(_issue(_reason(error), where))
            except RecursionError:
                rules.issues.append(_issue("nested too deeply", where))
            except (TypeError, AttributeError, KeyError, IndexError) as error:
                # pySigma 1.5 answers some malformed documents (a list, numbers as keys) with these
                rules.issues.append(_issue(f"not a Sigma rule ({type(error).__name__}: {error})", where))
    rules.issues += resolve(rules)
    return rules


def _issue(reason: str, where: str) -> RuleError:
    return RuleError(reason, where=where, hint="kulla rules check FILE")


def _reason(error: Exception) -> str:
    if isinstance(error, SigmaError):
        return str(error.args[0]) if error.args else type(error).__name__
    return str(error)


def _documents(name: str, content: bytes, issues: list[RuleError]) -> Iterator[tuple[int, str]]:
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


def _compile(text: str, place: tuple[str, int], compiler: Compiler, rules: RuleSet, known: dict[str, RuleInfo]) -> None:
    name, line = place
    where = f"{name}:{line}"
    document = _parse(text, line)
    if "filter" in document and "detection" not in document:
        raise ValueError("a Sigma filter, which this version does not apply")
    version = sha256(text.encode()).hexdigest()[:16]
    playbooks = _playbooks(document.get("kulla"))
    location = SigmaRuleLocation(Path(name), line)
    if "correlation" in document:
        # pySigma reads what rules have in common; the section itself, of which it knows less, is read here
        parsed = SigmaCorrelationRule.from_dict({**document, "correlation": _ANY_CORRELATION}, source=location)
        info = rule_info(parsed, version=version, path=where, playbooks=playbooks)
        item = correlation(document, info, rule_name(parsed))
        if _is_new(info, known):
            rules.correlations.append(item)
            known[info.id] = info
        return
    rule = SigmaRule.from_dict(document, source=location)
    info = rule_info(rule, version=version, path=where, playbooks=playbooks)
    if _is_new(info, known):
        rules.rules.append(compiler.rule(rule, info))
        known[info.id] = info


def _is_new(info: RuleInfo, known: Mapping[str, RuleInfo]) -> bool:
    """Tell whether the rule is to be kept; the same rule given twice is one, another rule under its id is refused."""
    other = known.get(info.id)
    if other is not None and other.version != info.version:
        raise ValueError(f"the id {info.id} is that of another rule, {other.path}, which is kept")
    return other is None


def _parse(text: str, first_line: int) -> dict[str, Any]:
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
