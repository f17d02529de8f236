"""Sketches: what a record says, told so cheaply that most records need no more.

Making an event's fields costs far more than decoding its record, and most events match no rule. A parser may therefore
*sketch* a record: it names the record's shape, which many records share, and hands over its decoded values as they
stand. The shape says which event fields are the same in all records of the shape and under which key of the decoded
values the others are found. `engine.sigma.screening` tells from a sketch whether any rule can match; only then is the
record parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from engine.events import Fields


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """What records of one shape share. For each event field that a whole parse would give, exactly one holds:

    * it is in `constant`, with its value;
    * it is in `places`: its value is the text that the sketch holds under that key, written by `render` where there is
      one; null stands for an absent field, and a number for its decimal text; what any other value means is left open;
    * it is in `untold`: the sketch does not tell it.

    A field in none of them is absent. `hollow` are the keys under which the empty text stands for an absent field.
    Shapes are compared by identity: a parser gives records of the same shape the same object.
    """

    constant: Fields
    places: Mapping[str, str]
    untold: frozenset[str] = frozenset()
    hollow: frozenset[str] = frozenset()
    render: Callable[[str], str] | None = field(default=None)


Sketch: TypeAlias = tuple[Shape, Mapping[str, Any]]
"""A record's shape and its decoded values."""
