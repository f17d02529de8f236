"""Screening: telling from a record's sketch that no rule can match it, so that nothing more need be done with it.

A sketch (see `engine.sketches`) is held against the same tables of signatures as a whole event. For each shape the
work is planned once: the partition is found, the constant fields get their signatures, and what is left for a record is
to look up the signatures of a handful of values. The answer errs on one side only: a record that a rule matches is
never screened out, and one that is let through is matched in the ordinary way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from engine.folding import fold
from engine.sigma.engine import Engine
from engine.sigma.logsources import KIND_FIELDS, kind_of
from engine.sigma.partitions import Partition, refers
from engine.sigma.predicates import Predicate
from engine.sigma.signatures import Accessor, Signatures
from engine.sketches import Shape

MAX_PLANS: Final = 20_000  # shapes are made of what stands in the log
MAX_COMBINATIONS: Final = 50_000  # of signatures, remembered per shape

_OPEN: Final = -1  # no signature: what the value means to rules is left open


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """A place in the profile that a value of the sketch fills; `certain` where its absence leaves nothing else."""

    index: int
    key: str
    table: Signatures
    certain: bool


@dataclass(slots=True, kw_only=True)
class _Form:
    """What shapes with the same fields have in common: which are constant, and where the others stand.

    `settled` is the answer where it is the same for all their records. `plans` are told apart by the constant values.
    """

    partition: Partition
    epoch: int
    render: Callable[[str], str] | None
    settled: bool | None = None
    fixed: list[tuple[int, Accessor]] = field(default_factory=list)
    slots: list[_Slot] = field(default_factory=list)
    comparisons: list[tuple[Predicate, str, str]] = field(default_factory=list)
    hollow: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    plans: dict[tuple[object, ...], _Plan] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One side of a comparison of two fields: the key of a value, or the value of all records of the shape."""

    key: str | None = None
    constant: str | None = None


@dataclass(slots=True, kw_only=True)
class _Plan:
    """How records of one shape are screened. `known` are the answers for the signatures seen before."""

    form: _Form
    settled: bool | None
    profile: list[int]
    lookups: list[tuple[str, dict[Any, int]]]
    comparisons: list[tuple[Predicate, _Side, _Side]]
    scan: Callable[[bytes | memoryview], bool] | None
    known: dict[tuple[int | None, ...], bool] = field(default_factory=dict)


class Screen:
    """Screens the records of any number of logs with one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._plans: dict[Shape, _Plan] = {}
        self._forms: dict[tuple[object, ...], _Form] = {}

    def may_match(self, shape: Shape, values: Mapping[str, Any], raw: bytes | memoryview) -> bool:
        """Tell whether any rule may match the record with this sketch and these raw bytes (JSON)."""
        plan = self._plans.get(shape)
        if plan is None or plan.form.epoch != plan.form.partition.epoch:
            plan = self._planned(shape)
        if plan.settled is not None:
            return plan.settled
        if plan.form.render is not None:
            values = _rendered(plan.form, plan.form.render, values)
        for key in plan.form.hollow:
            if values[key] == "":
                return True
        try:
            signatures = tuple([numbers.get(values[key]) for key, numbers in plan.lookups])
            if plan.comparisons:
                signatures += (_compared(plan, values),)
        except (AttributeError, TypeError):  # a list, an object or a number where a text is looked for
            return True
        matches = plan.known.get(signatures)
        if matches is None:
            matches = _matches(plan, signatures, values)
        return matches or (plan.scan is not None and plan.scan(raw))

    def _planned(self, shape: Shape) -> _Plan:
        if len(self._plans) >= MAX_PLANS:
            self._plans.clear()
            self._forms.clear()
        partition = self._engine.partition(kind_of(shape.constant))
        partition.renew()
        key = (partition, partition.epoch, frozenset(shape.constant), frozenset(shape.places.items()), shape.untold)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = _form(partition, shape)
        plan = self._plans[shape] = _plan(form, shape)
        return plan


def _form(partition: Partition, shape: Shape) -> _Form:
    form = _Form(partition=partition, epoch=partition.epoch, render=shape.render)
    if not (shape.places.keys() | shape.untold).isdisjoint(KIND_FIELDS):
        form.settled = True
    elif not partition.rules:
        form.settled = False
    elif not _can_tell(partition, shape) or not all(
        _place(form, shape, index, accessor) for index, accessor in enumerate(partition.accessors)
    ):
        form.settled = True
    if form.settled is None:
        form.comparisons = [
            (item, _first(shape, left), _first(shape, right)) for item, left, right in partition.compared()
        ]
        compared = (shape.places.get(name) for _, *names in form.comparisons for name in names)
        form.keys = frozenset([*(slot.key for slot in form.slots), *(key for key in compared if key is not None)])
        form.hollow = shape.hollow & form.keys
    return form


def _plan(form: _Form, shape: Shape) -> _Plan:
    partition = form.partition
    profile = [0] * len(partition.tables)
    for index, accessor in form.fixed:
        profile[index] = partition.tables[index].of(accessor.value(shape.constant))
    comparisons = [(item, _side(shape, left), _side(shape, right)) for item, left, right in form.comparisons]
    key = (*profile, *(side for _, *sides in comparisons for side in sides))
    if key not in form.plans:
        if partition.keywords is not None:
            profile.append(partition.without_keywords or 0)
        same = not form.slots and partition.keywords is None and not comparisons
        form.plans[key] = _Plan(
            form=form,
            settled=bool(partition.evaluate(tuple(profile))) if form.settled is None and same else form.settled,
            profile=profile,
            lookups=[(slot.key, slot.table.numbers) for slot in form.slots],
            comparisons=comparisons,
            scan=partition.keyword_scan.may_hold if partition.keywords is not None else None,
        )
    return form.plans[key]


def _can_tell(partition: Partition, shape: Shape) -> bool:
    """Tell whether sketches of this shape say all that the partition's rules ask for."""
    if not shape.untold.isdisjoint(partition.columns):
        return False
    told = shape.constant.keys() | shape.places.keys()
    for _, left, right in partition.compared():
        if len(told.intersection(left)) > 1 or len(told.intersection(right)) > 1:
            return False  # which of them counts depends on the record
    return partition.keywords is None or partition.scans_keywords


