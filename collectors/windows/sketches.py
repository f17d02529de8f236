"""Sketches of Windows events (see `engine.sketches`): of flat JSON, and of the `Event` document of EVTX files.

A log has few shapes: the same keys with the same provider, id, machine and user come again and again. What is unusual
(data as a list, as XML or in the message alone, user data, rendering) has no sketch and is parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from collectors.windows.event_form import braced, shared_key
from collectors.windows.event_form import template as event_template
from collectors.windows.flat_form import ENVELOPE, MESSAGE, SHARED, can_tell, has_data, is_partial, own_type
from collectors.windows.flat_form import template as flat_template
from collectors.windows.message import HIDDEN
from collectors.windows.names import EVENT_DATA
from collectors.windows.normalise import EXCHANGE, rank
from engine.errors import MalformedRecordError
from engine.events import Fields
from engine.sketches import Shape, Sketch

_Object = dict[str, Any]  # a decoded JSON object

_MOST: Final = 20_000  # layouts and shapes remembered; they come from the log
_UNTOLD: Final = frozenset(
    {
        "@timestamp",
        "event.created",
        "winlog.activity_id",
        "winlog.process.pid",
        "winlog.process.thread.id",
        "winlog.record_id",
        "winlog.related_activity_id",
        "winlog.user.identifier",
    }
)
_POSITIONAL: Final = frozenset({"StringInserts", "Properties"})
_PLAIN_PARTS: Final = frozenset({"#attributes", "System", "EventData", "@xmlns", "xmlns"})


@dataclass(slots=True, kw_only=True)
class _Layout:
    """The keys of a flat event, and the shapes that events with these keys have had.

    `telling` are the values that decide whether the message is read: none of them may be null.
    """

    shared: Callable[[_Object], object]
    telling: Callable[[_Object], tuple[object, ...]]
    places: dict[str, str]
    message: str
    shapes: dict[tuple[object, object], Shape | None] = field(default_factory=dict)


class FlatSketches:
    """Sketches flat events, of any number of logs."""

    def __init__(self) -> None:
        self._layouts: dict[tuple[str, ...], _Layout | None] = {}  # by the keys in their order
        self._unordered: dict[frozenset[str], _Layout | None] = {}

    def of(self, document: _Object, host: str | None) -> Sketch | None:
        """Return the sketch of a flat event, its data beside its envelope; None where it has to be parsed."""
        keys = tuple(document)
        try:
            layout = self._layouts[keys]
        except KeyError:
            layout = self._layout(keys)
        if layout is None or None in layout.telling(document):
            return None
        try:
            shared = (host, layout.shared(document))
            shape = layout.shapes[shared]
        except KeyError:
            if len(layout.shapes) >= _MOST:
                layout.shapes.clear()
            shape = layout.shapes[shared] = _flat_shape(layout, document, host)
        except TypeError:  # an object or a list where a plain value should stand
            return None
        return None if shape is None else (shape, document)

    def _layout(self, keys: tuple[str, ...]) -> _Layout | None:
        """Find the layout of these keys, whose order may be new (Go writes its maps in any order)."""
        if len(self._layouts) >= _MOST:
            self._layouts.clear()
            self._unordered.clear()
        names = frozenset(keys)
        if names not in self._unordered:
            self._unordered[names] = _layout(sorted(keys))
        layout = self._layouts[keys] = self._unordered[names]
        return layout


def _layout(keys: Sequence[str]) -> _Layout | None:
    data = [key for key in keys if key not in ENVELOPE]
    places = {EVENT_DATA[key]: key for key in data}
    if not _POSITIONAL.isdisjoint(keys) or len(places) < len(data):
        return None
    messages = [key for key in MESSAGE if key in keys]
    if len(messages) > 1:
        return None
    message = messages[0] if messages else ""
    shared: list[str] = [key for key in SHARED if key in keys]
    if message:
        places["message"] = message
    return _Layout(
        shared=itemgetter(*shared),
        telling=_values_of([key for name, key in places.items() if can_tell(name)] if message else []),
        places=places,
        message=message,
    )


def _values_of(keys: Sequence[str]) -> Callable[[_Object], tuple[object, ...]]:
    """Return what takes the values of these keys, however few."""
    return itemgetter(*keys) if len(keys) > 1 else lambda document: tuple(document[key] for key in keys)


def _flat_shape(layout: _Layout, document: _Object, host: str | None) -> Shape | None:
    try:
        constant = flat_template(document, host)
    except MalformedRecordError:
        return None
    if "SourceModuleType" in document:
        constant["agent.type"] = "nxlog"
    if (kind := own_type(document)) is not None:
        constant["winlog.event_data.EventType"] = kind
    rank(constant)
    dataset, code = str(constant["event.dataset"]), str(constant["event.code"])
    told = constant.keys() | layout.places.keys()
    untold = _UNTOLD
    if dataset == EXCHANGE:
        return None
    if layout.message and is_partial(told, dataset, code):
        if not has_data(told):
            return None
        untold |= {EVENT_DATA[name] for name in HIDDEN}
    hollow = frozenset({layout.message} - {""})
    return Shape(constant=constant, places=layout.places, untold=untold - told, hollow=hollow)


class EventSketches:
    """Sketches `Event` documents, of any number of logs."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[object, ...], Shape | None] = {}

    def of(self, event: _Object, host: str | None) -> Sketch | None:
        """Return the sketch of an `Event` object that has a `System`; None where it has to be parsed."""
        system, data = event["System"], event.get("EventData")
        if type(data) is not dict or not data or not _PLAIN_PARTS.issuperset(event):
            return None
        key = (*shared_key(system, host), *data)
        try:
            shape = self._shapes[key]
        except KeyError:
            if len(self._shapes) >= _MOST:
                self._shapes.clear()
            shape = self._shapes[key] = _event_shape(system, data, host)
        except TypeError:  # an EventID with qualifiers is an object
            return None
        return None if shape is None else (shape, data)


def _event_shape(system: _Object, data: _Object, host: str | None) -> Shape | None:
    try:
        constant: Fields = event_template(system, host)
    except MalformedRecordError:
        return None
    rank(constant)
    names = [name for name in data if not name.startswith("#attributes")]
    places = {EVENT_DATA[name]: name for name in names}
    if "Data" in data or len(places) < len(names) or constant["event.dataset"] == EXCHANGE:
        return None
    return Shape(constant=constant, places=places, untold=_UNTOLD, render=braced)


FLAT: Final = FlatSketches()
EVENTS: Final = EventSketches()
