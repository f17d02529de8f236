"""Placeholders: a site's own words (`%Administrators%`) in the place that a rule left for them (modifier `expand`).

Values come from configuration or a YAML file (`name: [value, ...]`). They are literals: a star, a question mark or a
backslash in them means itself, and in a regular expression they are quoted. A value of a rule may name several
placeholders; all combinations are meant, within `MAX_VARIANTS`. (Sigma specification 2.1, appendix "Modifiers".)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import product
from math import prod

import re2
from sigma.modifiers import SigmaCIDRModifier, SigmaValueModifier, modifier_mapping
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.types import (
    Placeholder,
    SigmaCIDRExpression,
    SigmaExpansion,
    SigmaRegularExpression,
    SigmaString,
    SigmaType,
    SpecialChars,
    special_char_mapping,
)

from engine.sigma.placeholder_values import Placeholders

MAX_VARIANTS = 10_000  # combinations that one value of a rule may stand for


@dataclass(slots=True)
class _Filling:
    """The values at hand while one rule is compiled, and the names for which there were none."""

    values: Placeholders = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)
    left: dict[str, None] = field(default_factory=dict)  # for a pipeline to fill


_current: ContextVar[_Filling | None] = ContextVar("placeholders", default=None)


class Missing(ValueError):  # noqa: N818 - told as the reason for which a rule is not loaded
    """A rule names placeholders that have no value here."""

    def __init__(self, names: Sequence[str]) -> None:
        shown = " and ".join(f"%{name}%" for name in names[:5]) + (" and more" if len(names) > 5 else "")
        one = len(names) == 1
        super().__init__(f"the placeholder{'' if one else 's'} {shown} {'has' if one else 'have'} no value")
        self.hint = f'give it one: [rules.placeholders] {names[0]} = ["..."] in kulla.toml, or --placeholders FILE'


@contextmanager
def filling(values: Placeholders) -> Iterator[None]:
    """Let `expand` use these values inside; raise `Missing` at the end, or instead of an error that followed from it.

    pySigma makes modifiers itself, without any way to hand them something: hence the context variable.
    """
    state = _Filling(values)
    token = _current.set(state)
    try:
        yield
    except Exception as error:
        if state.missing or state.left:
            raise Missing(list(state.missing | state.left)) from error
        raise
    finally:
        _current.reset(token)
    if state.missing:
        raise Missing(list(state.missing))


class Expand(SigmaValueModifier[SigmaString | SigmaRegularExpression, SigmaType]):
    """`expand`: every combination of the values of the placeholders in a text.

    Where a value is lacking, the place-holder stays, for a processing pipeline to fill (see `fill`).
    """

    def modify(self, val: SigmaString | SigmaRegularExpression) -> SigmaType:
        """Return the text without placeholders, or all texts that it stands for."""
        return _expanded(val.insert_placeholders(), leave=True)


class Cidr(SigmaCIDRModifier):
    """`cidr`, also after `expand`: pySigma 1.5 refuses every other modifier before it."""

    def modify(self, val: SigmaString) -> SigmaCIDRExpression:
        """Return the network that the text names."""
        self.applied_modifiers = [kind for kind in self.applied_modifiers if kind is not Expand]
        return super().modify(val)


def install() -> None:
    """Put `expand` and `cidr` into pySigma's table of modifiers; doing it again changes nothing."""
    modifier_mapping["expand"] = Expand
    modifier_mapping["cidr"] = Cidr


def fill(rule: SigmaRule) -> None:
    """Fill what pipelines left or brought; names without a value are remembered (see `filling`)."""
    for detection in rule.detection.detections.values():
        _fill(detection)


def _fill(detection: SigmaDetection) -> None:
    for item in detection.detection_items:
        if isinstance(item, SigmaDetectionItem):
            item.value = [_filled(value) for value in item.value]
        else:
            _fill(item)


def _filled(value: SigmaType) -> SigmaType:
    if isinstance(value, SigmaExpansion):
        return SigmaExpansion([_filled(item) for item in value.values])
    return _expanded(value, leave=False) if isinstance(value, SigmaString | SigmaRegularExpression) else value


def _expanded(value: SigmaString | SigmaRegularExpression, *, leave: bool) -> SigmaType:
    text = value.regexp if isinstance(value, SigmaRegularExpression) else value
    names = [part.name for part in text.s if isinstance(part, Placeholder)]
    if not names:
        return value
    state = _current.get() or _Filling()
    missing = [name for name in names if name not in state.values]
    if missing:
        (state.left if leave else state.missing).update(dict.fromkeys(missing))
        return value
    count = prod(len(state.values[name]) for name in names)
    if count > MAX_VARIANTS:
        raise ValueError(f"placeholders of one value stand for {count:,} texts; at most {MAX_VARIANTS:,} are read")
    found = [_with(value, text, chosen) for chosen in product(*(state.values[name] for name in names))]
    return found[0] if len(found) == 1 else SigmaExpansion(found)


def _with(value: SigmaString | SigmaRegularExpression, text: SigmaString, chosen: Sequence[str]) -> SigmaType:
    rest = iter(chosen)
    quoted = isinstance(value, SigmaRegularExpression)
    parts: list[str | SpecialChars] = []
    for part in text.s:
        if isinstance(part, Placeholder):
            literal = next(rest)
            item: str | SpecialChars = str(re2.escape(literal)) if quoted else literal
        else:
            item = part
        if isinstance(item, str) and parts and isinstance(parts[-1], str):
            parts[-1] += item
        else:
            parts.append(item)
    if isinstance(value, SigmaRegularExpression):
        pattern = "".join(part if isinstance(part, str) else special_char_mapping[part] for part in parts)
        return SigmaRegularExpression(pattern, set(value.flags))
    result = value.__class__()
    result.s = list(parts)
    result.original = "".join(part if isinstance(part, str) else "*" for part in parts)
    return result