def _place(form: _Form, shape: Shape, index: int, accessor: Accessor) -> bool:
    """Find where one field of the rules stands; false where the sketch can't tell it."""
    names = [name for name in accessor.names if name in shape.constant or name in shape.places]
    if not names:
        return True
    if accessor.spread and len(names) > 1 and not all(name in shape.constant for name in names):
        return False
    if names[0] in shape.constant:
        form.fixed.append((index, accessor))
    else:
        table, key = form.partition.tables[index], shape.places[names[0]]
        form.slots.append(_Slot(index=index, key=key, table=table, certain=len(names) == 1))
    return True


def _matches(plan: _Plan, found: tuple[int | None, ...], values: Mapping[str, Any]) -> bool:
    """Tell whether a rule matches, and remember it; true also where the sketch leaves it open."""
    slots = plan.form.slots
    signatures: list[int] = []
    for slot, number in zip(slots, found, strict=False):
        signatures.append(_signature(slot, values[slot.key]) if number is None else number)
    if _OPEN in signatures:
        return True
    comparisons = [number for number in found[len(slots) :] if number is not None]
    key = (*signatures, *comparisons)
    matches = plan.known.get(key)  # new values mostly mean what others meant
    if matches is None:
        profile = plan.profile.copy()
        for slot, signature in zip(slots, signatures, strict=True):
            profile[slot.index] = signature
        matches = bool(plan.form.partition.evaluate((*profile, *comparisons)))
        if len(plan.known) >= MAX_COMBINATIONS:
            plan.known.clear()
        plan.known[key] = matches
    return matches


def _signature(slot: _Slot, value: object) -> int:
    if isinstance(value, str):
        return slot.table.of(value)
    if value is None:
        return 0 if slot.certain else _OPEN
    return slot.table.of(str(value)) if type(value) is int else _OPEN


def _first(shape: Shape, names: Sequence[str]) -> str:
    return next((name for name in names if name in shape.constant or name in shape.places), "")


def _side(shape: Shape, name: str) -> _Side:
    constant = shape.constant.get(name)
    return _Side(key=shape.places.get(name), constant=constant if isinstance(constant, str) else None)


def _compared(plan: _Plan, values: Mapping[str, Any]) -> int:
    """Return, as bits, which comparisons of two fields hold; raise `AttributeError` for a value that is no text."""
    bits = 0
    for bit, (item, left, right) in enumerate(plan.comparisons):
        one = left.constant if left.key is None else values[left.key]
        other = right.constant if right.key is None else values[right.key]
        if one is not None and other is not None and refers(item, fold(one), fold(other)):
            bits |= 1 << bit
    return bits


def _rendered(form: _Form, render: Callable[[str], str], values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: render(value) if isinstance(value := values[key], str) else value for key in form.keys}
