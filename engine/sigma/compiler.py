"""From a pySigma rule to kulla's: fields, modifiers and conditions become predicates and one expression."""

from __future__ import annotations

from typing import cast

import re2
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.rule import SigmaRule
from sigma.rule.base import SigmaRuleBase
from sigma.types import (
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from engine.alerts import Level, RuleInfo
from engine.ecs_types import kind_of
from engine.folding import fold
from engine.sigma.predicates import KEYWORD, MANY, ONE, Expression, Operator, Predicate
from engine.sigma.rules import LogSource, Rule

_KEYWORDS = (SigmaString, SigmaNumber, SigmaRegularExpression, SigmaBool)


class Compiler:
    """Compiles rules one by one into one shared list of predicates, in which equal predicates have one number."""

    def __init__(self) -> None:
        self.predicates: list[Predicate] = []
        self._numbers: dict[Predicate, int] = {}

    def rule(self, rule: SigmaRule, info: RuleInfo) -> Rule:
        """Compile a rule. Raise `SigmaError` or `ValueError` with the reason."""
        source = rule.logsource
        where = LogSource(*(fold(part or "") for part in (source.product, source.category, source.service)))
        return Rule(info=info, name=rule_name(rule), logsource=where, expression=self.expression(rule))

    def expression(self, rule: SigmaRule) -> Expression:
        """Compile a rule's conditions, which are alternatives. Raise `SigmaError` or `ValueError` with the reason."""
        parts: list[Expression] = []
        for condition in rule.detection.parsed_condition:
            tree = condition.parsed
            if tree is None:
                raise ValueError("the condition selects nothing")
            parts.append(self._expression(tree))
        return parts[0] if len(parts) == 1 else ("or", *parts)

    def selections(self, rule: SigmaRule) -> dict[str, Expression]:
        """Compile each selection by itself, under its name in the rule."""
        found: dict[str, Expression] = {}
        for name, detection in rule.detection.detections.items():
            tree = detection.postprocess(rule.detection)
            if tree is not None:
                found[name] = self._expression(tree)
        return found

    def _expression(self, node: object) -> Expression:
        if isinstance(node, ConditionAND | ConditionOR):
            word = "and" if isinstance(node, ConditionAND) else "or"
            return (word, *(self._expression(part) for part in node.args))
        if isinstance(node, ConditionNOT):
            return ("not", self._expression(node.args[0]))
        if isinstance(node, ConditionFieldEqualsValueExpression):
            return self._value(node.field, node.value)
        if isinstance(node, ConditionValueExpression):
            return self._value(KEYWORD, node.value)
        raise ValueError(f"a condition of the kind {type(node).__name__} cannot be evaluated")

    def _value(self, field: str, value: object) -> Expression:
        if isinstance(value, SigmaExpansion):
            parts = [self._value(field, item) for item in value.values]
            return parts[0] if len(parts) == 1 else ("or", *parts)
        return self._number(predicate(field, value))

    def _number(self, item: Predicate) -> int:
        number = self._numbers.get(item)
        if number is None:
            number = self._numbers[item] = len(self.predicates)
            self.predicates.append(item)
        return number


def predicate(field: str, value: object) -> Predicate:
    """Return the predicate that a field (or `KEYWORD`) and one pySigma value stand for."""
    if field == KEYWORD and not isinstance(value, _KEYWORDS):
        raise ValueError("a keyword can be text, a number or a regular expression and nothing else")
    if isinstance(value, SigmaString):
        return _string(field, value)
    if isinstance(value, SigmaTimestampPart):
        return Predicate(field, cast("Operator", value.timestamp_part.name.lower()), f"eq {value.number}")
    if isinstance(value, SigmaNumber):
        return _number(field, value)
    if isinstance(value, SigmaRegularExpression):
        return _regular_expression(field, value)
    if isinstance(value, SigmaCompareExpression):
        return _comparison(field, value)
    if isinstance(value, SigmaFieldReference):
        return Predicate(field, _reference_operator(value), value.field)
    return _other(field, value)


def _other(field: str, value: object) -> Predicate:
    if isinstance(value, SigmaBool):
        if field == KEYWORD:
            return Predicate(KEYWORD, "contains", "true" if value.boolean else "false")
        return Predicate(field, "eq", "true" if value.boolean else "false")
    if isinstance(value, SigmaCIDRExpression):
        return Predicate(field, "cidr", str(value.network))
    if isinstance(value, SigmaExists):
        return Predicate(field, "exists" if value.exists else "absent", "")
    if isinstance(value, SigmaNull):
        return Predicate(field, "null", "")
    raise ValueError(f"a value of the kind {type(value).__name__} cannot be evaluated")


def _string(field: str, value: SigmaString) -> Predicate:
    cased = isinstance(value, SigmaCasedString)
    glob = "".join(_glob_part(part) for part in value.s)
    glob = glob if cased else fold(glob)
    if field == KEYWORD:
        glob = f"{MANY}{glob}{MANY}"
    return _literal(field, glob, cased)


def _glob_part(part: object) -> str:
    if isinstance(part, str):
        if MANY in part or ONE in part:
            raise ValueError("a value holds U+FDD0 or U+FDD1, which are no characters")
        return part
    if part is SpecialChars.WILDCARD_MULTI:
        return MANY
    if part is SpecialChars.WILDCARD_SINGLE:
        return ONE
    raise ValueError(f"the placeholder %{getattr(part, 'name', part)}% has no value")


def _literal(field: str, glob: str, cased: bool) -> Predicate:  # noqa: FBT001 - says what it is at every call
    while MANY + MANY in glob:
        glob = glob.replace(MANY + MANY, MANY)
    if glob == MANY:
        return Predicate(field, "exists", "")
    body = glob.strip(MANY)
    if ONE in glob or MANY in body:
        return Predicate(field, "glob", glob, cased)
    starts, ends = glob.startswith(MANY), glob.endswith(MANY)
    operator: Operator = "contains" if starts and ends else "endswith" if starts else "startswith" if ends else "eq"
    return Predicate(field, operator, body, cased)


def _number(field: str, value: SigmaNumber) -> Predicate:
    if field == KEYWORD:
        return Predicate(KEYWORD, "contains", str(value.number))
    # a field that ECS calls a fraction holds 5.0 where an event said 5
    whole = isinstance(value.number, int) and kind_of(field) != "float"
    return Predicate(field, "eq" if whole else "number", str(value.number))


def _regular_expression(field: str, value: SigmaRegularExpression) -> Predicate:
    flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
    pattern = "".join(part if isinstance(part, str) else _wildcard(part) for part in value.regexp.s)
    pattern = f"(?{flags}){pattern}" if flags else pattern
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"the regular expression needs more than a linear-time engine gives: {reason}") from error
    return Predicate(field, "re", pattern, cased=True)


def _wildcard(part: object) -> str:
    if isinstance(part, SpecialChars):
        return "*" if part is SpecialChars.WILDCARD_MULTI else "?"
    return _glob_part(part)  # a placeholder: refused


def _comparison(field: str, value: SigmaCompareExpression) -> Predicate:
    operator = value.op.name.lower()
    if isinstance(value.number, SigmaTimestampPart):
        part = cast("Operator", value.number.timestamp_part.name.lower())
        return Predicate(field, part, f"{operator} {value.number.number}")
    return Predicate(field, cast("Operator", operator), str(value.number.number))


def _reference_operator(value: SigmaFieldReference) -> Operator:
    if value.starts_with and value.ends_with:
        return "ref-contains"
    return "ref-startswith" if value.starts_with else "ref-endswith" if value.ends_with else "ref"


def rule_info(rule: SigmaRuleBase, *, version: str, path: str, playbooks: tuple[str, ...]) -> RuleInfo:
    """Return what is told of a rule. A rule without an id gets one from its content."""
    return RuleInfo(
        id=str(rule.id) if rule.id else f"no-id-{version}",
        name=rule.title or path,
        level=Level[rule.level.name] if rule.level else Level.INFORMATIONAL,
        version=version,
        status=rule.status.name.lower() if rule.status else "",
        description=rule.description or "",
        path=path,
        author=rule.author or "",
        tags=tuple(f"{tag.namespace}.{tag.name}" for tag in rule.tags),
        references=tuple(str(item) for item in rule.references or ()),
        falsepositives=tuple(str(item) for item in rule.falsepositives or ()),
        playbooks=playbooks,
    )


def rule_name(rule: SigmaRuleBase) -> str:
    """Return what correlations refer to a rule by: its name, else its id, else its title."""
    return str(rule.name or rule.id or rule.title)
